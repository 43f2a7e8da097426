//! `tidegate verdicts`: list what was decided.

mod export;
pub(crate) mod manifest;

use ledger::Cause;
use model::event::Beneficiary;
use model::hit::EvidenceValue;
use model::verdict::{Account, Decision, Reason};
use model::{Currency, EventTime, Minor, Money, RuleId, Text, Verdict};
use std::collections::{BTreeSet, VecDeque};

use crate::args::{OutputForm, Verdicts, VerdictsCommand};
use crate::config::Config;
use crate::failure::Failure;
use crate::print;
use crate::summary::amount;
use crate::table::table;
use crate::verdict_source::VerdictSource;

/// Verdicts in a table for people, unless `--last` says otherwise.
const SHOWN: usize = 40;

/// Runs the command.
pub(crate) fn run(args: &Verdicts, config: &Config) -> Result<(), Failure> {
    if let Some(VerdictsCommand::Export(args)) = &args.command {
        return export::run(args);
    }
    check(args)?;
    let source = VerdictSource::meant(args.file.as_deref(), &args.data, config)?;
    let limit = args.last.unwrap_or(if config.output == OutputForm::Table { SHOWN } else { usize::MAX });
    let (mut kept, mut matching, mut met) = (VecDeque::new(), 0_u64, BTreeSet::new());
    source.each(|verdict| {
        if args.rule.is_some() {
            met.extend(verdict.reasons.iter().map(|reason| reason.rule.clone()));
        }
        if wanted(args, &verdict) {
            matching += 1;
            kept.push_back(verdict);
            if kept.len() > limit {
                kept.pop_front();
            }
        }
    })?;
    if let Some(rule) = args.rule.as_deref().filter(|_| matching == 0) {
        is_a_rule(rule, &met, config)?;
    }
    match config.output {
        OutputForm::Json => kept.iter().try_for_each(|verdict| {
            let mut line = Vec::new();
            connector::wire::write_verdict(verdict, &mut line);
            print::out(&String::from_utf8_lossy(&line))
        }),
        OutputForm::Csv => print::out(&csv(kept.iter())?),
        OutputForm::Table => {
            print::tell(&text(kept.iter()))?;
            if matching == 0 {
                print::note("no verdict matches");
            }
            if matching > kept.len() as u64 {
                print::note(&format!("the last {} of {matching}; --last N shows more", kept.len()));
            }
            Ok(())
        }
    }
}

/// What is asked for is of a form that a verdict could have.
fn check(args: &Verdicts) -> Result<(), Failure> {
    let unknown = |name: &&str| Decision::ALL.iter().all(|decision| decision.name() != *name);
    if let Some(name) = args.decision.as_deref().filter(unknown) {
        let known = Decision::ALL.map(Decision::name);
        return Err(Failure::usage(format!(
            "unknown decision `{name}`{}",
            crate::failure::nearest(name, "decisions", &known)
        )));
    }
    match args.beneficiary.as_deref().filter(|who| Beneficiary::parse(who).is_none()) {
        None => Ok(()),
        Some(who) => Err(Failure::usage(format!(
            "`{who}` is not a beneficiary; write `creator:{who}` or `agency:{who}`"
        ))),
    }
}

/// A rule that no verdict names may be one that never fired, or one that there is not.
fn is_a_rule(asked: &str, met: &BTreeSet<RuleId>, config: &Config) -> Result<(), Failure> {
    let rules = crate::rules_folder::read(&config.rules).unwrap_or_default();
    let mut known: BTreeSet<&str> = rules.paths().filter_map(|file| file.strip_suffix(".rhai")).collect();
    known.extend(met.iter().map(RuleId::as_str));
    known.extend(Cause::ALL.iter().map(|cause| cause.name()));
    if known.contains(asked) {
        return Ok(());
    }
    let known: Vec<&str> = known.into_iter().collect();
    let nearest = crate::failure::nearest(asked, "rules and built-in reasons", &known);
    Err(Failure::usage(format!("there is no rule `{asked}`{nearest}")))
}

fn wanted(args: &Verdicts, verdict: &Verdict) -> bool {
    let same =
        |asked: &Option<String>, found: Option<&str>| asked.as_deref().is_none_or(|a| found == Some(a));
    same(&args.decision, Some(verdict.decision.name()))
        && same(&args.beneficiary, verdict.beneficiary.as_deref())
        && same(&args.order, verdict.order_id.as_ref().map(|id| id.as_str()))
        && args.rule.as_deref().is_none_or(|rule| verdict.reasons.iter().any(|r| r.rule.as_str() == rule))
}

/// The amount that a verdict moves, in minor units.
pub(crate) fn moved(verdict: &Verdict) -> i64 {
    verdict.postings.iter().map(|posting| posting.amount.0).sum()
}

