//! Whether a clip holds still where it should: flicker, drift of colour, held and blank pictures.

use serde::{Deserialize, Serialize};

use crate::glance::Glance;

/// Standard deviation of a glance's lightness below which a picture is blank.
const BLANK: f64 = 0.008;

/// What moved in a clip that should not, or did not.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct SteadyEvidence {
    /// How far the lightness of the picture as a whole jumps out of the line between its neighbours: root mean square
    /// over the drawings of the median cell's jump, in hundredths of Oklab's lightness. Movement of less than half of
    /// the picture, fades and pans do not raise it.
    pub flicker: f64,
    /// How far the mean colour of the picture wandered from first to last, by the straight line through all frames, in
    /// hundredths of Oklab.
    pub drift: f64,
    /// The share of that wandering which the straight line explains (R²), 0 to 1: near 1 for a drift, near 0 for
    /// colours that come and go.
    pub drift_fit: f64,
    /// The longest stretch of frames with one picture.
    pub longest_hold: u32,
    /// Pictures that differ from the one before them.
    pub drawings: u32,
    /// Frames outside of the fades whose picture is blank.
    pub blank_frames: u32,
    /// The first of them.
    pub first_blank: Option<u64>,
}

/// Follows a clip in bounded memory: two glances and some sums.
#[derive(Debug)]
pub(crate) struct SteadyMeter {
    /// Frames that are looked at for flicker, drift and blankness.
    within: std::ops::Range<u64>,
    /// The two drawings before, oldest first.
    before: [Option<(Glance, Vec<f32>)>; 2],
    jumps: (f64, u32),
    hold: u32,
    line: Line,
    found: SteadyEvidence,
}

impl SteadyMeter {
    /// A meter that leaves out what fades in and out.
    pub(crate) fn new(within: std::ops::Range<u64>) -> Self {
        Self { within, before: [None, None], jumps: (0.0, 0), hold: 0, line: Line::default(), found: SteadyEvidence::default() }
    }

    /// Takes the picture that is shown from `frame` on, for `hold` frames.
    pub(crate) fn push(&mut self, frame: u64, hold: u32, glance: &Glance) {
        let same = self.before[1].as_ref().is_some_and(|(before, _)| before == glance);
        self.hold = if same { self.hold + hold } else { hold };
        self.found.longest_hold = self.found.longest_hold.max(self.hold);
        let shown = frame.max(self.within.start)..(frame + u64::from(hold)).min(self.within.end);
        let colours: Vec<[f32; 3]> = glance.oklab().collect();
        let lightness: Vec<f32> = colours.iter().map(|[lightness, ..]| *lightness).collect();
        if shown.start < shown.end {
            let count = colours.len() as f64;
            let mean: [f64; 3] = std::array::from_fn(|channel| colours.iter().map(|cell| f64::from(cell[channel])).sum::<f64>() / count);
            let spread = lightness.iter().map(|value| (f64::from(*value) - mean[0]).powi(2)).sum::<f64>() / count;
            if spread.sqrt() < BLANK {
                self.found.blank_frames += (shown.end - shown.start) as u32;
                self.found.first_blank.get_or_insert(shown.start);
            }
            shown.for_each(|frame| self.line.add(frame as f64, mean));
        }
        if same {
            return;
        }
        self.found.drawings += 1;
        if let [Some((_, first)), Some((_, second))] = &self.before
            && self.within.contains(&frame)
        {
            let mut jumps: Vec<f32> =
                first.iter().zip(second).zip(&lightness).map(|((first, second), third)| second - (first + third) / 2.0).collect();
            let middle = jumps.len() / 2;
            let (_, median, _) = jumps.select_nth_unstable_by(middle, f32::total_cmp);
            self.jumps.0 += f64::from(*median * 100.0).powi(2);
            self.jumps.1 += 1;
        }
        self.before.rotate_left(1);
        self.before[1] = Some((glance.clone(), lightness));
    }

    /// What was found so far.
    pub(crate) fn evidence(&self) -> SteadyEvidence {
        let (drift, drift_fit) = self.line.drift();
        let flicker = (self.jumps.0 / f64::from(self.jumps.1.max(1))).sqrt();
        SteadyEvidence { flicker, drift, drift_fit, ..self.found }
    }
}

