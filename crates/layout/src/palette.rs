//! Palettes: what colour each slot has for one figure.

use std::collections::BTreeMap;
use std::sync::Arc;

use bible::character::Side;
use bible::{Colour, Slug, Tones};
use engine::EngineError;
use engine::brief::FigureBrief;

use crate::catalogue::Catalogue;
use crate::cel::{FIXED, OUTLINE, Tone};

/// Skin where the colour model does not say: a warm light beige.
const SKIN: Colour = Colour::new(0xf8, 0xd9, 0xc4);

/// The colours of one slot, ready to paint with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swatch {
    /// What the colour model asks for.
    pub tones: Tones,
    /// In the light.
    pub base: Colour,
    /// In shadow.
    pub shadow: Colour,
    /// Where it shines.
    pub highlight: Colour,
    /// Lines inside the part.
    pub line: Colour,
    /// Its entry in the part map; 0 is none.
    pub index: u8,
}

impl Swatch {
    /// The swatch of tones, without an entry in the part map.
    #[must_use]
    pub fn new(tones: Tones) -> Self {
        Self { tones, base: tones.base, shadow: tones.shadow(), highlight: tones.highlight(), line: tones.line(), index: 0 }
    }

    /// The colour of a tone.
    #[must_use]
    pub const fn tone(&self, tone: Tone) -> Colour {
        match tone {
            Tone::Base => self.base,
            Tone::Shadow => self.shadow,
            Tone::Highlight => self.highlight,
        }
    }
}

/// Swatches by slot.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Palette {
    swatches: BTreeMap<Arc<str>, Swatch>,
}

impl Palette {
    /// The palette of a figure: its colour model over the defaults of its parts. Garments, accessories
    /// and marks have their slots as `<part>.<slot>`, animal ears and a tail as `ears.<slot>` and `tail.<slot>`.
    /// [`FIXED`] stands for lines and everything else that the colour model does not know.
    ///
    /// # Errors
    /// When the brief names parts that do not exist or are broken.
    pub fn of_figure(catalogue: &Catalogue, brief: &FigureBrief) -> Result<Self, EngineError> {
        let mut palette = Self::default();
        palette.set(FIXED, Tones::from_base(Colour::new(255, 255, 255)));
        palette.set("skin", Tones::from_base(SKIN));
        for (category, name) in crate::head::parts_of(brief)? {
            palette.add_part(catalogue, category, &name, |slot| slot.to_owned())?;
        }
        for (category, prefix, name) in [("ear", "ears", &brief.ears), ("tail", "tail", &brief.tail)] {
            if let Some(name) = name {
                palette.add_part(catalogue, category, name, |slot| format!("{prefix}.{slot}"))?;
            }
        }
        for garment in &brief.garments {
            palette.add_worn(catalogue, &["garment"], &garment.part, &garment.colours)?;
        }
        for worn in brief.marks.iter().chain(&brief.accessories) {
            palette.add_worn(catalogue, &["accessory", "mark"], &worn.part, &worn.colours)?;
        }
        if let Some(hair) = brief.colours.get("hair") {
            palette.set("brow", *hair);
            palette.set("ears.main", *hair);
            palette.set("tail.main", *hair);
        }
        for (slot, tones) in &brief.colours {
            palette.set(slot, *tones);
        }
        Ok(palette)
    }

    /// The palette of something that is no figure: a part's own colours, as written or as overridden.
    #[must_use]
    pub fn of_slots(defaults: &BTreeMap<String, Tones>, colours: &BTreeMap<Slug, Tones>) -> Self {
        let mut palette = Self::default();
        for (slot, tones) in defaults {
            palette.set(slot, *tones);
        }
        for (slot, tones) in colours {
            palette.set(slot.as_str(), *tones);
        }
        palette
    }

    fn add_part(
        &mut self,
        catalogue: &Catalogue,
        category: &str,
        name: &Slug,
        slot_name: impl Fn(&str) -> String,
    ) -> Result<(), EngineError> {
        for (slot, tones) in &catalogue.part(category, name)?.manifest.slots {
            for own in own_sides(slot) {
                if own != "skin" {
                    self.set(&slot_name(&own), *tones);
                }
            }
        }
        Ok(())
    }

    fn add_worn(
        &mut self,
        catalogue: &Catalogue,
        categories: &[&str],
        name: &Slug,
        colours: &BTreeMap<Slug, Tones>,
    ) -> Result<(), EngineError> {
        let category = categories.iter().find(|category| catalogue.names(category).any(|known| known == name.as_str()));
        self.add_part(catalogue, category.unwrap_or(&categories[0]), name, |slot| format!("{name}.{slot}"))?;
        for (slot, tones) in colours {
            self.set(&format!("{name}.{slot}"), *tones);
        }
        Ok(())
    }

