//! Values written as YAML, the way a person would: short maps in one line, texts without quotes where that is safe.
//!
//! What is written reads back as the same value ([`super::yaml::parse`]).

use serde_json::{Map, Value};

use super::yaml::plain;

/// Columns that a line should keep to.
const WIDTH: usize = 110;

/// Fields that people look for first.
const FIRST: [&str; 9] = ["slug", "title", "name", "aliases", "at", "part", "to", "style", "base"];

/// A whole file.
#[must_use]
pub fn emit(value: &Value) -> String {
    match value {
        Value::Object(fields) if !fields.is_empty() => block_map(fields, 0),
        Value::Array(items) if !items.is_empty() => block_list(items, 0),
        other => format!("{}\n", flow(other)),
    }
}

/// A key and its value as lines of a block at `indent` columns, with the line end.
pub(crate) fn entry(key: &str, value: &Value, indent: usize) -> String {
    format!("{:indent$}{}:{}", "", text(key, true), after_key(value, indent))
}

/// An element as lines of a block list at `indent` columns.
pub(crate) fn item(value: &Value, indent: usize) -> String {
    let line = flow(value);
    if indent + line.len() <= WIDTH || !nested(value) {
        return format!("{:indent$}- {line}\n", "");
    }
    let block = match value {
        Value::Object(fields) => block_map(fields, indent + 2),
        Value::Array(items) => block_list(items, indent + 2),
        _ => return format!("{:indent$}- {line}\n", ""),
    };
    // The first line of the block stands behind the dash.
    format!("{:indent$}- {}", "", block.trim_start_matches(' '))
}

/// What follows a key and its colon, line end included.
fn after_key(value: &Value, indent: usize) -> String {
    match value {
        Value::Object(fields) if !fields.is_empty() && (indent == 0 || !fits(value, indent)) => {
            format!("\n{}", block_map(fields, indent + 2))
        }
        Value::Array(items) if !items.is_empty() && (items.iter().any(nested) || !fits(value, indent)) => {
            format!("\n{}", block_list(items, indent + 2))
        }
        Value::String(text) => literal(text, indent + 2).unwrap_or_else(|| format!(" {}\n", flow(value))),
        other => format!(" {}\n", flow(other)),
    }
}

fn nested(value: &Value) -> bool {
    matches!(value, Value::Object(fields) if !fields.is_empty()) || matches!(value, Value::Array(items) if !items.is_empty())
}

fn fits(value: &Value, indent: usize) -> bool {
    indent + 20 + flow(value).len() <= WIDTH
}

fn block_map(fields: &Map<String, Value>, indent: usize) -> String {
    ordered(fields).into_iter().map(|(key, value)| entry(key, value, indent)).collect()
}

fn ordered(fields: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
    fields.sort_by_key(|(key, _)| FIRST.iter().position(|first| first == key).unwrap_or(FIRST.len()));
    fields
}

fn block_list(items: &[Value], indent: usize) -> String {
    items.iter().map(|value| item(value, indent)).collect()
}

/// A value in one line.
pub(crate) fn flow(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(string) => text(string, false),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Value::Object(fields) => {
            let fields: Vec<String> =
                ordered(fields).into_iter().map(|(key, value)| format!("{}: {}", text(key, true), flow(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
    }
}

/// A text on one line, bare where every reader takes it for the same text.
fn text(string: &str, key: bool) -> String {
    let safe = |sign: char| sign.is_alphanumeric() || matches!(sign, ' ' | '_' | '-' | '.' | '(' | ')' | '\'' | '’' | '/' | ';' | '+');
    let first = string.chars().next();
    let bare = first.is_some_and(|sign| sign.is_alphabetic() || sign == '_' || (key && sign.is_ascii_digit()))
        && string.len() <= 400
        && string.chars().all(safe)
        && !string.ends_with(' ')
        && (key && string.bytes().all(|byte| byte.is_ascii_digit()) && !string.starts_with('0')
            || plain(string) == Some(Value::String(string.to_owned())));
    // In YAML 1.1 these are truth values, so a reader of that age would take them for such.
    let old_word = ["y", "n", "yes", "no", "on", "off"].contains(&string.to_ascii_lowercase().as_str());
    if bare && !old_word { string.to_owned() } else { quoted(string) }
}

/// Double-quoted, as JSON, with what YAML does not let stand bare written as escapes.
fn quoted(string: &str) -> String {
    let mut quoted = String::with_capacity(string.len() + 2);
    quoted.push('"');
    for sign in string.chars() {
        match sign {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                quoted.push_str(&format!("\\u{:04x}", sign as u32));
            }
            sign => quoted.push(sign),
        }
    }
    quoted.push('"');
    quoted
}

/// A text of several lines as a literal block behind its key; none when that would not read back exactly.
fn literal(string: &str, indent: usize) -> Option<String> {
    let (body, chomping) = match string.strip_suffix('\n') {
        Some(body) => (body, ""),
        None => (string, "-"),
    };
    let plain = |line: &str| {
        line.chars().all(|sign| {
            sign == '\t'
                || (sign >= ' ' && !matches!(sign, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'))
        })
    };
    let lines: Vec<&str> = body.split('\n').collect();
    let sound = lines.len() > 1
        && lines.iter().all(|line| plain(line) && line.trim_end() == *line)
        && lines.first().is_some_and(|line| !line.is_empty() && !line.starts_with([' ', '\t']))
        && lines.last().is_some_and(|line| !line.is_empty());
    sound.then(|| {
        let body: String =
            lines.iter().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{:indent$}{line}\n", "") }).collect();
        format!(" |{chomping}\n{body}")
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Any value that a file can hold.
    pub(crate) fn value() -> impl Strategy<Value = Value> {
        let word = prop_oneof![
            "[a-z#:,!?&*%@`'\"{}|> .-]{0,6}",
            "\\PC{0,8}",
            any::<String>(),
            "([a-z]{0,3} ?[\n\t]?){1,4}",
            Just("yes".to_owned()),
            Just("~".to_owned()),
            Just("1e3".to_owned()),
            Just("0x1f".to_owned()),
            Just("- a".to_owned()),
            Just("#2b4c7e".to_owned()),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::from),
            (-1e9..1e9_f64).prop_map(Value::from),
            word.prop_map(Value::String),
        ];
        let key = prop_oneof!["[a-z_.]{1,5}", "[0-9]{1,3}", "\\PC{1,6}"];
        leaf.prop_recursive(4, 32, 5, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
                proptest::collection::btree_map(key.clone(), inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn it_reads_as_if_a_person_had_written_it() {
        let mei = json!({
            "name": "Mei", "age": 15, "description": "Fifteen.\nStubborn: kind to strangers.\n",
            "visual_traits": { "build": "teen", "height_cm": 158, "hair": { "style": "bob" } },
            "colour_model": { "skin": "#f6d9c4", "iris.left": { "base": "#4a7a5c", "shadow": "#2a4a3c" } },
            "aliases": ["MEI (YOUNG)"], "answer": "yes", "empty": {}, "none": [],
            "relationships": [{ "to": "kit", "kind": "friend", "since": "S01E01.02" }],
        });
        insta::assert_snapshot!(emit(&mei));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]
        #[test]
        fn what_is_written_reads_back(value in value()) {
            let text = emit(&value);
            let read = super::super::yaml::parse("a.yaml", &text).map(|node| node.to_json());
            prop_assert_eq!(read.as_ref().ok(), Some(&value), "{:?}\n{}", read, text);
        }
    }
}
