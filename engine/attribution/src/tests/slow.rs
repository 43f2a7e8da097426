//! A slow, obvious model of the station: it keeps everything and looks at all of it every time. One program.

use model::admitted::{Admitted, ClickRecord, Context, OrderRecord, What};
use model::event::*;
use model::log::Genesis;
use model::policy::ProgramPolicy;
use model::refusal::Code;
use model::{Event, EventTime, Minor, OrderId, Position, address};
use std::sync::Arc;

use super::slow_credit::Credit;
use super::slow_refunds::SlowRefund;

pub(crate) struct Slow {
    pub(crate) genesis: Genesis,
    pub(crate) policy: ProgramPolicy,
    pub(crate) clock: Option<EventTime>,
    pub(crate) clicks: Vec<SlowClick>,
    pub(crate) plans: Vec<(Position, Plan)>,
    pub(crate) creators: Vec<(EventTime, Position, Creator)>,
    pub(crate) orders: Vec<SlowOrder>,
    pub(crate) refunds: Vec<SlowRefund>,
    pub(crate) waiting: Vec<SlowWaiting>,
    event_ids: Vec<(model::EventId, u128)>,
    orphans: Vec<OrderId>,
}

pub(crate) struct SlowClick {
    content: u128,
    pub(crate) record: Arc<ClickRecord>,
}

pub(crate) struct SlowOrder {
    pub(crate) id: OrderId,
    pub(crate) at: EventTime,
    pub(crate) first: Position,
    pub(crate) revisions: Vec<(Position, u128, Order)>,
    pub(crate) statuses: Vec<(EventTime, OrderStatus)>,
    pub(crate) orphan: bool,
    /// The credit as it is now.
    pub(crate) credit: Credit,
}

pub(crate) struct SlowWaiting {
    pub(crate) event: Event,
    pub(crate) position: Position,
    pub(crate) deadline: EventTime,
    /// Parts said, of a refund without an order.
    pub(crate) done: usize,
    wrong: Option<Code>,
}

/// What became of a record, as far as the model says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Applied,
    Parked,
    Duplicate,
    Refused(Code),
}

/// What took effect, as far as the model says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    Click(Arc<ClickRecord>),
    Order(OrderId, bool, Credit),
    Planned(OrderId, Vec<Vec<model::admitted::Candidate>>),
    Status(OrderId, Status),
    /// Part, order, state, amount, lines, first move, share, due.
    Refund(String, OrderId, RefundState, Minor, Vec<RefundLine>, bool, i64, Option<EventTime>),
    Other,
}

impl Effect {
    pub(crate) fn of(admitted: &Admitted) -> Effect {
        match &admitted.what {
            What::Click(click) => Effect::Click(Arc::clone(click)),
            What::Order(order) => Effect::Order(order.key.order.clone(), false, Credit::of(order)),
            What::Amendment(order) => Effect::Order(order.key.order.clone(), true, Credit::of(order)),
            What::Planned(order) => Effect::Planned(order.key.order.clone(), order.candidates.clone()),
            What::Status(change) => Effect::Status(change.order.key.order.clone(), change.status),
            What::Refund(r) => Effect::Refund(
                r.part.to_string(),
                r.order.key.order.clone(),
                r.refund.state,
                r.refund.amount,
                r.refund.lines.clone(),
                r.first_move,
                r.share_ppm,
                r.due,
            ),
            What::Creator(_)
            | What::Plan(_)
            | What::Review(_)
            | What::PayoutRun(_)
            | What::Obligation(_)
            | What::FeedMark(_) => Effect::Other,
        }
    }
}

impl Slow {
    pub(crate) fn new(genesis: Genesis, policy: ProgramPolicy) -> Slow {
        Slow {
            genesis,
            policy,
            clock: None,
            clicks: Vec::new(),
            plans: Vec::new(),
            creators: Vec::new(),
            orders: Vec::new(),
            refunds: Vec::new(),
            waiting: Vec::new(),
            event_ids: Vec::new(),
            orphans: Vec::new(),
        }
    }

    pub(crate) fn tick(&mut self, time: EventTime) {
        self.clock = self.clock.max(Some(time));
    }

    pub(crate) fn apply(&mut self, position: Position, event: &Event) -> (Fate, Vec<Effect>) {
        if let Err(fate) = self.examine(event) {
            return (fate, Vec::new());
        }
        self.tick(event.occurred_at);
        let mut out = Vec::new();
        match &event.body {
            Body::Click(_) | Body::Order(_) | Body::Refund(_) => {}
            _ => self.event_ids.push((event.event_id.clone(), event.content())),
        }
        match &event.body {
            Body::Click(click) => out.push(self.click(position, event, click)),
            Body::Plan(plan) => {
                self.plans.push((position, (**plan).clone()));
                out.push(Effect::Other);
                self.replan(&mut out);
            }
            Body::Creator(creator) => {
                self.creators.push((event.occurred_at, position, (**creator).clone()));
                out.push(Effect::Other);
            }
            Body::Order(order) => self.order(position, event, order, &mut out),
            Body::OrderStatus(status) if self.known(&status.order_id).is_some() => {
                out.push(self.status(event.occurred_at, status));
            }
            Body::Refund(refund) => {
                self.remember(position, event, refund);
                match &refund.target {
                    RefundTarget::Order(order) if self.known(order).is_some() => {
                        self.say(event.occurred_at, position, refund, 0, &mut out);
                    }
                    _ => self.park(position, event),
                }
            }
            Body::OrderStatus(_) => self.park(position, event),
            _ => out.push(Effect::Other),
        }
        self.settle(position, &mut out);
        let waits = self.waiting.last().is_some_and(|w| w.position == position && w.done == 0);
        (if waits { Fate::Parked } else { Fate::Applied }, out)
    }

