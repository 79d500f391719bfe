//! Single shots, and shots one after the other.

use std::collections::BTreeSet;

use super::super::Finding;
use super::super::material::{Material, steps};
use super::super::rule::{EYELINE, TWICE_IN_SHOT, UNKNOWN_PROP, UNSEEN_SPEAKER};
use crate::Slug;
use crate::source::nearest;
use crate::story::{Facing, Framing, Scene, Shot};

pub(super) fn check(material: &Material<'_>, findings: &mut Vec<Finding>) {
    for scene in material.scenes() {
        let seen: BTreeSet<&Slug> = scene.shots.iter().flat_map(|shot| shot.cast.iter().map(|member| &member.character)).collect();
        let mut reported: BTreeSet<&Slug> = BTreeSet::new();
        for shot in &scene.shots {
            props(material, scene, shot, findings);
            twice(material, scene, shot, findings);
            for line in shot.lines.iter().filter(|line| !line.off_screen && !seen.contains(&line.character)) {
                let Some(who) = material.character(&line.character) else { continue };
                if reported.insert(&line.character) {
                    let evidence = vec![material.shot(scene, shot, &[], &line.text), material.heading(scene)];
                    let message = format!("{} speaks in {} and is in no shot of the scene", who.name, shot.at);
                    findings.push(Finding::new(
                        &UNSEEN_SPEAKER,
                        message,
                        evidence,
                        "put them in the cast of a shot, or mark the line (O.S.)",
                    ));
                }
            }
        }
        for pair in scene.shots.windows(2) {
            if let [before, after] = pair {
                eyeline(material, scene, before, after, findings);
            }
        }
    }
}

fn props(material: &Material<'_>, scene: &Scene, shot: &Shot, findings: &mut Vec<Finding>) {
    let known = &material.project.bible.props;
    let held = shot.cast.iter().enumerate().flat_map(|(index, member)| member.holds.iter().map(move |prop| (steps!["cast", index], prop)));
    let placed = shot.props.iter().enumerate().map(|(index, placed)| (steps!["props", index, "prop"], &placed.prop));
    for (path, prop) in held.chain(placed).filter(|(_, prop)| !known.contains_key(*prop)) {
        let fix = nearest(prop.as_str(), known.keys().map(Slug::as_str))
            .map_or_else(|| format!("add bible/props/{prop}.yaml"), |name| format!("did you mean `{name}`?"));
        let message = format!("`{prop}` is in {} and not in the bible", shot.at);
        findings.push(Finding::new(&UNKNOWN_PROP, message, vec![material.shot(scene, shot, &path, prop.as_str())], fix));
    }
}

fn twice(material: &Material<'_>, scene: &Scene, shot: &Shot, findings: &mut Vec<Finding>) {
    for (index, member) in shot.cast.iter().enumerate() {
        if let Some(first) = shot.cast[..index].iter().position(|other| other.character == member.character) {
            let who = &member.character;
            let place = |index: usize| material.shot(scene, shot, &steps!["cast", index], who.as_str());
            let message = format!("`{who}` is in {} twice", shot.at);
            findings.push(Finding::new(
                &TWICE_IN_SHOT,
                message,
                vec![place(index), place(first)],
                "keep one; what changes during a shot is a beat",
            ));
        }
    }
}

/// Which side of the screen somebody looks to.
const fn looks(facing: Facing) -> Option<bool> {
    match facing {
        Facing::Left | Facing::ThreeQuarterLeft => Some(false),
        Facing::Right | Facing::ThreeQuarterRight => Some(true),
        Facing::Front | Facing::Back => None,
    }
}

/// A single shot of somebody who speaks, near enough to see where they look, without turning.
fn single(shot: &Shot) -> Option<(&Slug, bool)> {
    let near = matches!(shot.framing, Framing::Medium | Framing::MediumCloseUp | Framing::CloseUp | Framing::ExtremeCloseUp);
    let [member] = shot.cast.as_slice() else { return None };
    let speaks = !shot.lines.is_empty() && shot.lines.iter().all(|line| line.character == member.character);
    let still = member.beats.iter().all(|beat| beat.facing.is_none());
    (near && speaks && still).then(|| Some((&member.character, looks(member.facing)?)))?
}

