//! The books: where every commission stands, what holds it, and what it all comes to. They follow from the verdicts
//! alone, one after the other, in the transaction that writes these.

use model::verdict::{Account, HoldView, Posting};
use model::{EventTime, Verdict};
use runtime::JournalError;
use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params, params_from_iter};
use std::collections::BTreeMap;

use super::fault::{damaged, unwritable};

const ACCOUNTS: usize = Account::ALL.len();

const OPEN: &str = "INSERT INTO commissions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, \
    ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)";
const FIND: &str = "SELECT number, sequence, held, held_since_at, shop_id, last_verdict FROM commissions \
    WHERE commission_id = ?1";
const MOVE: &str = "UPDATE commissions SET accrued = ?2, pending = ?3, held = ?4, released = ?5, scheduled = ?6, \
    paid = ?7, owed_back = ?8, recovered = ?9, written_off = ?10, reduced = ?11, void = ?12, due_at = ?13, \
    held_since_at = ?14, sequence = ?15, last_position = ?16, last_at = ?17, last_verdict = ?18 WHERE number = ?1";
const MOVE_SHOP: &str = "UPDATE commissions SET shop_id = ?2 WHERE number = ?1";

/// The last verdict about something that is no commission.
const LAST: &str = "SELECT last_verdict FROM subjects WHERE subject = ?1";
const MOVE_LAST: &str =
    "INSERT INTO subjects VALUES (?1, ?2) ON CONFLICT DO UPDATE SET last_verdict = excluded.last_verdict";

const HOLD: &str = "INSERT INTO holds VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, NULL, \
    NULL)";
const STANDING: &str =
    "SELECT number, hold_id, until_at, amount FROM holds WHERE commission = ?1 AND ended_at IS NULL";
const CHANGE_HOLD: &str = "UPDATE holds SET until_at = ?2, amount = ?3 WHERE number = ?1";
const END_HOLD: &str = "UPDATE holds SET ended_at = ?2, ended_position = ?3, amount = ?4 WHERE number = ?1";

const TOTAL: &str = "INSERT INTO totals VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) \
    ON CONFLICT DO UPDATE SET commissions = commissions + excluded.commissions, accrued = accrued + excluded.accrued, \
    pending = pending + excluded.pending, held = held + excluded.held, released = released + excluded.released, \
    scheduled = scheduled + excluded.scheduled, paid = paid + excluded.paid, \
    owed_back = owed_back + excluded.owed_back, recovered = recovered + excluded.recovered, \
    written_off = written_off + excluded.written_off, reduced = reduced + excluded.reduced, \
    void = void + excluded.void";

/// Writes the books.
pub(crate) struct Books<'c> {
    connection: &'c Connection,
    open: CachedStatement<'c>,
    find: CachedStatement<'c>,
    advance: CachedStatement<'c>,
    hold: CachedStatement<'c>,
    standing: CachedStatement<'c>,
    /// What this commit moves, by program, market and currency.
    moved: BTreeMap<[String; 3], Moved>,
}

/// What a commit moves.
#[derive(Default)]
struct Moved {
    commissions: i64,
    accounts: [i64; ACCOUNTS],
}

/// A commission as the books know it.
struct Known {
    number: i64,
    sequence: u64,
    held: i64,
    held_since_at: Option<i64>,
    shop_id: Option<String>,
    last_verdict: u64,
}

impl Known {
    fn read(row: &Row<'_>) -> rusqlite::Result<Known> {
        Ok(Known {
            number: row.get(0)?,
            sequence: row.get(1)?,
            held: row.get(2)?,
            held_since_at: row.get(3)?,
            shop_id: row.get(4)?,
            last_verdict: row.get(5)?,
        })
    }
}

/// A hold as the books know it.
struct Standing {
    number: i64,
    hold_id: String,
    until_at: Option<i64>,
    amount: i64,
}

impl Standing {
    fn read(row: &Row<'_>) -> rusqlite::Result<Standing> {
        Ok(Standing { number: row.get(0)?, hold_id: row.get(1)?, until_at: row.get(2)?, amount: row.get(3)? })
    }
}

