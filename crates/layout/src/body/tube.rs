//! Tubes: cross sections along a bent axis, and flat drawings wrapped around them.
//!
//! Everything soft about a figure (trunk, limbs, sleeves, skirts) is a tube. A drawing that is to lie on
//! it is made flat, as a pattern for sewing is: x is the angle around the tube in degrees (0 front,
//! positive towards the figure's left), y the place along it. [`Tube::wrap`] bends the drawing around.

use glam::DVec3;
use kurbo::{BezPath, ParamCurve, PathEl, PathSeg, Point, Vec2};

/// How depth becomes size: a camera about 24 heads away, level with the figure's chin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lens {
    /// y of the camera's axis.
    pub eye: f64,
}

impl Lens {
    /// Distance from the camera to z = 0 in head units.
    const DISTANCE: f64 = 2400.0;

    /// Where a point is seen.
    #[must_use]
    pub fn project(&self, point: DVec3) -> Point {
        let scale = self.scale(point.z);
        Point::new(point.x * scale, self.eye + (point.y - self.eye) * scale)
    }

    /// How large a thing at depth `z` is seen.
    #[must_use]
    pub fn scale(&self, z: f64) -> f64 {
        Self::DISTANCE / (Self::DISTANCE - z.min(Self::DISTANCE * 0.8))
    }
}

/// A cross section: an ellipse whose front half may be deeper than its back half.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Section {
    /// Its place along the tube.
    pub place: f64,
    /// Its middle.
    pub centre: DVec3,
    /// To the figure's left (or outwards), of length 1.
    pub x: DVec3,
    /// To the front, of length 1.
    pub z: DVec3,
    /// Half width.
    pub side: f64,
    /// Depth before the middle.
    pub front: f64,
    /// Depth behind the middle.
    pub back: f64,
}

impl Section {
    fn depth(&self, cosine: f64) -> f64 {
        if cosine >= 0.0 { self.front } else { self.back }
    }

    /// The point of the surface at an angle in radians.
    #[must_use]
    pub fn point(&self, angle: f64) -> DVec3 {
        let (sine, cosine) = angle.sin_cos();
        self.centre + self.x * (self.side * sine) + self.z * (self.depth(cosine) * cosine)
    }

    /// The direction away from the surface at an angle, of length 1.
    #[must_use]
    pub fn normal(&self, angle: f64) -> DVec3 {
        let (sine, cosine) = angle.sin_cos();
        // Across the tangent, so that it is right for radii that are not at a right angle too.
        let tangent = self.x * (self.side * cosine) - self.z * (self.depth(cosine) * sine);
        tangent.cross(self.z.cross(self.x)).normalize_or(self.z)
    }

    /// The angle whose point is farthest in a direction of the picture.
    fn extreme(&self, direction: Vec2) -> f64 {
        let along = |axis: DVec3| axis.x * direction.x + axis.y * direction.y;
        let (x, z) = (along(self.x) * self.side, along(self.z));
        x.atan2(z * self.depth(z))
    }

    fn widened(self, [side, depth]: [f64; 2]) -> Self {
        Self { side: self.side + side, front: self.front + depth, back: self.back + depth, ..self }
    }

    fn mixed(&self, other: &Self, share: f64) -> Self {
        let mix = |from: f64, to: f64| from + (to - from) * share;
        Self {
            place: mix(self.place, other.place),
            centre: self.centre.lerp(other.centre, share),
            x: self.x.lerp(other.x, share).normalize_or(self.x),
            z: self.z.lerp(other.z, share).normalize_or(self.z),
            side: mix(self.side, other.side),
            front: mix(self.front, other.front),
            back: mix(self.back, other.back),
        }
    }
}

/// What of a section is seen: angles (radians) of its left and right edge in the picture, left below right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// Where the section turns away at the left of the tube's direction.
    pub left: f64,
    /// Where it turns away at the right.
    pub right: f64,
}

/// A tube as the camera sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tube {
    /// Cross sections in order of place.
    pub sections: Vec<Section>,
    /// What is seen of each.
    pub seen: Vec<Seen>,
    /// The camera.
    pub lens: Lens,
}

