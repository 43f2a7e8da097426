//! Random features and random logs, small enough that everything collides.

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::admitted::*;
use model::event::*;
use model::fact::Subject;
use model::feature::*;
use model::policy::WindowLimits;
use model::*;

use crate::build;

/// What a step says, before it is turned into a record.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Click(Words),
    Order(Words, OrderType),
    /// Of one of the orders so far.
    Amendment(usize, Words),
    /// Of one of the orders so far, and one of its parts.
    Refund(usize, u8, RefundState, Words),
    /// Of one of the orders so far.
    Maturity(usize),
    /// A record that is neither measured nor judged.
    Nothing,
    /// The state is saved and loaded.
    Resume,
}

/// How a step lies in time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// How far the clock moves.
    pub(crate) forward: i64,
    /// How late the record is.
    pub(crate) late: i64,
}

/// The fields of a record.
#[derive(Debug, Clone)]
pub(crate) struct Words {
    pub(crate) lines: Vec<LineWords>,
    pub(crate) lead: usize,
    pub(crate) ip: Option<u8>,
    pub(crate) buyer: Option<u8>,
    pub(crate) currency: u8,
    pub(crate) amount: i64,
    pub(crate) attribute: Option<Attribute>,
    pub(crate) labels: Option<Vec<u8>>,
    pub(crate) fault: Option<Fault>,
}

#[derive(Debug, Clone)]
pub(crate) struct LineWords {
    pub(crate) product: u8,
    pub(crate) creator: Option<u8>,
    pub(crate) sku: Option<u8>,
    pub(crate) category: Option<u8>,
    pub(crate) gift: bool,
}

pub(crate) fn moment() -> impl Strategy<Value = Moment> {
    let forward = prop_oneof![3 => Just(0_i64), 3 => 1..40_i64, 1 => Just(1_000), 1 => 40..3_000_i64];
    let late = prop_oneof![5 => Just(0_i64), 3 => 1..120_i64, 1 => Just(1_000), 1 => 0..4_000_i64];
    (forward, late).prop_map(|(forward, late)| Moment { forward, late })
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let state = prop::sample::select(&RefundState::ALL);
    let order_type = prop_oneof![5 => Just(OrderType::Normal), 1 => Just(OrderType::Sample)];
    prop_oneof![
        5 => words().prop_map(Step::Click),
        6 => (words(), order_type).prop_map(|(words, order_type)| Step::Order(words, order_type)),
        1 => (0..8_usize, words()).prop_map(|(order, words)| Step::Amendment(order, words)),
        5 => (0..8_usize, 0..2_u8, state, words())
            .prop_map(|(order, part, state, words)| Step::Refund(order, part, state, words)),
        2 => (0..8_usize).prop_map(Step::Maturity),
        1 => Just(Step::Nothing),
        1 => Just(Step::Resume),
    ]
}

fn words() -> impl Strategy<Value = Words> {
    let amount = prop_oneof![6 => 0..5_i64, 1 => 0..9_000_000_000_000_i64];
    let fault = option::of(prop_oneof![Just(Fault::Seller), Just(Fault::Buyer)]);
    let labels = option::of(vec(0..3_u8, 0..3));
    (vec(line(), 1..4), 0..3_usize, some(2), some(2), 0..2_u8, amount, attribute(), labels, fault).prop_map(
        |(lines, lead, ip, buyer, currency, amount, attribute, labels, fault)| Words {
            lead: lead % lines.len(),
            lines,
            ip,
            buyer,
            currency,
            amount,
            attribute,
            labels,
            fault,
        },
    )
}

fn line() -> impl Strategy<Value = LineWords> {
    (0..3_u8, some(2), some(2), some(2), any::<bool>()).prop_map(|(product, creator, sku, category, gift)| {
        LineWords { product, creator, sku, category, gift }
    })
}

/// Present more often than not.
fn some(values: u8) -> impl Strategy<Value = Option<u8>> {
    option::weighted(0.8, 0..values)
}

fn attribute() -> impl Strategy<Value = Option<Attribute>> {
    let text = (0..2_u8).prop_map(|n| Attribute::Text(name('t', n)));
    prop_oneof![
        2 => Just(None),
        1 => any::<bool>().prop_map(|truth| Some(Attribute::Bool(truth))),
        4 => (-3..4_i64).prop_map(|n| Some(Attribute::Int(n))),
        1 => (i64::MIN + 1..=i64::MAX).prop_map(|n| Some(Attribute::Int(n))),
        1 => text.prop_map(Some),
    ]
}

