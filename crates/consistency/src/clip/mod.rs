//! Clips: flicker, drift, held and blank frames, harmful flashes and patterns, measured as the frames go by.
//!
//! A [`ClipMeter`] takes frames one after another and keeps no picture, so its memory is the same for a second and for
//! an hour.

pub mod ends;
pub mod flash;
pub mod steady;
mod stripes;

use bible::FrameRate;
use bible::project::Canvas;
use engine::picture::Raster;
use serde::{Deserialize, Serialize};

use crate::glance::{Glance, Join};
use crate::measure::{Evidence, Finding, Measurement, Outcome, Role, Severity};
use crate::score::Score;
use ends::ClipEnds;
use flash::{ALLOWED, ALLOWED_WEAK, FlashEvidence, FlashMeter, WEAK_SECONDS};
use steady::{SteadyEvidence, SteadyMeter};

/// Name of the measure.
const NAME: &str = "clip";
/// Changes whenever the same clip could measure differently.
const VERSION: u32 = 2;

/// What a clip was ordered to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClipOrder {
    /// Size of every frame.
    pub canvas: Canvas,
    /// Frames per second.
    pub rate: FrameRate,
    /// Length in frames.
    pub frames: u32,
    /// Frames at the start that come up out of black.
    pub fade_in: u32,
    /// Frames at the end that go down to black.
    pub fade_out: u32,
    /// Whether the camera or the light moves, so that colours may wander.
    pub wanders: bool,
    /// Whether anything was ordered to move at all.
    pub moves: bool,
}

/// Limits of the clip checks that no broadcaster sets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClipLimits {
    /// Most flicker, in hundredths of Oklab's lightness. Two just noticeable differences of a whole screen.
    pub flicker: f64,
    /// Most drift of a clip whose camera and light stand still, in hundredths of Oklab.
    pub drift: f64,
    /// The least share of the drift that a straight line must explain for it to be one.
    pub drift_fit: f64,
    /// Longest time, in seconds, that a clip in which something should move may show one picture only.
    pub frozen_seconds: f64,
}

impl Default for ClipLimits {
    fn default() -> Self {
        Self { flicker: 2.0, drift: 4.0, drift_fit: 0.8, frozen_seconds: 2.0 }
    }
}

/// The figures behind the clip checks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClipEvidence {
    /// Frames that were shown.
    pub frames: u64,
    /// Flashes and cuts.
    pub flashes: FlashEvidence,
    /// The largest share of a picture that regular stripes fill, 0 to 1.
    pub most_striped: f64,
    /// The same of pictures that differ from the one before in more than a quarter: stripes that move or flash.
    pub most_striped_moving: f64,
    /// Flicker, drift, holds and blanks.
    pub steady: SteadyEvidence,
    /// Its first and last picture, for the joins to what lies beside it; none for clips that were measured before these were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<ClipEnds>,
}

/// Measures a clip frame by frame.
#[derive(Debug)]
pub struct ClipMeter {
    order: ClipOrder,
    limits: ClipLimits,
    frames: u64,
    flashes: FlashMeter,
    steady: SteadyMeter,
    striped: [f64; 2],
    wrong: Option<(u64, String)>,
    first: Option<Glance>,
    last: Option<Glance>,
}

impl ClipMeter {
    /// A meter for a clip that was ordered so.
    #[must_use]
    pub fn new(order: ClipOrder, limits: ClipLimits) -> Self {
        let end = u64::from(order.frames.saturating_sub(order.fade_out));
        Self {
            order,
            limits,
            frames: 0,
            flashes: FlashMeter::new(per_second(order.rate)),
            steady: SteadyMeter::new(u64::from(order.fade_in)..end),
            striped: [0.0; 2],
            wrong: None,
            first: None,
            last: None,
        }
    }

