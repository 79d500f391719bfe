//! Whether a picture is technically sound: size, blankness, transparency, sharpness, clipping, banding, seams,
//! duplicates.

mod banding;
mod seams;

use serde::{Deserialize, Serialize};

use crate::decode::Unreadable;
use crate::fingerprint::{Fingerprint, luma_plane};
use crate::measure::{Evidence, Finding, Measure, Measurement, Outcome, Role, Severity, Subject};
use crate::score::Score;

/// The technical checks and their limits.
///
/// Its score is 1 when nothing stops the picture and 0 when something does: soundness has no degrees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Technical {
    /// Below this standard deviation of luma (0 to 255) a picture counts as blank.
    pub least_contrast: f64,
    /// Below this variance of the Laplacian a picture counts as blurred. A cel picture of 1280x720 has
    /// several hundred, and the same one through a Gaussian blur of 4 pixels fewer than ten.
    pub least_sharpness: f64,
    /// Above this share of pixels at pure black or pure white the exposure counts as clipped.
    pub most_clipped: f64,
    /// Up to this many differing bits of 256 two pictures count as the same one.
    pub duplicate_bits: u32,
    /// And up to this many of 4096. Six expressions of one figure measured 57 or more apart; the same picture
    /// compressed hard or at another size, 28 at most.
    pub duplicate_fine_bits: u32,
    /// Above this share of pixels in staircases of luma a picture counts as banded.
    pub most_banded: f64,
    /// From this share of a straight line on that steps from edge to edge, it counts as a seam.
    pub least_seam: f64,
    /// Above this share of pixels that are not opaque a picture of an ordered size counts as see-through.
    pub most_see_through: f64,
}

impl Default for Technical {
    fn default() -> Self {
        Self {
            least_contrast: 2.0,
            least_sharpness: 15.0,
            most_clipped: 0.9,
            duplicate_bits: 4,
            duplicate_fine_bits: 40,
            most_banded: 0.1,
            least_seam: 0.6,
            most_see_through: 0.001,
        }
    }
}

/// The figures behind the technical checks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TechnicalEvidence {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Share of pixels that can be seen at all (alpha above 7 of 255), 0 to 1.
    pub visible: f64,
    /// Standard deviation of luma, 0 to 127.5.
    pub contrast: f64,
    /// Variance of the 4-neighbour Laplacian of luma.
    pub sharpness: f64,
    /// Share of pixels at pure black (all channels 0 or 1), 0 to 1.
    pub black: f64,
    /// Share of pixels at pure white (all channels 254 or 255), 0 to 1.
    pub white: f64,
    /// Share of pixels that are not opaque (alpha below 248 of 255), 0 to 1.
    #[serde(default)]
    pub see_through: f64,
    /// Share of pixels, of every sixth row and column, in staircases of luma, 0 to 1.
    #[serde(default)]
    pub banded: f64,
    /// The straightest line that could be a tiling seam; none in a picture too small to have one.
    #[serde(default)]
    pub seam: Option<SeamEvidence>,
    /// The picture's fingerprint, to compare later pictures with.
    pub fingerprint: Fingerprint,
    /// The most alike of the other pictures, and in how many bits of 256 it differs.
    pub nearest: Option<(String, u32, u32)>,
}

/// A straight line at which luma steps and beside which it does not.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SeamEvidence {
    /// Whether it stands upright.
    pub upright: bool,
    /// Its column, or its row when it lies level: the first behind the step.
    pub place: u32,
    /// Along what share of the picture, 0 to 1.
    pub share: f64,
}

