//! What is accepted, what is a repeat, what is refused, and what the clock makes of it.

use model::event::{Body, Component, FeedMark, Obligation, OrderType, RefundState, Status};
use model::log::{Control, RecordBody};
use model::refusal::{Code, Refusal};
use model::{Currency, Minor, Span};

use super::events::*;
use super::lane::{Lane, effects};
use crate::Admission;

#[test]
fn the_clock_is_the_highest_accepted_time_and_never_goes_back() {
    let mut lane = Lane::new();
    lane.send(bobs_click("k1", "ann", 10, |_| {}));
    lane.send(bobs_click("k2", "ann", 5, |_| {}));
    assert_eq!(lane.station.clock(), Some(at(10)));
    lane.tick(12);
    lane.tick(11);
    assert_eq!(lane.station.clock(), Some(at(12)));
}

#[test]
fn duplicates_and_refusals_change_nothing_not_even_the_clock() {
    let mut lane = Lane::new();
    lane.send(order("o1", 10, |_| {}));
    assert_eq!(lane.try_send(order("o1", 10, |_| {})).0, Admission::Duplicate);
    let conflict = order("o1", 20, |order| order.lines[0].paid = Minor(1));
    assert_eq!(lane.refused(conflict), (Code::KeyConflict, "/order_id".into()));
    assert_eq!(lane.station.clock(), Some(at(10)));
}

#[test]
fn an_obligation_stays_in_its_currency_when_it_is_amended() {
    let mut lane = Lane::new();
    let euros = |obligation: &mut Obligation| obligation.currency = Currency::new("EUR").unwrap();
    lane.send(obligation("bonus", 1, |_| {}));
    lane.send(obligation("bonus", 2, |obligation| obligation.amount = Minor(5_000)));
    assert_eq!(lane.refused(obligation("bonus", 3, euros)), (Code::KeyConflict, "/currency".into()));
    let fee = |obligation: &mut Obligation| obligation.component = Component::FixedFee;
    lane.send(obligation("bonus", 4, |obligation| {
        fee(obligation);
        euros(obligation);
    }));
    assert_eq!(lane.refused(obligation("bonus", 5, fee)), (Code::KeyConflict, "/currency".into()));
}

#[test]
fn an_undecodable_record_is_refused_as_the_edge_said() {
    let mut lane = Lane::new();
    let refusal = Refusal::new(Code::JsonSyntax, "", "not JSON");
    let (admission, _) = lane.put(RecordBody::Undecodable(refusal.clone()));
    assert_eq!(admission, Admission::Refused(refusal));
}

#[test]
fn a_control_record_is_neither_applied_nor_refused() {
    let mut lane = Lane::new();
    lane.tick(1);
    assert_eq!(lane.put(RecordBody::Control(Control::Upgrade(2))).0, Admission::Control);
    assert_eq!(lane.station.clock(), Some(at(1)));
}

#[test]
fn an_event_id_is_not_part_of_the_content() {
    let mut lane = Lane::new();
    lane.send(bobs_click("k1", "ann", 0, |_| {}));
    let mut again = bobs_click("k1", "ann", 0, |_| {});
    again.event_id = id("sent-again");
    assert_eq!(lane.try_send(again).0, Admission::Duplicate);
}

#[test]
fn what_has_no_key_of_its_own_is_known_by_its_event_id() {
    let mut lane = Lane::new();
    lane.send(plan("p", 1000, 0, |_| {}));
    assert_eq!(lane.try_send(plan("p", 1000, 0, |_| {})).0, Admission::Duplicate);
    let other = plan("p", 900, 0, |_| {});
    assert_eq!(lane.refused(other), (Code::KeyConflict, "/event_id".into()));
}

#[test]
fn the_same_click_id_in_another_program_is_another_click() {
    let mut lane = Lane::new();
    lane.send(bobs_click("k1", "ann", 0, |_| {}));
    let mut elsewhere = bobs_click("k1", "eve", 0, |_| {});
    elsewhere.program = id("other");
    lane.send(elsewhere);
}

#[test]
fn a_click_older_than_the_memory_is_refused_and_one_exactly_as_old_is_not() {
    let mut lane = Lane::new();
    lane.send(bobs_click("k1", "ann", 0, |_| {}));
    lane.tick(7 * DAY);
    assert_eq!(lane.try_send(bobs_click("k1", "ann", 0, |_| {})).0, Admission::Duplicate);
    lane.send(bobs_click("k2", "ann", 0, |_| {}));
    lane.tick(7 * DAY + 1);
    let too_old = (Code::ClickTooOld, "/occurred_at".to_owned());
    assert_eq!(lane.refused(bobs_click("k1", "ann", 0, |_| {})), too_old);
    assert_eq!(lane.refused(bobs_click("k3", "ann", 0, |_| {})), too_old);
}

