//! An animal's head: drawn for each direction, with ears, eyes and a mouth that act.

use bible::character::Side;
use bible::story::Expression;
use engine::EngineError;
use engine::brief::MouthShape;
use kurbo::{Affine, BezPath, Point, Vec2};

use super::Face;
use crate::body::shade::clipped;
use crate::cel::{self, MIRROR, Mark, Tone};
use crate::palette::{own_side, side_of};
use crate::part::{Art, Part, View};
use crate::stage::timing::Eyes;

/// How a head is held.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Held {
    /// Where the neck meets the skull, in the picture.
    pub(crate) at: Point,
    /// The drawing.
    pub(crate) view: View,
    /// Facing left.
    pub(crate) mirrored: bool,
    /// Degrees bent down.
    pub(crate) nod: f64,
}

/// A head, drawn.
#[derive(Debug, Default)]
pub(crate) struct Head {
    /// Behind the skull and before it.
    pub(crate) marks: Vec<Mark>,
    pub(crate) nose: Option<Point>,
    /// Right, left.
    pub(crate) eyes: [Option<Point>; 2],
    /// Right, left.
    pub(crate) ears: [Option<Point>; 2],
}

/// Share of an eye's width that a direction leaves: near or either, far.
const fn eye_width(view: View) -> [f64; 2] {
    match view {
        View::ThreeQuarter => [0.96, 0.76],
        View::Side => [0.8, 0.0],
        View::Front | View::Back => [1.0, 1.0],
    }
}

/// Degrees that ears lean outwards and back.
const fn ear_lean(expression: Expression) -> f64 {
    match expression {
        Expression::Neutral => 0.0,
        Expression::Happy => 9.0,
        Expression::Sad => 38.0,
        Expression::Angry => 46.0,
        Expression::Surprised => -7.0,
        Expression::Determined => 15.0,
    }
}

/// The drawing of the eyes.
const fn eye_name(face: Face) -> &'static str {
    match (face.eyes, face.expression) {
        // Happy eyes are shut for joy already.
        (Eyes::Open, Expression::Happy) => "eye-happy",
        (Eyes::Closed, _) => "eye-closed",
        (Eyes::Half, _) => "eye-half",
        (Eyes::Open, Expression::Neutral) => "eye-neutral",
        (Eyes::Open, Expression::Sad) => "eye-sad",
        (Eyes::Open, Expression::Angry) => "eye-angry",
        (Eyes::Open, Expression::Surprised) => "eye-surprised",
        (Eyes::Open, Expression::Determined) => "eye-determined",
    }
}

/// The drawing of the mouth, without its direction.
const fn mouth_name(face: Face) -> &'static str {
    match (face.mouth, face.expression) {
        (MouthShape::A, _) => "a",
        (MouthShape::I, _) => "i",
        (MouthShape::U, _) => "u",
        (MouthShape::E, _) => "e",
        (MouthShape::O, _) => "o",
        (MouthShape::Closed, Expression::Happy) => "happy",
        (MouthShape::Closed, Expression::Sad) => "sad",
        (MouthShape::Closed, Expression::Angry) => "angry",
        (MouthShape::Closed, Expression::Surprised) => "surprised",
        (MouthShape::Closed, Expression::Neutral | Expression::Determined) => "closed",
    }
}

