//! Measures the deciding thread: what every chunk cost and brought about, and, once a second, what the state says.
//! Counts since the log began are taken from the decider's own tally, so that counting costs nothing per record.

use decider::{Decider, Effects, Row};
use metrics::{Counter, Histogram};
use model::event::Kind;
use model::policy::Mode;
use model::refusal::Code;
use model::verdict::Decision;
use model::{EventTime, RuleId, Verdict};
use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::{SteadyClock, Stopwatch};
use crate::service::desk::Refused;
use crate::service::limit::FEED_SERIES_MAX;
use crate::service::loader::Load;
use crate::telemetry;

/// How often the state's figures are published.
const PUBLISH: Duration = Duration::from_secs(1);
/// How often rules are timed at most: small chunks must not be judged twice, each of them.
const SAMPLE: Duration = Duration::from_millis(10);

/// Measures the deciding thread.
pub(crate) struct Meter {
    chunk_time: Histogram,
    chunk_records: Histogram,
    verdicts: BTreeMap<&'static str, Counter>,
    rules: BTreeMap<RuleId, Histogram>,
    sampled: Option<Stopwatch>,
    published: Option<Stopwatch>,
    ruleset: String,
}

impl Meter {
    pub(crate) fn new() -> Meter {
        // What has not happened yet is exposed as 0: an alert on its growth sees the first.
        Load::OUTCOMES.iter().for_each(|of| telemetry::RULESET_LOADS.counter(&[of]).increment(0));
        Refused::REASONS.iter().for_each(|of| telemetry::REFUSED_BATCHES.counter(&[of]).increment(0));
        let decision = |of: Decision| (of.name(), telemetry::VERDICTS.counter(&[of.name()]));
        Meter {
            chunk_time: telemetry::CHUNK_TIME.histogram(&[]),
            chunk_records: telemetry::CHUNK_RECORDS.histogram(&[]),
            verdicts: Decision::ALL.into_iter().map(decision).collect(),
            rules: BTreeMap::new(),
            sampled: None,
            published: None,
            ruleset: String::new(),
        }
    }

    /// A chunk was decided.
    pub(crate) fn chunk(&mut self, records: usize, took: Duration, effects: &Effects) {
        self.chunk_time.record(took.as_secs_f64());
        self.chunk_records.record(records as f64);
        self.count(&effects.verdicts);
    }

    fn count(&self, verdicts: &[Verdict]) {
        let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
        for verdict in verdicts {
            *counts.entry(verdict.decision.name()).or_default() += 1;
        }
        for (decision, count) in counts {
            if let Some(counter) = self.verdicts.get(decision) {
                counter.increment(count);
            }
        }
    }

    /// Takes the time of every rule on what was measured last, if it has been a while.
    pub(crate) fn sample(&mut self, decider: &Decider, rows: &[Row]) {
        if self.sampled.is_some_and(|sampled| sampled.elapsed() < SAMPLE) {
            return;
        }
        let Some(row) = rows.iter().rev().find(|row| row.measures.is_some()) else { return };
        self.sampled = Some(Stopwatch::start());
        let mut since = Stopwatch::start();
        decider.rehearse(row, &mut |rule| {
            let took = since.elapsed();
            let time = match self.rules.get(rule) {
                Some(time) => time,
                None => self
                    .rules
                    .entry(rule.clone())
                    .or_insert_with(|| telemetry::RULE_TIME.histogram(&[rule.as_str()])),
            };
            time.record(took.as_secs_f64());
            since = Stopwatch::start();
        });
    }

    /// Publishes what the state says, if it has been a while.
    pub(crate) fn publish(&mut self, decider: &Decider, clock: &mut SteadyClock) {
        if self.published.is_some_and(|published| published.elapsed() < PUBLISH) {
            return;
        }
        self.published = Some(Stopwatch::start());
        admission(decider);
        rules(decider);
        money(decider);
        feeds(decider);
        windows(decider);
        self.ruleset(decider);
        time(decider.clock(), clock);
    }

    fn ruleset(&mut self, decider: &Decider) {
        let ruleset = decider.ruleset();
        if self.ruleset != ruleset.hash() {
            if !self.ruleset.is_empty() {
                telemetry::RULESET_INFO.set(&[&self.ruleset], 0);
            }
            self.ruleset = ruleset.hash().to_owned();
        }
        telemetry::RULESET_INFO.set(&[&self.ruleset], 1);
        for (mode, count) in modes(decider) {
            telemetry::RULESET_RULES.set(&[mode], count);
        }
        telemetry::CURRENCY_MISMATCHES.set(&[], ruleset.mismatched_currencies());
    }
}

