//! How threads share a processor that all of them want: who makes records durable goes before who decides them, and
//! both before who only takes snapshots. None of this can change a verdict.
//!
//! Threads that answer producers keep the priority of the process.

/// How far a thread steps back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Priority {
    /// Behind those who answer: a burst is accepted at the speed of the disk, and decided after.
    Deciding,
    /// Behind those who decide: a snapshot has time.
    Following,
}

impl Priority {
    /// Steps on the scale of `nice`: each is about a fifth of the processor less, where others want it too.
    #[cfg(target_os = "linux")]
    const fn niceness(self) -> i32 {
        match self {
            Priority::Deciding => 4,
            Priority::Following => 12,
        }
    }

    /// Steps back from where this thread is now: to be called once, as the first thing that it does. Only Linux has a
    /// priority for each thread; elsewhere, and where it is refused, threads share as equals.
    pub(crate) fn assume(self) {
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{getpriority_process, setpriority_process};
            let steps = self.niceness();
            getpriority_process(None)
                .and_then(|now| setpriority_process(None, now + steps))
                .unwrap_or_default();
        }
    }
}
