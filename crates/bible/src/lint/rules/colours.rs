//! Hair and eyes: what the colour model says beside what prose says.

use super::super::Finding;
use super::super::material::{Material, Passage, steps};
use super::super::prose::{Gender, Word, sentences, words};
use super::super::rule::{COLOUR, SIDE};
use super::about;
use crate::lint::lexicon::Mention;
use crate::{Character, Colour, Slug};

/// Names of colours with their hue in Oklab (degrees) and how far from it the word still fits.
const HUES: [(&str, f64, f64); 16] = [
    ("red", 25.0, 45.0),
    ("orange", 60.0, 40.0),
    ("amber", 70.0, 45.0),
    ("brown", 55.0, 50.0),
    ("hazel", 85.0, 50.0),
    ("gold", 85.0, 45.0),
    ("golden", 85.0, 45.0),
    ("yellow", 100.0, 40.0),
    ("blond", 85.0, 45.0),
    ("blonde", 85.0, 45.0),
    ("green", 145.0, 55.0),
    ("teal", 195.0, 50.0),
    ("blue", 255.0, 55.0),
    ("indigo", 275.0, 50.0),
    ("violet", 305.0, 50.0),
    ("purple", 310.0, 50.0),
];

/// Whether prose could call a colour by this word; none when the word is no colour that can be told.
/// Generous: only what nobody would call so does not fit.
fn fits(word: &str, colour: Colour) -> Option<bool> {
    let [lightness, a, b] = colour.oklab();
    let chroma = a.hypot(b);
    let word = word.to_lowercase();
    match word.as_str() {
        "black" => return Some(lightness < 0.5),
        "white" => return Some(lightness > 0.7 && chroma < 0.08),
        "silver" => return Some(lightness > 0.5 && chroma < 0.08),
        "grey" | "gray" => return Some(chroma < 0.08 && lightness > 0.2),
        _ => {}
    }
    let (_, hue, reach) = HUES.iter().find(|(name, ..)| *name == word)?;
    if matches!(word.as_str(), "blond" | "blonde" | "yellow" | "golden" | "gold") && lightness < 0.45 {
        return Some(false);
    }
    // The hue of what is nearly grey says nothing; brown and hazel are nearly grey themselves.
    if chroma < 0.025 {
        return Some(matches!(word.as_str(), "brown" | "hazel" | "blond" | "blonde"));
    }
    let away = (b.atan2(a).to_degrees() - hue).rem_euclid(360.0);
    Some(away.min(360.0 - away) <= *reach)
}

pub(super) fn check(material: &Material<'_>, findings: &mut Vec<Finding>) {
    for passage in material.own.iter().chain(&material.action) {
        for (offset, sentence) in sentences(&passage.text) {
            let words = words(offset, sentence);
            if !words.iter().any(|word| part_named(word.text).is_some()) {
                continue;
            }
            let mentions = material.lexicon.mentions(&words);
            let Some(who) = about(passage, &words, &mentions) else { continue };
            let Some(character) = material.character_at(who, passage.at) else { continue };
            for claim in claims(&words) {
                if belongs(passage, character, &words, &mentions, claim.from) {
                    judge(material, passage, sentence, who, character, &claim, findings);
                }
            }
        }
    }
}

