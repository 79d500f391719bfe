//! Poses: what the body does, as joint rotations in degrees.

use serde::Deserialize;

/// A pose of the catalogue (`poses/<name>.yaml`). All rotations in degrees; 0 everywhere is standing at attention.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pose {
    /// For people choosing.
    #[serde(default)]
    pub description: String,
    /// The hips, and with them the whole figure.
    #[serde(default)]
    pub pelvis: Rotation,
    /// The lower back against the hips.
    #[serde(default)]
    pub spine: Rotation,
    /// The ribs against the lower back.
    #[serde(default)]
    pub chest: Rotation,
    /// The neck against the ribs.
    #[serde(default)]
    pub neck: Rotation,
    /// The head against the neck.
    #[serde(default)]
    pub head: Rotation,
    /// Both arms, each starting from what `both` says.
    #[serde(default)]
    pub arms: Pair<Arm>,
    /// Both legs.
    #[serde(default)]
    pub legs: Pair<Leg>,
    /// How far the lowest point is above the ground, in head units.
    #[serde(default)]
    pub lift: f64,
}

/// A rotation of a part of the trunk.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rotation {
    /// Forward; negative is back.
    pub bend: f64,
    /// To the character's left; negative is right.
    pub turn: f64,
    /// Sideways to the character's left; negative is right.
    pub tilt: f64,
}

/// Something that both sides have.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, bound = "T: Deserialize<'de> + Default + Clone")]
#[serde(from = "Sides<T>")]
pub struct Pair<T> {
    /// The character's right.
    pub right: T,
    /// The character's left.
    pub left: T,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sides<T> {
    both: Option<T>,
    right: Option<T>,
    left: Option<T>,
}

impl<T: Clone + Default> From<Sides<T>> for Pair<T> {
    fn from(sides: Sides<T>) -> Self {
        let both = sides.both.unwrap_or_default();
        Self { right: sides.right.unwrap_or_else(|| both.clone()), left: sides.left.unwrap_or(both) }
    }
}

/// An arm.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Arm {
    /// Upper arm forward; negative is back.
    pub swing: f64,
    /// Upper arm away from the body.
    pub raise: f64,
    /// The arm, lifted forward, opened outwards.
    pub open: f64,
    /// Upper arm about its own length, outwards.
    pub twist: f64,
    /// Elbow, closing.
    pub elbow: f64,
    /// Forearm about its own length; 90 turns the palm forward.
    pub roll: f64,
    /// Wrist towards the palm's thumb side.
    pub wrist: f64,
    /// Shoulder lifted, in head units.
    pub shrug: f64,
    /// Where the wrist goes, instead of `swing`, `raise`, `open`, `twist` and `elbow`.
    pub reach: Option<Reach>,
    /// The drawn hand: `relaxed`, `open`, `fist`, `point`, `hold`.
    pub hand: String,
}

impl Default for Arm {
    fn default() -> Self {
        Self {
            swing: 0.0,
            raise: 0.0,
            open: 0.0,
            twist: 0.0,
            elbow: 0.0,
            roll: 0.0,
            wrist: 0.0,
            shrug: 0.0,
            reach: None,
            hand: "relaxed".to_owned(),
        }
    }
}

/// A place for a wrist.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reach {
    /// What the place is measured from.
    pub of: Landmark,
    /// Outwards (to the arm's own side), down, forward; in shares of the arm's length.
    pub at: [f64; 3],
    /// The way the elbow points: outwards, down, forward.
    #[serde(default = "elbow_out")]
    pub elbow: [f64; 3],
}

fn elbow_out() -> [f64; 3] {
    [1.0, 0.6, -0.4]
}

/// What a reach is measured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Landmark {
    /// Where the neck meets the skull.
    Head,
    /// The middle of the ribs.
    Chest,
    /// The hips.
    Pelvis,
}

/// A leg.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Leg {
    /// Thigh forward; negative is back.
    pub swing: f64,
    /// Thigh away from the other.
    pub raise: f64,
    /// Thigh about its own length, toes outwards.
    pub twist: f64,
    /// Knee, closing.
    pub knee: f64,
    /// Toes up; negative is down.
    pub foot: f64,
}

impl Pose {
    /// A pose between this one (0) and another (1). Hands and reaches are this one's up to the middle.
    #[must_use]
    pub fn mixed(&self, other: &Self, share: f64) -> Self {
        let mix = |from: f64, to: f64| from + (to - from) * share;
        let turn = |from: Rotation, to: Rotation| Rotation {
            bend: mix(from.bend, to.bend),
            turn: mix(from.turn, to.turn),
            tilt: mix(from.tilt, to.tilt),
        };
        let arm = |from: &Arm, to: &Arm| {
            let kept = if share < 0.5 { from } else { to };
            let reach = match (&from.reach, &to.reach) {
                (Some(a), Some(b)) if a.of == b.of => Some(Reach {
                    of: a.of,
                    at: std::array::from_fn(|axis| mix(a.at[axis], b.at[axis])),
                    elbow: std::array::from_fn(|axis| mix(a.elbow[axis], b.elbow[axis])),
                }),
                _ => kept.reach.clone(),
            };
            Arm {
                swing: mix(from.swing, to.swing),
                raise: mix(from.raise, to.raise),
                open: mix(from.open, to.open),
                twist: mix(from.twist, to.twist),
                elbow: mix(from.elbow, to.elbow),
                roll: mix(from.roll, to.roll),
                wrist: mix(from.wrist, to.wrist),
                shrug: mix(from.shrug, to.shrug),
                reach,
                hand: kept.hand.clone(),
            }
        };
        let leg = |from: &Leg, to: &Leg| Leg {
            swing: mix(from.swing, to.swing),
            raise: mix(from.raise, to.raise),
            twist: mix(from.twist, to.twist),
            knee: mix(from.knee, to.knee),
            foot: mix(from.foot, to.foot),
        };
        Self {
            description: self.description.clone(),
            pelvis: turn(self.pelvis, other.pelvis),
            spine: turn(self.spine, other.spine),
            chest: turn(self.chest, other.chest),
            neck: turn(self.neck, other.neck),
            head: turn(self.head, other.head),
            arms: Pair { right: arm(&self.arms.right, &other.arms.right), left: arm(&self.arms.left, &other.arms.left) },
            legs: Pair { right: leg(&self.legs.right, &other.legs.right), left: leg(&self.legs.left, &other.legs.left) },
            lift: mix(self.lift, other.lift),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_that_is_not_written_does_what_both_do() {
        let pose: Pose = crate::yaml::read(b"arms: { both: { raise: 8 }, left: { raise: 90, hand: fist } }").unwrap();
        assert_eq!((pose.arms.right.raise, pose.arms.left.raise, pose.arms.left.hand.as_str()), (8.0, 90.0, "fist"));
    }

    #[test]
    fn a_word_that_poses_do_not_know_is_an_error() {
        let error = crate::yaml::read::<Pose>(b"arms: { right: { rise: 8 } }").unwrap_err();
        assert!(error.contains("rise"), "{error}");
    }

    #[test]
    fn half_way_between_poses_is_the_mean() {
        let standing: Pose = crate::yaml::read(b"legs: { both: { knee: 10 } }").unwrap();
        let kneeling: Pose = crate::yaml::read(b"legs: { both: { knee: 90 } }\nlift: 4").unwrap();
        let between = standing.mixed(&kneeling, 0.5);
        assert_eq!((between.legs.left.knee, between.lift), (50.0, 2.0));
    }
}
