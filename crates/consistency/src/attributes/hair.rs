//! Hair length, as a class, by the hair's own colour around its place in the layout.

use std::collections::VecDeque;

use bible::Slug;
use engine::picture::{PartMap, Raster};
use serde::{Deserialize, Serialize};

use super::{Place, SLACK};
use crate::census::cell_of;
use crate::measure::{Finding, Layout, Severity, Subject};
use crate::score::Score;

/// The neck and the hips among [`engine::picture::JOINTS`].
const NECK: usize = 1;
const HIPS: [usize; 2] = [8, 11];

/// Where hair ends, from the neck (0) to the hips (1): above is short, below is long.
const SHORT_ABOVE: f64 = 0.1;
const LONG_BELOW: f64 = 0.55;
/// How far, in the same unit, an end must be off to be of another class: figures at the edge of two classes are not
/// told by a hair's breadth.
const CLEARLY: f64 = 0.2;
/// Parts nearer to the hair's colour than this (CIEDE2000) cannot be told from it.
const ALIKE: f64 = 12.0;
/// Rows with fewer hair pixels than this share of the head's width are loose strands.
const STRAND: f64 = 0.04;

/// How long hair is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HairLength {
    /// Ends at the neck or above.
    Short,
    /// Ends between the neck and the middle of the chest.
    Medium,
    /// Ends below.
    Long,
}

impl HairLength {
    fn of(end: f64) -> Self {
        if end < SHORT_ABOVE {
            Self::Short
        } else if end <= LONG_BELOW {
            Self::Medium
        } else {
            Self::Long
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Medium => "medium",
            Self::Long => "long",
        }
    }
}

/// The hair of one character.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HairEvidence {
    /// Whose.
    pub owner: Slug,
    /// Length in the layout, and where it ends from the neck (0) to the hips (1).
    pub expected: (HairLength, f64),
    /// The same in the picture; none when it was not measured.
    pub found: Option<(HairLength, f64)>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmeasured: Option<String>,
}

/// The hair of everybody with hair, a neck and hips in sight of the layout.
pub(super) fn of(subject: &Subject<'_>, layout: &Layout<'_>, places: &[Place<'_>]) -> Vec<HairEvidence> {
    places
        .iter()
        .filter(|place| place.entry.part == "hair")
        .filter_map(|hair| {
            let skeleton = layout.skeletons.iter().find(|skeleton| skeleton.character == *hair.owner)?;
            let neck = skeleton.joints[NECK]?[1];
            let hips = HIPS.iter().filter_map(|hip| skeleton.joints[*hip]).map(|[_, y]| y).reduce(f32::max)?;
            // A frame that ends above the hips cannot show where long hair ends.
            let upright = hips - neck > layout.parts.height as f32 * 0.02 && hips <= layout.parts.height as f32;
            if !upright {
                return None;
            }
            let along = |row: usize| f64::from((row as f32 - neck) / (hips - neck));
            let expected = along(lowest(&is_hair(layout.parts, hair.index), layout.parts.width as usize)?);
            let found = grown(subject.image, layout.parts, hair, places).and_then(|mask| {
                lowest(&mask, layout.parts.width as usize).map(along).ok_or_else(|| "nothing around its place has its colour".to_owned())
            });
            let classed = |end: f64| (HairLength::of(end), (end * 1_000.0).round() / 1_000.0);
            let (found, unmeasured) = match found {
                Ok(end) => (Some(classed(end)), None),
                Err(reason) => (None, Some(reason)),
            };
            Some(HairEvidence { owner: hair.owner.clone(), expected: classed(expected), found, unmeasured })
        })
        .collect()
}

fn is_hair(map: &PartMap, index: usize) -> Vec<bool> {
    map.indices.iter().map(|here| usize::from(*here) == index).collect()
}

/// The lowest row that is more than loose strands.
fn lowest(mask: &[bool], width: usize) -> Option<usize> {
    let counts: Vec<usize> = mask.chunks_exact(width).map(|row| row.iter().filter(|set| **set).count()).collect();
    let widest = counts.iter().copied().max().filter(|widest| *widest > 0)?;
    counts.iter().rposition(|count| *count as f64 >= (widest as f64 * STRAND).max(1.0))
}

/// Everything of the hair's colour that hangs together with its place.
fn grown(image: &Raster, map: &PartMap, hair: &Place<'_>, places: &[Place<'_>]) -> Result<Vec<bool>, String> {
    let width = map.width as usize;
    let target = &hair.target;
    let pixels = image.rgba.as_chunks::<4>().0;
    // Parts of nearly the same colour hold the growth back; what lies over them is lost, and never made up.
    let mut blocked = vec![false; 256];
    for place in places.iter().filter(|place| place.index != hair.index) {
        blocked[place.index] = target.nearest_to_base(&place.target) < ALIKE;
    }
    let mut near = vec![None; 1 << 15];
    let mut is_near = |pixel: [u8; 4]| {
        *near[cell_of(pixel)].get_or_insert_with(|| {
            let [red, green, blue, _] = pixel.map(f64::from);
            target.nearest([red, green, blue]).2 <= target.tolerance * SLACK
        })
    };
    let mut mask = vec![false; map.indices.len()];
    let mut open: VecDeque<usize> = VecDeque::new();
    for (at, index) in map.indices.iter().enumerate() {
        if usize::from(*index) == hair.index && is_near(pixels[at]) {
            mask[at] = true;
            open.push_back(at);
        }
    }
    let own = open.len();
    let mut all = own;
    while let Some(at) = open.pop_front() {
        let (x, y) = (at % width, at / width);
        let beside = [(x > 0).then(|| at - 1), (x + 1 < width).then_some(at + 1), (y > 0).then(|| at - width)];
        let below = (y + 1 < map.height as usize).then_some(at + width);
        for next in beside.into_iter().chain([below]).flatten() {
            if !mask[next] && !blocked[usize::from(map.indices[next])] && is_near(pixels[next]) {
                mask[next] = true;
                all += 1;
                open.push_back(next);
            }
        }
    }
    if all > own.max(1) * 6 {
        return Err("its colour runs on into the background".to_owned());
    }
    Ok(mask)
}

