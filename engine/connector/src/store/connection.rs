//! How the database is opened, for whom.

use rusqlite::{Connection, OpenFlags};
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use super::fault::{OpenError, unreadable, unwritable};
use super::schema;

/// The database within its folder.
pub(crate) const DATABASE: &str = "tidegate.sqlite";
/// Its log of changes that are not in it yet.
const CHANGES: &str = "tidegate.sqlite-wal";

/// How long to wait for somebody else who writes.
const BUSY: Duration = Duration::from_secs(10);
/// Statements that are kept prepared.
const STATEMENTS_MAX: usize = 64;

/// Every commit is on the disk when it returns. Whoever writes a lot folds changes into the file
/// [elsewhere](super::folding).
const WRITING: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 8192;
    PRAGMA journal_size_limit = 268435456;
    PRAGMA cache_size = -32768;
    PRAGMA foreign_keys = OFF;
    PRAGMA temp_store = MEMORY;";
const READING: &str = "PRAGMA query_only = ON; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;";

/// Opens for writing beside whoever holds the folder: the store is there, and of the version that this build knows.
pub(crate) fn to_write_beside(folder: &Path) -> Result<Connection, OpenError> {
    let connection = writing(folder, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    schema::check(&connection)?;
    Ok(connection)
}

/// Opens for writing; makes the database where there is none.
pub(crate) fn to_write(folder: &Path) -> Result<Connection, OpenError> {
    let mut connection = writing(folder, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    schema::migrate(&mut connection)?;
    Ok(connection)
}

/// A database to write that is ours, or new.
fn writing(folder: &Path, flags: OpenFlags) -> Result<Connection, OpenError> {
    let path = folder.join(DATABASE);
    let connection = Connection::open_with_flags(&path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX);
    let connection = connection.and_then(prepared).map_err(unwritable)?;
    if !schema::is_ours_or_new(&connection).map_err(unwritable)? {
        return Err(OpenError::Foreign(path));
    }
    connection.execute_batch(WRITING).map_err(unwritable)?;
    Ok(connection)
}

/// Opens for reading: without a lock, and while another process writes.
pub(crate) fn to_read(folder: &Path) -> Result<Connection, OpenError> {
    let path = folder.join(DATABASE);
    if !path.exists() {
        return Err(OpenError::Missing(folder.to_path_buf()));
    }
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = |suffix| {
        let connection = Connection::open_with_flags(uri(&path, suffix), flags).and_then(prepared)?;
        connection.execute_batch(READING)?;
        schema::is_ours_or_new(&connection).map(|ours| (connection, ours))
    };
    let (connection, is_ours) = match open("") {
        Ok(opened) => opened,
        // On a disk that nobody can write, nobody changes it: no need for the files by which writers and readers agree.
        Err(_) if is_settled(folder) => open("?immutable=1").map_err(unreadable)?,
        Err(error) => return Err(unreadable(error).into()),
    };
    if !is_ours {
        return Err(OpenError::Foreign(path));
    }
    schema::check(&connection)?;
    Ok(connection)
}

fn prepared(connection: Connection) -> rusqlite::Result<Connection> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(connection)
}

/// Whether all changes are in the file.
fn is_settled(folder: &Path) -> bool {
    std::fs::metadata(folder.join(CHANGES)).map_or(true, |changes| changes.len() == 0)
}

/// Bytes of the database, with the changes that are not in it yet.
pub(crate) fn size_bytes(folder: &Path) -> u64 {
    let of = |name| std::fs::metadata(folder.join(name)).map_or(0, |file| file.len());
    of(DATABASE) + of(CHANGES)
}

/// A path as SQLite's URIs have it: whatever could mean something else is escaped.
fn uri(path: &Path, suffix: &str) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                uri.push(char::from(*byte))
            }
            other => write!(uri, "%{other:02X}").expect("a string takes all"),
        }
    }
    uri + suffix
}