fn eyeline(material: &Material<'_>, scene: &Scene, before: &Shot, after: &Shot, findings: &mut Vec<Finding>) {
    let (Some((one, one_side)), Some((other, other_side))) = (single(before), single(after)) else { return };
    // Two who look at a third thing look the same way: only an exchange of words is judged.
    if one == other || one_side != other_side {
        return;
    }
    let side = if one_side { "right" } else { "left" };
    let place = |shot: &Shot| material.shot(scene, shot, &steps!["cast", 0usize], &format!("{} faces {side}", shot.cast[0].character));
    let message =
        format!("`{one}` in {} and `{other}` in {} speak with each other and both look to the screen's {side}", before.at, after.at);
    findings.push(Finding::new(&EYELINE, message, vec![place(after), place(before)], "let one of them look to the other side"));
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::lint::fixture::{Desk, count};

    fn desk(shots: Value) -> Desk {
        Desk::new()
            .character("rin", "name: Rin\n")
            .character("mio", "name: Mio\n")
            .file("bible/props/lantern.yaml", "name: Lantern\npart: paper-lantern\n")
            .scene("INT. ROOM - DAY", "room", "day", shots)
    }

    fn line(who: &str) -> Value {
        json!({ "character": who, "text": "Hello.", "start": 0, "frames": 12 })
    }

    #[test]
    fn a_prop_that_the_bible_has_not_is_reported_with_the_nearest() {
        assert_eq!(desk(json!([{ "cast": [{ "character": "rin", "holds": ["lantern"] }] }])).found("EL029"), 0);
        let report = desk(json!([{ "cast": [{ "character": "rin", "holds": ["lantren"] }] }, { "props": [{ "prop": "bowl" }] }])).lint();
        assert_eq!(count(&report, "EL029"), 2);
        assert!(report.findings.iter().any(|finding| finding.fix == "did you mean `lantern`?"));
    }

    #[test]
    fn somebody_who_speaks_and_is_never_seen_is_reported_once() {
        assert_eq!(desk(json!([{ "cast": [{ "character": "rin" }], "lines": [line("mio"), line("mio")] }])).found("EL030"), 1);
        let off = json!({ "character": "mio", "text": "Hello.", "start": 0, "frames": 12, "off_screen": true });
        assert_eq!(desk(json!([{ "cast": [{ "character": "rin" }], "lines": [off] }])).found("EL030"), 0);
        let reaction = json!([{ "cast": [{ "character": "rin" }], "lines": [line("mio")] }, { "cast": [{ "character": "mio" }] }]);
        assert_eq!(desk(reaction).found("EL030"), 0);
    }

    #[test]
    fn somebody_in_a_shot_twice_is_reported() {
        assert_eq!(desk(json!([{ "cast": [{ "character": "rin" }, { "character": "rin" }] }])).found("EL034"), 1);
        assert_eq!(desk(json!([{ "cast": [{ "character": "rin" }, { "character": "mio" }] }])).found("EL034"), 0);
    }

    #[test]
    fn eyelines_that_do_not_meet_are_reported() {
        let exchange = |one: &str, other: &str| {
            json!([
                { "cast": [{ "character": "rin", "facing": one }], "lines": [line("rin")] },
                { "cast": [{ "character": "mio", "facing": other }], "lines": [line("mio")] },
            ])
        };
        assert_eq!(desk(exchange("three-quarter-right", "right")).found("EL035"), 1);
        assert_eq!(desk(exchange("three-quarter-right", "three-quarter-left")).found("EL035"), 0);
        assert_eq!(desk(exchange("front", "right")).found("EL035"), 0);
    }
}