    /// Gives a slot its tones.
    pub fn set(&mut self, slot: &str, tones: Tones) {
        self.swatches.insert(slot.into(), Swatch::new(tones));
    }

    /// The swatch of a slot, or of what it belongs to: `iris.left` falls back to `iris`.
    #[must_use]
    pub fn get(&self, slot: &str) -> Option<&Swatch> {
        let mut name = slot;
        loop {
            if let Some(swatch) = self.swatches.get(name) {
                return Some(swatch);
            }
            name = name.rsplit_once('.')?.0;
        }
    }

    /// All slots with their swatches, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Swatch)> {
        self.swatches.iter()
    }

    /// Numbers the slots for a part map from `first` on, and returns the next free number. Slots beyond 255 get none.
    pub fn number(&mut self, first: u16) -> u16 {
        let mut next = first;
        for swatch in self.swatches.values_mut() {
            swatch.index = u8::try_from(next).unwrap_or(0);
            next += 1;
        }
        next
    }

    /// The same slots under another light: every colour changed alike. Tones stay what the colour model says.
    #[must_use]
    pub fn lit(&self, light: impl Fn(Colour) -> Colour) -> Self {
        let swatches = self.swatches.iter().map(|(slot, swatch)| {
            let lit = Swatch {
                base: light(swatch.base),
                shadow: light(swatch.shadow),
                highlight: light(swatch.highlight),
                line: light(swatch.line),
                ..*swatch
            };
            (Arc::clone(slot), lit)
        });
        Self { swatches: swatches.collect() }
    }

    /// Shadows moved towards the base (0) or as they are (1), for shows that are drawn flatter.
    #[must_use]
    pub fn with_shadow_amount(&self, amount: f64) -> Self {
        let mut palette = self.clone();
        for swatch in palette.swatches.values_mut() {
            swatch.shadow = swatch.base.mix(swatch.shadow, amount);
        }
        palette
    }
}

/// The character's own side of `near` and `far`: facing right, near is their right; mirrored, their left.
#[must_use]
pub const fn side_of(near: bool, mirrored: bool) -> Side {
    if near == mirrored { Side::Left } else { Side::Right }
}

/// The slot with `near` and `far` replaced by the character's own side; `None` when it names neither.
#[must_use]
pub fn own_side(slot: &str, mirrored: bool) -> Option<Arc<str>> {
    let near = match slot.rsplit('.').next() {
        Some("near") => true,
        Some("far") => false,
        _ => return None,
    };
    let side = if side_of(near, mirrored) == Side::Left { "left" } else { "right" };
    let stem = slot.rsplit_once('.').map_or("", |(stem, _)| stem);
    Some(if stem.is_empty() { side.into() } else { format!("{stem}.{side}").into() })
}

/// Left and right for a slot that says near or far; the slot itself otherwise.
fn own_sides(slot: &str) -> Vec<String> {
    match (own_side(slot, false), own_side(slot, true)) {
        (Some(one), Some(other)) => vec![one.to_string(), other.to_string()],
        _ if slot == OUTLINE || slot == FIXED => Vec::new(),
        _ => vec![slot.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tones(colour: &str) -> Tones {
        Tones::from_base(colour.parse().unwrap())
    }

    #[test]
    fn near_is_the_right_side_until_the_figure_is_mirrored() {
        assert_eq!(own_side("iris.near", false).as_deref(), Some("iris.right"));
        assert_eq!(own_side("iris.near", true).as_deref(), Some("iris.left"));
        assert_eq!(own_side("iris.far", false).as_deref(), Some("iris.left"));
        assert_eq!(own_side("iris.far", true).as_deref(), Some("iris.right"));
        assert_eq!(own_side("iris", true), None);
    }

    #[test]
    fn a_side_falls_back_to_what_it_is_a_side_of() {
        let mut palette = Palette::default();
        palette.set("iris", tones("#336699"));
        palette.set("iris.left", tones("#aa3300"));
        assert_eq!(palette.get("iris.left").unwrap().base.to_string(), "#aa3300");
        assert_eq!(palette.get("iris.right").unwrap().base.to_string(), "#336699");
        assert!(palette.get("hair").is_none());
    }

    #[test]
    fn light_changes_what_is_painted_but_not_what_was_asked_for() {
        let mut palette = Palette::default();
        palette.set("hair", tones("#808080"));
        assert_eq!(palette.number(3), 4);
        let night = palette.lit(|colour| colour.mix(Colour::new(0, 0, 40), 0.5));
        let swatch = night.get("hair").unwrap();
        assert_ne!(swatch.base, swatch.tones.base);
        assert_eq!((swatch.tones, swatch.index), (tones("#808080"), 3));
    }
}
