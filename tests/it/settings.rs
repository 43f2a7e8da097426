//! The settings: tidegate.toml, the environment and flags, as people use them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::commands::{stderr, stdout, tidegate};
use crate::engine;

#[test]
fn settings_come_from_flag_before_environment_before_file() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("t.toml");
    std::fs::write(&config, "market = \"file\"\nprogram = \"file\"\nchunk = 3\n").unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_tidegate-under-test"))
        .args(["config", "print", "--market", "flag", "--config"])
        .arg(&config)
        .env("TIDEGATE_MARKET", "environment")
        .env("TIDEGATE_PROGRAM", "environment")
        .output()
        .unwrap();
    let text = stdout(&run);
    let told: Vec<Vec<&str>> =
        text.lines().skip(1).map(|line| line.splitn(2, '#').map(str::trim).collect()).collect();
    let from_file = format!("file {}; records decided at once, never shows in an output", config.display());
    for line in [
        ["market = \"flag\"", "flag --market"],
        ["program = \"environment\"", "environment TIDEGATE_PROGRAM"],
        ["chunk = 3", from_file.as_str()],
        ["rules = \"rules\"", "default"],
    ] {
        assert!(told.iter().any(|told| *told == line), "{line:?}:\n{text}");
    }
}

#[test]
fn a_lane_can_be_written_in_the_file_and_its_log_begins_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("t.toml");
    let lane = "program = \"affiliate\"\n[lane]\nsweep_grid = \"1h\"\nallowed_skew = \"30s\"\n\
                dedup_horizon = \"2d\"\npark_for = \"36h\"\ncanary_key = \"00000000000000ff\"\n";
    std::fs::write(&config, lane).unwrap();
    let config = config.to_str().unwrap();
    let printed =
        stdout(&tidegate(folder.path(), &["config", "print", "--config", config, "--park-for", "3d"]));
    for line in ["sweep_grid = \"1h\"", "park_for = \"3d\"", "feeds = \"complete_to_clock\""] {
        assert!(printed.contains(line), "{line}:\n{printed}");
    }
    let demo = ["demo", "--once", "--days", "1", "--orders", "10", "--feeds", "marked", "--config", config];
    let run = tidegate(folder.path(), &demo);
    assert!(run.status.success(), "{}", stderr(&run));
    let log = std::fs::read_to_string(folder.path().join("log.ndjson")).unwrap();
    let first: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    let genesis = &first["control"]["genesis"];
    for (key, value) in [
        ("default_program", "affiliate"),
        ("sweep_grid", "1h"),
        ("allowed_skew", "30s"),
        ("dedup_horizon", "2d"),
        ("park_for", "36h"),
        ("canary_key", "00000000000000ff"),
        ("feeds", "marked"),
    ] {
        assert_eq!(genesis[key], value, "{genesis}");
    }
}

#[test]
fn a_lane_that_cannot_be_is_refused_with_what_can() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("t.toml");
    for (line, hint) in [
        ("sweep_gird = \"1m\"", "did you mean `sweep_grid`?"),
        ("sweep_grid = \"2d\"", "within 1s and 1d"),
        ("park_for = \"a week\"", "such as 7d"),
        ("canary_key = \"7\"", "16 hexadecimal digits"),
        ("feeds = \"complete\"", "complete_to_clock or marked"),
    ] {
        std::fs::write(&config, format!("[lane]\n{line}\n")).unwrap();
        let run = tidegate(folder.path(), &["config", "print", "--config", config.to_str().unwrap()]);
        assert_eq!(run.status.code(), Some(2), "{line}");
        assert!(stderr(&run).contains(hint), "{line}: {}", stderr(&run));
    }
}

/// A tidegate.toml in a folder.
fn written(folder: &Path, text: &str) -> PathBuf {
    let file = folder.join("tidegate.toml");
    std::fs::write(&file, text).unwrap();
    file
}

/// A command beside a tidegate.toml, in its folder.
fn beside(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate-under-test"));
    command.args(arguments).envs(environment.iter().copied()).env("NO_COLOR", "1").current_dir(folder);
    command.output().unwrap()
}

/// What `config print` says: a setting, and where it comes from without what is said of it.
fn told(printed: &str) -> Vec<(String, String)> {
    let lines = printed.lines().skip(1).filter_map(|line| line.rsplit_once(" # "));
    let told = lines.map(|(setting, from)| {
        let from = from.split_once(';').map_or(from, |(from, _)| from);
        (setting.trim_start_matches("# ").trim().to_owned(), from.to_owned())
    });
    told.collect()
}

