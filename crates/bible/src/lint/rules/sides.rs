//! Marks and accessories that are on one side, named on the other.

use super::super::Finding;
use super::super::material::{Material, character_file, steps};
use super::super::prose::{Gender, Word, sentences, words};
use super::super::rule::SIDE;
use super::{BODY, about};
use crate::Character;
use crate::character::{Side, Worn};
use crate::source::yaml::Step;

/// Parts whose words say too little to be found in prose by them.
const DULL: [&str; 6] = ["mark", "marks", "hair", "drop", "round", "face"];

pub(super) fn check(material: &Material<'_>, findings: &mut Vec<Finding>) {
    for passage in material.own.iter().chain(&material.action) {
        for (offset, sentence) in sentences(&passage.text) {
            let words = words(offset, sentence);
            let Some((said, at)) = side_of(&words) else { continue };
            let mentions = material.lexicon.mentions(&words);
            let Some(who) = about(passage, &words, &mentions) else { continue };
            let Some(character) = material.character_at(who, passage.at) else { continue };
            if !possessive_fits(&words, character) {
                continue;
            }
            let items = worn(character);
            for (path, item) in &items {
                let Some(side) = item.side.filter(|side| matches!(side, Side::Left | Side::Right)) else { continue };
                let near = words.iter().position(|word| names_part(word, item.part.as_str())).filter(|index| index.abs_diff(at) <= 6);
                let both = items.iter().any(|(_, other)| other.part == item.part && other.side != item.side);
                if near.is_none() || side == said || both {
                    continue;
                }
                let here = material.prose(passage, words[at].at, sentence);
                let there = material.field(&character_file(who), path, &format!("{} {}", item.part, word_of(side)));
                let message =
                    format!("{}'s {} is on the {} here and on the {} there", character.name, item.part, word_of(said), word_of(side));
                let fix = format!("sides are the character's own: write {} here, or change `side`", word_of(side));
                findings.push(Finding::new(&SIDE, message, vec![here, there], fix));
            }
        }
    }
}

/// The only side that a sentence names, with the index of its word. `She left` names none.
pub(super) fn side_of(words: &[Word<'_>]) -> Option<(Side, usize)> {
    let mut found = None;
    for (index, word) in words.iter().enumerate() {
        let side = match word.text.to_lowercase().as_str() {
            "left" => Side::Left,
            "right" => Side::Right,
            _ => continue,
        };
        let next = words.get(index + 1);
        let before_body = next.is_some_and(|next| next.any(&BODY)) && !word.ends_clause;
        let on_the = index >= 2
            && words[index - 1].any(&["the", "her", "his", "their"])
            && words[index - 2].is("on")
            && (word.ends_clause || next.is_none());
        if !(before_body || on_the) {
            continue;
        }
        if found.is_some() {
            return None;
        }
        found = Some((side, index));
    }
    found
}

/// Whether a word of prose names a part: `scar` and `scars` for `scar-cheek`, `hairpin` for `hairpin`.
fn names_part(word: &Word<'_>, part: &str) -> bool {
    let written = word.text.to_lowercase();
    let single = written.strip_suffix('s').unwrap_or(&written).replace('-', "");
    let whole = part.replace('-', "");
    single == whole
        || part.split('-').filter(|piece| piece.len() >= 4 && !DULL.contains(piece) && !BODY.contains(piece)).any(|piece| single == piece)
}

/// No `his` in a sentence about somebody who is `she`.
fn possessive_fits(words: &[Word<'_>], character: &Character) -> bool {
    let own = character.pronouns.as_deref().and_then(Gender::of);
    words.iter().all(|word| Gender::of_word(word.text).is_none_or(|said| own.is_none_or(|own| own == said)))
}

fn worn(character: &Character) -> Vec<(Vec<Step>, &Worn)> {
    let marks = character.visual_traits.marks.iter().enumerate().map(|(index, worn)| (steps!["visual_traits", "marks", index], worn));
    let accessories = character.wardrobe.iter().flat_map(|(name, look)| {
        let worn = look.accessories.iter().enumerate();
        worn.map(move |(index, worn)| (steps!["wardrobe", name.as_str(), "accessories", index], worn))
    });
    marks.chain(accessories).collect()
}

pub(super) const fn word_of(side: Side) -> &'static str {
    match side {
        Side::Left => "left",
        Side::Right => "right",
        Side::Both => "both sides",
        Side::Centre => "middle",
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::fixture::Desk;

    fn scarred(text: &str) -> Desk {
        let traits = "visual_traits: { build: slim, height_cm: 165, marks: [{ part: scar-cheek, side: right }] }\n";
        Desk::new().character("rin", &format!("name: Rin\npronouns: she/her\n{traits}description: {text}\n"))
    }

    #[test]
    fn a_scar_named_on_the_other_cheek_is_reported() {
        assert_eq!(scarred("A scar on her left cheek.").found("EL005"), 1);
        for text in [
            "A scar on her right cheek.",
            "She left, scar and all.",
            "His left cheek has a scar like hers.",
            "A scar. Writes with her left hand.",
        ] {
            assert_eq!(scarred(text).found("EL005"), 0, "{text}");
        }
        let script = "INT. ROOM - DAY\n\nRin touches the scar on her left cheek.\n";
        assert_eq!(scarred("Paints.").script(script).found("EL005"), 1);
    }
}
