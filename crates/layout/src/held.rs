//! What hands hold: props in the fist, behind the fingers.

use engine::EngineError;
use engine::brief::PropBrief;
use kurbo::{Affine, Shape};
use serde::Deserialize;

use crate::cel::{self, FIXED};
use crate::figure::{FigureArt, Grip, Group, Owner};
use crate::palette::Palette;
use crate::part::{Catalogue, View};

/// What `part.yaml` of a prop says besides its slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Handling {
    /// It hangs straight down from the hand, however that is turned: a lantern, a bag.
    pub hangs: bool,
    /// It is carried level: a cup, an umbrella.
    pub upright: bool,
}

/// Puts what is held (right hand first, then left) into the hands of a figure. Who has no hand to hold it with, or
/// whose hand this view hides, is painted without.
///
/// # Errors
/// When there is no such prop, or its files are broken.
pub fn paint(catalogue: &Catalogue, art: &mut FigureArt, holds: &[PropBrief]) -> Result<(), EngineError> {
    let mut held: Vec<(Grip, &PropBrief)> = art.grips.iter().zip(holds).filter_map(|(grip, prop)| Some(((*grip)?, prop))).collect();
    // From the front to the back, so that the places of the others stay what they are.
    held.sort_by_key(|(grip, _)| std::cmp::Reverse(grip.group));
    for (grip, prop) in held {
        let part = catalogue.part("prop", &prop.part)?;
        let handling: &Handling = part.details()?;
        let drawing = [View::Front, View::ThreeQuarter, View::Side, View::Back].into_iter().find_map(|view| part.views.get(&view));
        let drawing = drawing.ok_or_else(|| part.broken("front.svg", "the file is missing: this view must be drawn"))?;
        let turn = if handling.hangs || handling.upright { 0.0 } else { lean(grip.turn) };
        let place = Affine::translate(grip.at.to_vec2()) * Affine::rotate(turn) * Affine::scale(1.0 / art.cm_per_unit);
        let marks = cel::transformed(&drawing.marks, place);
        let bounds = marks.iter().map(|mark| mark.path.bounding_box()).reduce(|a, b| a.union(b));
        art.bounds = bounds.map_or(art.bounds, |bounds| art.bounds.union(bounds));
        let mut palette = Palette::of_slots(&part.manifest.slots, &prop.colours);
        palette.set(FIXED, bible::Tones::from_base(bible::Colour::new(255, 255, 255)));
        art.owners.push(Owner { slug: prop.prop.clone(), palette });
        art.groups.insert(grip.group.min(art.groups.len()), Group { owner: art.owners.len() - 1, marks });
        for other in art.grips.iter_mut().flatten().filter(|other| other.group > grip.group) {
            other.group += 1;
        }
    }
    Ok(())
}

/// How a thing leans that a fist closes around: across the fingers, with its upper end up.
fn lean(turn: f64) -> f64 {
    use std::f64::consts::{FRAC_PI_2, PI, TAU};
    let across = [turn + FRAC_PI_2, turn - FRAC_PI_2].map(|angle| (angle + PI).rem_euclid(TAU) - PI);
    let [one, other] = across;
    if one.abs() <= other.abs() { one } else { other }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::f64::consts::FRAC_PI_2;

    fn prop(part: &str) -> PropBrief {
        PropBrief { prop: format!("my-{part}").parse().unwrap(), part: part.parse().unwrap(), colours: BTreeMap::new() }
    }

    fn empty_handed(turn: f64) -> FigureArt {
        let grip = |group| Some(Grip { at: kurbo::Point::new(10.0, -100.0), turn, group });
        FigureArt {
            groups: vec![Group { owner: 0, marks: Vec::new() }, Group { owner: 0, marks: Vec::new() }],
            owners: vec![Owner { slug: "mio".parse().unwrap(), palette: Palette::default() }],
            joints: [None; 18],
            bounds: kurbo::Rect::ZERO,
            ground: Vec::new(),
            cm_per_unit: 0.25,
            grips: [grip(1), grip(0)],
        }
    }

    #[test]
    fn a_stick_is_upright_in_a_hand_that_points_forward() {
        assert!(lean(-FRAC_PI_2).abs() < 1e-9 && lean(FRAC_PI_2).abs() < 1e-9);
        assert!((lean(0.0).abs() - FRAC_PI_2).abs() < 1e-9);
    }

    #[test]
    fn what_hangs_hangs_straight_down_however_the_hand_is_turned() {
        let catalogue = Catalogue::built_in();
        let bounds = |turn| {
            let mut art = empty_handed(turn);
            paint(&catalogue, &mut art, &[prop("paper-lantern")]).unwrap();
            art.bounds
        };
        assert_eq!(bounds(0.0), bounds(1.2));
    }

    #[test]
    fn everything_in_the_catalogue_can_be_held_in_both_hands() {
        let catalogue = Catalogue::built_in();
        let names: Vec<String> = catalogue.names("prop").map(str::to_owned).collect();
        assert!(names.len() >= 12, "{names:?}");
        for name in names {
            let mut art = empty_handed(0.4);
            paint(&catalogue, &mut art, &[prop(&name), prop(&name)]).unwrap();
            assert_eq!((art.groups.len(), art.owners.len()), (4, 3), "{name}");
            assert!(art.bounds.height() > 4.0, "{name}");
            let owners: Vec<usize> = art.groups.iter().map(|group| group.owner).collect();
            assert_eq!([owners[1], owners[3]], [0, 0], "{name}: hands close over it");
        }
    }
}
