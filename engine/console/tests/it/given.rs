//! A lane and books that do as a test tells them.

use bytes::Bytes;
use model::log::RecordBody;
use model::{Position, Text};
use ruleset::{Ruleset, Sources};
use runtime::books::{
    Bearer, BeneficiaryView, Books, CommissionFilter, CommissionView, DeadLetterFilter, DeadLetterState,
    DeadLetterView, HoldFilter, HoldView, Page, PageOf, PublishedVerdict, RulesetView,
};
use runtime::letters::{Attempt, Clerk, Closing, End, Hand};
use runtime::service::{Answer, Arrived, Lane, Load, LoadError, Receipt, Refused, Status};
use runtime::{JournalError, Origin};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;

pub(crate) const COMMISSION: &str = "00112233445566778899aabbccddeeff";
pub(crate) const CREATOR: &str = "mia-1204";

/// How a lane takes records.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Taking,
    Busy,
    Stopping,
    Unwritable,
    /// Takes them, and never answers.
    Silent,
    /// Takes half a second to load a ruleset.
    Dawdling,
    /// Takes them, and never decides them.
    Undecided,
}

pub(crate) struct TestLane {
    status: Status,
    pub(crate) mood: Mutex<Mood>,
    /// What was submitted, call by call.
    pub(crate) submitted: Mutex<Vec<Vec<Arrived>>>,
    unanswered: Mutex<Vec<oneshot::Sender<Result<Receipt, Refused>>>>,
}

impl TestLane {
    pub(crate) fn new() -> TestLane {
        TestLane {
            status: Status::new(Position(10), Some(Position(9)), 0, "first"),
            mood: Mutex::new(Mood::Taking),
            submitted: Mutex::default(),
            unanswered: Mutex::default(),
        }
    }

    pub(crate) fn published(&self, verdicts: u64) {
        self.status.committed(Position(9), verdicts, None);
    }

    pub(crate) fn fault(&self, fault: Option<JournalError>) {
        self.status.set_fault(fault);
    }

    fn take(&self, records: Vec<Arrived>) -> Receipt {
        let (first, count) = (self.status.next(), records.len());
        self.status.appended(Position(first.0 + count as u64));
        self.submitted.lock().unwrap().push(records);
        let stamp = model::EventTime::from_ms(1_767_225_600_000).unwrap();
        if *self.mood.lock().unwrap() != Mood::Undecided {
            let verdicts = *self.status.verdicts().borrow();
            self.status.committed(Position((first.0 + count as u64).saturating_sub(1)), verdicts, None);
        }
        Receipt { first, count, stamp }
    }

    fn refusal(&self) -> Option<Refused> {
        match *self.mood.lock().unwrap() {
            Mood::Taking | Mood::Silent | Mood::Dawdling | Mood::Undecided => None,
            Mood::Busy => Some(Refused::Busy),
            Mood::Stopping => Some(Refused::Stopping),
            Mood::Unwritable => Some(Refused::Unavailable(JournalError::Unwritable("no room".into()))),
        }
    }
}

impl Lane for TestLane {
    fn submit(&self, records: Vec<Arrived>) -> Result<Answer, Refused> {
        if let Some(refused) = self.refusal() {
            return Err(refused);
        }
        let (reply, answer) = oneshot::channel();
        let receipt = self.take(records);
        if *self.mood.lock().unwrap() == Mood::Silent {
            self.unanswered.lock().unwrap().push(reply);
        } else {
            reply.send(Ok(receipt)).unwrap();
        }
        Ok(answer)
    }

    fn load(&self, sources: &Sources) -> Result<Load, LoadError> {
        if *self.mood.lock().unwrap() == Mood::Dawdling {
            std::thread::sleep(Duration::from_millis(500));
        }
        let loaded = Ruleset::load(sources).map_err(LoadError::Problems)?;
        if let Some(refused) = self.refusal() {
            return Err(LoadError::Refused(refused));
        }
        if self.status.ruleset() == loaded.ruleset.hash() {
            return Ok(Load::InForce);
        }
        self.status.loaded(loaded.ruleset.hash());
        Ok(Load::Loaded(self.take(Vec::new()).first, loaded.warnings))
    }

