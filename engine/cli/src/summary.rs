//! What a replay or demo came to, in money: the document behind `--output json`, the table and the CSV.

use attribution::Matched;
use connector::file::FileCounts;
use decider::Decider;
use model::policy::Mode;
use model::verdict::Account;
use model::{Currency, Market, Minor, Money, ProgramId};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

use crate::books::{Accounts, Books};

/// What a replay or demo came to.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Summary of a replay", extend("$id" = "summary.schema.json"))]
pub(crate) struct Summary {
    /// Hash of the ruleset that decided.
    pub ruleset: String,
    /// The meaning of the engine that decided.
    pub semantics: u32,
    /// How the records were received.
    pub log: LogSummary,
    /// What was passed over while the files were read, before there were records.
    pub passed_over: PassedOver,
    /// Events accepted, by kind.
    pub events: BTreeMap<String, u64>,
    /// Orders by the kind of evidence that credited them: coupon, click_id, buyer, device, declared, none.
    pub attribution: BTreeMap<String, u64>,
    /// Refunds that name no order: how far earlier purchases cover them.
    pub refund_lines: RefundLinesSummary,
    /// Refused records by code, those that waited in vain included.
    pub dead_letters: BTreeMap<String, u64>,
    /// Verdicts by decision.
    pub verdicts: BTreeMap<String, u64>,
    /// What the windows hold at the end, and what they had no room for.
    pub windows: WindowsSummary,
    /// Money by program, market and currency.
    pub money: Vec<MoneySummary>,
    /// What every rule did and saw.
    pub rules: Vec<RuleSummary>,
    /// Money by beneficiary: the largest share held first, then the most accrued.
    pub beneficiaries: Vec<BeneficiarySummary>,
}

/// How the records were received: read = applied + parked + duplicates + refused + controls.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LogSummary {
    /// Records read.
    pub read: u64,
    /// Took effect at their own position.
    pub applied: u64,
    /// Had to wait for what they refer to.
    pub parked: u64,
    /// Were there before.
    pub duplicates: u64,
    /// Went to the dead letters at once.
    pub refused: u64,
    /// Had to wait, and went to the dead letters because what they refer to never came.
    pub given_up: u64,
    /// Steered the engine.
    pub controls: u64,
    /// Reviews of something that is not known: they were applied, and changed nothing.
    pub unmatched_reviews: u64,
    /// Refunds of more than was left: the excess took nothing.
    pub over_refunds: u64,
    /// The log clock at the end, milliseconds since the epoch.
    pub clock_at: Option<i64>,
}

/// Lines of refunds that name no order, by how far earlier purchases of the buyer cover them.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RefundLinesSummary {
    /// Every unit was found.
    pub covered: u64,
    /// Some units were.
    pub partly_covered: u64,
    /// None was: what it refunds takes no commission back.
    pub uncovered: u64,
}

impl RefundLinesSummary {
    fn of(matched: Matched) -> RefundLinesSummary {
        let Matched { fully, partly, not } = matched;
        RefundLinesSummary { covered: fully, partly_covered: partly, uncovered: not }
    }

    /// For people: what there is.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let all = [
            ("covered", self.covered),
            ("partly covered", self.partly_covered),
            ("uncovered", self.uncovered),
        ];
        all.into_iter().filter(|(_, n)| *n > 0).map(|(name, n)| (name.to_owned(), n)).collect()
    }
}

/// What was passed over while the files were read: nothing of it reached the engine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct PassedOver {
    /// Rows of tables, by the reason that the mapping gives for skipping them.
    pub rows: BTreeMap<String, u64>,
    /// Fields of events that this version does not know.
    pub unknown_fields: u64,
}

impl PassedOver {
    /// Of all files together.
    pub(crate) fn of(files: &[FileCounts]) -> PassedOver {
        let mut passed_over = PassedOver::default();
        for file in files {
            passed_over.unknown_fields += file.unknown_fields;
            for (reason, rows) in &file.skipped {
                *passed_over.rows.entry(reason.clone()).or_default() += rows;
            }
        }
        passed_over
    }

    /// For people: one count a reason, and the fields.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let rows = self.rows.iter().map(|(reason, rows)| (format!("rows ({reason})"), *rows));
        let fields = (self.unknown_fields > 0).then(|| ("unknown fields".to_owned(), self.unknown_fields));
        rows.chain(fields).collect()
    }
}

/// What the windows hold, and what they had no room for under the limits of the ruleset.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WindowsSummary {
    /// Rows that some window has: a record has one for each grouping and group that counts it.
    pub rows: u64,
    /// Groups that have rows, each once for every grouping: `window_keys` limits those of one grouping.
    pub keys: u64,
    /// Values that rows of a group have: `window_pairs` limits those of one grouping and field.
    pub pairs: u64,
    /// Rows that were not kept, since the log began: rules that needed them failed.
    pub lost_rows: u64,
    /// Values that were not kept, since the log began: rules that needed them failed.
    pub lost_values: u64,
}

