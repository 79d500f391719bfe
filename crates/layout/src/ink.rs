//! The painter: flat cels, tapered ink and the outer contour, into pixels and a part map.

use bible::Colour;
use kurbo::{Affine, BezPath, ParamCurve, PathEl, Point, Shape, Vec2};
use tiny_skia::{BlendMode, FillRule, LineCap, LineJoin, PathBuilder, Pixmap, Stroke, Transform};

use crate::cel::{FIXED, Mark, OUTLINE, Paint, mean_scale};
use crate::palette::{Palette, Swatch};

/// Weight of the outer contour in head units (1/100 of a head).
const CONTOUR: f64 = 1.7;

/// Pixels per head unit of a full figure on a 720-line canvas, where lines have their own weight.
const REFERENCE_SCALE: f64 = 0.86;

/// How line weights follow the size of the drawing: 1 in proportion, 0 not at all. A face in close-up
/// is drawn with a line that is heavier than in a long shot, but not as much as the face is bigger.
const WEIGHT_EXPONENT: f64 = 0.62;

/// Thinnest line in pixels of a 720-line canvas.
const HAIRLINE: f64 = 0.55;

/// A line marks every pixel that it tints, in the part map: those whose centre is within this many pixels of
/// width, however thin the line itself is.
const MARKED: f64 = 1.4;

/// How far the contour is heavier away from the light, as a share of its weight (right, down).
const CONTOUR_SHIFT: Vec2 = Vec2::new(0.16, 0.24);

/// What lines look like in a show, on a canvas.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pen {
    /// The outer line's colour.
    pub colour: Colour,
    /// Weight: 1 is the engine's own.
    pub weight: f64,
    /// Canvas height / 720: lines keep their share of the picture at any resolution.
    pub resolution: f64,
}

impl Pen {
    /// Pixels wide of a line of `weight` under a transform of mean scale `scale`.
    fn width(&self, weight: f64, scale: f64) -> f64 {
        let relative = scale / (self.resolution * REFERENCE_SCALE);
        let pixels = weight * REFERENCE_SCALE * relative.max(1e-6).powf(WEIGHT_EXPONENT);
        (pixels * self.weight).max(HAIRLINE * self.weight.min(1.0)) * self.resolution
    }
}

/// What is painted on: pixels, and the part map when someone asks for it.
#[derive(Debug)]
pub struct Canvas<'a> {
    /// The picture.
    pub pixels: &'a mut Pixmap,
    /// Which part each pixel shows.
    pub parts: Option<&'a mut PartLayer>,
}

/// Which part each pixel shows, while it is painted.
#[derive(Debug, Clone)]
pub struct PartLayer {
    pixmap: Pixmap,
}

impl PartLayer {
    /// All background (0). `None` when a side is 0.
    #[must_use]
    pub fn new(width: u32, height: u32) -> Option<Self> {
        Some(Self { pixmap: Pixmap::new(width, height)? })
    }

    /// Gives every pixel of a shape to a part, with hard edges.
    pub fn fill(&mut self, path: &tiny_skia::Path, index: u8) {
        let mut paint = tiny_skia::Paint::default();
        paint.set_color_rgba8(index, 0, 0, 255);
        paint.anti_alias = false;
        paint.blend_mode = BlendMode::Source;
        self.pixmap.fill_path(path, &paint, FillRule::Winding, Transform::identity(), None);
    }

    /// One index per pixel, row by row.
    #[must_use]
    pub fn into_indices(self) -> Vec<u8> {
        self.pixmap.data().chunks_exact(4).map(|pixel| pixel[0]).collect()
    }
}

