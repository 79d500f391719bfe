//! Characters that nobody thought up: parts and colours thrown with dice.

use std::collections::BTreeMap;

use bible::{Colour, Slug, Tones};
use engine::brief::{FigureBrief, GarmentBrief, WornBrief};
use layout::LayoutEngine;

use super::dice::Dice;

/// What people wear together.
pub(super) const OUTFITS: [&[&str]; 11] = [
    &["sailor-top", "pleated-skirt", "knee-socks", "loafers"],
    &["gakuran", "trousers", "sneakers"],
    &["yukata", "geta"],
    &["shirt", "trousers", "loafers"],
    &["hoodie", "shorts", "sneakers"],
    &["dress", "boots"],
    &["kimono", "sandals"],
    &["sweater", "trousers", "sneakers"],
    &["t-shirt", "shorts", "sandals"],
    &["shrine-top", "hakama", "geta"],
    &["shirt", "blazer", "pleated-skirt", "knee-socks", "loafers"],
];

/// Marks that a picture can show; freckles and blush are fainter than any tolerance.
const MARKS: [&str; 6] = ["bandage", "face-paint", "forehead-mark", "nose-plaster", "scar-cheek", "whisker-marks"];
const ACCESSORIES: [&str; 7] = ["hair-clip", "hair-ribbon", "flower", "star-clip", "kanzashi", "glasses", "eye-patch"];

pub(crate) fn slug(name: &str) -> Slug {
    #[expect(clippy::expect_used, reason = "the names are written in this crate")]
    name.parse().expect("a name of the catalogue")
}

/// A colour by lightness, chroma and hue (a turn is 1) in Oklab.
pub(crate) fn colour(lightness: f64, chroma: f64, hue: f64) -> Colour {
    let angle = hue * std::f64::consts::TAU;
    Colour::from_oklab([lightness, chroma * angle.cos(), chroma * angle.sin()])
}

/// Any of a category's parts.
pub(super) fn any(engine: &LayoutEngine, category: &str, dice: &mut Dice) -> Slug {
    let names: Vec<&str> = engine.catalogue().names(category).collect();
    slug(dice.pick::<&str>(&names))
}

/// A garment with every slot in a colour of its own.
pub(super) fn dyed(engine: &LayoutEngine, part: &str, dice: &mut Dice) -> GarmentBrief {
    let part = slug(part);
    let slots = engine.catalogue().part("garment", &part).map(|part| part.manifest.slots.keys().cloned().collect()).unwrap_or_default();
    let slots: Vec<String> = slots;
    let colours = slots
        .iter()
        .map(|slot| {
            let colour = colour(dice.between(0.3, 0.95), dice.between(0.0, 0.14), dice.share());
            (slug(slot), Tones::from_base(colour))
        })
        .collect();
    GarmentBrief { part, colours }
}

pub(crate) fn outfit(engine: &LayoutEngine, dice: &mut Dice) -> Vec<GarmentBrief> {
    dice.pick(&OUTFITS).iter().map(|part| dyed(engine, part, dice)).collect()
}

fn worn(part: &str) -> WornBrief {
    WornBrief { part: slug(part), side: None, colours: BTreeMap::new() }
}

/// A character. Half of them have eyes of two colours, and two thirds a mark, so that both can go wrong.
pub(crate) fn invented(engine: &LayoutEngine, index: u32, dice: &mut Dice) -> FigureBrief {
    let builds = ["slim", "teen", "broad", "child"];
    let hair = colour(dice.between(0.2, 0.85), dice.between(0.02, 0.16), dice.share());
    let skin = colour(dice.between(0.6, 0.92), dice.between(0.03, 0.07), dice.between(0.11, 0.19));
    let left_hue = dice.share();
    let left = colour(dice.between(0.4, 0.75), dice.between(0.09, 0.18), left_hue);
    let two = dice.below(2) == 0;
    let right = if two { colour(dice.between(0.4, 0.75), dice.between(0.09, 0.18), left_hue + dice.between(0.25, 0.75)) } else { left };
    let tones = |colour| Tones::from_base(colour);
    let colours = [("hair", hair), ("skin", skin), ("iris.left", left), ("iris.right", right)];
    FigureBrief {
        character: slug(&format!("character-{index}")),
        build: slug(dice.pick::<&str>(&builds)),
        height_cm: dice.between(140.0, 185.0).round(),
        head: None,
        hair: Some(any(engine, "hair", dice)),
        eyes: Some(any(engine, "eye", dice)),
        brows: Some(any(engine, "brow", dice)),
        nose: Some(any(engine, "nose", dice)),
        ears: None,
        tail: None,
        marks: if dice.below(3) < 2 { vec![worn(dice.pick::<&str>(&MARKS))] } else { Vec::new() },
        garments: outfit(engine, dice),
        accessories: if dice.below(3) < 2 { vec![worn(dice.pick::<&str>(&ACCESSORIES))] } else { Vec::new() },
        colours: colours.into_iter().map(|(slot, colour)| (slot.to_owned(), tones(colour))).collect(),
    }
}
