//! Kinds of drift: what a picture can get wrong, one at a time.

use std::sync::Arc;

use bible::story::Facing;
use bible::{Colour, Tones};
use engine::brief::{FigureBrief, PictureBrief};
use engine::picture::Picture;
use layout::LayoutEngine;

use super::character::{any, colour, dyed, invented, outfit, slug};
use super::dice::Dice;
use super::treatment::Treatment;

/// The least difference (CIELAB, Euclidean) of a drifted colour: below it most people would not object.
const LEAST_SHIFT: f64 = 15.0;
/// Pixels that must differ from what was ordered for a drift to show.
const LEAST_PIXELS: usize = 60;

/// A kind of drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    HairHue,
    HairStyle,
    EyeColour,
    SwappedEyes,
    SkinTone,
    MissingMark,
    MissingAccessory,
    OutfitColour,
    WrongOutfit,
    SameColoursOther,
    OtherCharacter,
    WrongPose,
    LineStyle,
    Blur,
    Jpeg,
    Tint,
}

impl Kind {
    pub(super) const ALL: &'static [Self] = &[
        Self::HairHue,
        Self::HairStyle,
        Self::EyeColour,
        Self::SwappedEyes,
        Self::SkinTone,
        Self::MissingMark,
        Self::MissingAccessory,
        Self::OutfitColour,
        Self::WrongOutfit,
        Self::SameColoursOther,
        Self::OtherCharacter,
        Self::WrongPose,
        Self::LineStyle,
        Self::Blur,
        Self::Jpeg,
        Self::Tint,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::HairHue => "hair-hue",
            Self::HairStyle => "hair-style",
            Self::EyeColour => "eye-colour",
            Self::SwappedEyes => "swapped-eyes",
            Self::SkinTone => "skin-tone",
            Self::MissingMark => "missing-mark",
            Self::MissingAccessory => "missing-accessory",
            Self::OutfitColour => "outfit-colour",
            Self::WrongOutfit => "wrong-outfit",
            Self::SameColoursOther => "same-colours-other",
            Self::OtherCharacter => "other-character",
            Self::WrongPose => "wrong-pose",
            Self::LineStyle => "line-style",
            Self::Blur => "blur",
            Self::Jpeg => "jpeg",
            Self::Tint => "tint",
        }
    }

    /// What is painted instead of what was ordered; the order itself for drift of pixels. None where this character
    /// cannot drift this way.
    pub(super) fn drifted(self, brief: &PictureBrief, engine: &LayoutEngine, dice: &mut Dice) -> Option<PictureBrief> {
        let mut drifted = brief.clone();
        let mut actor = drifted.actors.first()?.clone();
        let mut figure = FigureBrief::clone(&actor.figure);
        match self {
            Self::HairHue => shift(&mut figure, &["hair"], dice)?,
            Self::SkinTone => shift(&mut figure, &["skin"], dice)?,
            Self::EyeColour => shift(&mut figure, &["iris.left", "iris.right"], dice)?,
            Self::HairStyle => figure.hair = Some(other(engine, "hair", figure.hair.as_ref()?, dice)),
            Self::SwappedEyes => {
                let [left, right] = ["iris.left", "iris.right"].map(|eye| figure.colours.get(eye).copied());
                let (left, right) = (left?, right?);
                if left == right {
                    return None;
                }
                figure.colours.insert("iris.left".to_owned(), right);
                figure.colours.insert("iris.right".to_owned(), left);
            }
            Self::MissingMark => {
                figure.marks.pop()?;
            }
            Self::MissingAccessory => {
                figure.accessories.pop()?;
            }
            Self::OutfitColour => {
                let at = dice.below(figure.garments.len());
                let part = figure.garments.get(at)?.part.clone();
                figure.garments[at] = dyed(engine, part.as_str(), dice);
            }
            Self::WrongOutfit => figure.garments = outfit(engine, dice),
            Self::SameColoursOther => {
                let stranger = invented(engine, 9_000, dice);
                let dyes: Vec<Tones> = figure.garments.iter().flat_map(|garment| garment.colours.values().copied()).collect();
                let mut garments = stranger.garments;
                let slots = garments.iter_mut().flat_map(|garment| garment.colours.values_mut());
                slots.zip(dyes.iter().cycle()).for_each(|(slot, dye)| *slot = *dye);
                figure = FigureBrief { garments, colours: figure.colours, character: figure.character, ..stranger };
            }
            Self::OtherCharacter => {
                let stranger = invented(engine, 9_000, dice);
                figure = FigureBrief { character: figure.character, ..stranger };
            }
            Self::WrongPose => {
                actor.pose = slug(dice.pick::<&str>(&["run", "kneel", "crouch", "sit-floor", "bow", "reach"]));
                actor.facing = *dice.pick(&[Facing::Front, Facing::Right, Facing::ThreeQuarterRight, Facing::ThreeQuarterLeft]);
            }
            Self::LineStyle => {
                drifted.style.line_weight = if dice.below(2) == 0 { dice.between(0.5, 0.6) } else { dice.between(1.7, 2.0) };
                drifted.style.shadow_amount = if dice.below(2) == 0 { 0.0 } else { 1.0 };
                drifted.style.line_colour = colour(dice.between(0.2, 0.5), 0.1, dice.share());
            }
            Self::Blur | Self::Jpeg | Self::Tint => {}
        }
        actor.figure = Arc::new(figure);
        drifted.actors[0] = actor;
        Some(drifted)
    }

    /// What happens to the pixels.
    pub(super) fn treatment(self, dice: &mut Dice) -> Option<Treatment> {
        match self {
            Self::Blur => Some(Treatment { blur: dice.between(1.8, 4.0), ..Treatment::NONE }),
            Self::Jpeg => Some(Treatment { jpeg: Some(4 + dice.below(7) as u8), ..Treatment::NONE }),
            Self::Tint => {
                let mut gain = [1.0; 3];
                gain[dice.below(3)] = dice.between(0.72, 0.82);
                gain[dice.below(3)] *= dice.between(1.06, 1.14);
                Some(Treatment { gain, ..Treatment::NONE })
            }
            _ => None,
        }
    }

    /// Whether the drift can be seen: enough pixels of the painting differ from the order. What was done to the pixels
    /// always shows.
    pub(super) fn shows(self, layout: &Picture, painted: &Picture) -> bool {
        if self.treatment(&mut Dice::of(0, 0)).is_some() {
            return true;
        }
        let differs = |(one, other): &(&[u8; 4], &[u8; 4])| {
            one.iter().zip(*other).map(|(one, other)| u32::from(one.abs_diff(*other))).sum::<u32>() > 30
        };
        let pixels = layout.image.rgba.as_chunks::<4>().0.iter().zip(painted.image.rgba.as_chunks::<4>().0);
        pixels.filter(differs).count() >= LEAST_PIXELS
    }
}