/// Draws the head of `part`.
pub(crate) fn draw(part: &Part, held: Held, face: Face) -> Result<Head, EngineError> {
    let skull = piece(part, &format!("head-{}", held.view.name()))?;
    let sideways = if matches!(held.view, View::Front | View::Back) { 0.0 } else { 1.0 };
    let turned = Affine::rotate((held.nod * (0.25 + 0.65 * sideways) * sideways).to_radians());
    let lowered = Affine::translate((0.0, held.nod * 0.35 * (1.0 - sideways * 0.6)));
    let mut place = Affine::translate(held.at.to_vec2()) * lowered;
    if held.mirrored {
        place *= MIRROR;
    }
    place *= turned;
    let mut head = Head::default();
    let lean = ear_lean(face.expression);
    for (name, at) in &skull.anchors {
        let Some((kind, which)) = name.split_once('.') else { continue };
        let (side, outwards) = side(which, held)?;
        let own = usize::from(side == Side::Left);
        match kind {
            "ear" => {
                let ear = piece(part, &format!("ear-{}", ear_view(held.view)))?;
                // In profile ears lean back, and the far one shows beside the near one.
                let (outwards, lean) = if held.view == View::Side { (-1.0, lean * 0.8) } else { (outwards, lean) };
                let width = if held.view == View::ThreeQuarter && which == "far" { 0.86 } else { 1.0 };
                let local =
                    Affine::translate(at.to_vec2()) * Affine::scale_non_uniform(outwards * width, 1.0) * Affine::rotate(lean.to_radians());
                let marks = cel::transformed(&ear.marks, local);
                // Far ears are behind near ones.
                let before = if which == "far" { 0 } else { head.marks.len() };
                head.marks.splice(before..before, marks);
                head.ears[own] = ear.anchors.get("tip").map(|tip| place * (local * *tip));
            }
            "eye" => head.eyes[own] = Some(place * *at),
            _ => {}
        }
    }
    head.marks.extend(skull.marks.iter().cloned());
    for (name, at) in &skull.anchors {
        let Some(("eye", which)) = name.split_once('.') else { continue };
        let (side, outwards) = side(which, held)?;
        let [near, far] = eye_width(held.view);
        let width = if which == "far" { far } else { near };
        let eye = piece(part, eye_name(face))?;
        let local = Affine::translate(at.to_vec2()) * Affine::scale_non_uniform(outwards * width, 1.0);
        head.marks.extend(eye_marks(eye, local, side));
    }
    if let Some(at) = skull.anchors.get("mouth") {
        let (view, width) = match held.view {
            View::Side => ("side", 1.0),
            View::ThreeQuarter => ("front", 0.86),
            View::Front | View::Back => ("front", 1.0),
        };
        let mouth = piece(part, &format!("mouth-{view}-{}", mouth_name(face)))?;
        head.marks.extend(cel::transformed(&mouth.marks, Affine::translate(at.to_vec2()) * Affine::scale_non_uniform(width, 1.0)));
    }
    head.nose = skull.anchors.get("nose").map(|at| place * *at);
    for mark in &mut head.marks {
        mark.transform(place);
        if let Some(own) = own_side(&mark.slot, held.mirrored) {
            mark.slot = own;
        }
    }
    Ok(head)
}

/// An eye where it belongs: what is in its `inside` layer is seen through its opening, the first shape.
fn eye_marks(eye: &Art, local: Affine, side: Side) -> Vec<Mark> {
    let opening: BezPath = eye.marks.first().map(|mark| mark.path.clone()).unwrap_or_default();
    let own = if side == Side::Left { "iris.left" } else { "iris.right" };
    let seen = |mark: &Mark| {
        let mut mark = mark.clone();
        if mark.layer.as_deref() == Some("inside") {
            mark.path = clipped(&mark.path, &opening);
        }
        if &*mark.slot == "iris" {
            mark.slot = own.into();
        }
        // The head's outline is enough.
        if mark.is_base() {
            mark.paint = cel::Paint::Bare;
        }
        mark.transform(local);
        mark
    };
    eye.marks.iter().map(seen).filter(|mark| !mark.path.is_empty()).collect()
}

/// The creature's own side of an anchor, and the direction in the drawing that leads outwards from there.
fn side(which: &str, held: Held) -> Result<(Side, f64), EngineError> {
    let seen_from_behind = if held.view == View::Back { -1.0 } else { 1.0 };
    Ok(match which {
        "left" => (Side::Left, seen_from_behind),
        "right" => (Side::Right, -seen_from_behind),
        "near" => (side_of(true, held.mirrored), -1.0),
        "far" => (side_of(false, held.mirrored), 1.0),
        other => {
            return Err(EngineError::Impossible { reason: format!("an anchor on the side `{other}`; write left, right, near or far") });
        }
    })
}

const fn ear_view(view: View) -> &'static str {
    match view {
        View::Front | View::ThreeQuarter => "front",
        View::Side => "side",
        View::Back => "back",
    }
}

fn piece<'a>(part: &'a Part, name: &str) -> Result<&'a Art, EngineError> {
    part.pieces.get(name).ok_or_else(|| part.broken(&format!("{name}.svg"), "the file is missing: a creature needs this drawing"))
}

/// The shade that a head casts on what is below it.
pub(crate) fn shade(head: &Head, on: &BezPath) -> Mark {
    let whole: BezPath = head.marks.iter().filter(|mark| mark.is_base()).flat_map(|mark| mark.path.iter()).collect();
    Mark::fill(clipped(&(Affine::translate(Vec2::new(3.0, 17.0)) * whole), on), &"fur".into(), Tone::Shadow)
}
