//! Mappings: what their author gets wrong, and what rows become.

use std::path::PathBuf;

use connector::file::{Files, Input};
use connector::mapping::Mapping;
use connector::wire::encode;
use model::log::RecordBody;

/// A mapping of one table of orders, with more fields.
fn orders(more: &str) -> String {
    format!(
        "[[table]]\n[[table.event]]\nkind = \"order\"\n[table.event.fields]\nevent_id = \"{{id}}\"\norder_id = \"{{id}}\"\n\
         occurred_at = {{ from = \"{{at}}\", as = \"time\" }}\ncurrency = \"USD\"\n{more}\n\
         [table.event.rows.lines]\nline_id = \"{{#line}}\"\nproduct_id = \"p\"\nquantity = 1\n\
         paid = {{ from = \"{{price}}\", as = \"money\" }}\n"
    )
}

#[track_caller]
fn faults(text: &str) -> String {
    Mapping::parse(text).expect_err("something is wrong").to_string()
}

fn open(mapping: &str, name: &str, contents: &str) -> Result<Input, String> {
    let mapping = Mapping::parse(mapping).unwrap_or_else(|error| panic!("{error}"));
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join(name);
    std::fs::write(&path, contents).unwrap();
    Files::open(&[path], Some(&mapping), &mut |_| {}).map_err(|error| error.to_string())
}

/// Each record on a line: the event, or why it is none.
fn becomes(mapping: &str, name: &str, contents: &str) -> String {
    let input = open(mapping, name, contents).unwrap_or_else(|error| panic!("{error}"));
    let mut text = String::new();
    for record in &input.records {
        match &record.body {
            RecordBody::Event(event) => text += &String::from_utf8(encode(event)).unwrap(),
            RecordBody::Undecodable(r) => text += &format!("{} {}: {}", r.code.name(), r.pointer, r.detail),
            RecordBody::Control(control) => text += &format!("{control:?}"),
        }
        text.push('\n');
    }
    for (reason, rows) in &input.counts[0].skipped {
        text += &format!("skipped {rows}: {reason}\n");
    }
    text
}

