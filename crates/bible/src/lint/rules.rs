//! The rules, one file for each thing that they look at.

mod arcs;
mod colours;
mod injuries;
mod lifespan;
mod names;
mod scenes;
mod shots;
mod sides;
mod ties;
mod traits;
mod unused;
mod wardrobe;

use super::Finding;
use super::kinship::kinship;
use super::lexicon::Mention;
use super::material::{Material, Passage};
use super::prose::Word;
use crate::Slug;

/// A group of rules.
pub(super) type Check = fn(&Material<'_>, &mut Vec<Finding>);

/// Everything that is checked.
pub(super) const CHECKS: &[Check] = &[
    traits::check,
    colours::check,
    sides::check,
    injuries::check,
    names::check,
    ties::check,
    lifespan::check,
    wardrobe::check,
    scenes::check,
    arcs::check,
    shots::check,
    unused::check,
];

/// Words for people, behind an adjective such as `red-haired` or `25-year-old`.
const PERSON: [&str; 18] = [
    "girl",
    "boy",
    "woman",
    "man",
    "child",
    "kid",
    "teenager",
    "student",
    "schoolgirl",
    "schoolboy",
    "fox",
    "cat",
    "dog",
    "pilot",
    "painter",
    "teacher",
    "apprentice",
    "detective",
];

/// Parts of the body that have a side.
const BODY: [&str; 27] = [
    "eye", "cheek", "brow", "eyebrow", "temple", "ear", "hand", "arm", "forearm", "elbow", "wrist", "shoulder", "side", "knee", "leg",
    "thigh", "shin", "foot", "ankle", "hip", "thumb", "palm", "fist", "finger", "lapel", "sleeve", "paw",
];

/// Who a sentence is about: the owner of the document when nobody else is spoken of, or the only one whom
/// an action line names. None when it could be about somebody else.
fn about<'a>(passage: &Passage<'a>, words: &[Word<'_>], mentions: &'a [Mention]) -> Option<&'a Slug> {
    if words.iter().any(|word| kinship(word.text).is_some()) {
        return None;
    }
    let mut named = mentions.iter().map(|mention| &mention.who);
    match passage.owner {
        Some(owner) => named.all(|who| who == owner).then_some(owner),
        None => {
            let first = named.next()?;
            named.all(|who| who == first).then_some(first)
        }
    }
}

/// Whether the word at `index` is a name or pronoun that stands for the one spoken of, or nothing stands
/// before the next word.
fn subject_before(words: &[Word<'_>], mentions: &[Mention], index: usize) -> bool {
    let Some(before) = index.checked_sub(1) else { return true };
    words[before].any(&["he", "she", "they", "who"]) || mentions.iter().any(|mention| mention.first + mention.count - 1 == before)
}