    /// Everything due at `at`: position, code, bytes are the event's own.
    pub(crate) fn expire(&mut self, at: EventTime) -> Vec<(Position, Code)> {
        let mut due: Vec<_> =
            self.waiting.iter().filter(|w| w.deadline <= at).map(|w| (w.deadline, w.position)).collect();
        due.sort();
        due.into_iter().map(|(_, position)| (position, self.give_up(position))).collect()
    }

    fn give_up(&mut self, position: Position) -> Code {
        let index = self.waiting.iter().position(|w| w.position == position).unwrap();
        let waiting = self.waiting.remove(index);
        let mut code = waiting.wrong.unwrap_or(Code::OrderUnknown);
        match &waiting.event.body {
            Body::Refund(refund) => {
                match &refund.target {
                    RefundTarget::Match(_) => code = Code::MatchNone,
                    RefundTarget::Order(order) => {
                        let off = matches!(refund.state, RefundState::Rejected | RefundState::Reversed);
                        if waiting.wrong.is_none() && !off {
                            self.orphans.push(order.clone());
                        }
                    }
                }
                if waiting.done == 0 {
                    self.forget_state(refund);
                }
            }
            _ => self.event_ids.retain(|(id, _)| *id != waiting.event.event_id),
        }
        code
    }

    fn examine(&self, event: &Event) -> Result<(), Fate> {
        let content = event.content();
        let judge = |known: Option<u128>| match known {
            None => Ok(()),
            Some(known) if known == content => Err(Fate::Duplicate),
            Some(_) => Err(Fate::Refused(Code::KeyConflict)),
        };
        match &event.body {
            Body::Click(click) => {
                let Some(clock) = self.clock else { return Ok(()) };
                let since = clock.minus(self.genesis.dedup_horizon);
                if event.occurred_at < since {
                    return Err(Fate::Refused(Code::ClickTooOld));
                }
                let known = self.clicks.iter().rev().find(|known| {
                    known.record.click.click_id == click.click_id && known.record.occurred_at >= since
                });
                judge(known.map(|known| known.content))
            }
            Body::Order(order) => {
                let Some(known) = self.known(&order.order_id) else { return Ok(()) };
                let same = known.revisions.iter().find(|(_, _, old)| old.revision == order.revision);
                judge(same.map(|(_, content, _)| *content))?;
                if known.revisions.iter().any(|(_, _, old)| old.revision > order.revision) {
                    return Err(Fate::Refused(Code::RevisionStale));
                }
                Ok(())
            }
            Body::Refund(refund) => {
                judge(self.said(refund))?;
                self.fits(event).map_or(Ok(()), |code| Err(Fate::Refused(code)))
            }
            _ => {
                let known = self.event_ids.iter().find(|(id, _)| *id == event.event_id);
                judge(known.map(|(_, content)| *content))?;
                self.fits(event).map_or(Ok(()), |code| Err(Fate::Refused(code)))
            }
        }
    }

    /// What is wrong with a status or a refund of an order that is known.
    fn fits(&self, event: &Event) -> Option<Code> {
        let (order, lines): (&OrderId, Vec<&model::LineId>) = match &event.body {
            Body::OrderStatus(status) => (&status.order_id, status.line_ids.iter().collect()),
            Body::Refund(refund) => match &refund.target {
                RefundTarget::Order(order) => (order, refund.lines.iter().map(|l| &l.line_id).collect()),
                RefundTarget::Match(_) => return None,
            },
            _ => return None,
        };
        let order = self.known(order)?.latest();
        let known = |line: &&model::LineId| order.lines.iter().any(|other| other.line_id == **line);
        (!lines.iter().all(known)).then_some(Code::LineUnknown)
    }

    fn click(&mut self, position: Position, event: &Event, click: &Click) -> Effect {
        let creator = self.creator(&click.creator_id);
        let record = Arc::new(ClickRecord {
            position,
            occurred_at: event.occurred_at,
            context: Arc::new(Context {
                program: self.genesis.default_program.clone(),
                market: self.genesis.default_market.clone(),
                source: None,
                attributes: std::collections::BTreeMap::new(),
            }),
            click: click.clone(),
            ip: click.ip.map(address::subscriber),
            network: click.ip.map(address::network),
            agency: creator.and_then(|creator| creator.agency_id.clone()),
            tier: creator.and_then(|creator| creator.tier.clone()),
        });
        self.clicks.push(SlowClick { content: event.content(), record: Arc::clone(&record) });
        Effect::Click(record)
    }

