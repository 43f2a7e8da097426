//! The timeline of one case, line by line: times, repetitions, what is given, and the events that come of it.

use model::event::{Attribute, Body, Kind};
use model::{Event, EventId, EventTime, Market, ProgramId, SourceId, Span, Text};
use std::collections::BTreeMap;

use super::body::{body, everyday_plan};
use super::clock::parse_span;
use super::fields::Fields;
use super::line::Word;
use super::orders::Known;
use super::{Problem, Step, epoch};

/// `key=value`s by key, each with where it stands.
pub(crate) type Pairs = BTreeMap<String, (Word, Word)>;

/// What is given for the lines of each kind.
pub(crate) type Givens = BTreeMap<Kind, Pairs>;

/// Most times that a line may be repeated.
const REPEATS_MAX: i64 = 10_000;

/// A timeline as far as it has been read.
pub(crate) struct Timeline {
    pub(crate) givens: Givens,
    now: EventTime,
    known: Known,
    steps: Vec<Step>,
}

/// How often a line happens.
struct Repeat {
    times: i64,
    every: Span,
}

impl Timeline {
    /// An empty timeline.
    pub(crate) fn new(givens: Givens) -> Timeline {
        Timeline { givens, now: epoch(), known: Known::new(), steps: Vec::new() }
    }

    /// What happens, with a plan before it all if the case has none.
    pub(crate) fn finish(self) -> Vec<Step> {
        let is_plan = |step: &Step| matches!(step, Step::Event(event) if event.kind() == Kind::Plan);
        if self.steps.iter().any(is_plan) {
            return self.steps;
        }
        let plan = event("everyday-plan", epoch(), everyday_plan(epoch()));
        std::iter::once(Step::Event(Box::new(plan))).chain(self.steps).collect()
    }

    /// Reads a line: `TIME [Nx every SPAN] KIND ID …`, or `TIME tick`.
    pub(crate) fn read(&mut self, words: &[Word]) -> Result<(), Problem> {
        let Some((time, rest)) = words.split_first() else { return Ok(()) };
        let first = self.time(time)?;
        let (repeat, rest) = repeat(rest)?;
        let Some((what, rest)) = rest.split_first() else {
            return Err(
                time.problem_with_help("nothing happens here", "write a kind and an id after the time")
            );
        };
        for n in 1..=repeat.times {
            let elapsed = repeat.every.as_ms().saturating_mul(n - 1);
            let at = first.plus(Span::from_ms(elapsed));
            if EventTime::from_ms(at.as_ms()).is_none() {
                return Err(time.problem("this is later than any time"));
            }
            self.now = at;
            let step = if what.text == "tick" { tick(rest, at) } else { self.event(what, rest, n, at) };
            self.steps.push(step?);
        }
        Ok(())
    }

    fn time(&self, word: &Word) -> Result<EventTime, Problem> {
        let (from, text) = match word.text.strip_prefix('+') {
            Some(text) => (self.now, text),
            None => (epoch(), word.text.as_str()),
        };
        let help =
            "begin with a time from the beginning of the case (90s, 1h30m), or from the line before (+30s)";
        let wrong = || word.problem_with_help(format!("`{}` is not a time", word.text), help);
        parse_span(text).map(|span| from.plus(span)).ok_or_else(wrong)
    }

    fn event(&mut self, what: &Word, rest: &[Word], n: i64, at: EventTime) -> Result<Step, Problem> {
        let kind = kind(what)?;
        let Some((id, rest)) = rest.split_first() else {
            return Err(what.problem_with_help("the id is missing", format!("write `{} ID`", what.text)));
        };
        let id = &numbered(id, n)?;
        let mut pairs = self.givens.get(&kind).cloned().unwrap_or_default();
        let mut bare = Vec::new();
        for word in rest {
            match pair(word)? {
                Some((key, value)) => {
                    pairs.insert(key.text.clone(), (key, value));
                }
                None => bare.push(numbered(word, n)?),
            }
        }
        for (_, value) in pairs.values_mut() {
            *value = numbered(value, n)?;
        }
        let fields = Fields::new(at, id.clone(), pairs);
        let body = body(kind, id, &bare, &fields, &mut self.known)?;
        let event = in_context(&format!("L{}.{n}", what.line), &fields, body)?;
        fields.finish()?;
        Ok(Step::Event(Box::new(event)))
    }
}

