//! Recent clicks, stored under each key they have.
//!
//! A click is remembered until it is older than its [retention](click_retention) by the log clock; for deduplication as long as
//! genesis says, which is shorter. Forgetting is exact: who looks passes the time before which clicks are
//! forgotten, so it does not matter that they are dropped a minute's worth at a time.

use model::admitted::ClickRecord;
#[cfg(doc)]
use model::admitted::click_retention;
use model::{BuyerId, ClickId, EventTime, Fingerprint, Position, Span};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::table::{In, Program, Scoped, Table};

/// Clicks are dropped in steps of this.
const STEP: Span = Span::from_mins(1);

/// The clicks of all programs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clicks {
    by_id: Table<Scoped<ClickId>, Remembered>,
    by_buyer: Table<Scoped<BuyerId>, Vec<Touch>>,
    by_device: Table<Scoped<Fingerprint>, Vec<Touch>>,
    /// All of them, by the step their time is in, then in log order: to forget by, and what is serialised.
    steps: BTreeMap<EventTime, Vec<Remembered>>,
}

/// A click and the content it was admitted with.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Remembered {
    program: Program,
    content: u128,
    record: Arc<ClickRecord>,
}

/// A click in a list ordered by (time, position). Both are beside it, so that looking through the list does not touch
/// every click.
#[derive(Debug, Clone)]
pub(crate) struct Touch {
    occurred_at: EventTime,
    pub(crate) position: Position,
    pub(crate) record: Arc<ClickRecord>,
}

impl Clicks {
    /// The content of the click with that id, unless it happened before `since`.
    pub(crate) fn content(&self, program: Program, id: &ClickId, since: EventTime) -> Option<u128> {
        let known = self.by_id.get(&In(program, id))?;
        (known.record.occurred_at >= since).then_some(known.content)
    }

    /// The click with that id, unless it happened before `since`.
    pub(crate) fn named(
        &self,
        program: Program,
        id: &ClickId,
        since: EventTime,
    ) -> Option<&Arc<ClickRecord>> {
        self.by_id.get(&In(program, id)).map(|known| &known.record).filter(|c| c.occurred_at >= since)
    }

    /// The valid clicks of a buyer from `since` to `until`, both included, oldest first.
    pub(crate) fn of_buyer(
        &self,
        program: Program,
        buyer: &BuyerId,
        since: EventTime,
        until: EventTime,
    ) -> &[Touch] {
        self.by_buyer.get(&In(program, buyer)).map_or(&[], |clicks| between(clicks, since, until))
    }

    /// The valid clicks of a device from `since` to `until`, both included, oldest first.
    pub(crate) fn of_device(
        &self,
        program: Program,
        device: &Fingerprint,
        since: EventTime,
        until: EventTime,
    ) -> &[Touch] {
        self.by_device.get(&In(program, device)).map_or(&[], |clicks| between(clicks, since, until))
    }

    /// Remembers a click.
    pub(crate) fn add(&mut self, program: Program, content: u128, record: Arc<ClickRecord>) {
        let click = &record.click;
        if !click.invalid {
            if let Some(buyer) = &click.buyer_id {
                insert(self.by_buyer.at(Scoped::new(program, buyer.clone())), &record);
            }
            if let Some(device) = &click.device_h {
                insert(self.by_device.at(Scoped::new(program, device.clone())), &record);
            }
        }
        let id = Scoped::new(program, click.click_id.clone());
        let step = record.occurred_at.grid_floor(STEP);
        let remembered = Remembered { program, content, record };
        self.by_id.insert(id, remembered.clone());
        self.steps.entry(step).or_default().push(remembered);
    }

    /// Drops clicks that happened before `since`, as far as whole steps are over.
    pub(crate) fn forget(&mut self, since: EventTime) {
        while let Some(step) = self.steps.first_entry().filter(|step| step.key().plus(STEP) <= since) {
            for old in step.remove() {
                self.drop_keys(&old, since);
            }
        }
    }

    fn drop_keys(&mut self, old: &Remembered, since: EventTime) {
        let click = &old.record.click;
        let id = In(old.program, &click.click_id);
        // A forgotten id may have come again: the new click stays.
        if self.by_id.get(&id).is_some_and(|known| known.record.position == old.record.position) {
            self.by_id.remove(&id);
        }
        if let Some(buyer) = &click.buyer_id {
            let key = In(old.program, buyer);
            if self.by_buyer.get_mut(&key).is_some_and(|clicks| is_empty_after(clicks, since)) {
                self.by_buyer.remove(&key);
            }
        }
        if let Some(device) = &click.device_h {
            let key = In(old.program, device);
            if self.by_device.get_mut(&key).is_some_and(|clicks| is_empty_after(clicks, since)) {
                self.by_device.remove(&key);
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn sizes(&self) -> [usize; 4] {
        let all = self.steps.values().map(Vec::len).sum();
        [all, self.by_id.len(), self.by_buyer.len(), self.by_device.len()]
    }
}

/// Nearly always at the end: positions grow, times mostly.
fn insert(clicks: &mut Vec<Touch>, record: &Arc<ClickRecord>) {
    let occurred_at = record.occurred_at;
    let touch = Touch { occurred_at, position: record.position, record: Arc::clone(record) };
    if clicks.last().is_none_or(|last| last.occurred_at <= occurred_at) {
        return clicks.push(touch);
    }
    clicks.insert(clicks.partition_point(|click| click.occurred_at <= occurred_at), touch);
}

fn between(clicks: &[Touch], since: EventTime, until: EventTime) -> &[Touch] {
    let first = clicks.partition_point(|click| click.occurred_at < since);
    let end = clicks.partition_point(|click| click.occurred_at <= until);
    clicks.get(first..end).unwrap_or(&[])
}

fn is_empty_after(clicks: &mut Vec<Touch>, since: EventTime) -> bool {
    clicks.drain(..clicks.partition_point(|click| click.occurred_at < since));
    clicks.is_empty()
}

impl Serialize for Clicks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let all: Vec<&Remembered> = self.steps.values().flatten().collect();
        serializer.collect_seq(all)
    }
}

/// Indexes are made anew. The order is that of time as far as one id goes: an id that came again is the new one.
impl<'de> Deserialize<'de> for Clicks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut clicks = Clicks::default();
        for known in Vec::<Remembered>::deserialize(deserializer)? {
            clicks.add(known.program, known.content, known.record);
        }
        Ok(clicks)
    }
}
