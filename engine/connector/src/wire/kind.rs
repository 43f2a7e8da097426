//! The tables of the kinds: which fields each has on the wire, of which sort, and what must hold between them.

mod order;
mod party;
mod refund;
mod review;
mod run;
mod touch;

use model::event::Body;

use super::context::Problem;
use super::event::Envelope;
use super::object::Object;

pub(crate) use refund::RefundFields;
pub(crate) use review::ReviewFields;
pub(crate) use run::FeedMarkFields;

/// What the fields of a kind make.
pub(crate) trait KindFields: Object {
    /// Fields that every event may have and this kind must.
    const ALSO_REQUIRED: &'static [&'static str] = &[];

    /// Makes the event's body.
    fn into_body(self, envelope: &Envelope) -> Result<Body, Problem>;
}

macro_rules! same_as_model {
    ($($kind:ident)*) => {$(
        impl KindFields for model::event::$kind {
            fn into_body(self, _: &Envelope) -> Result<Body, Problem> {
                Ok(Body::$kind(Box::new(self)))
            }
        }
    )*};
}

same_as_model! { Plan Creator Click Order OrderStatus PayoutRun Obligation }

/// Refuses the first entry whose name was already there.
fn unique<'a>(
    list: &'static str,
    field: &'static str,
    names: impl Iterator<Item = &'a str>,
) -> Result<(), Problem> {
    let mut seen = std::collections::BTreeSet::new();
    for (index, name) in names.enumerate() {
        if !seen.insert(name) {
            let detail = format!("`{name}` names an earlier entry of `{list}` too; names are unique there");
            let problem = Problem::new(model::refusal::Code::FieldValue, detail);
            return Err(problem.at(field).at_entry(index).at(list));
        }
    }
    Ok(())
}
