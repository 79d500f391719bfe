//! What differs between two versions of a project, field by field.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::Project;
use crate::story::{Episode, Scene};

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Where: `characters.mei.colour_model.hair.base`, `settings.gate`, `episodes.S01E01.03.002.frames`.
    pub path: String,
    /// The value before; none when it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// The value now; none when it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
}

/// Compares two versions of a project. Characters, places, props, looks and scenes are matched by their
/// names and story times, lists by position. Only what differs is taken apart, so comparing two nearly
/// equal shows of any size is cheap.
#[must_use]
pub fn diff(old: &Project, new: &Project) -> Vec<Change> {
    let mut changes = Vec::new();
    let out = &mut changes;
    part("settings", &old.settings, &new.settings, out);
    part("style", &old.bible.style, &new.bible.style, out);
    part("world", &old.bible.world, &new.bible.world, out);
    part("narrative", &old.bible.narrative, &new.bible.narrative, out);
    named("characters", &old.bible.characters, &new.bible.characters, out);
    named("locations", &old.bible.locations, &new.bible.locations, out);
    named("props", &old.bible.props, &new.bible.props, out);
    let episodes = |project: &'_ Project| -> BTreeMap<String, usize> {
        project.episodes.iter().enumerate().map(|(index, episode)| (episode.at.to_string(), index)).collect()
    };
    let (before, after) = (episodes(old), episodes(new));
    for name in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let path = format!("episodes.{name}");
        match (before.get(name).map(|index| &old.episodes[*index]), after.get(name).map(|index| &new.episodes[*index])) {
            (Some(before), Some(after)) => episode(&path, before, after, out),
            (before, after) => out.push(Change { path, old: json(before), new: json(after) }),
        }
    }
    changes
}

fn json<T: Serialize>(value: Option<&T>) -> Option<Value> {
    value.and_then(|value| serde_json::to_value(value).ok())
}

fn part<T: PartialEq + Serialize>(path: &str, old: &T, new: &T, out: &mut Vec<Change>) {
    if old != new {
        values(path, json(Some(old)), json(Some(new)), out);
    }
}

fn named<K: Ord + std::fmt::Display, T: PartialEq + Serialize>(
    path: &str,
    old: &BTreeMap<K, T>,
    new: &BTreeMap<K, T>,
    out: &mut Vec<Change>,
) {
    for key in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let (before, after) = (old.get(key), new.get(key));
        if before != after {
            values(&format!("{path}.{key}"), json(before), json(after), out);
        }
    }
}

fn episode(path: &str, old: &Episode, new: &Episode, out: &mut Vec<Change>) {
    part(&format!("{path}.title"), &old.title, &new.title, out);
    for index in 0..old.scenes.len().max(new.scenes.len()) {
        let path = format!("{path}.{:02}", index + 1);
        match (old.scenes.get(index), new.scenes.get(index)) {
            (Some(before), Some(after)) if before == after => {}
            (Some(before), Some(after)) => scene(&path, before, after, out),
            (before, after) => out.push(Change { path, old: json(before), new: json(after) }),
        }
    }
}

fn scene(path: &str, old: &Scene, new: &Scene, out: &mut Vec<Change>) {
    let bare = |scene: &Scene| Scene { shots: Vec::new(), ..scene.clone() };
    part(path, &bare(old), &bare(new), out);
    for index in 0..old.shots.len().max(new.shots.len()) {
        let (before, after) = (old.shots.get(index), new.shots.get(index));
        if before != after {
            values(&format!("{path}.{:03}", index + 1), json(before), json(after), out);
        }
    }
}

fn values(path: &str, old: Option<Value>, new: Option<Value>, out: &mut Vec<Change>) {
    match (old, new) {
        (Some(Value::Object(mut old)), Some(Value::Object(mut new))) => {
            let keys: BTreeSet<String> = old.keys().chain(new.keys()).cloned().collect();
            for key in keys {
                values(&format!("{path}.{key}"), old.remove(&key), new.remove(&key), out);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            let (mut before, mut after) = (old.into_iter(), new.into_iter());
            for index in 0.. {
                match (before.next(), after.next()) {
                    (None, None) => break,
                    (before, after) => values(&format!("{path}.{index}"), before, after, out),
                }
            }
        }
        (old, new) if old == new => {}
        (old, new) => out.push(Change { path: path.to_owned(), old, new }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceTree, example};

    #[test]
    fn a_changed_hair_colour_is_one_change_with_both_values() {
        let old = example();
        let mut tree = old.clone();
        let mei = tree.get("bible/characters/mei.yaml").unwrap().replace("#2b2f4a", "#7a2b3a");
        tree.insert("bible/characters/mei.yaml", mei);
        let project = |tree: &SourceTree| crate::source::read(tree).project.unwrap();
        let changes = diff(&project(&old), &project(&tree));
        insta::assert_json_snapshot!(changes, @r##"
        [
          {
            "path": "characters.mei.colour_model.hair.base",
            "old": "#2b2f4a",
            "new": "#7a2b3a"
          }
        ]
        "##);
    }

    #[test]
    fn a_new_character_and_a_longer_list_are_named() {
        let old = crate::source::read(&example()).project.unwrap();
        let mut new = old.clone();
        let mei = new.bible.characters["mei"].clone();
        new.bible.characters.insert("rin".parse().unwrap(), mei);
        new.bible.world.rules.push("Foxes remember.".into());
        let paths: Vec<String> = diff(&old, &new).into_iter().map(|change| change.path).collect();
        assert_eq!(paths, ["world.rules", "characters.rin"]);
    }
}
