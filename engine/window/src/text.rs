//! The key of a group in words: the compact JSON array of its values, as everybody else sees it.

use std::fmt::Write;

use model::{Text, Value};

/// The compact JSON array of some values; money is its printed form, a list an array of its own.
pub(crate) fn array<'a>(values: impl Iterator<Item = Value<'a>>) -> Text {
    let mut text = Text::new("[");
    for (i, value) in values.enumerate() {
        if i > 0 {
            text.push(',');
        }
        push_value(&mut text, value);
    }
    text.push(']');
    text
}

fn push_value(text: &mut Text, value: Value<'_>) {
    let written = match value {
        Value::Missing => text.write_str("null"),
        Value::Bool(truth) => write!(text, "{truth}"),
        Value::Int(number) => write!(text, "{number}"),
        Value::Money(money) => write!(text, "\"{money}\""),
        Value::Text(string) => {
            push_string(text, string);
            Ok(())
        }
        Value::Texts(list) => text.write_str(&array(list.iter().map(|string| Value::Text(string)))),
    };
    written.expect("writing to memory");
}

/// As RFC 8259 demands and no more: quotes, backslashes and control characters are escaped.
fn push_string(text: &mut Text, string: &str) {
    text.push('"');
    for c in string.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            c if c < ' ' => write!(text, "\\u{:04x}", u32::from(c)).expect("writing to memory"),
            c => text.push(c),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Currency, Minor, Money};

    #[test]
    fn a_key_is_a_compact_json_array() {
        let money = Money { currency: Currency::new("USD").unwrap(), minor: Minor(1_230) };
        let labels: [Text; 2] = ["new".into(), "vip".into()];
        let values = [
            Value::Text("192.0.2.7"),
            Value::Text("a \"b\" \\ \n \u{1} é"),
            Value::Int(-3),
            Value::Bool(false),
            Value::Money(money),
            Value::Texts(&labels),
        ];
        assert_eq!(
            array(values.into_iter()),
            r#"["192.0.2.7","a \"b\" \\ \n \u0001 é",-3,false,"12.30 USD",["new","vip"]]"#
        );
        assert_eq!(array([].into_iter()), "[]");
    }
}