/// Sums for a straight line of colour over time, by least squares.
#[derive(Debug, Default)]
struct Line {
    count: f64,
    time: f64,
    times: f64,
    first: f64,
    last: f64,
    colour: [f64; 3],
    colours: [f64; 3],
    products: [f64; 3],
}

impl Line {
    fn add(&mut self, time: f64, colour: [f64; 3]) {
        if self.count == 0.0 {
            self.first = time;
        }
        self.last = time;
        self.count += 1.0;
        self.time += time;
        self.times += time * time;
        for (channel, value) in colour.into_iter().enumerate() {
            self.colour[channel] += value;
            self.colours[channel] += value * value;
            self.products[channel] += value * time;
        }
    }

    /// How far the line goes from first to last, in hundredths, and the share of variance that it explains.
    fn drift(&self) -> (f64, f64) {
        let time_spread = self.times - self.time * self.time / self.count.max(1.0);
        if self.count < 3.0 || time_spread <= 0.0 {
            return (0.0, 0.0);
        }
        let (mut square, mut explained, mut whole) = (0.0, 0.0, 0.0);
        for channel in 0..3 {
            let together = self.products[channel] - self.time * self.colour[channel] / self.count;
            let spread = (self.colours[channel] - self.colour[channel] * self.colour[channel] / self.count).max(0.0);
            square += (together / time_spread * (self.last - self.first)).powi(2);
            explained += together * together / time_spread;
            whole += spread;
        }
        // What the sums of equal colours leave over is rounding.
        if whole <= 1e-9 * self.count { (0.0, 0.0) } else { (100.0 * square.sqrt(), (explained / whole).clamp(0.0, 1.0)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{face, flat};
    use engine::picture::Raster;

    fn tinted(gain: [f64; 3]) -> Raster {
        let mut picture = face(320, 180);
        for pixel in picture.rgba.as_chunks_mut::<4>().0 {
            for channel in 0..3 {
                pixel[channel] = (f64::from(pixel[channel]) * gain[channel]).round().min(255.0) as u8;
            }
        }
        picture
    }

    fn measured(pictures: impl Iterator<Item = Raster>) -> SteadyEvidence {
        let mut meter = SteadyMeter::new(0..1_000);
        for (frame, picture) in pictures.enumerate() {
            meter.push(frame as u64, 1, &Glance::of(&picture).unwrap());
        }
        meter.evidence()
    }

    #[test]
    fn a_held_picture_neither_flickers_nor_drifts() {
        let still = measured((0..24).map(|_| face(320, 180)));
        assert_eq!((still.flicker, still.drift, still.longest_hold, still.drawings), (0.0, 0.0, 24, 1));
    }

    #[test]
    fn brightness_that_jumps_is_flicker_and_brightness_that_slides_is_drift() {
        let jumping = measured((0..24).map(|frame| tinted([if frame % 2 == 0 { 1.0 } else { 0.94 }; 3])));
        let sliding = measured((0..24).map(|frame| tinted([1.0, 1.0 - f64::from(frame) * 0.01, 1.0])));
        assert!(jumping.flicker > 2.0 && jumping.drift_fit < 0.1, "{jumping:?}");
        assert!(sliding.flicker < 0.5 && sliding.drift > 4.0 && sliding.drift_fit > 0.95, "{sliding:?}");
    }

    #[test]
    fn something_small_that_moves_is_no_flicker() {
        let moving = measured((0..24).map(|frame| {
            let mut picture = face(320, 180);
            let start = 320 * 4 * (20 + frame * 4);
            picture.rgba[start..start + 320 * 4 * 8].fill(255);
            picture
        }));
        assert!(moving.flicker < 0.2, "{moving:?}");
    }

    #[test]
    fn blank_frames_count_outside_of_the_fades_only() {
        let mut meter = SteadyMeter::new(6..24);
        let black = Glance::of(&flat(320, 180, [0, 0, 0, 255])).unwrap();
        let picture = Glance::of(&face(320, 180)).unwrap();
        for (frame, hold, glance) in [(0, 6, &black), (6, 6, &picture), (12, 4, &black), (16, 8, &picture)] {
            meter.push(frame, hold, glance);
        }
        assert_eq!((meter.evidence().blank_frames, meter.evidence().first_blank), (4, Some(12)));
    }
}
