//! What a route is: one row that says who may use it, what it takes, what it answers and what may go wrong. The
//! router and the contract are both made from it, so that neither can say what the other does not.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use axum::{Router, http};
use runtime::trace;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::sync::Arc;
use tracing::Instrument;

use crate::app::{Adopt, App};
use crate::problem::{Code, Problem};
use crate::query;
use crate::routes;
use crate::scope::{Scope, Scopes};
use crate::timed::Timed;
use crate::token::Token;

/// What a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// No token.
    Nothing,
    /// A token that may post some kind of event.
    AnyKind,
    /// A token with this scope.
    The(Scope),
}

/// How a route is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
}

/// What becomes of a query that a route does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Query {
    /// The handler says.
    Handled,
    /// It is refused: whoever asks for something must not be given everything.
    Refused,
}

/// Whether a body has to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Required,
    Optional,
}

/// Makes the schema of a type.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One row.
pub(crate) struct Route {
    pub(crate) verb: Verb,
    pub(crate) path: &'static str,
    pub(crate) needs: Needs,
    /// What it does, in a sentence.
    pub(crate) about: &'static str,
    serve: fn() -> MethodRouter<Arc<App>>,
    /// What its query may say.
    pub(crate) asks: Vec<SchemaOf>,
    query: Query,
    /// Bodies that it takes, by content type.
    pub(crate) takes: Vec<(&'static str, SchemaOf)>,
    pub(crate) body: Presence,
    /// The status of its good answer.
    pub(crate) status: u16,
    /// Its good answers, by content type.
    pub(crate) answers: Vec<(&'static str, SchemaOf)>,
    problems: &'static [Code],
}

/// What may go wrong where a token is needed.
const WITH_TOKEN: &[Code] = &[
    Code::AuthMissing,
    Code::AuthUnknown,
    Code::AuthScope,
    Code::ConsoleBusy,
    Code::StoreUnavailable,
    Code::StoreDamaged,
];
/// What may go wrong with every body.
const WITH_BODY: &[Code] =
    &[Code::BodyBroken, Code::BodySlow, Code::BodyTooLarge, Code::BodyType, Code::BodyEncoding];

impl Route {
    pub(crate) fn new(
        verb: Verb,
        path: &'static str,
        needs: Needs,
        about: &'static str,
        serve: fn() -> MethodRouter<Arc<App>>,
    ) -> Route {
        let (asks, takes, answers) = (Vec::new(), Vec::new(), Vec::new());
        let (query, body) = (Query::Handled, Presence::Required);
        Route {
            verb,
            path,
            needs,
            about,
            serve,
            asks,
            query,
            takes,
            body,
            status: 200,
            answers,
            problems: &[],
        }
    }

    pub(crate) fn asks<Q: JsonSchema>(mut self) -> Route {
        self.asks.push(|schemas| Q::json_schema(schemas));
        self
    }

    /// It has no parameters but those of its path.
    pub(crate) fn asks_nothing(self) -> Route {
        Route { query: Query::Refused, ..self }
    }

    /// A body may be left out.
    pub(crate) fn or_nothing(self) -> Route {
        Route { body: Presence::Optional, ..self }
    }

    pub(crate) fn takes<B: JsonSchema>(mut self, content: &'static str) -> Route {
        self.takes.push((content, |schemas| schemas.subschema_for::<B>()));
        self
    }

    pub(crate) fn answers<A: JsonSchema>(self) -> Route {
        self.answers_as::<A>("application/json")
    }

    pub(crate) fn answers_as<A: JsonSchema>(mut self, content: &'static str) -> Route {
        self.answers.push((content, |schemas| schemas.subschema_for::<A>()));
        self
    }

    pub(crate) fn accepted(mut self) -> Route {
        self.status = 202;
        self
    }

    pub(crate) fn problems(mut self, problems: &'static [Code]) -> Route {
        self.problems = problems;
        self
    }

    /// Everything that may go wrong, sorted.
    pub(crate) fn all_problems(&self) -> Vec<Code> {
        let mut all = vec![Code::TargetTooLong];
        all.extend(self.problems);
        all.extend(if self.query == Query::Refused { &[Code::QueryInvalid][..] } else { &[] });
        all.extend(if self.needs == Needs::Nothing { &[] } else { WITH_TOKEN });
        all.extend(if self.takes.is_empty() { &[] } else { WITH_BODY });
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Serves the table of routes.
pub(crate) fn router(app: Arc<App>) -> Router {
    let mut router = Router::new();
    for route in routes::all() {
        let mut served = (route.serve)();
        if route.query == Query::Refused {
            served = served.route_layer(middleware::from_fn(without_query));
        }
        if route.needs != Needs::Nothing {
            let needed = (Arc::clone(&app), route.needs);
            served = served.route_layer(middleware::from_fn_with_state(needed, authorize));
        }
        router = router.route(route.path, served);
    }
    router
        .fallback(|| async { Problem::new(Code::RouteUnknown, "/openapi.json lists the paths") })
        .method_not_allowed_fallback(|| async {
            Problem::new(Code::MethodUnknown, "/openapi.json lists the methods")
        })
        .layer(middleware::from_fn_with_state((app.limits.target_bytes_max, app.given.adopt), frame))
        .with_state(app)
}

/// What every request has in common.
async fn frame(
    State((target_bytes_max, adopt)): State<(usize, Adopt)>,
    request: Request,
    next: Next,
) -> Response {
    let timed = Timed::start(&request, adopt);
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let mut response = if target > target_bytes_max {
        let detail = format!("path and query have at most {target_bytes_max} bytes");
        Problem::new(Code::TargetTooLong, detail).into_response()
    } else {
        next.run(request).instrument(timed.span()).await
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    timed.answered(response.status());
    response
}

async fn without_query(request: Request, next: Next) -> Result<Response, Problem> {
    query::none(request.uri())?;
    Ok(next.run(request).await)
}

/// Lets a request through to its handler, with its [caller](crate::token::Caller).
async fn authorize(
    State((app, needs)): State<(Arc<App>, Needs)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let token = bearer(request.headers())?;
    let caller = app.tokens.caller(&token).await?;
    needs.check(&caller.scopes)?;
    trace::asked_by(&caller.identity);
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(token);
    Ok(next.run(request).await)
}

fn bearer(headers: &HeaderMap) -> Result<Token, Problem> {
    let Some(given) = headers.get(http::header::AUTHORIZATION) else {
        return Err(Problem::new(Code::AuthMissing, "send `Authorization: Bearer tg_…`"));
    };
    let (scheme, token) = given.to_str().ok().and_then(|given| given.split_once(' ')).unwrap_or_default();
    let token = scheme.eq_ignore_ascii_case("bearer").then(|| Token::new(token.trim())).flatten();
    token
        .ok_or_else(|| Problem::new(Code::AuthUnknown, "this is no token; send `Authorization: Bearer tg_…`"))
}

impl Needs {
    fn check(self, scopes: &Scopes) -> Result<(), Problem> {
        let (met, needed) = match self {
            Needs::Nothing => return Ok(()),
            Needs::AnyKind => (scopes.allow_posting(), "to post some kind of event"),
            Needs::The(scope) => (scopes.allow(scope), scope.name()),
        };
        if met {
            Ok(())
        } else {
            Err(Problem::new(Code::AuthScope, format!("the token lacks the scope {needed}")))
        }
    }
}
