//! What the pages of `engine/operating` say of the program is so, and its unit and image are what they promise.

use console::Limits;
use runtime::service::limit;
use std::collections::{BTreeMap, BTreeSet};

use crate::engine;

fn kept(name: &str) -> String {
    let path = engine::root().join("engine/operating").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_page_names_every_limit_with_its_value() {
    let limits = Limits::default();
    let rows = [
        ("WAITING_RECORDS_MAX", limit::WAITING_RECORDS_MAX as u64),
        ("WAITING_BYTES_MAX", limit::WAITING_BYTES_MAX as u64),
        ("UNDECIDED_RECORDS_MAX", limit::UNDECIDED_RECORDS_MAX),
        ("GROUP_RECORDS_MAX", limit::GROUP_RECORDS_MAX as u64),
        ("DECIDED_RECORDS_MAX", limit::DECIDED_RECORDS_MAX as u64),
        ("TAIL_BYTES_MAX", limit::TAIL_BYTES_MAX as u64),
        ("FEED_SERIES_MAX", limit::FEED_SERIES_MAX as u64),
        ("TIMED_GROUPS_MAX", limit::TIMED_GROUPS_MAX as u64),
        ("WAITING_SPANS_MAX", runtime::trace::WAITING_SPANS_MAX as u64),
        ("connections_max", limits.connections_max as u64),
        ("body_bytes_max", limits.body_bytes_max as u64),
        ("decoded_bytes_max", limits.decoded_bytes_max as u64),
        ("records_max", limits.records_max as u64),
        ("intake_bytes_max", limits.intake_bytes_max as u64),
        ("head_bytes_max", limits.head_bytes_max as u64),
        ("headers_max", limits.headers_max as u64),
        ("target_bytes_max", limits.target_bytes_max as u64),
        ("followers_max", limits.followers_max as u64),
        ("readers_max", limits.readers_max as u64),
    ];
    let page = kept("README.md");
    for (name, value) in rows {
        assert!(page.contains(&format!("| `{name}` | {value} |")), "{name} is {value}");
    }
}

/// The directives of a unit, by section: a name may stand there several times.
fn directives(unit: &str) -> BTreeMap<(String, String), Vec<String>> {
    let mut found: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let mut section = "";
    for line in unit.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => section = name,
            None => {
                let (name, value) = line.split_once('=').unwrap_or_else(|| panic!("{line}"));
                found.entry((section.to_owned(), name.to_owned())).or_default().push(value.to_owned());
            }
        }
    }
    found
}

#[test]
fn the_unit_confines_the_service_and_lets_it_stop_well() {
    let unit = directives(&kept("tidegate.service"));
    let service = |name: &str| unit[&("Service".to_owned(), name.to_owned())].join(" ");
    for (name, value) in [
        ("User", "tidegate"),
        ("StateDirectory", "tidegate"),
        ("ProtectSystem", "strict"),
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("Restart", "on-failure"),
        // Exit code 2: what is wrong is still wrong at the next try.
        ("RestartPreventExitStatus", "2"),
        ("KillSignal", "SIGTERM"),
    ] {
        assert_eq!(service(name), value, "{name}");
    }
    // Threads set their priority, which the groups of calls that it may not make would keep them from.
    let calls = service("SystemCallFilter");
    assert!(calls.find("setpriority") > calls.find("~"), "allowed after what is not: {calls}");
    assert_eq!(service("SystemCallErrorNumber"), "EPERM", "refused, and not killed");
    assert!(service("TimeoutStopSec").ends_with("min"), "time for what was accepted, and a last snapshot");
    assert!(service("ExecStart").ends_with("/tidegate run"));
    let data = service("Environment");
    assert!(data.contains("TIDEGATE_DATA=/var/lib/tidegate/"), "in its own folder: {data}");
}

#[test]
fn the_image_is_small_and_runs_as_nobody_special() {
    let file = kept("Containerfile");
    let instructions: Vec<&str> =
        file.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase())).collect();
    let at = |start: &str| instructions.iter().rposition(|line| line.starts_with(start));
    let last_stage = at("FROM").unwrap();
    assert_eq!(instructions.iter().filter(|line| line.starts_with("FROM")).count(), 2, "built, then copied");
    for needed in
        ["USER 10001", "VOLUME /var/lib/tidegate", "HEALTHCHECK", "STOPSIGNAL SIGTERM", "ENTRYPOINT"]
    {
        assert!(at(needed).is_some_and(|at| at > last_stage), "{needed}");
    }
    // Whatever is built from has to be let into the build.
    let ignored = kept("Containerfile.dockerignore");
    let let_in: BTreeSet<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let copied = instructions.iter().filter(|line| line.starts_with("COPY ") && !line.contains("--from"));
    for source in
        copied.flat_map(|line| line.split(' ').skip(1).collect::<Vec<_>>().into_iter().rev().skip(1))
    {
        assert!(let_in.contains(source), "{source}");
        assert!(engine::root().join(source).exists(), "{source}");
    }
}

#[test]
fn variables_that_the_unit_and_the_image_set_are_ones_that_run_reads() {
    let help = crate::served::output(&["run", "--help"]);
    let all = ["tidegate.service", "Containerfile", "README.md"].map(kept).concat();
    let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
    let used = all.match_indices("TIDEGATE_").map(|(at, _)| &all[at..]);
    let used = used.map(|rest| &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())]);
    for name in used.filter(|name| !["TIDEGATE_", "TIDEGATE_NAME"].contains(name)) {
        assert!(help.contains(&format!("[env: {name}=")), "{name}");
    }
}
