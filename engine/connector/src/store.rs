//! The embedded store: one folder, one SQLite file, that a user can open with their own tools.
//!
//! ```text
//! tidegate.sqlite        the log in blocks, their manifests, and everything that was decided
//! snapshots/N.snapshot   the engine's state after position N, sealed; the newest three
//! lock                   who writes: process, host, since when, and where it listens
//! ```
//!
//! [`Store`] is the one writer: it implements [`runtime::Journal`]. A [`Reader`] needs no lock and sees whatever was
//! committed; what people ask for is under [`queries`]. An [`Operator`] changes what no verdict depends on: tokens,
//! and how far dead letters have been dealt with.
//!
//! What must hold:
//!
//! * a commit is one transaction: records with their manifest, outputs, and the books that follow from them, whole or
//!   not at all; it is on the disk when it returns;
//! * the log is believed only as far as its manifests prove it: a changed byte or a missing block is
//!   [`Damaged`](runtime::JournalError::Damaged), and nothing is decided on it;
//! * the books (`commissions`, `holds`, `totals`) follow from the verdicts alone;
//! * times are given by the caller: nothing here reads a clock.

mod backup;
pub(crate) mod block;
mod books;
mod chain;
mod commit;
mod connection;
mod fault;
mod folding;
mod lock;
mod operator;
pub(crate) mod outputs;
pub mod queries;
mod reader;
mod rows;
mod schema;
mod snapshots;
mod token;
mod writer;

pub use fault::OpenError;
pub use lock::{Holder, Sign};
pub use operator::{IDENTITY_BYTES_MAX, Operator};
pub use reader::Reader;
pub use snapshots::SnapshotFolder;
pub use token::{NewToken, TOKEN_PREFIX};
pub use writer::Store;
