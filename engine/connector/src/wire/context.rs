//! What a reading remembers beside its result: how many fields were unknown, what is wrong, and where.
//!
//! The JSON parser knows neither our codes nor pointers, so the first thing that is wrong is put here, and each
//! object and list adds its own step while the failure passes up through it. A good event pays nothing for this.

use std::borrow::Cow;
use std::fmt::Write;

use model::limit::REASON_BYTES_MAX;
use model::refusal::{Code, Refusal};

use super::Trust;

/// A step of a JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Into a field of an object.
    Field(Cow<'static, str>),
    /// Into an entry of a list.
    Entry(usize),
}

/// What is wrong with a value, and where below it.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) detail: String,
    /// From the value that reports the problem to the value that has it.
    pub(crate) below: Vec<Step>,
}

impl Problem {
    /// Something wrong with the value itself.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Problem {
        Problem { code, detail: detail.into(), below: Vec::new() }
    }

    /// A field that has to be there and is not.
    pub(crate) fn missing(field: &'static str) -> Problem {
        Problem::new(Code::FieldMissing, format!("`{field}` is required and is missing; send it")).at(field)
    }

    /// The same problem, found in that field of the value.
    pub(crate) fn at(mut self, field: &'static str) -> Problem {
        self.below.insert(0, Step::Field(Cow::Borrowed(field)));
        self
    }

    /// The same problem, found in that entry of the value.
    pub(crate) fn at_entry(mut self, index: usize) -> Problem {
        self.below.insert(0, Step::Entry(index));
        self
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Context {
    /// Fields that this version does not know.
    pub(crate) unknown: u32,
    /// Whose word the bytes are.
    pub(crate) trust: Trust,
    /// The body came before the kind: read again, knowing the kind.
    pub(crate) kind_is_late: bool,
    problem: Option<(Code, String)>,
    /// From the innermost step outwards.
    path: Vec<Step>,
}

impl Context {
    /// A reading that has not begun.
    pub(crate) fn new(trust: Trust) -> Context {
        Context { unknown: 0, trust, kind_is_late: false, problem: None, path: Vec::new() }
    }

    /// Notes what is wrong and makes the parser stop.
    pub(crate) fn fail<E: serde::de::Error>(&mut self, problem: Problem) -> E {
        self.path = problem.below;
        self.path.reverse();
        self.problem = Some((problem.code, problem.detail));
        E::custom("refused")
    }

    /// Notes that what fails is inside `step`.
    pub(crate) fn within(&mut self, step: Step) {
        self.path.push(step);
    }

    /// The refusal for a reading that failed with `error`.
    pub(crate) fn refusal(self, error: &serde_json::Error) -> Refusal {
        if let Some((code, detail)) = self.problem {
            return Refusal::new(code, pointer(&self.path), shortened(detail));
        }
        if error.is_data() {
            return Refusal::new(Code::FieldType, pointer(&self.path), shortened(type_detail(error)));
        }
        let detail = format!("not a JSON document: {}; send one JSON object per event", syntax(error));
        Refusal::new(Code::JsonSyntax, "", shortened(detail))
    }
}

/// RFC 6901, from steps that begin with the innermost.
fn pointer(path: &[Step]) -> String {
    let mut pointer = String::new();
    for step in path.iter().rev() {
        pointer.push('/');
        match step {
            Step::Field(name) => pointer.push_str(&name.replace('~', "~0").replace('/', "~1")),
            Step::Entry(index) => write!(pointer, "{index}").expect("a string takes all"),
        }
    }
    pointer
}

/// The parser says `invalid type: string "7", expected a whole number at line 1 column 9`.
fn type_detail(error: &serde_json::Error) -> String {
    let text = without_place(error);
    let text = text.as_str();
    let text = text.strip_prefix("invalid type: ").or(text.strip_prefix("invalid value: ")).unwrap_or(text);
    match text.rsplit_once(", expected ") {
        Some((found, expected)) => {
            format!("{} stands here, and it must be {expected}", shortened(found.into()))
        }
        None => text.to_owned(),
    }
}

/// What the parser says of a text that is no JSON. Its lines are those of the record, which is a line itself as a
/// rule: only the byte in it says something.
pub(crate) fn syntax(error: &serde_json::Error) -> String {
    match (error.line(), error.column()) {
        (0 | 1, byte) => format!("{} at byte {byte}", without_place(error)),
        (line, byte) => format!("{} at byte {byte} of the record's line {line}", without_place(error)),
    }
}

fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rfind(" at line ").and_then(|end| text.get(..end)).unwrap_or(&text).to_owned()
}

/// At most as long as a reason may be, cut at a character.
pub(crate) fn shortened(mut text: String) -> String {
    const MORE: &str = "…";
    if text.len() > REASON_BYTES_MAX {
        text.truncate(text.floor_char_boundary(REASON_BYTES_MAX - MORE.len()));
        text.push_str(MORE);
    }
    text
}
