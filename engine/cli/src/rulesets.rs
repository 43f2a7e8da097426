//! The rulesets that decide a log: one throughout, or those that the log itself names, from an archive.
//!
//! An archive is a folder of files `HASH.ruleset`, each the canonical archive of the rules with that hash.

use decider::{Decider, Successor};
use model::Record;
use model::log::{Control, Genesis, RecordBody};
use ruleset::{Ruleset, Sources};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::failure::Failure;
use crate::rules_folder::Rules;

/// Rulesets in the order in which they decide.
pub(crate) struct Rulesets {
    first: Arc<Ruleset>,
    /// Those that the log loads on its way, once for each time that it does.
    later: Vec<Arc<Ruleset>>,
    /// All of them as text.
    sources: Vec<Sources>,
}

impl Rulesets {
    /// One ruleset decides the whole log, whatever it says: a load of another is passed over. Returns how many
    /// were.
    pub(crate) fn throughout(rules: Rules, records: &mut [Record]) -> (Rulesets, usize) {
        let mut passed_over = 0;
        for record in records {
            if let RecordBody::Control(Control::Ruleset(hash)) = &mut record.body {
                passed_over += usize::from(*hash != rules.ruleset.hash());
                *hash = rules.ruleset.hash().into();
            }
        }
        let sources = vec![rules.sources];
        (Rulesets { first: Arc::new(rules.ruleset), later: Vec::new(), sources }, passed_over)
    }

    /// Those of an earlier run over the same records: one alone decided all of them.
    pub(crate) fn remembered(
        kept: &[BTreeMap<String, String>],
        records: &mut [Record],
    ) -> Result<Rulesets, Failure> {
        let mut all =
            Rulesets::of_sources(kept.iter().map(|texts| texts.clone().into_iter().collect()).collect())?;
        if all.later.is_empty() {
            let sources = all.sources.remove(0);
            let ruleset = Arc::into_inner(all.first).expect("nobody else has it");
            return Ok(Rulesets::throughout(Rules { ruleset, sources }, records).0);
        }
        Ok(all)
    }

    /// The rulesets that the log names.
    pub(crate) fn recorded(
        archive: &Path,
        genesis: &Genesis,
        records: &[Record],
    ) -> Result<Rulesets, Failure> {
        let mut hashes = vec![&genesis.ruleset];
        for record in records {
            let RecordBody::Control(Control::Ruleset(hash)) = &record.body else { continue };
            if hashes.last() != Some(&hash) {
                hashes.push(hash);
            }
        }
        Rulesets::of_sources(hashes.into_iter().map(|hash| read(archive, hash)).collect::<Result<_, _>>()?)
    }

    fn of_sources(sources: Vec<Sources>) -> Result<Rulesets, Failure> {
        let mut later = sources.iter().map(load).collect::<Result<Vec<_>, _>>()?;
        if later.is_empty() {
            return Err(Failure::unreadable("that run kept no rules; replay it again".into()));
        }
        Ok(Rulesets { first: later.remove(0), later, sources })
    }

    /// The hash of the one that decides first.
    pub(crate) fn first_hash(&self) -> &str {
        self.first.hash()
    }

    /// All of them as text, in order.
    pub(crate) fn into_sources(self) -> Vec<Sources> {
        self.sources
    }

    /// An engine that will find each of them when the log loads it.
    pub(crate) fn decider(&self, genesis: &Genesis) -> Decider {
        let mut decider = Decider::new(genesis.clone(), Arc::clone(&self.first), runtime::hash_key());
        for ruleset in &self.later {
            decider.announce(Successor::new(Arc::clone(ruleset), runtime::hash_key()));
        }
        decider
    }
}

/// Adds a ruleset to an archive.
pub(crate) fn write(archive: &Path, sources: &Sources) -> Result<PathBuf, Failure> {
    std::fs::create_dir_all(archive).map_err(|e| Failure::output(&archive.display(), &e))?;
    let path = file(archive, &sources.hash());
    std::fs::write(&path, sources.archive()).map_err(|e| Failure::output(&path.display(), &e))?;
    Ok(path)
}

fn load(sources: &Sources) -> Result<Arc<Ruleset>, Failure> {
    let loaded = Ruleset::load(sources).map_err(|problems| {
        let first = problems.first().map(|d| format!(": {}: {}", d.file, d.message)).unwrap_or_default();
        Failure::unreadable(format!("ruleset {} does not load in this version{first}", sources.hash()))
    })?;
    Ok(Arc::new(loaded.ruleset))
}

fn read(archive: &Path, hash: &str) -> Result<Sources, Failure> {
    let path = file(archive, hash);
    let bytes = std::fs::read(&path).map_err(|e| {
        Failure::unreadable(format!(
            "the log names ruleset {hash}, and {} cannot be read: {e}; `tidegate rules archive` makes such files",
            path.display()
        ))
    })?;
    let sources = Sources::from_archive(&bytes).filter(|sources| sources.hash() == hash);
    sources.ok_or_else(|| Failure::unreadable(format!("{} is not the ruleset {hash}", path.display())))
}

fn file(archive: &Path, hash: &str) -> PathBuf {
    archive.join(format!("{hash}.ruleset"))
}
