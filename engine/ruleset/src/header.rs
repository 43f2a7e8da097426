//! What stands at the top of a rule: its title, `ON`, `SEVERITY`, `PUBLIC_CODE` and its dials.

#![expect(clippy::wildcard_enum_match_arm, reason = "whatever has not the form that is read is reported")]

use model::Text;
use model::fact::Subject;
use std::collections::{BTreeMap, BTreeSet};

use crate::checked::{Dial, Header, RuleSeverity};
use crate::constant::{Constant, Constants, evaluate};
use crate::diagnostic::{Problems, Range, did_you_mean, nearest};
use crate::tree::{Expr, ExprKind, Stmt, StmtKind, Word};
use crate::vocabulary;

/// The constants of a rule.
pub(crate) struct Top {
    /// Missing where anything is wrong with it.
    pub(crate) header: Option<Header>,
    /// What the rule is on, as far as that is known.
    pub(crate) on: BTreeSet<Subject>,
    pub(crate) dials: Vec<Dial>,
    pub(crate) constants: Constants,
    /// Constants whose definition is wrong. The checker says why, where they are defined.
    pub(crate) failed: BTreeSet<String>,
    /// Where each dial is named.
    pub(crate) ranges: BTreeMap<String, Range>,
}

/// Reads the constants; `otherwise` are dials that the ruleset sets everywhere.
pub(crate) fn read(
    statements: &[Stmt],
    doc: &[String],
    otherwise: &BTreeMap<String, Constant>,
    problems: &mut Problems,
) -> Top {
    let mut top = Top {
        header: None,
        on: BTreeSet::new(),
        dials: Vec::new(),
        constants: Constants::new(),
        failed: BTreeSet::new(),
        ranges: BTreeMap::new(),
    };
    let mut heads = Heads::new();
    let defined = statements.iter().filter_map(|statement| match &statement.kind {
        StmtKind::Const(name, defined) => Some((name, defined)),
        _ => None,
    });
    let names: BTreeSet<&str> = defined.clone().map(|(name, _)| name.text.as_str()).collect();
    for (name, defined) in defined {
        match head(name, defined, &names) {
            Some(head) => {
                if head != name.text {
                    misspelt(head, name, problems);
                    top.failed.insert(name.text.clone());
                }
                heads.insert(head, (name, evaluate(defined, &Constants::new(), &mut BTreeSet::new())));
            }
            None => top.dial(name, defined, otherwise, problems),
        }
    }
    top.header(&heads, doc, problems);
    top
}

/// Which of the constants that are not dials one is, or is likely meant to be.
fn head(name: &Word, defined: &Expr, names: &BTreeSet<&str>) -> Option<&'static str> {
    let mut heads = vocabulary::HEADER.iter().copied();
    if let Some(head) = heads.clone().find(|head| *head == name.text) {
        return Some(head);
    }
    let words = matches!(defined.kind, ExprKind::Text(_) | ExprKind::Array(_));
    let lacking: Vec<&str> = heads.by_ref().filter(|head| !names.contains(head)).collect();
    nearest(&name.text, lacking).filter(|_| words)
}

fn misspelt(head: &str, name: &Word, problems: &mut Problems) {
    let message = format!("the rule does not say `const {head}`");
    problems.error("header.missing", name.range, message, Some(format!("did you mean `{head}`?")));
}

