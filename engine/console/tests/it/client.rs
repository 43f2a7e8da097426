//! A client that can be as impolite as a test wants.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;

/// What is asked.
#[derive(Clone)]
pub(crate) struct Asked {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Asked {
    pub(crate) fn new(method: Method, path: &str) -> Asked {
        let headers = HeaderMap::from_iter([(hyper::header::HOST, HeaderValue::from_static("lane"))]);
        Asked { method, path: path.to_owned(), headers, body: Bytes::new() }
    }

    /// With a token; none when it is empty.
    pub(crate) fn token(self, token: &str) -> Asked {
        if token.is_empty() { self } else { self.header("authorization", &format!("Bearer {token}")) }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Asked {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        self.headers.append(name, HeaderValue::from_str(value).unwrap());
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Asked {
        self.body = body.into().into();
        self
    }

    /// The same, somewhere else.
    pub(crate) fn path(self, path: &str) -> Asked {
        Asked { path: path.to_owned(), ..self }
    }

    fn request(self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = self.path.parse().unwrap();
        *request.headers_mut() = self.headers;
        request
    }
}

/// What is answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The code of a problem; empty for a good answer.
    pub(crate) fn code(&self) -> String {
        if self.status < 400 {
            return String::new();
        }
        let json = self.json();
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(json["status"], self.status, "{json}");
        json["code"].as_str().unwrap().to_owned()
    }
}

pub(crate) async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    TcpStream::connect(address).await
}

/// Asks on a connection of its own.
pub(crate) async fn send(
    address: SocketAddr,
    asked: Asked,
) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
    send_on(connect(address).await?, asked).await
}

/// Asks on this connection.
pub(crate) async fn send_on<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    socket: S,
    asked: Asked,
) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
    let response = begin_on(socket, asked).await?;
    let (head, body) = response.into_parts();
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: body.collect().await?.to_bytes() })
}

/// The answer that comes on a socket before it is closed.
pub(crate) async fn read(mut socket: TcpStream) -> Answer {
    let mut text = String::new();
    socket.read_to_string(&mut text).await.unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let (line, headers) = head.split_once("\r\n").unwrap();
    let headers = headers.lines().map(|line| line.split_once(": ").unwrap());
    let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    Answer {
        status: line.split(' ').nth(1).unwrap().parse().unwrap(),
        headers: headers.collect::<Vec<(HeaderName, HeaderValue)>>().into_iter().collect(),
        body: body.to_owned().into(),
    }
}

/// Asks, and gives the answer when its head is there.
pub(crate) async fn begin_on<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    socket: S,
    asked: Asked,
) -> Result<Response<Incoming>, Box<dyn std::error::Error + Send + Sync>> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(asked.request()).await?)
}

/// An event stream, as it comes.
pub(crate) struct Events {
    body: Incoming,
    text: String,
}

impl Events {
    pub(crate) async fn begin(address: SocketAddr, asked: Asked) -> Events {
        let asked = asked.header("accept", "text/event-stream");
        let response = begin_on(connect(address).await.unwrap(), asked).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events { body: response.into_body(), text: String::new() }
    }

    /// The next event or comment, as it was sent; nothing when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(event);
            }
            let piece = self.body.frame().await?.ok()?.into_data().unwrap();
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    /// The next event that is no comment.
    pub(crate) async fn next_event(&mut self) -> Option<String> {
        loop {
            let event = self.next().await?;
            if event.contains("data:") {
                return Some(event);
            }
        }
    }
}
