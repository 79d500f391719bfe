//! Wounds and bandages: they stay where they are until something is said.

use std::collections::BTreeMap;

use super::super::Finding;
use super::super::material::{Material, character_file, steps};
use super::super::prose::{sentences, words};
use super::super::rule::INJURY_JUMP;
use super::about;
use super::sides::{side_of, word_of};
use crate::character::Side;
use crate::lint::Evidence;
use crate::resolve::Origin;
use crate::{Slug, StoryTime};

/// Words for what a wound leaves, by their beginnings.
const WOUNDS: [&str; 8] = ["bandage", "sling", "splint", "plaster", "bruise", "wound", "crutch", "gash"];

/// Words that say how it ended, by their beginnings.
const ENDS: [&str; 14] =
    ["heal", "off", "gone", "remov", "unwrap", "wash", "better", "recover", "peel", "fade", "without", "later", "lost", "no longer"];

pub(super) fn check(material: &Material<'_>, findings: &mut Vec<Finding>) {
    in_prose(material, findings);
    in_arcs(material, findings);
}

fn wound(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    WOUNDS.into_iter().find(|wound| word.starts_with(wound))
}

/// The same wound of the same person on two sides, within one episode.
fn in_prose(material: &Material<'_>, findings: &mut Vec<Finding>) {
    let mut seen: BTreeMap<(Slug, &str, String, StoryTime), (Side, Evidence)> = BTreeMap::new();
    for passage in &material.action {
        for (offset, sentence) in sentences(&passage.text) {
            let words = words(offset, sentence);
            let Some(kind) = words.iter().find_map(|word| wound(word.text)) else { continue };
            let Some((side, at)) = side_of(&words) else { continue };
            let mentions = material.lexicon.mentions(&words);
            let Some(who) = about(passage, &words, &mentions) else { continue };
            let body = words.get(at + 1).map(|word| word.text.to_lowercase()).unwrap_or_default();
            let here = material.prose(passage, words[at].at, sentence);
            let key = (who.clone(), kind, body, passage.at.episode_start());
            match seen.get(&key) {
                Some((before, there)) if *before != side => {
                    let name = material.character(who).map_or("", |who| who.name.as_str());
                    let message = format!("{name}'s {kind} is on the {} here and on the {} before", word_of(side), word_of(*before));
                    findings.push(Finding::new(&INJURY_JUMP, message, vec![here, there.clone()], "keep it on one side"));
                }
                Some(_) => {}
                None => {
                    seen.insert(key, (side, here));
                }
            }
        }
    }
}

/// An arc entry after which a wound's mark is gone or on the other side, and whose note does not say why.
fn in_arcs(material: &Material<'_>, findings: &mut Vec<Finding>) {
    for (slug, timeline) in &material.timelines {
        let Some(character) = material.character(slug) else { continue };
        for pair in timeline.segments().windows(2) {
            let [before, after] = pair else { continue };
            for (place, mark) in before.character.visual_traits.marks.iter().enumerate() {
                if wound(mark.part.as_str()).is_none() {
                    continue;
                }
                let now = after.character.visual_traits.marks.iter().find(|now| now.part == mark.part);
                if now.is_some_and(|now| now.side == mark.side) {
                    continue;
                }
                let Some(index) = character.arc.iter().rposition(|entry| entry.at == after.from) else { continue };
                let note = character.arc[index].note.to_lowercase();
                if now.is_none() && ENDS.iter().any(|word| note.contains(word)) {
                    continue;
                }
                let path = steps!["visual_traits", "marks", place];
                let origin = before.origins.get(&format!("visual_traits.marks.{place}.part"));
                let there = match origin {
                    Some(Origin::Arc(entry)) => {
                        let path: Vec<_> = steps!["arc", *entry, "changes"].into_iter().chain(path).collect();
                        material.field(&character_file(slug), &path, mark.part.as_str())
                    }
                    _ => material.field(&character_file(slug), &path, mark.part.as_str()),
                };
                let here = material.field(&character_file(slug), &steps!["arc", index, "changes", "visual_traits"], mark.part.as_str());
                let message = match now {
                    Some(_) => format!("{}'s {} changes sides at {}", character.name, mark.part, after.from),
                    None => format!("{}'s {} is gone from {} on, and nothing says why", character.name, mark.part, after.from),
                };
                let fix = "a list in `changes` replaces the one before: write every mark again, or say in the note that it healed";
                findings.push(Finding::new(&INJURY_JUMP, message, vec![here, there], fix));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::fixture::Desk;

    #[test]
    fn a_bandage_that_changes_arms_between_scenes_is_reported() {
        let script =
            "INT. ROOM - DAY\n\nRin has a bandage on her left arm.\n\nINT. ROOM - NIGHT\n\nRin hides the bandage on her right arm.\n";
        let desk = Desk::new().character("rin", "name: Rin\n");
        assert_eq!(desk.clone().script(script).found("EL022"), 1);
        assert_eq!(desk.clone().script(&script.replace("right arm", "left arm")).found("EL022"), 0);
        assert_eq!(desk.script(&script.replace("right arm", "right knee")).found("EL022"), 0);
    }

    #[test]
    fn a_bandage_that_an_arc_forgets_is_reported_unless_it_healed() {
        let arc = |note: &str, marks: &str| {
            format!(
                "name: Rin\narc:\n  - {{ at: S01E01.01, changes: {{ visual_traits: {{ marks: [{{ part: bandage, side: left }}] }} }} }}\n  \
                 - {{ at: S01E01.02, note: {note}, changes: {{ visual_traits: {{ marks: {marks} }} }} }}\n"
            )
        };
        let script = "INT. ROOM - DAY\n\nRain.\n\nINT. ROOM - NIGHT\n\nRain.\n";
        let found = |note: &str, marks: &str| Desk::new().script(script).character("rin", &arc(note, marks)).found("EL022");
        assert_eq!(found("She paints her face.", "[{ part: freckles }]"), 1);
        assert_eq!(found("She runs.", "[{ part: bandage, side: right }]"), 1);
        assert_eq!(found("It has healed.", "[]"), 0);
        assert_eq!(found("She paints her face.", "[{ part: bandage, side: left }, { part: freckles }]"), 0);
    }
}
