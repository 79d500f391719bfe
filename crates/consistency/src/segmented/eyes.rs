//! The irises of a face.

use super::materials::{Made, Patch};
use crate::colour::Target;
use crate::light::{decode, lab};

/// Pixels that an iris must have inside of its border.
const LEAST: f64 = 16.0;
/// Share of a region that must lie in the band of the eyes.
const IN_BAND: f64 = 0.7;
/// Of several regions of one eye, one with at least this share of the largest may be the iris as well.
const PLAUSIBLE: f64 = 0.5;
/// Lighter than this (CIELAB L*) and with less chroma than [`PALE`] it is the white of the eye or a light in it.
const WHITE: f64 = 82.0;
const PALE: f64 = 14.0;
/// Darker than this (L*) it is a pupil, a lash or a line.
const DARK: f64 = 14.0;
/// How far apart eyes are at least, in widths of the head.
const APART: f64 = 0.12;

/// The regions of the left and the right iris. Left and right are the character's: the left eye is on the right of a picture.
pub(super) fn eyes(made: &Made, taken: &[usize], targets: [Option<&Target>; 2]) -> [Option<Vec<u32>>; 2] {
    let Some(target) = targets[0].or(targets[1]) else { return [None, None] };
    let is_iris = |patch: &&Patch| {
        let colour = lab(target.light.remove(patch.seen));
        let white = colour.l > WHITE && colour.a.hypot(colour.b) < PALE;
        // In dim light a line without its light is no longer dark.
        let dark = colour.l.min(lab(patch.seen.map(decode)).l) < DARK;
        patch.mass.eyes >= LEAST && patch.mass.eyes >= patch.mass.all * IN_BAND && !white && !dark && !taken.contains(&patch.material)
    };
    let irises: Vec<&Patch> = made.patches.iter().filter(is_iris).collect();
    let most = |side: &[&Patch]| side.iter().map(|patch| patch.mass.eyes).fold(0.0, f64::max);
    // The face's middle lies between the two largest regions that are far enough apart for two eyes.
    let first = irises.iter().max_by(|one, other| one.mass.eyes.total_cmp(&other.mass.eyes));
    let Some(first) = first else { return [None, None] };
    let apart: Vec<&Patch> = irises.iter().copied().filter(|patch| (patch.across - first.across).abs() >= APART).collect();
    let second = apart.iter().max_by(|one, other| one.mass.eyes.total_cmp(&other.mass.eyes));
    let middle = second.map_or(if first.across < 0.5 { 1.0 } else { 0.0 }, |second| (first.across + second.across) / 2.0);
    let side = |is_left: bool, target: Option<&Target>| {
        let own: Vec<&Patch> = irises.iter().copied().filter(|patch| (patch.across > middle) == is_left).collect();
        let plausible = own.iter().filter(|patch| patch.mass.eyes >= most(&own) * PLAUSIBLE);
        let off = |patch: &Patch| target.map_or(0.0, |target| target.nearest(patch.seen).2);
        plausible.min_by(|one, other| off(one).total_cmp(&off(other))).map(|patch| vec![patch.label])
    };
    [side(true, targets[0]), side(false, targets[1])]
}
