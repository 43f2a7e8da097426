//! The console on its own threads: accepts connections, speaks HTTP/1.1 on each, and ends well.
//!
//! HTTP/1.1 only: behind one connection there is one request at a time, so that a limit on connections is one on
//! requests.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Protocol, Socket, Type};
use std::convert::Infallible;
use std::future::poll_fn;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::app::{App, Given, told};
use crate::connections::{Connections, Sending, Ticket};
use crate::limit::{LINGER_BYTES_MAX, LINGER_WAIT, Limits};
use crate::patient::Patient;
use crate::problem::{Code, Problem};
use crate::settings::{Exposure, Settings};
use crate::{route, tls};

/// Connections that the machine keeps until they are accepted, at most.
const BACKLOG: i32 = 1_024;
/// How long to wait when the machine has no more sockets to give.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// Why the console did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Other machines could read tokens on their way.
    #[error(
        "{0} can be reached from other machines: give a certificate and a key, or say that a proxy which ends TLS \
         stands before it"
    )]
    Exposed(SocketAddr),
    /// The address cannot be listened at.
    #[error("{address} cannot be listened at: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// A file cannot be used for TLS.
    #[error("{file} cannot be used for TLS: {problem}")]
    Tls {
        /// The file.
        file: PathBuf,
        /// Why.
        problem: String,
    },
    /// Its threads cannot be started.
    #[error("a thread cannot be started: {0}")]
    Threads(io::Error),
}

/// A running console.
pub struct Console {
    address: SocketAddr,
    stopping: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    threads: Runtime,
    stop_wait: Duration,
}

/// An address that is taken, with the files that are read for it: whatever can be wrong with them is known. Nobody is
/// answered there, and whoever connects is refused, until a console starts.
pub struct Place {
    socket: Socket,
    address: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    limits: Limits,
}

impl Place {
    /// Takes the address.
    ///
    /// # Errors
    /// When it may not or cannot be listened at.
    pub fn take(settings: &Settings) -> Result<Place, StartError> {
        settings.check()?;
        let acceptor = match &settings.exposure {
            Exposure::Tls(files) => Some(tls::acceptor(files)?),
            Exposure::Loopback | Exposure::BehindProxy => None,
        };
        let unheard = |error| StartError::Listen { address: settings.listen, error };
        let (socket, address) = bound(settings.listen).map_err(unheard)?;
        Ok(Place { socket, address, acceptor, limits: settings.limits })
    }

    fn listener(socket: Socket) -> io::Result<TcpListener> {
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        Ok(socket.into())
    }
}

fn bound(address: SocketAddr) -> io::Result<(Socket, SocketAddr)> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // As for every listener: those who spoke with the one before may still be saying goodbye.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    let taken = socket.local_addr()?.as_socket();
    Ok((socket, taken.unwrap_or(address)))
}

impl Console {
    /// Listens, and serves on threads of its own.
    ///
    /// # Errors
    /// When somebody else listens there by now, or the machine has no more threads.
    pub fn start(given: Given, place: Place) -> Result<Console, StartError> {
        let Place { socket, address, acceptor, limits } = place;
        let unheard = |error| StartError::Listen { address, error };
        let listener = Place::listener(socket).map_err(unheard)?;
        let threads = tokio::runtime::Builder::new_multi_thread()
            .thread_name("tidegate-console")
            .enable_all()
            .build()
            .map_err(StartError::Threads)?;
        let (stopping, stop) = watch::channel(false);
        let app = Arc::new(App::new(given, limits, stop.clone()));
        let door = Door {
            line: Arc::new(Line { router: route::router(app), acceptor, limits, stopping: stop }),
            connections: Connections::new(limits.connections_max),
        };
        let listener = {
            let _entered = threads.enter();
            tokio::net::TcpListener::from_std(listener).map_err(unheard)?
        };
        let accepting = threads.spawn(door.accept(listener));
        Ok(Console { address, stopping, accepting, threads, stop_wait: limits.stop_wait })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts no more, ends streams and long polls, waits for requests in flight as long as the limit says, and
    /// ends. To be called from outside of its threads, before the lane is stopped.
    pub fn stop(self) {
        self.stopping.send_replace(true);
        // Whoever is not done by then is cut off.
        drop(self.threads.block_on(async { timeout(self.stop_wait, self.accepting).await }));
        self.threads.shutdown_background();
    }
}

/// Where connections come in.
struct Door {
    line: Arc<Line>,
    connections: Arc<Connections>,
}

impl Door {
    async fn accept(self, listener: tokio::net::TcpListener) {
        let mut open = JoinSet::new();
        let mut stopping = self.line.stopping.clone();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((socket, _)) => self.admit(socket, &mut open),
                    Err(_) => sleep(ACCEPT_RETRY).await,
                },
                Some(_) = open.join_next() => {}
                () = told(&mut stopping) => break,
            }
        }
        drop(listener);
        while open.join_next().await.is_some() {}
    }

    fn admit(&self, socket: TcpStream, open: &mut JoinSet<()>) {
        match self.connections.admit() {
            Some(ticket) => drop(open.spawn(Arc::clone(&self.line).connection(socket, ticket))),
            None if self.line.acceptor.is_none() => turn_away(socket),
            // There is no telling before the handshake.
            None => {}
        }
    }
}

