//! From serde's words to ours: what is wrong, where, and what would be right.

use schemars::Schema;
use serde_json::Value;

use super::error::SourceError;
use super::spelling::{describe, fields_at, nearest};
use super::yaml::{Kind, Node, Step};

/// What serde complained about.
pub(super) struct Culprit {
    /// The node, or for a missing or unknown field the map around it.
    pub(super) path: Vec<Step>,
    /// The field that is missing.
    pub(super) missing: Option<String>,
    /// The field that nobody knows.
    pub(super) unknown: Option<String>,
}

impl Culprit {
    /// The path with the missing or unknown field.
    pub(super) fn full_path(&self) -> Vec<Step> {
        let mut path = self.path.clone();
        path.extend(self.missing.iter().chain(&self.unknown).map(|field| Step::Key(field.clone())));
        path
    }
}

/// Finds the culprit of an error at `path`.
pub(super) fn culprit(text: &str, root: &Node, path: Vec<Step>) -> Culprit {
    let named = |prefix: &str| text.strip_prefix(prefix).and_then(|rest| rest.split('`').next()).map(str::to_owned);
    let missing = named("missing field `");
    let unknown = named("unknown field `");
    let mut path = path;
    // Some deserialisers report the path of the field itself, others that of the map around it.
    for field in missing.iter().chain(&unknown) {
        let is_map = path.iter().try_fold(root, |node, step| node.step(step)).is_some_and(|node| matches!(node.kind, Kind::Map(_)));
        if path.last() == Some(&Step::Key(field.clone())) && (missing.is_none() || !is_map) {
            path.pop();
        }
    }
    Culprit { path, missing, unknown }
}

/// The error in our words.
pub(super) fn explain(file: &str, text: &str, root: &Node, culprit: &Culprit, schema: &Schema) -> SourceError {
    worded(file, text, root, culprit, schema).at_path(&culprit.full_path())
}

fn worded(file: &str, text: &str, root: &Node, culprit: &Culprit, schema: &Schema) -> SourceError {
    let path = &culprit.path;
    if let Some(field) = &culprit.missing {
        let owner = name_of(path);
        let problem = if owner.is_empty() { format!("`{field}` is missing") } else { format!("{owner} has no `{field}`") };
        let meaning = describe(schema, path, field).map(|words| format!(" ({words})")).unwrap_or_default();
        return SourceError::new(file, root.locate_key(path), problem, format!("add `{field}:`{meaning}"));
    }
    if let Some(field) = &culprit.unknown {
        let known = listed(text);
        let known = if known.is_empty() { fields_at(schema, path) } else { known };
        return SourceError::new(
            file,
            root.locate_key(&culprit.full_path()),
            format!("there is no field `{field}` here"),
            suggestion(field, &known, "the fields are"),
        );
    }
    let at = root.locate(path);
    let field = name_of(path);
    if let Some(rest) = text.strip_prefix("unknown variant `") {
        let got = rest.split('`').next().unwrap_or_default();
        // Where names come from a list and values stand behind them, it is the name that nobody knows.
        if matches!(path.last(), Some(Step::Key(key)) if key == got) {
            let problem = format!("there is no `{got}` here");
            return SourceError::new(file, root.locate_key(path), problem, suggestion(got, &listed(text), "one of"));
        }
        return SourceError::new(file, at, format!("{field} cannot be `{got}`"), suggestion(got, &listed(text), "one of"));
    }
    if let Some(rest) = text.strip_prefix("invalid type: ") {
        let (got, expected) = rest.split_once(", expected ").unwrap_or((rest, "something else"));
        return wrong_type(file, root, path, got, expected);
    }
    if let Some(rest) = text.strip_prefix("invalid value: ") {
        let (got, expected) = rest.split_once(", expected ").unwrap_or((rest, "something else"));
        return SourceError::new(file, at, format!("{field} cannot be {}", plain_value(got)), format!("write {}", plain_type(expected)));
    }
    // The parsers of our own values say the problem, then a colon, then the cure.
    match text.split_once(": ") {
        Some((problem, fix)) => SourceError::new(file, at, problem, fix),
        None => SourceError::new(file, at, text, ""),
    }
}

fn wrong_type(file: &str, root: &Node, path: &[Step], got: &str, expected: &str) -> SourceError {
    let at = root.locate(path);
    let field = name_of(path);
    if got == "null" {
        return SourceError::new(file, at, format!("{field} has no value"), format!("write {}, or remove the line", plain_type(expected)));
    }
    let node = path.iter().try_fold(root, |node, step| node.step(step));
    let written = match node.map(|node| &node.kind) {
        Some(Kind::Scalar(Value::String(text))) => text.clone(),
        Some(Kind::Scalar(value)) => value.to_string(),
        _ => String::new(),
    };
    let fix = if expected == "a string" && !written.is_empty() {
        format!("put it in quotes: \"{written}\"")
    } else if expected == "a boolean" && matches!(written.to_lowercase().as_str(), "yes" | "on" | "y") {
        "YAML 1.2 knows `true` and `false`: write `true`".to_owned()
    } else if expected == "a boolean" && matches!(written.to_lowercase().as_str(), "no" | "off" | "n") {
        "YAML 1.2 knows `true` and `false`: write `false`".to_owned()
    } else if expected.starts_with("a sequence") && !written.is_empty() {
        format!("put it in brackets: [{written}]")
    } else {
        format!("write {}", plain_type(expected))
    };
    SourceError::new(file, at, format!("{field} cannot be {}", plain_value(got)), fix)
}

/// What a reader calls the end of a path; the place says the rest.
fn name_of(path: &[Step]) -> String {
    let key = path.iter().rev().find_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Index(_) => None,
    });
    match (key, path.last()) {
        (Some(key), Some(Step::Index(_))) => format!("an item of `{key}`"),
        (Some(key), _) => format!("`{key}`"),
        (None, _) => String::new(),
    }
}

/// The names in serde's "expected one of `a`, `b`" or "expected `a` or `b`".
fn listed(text: &str) -> Vec<String> {
    let Some((_, list)) = text.split_once(", expected ") else { return Vec::new() };
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

pub(super) fn suggestion(got: &str, known: &[String], lead: &str) -> String {
    match nearest(got, known.iter().map(String::as_str)) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => String::new(),
        None => format!("{lead} {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    }
}

fn plain_value(got: &str) -> String {
    let quoted = |prefix: &str| got.strip_prefix(prefix).map(|rest| rest.trim_matches('`').to_owned());
    match got {
        "map" => "a map".to_owned(),
        "sequence" => "a list".to_owned(),
        _ => {
            if let Some(text) = quoted("string ") {
                format!("the text {text}")
            } else if let Some(number) = quoted("integer ").or_else(|| quoted("floating point ")) {
                format!("the number {number}")
            } else if let Some(value) = quoted("boolean ") {
                format!("the truth value {value}")
            } else {
                got.to_owned()
            }
        }
    }
}

fn plain_type(expected: &str) -> String {
    match expected {
        "a string" | "string" => "a text".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "f64" | "f32" => "a number".to_owned(),
        "u8" => "a whole number from 0 to 255".to_owned(),
        "u16" => "a whole number from 0 to 65535".to_owned(),
        "u32" | "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "i32" | "i64" => "a whole number".to_owned(),
        "a map" => "fields, one to a line".to_owned(),
        _ if expected.starts_with("struct ") => "fields, one to a line".to_owned(),
        _ if expected.starts_with("a sequence") => "a list, in brackets or with a dash before each item".to_owned(),
        _ => expected.to_owned(),
    }
}
