//! Looking on: an engine that decides a log again and commits nothing. Explaining an old decision is deciding it again;
//! what a record would bring about is found by deciding it, as if it came next.

use decider::{Decider, Effects, Watch};
use model::log::{Control, RecordBody};
use model::{EventTime, Position, Record};

use crate::journal::{JournalReader, Snapshots};
use crate::service::desk::Arrived;
use crate::service::recovery::{Recovered, RecoveryError, resume};

/// An engine that looks on.
pub struct Onlooker<R> {
    reader: R,
    state: Recovered,
}

impl<R: JournalReader> Onlooker<R> {
    /// Stands at the newest snapshot that can be restored and is not behind `newest`, else where the log begins.
    ///
    /// # Errors
    /// When the log or its rulesets cannot be read, or were decided under other semantics.
    pub fn start(
        mut reader: R,
        snapshots: &impl Snapshots,
        newest: Option<Position>,
    ) -> Result<Onlooker<R>, RecoveryError> {
        let state = resume(&mut reader, snapshots, newest)?;
        Ok(Onlooker { reader, state })
    }

    /// Traces what happens to an order or a commission.
    pub fn watch(&mut self, watch: Watch) {
        self.state.decider.watch(Some(watch));
    }

    /// The position of the next record that it decides.
    pub fn next(&self) -> Position {
        self.state.next
    }

    /// Decides what the log holds from where it stands to its end, `chunk` records at once, or to a ruleset that was
    /// loaded since it started. `see` is handed what they brought about, and the position of the next record.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn follow(
        &mut self,
        chunk: usize,
        see: &mut dyn FnMut(&mut Effects, Position),
    ) -> Result<(), RecoveryError> {
        let mut effects = Effects::default();
        loop {
            let mut records = self.reader.records(self.state.next, chunk.max(1))?;
            let unknown = records.iter().position(|record| !self.knows(record));
            records.truncate(unknown.unwrap_or(records.len()));
            let Some(last) = records.last() else { return Ok(()) };
            self.state.next = Position(last.position.0 + 1);
            self.state.decider.decide(&records, &mut effects);
            see(&mut effects, self.state.next);
            effects.clear();
        }
    }

    fn knows(&self, record: &Record) -> bool {
        match &record.body {
            RecordBody::Control(Control::Ruleset(hash)) => {
                let decider = &self.state.decider;
                *decider.ruleset().hash() == **hash
                    || decider.announced().any(|ruleset| *ruleset.hash() == **hash)
            }
            RecordBody::Control(Control::Genesis(_) | Control::Tick(_) | Control::Upgrade(_))
            | RecordBody::Event(_)
            | RecordBody::Undecodable(_) => true,
        }
    }

    /// What these records would bring about if they came next, received at `stamp`. The log stays as it is.
    pub fn imagine(&mut self, arrived: Vec<Arrived>, stamp: EventTime) -> Effects {
        let place = |(index, arrived): (u64, Arrived)| Record {
            position: Position(self.state.next.0 + index),
            stamp: Some(stamp),
            raw: arrived.raw,
            body: arrived.body,
        };
        let records: Vec<Record> = (0..).zip(arrived).map(place).collect();
        let mut effects = Effects::default();
        self.state.decider.decide(&records, &mut effects);
        self.state.next = Position(self.state.next.0 + records.len() as u64);
        effects
    }

    /// The engine as it stands.
    pub fn decider(&self) -> &Decider {
        &self.state.decider
    }

    /// Gives the engine back as it stands.
    pub fn into_decider(self) -> Decider {
        self.state.decider
    }
}