const RUN: &str = r#"data = "lane"

[run]
listen = "127.0.0.1:9001"
tls_certificate = "lane.pem"
behind_proxy = true
log = "debug"
snapshot_interval = 7
undecided_max = 8
otlp_endpoint = "http://file:4318"
"#;

#[test]
fn how_a_lane_is_served_comes_from_flag_before_environment_before_file() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), RUN);
    let arguments = ["config", "print", "--snapshot-interval", "70", "--behind-proxy=false"];
    let environment = [
        ("TIDEGATE_UNDECIDED_MAX", "80"),
        ("TIDEGATE_SNAPSHOT_INTERVAL", "700"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://environment:4318"),
    ];
    let run = beside(folder.path(), &arguments, &environment);
    assert!(run.status.success(), "{}", stderr(&run));
    let told = told(&stdout(&run));
    for (setting, from) in [
        ("data = \"lane\"", "file tidegate.toml"),
        ("listen = \"127.0.0.1:9001\"", "file tidegate.toml"),
        ("tls_certificate = \"lane.pem\"", "file tidegate.toml"),
        ("tls_key is not set", "default"),
        ("behind_proxy = false", "flag --behind-proxy"),
        ("log = \"debug\"", "file tidegate.toml"),
        ("snapshot_interval = 70", "flag --snapshot-interval"),
        ("undecided_max = 80", "environment TIDEGATE_UNDECIDED_MAX"),
        ("otlp_endpoint = \"http://environment:4318\"", "environment OTEL_EXPORTER_OTLP_ENDPOINT"),
    ] {
        assert!(told.contains(&(setting.to_owned(), from.to_owned())), "{setting}: {told:?}");
    }
}

#[test]
fn what_is_printed_of_a_lane_can_be_kept_as_its_file() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), RUN);
    let printed = stdout(&beside(folder.path(), &["config", "print"], &[]));
    written(folder.path(), &printed);
    let again = stdout(&beside(folder.path(), &["config", "print", "--output", "json"], &[]));
    let again: serde_json::Value = serde_json::from_str(&again).unwrap();
    let value = |key: &str| again.as_array().unwrap().iter().find(|setting| setting["key"] == key).unwrap();
    assert_eq!(value("snapshot_interval")["value"], 7);
    assert_eq!(value("snapshot_interval")["table"], "run");
    assert_eq!(value("tls_key")["value"], serde_json::Value::Null);
    assert_eq!(value("data")["value"], "lane");
}

#[test]
fn what_is_wrong_with_the_file_is_said_with_its_line_and_key() {
    let folder = tempfile::tempdir().unwrap();
    for (text, place, what) in [
        (
            "rules = \"r\"\n\n[run]\nlisten = \"x\"\nlisen = \"y\"\n",
            5,
            "unknown key `run.lisen`; did you mean `listen`?",
        ),
        ("[lane]\nsweep_gird = \"1m\"\n", 2, "unknown key `lane.sweep_gird`; did you mean `sweep_grid`?"),
        ("[rum]\nlisten = \"x\"\n", 1, "unknown key `rum`; did you mean `run`?"),
        ("[run]\n\nlisten = \"nowhere\"\n", 3, "`run.listen`: write an address and a port"),
        ("[run]\nlisten = 8780\n", 2, "`run.listen`: integer `8780` stands here, and it must be a text"),
        (
            "[run]\nsnapshot_interval = \"7\"\n",
            2,
            "`run.snapshot_interval`: string \"7\" stands here, and it must be a whole number, at least 1",
        ),
        ("[run]\nsnapshot_interval = 0\n", 2, "`run.snapshot_interval`: integer `0` stands here"),
        (
            "[run]\nundecided_max = -1\n",
            2,
            "`run.undecided_max`: integer `-1` stands here, and it must be a whole number",
        ),
        (
            "[run]\nbehind_proxy = \"no\"\n",
            2,
            "`run.behind_proxy`: string \"no\" stands here, and it must be true or false",
        ),
        ("chunk = 1\n[run]\nlog = \"loud\"\n", 3, "`run.log`: "),
        ("\nrun = 3\n", 2, "`run`: integer `3` stands here, and it must be a table"),
        (
            "[run]\notlp_endpoint = \"collector:4318\"\n",
            2,
            "`run.otlp_endpoint`: write the URL of a collector",
        ),
        ("chunk = 1\nchunk = 2\n", 2, "duplicate key"),
        ("chunk = \"many\"\n", 1, "`chunk`: string \"many\" stands here, and it must be a whole number"),
    ] {
        written(folder.path(), text);
        // Every command reads the file, and none works with one that is wrong.
        for arguments in [&["config", "print"][..], &["run"], &["rules", "list"]] {
            let run = beside(folder.path(), arguments, &[]);
            assert_eq!(run.status.code(), Some(2), "{text}");
            let said = stderr(&run);
            assert!(said.starts_with(&format!("tidegate: tidegate.toml:{place}: {what}")), "{text}: {said}");
        }
    }
}

