//! The trunk from skull to crotch, and the robe: the trunk going on around both legs.

use glam::{DQuat, DVec3};

use super::limb;
use super::tube::{Lens, Section, Tube};
use crate::skeleton::{Build, Joint, Limb, Skeleton};

/// A point of an axis: its place, where it is and how it is turned.
#[derive(Debug, Clone, Copy)]
struct Station {
    place: f64,
    at: DVec3,
    turn: DQuat,
}

impl Station {
    const fn new(place: f64, joint: &Joint) -> Self {
        Self { place, at: joint.at, turn: joint.turn }
    }
}

/// The trunk: -1 skull, 0 base of the neck, 1 ribs, 2 waist, 3 hips, 4 crotch.
/// `breath` (0 to 1) lifts and fills the ribs.
#[must_use]
pub fn trunk(skeleton: &Skeleton, build: &Build, breath: f64, lens: Lens) -> Tube {
    let mut stations = upper(skeleton);
    let crotch = skeleton.pelvis.point(DVec3::new(0.0, build.crotch, 0.0));
    stations.push(Station { place: 4.0, at: crotch, turn: skeleton.pelvis.turn });
    let places = (0..=50).map(|step| f64::from(step) / 10.0 - 1.0);
    Tube::new(places.map(|place| body_section(&stations, build, place, breath)).collect(), lens)
}

/// The robe: as the trunk down to the hips (3), then around both legs past the knees (4) to the ankles (5).
#[must_use]
pub fn robe(skeleton: &Skeleton, build: &Build, breath: f64, lens: Lens) -> Tube {
    let mut stations = upper(skeleton);
    let [right, left] = &skeleton.legs;
    // Around folded legs a robe ends at the knees: the shins lie under the thighs.
    let bend = |leg: &Limb| (leg.root.turn * DVec3::Y).angle_between(leg.middle.turn * DVec3::Y).to_degrees();
    let unfolded = ((150.0 - (bend(right) + bend(left)) / 2.0) / 50.0).clamp(0.04, 1.0);
    let below = |place: f64| if place > 1.0 { 1.0 + (place - 1.0) * unfolded } else { place };
    let between = |place: f64| {
        let place = below(place);
        let ((a, turn_a), (b, turn_b)) = (limb::axis(right, place), limb::axis(left, place));
        ((a + b) / 2.0, turn_a.slerp(turn_b, 0.5))
    };
    for step in 1..=4 {
        let share = f64::from(step) / 2.0;
        let (at, turn) = between(share);
        stations.push(Station { place: 3.0 + share, at, turn });
    }
    let mut sections: Vec<Section> =
        (0..=40).map(|step| f64::from(step) / 10.0 - 1.0).map(|place| body_section(&stations, build, place, breath)).collect();
    let hips = body_section(&stations, build, 3.0, breath);
    for step in 1..=20 {
        let share = f64::from(step) / 10.0;
        let Station { at, turn, .. } = axis(&stations, 3.0 + share);
        let (x, z) = (turn * DVec3::X, turn * DVec3::Z);
        let radius = limb::at(&build.leg, share);
        // Cloth is stretched by the legs inside, and hangs with hardly less than the hips' width otherwise.
        let hang = 1.0 - 0.12 * share;
        let apart = (limb::axis(right, below(share)).0 - limb::axis(left, below(share)).0) / 2.0;
        let [across, along] = around([apart.dot(x), apart.dot(z)], radius, [hips.side * hang, hips.front * hang]);
        let (across, along) = (x * across[0] + z * across[1], x * along[0] + z * along[1]);
        sections.push(Section {
            place: 3.0 + share,
            centre: at,
            x: across.normalize_or(x),
            z: along.normalize_or(z),
            side: across.length(),
            front: along.length(),
            back: along.length().max(hips.back * hang * 0.9),
        });
    }
    Tube::new(sections, lens)
}

/// How much cloth around legs that are apart bulges between them: 1 would hold both legs' round wholly.
const FULLNESS: f64 = 0.25;

