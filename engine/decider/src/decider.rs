//! The engine as one value: the stations' states, and the step that takes a chunk of the log through them.

use attribution::{Admission, Attribution};
use ledger::{Ledger, RulesetTerms};
use model::admitted::{Admitted, What};
use model::event::OrderType;
use model::fact::Subject;
use model::feature::Measures;
use model::hit::Judged;
use model::log::{Control, Genesis, RecordBody};
use model::refusal::DeadLetter;
use model::{EventTime, Facts, HashKey, Record, RuleId};
use rayon::prelude::*;
use ruleset::Ruleset;
use std::collections::VecDeque;
use std::sync::Arc;
use window::Windows;

use crate::effects::{About, Effects};
use crate::row::{Row, RowOf};
use crate::stretch::{self, Horizon};
use crate::successor::Successor;
use crate::tally::Tally;
use crate::trace::{Trace, Watch};

/// Records of one chunk that one thread judges at least: fewer are not worth handing over.
const JUDGED_PER_THREAD_MIN: usize = 32;

/// Whether rows leave the decider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    Kept,
    Dropped,
}

/// The engine: a deterministic function of its log, with the state that it has reached.
pub struct Decider {
    pub(crate) genesis: Genesis,
    pub(crate) ruleset: Arc<Ruleset>,
    /// Rulesets that the log is going to load, in its order.
    pub(crate) successors: VecDeque<Successor>,
    pub(crate) attribution: Attribution,
    pub(crate) windows: Windows,
    pub(crate) ledger: Ledger,
    pub(crate) tally: Tally,
    /// Sweeps up to and including this time have run.
    pub(crate) swept: Option<EventTime>,
    pub(crate) watch: Option<Watch>,
    pub(crate) rows: Rows,
    subjects: Vec<Subject>,
}

impl Decider {
    /// The state before the first record.
    pub fn new(genesis: Genesis, ruleset: Arc<Ruleset>, key: HashKey) -> Decider {
        Decider {
            attribution: Attribution::new(&genesis, ruleset.policy()),
            windows: Windows::new(ruleset.features().to_vec(), ruleset.policy().windows, key.secret()),
            ledger: Ledger::new(&genesis, terms(&ruleset)),
            tally: Tally::default(),
            swept: None,
            watch: None,
            rows: Rows::Dropped,
            subjects: judged_subjects(&ruleset),
            successors: VecDeque::new(),
            genesis,
            ruleset,
        }
    }

    pub(crate) fn from_parts(
        genesis: Genesis,
        ruleset: Arc<Ruleset>,
        successors: VecDeque<Successor>,
        (mut attribution, windows, mut ledger): (Attribution, Windows, Ledger),
        tally: Tally,
        swept: Option<EventTime>,
    ) -> Decider {
        attribution.set_policy(ruleset.policy());
        ledger.set_ruleset(terms(&ruleset), &[]);
        let subjects = judged_subjects(&ruleset);
        Decider {
            genesis,
            ruleset,
            successors,
            attribution,
            windows,
            ledger,
            tally,
            swept,
            watch: None,
            rows: Rows::Dropped,
            subjects,
        }
    }

    /// The log is going to load this ruleset, after those that were announced before it. Its features are complete
    /// if it has measured every record so far that they can reach; from here on the decider shows it the others. One
    /// that is announced twice in a row was announced in vain the first time.
    pub fn announce(&mut self, successor: Successor) {
        let again = self.successors.back().filter(|last| last.ruleset().hash() == successor.ruleset().hash());
        if again.is_some() {
            self.successors.pop_back();
        }
        self.successors.push_back(successor);
    }

    /// The rulesets that were announced and have not been loaded, in order.
    pub fn announced(&self) -> impl Iterator<Item = &Arc<Ruleset>> {
        self.successors.iter().map(Successor::ruleset)
    }

    /// Decides a chunk: the next records of the log, in order.
    ///
    /// # Panics
    /// If the log loads a ruleset that is neither in force nor was [announced](Decider::announce).
    pub fn decide(&mut self, chunk: &[Record], effects: &mut Effects) {
        let mut rest = chunk;
        while let Some(first) = rest.first() {
            self.sweep_before(first, effects);
            if let RecordBody::Control(Control::Ruleset(hash)) = &first.body {
                self.load(hash);
            }
            rest = self.stretch(rest, effects);
        }
    }