/// Paints marks that belong together: first the contour around all base fills as one silhouette, then
/// the marks in order. `transform` leads from the marks' units (head units) to pixels.
pub fn paint(canvas: &mut Canvas<'_>, marks: &[Mark], transform: Affine, palette: &Palette, pen: &Pen) {
    let scale = mean_scale(transform);
    let width = pen.width(CONTOUR, scale);
    for mark in marks.iter().filter(|mark| mark.is_base() || mark.paint == Paint::Contour) {
        let shifted = Affine::translate(CONTOUR_SHIFT * width) * transform;
        let colour = palette.get(&mark.slot).map_or(pen.colour, |swatch| pen.colour.mix(swatch.line, 0.3));
        let placed = shifted * &mark.path;
        let line = if mark.is_base() {
            let stroke = Stroke { width: (width * 2.0) as f32, line_join: LineJoin::Round, line_cap: LineCap::Round, ..Stroke::default() };
            skia(&placed).and_then(|path| path.stroke(&stroke, 1.0))
        } else {
            skia(&inked(&placed, width * 2.0, |at| (at / 0.07).min((1.0 - at) / 0.07).clamp(0.0, 1.0).sqrt()))
        };
        if let Some(line) = line {
            canvas.pixels.fill_path(&line, &solid(colour, 1.0), FillRule::Winding, Transform::identity(), None);
            if let Some(parts) = &mut canvas.parts {
                parts.fill(&line, fixed_index(palette));
            }
        }
    }
    for mark in marks {
        paint_mark(canvas, mark, transform, scale, palette, pen);
    }
}

fn paint_mark(canvas: &mut Canvas<'_>, mark: &Mark, transform: Affine, scale: f64, palette: &Palette, pen: &Pen) {
    let swatch = palette.get(&mark.slot);
    let placed = transform * &mark.path;
    let (path, colour, alpha, index) = match mark.paint {
        Paint::Fill(tone) => {
            let colour = swatch.map_or(pen.colour, |swatch| swatch.tone(tone));
            (skia(&placed), colour, 1.0, swatch.map_or(0, |swatch| swatch.index))
        }
        Paint::Bare => (skia(&placed), swatch.map_or(pen.colour, |swatch| swatch.base), 1.0, swatch.map_or(0, |swatch| swatch.index)),
        Paint::Contour => return,
        Paint::Ink { weight } => {
            let colour = if &*mark.slot == OUTLINE { pen.colour } else { swatch.map_or(pen.colour, |swatch: &Swatch| swatch.line) };
            (skia(&tapered(&placed, pen.width(weight, scale))), colour, 1.0, fixed_index(palette))
        }
        Paint::Fixed { colour, alpha } => (skia(&placed), colour, alpha, fixed_index(palette)),
    };
    let Some(path) = path else { return };
    canvas.pixels.fill_path(&path, &solid(colour, alpha), FillRule::Winding, Transform::identity(), None);
    if let (Paint::Ink { weight }, Some(parts)) = (mark.paint, &mut canvas.parts)
        && pen.width(weight, scale) < MARKED
        && let Some(line) = skia(&inked(&placed, MARKED, |_| 1.0))
    {
        parts.fill(&line, index);
        return;
    }
    // A veil (a blush, a cast shadow of fixed colour) leaves the part beneath what it is.
    if alpha >= 0.5
        && let Some(parts) = &mut canvas.parts
    {
        parts.fill(&path, index);
    }
}

/// The part map's entry for what the colour model does not know: lines, whites of eyes.
fn fixed_index(palette: &Palette) -> u8 {
    palette.get(FIXED).map_or(0, |fixed| fixed.index)
}

fn solid(colour: Colour, alpha: f64) -> tiny_skia::Paint<'static> {
    let mut paint = tiny_skia::Paint::default();
    paint.set_color_rgba8(colour.red, colour.green, colour.blue, (alpha.clamp(0.0, 1.0) * 255.0).round() as u8);
    paint.anti_alias = true;
    paint
}

