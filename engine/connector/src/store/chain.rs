//! Manifests as they are kept, and the proof that they belong together: every one names the one before it by its
//! hash, and the block that it covers by its checksum.

use model::{Position, Text};
use runtime::{Digest, JournalError, Manifest};
use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::block::Block;
use super::fault::{damaged, unreadable};

const COLUMNS: &str = "number, previous, first_position, last_position, checksum, ruleset, semantics, hash";

/// A manifest with the hash that was written beside it.
struct Kept {
    manifest: Manifest,
    hash: Digest,
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let manifest = Manifest {
        number: row.get("number")?,
        previous: Digest(row.get("previous")?),
        first: Position(row.get("first_position")?),
        last: Position(row.get("last_position")?),
        checksum: Digest(row.get("checksum")?),
        ruleset: Text::from(row.get::<_, String>("ruleset")?),
        semantics: row.get("semantics")?,
    };
    Ok(Kept { manifest, hash: Digest(row.get("hash")?) })
}

/// Where a manifest is, for people.
fn place(manifest: &Manifest) -> String {
    format!("{} (positions {} to {})", manifest.number, manifest.first, manifest.last)
}

impl Kept {
    /// The manifest, if it is what was written and follows the one before it.
    fn after(self, previous: Option<&Manifest>) -> Result<Manifest, JournalError> {
        let manifest = self.manifest;
        if manifest.hash() != self.hash {
            return Err(damaged(format_args!("manifest {} is not what was written", place(&manifest))));
        }
        if !manifest.follows(previous) {
            let before = previous.map_or_else(|| "nothing".to_owned(), place);
            let what = format!("manifest {} does not follow manifest {before}", place(&manifest));
            return Err(damaged(what));
        }
        Ok(manifest)
    }
}

/// Writes a manifest.
pub(crate) fn put(connection: &Connection, manifest: &Manifest) -> rusqlite::Result<()> {
    let insert = "INSERT INTO manifests VALUES (:number, :previous, :first, :last, :checksum, :ruleset, \
                  :semantics, :hash)";
    connection.prepare_cached(insert)?.execute(named_params! {
        ":number": manifest.number,
        ":previous": manifest.previous.0,
        ":first": manifest.first.0,
        ":last": manifest.last.0,
        ":checksum": manifest.checksum.0,
        ":ruleset": manifest.ruleset.as_str(),
        ":semantics": manifest.semantics,
        ":hash": manifest.hash().0,
    })?;
    Ok(())
}

/// Proves the whole chain, by hashes only, and that no block is missing or left over. Gives the last manifest.
pub(crate) fn prove(connection: &Connection) -> Result<Option<Manifest>, JournalError> {
    let mut last: Option<Manifest> = None;
    let select = format!(
        "SELECT {COLUMNS}, (SELECT first_position FROM blocks b WHERE b.number = m.number \
         AND b.last_position = m.last_position) AS block_first FROM manifests m ORDER BY number"
    );
    let mut statement = connection.prepare(&select).map_err(unreadable)?;
    let mut rows = statement.query([]).map_err(unreadable)?;
    while let Some(row) = rows.next().map_err(unreadable)? {
        let kept = kept(row).map_err(unreadable)?;
        let block_first: Option<u64> = row.get("block_first").map_err(unreadable)?;
        if block_first != Some(kept.manifest.first.0) {
            return Err(damaged(format_args!("block {} is missing", place(&kept.manifest))));
        }
        last = Some(kept.after(last.as_ref())?);
    }
    let blocks: u64 =
        connection.query_row("SELECT count(*) FROM blocks", [], |row| row.get(0)).map_err(unreadable)?;
    let manifests = last.as_ref().map_or(0, |last| last.number + 1);
    if blocks != manifests {
        return Err(damaged(format_args!("there are {blocks} blocks and {manifests} manifests")));
    }
    Ok(last)
}

/// The last manifest, for a reader: the writer has proved the chain.
pub(crate) fn last(connection: &Connection) -> Result<Option<Manifest>, JournalError> {
    let select = format!("SELECT {COLUMNS} FROM manifests ORDER BY number DESC LIMIT 1");
    let mut statement = connection.prepare_cached(&select).map_err(unreadable)?;
    let found = statement.query_row([], kept).optional().map_err(unreadable)?;
    Ok(found.map(|kept| kept.manifest))
}

/// The manifest of the block that holds a position, proved against the one before it; none past the end.
pub(crate) fn holding(connection: &Connection, position: Position) -> Result<Option<Manifest>, JournalError> {
    let select =
        format!("SELECT {COLUMNS} FROM manifests WHERE last_position >= ?1 ORDER BY last_position LIMIT 1");
    let mut statement = connection.prepare_cached(&select).map_err(unreadable)?;
    let Some(found) = statement.query_row([position.0], kept).optional().map_err(unreadable)? else {
        return Ok(None);
    };
    let before = match found.manifest.number.checked_sub(1) {
        Some(number) => numbered(connection, number)?,
        None => None,
    };
    let manifest = found.after(before.as_ref())?;
    if manifest.first > position {
        return Err(damaged(format_args!(
            "nothing covers position {position}: block {} follows",
            place(&manifest)
        )));
    }
    Ok(Some(manifest))
}

fn numbered(connection: &Connection, number: u64) -> Result<Option<Manifest>, JournalError> {
    let select = format!("SELECT {COLUMNS} FROM manifests WHERE number = ?1");
    let mut statement = connection.prepare_cached(&select).map_err(unreadable)?;
    let found = statement.query_row([number], kept).optional().map_err(unreadable)?;
    Ok(found.map(|kept| kept.manifest))
}

/// The block that holds a position, checked against its manifest; none past the end.
pub(crate) fn block(connection: &Connection, position: Position) -> Result<Option<Block>, JournalError> {
    let Some(manifest) = holding(connection, position)? else { return Ok(None) };
    let select = "SELECT body FROM blocks WHERE number = ?1";
    let mut statement = connection.prepare_cached(select).map_err(unreadable)?;
    let body: Option<Vec<u8>> =
        statement.query_row([manifest.number], |row| row.get(0)).optional().map_err(unreadable)?;
    let body = body.ok_or_else(|| damaged(format_args!("block {} is missing", place(&manifest))))?;
    if Digest::of(&body) != manifest.checksum {
        return Err(damaged(format_args!(
            "block {} is not what was written: its checksum is another",
            place(&manifest)
        )));
    }
    let block = Block::unpack(&body, manifest.first)?;
    if block.last() != Some(manifest.last) {
        return Err(damaged(format_args!("block {} does not hold its positions", place(&manifest))));
    }
    Ok(Some(block))
}