#[test]
fn a_click_id_may_come_again_with_other_content_once_it_is_forgotten() {
    let mut lane = Lane::new();
    lane.send(bobs_click("k1", "ann", 0, |_| {}));
    lane.tick(7 * DAY);
    let again = || bobs_click("k1", "eve", 7 * DAY, |_| {});
    assert_eq!(lane.refused(again()), (Code::KeyConflict, "/click_id".into()));
    lane.tick(7 * DAY + 1);
    lane.send(again());
    let order = lane.order(order("o1", 7 * DAY + 2, |order| {
        order.click_id = id("k1");
        order.buyer_id = None;
    }));
    assert_eq!(candidates(&order), ["eve by click_id/neither k1"]);
}

#[test]
fn orders_refunds_and_reviews_are_never_too_old() {
    let mut lane = Lane::new();
    lane.tick(400 * DAY);
    lane.send(order("o1", 0, |_| {}));
    lane.send(refund("r1", "o1", RefundState::Approved, 1, 100, |_| {}));
}

#[test]
fn a_time_ahead_of_its_own_stamp_is_refused_beyond_the_allowed_skew() {
    let mut lane = Lane::new();
    let skewed = |name, minute| bobs_click(name, "ann", minute, |_| {});
    assert_eq!(lane.send_stamped(skewed("k1", 105), at(100)), Admission::Applied);
    let refused = lane.send_stamped(skewed("k2", 106), at(100));
    assert!(
        matches!(refused, Admission::Refused(r) if (r.code, &*r.pointer) == (Code::TimeFuture, "/occurred_at"))
    );
    assert_eq!(lane.station.clock(), Some(at(105)));
    lane.send(skewed("k3", 1_000_000));
}

#[test]
fn a_higher_revision_amends_and_a_lower_one_is_stale() {
    let mut lane = Lane::new();
    let revision = |revision, paid| {
        order("o1", 0, |order| {
            order.revision = revision;
            order.lines[0].paid = Minor(paid);
        })
    };
    assert_eq!(effects(&lane.send(revision(1, 500))), ["order o1"]);
    assert_eq!(lane.refused(revision(0, 400)), (Code::RevisionStale, "/revision".into()));
    assert_eq!(effects(&lane.send(revision(4, 600))), ["amendment o1"]);
    assert_eq!(lane.refused(revision(4, 601)), (Code::KeyConflict, "/order_id".into()));
    assert_eq!(lane.refused(revision(2, 500)), (Code::RevisionStale, "/revision".into()));
}

#[test]
fn a_revision_sent_again_is_a_duplicate_even_after_a_higher_one() {
    let mut lane = Lane::new();
    let revision = |revision| order("o1", 0, |order| order.revision = revision);
    lane.send_all([revision(0), revision(1)]);
    assert_eq!(lane.try_send(revision(0)).0, Admission::Duplicate);
}

#[test]
fn an_amendment_may_not_change_the_currency() {
    let mut lane = Lane::new();
    lane.send(order("o1", 0, |_| {}));
    let in_euro = order("o1", 0, |order| {
        order.revision = 1;
        order.currency = model::Currency::new("EUR").unwrap();
    });
    assert_eq!(lane.refused(in_euro), (Code::KeyConflict, "/currency".into()));
}

#[test]
fn two_lines_of_an_order_may_not_have_one_id() {
    let mut lane = Lane::new();
    let twice = order("o1", 0, |order| {
        order.lines =
            vec![line("1", "mug", 1, |_| {}), line("2", "cup", 1, |_| {}), line("1", "pot", 1, |_| {})];
    });
    assert_eq!(lane.refused(twice), (Code::FieldValue, "/lines/2/line_id".into()));
}

#[test]
fn a_refund_is_in_its_orders_currency_and_of_its_orders_lines() {
    let mut lane = Lane::new();
    lane.send(order("o1", 0, |_| {}));
    let refund =
        |with: fn(&mut model::event::Refund)| refund("r1", "o1", RefundState::Approved, 1, 100, with);
    let euro = refund(|r| r.currency = model::Currency::new("EUR").unwrap());
    assert_eq!(lane.refused(euro), (Code::CurrencyMismatch, "/currency".into()));
    let short = refund(|r| r.lines = vec![refund_line("1", None, 99)]);
    assert_eq!(lane.refused(short), (Code::SumMismatch, "/lines".into()));
    let elsewhere = refund(|r| r.lines = vec![refund_line("1", None, 60), refund_line("9", None, 40)]);
    assert_eq!(lane.refused(elsewhere), (Code::LineUnknown, "/lines/1/line_id".into()));
    lane.send(refund(|r| r.lines = vec![refund_line("1", None, 100)]));
}

