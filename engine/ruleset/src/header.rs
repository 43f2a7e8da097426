//! What stands at the top of a rule: its title, `ON`, `SEVERITY`, `PUBLIC_CODE` and its dials.

#![expect(clippy::wildcard_enum_match_arm, reason = "whatever has not the form that is read is reported")]

use model::Text;
use model::fact::Subject;
use std::collections::{BTreeMap, BTreeSet};

use crate::checked::{Dial, Header, RuleSeverity};
use crate::constant::{Constant, Constants, evaluate, money};
use crate::diagnostic::{Problems, Range, did_you_mean};
use crate::tree::{Expr, ExprKind, Stmt, StmtKind, Word};
use crate::vocabulary;

/// The constants of a rule.
pub(crate) struct Top {
    pub(crate) header: Option<Header>,
    pub(crate) dials: Vec<Dial>,
    pub(crate) constants: Constants,
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
    let mut top =
        Top { header: None, dials: Vec::new(), constants: Constants::new(), ranges: BTreeMap::new() };
    let mut heads: BTreeMap<&str, (&Word, Constant)> = BTreeMap::new();
    for statement in statements {
        let StmtKind::Const(name, defined) = &statement.kind else { continue };
        if vocabulary::HEADER.contains(&name.text.as_str()) {
            match evaluate(defined, &Constants::new(), &mut BTreeSet::new()) {
                Some(value) => {
                    heads.insert(&name.text, (name, value));
                }
                None => not_constant(defined, &top.constants, problems),
            }
            continue;
        }
        top.dial(name, defined, otherwise, problems);
    }
    top.header = header(&heads, doc, problems);
    top
}

impl Top {
    fn dial(
        &mut self,
        name: &Word,
        defined: &Expr,
        otherwise: &BTreeMap<String, Constant>,
        problems: &mut Problems,
    ) {
        if self.constants.contains_key(&name.text) {
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
            not_constant(defined, &self.constants, problems);
            return;
        };
        let value = otherwise.get(&name.text).filter(|v| v.may_replace(&value)).cloned().unwrap_or(value);
        self.constants.insert(name.text.clone(), value.clone());
        self.ranges.insert(name.text.clone(), name.range);
        self.dials.push(Dial { name: name.text.clone(), defined: defined.clone(), value, in_feature: false });
    }
}

fn not_constant(defined: &Expr, constants: &Constants, problems: &mut Problems) {
    if let ExprKind::Call(call) = &defined.kind
        && call.name.text == "money"
        && let Err(message) = money(call, constants, &mut BTreeSet::new())
    {
        problems.error("money.invalid", defined.range, message, None);
        return;
    }
    let message = "a constant is a literal, an amount, or whole numbers added and multiplied".to_owned();
    problems.error(
        "const.value",
        defined.range,
        message,
        Some("use `let` for what depends on the event".to_owned()),
    );
}

fn header(
    heads: &BTreeMap<&str, (&Word, Constant)>,
    doc: &[String],
    problems: &mut Problems,
) -> Option<Header> {
    let on = on(heads.get("ON"), problems);
    let severity = severity(heads.get("SEVERITY"), problems);
    let public_code = public_code(heads.get("PUBLIC_CODE"), problems);
    let title = doc.iter().find(|line| !line.is_empty()).cloned().unwrap_or_default();
    if title.is_empty() {
        let help = "begin the file with `//! What the rule catches, in a few words`".to_owned();
        problems.warning("rule.no_title", Range::TOP, "the rule has no title".to_owned(), Some(help));
    }
    let description = doc.iter().skip_while(|l| l.is_empty()).skip(1).cloned().collect::<Vec<_>>().join("\n");
    Some(Header {
        title,
        description: description.trim().to_owned(),
        on: on?,
        severity: severity?,
        public_code: public_code?,
    })
}

fn missing<T>(name: &str, example: &str, problems: &mut Problems) -> Option<T> {
    let message = format!("the rule does not say `{name}`");
    problems.error("header.missing", Range::TOP, message, Some(format!("add `{example}`")));
    None
}

fn on(found: Option<&(&Word, Constant)>, problems: &mut Problems) -> Option<BTreeSet<Subject>> {
    let example = "const ON = \"order\";";
    let Some((word, value)) = found else { return missing("const ON", example, problems) };
    let names: Vec<&str> = match value {
        Constant::Text(name) => vec![name],
        Constant::Array(items) => items
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
        return None;
    }
    let known = Subject::ALL.map(Subject::name);
    let mut subjects = BTreeSet::new();
    for name in &names {
        match Subject::from_name(name) {
            Some(subject) => {
                subjects.insert(subject);
            }
            None => {
                let message = format!("a rule cannot be on `{name}`");
                problems.error("header.on", word.range, message, did_you_mean(name, &known));
            }
        }
    }
    (subjects.len() == names.len()).then_some(subjects)
}

fn severity(found: Option<&(&Word, Constant)>, problems: &mut Problems) -> Option<RuleSeverity> {
    let example = "const SEVERITY = \"medium\";";
    let Some((word, value)) = found else { return missing("const SEVERITY", example, problems) };
    let named = match value {
        Constant::Text(name) => match name.as_str() {
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

fn public_code(found: Option<&(&Word, Constant)>, problems: &mut Problems) -> Option<Text> {
    let example = "const PUBLIC_CODE = \"unusual_order_pattern\";";
    let Some((word, value)) = found else { return missing("const PUBLIC_CODE", example, problems) };
    let plain = |b: u8| b == b'_' || b.is_ascii_lowercase() || b.is_ascii_digit();
    match value {
        Constant::Text(code) if !code.is_empty() && code.len() <= 64 && code.bytes().all(plain) => {
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
