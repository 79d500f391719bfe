//! Skeletons: a build's bones put into a pose, in three dimensions.
//!
//! x goes to the picture's right, y down, z to the viewer; lengths in head units (1/100 of a head).
//! A figure at rest looks at the viewer, so its left side has positive x.

use bible::character::Side;
use glam::{DQuat, DVec3};
use serde::Deserialize;

use crate::pose::{Arm, Landmark, Leg, Pose, Rotation};

/// The proportions of a build (`builds/<name>.yaml`), in head units.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// For people choosing.
    #[serde(default)]
    pub description: String,
    /// From the skull's joint down to the base of the neck.
    pub neck: f64,
    /// From the base of the neck down to the middle of the ribs.
    pub ribs: f64,
    /// From there down to the waist.
    pub belly: f64,
    /// From the waist down to the hips.
    pub hips: f64,
    /// From the hips down to the crotch.
    pub crotch: f64,
    /// From the base of the neck: shoulder joints out and down.
    pub shoulder: [f64; 2],
    /// From the hips: hip joints out and down.
    pub hip: [f64; 2],
    /// Shoulder to elbow.
    pub upper_arm: f64,
    /// Elbow to wrist.
    pub forearm: f64,
    /// Hip to knee.
    pub thigh: f64,
    /// Knee to ankle.
    pub shin: f64,
    /// Ankle to sole.
    pub ankle: f64,
    /// Length of the foot; hands and feet are drawn in proportion.
    pub foot: f64,
    /// Size of the hand: 1 is an adult's.
    pub hand: f64,
    /// How far the back is bent at rest, in degrees, shared by spine and chest.
    #[serde(default)]
    pub stoop: f64,
    /// The trunk's cross sections from the skull (-1) over the base of the neck (0), ribs (1), waist (2) and
    /// hips (3) to the crotch (4): `[place, half width, depth in front, depth behind]`.
    pub trunk: Vec<[f64; 4]>,
    /// The arm's half width from the shoulder (0) over the elbow (1) to the wrist (2): `[place, half width]`.
    pub arm: Vec<[f64; 2]>,
    /// The leg's half width from the hip (0) over the knee (1) to the ankle (2).
    pub leg: Vec<[f64; 2]>,
}

impl Build {
    /// Height from sole to crown standing upright, in head units.
    #[must_use]
    pub fn height(&self) -> f64 {
        CROWN + self.neck + self.ribs + self.belly + self.hips + self.hip[1] + self.thigh + self.shin + self.ankle
    }

    /// Shoulder to wrist.
    #[must_use]
    pub fn reach(&self) -> f64 {
        self.upper_arm + self.forearm
    }
}

/// From the skull's joint up to the crown (see `parts/README.md`).
pub const CROWN: f64 = 88.0;

/// A place with a direction: x to the figure's left, y along the bone, z to its front.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Joint {
    /// Where it is.
    pub at: DVec3,
    /// How it is turned.
    pub turn: DQuat,
}

impl Joint {
    const fn new(at: DVec3, turn: DQuat) -> Self {
        Self { at, turn }
    }

    /// A point given in the joint's own directions.
    #[must_use]
    pub fn point(&self, offset: DVec3) -> DVec3 {
        self.at + self.turn * offset
    }
}

/// Shoulder, elbow and wrist, or hip, knee and ankle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limb {
    /// Shoulder or hip, turned as the upper bone.
    pub root: Joint,
    /// Elbow or knee, turned as the lower bone.
    pub middle: Joint,
    /// Wrist or ankle, turned as the hand or foot.
    pub end: Joint,
}

/// A posed figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Skeleton {
    /// The hips.
    pub pelvis: Joint,
    /// The waist.
    pub waist: Joint,
    /// The middle of the ribs.
    pub chest: Joint,
    /// The base of the neck.
    pub neck: Joint,
    /// Where the neck meets the skull.
    pub head: Joint,
    /// Arms: right, left.
    pub arms: [Limb; 2],
    /// Legs: right, left.
    pub legs: [Limb; 2],
}

/// Index of a side in [`Skeleton::arms`] and [`Skeleton::legs`].
#[must_use]
pub const fn side_index(side: Side) -> usize {
    match side {
        Side::Left => 1,
        Side::Right | Side::Both | Side::Centre => 0,
    }
}

