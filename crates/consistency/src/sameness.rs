//! Copies: pictures that are the same as another, or as the very reference that they were made from.
//!
//! A picture that is nearer to the reference used than to other pictures of the same character was pasted rather than
//! drawn (ViStoryBench calls it copy-paste). Here *near* means pixels: SSIM of small greys and a DCT hash, both of the
//! figure's own box when it is known. A pasted figure that was turned, mirrored or redrawn is not found this way.

use engine::picture::Raster;
use serde::{Deserialize, Serialize};

use crate::fingerprint::luma_plane;
use crate::glance::spans;
use crate::measure::{Evidence, Finding, Measure, Outcome, Region, Role, Severity, Subject};
use crate::score::Score;

/// Side of the grey that SSIM is taken of.
const SIDE: usize = 64;
/// Side of the grey that is hashed, and of the corner of its transform that is kept.
const HASHED: usize = 32;
const KEPT: usize = 8;

/// A small grey and a hash of a picture or a part of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Likeness {
    grey: Vec<f32>,
    hash: u64,
}

impl Likeness {
    /// Of a whole picture; none for one without pixels.
    #[must_use]
    pub fn of(image: &Raster) -> Option<Self> {
        let whole = Region { left: 0, top: 0, width: image.width, height: image.height, centre: [0, 0] };
        Self::of_region(image, whole)
    }

    /// Of a part of a picture; none when the part lies outside of it.
    #[must_use]
    pub fn of_region(image: &Raster, region: Region) -> Option<Self> {
        let right = region.left.checked_add(region.width).filter(|right| *right <= image.width)?;
        let bottom = region.top.checked_add(region.height).filter(|bottom| *bottom <= image.height)?;
        if region.width == 0 || region.height == 0 || image.rgba.len() != image.width as usize * image.height as usize * 4 {
            return None;
        }
        let luma = luma_plane(image);
        let rows: Vec<&[u8]> =
            luma.chunks_exact(image.width as usize).skip(region.top as usize).take((bottom - region.top) as usize).collect();
        let rows: Vec<&[u8]> = rows.into_iter().map(|row| &row[region.left as usize..right as usize]).collect();
        Some(Self { grey: reduced(&rows, SIDE), hash: hash(&reduced(&rows, HASHED)) })
    }

    /// Structural similarity of the greys, -1 to 1 (Wang et al. 2004, with their constants, over windows of 8 x 8 at every
    /// fourth pixel).
    #[must_use]
    pub fn ssim(&self, other: &Self) -> f64 {
        const WINDOW: usize = 8;
        let (steady, steady_spread) = ((0.01_f64 * 255.0).powi(2), (0.03_f64 * 255.0).powi(2));
        let (mut sum, mut windows) = (0.0, 0.0);
        for top in (0..=SIDE - WINDOW).step_by(4) {
            for left in (0..=SIDE - WINDOW).step_by(4) {
                let (mut mine, mut theirs, mut mine_squares, mut their_squares, mut products) = (0.0, 0.0, 0.0, 0.0, 0.0);
                for y in top..top + WINDOW {
                    for x in left..left + WINDOW {
                        let (one, two) = (f64::from(self.grey[y * SIDE + x]), f64::from(other.grey[y * SIDE + x]));
                        mine += one;
                        theirs += two;
                        mine_squares += one * one;
                        their_squares += two * two;
                        products += one * two;
                    }
                }
                let count = (WINDOW * WINDOW) as f64;
                let (mine, theirs) = (mine / count, theirs / count);
                let (spread, other_spread) = (mine_squares / count - mine * mine, their_squares / count - theirs * theirs);
                let together = products / count - mine * theirs;
                sum += (2.0 * mine * theirs + steady) * (2.0 * together + steady_spread)
                    / ((mine * mine + theirs * theirs + steady) * (spread + other_spread + steady_spread));
                windows += 1.0;
            }
        }
        sum / windows
    }

    /// Bits of 63 in which the hashes differ.
    #[must_use]
    pub const fn hash_distance(&self, other: &Self) -> u32 {
        (self.hash ^ other.hash).count_ones()
    }
}

