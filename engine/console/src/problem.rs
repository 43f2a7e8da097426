//! What is answered when something is not done: one shape (RFC 9457), with codes that stay the same for ever.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use runtime::JournalError;
use runtime::service::Refused;
use serde_json::{Map, Value, json};

use crate::query;

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $variant:ident = $status:ident $name:literal,)*) => {
        /// A stable code of a problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Code] = &[$(Code::$variant),*];

            /// The code as it is published.
            pub const fn name(self) -> &'static str {
                match self { $(Code::$variant => $name),* }
            }

            /// The HTTP status that it comes with.
            pub const fn status(self) -> StatusCode {
                match self { $(Code::$variant => StatusCode::$status),* }
            }

            /// What it means, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Code::$variant => concat!($($doc),*).trim_ascii()),* }
            }
        }
    };
}

codes! {
    /// The request names no token.
    AuthMissing = UNAUTHORIZED "auth.missing",
    /// The token is unknown, revoked or expired.
    AuthUnknown = UNAUTHORIZED "auth.unknown",
    /// The token's scopes do not name this.
    AuthScope = FORBIDDEN "auth.scope",
    /// The token may post none of these records; nothing was kept.
    AuthKind = FORBIDDEN "auth.kind",
    /// There is nothing in the body.
    BodyEmpty = BAD_REQUEST "body.empty",
    /// The body is a JSON array.
    BodyArray = BAD_REQUEST "body.array",
    /// The body ends early, or is not compressed as its header says.
    BodyBroken = BAD_REQUEST "body.broken",
    /// The body is not JSON of the shape that is expected.
    BodyShape = BAD_REQUEST "body.shape",
    /// The body took too long to arrive.
    BodySlow = REQUEST_TIMEOUT "body.slow",
    /// The body is larger than it may be, as sent or decompressed.
    BodyTooLarge = PAYLOAD_TOO_LARGE "body.too_large",
    /// The body has more records than it may have.
    BodyTooMany = PAYLOAD_TOO_LARGE "body.too_many_records",
    /// The content type is not one that is read here.
    BodyType = UNSUPPORTED_MEDIA_TYPE "body.type_unknown",
    /// The content encoding is not one that is read here.
    BodyEncoding = UNSUPPORTED_MEDIA_TYPE "body.encoding_unknown",
    /// A parameter of the path or query is unknown, missing or out of range.
    QueryInvalid = BAD_REQUEST "query.invalid",
    /// Path and query are longer than they may be.
    TargetTooLong = URI_TOO_LONG "target.too_long",
    /// There is no such path.
    RouteUnknown = NOT_FOUND "route.unknown",
    /// The path does not know this method.
    MethodUnknown = METHOD_NOT_ALLOWED "method.unknown",
    /// There is no such commission.
    CommissionUnknown = NOT_FOUND "commission.unknown",
    /// The creator has never earned.
    CreatorUnknown = NOT_FOUND "creator.unknown",
    /// There is no such dead letter.
    DeadLetterUnknown = NOT_FOUND "dead_letter.unknown",
    /// The dead letter has become a record, was given up, or is closed.
    DeadLetterEnded = CONFLICT "dead_letter.ended",
    /// The record is another one than the dead letter, by its kind or an id; it was not sent.
    RecordOther = UNPROCESSABLE_ENTITY "record.other",
    /// The mended record would be refused again; it was not sent.
    RecordRefused = UNPROCESSABLE_ENTITY "record.refused",
    /// The ruleset does not check; the one before it runs on.
    RulesetProblems = UNPROCESSABLE_ENTITY "ruleset.problems",
    /// Another ruleset is being loaded.
    RulesetLoading = CONFLICT "ruleset.loading",
    /// More waits than may wait: send the same again in a moment.
    LaneBusy = TOO_MANY_REQUESTS "lane.busy",
    /// More requests are being worked on than may be: send the same again in a moment.
    ConsoleBusy = TOO_MANY_REQUESTS "console.busy",
    /// More clients wait for verdicts than may wait.
    FollowersTooMany = TOO_MANY_REQUESTS "followers.too_many",
    /// The service is stopping.
    LaneStopping = SERVICE_UNAVAILABLE "lane.stopping",
    /// The records are not durable yet; they may become so: send the same again, a repeat changes nothing.
    LaneSlow = SERVICE_UNAVAILABLE "lane.slow",
    /// The service cannot do its work at the moment.
    NotReady = SERVICE_UNAVAILABLE "not_ready",
    /// The store cannot be read or written at the moment.
    StoreUnavailable = SERVICE_UNAVAILABLE "store.unavailable",
    /// What is stored is not what was written: an operator is needed.
    StoreDamaged = INTERNAL_SERVER_ERROR "store.damaged",
    /// All connections are in use.
    ConnectionsTooMany = SERVICE_UNAVAILABLE "connections.too_many",
}

impl Code {
    /// After how many seconds the same may work, where it may.
    pub(crate) const fn retry_after_s(self) -> Option<u32> {
        match self {
            Code::LaneBusy | Code::ConsoleBusy | Code::ConnectionsTooMany => Some(1),
            Code::RulesetLoading | Code::FollowersTooMany | Code::LaneSlow | Code::NotReady => Some(5),
            Code::StoreUnavailable | Code::LaneStopping => Some(5),
            Code::AuthMissing | Code::AuthUnknown | Code::AuthScope | Code::AuthKind => None,
            Code::BodyEmpty | Code::BodyArray | Code::BodyBroken | Code::BodyShape | Code::BodySlow => None,
            Code::BodyTooLarge | Code::BodyTooMany | Code::BodyType | Code::BodyEncoding => None,
            Code::QueryInvalid | Code::TargetTooLong | Code::RouteUnknown | Code::MethodUnknown => None,
            Code::CommissionUnknown | Code::CreatorUnknown | Code::DeadLetterUnknown => None,
            Code::DeadLetterEnded | Code::RecordOther | Code::RecordRefused => None,
            Code::RulesetProblems | Code::StoreDamaged => None,
        }
    }
}

/// Why something was not done.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    detail: String,
    /// What else is said, by name.
    more: Map<String, Value>,
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Problem {
        Problem { code, detail: detail.into(), more: Map::new() }
    }

    /// With a member of its own.
    pub(crate) fn with(mut self, name: &str, value: Value) -> Problem {
        self.more.insert(name.to_owned(), value);
        self
    }

    pub(crate) fn json(&self) -> Value {
        let mut json = json!({
            "type": format!("urn:tidegate:problem:{}", self.code.name()),
            "title": self.code.meaning(),
            "status": self.code.status().as_u16(),
            "code": self.code.name(),
            "detail": self.detail,
        });
        json.as_object_mut().into_iter().for_each(|members| members.extend(self.more.clone()));
        json
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let content = (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        let mut response = (self.code.status(), [content], self.json().to_string()).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.code.retry_after_s() {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.code.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<JournalError> for Problem {
    fn from(error: JournalError) -> Problem {
        let said = |code| Problem::new(code, error.to_string());
        match error {
            JournalError::Unwritable(_) | JournalError::Unreadable(_) | JournalError::Deposed(_) => {
                said(Code::StoreUnavailable)
            }
            JournalError::Damaged(_) => said(Code::StoreDamaged),
            JournalError::Unanswerable { parameter, .. } => query::invalid(parameter, error.to_string()),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        match refused {
            Refused::Busy => Problem::new(Code::LaneBusy, "too much waits to be decided or made durable"),
            Refused::Stopping => Problem::new(Code::LaneStopping, "no more records are taken"),
            Refused::Unavailable(error) => error.into(),
        }
    }
}