/// -1 for the right side (0), 1 for the left (1): the sign of its x at rest.
#[must_use]
pub const fn outwards(index: usize) -> f64 {
    if index == 0 { -1.0 } else { 1.0 }
}

impl Skeleton {
    /// Puts a build into a pose, standing on y = 0 with the hips above x = z = 0.
    #[must_use]
    pub fn posed(build: &Build, pose: &Pose) -> Self {
        let stoop = |rotation: Rotation, share: f64| Rotation { bend: rotation.bend + build.stoop * share, ..rotation };
        let pelvis = Joint::new(DVec3::ZERO, rotation(pose.pelvis));
        let up = |from: &Joint, length: f64, turn: Rotation| {
            let turned = from.turn * rotation(turn);
            (Joint::new(from.at, turned), from.at + turned * DVec3::new(0.0, -length, 0.0))
        };
        // Each part of the spine turns about its lower end.
        let (lower, waist_at) = up(&pelvis, build.hips, Rotation::default());
        let waist = Joint::new(waist_at, lower.turn * rotation(stoop(pose.spine, 0.4)));
        let chest_at = waist.point(DVec3::new(0.0, -build.belly, 0.0));
        let chest = Joint::new(chest_at, waist.turn * rotation(stoop(pose.chest, 0.6)));
        let neck_at = chest.point(DVec3::new(0.0, -build.ribs, 0.0));
        // The neck leans forward a little, and the head makes up for it (and for most of a stoop).
        let neck = Joint::new(neck_at, chest.turn * rotation(stoop(Rotation { bend: pose.neck.bend + 8.0, ..pose.neck }, 0.1)));
        let head_at = neck.point(DVec3::new(0.0, -build.neck, 0.0));
        let head = Joint::new(head_at, neck.turn * rotation(stoop(Rotation { bend: pose.head.bend - 8.0, ..pose.head }, -0.9)));
        let mut skeleton = Self { pelvis, waist, chest, neck, head, arms: [arm_at_rest(); 2], legs: [arm_at_rest(); 2] };
        for (index, (arm, leg)) in [(&pose.arms.right, &pose.legs.right), (&pose.arms.left, &pose.legs.left)].into_iter().enumerate() {
            skeleton.arms[index] = skeleton.arm(build, arm, outwards(index));
            skeleton.legs[index] = skeleton.leg(build, leg, outwards(index));
        }
        let lowest = skeleton.lowest(build);
        skeleton.moved(DVec3::new(0.0, -lowest - pose.lift, 0.0))
    }

    fn arm(&self, build: &Build, arm: &Arm, side: f64) -> Limb {
        let chest = Joint::new(self.neck.at, self.chest.turn);
        let root = chest.point(DVec3::new(side * build.shoulder[0], build.shoulder[1] - arm.shrug, 0.0));
        let (upper, lower) = match &arm.reach {
            None => {
                // Arms hang straight down from a bent back.
                let upper = self.chest.turn
                    * DQuat::from_rotation_z(-side * arm.raise.to_radians())
                    * DQuat::from_rotation_y(side * arm.open.to_radians())
                    * DQuat::from_rotation_x((arm.swing + build.stoop).to_radians())
                    * DQuat::from_rotation_y(side * arm.twist.to_radians());
                (upper, upper * DQuat::from_rotation_x(arm.elbow.to_radians()))
            }
            Some(reach) => {
                let from = match reach.of {
                    Landmark::Head => &self.head,
                    Landmark::Chest => &self.chest,
                    Landmark::Pelvis => &self.pelvis,
                };
                let own = |[out, down, forward]: [f64; 3]| DVec3::new(side * out, down, forward);
                let target = from.point(own(reach.at) * build.reach());
                let pole = self.chest.turn * own(reach.elbow);
                two_bones(root, target, pole, build.upper_arm, build.forearm)
            }
        };
        let elbow = root + upper * DVec3::new(0.0, build.upper_arm, 0.0);
        let wrist = elbow + lower * DVec3::new(0.0, build.forearm, 0.0);
        let hand = lower * DQuat::from_rotation_y(side * arm.roll.to_radians()) * DQuat::from_rotation_x(arm.wrist.to_radians());
        Limb { root: Joint::new(root, upper), middle: Joint::new(elbow, lower), end: Joint::new(wrist, hand) }
    }

