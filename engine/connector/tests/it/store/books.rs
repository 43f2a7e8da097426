//! The books follow from the verdicts alone: they say what `reconcile` says.

use connector::store::Store;
use model::verdict::Account;
use model::{Minor, Verdict};
use runtime::Reconciler;
use runtime::books::{CommissionFilter, HoldFilter, HoldSort, PageOf, PublishedVerdict};
use std::collections::{BTreeMap, BTreeSet};

use super::lane::Lane;
use super::open;

pub(crate) fn everything() -> PageOf {
    PageOf { after: None, rows: 1_000 }
}

pub(crate) fn named(balance: &BTreeMap<Account, Minor>) -> BTreeMap<String, i64> {
    let of = |account: &Account| (account.name().to_owned(), balance.get(account).map_or(0, |minor| minor.0));
    Account::ALL.iter().map(of).collect()
}

/// The last verdict about each commission, in the order of the first ones.
pub(crate) fn last_verdicts(lane: &Lane) -> Vec<&Verdict> {
    let mut order = Vec::new();
    let mut last = BTreeMap::new();
    for verdict in lane.verdicts() {
        let Some(id) = verdict.commission_id else { continue };
        if last.insert(id, verdict).is_none() {
            order.push(id);
        }
    }
    order.iter().map(|id| last[id]).collect()
}

#[test]
fn the_books_say_what_the_verdicts_add_up_to() {
    for seed in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let lane = Lane::of(seed, 4_000, 700);
        let mut store = open(folder.path());
        lane.commit(&mut store);
        totals_are_those_of_a_reconciliation(&lane, &store);
        commissions_are_as_their_last_verdict_says(&lane, &store);
        holds_are_those_of_the_last_verdicts(&lane, &store);
    }
}

