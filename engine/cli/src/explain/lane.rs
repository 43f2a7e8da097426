//! Explaining what a lane has in its store. A history is decided again from the newest snapshot before it began, by an
//! engine that only looks on: the lane may run meanwhile.

use connector::store::{Reader, SnapshotFolder};
use decider::Watch;
use model::event::Beneficiary;
use model::verdict::CommissionId;
use model::{OrderId, OrderKey, Position, ProgramId, Verdict};
use runtime::books::{CommissionFilter, CommissionView, PAGE_ROWS_MAX, PageOf};
use runtime::service::Onlooker;

use crate::args::Data;
use crate::config::Config;
use crate::explain::{Seen, beneficiary, brought_by, hold, tell};
use crate::failure::Failure;
use crate::progress;
use crate::verdict_source::parsed;

/// Characters of an id that are enough to mean it.
const BEGINNING: usize = 6;
/// Things that are named, where a name could mean several.
const NAMED: u32 = 5;

/// What can be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Subject {
    /// The history of an order or a commission.
    History(Watch),
    /// How a creator or an agency stands: `creator:ID`.
    Beneficiary(String),
    /// A hold, by its id.
    Hold(String),
}

/// Explains what a text means.
pub(super) fn run(text: &str, data: &Data, config: &Config) -> Result<(), Failure> {
    let reader = data.read()?;
    match find(text, &reader, data)? {
        Subject::History(watch) => tell(&again(watch, reader, data, config)?, config),
        Subject::Beneficiary(name) => beneficiary::tell(&name, &reader, data, config),
        Subject::Hold(id) => hold::tell(&id, &reader, data, config),
    }
}

fn find(text: &str, reader: &Reader, data: &Data) -> Result<Subject, Failure> {
    let found = match text.split_once(':') {
        Some(("order", id)) => orders(id, reader, data)?,
        Some(("commission", id)) => commissions(id, reader, data)?,
        Some(("hold", id)) => holds(id, reader, data)?,
        Some(("creator" | "agency", _)) => beneficiaries(text, reader, data)?,
        Some(_) | None => anything(text, reader, data)?,
    };
    match found.as_slice() {
        [(one, _)] => Ok(one.clone()),
        [] => Err(Failure::unreadable(format!(
            "nothing in {} is called `{text}`; give the id of an order, an obligation or a creator, or at least \
             {BEGINNING} digits of the id of a commission or a hold",
            data.folder().display()
        ))),
        several => {
            let names: Vec<&str> = several.iter().map(|(_, name)| name.as_str()).collect();
            Err(Failure::usage(format!("`{text}` could be any of {}", names.join(", "))))
        }
    }
}

/// What a text means, and how each meaning is written so that it means nothing else.
type Found = Vec<(Subject, String)>;

fn anything(text: &str, reader: &Reader, data: &Data) -> Result<Found, Failure> {
    let mut found = orders(text, reader, data)?;
    found.extend(beneficiaries(&format!("creator:{text}"), reader, data)?);
    found.extend(beneficiaries(&format!("agency:{text}"), reader, data)?);
    if text.len() >= BEGINNING && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        found.extend(commissions(text, reader, data)?);
        found.extend(holds(text, reader, data)?);
    }
    if found.is_empty() { brought(text, reader, data) } else { Ok(found) }
}

fn orders(id: &str, reader: &Reader, data: &Data) -> Result<Found, Failure> {
    let filter = CommissionFilter { order_id: Some(id.to_owned()), ..CommissionFilter::default() };
    let page = PageOf { after: None, rows: PAGE_ROWS_MAX };
    let commissions = data.answered(reader.commissions(&filter, &page))?.rows;
    Ok(distinct(commissions.iter().filter_map(history)))
}

fn commissions(beginning: &str, reader: &Reader, data: &Data) -> Result<Found, Failure> {
    let found = data.answered(reader.commissions_named(beginning, NAMED))?;
    Ok(distinct(found.iter().filter_map(history)))
}

fn holds(beginning: &str, reader: &Reader, data: &Data) -> Result<Found, Failure> {
    let found = data.answered(reader.holds_named(beginning, NAMED))?;
    Ok(found.into_iter().map(|id| (Subject::Hold(id.clone()), format!("hold:{id}"))).collect())
}

