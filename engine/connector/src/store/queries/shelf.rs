//! Readers for many who ask at once: each question takes one that is free, or opens another.

use model::Position;
use runtime::JournalError;
use runtime::books::{
    Bearer, BeneficiaryView, Books, CommissionFilter, CommissionView, DeadLetterFilter, DeadLetterView,
    HoldFilter, HoldView, Page, PageOf, PublishedVerdict, RulesetView,
};
use runtime::letters::Clerk;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::store::fault::OpenError;
use crate::store::operator::Operator;
use crate::store::reader::Reader;

/// Readers that are kept open, at most.
const IDLE_READERS_MAX: usize = 16;

/// Readers of one store, for as many threads as want to ask.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    idle: Mutex<Vec<Reader>>,
}

impl Shelf {
    /// Opens the store in a folder, to read.
    ///
    /// # Errors
    /// When there is none, another version has written it, or it cannot be read.
    pub fn open(folder: &Path) -> Result<Shelf, OpenError> {
        let first = Reader::open(folder)?;
        Ok(Shelf { folder: folder.to_path_buf(), idle: Mutex::new(vec![first]) })
    }

    /// Asks by a reader of its own.
    ///
    /// # Errors
    /// When no reader can be opened, or the question cannot be answered.
    pub fn ask<T>(
        &self,
        question: impl FnOnce(&mut Reader) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut reader = match idle {
            Some(reader) => reader,
            None => Reader::another(&self.folder)?,
        };
        let answer = question(&mut reader);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_READERS_MAX {
            idle.push(reader);
        }
        answer
    }
}

impl Shelf {
    /// Whoever deals with dead letters of this store.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn clerk(&self) -> Result<Box<dyn Clerk>, JournalError> {
        Ok(Box::new(Operator::open(&self.folder)?))
    }
}

impl Books for Shelf {
    fn verdicts(&self, after: u64, rows: u32) -> Result<Vec<PublishedVerdict>, JournalError> {
        self.ask(|reader| reader.verdicts_after(after, rows))
    }

    fn commissions(
        &self,
        filter: &CommissionFilter,
        page: &PageOf,
    ) -> Result<Page<CommissionView>, JournalError> {
        self.ask(|reader| reader.commissions(filter, page))
    }

    fn commission(&self, id: &str) -> Result<Option<(CommissionView, Vec<String>)>, JournalError> {
        self.ask(|reader| {
            let Some(commission) = reader.commission(id)? else { return Ok(None) };
            let verdicts = reader.verdicts_about(id)?;
            Ok(Some((commission, verdicts.into_iter().map(|verdict| verdict.json).collect())))
        })
    }

    fn holds(&self, filter: &HoldFilter, page: &PageOf) -> Result<Page<HoldView>, JournalError> {
        self.ask(|reader| reader.holds(filter, page))
    }

    fn beneficiary(&self, beneficiary: &str) -> Result<Vec<BeneficiaryView>, JournalError> {
        self.ask(|reader| reader.beneficiary(beneficiary))
    }

    fn dead_letters(
        &self,
        filter: &DeadLetterFilter,
        page: &PageOf,
    ) -> Result<Page<DeadLetterView>, JournalError> {
        self.ask(|reader| reader.dead_letters(filter, page))
    }

    fn dead_letter(&self, number: u64) -> Result<Option<DeadLetterView>, JournalError> {
        self.ask(|reader| reader.dead_letter(number))
    }

    fn dead_letter_at(&self, position: Position, after: u64) -> Result<Option<DeadLetterView>, JournalError> {
        self.ask(|reader| reader.dead_letter_at(position, after))
    }

    fn rulesets(&self) -> Result<Vec<RulesetView>, JournalError> {
        self.ask(|reader| reader.rulesets())
    }

    fn bearer(&self, token: &str) -> Result<Option<Bearer>, JournalError> {
        self.ask(|reader| reader.bearer(token))
    }
}