pub(crate) fn name(kind: char, n: u8) -> Text {
    Text::new(format!("{kind}{n}"))
}

fn id<T>(new: impl Fn(&str) -> Result<T, IdError>, kind: char, n: u8) -> T {
    new(&name(kind, n)).unwrap()
}

/// The click that these words make.
pub(crate) fn click(words: &Words, occurred: i64) -> ClickRecord {
    let first = &words.lines[0];
    let mut record = build::click(occurred, &name('c', first.creator.unwrap_or(0)));
    record.context = build::context(words.attribute.clone());
    record.click.product_id = first.sku.map(|_| id(ProductId::new, 'p', first.product));
    record.click.buyer_id = words.buyer.map(|n| id(BuyerId::new, 'b', n));
    record.ip = words.ip.map(|n| name('i', n));
    record
}

/// The order that these words make.
pub(crate) fn order(words: &Words, number: usize, occurred: i64, order_type: OrderType) -> OrderRecord {
    let texts: Vec<_> = words
        .lines
        .iter()
        .map(|line| (name('p', line.product), line.creator.map(|n| name('c', n))))
        .collect();
    let lines: Vec<_> = texts.iter().map(|(p, c)| (p.as_str(), c.as_deref(), words.amount)).collect();
    let mut record = build::order(&number.to_string(), occurred, &lines);
    record.context = build::context(words.attribute.clone());
    record.lead = words.lead;
    record.ip = words.ip.map(|n| name('i', n));
    record.order.order_type = order_type;
    record.order.currency = currency(words.currency);
    record.order.buyer_id = words.buyer.map(|n| id(BuyerId::new, 'b', n));
    for (made, said) in record.order.lines.iter_mut().zip(&words.lines) {
        made.sku = said.sku.map(|n| name('s', n));
        made.category = said.category.map(|n| name('k', n));
        made.gift = said.gift;
    }
    record.creator = words.labels.as_ref().map(|labels| CreatorFacts {
        tier: None,
        followers: None,
        age_s: None,
        agency: None,
        payout_account: None,
        labels: labels.iter().map(|n| name('l', *n)).collect(),
        account_sharers: 1,
    });
    record
}

/// The refund that these words make.
pub(crate) fn refund(
    words: &Words,
    part: u8,
    state: RefundState,
    order: &Arc<OrderRecord>,
    occurred: i64,
) -> RefundRecord {
    let name = format!("{}/{part}", order.order.order_id);
    let mut record = build::refund(&name, occurred, state, order);
    record.context = build::context(words.attribute.clone());
    record.order = order.clone();
    record.refund.amount = Minor(words.amount);
    record.refund.fault = words.fault;
    record
}

fn currency(n: u8) -> Currency {
    Currency::new(["USD", "JPY"][usize::from(n)]).unwrap()
}

/// Often none, often so few that hardly anything has room.
pub(crate) fn limits() -> impl Strategy<Value = WindowLimits> {
    let most = || prop_oneof![2 => Just(u32::MAX), 3 => 0..4_u32, 1 => 4..8_u32];
    (most(), most()).prop_map(|(keys, pairs)| WindowLimits { keys, pairs })
}

pub(crate) fn features() -> impl Strategy<Value = Vec<PlannedFeature>> {
    vec(feature(), 1..6).prop_flat_map(|features| {
        // A second window of each: shared series with several windows are where mistakes would be.
        let windows = vec(option::of(window()), features.len());
        windows.prop_map(move |windows| {
            let again = features.iter().zip(windows).filter_map(|(planned, window)| {
                let mut planned = planned.clone();
                planned.feature.window = window?;
                Some(planned)
            });
            features.iter().cloned().chain(again).collect()
        })
    })
}

fn feature() -> impl Strategy<Value = PlannedFeature> {
    let counted =
        prop_oneof![1 => Just(Counted::Click), 2 => Just(Counted::Order), 2 => Just(Counted::Refund)];
    let subjects = btree_set(prop::sample::select(&Subject::ALL[..]), 1..5);
    (
        counted,
        aggregate(),
        vec(by(), 0..3),
        option::weighted(0.4, filter()),
        window(),
        subjects,
        any::<bool>(),
    )
        .prop_map(|(counted, aggregate, by, filter, window, read_at, holds)| {
            let feature = Feature { counted, aggregate, by, filter, window };
            PlannedFeature { feature, read_at: narrowed(read_at), holds }
        })
}

