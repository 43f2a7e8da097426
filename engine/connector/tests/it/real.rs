//! Public data sets through their mappings. Skipped, and said so, where the data is not there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use connector::file::{Files, Input};
use connector::mapping::Mapping;
use model::event::{Body, Kind, Order, Refund};
use model::log::RecordBody;
use model::{Currency, Minor, Money, Record};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files, mapped; `None` where they are absent.
fn open(set: &str, files: &[&str]) -> Option<Input> {
    let paths: Vec<PathBuf> = files.iter().map(|file| root().join("../shared/data").join(file)).collect();
    if let Some(absent) = paths.iter().find(|path| !path.exists()) {
        println!("skipped: {} is not there", absent.display());
        return None;
    }
    let text =
        std::fs::read_to_string(root().join(Path::new("tests/real").join(set).join("mapping.toml"))).unwrap();
    let mapping = Mapping::parse(&text).unwrap_or_else(|error| panic!("{set}:\n{error}"));
    let mut last = None;
    let input = Files::open(&paths, Some(&mapping), &mut |progress| last = Some(progress));
    let last = last.unwrap();
    assert_eq!(last.read_bytes, last.total_bytes);
    Some(input.unwrap_or_else(|error| panic!("{error}")))
}

fn bodies(input: &Input) -> impl Iterator<Item = &Body> {
    input.records.iter().filter_map(|record| match &record.body {
        RecordBody::Event(event) => Some(&event.body),
        RecordBody::Undecodable(_) | RecordBody::Control(_) => None,
    })
}

fn orders(input: &Input) -> Vec<&Order> {
    bodies(input)
        .filter_map(|body| if let Body::Order(order) = body { Some(&**order) } else { None })
        .collect()
}

fn refunds(input: &Input) -> Vec<&Refund> {
    bodies(input)
        .filter_map(|body| if let Body::Refund(refund) = body { Some(&**refund) } else { None })
        .collect()
}

fn paid(orders: &[&Order]) -> Minor {
    orders.iter().flat_map(|order| &order.lines).map(|line| line.paid).sum()
}

/// The records that are no event: their code and pointer.
fn refused(input: &Input) -> Vec<String> {
    let refusals = input.records.iter().filter_map(|record| match &record.body {
        RecordBody::Undecodable(refusal) => Some(format!("{} {}", refusal.code.name(), refusal.pointer)),
        RecordBody::Event(_) | RecordBody::Control(_) => None,
    });
    refusals.collect()
}

fn is_in_log_order(records: &[Record]) {
    let mut last = None;
    for (record, position) in records.iter().zip(1..) {
        assert_eq!(record.position.0, position);
        if let RecordBody::Event(event) = &record.body {
            let key = Some((event.occurred_at, event.kind()));
            assert!(last <= key, "{record:?}");
            last = key;
        }
    }
}

/// How many cancellations there are, how many of them without a customer, and what all give back. Those without
/// one match no purchase: they are dead letters, and their rows still say how much.
fn cancelled(input: &Input) -> (usize, usize, Minor) {
    let matched = refunds(input);
    let unmatched: Vec<&Record> = input.records.iter().filter(|record| is_without_customer(record)).collect();
    let back: Minor = matched.iter().map(|refund| refund.amount).sum();
    let lost: Minor = unmatched.iter().map(|record| given_back(&record.raw)).sum();
    (matched.len() + unmatched.len(), unmatched.len(), back.plus(lost))
}

fn is_without_customer(record: &Record) -> bool {
    matches!(&record.body, RecordBody::Undecodable(refusal) if refusal.pointer == "/match/0/buyer_id")
}

fn given_back(rows: &[u8]) -> Minor {
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(rows);
    let pounds = Currency::new("GBP").unwrap();
    let amounts = rows.records().map(|row| {
        let row = row.unwrap();
        Minor(-row[3].parse::<i64>().unwrap() * Money::parse(&row[5], pounds).unwrap().minor.0)
    });
    amounts.sum()
}

#[test]
fn twelve_days_of_online_retail_come_out_to_the_penny() {
    let Some(input) = open("online-retail", &["online-retail-mini-2011-01-10_2011-01-21.csv.gz"]) else {
        return;
    };
    let counts = &input.counts[0];
    assert_eq!(counts.rows, 17_356);
    assert_eq!((counts.events[&Kind::Order], counts.skipped["write-off"]), (475, 25), "500 invoices in all");
    assert_eq!(paid(&orders(&input)), Minor(39_849_497));
    assert_eq!(cancelled(&input), (110, 6, Minor(8_400_305)));
    assert_eq!(counts.refused_in_all(), 6);
    is_in_log_order(&input.records);
}

#[test]
fn nine_months_of_online_retail_come_out_to_the_penny() {
    let Some(input) = open("online-retail", &["online-retail-2010-12_2011-08.csv.gz"]) else { return };
    let counts = &input.counts[0];
    assert_eq!(counts.rows, 320_705);
    assert_eq!(counts.events[&Kind::Order], 12_978);
    assert_eq!(orders(&input).iter().filter(|order| paid(&[order]) > Minor(0)).count(), 12_495);
    assert_eq!(counts.skipped, BTreeMap::from([("write-off".to_owned(), 925)]));
    assert_eq!(paid(&orders(&input)), Minor(630_482_606));
    assert_eq!(cancelled(&input), (2_554, 127, Minor(52_077_056)));
    assert_eq!(counts.refused, BTreeMap::from([(Some(Kind::Order), 2), (Some(Kind::Refund), 127)]));
    assert_eq!(
        refused(&input).iter().filter(|refusal| *refusal == "amount.negative /lines/0/paid").count(),
        2
    );
    is_in_log_order(&input.records);
}

#[test]
fn a_sign_up_and_its_purchase_are_two_events_of_one_row() {
    let Some(input) = open("fraud-ecommerce", &["fraud-ecommerce-half0.csv"]) else { return };
    assert_eq!(input.counts[0].events, BTreeMap::from([(Kind::Click, 15_159), (Kind::Order, 15_159)]));
    assert_eq!(refused(&input), [""; 0]);
    is_in_log_order(&input.records);
}

#[test]
fn card_transactions_are_orders() {
    let Some(input) = open("cloudwalk", &["cloudwalk-2019-11-01_24.csv"]) else { return };
    assert_eq!(input.counts[0].events, BTreeMap::from([(Kind::Order, 1_908)]));
    assert_eq!(refused(&input), [""; 0]);
    assert!(orders(&input).iter().any(|order| order.device_h.is_none()));
    is_in_log_order(&input.records);
}

#[test]
fn installs_are_orders_of_attributed_clicks() {
    let Some(input) = open("talkingdata", &["talkingdata-rows-00000-09999.csv"]) else { return };
    assert_eq!(input.counts[0].events, BTreeMap::from([(Kind::Click, 10_000), (Kind::Order, 29)]));
    assert_eq!(refused(&input), [""; 0]);
    is_in_log_order(&input.records);
}

#[test]
fn sessions_and_conversions_are_two_files_of_one_mapping() {
    let files =
        ["dbt-attribution-playbook/sessions.csv", "dbt-attribution-playbook/customer_conversions.csv"];
    let Some(input) = open("dbt-attribution-playbook", &files) else { return };
    assert_eq!(input.counts[0].events, BTreeMap::from([(Kind::Click, 90)]));
    assert_eq!(input.counts[1].events, BTreeMap::from([(Kind::Order, 21)]));
    assert_eq!(paid(&orders(&input)), Minor(27_500));
    assert_eq!(refused(&input), [""; 0]);
    is_in_log_order(&input.records);
}