/// `eyes` and the adjectives made of it.
fn part_named(word: &str) -> Option<Part> {
    let word = word.to_lowercase();
    let tail = word.rsplit('-').next().unwrap_or_default();
    match tail {
        "eye" => Some(Part::Eye),
        "eyes" | "eyed" => Some(Part::Eyes),
        "hair" | "haired" => Some(Part::Hair),
        _ => None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Eye,
    Eyes,
    Left,
    Right,
    Hair,
}

struct Claim {
    part: Part,
    colour: String,
    /// Index of the first word.
    from: usize,
}

/// What a sentence says of hair and eyes.
fn claims(words: &[Word<'_>]) -> Vec<Claim> {
    let is_colour = |word: &str| fits(word, Colour::new(0, 0, 0)).is_some();
    let mut found = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let Some(part) = part_named(word.text) else { continue };
        // `red-haired`, `amber-eyed`.
        if let Some((colour, tail)) = word.text.rsplit_once('-') {
            if is_colour(colour) && matches!(tail.to_lowercase().as_str(), "haired" | "eyed") {
                found.push(Claim { part, colour: colour.to_owned(), from: index });
            }
            continue;
        }
        let before = index.checked_sub(1).map(|at| words[at]).filter(|before| !before.ends_clause);
        let sided = match (part, before) {
            (Part::Eye, Some(before)) if before.is("left") => Some(Part::Left),
            (Part::Eye, Some(before)) if before.is("right") => Some(Part::Right),
            _ => None,
        };
        let from = index - usize::from(sided.is_some());
        let part = sided.unwrap_or(part);
        // `blue eyes`, `her blue left eye`.
        if let Some(colour) = from.checked_sub(1).map(|at| words[at]).filter(|word| is_colour(word.text) && !word.ends_clause) {
            found.push(Claim { part, colour: colour.text.to_owned(), from: from - 1 });
            continue;
        }
        // `eyes are blue`, `one eye amber`, `left eye is blue`.
        let skip = usize::from(words.get(index + 1).is_some_and(|word| word.any(&["is", "are", "was", "were"])));
        let named = words.get(index + 1 + skip).filter(|word| is_colour(word.text) && !words[index].ends_clause);
        // `his hair, grey dust on it` and `hair brown bread` are no colours of hair: the word must end its phrase.
        let ends = |at: usize| {
            words.get(at).is_none_or(|word| word.ends_clause)
                || words.get(at + 1).is_none_or(|next| next.any(&["and", "one", "the", "with", "but"]))
        };
        if let Some(colour) = named.filter(|_| ends(index + 1 + skip)) {
            found.push(Claim { part, colour: colour.text.to_owned(), from });
        }
    }
    found
}

/// In action, whose eyes these are: after the one's own possessive, or as an apposition of a name.
fn belongs(passage: &Passage<'_>, character: &Character, words: &[Word<'_>], mentions: &[Mention], from: usize) -> bool {
    if passage.owner.is_some() {
        // `A red-haired rival`, `people with blue eyes`: the document may speak of others without a name.
        return !words.iter().any(|word| word.any(&["rival", "people", "others", "someone", "somebody", "whoever", "everyone"]));
    }
    let gender = character.pronouns.as_deref().and_then(Gender::of);
    let Some(before) = from.checked_sub(1).map(|at| words[at]) else { return false };
    if before.any(&["his", "her"]) {
        return gender.is_some() && Gender::of_word(before.text) == gender;
    }
    let ends = |index: usize| mentions.iter().any(|mention| mention.first + mention.count == index);
    // `Mio's blue eyes`; `MIO (13), one eye amber and one eye blue`.
    ends(from) || (before.any(&["one", "with"]) && mentions.first().is_some_and(|mention| mention.first == 0))
}

