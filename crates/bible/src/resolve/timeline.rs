//! A character's segments between arc entries.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::merge_patch;
use crate::{Character, Project, Slug, StoryTime};

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The character as first described.
    Base,
    /// An arc entry, by its place in [`Character::arc`], from 0.
    Arc(usize),
    /// The shot itself (looks only).
    Shot,
}

/// A stretch of the story in which nothing about a character changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Its place in the timeline, from 0.
    pub index: usize,
    /// From when; [`StoryTime::BEGINNING`] for the first.
    pub from: StoryTime,
    /// The character with all changes up to here; the arc itself is left out.
    pub character: Arc<Character>,
    /// Where each value comes from, by its path in the character: `colour_model.hair.base`.
    pub origins: Arc<BTreeMap<String, Origin>>,
}

/// A character's segments in story order.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    slug: Slug,
    segments: Vec<Segment>,
}

/// Why an arc entry cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("after the change of `{character}` at {at}, `{path}` does not fit: {reason}")]
pub struct TimelineError {
    /// Whose arc.
    pub character: Slug,
    /// The entry's place in [`Character::arc`], from 0; nothing for the base itself.
    pub entry: Option<usize>,
    /// When.
    pub at: StoryTime,
    /// Which field, dotted; empty when the whole character is meant.
    pub path: String,
    /// The field's keys and indices.
    pub steps: Vec<String>,
    /// What is wrong.
    pub reason: String,
}

/// Why a character has no look to wear.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookError {
    /// The look is not in the wardrobe.
    #[error("`{character}` has no look `{look}`{}", .nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    Unknown {
        /// Who.
        character: Slug,
        /// What was asked for.
        look: Slug,
        /// The nearest that exists.
        nearest: Option<String>,
    },
    /// There are looks, but none is said to be worn.
    #[error("`{character}` has several looks and no `look` that says which one is worn")]
    Unchosen {
        /// Who.
        character: Slug,
    },
}

/// A character at a story time, in one look.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedCharacter {
    /// Who.
    pub slug: Slug,
    /// The segment that the time is in; with slug and look the key for memoising.
    pub segment: usize,
    /// From when this holds.
    pub since: StoryTime,
    /// Everything about them then; the arc itself is left out.
    pub character: Arc<Character>,
    /// The look worn; none for a character without wardrobe (an animal in its fur).
    pub look: Option<Slug>,
    /// Who chose the look.
    pub look_origin: Origin,
    /// Where each value comes from, by its path in the character.
    pub origins: Arc<BTreeMap<String, Origin>>,
}

impl Timeline {
    /// Resolves a character over the whole story. Entries of the same time apply in the order written.
    ///
    /// # Errors
    /// When a change gives something that is no character.
    pub fn of(slug: &Slug, character: &Character) -> Result<Self, TimelineError> {
        let base = Character { arc: Vec::new(), ..character.clone() };
        let fail = |entry: Option<usize>, at, steps: Vec<String>, reason: String| TimelineError {
            character: slug.clone(),
            entry,
            at,
            path: steps.join("."),
            steps,
            reason,
        };
        let mut order: Vec<usize> = (0..character.arc.len()).collect();
        order.sort_by_key(|index| character.arc[*index].at);
        let first = |character: Character, origins: BTreeMap<String, Origin>| Segment {
            index: 0,
            from: StoryTime::BEGINNING,
            character: Arc::new(character),
            origins: Arc::new(origins),
        };
        let mut value = serde_json::to_value(&base).map_err(|error| fail(None, StoryTime::BEGINNING, Vec::new(), error.to_string()))?;
        let mut origins = BTreeMap::new();
        leaves("", &value, Origin::Base, &mut origins);
        let mut segments = vec![first(base, origins.clone())];
        for index in order {
            let entry = &character.arc[index];
            for forbidden in ["name", "arc"] {
                if entry.changes.contains_key(forbidden) {
                    let reason = format!("an arc may not change `{forbidden}`");
                    return Err(fail(Some(index), entry.at, vec![forbidden.to_owned()], reason));
                }
            }
            let patch = Value::Object(entry.changes.clone());
            merge_patch::apply(&mut value, &patch);
            mark("", &patch, &value, Origin::Arc(index), &mut origins);
            let after: Character = serde_path_to_error::deserialize(value.clone()).map_err(|error| {
                let steps = error.path().iter().map(ToString::to_string).map(|step| step.trim_matches(['[', ']']).to_owned()).collect();
                fail(Some(index), entry.at, steps, error.inner().to_string())
            })?;
            let segment = Segment { index: segments.len(), from: entry.at, ..first(after, origins.clone()) };
            match segments.last_mut() {
                // Several entries at one time make one segment.
                Some(last) if last.from == entry.at => *last = Segment { index: last.index, ..segment },
                _ => segments.push(segment),
            }
        }
        Ok(Self { slug: slug.clone(), segments })
    }