    /// Another ruleset applies from here on.
    fn load(&mut self, hash: &str) {
        if hash == self.ruleset.hash() {
            return;
        }
        let at = self.successors.iter().position(|next| next.ruleset().hash() == hash);
        let Some(at) = at else { panic!("the log loads ruleset {hash}, which was not announced") };
        // Those before it were announced in vain.
        let next = self.successors.drain(..=at).next_back().expect("it is there");
        let (ruleset, measured) = next.into_parts();
        self.attribution.set_policy(ruleset.policy());
        self.ledger.set_ruleset(terms(&ruleset), &measured.grouped);
        self.windows = measured.windows;
        self.subjects = judged_subjects(&ruleset);
        self.ruleset = ruleset;
    }

    /// Takes the longest stretch at the front of `records` that no sweep falls into through the stations, one
    /// station after the other, and returns the records behind it.
    fn stretch<'r>(&mut self, records: &'r [Record], effects: &mut Effects) -> &'r [Record] {
        let (admitted, rest) = self.attribute(records, effects);
        let measures = self.windows.apply_all(&admitted);
        self.successors.par_iter_mut().for_each(|successor| successor.measure(&admitted));
        let judged = self.judge(&admitted, measures, effects);
        for (admitted, judged) in admitted.iter().zip(&judged) {
            self.settle(admitted, judged.as_ref(), effects);
        }
        rest
    }

    fn attribute<'r>(
        &mut self,
        records: &'r [Record],
        effects: &mut Effects,
    ) -> (Vec<Admitted>, &'r [Record]) {
        let mut admitted = Vec::with_capacity(records.len());
        let mut horizon = Horizon::new(self, records.len());
        for (index, record) in records.iter().enumerate() {
            let beyond = |point| self.attribution.reaches(record, point);
            if index > 0 && (stretch::begins(record) || horizon.point().is_some_and(beyond)) {
                return (admitted, records.get(index..).unwrap_or_default());
            }
            let before = admitted.len();
            let late_before = self.attribution.clock().map(|clock| clock.minus(self.genesis.sweep_grid));
            let admission = self.attribution.apply(record, &mut admitted);
            self.tally.admission(record, &admission, late_before);
            if let Admission::Refused(refusal) = admission {
                let dead = DeadLetter {
                    position: record.position,
                    refused_at: record.position,
                    refusal,
                    raw: record.raw.clone(),
                };
                effects.dead_letters.push(dead);
            }
            if let RecordBody::Control(Control::Tick(_)) = record.body {
                self.tally.ticks += 1;
            }
            for new in admitted.iter().skip(before) {
                horizon.narrow(new);
            }
            horizon.narrow_to_expiry(self.attribution.next_expiry(), self.attribution.clock());
        }
        (admitted, &[])
    }

    /// Runs the rules on every record that they are about. All rules of an event see the same facts and nothing
    /// else, so any number of threads may share the work.
    fn judge(
        &mut self,
        admitted: &[Admitted],
        measures: Vec<Option<Measures>>,
        effects: &mut Effects,
    ) -> Vec<Option<(Judged, Measures)>> {
        let ruleset = &self.ruleset;
        let judged = |(admitted, measures): (&Admitted, Option<Measures>)| {
            let measures = measures?;
            let hits = facts(admitted).map(|facts| ruleset.judge(facts, &measures)).unwrap_or_default();
            Some((
                Judged { hits, groups: measures.groups.clone(), memberships: measures.memberships.clone() },
                measures,
            ))
        };
        let work = admitted.par_iter().zip(measures).with_min_len(JUDGED_PER_THREAD_MIN);
        let judged: Vec<Option<(Judged, Measures)>> = work.map(judged).collect();
        for (admitted, judged) in admitted.iter().zip(&judged) {
            if self.rows == Rows::Kept {
                let measures = judged.as_ref().map(|(_, measures)| measures);
                effects.rows.extend(Row::of(admitted, measures));
            }
            if let (Some(facts), Some((judged, _))) = (facts(admitted), judged) {
                self.tally.judged(&self.ruleset, facts, judged);
            }
            if self.watch.as_ref().is_some_and(|watch| watch.sees(admitted)) {
                effects.traces.push(self.look(admitted, judged.as_ref().map(|(_, measures)| measures)));
            }
            if let (Some(about), Some((judged, _))) = (about(admitted), judged) {
                effects.explain(admitted.position, &about, &judged.hits);
            }
        }
        judged
    }

    fn look(&self, admitted: &Admitted, measures: Option<&Measures>) -> Trace {
        match (facts(admitted), measures) {
            (Some(facts), Some(measures)) => {
                Trace::judged(admitted, measures.clone(), self.ruleset.trace(facts, measures))
            }
            (Some(_) | None, _) => Trace::seen(admitted),
        }
    }

    fn settle(&mut self, admitted: &Admitted, judged: Option<&(Judged, Measures)>, effects: &mut Effects) {
        self.tally.attributed(admitted);
        let before = effects.verdicts.len();
        self.ledger.apply(admitted, judged.map(|(judged, _)| judged), &mut effects.verdicts);
        let Some(watch) = &self.watch else { return };
        // Another order, a person or a run has decided about what is watched.
        let mut decided = effects.verdicts.get(before..).unwrap_or_default().iter();
        if !watch.sees(admitted) && decided.any(|verdict| watch.concerns(verdict)) {
            effects.traces.push(self.look(admitted, judged.map(|(_, measures)| measures)));
        }
    }

    /// Whether any rule is about this subject.
    pub(crate) fn judges(&self, subject: Subject) -> bool {
        self.subjects.contains(&subject)
    }

    /// Judges what was seen in a row once more, and says after each rule that it has run: for whoever has a clock.
    /// Nothing comes of it. A row from before the ruleset in force says nothing of how long its rules take.
    pub fn rehearse(&self, row: &Row, after: &mut dyn FnMut(&RuleId)) {
        let Some(measures) = &row.measures else { return };
        match &row.what {
            RowOf::Record(admitted) => {
                if let Some(facts) = facts(admitted) {
                    self.ruleset.rehearse(facts, measures, after);
                }
            }
            RowOf::Maturity(maturity) => self.ruleset.rehearse(&**maturity, measures, after),
        }
    }

    /// Traces everything that concerns one order or commission from here on; `None` stops.
    pub fn watch(&mut self, watch: Option<Watch>) {
        self.watch = watch;
    }

    /// Rows leave with the effects from here on.
    pub fn keep_rows(&mut self) {
        self.rows = Rows::Kept;
    }

    /// The log clock: the highest accepted event time or tick so far.
    pub fn clock(&self) -> Option<EventTime> {
        self.attribution.clock()
    }

    /// What was read, refused, attributed and judged so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The commissions and their money.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Orders, clicks and creators as they are known.
    pub fn attribution(&self) -> &Attribution {
        &self.attribution
    }

    /// The ruleset in force.
    pub fn ruleset(&self) -> &Ruleset {
        &self.ruleset
    }

    /// What the windows hold.
    pub fn windows(&self) -> &Windows {
        &self.windows
    }

    /// What is fixed for the life of the log.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    pub(crate) fn swept_at(&mut self, at: EventTime) {
        self.swept = Some(at);
        self.tally.sweeps += 1;
    }
}

