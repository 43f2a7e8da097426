//! What is measured of a running lane, in one table: names, types, labels, units, buckets. Whoever measures takes the
//! metric from the table, so that nothing is exposed that the table does not say, and the page of metrics, the
//! dashboard and the alerts are held to it by tests.
//!
//! Nothing here is read by a decision. Where no recorder is installed, measuring costs next to nothing.

mod table;

use metrics::{Counter, Gauge, Histogram, Label, Unit};

pub use table::*;

/// Upper bounds of the buckets of waits for a disk, a chunk or a client, in seconds.
pub const WAIT_BUCKETS_S: &[f64] =
    &[0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0];
/// Upper bounds of the buckets of one rule's run, in seconds.
pub const RULE_BUCKETS_S: &[f64] = &[
    0.000_000_1,
    0.000_000_2,
    0.000_000_5,
    0.000_001,
    0.000_002,
    0.000_005,
    0.000_01,
    0.000_02,
    0.000_05,
    0.000_1,
    0.001,
    0.01,
];
/// Upper bounds of the buckets of a snapshot, in seconds.
pub const SNAPSHOT_BUCKETS_S: &[f64] =
    &[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0];
/// Upper bounds of the buckets of records that are handled together.
pub const RECORDS_BUCKETS: &[f64] =
    &[1.0, 2.0, 5.0, 10.0, 50.0, 100.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0, 50_000.0];

/// How a metric behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// It only grows; begins anew when the process does.
    Counter,
    /// It only grows and is part of the state: a restart goes on counting where it was, from the log's beginning.
    LogCounter,
    /// It goes up and down.
    Gauge,
    /// Observations, counted in buckets with these upper bounds.
    Histogram(&'static [f64]),
}

impl Shape {
    /// The type that Prometheus knows it by.
    pub const fn name(self) -> &'static str {
        match self {
            Shape::Counter | Shape::LogCounter => "counter",
            Shape::Gauge => "gauge",
            Shape::Histogram(_) => "histogram",
        }
    }
}

/// What a metric's numbers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measured {
    /// Things.
    Count,
    /// Seconds.
    Seconds,
    /// Seconds since the epoch.
    Timestamp,
    /// Bytes.
    Bytes,
    /// Minor units of the currency in the label.
    Minor,
    /// A place in the log.
    Position,
    /// 1 if it is so, else 0.
    Truth,
}

impl Measured {
    /// The unit in words.
    pub const fn name(self) -> &'static str {
        match self {
            Measured::Count => "count",
            Measured::Seconds => "seconds",
            Measured::Timestamp => "seconds since the epoch",
            Measured::Bytes => "bytes",
            Measured::Minor => "minor units",
            Measured::Position => "position",
            Measured::Truth => "0 or 1",
        }
    }

    const fn unit(self) -> Unit {
        match self {
            Measured::Seconds | Measured::Timestamp => Unit::Seconds,
            Measured::Bytes => Unit::Bytes,
            Measured::Count | Measured::Minor | Measured::Position | Measured::Truth => Unit::Count,
        }
    }
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// Its name, as it is exposed.
    pub name: &'static str,
    /// How it behaves.
    pub shape: Shape,
    /// What its numbers count.
    pub measured: Measured,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it is, in a sentence.
    pub about: &'static str,
}

impl Metric {
    fn labelled(&self, values: &[&str]) -> Vec<Label> {
        assert_eq!(values.len(), self.labels.len(), "{} has the labels {:?}", self.name, self.labels);
        let pairs = self.labels.iter().zip(values);
        pairs.map(|(name, value)| Label::new(*name, (*value).to_owned())).collect()
    }

    /// The counter with these values of its labels, in the order of the table.
    pub fn counter(&self, values: &[&str]) -> Counter {
        metrics::counter!(self.name, self.labelled(values))
    }

    /// The gauge with these values of its labels.
    pub fn gauge(&self, values: &[&str]) -> Gauge {
        metrics::gauge!(self.name, self.labelled(values))
    }

    /// The histogram with these values of its labels.
    pub fn histogram(&self, values: &[&str]) -> Histogram {
        metrics::histogram!(self.name, self.labelled(values))
    }

    /// Sets a gauge to a whole number. Beyond 2^53 it is the nearest that a double holds.
    pub fn set(&self, values: &[&str], to: impl TryInto<i64>) {
        let to = to.try_into().unwrap_or(i64::MAX);
        self.gauge(values).set(to as f64);
    }

    /// Tells the recorder what it is.
    fn describe(&self) {
        match self.shape {
            Shape::Counter | Shape::LogCounter => {
                metrics::describe_counter!(self.name, self.measured.unit(), self.about);
            }
            Shape::Gauge => metrics::describe_gauge!(self.name, self.measured.unit(), self.about),
            Shape::Histogram(_) => metrics::describe_histogram!(self.name, self.measured.unit(), self.about),
        }
    }
}

/// Tells the recorder of the process what every metric is. Metrics without labels are there from now on.
pub fn describe() {
    for metric in ALL {
        metric.describe();
        match metric.shape {
            Shape::Counter if metric.labels.is_empty() => metric.counter(&[]).increment(0),
            Shape::LogCounter if metric.labels.is_empty() => metric.counter(&[]).absolute(0),
            Shape::Counter | Shape::LogCounter | Shape::Gauge | Shape::Histogram(_) => {}
        }
    }
}

/// The table as a page of documentation shows it.
pub fn page() -> String {
    let mut page = String::from("| metric | type | unit | labels | what it is |\n|---|---|---|---|---|\n");
    for metric in ALL {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let shape = match metric.shape {
            Shape::LogCounter => "counter, since the log began".to_owned(),
            Shape::Histogram(bounds) => {
                let bounds: Vec<String> = bounds.iter().map(f64::to_string).collect();
                format!("histogram: {}", bounds.join(", "))
            }
            Shape::Counter | Shape::Gauge => metric.shape.name().to_owned(),
        };
        let (unit, labels) = (metric.measured.name(), labels.join(", "));
        page += &format!("| `{}` | {shape} | {unit} | {labels} | {} |\n", metric.name, metric.about);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_say_what_prometheus_expects_of_them() {
        let names: BTreeSet<&str> = ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), ALL.len(), "each once");
        for metric in ALL {
            let Metric { name, shape, measured, .. } = metric;
            assert!(name.starts_with("tidegate_"), "{name}");
            let counts = matches!(shape, Shape::Counter | Shape::LogCounter);
            assert_eq!(counts, name.ends_with("_total"), "{name}");
            match measured {
                Measured::Seconds => assert!(name.ends_with("_seconds"), "{name}"),
                Measured::Timestamp => assert!(name.ends_with("_timestamp_seconds"), "{name}"),
                Measured::Bytes => assert!(name.contains("_bytes"), "{name}"),
                Measured::Minor => assert!(name.ends_with("_minor"), "{name}"),
                Measured::Count | Measured::Position | Measured::Truth => {}
            }
            assert!(metric.about.ends_with('.') && !metric.about.contains('|'), "{name}");
        }
    }

    #[test]
    fn bounds_of_buckets_rise() {
        for metric in ALL {
            if let Shape::Histogram(bounds) = metric.shape {
                assert!(bounds.is_sorted_by(|a, b| a < b), "{}", metric.name);
            }
        }
    }
}
