//! Age, pronouns, town and height: what fields say beside what prose says.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::material::{Material, Passage, steps};
use super::super::prose::{Gender, number, sentences, words};
use super::super::rule::{AGE, HEIGHT, HOME, PRONOUNS};
use super::super::{Evidence, Finding};
use super::{PERSON, about, subject_before};
use crate::fountain::Kind;
use crate::lint::kinship::kinship;
use crate::lint::lexicon::Mention;
use crate::lint::prose::Word;
use crate::{Slug, StoryTime};

pub(super) fn check(material: &Material<'_>, findings: &mut Vec<Finding>) {
    // Ages that prose gives to somebody whose sheet gives none, by episode (none: the bible).
    let mut told: BTreeMap<(Slug, Option<StoryTime>), (u16, Evidence)> = BTreeMap::new();
    let mut towns: BTreeMap<Slug, (String, Evidence)> = BTreeMap::new();
    for passage in material.own.iter().chain(&material.action) {
        for (offset, sentence) in sentences(&passage.text) {
            let words = words(offset, sentence);
            let mentions = material.lexicon.mentions(&words);
            for claim in ages(passage, &words, &mentions) {
                age(material, passage, sentence, &claim, &mut told, findings);
            }
            if let Some(who) = about(passage, &words, &mentions) {
                home(material, passage, sentence, &words, &mentions, who, &mut towns, findings);
                height(material, passage, offset, sentence, who, findings);
            }
        }
    }
    pronouns_of_own_prose(material, findings);
    pronouns_of_parentheticals(material, findings);
}

struct AgeClaim {
    who: Slug,
    years: u16,
    focus: usize,
}

/// Ages that a sentence gives: `MIO (13)`, `a 13-year-old girl`, `She is 13.`, `aged 13`, `turns 13`.
fn ages(passage: &Passage<'_>, words: &[Word<'_>], mentions: &[Mention]) -> Vec<AgeClaim> {
    let mut found = Vec::new();
    // A name with a number in brackets or between commas is an introduction, whoever else is named.
    for mention in mentions {
        let Some(last) = words.get(mention.first + mention.count - 1) else { continue };
        let Some(next) = words.get(mention.first + mention.count) else { continue };
        let between = &passage.text[last.at + last.text.len()..next.at];
        let behind = passage.text[next.at + next.text.len()..].chars().next();
        let introduced = matches!((between.trim(), behind), ("(", Some(')' | ',')) | (",", Some(',' | '.')));
        if introduced && let Ok(years) = next.text.parse::<u16>() {
            found.push(AgeClaim { who: mention.who.clone(), years, focus: last.at });
        }
    }
    let Some(who) = about(passage, words, mentions) else { return found };
    let is_person = |word: Option<&Word<'_>>| word.is_none_or(|word| word.any(&PERSON));
    for (index, word) in words.iter().enumerate() {
        let (before, next) = (index.checked_sub(1).map(|at| words[at]), words.get(index + 1));
        let mut claim = |years: u16| found.push(AgeClaim { who: who.clone(), years, focus: word.at });
        if let Some(years) = word.text.to_lowercase().strip_suffix("-year-old").and_then(number) {
            // `the 25-year-old house` is nobody; in action the words must belong to the name.
            let own = passage.owner.is_some() && index <= 2;
            let apposition = index > 0
                && mentions.iter().any(|mention| mention.first + mention.count + 1 == index)
                && before.is_some_and(|word| word.any(&["a", "an"]));
            if (own || apposition)
                && (word.ends_clause || is_person(next) || (own && words.iter().skip(index + 1).take(3).any(|word| word.any(&PERSON))))
            {
                claim(years);
            }
            continue;
        }
        let Some(years) = number(word.text) else { continue };
        let years_old = next.is_some_and(|word| word.is("years")) && words.get(index + 2).is_some_and(|word| word.is("old"));
        let stands_alone = word.ends_clause || next.is_none();
        let verb = before.filter(|word| word.any(&["is", "was", "turns", "turned", "aged"]));
        let after_verb = verb.is_some_and(|verb| {
            let subject = subject_before(words, mentions, index - 1);
            subject
                && (years_old || (stands_alone && (!verb.is("was") || passage.owner.is_none())) || verb.is("aged"))
                && (index > 1 || verb.is("aged"))
        });
        if after_verb || (years_old && index == 0 && passage.owner.is_some()) {
            claim(years);
        }
    }
    found
}

