//! Arcs: in story order, and each entry with an effect.

use serde_json::Value;

use super::super::Finding;
use super::super::material::{Material, character_file, steps};
use super::super::rule::{ARC_NO_EFFECT, ARC_ORDER};

pub(super) fn check(material: &Material<'_>, findings: &mut Vec<Finding>) {
    for (slug, character) in material.cast() {
        let file = character_file(slug);
        let at = |index: usize| material.field(&file, &steps!["arc", index, "at"], &character.arc[index].at.to_string());
        for index in 1..character.arc.len() {
            let (before, here) = (character.arc[index - 1].at, character.arc[index].at);
            if here < before {
                let message = format!("{}'s arc has {here} after {before}", character.name);
                findings.push(Finding::new(&ARC_ORDER, message, vec![at(index), at(index - 1)], "write the arc in story order"));
            }
        }
        let Some(timeline) = material.timelines.get(slug) else { continue };
        for (index, entry) in character.arc.iter().enumerate().filter(|(_, entry)| !entry.changes.is_empty()) {
            // Several entries of one time make one segment, so their single effects cannot be told apart.
            if character.arc.iter().filter(|other| other.at == entry.at).count() > 1 {
                continue;
            }
            let segment = timeline.segment(entry.at);
            let Some(before) = segment.index.checked_sub(1).map(|index| &timeline.segments()[index]) else { continue };
            if before.character == segment.character {
                let changes: Vec<&str> = entry.changes.keys().map(String::as_str).collect();
                let message = format!("{}'s arc changes {} at {} to what it is already", character.name, changes.join(", "), entry.at);
                let value = Value::Object(entry.changes.clone()).to_string();
                let evidence = vec![material.field(&file, &steps!["arc", index, "changes"], &value)];
                findings.push(Finding::new(&ARC_NO_EFFECT, message, evidence, "take the change out, or mend it"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::fixture::Desk;

    fn arc(yaml: &str) -> Desk {
        Desk::new().character("rin", &format!("name: Rin\nage: 20\narc: {yaml}\n"))
    }

    #[test]
    fn an_arc_out_of_story_order_is_reported() {
        assert_eq!(arc("[{ at: S01E03, changes: { age: 22 } }, { at: S01E02, changes: { age: 21 } }]").found("EL027"), 1);
        assert_eq!(arc("[{ at: S01E02, changes: { age: 21 } }, { at: S01E03, changes: { age: 22 } }]").found("EL027"), 0);
    }

    #[test]
    fn a_change_to_what_is_already_so_is_reported() {
        assert_eq!(arc("[{ at: S01E02, changes: { age: 20 } }]").found("EL028"), 1);
        assert_eq!(arc("[{ at: S01E02, changes: { age: 21 } }]").found("EL028"), 0);
        assert_eq!(arc("[{ at: S01E02, note: She waits. }]").found("EL028"), 0);
    }
}
