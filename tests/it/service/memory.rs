//! A journal in memory that can be copied at any moment, as a disk is after a crash, and told to fail.

use model::log::{Control, RecordBody};
use model::{EventTime, Position, Record, Text, Verdict};
use runtime::{
    Appended, Decided, Digest, Head, Journal, JournalError, JournalReader, Manifest, RowBlock, Snapshots,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What is on the disk.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    pub(crate) head: Head,
    pub(crate) records: Vec<Record>,
    pub(crate) verdicts: Vec<(Position, Vec<u8>)>,
    pub(crate) dead_letters: usize,
    pub(crate) rows: Vec<decider::Row>,
    pub(crate) rulesets: BTreeMap<String, Vec<u8>>,
    pub(crate) snapshots: BTreeMap<u64, Vec<u8>>,
}

#[derive(Default)]
struct State {
    disk: Disk,
    /// Copies of the disk after each commit, if asked for.
    copies: Option<Vec<Disk>>,
    /// So many commits fail.
    failing: u32,
}

/// A machine with one disk.
#[derive(Clone, Default)]
pub(crate) struct Machine(Arc<Mutex<State>>);

impl Machine {
    pub(crate) fn with(disk: Disk) -> Machine {
        Machine(Arc::new(Mutex::new(State { disk, ..State::default() })))
    }

    pub(crate) fn keep_copies(&self) {
        self.0.lock().unwrap().copies = Some(Vec::new());
    }

    pub(crate) fn copies(&self) -> Vec<Disk> {
        self.0.lock().unwrap().copies.take().unwrap_or_default()
    }

    pub(crate) fn fail(&self, commits: u32) {
        self.0.lock().unwrap().failing = commits;
    }

    pub(crate) fn disk(&self) -> Disk {
        self.0.lock().unwrap().disk.clone()
    }

    pub(crate) fn journal(&self) -> Writing {
        Writing { machine: self.clone(), head: self.disk().head }
    }
}

/// The writing side.
pub(crate) struct Writing {
    machine: Machine,
    head: Head,
}

fn published(verdict: &Verdict) -> Vec<u8> {
    let mut bytes = Vec::new();
    connector::wire::write_verdict(verdict, &mut bytes);
    bytes
}

impl Journal for Writing {
    type Reader = Reading;

    fn head(&self) -> &Head {
        &self.head
    }

    fn commit<'a>(
        &mut self,
        appended: impl Into<Appended<'a>>,
        ruleset: &Text,
        decided: &[Decided],
    ) -> Result<(), JournalError> {
        let appended = appended.into().records;
        let mut state = self.machine.0.lock().unwrap();
        if state.failing > 0 {
            state.failing -= 1;
            return Err(JournalError::Unwritable("no room".into()));
        }
        if let (Some(first), Some(last)) = (appended.first(), appended.last()) {
            assert_eq!(first.position, self.head.next(), "records follow one another");
            let places = (first.position, last.position);
            let checksum = Digest::of(format!("{places:?}").as_bytes());
            let manifest = Manifest::after(self.head.manifest.as_ref(), places, checksum, ruleset.clone());
            assert!(manifest.follows(self.head.manifest.as_ref()));
            self.head.manifest = Some(manifest);
            assert!(self.head.stamp <= last.stamp, "stamps never go back");
            self.head.stamp = last.stamp;
            state.disk.records.extend_from_slice(appended);
        }
        for decided in decided {
            assert!(self.head.decided < Some(decided.through), "decided once");
            self.head.decided = Some(decided.through);
            self.head.verdicts += decided.verdicts.len() as u64;
            let verdicts = decided.verdicts.iter().map(|v| (v.position, published(v)));
            state.disk.verdicts.extend(verdicts);
            state.disk.dead_letters += decided.dead_letters.len();
            if let Some(RowBlock { body, checksum, .. }) = &decided.rows {
                state.disk.rows.extend(RowBlock::unpack(body, *checksum).unwrap());
            }
        }
        state.disk.head = self.head.clone();
        let copy = state.disk.clone();
        state.copies.iter_mut().for_each(|copies| copies.push(copy.clone()));
        Ok(())
    }

    fn put_ruleset(&mut self, hash: &str, archive: &[u8]) -> Result<(), JournalError> {
        let mut state = self.machine.0.lock().unwrap();
        state.disk.rulesets.insert(hash.to_owned(), archive.to_vec());
        Ok(())
    }

    fn reader(&self) -> Result<Reading, JournalError> {
        Ok(Reading(self.machine.clone()))
    }
}

/// The reading side.
pub(crate) struct Reading(Machine);

impl JournalReader for Reading {
    fn records(&mut self, from: Position, max: usize) -> Result<Vec<Record>, JournalError> {
        let state = self.0.0.lock().unwrap();
        let from = usize::try_from(from.0).unwrap();
        Ok(state.disk.records.iter().skip(from).take(max).cloned().collect())
    }

    fn controls(&mut self, from: Position) -> Result<Vec<(Position, Control)>, JournalError> {
        let state = self.0.0.lock().unwrap();
        let controls = state.disk.records.iter().filter(|record| record.position >= from);
        Ok(controls
            .filter_map(|record| match &record.body {
                RecordBody::Control(control) => Some((record.position, control.clone())),
                RecordBody::Event(_) | RecordBody::Undecodable(_) => None,
            })
            .collect())
    }

    fn verdicts(&mut self, after: Position, through: Position) -> Result<Vec<Vec<u8>>, JournalError> {
        let state = self.0.0.lock().unwrap();
        let within = state.disk.verdicts.iter().filter(|(at, _)| *at > after && *at <= through);
        Ok(within.map(|(_, bytes)| bytes.clone()).collect())
    }

    fn says(&self, bytes: &[u8], verdict: &Verdict) -> bool {
        bytes == published(verdict)
    }

    fn rows(
        &mut self,
        after: Position,
        through: Position,
        since: EventTime,
    ) -> Result<(Vec<decider::Row>, Position), JournalError> {
        let state = self.0.0.lock().unwrap();
        let within = state.disk.rows.iter().filter(|row| row.position > after && row.position <= through);
        Ok((within.filter(|row| row.clock >= since).cloned().collect(), through))
    }

    fn ruleset(&mut self, hash: &str) -> Result<Option<Vec<u8>>, JournalError> {
        Ok(self.0.0.lock().unwrap().disk.rulesets.get(hash).cloned())
    }
}

impl Snapshots for Machine {
    fn put(&self, at: Position, sealed: &[u8]) -> std::io::Result<()> {
        self.0.lock().unwrap().disk.snapshots.insert(at.0, sealed.to_vec());
        Ok(())
    }

    fn list(&self) -> std::io::Result<Vec<Position>> {
        Ok(self.0.lock().unwrap().disk.snapshots.keys().rev().copied().map(Position).collect())
    }

    fn get(&self, at: Position) -> std::io::Result<Vec<u8>> {
        let state = self.0.lock().unwrap();
        state.disk.snapshots.get(&at.0).cloned().ok_or_else(|| std::io::Error::other("there is none"))
    }
}