fn age(
    material: &Material<'_>,
    passage: &Passage<'_>,
    sentence: &str,
    claim: &AgeClaim,
    told: &mut BTreeMap<(Slug, Option<StoryTime>), (u16, Evidence)>,
    findings: &mut Vec<Finding>,
) {
    let Some(character) = material.character_at(&claim.who, passage.at) else { return };
    let here = material.prose(passage, claim.focus, sentence);
    match character.age {
        Some(age) if age != claim.years => {
            let field = material.field_at(&claim.who, &steps!["age"], passage.at, &age.to_string());
            let message = format!("{} is {} here and {age} there", character.name, claim.years);
            let fix = format!("write {age} here, or let an arc entry change `age` by then");
            findings.push(Finding::new(&AGE, message, vec![here, field], fix));
        }
        Some(_) => {}
        None => {
            let key = (claim.who.clone(), passage.owner.is_none().then(|| passage.at.episode_start()));
            let before = told.get(&key).or_else(|| told.get(&(claim.who.clone(), None)));
            match before {
                Some((years, there)) if *years != claim.years => {
                    let message = format!("{} is {} here and {years} there", character.name, claim.years);
                    findings.push(Finding::new(&AGE, message, vec![here, there.clone()], "give the character an `age`, and keep to it"));
                }
                Some(_) => {}
                None => {
                    told.insert(key, (claim.years, here));
                }
            }
        }
    }
}

/// What fields may say of a town, by what prose says of it.
const TOWNS: [(&[&str], &[&str]); 3] = [
    (&["lives", "living"], &["city", "home", "lives_in"]),
    (&["born"], &["birthplace", "born_in"]),
    (&["grew up", "raised"], &["hometown"]),
];

