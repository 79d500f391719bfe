//! Why something has to be made: which field changed, from what to what.

use std::collections::BTreeMap;
use std::fmt;

use bible::{Project, Slug};
use serde::Serialize;
use serde_json::Value;
use store::StoredRead;

use crate::showing::AwaitedFront;

/// Why something has to be made again.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Reason {
    /// It was never made.
    New,
    /// A field of the bible or of the shot has another value.
    Field {
        /// Which: `characters.mei.colour_model.hair.base`.
        path: String,
        /// The value that it was made from.
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<Value>,
        /// The value now.
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<Value>,
    },
    /// A drawing that it uses (a part, pose or set) is another file.
    Drawing {
        /// Which file.
        path: String,
    },
    /// Another engine, or another version of it.
    Engine {
        /// Name and version that made it.
        before: String,
        /// Name and version now.
        after: String,
    },
    /// Clips are encoded otherwise.
    Encoder,
    /// The rules that turn the script into pictures ask for something else here.
    Brief {
        /// Which value of the brief.
        path: String,
        /// The value that it was made from.
        before: Value,
        /// The value now.
        after: Value,
    },
    /// The key pictures of a shot, which its film goes between, are drawn anew.
    KeyPictures,
    /// The key pictures of a shot, which its film would go between, are not accepted.
    NotAccepted,
    /// The front view of somebody's sheet, which would show the model who they are, is not accepted.
    NoFront {
        /// Whose.
        character: Slug,
        /// Its name: `sheet mei/everyday/front`.
        picture: String,
    },
    /// Another picture shows the model who somebody is.
    Reference {
        /// Who.
        character: Slug,
        /// The picture that it was made with; none where there was none.
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<String>,
        /// The picture now; none where there is none.
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// Clips that an episode is joined from are made again, or what is said in it changed.
    Material,
    /// The gate rejects it, and it may be drawn more often than it was.
    Rejected {
        /// How often it was drawn; of several pictures the one that was drawn least.
        attempts: u32,
        /// How often it may be.
        of: u32,
    },
    /// A shot that it goes out from or leads into is drawn again.
    Beside,
}

impl From<AwaitedFront> for Reason {
    fn from(AwaitedFront { character, picture }: AwaitedFront) -> Self {
        Self::NoFront { character, picture }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("not made yet"),
            Self::Field { path, before, after } => write!(f, "{path}: {} → {}", shown(before.as_ref()), shown(after.as_ref())),
            Self::Drawing { path } => write!(f, "the drawing {path} changed"),
            Self::Engine { before, after } => write!(f, "drawn by {before}, now {after}"),
            Self::Encoder => f.write_str("clips are encoded otherwise"),
            Self::Brief { path, before, after } => write!(f, "{path}: {} → {}", shown(Some(before)), shown(Some(after))),
            Self::KeyPictures => f.write_str("its key pictures are drawn anew"),
            Self::NotAccepted => f.write_str("its key pictures are not accepted"),
            Self::NoFront { character, picture } => write!(f, "waits for a front view of {character} to be accepted ({picture})"),
            Self::Reference { character, before: None, after: Some(after) } => write!(f, "{character} is shown to the model by {after}"),
            Self::Reference { character, before: Some(before), after: Some(after) } if before == after => {
                write!(f, "another picture of {after} is accepted, by which {character} is shown to the model")
            }
            Self::Reference { character, before: Some(before), after: Some(after) } => {
                write!(f, "{character} is shown to the model by {after}, and was by {before}")
            }
            Self::Reference { character, .. } => write!(f, "{character} is not shown to the model any more"),
            Self::Material => f.write_str("its clips or its dialogue changed"),
            Self::Rejected { attempts, of } => {
                let noun = if *attempts == 1 { "attempt" } else { "attempts" };
                write!(f, "the gate rejected it after {attempts} {noun}, and {of} are allowed")
            }
            Self::Beside => f.write_str("a shot beside it is drawn again"),
        }
    }
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "none".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}

/// The fields that were read and have another value now.
pub(crate) fn changed_fields(before: &[StoredRead], now: &[bible::resolve::Read], old: Option<&Project>, new: &Project) -> Vec<Reason> {
    let then: BTreeMap<&str, bible::Digest> = before.iter().map(|read| (&*read.path, read.digest)).collect();
    let after: BTreeMap<&str, bible::Digest> = now.iter().map(|read| (&*read.path, read.digest)).collect();
    let mut paths: Vec<&str> = then.iter().filter(|(path, digest)| after.get(*path) != Some(digest)).map(|(path, _)| *path).collect();
    paths.extend(after.keys().filter(|path| !then.contains_key(*path)));
    paths.sort_unstable();
    // A list of names changes with the things in it; the things themselves say more.
    let most_precise = |path: &&str| {
        !paths.iter().any(|other| other.len() > path.len() && other.starts_with(path) && other.as_bytes()[path.len()] == b'.')
    };
    let precise: Vec<&str> = paths.iter().copied().filter(|path| most_precise(path)).collect();
    let mut reasons: Vec<Reason> = precise
        .into_iter()
        .map(|path| Reason::Field {
            path: path.to_owned(),
            before: old.and_then(|project| value_at(project, path)),
            after: value_at(new, path),
        })
        .collect();
    // The same field from the start of the story and from a later point is one change to a person.
    reasons.dedup();
    reasons
}

