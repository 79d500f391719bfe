//! Eyes: one drawing whose lids move.
//!
//! An eye part is drawn open, its outer corner at +x, in layers: `white` (the opening), `iris`, `shine`, `upper`
//! (lash and fold) and `lower`. Lids move its points up and down; the iris is cut to what is left open.

use kurbo::{Affine, BezPath, PathEl, Point, Shape, Vec2};
use serde::Deserialize;

use crate::body::shade::clipped;
use crate::cel::{Mark, Paint, of_layer};
use crate::part::Art;
use crate::stage::timing::Eyes;

/// What an eye part says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Opening {
    /// Half of the width between the corners.
    pub(crate) half_width: f64,
    /// From the upper lid to the lower one.
    pub(crate) height: f64,
}

/// How the lids stand, in shares of the opening's height; 0 is as drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lids {
    /// The upper lid comes down by.
    pub(crate) drop: f64,
    /// The lower lid comes up by.
    pub(crate) lift: f64,
    /// The upper lid comes down at the inner corner by.
    pub(crate) inner: f64,
    /// The upper lid comes down at the outer corner by.
    pub(crate) outer: f64,
    /// Size of the iris; 1 is as drawn.
    pub(crate) iris: f64,
    /// The iris looks down by this many units.
    pub(crate) gaze: f64,
}

impl Lids {
    /// The same on the way to a blink.
    pub(crate) fn blinking(self, eyes: Eyes) -> Self {
        match eyes {
            Eyes::Open => self,
            Eyes::Half => Self { drop: self.drop.max(0.0) + 0.42, lift: self.lift.max(0.06), ..self },
            Eyes::Closed => Self { drop: 0.86, lift: 0.14, inner: 0.0, outer: 0.0, ..self },
        }
    }

    fn shut(&self) -> bool {
        self.drop + self.lift > 0.93
    }

    fn moved(&self, point: Point, opening: Opening) -> Point {
        let along = (point.x / opening.half_width).clamp(-1.0, 1.0);
        let middle = 1.0 - along * along;
        if point.y < 1.2 * along.abs() || point.y < 0.0 {
            let slanted =
                self.inner * (1.0 - along) / 2.0 * (0.35 + 0.65 * middle) + self.outer * (1.0 + along) / 2.0 * (0.35 + 0.65 * middle);
            Point::new(point.x, point.y + (self.drop * middle + slanted) * opening.height)
        } else {
            Point::new(point.x, point.y - self.lift * middle * opening.height)
        }
    }

    fn bent(&self, path: &BezPath, opening: Opening, upper: Option<bool>) -> BezPath {
        let shift = |point: Point| match upper {
            None => self.moved(point, opening),
            // A lash moves as one with its lid, whatever side of the corner line it is on.
            Some(true) => {
                let lid = self.moved(Point::new(point.x, -1.0e-3), opening);
                Point::new(point.x, point.y + lid.y)
            }
            Some(false) => {
                let lid = self.moved(Point::new(point.x, 3.0), opening);
                Point::new(point.x, point.y + lid.y - 3.0)
            }
        };
        path.iter()
            .map(|element| match element {
                PathEl::MoveTo(a) => PathEl::MoveTo(shift(a)),
                PathEl::LineTo(a) => PathEl::LineTo(shift(a)),
                PathEl::QuadTo(a, b) => PathEl::QuadTo(shift(a), shift(b)),
                PathEl::CurveTo(a, b, c) => PathEl::CurveTo(shift(a), shift(b), shift(c)),
                PathEl::ClosePath => PathEl::ClosePath,
            })
            .collect()
    }
}

/// One eye, placed by `place`. Light shines on the same side of both, so shines are mirrored with `mirrored`.
pub(crate) fn marks(art: &Art, opening: Opening, lids: &Lids, iris_slot: &str, place: Affine, mirrored: bool) -> Vec<Mark> {
    let mut marks = Vec::new();
    let bent = |mark: &Mark, upper| Mark { path: lids.bent(&mark.path, opening, upper), ..mark.clone() };
    if !lids.shut() {
        let white: Vec<Mark> = of_layer(&art.marks, "white").map(|mark| bent(mark, None)).collect();
        let open: BezPath = white.iter().flat_map(|mark| mark.path.iter()).collect();
        marks.extend(white);
        let middle = of_layer(&art.marks, "iris")
            .map(|mark| mark.path.bounding_box())
            .reduce(|a, b| a.union(b))
            .map_or(Point::ZERO, |bounds| bounds.center());
        let sized = Affine::translate((0.0, lids.gaze))
            * Affine::translate(middle.to_vec2())
            * Affine::scale(lids.iris)
            * Affine::translate(-middle.to_vec2());
        for mark in of_layer(&art.marks, "iris") {
            let mut mark = mark.transformed(sized);
            if matches!(mark.paint, Paint::Ink { .. }) {
                // A line is not cut; it is left out where the lids would cross it.
                if lids.lift > 0.12 || lids.drop > 0.3 {
                    continue;
                }
            } else {
                mark.path = clipped(&mark.path, &open);
            }
            if &*mark.slot == "iris" {
                mark.slot = iris_slot.into();
            }
            marks.push(mark);
        }
        for mark in of_layer(&art.marks, "shine") {
            let flip = if mirrored { Affine::translate(Vec2::new(2.0 * middle.x, 0.0)) * crate::cel::MIRROR } else { Affine::IDENTITY };
            let mut mark = mark.transformed(sized * flip);
            mark.path = clipped(&mark.path, &open);
            marks.push(mark);
        }
        marks.retain(|mark| !mark.path.is_empty());
    }
    marks.extend(of_layer(&art.marks, "upper").map(|mark| bent(mark, Some(true))));
    marks.extend(of_layer(&art.marks, "lower").filter(|_| !lids.shut()).map(|mark| bent(mark, Some(false))));
    for mark in &mut marks {
        mark.transform(place);
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    const AS_DRAWN: Lids = Lids { drop: 0.0, lift: 0.0, inner: 0.0, outer: 0.0, iris: 1.0, gaze: 0.0 };
    const OPENING: Opening = Opening { half_width: 10.0, height: 20.0 };

    #[test]
    fn a_lid_comes_down_most_in_the_middle_and_not_at_the_corners() {
        let lids = Lids { drop: 0.5, ..AS_DRAWN };
        assert!((lids.moved(Point::new(0.0, -10.0), OPENING).y - 0.0).abs() < 1e-9);
        assert!((lids.moved(Point::new(10.0, -1.0), OPENING).y + 1.0).abs() < 1e-9);
        assert!((lids.moved(Point::new(0.0, 8.0), OPENING).y - 8.0).abs() < 1e-9, "the lower lid stays");
    }

    #[test]
    fn closed_eyes_show_no_iris() {
        let catalogue = crate::part::Catalogue::built_in();
        for name in catalogue.names("eye").map(str::to_owned).collect::<Vec<_>>() {
            let part = catalogue.part("eye", &name.parse().unwrap()).unwrap();
            let opening = part.details::<Opening>().unwrap();
            for art in part.views.values() {
                let seen = |eyes| marks(art, *opening, &AS_DRAWN.blinking(eyes), "iris.left", Affine::IDENTITY, false);
                assert!(seen(Eyes::Open).iter().any(|mark| &*mark.slot == "iris.left"), "{name}");
                assert!(seen(Eyes::Closed).iter().all(|mark| &*mark.slot != "iris.left"), "{name}");
                assert!(!seen(Eyes::Closed).is_empty(), "{name}: the lashes stay");
            }
        }
    }
}
