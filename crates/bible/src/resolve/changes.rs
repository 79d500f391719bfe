//! What changes over the story: in a character, and between two of them.

use std::collections::BTreeSet;

use serde::Serialize;

use super::timeline::{Timeline, TimelineError};
use crate::version::{Change, value_changes};
use crate::{Character, Project, Slug, StoryTime};

/// A point of the story at which something about a character changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Turn {
    /// When.
    pub at: StoryTime,
    /// What happens, as the arc says; several entries at one time give several.
    pub notes: Vec<String>,
    /// What is different from here on, by the path in the character.
    pub changes: Vec<Change>,
}

/// The turns of a character's arc, in story order.
///
/// # Errors
/// [`TimelineError`].
pub fn turns(slug: &Slug, character: &Character) -> Result<Vec<Turn>, TimelineError> {
    let timeline = Timeline::of(slug, character)?;
    let value = |character: &Character| serde_json::to_value(character).unwrap_or_default();
    let turns = timeline.segments().windows(2).map(|pair| Turn {
        at: pair[1].from,
        notes: character
            .arc
            .iter()
            .filter(|entry| entry.at == pair[1].from && !entry.note.is_empty())
            .map(|entry| entry.note.clone())
            .collect(),
        changes: value_changes("", Some(&value(&pair[0].character)), Some(&value(&pair[1].character))),
    });
    Ok(turns.collect())
}

/// What one character is to another for a while.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Tie {
    /// Whose tie.
    pub from: Slug,
    /// To whom.
    pub to: Slug,
    /// What `to` is to `from`: `sister`, `rival`.
    pub kind: String,
    /// What it is like.
    pub note: String,
}

/// A stretch of the story in which nothing changes between two characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TieStretch {
    /// From when; [`StoryTime::BEGINNING`] for the first.
    pub from: StoryTime,
    /// What each is to the other; empty while they are nothing to each other.
    pub ties: Vec<Tie>,
}

/// What two characters are to each other over the story, in both directions. A tie holds from `since` on and ends
/// when `until` begins. Empty when they never are anything to each other.
///
/// # Errors
/// [`TimelineError`].
pub fn between(project: &Project, one: &Slug, other: &Slug) -> Result<Vec<TieStretch>, TimelineError> {
    let mut sides = Vec::new();
    for (from, to) in [(one, other), (other, one)] {
        if let Some(character) = project.bible.characters.get(from) {
            sides.push((from, to, Timeline::of(from, character)?));
        }
    }
    let mut times = BTreeSet::from([StoryTime::BEGINNING]);
    for (_, to, timeline) in &sides {
        for segment in timeline.segments() {
            times.insert(segment.from);
            let ties = segment.character.relationships.iter().filter(|tie| tie.to == **to);
            times.extend(ties.flat_map(|tie| [tie.since, tie.until]).flatten());
        }
    }
    let mut stretches: Vec<TieStretch> = Vec::new();
    for at in times {
        let mut ties = Vec::new();
        for (from, to, timeline) in &sides {
            let known = &timeline.segment(at).character.relationships;
            let holds = |since: Option<StoryTime>, until: Option<StoryTime>| {
                since.is_none_or(|since| since <= at) && until.is_none_or(|until| at < until)
            };
            ties.extend(known.iter().filter(|tie| tie.to == **to && holds(tie.since, tie.until)).map(|tie| Tie {
                from: (*from).clone(),
                to: (*to).clone(),
                kind: tie.kind.clone(),
                note: tie.note.clone(),
            }));
        }
        if stretches.last().is_none_or(|last| last.ties != ties) {
            stretches.push(TieStretch { from: at, ties });
        }
    }
    if stretches.iter().all(|stretch| stretch.ties.is_empty()) {
        stretches.clear();
    }
    Ok(stretches)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn character(more: &serde_json::Value) -> Character {
        let mut value = json!({
            "name": "Mei", "visual_traits": { "build": "teen", "height_cm": 158.0 }, "colour_model": { "hair": "#2b2f4a" },
        });
        crate::resolve::merge_patch::apply(&mut value, more);
        serde_json::from_value(value).unwrap()
    }

    fn slug(text: &str) -> Slug {
        text.parse().unwrap()
    }

    #[test]
    fn turns_say_what_changes_when_and_why() {
        let mei = character(&json!({ "arc": [
            { "at": "S01E03", "note": "She cuts it", "changes": { "visual_traits": { "hair": { "style": "bob" } } } },
            { "at": "S01E02", "changes": { "colour_model": { "hair": "#7a2b3a" } } },
        ] }));
        let turns = turns(&slug("mei"), &mei).unwrap();
        let said: Vec<String> = turns
            .iter()
            .map(|turn| {
                format!("{} {:?} {}", turn.at, turn.notes, turn.changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
            })
            .collect();
        assert_eq!(said.len(), 2);
        assert!(said[0].starts_with("S01E02 []") && said[0].contains("#7a2b3a"), "{said:?}");
        assert!(said[1].starts_with("S01E03 [\"She cuts it\"]") && said[1].contains("hair"), "{said:?}");
    }

    #[test]
    fn ties_are_told_from_both_sides_and_end_when_they_end() {
        let mut project: Project = serde_json::from_value(json!({
            "settings": { "slug": "tiny", "title": "Tiny" }, "bible": {}, "episodes": [],
        }))
        .unwrap();
        let rival = json!({ "relationships": [{ "to": "rin", "kind": "rival", "since": "S01E02", "until": "S01E04" }] });
        project.bible.characters.insert(slug("mei"), character(&rival));
        let friend = json!({ "relationships": [{ "to": "mei", "kind": "friend", "since": "S01E03" }] });
        project.bible.characters.insert(slug("rin"), character(&friend));
        let told: Vec<String> = between(&project, &slug("mei"), &slug("rin"))
            .unwrap()
            .iter()
            .map(|stretch| format!("{}: {}", stretch.from, stretch.ties.iter().map(|tie| tie.kind.as_str()).collect::<Vec<_>>().join("+")))
            .collect();
        assert_eq!(told, ["S00E00: ", "S01E02: rival", "S01E03: rival+friend", "S01E04: friend"]);
        assert!(between(&project, &slug("mei"), &slug("nobody")).unwrap().is_empty());
    }
}
