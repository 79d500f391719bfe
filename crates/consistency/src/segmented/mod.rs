//! The colours of people in pictures without part masks: told apart first, and compared with the bible then.
//!
//! A finder's boxes say where figures and heads are. Within each figure flat regions are told apart, what goes on outside of the
//! box or has the ground's colour is left away, and what is left is brought together as materials: one colour with its shadow
//! and highlight. None of that knows which colours should be there. Then the material that fills most of the head's rim is the
//! hair, that which fills most of the face is the skin, and what is below the head are clothes. So they get a part map, and
//! [`ColourModel`] measures it as it does every other.
//!
//! Assigning each pixel to the nearest colour of the bible would make everything look right. Here colours decide in two
//! places only, and each can hide a drift: of several materials that fill a place nearly as well the one nearest to the bible's
//! colour is taken, and a garment that has become as another garment should be is taken for that one.
//!
//! Nobody measured the finder on drawings by people, so what comes of it is a [`Role::Supporting`] measure: it tells a person
//! something, feeds the calibrated probability, and decides nothing.

mod materials;
mod parts;
mod people;
mod reduced;
mod regions;
#[cfg(test)]
mod tests;
mod who;

use engine::picture::{PartEntry, PartMap, Raster};

use self::materials::{AROUND, Material, Zones};
use self::parts::{Person, Told};
use self::people::Figure;
use self::reduced::{Rect, Reduced};
use self::regions::Regions;
use crate::boxes::FoundBox;
use crate::colour::{ColourEvidence, ColourModel, CutOut, UnmeasuredPart};
use crate::light::Light;
use crate::measure::{Measure, Outcome, Role, Subject};

/// Least side of a head in pixels of the reduced copy: under it hair is a few pixels wide.
const LEAST_HEAD: usize = 24;
/// The most people that are told apart: their assignment to figures is exact, and its cost doubles with each.
const MOST_PEOPLE: usize = 10;

/// Measures the colours of people where no mask says where their parts are.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentedColours<'a> {
    /// The boxes that a finder found, the most probable first; why there are none, as a sentence.
    pub found: Result<&'a [FoundBox], &'a str>,
    /// The light on the people, as gain per channel in linear light; why it is not known, as a sentence.
    pub light: Result<[f32; 3], &'a str>,
    /// Tolerances and the least size of a part, in pixels of a copy whose longest side has at most 960.
    pub colours: ColourModel,
}

/// What was told apart in a picture.
struct Segmented {
    reduced: Reduced,
    map: PartMap,
    unmeasured: Vec<UnmeasuredPart>,
}

/// A figure with its regions and materials.
struct Seen {
    regions: Regions,
    materials: Vec<Material>,
}

impl<'a> SegmentedColours<'a> {
    /// The name of the measure.
    pub const NAME: &'static str = "segmented-colours";

    /// By a finder's boxes, under a light.
    #[must_use]
    pub fn new(found: Result<&'a [FoundBox], &'a str>, light: Result<[f32; 3], &'a str>) -> Self {
        Self { found, light, colours: ColourModel::default() }
    }

    /// Tells the parts of a picture apart; what came of it, where that could not be.
    fn segmented(&self, subject: &Subject<'_>) -> Result<Segmented, Box<Outcome>> {
        let not_measured = |reason: &str| Box::new(Outcome::NotMeasured { reason: reason.to_owned() });
        let gains = self.light.map_err(not_measured)?;
        let people = Person::all(subject.expected, gains, &self.colours.tolerances);
        if people.is_empty() {
            return Err(Box::new(Outcome::NotApplicable { reason: "nobody whose colours are known should be in the picture".to_owned() }));
        }
        let light = Light::new(gains).ok_or_else(|| not_measured(&format!("the declared light {gains:?} is no light")))?;
        let found = self.found.map_err(not_measured)?;
        if people.len() > MOST_PEOPLE {
            return Err(not_measured(&format!("{} people are more than can be told apart ({MOST_PEOPLE})", people.len())));
        }
        let reduced = Reduced::of(subject.image).ok_or_else(|| not_measured("the picture has no pixels"))?;
        let figures = people::figures(found);
        if figures.is_empty() {
            return Err(not_measured("the finder sees nobody in the picture"));
        }
        let seen: Vec<Result<Seen, &str>> = figures.iter().map(|figure| seen(&reduced, figure, light)).collect();
        let told: Vec<Vec<Told>> = seen
            .iter()
            .map(|seen| {
                let materials = seen.as_ref().map_or(&[][..], |seen| &seen.materials[..]);
                people.iter().map(|person| person.told(materials)).collect()
            })
            .collect();
        let costs: Vec<Vec<f64>> = told.iter().map(|told| told.iter().map(|told| told.cost).collect()).collect();
        let mut map = Mapped::new(&reduced.image, gains);
        let mut unmeasured = Vec::new();
        for (place, (person, figure)) in people.iter().zip(who::who(&costs, people.len())).enumerate() {
            let seen = figure.and_then(|figure| Ok((figure, seen[figure].as_ref().map_err(|reason| (*reason).to_owned())?)));
            match seen {
                Ok((figure, seen)) => {
                    let told = &told[figure][place];
                    for (part, labels) in &told.parts {
                        map.add(person.wanted[*part].part, &seen.regions, labels);
                    }
                    let missing = told.unmeasured.iter().map(|(part, reason)| person.unmeasured(person.wanted[*part].part, reason));
                    unmeasured.extend(missing);
                }
                Err(reason) => unmeasured.extend(person.nothing(&reason)),
            }
            unmeasured.extend(person.untold.iter().cloned());
        }
        let props = subject.expected.iter().filter(|part| people.iter().all(|person| *person.owner != part.owner));
        unmeasured.extend(props.map(|part| UnmeasuredPart {
            owner: Some(part.owner.clone()),
            part: part.part.clone(),
            reason: "nobody knows where a thing is without masks".to_owned(),
        }));
        Ok(Segmented { map: map.map, reduced, unmeasured })
    }
}

