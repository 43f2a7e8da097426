//! `tidegate rules`: check, test, list, describe and start rules.

use connector::folder::Folder;
use decider::{Decider, Tally};
use model::fact::{RECORD, Row, Subject};
use ruleset::{Diagnostic, RuleInfo, Ruleset, Severity};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::args::{OutputForm, Rules, RulesTest};
use crate::config::Config;
use crate::failure::Failure;
use crate::summary::mode_name;
use crate::table::table;
use crate::{cases, days, print, rules_folder, rulesets};

/// Seed of the benign days and attacks that `rules test --benign` decides.
const DAYS_SEED: u64 = 1;

/// Runs the command.
pub(crate) fn run(command: &Rules, config: &Config) -> Result<(), Failure> {
    match command {
        Rules::Check => check(config),
        Rules::Test(args) if args.benign => benign(config),
        Rules::Test(args) => test(args, config),
        Rules::List => list(config),
        Rules::Facts => facts(config),
        Rules::Archive { folder } => archive(folder, config),
        Rules::New { name } => new(name, config),
    }
}

fn check(config: &Config) -> Result<(), Failure> {
    let sources = rules_folder::read(&config.rules)?;
    let (problems, rules) = match Ruleset::load(&sources) {
        Ok(loaded) => (loaded.warnings, Some(loaded.ruleset)),
        Err(problems) => (problems, None),
    };
    let errors = problems.iter().filter(|d| d.severity == Severity::Error).count();
    match config.output {
        OutputForm::Json => print::out(&print::json(&problems)?)?,
        OutputForm::Csv => print::out(&problems_csv(&problems)?)?,
        OutputForm::Table => print::diagnostics(&problems, &sources),
    }
    match rules {
        Some(rules) if rules.rules().is_empty() => {
            Err(Failure::found(format!("there are no rules in {}", config.rules.display())))
        }
        Some(rules) => {
            let warnings = problems.len();
            let rest = if warnings == 0 { String::new() } else { format!(", {warnings} warning(s)") };
            print::note(&format!("{} rules check{rest}; ruleset {}", rules.rules().len(), rules.hash()));
            Ok(())
        }
        None => Err(Failure::found(format!("{errors} problem(s) in {}", config.rules.display()))),
    }
}

fn archive(folder: &Path, config: &Config) -> Result<(), Failure> {
    let rules = rules_folder::load(&config.rules)?;
    let path = rulesets::write(folder, &rules.sources)?;
    print::out(&format!("{}\n", path.display()))
}

fn problems_csv(problems: &[Diagnostic]) -> Result<String, Failure> {
    print::csv_text(|csv| {
        csv.write_record(["file", "line", "column", "severity", "code", "message", "help"])?;
        for p in problems {
            let (line, column) = (p.range.start.line.to_string(), p.range.start.column.to_string());
            let help = p.help.as_deref().unwrap_or_default();
            csv.write_record([&p.file, &line, &column, p.severity.name(), p.code, &p.message, help])?;
        }
        Ok(())
    })
}

fn test(args: &RulesTest, config: &Config) -> Result<(), Failure> {
    let results = cases::run_folder(&config.rules, &args.only)?;
    if args.update {
        let changed = cases::update(&results)?;
        print::note(&format!("{changed} file(s) rewritten; review them as a change of the rules"));
        return Ok(());
    }
    match config.output {
        OutputForm::Json => print::out(&print::json(&results)?)?,
        OutputForm::Csv => print::out(&cases::sheet(&results)?)?,
        OutputForm::Table => print::tell(&cases::report(&results))?,
    }
    match results.iter().filter(|r| !r.passed()).count() {
        0 => Ok(()),
        failed => Err(Failure::found(format!("{failed} of {} cases fail", results.len()))),
    }
}

/// What `rules test --benign` prints.
#[derive(Serialize)]
struct Days {
    honest: Vec<days::Honest>,
    attacks: Vec<days::Caught>,
}

