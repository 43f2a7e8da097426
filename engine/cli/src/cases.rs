//! Running the cases beside the rules: each rule alone, live whatever its mode is, over small timelines.

use decider::{Decider, Effects};
use model::log::{Control, Genesis, RecordBody};
use model::{HashKey, Position, Record};
use ruleset::{Ruleset, Sources};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use trade::cases::{Case, CaseFile, Setup, Step, parse, project, rewrite};

use crate::failure::Failure;
use crate::rules_folder;

/// What came of one case.
#[derive(Debug, Serialize)]
pub struct CaseResult {
    /// The rule.
    pub rule: String,
    /// What the case shows.
    pub title: String,
    /// The file.
    pub file: PathBuf,
    /// The line of its title.
    pub line: usize,
    /// The verdicts expected.
    pub expected: Vec<String>,
    /// The verdicts that came out.
    pub found: Vec<String>,
}

impl CaseResult {
    /// What came out is what was expected.
    pub fn passed(&self) -> bool {
        self.expected == self.found
    }
}

/// Runs the cases of a folder of rules; of some rules only, if any are named.
pub(crate) fn run_folder(folder: &Path, only: &[String]) -> Result<Vec<CaseResult>, Failure> {
    let sources = rules_folder::read(folder)?;
    let rules: Vec<&str> = sources.paths().filter_map(|name| name.strip_suffix(".rhai")).collect();
    if let Some(unknown) = only.iter().find(|name| !rules.contains(&name.as_str())) {
        return Err(Failure::usage(format!(
            "there is no rule `{unknown}`{}",
            crate::failure::nearest(unknown, "rules", &rules)
        )));
    }
    let mut results = Vec::new();
    for rule in rules.into_iter().filter(|rule| only.is_empty() || only.iter().any(|name| name == rule)) {
        let path = folder.join(format!("{rule}.cases"));
        if path.exists() {
            let text = std::fs::read_to_string(&path).map_err(|e| Failure::input(&path, &e))?;
            results.extend(run_text(rule, &path, &text, &sources)?);
        }
    }
    Ok(results)
}

/// Runs the cases of one rule.
fn run_text(rule: &str, path: &Path, text: &str, sources: &Sources) -> Result<Vec<CaseResult>, Failure> {
    let file = read(path, text)?;
    let ruleset = alone(rule, sources, file.setup)?;
    let result = |case: &Case| CaseResult {
        rule: rule.to_owned(),
        title: case.title.clone(),
        file: path.to_path_buf(),
        line: case.line,
        expected: case.expected.clone(),
        found: decide(&ruleset, &case.steps),
    };
    Ok(file.cases.iter().map(result).collect())
}

fn read(path: &Path, text: &str) -> Result<CaseFile, Failure> {
    parse(text).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(|p| format!("{}:{p}", path.display())).collect();
        Failure::found(format!("the cases cannot be read\n{}", problems.join("\n")))
    })
}

/// A ruleset with one rule, live, under the folder's other settings.
fn alone(rule: &str, sources: &Sources, setup: Setup) -> Result<Arc<Ruleset>, Failure> {
    let keep = |name: &str| !name.ends_with(".rhai") || name == format!("{rule}.rhai");
    let mut sources = sources.clone();
    sources.retain(keep);
    // Settings that are no TOML are left as they are, for the load to say what is wrong with them.
    if let Ok(settings) = sources.text("ruleset.toml").unwrap_or_default().parse() {
        sources.put("ruleset.toml", live(rule, settings, setup).to_string());
    }
    match Ruleset::load(&sources) {
        Ok(loaded) => Ok(Arc::new(loaded.ruleset)),
        Err(problems) => {
            crate::print::diagnostics(&problems, &sources);
            Err(Failure::found(format!("the rule {rule} does not load")))
        }
    }
}

