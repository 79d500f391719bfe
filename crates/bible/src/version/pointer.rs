//! From a field's dotted name to a JSON pointer.

use serde_json::Value;

use crate::source::pointer;
use crate::source::yaml::Step;

/// Where a dotted path leads in a value, as a JSON pointer (RFC 6901). Keys may hold dots themselves (`iris.left`), so
/// the value decides; what it does not have is taken apart at each dot.
#[must_use]
pub fn pointer_of(value: Option<&Value>, path: &str) -> String {
    let mut steps = Vec::new();
    walk(value, path, &mut steps);
    pointer(&steps)
}

fn walk(value: Option<&Value>, path: &str, steps: &mut Vec<Step>) {
    if path.is_empty() {
        return;
    }
    if let Some(Value::Object(fields)) = value {
        // Of several keys that fit, the longest: `iris.left` rather than an `iris` beside it.
        let rest = |key: &str| path.strip_prefix(key).filter(|rest| rest.is_empty() || rest.starts_with('.'));
        if let Some((key, value)) = fields.iter().filter(|(key, _)| rest(key).is_some()).max_by_key(|(key, _)| key.len()) {
            steps.push(Step::Key(key.clone()));
            return walk(Some(value), path[key.len()..].trim_start_matches('.'), steps);
        }
    }
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    match (value, first.parse::<usize>()) {
        (Some(Value::Array(items)), Ok(index)) => {
            steps.push(Step::Index(index));
            walk(items.get(index), rest, steps);
        }
        _ => {
            steps.push(Step::Key(first.to_owned()));
            walk(None, rest, steps);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::pointer_of;
    use serde_json::json;

    #[test]
    fn keys_with_dots_are_one_step_where_the_value_has_them() {
        let mei = json!({ "colour_model": { "iris.left": { "base": "#4a7a5c" } }, "arc": [{ "at": "S01E02" }], "a/b": 1 });
        for (path, pointer) in [
            ("colour_model.iris.left.base", "/colour_model/iris.left/base"),
            ("colour_model.iris.right", "/colour_model/iris/right"),
            ("arc.0.at", "/arc/0/at"),
            ("a/b", "/a~1b"),
            ("age", "/age"),
            ("", ""),
        ] {
            assert_eq!(pointer_of(Some(&mei), path), pointer);
        }
    }
}
