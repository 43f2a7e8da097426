//! Conditions of a list, put together from what was asked.

use rusqlite::types::Value;

/// The conditions so far, all of which must hold, with their values.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    /// A condition without a value.
    pub(crate) fn always(&mut self, condition: &str) {
        self.sql.push_str(if self.sql.is_empty() { " WHERE " } else { " AND " });
        self.sql.push_str(condition);
    }

    /// A condition with one `?`, if there is a value for it.
    pub(crate) fn given(&mut self, condition: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.always(condition);
            self.values.push(value.into());
        }
    }

    /// A column that equals a text, if one is given.
    pub(crate) fn equal(&mut self, column: &str, value: Option<&String>) {
        self.given(&format!("{column} = ?"), value.cloned());
    }

    /// A condition with several `?`.
    pub(crate) fn all(&mut self, condition: &str, values: impl IntoIterator<Item = i64>) {
        self.always(condition);
        self.values.extend(values.into_iter().map(Value::from));
    }

    /// A query with these conditions, its order, and how many rows it reads at most.
    pub(crate) fn query(mut self, select: &str, order: &str, rows: i64) -> (String, Vec<Value>) {
        self.values.push(rows.into());
        (format!("{select}{} ORDER BY {order} LIMIT ?", self.sql), self.values)
    }
}
