//! What is worn on the head and what marks a face: each keeps to the character's own side from every direction.

use bible::character::Side;
use engine::EngineError;
use engine::brief::{FigureBrief, WornBrief};
use kurbo::Affine;
use serde::Deserialize;

use crate::catalogue::Catalogue;
use crate::cel::{self, Mark};
use crate::head::HeadPlace;
use crate::palette::side_of;
use crate::part::{Art, Part, View};

/// What `part.yaml` of an accessory or mark says besides its slots and its side.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wearing {
    /// The head's anchor that it is worn on: `eye`, `ear`, `cheek` on a side; `forehead`, `crown`, `nose` in the middle.
    pub on: String,
    /// Worn on both sides, whatever side the bible says.
    #[serde(default)]
    pub both: bool,
    /// Painted over the hair.
    #[serde(default)]
    pub over_hair: bool,
}

/// Marks in head space: beneath the hair, and over it.
#[derive(Debug, Default)]
pub(crate) struct Worn {
    pub(crate) beneath: Vec<Mark>,
    pub(crate) over: Vec<Mark>,
}

/// Everything that a figure wears on its head in one view. What is on a side that is turned away is not there.
pub(crate) fn on_head(catalogue: &Catalogue, figure: &FigureBrief, place: &HeadPlace, head: &Art) -> Result<Worn, EngineError> {
    let mut worn = Worn::default();
    let marks = figure.marks.iter().map(|worn| ("mark", worn));
    let accessories = figure.accessories.iter().map(|worn| ("accessory", worn));
    for (category, brief) in marks.chain(accessories) {
        let part = catalogue.part(category, &brief.part)?;
        let wearing: &Wearing = part.details()?;
        let drawn = placed(part, wearing, brief, place, head)?;
        if wearing.over_hair { worn.over.extend(drawn) } else { worn.beneath.extend(drawn) }
    }
    Ok(worn)
}

fn placed(part: &Part, wearing: &Wearing, brief: &WornBrief, place: &HeadPlace, head: &Art) -> Result<Vec<Mark>, EngineError> {
    let Some(art) = part.views.get(&place.view).or_else(|| part.views.get(&View::Front)) else {
        return Err(part.broken("front.svg", "the file is missing: this view must be drawn"));
    };
    let own = brief.side.or(part.manifest.side).unwrap_or(Side::Right);
    let sides: &[Side] = if wearing.both { &[Side::Right, Side::Left] } else { std::slice::from_ref(&own) };
    let mut marks = Vec::new();
    if let Some(at) = head.anchors.get(&wearing.on) {
        let across = match place.view {
            View::ThreeQuarter => 0.85,
            View::Side => 0.5,
            View::Front | View::Back => 1.0,
        };
        marks.extend(cel::transformed(&art.marks, Affine::translate(at.to_vec2()) * Affine::scale_non_uniform(across, 1.0)));
    } else {
        for side in sides {
            let Some(at) = place.anchor(head, &wearing.on, *side) else { continue };
            marks.extend(cel::transformed(&art.marks, Affine::translate(at.to_vec2()) * outwards(place, *side)));
        }
    }
    cel::rename_slots(&mut marks, |slot| Some(format!("{}.{slot}", part.name).into()));
    Ok(marks)
}

/// From a drawing whose right leads outwards from the middle of the face to a side of the head.
fn outwards(place: &HeadPlace, side: Side) -> Affine {
    let near = side_of(true, place.mirrored) == side;
    let across = match place.view {
        View::Front if side == Side::Left => 1.0,
        View::Back if side == Side::Right => 1.0,
        View::Front | View::Back => -1.0,
        View::ThreeQuarter if near => -0.96,
        View::ThreeQuarter => 0.74,
        View::Side => -0.8,
    };
    Affine::scale_non_uniform(across, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kurbo::{Shape, Vec2};
    use std::collections::BTreeMap;

    fn brief(part: &str, side: Option<Side>) -> WornBrief {
        WornBrief { part: part.parse().unwrap(), side, colours: BTreeMap::new() }
    }

    fn drawn(category: &str, brief: &WornBrief, view: View, mirrored: bool) -> Vec<Mark> {
        let catalogue = Catalogue::built_in();
        let part = catalogue.part(category, &brief.part).unwrap();
        let transform = if mirrored { cel::MIRROR } else { Affine::IDENTITY };
        let place = HeadPlace { view, mirrored, transform, slide: Vec2::ZERO };
        let head = catalogue.part("head", &"young".parse().unwrap()).unwrap().art(view).unwrap();
        cel::transformed(&placed(part, part.details().unwrap(), brief, &place, head).unwrap(), transform)
    }

    fn middle(marks: &[Mark]) -> f64 {
        marks.iter().map(|mark| mark.path.bounding_box()).reduce(|a, b| a.union(b)).unwrap().center().x
    }

    #[test]
    fn an_eye_patch_stays_on_its_own_eye_from_every_direction() {
        let left = brief("eye-patch", Some(Side::Left));
        assert!(middle(&drawn("accessory", &left, View::Front, false)) > 0.0, "from the front, left is right");
        assert!(drawn("accessory", &left, View::Side, false).is_empty(), "who faces right hides the left side");
        assert!(!drawn("accessory", &left, View::Side, true).is_empty(), "who faces left shows it");
        let far = middle(&drawn("accessory", &left, View::ThreeQuarter, false));
        let near = middle(&drawn("accessory", &brief("eye-patch", Some(Side::Right)), View::ThreeQuarter, false));
        assert!(far > near, "turned to the right, the left eye is the far one");
        let mirrored = middle(&drawn("accessory", &left, View::ThreeQuarter, true));
        assert!((mirrored + near).abs() < 2.0, "mirrored, it is the near one: {mirrored} {near}");
    }

    #[test]
    fn everything_that_is_worn_can_be_drawn_in_every_view() {
        let catalogue = Catalogue::built_in();
        for category in ["accessory", "mark"] {
            let names: Vec<String> = catalogue.names(category).map(str::to_owned).collect();
            assert!(names.len() >= 5, "{category}: {names:?}");
            for name in names {
                for view in View::ALL {
                    drawn(category, &brief(&name, None), view, false);
                }
                assert!(!drawn(category, &brief(&name, None), View::Front, false).is_empty(), "{name}");
            }
        }
    }
}
