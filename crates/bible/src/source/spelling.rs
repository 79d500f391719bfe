//! Names that are nearly right, and fields that are kept but were likely meant otherwise.

use schemars::Schema;
use serde_json::Value;

use super::error::{SourceError, pointer};
use super::yaml::{Kind, Node, Step};
use crate::schema;

/// The name that was likely meant: at most a third of the letters differ.
#[must_use]
pub fn nearest<'a>(got: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['_', ' '], "-");
    let wanted = plain(got);
    let reach = (wanted.chars().count() / 3).max(1);
    names
        .map(|name| (strsim::damerau_levenshtein(&wanted, &plain(name)), name))
        .filter(|(distance, name)| *distance <= reach && *distance < name.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Adds a warning for each field that the type keeps only as an extra and that looks like a known one.
pub(super) fn check(file: &str, schema: &Schema, root: &Node, problems: &mut Vec<SourceError>) {
    walk(file, schema.as_value(), schema.as_value(), root, problems);
}

fn walk(file: &str, root: &Value, schema: &Value, node: &Node, problems: &mut Vec<SourceError>) {
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::List(items) => {
            if let Some(element) = alternatives(root, schema).into_iter().find_map(|schema| schema.get("items")) {
                for item in items {
                    walk(file, root, element, item, problems);
                }
            }
        }
        Kind::Map(entries) => {
            let schemas = alternatives(root, schema);
            let fields: Vec<&str> = schemas.iter().flat_map(|schema| keys(schema)).collect();
            for entry in entries {
                let known = schemas.iter().find_map(|schema| schema.get("properties")?.get(&entry.key));
                // Maps by free names (wardrobe, colour model) give one schema for every value.
                let any = schemas.iter().find_map(|schema| free_values(schema));
                if let Some(schema) = known.or(any) {
                    walk(file, root, schema, &entry.value, problems);
                } else if let Some(name) = nearest(&entry.key, fields.iter().copied()) {
                    let problem = format!("`{}` is kept as an extra field", entry.key);
                    problems.push(SourceError::new(file, entry.at, problem, format!("did you mean `{name}`?")).warning());
                }
            }
        }
    }
}

/// A field that the studio does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// Where it is, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// Its name.
    pub field: String,
    /// The known field that was likely meant.
    pub nearest: Option<String>,
}

/// The fields of a document that its schema does not name. They are kept where a person wrote them; a program that
/// adds one has likely misspelt another. `kind` is one of [`crate::schema::all`].
#[must_use]
pub fn strangers(kind: &str, value: &Value) -> Vec<Stranger> {
    let root = schema::of_kind(kind).as_value();
    let mut found = Vec::new();
    strangers_in(root, root, value, &mut Vec::new(), &mut found);
    found
}

