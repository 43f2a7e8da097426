//! A verdict as one line that a reviewer can read: what a case expects.
//!
//! ```text
//! TIME SUBJECT DECISION [FROM>TO AMOUNT CURRENCY]… [held by RULE [until TIME], …] [because RULE, …]
//! ```
//!
//! Times are from the beginning of the case; a hold without `until` waits for a person. A subject is `ORDER/CREATOR`,
//! with the component when it is not the creator's usual one; what has no commission is named as in the verdict.
//! Evidence, balances and ids are left out: they follow from the rest, or are numbers nobody reviews. So is the
//! reason that goes without saying: `attributed` of an accrual, `settled` of a release, `score` beside what scored.

use model::event::Component;
use model::verdict::{Decision, HoldView, Posting};
use model::{Currency, Money, Verdict};

use super::clock::since_epoch;

/// The line of a verdict.
pub fn project(verdict: &Verdict) -> String {
    let mut line =
        format!("{} {} {}", since_epoch(verdict.occurred_at), subject(verdict), verdict.decision.name());
    for posting in &verdict.postings {
        line.push_str(&moved(posting, verdict.currency));
    }
    if !verdict.holds.is_empty() {
        let holds: Vec<String> = verdict.holds.iter().map(hold).collect();
        line.push_str(&format!(" held by {}", holds.join(", ")));
    }
    let rules = verdict.reasons.iter().map(|reason| reason.rule.as_str());
    let rules: Vec<&str> = rules.filter(|rule| !goes_without_saying(verdict.decision, rule)).collect();
    if !rules.is_empty() {
        line.push_str(&format!(" because {}", rules.join(", ")));
    }
    line
}

/// Money accrues because it was attributed, is released because it is settled, and is held by score because of the
/// rules that scored: only other reasons are news.
fn goes_without_saying(decision: Decision, rule: &str) -> bool {
    match rule {
        "attributed" => decision == Decision::Accrue,
        "settled" => decision == Decision::Release,
        "score" => true,
        _ => false,
    }
}

fn subject(verdict: &Verdict) -> String {
    let Some(beneficiary) = &verdict.beneficiary else {
        return verdict.subject.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
    };
    let who = beneficiary.strip_prefix("creator:").unwrap_or(beneficiary);
    let usual = Component::Cps.name();
    let component = verdict.component.as_deref().filter(|component| *component != usual);
    let order = verdict.order_id.as_ref().map(model::OrderId::as_str);
    let parts: Vec<&str> = order.into_iter().chain([who]).chain(component).collect();
    parts.join("/")
}

fn moved(posting: &Posting, currency: Option<Currency>) -> String {
    let amount = match currency {
        Some(currency) => Money { currency, minor: posting.amount }.to_string(),
        None => posting.amount.0.to_string(),
    };
    format!(" {}>{} {amount}", posting.from.name(), posting.to.name())
}

fn hold(hold: &HoldView) -> String {
    match hold.until {
        Some(until) => format!("{} until {}", hold.rule, since_epoch(until)),
        None => hold.rule.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::epoch;
    use model::event::Beneficiary;
    use model::verdict::{Account, CommissionId, HoldId, Reason, Subject, VerdictId};
    use model::{CreatorId, Market, Minor, OrderId, Position, ProgramId, RuleId, Span, Text};
    use std::collections::BTreeMap;

    fn reason(rule: RuleId) -> Reason {
        Reason { rule, public_code: Text::new("code"), evidence: BTreeMap::new() }
    }

    fn verdict() -> Verdict {
        let beneficiary = Beneficiary::Creator(CreatorId::new("maria").unwrap());
        let id = CommissionId::named("main", "o5", &beneficiary, Component::Cps);
        let rule = RuleId::new("same_device").unwrap();
        let until = Some(epoch().plus(Span::from_days(14)));
        Verdict {
            verdict_id: VerdictId::of_subject(&Subject::Commission(id), 1),
            commission_id: Some(id),
            subject: None,
            sequence: 1,
            position: Position(9),
            occurred_at: epoch().plus(Span::from_secs(150)),
            decision: Decision::Accrue,
            postings: vec![Posting { from: Account::Accrued, to: Account::Held, amount: Minor(1_000) }],
            currency: Currency::new("USD"),
            balance: BTreeMap::new(),
            beneficiary: Some(Text::new("creator:maria")),
            component: Some(Text::new("cps")),
            order_id: OrderId::new("o5").ok(),
            shop_id: None,
            market: Market::new("main").unwrap(),
            program_id: ProgramId::new("main").unwrap(),
            due: None,
            holds: vec![HoldView { hold_id: HoldId::of_scope("x", &rule), rule: rule.clone(), until }],
            reasons: vec![reason(rule)],
            actors: Vec::new(),
            reattributed_from: None,
            ruleset: Text::new(""),
            semantics: 1,
        }
    }

    #[test]
    fn a_verdict_is_a_line() {
        let line = project(&verdict());
        let expected =
            "2m30s o5/maria accrue accrued>held 10.00 USD held by same_device until 14d because same_device";
        assert_eq!(line, expected);
    }

    #[test]
    fn what_goes_without_saying_is_left_out() {
        let line = |decision, rule: &str| {
            let reasons = vec![reason(RuleId::new(rule).unwrap())];
            project(&Verdict { decision, reasons, postings: Vec::new(), holds: Vec::new(), ..verdict() })
        };
        assert_eq!(line(Decision::Accrue, "attributed"), "2m30s o5/maria accrue");
        assert_eq!(line(Decision::Release, "settled"), "2m30s o5/maria release");
        assert_eq!(line(Decision::Restore, "settled"), "2m30s o5/maria restore because settled");
        assert_eq!(line(Decision::Hold, "same_ip_ring"), "2m30s o5/maria hold because same_ip_ring");
    }

    #[test]
    fn an_agency_and_its_component_are_named() {
        let share = Verdict {
            beneficiary: Some(Text::new("agency:north")),
            component: Some(Text::new("agency_share")),
            holds: Vec::new(),
            reasons: Vec::new(),
            ..verdict()
        };
        assert_eq!(project(&share), "2m30s o5/agency:north/agency_share accrue accrued>held 10.00 USD");
    }

    #[test]
    fn a_flag_about_a_click_is_named_after_it() {
        let flag = Verdict {
            commission_id: None,
            beneficiary: None,
            subject: Some(Text::new("click:main/k1")),
            decision: Decision::Flag,
            postings: Vec::new(),
            holds: Vec::new(),
            ..verdict()
        };
        assert_eq!(project(&flag), "2m30s click:main/k1 flag because same_device");
    }
}
