//! Clothes that change without a reason, and parts without a colour.

use super::super::Finding;
use super::super::material::{Material, character_file, steps};
use super::super::rule::{COLOUR_MISSING, WARDROBE_JUMP};
use crate::fountain::Kind;
use crate::story::{Scene, Shot};
use crate::{Character, Slug};

pub(super) fn check(material: &Material<'_>, findings: &mut Vec<Finding>) {
    jumps(material, findings);
    for (slug, character) in material.cast() {
        colours(material, slug, character, findings);
    }
}

/// What somebody wears in a shot, and whether the shot itself says so.
fn worn(material: &Material<'_>, shot: &Shot, who: &Slug) -> Option<(Slug, bool)> {
    let own = shot.cast.iter().find(|member| member.character == *who)?.look.as_ref();
    let resolved = material.timelines.get(who)?.at(shot.at, own).ok()?;
    Some((resolved.look?, own.is_some()))
}

/// From one shot to the next in which somebody is seen, within a scene or over an unbroken cut.
fn jumps(material: &Material<'_>, findings: &mut Vec<Finding>) {
    for scene in material.scenes() {
        let shots: Vec<(&Scene, &Shot)> = scene.shots.iter().map(|shot| (scene, shot)).collect();
        if !time_passes_within(material, scene) {
            jumps_in(material, &shots, findings);
        }
    }
    for (before, after) in material.unbroken() {
        // One shot on each side of the cut, for each who is in both scenes.
        let people: std::collections::BTreeSet<&Slug> =
            after.shots.iter().flat_map(|shot| shot.cast.iter().map(|member| &member.character)).collect();
        for who in people {
            let has = |shot: &&Shot| shot.cast.iter().any(|member| member.character == *who);
            if let (Some(last), Some(first)) = (before.shots.iter().rev().find(has), after.shots.iter().find(has)) {
                jump(material, (before, last), (after, first), who, findings);
            }
        }
    }
}

fn jumps_in(material: &Material<'_>, shots: &[(&Scene, &Shot)], findings: &mut Vec<Finding>) {
    let mut last: std::collections::BTreeMap<&Slug, (&Scene, &Shot)> = std::collections::BTreeMap::new();
    for (scene, shot) in shots {
        for member in &shot.cast {
            if let Some(before) = last.insert(&member.character, (scene, shot)) {
                jump(material, before, (scene, shot), &member.character, findings);
            }
        }
    }
}

fn jump(material: &Material<'_>, before: (&Scene, &Shot), after: (&Scene, &Shot), who: &Slug, findings: &mut Vec<Finding>) {
    let (Some((old, old_own)), Some((new, new_own))) = (worn(material, before.1, who), worn(material, after.1, who)) else { return };
    // A change that the arc makes is told; one that a shot makes on its own is not.
    if old == new || !(old_own || new_own) {
        return;
    }
    let name = material.character(who).map_or(who.as_str(), |who| who.name.as_str());
    let place = |(scene, shot): (&Scene, &Shot), look: &Slug| {
        let index = shot.cast.iter().position(|member| member.character == *who).unwrap_or(0);
        material.shot(scene, shot, &steps!["cast", index], &format!("{who}: {{ look: {look} }}"))
    };
    let message = format!("{name} wears `{old}` in {} and `{new}` in {}, and nobody changed", before.1.at, after.1.at);
    let fix = format!("wear one of the two, or let an arc entry of `{who}` change `look` there");
    findings.push(Finding::new(&WARDROBE_JUMP, message, vec![place(after, &new), place(before, &old)], fix));
}

/// `Later.` in the middle of a scene leaves time to change.
fn time_passes_within(material: &Material<'_>, scene: &Scene) -> bool {
    let later = |text: &str| {
        let text = text.to_lowercase();
        ["later", "time passes", "montage", "hours", "next day"].iter().any(|word| text.contains(word))
    };
    scene.shots.iter().any(|shot| later(&shot.action))
        || material.script_scene(scene.at).is_some_and(|script| {
            script.elements.iter().any(|element| matches!(&element.kind, Kind::Action(text) | Kind::Transition(text) if later(text)))
        })
}

/// Parts that every drawing of the character needs a colour for.
fn colours(material: &Material<'_>, slug: &Slug, character: &Character, findings: &mut Vec<Finding>) {
    let file = character_file(slug);
    let model = &character.colour_model;
    let traits = &character.visual_traits;
    let mut missing = |part: &str, because: Vec<crate::source::yaml::Step>, value: &str, message: String| {
        let evidence = vec![material.field(&file, &steps!["colour_model"], "colour_model"), material.field(&file, &because, value)];
        findings.push(Finding::new(&COLOUR_MISSING, message, evidence, format!("give `{part}` a colour")));
    };
    let name = &character.name;
    if let Some(hair) = traits.hair.as_ref().filter(|_| !model.contains_key("hair")) {
        missing("hair", steps!["visual_traits", "hair"], hair.style.as_str(), format!("{name} has hair and the colour model has none"));
    }
    if traits.head.is_some() && !model.contains_key("skin") {
        missing("skin", steps!["visual_traits", "head"], "head", format!("{name} has a face and the colour model has no skin"));
    }
    for (own, other) in [("iris.left", "iris.right"), ("iris.right", "iris.left")] {
        if model.contains_key(own) && !model.contains_key(other) {
            missing(other, steps!["colour_model", own], own, format!("{name} has a colour for `{own}` and none for `{other}`"));
        }
    }
    for (look_name, look) in &character.wardrobe {
        if look.hair.is_some() && traits.hair.is_none() && !model.contains_key("hair") {
            missing(
                "hair",
                steps!["wardrobe", look_name.as_str(), "hair"],
                "hair",
                format!("{name} has hair in `{look_name}` and the colour model has none"),
            );
        }
    }
    garments(material, slug, character, findings);
}