/// The facts of a record that rules run on; `None` for one that they are not about.
pub(crate) fn facts(admitted: &Admitted) -> Option<&(dyn Facts + Sync)> {
    match &admitted.what {
        What::Click(click) => Some(click.as_ref()),
        What::Order(order) | What::Amendment(order) => {
            (order.order.order_type == OrderType::Normal).then_some(order.as_ref() as &(dyn Facts + Sync))
        }
        What::Refund(refund) => refund.first_move.then_some(refund.as_ref() as &(dyn Facts + Sync)),
        What::Planned(_)
        | What::Status(_)
        | What::Creator(_)
        | What::Plan(_)
        | What::Review(_)
        | What::PayoutRun(_)
        | What::Obligation(_)
        | What::FeedMark(_) => None,
    }
}

fn about(admitted: &Admitted) -> Option<About> {
    match &admitted.what {
        What::Click(click) => Some(About::Click(click.click.click_id.clone())),
        What::Order(order) | What::Amendment(order) => Some(About::Order(order.key.clone())),
        What::Refund(refund) => Some(About::Order(refund.order.key.clone())),
        What::Planned(_)
        | What::Status(_)
        | What::Creator(_)
        | What::Plan(_)
        | What::Review(_)
        | What::PayoutRun(_)
        | What::Obligation(_)
        | What::FeedMark(_) => None,
    }
}

fn terms(ruleset: &Ruleset) -> RulesetTerms {
    RulesetTerms {
        policy: ruleset.policy(),
        features: ruleset.features().to_vec(),
        ruleset: ruleset.hash().into(),
    }
}

fn judged_subjects(ruleset: &Ruleset) -> Vec<Subject> {
    let about = |subject: &Subject| ruleset.rules().iter().any(|rule| rule.subjects.contains(subject));
    Subject::ALL.into_iter().filter(about).collect()
}