/// A path as tiny-skia has it; `None` when it is empty.
#[must_use]
pub fn skia(path: &BezPath) -> Option<tiny_skia::Path> {
    let mut builder = PathBuilder::new();
    let xy = |point: Point| (point.x as f32, point.y as f32);
    for element in path.elements() {
        match *element {
            PathEl::MoveTo(to) => builder.move_to(xy(to).0, xy(to).1),
            PathEl::LineTo(to) => builder.line_to(xy(to).0, xy(to).1),
            PathEl::QuadTo(control, to) => builder.quad_to(xy(control).0, xy(control).1, xy(to).0, xy(to).1),
            PathEl::CurveTo(first, second, to) => {
                builder.cubic_to(xy(first).0, xy(first).1, xy(second).0, xy(second).1, xy(to).0, xy(to).1);
            }
            PathEl::ClosePath => builder.close(),
        }
    }
    builder.finish()
}

/// The shape of ink along a path: `width` wide in the middle, thinning to both ends of each open
/// stretch. Closed stretches keep their width.
#[must_use]
pub fn tapered(path: &BezPath, width: f64) -> BezPath {
    inked(path, width, pressure)
}

fn inked(path: &BezPath, width: f64, pressure: impl Fn(f64) -> f64) -> BezPath {
    let mut shape = BezPath::new();
    for (points, closed) in stretches(path) {
        ink_stretch(&points, closed, width, &pressure, &mut shape);
    }
    shape
}

/// The path as point sequences about half a pixel fine.
fn stretches(path: &BezPath) -> Vec<(Vec<Point>, bool)> {
    let mut found: Vec<(Vec<Point>, bool)> = Vec::new();
    for element in path.elements() {
        if let PathEl::MoveTo(start) = element {
            found.push((vec![*start], false));
            continue;
        }
        let Some((points, closed)) = found.last_mut() else { continue };
        let Some(&last) = points.last() else { continue };
        match *element {
            PathEl::MoveTo(_) => {}
            PathEl::LineTo(to) => points.push(to),
            PathEl::QuadTo(control, to) => sample(&kurbo::QuadBez::new(last, control, to), points),
            PathEl::CurveTo(first, second, to) => sample(&kurbo::CubicBez::new(last, first, second, to), points),
            PathEl::ClosePath => *closed = true,
        }
    }
    for (points, _) in &mut found {
        points.dedup_by(|next, last| (*next - *last).hypot2() < 1e-6);
    }
    found.retain(|(points, _)| points.len() > 1);
    found
}

fn sample(curve: &(impl ParamCurve + Shape), points: &mut Vec<Point>) {
    let steps = (curve.perimeter(0.5) / 2.5).ceil().clamp(4.0, 48.0) as u32;
    points.extend((1..=steps).map(|step| curve.eval(f64::from(step) / f64::from(steps))));
}

fn ink_stretch(points: &[Point], closed: bool, width: f64, pressure: &impl Fn(f64) -> f64, shape: &mut BezPath) {
    let mut lengths = vec![0.0];
    for pair in points.windows(2) {
        lengths.push(lengths[lengths.len() - 1] + (pair[1] - pair[0]).hypot());
    }
    let total = lengths[lengths.len() - 1];
    if total <= 0.0 {
        return;
    }
    // A short line is a flick of the pen: it never reaches its full weight.
    let full = width * (total / (width * 6.0)).clamp(0.45, 1.0);
    let last = points.len() - 1;
    let sides = |index: usize| {
        let before = points[if index > 0 {
            index - 1
        } else if closed {
            last - 1
        } else {
            0
        }];
        let after = points[if index < last {
            index + 1
        } else if closed {
            1.min(last)
        } else {
            last
        }];
        let direction = after - before;
        let normal = Vec2::new(-direction.y, direction.x) / direction.hypot().max(1e-9);
        let half = if closed { full / 2.0 } else { full / 2.0 * pressure(lengths[index] / total) };
        (points[index] + normal * half, points[index] - normal * half)
    };
    shape.move_to(sides(0).0);
    for index in 1..=last {
        shape.line_to(sides(index).0);
    }
    if closed {
        shape.close_path();
        shape.move_to(sides(last).1);
    } else {
        shape.line_to(sides(last).1);
    }
    for index in (0..last).rev() {
        shape.line_to(sides(index).1);
    }
    shape.close_path();
}

