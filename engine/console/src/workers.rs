//! Work that blocks, on threads of its own, so much at once: whoever comes then waits a little, or is told to come
//! again.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::problem::{Code, Problem};

/// So many at once.
#[derive(Clone)]
pub(crate) struct Workers {
    turns: Arc<Semaphore>,
    wait: Duration,
}

impl Workers {
    pub(crate) fn new(count: usize, wait: Duration) -> Workers {
        Workers { turns: Arc::new(Semaphore::new(count)), wait }
    }

    /// Does the work when its turn comes. It keeps its turn to its end, also when nobody waits for it any more.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = timeout(self.wait, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| busy())?.map_err(|_| busy())?;
        let worked = tokio::task::spawn_blocking(move || {
            let worked = work();
            drop(turn);
            worked
        });
        worked.await.map_err(|_| Problem::new(Code::LaneStopping, "the work was broken off"))
    }
}

fn busy() -> Problem {
    Problem::new(Code::ConsoleBusy, "too many requests are being worked on")
}
