//! Form shadow: the side of a tube that turns away from the light, with one hard edge.

use glam::DVec3;
use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::float::single::SingleFloatOverlay;
use kurbo::{BezPath, PathEl, Point, Shape};

use super::tube::{Tube, polygon_into, smooth_into};

/// Towards the light: from the upper left, before the picture.
pub const LIGHT: DVec3 = DVec3::new(-0.50, -0.52, 0.69);

/// How much a surface must face the light to be lit. Larger means more shadow.
const LIT: f64 = 0.17;

/// The shadow of a tube's own form: up to one shape along each edge. `fading` names places between which it
/// thins out, where the tube runs on into others.
#[must_use]
pub fn form_shadow(tube: &Tube, light: DVec3, fading: Option<[f64; 2]>) -> BezPath {
    let mut path = BezPath::new();
    for right in [true, false] {
        let mut stretch: Vec<(Point, Point)> = Vec::new();
        for (section, seen) in tube.sections.iter().zip(&tube.seen) {
            let (edge, other) = if right { (seen.right, seen.left) } else { (seen.left, seen.right) };
            // A hair's breadth over the middle at most, so that two shadows of one section never overlap.
            let reach = 0.85;
            let lit = |share: f64| section.normal(edge + (other - edge) * share * reach).dot(light) > LIT;
            let strength = fading.map_or(1.0, |[from, to]| ((to - section.place) / (to - from)).clamp(0.0, 1.0));
            let share = if lit(0.0) { 0.0 } else { boundary(lit) * strength.sqrt() };
            let place = |share: f64| tube.lens.project(section.point(edge + (other - edge) * share * reach));
            if share > 0.02 {
                stretch.push((place(0.0), place(share)));
            } else {
                close(&mut path, &mut stretch);
            }
        }
        close(&mut path, &mut stretch);
    }
    path
}

/// The first share from the edge inwards that is lit.
fn boundary(lit: impl Fn(f64) -> bool) -> f64 {
    const STEPS: u32 = 12;
    let Some(first) = (1..=STEPS).find(|step| lit(f64::from(*step) / f64::from(STEPS))) else { return 1.0 };
    let (mut dark, mut bright) = (f64::from(first - 1) / f64::from(STEPS), f64::from(first) / f64::from(STEPS));
    for _ in 0..5 {
        let middle = (dark + bright) / 2.0;
        if lit(middle) { bright = middle } else { dark = middle }
    }
    bright
}

fn close(path: &mut BezPath, stretch: &mut Vec<(Point, Point)>) {
    if stretch.len() > 1 {
        let inner: Vec<Point> = stretch.iter().map(|(_, inner)| *inner).collect();
        let outer: Vec<Point> = stretch.iter().rev().map(|(outer, _)| *outer).collect();
        smooth_into(path, &inner, true);
        if let Some(corner) = outer.first() {
            path.line_to(*corner);
        }
        smooth_into(path, &outer, false);
        path.close_path();
    }
    stretch.clear();
}

/// The part of `shape` that lies on `base`.
#[must_use]
pub fn clipped(shape: &BezPath, base: &BezPath) -> BezPath {
    combined(shape, base, OverlayRule::Intersect)
}

/// The part of `shape` that `cut` does not cover.
#[must_use]
pub fn without(shape: &BezPath, cut: &BezPath) -> BezPath {
    combined(shape, cut, OverlayRule::Difference)
}

/// Several shapes as one, without lines where they overlap.
#[must_use]
pub fn merged(shapes: &BezPath) -> BezPath {
    combined(shapes, &BezPath::new(), OverlayRule::Union)
}

fn combined(shape: &BezPath, base: &BezPath, rule: OverlayRule) -> BezPath {
    let mut path = BezPath::new();
    if rule == OverlayRule::Intersect && !shape.bounding_box().overlaps(base.bounding_box()) {
        return path;
    }
    let (shape, base) = (contours(shape), contours(base));
    if shape.is_empty() || (base.is_empty() && rule == OverlayRule::Intersect) {
        return path;
    }
    for contour in shape.overlay(&base, rule, FillRule::NonZero).into_iter().flatten() {
        let points: Vec<Point> = contour.into_iter().map(|[x, y]| Point::new(x, y)).collect();
        polygon_into(&mut path, &points);
    }
    path
}

fn contours(path: &BezPath) -> Vec<Vec<[f64; 2]>> {
    let mut contours: Vec<Vec<[f64; 2]>> = Vec::new();
    kurbo::flatten(path.elements().iter().copied(), 0.2, |element| match element {
        PathEl::MoveTo(point) => contours.push(vec![[point.x, point.y]]),
        PathEl::LineTo(point) => {
            if let Some(contour) = contours.last_mut() {
                contour.push([point.x, point.y]);
            }
        }
        PathEl::QuadTo(..) | PathEl::CurveTo(..) | PathEl::ClosePath => {}
    });
    contours.retain(|contour| contour.len() > 2);
    contours
}

#[cfg(test)]
mod tests {
    use super::super::tube::{Lens, Section};
    use super::*;
    use kurbo::Rect;

    fn tube(along: DVec3) -> Tube {
        let z = DVec3::Z;
        let sections = (0..=6)
            .map(|index| Section {
                place: f64::from(index),
                centre: along * f64::from(index) * 20.0,
                x: along.cross(z),
                z,
                side: 20.0,
                front: 20.0,
                back: 20.0,
            })
            .collect();
        Tube::new(sections, Lens { eye: 0.0 })
    }

    #[test]
    fn the_shadow_lies_away_from_the_light() {
        let upright = form_shadow(&tube(DVec3::Y), LIGHT, None).bounding_box();
        assert!(upright.x0 > 0.0 && upright.x1 > 18.0, "{upright:?}");
        let level = form_shadow(&tube(DVec3::X), LIGHT, None).bounding_box();
        assert!(level.y0 > 0.0 && level.y1 > 18.0, "{level:?}");
    }

    #[test]
    fn a_tube_lit_from_the_viewer_has_no_shadow_worth_drawing() {
        let lit = form_shadow(&tube(DVec3::Y), DVec3::Z, None);
        assert!(lit.area().abs() < 0.1 * 120.0 * 40.0, "{}", lit.area());
    }

    #[test]
    fn a_shadow_stays_on_what_it_falls_on() {
        let clipped = clipped(&Rect::new(0.0, 0.0, 10.0, 10.0).to_path(0.1), &Rect::new(5.0, -5.0, 20.0, 5.0).to_path(0.1));
        assert_eq!(clipped.bounding_box(), Rect::new(5.0, 0.0, 10.0, 5.0));
        assert!((clipped.area().abs() - 25.0).abs() < 1e-3);
    }

    #[test]
    fn overlapping_shapes_become_one() {
        let mut both = Rect::new(0.0, 0.0, 10.0, 10.0).to_path(0.1);
        both.extend(Rect::new(5.0, 0.0, 15.0, 10.0).to_path(0.1));
        assert!((merged(&both).area().abs() - 150.0).abs() < 1e-3);
    }
}