/// The value that a read's path names, for showing it. Paths of arcs (`…@S01E02`) have no single place in the
/// bible's files; they are resolved at that point of the story.
fn value_at(project: &Project, path: &str) -> Option<Value> {
    let (path, at) = path.split_once('@').map_or((path, None), |(path, at)| (path, at.parse::<bible::StoryTime>().ok()));
    let mut steps = path.split('.');
    let json = |value: serde_json::Result<Value>| value.ok();
    let (root, rest): (Value, Vec<&str>) = match steps.next()? {
        "style" => (json(serde_json::to_value(&project.bible.style))?, steps.collect()),
        "settings" => (json(serde_json::to_value(&project.settings))?, steps.collect()),
        "locations" => (json(serde_json::to_value(project.bible.locations.get(steps.next()?)?))?, steps.collect()),
        "props" => (json(serde_json::to_value(project.bible.props.get(steps.next()?)?))?, steps.collect()),
        "characters" => {
            let slug = steps.next()?;
            let timelines = bible::resolve::Timelines::of(project).ok()?;
            let segment = timelines.get(slug)?.segment(at.unwrap_or(bible::StoryTime::BEGINNING)).clone();
            (json(serde_json::to_value(&*segment.character))?, steps.collect())
        }
        _ => return None,
    };
    walk(&root, &rest)
}

/// Follows steps into a value; a key may itself hold dots (`iris.left`), so longer keys are tried as well. A
/// colour written in short stands for its base.
fn walk(value: &Value, steps: &[&str]) -> Option<Value> {
    if steps.is_empty() {
        return Some(value.clone());
    }
    if let Value::Array(items) = value {
        return walk(items.get(steps[0].parse::<usize>().ok()?)?, &steps[1..]);
    }
    if let (Value::String(_), ["base"]) = (value, steps) {
        return Some(value.clone());
    }
    (1..=steps.len()).find_map(|taken| walk(value.get(steps[..taken].join("."))?, &steps[taken..]))
}

/// What differs between two recipes besides the fields that were read; both as they are stored.
pub(crate) fn changed_ingredients(old: &Value, new: &Value) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let (old_recipe, new_recipe) = (old, new);
    let (before, after) = (&old["recipe"], &new["recipe"]);
    let engine = |recipe: &Value| {
        let word = |key: &str| recipe["engine"][key].as_str().unwrap_or("unknown").to_owned();
        format!("{} {}", word("name"), word("version"))
    };
    if before["engine"] != after["engine"] {
        reasons.push(Reason::Engine { before: engine(before), after: engine(after) });
    }
    if before.get("encoder") != after.get("encoder") {
        reasons.push(Reason::Encoder);
    }
    let files = |document: &Value| -> BTreeMap<String, Value> {
        let lists = document["inputs"].as_object().into_iter().flat_map(|lists| lists.values());
        lists.filter_map(Value::as_object).flatten().map(|(path, digest)| (path.clone(), digest.clone())).collect()
    };
    let (old, new) = (files(old), files(new));
    for path in new.keys().filter(|path| old.contains_key(*path) && old.get(*path) != new.get(*path)) {
        reasons.push(Reason::Drawing { path: path.clone() });
    }
    if before.get("shot") != after.get("shot") {
        reasons.push(Reason::KeyPictures);
    }
    for part in ["brief", "from", "to", "frames", "skip", "render", "film"] {
        differences(part, before.get(part).unwrap_or(&Value::Null), after.get(part).unwrap_or(&Value::Null), &mut reasons);
    }
    reasons.extend(changed_references(old_recipe, new_recipe));
    reasons
}

/// Who is shown to the model by another picture, between two recipes as they are stored.
pub(crate) fn changed_references(old: &Value, new: &Value) -> Vec<Reason> {
    let people = |document: &Value| -> Vec<(Slug, String, Value)> {
        let listed = document["recipe"]["references"].as_array().into_iter().flatten();
        let person = |person: &Value| {
            let text = |key: &str| person[key].as_str();
            Some((text("character")?.parse().ok()?, text("picture")?.to_owned(), person["file"].clone()))
        };
        listed.filter_map(person).collect()
    };
    let (old, new) = (people(old), people(new));
    let of = |people: &[(Slug, String, Value)], who: &Slug| -> Vec<(String, Value)> {
        people.iter().filter(|(character, ..)| character == who).map(|(_, picture, file)| (picture.clone(), file.clone())).collect()
    };
    let mut characters: Vec<&Slug> = old.iter().chain(&new).map(|(character, ..)| character).collect();
    characters.sort_unstable();
    characters.dedup();
    let changed = characters.into_iter().filter_map(|character| {
        let (before, after) = (of(&old, character), of(&new, character));
        // A transition shows somebody by a picture of each of its shots.
        let differs = (0..before.len().max(after.len())).find(|place| before.get(*place) != after.get(*place))?;
        let named = |pictures: &[(String, Value)]| pictures.get(differs).map(|(picture, _)| picture.clone());
        Some(Reason::Reference { character: character.clone(), before: named(&before), after: named(&after) })
    });
    changed.collect()
}