impl Technical {
    fn findings(&self, figures: &TechnicalEvidence, subject: &Subject<'_>) -> Vec<Finding> {
        let canvas = subject.canvas;
        let mut findings = Vec::new();
        let mut find = |severity, code: &str, message: String| {
            findings.push(Finding { severity, code: code.to_owned(), message, at: None });
        };
        if let Some(canvas) = canvas
            && (canvas.width, canvas.height) != (figures.width, figures.height)
        {
            let message =
                format!("the picture has {}x{} pixels and should have {}x{}", figures.width, figures.height, canvas.width, canvas.height);
            find(Severity::Blocks, "wrong-size", message);
        }
        if figures.visible == 0.0 {
            find(Severity::Blocks, "transparent", "the picture is fully transparent".to_owned());
        } else if figures.contrast < self.least_contrast {
            let message = format!(
                "the picture is blank: its luma varies by {:.2} of 255 and should vary by {} or more",
                figures.contrast, self.least_contrast
            );
            find(Severity::Blocks, "blank", message);
        } else if figures.sharpness < self.least_sharpness {
            let message = format!(
                "the picture is blurred: its Laplacian varies by {:.1} and should vary by {} or more",
                figures.sharpness, self.least_sharpness
            );
            find(Severity::Doubt, "blurred", message);
        }
        for (share, code, name) in [(figures.black, "crushed", "black"), (figures.white, "blown", "white")] {
            if share > self.most_clipped {
                find(Severity::Doubt, code, format!("{:.0} % of the picture is pure {name}", share * 100.0));
            }
        }
        if canvas.is_some() && figures.visible > 0.0 && figures.see_through > self.most_see_through {
            find(Severity::Doubt, "see-through", format!("{:.1} % of the picture is not opaque", figures.see_through * 100.0));
        }
        if figures.banded > self.most_banded {
            let message = format!("gradients come in visible steps in {:.0} % of the picture", figures.banded * 100.0);
            find(Severity::Doubt, "banded", message);
        }
        if let Some(SeamEvidence { upright, place, share }) = figures.seam
            && share >= self.least_seam
        {
            let line = if upright { "column" } else { "row" };
            // A picture with a part map of its own was drawn as a whole: what runs through it is a drawn line.
            let stitched = subject.parts.is_none() || subject.layout.is_some();
            let severity = if stitched { Severity::Doubt } else { Severity::Note };
            find(severity, "seam", format!("a seam runs along {:.0} % of {line} {place}", share * 100.0));
        }
        if let Some((name, bits, fine_bits)) = &figures.nearest
            && *bits <= self.duplicate_bits
            && *fine_bits <= self.duplicate_fine_bits
        {
            find(
                Severity::Doubt,
                "duplicate",
                format!("the picture looks the same as {name} ({bits} of 256 and {fine_bits} of 4096 bits differ)"),
            );
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings
    }
}

impl Measure for Technical {
    fn name(&self) -> &'static str {
        "technical"
    }

    fn version(&self) -> u32 {
        2
    }

    fn role(&self) -> Role {
        Role::Technical
    }

    fn measure(&self, subject: &Subject<'_>) -> Outcome {
        let image = subject.image;
        let pixels = image.width as usize * image.height as usize;
        if pixels == 0 || image.rgba.len() != pixels * 4 {
            return Outcome::NotMeasured {
                reason: format!("the picture claims {}x{} pixels and has {} bytes", image.width, image.height, image.rgba.len()),
            };
        }
        let figures = figures(subject, pixels);
        let findings = self.findings(&figures, subject);
        let blocked = findings.iter().any(|finding| finding.severity == Severity::Blocks);
        Outcome::Measured { score: if blocked { Score::NONE } else { Score::FULL }, findings, evidence: Evidence::Technical(figures) }
    }
}

