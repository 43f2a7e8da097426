//! A lane that really decides: made-up trade, a rule that holds much of it, and what they come to, to be committed.

use bytes::Bytes;
use connector::store::Store;
use connector::wire::encode;
use decider::{Decider, Effects, Row};
use model::log::{Control, Genesis, RecordBody};
use model::refusal::{Code, Refusal};
use model::{EventTime, Position, Record, Span, Text, Verdict};
use ruleset::{Ruleset, Sources};
use runtime::{Decided, Journal};
use std::sync::Arc;

use super::now;

/// A lane: its log, and everything that was decided of it, in stretches.
pub(crate) struct Lane {
    pub(crate) ruleset: Text,
    pub(crate) records: Vec<Record>,
    pub(crate) decided: Vec<Decided>,
    /// What was measured, before it was packed.
    pub(crate) rows: Vec<Row>,
}

/// Holds the orders of whoever sells a lot, some until a person has looked.
const BUSY: &str = include_str!("busy.rhai");

fn busy() -> Arc<Ruleset> {
    let mut sources = Sources::default();
    sources.put("busy.rhai", BUSY.to_owned());
    match Ruleset::load(&sources) {
        Ok(loaded) => Arc::new(loaded.ruleset),
        Err(problems) => panic!("{problems:?}"),
    }
}

impl Lane {
    /// `events` of trade and a few records that are none, decided `stretch` at a time.
    pub(crate) fn of(seed: u64, events: usize, stretch: usize) -> Lane {
        let ruleset = busy();
        let genesis = Genesis::standard(ruleset.hash().into());
        let settings = trade::Settings { orders_per_day: 300, ..trade::Settings::new(seed, now()) };
        let trade = trade::Trade::new(settings).map(|happening| happening.event).take(events);
        let events = trade.map(|event| (Bytes::from(encode(&event)), RecordBody::Event(Box::new(event))));
        let mut bodies: Vec<(Bytes, RecordBody)> =
            vec![(Bytes::new(), RecordBody::Control(Control::Genesis(Box::new(genesis.clone()))))];
        bodies.extend(events);
        for index in (100..bodies.len()).step_by(500) {
            let refusal = Refusal::new(Code::JsonSyntax, "", "not a JSON document");
            bodies
                .insert(index, (Bytes::from(format!("nonsense {index}")), RecordBody::Undecodable(refusal)));
        }
        let mut received = now();
        let place = |(position, (raw, body))| {
            received = received.max(received_at(&body));
            Record { position: Position(position), stamp: Some(received), raw, body }
        };
        let records: Vec<Record> = (0..).zip(bodies).map(place).collect();
        let mut decider = Decider::new(genesis, Arc::clone(&ruleset), model::HashKey::public());
        decider.keep_rows();
        let mut rows = Vec::new();
        let decided =
            records.chunks(stretch).map(|records| decide(&mut decider, records, &mut rows)).collect();
        Lane { ruleset: ruleset.hash().into(), records, decided, rows }
    }

    pub(crate) fn verdicts(&self) -> impl Iterator<Item = &Verdict> {
        self.decided.iter().flat_map(|decided| &decided.verdicts)
    }

    /// Commits the log in blocks, and after each of them what was decided of it.
    pub(crate) fn commit(&self, store: &mut Store) {
        let mut decided = self.decided.iter().peekable();
        for records in self.records.chunks(300) {
            store.commit(records, &self.ruleset, &[]).unwrap();
            let next = store.head().next();
            while let Some(stretch) = decided.next_if(|stretch| stretch.through < next) {
                store.commit(&[], &self.ruleset, std::slice::from_ref(stretch)).unwrap();
            }
        }
    }
}

/// An event is received a second after it has happened.
fn received_at(body: &RecordBody) -> EventTime {
    match body {
        RecordBody::Event(event) => event.occurred_at.plus(Span::from_secs(1)),
        RecordBody::Control(_) | RecordBody::Undecodable(_) => EventTime::MIN,
    }
}

fn decide(decider: &mut Decider, records: &[Record], rows: &mut Vec<Row>) -> Decided {
    let mut effects = Effects::default();
    decider.decide(records, &mut effects);
    rows.extend_from_slice(&effects.rows);
    Decided::of(records.last().unwrap().position, decider.clock(), effects)
}
