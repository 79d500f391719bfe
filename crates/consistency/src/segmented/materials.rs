//! The materials of a figure: its regions, without what is behind it, brought together by colour.

use bible::{Colour, Tones};

use super::reduced::Rect;
use super::regions::Regions;
use crate::light::{Cielab, Light, colour, decode, difference, lab};
use engine::picture::Raster;

/// How far around a figure's box its surroundings are looked at, as a share of its sides.
pub(super) const AROUND: f64 = 0.2;
/// A region reaches out of a box that is drawn tightly; up to this share of the box's sides it still belongs to the figure.
const SPILL: f64 = 0.04;
/// A region of which more than this share of the pixels lies outside of that is not the figure's.
const OUTSIDE: f64 = 0.25;
/// A colour with more than this share of the surroundings is the ground's, within the figure's box too.
const GROUND: f64 = 0.05;
/// How near (CIEDE2000) a region is to the ground to be taken for it: a gap between arm and body.
const GROUND_NEAR: f64 = 3.0;
/// Pixels inside of its border that a region must have; lines have none.
const LEAST_INSIDE: u32 = 6;
/// Share of its pixels that must be inside of its border; less is a line.
const LEAST_SOLID: f64 = 0.2;
/// Regions nearer to each other than this (CIEDE2000) are of one colour.
const ALIKE: f64 = 4.0;
/// How near (CIEDE2000) a region must be to what cel shading makes of another's colour to be its shadow or highlight.
const SHADED: f64 = 5.0;

/// The zones of a figure's box.
#[derive(Debug, Clone, Copy)]
pub(super) struct Zones {
    /// The figure's box.
    pub(super) whole: Rect,
    /// The head's.
    pub(super) head: Rect,
}

/// Pixels of one colour and its shades, inside of their borders, by where they are.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Mass {
    /// In all of the figure.
    pub(super) all: f64,
    /// Where hair is: the head's rim, above all its top.
    pub(super) hair: f64,
    /// Where the face is.
    pub(super) face: f64,
    /// Below the head.
    pub(super) body: f64,
}

/// Regions of a figure that look like one material: of one colour, or the shadow and light of it.
#[derive(Debug, Clone)]
pub(super) struct Material {
    /// The regions.
    pub(super) labels: Vec<u32>,
    /// Mean of the gamma-encoded channels of its largest region, 0 to 255.
    pub(super) seen: [f64; 3],
    /// How much of it is where.
    pub(super) mass: Mass,
}

/// A region with its colour.
struct Patch {
    label: u32,
    inside: u32,
    seen: [f64; 3],
    lab: Cielab,
    mass: Mass,
}

impl Zones {
    /// How much a pixel counts where hair and where the face is. In units of the head's box: the face is an ellipse around
    /// (0.5, 0.66), hair the rest of the ellipse that fills the box, and less of it where it is beside the face.
    fn weights(self, x: usize, y: usize) -> Mass {
        let mut mass = Mass { all: 1.0, ..Mass::default() };
        let [across, down] = self.head.within(x, y);
        if self.head.holds(x, y) {
            let reach = |middle: [f64; 2], half: [f64; 2]| ((across - middle[0]) / half[0]).hypot((down - middle[1]) / half[1]);
            if reach([0.5, 0.66], [0.26, 0.24]) <= 1.0 {
                mass.face = 1.0;
            } else if reach([0.5, 0.5], [0.5, 0.5]) <= 1.0 {
                mass.hair = if down < 0.45 { 1.0 } else { 0.4 };
            }
        } else if down > 1.0 && self.whole.holds(x, y) {
            // What is behind the figure fills the box's sides.
            let [across, _] = self.whole.within(x, y);
            mass.body = if (across - 0.5).abs() < 0.3 { 1.0 } else { 0.5 };
        }
        mass
    }
}

impl Mass {
    fn add(&mut self, other: Self) {
        self.all += other.all;
        self.hair += other.hair;
        self.face += other.face;
        self.body += other.body;
    }
}

/// The materials of a figure, those of the largest regions first.
pub(super) fn of(image: &Raster, regions: &Regions, zones: Zones, light: Light) -> Vec<Material> {
    let mut sums = vec![[0u64; 3]; regions.count];
    let (mut pixels, mut inside, mut outside) = (vec![0u32; regions.count], vec![0u32; regions.count], vec![0u32; regions.count]);
    let mut masses = vec![Mass::default(); regions.count];
    let near = zones.whole.grown(SPILL, image);
    let codes = image.rgba.as_chunks::<4>().0;
    for (x, y, label, interior) in regions.pixels() {
        pixels[label] += 1;
        outside[label] += u32::from(!near.holds(x, y));
        if interior {
            inside[label] += 1;
            sums[label].iter_mut().zip(codes[y * image.width as usize + x]).for_each(|(sum, code)| *sum += u64::from(code));
            masses[label].add(zones.weights(x, y));
        }
    }
    let around: u32 = outside.iter().sum();
    let patch = |label: usize| {
        let seen = sums[label].map(|sum| sum as f64 / f64::from(inside[label]));
        Patch { label: label as u32, inside: inside[label], seen, lab: lab(seen.map(decode)), mass: masses[label] }
    };
    let solid = |label: &usize| inside[*label] >= LEAST_INSIDE && f64::from(inside[*label]) >= f64::from(pixels[*label]) * LEAST_SOLID;
    let is_ground = |label: &usize| f64::from(outside[*label]) > f64::from(pixels[*label]) * OUTSIDE;
    let (behind, figure): (Vec<usize>, Vec<usize>) = (0..regions.count).filter(solid).partition(is_ground);
    let ground: Vec<Cielab> =
        behind.into_iter().filter(|label| f64::from(outside[*label]) >= f64::from(around) * GROUND).map(|label| patch(label).lab).collect();
    let mut patches: Vec<Patch> = figure.into_iter().map(patch).collect();
    patches.retain(|patch| ground.iter().all(|ground| difference(patch.lab, *ground) > GROUND_NEAR));
    // Stable: equal ones stay in reading order.
    patches.sort_by_key(|patch| std::cmp::Reverse(patch.inside));
    let mut materials: Vec<(Material, Shades)> = Vec::new();
    for patch in patches {
        let shades = Shades::of(&patch, light);
        match materials.iter_mut().find(|(_, known)| known.fits(&shades)) {
            Some((material, _)) => {
                material.labels.push(patch.label);
                material.mass.add(patch.mass);
            }
            None => materials.push((Material { labels: vec![patch.label], seen: patch.seen, mass: patch.mass }, shades)),
        }
    }
    materials.into_iter().map(|(material, _)| material).collect()
}

/// A colour without the light, and what cel shading makes of it.
struct Shades {
    own: Cielab,
    shadow: Cielab,
    highlight: Cielab,
}

impl Shades {
    fn of(patch: &Patch, light: Light) -> Self {
        let base = colour(light.remove(patch.seen));
        let tones = Tones::from_base(base);
        let lab_of = |colour: Colour| lab(colour.channels().map(|code| decode(f64::from(code))));
        Self { own: lab(light.remove(patch.seen)), shadow: lab_of(tones.shadow()), highlight: lab_of(tones.highlight()) }
    }

    /// Whether another colour is this one, or one of the two is the other's shade.
    fn fits(&self, other: &Self) -> bool {
        difference(self.own, other.own) <= ALIKE
            || [self.shadow, self.highlight].iter().any(|shade| difference(*shade, other.own) <= SHADED)
            || [other.shadow, other.highlight].iter().any(|shade| difference(*shade, self.own) <= SHADED)
    }
}
