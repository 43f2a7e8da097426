//! What was decided, as it is read back.

use connector::store::Store;
use decider::Row;
use model::{EventTime, OrderKey, Position};
use runtime::{Journal, JournalReader};
use std::collections::BTreeSet;

use super::lane::Lane;
use super::open;

#[test]
fn verdicts_are_kept_as_they_are_published_and_numbered_without_gaps() {
    let folder = tempfile::tempdir().unwrap();
    let lane = Lane::of(1, 6_000, 500);
    let mut store = open(folder.path());
    lane.commit(&mut store);
    let mut reader = store.reader().unwrap();
    let end = store.head().decided.unwrap();
    assert_eq!((end, store.head().next().0), (Position(end.0), end.0 + 1), "all is decided");
    let mut published = reader.verdicts(Position(0), end).unwrap();
    let verdicts: Vec<_> = lane.verdicts().collect();
    assert!(verdicts.len() > 1_000, "the log is worth deciding");
    assert_eq!((published.len(), store.head().verdicts), (verdicts.len(), verdicts.len() as u64));
    assert!(published.iter().zip(&verdicts).all(|(bytes, verdict)| reader.says(bytes, verdict)));
    published[0][20] ^= 1;
    assert!(!reader.says(&published[0], verdicts[0]));
    let middle = Position(end.0 / 2);
    let (early, late) =
        (reader.verdicts(Position(0), middle).unwrap(), reader.verdicts(middle, end).unwrap());
    assert_eq!(early.len() + late.len(), verdicts.len());
    let listed = reader.verdicts_after(10, 5).unwrap();
    assert_eq!(listed.iter().map(|verdict| verdict.sequence).collect::<Vec<_>>(), [11, 12, 13, 14, 15]);
    assert_eq!(listed[0].json.as_bytes(), reader.verdicts(Position(0), end).unwrap()[10]);
}

#[test]
fn rows_come_back_stretch_by_stretch_and_old_ones_may_be_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let lane = Lane::of(2, 3_000, 400);
    let mut store = open(folder.path());
    lane.commit(&mut store);
    let mut reader = store.reader().unwrap();
    let end = store.head().decided.unwrap();
    let written = &lane.rows;
    let (after, through) = (Position(137), Position(end.0 - 211));
    let within = |row: &&Row| after < row.position && row.position <= through;
    let expected: Vec<String> = written.iter().filter(within).map(|row| format!("{row:?}")).collect();
    assert!(expected.len() > 1_000);
    assert_eq!(all_rows(&mut reader, after, through, EventTime::MIN), expected);
    // Late in the log: nothing that is young enough may be missing.
    let since = written[written.len() * 3 / 4].clock;
    let young = written.iter().filter(within).filter(|row| row.clock >= since);
    let young: BTreeSet<String> = young.map(|row| format!("{row:?}")).collect();
    let found = all_rows(&mut reader, after, through, since);
    assert!(found.len() < expected.len(), "what is too old is left out");
    assert!(young.is_subset(&found.into_iter().collect()), "what is young enough is there");
    let never = EventTime::MAX;
    assert!(all_rows(&mut reader, after, through, never).is_empty());
}

fn all_rows(
    reader: &mut impl JournalReader,
    mut after: Position,
    through: Position,
    since: EventTime,
) -> Vec<String> {
    let mut found = Vec::new();
    while after < through {
        let (rows, complete) = reader.rows(after, through, since).unwrap();
        assert!(after < complete && complete <= through, "it goes on");
        found.extend(rows.iter().map(|row| format!("{row:?}")));
        after = complete;
    }
    found
}

#[test]
fn everything_about_an_order_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let lane = Lane::of(3, 2_500, 333);
    let mut store = open(folder.path());
    lane.commit(&mut store);
    let reader = Store::read(folder.path()).unwrap();
    let rows = &lane.rows;
    let orders: BTreeSet<&OrderKey> = rows.iter().filter_map(|row| row.order()).collect();
    assert!(orders.len() > 100);
    for order in orders.into_iter().take(60) {
        let expected: Vec<String> =
            rows.iter().filter(|row| row.order() == Some(order)).map(|row| format!("{row:?}")).collect();
        let found = reader.order_rows(order).unwrap();
        assert_eq!(found.iter().map(|row| format!("{row:?}")).collect::<Vec<_>>(), expected, "{order:?}");
    }
    let mut said = lane.decided.iter().flat_map(|decided| &decided.explanations);
    let first = said.next().expect("some rule spoke");
    let found = reader.explanations(first.position).unwrap();
    assert_eq!(found[0].rule, first.hit.rule.as_str());
    assert_eq!(found[0].reason, first.hit.reason.as_str());
    assert_eq!(found[0].evidence, serde_json::to_string(&first.hit.evidence).unwrap());
    let in_all = 1 + said.count();
    let counted: usize =
        (0..store.head().next().0).map(|p| reader.explanations(Position(p)).unwrap().len()).sum();
    assert_eq!(counted, in_all);
}
