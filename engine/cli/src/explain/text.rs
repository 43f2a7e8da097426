//! The story as a person reads it.

use crate::explain::standing::CommissionStory;
use crate::explain::story::{CandidateStory, RuleStory, Scene, Story};
use crate::verdicts::{movements, reasons};

/// Candidates told of a line; the JSON has all.
const CANDIDATES_TOLD: usize = 3;

/// Tells the story.
pub(crate) fn tell(story: &Story) -> String {
    let mut text = format!("Order {} of program {}\n", story.order_id, story.program_id);
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
    for hold in &c.holds {
        text += &format!("  held by {hold}\n");
    }
    match (&c.due, c.holds.is_empty()) {
        (Some(due), _) if c.awaiting_feed => {
            text += &format!("  was due for release on {due}; awaits a feed that its program requires\n");
        }
        (Some(due), true) => text += &format!("  due for release on {due}, unless something happens\n"),
        (Some(due), false) => text += &format!("  due for release on {due}, once nothing holds it\n"),
        (None, _) => {}
    }
    text
}

fn told_scene(scene: &Scene) -> String {
    let mut text = format!("\n  {}  position {}: {}\n", scene.at, scene.position, scene.what);
    for rule in &scene.rules {
        text += &told_rule(rule);
    }
    let quiet =
        scene.rules.iter().filter(|r| r.said.is_empty() && !r.near_miss && r.failure.is_none()).count();
    if quiet > 0 {
        let rules = if quiet == 1 { "rule" } else { "rules" };
        text += &format!("    {quiet} other {rules} saw nothing\n");
    }
    for verdict in &scene.verdicts {
        let why = reasons(verdict);
        let why = if why.is_empty() { String::new() } else { format!("  because of {why}") };
        text += &format!("    ⇒ {} {}{why}\n", verdict.decision.name(), movements(verdict));
    }
    text
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
        text += &format!("    {}{mode} came near\n", rule.rule);
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
