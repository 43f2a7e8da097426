//! A hold: whose rule, why, on which commissions and how much money, until when.

use connector::store::Reader;
use connector::store::queries::{ExplanationView, HoldEpisode};
use model::Position;
use runtime::books::PAGE_ROWS_MAX;
use serde::Serialize;
use std::collections::BTreeMap;

use crate::args::{Data, OutputForm};
use crate::config::Config;
use crate::failure::Failure;
use crate::holds::{HOLDS, time};
use crate::print;
use crate::summary::{amount, group};
use crate::table::table;
use crate::verdict_source::parsed;

/// Commissions in the text for people; the JSON has up to a page of them.
const ROWS_TOLD: usize = 20;

/// A hold.
#[derive(Debug, Serialize)]
struct Told {
    /// Which.
    hold_id: String,
    /// The rule, or the built-in reason.
    rule: String,
    /// What creators are told.
    public_code: Option<String>,
    /// What the rule said when it first held, in its own words, with its numbers.
    said: Vec<ExplanationView>,
    /// The reason in the verdict that first showed it.
    reason: Option<String>,
    /// What it holds now, in minor units, by currency.
    held: BTreeMap<String, i64>,
    /// On each commission, from when it was placed until it ended.
    commissions: Vec<HoldEpisode>,
}

/// Tells it.
pub(super) fn tell(id: &str, reader: &Reader, data: &Data, config: &Config) -> Result<(), Failure> {
    let episodes = data.answered(reader.hold(id, PAGE_ROWS_MAX))?;
    let told = read(id, episodes, reader, data)?;
    match config.output {
        OutputForm::Json => print::out(&print::json(&told)?),
        OutputForm::Table => print::tell(&text(&told)),
        OutputForm::Csv => {
            Err(Failure::usage("a hold is told as text or as JSON; `holds list` lists as CSV".into()))
        }
    }
}

fn read(id: &str, episodes: Vec<HoldEpisode>, reader: &Reader, data: &Data) -> Result<Told, Failure> {
    let first = episodes.first().ok_or_else(|| Failure::unreadable(format!("there is no hold {id}")))?;
    let position = Position(first.since_position);
    let rule = first.hold.rule.clone();
    let said = data.answered(reader.explanations(position))?;
    let said = said.into_iter().filter(|said| said.rule == rule).collect();
    let mut held = BTreeMap::new();
    for episode in episodes.iter().filter(|episode| episode.ended_at.is_none()) {
        let currency = episode.hold.currency.clone().unwrap_or_default();
        *held.entry(currency).or_default() += episode.hold.amount;
    }
    Ok(Told {
        hold_id: id.to_owned(),
        public_code: first.public_code.clone(),
        said,
        reason: reason(first, reader, data)?,
        held,
        rule,
        commissions: episodes,
    })
}

/// The rule's reason in the verdict that first showed the hold, with its numbers.
fn reason(first: &HoldEpisode, reader: &Reader, data: &Data) -> Result<Option<String>, Failure> {
    for published in data.answered(reader.verdicts_about(&first.hold.commission_id))? {
        let verdict = parsed(data, published.json.as_bytes())?;
        if verdict.position.0 == first.since_position
            && let Some(reason) =
                verdict.reasons.iter().find(|reason| reason.rule.as_str() == first.hold.rule)
        {
            return Ok(Some(crate::verdicts::reason(reason, verdict.currency)));
        }
    }
    Ok(None)
}

fn text(told: &Told) -> String {
    let code = told.public_code.as_ref().map_or(String::new(), |code| format!(", told as {code}"));
    let mut text = format!("Hold {}\n  by {}{code}\n", told.hold_id, told.rule);
    for said in &told.said {
        let about = said.order_id.as_ref().map_or(String::new(), |order| format!(" (order {order})"));
        text += &format!("  because {}{about}\n", said.reason);
    }
    if let Some(reason) = &told.reason {
        text += &format!("  in numbers: {reason}\n");
    }
    text += &standing(told);
    let mut rows = table(&["commission", "order", "beneficiary", ">held", "since", "until", "ended"]);
    for episode in told.commissions.iter().take(ROWS_TOLD) {
        let cells = (HOLDS.cells)(&episode.hold);
        let [_, _, commission, order, _, _, beneficiary, held, since, until] = cells.as_slice() else {
            continue;
        };
        let ended = episode.ended_at.map(time).unwrap_or_default();
        rows.add_row([commission, order, beneficiary, held, since, until, &ended]);
    }
    let hidden = told.commissions.len().saturating_sub(ROWS_TOLD);
    let more = if hidden > 0 { format!("and {} more\n", group(&hidden.to_string())) } else { String::new() };
    text + format!("\n{rows}\n{more}").as_str()
}

fn standing(told: &Told) -> String {
    let standing: Vec<&HoldEpisode> =
        told.commissions.iter().filter(|hold| hold.ended_at.is_none()).collect();
    if standing.is_empty() {
        return "  has ended on all its commissions\n".into();
    }
    let money: Vec<String> = told
        .held
        .iter()
        .map(|(currency, minor)| format!("{} {currency}", amount(*minor, currency)))
        .collect();
    let until = standing.iter().filter_map(|hold| hold.hold.until_at).max();
    let reviewed = standing.iter().any(|hold| hold.hold.until_at.is_none());
    let until = match until {
        Some(until) if !reviewed => format!("until {}", time(until)),
        Some(_) | None => "until reviewed".into(),
    };
    let count = group(&standing.len().to_string());
    format!("  holds {} of {count} commission(s) {until}\n", money.join(" and "))
}