impl HairEvidence {
    fn off(&self) -> Option<(HairLength, f64)> {
        let (found, end) = self.found?;
        (found != self.expected.0 && (end - self.expected.1).abs() > CLEARLY).then_some((found, end))
    }

    pub(super) fn score(&self) -> Option<Score> {
        let (_, end) = self.found?;
        match self.off() {
            Some(_) => Some(Score::of_difference((end - self.expected.1).abs(), CLEARLY)),
            None => Some(Score::FULL),
        }
    }

    pub(super) fn finding(&self) -> Option<Finding> {
        let (found, _) = self.off()?;
        let message = format!("the hair of {} is {} and should be {}", self.owner, found.word(), self.expected.0.word());
        Some(Finding { severity: Severity::Note, code: "hair-length".to_owned(), message, at: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::Attributes;
    use crate::measure::{Evidence, Measure, Outcome};
    use crate::testing::flat;
    use bible::{Colour, Tones};
    use engine::picture::{PartEntry, Skeleton};

    const HAIR: [u8; 4] = [0x2b, 0x2f, 0x8a, 255];

    /// A head of hair down to a row, before a bright ground; neck at 60, hips at 160.
    fn figure(end: usize) -> (Raster, PartMap, Skeleton) {
        let mut picture = flat(120, 200, [220, 220, 210, 255]);
        let mut indices = vec![0; 120 * 200];
        for y in 20..end {
            for x in 40..80 {
                picture.rgba[(y * 120 + x) * 4..][..4].copy_from_slice(&HAIR);
                indices[y * 120 + x] = 1;
            }
        }
        let owner: Option<Slug> = Some("mei".parse().unwrap());
        let tones = Some(Tones::from_base(Colour::new(HAIR[0], HAIR[1], HAIR[2])));
        let parts = vec![
            PartEntry { owner: None, part: "background".to_owned(), tones: None, light: [1.0; 3] },
            PartEntry { owner, part: "hair".to_owned(), tones, light: [1.0; 3] },
        ];
        let mut joints = [None; 18];
        (joints[NECK], joints[HIPS[0]]) = (Some([60.0, 60.0]), Some([60.0, 160.0]));
        (picture, PartMap { width: 120, height: 200, indices, parts }, Skeleton { character: "mei".parse().unwrap(), joints })
    }

    fn measured(expected: usize, found: usize) -> (Score, HairEvidence, Vec<String>) {
        let (layout, parts, skeleton) = figure(expected);
        let (image, ..) = figure(found);
        let layout = Layout { image: &layout, parts: &parts, skeletons: &[skeleton] };
        match Attributes::default().measure(&Subject { layout: Some(layout), ..Subject::new(&image) }) {
            Outcome::Measured { score, findings, evidence: Evidence::Attributes(evidence) } => {
                (score, evidence.hair[0].clone(), findings.into_iter().map(|finding| finding.message).collect())
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn hair_that_grew_longer_than_ordered_is_noticed() {
        let (score, hair, findings) = measured(65, 140);
        assert_eq!((hair.expected.0, hair.found.unwrap().0), (HairLength::Short, HairLength::Long));
        assert_eq!(findings, ["the hair of mei is long and should be short"]);
        assert!(score < Score::AT_TOLERANCE);
    }

    #[test]
    fn hair_as_ordered_is_right_at_every_length() {
        for end in [50, 90, 150] {
            let (score, hair, _) = measured(end, end);
            assert_eq!((score, hair.found), (Score::FULL, Some(hair.expected)), "{end}");
        }
    }

    #[test]
    fn a_ground_of_the_hairs_colour_leaves_it_unmeasured() {
        let (layout, parts, skeleton) = figure(90);
        let image = flat(120, 200, HAIR);
        let layout = Layout { image: &layout, parts: &parts, skeletons: &[skeleton] };
        let Outcome::Measured { evidence: Evidence::Attributes(evidence), .. } =
            Attributes::default().measure(&Subject { layout: Some(layout), ..Subject::new(&image) })
        else {
            panic!("it is measured")
        };
        assert_eq!(
            (evidence.hair[0].found, evidence.hair[0].unmeasured.as_deref()),
            (None, Some("its colour runs on into the background"))
        );
    }
}