/// How hard the pen is pressed along a line (0 start, 1 end): quickly on, long off.
fn pressure(at: f64) -> f64 {
    let on = (at / 0.28).min(1.0);
    let off = ((1.0 - at) / 0.45).min(1.0);
    0.12 + 0.88 * (on * (2.0 - on)) * (off * (2.0 - off))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cel::Tone;
    use bible::Tones;
    use kurbo::{Line, Rect};

    const PEN: Pen = Pen { colour: Colour::new(20, 10, 40), weight: 1.0, resolution: 1.0 };

    fn palette() -> Palette {
        let mut palette = Palette::default();
        palette.set("skin", Tones::from_base(Colour::new(250, 210, 190)));
        palette.number(7);
        palette
    }

    fn width_at(shape: &BezPath, x: f64) -> f64 {
        (-200..200).filter(|y| shape.contains(Point::new(x, f64::from(*y) / 20.0))).count() as f64 / 20.0
    }

    #[test]
    fn ink_is_full_in_the_middle_and_thins_to_its_ends() {
        let shape = tapered(
            &BezPath::from_vec(vec![
                PathEl::MoveTo((0.0, 0.0).into()),
                PathEl::CurveTo((30.0, 0.0).into(), (70.0, 0.0).into(), (100.0, 0.0).into()),
            ]),
            4.0,
        );
        assert!((width_at(&shape, 40.0) - 4.0).abs() < 0.3, "{}", width_at(&shape, 40.0));
        assert!(width_at(&shape, 1.5) < 2.0 && width_at(&shape, 98.5) < 1.5);
    }

    #[test]
    fn a_closed_line_keeps_its_width() {
        let ring = tapered(&kurbo::Circle::new((0.0, 0.0), 50.0).to_path(0.01), 4.0);
        assert!(ring.contains(Point::new(49.0, 0.0)) && ring.contains(Point::new(-51.0, 0.0)) && !ring.contains(Point::new(0.0, 0.0)));
    }

    #[test]
    fn shapes_of_one_group_share_one_contour() {
        let skin = "skin".into();
        let marks = [
            Mark::fill(Rect::new(10.0, 10.0, 30.0, 30.0).to_path(0.1), &skin, Tone::Base),
            Mark::fill(Rect::new(25.0, 10.0, 50.0, 30.0).to_path(0.1), &skin, Tone::Base),
        ];
        let mut pixels = Pixmap::new(60, 40).unwrap();
        let mut parts = PartLayer::new(60, 40).unwrap();
        paint(&mut Canvas { pixels: &mut pixels, parts: Some(&mut parts) }, &marks, Affine::IDENTITY, &palette(), &PEN);
        let colour = |x: u32, y: u32| pixels.pixel(x, y).map(|pixel| [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()]).unwrap();
        for x in 12..48 {
            assert_eq!(colour(x, 20), [250, 210, 190, 255], "no line at {x}");
        }
        assert!(colour(50, 20)[0] < 120 && colour(50, 20)[3] > 200, "{:?}", colour(50, 20));
        let indices = parts.into_indices();
        assert_eq!((indices[20 * 60 + 30], indices[20 * 60 + 50], indices[2]), (7, 0, 0));
    }

    #[test]
    fn lines_grow_less_than_the_drawing_and_with_the_canvas() {
        let close = PEN.width(1.0, 4.0) / PEN.width(1.0, 1.0);
        assert!(close > 1.5 && close < 4.0, "{close}");
        let large = Pen { resolution: 2.0, ..PEN };
        assert!((large.width(1.0, 2.0) - 2.0 * PEN.width(1.0, 1.0)).abs() < 1e-9);
    }

    #[test]
    fn an_empty_line_is_nothing() {
        assert!(tapered(&Line::new((3.0, 3.0), (3.0, 3.0)).to_path(0.1), 2.0).is_empty());
    }
}
