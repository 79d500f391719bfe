//! Garments (and the body itself): pattern pieces cut to tubes.

use std::sync::Arc;

use kurbo::{Affine, BezPath, Point, Rect, Shape};
use serde::Deserialize;

use super::limb;
use super::shade::{LIGHT, clipped, form_shadow};
use super::tube::{Tube, polygon_into, smooth_into};
use crate::cel::{FIXED, Mark, OUTLINE, Paint, Tone};
use crate::part::Part;

/// What the `part.yaml` of a garment or body says besides what every part does.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// Its pieces, from the body outwards.
    #[serde(default)]
    pub pieces: Vec<Piece>,
    /// Whether the part's own views are worn on the feet.
    #[serde(default)]
    pub feet: bool,
}

/// One piece, wrapped around a tube of the body.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    /// What it is worn on.
    pub on: Region,
    /// Where it begins on the tube.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// How much wider than the body it is: `[place, head units]`.
    #[serde(default)]
    pub ease: Vec<[f64; 2]>,
    /// The same for its depth, where that is not as much as its width.
    #[serde(default)]
    pub depth: Vec<[f64; 2]>,
    /// The slot of the piece.
    #[serde(default = "main")]
    pub slot: String,
    /// The drawing wrapped around it, `<pattern>.svg`: x in degrees, y from 0 (begin) to 100 (end).
    #[serde(default)]
    pub pattern: Option<String>,
    /// Whether only what the pattern draws is there, rather than the whole tube.
    #[serde(default)]
    pub open: bool,
    /// The slot of its inside, seen behind the body.
    #[serde(default)]
    pub lining: Option<String>,
    /// Whether its ends run on into other pieces without a line.
    #[serde(default)]
    pub seamless: bool,
    /// From where to where its edges have outer lines, when it is seamless; all along when absent.
    #[serde(default)]
    pub lines: Option<[f64; 2]>,
    /// Whether it lies over arms that hang down: a cloak.
    #[serde(default)]
    pub over_arms: bool,
    /// A sleeve's bag: how far it hangs from the forearm, in shares of the arm's length.
    #[serde(default)]
    pub bag: f64,
}

impl Piece {
    /// The body's tube where the piece lies on it, wider by its ease.
    #[must_use]
    pub fn tube(&self, body: &Tube) -> Tube {
        let depth = if self.depth.is_empty() { &self.ease } else { &self.depth };
        let mut tube = body.cut(self.from, self.to, |place| [limb::at(&self.ease, place), limb::at(depth, place)]);
        if self.on == Region::Arms {
            // At the shoulder a sleeve has its ease outside: inside, the arm's own width already meets the bodice.
            for section in &mut tube.sections {
                let share = (1.0 - section.place / 0.6).clamp(0.0, 1.0) * 0.75;
                section.centre += section.x * (limb::at(&self.ease, section.place) * share);
            }
            return Tube::new(tube.sections, tube.lens);
        }
        tube
    }
}

fn main() -> String {
    "main".to_owned()
}

/// What a piece is worn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Region {
    /// Neck to crotch: -1 skull, 0 base of the neck, 1 ribs, 2 waist, 3 hips, 4 crotch.
    Trunk,
    /// As the trunk to the hips (3), then around both legs: 4 knees, 5 ankles.
    Robe,
    /// 0 shoulder, 1 elbow, 2 wrist.
    Arms,
    /// 0 hip, 1 knee, 2 ankle.
    Legs,
}

/// A piece as it is seen: its marks, and the area that it covers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fitted {
    /// What is painted, in order.
    pub marks: Vec<Mark>,
    /// Everything it covers, for shadows that it casts.
    pub cover: BezPath,
}

/// Full names of a part's slots.
#[derive(Debug, Clone, Copy)]
pub struct Slots<'a> {
    /// The garment that slots belong to; none for the body, whose slots are the figure's own.
    pub garment: Option<&'a str>,
}

impl Slots<'_> {
    /// The slot in the figure's palette.
    #[must_use]
    pub fn name(&self, slot: &str) -> Arc<str> {
        match self.garment {
            Some(garment) if slot != "skin" && slot != OUTLINE && slot != FIXED => format!("{garment}.{slot}").into(),
            _ => slot.into(),
        }
    }
}

