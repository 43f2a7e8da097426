//! A client that posts batches on one connection, one after another.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Posted {
    /// It is durable.
    Accepted,
    /// There was no room: it may come again.
    Busy,
}

/// A client.
pub(crate) struct Client {
    socket: BufReader<TcpStream>,
    token: String,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr, token: &str) -> io::Result<Client> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        Ok(Client { socket: BufReader::new(socket), token: token.to_owned() })
    }

    /// Posts events, one a line, and waits for the answer.
    pub(crate) fn post(&mut self, lines: &[u8]) -> io::Result<Posted> {
        let head = format!(
            "POST /v1/events HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\n\
             content-type: application/x-ndjson\r\ncontent-length: {}\r\n\r\n",
            self.token,
            lines.len()
        );
        let socket = self.socket.get_mut();
        socket.write_all(head.as_bytes())?;
        socket.write_all(lines)?;
        self.answer()
    }

    fn answer(&mut self) -> io::Result<Posted> {
        let (mut line, mut status, mut length) = (String::new(), 0, 0);
        loop {
            line.clear();
            self.socket.read_line(&mut line)?;
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest.split(' ').next().and_then(|code| code.parse().ok()).unwrap_or(0);
            } else if let Some((name, value)) = line.split_once(": ")
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        self.socket.read_exact(&mut body)?;
        match status {
            202 => Ok(Posted::Accepted),
            429 | 503 => Ok(Posted::Busy),
            status => Err(io::Error::other(format!("{status}: {}", String::from_utf8_lossy(&body)))),
        }
    }
}
