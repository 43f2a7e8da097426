//! Records made of nothing but the facts that a test is about, and rulesets made of texts.

use std::collections::BTreeMap;

use model::admitted::Context;
use model::fact::{Facts, Field, Subject, Value};
use model::feature::{Measure, Measures};
use model::hit::{Effect, Hit};
use model::{Currency, EventTime, Market, Minor, Money, ProgramId, Text};
use ruleset::{Diagnostic, Loaded, Ruleset, Sources};

/// A value that a record owns.
#[derive(Debug, Clone)]
pub(crate) enum Own {
    Bool(bool),
    Int(i64),
    Money(Money),
    Text(Text),
    Texts(Vec<Text>),
}

/// A record with the facts that were put into it; all others are missing.
#[derive(Debug, Clone)]
pub(crate) struct Fake {
    subject: Subject,
    facts: BTreeMap<Field, Own>,
    at: EventTime,
    context: Context,
}

impl Fake {
    pub(crate) fn on(subject: Subject) -> Fake {
        Fake {
            subject,
            facts: BTreeMap::new(),
            at: EventTime::from_ms(1_767_225_600_000).unwrap(),
            context: Context {
                program: ProgramId::new("main").unwrap(),
                market: Market::new("US").unwrap(),
                source: None,
                attributes: BTreeMap::new(),
            },
        }
    }

    pub(crate) fn order() -> Fake {
        Fake::on(Subject::Order)
    }

    pub(crate) fn with(mut self, path: &str, value: Own) -> Fake {
        let (field, _) = self.subject.field(path).unwrap_or_else(|| panic!("no fact {path}"));
        self.facts.insert(field, value);
        self
    }

    pub(crate) fn text(self, path: &str, text: &str) -> Fake {
        self.with(path, Own::Text(text.into()))
    }

    pub(crate) fn int(self, path: &str, number: i64) -> Fake {
        self.with(path, Own::Int(number))
    }

    pub(crate) fn truth(self, path: &str, truth: bool) -> Fake {
        self.with(path, Own::Bool(truth))
    }

    pub(crate) fn money(self, path: &str, amount: Money) -> Fake {
        self.with(path, Own::Money(amount))
    }

    pub(crate) fn in_market(mut self, market: &str) -> Fake {
        self.context.market = Market::new(market).unwrap();
        self
    }

    pub(crate) fn in_program(mut self, program: &str) -> Fake {
        self.context.program = ProgramId::new(program).unwrap();
        self
    }
}

impl Facts for Fake {
    fn subject(&self) -> Subject {
        self.subject
    }

    fn get(&self, field: &Field) -> Value<'_> {
        let same = |f: &Field| match field {
            // An order is its own order.
            Field::Order(fact) if self.subject == Subject::Order => *f == Field::Fact(*fact),
            _ => f == field,
        };
        match self.facts.iter().find(|(f, _)| same(f)).map(|(_, value)| value) {
            None => Value::Missing,
            Some(Own::Bool(truth)) => Value::Bool(*truth),
            Some(Own::Int(number)) => Value::Int(*number),
            Some(Own::Money(money)) => Value::Money(*money),
            Some(Own::Text(text)) => Value::Text(text),
            Some(Own::Texts(texts)) => Value::Texts(texts),
        }
    }

    fn occurred_at(&self) -> EventTime {
        self.at
    }

    fn context(&self) -> &Context {
        &self.context
    }
}

pub(crate) fn money(minor: i64, code: &str) -> Money {
    Money { currency: Currency::new(code).unwrap(), minor: Minor(minor) }
}

pub(crate) const HEADER: &str =
    "//! A rule\nconst ON = \"order\";\nconst SEVERITY = \"medium\";\nconst PUBLIC_CODE = \"checked\";\n";

/// A rule on orders with this text below its header.
pub(crate) fn rule(body: &str) -> String {
    format!("{HEADER}{body}")
}

pub(crate) fn sources(files: &[(&str, &str)]) -> Sources {
    files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// The ruleset of one rule `r` on orders, with lists and settings beside it.
pub(crate) fn load_with(body: &str, others: &[(&str, &str)]) -> Loaded {
    let text = rule(body);
    let mut files = vec![("r.rhai", text.as_str())];
    files.extend(others);
    let all = sources(&files);
    Ruleset::load(&all).unwrap_or_else(|problems| panic!("{}", rendered(&all, &problems)))
}

pub(crate) fn load(body: &str) -> Ruleset {
    load_with(body, &[]).ruleset
}

pub(crate) fn rendered(sources: &Sources, problems: &[Diagnostic]) -> String {
    let texts = problems.iter().map(|d| d.render(&sources.text(&d.file).unwrap_or_default()));
    texts.collect::<Vec<_>>().join("\n")
}

/// Everything that `load` finds in one rule on orders.
pub(crate) fn problems(body: &str) -> String {
    problems_of(&[("r.rhai", &rule(body))])
}

pub(crate) fn problems_of(files: &[(&str, &str)]) -> String {
    let all = sources(files);
    match Ruleset::load(&all) {
        Ok(loaded) => rendered(&all, &loaded.warnings),
        Err(problems) => rendered(&all, &problems),
    }
}

/// Measures with these values, in the order of the ruleset's features.
pub(crate) fn measures(values: &[Measure]) -> Measures {
    Measures { values: values.to_vec(), groups: Vec::new(), memberships: Vec::new() }
}

/// What a rule with this body says of a record: the effects, or `failed`.
pub(crate) fn said(body: &str, record: &Fake) -> Vec<Effect> {
    effects(&load(body).judge(record, &Measures::default()))
}

pub(crate) fn effects(hits: &[Hit]) -> Vec<Effect> {
    hits.iter().map(|hit| hit.effect.clone()).collect()
}

/// Whether a condition holds for a record.
pub(crate) fn holds(condition: &str, record: &Fake) -> bool {
    match said(&format!("if {condition} {{ flag(\"yes\"); }}"), record).as_slice() {
        [] => false,
        [Effect::Flag] => true,
        other => panic!("{condition}: {other:?}"),
    }
}
