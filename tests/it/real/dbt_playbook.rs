//! The sessions and conversions of dbt Labs' attribution playbook: last touch within 30 days, beside what the
//! playbook's own SQL says.

use model::Minor;
use model::admitted::Evidence;
use model::event::Body;

use crate::real::{CHUNK, Run, Set, columns};

const FOLDER: &str = "dbt-attribution-playbook";
const FILES: [&str; 2] =
    ["dbt-attribution-playbook/sessions.csv", "dbt-attribution-playbook/customer_conversions.csv"];

/// The session that each attributed conversion is credited to, by customer, and what it brought.
fn credits(set: &Set, run: &Run) -> Vec<(String, String, Minor)> {
    let credit = set.events().filter_map(|event| {
        let Body::Order(order) = &event.body else { return None };
        let order = run.order(order.order_id.as_str());
        let credit = order.credit().filter(|credit| credit.evidence == Evidence::Buyer)?;
        let session = credit.click.as_ref().unwrap().click.click_id.to_string();
        Some((order.order.buyer_id.as_ref().unwrap().to_string(), session, order.amount().minor))
    });
    let mut credits: Vec<_> = credit.collect();
    credits.sort();
    credits
}

fn expected(file: &str) -> Vec<(String, String)> {
    let rows = columns(file, ["customer_id", "session_id"]).unwrap();
    let mut rows: Vec<_> = rows.into_iter().map(|[customer, session]| (customer, session)).collect();
    rows.sort();
    rows
}

#[test]
fn every_conversion_is_credited_to_the_session_that_the_playbook_names() {
    let Some(set) = Set::open(FOLDER, &FILES) else { return };
    for days in ["30d", "7d"] {
        let sources = set.with(
            "programs.toml",
            "attribution_window = \"30d\"",
            &format!("attribution_window = \"{days}\""),
        );
        let credits = credits(&set, &set.replay_by(&sources, CHUNK));
        assert_eq!(credits.len(), 21, "{days}");
        assert_eq!(credits.iter().map(|(_, _, amount)| *amount).sum::<Minor>(), Minor(27_500), "{days}");
        let sessions: Vec<_> =
            credits.into_iter().map(|(customer, session, _)| (customer, session)).collect();
        assert_eq!(sessions, expected(&format!("{FOLDER}/derived_expected_last_touch_{days}.csv")), "{days}");
    }
}

#[test]
fn a_window_of_one_day_leaves_one_conversion_without_credit() {
    let Some(set) = Set::open(FOLDER, &FILES) else { return };
    let sources = set.with("programs.toml", "attribution_window = \"30d\"", "attribution_window = \"1d\"");
    let credited = credits(&set, &set.replay_by(&sources, CHUNK));
    assert_eq!(credited.len(), 20);
    assert!(
        credited.iter().all(|(customer, ..)| customer != "2916"),
        "its last session began 24 h 8 min before"
    );
}

#[test]
fn chunks_never_show() {
    let Some(set) = Set::open(FOLDER, &FILES) else { return };
    set.assert_chunks_never_show();
}
