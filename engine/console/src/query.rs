//! Parameters of a query. One that is not known is refused: a filter that is misspelt must not show everything.

use axum::http::Uri;
use runtime::books::{PAGE_ROWS_MAX, PageOf};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

use crate::parameters::Parameters;
use crate::problem::{Code, Problem};

/// Rows of a page when nothing is said.
pub(crate) const PAGE_ROWS: u32 = 100;

/// Which part of a list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct PageQuery {
    /// What the page before gave as `next`; the first page when missing.
    after: Option<String>,
    /// Rows of the page; 100 when missing.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
}

/// What a query says.
pub(crate) fn of<Q: DeserializeOwned + JsonSchema>(uri: &Uri) -> Result<Q, Problem> {
    said(&pairs(uri)?, Parameters::of::<Q>)
}

/// What the query of a list says: a filter and a page.
pub(crate) fn of_list<F: DeserializeOwned + JsonSchema>(uri: &Uri) -> Result<(F, PageOf), Problem> {
    let known = || Parameters::of::<F>().and(Parameters::of::<PageQuery>());
    let (page, filter): (Vec<_>, Vec<_>) =
        pairs(uri)?.into_iter().partition(|(name, _)| name == "after" || name == "limit");
    let page: PageQuery = said(&page, known)?;
    Ok((said(&filter, known)?, PageOf { after: page.after, rows: rows(page.limit)? }))
}

/// Where nothing can be asked for, nothing may be.
pub(crate) fn none(uri: &Uri) -> Result<(), Problem> {
    match pairs(uri)?.first() {
        None => Ok(()),
        Some((name, _)) => {
            Err(invalid(name, format!("there is no parameter `{name}`; this path has no parameters")))
        }
    }
}

/// How many rows are asked for.
pub(crate) fn rows(limit: Option<u32>) -> Result<u32, Problem> {
    let rows = limit.unwrap_or(PAGE_ROWS);
    if (1..=PAGE_ROWS_MAX).contains(&rows) {
        return Ok(rows);
    }
    Err(invalid("limit", format!("limit is from 1 to {PAGE_ROWS_MAX}")))
}

/// What is wrong with a parameter of the path, the query or a header.
pub(crate) fn invalid(parameter: &str, detail: impl Into<String>) -> Problem {
    Problem::new(Code::QueryInvalid, detail).with("parameter", parameter.into())
}

/// A parameter and its value.
type Pair = (String, String);

fn pairs(uri: &Uri) -> Result<Vec<Pair>, Problem> {
    serde_urlencoded::from_str(uri.query().unwrap_or_default()).map_err(unreadable)
}

/// What parameters say; where they cannot be read, which of them.
fn said<Q: DeserializeOwned>(pairs: &[Pair], known: impl Fn() -> Parameters) -> Result<Q, Problem> {
    let text = serde_urlencoded::to_string(pairs).map_err(unreadable)?;
    serde_urlencoded::from_str(&text)
        .map_err(|error| wrong::<Q>(pairs, &known()).unwrap_or_else(|| unreadable(error)))
}

/// None depends on another: the one that is wrong is wrong alone, or is there twice.
fn wrong<Q: DeserializeOwned>(pairs: &[Pair], known: &Parameters) -> Option<Problem> {
    let mut met = BTreeSet::new();
    pairs.iter().find_map(|pair @ (name, value)| {
        let alone = serde_urlencoded::to_string([pair]).ok()?;
        match serde_urlencoded::from_str::<Q>(&alone) {
            Err(_) => Some(invalid(name, known.fault(name, value))),
            Ok(_) => (!met.insert(name)).then(|| invalid(name, format!("{name} is given twice"))),
        }
    })
}

fn unreadable(error: impl std::fmt::Display) -> Problem {
    Problem::new(Code::QueryInvalid, error.to_string())
}
