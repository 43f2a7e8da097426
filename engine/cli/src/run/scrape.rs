//! The metrics of a running lane as Prometheus reads them. They are rendered when somebody asks; nothing listens for
//! that but the console.

use connector::store::queries::Shelf;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use model::{EventTime, Span};
use runtime::JournalError;
use runtime::telemetry::{self, Shape};

use crate::failure::Failure;

/// Ages of holds: each up to this long, and what is older.
const AGES: [(&str, Span); 5] = [
    ("under_1h", Span::from_hours(1)),
    ("1h_to_1d", Span::from_days(1)),
    ("1d_to_3d", Span::from_days(3)),
    ("3d_to_7d", Span::from_days(7)),
    ("7d_to_30d", Span::from_days(30)),
];
const OLDEST: &str = "over_30d";

/// What was measured.
#[derive(Clone)]
pub(crate) struct Scrape(PrometheusHandle);

impl Scrape {
    /// Begins to measure, for the whole process. To be called once, before anything is measured.
    pub(crate) fn begin() -> Result<Scrape, Failure> {
        let wrong = |what: String| Failure::usage(format!("metrics cannot be kept: {what}"));
        let mut builder = PrometheusBuilder::new();
        for metric in telemetry::ALL {
            if let Shape::Histogram(bounds) = metric.shape {
                let matcher = Matcher::Full(metric.name.to_owned());
                builder =
                    builder.set_buckets_for_metric(matcher, bounds).map_err(|e| wrong(e.to_string()))?;
            }
        }
        let handle = builder.install_recorder().map_err(|e| wrong(e.to_string()))?;
        telemetry::describe();
        let semantics = model::SEMANTICS.to_string();
        ["sent", "lost"].iter().for_each(|outcome| telemetry::SPANS.counter(&[outcome]).increment(0));
        telemetry::BUILD_INFO.set(&[env!("CARGO_PKG_VERSION"), &semantics], 1);
        Ok(Scrape(handle))
    }

    /// Puts observations into their buckets: they wait for it in memory, so it must be done every few seconds even
    /// when nobody asks.
    pub(crate) fn upkeep(&self) {
        self.0.run_upkeep();
    }

    /// All of them as text, with what the store knows best.
    pub(crate) fn text(&self, books: &Shelf, clock: Option<EventTime>) -> String {
        if let Err(error) = ask(books, clock) {
            tracing::debug!(reason = %error, "the store could not be asked for its figures");
        }
        self.0.render()
    }
}

fn ask(books: &Shelf, clock: Option<EventTime>) -> Result<(), JournalError> {
    books.ask(|reader| {
        telemetry::DEAD_LETTERS_OPEN.set(&[], reader.open_dead_letters()?);
        telemetry::STORE_BYTES.set(&[], reader.size_bytes());
        let Some(clock) = clock else { return Ok(()) };
        let counts = reader.hold_ages(clock, &AGES.map(|(_, bound)| bound))?;
        let names = AGES.map(|(name, _)| name).into_iter().chain([OLDEST]);
        names.zip(counts).for_each(|(age, count)| telemetry::HOLDS.set(&[age], count));
        Ok(())
    })
}
