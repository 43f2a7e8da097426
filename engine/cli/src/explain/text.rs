//! The story as a person reads it.

use model::Verdict;
use model::verdict::Decision;

use crate::explain::scenes::Scene;
use crate::explain::standing::{CommissionStory, HoldStory};
use crate::explain::story::{CandidateStory, RuleStory, Story};
use crate::verdicts::{movements, reasons};

/// Candidates told of a line; the JSON has all.
const CANDIDATES_TOLD: usize = 3;

/// Tells the story.
pub(crate) fn tell(story: &Story) -> String {
    let mut text = capital(&format!("{} of program {}\n", story.about, story.program_id));
    if let Some(order) = &story.order {
        let buyer = order.buyer.as_ref().map_or(String::new(), |b| format!(", buyer {b}"));
        text += &format!("  {} paid on {} in market {}{buyer}\n", order.amount, order.at, order.market);
        for line in &order.lines {
            text += &format!("  line {}: {} for {}\n", line.line_id, line.product_id, line.paid);
            if line.candidates.is_empty() {
                text += "    nobody earns it\n";
            }
            for (index, candidate) in line.candidates.iter().take(CANDIDATES_TOLD).enumerate() {
                text += &told_candidate(index, candidate);
            }
        }
    }
    for commission in &story.commissions {
        text += &told_commission(commission);
    }
    text += "\nWhat happened\n";
    for scene in &story.scenes {
        text += &told_scene(scene);
    }
    text
}

fn told_candidate(index: usize, c: &CandidateStory) -> String {
    let place = if index == 0 { "credited" } else { "then" };
    let click = match (&c.click_id, c.click_age_s) {
        (Some(click), Some(age)) => format!(" (click {click}, {} before)", span(age)),
        _ => String::new(),
    };
    let directness = c.directness.map_or(String::new(), |d| format!(", {d}"));
    format!("    {place}: {} by {}{directness}{click}: {}\n", c.creator_id, c.evidence, c.terms)
}

/// Seconds as people say them.
fn span(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn told_commission(c: &CommissionStory) -> String {
    let stands = if c.stands.is_empty() { "nothing".into() } else { c.stands.join(", ") };
    let mut text =
        format!("\nCommission {}\n  {} ({}): {stands}\n", c.commission_id, c.beneficiary, c.component);
    c.holds.iter().for_each(|hold| text += &told_hold(hold));
    text + told_release(c).as_str()
}

fn told_hold(hold: &HoldStory) -> String {
    let why = hold.why.as_ref().map_or(String::new(), |why| format!("    because of {why}\n"));
    let set_off = hold.set_off_by.as_ref().map_or(String::new(), |what| format!("    set off when {what}\n"));
    let until = match &hold.until {
        Some(until) => format!("until {until}"),
        None if hold.escalated => "until reviewed: it has lasted as long as the market allows".into(),
        None => "until reviewed".into(),
    };
    format!("  held by {} {until}, since {}\n{why}{set_off}", hold.rule, hold.since)
}

fn told_release(c: &CommissionStory) -> String {
    match (&c.due, &c.due_by_dates) {
        (Some(due), _) if c.awaiting_feed => {
            format!("  was due for release on {due}; awaits a feed that its program requires\n")
        }
        (Some(due), _) => format!("  releases {due}, unless {}\n", listed(&c.unless)),
        (None, Some(due)) if c.holds.iter().any(|hold| hold.until.is_none()) => {
            format!("  waits for a person; by its dates alone it is due {due}\n")
        }
        (None, Some(due)) if c.refund_requested => {
            format!("  is due for release on {due}, once the refund that was requested is answered\n")
        }
        (None, _) if c.unless.is_empty() => String::new(),
        (None, _) => "  has no date yet: it counts from a status of the order that has not come\n".into(),
    }
}

/// `a`, `a, or b`, `a, b, or c`.
fn listed(clauses: &[String]) -> String {
    match clauses {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{}, or {last}", first.join(", ")),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn told_scene(scene: &Scene) -> String {
    let mut text = format!("\n  {}  position {}: {}\n", scene.at, scene.position, scene.what);
    for rule in &scene.rules {
        text += &told_rule(rule);
    }
    let quiet =
        scene.rules.iter().filter(|r| r.said.is_empty() && !r.near_miss && r.failure.is_none()).count();
    if quiet > 0 {
        let other = if quiet < scene.rules.len() { " other" } else { "" };
        let rules = if quiet == 1 { "rule" } else { "rules" };
        text += &format!("    {quiet}{other} {rules} saw nothing\n");
    }
    scene.verdicts.iter().for_each(|verdict| text += &told_verdict(verdict, scene));
    text
}

fn told_verdict(verdict: &Verdict, scene: &Scene) -> String {
    // The words of an order with one commission are plain enough.
    let several = scene.verdicts.iter().any(|other| other.commission_id != verdict.commission_id);
    let whose = match &verdict.beneficiary {
        Some(beneficiary) if several => format!(" for {beneficiary}"),
        Some(_) | None => String::new(),
    };
    let why = reasons(verdict);
    let why = if why.is_empty() { String::new() } else { format!("  because of {why}") };
    format!("    ⇒ {} {}{whose}{}{why}\n", verdict.decision.name(), movements(verdict), until(verdict))
}

/// How long a decision to hold holds.
fn until(verdict: &Verdict) -> String {
    if !matches!(verdict.decision, Decision::Accrue | Decision::Hold | Decision::Recall) {
        return String::new();
    }
    let new = |rule: &model::RuleId| verdict.reasons.iter().any(|reason| reason.rule == *rule);
    let ends = verdict.holds.iter().filter(|hold| new(&hold.rule)).map(|hold| match hold.until {
        Some(until) => format!(" until {until}"),
        None => " until reviewed".to_owned(),
    });
    ends.max().unwrap_or_default()
}

fn told_rule(rule: &RuleStory) -> String {
    let mut text = String::new();
    let mode = if rule.mode == "live" { String::new() } else { format!(" ({})", rule.mode) };
    if let Some(failure) = &rule.failure {
        text += &format!("    {}{mode} failed: {failure}\n", rule.rule);
    }
    for said in &rule.said {
        text += &format!("    {}{mode} fired: {said}\n", rule.rule);
    }
    if rule.near_miss {
        let reached: Vec<&str> = rule.conditions.iter().filter_map(|c| c.reached.as_deref()).collect();
        let reached = if reached.is_empty() { String::new() } else { format!(": {}", reached.join(", ")) };
        text += &format!("    {}{mode} came near{reached}\n", rule.rule);
    }
    if rule.near_miss || !rule.said.is_empty() {
        for condition in &rule.conditions {
            let mark = match condition.held {
                Some(true) => "✓",
                Some(false) => "✗",
                None => "?",
            };
            let values = condition.values.as_ref().map_or(String::new(), |v| format!("   {v}"));
            text += &format!("      {mark} {}{values}\n", condition.text);
        }
    }
    text
}