impl<'c> Books<'c> {
    pub(crate) fn prepared(connection: &'c Connection) -> rusqlite::Result<Books<'c>> {
        Ok(Books {
            connection,
            open: connection.prepare_cached(OPEN)?,
            find: connection.prepare_cached(FIND)?,
            advance: connection.prepare_cached(MOVE)?,
            hold: connection.prepare_cached(HOLD)?,
            standing: connection.prepare_cached(STANDING)?,
            moved: BTreeMap::new(),
        })
    }

    /// Reads the next verdict about a subject; one that is no commission moves no money. Returns the sequence of the
    /// verdict before about the same.
    pub(crate) fn read(
        &mut self,
        verdict: &Verdict,
        subject: &str,
        sequence: u64,
    ) -> Result<Option<u64>, JournalError> {
        if verdict.commission_id.is_none() {
            return self.follow(subject, sequence).map_err(unwritable);
        }
        let mut previous = None;
        if verdict.sequence == 1 {
            self.begin(verdict, subject, sequence).map_err(unwritable)?;
        } else {
            let known = self.find.query_row([subject], Known::read).optional().map_err(unwritable)?;
            let known = known.filter(|known| known.sequence + 1 == verdict.sequence).ok_or_else(|| {
                let sequence = verdict.sequence;
                damaged(format_args!(
                    "verdict {sequence} about commission {subject} does not follow its last one"
                ))
            })?;
            previous = Some(known.last_verdict);
            self.go_on(verdict, known, sequence).map_err(unwritable)?;
        }
        self.moved(verdict)?;
        Ok(previous)
    }

    /// The last verdict about something that is no commission; from now on it is another one.
    fn follow(&self, subject: &str, sequence: u64) -> rusqlite::Result<Option<u64>> {
        let mut last = self.connection.prepare_cached(LAST)?;
        let previous = last.query_row([subject], |row| row.get(0)).optional()?;
        self.connection.prepare_cached(MOVE_LAST)?.execute(params![subject, sequence])?;
        Ok(previous)
    }

    fn begin(&mut self, verdict: &Verdict, id: &str, sequence: u64) -> rusqlite::Result<()> {
        let number = sequence.cast_signed();
        let beneficiary = verdict.beneficiary.as_deref().unwrap_or_default();
        let mut values: Vec<Value> = vec![
            number.into(),
            id.to_owned().into(),
            verdict.program_id.to_string().into(),
            verdict.order_id.as_ref().map(ToString::to_string).into(),
            verdict.shop_id.as_ref().map(ToString::to_string).into(),
            verdict.market.to_string().into(),
            beneficiary.to_owned().into(),
            beneficiary.strip_prefix("creator:").map(str::to_owned).into(),
            verdict.component.as_deref().unwrap_or_default().to_owned().into(),
            currency(verdict).into(),
        ];
        let balance = balance(verdict);
        values.extend(balance.map(Value::from));
        let (position, at) = (verdict.position.0.cast_signed(), verdict.occurred_at.as_ms());
        let held_since = (held(&balance) > 0).then_some(at);
        values.extend([verdict.due.map(EventTime::as_ms).into(), held_since.into(), Value::from(1_i64)]);
        values.extend([position, position, at, at, number].map(Value::from));
        self.open.execute(params_from_iter(values))?;
        verdict.holds.iter().try_for_each(|hold| self.place(verdict, number, hold))
    }

    fn go_on(&mut self, verdict: &Verdict, known: Known, last_verdict: u64) -> rusqlite::Result<()> {
        let balance = balance(verdict);
        let at = verdict.occurred_at.as_ms();
        let held_since = match (held(&balance) > 0, known.held > 0) {
            (false, _) => None,
            (true, true) => known.held_since_at,
            (true, false) => Some(at),
        };
        let mut values: Vec<Value> = vec![known.number.into()];
        values.extend(balance.map(Value::from));
        values.extend([verdict.due.map(EventTime::as_ms).into(), held_since.into()]);
        let (sequence, position) = (verdict.sequence.cast_signed(), verdict.position.0.cast_signed());
        values.extend([sequence, position, at, last_verdict.cast_signed()].map(Value::from));
        self.advance.execute(params_from_iter(values))?;
        let shop = verdict.shop_id.as_ref().map(|shop| shop.as_str());
        if known.shop_id.as_deref() != shop {
            self.connection.prepare_cached(MOVE_SHOP)?.execute(params![known.number, shop])?;
        }
        self.holds(verdict, known.number)
    }

    /// Compares the holds that stand after a verdict with those that stood before it.
    fn holds(&mut self, verdict: &Verdict, commission: i64) -> rusqlite::Result<()> {
        let standing = self.standing.query_map([commission], Standing::read)?;
        let standing: Vec<Standing> = standing.collect::<Result<_, _>>()?;
        if standing.is_empty() && verdict.holds.is_empty() {
            return Ok(());
        }
        let said: BTreeMap<String, &HoldView> =
            verdict.holds.iter().map(|hold| (hold.hold_id.to_string(), hold)).collect();
        for before in &standing {
            match said.get(&before.hold_id) {
                Some(hold) => self.change(verdict, before, hold)?,
                None => self.end(verdict, before)?,
            }
        }
        let is_new = |hold_id: &String| standing.iter().all(|before| before.hold_id != *hold_id);
        for hold in said.iter().filter(|(hold_id, _)| is_new(hold_id)).map(|(_, hold)| *hold) {
            self.place(verdict, commission, hold)?;
        }
        Ok(())
    }

    fn place(&mut self, verdict: &Verdict, commission: i64, hold: &HoldView) -> rusqlite::Result<()> {
        let reason = verdict.reasons.iter().find(|reason| reason.rule == hold.rule);
        self.hold.execute(params![
            hold.hold_id.to_string(),
            commission,
            verdict.commission_id.map(|id| id.to_string()),
            verdict.order_id.as_ref().map(|id| id.as_str()),
            hold.rule.as_str(),
            reason.map(|reason| reason.public_code.as_str()),
            verdict.market.as_str(),
            verdict.shop_id.as_ref().map(|shop| shop.as_str()),
            verdict.beneficiary.as_deref().unwrap_or_default(),
            currency(verdict),
            held(&balance(verdict)),
            verdict.occurred_at.as_ms(),
            verdict.position.0,
            hold.until.map(EventTime::as_ms),
        ])?;
        Ok(())
    }

    fn change(&self, verdict: &Verdict, before: &Standing, hold: &HoldView) -> rusqlite::Result<()> {
        let (until_at, amount) = (hold.until.map(EventTime::as_ms), held(&balance(verdict)));
        if (until_at, amount) != (before.until_at, before.amount) {
            let mut change = self.connection.prepare_cached(CHANGE_HOLD)?;
            change.execute(params![before.number, until_at, amount])?;
        }
        Ok(())
    }

    /// A hold that has ended keeps what it held last.
    fn end(&self, verdict: &Verdict, before: &Standing) -> rusqlite::Result<()> {
        let (at, position) = (verdict.occurred_at.as_ms(), verdict.position.0);
        let mut end = self.connection.prepare_cached(END_HOLD)?;
        end.execute(params![before.number, at, position, before.amount])?;
        Ok(())
    }

    fn moved(&mut self, verdict: &Verdict) -> Result<(), JournalError> {
        let key = [verdict.program_id.to_string(), verdict.market.to_string(), currency(verdict)];
        let moved = self.moved.entry(key).or_default();
        moved.commissions += i64::from(verdict.sequence == 1);
        for posting in &verdict.postings {
            moved.post(posting).ok_or_else(|| damaged("the total of an account leaves its range"))?;
        }
        Ok(())
    }

    /// Adds what was moved to the totals.
    pub(crate) fn close(self) -> rusqlite::Result<()> {
        let mut total = self.connection.prepare_cached(TOTAL)?;
        for ([program, market, currency], moved) in self.moved {
            let mut values: Vec<Value> = vec![program.into(), market.into(), currency.into()];
            values.push(moved.commissions.into());
            values.extend(moved.accounts.map(Value::from));
            total.execute(params_from_iter(values))?;
        }
        Ok(())
    }
}

impl Moved {
    /// What is accrued comes from nowhere: that account counts what ever came.
    fn post(&mut self, posting: &Posting) -> Option<()> {
        let out = if posting.from == Account::Accrued { posting.amount.0 } else { -posting.amount.0 };
        for (account, amount) in [(posting.from, out), (posting.to, posting.amount.0)] {
            let index = Account::ALL.iter().position(|known| *known == account)?;
            let total = self.accounts.get_mut(index)?;
            *total = total.checked_add(amount)?;
        }
        Some(())
    }
}

/// Every account, in the order of the columns.
fn balance(verdict: &Verdict) -> [i64; ACCOUNTS] {
    Account::ALL.map(|account| verdict.balance.get(&account).map_or(0, |minor| minor.0))
}

fn held(balance: &[i64; ACCOUNTS]) -> i64 {
    let accounts = Account::ALL.iter().zip(balance);
    accounts.filter(|(account, _)| **account == Account::Held).map(|(_, amount)| *amount).sum()
}

fn currency(verdict: &Verdict) -> String {
    verdict.currency.map(|currency| currency.to_string()).unwrap_or_default()
}