/// Mean luma of each cell of a square grid.
fn reduced(rows: &[&[u8]], side: usize) -> Vec<f32> {
    let width = rows.first().map_or(1, |row| row.len());
    let columns = spans(width, side);
    let mut cells = Vec::with_capacity(side * side);
    for (top, bottom) in spans(rows.len(), side) {
        for &(left, right) in &columns {
            let sum: u64 = rows[top..bottom].iter().flat_map(|row| &row[left..right]).map(|luma| u64::from(*luma)).sum();
            cells.push(sum as f32 / ((right - left) * (bottom - top)) as f32);
        }
    }
    cells
}

/// The DCT hash ("pHash"): whether each of the 63 lowest frequencies is above their median.
fn hash(grey: &[f32]) -> u64 {
    let cosine = |frequency: usize, place: usize| (std::f64::consts::PI / HASHED as f64 * (place as f64 + 0.5) * frequency as f64).cos();
    let table: Vec<[f64; HASHED]> = (0..KEPT).map(|frequency| std::array::from_fn(|place| cosine(frequency, place))).collect();
    let mut across = [[0.0; HASHED]; KEPT];
    for (frequency, waves) in table.iter().enumerate() {
        for (y, row) in grey.chunks_exact(HASHED).enumerate() {
            across[frequency][y] = row.iter().zip(waves).map(|(grey, wave)| f64::from(*grey) * wave).sum();
        }
    }
    let mut strengths = Vec::with_capacity(KEPT * KEPT);
    for waves in &table {
        strengths.extend(across.iter().map(|column| column.iter().zip(waves).map(|(value, wave)| value * wave).sum::<f64>()));
    }
    let mut sorted = strengths[1..].to_vec();
    sorted.sort_by(f64::total_cmp);
    let median = sorted[sorted.len() / 2];
    strengths[1..].iter().enumerate().fold(0, |hash, (bit, strength)| if *strength > median { hash | 1 << bit } else { hash })
}

/// A picture with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// What people call it.
    pub name: String,
    /// What it looks like.
    pub likeness: Likeness,
}

/// Measures whether a picture was copied.
#[derive(Debug, Clone, PartialEq)]
pub struct Sameness {
    /// The references that the picture was made from.
    pub used: Vec<Named>,
    /// Other pictures of the same characters.
    pub siblings: Vec<Named>,
    /// Where in the picture the figure is; the whole picture when not known. The likenesses above must be of the
    /// figures' boxes too then.
    pub figure: Option<Region>,
    /// SSIM from which a picture is suspiciously near to its reference.
    pub near: f64,
    /// How much nearer to it than to every sibling.
    pub nearer: f64,
    /// SSIM from which it is a copy, whatever the siblings.
    pub copy: f64,
}

impl Sameness {
    /// A measure with the usual limits.
    #[must_use]
    pub const fn new(used: Vec<Named>, siblings: Vec<Named>) -> Self {
        Self { used, siblings, figure: None, near: 0.85, nearer: 0.10, copy: 0.97 }
    }
}

/// How alike a picture is to others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SamenessEvidence {
    /// The nearest reference used, its SSIM and the differing bits of 63.
    pub used: Option<(String, f64, u32)>,
    /// The nearest sibling, the same way.
    pub sibling: Option<(String, f64, u32)>,
    /// SSIM to the reference less SSIM to the sibling: great for a paste.
    pub lead: Option<f64>,
}

fn nearest(likeness: &Likeness, others: &[Named]) -> Option<(String, f64, u32)> {
    let compared = others.iter().map(|other| (other.name.clone(), likeness.ssim(&other.likeness), likeness.hash_distance(&other.likeness)));
    compared.max_by(|one, other| one.1.total_cmp(&other.1).then_with(|| other.0.cmp(&one.0)))
}