    /// The segments in story order; never empty.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The segment that a story time is in.
    #[must_use]
    pub fn segment(&self, time: StoryTime) -> &Segment {
        let after = self.segments.partition_point(|segment| segment.from <= time);
        &self.segments[after.saturating_sub(1)]
    }

    /// The character at a story time; `look` is the shot's own, if it has one.
    ///
    /// # Errors
    /// When the look does not exist then, or none is chosen.
    pub fn at(&self, time: StoryTime, look: Option<&Slug>) -> Result<ResolvedCharacter, LookError> {
        let segment = self.segment(time);
        let character = &segment.character;
        let (chosen, look_origin) = match look.or(character.look.as_ref()) {
            Some(chosen) => {
                if !character.wardrobe.contains_key(chosen) {
                    let names = character.wardrobe.keys().map(Slug::as_str);
                    let nearest = crate::source::nearest(chosen.as_str(), names).map(str::to_owned);
                    return Err(LookError::Unknown { character: self.slug.clone(), look: chosen.clone(), nearest });
                }
                let origin = if look.is_some() { Origin::Shot } else { segment.origins.get("look").copied().unwrap_or(Origin::Base) };
                (Some(chosen.clone()), origin)
            }
            None if character.wardrobe.len() > 1 => return Err(LookError::Unchosen { character: self.slug.clone() }),
            None => (character.wardrobe.keys().next().cloned(), Origin::Base),
        };
        Ok(ResolvedCharacter {
            slug: self.slug.clone(),
            segment: segment.index,
            since: segment.from,
            character: Arc::clone(character),
            look: chosen,
            look_origin,
            origins: Arc::clone(&segment.origins),
        })
    }
}

/// The timelines of everyone in a project.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timelines(BTreeMap<Slug, Timeline>);

impl Timelines {
    /// Resolves the whole cast.
    ///
    /// # Errors
    /// The first change that gives something that is no character.
    pub fn of(project: &Project) -> Result<Self, TimelineError> {
        let cast = &project.bible.characters;
        cast.iter().map(|(slug, character)| Ok((slug.clone(), Timeline::of(slug, character)?))).collect::<Result<_, _>>().map(Self)
    }

    /// The timeline of one character.
    #[must_use]
    pub fn get(&self, character: &str) -> Option<&Timeline> {
        self.0.get(character)
    }

    /// Everyone, by slug.
    pub fn iter(&self) -> impl Iterator<Item = (&Slug, &Timeline)> {
        self.0.iter()
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn leaves(path: &str, value: &Value, origin: Origin, origins: &mut BTreeMap<String, Origin>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(key, value)| leaves(&join(path, key), value, origin, origins));
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(index, value)| leaves(&join(path, &index.to_string()), value, origin, origins));
        }
        _ => {
            origins.insert(path.to_owned(), origin);
        }
    }
}

/// Notes which values a patch has set.
fn mark(path: &str, patch: &Value, result: &Value, origin: Origin, origins: &mut BTreeMap<String, Origin>) {
    if let (Value::Object(changes), Value::Object(fields)) = (patch, result) {
        for (key, change) in changes {
            let path = join(path, key);
            match fields.get(key) {
                Some(result) => mark(&path, change, result, origin, origins),
                None => forget(&path, origins),
            }
        }
        if fields.is_empty() && !path.is_empty() {
            origins.insert(path.to_owned(), origin);
        } else {
            origins.remove(path);
        }
    } else {
        forget(path, origins);
        leaves(path, result, origin, origins);
    }
}

