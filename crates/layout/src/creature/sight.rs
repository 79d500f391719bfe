//! Where an animal is seen from.

use glam::DVec3;
use kurbo::Point;

use crate::part::View;

/// How far one looks down on a small animal even at the level of its eyes, in degrees: its far paws are higher in
/// the picture than the near ones.
const DOWN: f64 = 7.0;

/// A direction of sight. Bodies have x to their left, y down and z to their front; seen from the front, left is right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sight {
    /// Degrees that the body is turned to the picture's right.
    pub(crate) yaw: f64,
    sin: f64,
    cos: f64,
    sin_down: f64,
    cos_down: f64,
}

impl Sight {
    /// A body turned by `yaw` degrees under a camera that looks down by `pitch` degrees.
    pub(crate) fn new(yaw: f64, pitch: f64) -> Self {
        let (sin, cos) = yaw.to_radians().sin_cos();
        let (sin_down, cos_down) = (DOWN + pitch * 0.7).clamp(-12.0, 40.0).to_radians().sin_cos();
        Self { yaw, sin, cos, sin_down, cos_down }
    }

    /// The body's directions as the picture's: z towards us.
    pub(crate) fn turned(&self, at: DVec3) -> DVec3 {
        DVec3::new(at.x * self.cos + at.z * self.sin, at.y, at.z * self.cos - at.x * self.sin)
    }

    /// A place in the picture.
    pub(crate) fn point(&self, at: DVec3) -> Point {
        let seen = self.turned(at);
        Point::new(seen.x, seen.y * self.cos_down + seen.z * self.sin_down)
    }

    /// How near a place is.
    pub(crate) fn depth(&self, at: DVec3) -> f64 {
        self.turned(at).z
    }

    /// Whether the body is seen from its side rather than along itself.
    pub(crate) fn across(&self) -> bool {
        self.sin.abs() > 0.5
    }
}

/// The drawing for a head turned to the picture's right by `yaw` degrees, and whether it is mirrored.
pub(crate) fn view(yaw: f64) -> (View, bool) {
    let yaw = (yaw + 180.0).rem_euclid(360.0) - 180.0;
    let view = match yaw.abs() {
        ..22.0 => View::Front,
        22.0..68.0 => View::ThreeQuarter,
        68.0..128.0 => View::Side,
        _ => View::Back,
    };
    (view, yaw < 0.0 && matches!(view, View::ThreeQuarter | View::Side))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_faces_right_has_the_nose_at_the_right_and_the_right_flank_near() {
        let sight = Sight::new(90.0, 0.0);
        assert!(sight.point(DVec3::Z * 10.0).x > 9.9);
        assert!(sight.depth(DVec3::NEG_X * 10.0) > 9.9);
    }

    #[test]
    fn a_head_is_drawn_for_the_nearest_direction() {
        assert_eq!(view(-5.0), (View::Front, false));
        assert_eq!(view(40.0), (View::ThreeQuarter, false));
        assert_eq!(view(-90.0), (View::Side, true));
        assert_eq!(view(180.0), (View::Back, false));
        assert_eq!(view(-310.0), (View::ThreeQuarter, false));
    }
}
