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
//!
//! What cannot be read is taken to be as wide as it may be: the ruleset does not load, and no rule is measured
//! against a guess.

use model::policy::{MarketPolicy, Mode, OnFailure, WindowLimits};
use model::{Market, ProgramId, Span, limit};
use std::collections::BTreeMap;
use toml::de::DeTable;

use crate::constant::Constant;
use crate::diagnostic::{Range, nearest};
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
    pub(crate) rules: Named,
}

/// What is said of rules by name.
#[derive(Debug, Clone)]
pub(crate) enum Named {
    /// There is no file.
    Nothing,
    /// What it says of them cannot be read.
    Failed,
    Rules(BTreeMap<String, RuleSettings>),
}

impl Named {
    pub(crate) fn rule(&self, name: &str) -> Option<&RuleSettings> {
        self.rules().find(|(own, _)| *own == name).map(|(_, settings)| settings)
    }

    /// The rules that are named.
    pub(crate) fn rules(&self) -> impl Iterator<Item = (&str, &RuleSettings)> {
        let rules = match self {
            Named::Nothing | Named::Failed => None,
            Named::Rules(rules) => Some(rules),
        };
        rules.into_iter().flatten().map(|(name, settings)| (name.as_str(), settings))
    }

    /// What is said of one of these rules under a name that is no rule's and nearest to its own.
    pub(crate) fn meant_for(&self, name: &str, names: &[&str]) -> Option<&RuleSettings> {
        let meant = |said: &str| !names.contains(&said) && nearest(said, names.iter().copied()) == Some(name);
        self.rules().find(|(said, _)| meant(said)).map(|(_, own)| own)
    }
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
            rules: Named::Nothing,
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
        let Some(root) = file.root() else { return Settings::failed() };
        file.only(&root, &SECTIONS);
        let mut settings = Settings { rules: Named::Rules(BTreeMap::new()), ..Settings::default() };
        let second = Span::from_secs(1);
        if TomlFile::says(&root, "longest_window", &SECTIONS) {
            let window = file.span(&root, "longest_window", second, WINDOW_MAX);
            settings.longest_window = window.unwrap_or(WINDOW_MAX);
        }
        if TomlFile::says(&root, "longest_hold", &SECTIONS) {
            let longest_hold = file.span(&root, "longest_hold", second, HOLD_MAX).unwrap_or(HOLD_MAX);
            settings.default_market = MarketPolicy { longest_hold };
        }
        settings.read_markets(file, &root);
        settings.read_score(file, &root);
        settings.read_holds(file, &root);
        settings.read_failures(file, &root);
        settings.read_limits(file, &root);
        if TomlFile::says(&root, "rules", &SECTIONS) {
            let rules = file.table(&root, "rules").map(|rules| settings.read_rules(file, rules));
            let whole = rules.filter(|_| !TomlFile::misspells(&root, "rules", &SECTIONS));
            settings.rules = whole.map_or(Named::Failed, Named::Rules);
        }
        settings
    }

    /// Of a file that cannot be read.
    pub(crate) fn failed() -> Settings {
        Settings {
            longest_window: WINDOW_MAX,
            default_market: MarketPolicy { longest_hold: HOLD_MAX },
            rules: Named::Failed,
            ..Settings::default()
        }
    }

    fn read_rules(&self, file: &mut TomlFile<'_>, rules: &DeTable<'_>) -> BTreeMap<String, RuleSettings> {
        let mut found = BTreeMap::new();
        for key in rules.keys() {
            let (name, range) = (key.get_ref().as_ref(), file.range_of(key));
            let table = file.table(rules, name);
            let own = table.map_or_else(
                || failed_rule(range),
                |table| read_rule(file, table, range, self.longest_hold()),
            );
            found.insert(name.to_owned(), own);
        }
        found
    }

    fn read_markets(&mut self, file: &mut TomlFile<'_>, root: &DeTable<'_>) {
        let markets = file.table(root, "markets");
        let is_whole = markets.is_some() && !TomlFile::misspells(root, "markets", &SECTIONS);
        if TomlFile::says(root, "markets", &SECTIONS) && !is_whole {
            self.default_market = MarketPolicy { longest_hold: HOLD_MAX };
        }
        let Some(markets) = markets else { return };
        for (key, value) in markets {
            let name = key.get_ref().as_ref();
            let Some(terms) = file.table(markets, name) else { continue };
            file.only(terms, &MARKET);
            let said = TomlFile::says(terms, "longest_hold", &MARKET);
            let longest_hold =
                file.span(terms, "longest_hold", Span::from_secs(1), HOLD_MAX).unwrap_or(HOLD_MAX);
            match Market::new(name) {
                Ok(market) if said => {
                    self.markets.insert(market, MarketPolicy { longest_hold });
                }
                Ok(_) => {}
                Err(error) => file.wrong(value, name, &error.to_string()),
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
const MARKET: [&str; 1] = ["longest_hold"];
const RULE: [&str; 8] =
    ["mode", "hold", "may_reject", "on_failure", "failures_max", "dials", "markets", "programs"];
const ON_FAILURE: [(&str, OnFailure); 2] = [("hold", OnFailure::Hold), ("ignore", OnFailure::Ignore)];

fn read_rule(file: &mut TomlFile<'_>, rule: &DeTable<'_>, range: Range, longest_hold: Span) -> RuleSettings {
    file.only(rule, &RULE);
    let dials = file.table(rule, "dials").map(|dials| read_dials(file, dials)).unwrap_or_default();
    let may_reject = file.truth(rule, "may_reject");
    RuleSettings {
        range,
        mode: read_mode(file, rule, range),
        hold: file.hold(rule, "hold", longest_hold),
        may_reject: may_reject.unwrap_or_else(|| TomlFile::says(rule, "may_reject", &RULE)),
        on_failure: file.choice(rule, "on_failure", &ON_FAILURE),
        failures_max: file.number(rule, "failures_max", 0),
        dials,
        markets: read_places(file, rule, "markets", |name| Market::new(name).ok()),
        programs: read_places(file, rule, "programs", |name| ProgramId::new(name).ok()),
    }
}

/// What is said of a rule in a way that cannot be read.
fn failed_rule(range: Range) -> RuleSettings {
    RuleSettings {
        range,
        mode: Mode::Draft,
        hold: None,
        may_reject: true,
        on_failure: None,
        failures_max: None,
        dials: Vec::new(),
        markets: BTreeMap::new(),
        programs: BTreeMap::new(),
    }
}

fn read_mode(file: &mut TomlFile<'_>, rule: &DeTable<'_>, range: Range) -> Mode {
    let Some((text, value)) = file.text(rule, "mode") else {
        if !TomlFile::says(rule, "mode", &RULE) {
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
