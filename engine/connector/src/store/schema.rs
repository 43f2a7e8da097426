//! The schema and its versions. Version N is what the first N scripts have made; a store of an earlier version is
//! migrated script by script, each in a transaction of its own, and one of a later version is refused.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::fault::{OpenError, unreadable, unwritable};

/// Marks a database as ours: "Tide".
const APPLICATION_ID: i64 = 0x5469_6465;

/// Never changed once released: a later version adds a script.
const SCRIPTS: &[&str] = &[
    include_str!("schema/0001_begin.sql"),
    include_str!("schema/0002_chain_verdicts.sql"),
    include_str!("schema/0003_end_letters_and_tokens.sql"),
];

/// The version that this build reads and writes.
pub(crate) fn known() -> u32 {
    u32::try_from(SCRIPTS.len()).unwrap_or(u32::MAX)
}

/// Whether a database is ours, or has nothing in it yet.
pub(crate) fn is_ours_or_new(connection: &Connection) -> rusqlite::Result<bool> {
    let id: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let is_new = || {
        let count = "SELECT count(*) FROM sqlite_schema";
        connection.query_row(count, [], |row| row.get(0)).map(|tables: i64| tables == 0)
    };
    Ok(id == APPLICATION_ID || (id == 0 && is_new()?))
}

/// The version that a store has; 0 for one with nothing in it.
fn found(connection: &Connection) -> rusqlite::Result<u32> {
    let has_meta = "SELECT 1 FROM sqlite_schema WHERE name = 'meta'";
    if connection.query_row(has_meta, [], |_| Ok(())).optional()?.is_none() {
        return Ok(0);
    }
    connection.query_row("SELECT value FROM meta WHERE key = 'schema_version'", [], |row| row.get(0))
}

/// Refuses a store of another version.
pub(crate) fn check(connection: &Connection) -> Result<(), OpenError> {
    let (found, known) = (found(connection).map_err(unreadable)?, known());
    match found.cmp(&known) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(OpenError::Newer { found, known }),
        std::cmp::Ordering::Less => Err(OpenError::Older { found, known }),
    }
}

/// Brings a store to the version that this build knows.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    migrate_by(connection, SCRIPTS)
}

fn migrate_by(connection: &mut Connection, scripts: &[&str]) -> Result<(), OpenError> {
    let known = u32::try_from(scripts.len()).unwrap_or(u32::MAX);
    let found = found(connection).map_err(unreadable)?;
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    for (version, script) in (1..).zip(scripts).skip(found as usize) {
        run(connection, version, script).map_err(unwritable)?;
    }
    Ok(())
}

fn run(connection: &mut Connection, version: u32, script: &str) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    if version == 1 {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction
            .execute_batch("CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID")?;
    }
    transaction.execute_batch(script)?;
    transaction.execute("INSERT OR REPLACE INTO meta VALUES ('schema_version', ?1)", [version])?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "CREATE TABLE log (position INTEGER); INSERT INTO log VALUES (7)";
    const TWO: &str = "ALTER TABLE log ADD COLUMN stamp INTEGER DEFAULT 3";

    fn store(scripts: &[&str]) -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate_by(&mut connection, scripts).unwrap();
        connection
    }

    #[test]
    fn an_older_store_is_migrated_and_keeps_what_it_holds() {
        let mut connection = store(&[ONE]);
        migrate_by(&mut connection, &[ONE, TWO]).unwrap();
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let kept: (i64, i64) = connection.query_row("SELECT position, stamp FROM log", [], row).unwrap();
        assert_eq!((kept, found(&connection).unwrap()), ((7, 3), 2));
        migrate_by(&mut connection, &[ONE, TWO]).unwrap();
        assert_eq!(found(&connection).unwrap(), 2, "once is enough");
    }

    #[test]
    fn a_migration_that_fails_leaves_the_older_store_as_it_was() {
        let mut connection = store(&[ONE]);
        let broken = "DROP TABLE log; CREATE TABLE log (";
        assert!(migrate_by(&mut connection, &[ONE, broken]).is_err());
        let position: i64 = connection.query_row("SELECT position FROM log", [], |row| row.get(0)).unwrap();
        assert_eq!((position, found(&connection).unwrap()), (7, 1));
    }

    #[test]
    fn a_newer_store_is_refused_and_an_older_one_is_not_read() {
        let mut connection = store(&[ONE, TWO]);
        assert!(matches!(migrate_by(&mut connection, &[ONE]), Err(OpenError::Newer { found: 2, known: 1 })));
        connection.execute("UPDATE meta SET value = 99 WHERE key = 'schema_version'", []).unwrap();
        assert!(matches!(check(&connection), Err(OpenError::Newer { found: 99, .. })));
        let empty = Connection::open_in_memory().unwrap();
        assert!(matches!(check(&empty), Err(OpenError::Older { found: 0, .. })));
    }
}
