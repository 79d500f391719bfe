//! Hands and feet: drawn shapes held at wrist and ankle, seen from the side that faces the camera.

use glam::DVec3;
use kurbo::{Affine, Point, Vec2};

use super::tube::Lens;
use crate::part::View;
use crate::skeleton::{Joint, outwards};

/// Where and how a drawn end is put.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placed {
    /// Which drawing.
    pub view: View,
    /// From the drawing to figure space.
    pub transform: Affine,
}

/// Places a hand. Its drawings show a right hand, wrist at the origin, fingers down: `front` the palm with the
/// thumb at the left, `back` the back of the hand with the thumb at the right, `side` the thumb's edge.
#[must_use]
pub fn hand(wrist: &Joint, index: usize, size: f64, lens: Lens) -> Placed {
    let out = outwards(index);
    let fingers = wrist.turn * DVec3::Y;
    let thumb = wrist.turn * DVec3::Z;
    let back = wrist.turn * DVec3::new(out, 0.0, 0.0);
    let view = if back.z > 0.5 {
        View::Back
    } else if back.z < -0.5 {
        View::Front
    } else {
        View::Side
    };
    let at = lens.project(wrist.at);
    let along = Vec2::new(fingers.x, fingers.y);
    let length = along.hypot();
    let along = if length > 0.05 { along / length } else { Vec2::new(0.0, 1.0) };
    // In the drawing the thumb (seen from its edge: the back of the hand) is at one known side.
    let (seen, drawn_right) = match view {
        View::Back => (thumb, true),
        View::Front => (thumb, false),
        View::ThreeQuarter | View::Side => (back, false),
    };
    let at_right = along.y * seen.x - along.x * seen.y >= 0.0;
    let flip = if at_right == drawn_right { 1.0 } else { -1.0 };
    let scale = size * lens.scale(wrist.at.z);
    let turned = Affine::new([along.y * flip, -along.x * flip, along.x, along.y, at.x, at.y]);
    Placed { view, transform: turned * Affine::scale_non_uniform(scale, scale * length.max(0.55)) }
}

/// Places a foot. Its drawings face as parts do (`side` with the toes at the right), ankle at the origin,
/// sole at y = 24.
#[must_use]
pub fn foot(ankle: &Joint, size: f64, lens: Lens) -> Placed {
    let toes = ankle.turn * DVec3::Z;
    let down = ankle.turn * DVec3::Y;
    let heading = toes.x.atan2(toes.z).to_degrees();
    let (view, flip) = match heading.abs() {
        angle if angle < 22.0 => (View::Front, 1.0),
        angle if angle < 62.0 => (View::ThreeQuarter, heading.signum()),
        angle if angle < 125.0 => (View::Side, heading.signum()),
        _ => (View::Back, 1.0),
    };
    let at = lens.project(ankle.at);
    let scale = size * lens.scale(ankle.at.z);
    let transform = match view {
        View::Side | View::ThreeQuarter => {
            // Turned with the foot as it is seen, about the ankle.
            let across = Vec2::new(toes.x.abs().max(0.35), toes.y * if view == View::ThreeQuarter { 0.8 } else { 1.0 });
            let angle = across.y.atan2(across.x);
            Affine::translate(at.to_vec2()) * Affine::scale_non_uniform(flip, 1.0) * Affine::rotate(angle) * Affine::scale(scale)
        }
        View::Front | View::Back => {
            let lean = (-down.x).atan2(down.y.abs().max(0.4)) * 0.7;
            // Toes towards the camera and down make the foot longer to see.
            let towards = if view == View::Front { toes.y } else { -toes.y };
            let stretch = (1.0 + 0.9 * towards).clamp(0.72, 1.9);
            Affine::translate(at.to_vec2()) * Affine::rotate(lean) * Affine::scale_non_uniform(scale, scale * stretch)
        }
    };
    Placed { view, transform }
}

/// Where a joint is seen.
#[must_use]
pub fn seen(joint: &Joint, lens: Lens) -> Point {
    lens.project(joint.at)
}
