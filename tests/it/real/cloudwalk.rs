//! Card transactions of a Brazilian acquirer, with charge-backs as noisy labels: the same buyer again within a day.

use crate::real::{Score, Set, attributes, labelled};

const FILE: &str = "cloudwalk-2019-11-01_24.csv";

#[test]
fn buying_again_within_a_day_names_the_charge_backs_that_it_should() {
    let Some(set) = Set::open("cloudwalk", &[FILE]) else { return };
    let charged_back = labelled(FILE, ["transaction_id", "has_cbk"], "TRUE").unwrap();
    let run = set.replay();
    assert_eq!((set.events().count(), charged_back.len(), run.dead_letters.len()), (1908, 166, 0));

    let twice = Score::of(&run.held("second_in_a_day"), &charged_back);
    assert_eq!((twice.named, twice.precision(), twice.recall()), (244, 451, 663), "{twice:?}");
    let thrice = Score::of(&run.held("third_in_a_day"), &charged_back);
    assert_eq!((thrice.named, thrice.precision(), thrice.recall()), (112, 679, 458), "{thrice:?}");
}

#[test]
fn the_group_hold_reaches_back_to_the_orders_that_came_before_the_burst_was_known() {
    let Some(set) = Set::open("cloudwalk", &[FILE]) else { return };
    let run = set.replay();
    for (rule, at_decision) in [("second_in_a_day", 153), ("third_in_a_day", 60)] {
        let (spoke, held) = (run.spoke(rule), run.held(rule));
        assert_eq!(spoke.len(), at_decision, "{rule}");
        assert!(spoke.is_subset(&held), "{rule}: what it speaks on, it holds");
    }
}

#[test]
fn a_label_never_reaches_a_rule() {
    let Some(set) = Set::open("cloudwalk", &[FILE]) else { return };
    assert!(!attributes(&set).contains("has_cbk"));
}

#[test]
fn chunks_never_show() {
    let Some(set) = Set::open("cloudwalk", &[FILE]) else { return };
    set.assert_chunks_never_show();
}
