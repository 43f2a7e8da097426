//! `ruleset.toml`: what every rule's mode is, which dials are set otherwise, how long holds last, what a failing
//! rule does, who may reject, and the limits of markets. Every key may be left out:
//!
//! ```toml
//! longest_window = "180d"             # no feature looks further back
//! longest_hold = "90d"                # no hold outlives this without being escalated
//!
//! [score]
//! threshold = 80                      # the total of live scores that holds an order
//! hold = "14d"                        # or "until_reviewed", the default
//!
//! [holds]                             # how long a hold lasts when its rule does not say, by severity
//! high = "until_reviewed"
//! medium = "14d"
//! low = "7d"
//!
//! [failures]                          # a rule that fails or exceeds its budget
//! policy = "hold"                     # or "ignore"
//! max = 100                           # after so many it is ignored
//!
//! [limits]                            # what the windows keep at once, see `model::limit`
//! window_keys = 10_000_000            # groups of one series
//! window_pairs = 20_000_000           # pairs of a group and a value, for one field told apart
//!
//! [markets.ID]
//! longest_hold = "60d"
//!
//! [rules.same_ip_burst]
//! mode = "live"                       # or "draft", "shadow", "canary 10%", "retired"
//! hold = "21d"                        # or "until_reviewed": instead of its severity's
//! may_reject = false
//! on_failure = "hold"
//! failures_max = 100
//! dials = { MIN_ORDERS = 6 }          # everywhere
//! markets.ID = { MIN_ORDERS = 8 }     # in one market
//! programs.vip = { MIN_ORDERS = 9 }   # in one program: wins over the market's
//! ```
//!
//! Without the file every rule is live. With it, a rule that it does not name is a draft, with a warning.

use model::policy::{MarketPolicy, Mode, OnFailure, WindowLimits};
use model::{Market, ProgramId, Span, limit};
use std::collections::BTreeMap;
use toml::de::DeTable;

use crate::constant::Constant;
use crate::diagnostic::Range;
use crate::toml_file::TomlFile;

/// The longest window that a ruleset may allow.
const WINDOW_MAX: Span = Span::from_days(730);
/// The longest hold that a ruleset may allow.
const HOLD_MAX: Span = Span::from_days(730);

/// Fewer groups or pairs than an hour of trade may bring: rules would fail for want of room on an honest day.
const WINDOW_ENTRIES_FEW: u32 = 10_000;

/// What `ruleset.toml` says, defaults filled in.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) longest_window: Span,
    pub(crate) default_market: MarketPolicy,
    pub(crate) markets: BTreeMap<Market, MarketPolicy>,
    pub(crate) score_threshold: i64,
    pub(crate) score_hold: Option<Span>,
    pub(crate) holds: SeverityHolds,
    pub(crate) on_failure: OnFailure,
    pub(crate) failures_max: i64,
    pub(crate) windows: WindowLimits,
    /// By rule; missing when there is no file.
    pub(crate) rules: Option<BTreeMap<String, RuleSettings>>,
}

/// Default holds by severity; until reviewed when missing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SeverityHolds {
    pub(crate) low: Option<Span>,
    pub(crate) medium: Option<Span>,
    pub(crate) high: Option<Span>,
}

/// What it says of one rule.
#[derive(Debug, Clone)]
pub(crate) struct RuleSettings {
    /// Where the rule is named.
    pub(crate) range: Range,
    pub(crate) mode: Mode,
    pub(crate) hold: Option<Option<Span>>,
    pub(crate) may_reject: bool,
    pub(crate) on_failure: Option<OnFailure>,
    pub(crate) failures_max: Option<i64>,
    pub(crate) dials: Vec<Override>,
    pub(crate) markets: BTreeMap<Market, Vec<Override>>,
    pub(crate) programs: BTreeMap<ProgramId, Vec<Override>>,
}

/// A dial set otherwise.
#[derive(Debug, Clone)]
pub(crate) struct Override {
    pub(crate) name: String,
    pub(crate) range: Range,
    pub(crate) value: Constant,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            longest_window: Span::from_days(180),
            default_market: MarketPolicy::default(),
            markets: BTreeMap::new(),
            score_threshold: 80,
            score_hold: None,
            holds: SeverityHolds {
                low: Some(Span::from_days(7)),
                medium: Some(Span::from_days(14)),
                high: None,
            },
            on_failure: OnFailure::Hold,
            failures_max: 100,
            windows: WindowLimits::default(),
            rules: None,
        }
    }
}