/// All technical measurements of a picture without a verdict on them.
fn figures(subject: &Subject<'_>, pixels: usize) -> TechnicalEvidence {
    let image = subject.image;
    let luma = luma_plane(image);
    let (mut visible, mut opaque, mut black, mut white) = (0u32, 0u32, 0u32, 0u32);
    for [red, green, blue, alpha] in image.rgba.as_chunks::<4>().0 {
        visible += u32::from(*alpha > 7);
        opaque += u32::from(*alpha > 247);
        black += u32::from((*red | *green | *blue) <= 1);
        white += u32::from(*red.min(green).min(blue) >= 254);
    }
    let share = |count: u32| f64::from(count) / pixels as f64;
    let sum: u64 = luma.iter().map(|value| u64::from(*value)).sum();
    let squares: u64 = luma.iter().map(|value| u64::from(u32::from(*value) * u32::from(*value))).sum();
    let mean = sum as f64 / pixels as f64;
    let (width, height) = (image.width as usize, image.height as usize);
    let fingerprint = Fingerprint::of_luma(&luma, width, height);
    TechnicalEvidence {
        width: image.width,
        height: image.height,
        visible: share(visible),
        contrast: (squares as f64 / pixels as f64 - mean * mean).max(0.0).sqrt(),
        sharpness: laplacian_variance(&luma, width, height),
        black: share(black),
        white: share(white),
        see_through: 1.0 - share(opaque),
        banded: banding::banded_share(&luma, width, height),
        seam: seams::straightest(&luma, width, height).map(|seam| SeamEvidence {
            upright: seam.upright,
            place: seam.place,
            share: seam.share,
        }),
        fingerprint,
        nearest: subject
            .others
            .iter()
            .map(|other| (other.name.clone(), fingerprint.distance(other.fingerprint), fingerprint.fine_distance(other.fingerprint)))
            .min_by(|one, two| (one.2, one.1, &one.0).cmp(&(two.2, two.1, &two.0))),
    }
}

/// Variance of the 4-neighbour Laplacian over all inner pixels: the usual measure of focus
/// (Pech-Pacheco et al. 2000).
fn laplacian_variance(luma: &[u8], width: usize, height: usize) -> f64 {
    if width < 3 || height < 3 {
        return 0.0;
    }
    // So many squares of at most 1020 fit 32 bits, which processors add several at a time.
    const RUN: usize = 2048;
    let (mut sum, mut squares) = (0i64, 0u64);
    for y in 1..height - 1 {
        let [above, here, below] = [y - 1, y, y + 1].map(|row| &luma[row * width..(row + 1) * width]);
        for start in (1..width - 1).step_by(RUN) {
            let end = (start + RUN).min(width - 1);
            let across = here[start - 1..end - 1].iter().zip(&here[start..end]).zip(&here[start + 1..end + 1]);
            let (mut run_sum, mut run_squares) = (0i32, 0u32);
            for ((up, down), ((left, centre), right)) in above[start..end].iter().zip(&below[start..end]).zip(across) {
                let value = i32::from(*up) + i32::from(*down) + i32::from(*left) + i32::from(*right) - 4 * i32::from(*centre);
                run_sum += value;
                run_squares += (value * value) as u32;
            }
            sum += i64::from(run_sum);
            squares += u64::from(run_squares);
        }
    }
    let count = ((width - 2) * (height - 2)) as f64;
    let mean = sum as f64 / count;
    squares as f64 / count - mean * mean
}

/// The measurement of a file that could not be decoded: it blocks, and says why.
#[must_use]
pub fn undecodable(error: &Unreadable) -> Measurement {
    let measure = Technical::default();
    let finding = Finding { severity: Severity::Blocks, code: error.code().to_owned(), message: sentence(error), at: None };
    Measurement {
        measure: measure.name().to_owned(),
        version: measure.version(),
        role: measure.role(),
        outcome: Outcome::Measured { score: Score::NONE, findings: vec![finding], evidence: Evidence::Undecodable },
    }
}

