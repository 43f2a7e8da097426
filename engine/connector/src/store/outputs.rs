//! What was decided, as it is kept.

use decider::{About, Explanation};
use model::hit::{Effect, Until};
use model::refusal::DeadLetter;
use model::{EventTime, Position, Verdict};
use runtime::{Decided, Head, JournalError};
use rusqlite::{CachedStatement, Connection, params};

use super::books::Books;
use super::fault::unwritable;
use super::queries::ExplanationView;
use super::rows::Rows;
use crate::wire;

/// Writes what was decided.
pub(crate) struct Outputs<'c> {
    verdict: CachedStatement<'c>,
    explanation: CachedStatement<'c>,
    dead_letter: CachedStatement<'c>,
    rows: Rows<'c>,
    books: Books<'c>,
    /// A verdict's line.
    line: Vec<u8>,
}

impl<'c> Outputs<'c> {
    /// Writes stretches that follow one another, and moves the head.
    pub(crate) fn put(
        connection: &'c Connection,
        decided: &[Decided],
        head: &mut Head,
    ) -> Result<(), JournalError> {
        let mut outputs = Outputs::prepared(connection).map_err(unwritable)?;
        let mut clock = None;
        for stretch in decided {
            outputs.stretch(stretch, head)?;
            clock = clock.max(stretch.clock);
        }
        outputs.books.close().map_err(unwritable)?;
        progress(connection, head, clock).map_err(unwritable)
    }

    fn prepared(connection: &'c Connection) -> rusqlite::Result<Outputs<'c>> {
        let verdict = "INSERT INTO verdicts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
        let explanation = "INSERT INTO explanations VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let dead_letter = "INSERT INTO dead_letters (position, refused_at_position, code, pointer, detail, raw) \
                           VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        Ok(Outputs {
            verdict: connection.prepare_cached(verdict)?,
            explanation: connection.prepare_cached(explanation)?,
            dead_letter: connection.prepare_cached(dead_letter)?,
            rows: Rows::prepared(connection)?,
            books: Books::prepared(connection)?,
            line: Vec::with_capacity(1024),
        })
    }

    fn stretch(&mut self, decided: &Decided, head: &mut Head) -> Result<(), JournalError> {
        assert!(head.decided.is_none_or(|before| before < decided.through), "stretches follow one another");
        for verdict in &decided.verdicts {
            head.verdicts += 1;
            let subject = subject(verdict);
            let previous = self.books.read(verdict, &subject, head.verdicts)?;
            self.verdict(verdict, &subject, (head.verdicts, previous)).map_err(unwritable)?;
        }
        for said in &decided.explanations {
            self.explanation(said).map_err(unwritable)?;
        }
        for letter in &decided.dead_letters {
            self.dead_letter(letter).map_err(unwritable)?;
        }
        let first = head.decided.map_or(Position(0), |before| Position(before.0 + 1));
        self.rows.put(first, decided).map_err(unwritable)?;
        head.decided = Some(decided.through);
        Ok(())
    }

    /// Writes a verdict with its sequence, and that of the one before about the same subject.
    fn verdict(
        &mut self,
        verdict: &Verdict,
        subject: &str,
        (sequence, previous): (u64, Option<u64>),
    ) -> rusqlite::Result<usize> {
        self.line.clear();
        published(verdict, &mut self.line);
        self.verdict.execute(params![
            sequence,
            verdict.position.0,
            verdict.verdict_id.to_string(),
            subject,
            verdict.sequence,
            verdict.decision.name(),
            verdict.beneficiary.as_deref(),
            verdict.order_id.as_ref().map(|id| id.as_str()),
            verdict.program_id.as_str(),
            verdict.market.as_str(),
            verdict.occurred_at.as_ms(),
            std::str::from_utf8(&self.line)?,
            previous,
        ])
    }

    fn explanation(&mut self, said: &Explanation) -> rusqlite::Result<usize> {
        let said = view(said);
        self.explanation.execute(params![
            said.position,
            said.program_id,
            said.order_id,
            said.click_id,
            said.rule,
            said.effect,
            said.until,
            said.score,
            said.reason,
            said.evidence,
        ])
    }

    fn dead_letter(&mut self, letter: &DeadLetter) -> rusqlite::Result<usize> {
        let DeadLetter { position, refused_at, refusal, raw } = letter;
        let (code, pointer, detail) = (refusal.code.name(), &refusal.pointer, &refusal.detail);
        self.dead_letter.execute(params![position.0, refused_at.0, code, pointer, detail, &**raw])
    }
}

/// A verdict as it is published: one line of JSON without its line feed.
pub(crate) fn published(verdict: &Verdict, out: &mut Vec<u8>) {
    wire::write_verdict(verdict, out);
    out.pop_if(|last| *last == b'\n');
}

/// What a verdict is about, as one text.
pub(crate) fn subject(verdict: &Verdict) -> String {
    match (&verdict.commission_id, &verdict.subject) {
        (Some(id), _) => id.to_string(),
        (None, Some(subject)) => subject.to_string(),
        (None, None) => String::new(),
    }
}

/// What a rule said, as it is kept and shown.
pub(crate) fn view(said: &Explanation) -> ExplanationView {
    let (program_id, order_id, click_id) = match &said.about {
        About::Order(key) => (Some(key.program.to_string()), Some(key.order.to_string()), None),
        About::Click(id) => (None, None, Some(id.to_string())),
    };
    let (effect, until, score) = effect(&said.hit.effect);
    ExplanationView {
        position: said.position.0,
        program_id,
        order_id,
        click_id,
        rule: said.hit.rule.to_string(),
        effect: effect.to_owned(),
        until,
        score,
        reason: said.hit.reason.to_string(),
        evidence: serde_json::to_string(&said.hit.evidence).expect("evidence is plain data"),
    }
}

/// An effect's name, how long it holds, and what it adds to the score.
fn effect(effect: &Effect) -> (&'static str, Option<String>, Option<i64>) {
    match effect {
        Effect::Hold(until) => ("hold", Some(lasting(until)), None),
        Effect::HoldAllOf(_, until) => ("hold_all_of", Some(lasting(until)), None),
        Effect::HoldCreator(until) => ("hold_creator", Some(lasting(until)), None),
        Effect::Flag => ("flag", None, None),
        Effect::Score(points) => ("score", None, Some(*points)),
        Effect::Invalidate => ("invalidate", None, None),
        Effect::Reject => ("reject", None, None),
        Effect::Failed(_) => ("failed", None, None),
    }
}

fn lasting(until: &Until) -> String {
    match until {
        Until::Lasting(span) => span.to_string(),
        Until::Reviewed => "reviewed".to_owned(),
        Until::Default => "default".to_owned(),
    }
}

fn progress(connection: &Connection, head: &Head, clock: Option<EventTime>) -> rusqlite::Result<()> {
    let update = "UPDATE progress SET position = ?1, clock_at = ifnull(?2, clock_at), verdicts = ?3";
    let decided = head.decided.map(|position| position.0);
    let clock_at = clock.map(EventTime::as_ms);
    connection.prepare_cached(update)?.execute(params![decided, clock_at, head.verdicts])?;
    Ok(())
}
