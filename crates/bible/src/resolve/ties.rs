//! What one character is to another over the story.

use serde::Serialize;

use super::{Origin, Timeline};
use crate::character::Relationship;
use crate::{Slug, StoryTime};

/// A stretch of the story in which what one is to another does not change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TieStretch {
    /// From when.
    pub from: StoryTime,
    /// Until when; none for good.
    pub until: Option<StoryTime>,
    /// The ties that hold; none where the other is nothing to them.
    pub ties: Vec<Relationship>,
    /// Who said so: the character as first described, or the arc entry that changed their ties last.
    pub origin: Origin,
}

/// What `to` is to the character of a timeline, from the beginning to the end of the story. A tie begins at its
/// `since` and ends at its `until`; an arc entry may replace all ties.
#[must_use]
pub fn ties(timeline: &Timeline, to: &Slug) -> Vec<TieStretch> {
    let segments = timeline.segments();
    let mut stretches: Vec<TieStretch> = Vec::new();
    for (index, segment) in segments.iter().enumerate() {
        let end = segments.get(index + 1).map(|next| next.from);
        let known: Vec<&Relationship> = segment.character.relationships.iter().filter(|tie| tie.to == *to).collect();
        let inside = |time: &StoryTime| *time > segment.from && end.is_none_or(|end| *time < end);
        let mut bounds: Vec<StoryTime> = known.iter().flat_map(|tie| [tie.since, tie.until]).flatten().filter(inside).collect();
        bounds.push(segment.from);
        bounds.sort_unstable();
        bounds.dedup();
        let said = segment.origins.iter().find(|(path, _)| *path == "relationships" || path.starts_with("relationships."));
        let origin = said.map_or(Origin::Base, |(_, origin)| *origin);
        for (place, from) in bounds.iter().enumerate() {
            let until = bounds.get(place + 1).copied().or(end);
            let holds = |tie: &&&Relationship| tie.since.is_none_or(|since| since <= *from) && tie.until.is_none_or(|until| *from < until);
            let ties: Vec<Relationship> = known.iter().filter(holds).map(|tie| (*tie).clone()).collect();
            match stretches.last_mut() {
                Some(last) if last.ties == ties => last.until = until,
                _ => stretches.push(TieStretch { from: *from, until, ties, origin }),
            }
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn stretches(ties_of: serde_json::Value, arc: serde_json::Value) -> Vec<String> {
        let mei = serde_json::from_value(json!({
            "name": "Mei", "visual_traits": { "build": "teen", "height_cm": 150 }, "colour_model": {},
            "relationships": ties_of, "arc": arc,
        }))
        .unwrap();
        let timeline = Timeline::of(&"mei".parse().unwrap(), &mei).unwrap();
        let word = |stretch: TieStretch| {
            let kinds: Vec<String> = stretch.ties.into_iter().map(|tie| tie.kind).collect();
            let until = stretch.until.map_or_else(|| "end".to_owned(), |until| until.to_string());
            format!("{}-{until}: {} ({:?})", stretch.from, kinds.join("+"), stretch.origin)
        };
        ties(&timeline, &"kit".parse().unwrap()).into_iter().map(word).collect()
    }

    #[test]
    fn a_tie_holds_from_its_since_to_its_until() {
        let ties = json!([
            { "to": "kit", "kind": "stranger", "until": "S01E02" },
            { "to": "kit", "kind": "friend", "since": "S01E02", "until": "S01E05.02" },
            { "to": "rin", "kind": "sister" },
        ]);
        assert_eq!(
            stretches(ties, json!([])),
            ["S00E00-S01E02: stranger (Base)", "S01E02-S01E05.02: friend (Base)", "S01E05.02-end:  (Base)"]
        );
    }

    #[test]
    fn an_arc_entry_replaces_ties_and_one_about_something_else_does_not() {
        let arc = json!([
            { "at": "S01E02", "changes": { "age": 16 } },
            { "at": "S01E03", "changes": { "relationships": [{ "to": "kit", "kind": "rival" }] } },
        ]);
        assert_eq!(
            stretches(json!([{ "to": "kit", "kind": "friend" }]), arc),
            ["S00E00-S01E03: friend (Base)", "S01E03-end: rival (Arc(1))"]
        );
    }
}
