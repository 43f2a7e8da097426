//! A store that an earlier version wrote is migrated once, whole, however often that is broken off.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rusqlite::Connection;
use siphasher::sip128::{Hasher128 as _, SipHasher13};
use std::hash::Hasher as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::{Served, batches, rules_in, tidegate, token};

/// How often a migration is killed.
const KILLS: usize = 25;
/// Batches that were served before.
const BATCHES: usize = 150;

/// What version 1 had, and this one has not.
const BACK_TO_1: &str = "
    CREATE INDEX verdicts_by_subject ON verdicts (subject, subject_sequence);
    ALTER TABLE tokens DROP COLUMN expires_at;
    ALTER TABLE dead_letters DROP COLUMN ended_at;
    ALTER TABLE dead_letters DROP COLUMN ended_by;
    ALTER TABLE dead_letters DROP COLUMN became_position;
    ALTER TABLE dead_letters DROP COLUMN note;
    ALTER TABLE verdicts DROP COLUMN previous;
    ALTER TABLE commissions DROP COLUMN last_verdict;
    DROP TABLE subjects;
    UPDATE meta SET value = 1 WHERE key = 'schema_version'";

fn store(data: &Path) -> Connection {
    Connection::open(data.join("tidegate.sqlite")).unwrap()
}

fn version(data: &Path) -> u32 {
    store(data)
        .query_row("SELECT value FROM meta WHERE key = 'schema_version'", [], |row| row.get(0))
        .unwrap()
}

/// Everything that is in it: its schema, and every row of every table, hashed.
fn content(data: &Path) -> Vec<(String, String)> {
    let store = store(data);
    let mut schema = store.prepare("SELECT name, ifnull(sql, '') FROM sqlite_schema ORDER BY name").unwrap();
    let schema = schema.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let mut content: Vec<(String, String)> = schema.collect::<Result<_, _>>().unwrap();
    let tables = content.iter().filter(|(_, sql)| sql.starts_with("CREATE TABLE"));
    let hashes: Vec<(String, String)> = tables.map(|(name, _)| (name.clone(), rows(&store, name))).collect();
    content.extend(hashes);
    content
}

fn rows(store: &Connection, table: &str) -> String {
    let mut select = store.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
    let columns = select.column_count();
    let mut found = select.query([]).unwrap();
    let mut hash = SipHasher13::new();
    while let Some(row) = found.next().unwrap() {
        for column in 0..columns {
            hash.write(format!("{:?};", row.get_ref(column).unwrap()).as_bytes());
        }
    }
    format!("{:x}", hash.finish128().as_u128())
}

/// A store in which verdicts about many commissions are, as this version writes it.
fn served(folder: &Path) -> PathBuf {
    let (data, rules) = (folder.join("data"), rules_in(folder));
    let served = Served::start(&data, &rules);
    let token = token(&data);
    for batch in batches(BATCHES) {
        assert_eq!(served.ask("POST /v1/events", &token, &batch).unwrap().0, 202);
    }
    for (n, decision) in ["hold", "release", "hold"].iter().enumerate() {
        assert_eq!(served.ask("POST /v1/events", &token, &review(n, decision)).unwrap().0, 202);
    }
    served.stop();
    data
}

/// A person's decision about a creator: a subject that is no commission.
fn review(n: usize, decision: &str) -> Vec<u8> {
    let now_ms = runtime::SteadyClock::start().now().as_ms();
    let review = serde_json::json!({
        "event_id": format!("review-{n}"), "review_id": format!("review-{n}"), "kind": "review",
        "occurred_at": now_ms, "creator_id": "mia", "decision": decision, "stage": "approval",
    });
    review.to_string().into_bytes()
}

/// The sequences of all verdicts about a subject, last first, as each names the one before it.
fn chain(store: &Connection, subject: &str, last: i64) -> Vec<i64> {
    let mut chain = Vec::new();
    let mut next = Some(last);
    while let Some(sequence) = next {
        chain.push(sequence);
        let of = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?));
        let select = "SELECT subject, previous FROM verdicts WHERE sequence = ?1";
        let (named, previous) = store.query_row(select, [sequence], of).unwrap();
        assert_eq!(named, subject);
        next = previous;
    }
    chain
}

/// Every verdict is in the chain of its subject.
fn chains_are_whole(data: &Path) {
    let store = store(data);
    let select = "SELECT commission_id, last_verdict FROM commissions UNION ALL SELECT * FROM subjects";
    let mut lasts = store.prepare(select).unwrap();
    let lasts = lasts.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))).unwrap();
    let (mut creators, mut chained) = (0, 0);
    for (subject, last) in lasts.map(Result::unwrap) {
        let chain = chain(&store, &subject, last);
        creators += usize::from(subject.starts_with("creator:") && chain.len() > 1);
        chained += chain.len();
    }
    let verdicts: usize = store.query_row("SELECT count(*) FROM verdicts", [], |row| row.get(0)).unwrap();
    assert_eq!((chained, creators), (verdicts, 1));
}

fn upgrade(data: &Path) -> std::process::Child {
    let mut command = tidegate(&["upgrade", "--data", data.to_str().unwrap()]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The files by which SQLite knows that a store is open.
fn was_open(data: &Path) -> bool {
    data.join("tidegate.sqlite-shm").exists()
}

#[test]
fn a_migration_killed_again_and_again_is_done_once_and_whole() {
    let folder = tempfile::tempdir().unwrap();
    let data = served(folder.path());
    let as_served = content(&data);
    chains_are_whole(&data);
    store(&data).execute_batch(BACK_TO_1).unwrap();
    let older = std::fs::read(data.join("tidegate.sqlite")).unwrap();

    let watch = runtime::Stopwatch::start();
    assert!(upgrade(&data).wait().unwrap().success());
    let takes = watch.elapsed();
    assert_eq!(
        (version(&data), content(&data) == as_served),
        (3, true),
        "an upgrade makes what a service writes"
    );

    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut in_the_middle = 0;
    for _ in 0..KILLS {
        std::fs::write(data.join("tidegate.sqlite"), &older).unwrap();
        let mut process = upgrade(&data);
        std::thread::sleep(takes.mul_f64(random.random_range(0.0..1.0)));
        process.kill().unwrap();
        process.wait().unwrap();
        let open = was_open(&data);
        in_the_middle += usize::from(version(&data) == 1 && open);
        assert!(upgrade(&data).wait().unwrap().success());
        assert_eq!((version(&data), content(&data) == as_served), (3, true));
    }
    assert!(in_the_middle > 0, "some were killed while they had it open");
    goes_on(&data, &folder.path().join("rules"));
}

/// It serves, and every verdict that it has published is compared with what the log gives.
fn goes_on(data: &Path, rules: &Path) {
    std::fs::remove_dir_all(data.join("snapshots")).unwrap();
    let served = Served::start(data, rules);
    let token = token(data);
    let last = batches(BATCHES + 1).swap_remove(BATCHES);
    for more in [last, review(3, "release")] {
        assert_eq!(served.ask("POST /v1/events", &token, &more).unwrap().0, 202);
    }
    served.stop();
    chains_are_whole(data);
}

#[test]
fn what_reads_an_older_store_says_how_to_migrate_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = served(folder.path());
    store(&data).execute_batch(BACK_TO_1).unwrap();
    let told = tidegate(&["holds", "list", "--data", data.to_str().unwrap()]).output().unwrap();
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(
        !told.status.success() && said.contains("schema 1") && said.contains("tidegate upgrade"),
        "{said}"
    );
    Served::start(&data, &folder.path().join("rules")).stop();
    assert_eq!(version(&data), 3, "a start migrates it");
}
