//! What a commit says when its author said nothing.

use serde_json::Value;

use super::Resource;

/// Fields that are named.
const NAMED: usize = 3;

pub(super) fn added(resource: &Resource) -> String {
    format!("Add the {resource}")
}

pub(super) fn removed(resource: &Resource) -> String {
    format!("Remove the {resource}")
}

pub(super) fn changed(resource: &Resource, old: &Value, new: &Value) -> String {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else { return format!("Change the {resource}") };
    let mut fields: Vec<&str> = old.keys().chain(new.keys()).filter(|key| old.get(*key) != new.get(*key)).map(String::as_str).collect();
    fields.sort_unstable();
    fields.dedup();
    if fields.is_empty() || fields.len() > NAMED {
        return format!("Change the {resource}");
    }
    format!("Change {} of the {resource}", fields.join(", "))
}