#[test]
fn a_status_names_lines_of_its_order() {
    let mut lane = Lane::new();
    lane.send(order("o1", 0, |_| {}));
    let unknown = status("o1", Status::Returned, 1, &["1", "2"]);
    assert_eq!(lane.refused(unknown), (Code::LineUnknown, "/line_ids/1".into()));
    assert_eq!(effects(&lane.send(status("o1", Status::Returned, 1, &["1"]))), ["status o1 returned"]);
}

#[test]
fn each_state_of_a_refund_is_a_key_of_its_own() {
    let mut lane = Lane::new();
    lane.send(order("o1", 0, |_| {}));
    let state = |state, amount| refund("r1", "o1", state, 1, amount, |_| {});
    lane.send_all([state(RefundState::Approved, 100), state(RefundState::Completed, 90)]);
    assert_eq!(lane.try_send(state(RefundState::Approved, 100)).0, Admission::Duplicate);
    let conflict = (Code::KeyConflict, "/refund_id".to_owned());
    assert_eq!(lane.refused(state(RefundState::Approved, 90)), conflict);
}

#[test]
fn a_refund_stays_with_its_order() {
    let mut lane = Lane::new();
    lane.send_all([order("o1", 0, |_| {}), order("o2", 0, |_| {})]);
    lane.send(refund("r1", "o1", RefundState::Requested, 1, 100, |_| {}));
    let moved = refund("r1", "o2", RefundState::Approved, 1, 100, |_| {});
    assert_eq!(lane.refused(moved), (Code::KeyConflict, "/order_id".into()));
}

#[test]
fn what_needs_nothing_else_passes_through() {
    let mut lane = Lane::new();
    let mark = FeedMark { source: id("erp"), kinds: vec![], market: None, complete_through: at(0) };
    let out = lane.send(event("m1", 1, Body::FeedMark(Box::new(mark))));
    assert_eq!(effects(&out), ["mark erp"]);
    assert_eq!((out[0].clock, out[0].occurred_at), (at(1), at(1)));
}

#[test]
fn a_missing_program_and_market_are_the_lanes_own() {
    let mut lane = Lane::new();
    let out = lane.send(order("o1", 0, |_| {}));
    assert_eq!((out[0].context.program.as_str(), out[0].context.market.as_str()), ("main", "main"));
    let mut abroad = order("o2", 0, |_| {});
    abroad.market = id("fr");
    assert_eq!(lane.send(abroad)[0].context.market.as_str(), "fr");
}

#[test]
fn orders_of_other_types_are_passed_on_without_candidates() {
    let mut lane = Lane::new();
    lane.send(bobs_click("k1", "ann", 0, |_| {}));
    let sample = lane.order(order("o1", 1, |order| order.order_type = OrderType::Sample));
    assert_eq!(sample.candidates, [vec![]]);
}

#[test]
fn clicks_are_forgotten_with_every_key_they_have() {
    let mut lane = Lane::new();
    for minute in 0..200 {
        lane.send(click(&format!("k{minute}"), "ann", minute, |click| {
            click.buyer_id = id(&format!("b{}", minute % 7));
            click.device_h = id(&format!("d{}", minute % 5));
        }));
    }
    assert_eq!(lane.station.clicks.sizes(), [200, 200, 7, 5]);
    lane.tick(37 * DAY + 150);
    assert_eq!(lane.station.clicks.sizes(), [50, 50, 7, 5]);
    lane.tick(37 * DAY + 200 + Span::from_mins(1).as_ms());
    assert_eq!(lane.station.clicks.sizes(), [0, 0, 0, 0]);
}

#[test]
fn the_state_stops_growing_when_nothing_stays_to_be_remembered() {
    let mut lane = Lane::new();
    let mut size_after = |days: std::ops::Range<i64>| {
        for day in days {
            for n in 0..20 {
                lane.send(click(&format!("k{:05}-{n:02}", day), "ann", day * DAY + n, |click| {
                    click.buyer_id = id(&format!("b{:05}-{n:02}", day));
                }));
                let order = format!("o{:05}-{n:02}", day);
                lane.try_send(refund(&order, &order, RefundState::Rejected, day * DAY + n, 1, |_| {}));
            }
        }
        postcard::to_allocvec(&lane.station).unwrap().len()
    };
    let (once, twice) = (size_after(100..140), size_after(140..180));
    assert!(twice.abs_diff(once) < 200, "{once} and then {twice} bytes");
}
