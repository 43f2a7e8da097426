//! One beneficiary's share of one order (or of one obligation): its lines, its accounts, its holds.

use model::event::{Beneficiary, Component};
use model::verdict::{Account, CommissionId, Decision, Reason};
use model::{CreatorId, EventTime, Minor, ObligationId, OrderId, RunId};
use serde::{Deserialize, Serialize};

use crate::account::Balance;
use crate::arena::{BookIx, OrderIx};
use crate::holds::Hold;
use crate::kept;
use crate::parcels::Parcel;
use crate::timers::Timer;

/// One beneficiary's share of one order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Commission {
    pub(crate) id: CommissionId,
    pub(crate) origin: Origin,
    pub(crate) beneficiary: Beneficiary,
    pub(crate) component: Component,
    /// Behind an agency's share: the creator who decides in which canaries it is.
    pub(crate) creator: Option<CreatorId>,
    pub(crate) book: BookIx,
    pub(crate) sequence: u64,
    pub(crate) balance: Balance,
    pub(crate) shares: Vec<Share>,
    /// What no rate computes: an obligation's amount.
    pub(crate) fixed: Minor,
    /// What refunds and voids have taken, wherever it was taken from.
    pub(crate) taken: Taken,
    /// The part of it that fell on scheduled money and waits for the run.
    pub(crate) owing: Taken,
    /// Why: the latest reason of each rule.
    pub(crate) owing_why: Vec<OwingWhy>,
    pub(crate) holds: Vec<Hold>,
    pub(crate) held_before: bool,
    /// A person released it: all rules only flag until its amount changes.
    pub(crate) trusted: bool,
    /// A rule or a person voided it, for good.
    pub(crate) rejected: bool,
    /// Whether the ledger counts it as open.
    pub(crate) counted_open: bool,
    pub(crate) due: Option<EventTime>,
    pub(crate) timer: Timer,
    /// When the next of its holds lapses or must be escalated.
    pub(crate) lapse: Option<EventTime>,
    pub(crate) parcels: Vec<Parcel>,
}

/// Where a commission comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// An order.
    Order(OrderPlace),
    /// An obligation.
    Obligation {
        /// Which one.
        id: ObligationId,
        /// The order that it names.
        order: Option<OrderId>,
        /// When it is due.
        due: EventTime,
    },
    /// A payment beyond what a run had scheduled.
    Run(RunId),
}

/// An order within the ledger: opaque outside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderPlace(pub(crate) OrderIx);

/// What one line contributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Share {
    /// The line's place in its order.
    pub(crate) line: u32,
    /// Which of the line's ranked candidates earns it.
    pub(crate) candidate: u32,
    /// Nobody knows the terms yet.
    pub(crate) no_plan: bool,
    /// The line is cancelled, or the commission was rejected: it earns nothing.
    pub(crate) void: bool,
    /// What it earns when nothing is refunded.
    pub(crate) gross: Minor,
    /// What refunds have taken off; does not move while the line is void.
    pub(crate) reduced: Minor,
}

impl Share {
    /// What is left of it.
    pub(crate) fn net(&self) -> Minor {
        if self.void { Minor::ZERO } else { self.gross.minus(self.reduced) }
    }
}

/// Amounts by what took them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Taken {
    pub(crate) reduced: Minor,
    pub(crate) void: Minor,
}

impl Taken {
    pub(crate) fn get(&self, side: Side) -> Minor {
        match side {
            Side::Reduced => self.reduced,
            Side::Void => self.void,
        }
    }

    pub(crate) fn get_mut(&mut self, side: Side) -> &mut Minor {
        match side {
            Side::Reduced => &mut self.reduced,
            Side::Void => &mut self.void,
        }
    }

    pub(crate) fn sum(&self) -> Minor {
        self.reduced.plus(self.void)
    }
}

/// Why something is owing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OwingWhy {
    pub(crate) side: Side,
    #[serde(with = "kept")]
    pub(crate) reason: Reason,
}

/// What takes money off: a refund, or fraud and cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Side {
    Reduced,
    Void,
}

impl Side {
    pub(crate) const BOTH: [Side; 2] = [Side::Reduced, Side::Void];

    pub(crate) const fn decision(self) -> Decision {
        match self {
            Side::Reduced => Decision::Reduce,
            Side::Void => Decision::Void,
        }
    }

    pub(crate) const fn account(self) -> Account {
        match self {
            Side::Reduced => Account::Reduced,
            Side::Void => Account::Void,
        }
    }
}

impl Commission {
    /// One that has earned nothing yet.
    pub(crate) fn new(
        id: CommissionId,
        origin: Origin,
        (beneficiary, component): (Beneficiary, Component),
        book: BookIx,
    ) -> Commission {
        Commission {
            id,
            origin,
            beneficiary,
            component,
            creator: None,
            book,
            sequence: 0,
            balance: Balance::default(),
            shares: Vec::new(),
            fixed: Minor::ZERO,
            taken: Taken::default(),
            owing: Taken::default(),
            owing_why: Vec::new(),
            holds: Vec::new(),
            held_before: false,
            trusted: false,
            rejected: false,
            counted_open: false,
            due: None,
            timer: Timer::None,
            lapse: None,
            parcels: Vec::new(),
        }
    }

    /// Its id.
    pub fn id(&self) -> CommissionId {
        self.id
    }

    /// Where it comes from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Who earns it.
    pub fn beneficiary(&self) -> &Beneficiary {
        &self.beneficiary
    }

    /// What for.
    pub fn component(&self) -> Component {
        self.component
    }

    /// What is in its accounts.
    pub fn balance(&self) -> &Balance {
        &self.balance
    }

    /// How many verdicts there are about it.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Its holds, past ones included.
    pub fn holds(&self) -> &[Hold] {
        &self.holds
    }

    /// When it is due by the dates alone.
    pub fn due(&self) -> Option<EventTime> {
        self.due
    }

    /// Whether it is due and only waits for a feed to be complete.
    pub fn is_awaiting_feed(&self) -> bool {
        matches!(self.timer, Timer::Awaiting(_))
    }

    /// What a refund or void took off scheduled money; posted when the run is decided.
    pub fn owing(&self) -> Minor {
        self.owing.sum()
    }

    /// Whether any hold stands.
    pub fn is_held(&self) -> bool {
        self.holds.iter().any(Hold::stands)
    }

    /// Whether it has money that is pending, held or released, or waits for its terms.
    pub fn is_open(&self) -> bool {
        !self.balance.open().is_zero() || self.waits_for_plan()
    }

    pub(crate) fn waits_for_plan(&self) -> bool {
        self.shares.iter().any(|share| share.no_plan && !share.void)
    }

    pub(crate) fn order(&self) -> Option<OrderIx> {
        match &self.origin {
            Origin::Order(place) => Some(place.0),
            Origin::Obligation { .. } | Origin::Run(_) => None,
        }
    }

    /// Where money that comes in goes.
    pub(crate) fn entry(&self) -> Account {
        if self.is_held() { Account::Held } else { Account::Pending }
    }
}
