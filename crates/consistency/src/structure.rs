//! Pose, silhouette and lines against the layout that a picture was painted over.

use bible::Slug;
use engine::picture::PartMap;
use serde::{Deserialize, Serialize};

use crate::colour::fits;
use crate::edges::Mask;
use crate::fingerprint::luma_plane;
use crate::measure::{Evidence, Finding, Layout, Measure, Outcome, Role, Severity, Subject};
use crate::score::Score;

/// Measures whether the figures stand where the layout has them.
///
/// What is compared are lines: the layout's outlines, where it draws them, must be found in the picture within a small radius. A busy
/// picture has lines everywhere, so the same is asked with the outlines moved aside in eight directions, and only what
/// is found in place *beyond* that counts (1: all of it, 0: no more than by chance). With a part map of the picture
/// itself, from a segmenter, the overlap of the figures' masks is measured too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Structure {
    /// How far, as a share of the picture's height, a line may lie from its place.
    pub radius: f64,
    /// Change of luma over two pixels that makes a line, of 255.
    pub line: u8,
    /// Change of luma that makes a line which must be found again: more than `line`, since a picture that is a little softer
    /// than another has the same lines a little fainter, and those at the edge of `line` would come and go.
    pub clear_line: u8,
    /// The least alignment of a figure's outline that is right.
    pub least_alignment: f64,
    /// The least overlap (intersection over union) of a figure's masks that is right.
    pub least_overlap: f64,
    /// Pixels that a figure's outline must have to be measured.
    pub least_outline: usize,
}

impl Default for Structure {
    fn default() -> Self {
        Self { radius: 0.006, line: 24, clear_line: 40, least_alignment: 0.6, least_overlap: 0.75, least_outline: 80 }
    }
}

/// What was compared with the layout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StructureEvidence {
    /// Each figure, worst first.
    pub figures: Vec<FigureStructure>,
    /// Lines of the picture within the figures, as a share of the figures' area.
    pub line_density: f64,
    /// The same of the layout.
    pub layout_line_density: f64,
    /// Share of the layout's clear lines within the figures that the picture has too.
    pub line_recall: f64,
    /// Share of the picture's clear lines within the figures that the layout has too.
    pub line_precision: f64,
}

/// One figure against its layout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FigureStructure {
    /// Whose.
    pub owner: Slug,
    /// Pixels of its outline.
    pub outline: usize,
    /// Share of the outline that the picture has a line at.
    pub found: f64,
    /// The same with the outline moved aside, the mean of eight directions.
    pub by_chance: f64,
    /// `found` beyond chance: 0 at chance, 1 when all is found.
    pub alignment: f64,
    /// Overlap of the masks (intersection over union); none without a part map of the picture itself.
    pub overlap: Option<f64>,
}

impl StructureEvidence {
    /// How much of the lines agree: the harmonic mean of recall and precision.
    #[must_use]
    pub fn line_agreement(&self) -> f64 {
        let sum = self.line_recall + self.line_precision;
        if sum > 0.0 { 2.0 * self.line_recall * self.line_precision / sum } else { 0.0 }
    }
}

impl Structure {
    /// The radius in pixels.
    fn reach(&self, height: u32) -> usize {
        (self.radius * f64::from(height)).round().max(1.0) as usize
    }