fn modes(decider: &Decider) -> BTreeMap<&'static str, u64> {
    let mut modes: BTreeMap<&'static str, u64> =
        ["draft", "shadow", "canary", "live", "retired"].map(|mode| (mode, 0)).into();
    for rule in decider.ruleset().rules() {
        let mode = match rule.mode {
            Mode::Draft => "draft",
            Mode::Shadow => "shadow",
            Mode::Canary(_) => "canary",
            Mode::Live => "live",
            Mode::Retired => "retired",
        };
        *modes.entry(mode).or_default() += 1;
    }
    modes
}

/// What became of records.
fn admission(decider: &Decider) {
    let tally = decider.tally();
    for kind in Kind::ALL {
        for (outcome, counts) in
            [("accepted", &tally.kinds), ("duplicate", &tally.repeated), ("refused", &tally.turned_away)]
        {
            let count = counts.get(&kind).copied().unwrap_or_default();
            telemetry::EVENTS.counter(&[kind.name(), outcome]).absolute(count);
        }
        let late = tally.late.get(&kind).copied().unwrap_or_default();
        telemetry::LATE_EVENTS.counter(&[kind.name()]).absolute(late);
    }
    let unreadable = tally.refused_total().saturating_sub(tally.turned_away.values().sum());
    telemetry::EVENTS.counter(&["undecodable", "refused"]).absolute(unreadable);
    for code in Code::ALL {
        let of = |counts: &BTreeMap<Code, u64>| counts.get(code).copied().unwrap_or_default();
        telemetry::DEAD_LETTERS.counter(&[code.name()]).absolute(of(&tally.refused) + of(&tally.expired));
    }
    for (evidence, count) in &tally.credited {
        telemetry::ORDERS_CREDITED.counter(&[evidence]).absolute(*count);
    }
    telemetry::PARKED_RECORDS.counter(&[]).absolute(tally.parked);
    telemetry::CONTROL_RECORDS.counter(&[]).absolute(tally.controls);
    telemetry::TICKS.counter(&[]).absolute(tally.ticks);
    telemetry::SWEEPS.counter(&[]).absolute(tally.sweeps);
}

/// What rules did; those that are gone from the ruleset as well.
fn rules(decider: &Decider) {
    for (rule, tally) in &decider.tally().rules {
        let rule = [rule.as_str()];
        let judged: u64 = tally.sight.values().map(|sight| sight.judged).sum();
        let sighted: u64 = tally.sight.values().map(|sight| sight.carried).sum();
        telemetry::RULE_JUDGED.counter(&rule).absolute(judged);
        telemetry::RULE_SIGHTED.counter(&rule).absolute(sighted);
        telemetry::RULE_HITS.counter(&rule).absolute(tally.fired);
        telemetry::RULE_FAILURES.counter(&rule).absolute(tally.failed);
    }
    let ignored: Vec<&RuleId> = decider.ledger().ignored_rules().map(|(rule, _)| rule).collect();
    for rule in decider.ruleset().rules() {
        telemetry::RULE_IGNORED.set(&[rule.id.as_str()], u8::from(ignored.contains(&&rule.id)));
    }
}

fn money(decider: &Decider) {
    let ledger = decider.ledger();
    let mut sums: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    let totals = ledger.totals();
    for ((_, _, currency), accounts) in &totals {
        for (account, amount) in accounts {
            let sum = sums.entry((account.name(), currency.code())).or_default();
            *sum = sum.saturating_add(amount.0);
        }
    }
    for ((account, currency), sum) in sums {
        telemetry::MONEY.set(&[account, currency], sum);
    }
    telemetry::OPEN_COMMISSIONS.set(&[], ledger.open_commissions());
    telemetry::AWAITING_FEED.set(&[], ledger.awaiting_feeds());
}

/// How complete feeds are; of very many, those that come first by name.
fn feeds(decider: &Decider) {
    for (source, kind, market, through) in decider.ledger().feeds().take(FEED_SERIES_MAX) {
        let labels = [source.as_str(), kind.name(), market.map_or("", |market| market.as_str())];
        telemetry::FEED_COMPLETE.gauge(&labels).set(seconds(through.as_ms()));
    }
}

fn windows(decider: &Decider) {
    let usage = decider.windows().usage();
    telemetry::WINDOW_KEYS.set(&[], usage.keys);
    telemetry::WINDOW_PAIRS.set(&[], usage.pairs);
    telemetry::WINDOW_BYTES.set(&[], usage.bytes);
    telemetry::WINDOW_LOST.set(&[], usage.lost_rows + usage.lost_values);
}

fn time(log: Option<EventTime>, wall: &mut SteadyClock) {
    let Some(log) = log else { return };
    telemetry::LOG_CLOCK.gauge(&[]).set(seconds(log.as_ms()));
    telemetry::EVENT_TIME_LAG.gauge(&[]).set(seconds(wall.now().as_ms() - log.as_ms()));
    telemetry::CLOCK_JUMP.gauge(&[]).set(seconds(wall.jump_ms().unwrap_or_default()));
}

/// Milliseconds as seconds.
#[expect(clippy::float_arithmetic, reason = "a metric; no decision reads it")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}
