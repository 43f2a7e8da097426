//! Recovery: from the newest snapshot that is whole, over the log behind it, to where the log ends. What had been
//! published already is compared, byte for byte; what had not is committed.

use decider::{Decider, Effects, RestoreError, Successor};
use model::log::{Control, Genesis, RecordBody};
use model::{Position, Record, Verdict};
use ruleset::{Ruleset, Sources};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::clock::Stopwatch;
use crate::entropy::hash_key;
use crate::journal::{Decided, Journal, JournalError, JournalReader, Snapshots};
use crate::seal;
use crate::service::happening::{self, Tell};
use crate::service::rows;
use crate::trace;

/// Why a service cannot go on from what it finds.
#[derive(Debug)]
pub enum RecoveryError {
    /// The store gives up.
    Journal(JournalError),
    /// The snapshots cannot be read.
    Snapshots(std::io::Error),
    /// The log does not begin with genesis.
    NoGenesis,
    /// The log was decided under other semantics.
    Semantics {
        /// The number found.
        found: u32,
    },
    /// A ruleset that the log names is not kept, or does not load in this version.
    Ruleset {
        /// Its hash.
        hash: String,
        /// What is wrong.
        what: String,
    },
    /// What had been published is not what the log gives.
    Differs {
        /// The position of the first verdict that differs.
        position: Position,
    },
}

impl fmt::Display for RecoveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecoveryError::Journal(error) => error.fmt(f),
            RecoveryError::Snapshots(error) => write!(f, "the snapshots cannot be read: {error}"),
            RecoveryError::NoGenesis => f.write_str("the log does not begin with a genesis record"),
            RecoveryError::Semantics { found } => write!(
                f,
                "the log was decided under semantics {found}, this build decides under {}; run a build of \
                 that number",
                model::SEMANTICS
            ),
            RecoveryError::Ruleset { hash, what } => write!(f, "ruleset {hash} {what}"),
            RecoveryError::Differs { position } => write!(
                f,
                "the verdicts published at position {position} are not what the log gives; nothing more is decided \
                 until somebody has looked"
            ),
        }
    }
}

impl std::error::Error for RecoveryError {}

impl From<JournalError> for RecoveryError {
    fn from(error: JournalError) -> RecoveryError {
        RecoveryError::Journal(error)
    }
}

/// Where deciding goes on.
pub(crate) struct Recovered {
    pub(crate) decider: Decider,
    /// The position of the next record to decide.
    pub(crate) next: Position,
    /// Snapshots that were passed over, and why.
    pub(crate) passed_over: Vec<String>,
    /// The snapshot that it began with.
    pub(crate) snapshot: Option<Position>,
}

/// Rulesets by hash, each loaded once.
#[derive(Default)]
pub(crate) struct Rulesets(BTreeMap<String, Arc<Ruleset>>);

impl Rulesets {
    pub(crate) fn get(
        &mut self,
        hash: &str,
        reader: &mut impl JournalReader,
    ) -> Result<Arc<Ruleset>, RecoveryError> {
        if let Some(loaded) = self.0.get(hash) {
            return Ok(Arc::clone(loaded));
        }
        let wrong = |what: &str| RecoveryError::Ruleset { hash: hash.to_owned(), what: what.to_owned() };
        let archive = reader.ruleset(hash)?.ok_or_else(|| wrong("is not in the store"))?;
        let sources = Sources::from_archive(&archive).filter(|sources| sources.hash() == hash);
        let sources = sources.ok_or_else(|| wrong("is not what its hash says"))?;
        let loaded = Ruleset::load(&sources).map_err(|_| wrong("does not load in this version"))?;
        let ruleset = Arc::new(loaded.ruleset);
        self.0.insert(hash.to_owned(), Arc::clone(&ruleset));
        Ok(ruleset)
    }

    fn all(&self) -> Vec<Arc<Ruleset>> {
        self.0.values().cloned().collect()
    }
}