/// The materials of a figure, or why it has none.
fn seen(reduced: &Reduced, figure: &Figure, light: Light) -> Result<Seen, &'static str> {
    let head = reduced.rect(figure.head.ok_or("no head was found on the figure")?);
    if head.width().min(head.height()) < LEAST_HEAD {
        return Err("the figure is too small to tell its parts apart");
    }
    let zones = Zones { whole: reduced.rect(figure.whole), head };
    let regions = Regions::of(&reduced.image, zones.whole.grown(AROUND, &reduced.image));
    let materials = materials::of(&reduced.image, &regions, zones, light);
    Ok(Seen { regions, materials })
}

/// A part map that is being made.
struct Mapped {
    map: PartMap,
    light: [f32; 3],
}

impl Mapped {
    fn new(image: &Raster, light: [f32; 3]) -> Self {
        let background = PartEntry { owner: None, part: "background".to_owned(), tones: None, light: [1.0; 3] };
        let indices = vec![0; image.width as usize * image.height as usize];
        Self { map: PartMap { width: image.width, height: image.height, indices, parts: vec![background] }, light }
    }

    /// Takes regions of a figure for a part. Where figures lie over each other, the first one's stays.
    fn add(&mut self, part: &crate::ExpectedPart, regions: &Regions, labels: &[u32]) {
        let Ok(index) = u8::try_from(self.map.parts.len()) else { return };
        self.map.parts.push(PartEntry {
            owner: Some(part.owner.clone()),
            part: part.part.clone(),
            tones: Some(part.tones),
            light: self.light,
        });
        let mut own = vec![false; regions.count];
        labels.iter().for_each(|label| own[*label as usize] = true);
        let Rect { left, top, .. } = regions.rect;
        for (y, row) in regions.labels.chunks_exact(regions.rect.width().max(1)).enumerate() {
            let start = (y + top) * self.map.width as usize + left;
            for (place, label) in self.map.indices[start..].iter_mut().zip(row) {
                if own[*label as usize] && *place == 0 {
                    *place = index;
                }
            }
        }
    }
}

impl Measure for SegmentedColours<'_> {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn version(&self) -> u32 {
        1
    }

    fn role(&self) -> Role {
        Role::Supporting
    }

    fn measure(&self, subject: &Subject<'_>) -> Outcome {
        let Segmented { reduced, map, unmeasured } = match self.segmented(subject) {
            Ok(segmented) => segmented,
            Err(outcome) => return *outcome,
        };
        let small = Subject { image: &reduced.image, expected: subject.expected, ..Subject::new(&reduced.image) };
        match self.colours.by_map(&small, &map) {
            Ok(mut evidence) => {
                for part in &mut evidence.parts {
                    (part.at, part.pixels) = (reduced.back(part.at), reduced.pixels(part.pixels));
                }
                evidence.unmeasured.extend(unmeasured);
                ColourEvidence { cut_out: CutOut::Segmentation, ..evidence }.outcome()
            }
            Err(outcome) if matches!(*outcome, Outcome::NotMeasured { .. }) => *outcome,
            // Nothing was found to be any part: the reasons of the parts say why.
            Err(_) => Outcome::NotMeasured { reason: reasons(&unmeasured) },
        }
    }
}

/// Why no part was measured, each reason once with whom it is about.
fn reasons(unmeasured: &[UnmeasuredPart]) -> String {
    let mut told: Vec<String> = Vec::new();
    for UnmeasuredPart { owner, part, reason } in unmeasured {
        let sentence = owner.as_ref().map_or_else(|| format!("{part}: {reason}"), |owner| format!("{owner}: {reason}"));
        if !told.contains(&sentence) {
            told.push(sentence);
        }
    }
    told.join("; ")
}