    fn leg(&self, build: &Build, leg: &Leg, side: f64) -> Limb {
        let root = self.pelvis.point(DVec3::new(side * build.hip[0], build.hip[1], 0.0));
        let upper = self.pelvis.turn
            * DQuat::from_rotation_z(-side * leg.raise.to_radians())
            * DQuat::from_rotation_x(leg.swing.to_radians())
            * DQuat::from_rotation_y(side * leg.twist.to_radians());
        let lower = upper * DQuat::from_rotation_x(-leg.knee.to_radians());
        let knee = root + upper * DVec3::new(0.0, build.thigh, 0.0);
        let ankle = knee + lower * DVec3::new(0.0, build.shin, 0.0);
        let foot = lower * DQuat::from_rotation_x(leg.foot.to_radians());
        Limb { root: Joint::new(root, upper), middle: Joint::new(knee, lower), end: Joint::new(ankle, foot) }
    }

    /// The y of the lowest point that can stand on the ground: soles, knees, seat.
    fn lowest(&self, build: &Build) -> f64 {
        let feet = self.legs.iter().flat_map(|leg| self::sole(build, leg)).map(|point| point.y);
        let knees = self.legs.iter().map(|leg| leg.middle.at.y + 10.0);
        let hands = self.arms.iter().map(|arm| arm.end.at.y + 4.0);
        let seat = self.pelvis.point(DVec3::new(0.0, build.crotch * 0.8, -12.0)).y + 6.0;
        feet.chain(knees).chain(hands).fold(seat, f64::max)
    }

    /// Heels and toes of both feet: right heel, right toe, left heel, left toe.
    #[must_use]
    pub fn soles(&self, build: &Build) -> [DVec3; 4] {
        let [[a, b], [c, d]] = [sole(build, &self.legs[0]), sole(build, &self.legs[1])];
        [a, b, c, d]
    }

    /// The figure elsewhere.
    #[must_use]
    pub fn moved(&self, by: DVec3) -> Self {
        self.mapped(|joint| Joint::new(joint.at + by, joint.turn))
    }

    /// The figure turned about the vertical through the origin so that it faces `yaw` degrees to the picture's
    /// right, then seen by a camera that looks down by `pitch` degrees.
    #[must_use]
    pub fn seen(&self, yaw: f64, pitch: f64) -> Self {
        let turn = DQuat::from_rotation_x(pitch.to_radians()) * DQuat::from_rotation_y(yaw.to_radians());
        self.mapped(|joint| Joint::new(turn * joint.at, turn * joint.turn))
    }

    fn mapped(&self, map: impl Fn(Joint) -> Joint) -> Self {
        let limb = |limb: &Limb| Limb { root: map(limb.root), middle: map(limb.middle), end: map(limb.end) };
        Self {
            pelvis: map(self.pelvis),
            waist: map(self.waist),
            chest: map(self.chest),
            neck: map(self.neck),
            head: map(self.head),
            arms: [limb(&self.arms[0]), limb(&self.arms[1])],
            legs: [limb(&self.legs[0]), limb(&self.legs[1])],
        }
    }
}

fn sole(build: &Build, leg: &Limb) -> [DVec3; 2] {
    [-0.27, 0.72].map(|along| leg.end.point(DVec3::new(0.0, build.ankle, build.foot * along)))
}

const fn arm_at_rest() -> Limb {
    let joint = Joint::new(DVec3::ZERO, DQuat::IDENTITY);
    Limb { root: joint, middle: joint, end: joint }
}

fn rotation(turn: Rotation) -> DQuat {
    DQuat::from_rotation_y(turn.turn.to_radians())
        * DQuat::from_rotation_z(turn.tilt.to_radians())
        * DQuat::from_rotation_x(-turn.bend.to_radians())
}

