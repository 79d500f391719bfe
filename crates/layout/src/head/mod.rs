//! Heads: which view of a head is seen, and everything that is painted of it: skull and ears, face, hair.

mod eye;
mod face;

use bible::Slug;
use bible::character::Side;
use engine::EngineError;
use engine::brief::FigureBrief;
use glam::DVec3;
use kurbo::{Affine, BezPath, Point, Vec2};

use crate::body::shade::clipped;
use crate::body::tube::Lens;
use crate::catalogue::Catalogue;
use crate::cel::{MIRROR, Mark, Paint, Tone, of_layer};
use crate::figure::Acting;
use crate::palette::{own_side, side_of};
use crate::part::{Art, View};
use crate::skeleton::{Joint, side_index};
use crate::worn;

/// Where the shade of the front hair falls on the face, in head units.
const HAIR_SHADE: Vec2 = Vec2::new(2.0, 6.5);

/// How far a face slides over the skull when the head nods or turns a little inside of one view.
const NOD: f64 = 11.0;
const TURN: f64 = 5.0;

/// A head in the picture.
#[derive(Debug, Clone)]
pub(crate) struct HeadPlace {
    /// The drawing that is used.
    pub(crate) view: View,
    /// Whether that drawing is mirrored: the head faces the picture's left.
    pub(crate) mirrored: bool,
    /// From head units to figure units.
    pub(crate) transform: Affine,
    /// How far the face slides over the skull, in head units.
    pub(crate) slide: Vec2,
}

impl HeadPlace {
    /// The place of a head joint as the camera sees it.
    pub(crate) fn of(joint: &Joint, lens: Lens) -> Self {
        let forward = joint.turn * DVec3::Z;
        let up = joint.turn * DVec3::NEG_Y;
        let yaw = forward.x.atan2(forward.z).to_degrees();
        let view = match yaw.abs() {
            angle if angle < 21.0 => View::Front,
            angle if angle < 66.0 => View::ThreeQuarter,
            angle if angle < 128.0 => View::Side,
            _ => View::Back,
        };
        let turned = matches!(view, View::ThreeQuarter | View::Side);
        let mirrored = turned && yaw < 0.0;
        let roll = up.x.atan2(-up.y);
        let at = lens.project(joint.at);
        let upright = Affine::translate(at.to_vec2()) * Affine::rotate(roll) * Affine::scale(lens.scale(joint.at.z));
        let along = if view == View::Front { yaw / 21.0 * TURN } else { 0.0 };
        let nod = if view == View::Side { 0.0 } else { forward.y * NOD };
        Self { view, mirrored, transform: if mirrored { upright * MIRROR } else { upright }, slide: Vec2::new(along, nod) }
    }

    /// A point of the head drawing in the figure.
    fn point(&self, point: Point) -> Point {
        self.transform * point
    }

    /// The anchor of a side: `eye.left` from the front, `eye.near` where the head is turned.
    pub(crate) fn anchor(&self, art: &Art, name: &str, side: Side) -> Option<Point> {
        let own = match self.view {
            View::Front | View::Back => {
                if side == Side::Left {
                    "left"
                } else {
                    "right"
                }
            }
            View::ThreeQuarter | View::Side => {
                if side_of(true, self.mirrored) == side {
                    "near"
                } else {
                    "far"
                }
            }
        };
        art.anchors.get(&format!("{name}.{own}")).copied()
    }
}

/// The parts of a head by category: what the brief names, and what suits the build where it names nothing.
pub(crate) fn parts_of(figure: &FigureBrief) -> Result<Vec<(&'static str, Slug)>, EngineError> {
    let usual = match figure.build.as_str() {
        "child" => ["child", "round", "soft", "small"],
        "elder" => ["elder", "gentle", "thin", "round"],
        "broad" => ["broad", "narrow", "thick", "straight"],
        "slim" => ["adult", "narrow", "straight", "straight"],
        _ => ["young", "round", "soft", "small"],
    };
    let named = [("head", &figure.head), ("eye", &figure.eyes), ("brow", &figure.brows), ("nose", &figure.nose)];
    let mut parts = Vec::with_capacity(5);
    for ((category, name), usual) in named.into_iter().zip(usual) {
        let name = match name {
            Some(name) => name.clone(),
            None => usual.parse().map_err(|error: bible::id::ParseSlugError| EngineError::Impossible { reason: error.to_string() })?,
        };
        parts.push((category, name));
    }
    parts.extend(figure.hair.clone().map(|hair| ("hair", hair)));
    Ok(parts)
}

