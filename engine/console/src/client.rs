//! Posting to a lane that runs, as commands do that write beside it. It speaks the contract that this crate serves.

use serde_json::Value;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;
use ureq::http::Response;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// How long an answer may take: records are durable in milliseconds, or the lane is not well.
const ANSWER_WAIT: Duration = Duration::from_secs(60);
/// How often a record is sent that the lane has no room for at the moment.
const TRIES: u32 = 10;
/// How long to wait until it is sent again.
const RETRY_WAIT: Duration = Duration::from_secs(1);

/// Why a lane was not asked.
#[derive(Debug)]
pub enum ClientError {
    /// A certificate cannot be trusted.
    Certificate(PathBuf, String),
    /// Nothing came back.
    Unreachable(String, String),
    /// The lane refused: the stable code of its problem, and what it said.
    Refused(String, String),
    /// What came back is not an answer of a lane.
    Unreadable(String),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientError::Certificate(file, what) => write!(f, "{} cannot be used: {what}", file.display()),
            ClientError::Unreachable(url, what) => write!(f, "no answer from {url}: {what}"),
            ClientError::Refused(code, detail) => write!(f, "the lane refused it: {code}: {detail}"),
            ClientError::Unreadable(what) => write!(f, "what answered is not a lane: {what}"),
        }
    }
}

impl std::error::Error for ClientError {}

/// Whoever posts to a lane.
pub struct Client {
    agent: Agent,
    url: String,
    token: String,
}

impl Client {
    /// Speaks to the lane at a URL, with a token. Over TLS, the lane's certificate is vouched for by the file's, as
    /// PEM, where one is given.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn new(url: &str, token: &str, trusted: Option<&Path>) -> Result<Client, ClientError> {
        let mut config = Agent::config_builder()
            .timeout_global(Some(ANSWER_WAIT))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None);
        if let Some(file) = trusted {
            let certificates = certificates(file)?;
            let roots = RootCerts::Specific(Arc::new(certificates));
            config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
        }
        let url = url.trim_end_matches('/').to_owned();
        Ok(Client { agent: config.build().into(), url, token: token.to_owned() })
    }

    /// Posts one record. Gives its position: it is durable there. What cannot be read is put down too, to become a
    /// dead letter.
    ///
    /// # Errors
    /// When it was not kept, or nobody can say.
    pub fn post(&self, raw: &[u8]) -> Result<u64, ClientError> {
        let mut tries = 1;
        loop {
            let mut response = self.send(raw)?;
            let status = response.status().as_u16();
            if status == 429 && tries < TRIES {
                tries += 1;
                std::thread::sleep(RETRY_WAIT);
                continue;
            }
            let answer = self.answer(&mut response)?;
            return if status == 202 { position(&answer) } else { Err(refused(&answer)) };
        }
    }

    fn send(&self, raw: &[u8]) -> Result<Response<ureq::Body>, ClientError> {
        let request = self
            .agent
            .post(format!("{}/v1/events", self.url))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json");
        request.send(raw).map_err(|error| self.unreachable(&error))
    }

    fn answer(&self, response: &mut Response<ureq::Body>) -> Result<Value, ClientError> {
        let body = response.body_mut().read_to_string().map_err(|error| self.unreachable(&error))?;
        serde_json::from_str(&body).map_err(|error| ClientError::Unreadable(error.to_string()))
    }

    fn unreachable(&self, error: &ureq::Error) -> ClientError {
        ClientError::Unreachable(self.url.clone(), error.to_string())
    }
}

fn certificates(file: &Path) -> Result<Vec<Certificate<'static>>, ClientError> {
    let wrong = |what: String| ClientError::Certificate(file.to_owned(), what);
    let pem = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| wrong(error.to_string()))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() { Err(wrong("it holds no certificate".into())) } else { Ok(certificates) }
}

fn position(answer: &Value) -> Result<u64, ClientError> {
    let position = answer.get("first_position").and_then(Value::as_u64);
    position.ok_or_else(|| ClientError::Unreadable(answer.to_string()))
}

fn refused(answer: &Value) -> ClientError {
    let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    match (text("code"), text("detail")) {
        (Some(code), Some(detail)) => ClientError::Refused(code, detail),
        (Some(_) | None, _) => ClientError::Unreadable(answer.to_string()),
    }
}
