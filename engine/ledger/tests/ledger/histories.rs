//! Random histories: the ledger and the oracle must agree after every record, and a ledger that is written down
//! and read back at any point must go on as if it never had been.

use crate::oracle::{DELAY, LONGEST, LineOf, Oracle, Says, WINDOW, at_maturity};
use crate::world::*;
use ledger::Ledger;
use model::event::{RefundState, ReviewDecision, ReviewSubject, RunState, Status};
use model::feature::Slot;
use model::hit::{Effect, Hit, Until};
use model::log::Feeds;
use model::verdict::Account;
use model::{CreatorId, RuleId, Span, Text};
use proptest::prelude::*;
use std::collections::BTreeMap;

const MIN: i64 = 60_000;
const RULES: [&str; 5] = ["burst", "doubt", "other", "review", "freeze"];

#[derive(Debug, Clone)]
enum Step {
    Order { order: usize, lines: Vec<(usize, i64, i64)>, says: Says },
    Status { order: usize, line: Option<usize>, status: Status, ago: i64 },
    Refund { order: usize, refund: usize, state: RefundState, amount: i64, line: Option<usize>, says: Says },
    Review { order: usize, creator: usize, decision: ReviewDecision },
    Lift { order: usize, creator: usize, rule: usize },
    Creator { creator: usize, decision: ReviewDecision },
    LiftGroup { group: usize },
    Run { run: usize, state: RunState, amounts: Vec<(usize, i64)> },
    Wait { ms: i64 },
}

fn creator(number: usize) -> String {
    format!("c{number}")
}

/// The groups that count each order; it is measured in the first.
const GROUPS: [&[usize]; 5] = [&[0, 1], &[1, 2], &[0], &[1], &[2, 0]];

fn group_key(group: usize) -> String {
    format!("[\"g{group}\"]")
}