fn benign(config: &Config) -> Result<(), Failure> {
    let rules = Arc::new(rules_folder::load(&config.rules)?.ruleset);
    print::note("Deciding the benign days and the planted attacks, each from an empty engine …");
    let found = Days { honest: days::benign(&rules, DAYS_SEED), attacks: days::attacks(&rules, DAYS_SEED) };
    match config.output {
        OutputForm::Json => print::out(&print::json(&found)?)?,
        OutputForm::Csv => print::out(&days::sheet(&found.honest, &found.attacks)?)?,
        OutputForm::Table => {
            print::tell(&days::honest_table(&found.honest))?;
            print::tell(&days::attacks_table(&found.attacks))?;
        }
    }
    match days::problems(&found.honest, &found.attacks).as_slice() {
        [] => Ok(()),
        problems => Err(Failure::found(problems.join("\n          "))),
    }
}

#[derive(Serialize)]
struct Listed {
    rule: String,
    title: String,
    mode: String,
    on: Vec<&'static str>,
    severity: String,
    dials: Vec<String>,
    needs: Vec<String>,
    /// How well it could see in the last run under these rules, by market: events that carried its fields, in percent.
    saw: BTreeMap<String, u64>,
    /// Markets where it is blind: under half of the events carried what it needs.
    blind_in: Vec<String>,
}

/// What the rules did in the last run, if it was decided under exactly these.
fn last_tally(rules: &Arc<Ruleset>, config: &Config) -> Option<Tally> {
    let sealed = Folder::open(&config.state).ok()?.snapshot().ok()??;
    let state = runtime::open(&sealed).ok()?;
    Some(Decider::restore(state, &[Arc::clone(rules)]).ok()?.tally().clone())
}

fn list(config: &Config) -> Result<(), Failure> {
    let rules = Arc::new(rules_folder::load(&config.rules)?.ruleset);
    let tally = last_tally(&rules, config);
    let listed: Vec<Listed> = rules.rules().iter().map(|rule| listed(rule, tally.as_ref())).collect();
    match config.output {
        OutputForm::Json => print::out(&print::json(&listed)?),
        OutputForm::Csv => print::out(&listed_csv(&listed)?),
        OutputForm::Table => {
            let mut table = table(&["rule", "mode", "runs on", "what it looks for", "dials", "needs", "saw"]);
            for rule in &listed {
                table.add_row([
                    rule.rule.clone(),
                    rule.mode.clone(),
                    rule.on.join(", "),
                    rule.title.clone(),
                    rule.dials.join("\n"),
                    rule.needs.join("\n"),
                    saw(rule),
                ]);
            }
            print::tell(&format!("{table}\n"))?;
            print::note(match tally {
                Some(_) => {
                    "`saw`: share of the last run's events that carried what the rule needs, by market."
                }
                None => "After a replay under these rules, this list also shows how well each could see.",
            });
            Ok(())
        }
    }
}

fn listed_csv(listed: &[Listed]) -> Result<String, Failure> {
    print::csv_text(|csv| {
        csv.write_record(["rule", "mode", "on", "title", "severity", "dials", "needs", "saw"])?;
        for rule in listed {
            let (on, dials, needs) = (rule.on.join(" "), rule.dials.join("\n"), rule.needs.join("\n"));
            let saw = saw(rule);
            csv.write_record([
                &rule.rule,
                &rule.mode,
                &on,
                &rule.title,
                &rule.severity,
                &dials,
                &needs,
                &saw,
            ])?;
        }
        Ok(())
    })
}

fn facts_csv(rows: &[FactRow]) -> Result<String, Failure> {
    print::csv_text(|csv| {
        csv.write_record(["of", "fact", "type", "optional", "meaning"])?;
        for row in rows {
            let optional = row.optional.to_string();
            csv.write_record([row.of, &row.path, row.fact_type, &optional, row.meaning])?;
        }
        Ok(())
    })
}

