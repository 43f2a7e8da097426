//! Real clicks of mobile advertisements and the installs that followed. An app is a shop of its own: a click that
//! leads to another app is no candidate, whatever else is the same.

use model::admitted::{Directness, Evidence};
use model::event::Body;

use crate::real::{Set, attributes};

const FILE: &str = "talkingdata-rows-00000-09999.csv";

#[test]
fn installs_are_attributed_within_the_times_that_they_should_be() {
    let Some(set) = Set::open("talkingdata", &[FILE]) else { return };
    let run = set.replay();
    let kinds = &run.decider.tally().kinds;
    assert_eq!((kinds[&model::Kind::Click], kinds[&model::Kind::Order]), (10_000, 29));
    assert_eq!(run.dead_letters, []);
    let within = |rule: &str| run.spoke(rule).len();
    assert_eq!(
        ["within_1m", "within_1h", "within_6h", "within_24h"].map(within),
        [8, 20, 28, 29],
        "60 s, 1 h, 6 h, 24 h"
    );
}

#[test]
fn only_a_click_on_the_same_app_earns_an_install() {
    let Some(set) = Set::open("talkingdata", &[FILE]) else { return };
    let run = set.replay();
    for install in run.spoke("within_24h") {
        let order = run.order(install);
        let credit = order.credit().unwrap();
        assert_eq!(
            (credit.evidence, credit.directness),
            (Evidence::Buyer, Some(Directness::Direct)),
            "{install}"
        );
        let apps = order.candidates[0].iter().map(|c| c.click.as_ref().unwrap().click.product_id.as_ref());
        assert!(apps.clone().all(|app| app == Some(&order.order.lines[0].product_id)), "{install}");
    }
}

#[test]
fn a_click_of_the_same_buyer_on_another_app_is_not_even_a_runner_up() {
    let Some(set) = Set::open("talkingdata", &[FILE]) else { return };
    let run = set.replay();
    let order = run.order("install-4604");
    let by_the_buyer = set.events().filter_map(|event| {
        let Body::Click(click) = &event.body else { return None };
        (click.buyer_id == order.order.buyer_id).then_some(click.click_id.as_str())
    });
    assert_eq!(by_the_buyer.collect::<Vec<_>>(), ["click-3539", "click-4604"], "7 h and 3 h before");
    let candidates = order.candidates[0].iter().map(|c| c.click.as_ref().unwrap().click.click_id.as_str());
    assert_eq!(candidates.collect::<Vec<_>>(), ["click-4604"]);
}

#[test]
fn a_label_never_reaches_a_rule() {
    let Some(set) = Set::open("talkingdata", &[FILE]) else { return };
    assert!(!attributes(&set).contains("is_attributed"));
}

#[test]
fn chunks_never_show() {
    let Some(set) = Set::open("talkingdata", &[FILE]) else { return };
    set.assert_chunks_never_show();
}