impl Tube {
    /// A tube of at least two sections, in camera space, in order of place.
    #[must_use]
    pub fn new(sections: Vec<Section>, lens: Lens) -> Self {
        let mut seen: Vec<Seen> = Vec::with_capacity(sections.len());
        let mut direction = Vec2::new(0.0, 1.0);
        for (index, section) in sections.iter().enumerate() {
            let (before, after) = (&sections[index.saturating_sub(1)], &sections[(index + 1).min(sections.len() - 1)]);
            let axis = lens.project(after.centre) - lens.project(before.centre);
            if axis.hypot() > 0.15 * (after.centre - before.centre).length() {
                direction = axis / axis.hypot();
            }
            // Seen along the tube's direction, its right is the direction turned by a quarter.
            let right_way = Vec2::new(direction.y, -direction.x);
            let (mut left, mut right) = (section.extreme(-right_way), section.extreme(right_way));
            let middle = facing(section);
            left = middle - wrapped(middle - left).abs();
            right = middle + wrapped(right - middle).abs();
            if let Some(last) = seen.last() {
                let turns = ((last.left + last.right - left - right) / 2.0 / std::f64::consts::TAU).round() * std::f64::consts::TAU;
                left += turns;
                right += turns;
            }
            seen.push(Seen { left, right });
        }
        Self { sections, seen, lens }
    }

    /// The first and last place.
    #[must_use]
    pub fn span(&self) -> (f64, f64) {
        match (self.sections.first(), self.sections.last()) {
            (Some(first), Some(last)) => (first.place, last.place),
            _ => (0.0, 0.0),
        }
    }

    /// The tube from one place to another, wider (to the sides; in depth) by what `ease` says at each place.
    #[must_use]
    pub fn cut(&self, from: f64, to: f64, ease: impl Fn(f64) -> [f64; 2]) -> Self {
        let mut places: Vec<f64> =
            self.sections.iter().map(|section| section.place).filter(|place| *place > from + 1e-6 && *place < to - 1e-6).collect();
        places.insert(0, from);
        places.push(to);
        let sections = places.into_iter().map(|place| self.section(place).widened(ease(place))).collect();
        Self::new(sections, self.lens)
    }

    /// The cross section at a place; beyond an end, that of the end.
    #[must_use]
    pub fn section(&self, place: f64) -> Section {
        let (index, share) = self.locate(place);
        let section = self.sections[index].mixed(&self.sections[(index + 1).min(self.sections.len() - 1)], share);
        Section { place, ..section }
    }

    fn locate(&self, place: f64) -> (usize, f64) {
        let last = self.sections.len().saturating_sub(2);
        let index = self.sections.partition_point(|section| section.place <= place).saturating_sub(1).min(last);
        let (from, to) = (self.sections[index].place, self.sections[(index + 1).min(self.sections.len() - 1)].place);
        (index, if to > from { ((place - from) / (to - from)).clamp(0.0, 1.0) } else { 0.0 })
    }

    fn seen_at(&self, place: f64) -> Seen {
        let (index, share) = self.locate(place);
        let (from, to) = (self.seen[index], self.seen[(index + 1).min(self.seen.len() - 1)]);
        Seen { left: from.left + (to.left - from.left) * share, right: from.right + (to.right - from.right) * share }
    }

    /// Where a point of the surface is in the picture, moved to the nearer edge when it is out of sight.
    #[must_use]
    pub fn point(&self, place: f64, angle: f64) -> (Point, bool) {
        let seen = self.seen_at(place);
        let clamped = angle.clamp(seen.left, seen.right);
        (self.lens.project(self.section(place).point(clamped)), (clamped - angle).abs() < 1e-9)
    }

    /// The left and right edge of the tube in the picture, from start to end.
    #[must_use]
    pub fn edges(&self) -> [Vec<Point>; 2] {
        let edge = |angle: fn(&Seen) -> f64| {
            self.sections.iter().zip(&self.seen).map(|(section, seen)| self.lens.project(section.point(angle(seen)))).collect()
        };
        [edge(|seen| seen.left), edge(|seen| seen.right)]
    }

    /// The whole tube as it is seen: both edges and the near rims of its ends.
    #[must_use]
    pub fn silhouette(&self) -> BezPath {
        self.outline(self.edges())
    }

    /// The tube with its left and right edge where they are said to be.
    #[must_use]
    pub fn outline(&self, [left, right]: [Vec<Point>; 2]) -> BezPath {
        let rim = |index: usize| -> Vec<Point> {
            let (section, seen) = (&self.sections[index], self.seen[index]);
            (1..8).map(|step| self.lens.project(section.point(seen.left + (seen.right - seen.left) * f64::from(step) / 8.0))).collect()
        };
        let mut path = BezPath::new();
        smooth_into(&mut path, &left, true);
        smooth_into(&mut path, &with_ends(rim(self.sections.len() - 1), left.last(), right.last()), false);
        smooth_into(&mut path, &right.iter().rev().copied().collect::<Vec<_>>(), false);
        let first: Vec<Point> = rim(0).into_iter().rev().collect();
        smooth_into(&mut path, &with_ends(first, right.first(), left.first()), false);
        path.close_path();
        path
    }

