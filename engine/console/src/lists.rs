//! The books: commissions, holds, creators and dead letters, as they are permanent.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use model::{CreatorId, refusal};
use runtime::books::{
    BeneficiaryView, CommissionFilter, CommissionView, DeadLetterFilter, DeadLetterView, HoldFilter,
    HoldView, Page,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::sync::Arc;

use crate::app::App;
use crate::problem::{Code, Problem};
use crate::query;
use crate::verdicts::as_json;

/// What a path names.
pub(crate) type Id = Result<Path<String>, PathRejection>;
pub(crate) type Answer<T> = Result<Json<T>, Problem>;

/// A commission, and how it came to stand so.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CommissionStory {
    /// As it stands.
    commission: CommissionView,
    /// Every verdict about it, in order, as `verdict.schema.json` says.
    #[schemars(with = "Vec<Map<String, Value>>")]
    verdicts: Vec<Box<RawValue>>,
}

/// A creator's money.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CreatorBooks {
    /// The creator.
    creator_id: String,
    /// By currency.
    balances: Vec<BeneficiaryView>,
}

pub(crate) async fn commissions(State(app): State<Arc<App>>, uri: Uri) -> Answer<Page<CommissionView>> {
    let (filter, page) = query::of_list::<CommissionFilter>(&uri)?;
    Ok(Json(app.ask(move |books| books.commissions(&filter, &page)).await?))
}

pub(crate) async fn commission(State(app): State<Arc<App>>, id: Id) -> Answer<CommissionStory> {
    // Any text may be asked for: what is no commission's id is nobody's.
    let id = id.map_err(|_| not_utf8())?.0;
    let found = app.ask(move |books| books.commission(&id)).await?;
    let (commission, verdicts) =
        found.ok_or_else(|| Problem::new(Code::CommissionUnknown, "no commission has this id"))?;
    let verdicts = verdicts.into_iter().map(as_json).collect::<Result<_, _>>()?;
    Ok(Json(CommissionStory { commission, verdicts }))
}

pub(crate) async fn holds(State(app): State<Arc<App>>, uri: Uri) -> Answer<Page<HoldView>> {
    let (filter, page) = query::of_list::<HoldFilter>(&uri)?;
    Ok(Json(app.ask(move |books| books.holds(&filter, &page)).await?))
}

pub(crate) async fn creator(State(app): State<Arc<App>>, id: Id) -> Answer<CreatorBooks> {
    let id = CreatorId::new(&id.map_err(|_| not_utf8())?.0)
        .map_err(|error| query::invalid("id", error.to_string()))?;
    let beneficiary = format!("creator:{id}");
    let balances = app.ask(move |books| books.beneficiary(&beneficiary)).await?;
    if balances.is_empty() {
        return Err(Problem::new(Code::CreatorUnknown, "no commission is this creator's"));
    }
    Ok(Json(CreatorBooks { creator_id: id.as_str().to_owned(), balances }))
}

pub(crate) async fn dead_letters(State(app): State<Arc<App>>, uri: Uri) -> Answer<Page<DeadLetterView>> {
    let (filter, page) = query::of_list::<DeadLetterFilter>(&uri)?;
    filter.code.as_deref().map_or(Ok(()), is_a_code)?;
    Ok(Json(app.ask(move |books| books.dead_letters(&filter, &page)).await?))
}

/// A code that nothing has would show nothing, as if all were well.
fn is_a_code(name: &str) -> Result<(), Problem> {
    if refusal::Code::from_name(name).is_some() {
        return Ok(());
    }
    let codes: Vec<&str> = refusal::Code::ALL.iter().map(|code| code.name()).collect();
    Err(query::invalid("code", format!("there is no code `{name}`; the codes are {}", codes.join(", "))))
}

pub(crate) fn not_utf8() -> Problem {
    query::invalid("id", "the path is not UTF-8")
}
