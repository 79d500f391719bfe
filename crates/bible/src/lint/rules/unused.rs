//! What the bible has and no scene uses.

use std::collections::BTreeSet;

use super::super::Finding;
use super::super::material::{Material, character_file, steps};
use super::super::prose::{sentences, words};
use super::super::rule::{UNUSED_CHARACTER, UNUSED_LOOK, UNUSED_PLACE};
use crate::Slug;

pub(super) fn check(material: &Material<'_>, findings: &mut Vec<Finding>) {
    // A bible without a story is not unused: it is early.
    if material.scenes().next().is_none() {
        return;
    }
    let (mut people, mut places, mut things) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut looks: BTreeSet<(&Slug, Slug)> = BTreeSet::new();
    for scene in material.scenes() {
        places.insert(&scene.location);
        for shot in &scene.shots {
            things.extend(shot.props.iter().map(|placed| &placed.prop));
            people.extend(shot.lines.iter().map(|line| &line.character));
            for member in &shot.cast {
                people.insert(&member.character);
                things.extend(&member.holds);
                let look =
                    material.timelines.get(&member.character).and_then(|timeline| timeline.at(shot.at, member.look.as_ref()).ok()?.look);
                looks.extend(look.map(|look| (&member.character, look)));
            }
        }
    }
    let mut named: BTreeSet<Slug> = BTreeSet::new();
    for passage in &material.action {
        for (offset, sentence) in sentences(&passage.text) {
            named.extend(material.lexicon.mentions(&words(offset, sentence)).into_iter().map(|mention| mention.who));
        }
    }
    for (slug, character) in material.cast() {
        let file = character_file(slug);
        if !people.contains(slug) {
            if !named.contains(slug) {
                let place = material.field(&file, &steps!["name"], &character.name);
                findings.push(Finding::new(&UNUSED_CHARACTER, format!("{} is in no scene", character.name), vec![place], ""));
            }
            continue;
        }
        for look in character.wardrobe.keys().filter(|look| !looks.contains(&(slug, (*look).clone()))) {
            let place = material.field(&file, &steps!["wardrobe", look.as_str()], look.as_str());
            findings.push(Finding::new(&UNUSED_LOOK, format!("{} never wears `{look}`", character.name), vec![place], ""));
        }
    }
    let bible = &material.project.bible;
    for (slug, place) in bible.locations.iter().filter(|(slug, _)| !places.contains(slug)) {
        let evidence = vec![material.field(&format!("bible/locations/{slug}.yaml"), &steps!["name"], &place.name)];
        findings.push(Finding::new(&UNUSED_PLACE, format!("no scene is set in {}", place.name), evidence, ""));
    }
    for (slug, prop) in bible.props.iter().filter(|(slug, _)| !things.contains(slug)) {
        let evidence = vec![material.field(&format!("bible/props/{slug}.yaml"), &steps!["name"], &prop.name)];
        findings.push(Finding::new(&UNUSED_PLACE, format!("{} is in no shot", prop.name), evidence, ""));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::lint::fixture::Desk;

    fn desk() -> Desk {
        Desk::new()
            .character("rin", "name: Rin\nwardrobe: { day: {}, rain: {} }\nlook: day\n")
            .file("bible/props/lantern.yaml", "name: Lantern\npart: paper-lantern\n")
    }

    #[test]
    fn what_no_scene_uses_is_noted() {
        let empty = desk().scene("INT. ROOM - DAY", "room", "day", json!([{ "cast": [] }]));
        assert_eq!((empty.found("EL031"), empty.found("EL032"), empty.found("EL033")), (1, 2, 0));
        let shot =
            json!([{ "cast": [{ "character": "rin", "holds": ["lantern"] }] }, { "cast": [{ "character": "rin", "look": "rain" }] }]);
        let used =
            desk().scene("INT. ROOM - DAY", "room", "day", shot).scene("EXT. STREET - DAY", "street", "day", json!([{ "cast": [] }]));
        assert_eq!((used.found("EL031"), used.found("EL032"), used.found("EL033")), (0, 0, 0));
        let one_look = desk().scene("INT. ROOM - DAY", "room", "day", json!([{ "cast": [{ "character": "rin" }] }]));
        assert_eq!(one_look.found("EL033"), 1);
        assert_eq!(desk().found("EL031"), 0, "a bible without a story is early, not unused");
    }
}
