//! Which material of a figure is whose hair, skin and clothes.

use bible::Slug;

use super::materials::{Mass, Material};
use crate::assignment::assignment;
use crate::colour::{Target, UnmeasuredPart};
use crate::measure::ExpectedPart;
use crate::tolerance::Tolerances;

/// Of the materials in a place, one with at least this share of what the largest has may be the part as well. Where several may
/// be, the one that is nearest to the bible's colour is taken: what cannot be told is not held against the picture.
const PLAUSIBLE: f64 = 0.5;
/// Pixels of a material that there must be in a place.
const LEAST: f64 = 12.0;
/// Share of its place that hair or skin must fill.
const FILLS: f64 = 0.2;
/// Share of the figure below its head from which on a material is looked at.
const SEEN: f64 = 0.04;
/// Share of the figure below its head from which on a material that is nobody's colour is a garment in a wrong one.
const WRONG: f64 = 0.12;
/// The most materials or garments that are brought together.
const MOST: usize = 8;
/// Differences (CIEDE2000) count up to this when people are told apart: one part that is far off must not outweigh all others.
const FAR: f64 = 30.0;

/// A part that somebody should have.
pub(super) struct Wanted<'a> {
    pub(super) part: &'a ExpectedPart,
    pub(super) target: Target,
}

/// Somebody who should be in the picture.
pub(super) struct Person<'a> {
    pub(super) owner: &'a Slug,
    pub(super) wanted: Vec<Wanted<'a>>,
    /// Parts that nobody can tell without masks, or under this light.
    pub(super) untold: Vec<UnmeasuredPart>,
}

/// A figure taken for a person.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The regions of each wanted part that was found: its place in [`Person::wanted`], then the regions.
    pub(super) parts: Vec<(usize, Vec<u32>)>,
    /// Wanted parts that were not, with the reason.
    pub(super) unmeasured: Vec<(usize, String)>,
    /// How badly the colours fit: mean CIEDE2000, 0 to 30.
    pub(super) cost: f64,
}