fn forget(path: &str, origins: &mut BTreeMap<String, Origin>) {
    let inside = format!("{path}.");
    origins.retain(|known, _| known != path && !known.starts_with(&inside));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[expect(clippy::needless_pass_by_value, reason = "it stands where a literal is written")]
    fn mei(arc: Value) -> Result<Timeline, TimelineError> {
        let character: Character = serde_json::from_value(json!({
            "name": "Mei",
            "visual_traits": { "build": "teen", "height_cm": 158.0, "hair": { "style": "bob" } },
            "colour_model": { "hair": "#2b2f4a", "skin": "#f6d9c4" },
            "wardrobe": { "school": {}, "festival": {}, "rain": {} },
            "look": "school",
            "favourite_food": "dango",
            "arc": arc,
        }))
        .unwrap();
        Timeline::of(&"mei".parse().unwrap(), &character)
    }

    fn time(text: &str) -> StoryTime {
        text.parse().unwrap()
    }

    #[test]
    fn changes_add_up_in_story_order_whatever_the_order_of_writing() {
        let timeline = mei(json!([
            { "at": "S01E02", "changes": { "colour_model": { "hair": { "shadow": "#000000" } } } },
            { "at": "S01E01.03", "changes": { "look": "festival", "colour_model": { "hair": { "base": "#7a2b3a" } } } },
        ]))
        .unwrap();
        assert_eq!(
            timeline.segments().iter().map(|segment| segment.from.to_string()).collect::<Vec<_>>(),
            ["S00E00", "S01E01.03", "S01E02"]
        );
        let late = timeline.at(time("S01E02.01.001"), None).unwrap();
        let hair = late.character.colour_model["hair"];
        assert_eq!((hair.base.to_string().as_str(), hair.shadow.map(|colour| colour.to_string()).as_deref()), ("#7a2b3a", Some("#000000")));
        assert_eq!(late.origins["colour_model.hair.base"], Origin::Arc(1));
        assert_eq!(late.origins["colour_model.hair.shadow"], Origin::Arc(0));
        assert_eq!(late.origins["colour_model.skin.base"], Origin::Base);
        assert_eq!(late.character.extra["favourite_food"], "dango");
    }

    #[test]
    fn the_shot_chooses_the_look_before_the_arc_and_the_arc_before_the_base() {
        let timeline = mei(json!([{ "at": "S01E01.03", "changes": { "look": "festival" } }])).unwrap();
        let worn = |at: &str, shot: Option<&str>| {
            let shot = shot.map(|look| look.parse().unwrap());
            timeline.at(time(at), shot.as_ref()).map(|who| (who.look.unwrap().to_string(), who.look_origin))
        };
        assert_eq!(worn("S01E01.02", None).unwrap(), ("school".into(), Origin::Base));
        assert_eq!(worn("S01E01.03", None).unwrap(), ("festival".into(), Origin::Arc(0)));
        assert_eq!(worn("S01E01.03", Some("rain")).unwrap(), ("rain".into(), Origin::Shot));
        assert_eq!(worn("S01E01", Some("festval")).unwrap_err().to_string(), "`mei` has no look `festval`; did you mean `festival`?");
    }

    #[test]
    fn null_takes_a_field_away_and_its_origins_with_it() {
        let timeline = mei(json!([{ "at": "S01E02", "changes": { "favourite_food": null, "visual_traits": { "hair": null } } }])).unwrap();
        let who = timeline.at(time("S01E02"), None).unwrap();
        assert!(who.character.visual_traits.hair.is_none() && who.character.extra.is_empty());
        assert!(!who.origins.keys().any(|path| path.contains("hair.style") || path.contains("favourite_food")));
    }

    #[test]
    fn entries_at_one_time_make_one_segment() {
        let timeline = mei(json!([
            { "at": "S01E02", "changes": { "look": "rain" } },
            { "at": "S01E02", "changes": { "look": "festival" } },
        ]))
        .unwrap();
        assert_eq!(timeline.segments().len(), 2);
        assert_eq!(timeline.segments()[1].character.look.as_ref().map(Slug::as_str), Some("festival"));
    }

    #[test]
    fn a_change_that_does_not_fit_names_its_entry_and_its_field() {
        let error = mei(json!([{ "at": "S01E02", "changes": { "colour_model": { "hair": "red" } } }])).unwrap_err();
        assert_eq!((error.entry, error.path.as_str()), (Some(0), "colour_model.hair"));
        assert!(mei(json!([{ "at": "S01E02", "changes": { "name": "Rin" } }])).unwrap_err().reason.contains("may not change `name`"));
    }

    proptest! {
        #[test]
        fn a_time_is_in_the_last_segment_that_has_begun(scenes in prop::collection::vec(1u16..60, 0..8), scene in 0u16..70, shot in 0u16..4) {
            let at = |scene: u16| StoryTime::episode(1, 1).at_scene(scene);
            let arc: Vec<Value> = scenes.iter().map(|scene| json!({ "at": at(*scene), "changes": { "age": scene } })).collect();
            let timeline = mei(Value::Array(arc)).unwrap();
            let now = at(scene).at_shot(if scene == 0 { 0 } else { shot });
            let expected = scenes.iter().filter(|scene| at(**scene) <= now).max().copied();
            prop_assert_eq!(timeline.segment(now).character.age, expected);
            prop_assert!(timeline.segments().windows(2).all(|pair| pair[0].from < pair[1].from));
        }
    }
}