/// The genesis of the log.
///
/// # Errors
/// When the log cannot be read, does not begin with one, or was decided under other semantics.
pub fn genesis(reader: &mut impl JournalReader) -> Result<Genesis, RecoveryError> {
    let first = reader.records(Position(0), 1)?.into_iter().next();
    match first.map(|record| record.body) {
        Some(RecordBody::Control(Control::Genesis(genesis))) if genesis.semantics != model::SEMANTICS => {
            Err(RecoveryError::Semantics { found: genesis.semantics })
        }
        Some(RecordBody::Control(Control::Genesis(genesis))) => Ok(*genesis),
        Some(_) | None => Err(RecoveryError::NoGenesis),
    }
}

/// The state after a snapshot, ready for what the log holds behind it: with the rulesets announced that it loads.
pub(crate) fn resume(
    reader: &mut impl JournalReader,
    snapshots: &impl Snapshots,
    newest: Option<Position>,
) -> Result<Recovered, RecoveryError> {
    let genesis = genesis(reader)?;
    let mut rulesets = Rulesets::default();
    let first = rulesets.get(&genesis.ruleset, reader)?;
    let controls = reader.controls(Position(1))?;
    for (_, control) in &controls {
        match control {
            Control::Ruleset(hash) => drop(rulesets.get(hash, reader)?),
            Control::Upgrade(found) if *found != model::SEMANTICS => {
                return Err(RecoveryError::Semantics { found: *found });
            }
            Control::Upgrade(_) | Control::Genesis(_) | Control::Tick(_) => {}
        }
    }
    let mut passed_over = Vec::new();
    let restored = restore(snapshots, (&mut rulesets, reader), newest, &mut passed_over)?;
    let snapshot = restored.as_ref().map(|(_, at)| *at);
    let (mut decider, at) =
        restored.unwrap_or_else(|| (Decider::new(genesis, first, hash_key()), Position(0)));
    announce(&mut decider, (&controls, at), &mut rulesets, reader)?;
    Ok(Recovered { decider, next: Position(at.0 + 1), passed_over, snapshot })
}

/// The newest snapshot that can be restored, with its position; what is wrong with newer ones.
fn restore(
    snapshots: &impl Snapshots,
    (rulesets, reader): (&mut Rulesets, &mut impl JournalReader),
    newest: Option<Position>,
    passed_over: &mut Vec<String>,
) -> Result<Option<(Decider, Position)>, RecoveryError> {
    let list = snapshots.list().map_err(RecoveryError::Snapshots)?;
    for at in list.into_iter().filter(|at| newest.is_none_or(|newest| *at <= newest)) {
        let sealed = match snapshots.get(at) {
            Ok(sealed) => sealed,
            Err(error) => {
                passed_over.push(format!("the snapshot at position {at} cannot be read: {error}"));
                continue;
            }
        };
        let opened = seal::open(&sealed).map_err(|error| error.to_string());
        let restored = opened.and_then(|state| with_rulesets(state, rulesets, reader));
        match restored {
            Ok(decider) => return Ok(Some((decider, at))),
            Err(what) => passed_over.push(format!("the snapshot at position {at} is passed over: {what}")),
        }
    }
    Ok(None)
}

