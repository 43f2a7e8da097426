//! Where verdicts and dead letters go.

use model::Verdict;
use model::refusal::DeadLetter;
use std::io;

/// Takes what the engine emits, in order.
pub trait Sink {
    /// Takes the effects of one chunk.
    ///
    /// # Errors
    /// What kept the sink from taking them; the drive stops.
    fn take(&mut self, verdicts: &[Verdict], dead_letters: &[DeadLetter]) -> io::Result<()>;
}

/// Both, one after the other.
impl<A: Sink, B: Sink> Sink for (A, B) {
    fn take(&mut self, verdicts: &[Verdict], dead_letters: &[DeadLetter]) -> io::Result<()> {
        self.0.take(verdicts, dead_letters)?;
        self.1.take(verdicts, dead_letters)
    }
}

impl<S: Sink + ?Sized> Sink for &mut S {
    fn take(&mut self, verdicts: &[Verdict], dead_letters: &[DeadLetter]) -> io::Result<()> {
        (**self).take(verdicts, dead_letters)
    }
}