fn beneficiaries(name: &str, reader: &Reader, data: &Data) -> Result<Found, Failure> {
    let is_known = Beneficiary::parse(name).is_some()
        && (!data.answered(reader.beneficiary(name))?.is_empty()
            || !data.answered(reader.verdicts_about(name))?.is_empty());
    let found = (Subject::Beneficiary(name.to_owned()), name.to_owned());
    Ok(if is_known { vec![found] } else { Vec::new() })
}

/// Commissions that an obligation or a payout run of this name brought.
fn brought(name: &str, reader: &Reader, data: &Data) -> Result<Found, Failure> {
    let mut found = Vec::new();
    for commission in data.answered(reader.commissions_without_order())? {
        let first = verdicts_about(&commission.commission_id, reader, data)?.into_iter().next();
        if first.is_some_and(|first| brought_by(&first) == Some(name)) {
            found.extend(history(&commission));
        }
    }
    Ok(found)
}

/// A commission of an order is told with all of that order.
fn history(commission: &CommissionView) -> Option<(Subject, String)> {
    match &commission.order_id {
        Some(order) => {
            let (program, order) = (ProgramId::new(&commission.program_id).ok()?, OrderId::new(order).ok()?);
            let name = format!("commission:{} (order {order} of {program})", commission.commission_id);
            Some((Subject::History(Watch::Order(OrderKey { program, order })), name))
        }
        None => {
            let id = CommissionId::parse(&commission.commission_id)?;
            Some((Subject::History(Watch::Commission(id)), format!("commission:{id}")))
        }
    }
}

fn distinct(found: impl Iterator<Item = (Subject, String)>) -> Found {
    let mut all: Found = Vec::new();
    for (subject, name) in found {
        if !all.iter().any(|(known, _)| *known == subject) {
            all.push((subject, name));
        }
    }
    all
}

fn verdicts_about(subject: &str, reader: &Reader, data: &Data) -> Result<Vec<Verdict>, Failure> {
    let published = data.answered(reader.verdicts_about(subject))?;
    published.iter().map(|verdict| parsed(data, verdict.json.as_bytes())).collect()
}

/// Decides the log again from before the history began.
fn again(watch: Watch, reader: Reader, data: &Data, config: &Config) -> Result<Seen, Failure> {
    let first = began(&watch, &reader, data)?;
    let total = data.answered(reader.head())?.next().0;
    let snapshots = SnapshotFolder::in_store(data.folder());
    let before = first.map(|first| Position(first.0.saturating_sub(1)));
    let unable = |error: runtime::service::RecoveryError| Failure::unreadable(error.to_string());
    let mut onlooker = Onlooker::start(reader, &snapshots, before).map_err(unable)?;
    onlooker.watch(watch.clone());
    let bar = progress::deciding(total);
    bar.set_position(onlooker.next().0);
    let (mut traces, mut verdicts) = (Vec::new(), Vec::new());
    let see = &mut |effects: &mut decider::Effects, next: Position| {
        traces.append(&mut effects.traces);
        verdicts.extend(effects.verdicts.drain(..).filter(|verdict| watch.concerns(verdict)));
        bar.set_position(next.0);
    };
    onlooker.follow(config.chunk, see).map_err(unable)?;
    bar.finish_and_clear();
    Ok(Seen { watch, traces, verdicts, decider: onlooker.into_decider() })
}

/// The position of the first verdict about it.
fn began(watch: &Watch, reader: &Reader, data: &Data) -> Result<Option<Position>, Failure> {
    let ids = match watch {
        Watch::Commission(id) => vec![id.to_string()],
        Watch::Order(key) => {
            let filter = CommissionFilter {
                program_id: Some(key.program.to_string()),
                order_id: Some(key.order.to_string()),
                ..CommissionFilter::default()
            };
            let page = PageOf { after: None, rows: PAGE_ROWS_MAX };
            let commissions = data.answered(reader.commissions(&filter, &page))?.rows;
            commissions.into_iter().map(|commission| commission.commission_id).collect()
        }
    };
    let mut first = None;
    for id in ids {
        let began = verdicts_about(&id, reader, data)?.first().map(|verdict| verdict.position);
        first = [first, began].into_iter().flatten().min();
    }
    Ok(first)
}