/// The kind of that name.
pub(crate) fn kind(word: &Word) -> Result<Kind, Problem> {
    let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    let help = format!("kinds are {}, and tick", names.join(", "));
    let unknown = || word.problem_with_help(format!("there is no kind `{}`", word.text), help);
    Kind::from_name(&word.text).ok_or_else(unknown)
}

/// `key=value`, if the word is that.
pub(crate) fn pair(word: &Word) -> Result<Option<(Word, Word)>, Problem> {
    match word.pair() {
        Some((key, _)) if key.text.is_empty() => Err(word.problem("there is no name before `=`")),
        pair => Ok(pair),
    }
}

fn tick(rest: &[Word], at: EventTime) -> Result<Step, Problem> {
    match rest.first() {
        Some(word) => Err(word.problem("a tick says nothing but that time passes")),
        None => Ok(Step::Tick(at)),
    }
}

/// `5x every 30s`, if the words begin so.
fn repeat(words: &[Word]) -> Result<(Repeat, &[Word]), Problem> {
    let count =
        words.first().and_then(|word| Some((word, word.text.strip_suffix('x')?.parse::<i64>().ok()?)));
    let Some((word, times)) = count else { return Ok((Repeat { times: 1, every: Span::ZERO }, words)) };
    let help = "write `5x every 30s`";
    if !(1..=REPEATS_MAX).contains(&times) {
        let message = format!("a line is repeated 1 to {REPEATS_MAX} times");
        return Err(word.problem_with_help(message, help));
    }
    let (Some(every), Some(span)) = (words.get(1), words.get(2)) else {
        return Err(word.problem_with_help("how often is missing", help));
    };
    match parse_span(&span.text).filter(|_| every.text == "every") {
        Some(span) => Ok((Repeat { times, every: span }, words.get(3..).unwrap_or_default())),
        None => Err(every.problem_with_help("this is no repetition", help)),
    }
}

/// The word with `{n}`, `{n+K}`, `{n-K}`, `{n*K}` and `{n%K}` replaced, `n` counting from 1.
fn numbered(word: &Word, n: i64) -> Result<Word, Problem> {
    let mut text = String::new();
    let mut rest = word.text.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        let help = "write {n}, {n+1}, {n-1}, {n*2} or {n%2}";
        let wrong =
            || word.problem_with_help(format!("`{}` is not a number of a repetition", word.text), help);
        let (inside, tail) = after.split_once('}').ok_or_else(wrong)?;
        let number = formula(inside, n).ok_or_else(wrong)?;
        text.push_str(before);
        text.push_str(&number.to_string());
        rest = tail;
    }
    text.push_str(rest);
    Ok(Word { text, ..*word })
}

fn formula(text: &str, n: i64) -> Option<i64> {
    let rest = text.strip_prefix('n')?;
    let mut chars = rest.chars();
    let Some(operator) = chars.next() else { return Some(n) };
    let operand: i64 = chars.as_str().parse().ok()?;
    match operator {
        '+' => n.checked_add(operand),
        '-' => n.checked_sub(operand),
        '*' => n.checked_mul(operand),
        '%' => n.checked_rem(operand),
        _ => None,
    }
}

fn event(event_id: &str, at: EventTime, body: Body) -> Event {
    Event {
        event_id: EventId::new(event_id).expect("a valid id"),
        occurred_at: at,
        program: None,
        market: None,
        source: None,
        attributes: BTreeMap::new(),
        body,
    }
}

/// The event with what all kinds have in common. Its id is its line's, unless the line says otherwise.
fn in_context(line_id: &str, fields: &Fields, body: Body) -> Result<Event, Problem> {
    let mut event = event(line_id, fields.at(), body);
    event.event_id = fields.id("event", EventId::new)?.unwrap_or(event.event_id);
    event.program = fields.id("program", ProgramId::new)?;
    event.market = fields.id("market", Market::new)?;
    event.source = fields.id("source", SourceId::new)?;
    event.attributes =
        fields.attributes().into_iter().map(|(name, value)| (name, attribute(value))).collect();
    Ok(event)
}

fn attribute(value: &Word) -> Attribute {
    let text = value.text.as_str();
    match (text.parse::<bool>(), text.parse::<i64>()) {
        (Ok(truth), _) => Attribute::Bool(truth),
        (_, Ok(number)) => Attribute::Int(number),
        (Err(_), Err(_)) => Attribute::Text(Text::new(text)),
    }
}
