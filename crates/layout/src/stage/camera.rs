//! The camera: from metres in the place to pixels of the frame.
//!
//! The camera looks straight ahead along the depth of the set. To look higher or lower the frame is shifted
//! against the optical axis, as a view camera does, so that upright lines stay upright and every layer of
//! a set is only ever scaled and moved, never turned. That is what makes a camera move cheap: a layer is
//! drawn once and then sampled.

use bible::project::Canvas;

/// How a set was drawn: what ties the units of its drawings to metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draught {
    /// Units across to the vanishing point.
    pub centre: f64,
    /// Units down to the horizon.
    pub horizon: f64,
    /// Units per metre at the plane of action.
    pub units_per_metre: f64,
    /// Metres from the eye that the set was drawn for to the plane of action.
    pub distance: f64,
    /// Metres from the ground to that eye.
    pub height: f64,
}

impl Draught {
    /// Units per metre at a depth in metres behind the plane of action.
    #[must_use]
    pub fn scale(&self, depth: f64) -> f64 {
        self.units_per_metre * self.distance / (self.distance + depth)
    }
}

/// A camera at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// Size of the frame in pixels.
    pub canvas: Canvas,
    /// Metres right of the set's middle.
    pub x: f64,
    /// Metres above the ground.
    pub height: f64,
    /// Metres to the plane of action.
    pub distance: f64,
    /// Focal length in pixels: something of 1 m at 1 m from the camera is this large.
    pub focal: f64,
    /// The pixel column that the optical axis meets.
    pub axis: f64,
    /// The pixel row of the horizon; may lie outside of the frame.
    pub horizon: f64,
}

/// Nothing closer to the lens than this (in metres) is drawn.
pub const NEAREST: f64 = 1.2;

/// Where a layer's drawing lands: `pixel = scale * unit + offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placing {
    /// Pixels per unit.
    pub scale: f64,
    /// Pixels across of unit 0.
    pub x: f64,
    /// Pixels down of unit 0.
    pub y: f64,
}

impl Camera {
    /// Pixels per metre at a depth behind the plane of action.
    #[must_use]
    pub fn scale(&self, depth: f64) -> f64 {
        self.focal / (self.distance + depth).max(0.1)
    }

    /// Whether something at this depth is far enough from the lens to be drawn.
    #[must_use]
    pub fn sees(&self, depth: f64) -> bool {
        self.distance + depth >= NEAREST
    }

    /// The pixel of a point: metres right of the middle, above the ground, behind the plane of action.
    #[must_use]
    pub fn project(&self, x: f64, y: f64, depth: f64) -> [f64; 2] {
        let scale = self.scale(depth);
        [self.axis + scale * (x - self.x), self.horizon - scale * (y - self.height)]
    }

    /// Metres right of the middle that a pixel column shows at a depth.
    #[must_use]
    pub fn x_at(&self, column: f64, depth: f64) -> f64 {
        self.x + (column - self.axis) / self.scale(depth)
    }

    /// Where an upright layer of a set lands.
    #[must_use]
    pub fn place(&self, draught: &Draught, depth: f64) -> Placing {
        let (seen, drawn) = (self.scale(depth), draught.scale(depth));
        let scale = seen / drawn;
        Placing {
            scale,
            x: self.axis - seen * self.x - scale * draught.centre,
            y: self.horizon - seen * (draught.height - self.height) - scale * draught.horizon,
        }
    }

    /// The row of the floor's drawing that a pixel row shows, and where that row lands: drawing row,
    /// pixels per unit and pixels across of unit 0. `None` at and above the horizon.
    #[must_use]
    pub fn place_floor_row(&self, draught: &Draught, row: f64) -> Option<(f64, Placing)> {
        let below = row - self.horizon;
        if below < 0.25 {
            return None;
        }
        let depth = (self.focal * self.height / below - self.distance).max(0.05 - draught.distance);
        let placing = self.place(draught, depth);
        Some((draught.horizon + draught.scale(depth) * draught.height, placing))
    }

    /// Diameter in pixels of the disc that a point at a depth is smeared to when the plane of action is
    /// sharp, for a lens opening of `aperture` metres.
    #[must_use]
    pub fn blur(&self, depth: f64, aperture: f64) -> f64 {
        aperture * (self.scale(0.0) - self.scale(depth)).abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAUGHT: Draught = Draught { centre: 1200.0, horizon: 790.0, units_per_metre: 120.0, distance: 9.0, height: 1.5 };

    fn camera() -> Camera {
        Camera { canvas: Canvas::default(), x: 0.4, height: 1.2, distance: 4.0, focal: 1400.0, axis: 640.0, horizon: 300.0 }
    }

    #[test]
    fn a_point_of_the_drawing_lands_where_the_point_in_the_place_does() {
        for depth in [-2.0, 0.0, 7.5, 100.0] {
            let (x, y) = (1.3, 2.2);
            let unit = DRAUGHT.scale(depth);
            let drawn = [DRAUGHT.centre + unit * x, DRAUGHT.horizon + unit * (DRAUGHT.height - y)];
            let placing = camera().place(&DRAUGHT, depth);
            let [px, py] = camera().project(x, y, depth);
            assert!((placing.scale * drawn[0] + placing.x - px).abs() < 1e-9 && (placing.scale * drawn[1] + placing.y - py).abs() < 1e-9);
        }
    }

    #[test]
    fn the_floor_meets_the_feet_at_every_depth() {
        for depth in [-1.0, 0.0, 3.0, 20.0] {
            let [x, row] = camera().project(0.7, 0.0, depth);
            let (drawn_row, placing) = camera().place_floor_row(&DRAUGHT, row).unwrap();
            let unit = DRAUGHT.scale(depth);
            assert!((drawn_row - (DRAUGHT.horizon + unit * DRAUGHT.height)).abs() < 1e-6, "{depth}");
            assert!((placing.scale * (DRAUGHT.centre + unit * 0.7) + placing.x - x).abs() < 1e-6, "{depth}");
        }
        assert!(camera().place_floor_row(&DRAUGHT, 300.0).is_none());
    }

    #[test]
    fn what_is_nearer_passes_faster() {
        let moved = Camera { x: 1.4, ..camera() };
        let shift = |depth: f64| camera().project(0.0, 1.0, depth)[0] - moved.project(0.0, 1.0, depth)[0];
        assert!(shift(0.0) > 2.0 * shift(6.0) && shift(6.0) > 0.0);
    }
}
