//! Stances: what an animal's body does, and which stance stands for a pose that people have.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What `part.yaml` of a creature says besides its slots.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Habits {
    /// From the ground to the crown standing, ears not counted, in head units.
    pub height: f64,
    /// Stances by name.
    pub stances: BTreeMap<String, Stance>,
    /// The stance for poses that have none of their own.
    #[serde(default)]
    pub instead: BTreeMap<String, String>,
}

/// The stance where neither a pose nor `instead` names one.
pub const AT_REST: &str = "stand";

impl Habits {
    /// The stance for a pose: its own; what `instead` says; that of the pose's first word (`walk` for `walk-3`,
    /// `sit` for `sit-floor`); standing.
    #[must_use]
    pub fn stance(&self, pose: &str) -> Option<&Stance> {
        let first = pose.split('-').next().unwrap_or(pose);
        [pose, first]
            .into_iter()
            .find_map(|name| self.stances.get(name).or_else(|| self.stances.get(self.instead.get(name)?)))
            .or_else(|| self.stances.get(AT_REST))
    }
}

/// A stance in head units: x to the creature's left, y down from 0 at the ground, z forward. Pairs are right, left.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stance {
    /// The hips: y, z.
    pub rump: [f64; 2],
    /// The ribs: y, z.
    pub chest: [f64; 2],
    /// Where the neck meets the skull.
    pub head: [f64; 3],
    /// The head turned to its left, in degrees. Seen from the side it turns to whichever side is nearer to us.
    #[serde(default)]
    pub turn: f64,
    /// The head bent down, in degrees.
    #[serde(default)]
    pub nod: f64,
    /// Front paws.
    pub fore: [[f64; 3]; 2],
    /// Hind paws.
    pub hind: [[f64; 3]; 2],
    /// The wrists from the front paws: y, z.
    #[serde(default = "wrist")]
    pub wrist: [f64; 2],
    /// The hocks from the hind paws: y, z.
    #[serde(default = "hock")]
    pub hock: [f64; 2],
    /// The tail from the hips on.
    pub tail: [[f64; 3]; 5],
    /// How far the lowest paw is above the ground.
    #[serde(default)]
    pub lift: f64,
}

const fn wrist() -> [f64; 2] {
    [-24.0, -5.0]
}

const fn hock() -> [f64; 2] {
    [-44.0, -20.0]
}

fn mix<const N: usize>(from: [f64; N], to: [f64; N], share: f64) -> [f64; N] {
    std::array::from_fn(|index| from[index] + (to[index] - from[index]) * share)
}

fn mix_all<const N: usize, const M: usize>(from: [[f64; N]; M], to: [[f64; N]; M], share: f64) -> [[f64; N]; M] {
    std::array::from_fn(|index| mix(from[index], to[index], share))
}

impl Stance {
    /// The stance a share of the way to another.
    #[must_use]
    pub fn mixed(&self, to: &Self, share: f64) -> Self {
        let one = |from: f64, to: f64| from + (to - from) * share;
        Self {
            rump: mix(self.rump, to.rump, share),
            chest: mix(self.chest, to.chest, share),
            head: mix(self.head, to.head, share),
            turn: one(self.turn, to.turn),
            nod: one(self.nod, to.nod),
            fore: mix_all(self.fore, to.fore, share),
            hind: mix_all(self.hind, to.hind, share),
            wrist: mix(self.wrist, to.wrist, share),
            hock: mix(self.hock, to.hock, share),
            tail: mix_all(self.tail, to.tail, share),
            lift: one(self.lift, to.lift),
        }
    }

    /// A phase of going, as a share of the whole cycle. Walking moves the legs crosswise, two beats after each
    /// other; running gathers and stretches.
    #[must_use]
    pub fn going(&self, cycle: f64, running: bool) -> Self {
        let mut stance = self.clone();
        let (reach, rise) = if running { (62.0, 34.0) } else { (36.0, 20.0) };
        let offsets = if running { [0.0, 0.1, 0.5, 0.58] } else { [0.0, 0.5, 0.75, 0.25] };
        let step = |offset: f64| {
            let phase = (cycle + offset).rem_euclid(1.0);
            // On the ground for most of a cycle, then quickly forward through the air.
            let stand = if running { 0.45 } else { 0.6 };
            if phase < stand {
                (reach * (1.0 - 2.0 * phase / stand), 0.0)
            } else {
                let air = (phase - stand) / (1.0 - stand);
                (reach * (2.0 * air - 1.0), rise * (air * std::f64::consts::PI).sin())
            }
        };
        for (index, paw) in stance.fore.iter_mut().chain(&mut stance.hind).enumerate() {
            let (along, up) = step(offsets[index]);
            paw[2] += along;
            paw[1] -= up;
        }
        let bounce = (cycle * std::f64::consts::TAU * if running { 1.0 } else { 2.0 }).sin();
        let height = if running { 9.0 } else { 3.0 };
        stance.chest[0] += height * bounce;
        stance.rump[0] -= height * bounce;
        stance.head[1] += height * 0.7 * bounce;
        for (index, point) in stance.tail.iter_mut().enumerate() {
            point[1] += height * 0.5 * index as f64 * (bounce - index as f64 * 0.3).sin();
        }
        stance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stance() -> Stance {
        Stance {
            rump: [-150.0, -70.0],
            chest: [-150.0, 50.0],
            head: [0.0, -230.0, 90.0],
            turn: 0.0,
            nod: 0.0,
            fore: [[-20.0, 0.0, 60.0], [20.0, 0.0, 60.0]],
            hind: [[-20.0, 0.0, -80.0], [20.0, 0.0, -80.0]],
            wrist: wrist(),
            hock: hock(),
            tail: [[0.0; 3]; 5],
            lift: 0.0,
        }
    }

    #[test]
    fn a_pose_without_a_stance_has_the_one_that_the_table_names_or_stands() {
        let other = Stance { lift: 9.0, ..stance() };
        let habits = Habits {
            height: 300.0,
            stances: BTreeMap::from([("stand".to_owned(), stance()), ("sit".to_owned(), other.clone())]),
            instead: BTreeMap::from([("kneel".to_owned(), "sit".to_owned())]),
        };
        assert_eq!(habits.stance("kneel"), Some(&other));
        assert_eq!(habits.stance("sit-floor"), Some(&other));
        assert_eq!(habits.stance("juggle"), Some(&stance()));
    }

    #[test]
    fn going_keeps_at_least_one_paw_on_the_ground_when_walking() {
        for phase in 0..12 {
            let walking = stance().going(f64::from(phase) / 12.0, false);
            assert!(walking.fore.iter().chain(&walking.hind).any(|paw| paw[1] == 0.0));
        }
    }

    #[test]
    fn half_way_is_half_way() {
        let up = Stance { lift: 10.0, ..stance() };
        assert!((stance().mixed(&up, 0.5).lift - 5.0).abs() < 1e-9);
    }
}
