//! Parameters of a query. One that is not known is refused: a filter that is misspelt must not show everything.

use axum::http::Uri;
use runtime::books::{PAGE_ROWS_MAX, PageOf};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

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
pub(crate) fn of<Q: DeserializeOwned>(uri: &Uri) -> Result<Q, Problem> {
    parsed(uri.query().unwrap_or_default())
}

/// What the query of a list says: a filter and a page.
pub(crate) fn of_list<F: DeserializeOwned>(uri: &Uri) -> Result<(F, PageOf), Problem> {
    let pairs: Vec<(String, String)> = of(uri)?;
    let (page, filter): (Vec<_>, Vec<_>) =
        pairs.into_iter().partition(|(name, _)| name == "after" || name == "limit");
    let page: PageQuery = again(&page)?;
    Ok((again(&filter)?, PageOf { after: page.after, rows: rows(page.limit)? }))
}

/// How many rows are asked for.
pub(crate) fn rows(limit: Option<u32>) -> Result<u32, Problem> {
    let rows = limit.unwrap_or(PAGE_ROWS);
    if (1..=PAGE_ROWS_MAX).contains(&rows) {
        return Ok(rows);
    }
    Err(invalid(format!("limit is from 1 to {PAGE_ROWS_MAX}")))
}

pub(crate) fn invalid(detail: impl Into<String>) -> Problem {
    Problem::new(Code::QueryInvalid, detail)
}

fn again<Q: DeserializeOwned>(pairs: &[(String, String)]) -> Result<Q, Problem> {
    let text = serde_urlencoded::to_string(pairs).map_err(|error| invalid(error.to_string()))?;
    parsed(&text)
}

fn parsed<Q: DeserializeOwned>(text: &str) -> Result<Q, Problem> {
    serde_urlencoded::from_str(text).map_err(|error| invalid(error.to_string()))
}
