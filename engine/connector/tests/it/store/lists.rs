//! Lists, page by page.

use connector::store::Store;
use connector::store::queries::Shelf;
use runtime::books::{Books, CommissionFilter, HoldFilter, HoldSort, HoldView, Page, PageOf};
use runtime::{Journal, JournalError};
use std::collections::BTreeSet;
use std::path::Path;

use super::books::{everything, last_verdicts, named};
use super::lane::Lane;
use super::open;

fn lane(folder: &Path) -> Lane {
    let lane = Lane::of(7, 4_000, 1_000);
    lane.commit(&mut open(folder));
    lane
}

/// All rows of a list, by pages of `rows`.
fn paged<T>(rows: u32, mut list: impl FnMut(&PageOf) -> Result<Page<T>, JournalError>) -> Vec<T> {
    let (mut all, mut asked) = (Vec::new(), PageOf { after: None, rows });
    loop {
        let page = list(&asked).unwrap();
        assert!(page.rows.len() <= rows as usize);
        all.extend(page.rows);
        asked.after = page.next;
        if asked.after.is_none() {
            return all;
        }
    }
}

#[test]
fn a_page_neither_repeats_nor_skips_a_row_while_rows_are_added() {
    let folder = tempfile::tempdir().unwrap();
    let lane = Lane::of(7, 4_000, 250);
    let mut store = open(folder.path());
    store.commit(&lane.records, &lane.ruleset, &[]).unwrap();
    let (first, rest) = lane.decided.split_at(6);
    store.commit(&[], &lane.ruleset, first).unwrap();
    let reader = store.reader().unwrap();
    let before = paged(1_000, |page| reader.commissions(&CommissionFilter::default(), page));
    let mut rest = rest.iter();
    let seen = paged(13, |page| {
        if let Some(stretch) = rest.next() {
            store.commit(&[], &lane.ruleset, std::slice::from_ref(stretch)).unwrap();
        }
        reader.commissions(&CommissionFilter::default(), page)
    });
    let ids: Vec<&str> = seen.iter().map(|row| row.commission_id.as_str()).collect();
    let distinct: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(distinct.len(), ids.len(), "nothing is repeated");
    assert!(before.iter().all(|row| distinct.contains(row.commission_id.as_str())), "nothing is skipped");
    assert!(seen.len() > before.len(), "what was added is seen as well");
}

#[test]
fn holds_are_sorted_by_age_amount_or_expiry_whatever_the_page() {
    let folder = tempfile::tempdir().unwrap();
    lane(folder.path());
    let reader = Store::read(folder.path()).unwrap();
    for sort in [HoldSort::Age, HoldSort::Amount, HoldSort::Expiry] {
        let filter = HoldFilter { sort, ..HoldFilter::default() };
        let key = |hold: &HoldView| match sort {
            HoldSort::Age => hold.since_at,
            HoldSort::Amount => -hold.amount,
            HoldSort::Expiry => hold.until_at.unwrap_or(i64::MAX),
        };
        let all = paged(1_000, |page| reader.holds(&filter, page));
        assert!(all.len() > 20);
        assert!(all.is_sorted_by_key(key), "{sort:?}");
        assert_eq!(paged(3, |page| reader.holds(&filter, page)), all, "{sort:?}");
    }
}

