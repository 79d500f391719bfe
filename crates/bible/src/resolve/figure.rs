//! The part of a character that drawing reads, and nothing else.
//!
//! Whoever draws goes through here, so that an edit of a character's fears or of what their aunt is
//! called does not make a picture stale.

use std::collections::BTreeMap;

use super::{Reads, ResolvedCharacter};
use crate::character::{Garment, Side, Worn};
use crate::{Slug, Tones};

/// What a figure is drawn from.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureInputs<'a> {
    /// Proportions.
    pub build: &'a Slug,
    /// Standing height in centimetres.
    pub height_cm: f64,
    /// Head shape.
    pub head: Option<&'a Slug>,
    /// Hair style: the look's own, or the character's.
    pub hair: Option<&'a Slug>,
    /// Eye shape.
    pub eyes: Option<&'a Slug>,
    /// Brow shape.
    pub brows: Option<&'a Slug>,
    /// Nose.
    pub nose: Option<&'a Slug>,
    /// Animal ears.
    pub ears: Option<&'a Slug>,
    /// Tail.
    pub tail: Option<&'a Slug>,
    /// Marks of the body.
    pub marks: &'a [Worn],
    /// Garments from the skin outwards.
    pub garments: &'a [Garment],
    /// Accessories.
    pub accessories: &'a [Worn],
    /// The colour model.
    pub colours: &'a BTreeMap<String, Tones>,
}

/// Reads what a figure is drawn from.
pub fn figure_inputs<'a>(who: &'a ResolvedCharacter, reads: &mut Reads) -> FigureInputs<'a> {
    let mut book = Book { base: format!("characters.{}", who.slug), who, reads };
    let character = &*who.character;
    let traits = &character.visual_traits;
    let look = who.look.as_ref().and_then(|name| Some((name, character.wardrobe.get(name)?)));
    let look_hair = look.and_then(|(_, look)| look.hair.as_ref());
    let mut part = |name: &str, part: Option<&'a Slug>| {
        book.note(&format!("visual_traits.{name}"), &part);
        part
    };
    let (head, eyes, brows, nose) = (
        part("head", traits.head.as_ref()),
        part("eyes", traits.eyes.as_ref()),
        part("brows", traits.brows.as_ref()),
        part("nose", traits.nose.as_ref()),
    );
    let (ears, tail) = (part("ears", traits.ears.as_ref()), part("tail", traits.tail.as_ref()));
    let build = part("build", Some(&traits.build)).unwrap_or(&traits.build);
    book.note("visual_traits.height_cm", &traits.height_cm);
    book.worn("visual_traits.marks", &traits.marks);
    book.tones("colour_model", character.colour_model.iter().map(|(slot, tones)| (slot.as_str(), tones)));
    let own_hair = traits.hair.as_ref().map(|hair| &hair.style);
    let mut hair = own_hair;
    if let Some((name, look)) = look {
        let base = format!("wardrobe.{name}");
        book.note(&format!("{base}.hair.style"), &look_hair.map(|hair| &hair.style));
        book.note(&format!("{base}.garments"), &look.garments.iter().map(|garment| &garment.part).collect::<Vec<_>>());
        for (index, garment) in look.garments.iter().enumerate() {
            book.tones(&format!("{base}.garments.{index}.colours"), garment.colours.iter().map(|(slot, tones)| (slot.as_str(), tones)));
        }
        book.worn(&format!("{base}.accessories"), &look.accessories);
        hair = look_hair.map(|hair| &hair.style).or(own_hair);
    }
    if look_hair.is_none() {
        book.note("visual_traits.hair.style", &own_hair);
    }
    FigureInputs {
        build,
        height_cm: traits.height_cm,
        head,
        hair,
        eyes,
        brows,
        nose,
        ears,
        tail,
        marks: &traits.marks,
        garments: look.map_or(&[], |(_, look)| &look.garments),
        accessories: look.map_or(&[], |(_, look)| &look.accessories),
        colours: &character.colour_model,
    }
}

struct Book<'a> {
    base: String,
    who: &'a ResolvedCharacter,
    reads: &'a mut Reads,
}

impl Book<'_> {
    fn note<T: serde::Serialize + ?Sized>(&mut self, field: &str, value: &T) {
        self.reads.note_since(&format!("{}.{field}", self.base), self.who.since, value);
    }

    fn tones<'t>(&mut self, path: &str, colours: impl Iterator<Item = (&'t str, &'t Tones)>) {
        let mut slots = Vec::new();
        for (slot, tones) in colours {
            self.note(&format!("{path}.{slot}.base"), &tones.base);
            self.note(&format!("{path}.{slot}.shadow"), &tones.shadow);
            self.note(&format!("{path}.{slot}.highlight"), &tones.highlight);
            slots.push(slot);
        }
        // Which slots there are is a value too: a colour added later must be seen as a change.
        self.note(path, &slots);
    }

    fn worn(&mut self, path: &str, worn: &[Worn]) {
        let parts: Vec<(&Slug, Option<Side>)> = worn.iter().map(|item| (&item.part, item.side)).collect();
        self.note(path, &parts);
        for (index, item) in worn.iter().enumerate() {
            self.tones(&format!("{path}.{index}.colours"), item.colours.iter().map(|(slot, tones)| (slot.as_str(), tones)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Character;
    use crate::resolve::Timeline;
    use crate::source::{example, read};

    fn reads(change: impl Fn(&mut Character), at: &str) -> Reads {
        let mut mei = read(&example()).project.unwrap().bible.characters["mei"].clone();
        change(&mut mei);
        let timeline = Timeline::of(&"mei".parse().unwrap(), &mei).unwrap();
        let who = timeline.at(at.parse().unwrap(), None).unwrap();
        let mut reads = Reads::new();
        figure_inputs(&who, &mut reads);
        reads
    }

    #[test]
    fn what_is_read_is_named_with_the_time_since_which_it_holds() {
        let reads = reads(|_| {}, "S01E01.02.004");
        let paths: Vec<&str> = reads.iter().map(|(path, _)| path).collect();
        insta::assert_snapshot!(paths.join("\n"));
    }

    #[test]
    fn an_edit_that_is_not_seen_changes_nothing_that_was_read() {
        let before = reads(|_| {}, "S01E01.01");
        let after = reads(
            |mei| {
                mei.personality.fears = "The dark.".into();
                mei.description = "Other words.".into();
                mei.wardrobe.get_mut("festival").unwrap().garments.clear();
                mei.relationships.clear();
            },
            "S01E01.01",
        );
        assert_eq!(before, after);
    }

    #[test]
    fn an_edit_that_is_seen_is_named_and_nothing_else() {
        let before = reads(|_| {}, "S01E01.01");
        let recoloured = reads(|mei| mei.colour_model.get_mut("skin").unwrap().base = "#aa8866".parse().unwrap(), "S01E01.01");
        assert_eq!(before.changed(&recoloured), ["characters.mei.colour_model.skin.base"]);
        let dressed = reads(|mei| mei.wardrobe.get_mut("school").unwrap().garments[0].part = "blazer".parse().unwrap(), "S01E01.01");
        assert_eq!(before.changed(&dressed), ["characters.mei.wardrobe.school.garments"]);
    }
}
