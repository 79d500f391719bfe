//! Linework: weight, colour and sharpness of the lines against the layout that a picture was painted over.
//!
//! Lines are told by a black top-hat of luma (closing less picture; Meyer 1979): whatever is darker than its surroundings
//! and narrower than a few pixels. Its sum is how much ink there is, and a blur hardly changes that.

use engine::picture::Raster;
use serde::{Deserialize, Serialize};

use crate::colour::fits;
use crate::edges::Mask;
use crate::fingerprint::luma_plane;
use crate::light::{difference, lab};
use crate::measure::{Evidence, Finding, Measure, Outcome, Role, Severity, Subject};
use crate::score::Score;
use crate::softened::Softened;
use crate::structure;

/// Half the side of the window that lines must be narrower than, as a share of the picture's height.
const REACH: f64 = 0.0055;
/// Top-hat, of 255, from which a pixel of the layout is the middle of a line.
const CORE: u8 = 60;

/// Top-hat, of 255, below which a pixel is noise: noise is as often dark as light, and a top-hat sees only the dark half.
const NOISE: u8 = 16;

/// Measures how the lines of the figures are drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Linework {
    /// By what factor there may be more or less ink than in the layout.
    pub ink: f64,
    /// How far (CIEDE2000) the lines' colour may be off.
    pub colour: f64,
    /// How much softer than the layout a picture may be, in 3 x 3 binomial blurs.
    pub softness: f64,
    /// Pixels in the middle of lines that the layout must have to be measured.
    pub least_core: u32,
}

impl Default for Linework {
    fn default() -> Self {
        Self { ink: 1.25, colour: 4.5, softness: 0.9, least_core: 60 }
    }
}

/// The lines of a picture beside its layout's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LineworkEvidence {
    /// Ink in the picture for 1 in the layout, within the figures.
    pub ink: f64,
    /// CIEDE2000 between the lines' colour and the layout's lines as soft as the picture is.
    pub colour: f64,
    /// How much softer than the layout, in 3 x 3 binomial blurs.
    pub softness: f64,
    /// Pixels in the middle of the layout's lines.
    pub core: u32,
    /// The worst of the three in units of its tolerance: right up to 1.
    pub worst: f64,
}

impl Linework {
    fn evidence(&self, [ink, colour, softness]: [f64; 3], core: u32) -> LineworkEvidence {
        let worst = [ink.max(1e-3).ln().abs() / self.ink.ln(), colour / self.colour, softness / self.softness];
        LineworkEvidence { ink, colour, softness, core, worst: worst.into_iter().fold(0.0, f64::max) }
    }

    fn findings(&self, evidence: &LineworkEvidence) -> Vec<Finding> {
        let finding = |code: &str, message| Finding { severity: Severity::Note, code: code.to_owned(), message, at: None };
        let mut findings = Vec::new();
        if evidence.ink.max(1e-3).ln().abs() > self.ink.ln() {
            findings.push(finding("line-weight", format!("the lines have {:.0} % of the ink that the layout has", evidence.ink * 100.0)));
        }
        if evidence.colour > self.colour {
            findings.push(finding("line-colour", format!("the lines have another colour than the layout's (ΔE {:.1})", evidence.colour)));
        }
        if evidence.softness > self.softness {
            findings.push(finding("soft", "the picture is softer than its layout by more than is usual".to_owned()));
        }
        findings
    }
}

/// How much darker each pixel is than the lightest way around it: closing less luma, windows of `2 reach + 1`.
fn top_hat(luma: &[u8], width: usize, height: usize, reach: usize) -> Vec<u8> {
    let dilated = extreme(luma, width, height, reach, u8::max);
    let closed = extreme(&dilated, width, height, reach, u8::min);
    closed.iter().zip(luma).map(|(closed, luma)| closed.saturating_sub(*luma)).collect()
}

/// The greatest or least of a square window around each pixel; the window ends at the picture's edge.
fn extreme(values: &[u8], width: usize, height: usize, reach: usize, choose: impl Fn(u8, u8) -> u8 + Copy) -> Vec<u8> {
    let mut across = values.to_vec();
    for (row, out) in values.chunks_exact(width).zip(across.chunks_exact_mut(width)) {
        for step in 1..=reach.min(width - 1) {
            out[step..].iter_mut().zip(row).for_each(|(out, value)| *out = choose(*out, *value));
            out.iter_mut().zip(&row[step..]).for_each(|(out, value)| *out = choose(*out, *value));
        }
    }
    let mut both = across.clone();
    for step in 1..=reach.min(height - 1) {
        let away = step * width;
        both[away..].iter_mut().zip(&across).for_each(|(out, value)| *out = choose(*out, *value));
        both.iter_mut().zip(&across[away..]).for_each(|(out, value)| *out = choose(*out, *value));
    }
    both
}

/// The part of a picture and of its mask that lies within a box.
fn cropped(plane: &[u8], width: usize, [left, top, right, bottom]: [usize; 4]) -> Vec<u8> {
    plane.chunks_exact(width).take(bottom).skip(top).flat_map(|row| &row[left..right]).copied().collect()
}

/// The box around a mask, grown by a margin.
fn around(mask: &Mask, margin: usize) -> Option<[usize; 4]> {
    let rows: Vec<usize> = mask.set.chunks_exact(mask.width).enumerate().filter(|(_, row)| row.contains(&true)).map(|(y, _)| y).collect();
    let (top, bottom) = (*rows.first()?, *rows.last()?);
    let within = |row: &[bool]| Some((row.iter().position(|set| *set)?, row.iter().rposition(|set| *set)?));
    let spans = mask.set.chunks_exact(mask.width).filter_map(within);
    let (left, right) = spans.fold((mask.width, 0), |(left, right), (from, to)| (left.min(from), right.max(to)));
    let [right, bottom] = [(right + 1 + margin).min(mask.width), (bottom + 1 + margin).min(mask.height)];
    Some([left.saturating_sub(margin), top.saturating_sub(margin), right, bottom])
}

