//! What two runs have in common: ids, times, lengths and the numbers of files are taken out.

use serde_json::{Map, Value, json};

/// A message, answer or list of them without what differs from run to run.
pub(crate) fn same(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(without_ids(text)),
        Value::Array(items) => items.iter().map(same).collect(),
        Value::Object(fields) => {
            let varying = [
                "timestamp",
                "create_time",
                "execution_start_time",
                "execution_end_time",
                "header_hex",
                "meta_len",
                "total_len",
                "exec_info",
            ];
            let kept = fields.iter().filter(|(name, _)| !varying.contains(&name.as_str()));
            Value::Object(kept.map(|(name, value)| (without_ids(name), same(value))).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// Ids of 32 digits, with or without hyphens, are `ID`; the number of a file is `N`.
fn without_ids(text: &str) -> String {
    let digits = text.chars().filter(char::is_ascii_hexdigit).count();
    if digits == 32 && text.chars().all(|sign| sign.is_ascii_hexdigit() || sign == '-') {
        return "ID".to_owned();
    }
    let mut parts = text.split('_').map(|part| {
        let stem = part.split('.').next().unwrap_or_default();
        if stem.len() == 5 && stem.chars().all(|sign| sign.is_ascii_digit()) { part.replacen(stem, "N", 1) } else { part.to_owned() }
    });
    parts.by_ref().collect::<Vec<_>>().join("_")
}

/// The messages of a recorded socket, without their times and what was sent only for others.
pub(crate) fn messages(recorded: &Value) -> Vec<Value> {
    recorded.as_array().unwrap().iter().map(|timed| same(&timed[1])).collect()
}

/// Some recordings leave out steps; so does this.
pub(crate) fn without_steps(messages: &[Value]) -> Vec<Value> {
    let step = |message: &&Value| !matches!(message["type"].as_str(), Some("progress" | "progress_state" | "status" | "feature_flags"));
    messages.iter().filter(step).map(without_sets).collect()
}

/// `executed` and `current_outputs` are sets on the real server: their order says nothing. Tracebacks are of its code.
fn without_sets(message: &Value) -> Value {
    let mut message = message.clone();
    if let Some(data) = message.get_mut("data").and_then(Value::as_object_mut) {
        data.remove("current_outputs");
        data.remove("traceback");
        if let Some(executed) = data.get_mut("executed").and_then(Value::as_array_mut) {
            executed.sort_by_key(ToString::to_string);
        }
    }
    message
}