#[test]
fn filters_choose_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let lane = lane(folder.path());
    let reader = Store::read(folder.path()).unwrap();
    let all = paged(1_000, |page| reader.holds(&HoldFilter::default(), page));
    let some = all[all.len() / 2].clone();
    let until = all.iter().filter_map(|hold| hold.until_at).max().expect("some hold lapses by itself");
    let none = HoldFilter::default;
    type Choose<'a> = Box<dyn Fn(&HoldView) -> bool + 'a>;
    let choices: Vec<(HoldFilter, Choose<'_>)> = vec![
        (HoldFilter { rule: Some(some.rule.clone()), ..none() }, Box::new(|hold| hold.rule == some.rule)),
        (
            HoldFilter { shop_id: some.shop_id.clone(), ..none() },
            Box::new(|hold| hold.shop_id == some.shop_id),
        ),
        (HoldFilter { market: Some(some.market.clone()), ..none() }, Box::new(|h| h.market == some.market)),
        (
            HoldFilter { beneficiary: some.beneficiary.clone(), ..none() },
            Box::new(|h| h.beneficiary == some.beneficiary),
        ),
        (
            HoldFilter { since_at_max: Some(some.since_at), ..none() },
            Box::new(|h| h.since_at <= some.since_at),
        ),
        (HoldFilter { amount_min: Some(some.amount), ..none() }, Box::new(|h| h.amount >= some.amount)),
        (
            HoldFilter { until_at_max: Some(until), ..none() },
            Box::new(|h| h.until_at.is_some_and(|at| at <= until)),
        ),
    ];
    for (filter, choose) in choices {
        let expected: Vec<HoldView> = all.iter().filter(|hold| choose(hold)).cloned().collect();
        assert!(!expected.is_empty(), "{filter:?}");
        assert_eq!(paged(50, |page| reader.holds(&filter, page)), expected, "{filter:?}");
    }
    let held = CommissionFilter { account: Some("held".to_owned()), ..CommissionFilter::default() };
    let found = paged(100, |page| reader.commissions(&held, page));
    let expected = last_verdicts(&lane).into_iter().filter(|verdict| named(&verdict.balance)["held"] > 0);
    let expected: Vec<String> = expected.map(|verdict| verdict.commission_id.unwrap().to_string()).collect();
    assert!(!expected.is_empty());
    assert_eq!(found.into_iter().map(|row| row.commission_id).collect::<Vec<_>>(), expected);
    let order = CommissionFilter { order_id: some.order_id.clone(), ..CommissionFilter::default() };
    let found = reader.commissions(&order, &everything()).unwrap().rows;
    assert!(found.iter().any(|row| row.commission_id == some.commission_id));
    let episodes = reader.hold(&some.hold_id, 100).unwrap();
    assert!(episodes.iter().any(|episode| episode.hold == some && episode.ended_at.is_none()));
}

#[test]
fn what_is_no_page_and_no_account_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let reader = Store::read(folder.path()).unwrap();
    for after in ["", "7", "7.x", "7.7.7", "' OR 1 = 1"] {
        let page = PageOf { after: Some(after.to_owned()), rows: 10 };
        assert!(reader.holds(&HoldFilter::default(), &page).is_err(), "{after}");
    }
    let filter = CommissionFilter { account: Some("number".to_owned()), ..CommissionFilter::default() };
    assert!(reader.commissions(&filter, &everything()).is_err());
}

#[test]
fn many_may_ask_at_once_while_one_writes() {
    let folder = tempfile::tempdir().unwrap();
    let lane = Lane::of(8, 2_000, 100);
    let mut store = open(folder.path());
    store.commit(&lane.records, &lane.ruleset, &[]).unwrap();
    let shelf = Shelf::open(folder.path()).unwrap();
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                let mut seen = 0;
                for _ in 0..50 {
                    let verdicts = shelf.verdicts(seen, 100).unwrap();
                    assert!((seen + 1..).zip(&verdicts).all(|(expected, v)| v.sequence == expected));
                    seen += verdicts.len() as u64;
                    shelf.holds(&HoldFilter::default(), &everything()).unwrap();
                }
            });
        }
        for stretch in &lane.decided {
            store.commit(&[], &lane.ruleset, std::slice::from_ref(stretch)).unwrap();
        }
    });
    let first = last_verdicts(&lane)[0];
    let (row, verdicts) = shelf.commission(&first.commission_id.unwrap().to_string()).unwrap().unwrap();
    assert_eq!((row.sequence, verdicts.len() as u64), (first.sequence, first.sequence));
}