/// A piece without what others worn over it hide, so that nothing inside shows at their edges. `None` when
/// nothing of it is seen. `outer` are the pieces over it on the same limb.
#[must_use]
pub fn beneath<'a>(piece: &Piece, outer: impl Iterator<Item = &'a Piece>) -> Option<Piece> {
    let hidden = outer.filter(|over| !over.open && over.from <= piece.from.max(0.0)).map(|over| over.to).fold(f64::MIN, f64::max);
    // A little goes on under the hem, for a wide one that shows its inside.
    let from = piece.from.max(hidden - 0.25);
    // The pattern is cut with its piece: it would be squeezed into what is left.
    let pattern = if from > piece.from { None } else { piece.pattern.clone() };
    (from < piece.to - 0.02).then(|| Piece { from, pattern, ..piece.clone() })
}

/// Fits a piece to its tube. `open_edges` are the places where the outer lines of a limb begin, left and right;
/// without them the outer line goes all around.
#[must_use]
pub fn fit(part: &Part, piece: &Piece, body: &Tube, slots: Slots<'_>, open_edges: Option<[f64; 2]>) -> Fitted {
    let tube = piece.tube(body);
    let slot = slots.name(&piece.slot);
    let mut fitted = Fitted::default();
    let fading = match piece.on {
        // A leg's shadow grows from nothing below the hips, whose own thins out.
        Region::Legs => Some([0.5, 0.04]),
        _ => piece.lines.filter(|_| piece.seamless).map(|[_, last]| [last - 0.2, last + 0.7]),
    };
    let shadow = form_shadow(&tube, LIGHT, fading);
    if !piece.open {
        let shape = open_edges.map_or_else(|| tube.silhouette(), |begins| tube.outline(tucked(&tube, begins)));
        let paint = if piece.seamless || open_edges.is_some() { Paint::Bare } else { Paint::Fill(Tone::Base) };
        fitted.marks.push(Mark { paint, ..Mark::fill(shape.clone(), &slot, Tone::Base) });
        if paint == Paint::Bare {
            fitted.marks.extend(edge_lines(&tube, piece, open_edges.unwrap_or([piece.from; 2])).map(|path| Mark {
                path,
                slot: Arc::clone(&slot),
                paint: Paint::Contour,
                layer: None,
            }));
        }
        let own = if open_edges.is_some_and(|begins| begins.contains(&ARMPIT)) { clipped(&shadow, &shape) } else { shadow.clone() };
        fitted.marks.push(Mark::fill(own, &slot, Tone::Shadow));
        fitted.cover = shape;
    }
    if let Some(art) = piece.pattern.as_ref().and_then(|name| part.pieces.get(name)) {
        let to_tube = Affine::new([1.0, 0.0, 0.0, (piece.to - piece.from) / 100.0, 0.0, piece.from]);
        for mark in &art.marks {
            let flat = to_tube * &mark.path;
            let path = if matches!(mark.paint, Paint::Ink { .. }) { tube.wrap_line(&flat) } else { tube.wrap_fill(&flat) };
            if path.is_empty() {
                continue;
            }
            let own = Mark { path, slot: slots.name(&mark.slot), paint: mark.paint, layer: None };
            if own.is_base() {
                let shade = clipped(&shadow, &own.path);
                if piece.open {
                    fitted.cover.extend(own.path.iter());
                }
                let shaded = Mark::fill(shade, &own.slot, Tone::Shadow);
                fitted.marks.push(own);
                fitted.marks.push(shaded);
            } else {
                fitted.marks.push(own);
            }
        }
    }
    fitted.marks.retain(|mark| !mark.path.is_empty());
    fitted
}

/// Where the outer line begins that goes up from the armpit.
pub const ARMPIT: f64 = 0.32;

/// The edges of a limb, where one that begins at the armpit is drawn in to the seam above it: there the bodice shows.
fn tucked(tube: &Tube, begins: [f64; 2]) -> [Vec<Point>; 2] {
    let mut edges = tube.edges();
    for (edge, begin) in edges.iter_mut().zip(begins) {
        if begin < ARMPIT {
            continue;
        }
        for (section, point) in tube.sections.iter().zip(edge.iter_mut()) {
            let share = ((section.place + 0.16) / (ARMPIT + 0.16)).clamp(0.0, 1.0);
            *point = tube.lens.project(section.centre).lerp(*point, 0.12 + 0.88 * share * share);
        }
    }
    edges
}

/// The inside of a piece behind the body.
#[must_use]
pub fn lining(piece: &Piece, body: &Tube, slots: Slots<'_>) -> Option<Mark> {
    let slot = slots.name(piece.lining.as_ref()?);
    let tube = piece.tube(body);
    Some(Mark::fill(tube.silhouette(), &slot, Tone::Base))
}

