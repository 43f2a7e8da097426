//! The table of routes.

use axum::routing::{get, post};
use model::Kind;
use runtime::books::{
    CommissionFilter, CommissionView, DeadLetterFilter, DeadLetterView, HoldFilter, HoldView, Page,
};
use runtime::letters::SentAgain;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::events::Accepted;
use crate::health::{Alive, LaneStatus, Ready};
use crate::lists::{CommissionStory, CreatorBooks};
use crate::problem::Code::{
    AuthKind, BodyArray, BodyEmpty, BodyShape, BodyTooMany, CommissionUnknown, CreatorUnknown,
    DeadLetterEnded, DeadLetterUnknown, FollowersTooMany, LaneBusy, LaneSlow, LaneStopping, NotReady,
    QueryInvalid, RecordOther, RecordRefused, RulesetLoading, RulesetProblems,
};
use crate::query::PageQuery;
use crate::route::Needs::{AnyKind, Nothing, The};
use crate::route::Route;
use crate::route::Verb::{Get, Post};
use crate::rulesets::{RulesetCheck, RulesetLoad, Rulesets};
use crate::scope::Scope::{Read, Ruleset};
use crate::verdicts::{Numbered, VerdictPage, VerdictQuery};
use crate::{events, health, letters, lists, rulesets, verdicts};

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";

/// Every route there is.
#[rustfmt::skip]
pub(crate) fn all() -> Vec<Route> {
    vec![
        Route::new(Post, "/v1/events", AnyKind, "Puts records down: answered when they are durable.", || post(events::post))
            .takes::<EventBody>(JSON).takes::<EventBody>(LINES).answers::<Accepted>().accepted()
            .problems(&[AuthKind, BodyArray, BodyEmpty, BodyTooMany, LaneBusy, LaneSlow, LaneStopping]),

        Route::new(Get, "/v1/verdicts", The(Read), "Verdicts after a sequence, at once or when they come.", || get(verdicts::get))
            .asks::<VerdictQuery>()
            .answers::<VerdictPage>().answers_as::<Numbered>(LINES).answers_as::<String>("text/event-stream")
            .problems(&[QueryInvalid, FollowersTooMany]),
        Route::new(Get, "/v1/commissions", The(Read), "Commissions as they stand.", || get(lists::commissions))
            .asks::<CommissionFilter>().asks::<PageQuery>().answers::<Page<CommissionView>>().problems(&[QueryInvalid]),
        Route::new(Get, "/v1/commissions/{id}", The(Read), "A commission and its verdicts.", || get(lists::commission))
            .asks_nothing().answers::<CommissionStory>().problems(&[QueryInvalid, CommissionUnknown]),
        Route::new(Get, "/v1/holds", The(Read), "Holds that stand.", || get(lists::holds))
            .asks::<HoldFilter>().asks::<PageQuery>().answers::<Page<HoldView>>().problems(&[QueryInvalid]),
        Route::new(Get, "/v1/creators/{id}", The(Read), "A creator's money, by currency.", || get(lists::creator))
            .asks_nothing().answers::<CreatorBooks>().problems(&[QueryInvalid, CreatorUnknown]),
        Route::new(Get, "/v1/dead-letters", The(Read), "Records that were refused, as they arrived.", || get(lists::dead_letters))
            .asks::<DeadLetterFilter>().asks::<PageQuery>().answers::<Page<DeadLetterView>>().problems(&[QueryInvalid]),

        Route::new(Post, "/v1/dead-letters/{id}/replay", AnyKind, "Sends a dead letter again, or a mended record in its place: answered when it is decided.", || post(letters::replay))
            .takes::<letters::Replay>(JSON).or_nothing().answers::<SentAgain>()
            .problems(&[QueryInvalid, BodyShape, AuthKind, DeadLetterUnknown, DeadLetterEnded, RecordOther, RecordRefused, LaneBusy, LaneSlow, LaneStopping]),
        Route::new(Post, "/v1/dead-letters/{id}/close", AnyKind, "Says that nobody has to deal with a dead letter any more, and why.", || post(letters::close))
            .takes::<letters::Close>(JSON).answers::<DeadLetterView>()
            .problems(&[QueryInvalid, BodyShape, AuthKind, DeadLetterUnknown, DeadLetterEnded]),

        Route::new(Get, "/v1/rulesets", The(Read), "The rulesets that were kept.", || get(rulesets::list))
            .asks_nothing().answers::<Rulesets>(),
        Route::new(Post, "/v1/rulesets/check", The(Ruleset), "Says whether a ruleset would load.", || post(rulesets::check))
            .takes::<RulesetBody>(JSON).answers::<RulesetCheck>().problems(&[BodyShape]),
        Route::new(Post, "/v1/rulesets", The(Ruleset), "Loads a ruleset: answered when it takes effect.", || post(rulesets::load))
            .takes::<RulesetBody>(JSON).answers::<RulesetLoad>()
            .problems(&[BodyShape, RulesetProblems, RulesetLoading, LaneBusy, LaneStopping]),

        Route::new(Get, "/v1/status", The(Read), "How the lane is doing.", || get(health::status))
            .asks_nothing().answers::<LaneStatus>(),
        Route::new(Get, "/metrics", The(Read), "Metrics for Prometheus.", || get(health::metrics))
            .answers_as::<String>("text/plain"),
        Route::new(Get, "/livez", Nothing, "Whether it runs.", || get(health::livez))
            .answers::<Alive>(),
        Route::new(Get, "/readyz", Nothing, "Whether it takes records and decides them.", || get(health::readyz))
            .answers::<Ready>().problems(&[NotReady]),
        Route::new(Get, "/openapi.json", Nothing, "This contract.", || get(health::contract))
            .answers::<Contract>(),
    ]
}

/// An event, as `schemas/` describes them.
struct EventBody;

impl JsonSchema for EventBody {
    fn schema_name() -> Cow<'static, str> {
        "Event".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An event, as the schema of its kind says: `schemas/KIND.schema.json`.",
            "type": "object",
            "required": ["event_id", "kind", "occurred_at"],
            "properties": {
                "event_id": {"type": "string", "description": "The producer's name for this event."},
                "kind": {"enum": Kind::ALL.map(Kind::name)},
                "occurred_at": {"type": "integer", "description": "Milliseconds since the epoch."},
            },
        })
    }
}

/// The files of a ruleset: path to text.
#[derive(JsonSchema)]
#[schemars(rename = "RulesetFiles")]
#[expect(dead_code, reason = "only its schema is used; it is read as a map")]
struct RulesetBody(BTreeMap<String, String>);

/// An OpenAPI document.
#[derive(JsonSchema)]
#[schemars(rename = "OpenApi")]
#[expect(dead_code, reason = "only its schema is used")]
struct Contract {
    /// Its version.
    openapi: String,
}
