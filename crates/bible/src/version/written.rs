//! Every file of a project as typed: what differences and merges look at.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::source::{edit, yaml};

/// What a file is to differences and merges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Fields: told apart by value.
    Yaml,
    /// Lines: a screenplay.
    Text,
    /// A whole: a drawing.
    Opaque,
}

impl Form {
    /// The kind of a path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        if path.ends_with(".yaml") || path.ends_with(".yml") {
            Self::Yaml
        } else if path.ends_with(".fountain") || path.ends_with(".md") || path.ends_with(".txt") {
            Self::Text
        } else {
            Self::Opaque
        }
    }
}

/// The name by which fields of a file are called: `characters.mei` for `bible/characters/mei.yaml`, `settings` for
/// `project.yaml`, `episodes.s01e01.shots` for `episodes/s01e01/shots.yaml`.
#[must_use]
pub fn document_name(path: &str) -> String {
    if path == "project.yaml" {
        return "settings".to_owned();
    }
    let path = path.strip_prefix("bible/").unwrap_or(path);
    let stem = ["/episode.yaml", ".yaml", ".yml", ".fountain"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path);
    stem.replace('/', ".")
}

/// Of documents by their [names](document_name), the one that a field is in: that with the longest name which the field's
/// name begins with.
#[must_use]
pub fn holding<T>(field: &str, documents: impl IntoIterator<Item = (String, T)>) -> Option<T> {
    let holds = |name: &str| field.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let found = documents.into_iter().filter(|(name, _)| holds(name)).max_by_key(|(name, _)| name.len());
    found.map(|(_, document)| document)
}

/// Every file of a project by its path, as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written(BTreeMap<String, Vec<u8>>);

impl Written {
    /// The bytes of a file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.0.get(path).map(Vec::as_slice)
    }

    /// The text of a file; none when there is no such file or it is no UTF-8.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        std::str::from_utf8(self.get(path)?).ok()
    }

    /// The value of a YAML file; none when there is no such file or it is broken.
    #[must_use]
    pub fn value(&self, path: &str) -> Option<Value> {
        yaml::parse(path, self.text(path)?).ok().map(|node| node.to_json())
    }

    /// Adds or replaces a file.
    pub fn insert(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.0.insert(path.to_owned(), bytes.into());
    }

    /// Takes a file away.
    pub fn remove(&mut self, path: &str) -> Option<Vec<u8>> {
        self.0.remove(path)
    }

    /// Every file in order of path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// The paths in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A field by its name (`characters.mei.colour_model.iris.left`): its file, and its value where it is there.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<(&str, Option<Value>)> {
        let path = self.file_of(name)?;
        let rest = name[document_name(path).len()..].trim_start_matches('.');
        let value = match Form::of(path) {
            Form::Yaml => self.value(path),
            Form::Text => self.text(path).map(Value::from),
            Form::Opaque => None,
        };
        Some((path, value.and_then(|value| lookup(&value, rest).cloned())))
    }

    /// Gives a field of a YAML file the value that it has in another version, or takes it away when it has none there.
    /// Comments and all else stay. Says whether the field is in either version.
    pub fn take_field(&mut self, name: &str, from: &Self) -> bool {
        let Some(path) = self.file_of(name).filter(|path| Form::of(path) == Form::Yaml).map(str::to_owned) else { return false };
        let rest = name[document_name(&path).len()..].trim_start_matches('.');
        let (Some(mut value), Some(source)) = (self.value(&path), from.value(&path)) else { return false };
        let done = match (steps(&source, rest), steps(&value, rest)) {
            (Some(steps), _) => lookup(&source, rest).is_some_and(|new| put(&mut value, &steps, new)),
            (None, Some(steps)) => take(&mut value, &steps),
            (None, None) => false,
        };
        if done {
            let text = edit(self.text(&path).unwrap_or_default(), &value);
            self.insert(&path, text);
        }
        done
    }

    fn file_of(&self, field: &str) -> Option<&str> {
        holding(field, self.paths().map(|path| (document_name(path), path)))
    }
}

/// A value inside of another, by its path. Keys may hold dots themselves (`iris.left`).
#[must_use]
pub fn lookup<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    if path.is_empty() {
        return Some(value);
    }
    match value {
        Value::Object(fields) => fields.iter().find_map(|(key, value)| {
            let rest = path.strip_prefix(key.as_str())?;
            if rest.is_empty() { Some(value) } else { lookup(value, rest.strip_prefix('.')?) }
        }),
        Value::Array(items) => {
            let (index, rest) = path.split_once('.').unwrap_or((path, ""));
            lookup(items.get(index.parse::<usize>().ok()?)?, rest)
        }
        _ => None,
    }
}

