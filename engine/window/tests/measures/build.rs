//! Records with few words.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::admitted::*;
use model::event::*;
use model::fact::Subject;
use model::feature::*;
use model::policy::WindowLimits;
use model::*;
use window::Windows;

/// When every test begins.
pub(crate) const START: i64 = 1_700_000_000_000;

pub(crate) fn at(ms: i64) -> EventTime {
    EventTime::from_ms(START + ms).unwrap()
}

pub(crate) fn usd() -> Currency {
    Currency::new("USD").unwrap()
}

pub(crate) fn context(attribute: Option<Attribute>) -> Arc<Context> {
    let attributes: BTreeMap<Text, Attribute> =
        attribute.into_iter().map(|value| (Text::new("x"), value)).collect();
    Arc::new(Context {
        program: ProgramId::new("main").unwrap(),
        market: Market::new("main").unwrap(),
        source: None,
        attributes,
    })
}

pub(crate) fn admitted(position: u64, clock: i64, occurred: i64, what: What) -> Admitted {
    Admitted {
        position: Position(position),
        clock: at(clock),
        occurred_at: at(occurred),
        event_id: EventId::new("e").unwrap(),
        context: context(None),
        what,
    }
}

pub(crate) fn click(occurred: i64, creator: &str) -> ClickRecord {
    let click = Click::new(ClickId::new("c").unwrap(), CreatorId::new(creator).unwrap());
    ClickRecord::new(Position(0), at(occurred), context(None), click)
}

pub(crate) fn line(id: usize, product: &str, paid: i64) -> Line {
    let line_id = LineId::new(&id.to_string()).unwrap();
    Line::new(line_id, ProductId::new(product).unwrap(), Minor(paid))
}

pub(crate) fn candidate(creator: &str) -> Candidate {
    Candidate {
        creator: CreatorId::new(creator).unwrap(),
        evidence: Evidence::Declared,
        directness: None,
        click: None,
        terms: Terms {
            source: TermsSource::NoPlan,
            component: Component::Cps,
            rate: Rate::Amount(Minor::ZERO),
            base: Base::Paid,
            agency: None,
            tier: None,
            settlement_delay: Span::ZERO,
            settlement_from: SettlementFrom::Order,
        },
    }
}

/// An order of these lines: product, creator, paid.
pub(crate) fn order(id: &str, occurred: i64, lines: &[(&str, Option<&str>, i64)]) -> OrderRecord {
    let made = lines.iter().enumerate().map(|(i, (product, _, paid))| line(i, product, *paid));
    let candidates = lines.iter().map(|(_, creator, _)| creator.iter().map(|c| candidate(c)).collect());
    let order = Order::new(OrderId::new(id).unwrap(), usd(), made.collect());
    OrderRecord::new(Position(0), at(occurred), context(None), order, candidates.collect())
}

pub(crate) fn refund(part: &str, occurred: i64, state: RefundState, order: &OrderRecord) -> RefundRecord {
    RefundRecord {
        position: Position(0),
        occurred_at: at(occurred),
        context: context(None),
        part: RefundId::new(part).unwrap(),
        refund: Refund {
            refund_id: RefundId::new(part).unwrap(),
            target: RefundTarget::Order(order.order.order_id.clone()),
            state,
            currency: order.order.currency,
            amount: Minor(100),
            lines: vec![],
            refund_type: None,
            reason: None,
            fault: None,
        },
        order: Arc::new(order.clone()),
        first_move: false,
        share_ppm: 0,
        due: None,
    }
}

pub(crate) fn maturity(sweep: i64, order: &OrderRecord) -> MaturityRecord {
    MaturityRecord {
        commission_id: verdict::CommissionId::parse(&"0".repeat(32)).unwrap(),
        commission_hex: Text::new("00"),
        component: Component::Cps,
        amount: Money { currency: order.order.currency, minor: Minor(1) },
        held_before: false,
        age_s: 0,
        refunded_share_ppm: 0,
        at: at(sweep),
        order: Arc::new(order.clone()),
    }
}

/// A feature read by every subject, by which some rule holds.
pub(crate) fn planned(counted: Counted, aggregate: Aggregate, by: &[Field], window: Span) -> PlannedFeature {
    PlannedFeature {
        feature: Feature { counted, aggregate, by: by.to_vec(), filter: None, window },
        read_at: BTreeSet::from(Subject::ALL),
        holds: true,
    }
}

pub(crate) fn filtered(mut planned: PlannedFeature, filter: Filter) -> PlannedFeature {
    planned.feature.filter = Some(filter);
    planned
}

pub(crate) fn is(fact: Fact, text: &str) -> Filter {
    Filter::Compare(Field::Fact(fact), Comparison::Equal, Constant::Text(Text::new(text)))
}

/// Windows that number their records by themselves.
pub(crate) struct Bench {
    pub(crate) windows: Windows,
    next: u64,
}

impl Bench {
    pub(crate) fn new(features: Vec<PlannedFeature>) -> Bench {
        Bench::limited(features, WindowLimits::default())
    }

    pub(crate) fn limited(features: Vec<PlannedFeature>, limits: WindowLimits) -> Bench {
        Bench { windows: Windows::new(features, limits, 0x5eed), next: 0 }
    }

    pub(crate) fn apply(&mut self, clock: i64, occurred: i64, what: What) -> Option<Measures> {
        self.next += 1;
        self.windows.apply(&admitted(self.next, clock, occurred, what))
    }

    /// A click on time.
    pub(crate) fn click(&mut self, clock: i64, creator: &str) -> Vec<Measure> {
        self.click_at(clock, clock, creator)
    }

    /// A click that comes when the clock is later.
    pub(crate) fn click_at(&mut self, clock: i64, occurred: i64, creator: &str) -> Vec<Measure> {
        self.apply(clock, occurred, What::Click(Arc::new(click(occurred, creator)))).unwrap().values
    }

    pub(crate) fn order(&mut self, clock: i64, order: OrderRecord) -> Measures {
        let occurred = order.occurred_at.as_ms() - START;
        self.apply(clock, occurred, What::Order(Arc::new(order))).unwrap()
    }

    pub(crate) fn refund(&mut self, clock: i64, refund: RefundRecord) -> Option<Measures> {
        let occurred = refund.occurred_at.as_ms() - START;
        self.apply(clock, occurred, What::Refund(Arc::new(refund)))
    }

    pub(crate) fn read(&mut self, sweep: i64, order: &OrderRecord) -> Vec<Measure> {
        self.windows.read(at(sweep), &maturity(sweep, order)).values
    }
}

pub(crate) const CREATOR: Field = Field::Fact(Fact::CreatorId);

pub(crate) fn int(n: i64) -> Measure {
    Measure::Int(n)
}

pub(crate) fn ratio(numerator: i64, denominator: i64) -> Measure {
    Measure::Ratio { numerator, denominator }
}

pub(crate) fn dollars(minor: i64) -> Measure {
    Measure::Money(Money { currency: usd(), minor: Minor(minor) })
}