/// Accounts in minor units of the currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct AccountSummary {
    /// Ever earned: the sum of all the others.
    pub accrued: i64,
    /// Nothing decided yet.
    pub pending: i64,
    /// Doubted.
    pub held: i64,
    /// Free to be paid.
    pub released: i64,
    /// In a payout run.
    pub scheduled: i64,
    /// With the beneficiary.
    pub paid: i64,
    /// Paid, and to be got back.
    pub owed_back: i64,
    /// Got back.
    pub recovered: i64,
    /// Given up.
    pub written_off: i64,
    /// Taken off by refunds.
    pub reduced: i64,
    /// Taken off by fraud or cancellation.
    pub void: i64,
}

impl AccountSummary {
    /// From the books.
    pub(crate) fn of(accounts: &Accounts) -> AccountSummary {
        let of = |account| accounts.get(&account).copied().unwrap_or_default().0;
        AccountSummary {
            accrued: of(Account::Accrued),
            pending: of(Account::Pending),
            held: of(Account::Held),
            released: of(Account::Released),
            scheduled: of(Account::Scheduled),
            paid: of(Account::Paid),
            owed_back: of(Account::OwedBack),
            recovered: of(Account::Recovered),
            written_off: of(Account::WrittenOff),
            reduced: of(Account::Reduced),
            void: of(Account::Void),
        }
    }
}

/// The money of one program, market and currency.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct MoneySummary {
    /// The program.
    pub program_id: String,
    /// The market.
    pub market: String,
    /// ISO 4217.
    pub currency: String,
    /// Every account.
    #[serde(flatten)]
    pub accounts: AccountSummary,
    /// Of what is pending: due, and waiting for a feed that the program requires to be complete.
    pub awaiting_feed: i64,
}

/// The money of one beneficiary in one currency.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BeneficiarySummary {
    /// `creator:ID` or `agency:ID`.
    pub beneficiary: String,
    /// ISO 4217.
    pub currency: String,
    /// Every account.
    #[serde(flatten)]
    pub accounts: AccountSummary,
}

/// What one rule did and saw. Built-in reasons have no sight.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RuleSummary {
    /// The rule.
    pub rule: String,
    /// draft, shadow, canary, live or retired; `built-in` for the engine's own reasons.
    pub mode: String,
    /// Events on which it had an effect.
    pub fired: u64,
    /// Events on which it failed.
    pub failed: u64,
    /// It has failed too often: from behind this position on it is ignored.
    pub ignored_after: Option<u64>,
    /// Those on which it failed because the windows had had no room for too many keys.
    pub unknown: u64,
    /// Flags that name it.
    pub flags: u64,
    /// Money by currency.
    pub money: Vec<RuleMoneySummary>,
    /// How well it could see, by market.
    pub sight: Vec<SightSummary>,
}

/// What a rule did to money of one currency, in minor units. Money held by two rules counts for both.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RuleMoneySummary {
    /// ISO 4217.
    pub currency: String,
    /// Held at some time.
    pub held_ever: i64,
    /// Held now.
    pub held_now: i64,
    /// Commissions held now.
    pub commissions_now: u64,
    /// Voided.
    pub voided: i64,
}

/// How well a rule could see in one market.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SightSummary {
    /// The market.
    pub market: String,
    /// Events it was about.
    pub judged: u64,
    /// Those that carried every field it reads.
    pub carried: u64,
    /// Under half of them did: the rule says nothing because it sees nothing.
    pub blind: bool,
}

impl Summary {
    /// Sums a run up.
    pub(crate) fn new(decider: &Decider, mut books: Books, passed_over: PassedOver) -> Summary {
        books.close(decider.ledger());
        let (tally, counters) = (decider.tally(), decider.ledger().counters());
        let names = |counts: &BTreeMap<model::refusal::Code, u64>, into: &mut BTreeMap<String, u64>| {
            for (code, count) in counts {
                *into.entry(code.name().to_owned()).or_default() += count;
            }
        };
        let mut dead_letters = BTreeMap::new();
        names(&tally.refused, &mut dead_letters);
        names(&tally.expired, &mut dead_letters);
        Summary {
            ruleset: decider.ruleset().hash().to_owned(),
            semantics: model::SEMANTICS,
            log: LogSummary {
                read: tally.read,
                applied: tally.applied,
                parked: tally.parked,
                duplicates: tally.duplicates,
                refused: tally.refused_total(),
                given_up: tally.expired.values().sum(),
                controls: tally.controls,
                unmatched_reviews: counters.unmatched_reviews,
                over_refunds: counters.over_refunds,
                clock_at: decider.clock().map(|clock| clock.as_ms()),
            },
            passed_over,
            events: tally.kinds.iter().map(|(kind, n)| (kind.name().to_owned(), *n)).collect(),
            attribution: tally.credited.clone(),
            refund_lines: RefundLinesSummary::of(decider.attribution().matched()),
            dead_letters,
            verdicts: books.decisions.iter().map(|(decision, n)| (decision.name().to_owned(), *n)).collect(),
            windows: windows(decider),
            money: money(&books),
            rules: rules(decider, &books),
            beneficiaries: beneficiaries(&books),
        }
    }
}