/// Mostly read everywhere.
fn narrowed(subjects: BTreeSet<Subject>) -> BTreeSet<Subject> {
    if subjects.len() > 1 { BTreeSet::from(Subject::ALL) } else { subjects }
}

fn window() -> impl Strategy<Value = Span> {
    prop::sample::select(vec![0, 20, 100, 1_000, 100_000]).prop_map(Span::from_ms)
}

fn by() -> impl Strategy<Value = Field> {
    prop::sample::select(vec![
        Field::Fact(Fact::CreatorId),
        Field::Fact(Fact::CreatorId),
        Field::Order(Fact::CreatorId),
        Field::Fact(Fact::ProductId),
        Field::Order(Fact::Sku),
        Field::Fact(Fact::Ip),
        Field::Order(Fact::Ip),
        Field::Fact(Fact::BuyerId),
        Field::Attribute(Text::new("x")),
        Field::Order(Fact::CreatorLabels),
        Field::Fact(Fact::Market),
    ])
}

fn aggregate() -> impl Strategy<Value = Aggregate> {
    prop_oneof![
        2 => Just(Aggregate::Count),
        1 => number().prop_map(Aggregate::Sum),
        1 => number().prop_map(Aggregate::Mean),
        2 => number().prop_map(Aggregate::Min),
        2 => number().prop_map(Aggregate::Max),
        2 => number().prop_map(Aggregate::Deviation),
        3 => value().prop_map(Aggregate::Distinct),
        3 => value().prop_map(Aggregate::TopShare),
        1 => Just(Aggregate::GapMean),
        2 => Just(Aggregate::GapDeviation),
        1 => Just(Aggregate::SecondsSinceFirst),
        1 => Just(Aggregate::SecondsSinceLast),
        3 => (0..3_u32).prop_map(|at_least| Aggregate::RefundRatio { at_least }),
    ]
}

fn number() -> impl Strategy<Value = Field> {
    prop::sample::select(vec![
        Field::Fact(Fact::Amount),
        Field::Order(Fact::Amount),
        Field::Fact(Fact::Units),
        Field::Attribute(Text::new("x")),
        Field::Attribute(Text::new("x")),
    ])
}

fn value() -> impl Strategy<Value = Field> {
    prop::sample::select(vec![
        Field::Fact(Fact::BuyerId),
        Field::Fact(Fact::Sku),
        Field::Order(Fact::Sku),
        Field::Fact(Fact::ProductId),
        Field::Fact(Fact::CreatorId),
        Field::Order(Fact::CreatorLabels),
        Field::Attribute(Text::new("x")),
        Field::Fact(Fact::Amount),
    ])
}

fn filter() -> impl Strategy<Value = Filter> {
    let compare = |fact, text: &str| {
        let text = Constant::Text(Text::new(text));
        Filter::Compare(Field::Fact(fact), Comparison::Equal, text)
    };
    let order_fact = |fact, text: &str| {
        Filter::Compare(Field::Order(fact), Comparison::NotEqual, Constant::Text(Text::new(text)))
    };
    let leaf = prop::sample::select(vec![
        compare(Fact::Sku, "s0"),
        compare(Fact::CreatorId, "c1"),
        compare(Fact::Ip, "i0"),
        compare(Fact::Fault, "seller"),
        compare(Fact::Type, "sample"),
        order_fact(Fact::Category, "k0"),
        Filter::Compare(Field::Attribute(Text::new("x")), Comparison::Greater, Constant::Int(0)),
        Filter::Compare(Field::Fact(Fact::BuyerId), Comparison::Equal, Constant::Missing),
    ]);
    let leaf = leaf.boxed();
    prop_oneof![
        3 => leaf.clone(),
        1 => leaf.clone().prop_map(|f| Filter::Not(Box::new(f))),
        1 => vec(leaf.clone(), 1..3).prop_map(Filter::All),
        1 => vec(leaf, 1..3).prop_map(Filter::Any),
    ]
}

/// Which refunds have moved money, so that each does so first once.
#[derive(Debug, Default)]
pub(crate) struct Moved(BTreeMap<(usize, u8), ()>);

impl Moved {
    pub(crate) fn is_first(&mut self, order: usize, part: u8, state: RefundState) -> bool {
        let moves = matches!(state, RefundState::Approved | RefundState::Completed);
        moves && self.0.insert((order, part), ()).is_none()
    }
}
