//! Where a command puts records: a lane that runs is posted to, and a stopped one is opened, decides, and is stopped
//! again. The log takes them either way, so that what a command did is replayed like everything else.

use connector::store::{Holder, Reader, Store};
use console::{Client, ClientError};
use model::{Position, Span};
use runtime::Stopwatch;
use runtime::service::limit::UNDECIDED_RECORDS_MAX;
use runtime::service::{Arrived, Handle, Happening, Lane, Refused, Serve, Service, Tell};
use std::sync::Arc;
use std::time::Duration;

use crate::args::{Data, Reach};
use crate::config::Config;
use crate::data::{now, unusable};
use crate::failure::Failure;
use crate::print;
use crate::run::decode;

/// How often it is looked whether a record is decided.
const LOOK: Duration = Duration::from_millis(10);
/// How long a lane may decide nothing at all before nobody waits for it any longer.
const STALL: Duration = Duration::from_secs(60);

/// How long a token for one call is good: one that nobody could revoke ends by itself.
const PASS_LIFE: Span = Span::from_days(1);

/// The way in.
pub(crate) struct Door<'d> {
    data: &'d Data,
    way: Way,
}

enum Way {
    /// By HTTP, to the process that has the folder.
    Running(Client),
    /// Into an engine of our own, as somebody.
    Stopped(Handle<Reader>, String),
}

/// What became of a record.
pub(crate) enum Put {
    /// It is durable here.
    At(Position),
    /// It was not kept: why.
    Refused(String),
}