fn totals_are_those_of_a_reconciliation(lane: &Lane, store: &Store) {
    let mut reconciler = Reconciler::default();
    lane.verdicts().for_each(|verdict| reconciler.read(verdict));
    let reconciliation = reconciler.finish();
    assert!(reconciliation.findings.is_empty());
    let expected = reconciliation.totals.iter().map(|total| {
        let balance: BTreeMap<String, i64> = total
            .balance
            .iter()
            .map(|(account, amount)| (account.name().to_owned(), *amount as i64))
            .collect();
        (total.program_id.to_string(), total.market.to_string(), total.currency.to_string(), balance)
    });
    let found = Store::read(store.folder()).unwrap().totals().unwrap();
    let found =
        found.into_iter().map(|total| (total.program_id, total.market, total.currency, total.balance));
    assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

fn commissions_are_as_their_last_verdict_says(lane: &Lane, store: &Store) {
    let reader = Store::read(store.folder()).unwrap();
    let (mut found, mut page) = (Vec::new(), everything());
    loop {
        let next = reader.commissions(&CommissionFilter::default(), &page).unwrap();
        found.extend(next.rows);
        page.after = next.next;
        if page.after.is_none() {
            break;
        }
    }
    let expected = last_verdicts(lane);
    assert!(expected.len() > 500);
    assert_eq!(reader.status().unwrap().commissions, expected.len() as u64);
    assert_eq!(found.len(), expected.len());
    for (found, verdict) in found.iter().zip(expected) {
        assert_eq!(found.commission_id, verdict.commission_id.unwrap().to_string());
        assert_eq!((found.sequence, found.due_at), (verdict.sequence, verdict.due.map(|due| due.as_ms())));
        assert_eq!(found.balance, named(&verdict.balance));
        assert_eq!(found.shop_id.as_deref(), verdict.shop_id.as_ref().map(|shop| shop.as_str()));
        assert_eq!(found.order_id.as_deref(), verdict.order_id.as_ref().map(|order| order.as_str()));
        let published = reader.verdicts_about(&found.commission_id).unwrap();
        assert_eq!(published.len() as u64, verdict.sequence);
    }
}

fn holds_are_those_of_the_last_verdicts(lane: &Lane, store: &Store) {
    let reader = Store::read(store.folder()).unwrap();
    let mut expected = BTreeSet::new();
    for verdict in last_verdicts(lane) {
        let id = verdict.commission_id.unwrap().to_string();
        let amount = verdict.balance.get(&Account::Held).map_or(0, |held| held.0);
        for hold in &verdict.holds {
            let until = hold.until.map(|until| until.as_ms());
            expected.insert((id.clone(), hold.hold_id.to_string(), hold.rule.to_string(), until, amount));
        }
    }
    let mut found = BTreeSet::new();
    let (filter, mut page) = (HoldFilter { sort: HoldSort::Amount, ..HoldFilter::default() }, everything());
    loop {
        let next = reader.holds(&filter, &page).unwrap();
        found.extend(
            next.rows.into_iter().map(|h| (h.commission_id, h.hold_id, h.rule, h.until_at, h.amount)),
        );
        page.after = next.next;
        if page.after.is_none() {
            break;
        }
    }
    assert!(expected.len() > 20, "{} holds", expected.len());
    assert_eq!(found, expected);
    let status = reader.status().unwrap();
    assert_eq!(status.holds, expected.len() as u64);
}

#[test]
fn verdicts_are_found_by_their_subject_and_the_last_ones_by_their_beneficiary() {
    let folder = tempfile::tempdir().unwrap();
    let lane = Lane::of(5, 3_000, 250);
    lane.commit(&mut open(folder.path()));
    let reader = Store::read(folder.path()).unwrap();
    let (mut by_subject, mut by_beneficiary) =
        (BTreeMap::<_, Vec<u64>>::new(), BTreeMap::<_, Vec<u64>>::new());
    for (sequence, verdict) in (1..).zip(lane.verdicts()) {
        let id = verdict.commission_id.map(|id| id.to_string());
        let subject = id.clone().or_else(|| verdict.subject.as_ref().map(ToString::to_string)).unwrap();
        by_subject.entry(subject).or_default().push(sequence);
        if let Some(beneficiary) = verdict.beneficiary.as_ref().filter(|_| id.is_some()) {
            by_beneficiary.entry(beneficiary.to_string()).or_default().push(sequence);
        }
    }
    let sequences = |found: Vec<PublishedVerdict>| -> Vec<u64> { found.iter().map(|v| v.sequence).collect() };
    for (subject, expected) in &by_subject {
        assert_eq!(sequences(reader.verdicts_about(subject).unwrap()), *expected, "{subject}");
    }
    for (beneficiary, expected) in &by_beneficiary {
        for rows in [1, 7, 1_000] {
            let last = &expected[expected.len().saturating_sub(rows)..];
            let found = reader.last_verdicts(beneficiary, rows as u32).unwrap();
            assert_eq!(sequences(found), last, "{beneficiary}");
        }
    }
    let longest = |of: &BTreeMap<String, Vec<u64>>| of.values().map(Vec::len).max();
    assert!(
        longest(&by_subject) > Some(2) && longest(&by_beneficiary) > Some(7),
        "there is something to follow"
    );
    assert!(reader.verdicts_about("nobody").unwrap().is_empty());
}

#[test]
fn a_beneficiary_has_a_total_for_each_currency() {
    let folder = tempfile::tempdir().unwrap();
    let lane = Lane::of(4, 3_000, 500);
    let mut store = open(folder.path());
    lane.commit(&mut store);
    let reader = Store::read(folder.path()).unwrap();
    let mut expected: BTreeMap<String, BTreeMap<String, BTreeMap<String, i64>>> = BTreeMap::new();
    for verdict in last_verdicts(&lane) {
        let of_whom = expected.entry(verdict.beneficiary.as_ref().unwrap().to_string()).or_default();
        let total = of_whom.entry(verdict.currency.unwrap().to_string()).or_default();
        for (account, amount) in named(&verdict.balance) {
            *total.entry(account).or_default() += amount;
        }
    }
    assert!(expected.len() > 20);
    for (beneficiary, totals) in expected {
        let found = reader.beneficiary(&beneficiary).unwrap();
        let found: BTreeMap<_, _> = found.into_iter().map(|total| (total.currency, total.balance)).collect();
        assert_eq!(found, totals, "{beneficiary}");
    }
    assert!(reader.beneficiary("creator:nobody").unwrap().is_empty());
}
