//! The folder of rules, watched: a changed ruleset is checked, and loaded into the running lane or refused with all
//! its problems, while the one in force runs on.

use ruleset::Sources;
use runtime::service::{Lane, Load, LoadError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tracing::{error, info};

use crate::failure::Failure;
use crate::rules_folder;
use crate::run::log;

/// How often the folder is looked at. A change is taken when two looks see the same: an editor may still be writing.
const LOOK: Duration = Duration::from_secs(1);

/// The thread that watches.
pub(crate) struct Watch(JoinHandle<()>);

impl Watch {
    /// Watches until it is time to stop.
    pub(crate) fn start(folder: &Path, lane: Arc<dyn Lane>, stop: Arc<AtomicBool>) -> Result<Watch, Failure> {
        let mut folder =
            Folder { path: folder.to_path_buf(), lane, seen: String::new(), tried: String::new() };
        let watch = move || {
            while !stop.load(Ordering::Relaxed) {
                folder.look();
                std::thread::sleep(LOOK);
            }
        };
        let thread = std::thread::Builder::new().name("tidegate-rules".into()).spawn(watch);
        thread.map(Watch).map_err(|e| Failure::usage(format!("a thread cannot be started: {e}")))
    }

    /// Waits until it has stopped.
    pub(crate) fn join(self) {
        // A thread that panicked has said so.
        drop(self.0.join());
    }
}

struct Folder {
    path: PathBuf,
    lane: Arc<dyn Lane>,
    /// The ruleset that the last look saw, by hash.
    seen: String,
    /// The last one that was loaded, or did not check: it is not tried again until the folder changes. So what was
    /// loaded by other ways stays until somebody edits the folder, or the service is started anew.
    tried: String,
}

impl Folder {
    fn look(&mut self) {
        // A folder that is gone for a moment is no ruleset.
        let Ok(sources) = rules_folder::read(&self.path) else { return };
        let hash = sources.hash();
        let settled = self.seen == hash;
        if settled && self.tried != hash && self.load(&sources) {
            self.tried.clone_from(&hash);
        }
        self.seen = hash;
    }

    /// Whether that is the end of it, for good or ill.
    fn load(&self, sources: &Sources) -> bool {
        let folder = self.path.display();
        match self.lane.load(sources) {
            Ok(Load::InForce) => true,
            Ok(Load::Loaded(position, warnings)) => {
                log::problems(&warnings);
                info!(%folder, ruleset = sources.hash(), position = position.0, "the rules were loaded");
                true
            }
            Err(LoadError::Problems(problems)) => {
                log::problems(&problems);
                error!(%folder, problems = problems.len(), "the rules do not check; the ones in force run on");
                true
            }
            Err(error @ (LoadError::Journal(_) | LoadError::Refused(_))) => {
                error!(%folder, reason = %error, "the rules were not loaded; the ones in force run on");
                false
            }
        }
    }
}
