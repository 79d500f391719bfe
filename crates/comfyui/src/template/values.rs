//! What a template's slots are set to.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Values by slot. A group is an object, a list is a list of objects; null stands for "not given", also where there
/// is a default.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Values(Map<String, Value>);

impl Values {
    /// No values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a slot, or a slot of a group: `pose.image`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.set(name, value.into());
        self
    }

    /// Sets a slot, a slot of a group (`pose.image`), or of an item of a list (`loras.0.file`).
    pub fn set(&mut self, name: &str, value: Value) {
        let mut steps = name.split('.').peekable();
        let Some(first) = steps.next() else { return };
        let mut at = self.0.entry(first).or_insert(Value::Null);
        for step in steps {
            if let Ok(index) = step.parse::<usize>() {
                if !at.is_array() {
                    *at = Value::Array(Vec::new());
                }
                let Some(items) = at.as_array_mut() else { return };
                // Nobody means a list of a thousand items with one set.
                if index > 1000 {
                    return;
                }
                while items.len() <= index {
                    items.push(Value::Null);
                }
                at = &mut items[index];
            } else {
                if !at.is_object() {
                    *at = Value::Object(Map::new());
                }
                let Some(fields) = at.as_object_mut() else { return };
                at = fields.entry(step).or_insert(Value::Null);
            }
        }
        *at = value;
    }

    /// A slot's value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The object.
    #[must_use]
    pub const fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl From<Map<String, Value>> for Values {
    fn from(map: Map<String, Value>) -> Self {
        Self(map)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn groups_and_lists_are_made_on_the_way() {
        let values = Values::new().with("seed", 3).with("pose.image", "p.png").with("loras.1.file", "b").with("loras.0.file", "a");
        assert_eq!(
            serde_json::to_value(values).unwrap(),
            json!({"seed": 3, "pose": {"image": "p.png"}, "loras": [{"file": "a"}, {"file": "b"}]})
        );
    }
}