impl Settings {
    /// The longest hold of any market.
    pub(crate) fn longest_hold(&self) -> Span {
        let named = self.markets.values().map(|m| m.longest_hold);
        named.fold(self.default_market.longest_hold, Span::max)
    }

    /// Reads the file.
    pub(crate) fn read(file: &mut TomlFile<'_>) -> Settings {
        let mut settings = Settings { rules: Some(BTreeMap::new()), ..Settings::default() };
        let Some(root) = file.root() else { return settings };
        file.only(&root, &SECTIONS);
        let second = Span::from_secs(1);
        if let Some(window) = file.span(&root, "longest_window", second, WINDOW_MAX) {
            settings.longest_window = window;
        }
        if let Some(longest_hold) = file.span(&root, "longest_hold", second, HOLD_MAX) {
            settings.default_market = MarketPolicy { longest_hold };
        }
        settings.read_markets(file, &root);
        settings.read_score(file, &root);
        settings.read_holds(file, &root);
        settings.read_failures(file, &root);
        settings.read_limits(file, &root);
        if let Some(rules) = file.table(&root, "rules") {
            settings.rules = Some(read_rules(file, rules, settings.longest_hold()));
        }
        settings
    }

    fn read_markets(&mut self, file: &mut TomlFile<'_>, root: &DeTable<'_>) {
        let Some(markets) = file.table(root, "markets") else { return };
        for (key, value) in markets {
            let name = key.get_ref().as_ref();
            let Some(terms) = file.table(markets, name) else { continue };
            file.only(terms, &["longest_hold"]);
            let longest_hold = file.span(terms, "longest_hold", Span::from_secs(1), HOLD_MAX);
            match (Market::new(name), longest_hold) {
                (Ok(market), Some(longest_hold)) => {
                    self.markets.insert(market, MarketPolicy { longest_hold });
                }
                (Ok(_), None) => {}
                (Err(error), _) => file.wrong(value, name, &error.to_string()),
            }
        }
    }

    fn read_score(&mut self, file: &mut TomlFile<'_>, root: &DeTable<'_>) {
        let Some(score) = file.table(root, "score") else { return };
        file.only(score, &["threshold", "hold"]);
        if let Some(threshold) = file.number(score, "threshold", 1) {
            self.score_threshold = threshold;
        }
        if let Some(hold) = file.hold(score, "hold", self.longest_hold()) {
            self.score_hold = hold;
        }
    }

    fn read_holds(&mut self, file: &mut TomlFile<'_>, root: &DeTable<'_>) {
        let Some(holds) = file.table(root, "holds") else { return };
        file.only(holds, &["low", "medium", "high"]);
        let most = self.longest_hold();
        for (key, slot) in
            [("low", &mut self.holds.low), ("medium", &mut self.holds.medium), ("high", &mut self.holds.high)]
        {
            if let Some(length) = file.hold(holds, key, most) {
                *slot = length;
            }
        }
    }

    fn read_failures(&mut self, file: &mut TomlFile<'_>, root: &DeTable<'_>) {
        let Some(failures) = file.table(root, "failures") else { return };
        file.only(failures, &["policy", "max"]);
        if let Some(policy) = file.choice(failures, "policy", &ON_FAILURE) {
            self.on_failure = policy;
        }
        if let Some(max) = file.number(failures, "max", 0) {
            self.failures_max = max;
        }
    }

    fn read_limits(&mut self, file: &mut TomlFile<'_>, root: &DeTable<'_>) {
        let Some(limits) = file.table(root, "limits") else { return };
        file.only(limits, &["window_keys", "window_pairs"]);
        for (key, limit) in
            [("window_keys", &mut self.windows.keys), ("window_pairs", &mut self.windows.pairs)]
        {
            let Some((most, range)) = file.count(limits, key, limit::WINDOW_ENTRIES_MAX) else { continue };
            *limit = most;
            if most < WINDOW_ENTRIES_FEW {
                let message = format!("{most} are few: on an honest day rules would fail for want of room");
                let help = format!("leave `{key}` out, or allow at least {WINDOW_ENTRIES_FEW}");
                file.problems.warning("limit.low", range, message, Some(help));
            }
        }
    }
}