fn says() -> impl Strategy<Value = Says> {
    let span = prop_oneof![Just(5 * MIN), Just(20 * MIN), Just(50 * MIN), Just(150 * MIN)];
    prop_oneof![
        6 => Just(Says::Nothing),
        2 => proptest::option::weighted(0.7, span.clone()).prop_map(Says::Hold),
        2 => span.clone().prop_map(Says::Burst),
        1 => span.prop_map(Says::Creator),
        1 => Just(Says::Reject),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let order = 0..5usize;
    let line = proptest::option::of(0..3usize);
    let lines = proptest::collection::vec((0..3usize, 0..2_000i64, 1..3_000i64), 0..4);
    let status = proptest::sample::select(&Status::ALL);
    let state = proptest::sample::select(&RefundState::ALL);
    let run_state = proptest::sample::select(vec![
        RunState::Locked,
        RunState::Locked,
        RunState::Paid,
        RunState::Failed,
        RunState::Cancelled,
    ]);
    let decision = proptest::sample::select(vec![
        ReviewDecision::Hold,
        ReviewDecision::Keep,
        ReviewDecision::Release,
        ReviewDecision::Void,
        ReviewDecision::WriteOff,
    ]);
    let of_creator = proptest::sample::select(vec![
        ReviewDecision::Freeze,
        ReviewDecision::Unfreeze,
        ReviewDecision::Release,
    ]);
    let ago = prop_oneof![Just(0), 0..20 * MIN];
    prop_oneof![
        6 => (order.clone(), lines, says()).prop_map(|(order, lines, says)| Step::Order { order, lines, says }),
        4 => (order.clone(), line.clone(), status, ago)
            .prop_map(|(order, line, status, ago)| Step::Status { order, line, status, ago }),
        5 => (order.clone(), 0..2usize, state, 1..2_500i64, line, says()).prop_map(
            |(order, refund, state, amount, line, says)| Step::Refund { order, refund, state, amount, line, says }
        ),
        2 => (order.clone(), 0..3usize, decision)
            .prop_map(|(order, creator, decision)| Step::Review { order, creator, decision }),
        2 => (order, 0..3usize, 0..RULES.len())
            .prop_map(|(order, creator, rule)| Step::Lift { order, creator, rule }),
        1 => (0..3usize, of_creator).prop_map(|(creator, decision)| Step::Creator { creator, decision }),
        2 => (0..3usize).prop_map(|group| Step::LiftGroup { group }),
        4 => (0..3usize, run_state, proptest::collection::vec((0..3usize, 1..300i64), 0..3))
            .prop_map(|(run, state, amounts)| Step::Run { run, state, amounts }),
        5 => prop_oneof![0..3 * MIN, Just(DELAY), Just(LONGEST)].prop_map(|ms| Step::Wait { ms }),
    ]
}

fn hits(says: Says) -> Vec<Hit> {
    let lasting = |span| Until::Lasting(Span::from_ms(span));
    match says {
        Says::Nothing => Vec::new(),
        Says::Hold(span) => vec![hit("doubt", Effect::Hold(span.map_or(Until::Reviewed, lasting)))],
        Says::Burst(span) => vec![hit("burst", Effect::HoldAllOf(Slot(0), lasting(span)))],
        Says::Creator(span) => vec![hit("other", Effect::HoldCreator(lasting(span)))],
        Says::Reject => vec![hit("doubt", Effect::Reject), hit("other", Effect::Flag)],
    }
}

/// The ledger and the oracle, side by side.
struct Pair {
    world: World,
    oracle: Oracle,
}

impl Pair {
    fn new() -> Pair {
        let mut policy = World::new().policy;
        policy.default_market.longest_hold = Span::from_ms(LONGEST);
        assert_eq!(feature().feature.window, Span::from_ms(WINDOW));
        let mut world = World::with(policy, Feeds::CompleteToClock);
        for order in 0..5 {
            world.at_maturity.insert(order.to_string(), hits(at_maturity(order)));
        }
        Pair { world, oracle: Oracle::at(START_MS) }
    }

    fn take(&mut self, step: &Step) {
        // Records are a moment apart, so that time alone orders them.
        let ms = if let Step::Wait { ms } = step { *ms } else { 1 };
        let now = self.oracle.now + ms;
        self.oracle.position += 1;
        self.oracle.advance(now);
        self.world.at(now - START_MS);
        self.act(step);
        self.compare();
    }

    fn act(&mut self, step: &Step) {
        match step {
            Step::Wait { .. } => self.world.tick(),
            Step::Order { order, lines, says } => self.order(*order, lines, *says),
            Step::Status { order, line, status, ago } if self.oracle.orders.contains_key(order) => {
                let names: Vec<String> = line.iter().map(|line| format!("l{line}")).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let when = self.oracle.now - ago;
                self.world.status_at(&order.to_string(), *status, &names, at(when - START_MS));
                self.oracle.status(*order, *line, *status, when);
            }
            Step::Refund { order, refund, state, amount, line, says }
                if self.oracle.orders.contains_key(order) =>
            {
                let name = line.map(|line| format!("l{line}"));
                let lines: Vec<(&str, i64)> = name.iter().map(|name| (name.as_str(), *amount)).collect();
                let (order_name, refund_name) = (order.to_string(), format!("r{refund}"));
                let key = group_key(GROUPS[*order][0]);
                self.world.refund_in(&order_name, &refund_name, *state, *amount, &lines, hits(*says), &key);
                self.oracle.refund(*order, *refund, *state, *amount, *line, *says);
            }
            Step::Review { order, creator, decision } => self.review(*order, *creator, *decision),
            Step::Lift { order, creator: who, rule } => {
                if let Some(ix) = self.find(*order, *who) {
                    let hold = self.world.own_hold(&order.to_string(), &creator(*who), RULES[*rule]);
                    self.world.review(hold, ReviewDecision::Lift);
                    self.oracle.lift_named(ix, RULES[*rule]);
                }
            }
            Step::Creator { creator: who, decision } => {
                let subject = ReviewSubject::Creator(CreatorId::new(&creator(*who)).unwrap());
                self.world.review(subject, *decision);
                match decision {
                    ReviewDecision::Freeze => self.oracle.freeze(*who),
                    ReviewDecision::Unfreeze => self.oracle.unfreeze(*who),
                    ReviewDecision::Release => self.oracle.release_creator(*who),
                    ReviewDecision::Hold
                    | ReviewDecision::Keep
                    | ReviewDecision::Lift
                    | ReviewDecision::Void
                    | ReviewDecision::WriteOff => unreachable!("not generated"),
                }
            }
            Step::LiftGroup { group } => {
                let rule = RuleId::new("burst").unwrap();
                let subject = ReviewSubject::Group { rule, key: Text::new(group_key(*group)) };
                self.world.review(subject, ReviewDecision::Lift);
                self.oracle.lift_group(*group);
            }
            Step::Run { run, state, amounts } => self.run(*run, *state, amounts),
            Step::Status { .. } | Step::Refund { .. } => self.world.tick(),
        }
    }

    fn order(&mut self, order: usize, lines: &[(usize, i64, i64)], says: Says) {
        let numbered = lines.iter().enumerate();
        let lines: Vec<LineOf> =
            numbered.map(|(line, (who, paid, rate))| (line, *who, *paid, *rate)).collect();
        let spec = |(id, who, paid, rate): &LineOf| {
            line(&format!("l{id}"), *paid).by(&creator(*who), *rate).delay(Span::from_ms(DELAY))
        };
        let specs: Vec<LineSpec> = lines.iter().map(spec).collect();
        let name = order.to_string();
        let keys: Vec<String> = GROUPS[order].iter().copied().map(group_key).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        if self.oracle.orders.contains_key(&order) {
            self.world.amend_in(&name, &specs, hits(says), keys[0]);
            self.oracle.amend(order, lines, says);
        } else {
            self.world.order_among(&name, &specs, hits(says), &keys);
            self.oracle.order(order, GROUPS[order], lines, says);
        }
    }

    fn review(&mut self, order: usize, who: usize, decision: ReviewDecision) {
        let Some(ix) = self.find(order, who) else { return self.world.tick() };
        let subject = self.world.subject(&order.to_string(), &creator(who));
        self.world.review(subject, decision);
        match decision {
            ReviewDecision::Hold => self.oracle.review_hold(ix),
            ReviewDecision::Keep => self.oracle.keep(ix),
            ReviewDecision::Release => self.oracle.release(ix),
            ReviewDecision::Void => self.oracle.void(ix),
            ReviewDecision::WriteOff => self.oracle.write_off(ix),
            ReviewDecision::Lift | ReviewDecision::Freeze | ReviewDecision::Unfreeze => {
                unreachable!("not generated")
            }
        }
    }

    fn run(&mut self, run: usize, state: RunState, amounts: &[(usize, i64)]) {
        let mut sums: BTreeMap<usize, i64> = BTreeMap::new();
        if state == RunState::Paid {
            amounts.iter().for_each(|(who, amount)| *sums.entry(*who).or_default() += amount);
        }
        let names: Vec<(String, i64)> =
            sums.iter().map(|(who, sum)| (format!("creator:{}", creator(*who)), *sum)).collect();
        let lines: Vec<(&str, i64)> = names.iter().map(|(who, sum)| (who.as_str(), *sum)).collect();
        self.world.run(&format!("run{run}"), state, &lines);
        match state {
            RunState::Locked => self.oracle.lock(run),
            RunState::Paid => self.oracle.pay(run, &sums),
            RunState::Opened | RunState::Failed | RunState::Cancelled => self.oracle.fail(run),
        }
    }

    fn find(&self, order: usize, creator: usize) -> Option<usize> {
        self.oracle.commissions.iter().position(|c| c.order == order && c.creator == creator)
    }

    fn compare(&self) {
        for known in &self.oracle.commissions {
            let real = self.world.commission(&known.order.to_string(), &creator(known.creator));
            let (order, who) = (known.order, creator(known.creator));
            for account in Account::ALL {
                let (real, known) = (real.balance().get(account).0, known.of(account));
                assert_eq!(real, known, "{account:?} of {order}/{who}");
            }
            let mut said: Vec<(String, Option<i64>)> = real
                .holds()
                .iter()
                .filter(|hold| hold.stands())
                .map(|hold| (hold.rule.to_string(), hold.until.map(|until| until.as_ms())))
                .collect();
            let mut holds: Vec<(String, Option<i64>)> =
                known.standing().map(|hold| (hold.rule.to_owned(), hold.until)).collect();
            said.sort();
            holds.sort();
            assert_eq!(said, holds, "holds of {order}/{who}");
        }
        assert_eq!(
            self.world.ledger.next_due().map(|due| due.as_ms()),
            self.oracle.next_due(),
            "what is due next"
        );
        self.world.check_totals();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn the_ledger_agrees_with_the_oracle_after_every_record(steps in proptest::collection::vec(step(), 1..40)) {
        let mut pair = Pair::new();
        for step in &steps {
            pair.take(step);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn a_ledger_that_is_read_back_goes_on_as_if_it_never_had_been(
        steps in proptest::collection::vec(step(), 1..40),
        every in 1..8usize,
    ) {
        let (mut kept, mut resumed) = (Pair::new(), Pair::new());
        for (number, step) in steps.iter().enumerate() {
            kept.take(step);
            resumed.take(step);
            if number % every == 0 {
                let bytes = postcard::to_allocvec(&resumed.world.ledger).unwrap();
                let read: Ledger = postcard::from_bytes(&bytes).unwrap();
                prop_assert_eq!(&postcard::to_allocvec(&read).unwrap(), &bytes, "the same state is the same bytes");
                resumed.world.ledger = read;
            }
        }
        prop_assert_eq!(kept.world.out, resumed.world.out);
    }
}