/// The folder's settings, in which one rule is named and live.
fn live(rule: &str, mut settings: toml::Table, setup: Setup) -> toml::Table {
    let mut own = settings.get("rules").and_then(|all| all.get(rule)).and_then(|r| r.as_table()).cloned();
    own.get_or_insert_default().insert("mode".into(), "live".into());
    let rules = own.into_iter().map(|own| (rule.to_owned(), toml::Value::Table(own))).collect();
    settings.insert("rules".into(), toml::Value::Table(rules));
    if let Some(threshold) = setup.score_threshold {
        let score = settings.entry("score").or_insert_with(|| toml::Value::Table(toml::Table::new()));
        if let Some(score) = score.as_table_mut() {
            score.insert("threshold".into(), threshold.into());
        }
    }
    settings
}

/// The verdicts of a timeline, as cases write them.
fn decide(ruleset: &Arc<Ruleset>, steps: &[Step]) -> Vec<String> {
    let genesis = Genesis::standard(ruleset.hash().into());
    let records: Vec<Record> = (1..).zip(steps).map(|(position, step)| record(position, step)).collect();
    let mut effects = Effects::default();
    Decider::new(genesis, Arc::clone(ruleset), HashKey::public()).decide(&records, &mut effects);
    let dead = effects
        .dead_letters
        .iter()
        .map(|d| format!("dead letter {} {}", d.refusal.code.name(), d.refusal.pointer));
    effects.verdicts.iter().map(project).chain(dead).collect()
}

fn record(position: u64, step: &Step) -> Record {
    let body = match step {
        Step::Event(event) => RecordBody::Event(event.clone()),
        Step::Tick(at) => RecordBody::Control(Control::Tick(*at)),
    };
    Record { position: Position(position), stamp: None, raw: bytes::Bytes::new(), body }
}

/// Rewrites the expected side of every file whose cases came out otherwise; returns how many files.
pub(crate) fn update(results: &[CaseResult]) -> Result<usize, Failure> {
    let mut by_file: BTreeMap<&Path, Vec<&CaseResult>> = BTreeMap::new();
    for result in results {
        by_file.entry(&result.file).or_default().push(result);
    }
    let mut changed = 0;
    for (path, results) in by_file {
        if results.iter().all(|r| r.passed()) {
            continue;
        }
        let text = std::fs::read_to_string(path).map_err(|e| Failure::input(path, &e))?;
        let found: Vec<Vec<String>> = results.iter().map(|r| r.found.clone()).collect();
        let rewritten = rewrite(&text, &read(path, &text)?, &found);
        std::fs::write(path, rewritten).map_err(|e| Failure::output(&path.display(), &e))?;
        changed += 1;
    }
    Ok(changed)
}

/// One row a case, for spreadsheets.
pub(crate) fn sheet(results: &[CaseResult]) -> Result<String, Failure> {
    crate::print::csv_text(|csv| {
        csv.write_record(["rule", "title", "file", "line", "passed", "expected", "found"])?;
        for r in results {
            let file = r.file.display().to_string();
            let (line, passed) = (r.line.to_string(), r.passed().to_string());
            let (expected, found) = (r.expected.join("\n"), r.found.join("\n"));
            csv.write_record([&r.rule, &r.title, &file, &line, &passed, &expected, &found])?;
        }
        Ok(())
    })
}

/// What a person reads: failures with both sides, then the count.
pub(crate) fn report(results: &[CaseResult]) -> String {
    let mut text = String::new();
    for result in results {
        let mark = if result.passed() { "ok  " } else { "FAIL" };
        text += &format!("{mark} {}: {}\n", result.rule, result.title);
        if !result.passed() {
            text += &format!("     {}:{}\n", result.file.display(), result.line);
            text += &difference(&result.expected, &result.found);
        }
    }
    let failed = results.iter().filter(|r| !r.passed()).count();
    text += &format!("\n{} passed, {failed} failed\n", results.len() - failed);
    text
}

/// Lines only expected and only found, in order.
fn difference(expected: &[String], found: &[String]) -> String {
    let missing = expected.iter().filter(|line| !found.contains(line)).map(|line| format!("     - {line}\n"));
    let extra = found.iter().filter(|line| !expected.contains(line)).map(|line| format!("     + {line}\n"));
    let lines: String = missing.chain(extra).collect();
    if lines.is_empty() { "     the same lines in another order or number\n".into() } else { lines }
}