fn judge(
    material: &Material<'_>,
    passage: &Passage<'_>,
    sentence: &str,
    who: &Slug,
    character: &Character,
    claim: &Claim,
    findings: &mut Vec<Finding>,
) {
    let base = |part: &str| character.colour_model.get(part).map(|tones| tones.base);
    let fit = |part: &str| base(part).and_then(|colour| fits(&claim.colour, colour));
    let focus = passage.text.find(claim.colour.as_str()).unwrap_or(0);
    let mut report = |rule, part: &str, message: String, fix: String| {
        let Some(colour) = base(part) else { return };
        let here = material.prose(passage, focus, sentence);
        let there = material.field_at(who, &steps!["colour_model", part, "base"], passage.at, &colour.to_string());
        findings.push(Finding::new(rule, message, vec![here, there], fix));
    };
    let (name, colour) = (&character.name, &claim.colour);
    match claim.part {
        Part::Hair => {
            if fit("hair") == Some(false) {
                let is = base("hair").map(|colour| colour.to_string()).unwrap_or_default();
                report(&COLOUR, "hair", format!("{name}'s hair is {colour} here and {is} there"), "mend the one that is wrong".to_owned());
            }
        }
        Part::Eye | Part::Eyes => {
            if fit("iris.left") == Some(false) && fit("iris.right") == Some(false) {
                let message =
                    format!("{name} has {} {colour} here and neither iris is", if claim.part == Part::Eye { "an eye" } else { "eyes" });
                report(&COLOUR, "iris.left", message, "mend the one that is wrong".to_owned());
            }
        }
        Part::Left | Part::Right => {
            let (own, other, side) =
                if claim.part == Part::Left { ("iris.left", "iris.right", "left") } else { ("iris.right", "iris.left", "right") };
            if fit(own) == Some(false) {
                if fit(other) == Some(true) {
                    let fix = format!("a character's {side} is on the picture's other side when they face us: exchange the two");
                    report(&SIDE, own, format!("{name}'s {side} eye is {colour} here, and it is the other one there"), fix);
                } else {
                    report(
                        &COLOUR,
                        own,
                        format!("{name}'s {side} eye is {colour} here and another colour there"),
                        "mend the one that is wrong".to_owned(),
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::fixture::Desk;

    const MODEL: &str = "colour_model: { skin: \"#f6d9c4\", hair: \"#2b2f4a\", iris.left: \"#e8962e\", iris.right: \"#4a9fe0\" }\n";

    fn described(text: &str) -> Desk {
        Desk::new().character("rin", &format!("name: Rin\npronouns: she/her\n{MODEL}description: {text}\n"))
    }

    #[test]
    fn words_for_colours_fit_what_people_would_call_so() {
        let colour = |text: &str| text.parse::<Colour>().unwrap();
        for (word, code) in [
            ("blue", "#4a9fe0"),
            ("amber", "#e8962e"),
            ("brown", "#7a5a3a"),
            ("black", "#2b2f4a"),
            ("white", "#dcd8e6"),
            ("red", "#a83c2c"),
            ("green", "#3f8f7f"),
            ("blond", "#e8d090"),
        ] {
            assert_eq!(fits(word, colour(code)), Some(true), "{word} {code}");
        }
        for (word, code) in [("blue", "#e8962e"), ("red", "#2b2f4a"), ("black", "#dcd8e6"), ("blonde", "#2b2f4a"), ("green", "#d8452f")] {
            assert_eq!(fits(word, colour(code)), Some(false), "{word} {code}");
        }
        assert_eq!(fits("tired", colour("#000000")), None);
    }

    #[test]
    fn hair_and_eyes_of_another_colour_are_reported() {
        for text in
            ["A red-haired painter.", "She has red hair.", "Her hair is red.", "She has green eyes.", "One eye green and one eye blue."]
        {
            assert_eq!(described(text).found("EL004"), 1, "{text}");
        }
        for text in [
            "One eye amber, one eye blue; paints.",
            "She has blue eyes.",
            "Black hair, black coat.",
            "Looks for a red-haired rival.",
            "Her brother has red hair.",
        ] {
            assert_eq!(described(text).found("EL004"), 0, "{text}");
        }
        let script = "INT. ROOM - DAY\n\nRIN (20), one eye green and one eye blue, waits. Rin looks into his green eyes.\n";
        assert_eq!(described("Paints.").script(script).found("EL004"), 1);
    }

    #[test]
    fn an_eye_named_on_the_wrong_side_is_reported() {
        assert_eq!(described("Her left eye is blue.").found("EL005"), 1);
        assert_eq!(described("Her blue left eye, her amber right eye.").found("EL005"), 2);
        assert_eq!(described("Her left eye is amber, her right eye is blue.").found("EL005"), 0);
    }
}
