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
    /// Where eyes are.
    pub(super) eyes: f64,
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
#[derive(Debug, Clone)]
pub(super) struct Patch {
    pub(super) label: u32,
    /// Mean of the gamma-encoded channels, 0 to 255.
    pub(super) seen: [f64; 3],
    /// How much of it is where.
    pub(super) mass: Mass,
    /// Its middle, from 0 to 1 across the head's box.
    pub(super) across: f64,
    /// Its material, by its place among them.
    pub(super) material: usize,
    inside: u32,
    lab: Cielab,
}

/// What a figure is made of.
#[derive(Debug, Clone, Default)]
pub(super) struct Made {
    /// Its materials, those of the largest regions first.
    pub(super) materials: Vec<Material>,
    /// Its regions, the largest first.
    pub(super) patches: Vec<Patch>,
}

impl Zones {
    /// How much a pixel counts where hair and where the face is. In units of the head's box: the face is an ellipse around
    /// (0.5, 0.66), hair the rest of the ellipse that fills the box, and less of it where it is beside the face; eyes are in
    /// a band across the face.
    fn weights(self, x: usize, y: usize) -> Mass {
        let mut mass = Mass { all: 1.0, ..Mass::default() };
        let [across, down] = self.head.within(x, y);
        if self.head.holds(x, y) {
            mass.eyes = f64::from(u8::from((0.42..0.74).contains(&down) && (0.1..0.9).contains(&across)));
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
        self.eyes += other.eyes;
    }
}

/// What a figure is made of.
pub(super) fn of(image: &Raster, regions: &Regions, zones: Zones, light: Light) -> Made {
    let mut sums = vec![[0u64; 3]; regions.count];
    let (mut pixels, mut inside, mut outside) = (vec![0u32; regions.count], vec![0u32; regions.count], vec![0u32; regions.count]);
    let (mut masses, mut across) = (vec![Mass::default(); regions.count], vec![0.0; regions.count]);
    let near = zones.whole.grown(SPILL, image);
    let codes = image.rgba.as_chunks::<4>().0;
    for (x, y, label, interior) in regions.pixels() {
        pixels[label] += 1;
        outside[label] += u32::from(!near.holds(x, y));
        if interior {
            inside[label] += 1;
            sums[label].iter_mut().zip(codes[y * image.width as usize + x]).for_each(|(sum, code)| *sum += u64::from(code));
            masses[label].add(zones.weights(x, y));
            across[label] += zones.head.within(x, y)[0];
        }
    }
    let around: u32 = outside.iter().sum();
    let patch = |label: usize| {
        let seen = sums[label].map(|sum| sum as f64 / f64::from(inside[label]));
        Patch {
            label: label as u32,
            seen,
            mass: masses[label],
            across: across[label] / f64::from(inside[label]),
            material: 0,
            inside: inside[label],
            lab: lab(seen.map(decode)),
        }
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
    for patch in &mut patches {
        let shades = Shades::of(patch, light);
        patch.material = materials.iter().position(|(_, known)| known.fits(&shades)).unwrap_or(materials.len());
        match materials.get_mut(patch.material) {
            Some((material, _)) => {
                material.labels.push(patch.label);
                material.mass.add(patch.mass);
            }
            None => materials.push((Material { labels: vec![patch.label], seen: patch.seen, mass: patch.mass }, shades)),
        }
    }
    Made { materials: materials.into_iter().map(|(material, _)| material).collect(), patches }
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