#[test]
fn all_that_is_wrong_is_said_with_its_place() {
    let mapping = "\
[[table]]
zone = \"Europe/Londn\"
file = [\"a.csv\"]
[[table.skip]]
when = { Price = { under = 0 } }
[[table.event]]
kind = \"ordr\"
[[table.event]]
kind = \"order\"
[table.event.fields]
order_idd = \"{id}\"
occurred_at = { from = \"{at}\", as = \"tiem\" }
buyer_id = { from = \"{b}\", as = \"id\", negate = true }
revision = 1.5
country = \"{a\"
[table.event.rows.line]
paid = 1
";
    insta::assert_snapshot!(faults(mapping), @r#"
    line 2, column 8: `Europe/Londn` is not a time zone; write an IANA name such as Europe/London
    line 3, column 1: `file` is not known here; did you mean `files`?
    line 4, column 1: a skip needs a `reason`, under which its rows are counted
    line 5, column 20: `under` is not known here; there are is, is_not, one_of, starts_with, starts_not_with, empty, below, above, at_least, at_most, equals
    line 7, column 8: `ordr` is not known here; did you mean `order`?
    line 8, column 1: every order needs `event_id`; add it to `fields`
    line 8, column 1: every order needs `order_id`; add it to `fields`
    line 8, column 1: every order needs `currency`; add it to `fields`
    line 8, column 1: every order needs `lines`; add it to `fields`
    line 11, column 1: `order_idd` is not known here; did you mean `order_id`?
    line 12, column 37: `tiem` is not known here; did you mean `time`?
    line 13, column 39: `negate` says nothing about as = "id"
    line 14, column 12: a value of type float stands here, and it must be a string, a whole number, true, false, a list or a table
    line 15, column 11: a brace stands alone; write {Column}, or {{ for a brace
    line 16, column 19: `line` is not known here; did you mean `lines`?
    "#);
}

#[test]
fn a_mapping_that_is_no_toml_or_says_nothing_is_refused() {
    insta::assert_snapshot!(faults("table = [\n"), @r#"
    line 1, column 10: unclosed array, expected `]`
    "#);
    insta::assert_snapshot!(faults(""), @r#"
    line 1, column 1: there is no [[table]]; a mapping has at least one
    "#);
    insta::assert_snapshot!(faults("[[table]]\n"), @r#"
    line 1, column 1: this table makes no events; write a [[table.event]]
    "#);
}

#[test]
fn names_within_objects_are_checked_too() {
    let text = orders("coupons = [{ code = \"x\", amout = 1 }]");
    insta::assert_snapshot!(faults(&text), @r#"
    line 9, column 26: `amout` is not known here; did you mean `amount`?
    "#);
    assert!(Mapping::parse(&orders("attributes = { anything = \"{x}\" }")).is_ok());
}

#[test]
fn an_empty_cell_is_a_missing_value() {
    let text = becomes(
        &orders(
            "buyer_id = { from = \"{buyer}\", as = \"id\" }\ncountry = { from = \"{c}\", default = \"none\" }\npayment_method = \"{buyer}/{c}\"",
        ),
        "a.csv",
        "id,at,price,buyer,c\no1,2024-01-01 00:00:00,1.5,17850.0,FR\no2,2024-01-02 00:00:00,1,,\n",
    );
    insta::assert_snapshot!(text, @r#"
    {"event_id":"o1","kind":"order","occurred_at":1704067200000,"order_id":"o1","currency":"USD","lines":[{"line_id":"1","product_id":"p","quantity":1,"paid":150}],"buyer_id":"17850","country":"FR","payment_method":"17850.0/FR"}
    {"event_id":"o2","kind":"order","occurred_at":1704153600000,"order_id":"o2","currency":"USD","lines":[{"line_id":"1","product_id":"p","quantity":1,"paid":100}],"country":"none"}
    "#);
}

#[test]
fn what_a_cell_cannot_say_is_a_dead_letter_with_its_line() {
    let text = becomes(
        &orders(""),
        "a.csv",
        "id,at,price\no1,2024-01-01 00:00:00,0.001\no2,never,1\no3,2024-01-01 00:00:00,-1\no4,2024-01-01 00:00:00,abc,x\no5,1999-01-01 00:00:00,1\n",
    );
    insta::assert_snapshot!(text, @r#"
    mapping.value /lines/0/paid: a.csv, line 2: `0.001`, from `{price}`, has more than 2 decimals; say round = "half_even" if it may be rounded
    mapping.value /occurred_at: a.csv, line 3: `never`, from `{at}`, is not a time in the mapping's format
    amount.negative /lines/0/paid: a.csv, line 4: -100 is negative; amounts are never negative, money going back is a refund
    mapping.value : a.csv, line 5: the row has 4 cells and the headings are 3
    time.ancient /occurred_at: a.csv, line 6: 915148800000 ms is before the year 2000; times are milliseconds since 1970
    "#);
}

#[test]
fn rows_are_grouped_converted_and_skipped() {
    let mapping = "
[[table]]
optional = [\"note\"]
[[table.skip]]
reason = \"test data\"
when = { id = { one_of = [\"t1\", \"t2\"] } }
[[table.event]]
kind = \"refund\"
when = { id = { starts_with = \"r\" }, qty = { at_most = \"-1\" } }
group = \"{id}\"
[table.event.fields]
event_id = \"{#file}:{#row}\"
refund_id = \"{id}\"
occurred_at = { from = \"{at}\", as = \"time\", format = [\"%d/%m/%Y\", \"epoch_s\"], zone = \"Asia/Jakarta\" }
state = { from = \"{state}\", map = { done = \"completed\" } }
currency = \"{cur}\"
amount = { from = \"{price}\", times = \"{qty}\", as = \"money\", negate = true, sum = true, round = \"half_even\" }
reason = \"{{{note}}}\"
attributes = { late = { from = \"{late}\", as = \"flag\", true_when = [\"Y\"] } }
[table.event.rows.match]
buyer_id = \"b\"
sku = \"{sku}\"
quantity = { from = \"{qty}\", as = \"whole\", negate = true }
amount = { from = \"{price}\", times = \"{qty}\", as = \"money\", negate = true, round = \"half_even\" }
";
    let rows = "id,at,state,cur,price,qty,sku,late\n\
                r1,31/01/2024,done,JPY,1.5,-1,s1,Y\n\
                t1,,,,,,,\n\
                r1,01/02/2024,done,JPY,2.5,-3.0,s2,Y\n\
                r2,1706659200.5,done,KWD,0.1234,-1,\"s,3\",N\n\
                r3,31/01/2024,done,KWD,1,5,s,N\n\
                t2,,,,,,,\n";
    insta::assert_snapshot!(becomes(mapping, "a.csv", rows), @r#"
    {"event_id":"a.csv:1","kind":"refund","occurred_at":1706634000000,"refund_id":"r1","match":[{"buyer_id":"b","sku":"s1","quantity":1,"amount":2},{"buyer_id":"b","sku":"s2","quantity":3,"amount":8}],"state":"completed","currency":"JPY","amount":10,"attributes":{"late":true}}
    {"event_id":"a.csv:4","kind":"refund","occurred_at":1706659200500,"refund_id":"r2","match":[{"buyer_id":"b","sku":"s,3","quantity":1,"amount":123}],"state":"completed","currency":"KWD","amount":123,"attributes":{"late":false}}
    skipped 1: matches no event of the mapping
    skipped 2: test data
    "#);
}

#[test]
fn lines_of_json_are_rows_too() {
    let text = becomes(
        &orders("buyer_id = \"{user.id}\"\nip = { from = \"{user.ip}\", as = \"ip\" }"),
        "a.ndjson",
        "{\"id\":7,\"at\":\"2024-01-01T00:00:00Z\",\"price\":0.10,\"user\":{\"id\":\"b\",\"ip\":732758368.8}}\nnonsense\n{\"id\":8,\"at\":null}\n",
    );
    insta::assert_snapshot!(text, @r#"
    {"event_id":"7","kind":"order","occurred_at":1704067200000,"order_id":"7","currency":"USD","lines":[{"line_id":"1","product_id":"p","quantity":1,"paid":10}],"buyer_id":"b","ip":"43.173.1.96"}
    json.syntax : a.ndjson, line 2: not a JSON object: expected ident at byte 2
    field.missing /lines/0/paid: a.ndjson, line 3: `paid` is required and is missing; send it
    "#);
}

#[test]
fn a_column_that_is_not_there_is_named_before_anything_is_read() {
    let error = open(&orders(""), "a.csv", "id,at,Price\n").unwrap_err();
    assert_eq!(error, "a.csv: has no column `price`, which the mapping names; did you mean `Price`?");
}

#[test]
fn the_bytes_of_a_row_are_kept() {
    let input = open(&orders(""), "a.csv", "id,at,price\r\no1,2024-01-01 00:00:00,\"1\"\r\no2,x,1").unwrap();
    let raws: Vec<&[u8]> = input.records.iter().map(|record| record.raw.as_ref()).collect();
    assert_eq!(raws, [&b"o1,2024-01-01 00:00:00,\"1\""[..], b"o2,x,1"]);
}