fn windows(decider: &Decider) -> WindowsSummary {
    let usage = decider.windows().usage();
    WindowsSummary {
        rows: usage.rows,
        keys: usage.keys,
        pairs: usage.pairs,
        lost_rows: usage.lost_rows,
        lost_values: usage.lost_values,
    }
}

fn money(books: &Books) -> Vec<MoneySummary> {
    let of = |(key, accounts): (&(ProgramId, Market, Currency), &Accounts)| MoneySummary {
        program_id: key.0.to_string(),
        market: key.1.to_string(),
        currency: key.2.code().to_owned(),
        accounts: AccountSummary::of(accounts),
        awaiting_feed: books.awaiting_feed.get(key).copied().unwrap_or_default().0,
    };
    books.totals.iter().map(of).collect()
}

fn beneficiaries(books: &Books) -> Vec<BeneficiarySummary> {
    let of =
        |((beneficiary, currency), accounts): (&(model::Text, Currency), &Accounts)| BeneficiarySummary {
            beneficiary: beneficiary.to_string(),
            currency: currency.code().to_owned(),
            accounts: AccountSummary::of(accounts),
        };
    let mut all: Vec<_> = books.beneficiaries.iter().map(of).collect();
    // Amounts of different currencies do not compare; shares do.
    let held_ppm =
        |a: &AccountSummary| (i128::from(a.held) * 1_000_000).checked_div(i128::from(a.accrued)).unwrap_or(0);
    all.sort_by_key(|b| std::cmp::Reverse((held_ppm(&b.accounts), b.accounts.accrued)));
    all
}

fn rules(decider: &Decider, books: &Books) -> Vec<RuleSummary> {
    let infos = decider.ruleset().rules();
    let mut names: Vec<(String, String)> =
        infos.iter().map(|info| (info.id.to_string(), mode_name(info.mode))).collect();
    for (rule, _) in books.rules.keys() {
        if !names.iter().any(|(name, _)| name == rule.as_str()) {
            names.push((rule.to_string(), "built-in".into()));
        }
    }
    names.into_iter().map(|(rule, mode)| one_rule(rule, mode, decider, books)).collect()
}

fn one_rule(rule: String, mode: String, decider: &Decider, books: &Books) -> RuleSummary {
    let counted = decider.tally().rules.get(rule.as_str());
    let ignored = decider.ledger().ignored_rules().find(|(name, _)| name.as_str() == rule);
    // A rule that may not reject has only flagged what another has voided.
    let may_reject = decider.ruleset().policy().rules.get(rule.as_str()).is_none_or(|rule| rule.may_reject);
    let money = books.rules.iter().filter(|((name, _), _)| name.as_str() == rule);
    let money = money.map(|((_, currency), money)| RuleMoneySummary {
        currency: currency.code().to_owned(),
        held_ever: money.held_ever.0,
        held_now: money.held_now.0,
        commissions_now: money.commissions_now,
        voided: if may_reject { money.voided.0 } else { 0 },
    });
    let sight = counted.into_iter().flat_map(|tally| &tally.sight).map(|(market, sight)| SightSummary {
        market: market.to_string(),
        judged: sight.judged,
        carried: sight.carried,
        blind: sight.is_blind(),
    });
    RuleSummary {
        fired: counted.map_or(0, |t| t.fired),
        failed: counted.map_or(0, |t| t.failed),
        ignored_after: ignored.map(|(_, position)| position.0),
        unknown: counted.map_or(0, |t| t.unknown),
        flags: books.flags.get(rule.as_str()).copied().unwrap_or(0),
        money: money.collect(),
        sight: sight.collect(),
        rule,
        mode,
    }
}

/// The name of a mode as ruleset.toml has it.
pub(crate) fn mode_name(mode: Mode) -> String {
    match mode {
        Mode::Draft => "draft".into(),
        Mode::Shadow => "shadow".into(),
        Mode::Canary(percent) => format!("canary {percent}%"),
        Mode::Live => "live".into(),
        Mode::Retired => "retired".into(),
    }
}

/// An amount as people read it: `1,234.50`, without its currency.
pub(crate) fn amount(minor: i64, currency: &str) -> String {
    let Some(currency) = Currency::new(currency) else { return minor.to_string() };
    let plain = Money { currency, minor: Minor(minor) }.to_string();
    let number = plain.split(' ').next().unwrap_or_default();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |rest| ("-", rest));
    let grouped = group(digits);
    if fraction.is_empty() { format!("{sign}{grouped}") } else { format!("{sign}{grouped}.{fraction}") }
}

/// A whole number with thousands apart: `1,234,567`.
pub(crate) fn group(digits: &str) -> String {
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_keep_their_decimals() {
        assert_eq!(amount(630_482_606, "GBP"), "6,304,826.06");
        assert_eq!(amount(-123_456, "USD"), "-1,234.56");
        assert_eq!(amount(1_500_000, "JPY"), "1,500,000");
        assert_eq!(amount(5, "USD"), "0.05");
    }
}
