//! Arms and legs as tubes: a profile swept along two bones that bend smoothly at the joint.

use glam::{DQuat, DVec3};

use super::tube::{Lens, Section, Tube};
use crate::skeleton::Limb;

/// Share of a bone that bends on either side of its joint.
const BEND: f64 = 0.2;

/// The tube of a limb: places 0 (shoulder, hip), 1 (elbow, knee), 2 (wrist, ankle), and a little on for cuffs. Its x points outwards,
/// on the left as on the right, so that one pattern serves both sides. `outwards` is -1 for the right side.
#[must_use]
pub fn limb(limb: &Limb, profile: &[[f64; 2]], outwards: f64, lens: Lens) -> Tube {
    let mut sections = Vec::with_capacity(28);
    // Beyond its root a limb closes like a ball.
    for (place, share) in [(-0.16, 0.45), (-0.12, 0.72), (-0.06, 0.93)] {
        let radius = at(profile, 0.0);
        let along = limb.root.turn * DVec3::Y;
        let centre = limb.root.at - along * (radius * (1.0_f64 - share * share).sqrt() * 0.8);
        sections.push(section(place, centre, limb.root.turn, radius * share, outwards));
    }
    for step in 0..=26 {
        let place = f64::from(step) / 12.0;
        let (centre, turn) = axis(limb, place);
        sections.push(section(place, centre, turn, at(profile, place), outwards));
    }
    Tube::new(sections, lens)
}

fn section(place: f64, centre: DVec3, turn: DQuat, radius: f64, outwards: f64) -> Section {
    Section { place, centre, x: turn * DVec3::new(outwards, 0.0, 0.0), z: turn * DVec3::Z, side: radius, front: radius, back: radius }
}

/// Where the middle of a limb is at a place, and how it is turned there.
#[must_use]
pub fn axis(limb: &Limb, place: f64) -> (DVec3, DQuat) {
    let (root, middle, end) = (limb.root.at, limb.middle.at, limb.end.at);
    let near = place - 1.0;
    if near <= -BEND {
        return (root.lerp(middle, place.max(0.0)), limb.root.turn);
    }
    if near >= BEND {
        return (middle.lerp(end, near), limb.middle.turn);
    }
    let share = (near + BEND) / (2.0 * BEND);
    let (before, after) = (middle.lerp(root, BEND), middle.lerp(end, BEND));
    let corner = before.lerp(middle, share).lerp(middle.lerp(after, share), share);
    // Flesh does not cut the corner as much as a smooth curve would.
    let flat = before.lerp(after, share);
    (corner + (corner - flat) * 0.25, limb.root.turn.slerp(limb.middle.turn, share))
}

/// The value of a profile (`[place, value]` in order of place) at a place, smoothly between its points.
#[must_use]
pub fn at(profile: &[[f64; 2]], place: f64) -> f64 {
    let Some(last) = profile.len().checked_sub(1) else { return 0.0 };
    let next = profile.partition_point(|[known, _]| *known <= place);
    if next == 0 {
        return profile[0][1];
    }
    if next > last {
        return profile[last][1];
    }
    let ([from, low], [to, high]) = (profile[next - 1], profile[next]);
    let share = (place - from) / (to - from).max(1e-9);
    // Tangents from the neighbours keep the outline free of corners.
    let slope = |index: usize| {
        let (a, b) = (profile[index.saturating_sub(1)], profile[(index + 1).min(last)]);
        (b[1] - a[1]) / (b[0] - a[0]).max(1e-9) * (to - from)
    };
    let (a, b) = (slope(next - 1), slope(next));
    let (square, cube) = (share * share, share * share * share);
    low * (2.0 * cube - 3.0 * square + 1.0) + a * (cube - 2.0 * square + share) + high * (3.0 * square - 2.0 * cube) + b * (cube - square)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_goes_through_its_points_and_holds_beyond_them() {
        let profile = [[0.0, 16.0], [1.0, 10.0], [2.0, 7.0]];
        for [place, value] in profile {
            assert!((at(&profile, place) - value).abs() < 1e-9);
        }
        assert_eq!((at(&profile, -1.0), at(&profile, 3.0)), (16.0, 7.0));
        assert!(at(&profile, 0.5) < 16.0 && at(&profile, 0.5) > 10.0);
    }
}