/// The state of a snapshot. It may name rulesets that the log does not: announced, and then not loaded.
fn with_rulesets(
    state: &[u8],
    rulesets: &mut Rulesets,
    reader: &mut impl JournalReader,
) -> Result<Decider, String> {
    loop {
        match Decider::restore(state, &rulesets.all()) {
            Ok(decider) => return Ok(decider),
            Err(RestoreError::Ruleset { found }) => {
                rulesets.get(&found, reader).map_err(|error| error.to_string())?;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Announces the rulesets that the log loads after `at`, measured up to there, where the state does not know them.
fn announce(
    decider: &mut Decider,
    (controls, at): (&[(Position, Control)], Position),
    rulesets: &mut Rulesets,
    reader: &mut impl JournalReader,
) -> Result<(), RecoveryError> {
    let known: Vec<String> = decider.announced().map(|ruleset| ruleset.hash().to_owned()).collect();
    let mut known = known.into_iter().peekable();
    let later = controls.iter().filter(|(position, _)| *position > at);
    for (_, control) in later {
        let Control::Ruleset(hash) = control else { continue };
        if known.next_if(|known| *known == **hash).is_some() {
            continue;
        }
        let mut successor = Successor::new(rulesets.get(hash, reader)?, hash_key());
        let since = rows::since(&successor, decider.clock());
        rows::measure_since(reader, &mut successor, None, at, since)?;
        decider.announce(successor);
    }
    Ok(())
}

/// Decides the log from where the state stands to its end, and commits what had not been published.
pub(crate) fn catch_up<J: Journal>(
    recovered: &mut Recovered,
    journal: &mut J,
    reader: &mut J::Reader,
    chunk: usize,
    progress: &mut (dyn FnMut(Position) + Send),
) -> Result<(), RecoveryError> {
    let published = journal.head().decided;
    let ruleset = journal.head().manifest.as_ref().map(|manifest| manifest.ruleset.clone());
    let ruleset = ruleset.unwrap_or_default();
    recovered.decider.keep_rows();
    loop {
        let records = reader.records(recovered.next, chunk)?;
        if records.is_empty() {
            return Ok(());
        }
        let old = published.map_or(0, |published| records.partition_point(|r| r.position <= published));
        let (old, new) = records.split_at(old);
        if let Some((through, effects)) = decide(recovered, old) {
            compare(reader, &effects.verdicts, (old, through))?;
        }
        if let Some((through, effects)) = decide(recovered, new) {
            let done = Decided::of(through, recovered.decider.clock(), effects);
            journal.commit(&[], &ruleset, &[done])?;
        }
        progress(recovered.next);
    }
}

/// Takes a snapshot where more than an interval was decided again: a service that is killed over and over must not
/// begin further back each time. Without one it serves as well.
pub(crate) fn snapshot_if_due(
    recovered: &Recovered,
    snapshots: &impl Snapshots,
    decided: Option<Position>,
    interval_records: u64,
    tell: &Tell,
) -> Option<Position> {
    let at = decided?;
    let before = recovered.snapshot.map_or(0, |position| position.0);
    if at.0.saturating_sub(before) < interval_records {
        return None;
    }
    let (span, began) = (trace::snapshot(at), Stopwatch::start());
    let outcome = take_snapshot(&recovered.decider, snapshots, at).map_err(|error| error.to_string());
    happening::snapped(at, outcome, (&span, began.elapsed()), tell)
}

/// Seals the state after a position and keeps it; how many bytes it has.
pub(crate) fn take_snapshot(
    decider: &Decider,
    snapshots: &impl Snapshots,
    at: Position,
) -> std::io::Result<usize> {
    let sealed = seal::seal(&decider.snapshot());
    snapshots.put(at, &sealed)?;
    Ok(sealed.len())
}

/// Decides records: the last one's position, and what follows from them.
fn decide(recovered: &mut Recovered, records: &[Record]) -> Option<(Position, Effects)> {
    let through = records.last()?.position;
    let mut effects = Effects::default();
    recovered.decider.decide(records, &mut effects);
    recovered.next = Position(through.0 + 1);
    Some((through, effects))
}

/// What was decided again must be what was published.
fn compare(
    reader: &mut impl JournalReader,
    again: &[Verdict],
    (records, through): (&[Record], Position),
) -> Result<(), RecoveryError> {
    let Some(first) = records.first() else { return Ok(()) };
    let published = reader.verdicts(Position(first.position.0 - 1), through)?;
    let same = published.len() == again.len();
    let differs = published.iter().zip(again).find(|(bytes, verdict)| !reader.says(bytes, verdict));
    match differs {
        Some((_, verdict)) => Err(RecoveryError::Differs { position: verdict.position }),
        None if same => Ok(()),
        None => Err(RecoveryError::Differs { position: first.position }),
    }
}