/// Says why, without waiting for anything.
fn turn_away(socket: TcpStream) {
    let body = Problem::new(Code::ConnectionsTooMany, "try again in a moment").json().to_string();
    let head =
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\nretry-after: 1\r\n";
    let answer = format!("{head}connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    if let Ok(mut socket) = socket.into_std() {
        // It fits a fresh socket's buffer; a client that has gone needs no answer.
        drop(socket.write_all(answer.as_bytes()));
    }
}

/// What every connection is served with.
struct Line {
    router: Router,
    acceptor: Option<TlsAcceptor>,
    limits: Limits,
    stopping: watch::Receiver<bool>,
}

impl Line {
    async fn connection(self: Arc<Line>, socket: TcpStream, ticket: Ticket) {
        if notice_the_dead(&socket, self.limits.write_wait).is_err() {
            return;
        }
        let ticket = Arc::new(ticket);
        let socket = Patient::new(socket, self.limits.write_wait);
        tokio::select! {
            () = ticket.closing() => {}
            () = self.speak(socket, &ticket) => {}
        }
    }

    async fn speak(&self, socket: Patient<TcpStream>, ticket: &Arc<Ticket>) {
        let Some(acceptor) = &self.acceptor else { return self.http(socket, ticket).await };
        if let Ok(Ok(socket)) = timeout(self.limits.head_wait, acceptor.accept(socket)).await {
            self.http(socket, ticket).await;
        }
    }

    async fn http<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        &self,
        socket: S,
        ticket: &Arc<Ticket>,
    ) {
        let service = service_fn(|request| self.answer(request, Arc::clone(ticket)));
        let mut connection = self.protocol().serve_connection(TokioIo::new(socket), service);
        let mut stopping = self.stopping.clone();
        let ended = tokio::select! {
            ended = poll_fn(|context| connection.poll_without_shutdown(context)) => Some(ended),
            () = told(&mut stopping) => None,
        };
        let ended = match ended {
            Some(ended) => ended,
            None => {
                Pin::new(&mut connection).graceful_shutdown();
                poll_fn(|context| connection.poll_without_shutdown(context)).await
            }
        };
        // What went wrong has been answered, or there is nobody to answer.
        drop(ended);
        linger(connection.into_parts().io.into_inner()).await;
    }

    fn protocol(&self) -> http1::Builder {
        let mut protocol = http1::Builder::new();
        protocol
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head_wait)
            .max_headers(self.limits.headers_max)
            .max_header_size(self.limits.head_bytes_max);
        protocol
    }

    /// Answers a request; in a box, since hyper moves it.
    fn answer(
        &self,
        request: Request<hyper::body::Incoming>,
        ticket: Arc<Ticket>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Sending>, Infallible>> + Send>> {
        let busy = ticket.request();
        let answered = self.router.clone().oneshot(request.map(Body::new));
        Box::pin(async move { answered.await.map(|answer| busy.until_sent(answer)) })
    }
}

/// Makes the kernel notice when the other side is gone without a word.
fn notice_the_dead(socket: &TcpStream, wait: Duration) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let socket = socket2::SockRef::from(socket);
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(wait))?;
    // The kernel counts whole seconds.
    let wait = wait.max(Duration::from_secs(1));
    socket.set_tcp_keepalive(&socket2::TcpKeepalive::new().with_time(wait).with_interval(wait))
}

/// Reads on for a little after the last answer: closing a socket on unread bytes would take the answer back.
async fn linger<S: AsyncRead + AsyncWrite + Unpin>(mut socket: S) {
    if socket.shutdown().await.is_ok() {
        let mut rest = socket.take(LINGER_BYTES_MAX);
        drop(timeout(LINGER_WAIT, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await);
    }
}
