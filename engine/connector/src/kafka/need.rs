//! What a setting of a topic has to be.

/// A setting of a topic, and what it has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Need {
    /// As Kafka calls it.
    pub(crate) name: &'static str,
    pub(crate) value: Value,
    /// What would go wrong otherwise.
    pub(crate) why: &'static str,
}

/// Values that will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    /// This one.
    Exactly(&'static str),
    /// This many, or more.
    AtLeast(u64),
    /// This many, or more, or no limit at all, which Kafka writes as -1.
    AtLeastOrUnlimited(u64),
    /// No limit at all.
    Unlimited,
}

const UNLIMITED: &str = "-1";

impl Need {
    /// Whether a value that was found will do.
    pub(crate) fn is_met_by(&self, found: &str) -> bool {
        let reaches = |least: u64| found.parse::<u64>().is_ok_and(|found| found >= least);
        match self.value {
            Value::Exactly(value) => found == value,
            Value::AtLeast(least) => reaches(least),
            Value::AtLeastOrUnlimited(least) => found == UNLIMITED || reaches(least),
            Value::Unlimited => found == UNLIMITED,
        }
    }

    /// What a topic is created with.
    pub(crate) fn initial(&self) -> String {
        match self.value {
            Value::Exactly(value) => value.to_owned(),
            Value::AtLeast(least) | Value::AtLeastOrUnlimited(least) => least.to_string(),
            Value::Unlimited => UNLIMITED.to_owned(),
        }
    }

    /// For people: `delete`, `604800000 or more`.
    pub(crate) fn spoken(&self) -> String {
        match self.value {
            Value::Exactly(_) => self.initial(),
            Value::AtLeast(_) => format!("{} or more", self.initial()),
            Value::AtLeastOrUnlimited(_) => format!("{} or more, or {UNLIMITED}", self.initial()),
            Value::Unlimited => format!("{UNLIMITED}, which is no limit"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(value: Value, found: &str) -> bool {
        Need { name: "x", value, why: "" }.is_met_by(found)
    }

    #[test]
    fn a_value_that_is_more_will_do_where_less_would_lose_something() {
        assert!(met(Value::AtLeast(2), "2") && met(Value::AtLeast(2), "3") && !met(Value::AtLeast(2), "1"));
        assert!(!met(Value::AtLeast(2), "-1"), "no limit is no number here");
        assert!(met(Value::AtLeastOrUnlimited(2), "-1") && !met(Value::AtLeastOrUnlimited(2), "1"));
        assert!(met(Value::Unlimited, "-1") && !met(Value::Unlimited, "9223372036854775807"));
        assert!(met(Value::Exactly("delete"), "delete") && !met(Value::Exactly("delete"), "compact,delete"));
    }

    #[test]
    fn what_a_topic_is_created_with_will_do() {
        let values = [Value::Exactly("a"), Value::AtLeast(2), Value::AtLeastOrUnlimited(3), Value::Unlimited];
        for value in values {
            assert!(met(value, &Need { name: "x", value, why: "" }.initial()), "{value:?}");
        }
    }
}
