//! Drawing style: how far a picture is from the show's own accepted ones.
//!
//! No model of what looks good is involved. A handful of figures says how a picture is drawn (light and colour in Oklab,
//! how much of it is line, how sharp the lines are, how flat the areas between them), and a picture is off when its
//! figures lie further from the accepted pictures' than those lie from each other.

use engine::picture::Raster;
use serde::{Deserialize, Serialize};

use crate::edges::Mask;
use crate::fingerprint::luma_plane;
use crate::glance::Glance;
use crate::measure::{Evidence, Finding, Measure, Outcome, Role, Severity, Subject};
use crate::score::Score;

/// Accepted pictures that a profile must have before it says anything.
pub const LEAST_PICTURES: usize = 8;
/// The most pictures that a profile keeps: the latest.
pub const MOST_PICTURES: usize = 512;
/// The least distance that counts as off, in standard deviations: what is within three of them is nothing special.
const LEAST_TOLERANCE: f64 = 3.0;
/// Change of luma over two pixels that makes a line, of 255.
const LINE: u8 = 24;
/// Figures in a style, in the order of [`StyleFigures::values`].
const FIGURES: usize = 9;
/// What each figure is called.
pub const NAMES: [&str; FIGURES] =
    ["lightness", "lightness contrast", "chroma", "chroma contrast", "line density", "line contrast", "sharpness", "flatness", "grain"];
/// The least standard deviation of each figure that is believed: a show of eight alike pictures is not that exact.
const FLOORS: [f64; FIGURES] = [0.02, 0.01, 0.01, 0.01, 0.01, 3.0, 0.04, 0.03, 0.05];

/// How a picture is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StyleFigures {
    /// Mean lightness of the picture's cells in Oklab, 0 to 1.
    pub lightness: f64,
    /// Its standard deviation.
    pub lightness_contrast: f64,
    /// Mean chroma in Oklab, 0 to about 0.4.
    pub chroma: f64,
    /// Its standard deviation.
    pub chroma_contrast: f64,
    /// Share of pixels on a line, 0 to 1.
    pub line_density: f64,
    /// Mean change of luma on lines, 0 to 255.
    pub line_contrast: f64,
    /// Second difference over first difference of luma on lines: about 1 for hard lines, less the softer they are.
    pub sharpness: f64,
    /// Share of pixels that are like their right and lower neighbour to within one code value, 0 to 1.
    pub flatness: f64,
    /// Mean change of luma between neighbours off the lines, 0 to 255.
    pub grain: f64,
}

impl StyleFigures {
    /// The figures of a picture; none for one of less than 3 x 3 pixels, or with another number than it claims.
    #[must_use]
    pub fn of(image: &Raster) -> Option<Self> {
        let (width, height) = (image.width as usize, image.height as usize);
        let glance = Glance::of(image).filter(|_| width >= 3 && height >= 3)?;
        let cells: Vec<[f32; 3]> = glance.oklab().collect();
        let spread = |values: &dyn Fn(&[f32; 3]) -> f64| {
            let count = cells.len() as f64;
            let mean = cells.iter().map(values).sum::<f64>() / count;
            (mean, (cells.iter().map(|cell| (values(cell) - mean).powi(2)).sum::<f64>() / count).sqrt())
        };
        let (lightness, lightness_contrast) = spread(&|cell| f64::from(cell[0]));
        let (chroma, chroma_contrast) = spread(&|cell| f64::from(cell[1].hypot(cell[2])));
        let luma = luma_plane(image);
        let lines = Mask::of_edges(&luma, width, height, LINE);
        let near_lines = lines.grown(1);
        let (mut on_lines, mut first, mut second) = (0u64, 0u64, 0u64);
        let (mut off_lines, mut grain, mut flat) = (0u64, 0u64, 0u64);
        for y in 1..height - 1 {
            for x in 1..width - 1 {
                let at = y * width + x;
                let [here, left, right, above, below] = [at, at - 1, at + 1, at - width, at + width].map(|place| i32::from(luma[place]));
                let change = (right - here).unsigned_abs().max((below - here).unsigned_abs());
                flat += u64::from(change <= 1);
                if lines.set[at] {
                    on_lines += 1;
                    first += u64::from((right - left).unsigned_abs().max((below - above).unsigned_abs()));
                    second += u64::from((left + right - 2 * here).unsigned_abs().max((above + below - 2 * here).unsigned_abs()));
                } else if !near_lines.set[at] {
                    off_lines += 1;
                    grain += u64::from(change);
                }
            }
        }
        let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        let inner = ((width - 2) * (height - 2)) as u64;
        Some(Self {
            lightness,
            lightness_contrast,
            chroma,
            chroma_contrast,
            line_density: share(on_lines, inner),
            line_contrast: share(first, on_lines),
            sharpness: share(second, first),
            flatness: share(flat, inner),
            grain: share(grain, off_lines),
        })
    }