    /// Takes the next picture, which holds for `hold` frames.
    pub fn push(&mut self, image: &Raster, hold: u32) {
        let frame = self.frames;
        self.frames += u64::from(hold);
        let canvas = self.order.canvas;
        if (image.width, image.height) != (canvas.width, canvas.height) && self.wrong.is_none() {
            let what = format!("{}x{} pixels instead of {}x{}", image.width, image.height, canvas.width, canvas.height);
            self.wrong = Some((frame, what));
        }
        let Some(glance) = Glance::of(image) else {
            self.wrong.get_or_insert((frame, "no pixels, or not as many as it claims".to_owned()));
            return;
        };
        self.flashes.push(frame, &glance);
        self.steady.push(frame, hold, &glance);
        if self.last.as_ref() != Some(&glance) {
            let moving = self.last.as_ref().is_some_and(|last| Join::between(last, &glance).changed > stripes::MOVING_AREA);
            let share = &mut self.striped[usize::from(moving)];
            *share = share.max(stripes::striped_share(image));
        }
        self.first.get_or_insert_with(|| glance.clone());
        self.last = Some(glance);
    }

    /// Ends the clip.
    #[must_use]
    pub fn finish(self) -> Measurement {
        let outcome = if self.frames == 0 {
            Outcome::NotMeasured { reason: "the clip has no frames".to_owned() }
        } else {
            let figures = ClipEvidence {
                frames: self.frames,
                flashes: self.flashes.evidence(),
                most_striped: self.striped[0].max(self.striped[1]),
                most_striped_moving: self.striped[1],
                steady: self.steady.evidence(),
                ends: self.first.as_ref().zip(self.last.as_ref()).map(|(first, last)| ClipEnds::of(first, last)),
            };
            let findings = self.findings(&figures);
            let blocked = findings.iter().any(|finding| finding.severity == Severity::Blocks);
            Outcome::Measured { score: if blocked { Score::NONE } else { Score::FULL }, findings, evidence: Evidence::Clip(figures) }
        };
        Measurement { measure: NAME.to_owned(), version: VERSION, role: Role::Technical, outcome }
    }

    fn findings(&self, figures: &ClipEvidence) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut find = |severity, code: &str, message: String| {
            findings.push(Finding { severity, code: code.to_owned(), message, at: None });
        };
        if let Some((frame, what)) = &self.wrong {
            find(Severity::Blocks, "wrong-size", format!("frame {frame} has {what}"));
        }
        if figures.frames != u64::from(self.order.frames) {
            find(Severity::Blocks, "wrong-length", format!("the clip has {} frames and should have {}", figures.frames, self.order.frames));
        }
        self.flash_findings(figures, &mut find);
        let (steady, limits, rate) = (&figures.steady, &self.limits, per_second(self.order.rate));
        if let Some(first) = steady.first_blank {
            find(Severity::Doubt, "blank-frames", format!("{} frames are blank, the first of them {first}", steady.blank_frames));
        }
        if self.order.moves && steady.drawings == 1 && f64::from(steady.longest_hold) > limits.frozen_seconds * rate {
            let message = format!("the clip is frozen: one picture for all of its {} frames", steady.longest_hold);
            find(Severity::Doubt, "frozen", message);
        }
        if steady.flicker > limits.flicker {
            let message =
                format!("the picture flickers: its lightness jumps by {:.1} hundredths, {} are let pass", steady.flicker, limits.flicker);
            find(Severity::Doubt, "flicker", message);
        }
        if !self.order.wanders && steady.drift > limits.drift && steady.drift_fit >= limits.drift_fit {
            let message = format!("the colours drift by {:.1} hundredths from first to last, {} are let pass", steady.drift, limits.drift);
            find(Severity::Doubt, "drift", message);
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings
    }