#[test]
fn a_lane_is_served_as_the_file_says() {
    let folder = tempfile::tempdir().unwrap();
    let rules = engine::root().join("rules");
    let top = format!("rules = {:?}\ndata = \"lane\"\n", rules.to_str().unwrap());
    written(folder.path(), &format!("{top}[run]\nlisten = \"0.0.0.0:0\"\n"));
    let run = beside(folder.path(), &["run"], &[]);
    assert_eq!(run.status.code(), Some(2));
    assert!(stderr(&run).contains("can be reached from other machines"), "{}", stderr(&run));
    let token = ["token", "create", "--identity", "t", "--scope", "read"];
    let said = stderr(&beside(folder.path(), &token, &[]));
    assert!(said.contains("there is no store in lane"), "other commands mean the same lane: {said}");
    written(folder.path(), &format!("{top}[run]\ntls_key = \"key.pem\"\n"));
    let run = beside(folder.path(), &["run"], &[("TIDEGATE_TLS_CERTIFICATE", "chain.pem")]);
    assert_eq!(run.status.code(), Some(2), "half from the file, half from the environment");
    assert!(stderr(&run).contains("chain.pem cannot be used for TLS"), "{}", stderr(&run));
}

#[test]
fn the_secret_of_a_lane_is_not_printed() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), "[lane]\ncanary_key = \"00000000000000ff\"\n");
    for form in ["table", "json", "csv"] {
        let printed = stdout(&beside(folder.path(), &["config", "print", "--output", form], &[]));
        assert!(printed.contains("canary_key") && !printed.contains("00000000000000ff"), "{printed}");
    }
}

#[test]
fn a_secret_in_the_url_of_a_collector_is_refused_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let url = "https://user:hunter2@collector";
    let typed = beside(folder.path(), &["run", "--otlp-endpoint", url], &[]);
    let given = beside(folder.path(), &["config", "print"], &[("OTEL_EXPORTER_OTLP_ENDPOINT", url)]);
    written(folder.path(), &format!("[run]\notlp_endpoint = {url:?}\n"));
    let kept = beside(folder.path(), &["run"], &[]);
    for run in [typed, given, kept] {
        let said = stderr(&run);
        assert_eq!(run.status.code(), Some(2), "{said}");
        assert!(said.contains("OTEL_EXPORTER_OTLP_HEADERS") && !said.contains("hunter2"), "{said}");
    }
}

#[test]
fn the_page_of_operating_shows_every_key_of_a_lane_that_is_served() {
    let page = std::fs::read_to_string(engine::root().join("engine/operating/README.md")).unwrap();
    let lines = page.lines().filter_map(|line| line.strip_prefix("    ")).skip_while(|line| *line != "[run]");
    let shown = lines.skip(1).take_while(|line| line.contains('='));
    let shown: String = shown.map(|line| format!("{}\n", line.trim_start_matches("# "))).collect();
    let folder = tempfile::tempdir().unwrap();
    let settings = |text: &str| {
        written(folder.path(), text);
        let run = beside(folder.path(), &["config", "print", "--output", "json"], &[]);
        assert!(run.status.success(), "{}", stderr(&run));
        let all: Vec<serde_json::Value> = serde_json::from_slice(&run.stdout).unwrap();
        all.into_iter().filter(|setting| setting["table"] == "run").collect::<Vec<_>>()
    };
    for (shown, default) in settings(&format!("[run]\n{shown}")).iter().zip(settings("")) {
        assert_eq!(shown["from"], "file tidegate.toml", "the page shows {}", shown["key"]);
        let has_default = default["value"] != serde_json::Value::Null;
        assert!(!has_default || shown["value"] == default["value"], "{shown} is {default}");
    }
}
