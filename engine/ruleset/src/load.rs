//! Sources in, a ruleset or everything that is wrong with them out.
//!
//! Three stages, three types: [`Parsed`](crate::parse::Parsed) is a tree, [`Checked`] knows what everything in it
//! names, [`Compiled`](crate::compile::Compiled) can be run. A ruleset with errors never gets past the second.

use model::feature::{Feature, PlannedFeature, Slot};
use model::policy::{Mode, Policy, RulePolicy};
use model::{RuleId, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::archive::{FileKind, Sources, kind};
use crate::check::{MayReject, Surroundings, check};
use crate::checked::{Checked, RuleSeverity};
use crate::compile::compile;
use crate::constant::Constant;
use crate::diagnostic::{Diagnostic, Problems, Range, Severity, did_you_mean};
use crate::list::List;
use crate::parse::parse;
use crate::programs::Programs;
use crate::settings::{Named, Override, RuleSettings, Settings};
use crate::source::Source;
use crate::toml_file::TomlFile;
use crate::unreadable::Unreadable;
use crate::{Loaded, Ruleset, engine, info};

/// Everything that was read, before it is known to be without errors.
struct Read {
    settings: Settings,
    programs: Programs,
    rules: Vec<Checked>,
}

/// Loads a ruleset.
pub(crate) fn load(sources: &Sources) -> Result<Loaded, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let read = read(sources, &mut found);
    found.sort_by(|a, b| (&a.file, a.range, a.code).cmp(&(&b.file, b.range, b.code)));
    if found.iter().any(|d| d.severity == Severity::Error) {
        return Err(found);
    }
    Ok(Loaded { ruleset: assemble(sources, read), warnings: found })
}

fn read(sources: &Sources, found: &mut Vec<Diagnostic>) -> Read {
    let unreadable = sources.files().filter_map(|(path, text)| Some(text.err()?.problem(path)));
    found.extend(unreadable);
    found.extend(sources.paths().filter(|path| looks_like_ours(path)).map(ignored));
    let lists = sources.files().filter_map(|(path, text)| list(path, text.ok(), found)).collect();
    let programs = toml(sources, "programs.toml", found, Programs::read);
    let mut settings_file = sources.file("ruleset.toml").map(|text| text.ok().map(settings_file));
    let settings = match &mut settings_file {
        None => Settings::default(),
        Some(None) => Settings::failed(),
        Some(Some(file)) => Settings::read(file),
    };
    let files: Vec<RuleFile<'_>> = sources.files().filter_map(RuleFile::of).collect();
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let around = Around { settings: &settings, names: &names, lists: &lists };
    let rules: Vec<Checked> = files.iter().filter_map(|file| rule(file, &around, found)).collect();
    if let Some(Some(mut file)) = settings_file {
        check_settings(&settings, &files, &rules, &mut file.problems);
        found.extend(file.problems.into_sorted());
    }
    Read { settings, programs: programs.unwrap_or_default(), rules }
}

/// A list by its name; one that cannot be read is there all the same.
fn list(path: &str, text: Option<&str>, found: &mut Vec<Diagnostic>) -> Option<(String, Arc<List>)> {
    let Some(FileKind::List(name)) = kind(path) else { return None };
    let mut problems = Problems::of(path);
    let list = text.map(|text| List::parse(&Source::new(path, text), &mut problems));
    found.extend(problems.into_sorted());
    Some((name.to_owned(), Arc::new(list.unwrap_or_default())))
}

fn settings_file(text: &str) -> TomlFile<'_> {
    TomlFile::new("ruleset.toml", text)
}

/// A rule in a folder of its own would see nothing and say nothing.
fn looks_like_ours(path: &str) -> bool {
    Sources::wants(path) && kind(path).is_none()
}

fn ignored(path: &str) -> Diagnostic {
    Diagnostic {
        file: path.to_owned(),
        severity: Severity::Warning,
        code: "file.ignored",
        range: Range::TOP,
        message: "this file is not read".to_owned(),
        help: Some("rules lie beside ruleset.toml, lists are lists/NAME.txt".to_owned()),
    }
}

fn toml<T>(
    sources: &Sources,
    path: &str,
    found: &mut Vec<Diagnostic>,
    read: fn(&mut TomlFile<'_>) -> T,
) -> Option<T> {
    let mut file = TomlFile::new(path, sources.file(path)?.ok()?);
    let value = read(&mut file);
    found.extend(file.problems.into_sorted());
    Some(value)
}

/// A rule's file.
struct RuleFile<'a> {
    path: &'a str,
    /// Missing where the file cannot be read.
    text: Option<&'a str>,
    /// The name that it has.
    said: &'a str,
    /// The name that it has or should have.
    name: String,
}