fn differences(path: &str, before: &Value, after: &Value, reasons: &mut Vec<Reason>) {
    match (before, after) {
        (before, after) if before == after => {}
        (Value::Object(old), Value::Object(new)) => {
            let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                let none = Value::Null;
                differences(&format!("{path}.{key}"), old.get(key).unwrap_or(&none), new.get(key).unwrap_or(&none), reasons);
            }
        }
        // A figure stands by its digest; what changed in it was read and is named by its field.
        _ if path.ends_with(".figure") => {}
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                differences(&format!("{path}.{index}"), old, new, reasons);
            }
        }
        (before, after) => {
            reasons.push(Reason::Brief { path: path.to_owned(), before: before.clone(), after: after.clone() });
        }
    }
}

/// The reads of a subject as they are stored.
pub(crate) fn stored(reads: &[bible::resolve::Read]) -> std::sync::Arc<[StoredRead]> {
    reads.iter().map(|read| StoredRead { path: std::sync::Arc::clone(&read.path), digest: read.digest }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_changed_recipe_says_what_is_different_in_it() {
        let before = json!({
            "recipe": {
                "engine": { "name": "layout", "version": "1" }, "encoder": "a",
                "brief": { "picture": { "framing": "medium", "actors": [{ "figure": "aa", "pose": "stand" }] } },
                "inputs": "d1"
            },
            "inputs": { "d1": { "parts/hair/bob/front.svg": "11", "parts/eye/round/front.svg": "22" } }
        });
        let mut after = before.clone();
        after["recipe"]["engine"]["version"] = json!("2");
        after["recipe"]["brief"]["picture"]["framing"] = json!("close-up");
        after["recipe"]["brief"]["picture"]["actors"][0]["figure"] = json!("bb");
        after["recipe"]["inputs"] = json!("d2");
        after["inputs"] = json!({ "d2": { "parts/hair/bob/front.svg": "33", "parts/eye/round/front.svg": "22" } });
        let said: Vec<String> = changed_ingredients(&before, &after).iter().map(Reason::to_string).collect();
        assert_eq!(
            said,
            ["drawn by layout 1, now layout 2", "the drawing parts/hair/bob/front.svg changed", "brief.picture.framing: medium → close-up"]
        );
        assert!(changed_ingredients(&before, &before).is_empty());
    }

    #[test]
    fn a_recipe_with_another_reference_says_who_is_shown_otherwise() {
        let recipe = |people: &[(&str, &str, &str)]| {
            let person =
                |(character, picture, file): &(&str, &str, &str)| json!({ "character": character, "picture": picture, "file": file });
            json!({ "recipe": { "references": people.iter().map(person).collect::<Vec<_>>() } })
        };
        let said = |before: &Value, after: &Value| changed_ingredients(before, after).iter().map(Reason::to_string).collect::<Vec<_>>();
        let (front, portrait) = ("sheet mei/everyday/front", "sheet mei/everyday/portrait");
        let before = recipe(&[("mei", front, "11"), ("ren", "sheet ren/plain/front", "55")]);
        assert_eq!(said(&before, &before), [] as [&str; 0]);
        assert_eq!(
            said(&before, &recipe(&[("mei", front, "22"), ("ren", "sheet ren/plain/front", "55")])),
            ["another picture of sheet mei/everyday/front is accepted, by which mei is shown to the model"]
        );
        assert_eq!(
            said(&before, &recipe(&[("mei", portrait, "33")])),
            [
                "mei is shown to the model by sheet mei/everyday/portrait, and was by sheet mei/everyday/front",
                "ren is not shown to the model any more"
            ]
        );
        assert_eq!(said(&recipe(&[]), &recipe(&[("mei", front, "11")])), ["mei is shown to the model by sheet mei/everyday/front"]);
    }

    #[test]
    fn keys_with_dots_and_colours_in_short_are_found() {
        let character = json!({ "colour_model": { "iris.left": { "base": "#d08a1e" }, "hair": "#2b2f4a" }, "marks": [{ "part": "scar" }] });
        assert_eq!(walk(&character, &["colour_model", "iris", "left", "base"]), Some(json!("#d08a1e")));
        assert_eq!(walk(&character, &["colour_model", "hair", "base"]), Some(json!("#2b2f4a")));
        assert_eq!(walk(&character, &["marks", "0", "part"]), Some(json!("scar")));
        assert_eq!(walk(&character, &["colour_model", "skin"]), None);
    }
}
