//! What rules say, and the holds that follow: of an order, a group, a creator.

use model::verdict::Account;

use super::history::{Happened, Order, replay};
use super::{Hold, LONGEST, Oracle, Over, Says, State, WINDOW, Wide, later};

impl Oracle {
    pub(super) fn say(&mut self, name: usize, says: Says) {
        let own: Vec<usize> =
            (0..self.commissions.len()).filter(|ix| self.commissions[*ix].order == name).collect();
        match says {
            Says::Nothing => {}
            Says::Hold(span) => {
                let until = span.map(|span| self.now + span);
                own.into_iter().for_each(|ix| self.place(ix, "doubt", until, None, true));
            }
            Says::Burst(span) => self.burst(name, span),
            Says::Creator(span) => {
                // The credit is that of the first line of the latest revision.
                let lines = self.orders[&name].history.iter().rev().find_map(|happened| match happened {
                    Happened::Revised(lines) => Some(lines),
                    Happened::Stood { .. } | Happened::Refunded { .. } | Happened::Rejected { .. } => None,
                });
                if let Some((_, creator, _, _)) = lines.and_then(|lines| lines.first()) {
                    let creator = *creator;
                    let wide = self.hold_creator(creator, "other", Some(self.now + span), true);
                    // The order that gives the creator away is held even if it had been passed over before.
                    let until = self.wides[wide].until;
                    for ix in own {
                        let commission = &self.commissions[ix];
                        let held = commission.standing().any(|hold| hold.rule == "other");
                        if commission.creator == creator && !held {
                            self.place(ix, "other", until, Some(wide), true);
                        }
                    }
                }
            }
            Says::Reject => {
                for ix in own {
                    let commission = &self.commissions[ix];
                    let lifted =
                        commission.holds.iter().any(|h| h.rule == "doubt" && h.state == State::Lifted);
                    let with_finance = commission.of(Account::Scheduled) + commission.of(Account::Paid);
                    if !commission.trusted && !lifted && (commission.open() || with_finance > 0) {
                        self.reject(ix);
                    }
                }
            }
        }
    }

    pub(super) fn burst(&mut self, name: usize, span: i64) {
        let group = self.orders[&name].groups[0];
        let wide = self.fire("burst", Over::Group(group), Some(self.now + span)).0;
        let watermark = self.wides[wide].watermark.replace(self.position);
        let counted = |order: &Order| {
            order.groups.contains(&group)
                && order.placed_at >= self.now - WINDOW
                && watermark.is_none_or(|mark| order.position > mark)
        };
        let mut members: Vec<usize> =
            self.orders.iter().filter(|(_, order)| counted(order)).map(|(name, _)| *name).collect();
        self.wides[wide].members.extend(&members);
        members.push(name);
        let until = self.wides[wide].until;
        for ix in 0..self.commissions.len() {
            let commission = &self.commissions[ix];
            // The order that gives it away is held in any case, scheduled or not.
            let own = commission.order == name;
            if members.contains(&commission.order) && (own || commission.open()) {
                self.place(ix, "burst", until, Some(wide), true);
            }
        }
    }

    /// Extends a wide hold or begins it; tells whether it began.
    pub(super) fn fire(&mut self, rule: &'static str, over: Over, until: Option<i64>) -> (usize, bool) {
        let found = self.wides.iter().position(|wide| wide.rule == rule && wide.over == over);
        let Some(ix) = found else {
            self.wides.push(Wide {
                rule,
                over,
                until,
                lifted: false,
                watermark: None,
                members: Vec::new(),
                ended: false,
            });
            return (self.wides.len() - 1, true);
        };
        let now = self.now;
        let wide = &mut self.wides[ix];
        wide.ended = false;
        if wide.stands(now) {
            wide.until = later(wide.until, until);
            return (ix, false);
        }
        wide.until = until;
        wide.lifted = false;
        wide.watermark = None;
        (ix, true)
    }

    pub(super) fn hold_creator(
        &mut self,
        creator: usize,
        rule: &'static str,
        until: Option<i64>,
        by_rule: bool,
    ) -> usize {
        let (wide, began) = self.fire(rule, Over::Creator(creator), until);
        if began {
            for ix in 0..self.commissions.len() {
                if self.commissions[ix].creator == creator {
                    self.place(ix, rule, until, Some(wide), by_rule);
                }
            }
        }
        wide
    }

    pub(super) fn place(
        &mut self,
        ix: usize,
        rule: &'static str,
        until: Option<i64>,
        wide: Option<usize>,
        by_rule: bool,
    ) {
        let commission = &self.commissions[ix];
        let lifted = commission.holds.iter().any(|h| h.rule == rule && h.state == State::Lifted);
        if !commission.open() && commission.of(Account::Scheduled) == 0 {
            return;
        }
        if by_rule && (commission.trusted || lifted) {
            return;
        }
        self.stand(ix, rule, until, wide);
        self.tidy(ix);
    }

    pub(super) fn stand(&mut self, ix: usize, rule: &'static str, until: Option<i64>, wide: Option<usize>) {
        let now = self.now;
        let commission = &mut self.commissions[ix];
        let Some(hold) = commission.holds.iter_mut().find(|hold| hold.rule == rule) else {
            commission.holds.push(Hold {
                rule,
                until,
                since: now,
                state: State::Standing,
                escalated: false,
                placed_by: wide,
                wides: wide.into_iter().collect(),
            });
            if wide.is_none() {
                commission.named.push(rule);
            }
            return;
        };
        if hold.state == State::Standing {
            hold.until = later(hold.until, until);
            hold.wides.extend(wide);
        } else {
            hold.since = if hold.state == State::Lapsed { hold.since } else { now };
            hold.escalated =
                until.is_none_or(|until| until > hold.since + LONGEST) && hold.state == State::Lapsed;
            hold.until = if hold.escalated { None } else { until };
            hold.state = State::Standing;
            hold.wides = wide.into_iter().collect();
        }
    }

    /// The latest end of the groups and creators that hold it and stand.
    pub(super) fn latest(&self, hold: &Hold) -> Option<Option<i64>> {
        let standing = hold.wides.iter().map(|wide| &self.wides[*wide]).filter(|wide| wide.stands(self.now));
        standing.map(|wide| wide.until).reduce(later)
    }

    /// A held creator's new money is held.
    pub(super) fn enlist(&mut self, ix: usize) {
        let creator = self.commissions[ix].creator;
        for wide in 0..self.wides.len() {
            let (rule, until) = (self.wides[wide].rule, self.wides[wide].until);
            let decided =
                self.commissions[ix].holds.iter().any(|h| h.rule == rule && h.state != State::Lapsed);
            if self.wides[wide].over == Over::Creator(creator)
                && self.wides[wide].stands(self.now)
                && !decided
            {
                self.stand(ix, rule, until, Some(wide));
                self.tidy(ix);
            }
        }
    }

    pub(super) fn reject(&mut self, ix: usize) {
        let (order, creator) = (self.commissions[ix].order, self.commissions[ix].creator);
        let history = &mut self.orders.get_mut(&order).unwrap().history;
        if history.iter().any(|h| matches!(h, Happened::Rejected { creator: who } if *who == creator)) {
            return;
        }
        history.push(Happened::Rejected { creator });
        let (shares, _) = replay(&self.orders[&order]);
        self.settle_one(ix, &shares);
    }
}