/// `US 100 %`, `VN 30 % blind`.
fn saw(rule: &Listed) -> String {
    let one = |(market, percent): (&String, &u64)| {
        let blind = if rule.blind_in.contains(market) { " blind" } else { "" };
        format!("{market} {percent} %{blind}")
    };
    rule.saw.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn listed(rule: &RuleInfo, tally: Option<&Tally>) -> Listed {
    let sight = || tally.and_then(|tally| tally.rules.get(&rule.id)).into_iter().flat_map(|t| &t.sight);
    Listed {
        saw: sight().filter_map(|(market, s)| Some((market.to_string(), s.percent()?))).collect(),
        blind_in: sight().filter(|(_, s)| s.is_blind()).map(|(market, _)| market.to_string()).collect(),
        rule: rule.id.to_string(),
        title: rule.title.clone(),
        mode: mode_name(rule.mode),
        on: rule.subjects.iter().map(|s| s.name()).collect(),
        severity: format!("{:?}", rule.severity).to_lowercase(),
        dials: rule.dials.iter().map(|dial| format!("{} = {}", dial.name, dial.value)).collect(),
        needs: rule.fields.iter().cloned().collect(),
    }
}

#[derive(Serialize)]
struct FactRow {
    of: &'static str,
    path: String,
    #[serde(rename = "type")]
    fact_type: &'static str,
    optional: bool,
    meaning: &'static str,
}

/// Every fact a rule can see, as the documentation has it.
fn fact_rows() -> Vec<FactRow> {
    let row = |of: &'static str, variable: &str, row: &Row| FactRow {
        of,
        path: format!("{variable}.{}", row.path),
        fact_type: row.fact_type.name(),
        optional: row.optional,
        meaning: row.meaning,
    };
    let mut rows: Vec<FactRow> = RECORD.iter().map(|r| row("every record", "…", r)).collect();
    for subject in Subject::ALL {
        rows.extend(subject.table().iter().map(|r| row(subject.name(), subject.variable(), r)));
    }
    rows
}

/// The page of `rules/facts.md`.
pub(crate) fn facts_page() -> String {
    let mut page = "# What a rule sees\n\nWritten by `cargo run -p tidegate --example schemas` from the tables that rules are \
                    checked against; `tidegate rules facts` prints the same. `?`: may be missing, `()` in a rule. A refund \
                    and a commission also have `order`, with all its facts.\n\n| on | fact | type | meaning |\n|---|---|---|---|\n"
        .to_owned();
    for row in fact_rows() {
        let optional = if row.optional { "?" } else { "" };
        page += &format!("| {} | `{}` | {}{optional} | {} |\n", row.of, row.path, row.fact_type, row.meaning);
    }
    page
}

fn facts(config: &Config) -> Result<(), Failure> {
    let rows = fact_rows();
    match config.output {
        OutputForm::Json => print::out(&print::json(&rows)?),
        OutputForm::Csv => print::out(&facts_csv(&rows)?),
        OutputForm::Table => {
            let mut table = table(&["fact", "type", "meaning"]);
            for row in &rows {
                let optional = if row.optional { "?" } else { "" };
                table.add_row([
                    row.path.clone(),
                    format!("{}{optional}", row.fact_type),
                    row.meaning.to_owned(),
                ]);
            }
            print::tell(&format!("{table}\n"))?;
            print::note(
                "`?`: may be missing. A refund and a commission also have `order`, with all its facts.",
            );
            Ok(())
        }
    }
}

/// A rule to begin with: it loads, does something, and says what to change.
fn template(name: &str) -> String {
    let title = name.replace('_', " ");
    format!(
        "//! {title}\n//! Say here what it looks for, and what usually causes it.\n//! Say what it needs to see, and \
         whom it could wrong.\n\nconst ON = \"order\";\nconst SEVERITY = \"low\";\nconst PUBLIC_CODE = \
         \"unusual_order_pattern\";   // all that the creator is told\n\nconst WITHIN = \"1h\";\nconst MIN_ORDERS = \
         10;\n\nlet orders = count(\"order\").by(\"creator_id\", \"ip\").within(WITHIN);\n\nif orders >= MIN_ORDERS \
         {{\n    flag(`${{orders}} orders from ${{order.ip}} within ${{WITHIN}}`);\n}}\n"
    )
}

fn new(name: &str, config: &Config) -> Result<(), Failure> {
    let plain =
        !name.is_empty() && name.bytes().all(|b| b == b'_' || b.is_ascii_lowercase() || b.is_ascii_digit());
    if !plain {
        return Err(Failure::usage("a rule's name is made of small letters, digits and `_`".into()));
    }
    let path = config.rules.join(format!("{name}.rhai"));
    if path.exists() {
        return Err(Failure::usage(format!("{} exists already", path.display())));
    }
    write(&path, &template(name))?;
    print::note(&format!(
        "{} is written. Next: `tidegate rules check`, set its mode in {}, and replay a file to see what it would do.",
        path.display(),
        config.rules.join("ruleset.toml").display()
    ));
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|e| Failure::output(&path.display(), &e))
}
