//! The inputs of a lane: every partition of every topic of events, and what their records say.

use model::Text;
use model::event::{Body, Kind};
use model::log::RecordBody;
use model::refusal::{Code, Refusal};

use super::layout::{Layout, Role};
use crate::wire;

/// Who decided a review that came by a topic: whoever may write that one.
const REVIEWER: &str = "kafka";

/// A partition that events come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// What comes from it.
    pub kind: Kind,
    /// Its topic.
    pub topic: String,
    /// Its number there.
    pub partition: i32,
}

/// All of them, in an order that is fixed for the life of a lane: its log names them by their place.
#[derive(Debug, Clone)]
pub struct Inputs(Vec<Input>);

impl Inputs {
    /// Those of a lane.
    pub(super) fn of(layout: &Layout) -> Inputs {
        let inputs = Kind::ALL.iter().flat_map(|kind| {
            let topic = layout.topic(Role::Input(*kind));
            (0..i32::from(topic.partitions)).map(move |partition| Input {
                kind: *kind,
                topic: topic.name.clone(),
                partition,
            })
        });
        Inputs(inputs.collect())
    }

    pub(super) fn get(&self, index: u32) -> Option<&Input> {
        self.0.get(index as usize)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Input)> {
        (0..).zip(&self.0)
    }
}

/// What a record of a topic for events of a kind says: the same for ever, of the same bytes.
pub(super) fn read(kind: Kind, raw: &[u8]) -> RecordBody {
    let mut event = match wire::decode(raw) {
        Ok(decoded) => decoded.event,
        Err(refusal) => return RecordBody::Undecodable(refusal),
    };
    if event.kind() != kind {
        let (found, needed) = (event.kind().name(), kind.name());
        let detail = format!("a `{found}` does not come by the topic for `{needed}`; send it to its own");
        return RecordBody::Undecodable(Refusal::new(Code::KindMisplaced, "/kind", detail));
    }
    if let Body::Review(review) = &mut event.body {
        review.actor = Some(Text::new(REVIEWER));
    }
    RecordBody::Event(Box::new(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::LaneName;
    use model::Span;

    #[test]
    fn a_review_comes_by_its_own_topic_alone_and_its_actor_is_not_what_it_says() {
        let review = include_bytes!("../../../../schemas/examples/review.json");
        let RecordBody::Undecodable(refusal) = read(Kind::Order, review) else { panic!("it was taken") };
        assert_eq!((refusal.code, refusal.pointer.as_str()), (Code::KindMisplaced, "/kind"));
        let RecordBody::Event(event) = read(Kind::Review, review) else { panic!("it was refused") };
        let Body::Review(review) = event.body else { panic!("it is another event") };
        assert_eq!(review.actor.as_deref(), Some(REVIEWER));
    }

    #[test]
    fn the_order_of_inputs_is_that_of_kinds_and_partitions() {
        let layout = Layout {
            lane: LaneName::parse("l").unwrap(),
            event_partitions: 3,
            verdict_partitions: 1,
            copies: 1,
            retention: Span::from_days(7),
        };
        let inputs = Inputs::of(&layout);
        let order: Vec<String> =
            inputs.iter().map(|(_, input)| format!("{}/{}", input.topic, input.partition)).collect();
        assert_eq!(order[..5], ["l.plan/0", "l.creator/0", "l.click/0", "l.click/1", "l.click/2"]);
        assert_eq!(inputs.get(4).map(|input| input.partition), Some(2));
    }
}
