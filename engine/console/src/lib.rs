//! The HTTP API of a running lane: records in, verdicts and books out, dead letters dealt with, rulesets checked and
//! loaded.
//!
//! ```text
//!  socket ─▶ connections ─▶ (TLS) ─▶ hyper ─▶ routes ─▶ authorize ─▶ handler ─▶ lane, books
//!            so many, the idle                one table: router, scopes and contract
//!            make room for others
//! ```
//!
//! What must hold:
//!
//! * an answer of 202 comes after the records are durable;
//! * nothing is done for a token whose scopes do not name it, and who did it is the token's identity;
//! * every queue, body, wait and client has a [limit](Limits), and whoever is slow waits alone;
//! * what the contract (`openapi.json`) says is what the table of routes says.
//!
//! It refuses to know wire forms, stores and arguments: it is [given](Given) a lane, its books, whoever deals
//! with its dead letters, and a decoder.

// What it may take, and how it listens.
mod limit;
mod settings;
mod tls;

// Clients: how many, how slow.
mod connections;
mod patient;
mod serve;

// The routes, who may use them, and their contract.
mod openapi;
mod route;
mod routes;
mod scope;
mod timed;
mod token;

// What every handler uses.
mod app;
mod parameters;
mod problem;
mod query;
mod workers;

// Taking records.
mod batch;
mod body;
mod encoding;
mod events;
mod fields;
mod intake;
mod kinds;

// Dealing with what was refused.
mod letterhead;
mod letters;

// Answering questions.
mod health;
mod lists;
mod rulesets;
mod stream;
mod verdicts;

// Asking a lane that runs elsewhere, and sending to whoever else.
mod client;
mod courier;

pub use app::{Adopt, Clerks, Decode, Given, Metrics};
pub use client::{Client, ClientError};
pub use courier::{Courier, Undelivered};
pub use letterhead::{Stranger, stranger};
pub use limit::Limits;
pub use openapi::document;
pub use problem::Code;
pub use scope::Scope;
pub use serve::{Console, Place, StartError};
pub use settings::{Exposure, Settings, TlsFiles};