/// Gives slots a clearly different colour of the same lightness, about.
fn shift(figure: &mut FigureBrief, slots: &[&str], dice: &mut Dice) -> Option<()> {
    let turn = if dice.below(2) == 0 { dice.between(0.1, 0.3) } else { dice.between(-0.3, -0.1) };
    let lift = dice.between(-0.12, 0.12);
    for slot in slots {
        let tones = figure.colours.get_mut(*slot)?;
        let [lightness, a, b] = tones.base.oklab();
        let hue = b.atan2(a) / std::f64::consts::TAU;
        // What has next to no colour has no hue to turn: it gets some.
        let mut chroma = a.hypot(b).max(0.05);
        let mut shifted = colour((lightness + lift).clamp(0.15, 0.95), chroma, hue + turn);
        while apart(tones.base, shifted) < LEAST_SHIFT && chroma < 0.3 {
            chroma += 0.02;
            shifted = colour((lightness + lift).clamp(0.15, 0.95), chroma, hue + turn);
        }
        *tones = Tones::from_base(shifted);
    }
    Some(())
}

fn apart(one: Colour, other: Colour) -> f64 {
    one.cielab().iter().zip(other.cielab()).map(|(one, other)| (one - other).powi(2)).sum::<f64>().sqrt()
}

fn other(engine: &LayoutEngine, category: &str, than: &bible::Slug, dice: &mut Dice) -> bible::Slug {
    loop {
        let found = any(engine, category, dice);
        if found != *than {
            return found;
        }
    }
}
