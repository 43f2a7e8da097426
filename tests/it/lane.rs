//! A lane for the commands of analysts and operators: a store with a few orders in it, and the binary beside it.
//!
//! Five orders of one buyer from one address within minutes, for mia in `us`: a group is held until reviewed, 10.00 USD
//! each. One order from abroad, for leo in `de`, ten hours later: 50.00 EUR are held for 30 days. One plain order, for
//! leo in `us`, another ten hours later: 20.00 USD are pending. And one record that is no JSON.

use connector::store::{Holder, Store};
use model::log::{Genesis, RecordBody};
use model::{EventTime, Position, Span};
use runtime::service::{Arrived, Lane as _, Serve, Service, begin};
use runtime::{Journal, Origin, SteadyClock, Threads};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use crate::commands::{stderr, stdout};
use crate::engine;
use crate::served::Served;

/// How far ahead of its receipt a record may be: those who wait for its time need not wait long.
const SKEW: Span = Span::ZERO;

const BURST: &str = r#"//! Burst
//! Many orders from one address.
const ON = "order";
const SEVERITY = "high";
const PUBLIC_CODE = "unusual_order_pattern";
let orders = count("order").by("ip", "creator_id").within("10m");
if orders >= 5 {
    hold_all_of(orders, `${orders} orders from ${order.ip}`).until_reviewed();
}
"#;

const ABROAD: &str = r#"//! Abroad
//! An order from far away.
const ON = "order";
const SEVERITY = "low";
const PUBLIC_CODE = "unusual_order_pattern";
if order.country == "DE" {
    hold("the order is from DE").lasting("30d");
}
"#;

/// A store and what belongs to it.
pub(crate) struct Lane {
    folder: tempfile::TempDir,
    /// When the first order came.
    pub base: EventTime,
}

pub(crate) fn now() -> EventTime {
    SteadyClock::start().now()
}