/// The constants that are not dials, by name; without a value where it is none that is known at load.
type Heads<'a> = BTreeMap<&'a str, (&'a Word, Option<Constant>)>;

impl Top {
    fn dial(
        &mut self,
        name: &Word,
        defined: &Expr,
        otherwise: &BTreeMap<String, Constant>,
        problems: &mut Problems,
    ) {
        if self.constants.remove(&name.text).is_some() {
            // Which of both is meant nobody knows.
            self.dials.retain(|dial| dial.name != name.text);
            self.failed.insert(name.text.clone());
        }
        if self.failed.contains(&name.text) {
            let message = format!("`{}` is defined twice", name.text);
            problems.error("const.twice", name.range, message, Some("rename one of them".to_owned()));
            return;
        }
        if name.text.chars().any(char::is_lowercase) {
            let message = format!("the constant `{}` is not in capitals", name.text);
            let help = format!("`const {}`, or `let {}`", name.text.to_uppercase(), name.text);
            problems.warning("const.case", name.range, message, Some(help));
        }
        let Some(value) = evaluate(defined, &self.constants, &mut BTreeSet::new()) else {
            self.failed.insert(name.text.clone());
            return;
        };
        let value = otherwise.get(&name.text).filter(|v| v.may_replace(&value)).cloned().unwrap_or(value);
        self.constants.insert(name.text.clone(), value.clone());
        self.ranges.insert(name.text.clone(), name.range);
        self.dials.push(Dial { name: name.text.clone(), defined: defined.clone(), value, in_feature: false });
    }

    fn header(&mut self, heads: &Heads<'_>, doc: &[String], problems: &mut Problems) {
        let (on, severity) = (on(heads.get("ON"), problems), severity(heads.get("SEVERITY"), problems));
        let public_code = public_code(heads.get("PUBLIC_CODE"), problems);
        let title = doc.iter().find(|line| !line.is_empty()).cloned().unwrap_or_default();
        if title.is_empty() {
            let help = "begin the file with `//! What the rule catches, in a few words`".to_owned();
            problems.warning("rule.no_title", Range::TOP, "the rule has no title".to_owned(), Some(help));
        }
        let rest = doc.iter().skip_while(|l| l.is_empty()).skip(1).cloned().collect::<Vec<_>>().join("\n");
        self.on.clone_from(&on);
        self.header = severity.zip(public_code).filter(|_| !on.is_empty()).map(|(severity, public_code)| {
            Header { title, description: rest.trim().to_owned(), on, severity, public_code }
        });
    }
}

fn missing<T>(name: &str, example: &str, problems: &mut Problems) -> Option<T> {
    let message = format!("the rule does not say `{name}`");
    problems.error("header.missing", Range::TOP, message, Some(format!("add `{example}`")));
    None
}

/// The subjects that are known, and an error for each that is not.
fn on(found: Option<&(&Word, Option<Constant>)>, problems: &mut Problems) -> BTreeSet<Subject> {
    let example = "const ON = \"order\";";
    let Some((word, value)) = found else {
        return missing("const ON", example, problems).unwrap_or_default();
    };
    let names: Vec<&str> = match value {
        Some(Constant::Text(name)) => vec![name],
        Some(Constant::Array(items)) => items
            .iter()
            .filter_map(|item| match item {
                Constant::Text(name) => Some(name.as_str()),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    if names.is_empty() {
        let message = "`ON` is a kind of event or a list of them".to_owned();
        problems.error("header.on", word.range, message, Some(format!("write `{example}`")));
    }
    let known = Subject::ALL.map(Subject::name);
    let mut subjects = BTreeSet::new();
    for name in &names {
        let subject = Subject::from_name(name);
        if subject.is_none() {
            let message = format!("a rule cannot be on `{name}`");
            problems.error("header.on", word.range, message, did_you_mean(name, &known));
        }
        subjects.extend(subject);
    }
    subjects
}

fn severity(found: Option<&(&Word, Option<Constant>)>, problems: &mut Problems) -> Option<RuleSeverity> {
    let example = "const SEVERITY = \"medium\";";
    let Some((word, value)) = found else { return missing("const SEVERITY", example, problems) };
    let named = match value {
        Some(Constant::Text(name)) => match name.as_str() {
            "low" => Some(RuleSeverity::Low),
            "medium" => Some(RuleSeverity::Medium),
            "high" => Some(RuleSeverity::High),
            _ => None,
        },
        _ => None,
    };
    if named.is_none() {
        let message = "`SEVERITY` is \"low\", \"medium\" or \"high\"".to_owned();
        problems.error("header.severity", word.range, message, Some(format!("write `{example}`")));
    }
    named
}

fn public_code(found: Option<&(&Word, Option<Constant>)>, problems: &mut Problems) -> Option<Text> {
    let example = "const PUBLIC_CODE = \"unusual_order_pattern\";";
    let Some((word, value)) = found else { return missing("const PUBLIC_CODE", example, problems) };
    let plain = |b: u8| b == b'_' || b.is_ascii_lowercase() || b.is_ascii_digit();
    match value {
        Some(Constant::Text(code)) if !code.is_empty() && code.len() <= 64 && code.bytes().all(plain) => {
            Some(code.clone())
        }
        _ => {
            let message =
                "`PUBLIC_CODE` is a word of small letters, digits and `_`, all that a creator is told";
            problems.error(
                "header.public_code",
                word.range,
                message.to_owned(),
                Some(format!("write `{example}`")),
            );
            None
        }
    }
}
