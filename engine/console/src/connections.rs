//! The connections that are open: so many at once. When all are taken, the one that has been without a request for
//! longest makes room: a client that opens many and says nothing, or says it slowly, holds nobody up.

use axum::body::{Body, HttpBody};
use axum::http::Response;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::sync::Notify;

/// The value of [`Connection::idle_since`] while a request is answered.
const BUSY: u64 = u64::MAX;

/// All open connections.
pub(crate) struct Connections {
    max: usize,
    open: Mutex<Open>,
    /// Counts the moments at which a connection became idle.
    moments: AtomicU64,
}

#[derive(Default)]
struct Open {
    next: u64,
    by_number: BTreeMap<u64, Arc<Connection>>,
}

/// One of them.
struct Connection {
    /// The moment at which it became idle, or [`BUSY`].
    idle_since: AtomicU64,
    /// Rings when it has to make room.
    closing: Notify,
}

impl Connections {
    pub(crate) fn new(max: usize) -> Arc<Connections> {
        Arc::new(Connections { max, open: Mutex::default(), moments: AtomicU64::new(0) })
    }

    /// Takes one more in; nothing when all others have a request.
    pub(crate) fn admit(self: &Arc<Connections>) -> Option<Ticket> {
        let mut open = self.lock();
        if open.by_number.len() >= self.max {
            let idle = |(number, one): (&u64, &Arc<Connection>)| {
                Some((one.idle_since.load(Ordering::Relaxed), *number)).filter(|(since, _)| *since != BUSY)
            };
            let (_, number) = open.by_number.iter().filter_map(idle).min()?;
            open.by_number.remove(&number)?.closing.notify_one();
        }
        let idle_since = AtomicU64::new(self.moment());
        let connection = Arc::new(Connection { idle_since, closing: Notify::new() });
        let number = open.next;
        open.next += 1;
        open.by_number.insert(number, Arc::clone(&connection));
        Some(Ticket { all: Arc::clone(self), number, connection })
    }

    fn moment(&self) -> u64 {
        self.moments.fetch_add(1, Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's place, given back when it ends.
pub(crate) struct Ticket {
    all: Arc<Connections>,
    number: u64,
    connection: Arc<Connection>,
}

impl Ticket {
    /// Until it has to make room.
    pub(crate) async fn closing(&self) {
        self.connection.closing.notified().await;
    }

    /// A request has come: while it is answered, it makes no room.
    pub(crate) fn request(&self) -> Busy {
        self.connection.idle_since.store(BUSY, Ordering::Relaxed);
        Busy { all: Arc::clone(&self.all), connection: Arc::clone(&self.connection) }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.all.lock().by_number.remove(&self.number);
    }
}

/// A request that is being answered.
pub(crate) struct Busy {
    all: Arc<Connections>,
    connection: Arc<Connection>,
}

impl Busy {
    /// Until the answer's last byte has been taken from it.
    pub(crate) fn until_sent(self, answer: Response<Body>) -> Response<Sending> {
        answer.map(|body| Sending { body, _busy: self })
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.connection.idle_since.store(self.all.moment(), Ordering::Relaxed);
    }
}

/// An answer's body: its connection is busy for as long as there is more of it.
pub(crate) struct Sending {
    body: Body,
    _busy: Busy,
}

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    async fn is_asked_to_close(ticket: &Ticket) -> bool {
        timeout(Duration::ZERO, ticket.closing()).await.is_ok()
    }

    #[tokio::test]
    async fn the_one_that_has_idled_longest_makes_room() {
        let all = Connections::new(2);
        let first = all.admit().unwrap();
        let second = all.admit().unwrap();
        // The first has had a request since, so the second has idled longer.
        drop(first.request());
        let third = all.admit().unwrap();
        assert!(is_asked_to_close(&second).await);
        assert!(!is_asked_to_close(&first).await && !is_asked_to_close(&third).await);
    }

    #[tokio::test]
    async fn nobody_makes_room_in_the_middle_of_a_request() {
        let all = Connections::new(1);
        let only = all.admit().unwrap();
        let busy = only.request();
        assert!(all.admit().is_none() && !is_asked_to_close(&only).await);
        drop(busy);
        assert!(all.admit().is_some() && is_asked_to_close(&only).await);
    }
}