/// Turns of two bones so that the second ends at `target` (or as near as they reach), bending towards `pole`.
fn two_bones(root: DVec3, target: DVec3, pole: DVec3, upper: f64, lower: f64) -> (DQuat, DQuat) {
    let line = target - root;
    let distance = line.length().clamp((upper - lower).abs() + 1e-3, (upper + lower) * 0.999);
    let along = line.normalize_or(DVec3::Y);
    let side = (pole - along * pole.dot(along)).normalize_or(DVec3::X);
    let cosine = ((upper * upper + distance * distance - lower * lower) / (2.0 * upper * distance)).clamp(-1.0, 1.0);
    let elbow = along * (cosine * upper) + side * ((1.0 - cosine * cosine).sqrt() * upper);
    let forearm = along * distance - elbow;
    // The elbow bends towards the front of both bones, so the front is opposite to the pole.
    let frame = |bone: DVec3| {
        let y = bone.normalize_or(DVec3::Y);
        let z = (-side - y * (-side).dot(y)).normalize_or(DVec3::Z);
        DQuat::from_mat3(&glam::DMat3::from_cols(y.cross(z), y, z))
    };
    (frame(elbow), frame(forearm))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::part::Catalogue;
    use crate::yaml;

    fn build() -> Build {
        Catalogue::built_in().data::<Build>("build", &"slim".parse().unwrap()).unwrap().as_ref().clone()
    }

    fn pose(text: &str) -> Pose {
        yaml::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn bones_keep_their_lengths_in_every_pose() {
        let build = build();
        for text in [
            "legs: { both: { swing: 80, knee: 100 } }",
            "arms: { both: { reach: { of: head, at: [0.1, -0.2, 0.5] } } }",
            "pelvis: { turn: 70, bend: 30 }",
        ] {
            let skeleton = Skeleton::posed(&build, &pose(text)).seen(40.0, 12.0);
            for arm in &skeleton.arms {
                assert!((arm.root.at.distance(arm.middle.at) - build.upper_arm).abs() < 1e-6, "{text}");
                assert!((arm.middle.at.distance(arm.end.at) - build.forearm).abs() < 1e-6, "{text}");
            }
            for leg in &skeleton.legs {
                assert!((leg.root.at.distance(leg.middle.at) - build.thigh).abs() < 1e-6, "{text}");
            }
        }
    }

    #[test]
    fn the_lowest_point_stands_on_the_ground() {
        let build = build();
        for text in ["", "legs: { both: { swing: 90, knee: 90 } }", "legs: { right: { swing: 50, knee: 20 }, left: { swing: -30 } }"] {
            let skeleton = Skeleton::posed(&build, &pose(text));
            assert!(skeleton.lowest(&build).abs() < 1e-9, "{text}");
        }
        let floating = Skeleton::posed(&build, &pose("lift: 30"));
        assert!((floating.lowest(&build) + 30.0).abs() < 1e-9);
    }

    #[test]
    fn standing_upright_is_as_tall_as_the_build_says() {
        let build = build();
        let skeleton = Skeleton::posed(&build, &pose("neck: { bend: -8 }\nhead: { bend: 8 }"));
        assert!((-skeleton.head.at.y + CROWN - build.height()).abs() < 0.5, "{} {}", skeleton.head.at.y, build.height());
    }

    #[test]
    fn forward_is_to_the_viewer_and_left_is_at_the_pictures_right() {
        let skeleton = Skeleton::posed(&build(), &pose("arms: { left: { swing: 90 } }"));
        let [right, left] = &skeleton.arms;
        assert!(left.root.at.x > 0.0 && right.root.at.x < 0.0);
        assert!(left.end.at.z > 100.0 && right.end.at.z.abs() < 1.0);
        let turned = skeleton.seen(90.0, 0.0);
        assert!(turned.arms[1].end.at.x > 100.0, "facing right, the left arm reaches to the right");
        assert!(turned.arms[0].root.at.z > turned.arms[1].root.at.z, "and the right side is near");
    }

    #[test]
    fn a_reach_brings_the_wrist_to_its_place() {
        let build = build();
        let skeleton = Skeleton::posed(&build, &pose("arms: { both: { reach: { of: chest, at: [0.05, -0.1, 0.4] } } }"));
        let place = skeleton.chest.point(DVec3::new(-0.05, -0.1, 0.4) * build.reach());
        assert!(skeleton.arms[0].end.at.distance(place) < 1e-6);
        let mirrored = skeleton.arms[1].end.at * DVec3::new(-1.0, 1.0, 1.0);
        assert!(mirrored.distance(skeleton.arms[0].end.at) < 1e-6, "both arms do the same");
    }
}
