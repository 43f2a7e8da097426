//! Limits of the API. None of them can change a verdict.

use std::time::Duration;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// What clients may ask for, all together and each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once. Beyond it the one that has idled longest makes room.
    pub connections_max: usize,
    /// Request line and headers of a request, in bytes.
    pub head_bytes_max: usize,
    /// Headers of a request.
    pub headers_max: usize,
    /// Path and query of a request, in bytes.
    pub target_bytes_max: usize,
    /// How long a connection may go without a whole request head, the TLS handshake included.
    pub head_wait: Duration,
    /// How long a body may take to arrive.
    pub body_wait: Duration,
    /// How long a client may take nothing of an answer that is there for it.
    pub write_wait: Duration,
    /// A body as it is sent, in bytes.
    pub body_bytes_max: usize,
    /// A body after decompression, in bytes.
    pub decoded_bytes_max: usize,
    /// Records of one request.
    pub records_max: usize,
    /// Bytes of all bodies that are being received, decoded or made durable.
    pub intake_bytes_max: usize,
    /// How long records may take to become durable before the client is told to ask again.
    pub durable_wait: Duration,
    /// Requests at once that wait for verdicts, by long poll or event stream.
    pub followers_max: usize,
    /// How long a long poll waits at most.
    pub follow_wait_max: Duration,
    /// The pause after which an event stream says that it is alive, and its token is looked at again.
    pub heartbeat: Duration,
    /// Requests at once that read the store, and as many that decode.
    pub readers_max: usize,
    /// How long a request waits for its turn to read or decode.
    pub turn_wait: Duration,
    /// How long a token that was looked up is believed.
    pub token_trust: Duration,
    /// How long requests in flight are waited for when stopping.
    pub stop_wait: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections_max: 1_024,
            head_bytes_max: 16 * KIB,
            headers_max: 64,
            target_bytes_max: 2 * KIB,
            head_wait: Duration::from_secs(30),
            body_wait: Duration::from_secs(30),
            write_wait: Duration::from_secs(20),
            body_bytes_max: 16 * MIB,
            decoded_bytes_max: 32 * MIB,
            records_max: 50_000,
            intake_bytes_max: 256 * MIB,
            durable_wait: Duration::from_secs(30),
            followers_max: 256,
            follow_wait_max: Duration::from_secs(60),
            heartbeat: Duration::from_secs(15),
            readers_max: 4,
            turn_wait: Duration::from_secs(5),
            token_trust: Duration::from_secs(1),
            stop_wait: Duration::from_secs(10),
        }
    }
}

/// Tokens that are remembered, at most: more are looked up anew.
pub(crate) const TOKENS_MAX: usize = 1_024;
/// Longest token, in bytes.
pub(crate) const TOKEN_BYTES_MAX: usize = 128;
/// Requests at once that look tokens up: unknown ones cannot take the readers' turns.
pub(crate) const LOOKUPS_MAX: usize = 2;
/// Verdicts that an event stream reads at once.
pub(crate) const STREAM_ROWS: u32 = 100;
/// Window of a zstd frame, as a power of two: 8 MiB, what RFC 8878 asks every reader to support.
pub(crate) const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// What is read of a refused request after the answer, in bytes, so that the answer is not lost.
pub(crate) const LINGER_BYTES_MAX: u64 = 4 << 20;
/// How long it is read.
pub(crate) const LINGER_WAIT: Duration = Duration::from_secs(2);