impl Measure for Sameness {
    fn name(&self) -> &'static str {
        "sameness"
    }

    fn version(&self) -> u32 {
        1
    }

    fn role(&self) -> Role {
        Role::Technical
    }

    fn measure(&self, subject: &Subject<'_>) -> Outcome {
        if self.used.is_empty() {
            return Outcome::NotApplicable { reason: "no reference was used that could have been copied".to_owned() };
        }
        let likeness = match self.figure {
            Some(region) => Likeness::of_region(subject.image, region),
            None => Likeness::of(subject.image),
        };
        let Some(likeness) = likeness else {
            return Outcome::NotMeasured { reason: "the figure's place lies outside of the picture".to_owned() };
        };
        let (used, sibling) = (nearest(&likeness, &self.used), nearest(&likeness, &self.siblings));
        let lead = used.as_ref().zip(sibling.as_ref()).map(|(used, sibling)| used.1 - sibling.1);
        let mut findings = Vec::new();
        if let Some((name, ssim, bits)) = &used
            && (*ssim >= self.copy || (*ssim >= self.near && lead.is_some_and(|lead| lead >= self.nearer)))
        {
            let than = sibling.as_ref().map_or_else(String::new, |(name, ssim, _)| format!(", and {ssim:.2} the same as {name}"));
            let message = format!("the picture may be a copy of its reference {name}: SSIM {ssim:.2}, {bits} of 63 bits differ{than}");
            findings.push(Finding { severity: Severity::Doubt, code: "copy-paste".to_owned(), message, at: self.figure });
        }
        Outcome::Measured { score: Score::FULL, findings, evidence: Evidence::Sameness(SamenessEvidence { used, sibling, lead }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Face, blurred, face, noise};

    fn named(name: &str, image: &Raster) -> Named {
        Named { name: name.to_owned(), likeness: Likeness::of(image).unwrap() }
    }

    /// The same face higher and lower in the frame.
    fn sibling(rows: usize) -> Raster {
        let picture = face(640, 360);
        let cut = rows * 640 * 4;
        Raster { rgba: [&picture.rgba[cut..], &picture.rgba[..cut]].concat(), ..picture }
    }

    fn codes(measure: &Sameness, image: &Raster) -> Vec<String> {
        match measure.measure(&Subject::new(image)) {
            Outcome::Measured { findings, .. } => findings.into_iter().map(|finding| finding.code).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn likeness_is_full_with_itself_and_falls_with_difference() {
        let [picture, soft, other] =
            [face(640, 360), blurred(&face(640, 360), 3.0), noise(640, 360, 8)].map(|image| Likeness::of(&image).unwrap());
        assert!((picture.ssim(&picture) - 1.0).abs() < 1e-9 && picture.hash_distance(&picture) == 0);
        assert!(picture.ssim(&soft) > 0.9 && picture.hash_distance(&soft) <= 4, "{} {}", picture.ssim(&soft), picture.hash_distance(&soft));
        assert!(picture.ssim(&other) < 0.3 && picture.hash_distance(&other) > 15);
    }

    #[test]
    fn a_pasted_reference_is_suspect_and_a_drawing_of_its_own_is_not() {
        let measure = Sameness::new(vec![named("front", &face(640, 360))], vec![named("side", &sibling(60)), named("back", &sibling(90))]);
        let recoloured = Face { hair: "#303450".parse().unwrap(), ..Face::default() }.draw(640, 360).0;
        assert_eq!(codes(&measure, &recoloured), ["copy-paste"]);
        assert_eq!(codes(&measure, &sibling(30)), Vec::<String>::new());
    }

    #[test]
    fn the_figure_is_compared_and_not_what_is_around_it() {
        let picture = face(640, 360);
        let region = Region { left: 200, top: 40, width: 240, height: 280, centre: [320, 180] };
        let mut elsewhere = noise(640, 360, 2);
        for y in 40..320 {
            let row = (y * 640 + 200) * 4;
            elsewhere.rgba[row..row + 240 * 4].copy_from_slice(&picture.rgba[row..row + 240 * 4]);
        }
        let used = vec![Named { name: "front".to_owned(), likeness: Likeness::of_region(&picture, region).unwrap() }];
        let whole = Sameness::new(vec![named("front", &picture)], Vec::new());
        assert_eq!(codes(&Sameness { figure: Some(region), ..Sameness::new(used, Vec::new()) }, &elsewhere), ["copy-paste"]);
        assert_eq!(codes(&whole, &elsewhere), Vec::<String>::new());
    }

    #[test]
    fn a_box_outside_of_the_picture_is_not_measured() {
        let region = Region { left: 630, top: 0, width: 20, height: 20, centre: [0, 0] };
        assert!(Likeness::of_region(&face(640, 360), region).is_none());
    }
}
