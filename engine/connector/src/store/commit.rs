//! A commit: one transaction for what was appended and for what was decided.

use model::log::{Control, RecordBody};
use model::{EventTime, Position, Record, Text};
use runtime::{Appended, Decided, Digest, Head, Journal, JournalError, Manifest};
use rusqlite::{Connection, TransactionBehavior, params};

use super::block::pack;
use super::chain;
use super::fault::unwritable;
use super::outputs::Outputs;
use super::reader::Reader;
use super::writer::Store;
use crate::log::control_json;

impl Journal for Store {
    type Reader = Reader;

    fn head(&self) -> &Head {
        &self.head
    }

    fn commit<'a>(
        &mut self,
        appended: impl Into<Appended<'a>>,
        ruleset: &Text,
        decided: &[Decided],
    ) -> Result<(), JournalError> {
        let appended = appended.into();
        let block = Packed::of(appended, &self.head, ruleset)?;
        let mut head = self.head.clone();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = transaction.map_err(unwritable)?;
        if let Some(block) = block {
            block.put(&transaction, appended.records).map_err(unwritable)?;
            head.stamp = block.stamp;
            head.manifest = Some(block.manifest);
        }
        if !decided.is_empty() {
            Outputs::put(&transaction, decided, &mut head)?;
        }
        transaction.commit().map_err(unwritable)?;
        self.head = head;
        Ok(())
    }

    fn tidy(&mut self) {
        self.folding.finish(&self.connection);
    }

    fn put_ruleset(&mut self, hash: &str, archive: &[u8]) -> Result<(), JournalError> {
        let kept_at = self.head.stamp.map_or(i64::MIN, EventTime::as_ms).max(self.holder.since_at);
        let insert = "INSERT INTO rulesets VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        self.connection.execute(insert, params![hash, kept_at, archive]).map_err(unwritable)?;
        Ok(())
    }

    fn reader(&self) -> Result<Reader, JournalError> {
        Reader::another(&self.folder)
    }
}

/// What was appended, packed.
struct Packed {
    manifest: Manifest,
    stamp: Option<EventTime>,
    body: Vec<u8>,
}

impl Packed {
    fn of(appended: Appended<'_>, head: &Head, ruleset: &Text) -> Result<Option<Packed>, JournalError> {
        let records = appended.records;
        let (Some(first), Some(last)) = (records.first(), records.last()) else { return Ok(None) };
        let expected = (head.next().0..).map(Position);
        let in_order = records.iter().zip(expected).all(|(record, position)| record.position == position);
        assert!(in_order, "records are appended at the head, without gaps");
        let body = pack(appended)?;
        let place = (first.position, last.position);
        let manifest = Manifest::after(head.manifest.as_ref(), place, Digest::of(&body), ruleset.clone());
        let stamps = records.iter().map(|record| record.stamp);
        Ok(Some(Packed { manifest, stamp: stamps.fold(head.stamp, Ord::max), body }))
    }

    fn put(&self, connection: &Connection, records: &[Record]) -> rusqlite::Result<()> {
        let Manifest { number, first, last, .. } = &self.manifest;
        let stamp_at = self.stamp.map(EventTime::as_ms);
        connection
            .prepare_cached("INSERT INTO blocks VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![number, first.0, last.0, stamp_at, self.body])?;
        chain::put(connection, &self.manifest)?;
        for record in records {
            if let RecordBody::Control(control) = &record.body {
                connection.prepare_cached("INSERT INTO controls VALUES (?1, ?2, ?3)")?.execute(params![
                    record.position.0,
                    ruleset(control),
                    control_json(control)
                ])?;
            }
        }
        Ok(())
    }
}

/// The ruleset that a control record puts into force.
fn ruleset(control: &Control) -> Option<&str> {
    match control {
        Control::Genesis(genesis) => Some(&genesis.ruleset),
        Control::Ruleset(hash) => Some(hash),
        Control::Tick(_) | Control::Upgrade(_) => None,
    }
}
