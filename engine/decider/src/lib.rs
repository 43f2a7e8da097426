//! The four stations in a line: a chunk of the log in, effects out.
//!
//! `(state, record, ruleset) -> (state', verdicts)`, and nothing else: no clock, no I/O, no randomness. Records
//! are decided in log order; how many at once, and on how many threads, never shows in an effect. What must hold:
//!
//! * a chunk is cut into [stretches](stretch) that no sweep falls into, so that passing a whole stretch through
//!   one station after another gives the same as one record at a time;
//! * a sweep runs before the first record that takes the log clock to or past its grid point;
//! * a ruleset that takes effect in mid-log finds its features [measured](successor) as if it had always been there;
//! * a [snapshot] resumes to the same effects as never having stopped.

mod decider;
mod effects;
mod row;
mod snapshot;
mod stretch;
mod successor;
mod sweep;
mod tally;
mod trace;

pub use decider::Decider;
pub use effects::{About, Effects, Explanation};
pub use row::{Row, RowOf};
pub use snapshot::RestoreError;
pub use successor::Successor;
pub use tally::{RuleTally, Sight, Tally};
pub use trace::{Trace, TracedRecord, Watch};