impl Measure for Linework {
    fn name(&self) -> &'static str {
        "linework"
    }

    fn version(&self) -> u32 {
        1
    }

    fn role(&self) -> Role {
        Role::Consistency
    }

    fn measure(&self, subject: &Subject<'_>) -> Outcome {
        let Some(layout) = subject.layout else {
            return Outcome::NotMeasured { reason: "there is no layout to compare the lines with".to_owned() };
        };
        if let Err(reason) = fits(subject, layout.parts) {
            return Outcome::NotMeasured { reason };
        }
        let Some(softened) = Softened::of(subject.image, layout.image, layout.parts) else {
            return Outcome::NotMeasured { reason: "the layout has another size than the picture, or no figure with lines".to_owned() };
        };
        let (width, height) = (layout.image.width as usize, layout.image.height as usize);
        let reach = ((REACH * height as f64).round() as usize).max(2);
        let owners = structure::owners(&layout);
        let owned: Vec<bool> =
            layout.parts.parts.iter().map(|entry| entry.owner.as_ref().is_some_and(|owner| owners.contains(owner))).collect();
        let figures = Mask::of_parts(layout.parts, |index| owned.get(index).copied().unwrap_or(false)).grown(reach);
        let Some(frame) = around(&figures, reach) else {
            return Outcome::NotApplicable { reason: "no figure is in sight".to_owned() };
        };
        let [left, top, right, bottom] = frame;
        let ink_of = |image: &Raster| top_hat(&cropped(&luma_plane(image), width, frame), right - left, bottom - top, reach);
        let (ours, theirs) = (ink_of(subject.image), ink_of(layout.image));
        let (mut ink, mut expected, mut core) = (0_u64, 0_u64, 0_u32);
        let (mut found, mut asked) = ([0.0; 3], [0.0; 3]);
        for (place, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            let (x, y) = (left + place % (right - left), top + place / (right - left));
            let at = y * width + x;
            if !figures.set[at] {
                continue;
            }
            ink += u64::from(*ours) * u64::from(*ours >= NOISE);
            expected += u64::from(*theirs) * u64::from(*theirs >= NOISE);
            if *theirs >= CORE {
                core += 1;
                let soft = softened.at(x, y);
                for channel in 0..3 {
                    found[channel] += f64::from(subject.image.rgba[at * 4 + channel]);
                    asked[channel] += soft[channel];
                }
            }
        }
        if core < self.least_core {
            return Outcome::NotMeasured {
                reason: format!("the layout has {core} pixels of lines in sight, {} are needed", self.least_core),
            };
        }
        let colour_of = |sums: [f64; 3]| lab(sums.map(|sum| crate::light::decode(sum / f64::from(core))));
        let figures = [ink as f64 / (expected as f64).max(1.0), difference(colour_of(asked), colour_of(found)), softened.share.max(0.0)];
        let evidence = self.evidence(figures, core);
        let findings = self.findings(&evidence);
        Outcome::Measured { score: Score::of_difference(evidence.worst, 1.0), findings, evidence: Evidence::Linework(evidence) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Layout;
    use crate::testing::{Face, blurred};

    fn measured(image: &Raster) -> (Score, LineworkEvidence, Vec<String>) {
        let (drawn, map) = Face::default().draw(640, 360);
        let layout = Layout { image: &drawn, parts: &map, skeletons: &[] };
        match Linework::default().measure(&Subject { layout: Some(layout), ..Subject::new(image) }) {
            Outcome::Measured { score, evidence: Evidence::Linework(evidence), findings } => {
                (score, evidence, findings.into_iter().map(|finding| finding.code).collect())
            }
            other => panic!("{other:?}"),
        }
    }

    /// The face with every pixel of its line colour in another.
    fn inked(colour: [u8; 3]) -> Raster {
        let mut picture = Face::default().draw(640, 360).0;
        for pixel in picture.rgba.as_chunks_mut::<4>().0 {
            if pixel[..3] == [30, 26, 38] {
                pixel[..3].copy_from_slice(&colour);
            }
        }
        picture
    }

    #[test]
    fn the_layouts_own_lines_are_right() {
        let (score, evidence, findings) = measured(&inked([30, 26, 38]));
        assert_eq!((score, evidence.ink, findings.len()), (Score::FULL, 1.0, 0));
    }

    #[test]
    fn a_slightly_soft_picture_has_the_same_ink_and_a_blurred_one_is_called_soft() {
        let picture = inked([30, 26, 38]);
        assert!(measured(&blurred(&picture, 0.5)).0 >= Score::AT_TOLERANCE, "{:?}", measured(&blurred(&picture, 0.5)));
        assert!(measured(&blurred(&picture, 2.5)).2.contains(&"soft".to_owned()));
    }

    #[test]
    fn lines_in_another_colour_or_without_ink_are_noticed() {
        assert!(measured(&inked([110, 40, 60])).2.contains(&"line-colour".to_owned()));
        assert!(measured(&inked([200, 190, 190])).2.contains(&"line-weight".to_owned()));
    }

    #[test]
    fn a_top_hat_finds_the_dark_line_and_not_the_dark_area() {
        let mut luma = vec![200_u8; 400];
        (0..20).for_each(|x| luma[5 * 20 + x] = 50);
        luma[10 * 20..].fill(50);
        let hat = top_hat(&luma, 20, 20, 2);
        assert_eq!((hat[5 * 20 + 7], hat[15 * 20 + 7], hat[2 * 20 + 7]), (150, 0, 0));
    }
}