/// The error and its causes in one line: a finding has no `source`. Decoders repeat their causes in their
/// own text; what was said once is not said again.
fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        let said = source.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Other;
    use crate::testing::{blurred, face, flat};
    use bible::project::Canvas;
    use engine::picture::Raster;

    fn codes(subject: &Subject<'_>) -> Vec<String> {
        match Technical::default().measure(subject) {
            Outcome::Measured { findings, .. } => findings.into_iter().map(|finding| finding.code).collect(),
            Outcome::NotApplicable { reason } | Outcome::NotMeasured { reason } => vec![reason],
        }
    }

    #[test]
    fn a_sound_picture_has_nothing_to_say() {
        let picture = face(640, 360);
        let subject = Subject { canvas: Some(Canvas { width: 640, height: 360 }), ..Subject::new(&picture) };
        assert_eq!(codes(&subject), Vec::<String>::new());
    }

    #[test]
    fn another_size_than_ordered_blocks() {
        let picture = face(640, 360);
        let subject = Subject { canvas: Some(Canvas { width: 1280, height: 720 }), ..Subject::new(&picture) };
        assert_eq!(codes(&subject), ["wrong-size"]);
    }

    #[test]
    fn blank_transparent_and_tiny_pictures_are_told_apart() {
        assert_eq!(codes(&Subject::new(&flat(200, 100, [90, 90, 90, 255]))), ["blank"]);
        assert_eq!(codes(&Subject::new(&flat(200, 100, [90, 90, 90, 0]))), ["transparent"]);
        assert_eq!(codes(&Subject::new(&flat(1, 1, [0, 0, 0, 255]))), ["blank", "crushed"]);
        let broken = Raster { width: 9, height: 9, rgba: vec![0; 12] };
        assert_eq!(codes(&Subject::new(&broken)), ["the picture claims 9x9 pixels and has 12 bytes"]);
    }

    #[test]
    fn a_blurred_picture_is_in_doubt() {
        assert_eq!(codes(&Subject::new(&blurred(&face(640, 360), 8.0))), ["blurred"]);
    }

    #[test]
    fn a_picture_that_should_differ_and_does_not_is_in_doubt() {
        let picture = face(640, 360);
        let others = [Other { name: "S01E01.01.001".to_owned(), fingerprint: Fingerprint::of(&picture) }];
        assert_eq!(codes(&Subject { others: &others, ..Subject::new(&picture) }), ["duplicate"]);
    }

    #[test]
    fn banded_stitched_and_see_through_pictures_are_in_doubt() {
        let mut banded = flat(640, 360, [0, 0, 0, 255]);
        for (place, pixel) in banded.rgba.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            pixel[..3].fill((30 + place % 640 / 16 * 5) as u8);
        }
        assert!(codes(&Subject::new(&banded)).contains(&"banded".to_owned()));
        let mut stitched = face(640, 360);
        stitched.rgba[640 * 4 * 200..].iter_mut().for_each(|code| *code = code.saturating_sub(7));
        assert!(codes(&Subject::new(&stitched)).contains(&"seam".to_owned()), "{:?}", codes(&Subject::new(&stitched)));
        let mut open = face(640, 360);
        open.rgba.iter_mut().skip(3).step_by(4).take(5_000).for_each(|alpha| *alpha = 120);
        let canvas = Some(Canvas { width: 640, height: 360 });
        assert!(codes(&Subject { canvas, ..Subject::new(&open) }).contains(&"see-through".to_owned()));
        assert!(!codes(&Subject::new(&open)).contains(&"see-through".to_owned()), "a layer may be");
    }

    #[test]
    fn figures_of_an_older_version_read_back() {
        let Outcome::Measured { evidence, .. } = Technical::default().measure(&Subject::new(&face(64, 36))) else {
            panic!("it is measured")
        };
        let mut json = serde_json::to_value(&evidence).unwrap();
        for new in ["see_through", "banded", "seam"] {
            json.as_object_mut().unwrap().remove(new);
        }
        assert!(serde_json::from_value::<Evidence>(json).is_ok());
    }

    #[test]
    fn a_file_that_cannot_be_decoded_blocks_with_the_cause() {
        let error = crate::decode(b"\x89PNG\r\n\x1a\nrest is missing").unwrap_err();
        let Outcome::Measured { score, findings, .. } = undecodable(&error).outcome else { panic!("it is measured as unusable") };
        assert_eq!((score, findings[0].code.as_str()), (Score::NONE, "broken-header"));
        assert!(findings[0].message.contains("cut off after 23 bytes: "), "{}", findings[0].message);
    }
}