impl<'a> Person<'a> {
    /// Everybody among the owners of the expected parts, in alphabetical order.
    pub(super) fn all(expected: &'a [ExpectedPart], light: [f32; 3], tolerances: &Tolerances) -> Vec<Self> {
        let mut owners: Vec<&Slug> = expected.iter().filter(|part| is_bodily(&part.part)).map(|part| &part.owner).collect();
        owners.sort();
        owners.dedup();
        let of = |owner: &'a Slug| {
            let mut person = Self { owner, wanted: Vec::new(), untold: Vec::new() };
            for part in expected.iter().filter(|part| part.owner == *owner) {
                let told = match kind(&part.part) {
                    Kind::Small => Err("it is too small to be told from what is around it without masks".to_owned()),
                    Kind::Hair | Kind::Skin | Kind::Worn => Target::new(&part.tones, light, tolerances.of(&part.part)),
                };
                match told {
                    Ok(target) => person.wanted.push(Wanted { part, target }),
                    Err(reason) => person.untold.push(person.unmeasured(part, &reason)),
                }
            }
            person
        };
        owners.into_iter().map(of).collect()
    }

    /// Nothing of a person was measured.
    pub(super) fn nothing(&self, reason: &str) -> Vec<UnmeasuredPart> {
        self.wanted.iter().map(|wanted| self.unmeasured(wanted.part, reason)).collect()
    }

    pub(super) fn unmeasured(&self, part: &ExpectedPart, reason: &str) -> UnmeasuredPart {
        UnmeasuredPart { owner: Some(self.owner.clone()), part: part.part.clone(), reason: reason.to_owned() }
    }

    /// Which material is which part, if the figure is this person. Places and sizes decide, and the bible's colours only where
    /// these leave it open, and among garments.
    pub(super) fn told(&self, materials: &[Material]) -> Told {
        let mut told = Told::default();
        let mut costs = Vec::new();
        let mut taken: Vec<usize> = Vec::new();
        let places: [(Kind, fn(&Mass) -> f64); 2] = [(Kind::Hair, |mass| mass.hair), (Kind::Skin, |mass| mass.face)];
        for (kind_of, mass) in places {
            for (place, wanted) in self.wanted.iter().enumerate().filter(|(_, wanted)| kind(&wanted.part.part) == kind_of) {
                match pick(materials, mass, &wanted.target, &taken) {
                    Some(found) => {
                        taken.push(found);
                        costs.push(wanted.target.nearest(materials[found].seen).2.min(FAR));
                        told.parts.push((place, materials[found].labels.clone()));
                    }
                    None => told.unmeasured.push((place, "nothing of one colour fills its place".to_owned())),
                }
            }
        }
        costs.extend(self.clothes(materials, &taken, &mut told));
        told.cost = if costs.is_empty() { FAR } else { costs.iter().sum::<f64>() / costs.len() as f64 };
        told
    }

    /// Which materials below the head are which garments. One in the colour of a garment is that garment; a large one in
    /// nobody's colour is the garment that is nowhere to be seen, and whose colour is nearest. Gives how badly they fit.
    fn clothes(&self, materials: &[Material], taken: &[usize], told: &mut Told) -> Option<f64> {
        let total: f64 = materials.iter().map(|material| material.mass.body).sum();
        let body = |material: &Material| material.mass.body;
        let seen =
            |(place, material): &(usize, &Material)| !taken.contains(place) && body(material) >= LEAST && body(material) >= total * SEEN;
        let mut found: Vec<Vec<u32>> = vec![Vec::new(); self.wanted.len()];
        let mut strange: Vec<&Material> = Vec::new();
        let (mut cost, mut weight) = (0.0, 0.0);
        for (_, material) in materials.iter().enumerate().filter(seen) {
            let off = |wanted: &Wanted<'_>| wanted.target.nearest(material.seen).2;
            let nearest = self.wanted.iter().enumerate().min_by(|one, other| off(one.1).total_cmp(&off(other.1)));
            let Some((place, wanted)) = nearest else { continue };
            cost += body(material) * off(wanted).min(FAR);
            weight += body(material);
            if off(wanted) <= wanted.target.tolerance {
                if kind(&wanted.part.part) == Kind::Worn {
                    found[place].extend(&material.labels);
                }
            } else if body(material) >= total * WRONG && strange.len() < MOST {
                strange.push(material);
            }
        }
        let missing = |place: &usize| kind(&self.wanted[*place].part.part) == Kind::Worn && found[*place].is_empty();
        let missing: Vec<usize> = (0..self.wanted.len()).filter(missing).take(MOST).collect();
        // A garment too dark to be measured could be what is strange here.
        if self.untold.iter().all(|part| kind(&part.part) != Kind::Worn) {
            let side = strange.len().max(missing.len());
            let mut differences = vec![vec![FAR * 10.0; side]; side];
            for (row, material) in differences.iter_mut().zip(&strange) {
                for (cell, place) in row.iter_mut().zip(&missing) {
                    *cell = self.wanted[*place].target.nearest(material.seen).2;
                }
            }
            let (_, order) = assignment(&differences);
            for (material, column) in strange.iter().zip(order) {
                if let Some(place) = missing.get(column) {
                    found[*place].extend(&material.labels);
                }
            }
        }
        for (place, labels) in found.into_iter().enumerate().filter(|(place, _)| kind(&self.wanted[*place].part.part) == Kind::Worn) {
            if labels.is_empty() {
                told.unmeasured.push((place, "no part of the figure could be told to be it".to_owned()));
            } else {
                told.parts.push((place, labels));
            }
        }
        (weight > 0.0).then(|| cost / weight)
    }
}

/// The material that fills a place; none where nothing does.
fn pick(materials: &[Material], mass: fn(&Mass) -> f64, target: &Target, taken: &[usize]) -> Option<usize> {
    let total: f64 = materials.iter().map(|material| mass(&material.mass)).sum();
    let free = || materials.iter().enumerate().filter(|(place, _)| !taken.contains(place));
    let most = free().map(|(_, material)| mass(&material.mass)).fold(0.0, f64::max);
    if most < LEAST || most < total * FILLS {
        return None;
    }
    let plausible = free().filter(|(_, material)| mass(&material.mass) >= most * PLAUSIBLE);
    let off = |material: &Material| target.nearest(material.seen).2;
    plausible.min_by(|one, other| off(one.1).total_cmp(&off(other.1))).map(|(place, _)| place)
}

/// What a part is, by its name in the colour model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Hair,
    Skin,
    /// Garments, and marks and accessories.
    Worn,
    /// Parts of a face, ears and tails: eyes were tried, and in right pictures more than a third of the irises were off, for
    /// what was taken for one was its shade or the white beside it.
    Small,
}

fn kind(part: &str) -> Kind {
    match part.split('.').next().unwrap_or_default() {
        "hair" => Kind::Hair,
        "skin" => Kind::Skin,
        _ if part.contains('.') && !is_bodily(part) => Kind::Worn,
        _ => Kind::Small,
    }
}

/// Whether only people and animals have such a part.
fn is_bodily(part: &str) -> bool {
    ["skin", "hair", "iris", "fur", "coat", "ears", "tail"].contains(&part.split('.').next().unwrap_or_default())
}
