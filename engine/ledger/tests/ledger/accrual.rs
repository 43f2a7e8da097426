//! Who earns what, and what becomes of it when the order changes.

use crate::world::*;

#[test]
fn an_order_accrues_for_its_creator_and_on_top_for_the_agency() {
    let mut w = World::new();
    w.order("o", &[line("a", 10_000).by("ann", 1_000).agency("studio", 200)], vec![]);
    assert_eq!(
        w.news(),
        [
            "accrue ann/o accrued>pending 1000 | attributed",
            "accrue agency:studio/o accrued>pending 200 | attributed"
        ]
    );
    w.check_totals();
}

#[test]
fn a_quiet_commission_is_released_at_its_date() {
    let mut w = World::new();
    w.order("o", &[line("a", 10_000).by("ann", 1_000)], vec![]);
    w.news();
    w.at(14 * DAY - 1).tick();
    assert!(w.news().is_empty());
    w.at(14 * DAY).tick();
    assert_eq!(w.news(), ["release ann/o pending>released 1000 | settled"]);
}