    fn figure(
        &self,
        owner: &Slug,
        layout: &PartMap,
        found: Option<&PartMap>,
        [lines, drawn]: [&Mask; 2],
        reach: usize,
    ) -> Option<FigureStructure> {
        let is_owner = |map: &PartMap| {
            let owned = map.owned_by(owner);
            Mask::of_parts(map, |index| owned.get(index).copied().unwrap_or(false))
        };
        let mask = is_owner(layout);
        // Dark hair before a dark wall has no outline in the layout either: nothing says that a painter must show it.
        let border = mask.border().and(&drawn.grown(1));
        let outline = border.count();
        if outline < self.least_outline {
            return None;
        }
        let near = lines.grown(reach);
        let share = |shared: usize| shared as f64 / outline as f64;
        let step = (reach * 6) as isize;
        let aside = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)];
        let moved = aside.map(|(right, down)| share(near.shared_moved(&border, (right * step, down * step))));
        let (seen, by_chance) = (share(near.shared(&border)), moved.iter().sum::<f64>() / moved.len() as f64);
        let overlap = found.map(|found| {
            let other = is_owner(found);
            let both = mask.shared(&other);
            both as f64 / (mask.count() + other.count() - both).max(1) as f64
        });
        let alignment = if by_chance < 0.999 { ((seen - by_chance) / (1.0 - by_chance)).clamp(0.0, 1.0) } else { 0.0 };
        Some(FigureStructure { owner: owner.clone(), outline, found: seen, by_chance, alignment, overlap })
    }

    fn score(&self, figure: &FigureStructure) -> Score {
        let shortfall = |value: f64, least: f64| Score::of_difference(1.0 - value, 1.0 - least);
        let aligned = shortfall(figure.alignment, self.least_alignment);
        figure.overlap.map_or(aligned, |overlap| aligned.min(shortfall(overlap, self.least_overlap)))
    }

    fn finding(&self, figure: &FigureStructure) -> Option<Finding> {
        let owner = &figure.owner;
        let (code, message) = match figure.overlap {
            Some(overlap) if overlap < self.least_overlap => (
                "silhouette-off",
                format!(
                    "{owner}: the silhouette covers {:.0} % of the layout's, {:.0} % are needed",
                    overlap * 100.0,
                    self.least_overlap * 100.0
                ),
            ),
            _ if figure.alignment < self.least_alignment => {
                let message = format!(
                    "{owner}: {:.0} % of the layout's outline is found in the picture ({:.0} % would be by chance)",
                    figure.found * 100.0,
                    figure.by_chance * 100.0
                );
                ("outline-off", message)
            }
            _ => return None,
        };
        Some(Finding { severity: Severity::Note, code: code.to_owned(), message, at: None })
    }
}

/// Figures of a layout: everybody with a skeleton, or everybody who owns a part where there are no skeletons.
pub(crate) fn owners(layout: &Layout<'_>) -> Vec<Slug> {
    let mut owners: Vec<Slug> = layout.skeletons.iter().map(|skeleton| skeleton.character.clone()).collect();
    if owners.is_empty() {
        owners = layout.parts.parts.iter().filter_map(|entry| entry.owner.clone()).collect();
    }
    owners.sort();
    owners.dedup();
    owners
}