/// `pending → held 12.30 USD`, one movement after the other.
pub(crate) fn movements(verdict: &Verdict) -> String {
    let currency = verdict.currency.map_or(String::new(), |c| c.code().to_owned());
    let one = |p: &model::verdict::Posting| {
        let money = format!("{} {currency}", amount(p.amount.0, &currency));
        if p.from == Account::Accrued {
            format!("→ {} {money}", p.to.name())
        } else {
            format!("{} → {} {money}", p.from.name(), p.to.name())
        }
    };
    verdict.postings.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What a verdict is about, for people.
pub(crate) fn about(verdict: &Verdict) -> String {
    match (&verdict.order_id, &verdict.subject) {
        (Some(order), _) => order.to_string(),
        (None, Some(subject)) => subject.to_string(),
        (None, None) => String::new(),
    }
}

/// The reasons' rules with their numbers: `same_ip_burst (buyers 2, orders 7)`.
pub(crate) fn reasons(verdict: &Verdict) -> String {
    let told = verdict.reasons.iter().map(|why| reason(why, verdict.currency));
    told.collect::<Vec<_>>().join("; ")
}

/// One of them; its amounts are of this currency.
pub(crate) fn reason(reason: &Reason, currency: Option<Currency>) -> String {
    let told =
        |(name, value): (&Text, &EvidenceValue)| format!("{name} {}", shown(reason, name, value, currency));
    let numbers: Vec<String> = reason.evidence.iter().map(told).collect();
    if numbers.is_empty() {
        reason.rule.to_string()
    } else {
        format!("{} ({})", reason.rule, numbers.join(", "))
    }
}

fn shown(reason: &Reason, name: &str, value: &EvidenceValue, currency: Option<Currency>) -> String {
    match value {
        EvidenceValue::Int(number) => match (meaning(reason.rule.as_str(), name), currency) {
            (Number::Time, _) => {
                EventTime::from_ms(*number).map_or(number.to_string(), |time| time.to_string())
            }
            (Number::Money, Some(currency)) => Money { currency, minor: Minor(*number) }.to_string(),
            (Number::Money, None) | (Number::Plain, _) => number.to_string(),
        },
        EvidenceValue::Ratio { numerator, denominator } => format!("{numerator}/{denominator}"),
        EvidenceValue::Id(id) => id.to_string(),
    }
}

/// What an integer among the evidence is.
enum Number {
    Plain,
    Time,
    Money,
}

/// A built-in reason says times and money as integers; a rule's own numbers are as the rule means them.
fn meaning(rule: &str, name: &str) -> Number {
    let of = |causes: &[Cause]| causes.iter().any(|cause| cause.name() == rule);
    match name {
        _ if of(&[Cause::Lapsed]) => Number::Time,
        "due_at" | "since_at" if of(&[Cause::Settled, Cause::Escalated]) => Number::Time,
        "amount" | "beyond" | "paid" | "scheduled"
            if of(&[Cause::Refund, Cause::OverRefund, Cause::TooLate, Cause::PaidBeyond]) =>
        {
            Number::Money
        }
        _ => Number::Plain,
    }
}

/// Verdicts as a table.
pub(crate) fn text<'v>(verdicts: impl Iterator<Item = &'v Verdict>) -> String {
    let mut table = table(&["at", "decision", "order", "beneficiary", "money", "why"]);
    for verdict in verdicts {
        table.add_row([
            verdict.occurred_at.to_string(),
            verdict.decision.name().to_owned(),
            about(verdict),
            verdict.beneficiary.as_deref().unwrap_or_default().to_owned(),
            movements(verdict),
            reasons(verdict),
        ]);
    }
    format!("{table}\n")
}

/// Verdicts as CSV.
pub(crate) fn csv<'v>(verdicts: impl Iterator<Item = &'v Verdict>) -> Result<String, Failure> {
    print::csv_text(|csv| {
        csv.write_record([
            "verdict_id",
            "commission_id",
            "subject",
            "sequence",
            "position",
            "occurred_at",
            "decision",
            "postings",
            "amount",
            "currency",
            "beneficiary",
            "component",
            "order_id",
            "market",
            "program_id",
            "reasons",
        ])?;
        for v in verdicts {
            let text = |t: Option<String>| t.unwrap_or_default();
            csv.write_record([
                v.verdict_id.to_string(),
                text(v.commission_id.map(|id| id.to_string())),
                text(v.subject.as_ref().map(ToString::to_string)),
                v.sequence.to_string(),
                v.position.to_string(),
                v.occurred_at.as_ms().to_string(),
                v.decision.name().to_owned(),
                v.postings
                    .iter()
                    .map(|p| format!("{}>{} {}", p.from.name(), p.to.name(), p.amount.0))
                    .collect::<Vec<_>>()
                    .join(" "),
                moved(v).to_string(),
                text(v.currency.map(|c| c.code().to_owned())),
                text(v.beneficiary.as_ref().map(ToString::to_string)),
                text(v.component.as_ref().map(ToString::to_string)),
                text(v.order_id.as_ref().map(ToString::to_string)),
                v.market.to_string(),
                v.program_id.to_string(),
                v.reasons.iter().map(|r| r.rule.as_str()).collect::<Vec<_>>().join(" "),
            ])?;
        }
        Ok(())
    })
}