    /// The whole rim of a cross section.
    #[must_use]
    pub fn rim(&self, place: f64) -> BezPath {
        let section = self.section(place);
        let points: Vec<Point> =
            (0..=24).map(|step| self.lens.project(section.point(f64::from(step) / 24.0 * std::f64::consts::TAU))).collect();
        let mut path = BezPath::new();
        smooth_into(&mut path, &points, true);
        path.close_path();
        path
    }

    /// Wraps a filled flat shape: `shape` has angles in degrees and places. Empty when nothing of it is seen.
    #[must_use]
    pub fn wrap_fill(&self, shape: &BezPath) -> BezPath {
        let mut wrapped = BezPath::new();
        for stretch in flat_points(shape, 6.0) {
            for turn in self.turns(&stretch) {
                let mut any_seen = false;
                let points: Vec<Point> = stretch
                    .iter()
                    .map(|flat| {
                        let (point, seen) = self.point(flat.y, flat.x.to_radians() + turn);
                        any_seen |= seen;
                        point
                    })
                    .collect();
                // A shape around the whole tube has no seen corner, yet covers what is seen.
                if any_seen || spans(&stretch, turn, self.seen_at(stretch[0].y)) {
                    polygon_into(&mut wrapped, &points);
                }
            }
        }
        wrapped
    }

    /// Wraps a flat line and keeps the stretches of it that are seen.
    #[must_use]
    pub fn wrap_line(&self, line: &BezPath) -> BezPath {
        let mut wrapped = BezPath::new();
        for stretch in flat_points(line, 3.0) {
            for turn in self.turns(&stretch) {
                let mut drawing = false;
                for flat in &stretch {
                    let (point, seen) = self.point(flat.y, flat.x.to_radians() + turn);
                    match (seen, drawing) {
                        (true, true) => wrapped.line_to(point),
                        (true, false) => wrapped.move_to(point),
                        (false, _) => {}
                    }
                    drawing = seen;
                }
            }
        }
        wrapped
    }

    /// The whole turns (radians) by which a stretch must be moved to lie in what is seen.
    fn turns(&self, stretch: &[Point]) -> Vec<f64> {
        let (mut low, mut high) = (f64::MAX, f64::MIN);
        for flat in stretch {
            low = low.min(flat.x.to_radians());
            high = high.max(flat.x.to_radians());
        }
        let (left, right) = self.seen.iter().fold((f64::MAX, f64::MIN), |(left, right), seen| (left.min(seen.left), right.max(seen.right)));
        let tau = std::f64::consts::TAU;
        let (first, last) = (((left - high) / tau).ceil() as i32, ((right - low) / tau).floor() as i32);
        (first..=last).map(|turn| f64::from(turn) * tau).collect()
    }
}

fn with_ends(mut middle: Vec<Point>, first: Option<&Point>, last: Option<&Point>) -> Vec<Point> {
    middle.splice(0..0, first.copied());
    middle.extend(last);
    middle
}

fn spans(stretch: &[Point], turn: f64, seen: Seen) -> bool {
    let inside = |test: &dyn Fn(f64) -> bool| stretch.iter().any(|flat| test(flat.x.to_radians() + turn));
    inside(&|angle| angle <= seen.left) && inside(&|angle| angle >= seen.right)
}

/// The angle that faces the camera.
fn facing(section: &Section) -> f64 {
    let z = section.z.z;
    (section.x.z * section.side).atan2(z * section.depth(z))
}

/// An angle brought between half a turn left and right.
fn wrapped(angle: f64) -> f64 {
    let tau = std::f64::consts::TAU;
    angle - tau * (angle / tau).round()
}

