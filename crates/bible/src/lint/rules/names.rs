//! Names that nobody has, names that two have, and names that are nearly somebody's.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Finding;
use super::super::material::{Material, character_file, steps};
use super::super::prose::{sentences, words};
use super::super::rule::{MISSPELT_NAME, SAME_NAME, UNKNOWN_CHARACTER};
use crate::Slug;
use crate::fountain::Kind;
use crate::source::nearest;
use crate::source::yaml::Step;

pub(super) fn check(material: &Material<'_>, findings: &mut Vec<Finding>) {
    same_names(material, findings);
    unknown_in_bible(material, findings);
    unknown_in_shots(material, findings);
    unknown_cues(material, findings);
    misspelt(material, findings);
}

/// Letters and digits, upper-case: `O'Brien` and `OBRIEN` are one name to an audience.
fn heard(name: &str) -> String {
    name.chars().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

fn same_names(material: &Material<'_>, findings: &mut Vec<Finding>) {
    let mut owners: BTreeMap<String, (&Slug, Vec<Step>, &str)> = BTreeMap::new();
    for (slug, character) in material.cast() {
        let aliases = character.aliases.iter().enumerate().map(|(index, alias)| (steps!["aliases", index], alias.as_str()));
        for (path, name) in std::iter::once((steps!["name"], character.name.as_str())).chain(aliases) {
            let key = heard(name);
            if key.is_empty() {
                continue;
            }
            match owners.get(&key) {
                Some((owner, there, other)) if *owner != slug => {
                    let evidence =
                        vec![material.field(&character_file(slug), &path, name), material.field(&character_file(owner), there, other)];
                    let message = format!("{name:?} is a name of `{slug}` and of `{owner}`");
                    findings.push(Finding::new(&SAME_NAME, message, evidence, "a script cannot tell them apart: choose another"));
                }
                Some(_) => {}
                None => {
                    owners.insert(key, (slug, path, name));
                }
            }
        }
    }
}

fn did_you_mean(material: &Material<'_>, slug: &Slug) -> String {
    nearest(slug.as_str(), material.project.bible.characters.keys().map(Slug::as_str))
        .map_or_else(|| format!("add bible/characters/{slug}.yaml, or name one that is there"), |name| format!("did you mean `{name}`?"))
}

fn unknown_in_bible(material: &Material<'_>, findings: &mut Vec<Finding>) {
    for (slug, character) in material.cast() {
        for (index, tie) in character.relationships.iter().enumerate().filter(|(_, tie)| material.character(&tie.to).is_none()) {
            let place = material.field(&character_file(slug), &steps!["relationships", index, "to"], tie.to.as_str());
            let message = format!("{} is tied to `{}`, who is not in the bible", character.name, tie.to);
            findings.push(Finding::new(&UNKNOWN_CHARACTER, message, vec![place], did_you_mean(material, &tie.to)));
        }
    }
}

fn unknown_in_shots(material: &Material<'_>, findings: &mut Vec<Finding>) {
    for scene in material.scenes() {
        for shot in &scene.shots {
            for (index, member) in shot.cast.iter().enumerate().filter(|(_, member)| material.character(&member.character).is_none()) {
                let who = &member.character;
                let place = material.shot(scene, shot, &steps!["cast", index], who.as_str());
                let message = format!("`{who}` is in {} and not in the bible", shot.at);
                findings.push(Finding::new(&UNKNOWN_CHARACTER, message, vec![place], did_you_mean(material, who)));
            }
        }
    }
}

/// Cues of nobody. Numbered and general voices (`GUARD 2`, `CROWD`) are extras if the episode says so.
fn unknown_cues(material: &Material<'_>, findings: &mut Vec<Finding>) {
    for scene in &material.script {
        for element in scene.elements {
            let Kind::Character(cue) = &element.kind else { continue };
            let known = |name: &str| {
                material.lexicon.owner(name).is_some()
                    || Slug::nearest(name).is_some_and(|slug| material.character(&slug).is_some())
                    || scene.episode.extras.iter().any(|extra| extra.trim().eq_ignore_ascii_case(name.trim()))
            };
            let full = cue.extension.as_ref().map(|extension| format!("{} ({extension})", cue.name));
            if known(&cue.name) || full.as_deref().is_some_and(known) {
                continue;
            }
            let upper = cue.name.to_uppercase();
            let parts = upper.split(" AND ").flat_map(|part| part.split(['&', '/', ',', '＆', '、'])).map(str::trim);
            for part in parts.filter(|part| !part.is_empty() && !known(part)) {
                let fix = nearest(part, material.lexicon.names()).map_or_else(
                    || "add the character, or name the voice among the episode's `extras`".to_owned(),
                    |name| format!("did you mean {name}?"),
                );
                let place = material.script_line(scene, element.line, &cue.name);
                findings.push(Finding::new(&UNKNOWN_CHARACTER, format!("{part} speaks and is not in the bible"), vec![place], fix));
            }
        }
    }
}

/// A capitalised word within a sentence of action, one letter away from one name of the cast and used
/// nowhere as a word of its own.
fn misspelt(material: &Material<'_>, findings: &mut Vec<Finding>) {
    let mut plain: BTreeSet<String> = BTreeSet::new();
    let mut names: BTreeSet<String> = BTreeSet::new();
    for (_, character) in material.cast() {
        names.extend(
            std::iter::once(&character.name).chain(&character.aliases).flat_map(|name| name.split_whitespace()).map(str::to_uppercase),
        );
    }
    let mut suspects = Vec::new();
    for passage in &material.action {
        for (offset, sentence) in sentences(&passage.text) {
            for (index, word) in words(offset, sentence).into_iter().enumerate() {
                let letters = word.text.chars().count();
                if !word.capitalised() {
                    plain.insert(word.text.to_uppercase());
                    continue;
                }
                let introduced =
                    letters > 1 && word.text.chars().all(char::is_uppercase) && passage.text[word.at + word.text.len()..].starts_with(" (");
                if letters < 4 || (index == 0 && !introduced) || word.text.contains(['-', '\'', '’']) || material.lexicon.knows(word.text)
                {
                    continue;
                }
                let upper = word.text.to_uppercase();
                let near: Vec<&String> = names
                    .iter()
                    .filter(|name| name.chars().count() >= 4 && name.chars().next() == upper.chars().next())
                    .filter(|name| strsim::damerau_levenshtein(name, &upper) == 1)
                    .collect();
                if let [name] = near.as_slice() {
                    suspects.push((upper, (*name).clone(), passage, word, sentence));
                }
            }
        }
    }
    for (upper, name, passage, word, sentence) in suspects {
        if plain.contains(&upper) {
            continue;
        }
        let mut evidence = vec![material.prose(passage, word.at, sentence)];
        let owner = material.lexicon.owner(&name);
        evidence
            .extend(owner.and_then(|slug| Some(material.field(&character_file(slug), &steps!["name"], &material.character(slug)?.name))));
        let message = format!("{} is nobody, and nearly {name}", word.text);
        findings.push(Finding::new(&MISSPELT_NAME, message, evidence, format!("did you mean {name}?")));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::lint::fixture::{Desk, count};

    fn haru() -> Desk {
        Desk::new().character("haru", "name: Haru\n")
    }

    #[test]
    fn somebody_who_is_not_in_the_bible_is_reported_with_the_nearest_name() {
        let script = "INT. ROOM - DAY\n\nHARRU\nHello.\n";
        let report = haru().script(script).lint();
        let finding = report.findings.iter().find(|finding| finding.rule.id == "EL007").unwrap();
        assert_eq!((finding.fix.as_str(), finding.evidence[0].line), ("did you mean HARU?", 3));
        assert_eq!(haru().script("INT. ROOM - DAY\n\nHARU (O.S.)\nHello.\n\nHARU AND HARU\nHello.\n").found("EL007"), 0);
        let crowd = haru().script("INT. ROOM - DAY\n\nCROWD\nHello.\n").file("episodes/s01e01/episode.yaml", "extras: [Crowd]\n");
        assert_eq!(crowd.found("EL007"), 0);
    }

    #[test]
    fn a_shot_or_a_tie_with_somebody_who_is_not_in_the_bible_is_reported() {
        let scene = haru().scene("INT. ROOM - DAY", "room", "day", json!([{ "cast": [{ "character": "haru" }] }]));
        assert_eq!(scene.found("EL007"), 0);
        let stranger = scene.lint_changed(|project| project.episodes[0].scenes[0].shots[0].cast[0].character = "hari".parse().unwrap());
        assert_eq!(count(&stranger, "EL007"), 1);
        let tied = haru().character("mio", "name: Mio\nrelationships: [{ to: haru, kind: friend }]\n");
        assert_eq!(tied.found("EL007"), 0);
        let gone = tied.lint_changed(|project| drop(project.bible.characters.remove("haru")));
        assert_eq!(count(&gone, "EL007"), 1);
    }

    #[test]
    fn a_name_one_letter_off_is_reported_and_a_word_of_the_language_is_not() {
        assert_eq!(haru().script("INT. ROOM - DAY\n\nThen Hartu comes in.\n").found("EL008"), 1);
        assert_eq!(haru().script("INT. ROOM - DAY\n\nThen HARRU (21) comes in.\n").found("EL008"), 1);
        for action in ["Then Haru comes in.", "Then Haro and a haro come in.", "Haro comes in.", "Then Mary comes in."] {
            assert_eq!(haru().script(&format!("INT. ROOM - DAY\n\n{action}\n")).found("EL008"), 0, "{action}");
        }
    }

    #[test]
    fn two_characters_of_one_name_are_reported() {
        let desk = haru().character("mio", "name: Mio\naliases: [Granny]\n");
        assert_eq!(desk.found("EL009"), 0);
        let same = desk.lint_changed(|project| project.bible.characters.get_mut("haru").unwrap().aliases.push("GRANNY".into()));
        assert_eq!(count(&same, "EL009"), 1);
        assert_eq!(same.findings.iter().find(|finding| finding.rule.id == "EL009").unwrap().evidence.len(), 2);
    }
}