#[expect(clippy::too_many_arguments, reason = "a sentence taken apart")]
fn home(
    material: &Material<'_>,
    passage: &Passage<'_>,
    sentence: &str,
    words: &[Word<'_>],
    mentions: &[Mention],
    who: &Slug,
    towns: &mut BTreeMap<Slug, (String, Evidence)>,
    findings: &mut Vec<Finding>,
) {
    for (index, word) in words.iter().enumerate() {
        let two = words.get(index + 1).map(|next| format!("{} {}", word.text.to_lowercase(), next.text.to_lowercase()));
        let said = |verbs: &[&str]| verbs.iter().any(|verb| word.is(verb) || two.as_deref() == Some(verb));
        let Some((verbs, fields)) = TOWNS.iter().find(|(verbs, _)| said(verbs)) else { continue };
        let length = if verbs.iter().any(|verb| word.is(verb)) { 1 } else { 2 };
        let helped = index > 0 && words[index - 1].any(&["is", "was", "now", "still"]);
        if !subject_before(words, mentions, index - usize::from(helped)) || !words.get(index + length).is_some_and(|word| word.is("in")) {
            continue;
        }
        let place: Vec<&str> = words[index + length + 1..].iter().take_while(|word| word.capitalised()).map(|word| word.text).collect();
        let place = place.join(" ");
        let Some(character) = material.character_at(who, passage.at).filter(|_| !place.is_empty()) else { continue };
        let known = fields.iter().find_map(|field| Some((*field, character.extra.get(*field).and_then(Value::as_str)?)));
        let here = material.prose(passage, word.at, sentence);
        let same = |one: &str, other: &str| {
            let (one, other) = (one.to_lowercase(), other.to_lowercase());
            one.contains(&other) || other.contains(&one)
        };
        if let Some((field, value)) = known {
            if !same(value, &place) {
                let there = material.field_at(who, &steps![field], passage.at, value);
                let message = format!("{} belongs to {place} here and to {value} there", character.name);
                findings.push(Finding::new(&HOME, message, vec![here, there], format!("write {value} here, or change `{field}`")));
            }
        } else if word.any(&["lives"]) && passage.at == StoryTime::BEGINNING {
            match towns.get(who) {
                Some((town, there)) if !same(town, &place) => {
                    let message = format!("{} lives in {place} here and in {town} there", character.name);
                    findings.push(Finding::new(&HOME, message, vec![here, there.clone()], "give the character a `city`, and keep to it"));
                }
                Some(_) => {}
                None => {
                    towns.insert(who.clone(), (place, here));
                }
            }
        }
    }
}

/// `176 cm tall`, `1.76 m tall`.
fn height(material: &Material<'_>, passage: &Passage<'_>, offset: usize, sentence: &str, who: &Slug, findings: &mut Vec<Finding>) {
    for (at, _) in sentence.match_indices(" tall") {
        let behind = sentence[at + 5..].trim_start();
        if !(behind.is_empty() || behind.starts_with(['.', ',', ';', '!', ')']) || behind.starts_with("and ")) {
            continue;
        }
        let before = sentence[..at].trim_end();
        let units = [("centimetres", 1.0), ("centimeters", 1.0), ("cm", 1.0), ("metres", 100.0), ("meters", 100.0), ("m", 100.0)];
        let Some((rest, scale)) = units.iter().find_map(|(unit, scale)| Some((before.strip_suffix(unit)?.trim_end(), *scale))) else {
            continue;
        };
        let digits = rest.rfind(|sign: char| !(sign.is_ascii_digit() || sign == '.')).map_or(rest, |end| &rest[end..]);
        let Ok(value) = digits.trim().parse::<f64>() else { continue };
        let Some(character) = material.character_at(who, passage.at) else { return };
        let (said, known) = (value * scale, character.visual_traits.height_cm);
        if (said - known).abs() > 1.0 {
            let focus = offset + rest.len() - digits.trim().len();
            let here = material.prose(passage, focus, sentence);
            let there = material.field_at(who, &steps!["visual_traits", "height_cm"], passage.at, &known.to_string());
            let message = format!("{} is {said} cm tall here and {known} cm there", character.name);
            findings.push(Finding::new(&HEIGHT, message, vec![here, there], format!("write {known} cm here, or change `height_cm`")));
        }
    }
}

/// A document that calls its character by the other pronoun only, as the subject of a sentence.
fn pronouns_of_own_prose(material: &Material<'_>, findings: &mut Vec<Finding>) {
    for passage in &material.own {
        let Some(who) = passage.owner else { continue };
        let Some((character, pronouns)) = material.character_at(who, passage.at).and_then(|it| Some((it, it.pronouns.as_deref()?))) else {
            continue;
        };
        let Some(gender) = Gender::of(pronouns) else { continue };
        let all = words(0, &passage.text);
        let others = material.lexicon.mentions(&all).iter().any(|mention| mention.who != *who);
        // Whoever else the text speaks of, by name, as a relative or in general, may be the one meant.
        let somebody = all
            .iter()
            .any(|word| kinship(word.text).is_some() || word.any(&PERSON) || word.any(&["someone", "somebody", "anyone", "anybody"]));
        let own = all.iter().any(|word| Gender::of_word(word.text) == Some(gender));
        if others || somebody || own {
            continue;
        }
        for (offset, sentence) in sentences(&passage.text) {
            let words = words(offset, sentence);
            let Some(first) = words.first() else { continue };
            if first.any(&["he", "she"]) && Gender::of_word(first.text).is_some_and(|said| said != gender) {
                let here = material.prose(passage, first.at, sentence);
                let there = material.field_at(who, &steps!["pronouns"], passage.at, pronouns);
                let message = format!("{} is {:?} here, and their pronouns are {pronouns}", character.name, first.text.to_lowercase());
                findings.push(Finding::new(
                    &PRONOUNS,
                    message,
                    vec![here, there],
                    format!("write {:?}, or change `pronouns`", gender.subject()),
                ));
                break;
            }
        }
    }
}

/// `(to herself)` under the cue of somebody who is `he`.
fn pronouns_of_parentheticals(material: &Material<'_>, findings: &mut Vec<Finding>) {
    for scene in &material.script {
        let mut speaker = None;
        for element in scene.elements {
            match &element.kind {
                Kind::Character(cue) => speaker = material.lexicon.owner(&cue.name),
                Kind::Parenthetical(text) => {
                    let Some((who, character)) = speaker.and_then(|who| Some((who, material.character_at(who, scene.at)?))) else {
                        continue;
                    };
                    let Some(gender) = character.pronouns.as_deref().and_then(Gender::of) else { continue };
                    let said = words(0, text).into_iter().find(|word| word.any(&["himself", "herself"]));
                    if let Some(word) = said.filter(|word| Gender::of_word(word.text) != Some(gender)) {
                        let here = material.script_line(scene, element.line, text);
                        let pronouns = character.pronouns.as_deref().unwrap_or_default();
                        let there = material.field_at(who, &steps!["pronouns"], scene.at, pronouns);
                        let message = format!("{} says this to {:?}, and their pronouns are {pronouns}", character.name, word.text);
                        findings.push(Finding::new(&PRONOUNS, message, vec![here, there], "mend the one that is wrong"));
                    }
                }
                Kind::Dialogue(_) | Kind::Lyrics(_) | Kind::Note => {}
                _ => speaker = None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::fixture::Desk;

    fn described(rest: &str, text: &str) -> Desk {
        Desk::new().character("rin", &format!("name: Rin\n{rest}description: {text}\n"))
    }

    #[test]
    fn an_age_in_prose_that_is_not_the_sheets_is_reported_with_both_places() {
        for text in
            ["A 25-year-old painter.", "She is 25.", "Rin is twenty-five years old.", "Aged 25, she paints.", "25 years old and tired."]
        {
            assert_eq!(described("age: 24\n", text).found("EL001"), 1, "{text}");
            assert_eq!(described("age: 25\n", text).found("EL001"), 0, "{text}");
        }
        let report = described("age: 24\n", "A 25-year-old painter.").lint();
        let places: Vec<String> = report.findings[0].evidence.iter().map(|place| format!("{place}: {}", place.quote)).collect();
        assert_eq!(places, ["bible/characters/rin.yaml:3:16: A 25-year-old painter.", "bible/characters/rin.yaml:2:6: age: 24"]);
    }

    #[test]
    fn other_numbers_and_other_people_are_no_ages() {
        for text in [
            "Her brother is 30 years old.",
            "Lives in a 90-year-old house.",
            "Has hung the lantern for forty years.",
            "She is 25 metres from the door.",
            "Left three years ago with one bag.",
            "The house is 90 years old.",
        ] {
            assert_eq!(described("age: 24\n", text).found("EL001"), 0, "{text}");
        }
    }

    #[test]
    fn a_script_that_introduces_somebody_with_another_age_is_reported_unless_the_arc_says_so() {
        let script = "INT. ROOM - DAY\n\nRIN (25), paint on her hands, waits.\n";
        let rin = |rest: &str| Desk::new().character("rin", &format!("name: Rin\nage: 24\n{rest}")).script(script);
        assert_eq!(rin("").found("EL001"), 1);
        assert_eq!(rin("arc: [{ at: S01E01, changes: { age: 25 } }]\n").found("EL001"), 0);
        let flashback = script.replace("DAY", "DAY (FLASHBACK)");
        assert_eq!(rin("").script(&flashback).found("EL001"), 0);
        let twice = "INT. ROOM - DAY\n\nRIN (25) waits.\n\nINT. ROOM - NIGHT\n\nRIN (27) waits.\n";
        assert_eq!(Desk::new().character("rin", "name: Rin\n").script(twice).found("EL001"), 1);
    }

    #[test]
    fn a_document_that_calls_its_character_by_other_pronouns_is_reported() {
        assert_eq!(described("pronouns: she/her\n", "Paints at night. He never sleeps.").found("EL002"), 1);
        assert_eq!(described("pronouns: she/her\n", "Paints at night. She never sleeps.").found("EL002"), 0);
        assert_eq!(described("pronouns: she/her\n", "Misses her brother. He never writes.").found("EL002"), 0);
        assert_eq!(described("pronouns: they/them\n", "He never sleeps.").found("EL002"), 0);
        let script = "INT. ROOM - DAY\n\nRIN\n(to himself)\nWell.\n";
        assert_eq!(Desk::new().character("rin", "name: Rin\npronouns: she/her\n").script(script).found("EL002"), 1);
        assert_eq!(Desk::new().character("rin", "name: Rin\npronouns: he/him\n").script(script).found("EL002"), 0);
    }

    #[test]
    fn a_town_in_prose_that_is_not_the_fields_is_reported() {
        assert_eq!(described("city: Osaka\n", "She lives in Kyoto with a cat.").found("EL003"), 1);
        assert_eq!(described("city: Osaka\n", "Lives in Osaka.").found("EL003"), 0);
        assert_eq!(described("city: Osaka\n", "Was born in Kyoto.").found("EL003"), 0);
        assert_eq!(described("birthplace: Nara\n", "She was born in Kyoto.").found("EL003"), 1);
        assert_eq!(described("city: Osaka\n", "Her mother lives in Kyoto.").found("EL003"), 0);
        let twice = described("voice: { description: Lives in Nara. }\n", "She lives in Kyoto.");
        assert_eq!(twice.found("EL003"), 1);
    }

    #[test]
    fn a_height_in_prose_that_is_not_the_sheets_is_reported() {
        assert_eq!(described("", "She is 176 cm tall.").found("EL006"), 1);
        assert_eq!(described("", "1.76 m tall, and proud of it.").found("EL006"), 1);
        assert_eq!(described("", "She is 165 cm tall.").found("EL006"), 0);
        assert_eq!(described("", "Carries a 200 cm tall ladder.").found("EL006"), 0);
    }
}