impl Lane {
    /// Its store has the orders, and nobody runs it.
    pub(crate) fn stopped() -> Lane {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("rules")).unwrap();
        std::fs::write(folder.path().join("rules/burst.rhai"), BURST).unwrap();
        std::fs::write(folder.path().join("rules/abroad.rhai"), ABROAD).unwrap();
        let lane = Lane { folder, base: now().minus(Span::from_days(2)) };
        lane.take(lane.events());
        lane
    }

    fn events(&self) -> Vec<Vec<u8>> {
        let mut events: Vec<Vec<u8>> = (0..5).map(|n| self.order(&format!("b{n}"), n, BURST_ORDER)).collect();
        events.push(self.order("k1", 10 * 60, ABROAD_ORDER));
        events.push(b"{\"event_id\":".to_vec());
        events.push(self.order("p1", 20 * 60, PLAIN_ORDER));
        events
    }

    /// An order so many minutes after the first.
    fn order(&self, id: &str, minutes: i64, rest: &str) -> Vec<u8> {
        let at = self.base.plus(Span::from_mins(minutes)).as_ms();
        format!(
            "{{\"event_id\":\"{id}\",\"kind\":\"order\",\"occurred_at\":{at},\"order_id\":\"{id}\",{rest}}}"
        )
        .into_bytes()
    }

    /// Puts records into the store, and decides them.
    pub(crate) fn take(&self, raws: Vec<Vec<u8>>) {
        let mut store = Store::open(&self.data(), &Holder::here(now(), None)).unwrap();
        let genesis = |ruleset| Genesis { allowed_skew: SKEW, ..Genesis::standard(ruleset) };
        begin(&mut store, genesis, &engine::sources(&self.rules())).unwrap();
        let snapshots = store.snapshots();
        let serve = Serve {
            chunk: 64,
            threads: Threads::Exactly(1),
            snapshot_interval_records: 1_000_000,
            undecided_records_max: 1_000_000,
        };
        let tell: runtime::service::Tell = Arc::new(|_| {});
        let service = Service::start(store, snapshots, serve, &tell, &mut |_| {}).unwrap();
        let arrived = |raw: Vec<u8>| {
            let body = match connector::wire::decode(&raw) {
                Ok(decoded) => RecordBody::Event(Box::new(decoded.event)),
                Err(refusal) => RecordBody::Undecodable(refusal),
            };
            Arrived { raw: raw.into(), body, origin: Origin::Bytes }
        };
        let answer = service.handle().submit(raws.into_iter().map(arrived).collect()).unwrap();
        answer.blocking_recv().unwrap().unwrap();
        let head = service.stop().unwrap().head().clone();
        assert_eq!(head.decided.map(|at| Position(at.0 + 1)), Some(head.next()));
    }

    /// The folder of its store.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A file or folder beside it.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn rules(&self) -> PathBuf {
        self.folder.path().join("rules")
    }

    /// Runs a command on it.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate-under-test"));
        command.args(arguments).current_dir(self.folder.path());
        command.env("NO_COLOR", "1").env("USER", "ana").env("TIDEGATE_DATA", self.data());
        command
    }

    /// What somebody sees of it on a terminal of so many columns.
    pub(crate) fn seen(&self, columns: usize, arguments: &[&str]) -> String {
        let binary = env!("CARGO_BIN_EXE_tidegate-under-test");
        let line = format!("stty cols {columns}; {binary} {}", arguments.join(" "));
        let mut terminal = Command::new("script");
        terminal.args(["-qec", &line, "/dev/null"]).stdin(Stdio::null()).current_dir(self.folder.path());
        terminal.env("NO_COLOR", "1").env("USER", "ana").env("TIDEGATE_DATA", self.data());
        stdout(&terminal.output().unwrap()).replace("\r\n", "\n")
    }

    /// What a command prints that ends well.
    pub(crate) fn tell(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert!(run.status.success(), "{arguments:?}: {}{}", stdout(&run), stderr(&run));
        stdout(&run)
    }

    /// The same as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let arguments = [arguments, &["--output", "json"]].concat();
        serde_json::from_str(&self.tell(&arguments)).unwrap()
    }

    /// What a command says that ends with this code.
    pub(crate) fn refused(&self, code: i32, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert_eq!(run.status.code(), Some(code), "{arguments:?}: {}{}", stdout(&run), stderr(&run));
        stderr(&run)
    }

    /// A column of what a command prints as CSV.
    pub(crate) fn column(&self, name: &str, arguments: &[&str]) -> Vec<String> {
        let text = self.tell(&[arguments, &["--output", "csv"]].concat());
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        let index = rows.headers().unwrap().iter().position(|header| header == name).unwrap();
        rows.records().map(|row| row.unwrap()[index].to_owned()).collect()
    }

    /// What the accounts of all commissions of a currency hold.
    pub(crate) fn balance(&self, currency: &str, account: &str) -> i64 {
        let status = self.json(&["status"]);
        let all = status["money"].as_array().unwrap();
        let of = all.iter().filter(|money| money["currency"] == currency);
        of.map(|money| money["balance"][account].as_i64().unwrap()).sum()
    }

    /// Runs it as a service.
    pub(crate) fn start(&self) -> Served {
        let mut command = self.command(&["run", "--listen", "127.0.0.1:0", "--rules"]);
        command.arg(self.rules());
        Served::running(command)
    }
}

const BURST_ORDER: &str = r#""market":"us","currency":"USD","shop_id":"s1","ip":"203.0.113.7","buyer_id":"x","lines":[{"line_id":"1","product_id":"p","quantity":1,"paid":10000,"declared":{"creator_id":"mia","rate_bp":1000}}]"#;
const ABROAD_ORDER: &str = r#""market":"de","currency":"EUR","shop_id":"s2","country":"DE","buyer_id":"y","lines":[{"line_id":"1","product_id":"p","quantity":1,"paid":50000,"declared":{"creator_id":"leo","rate_bp":1000}}]"#;
const PLAIN_ORDER: &str = r#""market":"us","currency":"USD","shop_id":"s1","buyer_id":"z","lines":[{"line_id":"1","product_id":"p","quantity":1,"paid":20000,"declared":{"creator_id":"leo","rate_bp":1000}}]"#;

/// The same file, byte for byte.
pub(crate) fn same(one: &Path, other: &Path) -> bool {
    std::fs::read(one).unwrap() == std::fs::read(other).unwrap()
}

/// Waits for a moment that is so many milliseconds away.
pub(crate) fn wait_ms(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}