    fn flash_findings(&self, figures: &ClipEvidence, find: &mut impl FnMut(Severity, &str, String)) {
        let flashes = &figures.flashes;
        let (general, strong) = (flashes.general, flashes.strong);
        if general.most_per_second > ALLOWED {
            let at = general.first_over.unwrap_or_default();
            let excused =
                strong.most_per_second <= ALLOWED && general.most_per_second <= ALLOWED_WEAK && general.longest_over <= WEAK_SECONDS;
            let (severity, code) = if excused { (Severity::Doubt, "flashes-weakly") } else { (Severity::Blocks, "flashes") };
            let message = format!(
                "more than a quarter of the screen flashes {} times a second for {:.1} s from {at:.2} s on; {ALLOWED} are allowed{}",
                general.most_per_second,
                general.longest_over,
                if excused { ", and up to 5 for 2 s as these change by less than 20 %" } else { "" }
            );
            find(severity, code, message);
        }
        if flashes.red.most_per_second > ALLOWED {
            let at = flashes.red.first_over.unwrap_or_default();
            let message =
                format!("saturated red flashes {} times a second from {at:.2} s on; {ALLOWED} are allowed", flashes.red.most_per_second);
            find(Severity::Blocks, "red-flashes", message);
        }
        if let Some(at) = flashes.cuts_over {
            let message = format!(
                "{} cuts that change the light by 20 % or more come within a second from {at:.2} s on; {ALLOWED} are allowed",
                flashes.most_cuts_per_second
            );
            find(Severity::Doubt, "rapid-cuts", message);
        }
        if figures.most_striped > stripes::STILL_AREA || figures.most_striped_moving > stripes::MOVING_AREA {
            let message = format!(
                "regular stripes fill {:.0} % of the picture; {:.0} % are allowed, and {:.0} % where they move",
                figures.most_striped * 100.0,
                stripes::STILL_AREA * 100.0,
                stripes::MOVING_AREA * 100.0
            );
            find(Severity::Doubt, "stripes", message);
        }
    }
}

fn per_second(rate: FrameRate) -> f64 {
    f64::from(rate.numerator()) / f64::from(rate.denominator())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{face, flat};

    fn order(frames: u32) -> ClipOrder {
        let canvas = Canvas { width: 320, height: 180 };
        ClipOrder { canvas, rate: FrameRate::FILM, frames, fade_in: 0, fade_out: 0, wanders: false, moves: true }
    }

    fn codes(order: ClipOrder, pictures: impl Iterator<Item = (Raster, u32)>) -> Vec<String> {
        let mut meter = ClipMeter::new(order, ClipLimits::default());
        pictures.for_each(|(picture, hold)| meter.push(&picture, hold));
        match meter.finish().outcome {
            Outcome::Measured { findings, .. } => findings.into_iter().map(|finding| finding.code).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn with_a_moving_bar(frame: u32) -> Raster {
        let mut picture = face(320, 180);
        let start = (320 * 4 * (10 + frame)) as usize;
        picture.rgba[start..start + 320 * 4 * 4].fill(255);
        picture
    }

    #[test]
    fn a_sound_clip_has_nothing_to_say() {
        assert_eq!(codes(order(72), (0..36).map(|frame| (with_a_moving_bar(frame), 2))), Vec::<String>::new());
    }

    #[test]
    fn a_clip_that_flashes_is_stopped() {
        let flashing = (0..48_u32).map(|frame| (if frame % 4 < 2 { face(320, 180) } else { flat(320, 180, [255; 4]) }, 1));
        let codes = codes(order(48), flashing);
        assert_eq!(codes[0], "flashes");
        assert!(codes.contains(&"blank-frames".to_owned()) && codes.contains(&"rapid-cuts".to_owned()), "{codes:?}");
    }

    #[test]
    fn frozen_short_and_misshapen_clips_are_told() {
        assert_eq!(codes(order(72), std::iter::once((face(320, 180), 72))), ["frozen"]);
        assert_eq!(codes(ClipOrder { moves: false, ..order(72) }, std::iter::once((face(320, 180), 72))), Vec::<String>::new());
        assert_eq!(codes(order(72), std::iter::once((face(320, 180), 24))), ["wrong-length"]);
        assert_eq!(codes(order(24), std::iter::once((face(160, 90), 24))), ["wrong-size"]);
    }

    #[test]
    fn the_same_frames_give_the_same_report() {
        let report = || {
            let mut meter = ClipMeter::new(order(20), ClipLimits::default());
            (0..20).for_each(|frame| meter.push(&with_a_moving_bar(frame), 1));
            serde_json::to_string(&meter.finish()).unwrap()
        };
        assert_eq!(report(), report());
    }

    #[test]
    fn nothing_is_claimed_of_no_frames() {
        let measured = ClipMeter::new(order(20), ClipLimits::default()).finish();
        assert!(matches!(measured.outcome, Outcome::NotMeasured { .. }));
    }
}
