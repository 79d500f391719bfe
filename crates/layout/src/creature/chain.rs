//! Chains: a row of balls in space with skin over them. Limbs, necks, trunks and tails of animals are chains,
//! so that one body can be seen from every side.

use glam::DVec3;
use kurbo::{BezPath, Point, Vec2};

use super::sight::Sight;
use crate::body::shade::merged;

/// A ball of a chain: where it is and how thick, in head units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ball {
    pub(crate) at: DVec3,
    pub(crate) radius: f64,
}

impl Ball {
    pub(crate) const fn at(at: DVec3, radius: f64) -> Self {
        Self { at, radius }
    }
}

/// A ball as it is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Disc {
    pub(crate) at: Point,
    pub(crate) radius: f64,
}

/// Balls between two of a chain, for its smooth course.
const STEPS: usize = 5;

/// The discs of a chain, smoothly from ball to ball.
pub(crate) fn discs(balls: &[Ball], sight: &Sight) -> Vec<Disc> {
    let mut found = Vec::with_capacity(balls.len() * STEPS);
    for index in 0..balls.len().saturating_sub(1) {
        let get = |offset: isize| balls[(index as isize + offset).clamp(0, balls.len() as isize - 1) as usize];
        let [before, from, to, after] = [get(-1), get(0), get(1), get(2)];
        for step in 0..STEPS {
            let share = step as f64 / STEPS as f64;
            let blend = |a: f64, b: f64, c: f64, d: f64| {
                let (square, cube) = (share * share, share * share * share);
                0.5 * (2.0 * b + (c - a) * share + (2.0 * a - 5.0 * b + 4.0 * c - d) * square + (3.0 * b - a - 3.0 * c + d) * cube)
            };
            let at = DVec3::new(
                blend(before.at.x, from.at.x, to.at.x, after.at.x),
                blend(before.at.y, from.at.y, to.at.y, after.at.y),
                blend(before.at.z, from.at.z, to.at.z, after.at.z),
            );
            let radius = blend(before.radius, from.radius, to.radius, after.radius).max(0.3);
            found.push(Disc { at: sight.point(at), radius });
        }
    }
    if let Some(last) = balls.last() {
        found.push(Disc { at: sight.point(last.at), radius: last.radius });
    }
    found
}

/// The outline of discs with skin over them.
pub(crate) fn outline(discs: &[Disc]) -> BezPath {
    let mut all = BezPath::new();
    for pair in discs.windows(2) {
        hull(pair[0], pair[1], &mut all);
    }
    merged(&all)
}

/// The convex hull of two discs.
fn hull(a: Disc, b: Disc, path: &mut BezPath) {
    let between = b.at - a.at;
    let distance = between.hypot();
    if distance <= (a.radius - b.radius).abs() + 1e-6 {
        let larger = if a.radius > b.radius { a } else { b };
        arc(larger, 0.0, std::f64::consts::TAU, true, path);
        path.close_path();
        return;
    }
    let heading = between.atan2();
    // How far the tangents lean.
    let lean = ((a.radius - b.radius) / distance).acos();
    arc(b, heading - lean, heading + lean, true, path);
    arc(a, heading + lean, heading + std::f64::consts::TAU - lean, false, path);
    path.close_path();
}

fn arc(disc: Disc, from: f64, to: f64, first: bool, path: &mut BezPath) {
    let steps = ((to - from).abs() / 0.36).ceil().max(2.0) as usize;
    for step in 0..=steps {
        let angle = from + (to - from) * step as f64 / steps as f64;
        let point = disc.at + Vec2::from_angle(angle) * disc.radius;
        if first && step == 0 {
            path.move_to(point);
        } else {
            path.line_to(point);
        }
    }
}

/// The course of one edge: to the left (-1) or right (1) of the way that the chain goes.
pub(crate) fn edge(discs: &[Disc], side: f64, from: f64, to: f64) -> BezPath {
    let last = discs.len().saturating_sub(1) as f64;
    let mut path = BezPath::new();
    for index in (from * last).round() as usize..=(to * last).round() as usize {
        let before = discs[index.saturating_sub(1)].at;
        let after = discs[(index + 1).min(discs.len() - 1)].at;
        let along = after - before;
        if along.hypot() < 1e-6 {
            continue;
        }
        let across = Vec2::new(-along.y, along.x) / along.hypot() * side;
        let point = discs[index].at + across * (discs[index].radius - 0.4);
        if path.is_empty() { path.move_to(point) } else { path.line_to(point) }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use kurbo::Shape;

    #[test]
    fn skin_over_two_balls_reaches_as_far_as_they_do() {
        let balls = [Ball::at(DVec3::ZERO, 10.0), Ball::at(DVec3::X * 40.0, 4.0)];
        let bounds = outline(&discs(&balls, &Sight::new(0.0, 0.0))).bounding_box();
        assert!((bounds.x0 + 10.0).abs() < 0.6 && (bounds.x1 - 44.0).abs() < 0.6, "{bounds:?}");
        assert!((bounds.height() - 20.0).abs() < 1.2, "{bounds:?}");
    }

    #[test]
    fn a_chain_that_points_at_us_is_its_thickest_ball() {
        let balls = [Ball::at(DVec3::ZERO, 10.0), Ball::at(DVec3::Z * 40.0, 20.0)];
        let bounds = outline(&discs(&balls, &Sight::new(0.0, 0.0))).bounding_box();
        assert!((bounds.width() - 40.0).abs() < 1.5, "{bounds:?}");
    }
}
