//! The memory that bodies may take, all together. A body holds a share as it grows, and gives it back when its
//! records are durable; one for which there is no room is refused, and never waits while it holds some.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::{Code, Problem};

const KIB: usize = 1 << 10;

/// The memory for bodies, counted in KiB.
pub(crate) struct Intake {
    kib: Arc<Semaphore>,
}

impl Intake {
    pub(crate) fn new(bytes_max: usize) -> Intake {
        Intake { kib: Arc::new(Semaphore::new(bytes_max / KIB)) }
    }

    /// A share of nothing yet.
    pub(crate) fn share(&self) -> Share {
        Share { kib: Arc::clone(&self.kib), held: None }
    }
}

/// What one request holds of it.
pub(crate) struct Share {
    kib: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Share {
    /// Holds so many bytes, those that it holds already included.
    pub(crate) fn hold(&mut self, bytes: usize) -> Result<(), Problem> {
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = bytes.div_ceil(KIB).saturating_sub(held);
        let more = u32::try_from(more).map_err(|_| full())?;
        let permit = Arc::clone(&self.kib).try_acquire_many_owned(more).map_err(|_| full())?;
        match &mut self.held {
            Some(held) => held.merge(permit),
            None => self.held = Some(permit),
        }
        Ok(())
    }
}

fn full() -> Problem {
    Problem::new(Code::ConsoleBusy, "too many bodies are being received")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_can_be_held_again() {
        let intake = Intake::new(4 * KIB);
        let mut first = intake.share();
        first.hold(3 * KIB).unwrap();
        first.hold(KIB).unwrap();
        let mut second = intake.share();
        second.hold(KIB).unwrap();
        assert_eq!(second.hold(2 * KIB).unwrap_err().code, Code::ConsoleBusy);
        drop(first);
        second.hold(4 * KIB).unwrap();
    }
}