/// The keys that lead to a value, where there is one.
fn steps<'a>(value: &Value, path: &'a str) -> Option<Vec<&'a str>> {
    if path.is_empty() {
        return Some(Vec::new());
    }
    let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
    ends.into_iter().find_map(|end| {
        let key = &path[..end];
        let inner = match value {
            Value::Object(fields) => fields.get(key),
            Value::Array(items) => key.parse::<usize>().ok().and_then(|index| items.get(index)),
            _ => None,
        }?;
        let mut rest = steps(inner, path.get(end + 1..).unwrap_or_default())?;
        rest.insert(0, key);
        Some(rest)
    })
}

/// Puts a value where keys lead, making the maps on the way. Says whether it could.
fn put(value: &mut Value, steps: &[&str], new: &Value) -> bool {
    let Some((key, rest)) = steps.split_first() else {
        *value = new.clone();
        return true;
    };
    match value {
        Value::Object(fields) => put(fields.entry((*key).to_owned()).or_insert(Value::Null), rest, new),
        Value::Null => {
            *value = Value::Object(serde_json::Map::new());
            put(value, steps, new)
        }
        Value::Array(items) => match key.parse::<usize>() {
            Ok(index) if index < items.len() => put(&mut items[index], rest, new),
            Ok(_) if rest.is_empty() => {
                items.push(new.clone());
                true
            }
            _ => false,
        },
        _ => false,
    }
}

/// Takes away what keys lead to. Says whether it was there.
fn take(value: &mut Value, steps: &[&str]) -> bool {
    let Some((key, rest)) = steps.split_first() else { return false };
    match value {
        Value::Object(fields) if rest.is_empty() => fields.remove(*key).is_some(),
        Value::Object(fields) => fields.get_mut(*key).is_some_and(|inner| take(inner, rest)),
        Value::Array(items) => match key.parse::<usize>() {
            Ok(index) if index < items.len() && rest.is_empty() => {
                items.remove(index);
                true
            }
            Ok(index) => items.get_mut(index).is_some_and(|inner| take(inner, rest)),
            Err(_) => false,
        },
        _ => false,
    }
}

impl FromIterator<(String, Vec<u8>)> for Written {
    fn from_iter<I: IntoIterator<Item = (String, Vec<u8>)>>(files: I) -> Self {
        Self(files.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_are_called_as_people_call_them() {
        for (path, name) in [
            ("project.yaml", "settings"),
            ("bible/characters/mei.yaml", "characters.mei"),
            ("bible/style.yaml", "style"),
            ("episodes/s01e01/episode.yaml", "episodes.s01e01"),
            ("episodes/s01e01/shots.yaml", "episodes.s01e01.shots"),
            ("episodes/s01e01/script.fountain", "episodes.s01e01.script"),
            ("parts/hair/bob/front.svg", "parts.hair.bob.front.svg"),
        ] {
            assert_eq!(document_name(path), name);
        }
    }

    #[test]
    fn a_field_is_found_by_its_name_even_where_keys_hold_dots() {
        let mut snapshot = Written::default();
        snapshot.insert("bible/characters/mei.yaml", "colour_model:\n  iris.left: \"#4a7a5c\"\narc:\n  - { at: S01E02 }\n");
        snapshot.insert("episodes/s01e01/shots.yaml", "scenes: {}\n");
        let field = |name: &str| snapshot.field(name).and_then(|(_, value)| value);
        assert_eq!(field("characters.mei.colour_model.iris.left"), Some(json!("#4a7a5c")));
        assert_eq!(field("characters.mei.arc.0.at"), Some(json!("S01E02")));
        assert_eq!(field("characters.mei.nothing"), None);
        assert_eq!(snapshot.field("episodes.s01e01.shots.scenes").unwrap().0, "episodes/s01e01/shots.yaml");
        assert!(snapshot.field("characters.rin.name").is_none());
    }

    #[test]
    fn a_field_is_taken_from_another_version_and_comments_stay() {
        let of = |text: &str| Written::from_iter([("bible/characters/mei.yaml".to_owned(), text.as_bytes().to_vec())]);
        let old = of("age: 24\ncolour_model:\n  iris.left: \"#4a7a5c\"\ntraits: { hair: { style: bob } }\n");
        let mut new = of("# hers\nage: 25 # since May\ncolour_model:\n  iris.left: \"#000000\"\nnickname: M\n");
        for field in ["age", "colour_model.iris.left", "traits.hair.style", "nickname"] {
            assert!(new.take_field(&format!("characters.mei.{field}"), &old), "{field}");
        }
        assert!(!new.take_field("characters.mei.nothing", &old));
        let text = new.text("bible/characters/mei.yaml").unwrap();
        assert!(text.starts_with("# hers\nage: 24 # since May\n"), "{text}");
        assert_eq!(new.value("bible/characters/mei.yaml"), old.value("bible/characters/mei.yaml"));
    }
}