    fn order(&mut self, position: Position, event: &Event, order: &Order, out: &mut Vec<Effect>) {
        let revision = (position, event.content(), order.clone());
        let index = self.orders.iter().position(|known| known.id == order.order_id);
        let index = index.unwrap_or_else(|| {
            self.orders.push(SlowOrder {
                id: order.order_id.clone(),
                at: event.occurred_at,
                first: position,
                revisions: Vec::new(),
                statuses: Vec::new(),
                orphan: self.orphans.contains(&order.order_id),
                credit: Credit::default(),
            });
            self.orders.len() - 1
        });
        self.orders[index].revisions.push(revision);
        let is_amendment = self.orders[index].revisions.len() > 1;
        let credit = self.credit(&self.orders[index]);
        self.orders[index].credit = credit.clone();
        out.push(Effect::Order(order.order_id.clone(), is_amendment, credit));
    }

    /// Every order whose candidates are others now than they were.
    fn replan(&mut self, out: &mut Vec<Effect>) {
        for index in 0..self.orders.len() {
            let candidates = self.replanned(&self.orders[index]);
            if candidates != self.orders[index].credit.candidates {
                self.orders[index].credit.candidates = candidates.clone();
                out.push(Effect::Planned(self.orders[index].id.clone(), candidates));
            }
        }
    }

    fn status(&mut self, at: EventTime, status: &OrderStatus) -> Effect {
        let order = self.orders.iter_mut().find(|order| order.id == status.order_id).unwrap();
        order.statuses.push((at, status.clone()));
        Effect::Status(order.id.clone(), status.status)
    }

    fn park(&mut self, position: Position, event: &Event) {
        let deadline = self.clock.unwrap().plus(self.genesis.park_for);
        self.waiting.push(SlowWaiting { event: event.clone(), position, deadline, done: 0, wrong: None });
    }

    /// Tries everything that waits, again from the start after each that did something.
    fn settle(&mut self, now: Position, out: &mut Vec<Effect>) {
        let mut index = 0;
        while index < self.waiting.len() {
            index = if self.try_waiting(index, now, out) { 0 } else { index + 1 };
        }
    }

    fn try_waiting(&mut self, index: usize, now: Position, out: &mut Vec<Effect>) -> bool {
        let waiting = &self.waiting[index];
        let (event, done) = (waiting.event.clone(), waiting.done);
        if waiting.wrong.is_some() {
            return false;
        }
        let order = match &event.body {
            Body::OrderStatus(status) => &status.order_id,
            Body::Refund(refund) => match &refund.target {
                RefundTarget::Order(order) => order,
                RefundTarget::Match(_) => return self.try_match(index, &event, done, now, out),
            },
            _ => unreachable!("nothing else waits"),
        };
        if self.known(order).is_none() {
            return false;
        }
        if let Some(code) = self.fits(&event) {
            self.waiting[index].wrong = Some(code);
            self.waiting[index].deadline = self.clock.unwrap().plus(model::Span::from_ms(1));
            return true;
        }
        self.waiting.remove(index);
        match &event.body {
            Body::OrderStatus(status) => out.push(self.status(event.occurred_at, status)),
            Body::Refund(refund) => drop(self.say(event.occurred_at, now, refund, 0, out)),
            _ => unreachable!("nothing else waits"),
        }
        true
    }

    fn try_match(
        &mut self,
        index: usize,
        event: &Event,
        done: usize,
        now: Position,
        out: &mut Vec<Effect>,
    ) -> bool {
        let Body::Refund(refund) = &event.body else { unreachable!("only refunds are matched") };
        self.find(refund);
        let said = self.say(event.occurred_at, now, refund, done, out);
        self.waiting[index].done = said;
        let off = matches!(refund.state, RefundState::Rejected | RefundState::Reversed);
        if !self.is_missing(refund) || (off && said > 0) {
            self.waiting.remove(index);
            return true;
        }
        said > done
    }

    pub(crate) fn known(&self, order: &OrderId) -> Option<&SlowOrder> {
        self.orders.iter().find(|known| known.id == *order)
    }

    /// The creator as known now.
    pub(crate) fn creator(&self, id: &model::CreatorId) -> Option<&Creator> {
        let profiles = self.creators.iter().filter(|(_, _, creator)| creator.creator_id == *id);
        profiles.max_by_key(|(at, position, _)| (*at, *position)).map(|(_, _, creator)| creator)
    }
}

impl SlowOrder {
    pub(crate) fn latest(&self) -> &Order {
        &self.revisions.last().unwrap().2
    }

    pub(crate) fn is(&self, record: &OrderRecord) -> bool {
        self.id == record.key.order && self.credit.candidates == record.candidates
    }
}