impl<'a> RuleFile<'a> {
    fn of((path, text): (&'a str, Result<&'a str, &Unreadable>)) -> Option<RuleFile<'a>> {
        let Some(FileKind::Rule(said)) = kind(path) else { return None };
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        Some(RuleFile { path, text: text.ok(), said, name: said.chars().map(plain).collect() })
    }

    fn id(&self, problems: &mut Problems) -> Option<RuleId> {
        let id = RuleId::new(&self.name).ok();
        if id.is_none() || self.said != self.name {
            let message = format!("`{}` is not a rule's name: small letters, digits and `_`", self.said);
            let help = Some(format!("rename the file to `{}.rhai`", self.name));
            problems.error("rule.name", Range::TOP, message, help);
        }
        id
    }
}

/// What the rules are checked against.
struct Around<'a> {
    settings: &'a Settings,
    names: &'a [&'a str],
    lists: &'a BTreeMap<String, Arc<List>>,
}

fn rule(file: &RuleFile<'_>, around: &Around<'_>, found: &mut Vec<Diagnostic>) -> Option<Checked> {
    let mut problems = Problems::of(file.path);
    let checked = check_rule(file, around, &mut problems);
    found.extend(problems.into_sorted());
    checked
}

fn check_rule(file: &RuleFile<'_>, around: &Around<'_>, problems: &mut Problems) -> Option<Checked> {
    let own = settings_of(file, around, problems);
    let may_reject = match &around.settings.rules {
        Named::Failed => true,
        Named::Nothing | Named::Rules(_) => own.is_some_and(|own| own.may_reject),
    };
    let surroundings = Surroundings {
        lists: around.lists,
        longest_window: around.settings.longest_window,
        longest_hold: around.settings.longest_hold(),
        otherwise: own.map(everywhere).unwrap_or_default(),
        may_reject: if may_reject { MayReject::Yes } else { MayReject::No },
    };
    let id = file.id(problems);
    let source = Source::new(file.path, file.text?);
    let parsed = parse(&source, problems)?;
    Some(check(id?, &source, parsed, &surroundings, problems))
}

/// What `ruleset.toml` says of a rule, or is likely meant to.
fn settings_of<'a>(
    file: &RuleFile<'_>,
    around: &Around<'a>,
    problems: &mut Problems,
) -> Option<&'a RuleSettings> {
    let said = &around.settings.rules;
    let own = said.rule(file.said).or_else(|| said.rule(&file.name));
    let own = own.or_else(|| said.meant_for(&file.name, around.names));
    if let (Named::Rules(_), None) = (said, own) {
        let name = &file.name;
        let message = "ruleset.toml does not name this rule: it is a draft and does nothing".to_owned();
        let help =
            format!("add `[rules.{name}]` with `mode = \"shadow\"`, and \"live\" when it has proved itself");
        problems.warning("rule.draft", Range::TOP, message, Some(help));
    }
    own
}

fn everywhere(settings: &RuleSettings) -> BTreeMap<String, Constant> {
    settings.dials.iter().map(|o| (o.name.clone(), o.value.clone())).collect()
}