    fn status(&self) -> &Status {
        &self.status
    }
}

/// Books with one of each.
#[derive(Default)]
pub(crate) struct TestBooks {
    pub(crate) fault: Mutex<Option<JournalError>>,
    pub(crate) verdicts: Mutex<Vec<PublishedVerdict>>,
    pub(crate) revoked: Mutex<BTreeSet<String>>,
    pub(crate) tokens_expire_at: Mutex<Option<i64>>,
    pub(crate) lookups: AtomicUsize,
    pub(crate) readers: AtomicUsize,
    pub(crate) readers_seen_max: AtomicUsize,
    pub(crate) read_takes: Mutex<Duration>,
    lookup_takes: Mutex<Duration>,
    /// What was asked, as its `Debug` form.
    pub(crate) asked: Mutex<Vec<String>>,
}

impl TestBooks {
    pub(crate) fn lookups_take(&self, time: Duration) {
        *self.lookup_takes.lock().unwrap() = time;
    }

    fn read<T>(&self, asked: String, answer: impl FnOnce() -> T) -> Result<T, JournalError> {
        let now = self.readers.fetch_add(1, Ordering::SeqCst) + 1;
        self.readers_seen_max.fetch_max(now, Ordering::SeqCst);
        std::thread::sleep(*self.read_takes.lock().unwrap());
        self.readers.fetch_sub(1, Ordering::SeqCst);
        self.asked.lock().unwrap().push(asked);
        match self.fault.lock().unwrap().clone() {
            Some(fault) => Err(fault),
            None => Ok(answer()),
        }
    }
}

fn balance() -> BTreeMap<String, i64> {
    BTreeMap::from([("held".to_owned(), 1_250)])
}

fn commission() -> CommissionView {
    CommissionView {
        commission_id: COMMISSION.into(),
        program_id: "main".into(),
        market: "ID".into(),
        order_id: Some("ord-1".into()),
        shop_id: None,
        beneficiary: Some(format!("creator:{CREATOR}")),
        component: Some("cps".into()),
        currency: Some("IDR".into()),
        balance: balance(),
        due_at: Some(1_767_225_600_000),
        sequence: 2,
    }
}

fn hold() -> HoldView {
    HoldView {
        hold_id: "h1".into(),
        rule: "same_ip_burst".into(),
        commission_id: COMMISSION.into(),
        order_id: Some("ord-1".into()),
        market: "ID".into(),
        shop_id: None,
        beneficiary: Some(format!("creator:{CREATOR}")),
        currency: Some("IDR".into()),
        amount: 1_250,
        since_at: 1_767_225_600_000,
        until_at: None,
    }
}

/// Of the dead letters, only 2 has become a record.
pub(crate) struct TestClerk;

impl Clerk for TestClerk {
    fn attempt(&mut self, number: u64) -> Result<Attempt, JournalError> {
        Ok(match number {
            2 => Attempt::Ended(DeadLetterState::Replayed),
            _ => Attempt::Replay { attempts: 1, raw: b"{}".to_vec() },
        })
    }

    fn end(&mut self, _: u64, _: End, _: &Hand<'_>) -> Result<(), JournalError> {
        Ok(())
    }

    fn close(&mut self, number: u64, note: &str, _: &Hand<'_>) -> Result<Closing, JournalError> {
        if note.is_empty() {
            return Err(JournalError::Unanswerable { parameter: "note", what: "a note has a byte".into() });
        }
        Ok(if number == 2 { Closing::Ended(DeadLetterState::Replayed) } else { Closing::Closed })
    }
}

fn dead_letter() -> DeadLetterView {
    DeadLetterView {
        number: 1,
        position: 4,
        received_at: Some(1_767_225_600_000),
        refused_at_position: 4,
        refused_at: Some(1_767_225_600_000),
        code: "field.missing".into(),
        pointer: "/order_id".into(),
        detail: "an order has an order_id".into(),
        attempts: 0,
        state: DeadLetterState::Open,
        ended_at: None,
        ended_by: None,
        became_position: None,
        note: None,
        raw: Some("{}".into()),
        raw_base64: None,
    }
}