/// The bag of a wide sleeve: cloth that hangs from the forearm.
#[must_use]
pub fn bag(piece: &Piece, arm: &Tube, reach: f64, slots: Slots<'_>) -> Vec<Mark> {
    let slot = slots.name(&piece.slot);
    let (upper, end) = (arm.section(0.75), arm.section(piece.to));
    let width = limb::at(&piece.ease, piece.to);
    let axis = (end.centre - upper.centre).normalize_or(glam::DVec3::Y);
    let length = piece.bag * reach;
    // From a level arm cloth hangs as a square; beside an arm that hangs itself it falls on past the hand,
    // gathered behind it.
    let (down, aside) = (glam::DVec3::Y, (end.x * 0.8 - end.z * 0.6).normalize_or(glam::DVec3::X));
    let upright = axis.y.clamp(0.0, 1.0).powi(2);
    let seen = |point| arm.lens.project(point);
    let (top, wrist) = (seen(upper.centre), seen(end.centre + axis * (width * 0.3)));
    let lower = (upper.centre + down * length * 0.9).lerp(end.centre + down * length * 0.46 + aside * length * 0.55, upright);
    let corner = (end.centre + down * length).lerp(end.centre + down * length * 0.5 - aside * length * 0.06, upright);
    let (lower, corner) = (seen(lower), seen(corner));
    let mut path = BezPath::new();
    let bulge = (corner - lower) * 0.1;
    let round = |from: Point, at: Point, to: Point| (at.lerp(from, 0.14), at, at.lerp(to, 0.22));
    let (before, at, after) = round(top, lower, corner);
    path.move_to(top);
    path.quad_to(top.lerp(lower, 0.55) - bulge, before);
    path.quad_to(at, after);
    let (before, at, after) = round(lower, corner, wrist);
    path.quad_to(lower.lerp(corner, 0.5) + (lower - top) * 0.02, before);
    path.quad_to(at, after);
    path.quad_to(corner.lerp(wrist, 0.5) - bulge * 0.4, wrist);
    path.close_path();
    let mut shadow = BezPath::new();
    polygon_into(&mut shadow, &[top, top.lerp(lower, 0.75), wrist.lerp(corner, 0.28), wrist]);
    let mut fold = BezPath::new();
    smooth_into(&mut fold, &[top.lerp(wrist, 0.45), top.lerp(corner, 0.42), lower.lerp(corner, 0.42).lerp(top, 0.12)], true);
    vec![Mark::fill(path.clone(), &slot, Tone::Base), Mark::fill(clipped(&shadow, &path), &slot, Tone::Shadow), Mark::ink(fold, &slot, 1.0)]
}

/// The shadow that the end of a sleeve throws on what comes out of it.
#[must_use]
pub fn cuff_shadow(inner: &Tube, place: f64, slot: &Arc<str>) -> Option<Mark> {
    let (_, end) = inner.span();
    if place >= end - 0.08 {
        return None;
    }
    let mut band = Rect::new(-180.0, place - 0.1, 180.0, place + 0.1).to_path(0.1);
    band.apply_affine(Affine::translate((0.0, 0.0)));
    Some(Mark::fill(inner.wrap_fill(&band), slot, Tone::Shadow))
}

/// The outer lines of a limb: both edges from where they begin, and the near rim of an end that shows.
fn edge_lines(tube: &Tube, piece: &Piece, begins: [f64; 2]) -> impl Iterator<Item = BezPath> + use<> {
    let [first, last] = piece.lines.unwrap_or([f64::MIN, f64::MAX]);
    let edges = tube.edges();
    let mut lines: Vec<BezPath> = Vec::new();
    for (side, (edge, begin)) in edges.iter().zip(begins).enumerate() {
        let begin = begin.max(first);
        let mut points: Vec<Point> = tube
            .sections
            .iter()
            .zip(edge)
            .filter(|(section, _)| section.place >= begin - 1e-9 && section.place <= last + 1e-9)
            .map(|(_, point)| *point)
            .collect();
        // A line that begins where the tube does goes on over its rounded top.
        if let (Some(section), Some(seen)) = (tube.sections.first(), tube.seen.first())
            && begin <= section.place + 1e-9
            && section.place < -0.1
        {
            let (from, middle) = (if side == 0 { seen.left } else { seen.right }, (seen.left + seen.right) / 2.0);
            let top = [0.9, 0.6, 0.3].map(|share| tube.lens.project(section.point(from + (middle - from) * share)));
            points.splice(0..0, top);
        }
        let mut path = BezPath::new();
        smooth_into(&mut path, &points, true);
        lines.push(path);
    }
    if !piece.seamless {
        let rim = kurbo::Line::new((-180.0, piece.to), (180.0, piece.to)).to_path(0.1);
        lines.push(tube.wrap_line(&rim));
    }
    lines.into_iter()
}