/// The points of a flat path, no farther apart than `step` degrees (or the same share of a place).
fn flat_points(path: &BezPath, step: f64) -> Vec<Vec<Point>> {
    let mut stretches: Vec<Vec<Point>> = Vec::new();
    for element in path.elements() {
        if let PathEl::MoveTo(start) = element {
            stretches.push(vec![*start]);
        }
    }
    stretches.clear();
    let mut last: Option<Point> = None;
    for segment in path.segments() {
        let start = segment.start();
        if last.is_none_or(|last| last != start) {
            stretches.push(vec![start]);
        }
        if let Some(points) = stretches.last_mut() {
            let extent = segment.end() - start;
            let straight = matches!(segment, PathSeg::Line(_));
            // A unit of place is worth about as much as 60 degrees.
            let length = extent.x.abs().max(extent.y.abs() * 60.0) * if straight { 1.0 } else { 1.4 };
            let count = (length / step).ceil().clamp(if straight { 1.0 } else { 6.0 }, 90.0) as u32;
            points.extend((1..=count).map(|index| segment.eval(f64::from(index) / f64::from(count))));
        }
        last = Some(segment.end());
    }
    stretches.retain(|points| points.len() > 1);
    stretches
}

/// Adds a closed polygon.
pub fn polygon_into(path: &mut BezPath, points: &[Point]) {
    for (index, point) in points.iter().enumerate() {
        if index == 0 { path.move_to(*point) } else { path.line_to(*point) }
    }
    path.close_path();
}

/// Adds a smooth curve through points (Catmull-Rom), starting a stretch of its own or going on.
pub fn smooth_into(path: &mut BezPath, points: &[Point], start: bool) {
    let Some(first) = points.first() else { return };
    if start {
        path.move_to(*first);
    }
    let last = points.len() - 1;
    for index in 0..last {
        let (before, from, to, after) = (points[index.saturating_sub(1)], points[index], points[index + 1], points[(index + 2).min(last)]);
        path.curve_to(from + (to - before) / 6.0, to - (after - from) / 6.0, to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kurbo::Shape;

    fn upright(yaw: f64) -> Tube {
        let turn = glam::DQuat::from_rotation_y(yaw.to_radians());
        let sections = (0..=10)
            .map(|index| Section {
                place: f64::from(index) / 10.0,
                centre: DVec3::new(0.0, f64::from(index) * 10.0, 0.0),
                x: turn * DVec3::X,
                z: turn * DVec3::Z,
                side: 40.0,
                front: 20.0,
                back: 30.0,
            })
            .collect();
        Tube::new(sections, Lens { eye: 50.0 })
    }

    fn patch(from: f64, to: f64) -> BezPath {
        kurbo::Rect::new(from, 0.2, to, 0.8).to_path(0.1)
    }

    #[test]
    fn a_tube_is_as_wide_as_its_side_from_the_front_and_as_deep_from_the_side() {
        assert!((upright(0.0).silhouette().bounding_box().width() - 80.0).abs() < 1.0);
        let profile = upright(90.0).silhouette().bounding_box();
        assert!((profile.x1 - 20.0).abs() < 1.0 && (profile.x0 + 30.0).abs() < 1.0, "the front is at the right: {profile:?}");
    }

    #[test]
    fn what_is_drawn_on_the_front_is_not_seen_from_behind() {
        assert!(upright(0.0).wrap_fill(&patch(-30.0, 30.0)).area().abs() > 500.0);
        assert!(upright(180.0).wrap_fill(&patch(-30.0, 30.0)).is_empty());
        assert!(upright(180.0).wrap_fill(&patch(150.0, 210.0)).area().abs() > 500.0);
    }

    #[test]
    fn the_figures_left_is_at_the_right_of_the_picture_and_behind_at_the_left() {
        assert!(upright(0.0).wrap_fill(&patch(20.0, 60.0)).bounding_box().center().x > 10.0);
        assert!(upright(180.0).wrap_fill(&patch(100.0, 140.0)).bounding_box().center().x < -10.0);
    }

    #[test]
    fn a_drawing_around_the_whole_tube_covers_it_from_everywhere() {
        for yaw in [0.0, 40.0, 90.0, 133.0, 180.0, -40.0, -90.0] {
            let tube = upright(yaw);
            let (whole, shape) = (tube.wrap_fill(&kurbo::Rect::new(-180.0, 0.0, 180.0, 1.0).to_path(0.1)), tube.silhouette());
            // Two seams may both be in sight; together they cover the same area.
            assert!(
                (whole.area().abs() - shape.area().abs()).abs() < shape.area().abs() * 0.03,
                "{yaw}: {} {}",
                whole.area(),
                shape.area()
            );
        }
    }

    #[test]
    fn a_line_around_the_tube_is_seen_for_half_its_way() {
        let line = kurbo::Line::new((-180.0, 0.5), (180.0, 0.5)).to_path(0.1);
        let seen = upright(0.0).wrap_line(&line).bounding_box();
        assert!((seen.width() - 80.0).abs() < 2.0, "{seen:?}");
    }
}