/// The ellipse around two legs of a radius whose middles are at `apart` and opposite to it, at least as large as
/// `least` along both axes: its two radii that come from the circle's across and along.
fn around(apart: [f64; 2], radius: f64, least: [f64; 2]) -> [[f64; 2]; 2] {
    let reach = apart[0].hypot(apart[1]);
    // As the square of its matrix. An ellipse that held both circles wholly would bulge between them: cloth is flat
    // there, and only just holds them.
    let (stretch, width) = ((1.0 + radius / reach.max(1e-6)).powi(2), (1.0 + FULLNESS * reach / radius) * radius * radius);
    let a = (stretch * apart[0] * apart[0] + width).max(least[0] * least[0]);
    let d = (stretch * apart[1] * apart[1] + width).max(least[1] * least[1]);
    let b = stretch * apart[0] * apart[1];
    // Its symmetric root keeps what was drawn on the front in front.
    let root = (a * d - b * b).max(0.0).sqrt();
    let trace = (a + d + 2.0 * root).sqrt().max(1e-6);
    [[(a + root) / trace, b / trace], [b / trace, (d + root) / trace]]
}

fn upper(skeleton: &Skeleton) -> Vec<Station> {
    let neck = Station { place: 0.0, at: skeleton.neck.at, turn: skeleton.chest.turn };
    vec![
        Station { place: -1.0, at: skeleton.head.at, turn: skeleton.neck.turn },
        neck,
        Station::new(1.0, &skeleton.chest),
        Station { place: 2.0, at: skeleton.waist.at, turn: skeleton.pelvis.turn.slerp(skeleton.chest.turn, 0.4) },
        Station::new(3.0, &skeleton.pelvis),
    ]
}

fn body_section(stations: &[Station], build: &Build, place: f64, breath: f64) -> Section {
    let Station { at, turn, .. } = axis(stations, place);
    let column = |index: usize| {
        let profile: Vec<[f64; 2]> = build.trunk.iter().map(|row| [row[0], row[index]]).collect();
        limb::at(&profile, place)
    };
    let ribs = (1.0 - (place - 0.7).abs()).max(0.0) * breath;
    let (x, z) = (turn * DVec3::X, turn * DVec3::Z);
    Section {
        place,
        centre: at + turn * DVec3::new(0.0, -1.5 * ribs, 0.0),
        x,
        z,
        side: column(1),
        front: column(2) + 1.2 * ribs,
        back: column(3),
    }
}

/// A smooth axis (Catmull-Rom) through stations.
fn axis(stations: &[Station], place: f64) -> Station {
    let last = stations.len() - 1;
    let index = stations.partition_point(|station| station.place <= place).saturating_sub(1).min(last - 1);
    let (from, to) = (stations[index], stations[index + 1]);
    let share = ((place - from.place) / (to.place - from.place)).clamp(0.0, 1.0);
    let span = to.place - from.place;
    let slope = |at: usize| {
        let (a, b) = (stations[at.saturating_sub(1)], stations[(at + 1).min(last)]);
        (b.at - a.at) / (b.place - a.place) * span
    };
    let (square, cube) = (share * share, share * share * share);
    let at = from.at * (2.0 * cube - 3.0 * square + 1.0)
        + slope(index) * (cube - 2.0 * square + share)
        + to.at * (3.0 * square - 2.0 * cube)
        + slope(index + 1) * (cube - square);
    let smooth = 3.0 * square - 2.0 * cube;
    Station { place, at, turn: from.turn.slerp(to.turn, smooth) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cloth_around_two_legs_holds_both_from_everywhere() {
        for apart in [[25.0, 0.0], [25.0, 100.0], [-20.0, 60.0], [0.0, 0.0]] {
            let radius = 16.0;
            let [across, along] = around(apart, radius, [40.0, 20.0]);
            for degrees in 0..180 {
                let (sine, cosine) = f64::from(degrees).to_radians().sin_cos();
                let dot = |vector: [f64; 2]| vector[0] * cosine + vector[1] * sine;
                let (cloth, legs) = (dot(across).hypot(dot(along)), dot(apart).abs() + radius);
                assert!(cloth > legs * 0.9, "{apart:?} from {degrees}: {cloth} {legs}");
            }
        }
    }
}
