//! Nobody is seen after they died, or before they are introduced.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::Finding;
use super::super::material::{Material, character_file, out_of_order, steps};
use super::super::prose::{sentences, words};
use super::super::rule::{AFTER_DEATH, BEFORE_INTRODUCTION};
use crate::fountain::Kind;
use crate::lint::Evidence;
use crate::{Slug, StoryTime};

/// When and where a character dies.
pub(super) struct Death {
    pub(super) at: StoryTime,
    pub(super) evidence: Evidence,
}

/// A death as the document tells it: `status: dead`, `alive: false`, `died: S01E05`, in the arc or from the
/// beginning, or an arc note that begins with it (`She dies in the fire.`). None after a return.
pub(super) fn death(material: &Material<'_>, slug: &Slug) -> Option<Death> {
    let character = material.character(slug)?;
    let timeline = material.timelines.get(slug)?;
    let file = character_file(slug);
    if let Some(at) = character.extra.get("died").and_then(Value::as_str).and_then(|text| text.parse().ok()) {
        return Some(Death { at, evidence: material.field(&file, &steps!["died"], "died") });
    }
    let dead = |extra: &crate::character::Extra| {
        extra.get("alive") == Some(&Value::Bool(false))
            || extra.get("dead") == Some(&Value::Bool(true))
            || extra
                .get("status")
                .and_then(Value::as_str)
                .is_some_and(|status| matches!(status.trim().to_lowercase().as_str(), "dead" | "deceased"))
    };
    let segments = timeline.segments();
    if segments.last().is_some_and(|last| dead(&last.character.extra)) {
        // The beginning of the last stretch of being dead: whoever comes back may be seen in between.
        let first = segments.iter().rev().take_while(|segment| dead(&segment.character.extra)).last()?;
        let entry = character.arc.iter().rposition(|entry| entry.at == first.from);
        let path = match entry {
            Some(index) => steps!["arc", index],
            None => ["status", "alive", "dead"].iter().find(|field| character.extra.contains_key(**field)).map(|field| steps![*field])?,
        };
        return Some(Death { at: first.from, evidence: material.field(&file, &path, "dead") });
    }
    if segments.iter().any(|segment| dead(&segment.character.extra)) {
        return None;
    }
    let told = character.arc.iter().enumerate().find(|(_, entry)| {
        let first = sentences(&entry.note).next().map(|(offset, sentence)| words(offset, sentence)).unwrap_or_default();
        let skip = usize::from(
            first.first().is_some_and(|word| word.any(&["she", "he", "they"]) || material.lexicon.owner(word.text) == Some(slug)),
        );
        match first.get(skip) {
            Some(verb) if verb.any(&["dies", "die"]) => {
                !first.get(skip + 1).is_some_and(|word| word.any(&["of", "inside", "laughing", "a"]))
            }
            Some(verb) if verb.is("passes") => first.get(skip + 1).is_some_and(|word| word.is("away")),
            Some(verb) if verb.is("is") => first.get(skip + 1).is_some_and(|word| word.is("killed")),
            _ => false,
        }
    })?;
    Some(Death { at: told.1.at, evidence: material.field(&file, &steps!["arc", told.0, "note"], &told.1.note) })
}

pub(super) fn check(material: &Material<'_>, findings: &mut Vec<Finding>) {
    let deaths: BTreeMap<&Slug, Death> = material.cast().filter_map(|(slug, _)| Some((slug, death(material, slug)?))).collect();
    let introduced: BTreeMap<&Slug, (StoryTime, &str)> = material
        .cast()
        .filter_map(|(slug, character)| {
            let (field, value) =
                ["introduced", "first_appearance"].iter().find_map(|field| Some((*field, character.extra.get(*field)?)))?;
            Some((slug, (value.as_str()?.parse().ok()?, field)))
        })
        .collect();
    for scene in material.scenes().filter(|scene| !out_of_order(&scene.heading)) {
        for shot in &scene.shots {
            for (index, member) in shot.cast.iter().enumerate() {
                let slug = &member.character;
                let name = material.character(slug).map_or(slug.as_str(), |who| who.name.as_str());
                // In the scene of their death, they are seen until its end.
                if let Some(end) = deaths.get(slug).filter(|end| seen_after(scene.at, end.at)) {
                    let place = material.shot(scene, shot, &steps!["cast", index], slug.as_str());
                    let message = format!("{name} is in {} and died at {}", shot.at, end.at);
                    let fix = "take them out, or let the heading say FLASHBACK, MEMORY or DREAM";
                    findings.push(Finding::new(&AFTER_DEATH, message, vec![place, end.evidence.clone()], fix));
                }
                if let Some((first, field)) = introduced.get(slug).filter(|(first, _)| shot.at < *first) {
                    let place = material.shot(scene, shot, &steps!["cast", index], slug.as_str());
                    let there = material.field(&character_file(slug), &steps![*field], &first.to_string());
                    let message = format!("{name} is in {} and introduced at {first}", shot.at);
                    findings.push(Finding::new(
                        &BEFORE_INTRODUCTION,
                        message,
                        vec![place, there],
                        "take them out, or introduce them earlier",
                    ));
                }
            }
        }
    }
    introductions(material, findings);
}