/// Rules that do not exist, dials that they do not have.
fn check_settings(settings: &Settings, files: &[RuleFile<'_>], rules: &[Checked], problems: &mut Problems) {
    for (name, own) in settings.rules.rules() {
        if !files.iter().any(|file| file.said == name || file.name == name) {
            let message = format!("there is no rule `{name}`");
            let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
            let help = did_you_mean(name, &names);
            problems.error("rule.unknown", own.range, message, help);
            continue;
        }
        let Some(rule) = rules.iter().find(|r| r.id.as_str() == name) else { continue };
        let varying = own.markets.values().chain(own.programs.values());
        own.dials.iter().for_each(|o| check_dial(rule, o, Varies::No, problems));
        varying.flatten().for_each(|o| check_dial(rule, o, Varies::Yes, problems));
    }
}

/// Whether a dial is set for some of the records only.
#[derive(Clone, Copy, PartialEq)]
enum Varies {
    Yes,
    No,
}

fn check_dial(rule: &Checked, set: &Override, varies: Varies, problems: &mut Problems) {
    let name = &set.name;
    if rule.failed.contains(name) {
        return;
    }
    let Some(dial) = rule.dials.iter().find(|d| d.name == *name) else {
        let names: Vec<&str> = rule.dials.iter().map(|d| d.name.as_str()).collect();
        let message = format!("the rule `{}` has no dial `{name}`", rule.id);
        problems.error("dial.unknown", set.range, message, did_you_mean(name, &names));
        return;
    };
    if !set.value.may_replace(&dial.value) {
        let (wanted, found) = (dial.value.type_name(), set.value.type_name());
        let message = format!("`{name}` is {wanted} in the rule, and {found} here");
        problems.error("dial.type", set.range, message, None);
    }
    if varies == Varies::Yes && dial.in_feature {
        let message = format!(
            "`{name}` is part of a feature, a hold's length or a list's name: it cannot differ by market or program"
        );
        let help = "set it in `dials`, for all, or write a second rule".to_owned();
        problems.error("dial.in_feature", set.range, message, Some(help));
    }
}

fn mode_of(settings: &Settings, rule: &Checked) -> Mode {
    match &settings.rules {
        Named::Nothing => Mode::Live,
        rules @ (Named::Failed | Named::Rules(_)) => {
            rules.rule(rule.id.as_str()).map_or(Mode::Draft, |own| own.mode)
        }
    }
}

const fn evaluated(mode: Mode) -> bool {
    match mode {
        Mode::Draft | Mode::Retired => false,
        Mode::Shadow | Mode::Canary(_) | Mode::Live => true,
    }
}

fn assemble(sources: &Sources, read: Read) -> Ruleset {
    let Read { settings, programs, rules } = read;
    let running: Vec<&Checked> = rules.iter().filter(|rule| evaluated(mode_of(&settings, rule))).collect();
    let (slots, features) = plan(&running);
    let mismatches = Arc::new(AtomicU64::new(0));
    let engine = engine::engine(&mismatches);
    let own = |rule: &Checked| settings.rules.rule(rule.id.as_str());
    let compiled: Vec<_> = running
        .iter()
        .map(|rule| compile(rule, own(rule), mode_of(&settings, rule), &slots, &engine))
        .collect();
    let mut by_subject: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (at, rule) in running.iter().enumerate() {
        for subject in &rule.header.on {
            by_subject.entry(*subject).or_default().push(at);
        }
    }
    let policy = policy(&settings, programs, &rules);
    let shortest_span = shortest_span(&policy, &running);
    Ruleset {
        hash: sources.hash(),
        policy: Arc::new(policy),
        features,
        infos: rules.iter().map(|rule| info::info(rule, own(rule), mode_of(&settings, rule))).collect(),
        rules: compiled,
        by_subject,
        engine,
        mismatches,
        shortest_span,
        longest_window: settings.longest_window,
    }
}

/// Gives every distinct feature of the rules that run its slot.
fn plan(rules: &[&Checked]) -> (BTreeMap<Feature, Slot>, Vec<PlannedFeature>) {
    let mut planned: BTreeMap<&Feature, (BTreeSet<model::fact::Subject>, bool)> = BTreeMap::new();
    for rule in rules {
        for used in &rule.features {
            let (read_at, holds) = planned.entry(&used.feature).or_default();
            read_at.extend(&rule.header.on);
            *holds |= used.holds;
        }
    }
    let numbered = planned.keys().zip(0..).map(|(feature, slot)| ((*feature).clone(), Slot(slot)));
    let slots = numbered.collect();
    let features = planned
        .into_iter()
        .map(|(feature, (read_at, holds))| PlannedFeature { feature: feature.clone(), read_at, holds })
        .collect();
    (slots, features)
}

fn policy(settings: &Settings, programs: Programs, rules: &[Checked]) -> Policy {
    let of = |rule: &Checked| {
        let own = settings.rules.rule(rule.id.as_str());
        let by_severity = match rule.header.severity {
            RuleSeverity::Low => settings.holds.low,
            RuleSeverity::Medium => settings.holds.medium,
            RuleSeverity::High => settings.holds.high,
        };
        let failures = own.and_then(|o| o.failures_max).unwrap_or(settings.failures_max);
        let policy = RulePolicy {
            mode: mode_of(settings, rule),
            default_hold: own.and_then(|o| o.hold).unwrap_or(by_severity),
            public_code: rule.header.public_code.clone(),
            may_reject: own.is_some_and(|o| o.may_reject),
            on_failure: own.and_then(|o| o.on_failure).unwrap_or(settings.on_failure),
            failures_max: u64::try_from(failures).unwrap_or(0),
        };
        (rule.id.clone(), policy)
    };
    Policy {
        default_program: programs.default,
        programs: programs.programs,
        default_market: settings.default_market.clone(),
        markets: settings.markets.clone(),
        rules: rules.iter().map(of).collect(),
        score_threshold: settings.score_threshold,
        score_hold: settings.score_hold,
        windows: settings.windows,
    }
}

/// The shortest time after which something that a rule does may lapse.
fn shortest_span(policy: &Policy, rules: &[&Checked]) -> Option<Span> {
    let mut spans: Vec<Span> = policy.score_hold.into_iter().collect();
    for rule in rules {
        // A rule that fails holds as long as it would by default.
        spans.extend(policy.rules.get(&rule.id).and_then(|p| p.default_hold));
        spans.extend(rule.sites.iter().filter_map(|site| match site.until()? {
            model::hit::Until::Lasting(span) => Some(span),
            model::hit::Until::Reviewed | model::hit::Until::Default => None,
        }));
    }
    let longest = policy.markets.values().map(|m| m.longest_hold);
    spans.extend(longest.chain([policy.default_market.longest_hold]));
    spans.into_iter().min()
}