const SECTIONS: [&str; 8] =
    ["longest_window", "longest_hold", "score", "holds", "failures", "limits", "markets", "rules"];

const ON_FAILURE: [(&str, OnFailure); 2] = [("hold", OnFailure::Hold), ("ignore", OnFailure::Ignore)];

fn read_rules(
    file: &mut TomlFile<'_>,
    rules: &DeTable<'_>,
    longest_hold: Span,
) -> BTreeMap<String, RuleSettings> {
    let mut found = BTreeMap::new();
    for key in rules.keys() {
        let name = key.get_ref().as_ref();
        if let Some(table) = file.table(rules, name) {
            let range = file.range_of(key);
            found.insert(name.to_owned(), read_rule(file, table, range, longest_hold));
        }
    }
    found
}

fn read_rule(file: &mut TomlFile<'_>, rule: &DeTable<'_>, range: Range, longest_hold: Span) -> RuleSettings {
    let known = ["mode", "hold", "may_reject", "on_failure", "failures_max", "dials", "markets", "programs"];
    file.only(rule, &known);
    let dials = file.table(rule, "dials").map(|dials| read_dials(file, dials)).unwrap_or_default();
    RuleSettings {
        range,
        mode: read_mode(file, rule, range),
        hold: file.hold(rule, "hold", longest_hold),
        may_reject: file.truth(rule, "may_reject").unwrap_or(false),
        on_failure: file.choice(rule, "on_failure", &ON_FAILURE),
        failures_max: file.number(rule, "failures_max", 0),
        dials,
        markets: read_places(file, rule, "markets", |name| Market::new(name).ok()),
        programs: read_places(file, rule, "programs", |name| ProgramId::new(name).ok()),
    }
}

fn read_mode(file: &mut TomlFile<'_>, rule: &DeTable<'_>, range: Range) -> Mode {
    let Some((text, value)) = file.text(rule, "mode") else {
        if !rule.contains_key("mode") {
            let help =
                "add `mode = \"draft\"`, \"shadow\", \"canary 10%\", \"live\" or \"retired\"".to_owned();
            file.problems.error("mode.missing", range, "the rule has no `mode`".to_owned(), Some(help));
        }
        return Mode::Draft;
    };
    let canary = text.strip_prefix("canary ").and_then(|share| share.strip_suffix('%'));
    match (text, canary.and_then(|share| share.parse::<u8>().ok())) {
        ("draft", _) => Mode::Draft,
        ("shadow", _) => Mode::Shadow,
        ("live", _) => Mode::Live,
        ("retired", _) => Mode::Retired,
        (_, Some(share @ 1..=99)) => Mode::Canary(share),
        _ => {
            let wanted = "\"draft\", \"shadow\", \"canary 10%\" (1 to 99), \"live\" or \"retired\"";
            file.wrong(value, "mode", wanted);
            Mode::Draft
        }
    }
}

fn read_places<P: Ord>(
    file: &mut TomlFile<'_>,
    rule: &DeTable<'_>,
    key: &str,
    parse: fn(&str) -> Option<P>,
) -> BTreeMap<P, Vec<Override>> {
    let mut found = BTreeMap::new();
    let Some(places) = file.table(rule, key) else { return found };
    for (name, value) in places {
        let Some(place) = parse(name.get_ref()) else {
            file.wrong(value, name.get_ref(), "named by an id that is not empty");
            continue;
        };
        if let Some(dials) = file.table(places, name.get_ref()) {
            found.insert(place, read_dials(file, dials));
        }
    }
    found
}

fn read_dials(file: &mut TomlFile<'_>, dials: &DeTable<'_>) -> Vec<Override> {
    let mut found = Vec::new();
    for (name, value) in dials {
        let range = file.range_of(name);
        let name = name.get_ref().to_string();
        if let Some(value) = file.constant(value, &name) {
            found.push(Override { name, range, value });
        }
    }
    found
}
