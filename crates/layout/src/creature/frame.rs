//! An animal's bones: a stance as chains of balls in space.

use glam::DVec3;

use super::chain::Ball;
use super::stance::Stance;

/// A leg: shoulder or hip, elbow or knee, wrist or hock, paw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Leg {
    pub(crate) root: DVec3,
    pub(crate) middle: DVec3,
    pub(crate) end: DVec3,
    pub(crate) paw: DVec3,
    fore: bool,
}

/// The body in space.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frame {
    pub(crate) rump: DVec3,
    pub(crate) chest: DVec3,
    pub(crate) head: DVec3,
    /// Front legs: right, left.
    pub(crate) fore: [Leg; 2],
    /// Hind legs: right, left.
    pub(crate) hind: [Leg; 2],
    pub(crate) tail: Vec<Ball>,
    breath: f64,
}

/// Bones of the front leg: upper, lower; and of the hind leg.
const FORE: [f64; 2] = [70.0, 72.0];
const HIND: [f64; 2] = [66.0, 66.0];

/// Thickness along the tail: a brush.
const BRUSH: [f64; 6] = [11.0, 20.0, 34.0, 42.0, 33.0, 3.0];

impl Frame {
    /// The body of a stance with the ribs filled by `breath` (0 to 1).
    pub(crate) fn new(stance: &Stance, breath: f64) -> Self {
        let up = DVec3::Y * -stance.lift;
        let vector = |[x, y, z]: [f64; 3]| DVec3::new(x, y, z) + up;
        let rump = DVec3::new(0.0, stance.rump[0], stance.rump[1]) + up;
        let chest = DVec3::new(0.0, stance.chest[0] - breath * 2.0, stance.chest[1]) + up;
        let head = vector(stance.head) - DVec3::Y * breath * 3.0;
        let sides = [-1.0, 1.0];
        let fore = std::array::from_fn(|index| {
            let paw = vector(stance.fore[index]);
            let end = paw + DVec3::new(0.0, stance.wrist[0], stance.wrist[1]);
            let root = chest + DVec3::new(sides[index] * 23.0, 14.0, 2.0);
            Leg { root, middle: bent(root, end, FORE, DVec3::NEG_Z), end, paw, fore: true }
        });
        let hind = std::array::from_fn(|index| {
            let paw = vector(stance.hind[index]);
            let end = paw + DVec3::new(0.0, stance.hock[0], stance.hock[1]);
            let root = rump + DVec3::new(sides[index] * 20.0, 6.0, 0.0);
            let out = DVec3::new(sides[index] * 0.25, -0.2, 1.0);
            Leg { root, middle: bent(root, end, HIND, out), end, paw, fore: false }
        });
        let sway = breath * 5.0;
        let mut tail = vec![Ball::at(rump + DVec3::new(0.0, -16.0, -26.0), BRUSH[0])];
        for (index, (point, radius)) in stance.tail.iter().zip(&BRUSH[1..]).enumerate() {
            let by = index as f64 / 4.0;
            tail.push(Ball::at(rump + DVec3::from_array(*point) + DVec3::new(sway * by * by, -sway * 0.5 * by, 0.0), *radius));
        }
        Self { rump, chest, head, fore, hind, tail, breath }
    }

    /// Hips, waist and ribs, and the neck up to the skull.
    pub(crate) fn trunk(&self) -> [Vec<Ball>; 2] {
        let fill = self.breath * 1.6;
        let waist = self.rump.lerp(self.chest, 0.45) + DVec3::Y * 2.0;
        let trunk = vec![
            Ball::at(self.rump + DVec3::new(0.0, 4.0, -10.0), 34.0),
            Ball::at(self.rump.lerp(self.chest, 0.15), 38.0),
            Ball::at(waist, 35.0 + fill),
            Ball::at(self.rump.lerp(self.chest, 0.85) + DVec3::Y * 4.0, 41.0 + fill),
            Ball::at(self.chest + DVec3::new(0.0, 2.0, 8.0), 38.0 + fill),
        ];
        let throat = self.chest.lerp(self.head, 0.5) + DVec3::new(0.0, 2.0, 2.0);
        let neck = vec![Ball::at(self.chest + DVec3::new(0.0, -8.0, 8.0), 37.0 + fill), Ball::at(throat, 31.0), Ball::at(self.head, 27.0)];
        [trunk, neck]
    }

    /// The light fur along the belly.
    pub(crate) fn belly(&self) -> Vec<Ball> {
        let down = DVec3::Y * 34.0;
        vec![
            Ball::at(self.rump.lerp(self.chest, 0.2) + down, 12.0),
            Ball::at(self.rump.lerp(self.chest, 0.55) + down, 16.0),
            Ball::at(self.chest + down * 0.9, 22.0),
        ]
    }

    /// The ruff on the chest: one chain for each of its points.
    pub(crate) fn ruff(&self) -> [Vec<Ball>; 3] {
        let throat = self.chest.lerp(self.head, 0.62) + DVec3::new(0.0, 6.0, 10.0);
        let middle = self.chest + DVec3::new(0.0, -12.0, 28.0);
        [(-17.0, 22.0), (17.0, 22.0), (0.0, 46.0)].map(|(x, y)| {
            vec![
                Ball::at(throat, 22.0),
                Ball::at(middle + DVec3::X * x * 0.5, 21.0),
                Ball::at(self.chest + DVec3::new(x, y * 0.55, 32.0), 11.0),
                Ball::at(self.chest + DVec3::new(x * 1.15, y, 30.0), 1.0),
            ]
        })
    }
}

impl Leg {
    /// Its chain.
    pub(crate) fn balls(&self) -> Vec<Ball> {
        let [root, middle, end, paw, toe] = if self.fore { [22.0, 14.0, 9.4, 9.8, 9.0] } else { [31.0, 23.0, 10.4, 9.4, 9.0] };
        let sole = DVec3::Y * -9.0;
        vec![
            Ball::at(self.root, root),
            Ball::at(self.middle, middle),
            Ball::at(self.end, end),
            Ball::at(self.paw + sole - DVec3::Z * 2.0, paw),
            Ball::at(self.paw + sole + DVec3::Z * 11.0, toe),
        ]
    }
}

/// Where a limb of two bones bends on its way from `root` to `end`, towards `hint`.
fn bent(root: DVec3, end: DVec3, [upper, lower]: [f64; 2], hint: DVec3) -> DVec3 {
    let way = end - root;
    let length = way.length().clamp(1.0, upper + lower - 0.5);
    let along = way.normalize_or(DVec3::Y);
    let share = (upper * upper - lower * lower + length * length) / (2.0 * length);
    let out = (upper * upper - share * share).max(0.0).sqrt();
    let across = (hint - along * hint.dot(along)).normalize_or(DVec3::Z);
    root + along * share + across * out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knees_bend_forward_and_bones_keep_their_length() {
        let knee = bent(DVec3::ZERO, DVec3::Y * 100.0, HIND, DVec3::Z);
        assert!(knee.z > 10.0);
        assert!((knee.length() - HIND[0]).abs() < 1e-6);
    }
}