/// Of a death in an episode without a scene, only the episodes after it are known to come later.
fn seen_after(scene: StoryTime, death: StoryTime) -> bool {
    if death.scene == 0 { scene.episode_start() > death } else { scene > death }
}

/// `MIO (13)` in capitals is how a script introduces somebody: they cannot have spoken in a scene before.
fn introductions(material: &Material<'_>, findings: &mut Vec<Finding>) {
    let mut met: BTreeSet<Slug> = BTreeSet::new();
    let mut spoke: BTreeMap<Slug, (StoryTime, Evidence)> = BTreeMap::new();
    for scene in material.script.iter().filter(|scene| !out_of_order(&scene.heading.text)) {
        for element in scene.elements {
            match &element.kind {
                Kind::Action(text) => {
                    let text = crate::fountain::plain(text);
                    for (offset, sentence) in sentences(&text) {
                        let words = words(offset, sentence);
                        for mention in material.lexicon.mentions(&words) {
                            let name = &words[mention.first..mention.first + mention.count];
                            let capitals =
                                name.iter().all(|word| !word.text.chars().any(char::is_lowercase) && word.text.chars().count() > 1);
                            let last = name[name.len() - 1];
                            let aged = text[last.at + last.text.len()..]
                                .trim_start()
                                .strip_prefix('(')
                                .is_some_and(|rest| rest.starts_with(|sign: char| sign.is_ascii_digit()));
                            if !capitals {
                                continue;
                            }
                            if aged
                                && !met.contains(&mention.who)
                                && let Some((before, there)) = spoke
                                    .get(&mention.who)
                                    .filter(|(before, _)| *before < scene.at && before.episode_start() == scene.at.episode_start())
                            {
                                let who = material.character(&mention.who).map_or("", |who| who.name.as_str());
                                let here = material.script_line(scene, element.line, sentence.trim());
                                let message = format!("{who} is introduced here and spoke in {before}");
                                findings.push(Finding::new(
                                    &BEFORE_INTRODUCTION,
                                    message,
                                    vec![here, there.clone()],
                                    "introduce them where they are first seen",
                                ));
                            }
                            met.insert(mention.who);
                        }
                    }
                }
                Kind::Character(cue) if !cue.off_screen() => {
                    if let Some(who) = material.lexicon.owner(&cue.name).filter(|who| !spoke.contains_key(*who)) {
                        spoke.insert(who.clone(), (scene.at, material.script_line(scene, element.line, &cue.name)));
                    }
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::lint::fixture::Desk;

    fn seen(yaml: &str, second: &str) -> Desk {
        let shot = || json!([{ "cast": [{ "character": "rin" }] }]);
        Desk::new().character("rin", &format!("name: Rin\n{yaml}")).scene("INT. ROOM - DAY", "room", "day", shot()).scene(
            second,
            "room",
            "night",
            shot(),
        )
    }

    #[test]
    fn somebody_seen_after_the_scene_of_their_death_is_reported() {
        for death in [
            "arc: [{ at: S01E01.01.001, changes: { status: dead } }]\n",
            "arc: [{ at: S01E01.01, note: She dies in the fire. }]\n",
            "died: S01E01.01\n",
        ] {
            assert_eq!(seen(death, "INT. ROOM - NIGHT").found("EL019"), 1, "{death}");
            assert_eq!(seen(death, "INT. ROOM - NIGHT (FLASHBACK)").found("EL019"), 0, "{death}");
        }
        for life in ["", "arc: [{ at: S01E01.02, changes: { status: dead } }]\n", "arc: [{ at: S01E01.01, note: She dies inside. }]\n"] {
            assert_eq!(seen(life, "INT. ROOM - NIGHT").found("EL019"), 0, "{life}");
        }
    }

    #[test]
    fn somebody_seen_before_they_are_introduced_is_reported() {
        assert_eq!(seen("introduced: S01E01.02\n", "INT. ROOM - NIGHT").found("EL020"), 1);
        assert_eq!(seen("introduced: S01E01.01\n", "INT. ROOM - NIGHT").found("EL020"), 0);
        let desk = Desk::new().character("rin", "name: Rin\nage: 20\n");
        let late = "INT. ROOM - DAY\n\nRIN\nHello.\n\nINT. ROOM - NIGHT\n\nRIN (20) comes in.\n";
        assert_eq!(desk.clone().script(late).found("EL020"), 1);
        assert_eq!(desk.clone().script(&late.replacen("RIN\n", "RIN (O.S.)\n", 1)).found("EL020"), 0);
        assert_eq!(desk.script("INT. ROOM - DAY\n\nRIN\nHello.\n\nRIN (20) comes in.\n").found("EL020"), 0);
    }
}