/// A head, taken apart as it is painted.
#[derive(Debug, Default)]
pub(crate) struct HeadArt {
    /// Hair behind the body.
    pub(crate) behind: Vec<Mark>,
    /// Skull, ears and face.
    pub(crate) head: Vec<Mark>,
    /// Hair over the face.
    pub(crate) hair: Vec<Mark>,
    /// Brows, seen through the hair as anime has them, and what is worn over it.
    pub(crate) brows: Vec<Mark>,
    /// Nose, right eye, left eye, right ear, left ear.
    pub(crate) joints: [Option<Point>; 5],
}

/// Draws a head at its place.
pub(crate) fn draw(catalogue: &Catalogue, acting: &Acting<'_>, place: &HeadPlace) -> Result<HeadArt, EngineError> {
    let parts = parts_of(acting.figure)?;
    let art_of = |category: &str| -> Result<Option<&Art>, EngineError> {
        let Some((_, name)) = parts.iter().find(|(known, _)| *known == category) else { return Ok(None) };
        catalogue.part(category, name)?.art(place.view).map(Some)
    };
    let mut drawn = HeadArt::default();
    let Some(head) = art_of("head")? else { return Ok(drawn) };
    drawn.head.extend(head.marks.iter().cloned());
    let hair = art_of("hair")?;
    if let Some(hair) = hair {
        drawn.behind.extend(of_layer(&hair.marks, "back").cloned());
        drawn.hair.extend(hair.marks.iter().filter(|mark| mark.layer.as_deref() != Some("back")).cloned());
    }
    if place.view != View::Back {
        drawn.head.extend(hair_shade(head, &drawn.hair));
        let face = face::draw(catalogue, acting, place, head, &parts)?;
        drawn.head.extend(face.marks);
        drawn.brows = face.brows;
    }
    let worn = worn::on_head(catalogue, acting.figure, place, head)?;
    drawn.head.extend(worn.beneath);
    drawn.brows.extend(worn.over);
    for marks in [&mut drawn.behind, &mut drawn.head, &mut drawn.hair, &mut drawn.brows] {
        for mark in marks.iter_mut() {
            if let Some(own) = own_side(&mark.slot, place.mirrored) {
                mark.slot = own;
            }
            mark.transform(place.transform);
        }
    }
    let seen = |name: &str, side| place.anchor(head, name, side).map(|point| place.point(point));
    drawn.joints = [
        head.anchors.get("nose").map(|point| place.point(*point)),
        seen("eye", Side::Right),
        seen("eye", Side::Left),
        seen("ear", Side::Right),
        seen("ear", Side::Left),
    ];
    Ok(drawn)
}

/// The shade of the front hair on the skin below it.
fn hair_shade(head: &Art, hair: &[Mark]) -> Vec<Mark> {
    let fringe: BezPath = hair.iter().filter(|mark| mark.is_base()).flat_map(|mark| mark.path.iter()).collect();
    if fringe.is_empty() {
        return Vec::new();
    }
    let shade = Affine::translate(HAIR_SHADE) * fringe;
    let skull = head.marks.iter().filter(|mark| mark.is_base() && &*mark.slot == "skin").max_by(|one, other| {
        let size = |mark: &Mark| kurbo::Shape::bounding_box(&mark.path).area();
        size(one).total_cmp(&size(other))
    });
    let Some(skull) = skull else { return Vec::new() };
    let path = clipped(&shade, &skull.path);
    if path.is_empty() { Vec::new() } else { vec![Mark { path, slot: skull.slot.clone(), paint: Paint::Fill(Tone::Shadow), layer: None }] }
}

/// Puts the joints of a head into the order of OpenPose.
pub(crate) fn note_joints(joints: &mut [Option<Point>; 18], head: &HeadArt) {
    for (joint, place) in [0, 14, 15, 16, 17].into_iter().zip(head.joints) {
        joints[joint] = place;
    }
    debug_assert_eq!(side_index(Side::Right), 0, "the right side comes first");
}