impl Books for TestBooks {
    fn verdicts(&self, after: u64, rows: u32) -> Result<Vec<PublishedVerdict>, JournalError> {
        self.read(format!("verdicts after {after}"), || {
            let verdicts = self.verdicts.lock().unwrap();
            let later = verdicts.iter().filter(|verdict| verdict.sequence > after);
            later.take(rows as usize).cloned().collect()
        })
    }

    fn commissions(
        &self,
        filter: &CommissionFilter,
        page: &PageOf,
    ) -> Result<Page<CommissionView>, JournalError> {
        let next = Some("c2".to_owned());
        self.read(format!("{filter:?} {page:?}"), || Page { rows: vec![commission()], next })
    }

    fn commission(&self, id: &str) -> Result<Option<(CommissionView, Vec<String>)>, JournalError> {
        self.read(format!("commission {id}"), || {
            (id == COMMISSION).then(|| (commission(), vec![r#"{"decision":"accrue"}"#.to_owned()]))
        })
    }

    fn holds(&self, filter: &HoldFilter, page: &PageOf) -> Result<Page<HoldView>, JournalError> {
        self.read(format!("{filter:?} {page:?}"), || Page { rows: vec![hold()], next: None })
    }

    fn beneficiary(&self, beneficiary: &str) -> Result<Vec<BeneficiaryView>, JournalError> {
        let view = BeneficiaryView { currency: "IDR".into(), commissions: 1, balance: balance() };
        let known = beneficiary == format!("creator:{CREATOR}");
        self.read(beneficiary.to_owned(), || known.then_some(view).into_iter().collect())
    }

    fn dead_letters(
        &self,
        filter: &DeadLetterFilter,
        page: &PageOf,
    ) -> Result<Page<DeadLetterView>, JournalError> {
        self.read(format!("{filter:?} {page:?}"), || Page { rows: vec![dead_letter()], next: None })
    }

    fn dead_letter(&self, number: u64) -> Result<Option<DeadLetterView>, JournalError> {
        self.read(format!("dead letter {number}"), || {
            let raw = Some(if number == 3 { r#"{"kind":"review"}"#.into() } else { "{}".into() });
            (number <= 3).then(|| DeadLetterView { number, raw, ..dead_letter() })
        })
    }

    fn dead_letter_at(&self, position: Position, after: u64) -> Result<Option<DeadLetterView>, JournalError> {
        self.read(format!("dead letter at {position} after {after}"), || None)
    }

    fn rulesets(&self) -> Result<Vec<RulesetView>, JournalError> {
        let view =
            RulesetView { hash: "first".into(), kept_at: 1_767_225_600_000, loaded_at_positions: vec![0] };
        self.read("rulesets".into(), || vec![view])
    }

    /// `tg_click-read` may post clicks and read; its holder is `holder of click-read`.
    fn bearer(&self, token: &str) -> Result<Option<Bearer>, JournalError> {
        self.lookups.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(*self.lookup_takes.lock().unwrap());
        if let Some(fault) = self.fault.lock().unwrap().clone() {
            return Err(fault);
        }
        let names = token.strip_prefix("tg_").unwrap();
        let scopes: Vec<String> = names.split('-').map(str::to_owned).collect();
        let known = scopes.iter().all(|name| console::Scope::named(name).is_some());
        let expires_at = *self.tokens_expire_at.lock().unwrap();
        let revoked = self.revoked.lock().unwrap().contains(token);
        let bearer =
            Bearer { token_id: names.into(), identity: format!("holder of {names}"), scopes, expires_at };
        Ok((known && !revoked).then_some(bearer))
    }
}

/// The wire's decoder, with the poster as a review's actor.
pub(crate) fn decode(raw: Bytes, identity: &str) -> Arrived {
    let body = match connector::wire::decode(&raw) {
        Ok(decoded) => {
            let mut event = decoded.event;
            if let model::event::Body::Review(review) = &mut event.body {
                review.actor = Some(Text::new(identity));
            }
            RecordBody::Event(Box::new(event))
        }
        Err(refusal) => RecordBody::Undecodable(refusal),
    };
    Arrived { raw, body, origin: Origin::Elsewhere }
}