/// A garment without colours is drawn in the part's own; beside a look that colours the same one, that is a slip.
fn garments(material: &Material<'_>, slug: &Slug, character: &Character, findings: &mut Vec<Finding>) {
    let (file, name) = (character_file(slug), &character.name);
    for (look_name, look) in &character.wardrobe {
        for (index, garment) in look.garments.iter().enumerate().filter(|(_, garment)| garment.colours.is_empty()) {
            let coloured = character.wardrobe.iter().find_map(|(other, look)| {
                let at = look.garments.iter().position(|other| other.part == garment.part && !other.colours.is_empty())?;
                Some((other, at))
            });
            if let Some((other, at)) = coloured {
                let path = |look: &Slug, at: usize| steps!["wardrobe", look.as_str(), "garments", at];
                let evidence = vec![
                    material.field(&file, &path(look_name, index), garment.part.as_str()),
                    material.field(&file, &path(other, at), garment.part.as_str()),
                ];
                let message = format!("{name}'s {} has colours in `{other}` and none in `{look_name}`", garment.part);
                findings.push(Finding::new(&COLOUR_MISSING, message, evidence, format!("give it colours in `{look_name}` too")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::lint::fixture::Desk;

    const WARDROBE: &str = "name: Rin\nwardrobe: { day: {}, rain: {} }\nlook: day\n";

    #[test]
    fn clothes_that_change_between_two_shots_are_reported() {
        let desk = Desk::new().character("rin", WARDROBE);
        let shots = |action: &str| json!([{ "cast": [{ "character": "rin" }] }, { "cast": [{ "character": "rin", "look": "rain" }], "action": action }]);
        assert_eq!(desk.clone().scene("INT. ROOM - DAY", "room", "day", shots("She waits.")).found("EL021"), 1);
        assert_eq!(desk.scene("INT. ROOM - DAY", "room", "day", shots("Later, she waits.")).found("EL021"), 0);
        let changed = Desk::new().character("rin", &format!("{WARDROBE}arc: [{{ at: S01E01.01.002, changes: {{ look: rain }} }}]\n"));
        let same = json!([{ "cast": [{ "character": "rin" }] }, { "cast": [{ "character": "rin" }] }]);
        assert_eq!(changed.scene("INT. ROOM - DAY", "room", "day", same).found("EL021"), 0);
    }

    #[test]
    fn clothes_that_change_over_an_unbroken_cut_are_reported() {
        let scenes = |second: &str| {
            Desk::new()
                .character("rin", WARDROBE)
                .scene("INT. ROOM - DAY", "room", "day", json!([{ "cast": [{ "character": "rin" }] }]))
                .scene(second, "street", "day", json!([{ "cast": [{ "character": "rin", "look": "rain" }] }]))
        };
        assert_eq!(scenes("EXT. STREET - CONTINUOUS").found("EL021"), 1);
        assert_eq!(scenes("EXT. STREET - DAY").found("EL021"), 0);
    }

    #[test]
    fn a_part_without_a_colour_is_reported() {
        let with = |model: &str, rest: &str| {
            Desk::new().character("rin", &format!("name: Rin\nvisual_traits: {{ build: slim, height_cm: 165, head: young, hair: {{ style: bob }} }}\ncolour_model: {model}\n{rest}"))
        };
        assert_eq!(with("{ skin: \"#f6d9c4\" }", "").found("EL023"), 1);
        assert_eq!(with("{ hair: \"#222233\" }", "").found("EL023"), 1);
        assert_eq!(with("{ skin: \"#f6d9c4\", hair: \"#222233\", iris.left: \"#223344\" }", "").found("EL023"), 1);
        let full = "{ skin: \"#f6d9c4\", hair: \"#222233\", iris.left: \"#223344\", iris.right: \"#223344\" }";
        assert_eq!(with(full, "").found("EL023"), 0);
        let looks = |second: &str| {
            format!(
                "look: day\nwardrobe:\n  day: {{ garments: [{{ part: shirt, colours: {{ main: \"#ffffff\" }} }}] }}\n  rain: {{ garments: [{{ part: {second} }}] }}\n"
            )
        };
        assert_eq!(with(full, &looks("shirt")).found("EL023"), 1);
        assert_eq!(with(full, &looks("geta")).found("EL023"), 0);
    }
}