    /// The figures in the order of [`NAMES`].
    #[must_use]
    pub const fn values(&self) -> [f64; FIGURES] {
        [
            self.lightness,
            self.lightness_contrast,
            self.chroma,
            self.chroma_contrast,
            self.line_density,
            self.line_contrast,
            self.sharpness,
            self.flatness,
            self.grain,
        ]
    }
}

/// How a show is drawn: the figures of its accepted pictures.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StyleProfile {
    pictures: Vec<StyleFigures>,
}

impl StyleProfile {
    /// A profile of accepted pictures, the oldest first; of more than [`MOST_PICTURES`] the latest count.
    #[must_use]
    pub fn of(pictures: impl IntoIterator<Item = StyleFigures>) -> Self {
        let mut profile = Self::default();
        pictures.into_iter().for_each(|figures| profile.accept(figures));
        profile
    }

    /// Adds an accepted picture.
    pub fn accept(&mut self, figures: StyleFigures) {
        if self.pictures.len() == MOST_PICTURES {
            self.pictures.remove(0);
        }
        self.pictures.push(figures);
    }

    /// How many pictures it knows.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.pictures.len()
    }

    /// Whether it knows none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }

    /// Each figure's deviation from the mean of the accepted pictures but one, in their standard deviations.
    fn deviations(&self, figures: &StyleFigures, leave_out: Option<usize>) -> [f64; FIGURES] {
        let known = || self.pictures.iter().enumerate().filter(|(index, _)| Some(*index) != leave_out).map(|(_, known)| known.values());
        let count = known().count().max(1) as f64;
        let values = figures.values();
        std::array::from_fn(|figure| {
            let mean = known().map(|known| known[figure]).sum::<f64>() / count;
            let variance = known().map(|known| (known[figure] - mean).powi(2)).sum::<f64>() / count;
            // The error of the mean and of the deviation themselves, which few pictures leave large.
            let uncertain = 1.0 + 2.0 / count;
            (values[figure] - mean) / (variance.sqrt().max(FLOORS[figure]) * uncertain)
        })
    }

    /// The distance of a picture: its furthest figure's deviation.
    fn distance(&self, figures: &StyleFigures, leave_out: Option<usize>) -> f64 {
        self.deviations(figures, leave_out).into_iter().map(f64::abs).fold(0.0, f64::max)
    }

    /// How far the accepted pictures are from each other: the greatest distance of one from the rest.
    fn spread(&self) -> f64 {
        let distances = self.pictures.iter().enumerate().map(|(index, figures)| self.distance(figures, Some(index)));
        distances.fold(0.0, f64::max)
    }
}

/// Measures the style against a profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Style {
    profile: StyleProfile,
    tolerance: f64,
}

/// A picture's style beside the show's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StyleEvidence {
    /// The picture's figures.
    pub figures: StyleFigures,
    /// Each figure's deviation in standard deviations of the accepted pictures, furthest first.
    pub deviations: Vec<(String, f64)>,
    /// The furthest deviation.
    pub distance: f64,
    /// The distance that the accepted pictures have among each other, 3 at least.
    pub tolerance: f64,
    /// Accepted pictures compared with.
    pub pictures: u32,
}

