//! Creator holds: everything of a creator that is not yet scheduled, and what comes, until a date or a review.
//! Accruals go on.

use model::event::Beneficiary;
use model::table::Table;
use model::verdict::{HoldId, Reason, Subject};
use model::{CreatorId, EventTime, ProgramId, RuleId};
use serde::{Deserialize, Serialize};

use crate::arena::{Arena, CommissionIx, CreatorIx, WideIx};
use crate::holds::{Ask, By, Hold, HoldState};
use crate::ledger::Ledger;
use crate::verdicts::Stage;
use crate::wide::{ByWhom, Member, Over, WideHold};

/// The creators of all programs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Creators {
    books: Arena<CreatorIx, CreatorBook>,
    index: Table<(ProgramId, CreatorId), CreatorIx>,
    /// The most commissions that any creator has had.
    pub(crate) largest: usize,
}

/// What a creator earns, and who doubts it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CreatorBook {
    pub(crate) program: ProgramId,
    pub(crate) creator: CreatorId,
    /// By creation.
    pub(crate) commissions: Vec<CommissionIx>,
    pub(crate) holds: Vec<WideIx>,
}

impl Creators {
    pub(crate) fn find(&self, program: &ProgramId, creator: &CreatorId) -> Option<CreatorIx> {
        self.index.get(&(program.clone(), creator.clone())).copied()
    }

    pub(crate) fn book(&self, ix: CreatorIx) -> &CreatorBook {
        &self.books[ix]
    }

    fn open(&mut self, program: &ProgramId, creator: &CreatorId) -> CreatorIx {
        let books = &mut self.books;
        *self.index.at_or((program.clone(), creator.clone()), || {
            let (program, creator) = (program.clone(), creator.clone());
            books.push(CreatorBook { program, creator, commissions: Vec::new(), holds: Vec::new() })
        })
    }

    /// Remembers a commission under its creator.
    pub(crate) fn add(&mut self, program: &ProgramId, creator: &CreatorId, commission: CommissionIx) {
        let ix = self.open(program, creator);
        self.books[ix].commissions.push(commission);
        self.largest = self.largest.max(self.books[ix].commissions.len());
    }
}

impl Ledger {
    /// Holds a creator; new members are touched now, and what comes as it comes.
    pub(crate) fn hold_creator(
        &mut self,
        (program, creator): (&ProgramId, &CreatorId),
        (rule, until): (&RuleId, Option<EventTime>),
        (by, why): (ByWhom, Reason),
        stage: &mut Stage,
    ) {
        let ix = self.creators.open(program, creator);
        let known = self.hold_of_creator(program, creator, rule);
        let wide = known.unwrap_or_else(|| self.new_creator_hold(ix, rule, (until, &why)));
        let begins = self.fire_wide(wide, until, stage.moment.clock) || known.is_none();
        if !begins {
            return;
        }
        let members = self.creators.books[ix].commissions.iter().copied().filter(|c| self.is_touchable(*c));
        let members: std::collections::VecDeque<Member> = members.map(Member::Commission).collect();
        if members.is_empty() {
            self.announce(ix, &by, why.clone(), stage);
        }
        self.enqueue(wide, members, (by, why), None, stage);
    }

    /// The hold that a rule has put on a creator, if it ever did.
    pub(crate) fn hold_of_creator(
        &self,
        program: &ProgramId,
        creator: &CreatorId,
        rule: &RuleId,
    ) -> Option<WideIx> {
        let book = self.creators.book(self.creators.find(program, creator)?);
        book.holds.iter().copied().find(|wide| self.wide[*wide].rule == *rule)
    }

    fn is_touchable(&self, ix: CommissionIx) -> bool {
        let commission = &self.commissions[ix];
        commission.is_open() || !commission.balance.get(model::verdict::Account::Scheduled).is_zero()
    }

    /// A hold that touches nothing yet is told all the same.
    fn announce(&mut self, ix: CreatorIx, by: &ByWhom, why: Reason, stage: &mut Stage) {
        let book = &self.creators.books[ix];
        let subject = Subject::Creator(book.program.clone(), book.creator.clone());
        let actor = match by {
            ByWhom::Rule => None,
            ByWhom::Person(actor) => actor.as_ref(),
        };
        stage.flag_subject(subject, (&book.program, &self.default_market), None, vec![why], actor);
    }

    fn new_creator_hold(
        &mut self,
        ix: CreatorIx,
        rule: &RuleId,
        (until, why): (Option<EventTime>, &Reason),
    ) -> WideIx {
        let book = &self.creators.books[ix];
        let scope = format!("creator:{}/{}", book.program, book.creator);
        let wide = self.wide.push(WideHold {
            hold_id: HoldId::of_scope(&scope, rule),
            rule: rule.clone(),
            over: Over::Creator(ix),
            until,
            why: why.clone(),
            lifted: false,
            watermark: None,
            members: Vec::new(),
        });
        self.creators.books[ix].holds.push(wide);
        self.hold_index.insert(self.wide[wide].hold_id, crate::reviews::HoldPlace::Wide(wide));
        wide
    }

    /// Money that comes to a held creator is held: asked before anything accrues or comes back. Returns why.
    pub(crate) fn enlist(&mut self, ix: CommissionIx, stage: &mut Stage) -> Vec<Reason> {
        let missing = self.missing_holds(ix, stage);
        let mut reasons = Vec::with_capacity(missing.len());
        for wide in missing {
            let hold = &self.wide[wide];
            let (rule, until, why) = (hold.rule.clone(), hold.until, hold.why.clone());
            self.stand(ix, &Ask { rule, until, wide: Some(wide), by: By::Own }, stage);
            if self.commissions[ix].is_open() {
                self.hold_money(ix, &why, stage);
            }
            reasons.push(why);
        }
        reasons
    }

    /// Holds of its creator that a commission is not yet under.
    fn missing_holds(&self, ix: CommissionIx, stage: &Stage) -> Vec<WideIx> {
        let commission = &self.commissions[ix];
        let Beneficiary::Creator(creator) = &commission.beneficiary else { return Vec::new() };
        let program = &self.totals.book(commission.book).program;
        let Some(book) = self.creators.find(program, creator) else { return Vec::new() };
        let decided = |hold: &Hold, wide: &WideIx| {
            hold.rule == self.wide[*wide].rule && hold.state != HoldState::Lapsed
        };
        let holds = self.creators.books[book].holds.iter().copied();
        holds
            .filter(|wide| self.wide[*wide].stands_at(stage.moment.clock))
            .filter(|wide| !commission.holds.iter().any(|hold| decided(hold, wide)))
            .collect()
    }
}