impl Measure for Structure {
    fn name(&self) -> &'static str {
        "structure"
    }

    fn version(&self) -> u32 {
        2
    }

    fn role(&self) -> Role {
        Role::Consistency
    }

    fn measure(&self, subject: &Subject<'_>) -> Outcome {
        let Some(layout) = subject.layout else {
            return Outcome::NotMeasured { reason: "there is no layout to compare the picture with".to_owned() };
        };
        for map in std::iter::once(layout.parts).chain(subject.parts) {
            if let Err(reason) = fits(subject, map) {
                return Outcome::NotMeasured { reason };
            }
        }
        let (image, reach) = (subject.image, self.reach(subject.image.height));
        let size = (image.width as usize, image.height as usize);
        if (layout.image.width, layout.image.height) != (image.width, image.height) {
            return Outcome::NotMeasured { reason: "the layout has another size than the picture".to_owned() };
        }
        let (luma, layout_luma) = (luma_plane(image), luma_plane(layout.image));
        let lines_of = |luma: &[u8], least: u8| Mask::of_edges(luma, size.0, size.1, least);
        let (lines, layout_lines) = (lines_of(&luma, self.line), lines_of(&layout_luma, self.line));
        let (clear, layout_clear) = (lines_of(&luma, self.clear_line), lines_of(&layout_luma, self.clear_line));
        let owners = owners(&layout);
        let mut figures: Vec<FigureStructure> =
            owners.iter().filter_map(|owner| self.figure(owner, layout.parts, subject.parts, [&lines, &layout_clear], reach)).collect();
        if figures.is_empty() {
            return Outcome::NotApplicable { reason: "no figure of the layout is large enough to compare".to_owned() };
        }
        figures.sort_by(|one, other| one.alignment.total_cmp(&other.alignment).then_with(|| one.owner.cmp(&other.owner)));
        let owned: Vec<bool> =
            layout.parts.parts.iter().map(|entry| entry.owner.as_ref().is_some_and(|owner| owners.contains(owner))).collect();
        let inside = Mask::of_parts(layout.parts, |index| owned.get(index).copied().unwrap_or(false));
        let (within, layout_within) = (lines.and(&inside), layout_lines.and(&inside));
        let share = |part: usize, whole: usize| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
        let found_again = |clear: &Mask, lines: &Mask| {
            let clear = clear.and(&inside);
            share(clear.shared(&lines.grown(reach)), clear.count())
        };
        let figures_of_lines = StructureEvidence {
            line_density: share(within.count(), inside.count()),
            layout_line_density: share(layout_within.count(), inside.count()),
            line_recall: found_again(&layout_clear, &lines),
            line_precision: found_again(&clear, &layout_lines),
            figures,
        };
        let score = figures_of_lines.figures.iter().map(|figure| self.score(figure)).fold(Score::FULL, Score::min);
        let findings = figures_of_lines.figures.iter().filter_map(|figure| self.finding(figure)).collect();
        Outcome::Measured { score, findings, evidence: Evidence::Structure(figures_of_lines) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Face, flat, noise};
    use engine::picture::Raster;

    fn measured(image: &Raster, parts: Option<&PartMap>) -> (Score, StructureEvidence) {
        let (drawn, map) = Face::default().draw(640, 360);
        let layout = Layout { image: &drawn, parts: &map, skeletons: &[] };
        match Structure::default().measure(&Subject { layout: Some(layout), parts, ..Subject::new(image) }) {
            Outcome::Measured { score, evidence: Evidence::Structure(evidence), .. } => (score, evidence),
            other => panic!("{other:?}"),
        }
    }

    fn moved(image: &Raster, pixels: usize) -> Raster {
        let mut rgba = image.rgba[..pixels * 4].to_vec();
        rgba.extend_from_slice(&image.rgba[..image.rgba.len() - pixels * 4]);
        Raster { rgba, ..*image }
    }

    #[test]
    fn the_layout_itself_is_aligned_with_itself() {
        let (score, evidence) = measured(&Face::default().draw(640, 360).0, None);
        assert!(score > Score::new(0.95).unwrap() && evidence.line_agreement() > 0.99, "{evidence:?}");
    }

    #[test]
    fn other_colours_do_not_matter_and_another_place_does() {
        let other = Face { hair: "#7a3030".parse().unwrap(), ..Face::default() }.draw(640, 360).0;
        assert!(measured(&other, None).0 >= Score::AT_TOLERANCE);
        assert!(measured(&moved(&other, 30), None).0 < Score::AT_TOLERANCE);
    }

    #[test]
    fn a_picture_full_of_lines_is_not_taken_for_aligned() {
        let (score, evidence) = measured(&noise(640, 360, 9), None);
        assert!(score < Score::new(0.5).unwrap() && evidence.figures[0].found > 0.9, "{evidence:?}");
    }

    #[test]
    fn masks_are_compared_when_there_are_two() {
        let (drawn, map) = Face::default().draw(640, 360);
        let shifted = PartMap { indices: [vec![0; 60], map.indices[..map.indices.len() - 60].to_vec()].concat(), ..map.clone() };
        let (same, _) = measured(&drawn, Some(&map));
        let (score, evidence) = measured(&drawn, Some(&shifted));
        assert!(same > score && evidence.figures[0].overlap.unwrap() < 0.75, "{evidence:?}");
    }

    #[test]
    fn without_a_layout_nothing_is_claimed() {
        let image = flat(64, 36, [9, 9, 9, 255]);
        assert!(matches!(Structure::default().measure(&Subject::new(&image)), Outcome::NotMeasured { .. }));
    }
}