impl Style {
    /// A measure against this profile.
    #[must_use]
    pub fn new(profile: StyleProfile) -> Self {
        let tolerance = if profile.len() < LEAST_PICTURES { LEAST_TOLERANCE } else { profile.spread().max(LEAST_TOLERANCE) };
        Self { profile, tolerance }
    }
}

impl Measure for Style {
    fn name(&self) -> &'static str {
        "style"
    }

    fn version(&self) -> u32 {
        1
    }

    fn role(&self) -> Role {
        Role::Consistency
    }

    fn measure(&self, subject: &Subject<'_>) -> Outcome {
        let known = self.profile.len();
        if known < LEAST_PICTURES {
            return Outcome::NotMeasured {
                reason: format!("the show has {known} accepted pictures to compare the style with, {LEAST_PICTURES} are needed"),
            };
        }
        let Some(figures) = StyleFigures::of(subject.image) else {
            return Outcome::NotMeasured { reason: "the picture is too small to have a style".to_owned() };
        };
        let deviations = self.profile.deviations(&figures, None);
        let distance = deviations.into_iter().map(f64::abs).fold(0.0, f64::max);
        let mut deviations: Vec<(String, f64)> = NAMES.iter().map(|name| (*name).to_owned()).zip(deviations).collect();
        deviations.sort_by(|one, other| other.1.abs().total_cmp(&one.1.abs()));
        let mut findings = Vec::new();
        if distance > self.tolerance
            && let Some((name, deviation)) = deviations.first()
        {
            let message = format!(
                "the style is off: {name} is {:.1} standard deviations {} the accepted pictures, {:.1} are usual",
                deviation.abs(),
                if *deviation > 0.0 { "above" } else { "below" },
                self.tolerance
            );
            findings.push(Finding { severity: Severity::Note, code: "style-off".to_owned(), message, at: None });
        }
        let evidence = StyleEvidence { figures, deviations, distance, tolerance: self.tolerance, pictures: known as u32 };
        Outcome::Measured { score: Score::of_difference(distance, self.tolerance), findings, evidence: Evidence::Style(evidence) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Face, blurred, flat, noise};

    fn show() -> Style {
        let pictures = (0..12u8).map(|index| {
            let hair = bible::Colour::new(40 + index * 12, 50, 120 - index * 6);
            StyleFigures::of(&Face { hair, ..Face::default() }.draw(640, 360).0).unwrap()
        });
        Style::new(StyleProfile::of(pictures))
    }

    fn score(image: &Raster) -> Score {
        match show().measure(&Subject::new(image)) {
            Outcome::Measured { score, .. } => score,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn another_picture_of_the_show_is_in_its_style() {
        let other = Face { hair: "#334455".parse().unwrap(), left: "#20a040".parse().unwrap(), ..Face::default() };
        assert!(score(&other.draw(640, 360).0) >= Score::AT_TOLERANCE);
    }

    #[test]
    fn blur_noise_and_other_light_are_out_of_style() {
        let picture = Face::default().draw(640, 360).0;
        let mut bright = picture.clone();
        bright.rgba.iter_mut().for_each(|code| *code = code.saturating_add(90));
        for (name, other) in [("blur", blurred(&picture, 2.5)), ("noise", noise(640, 360, 4)), ("light", bright)] {
            assert!(score(&other) < Score::AT_TOLERANCE, "{name}: {}", score(&other));
        }
    }

    #[test]
    fn too_few_accepted_pictures_say_nothing() {
        let profile = StyleProfile::of((0..7).map(|_| StyleFigures::of(&flat(64, 36, [9, 99, 9, 255])).unwrap()));
        let image = flat(64, 36, [9, 9, 9, 255]);
        let outcome = Style::new(profile).measure(&Subject::new(&image));
        assert!(matches!(outcome, Outcome::NotMeasured { reason } if reason.contains("7 accepted pictures")));
    }
}