fn strangers_in(root: &Value, schema: &Value, value: &Value, path: &mut Vec<Step>, found: &mut Vec<Stranger>) {
    let schemas = alternatives(root, schema);
    match value {
        Value::Object(fields) => {
            let known: Vec<&str> = schemas.iter().flat_map(|schema| keys(schema)).collect();
            let any = schemas.iter().find_map(|schema| free_values(schema));
            for (key, value) in fields {
                path.push(Step::Key(key.clone()));
                let own = schemas.iter().find_map(|schema| schema.get("properties")?.get(key));
                if let Some(schema) = own.or(any) {
                    strangers_in(root, schema, value, path, found);
                } else if !known.is_empty() {
                    let nearest = nearest(key, known.iter().copied()).map(str::to_owned);
                    found.push(Stranger { pointer: pointer(path), field: key.clone(), nearest });
                }
                path.pop();
            }
        }
        Value::Array(items) => {
            let Some(element) = schemas.iter().find_map(|schema| schema.get("items")) else { return };
            for (index, item) in items.iter().enumerate() {
                path.push(Step::Index(index));
                strangers_in(root, element, item, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

fn keys(schema: &Value) -> impl Iterator<Item = &str> {
    schema.get("properties").and_then(Value::as_object).into_iter().flat_map(|map| map.keys().map(String::as_str))
}

fn free_values(schema: &Value) -> Option<&Value> {
    schema
        .get("additionalProperties")
        .filter(|value| value.is_object())
        .or_else(|| schema.get("patternProperties")?.as_object()?.values().next())
}

/// The schema itself, what it refers to, and the alternatives of an `anyOf` or `oneOf`.
fn alternatives<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let mut found = Vec::new();
    let mut open = vec![schema];
    while let Some(schema) = open.pop() {
        // References of our own types never nest deeper than this; a cycle ends here.
        if found.len() > 32 {
            break;
        }
        found.push(schema);
        if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|reference| root.pointer(reference.strip_prefix('#')?)) {
            open.push(target);
        }
        for word in ["anyOf", "oneOf", "allOf"] {
            open.extend(schema.get(word).and_then(Value::as_array).into_iter().flatten());
        }
    }
    found
}

fn at<'a>(schema: &'a Schema, path: &[Step]) -> Vec<&'a Value> {
    let root = schema.as_value();
    let mut here = alternatives(root, root);
    for step in path {
        let next = here.iter().find_map(|schema| match step {
            Step::Index(_) => schema.get("items"),
            Step::Key(key) => schema.get("properties").and_then(|fields| fields.get(key)).or_else(|| free_values(schema)),
        });
        match next {
            Some(next) => here = alternatives(root, next),
            None => return Vec::new(),
        }
    }
    here
}

/// The fields that a map at `path` may have.
pub(super) fn fields_at(schema: &Schema, path: &[Step]) -> Vec<String> {
    at(schema, path).into_iter().flat_map(keys).map(str::to_owned).collect()
}

/// The first sentence of what a field of the map at `path` means.
pub(super) fn describe(schema: &Schema, path: &[Step], field: &str) -> Option<String> {
    let words = at(schema, path).into_iter().find_map(|schema| schema.get("properties")?.get(field)?.get("description")?.as_str())?;
    let end = words.find(". ").map_or(words.len(), |end| end);
    Some(words[..end].trim_end_matches('.').replace('\n', " "))
}

#[cfg(test)]
mod tests {
    use super::{nearest, strangers};
    use serde_json::json;

    #[test]
    fn fields_that_no_schema_names_are_found_at_any_depth_and_free_names_are_not() {
        let mei = json!({
            "name": "Mei", "favourite_food": "dango", "discription": "?",
            "colour_model": { "antenna": { "base": "#000000", "shadwo": "#000000" } },
            "visual_traits": { "build": "teen", "height_cm": 150, "heigth": 1 },
            "relationships": [{ "to": "kit", "kind": "friend", "sinse": "S01E01" }],
            "arc": [{ "at": "S01E02", "changes": { "anything": 1 } }],
        });
        let found = strangers("character", &mei);
        let words: Vec<(&str, Option<&str>)> =
            found.iter().map(|stranger| (stranger.pointer.as_str(), stranger.nearest.as_deref())).collect();
        assert_eq!(
            words,
            [
                ("/colour_model/antenna/shadwo", Some("shadow")),
                ("/discription", Some("description")),
                ("/favourite_food", None),
                ("/relationships/0/sinse", Some("since")),
                ("/visual_traits/heigth", None),
            ]
        );
    }

    #[test]
    fn a_slip_of_the_pen_finds_its_name_and_nonsense_finds_none() {
        let names = ["height_cm", "build", "hair", "mei"];
        assert_eq!(nearest("heigth_cm", names.into_iter()), Some("height_cm"));
        assert_eq!(nearest("height-cm", names.into_iter()), Some("height_cm"));
        assert_eq!(nearest("MEI", names.into_iter()), Some("mei"));
        assert_eq!(nearest("favourite_food", names.into_iter()), None);
        assert_eq!(nearest("x", names.into_iter()), None);
    }
}