/// Opens a lane for records of these scopes, and closes it after the work.
pub(crate) fn open<T>(
    data: &Data,
    reach: &Reach,
    scopes: &[&str],
    config: &Config,
    work: impl FnOnce(&Door<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    data.read()?;
    let holder = Holder::of(data.folder()).map_err(|error| Failure::input(data.folder(), &error))?;
    if holder.is_none() && reach.url.is_none() {
        return stopped(data, &identity(data, reach)?, config, work);
    }
    let url = url(data, reach, holder.as_ref())?;
    match &reach.token {
        Some(token) => work(&Door::running(data, reach, &url, token)?),
        None => {
            let pass = Pass::make(data, scopes)?;
            work(&Door::running(data, reach, &url, &pass.token)?)
        }
    }
}

fn url(data: &Data, reach: &Reach, holder: Option<&Holder>) -> Result<String, Failure> {
    let said = reach.url.clone().or_else(|| holder.and_then(|holder| holder.listening.clone()));
    said.ok_or_else(|| {
        let holder = holder.map(|holder| format!(" by {holder}")).unwrap_or_default();
        let folder = data.folder().display();
        Failure::usage(format!("{folder} is in use{holder}, which does not listen; try again in a moment"))
    })
}

/// Whoever can write the folder can do anything with it: a token only says who they are.
pub(crate) fn identity(data: &Data, reach: &Reach) -> Result<String, Failure> {
    let Some(token) = &reach.token else { return user() };
    let bearer = data.answered(data.read()?.bearer(token))?;
    let bearer = bearer.filter(|bearer| !bearer.has_expired(now()));
    let bearer = bearer.ok_or_else(|| Failure::usage("the token is unknown, revoked or expired".into()))?;
    Ok(bearer.identity)
}

/// The name of whoever runs the command.
#[expect(clippy::disallowed_methods, reason = "only `cli` reads the environment, and here it does")]
pub(crate) fn user() -> Result<String, Failure> {
    let named = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    named.filter(|name| !name.is_empty()).ok_or_else(|| {
        Failure::usage("nobody can say who decides: give a --token, or set USER to your name".into())
    })
}

fn stopped<T>(
    data: &Data,
    identity: &str,
    config: &Config,
    work: impl FnOnce(&Door<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let store = Store::open(data.folder(), &Holder::here(now(), None)).map_err(unusable)?;
    let snapshots = store.snapshots();
    // It runs for a moment: the snapshot that it takes when it stops is enough.
    let serve = Serve {
        chunk: config.chunk,
        threads: config.threads,
        snapshot_interval_records: u64::MAX,
        undecided_records_max: UNDECIDED_RECORDS_MAX,
    };
    let tell: Tell = Arc::new(|happening| match happening {
        Happening::PassedOver(_)
        | Happening::NotSnapped { .. }
        | Happening::Faulty(_)
        | Happening::Mended => {
            print::note(&happening.to_string());
        }
        Happening::Recovered { .. } | Happening::Snapped { .. } | Happening::InForce { .. } => {}
    });
    let service = Service::start(store, snapshots, serve, &tell, &mut |_| {})
        .map_err(|error| Failure::unreadable(error.to_string()))?;
    let done = work(&Door { data, way: Way::Stopped(service.handle(), identity.to_owned()) });
    data.written(service.stop())?;
    done
}

impl<'d> Door<'d> {
    fn running(data: &'d Data, reach: &Reach, url: &str, token: &str) -> Result<Door<'d>, Failure> {
        let client = Client::new(url, token, reach.trust.as_deref());
        let client = client.map_err(|error| Failure::usage(error.to_string()))?;
        Ok(Door { data, way: Way::Running(client) })
    }

    /// Puts a record down.
    pub(crate) fn put(&self, raw: &[u8]) -> Result<Put, Failure> {
        match &self.way {
            Way::Running(client) => match client.post(raw) {
                Ok(position) => Ok(Put::At(Position(position))),
                Err(error @ ClientError::Refused(..)) => Ok(Put::Refused(error.to_string())),
                Err(error) => Err(Failure::output(&"to the lane", &error)),
            },
            Way::Stopped(lane, identity) => {
                submit(lane, decode(bytes::Bytes::copy_from_slice(raw), identity))
            }
        }
    }

    /// Waits until what was put at a position is decided, and what was decided can be read.
    pub(crate) fn wait(&self, position: Position) -> Result<(), Failure> {
        let reader = self.data.read()?;
        let (mut seen, mut since) = (None, Stopwatch::start());
        loop {
            let decided = self.data.answered(reader.head())?.decided;
            if decided >= Some(position) {
                return Ok(());
            }
            if decided > seen {
                (seen, since) = (decided, Stopwatch::start());
            }
            if since.elapsed() > STALL {
                return Err(Failure::found(format!(
                    "the record is durable at position {position}; the lane does not get on, and has not decided it"
                )));
            }
            std::thread::sleep(LOOK);
        }
    }
}

fn submit(lane: &Handle<Reader>, record: Arrived) -> Result<Put, Failure> {
    let answer =
        lane.submit(vec![record]).and_then(|answer| answer.blocking_recv().unwrap_or(Err(Refused::Stopping)));
    match answer {
        Ok(receipt) => Ok(Put::At(receipt.first)),
        Err(Refused::Busy) => Ok(Put::Refused("too much waits; try again in a moment".into())),
        Err(Refused::Stopping) => Err(Failure::output(&"to the lane", &"it has stopped")),
        Err(Refused::Unavailable(error)) => Err(Failure::output(&"to the lane", &error)),
    }
}

/// A token for one call: it is revoked when the call is over.
struct Pass<'d> {
    data: &'d Data,
    token_id: String,
    token: String,
}

impl Pass<'_> {
    fn make<'d>(data: &'d Data, scopes: &[&str]) -> Result<Pass<'d>, Failure> {
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let expires = Some(now().plus(PASS_LIFE));
        let made = data.written(data.operator()?.create_token(&user()?, &scopes, now(), expires))?;
        Ok(Pass { data, token_id: made.token_id, token: made.token })
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let operator = self.data.operator();
        let revoked =
            operator.and_then(|mut operator| self.data.written(operator.revoke_token(&self.token_id, now())));
        if let Err(failure) = revoked {
            print::note(&format!(
                "token {} was made for this call and is not revoked: {failure}",
                self.token_id
            ));
        }
    }
}
