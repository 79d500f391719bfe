//! Faces: eyes, nose, mouth and brows where the head has its anchors, as the expression moves them.

use bible::Slug;
use bible::character::Side;
use bible::story::Expression;
use engine::EngineError;
use engine::brief::MouthShape;
use kurbo::{Affine, Point};
use serde::Deserialize;

use super::HeadPlace;
use super::eye::{self, Lids, Opening};
use crate::catalogue::Catalogue;
use crate::cel::{MIRROR, Mark, transformed};
use crate::figure::Acting;
use crate::part::{Art, Part, View};

/// How much of a front drawing's width is seen of the far half of a face in a three-quarter view, and of the near.
const FAR: f64 = 0.7;
const NEAR: f64 = 0.94;

/// What an expression does (`parts/face/<expression>/part.yaml`).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Face {
    mouth: Slug,
    #[serde(default)]
    drop: f64,
    #[serde(default)]
    lift: f64,
    #[serde(default)]
    inner: f64,
    #[serde(default)]
    outer: f64,
    #[serde(default = "one")]
    iris: f64,
    #[serde(default)]
    gaze: f64,
    #[serde(default)]
    brow_raise: f64,
    /// Degrees; positive brings the inner end down.
    #[serde(default)]
    brow_tilt: f64,
    #[serde(default)]
    brow_in: f64,
}

const fn one() -> f64 {
    1.0
}

/// A face, in head units.
pub(super) struct FaceArt {
    pub(super) marks: Vec<Mark>,
    pub(super) brows: Vec<Mark>,
}

/// The name of an expression's part.
pub(crate) const fn expression_name(expression: Expression) -> &'static str {
    match expression {
        Expression::Neutral => "neutral",
        Expression::Happy => "happy",
        Expression::Sad => "sad",
        Expression::Angry => "angry",
        Expression::Surprised => "surprised",
        Expression::Determined => "determined",
    }
}

/// The name of a vowel's part; none for the expression's own mouth.
const fn vowel_name(shape: MouthShape) -> Option<&'static str> {
    match shape {
        MouthShape::Closed => None,
        MouthShape::A => Some("a"),
        MouthShape::I => Some("i"),
        MouthShape::U => Some("u"),
        MouthShape::E => Some("e"),
        MouthShape::O => Some("o"),
    }
}

fn literal(name: &str) -> Result<Slug, EngineError> {
    name.parse().map_err(|error: bible::id::ParseSlugError| EngineError::Impossible { reason: error.to_string() })
}

/// Draws a face.
pub(super) fn draw(
    catalogue: &Catalogue,
    acting: &Acting<'_>,
    place: &HeadPlace,
    head: &Art,
    parts: &[(&'static str, Slug)],
) -> Result<FaceArt, EngineError> {
    let expression = catalogue.part("face", &literal(expression_name(acting.expression))?)?;
    let face = expression.details::<Face>()?;
    let part = |category: &str| -> Result<Option<&Part>, EngineError> {
        parts.iter().find(|(known, _)| *known == category).map(|(category, name)| catalogue.part(category, name)).transpose()
    };
    let mut drawn = FaceArt { marks: Vec::new(), brows: Vec::new() };
    for side in [Side::Left, Side::Right] {
        if let (Some(blush), Some(at)) = (expression.pieces.get("blush"), place.anchor(head, "cheek", side)) {
            drawn.marks.extend(transformed(&blush.marks, Affine::translate((at + place.slide).to_vec2())));
        }
        if let (Some(eye), Some(at)) = (part("eye")?, place.anchor(head, "eye", side)) {
            let lids = Lids { drop: face.drop, lift: face.lift, inner: face.inner, outer: face.outer, iris: face.iris, gaze: face.gaze };
            let half = Half::of(place, at, side);
            let own = if side == Side::Left { "iris.left" } else { "iris.right" };
            let art = half.art(eye)?;
            drawn.marks.extend(eye::marks(
                art,
                *eye.details::<Opening>()?,
                &lids.blinking(acting.eyes),
                own,
                half.transform,
                half.flips != place.mirrored,
            ));
        }
        if let (Some(brow), Some(at)) = (part("brow")?, place.anchor(head, "brow", side)) {
            let half = Half::of(place, at, side);
            let moved = Affine::translate((-face.brow_in, -face.brow_raise)) * Affine::rotate(-face.brow_tilt.to_radians());
            drawn.brows.extend(transformed(&half.art(brow)?.marks, half.transform * moved));
        }
    }
    if let (Some(nose), Some(at)) = (part("nose")?, head.anchors.get("nose")) {
        drawn.marks.extend(transformed(&nose.art(place.view)?.marks, Affine::translate((*at + place.slide).to_vec2())));
    }
    if let Some(at) = head.anchors.get("mouth") {
        let name = match vowel_name(acting.mouth) {
            Some(vowel) => literal(vowel)?,
            None => face.mouth.clone(),
        };
        let mouth = catalogue.part("mouth", &name)?;
        drawn.marks.extend(transformed(&mouth.art(place.view)?.marks, Affine::translate((*at + place.slide * 0.8).to_vec2())));
    }
    Ok(drawn)
}

/// One half of a face: which drawing of an eye or brow is used there, and where.
struct Half {
    transform: Affine,
    /// Whether the drawing, whose outer end is at +x, is mirrored within the head drawing.
    flips: bool,
    side_view: bool,
}

impl Half {
    fn of(place: &HeadPlace, at: Point, side: Side) -> Self {
        let to = Affine::translate((at + place.slide).to_vec2());
        let near = crate::palette::side_of(true, place.mirrored) == side;
        match place.view {
            // From the front their left is at the picture's right, where the outer end is +x.
            View::Front | View::Back => {
                let flips = side == Side::Right;
                Self { transform: if flips { to * MIRROR } else { to }, flips, side_view: false }
            }
            View::ThreeQuarter if near => {
                Self { transform: to * Affine::scale_non_uniform(NEAR, 1.0) * MIRROR, flips: true, side_view: false }
            }
            View::ThreeQuarter => Self { transform: to * Affine::scale_non_uniform(FAR, 1.0), flips: false, side_view: false },
            View::Side => Self { transform: to, flips: false, side_view: true },
        }
    }

    fn art<'a>(&self, part: &'a Part) -> Result<&'a Art, EngineError> {
        part.art(if self.side_view { View::Side } else { View::Front })
    }
}
