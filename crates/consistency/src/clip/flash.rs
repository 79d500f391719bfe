//! Flashes that can harm photosensitive viewers, counted as they come.
//!
//! The limits are those of NHK and the Japan Commercial Broadcasters Association ("Guidelines on animated programme
//! production techniques", 1998, revised 2006 and 2020), which are those of Rec. ITU-R BT.1702 but for one exception
//! that they allow:
//!
//! - a *flash* is a pair of opposing changes of luminance of 10 % of peak white or more (BT.1702: 20 cd/m² of 200)
//!   where the darker side is below 80 % (BT.1702: 160 cd/m²);
//! - it counts when it fills more than a quarter of the screen at once;
//! - more than 3 in any second are too many; up to 5 are let pass when they change by less than 20 % and end within 2 s;
//! - red flashes count by themselves: WCAG 2.1's working definition, where either side is a saturated red
//!   (R / (R + G + B) of 0.8 or more) and (R - G - B) x 320 changes by more than 20, in linear sRGB, negatives as 0;
//! - cuts that change luminance by 20 % or more over more than a quarter of the screen may not come more than 3 times a
//!   second.
//!
//! The cells of a [`Glance`] stand for the screen. Changes of one direction that happen within a twelfth of a second of
//! each other are taken as one: that is our reading of "at once", for no guideline gives a number.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::glance::Glance;

/// Share of the screen that flashes must exceed to count.
pub const AREA: f64 = 0.25;
/// Flashes, or cuts, in a second that are allowed.
pub const ALLOWED: f64 = 3.0;
/// Flashes in a second that are allowed for a short while when they are weak.
pub const ALLOWED_WEAK: f64 = 5.0;
/// How long weak flashes may last, in seconds.
pub const WEAK_SECONDS: f64 = 2.0;
/// Change of relative luminance that makes a flash.
pub const CHANGE: f32 = 0.10;
/// Change of relative luminance from which a flash is not weak, and a cut not gentle.
pub const STRONG_CHANGE: f32 = 0.20;
/// Relative luminance of the darker side from which changes do not count.
pub const DARKER_BELOW: f32 = 0.80;
/// Change of (R - G - B) x 320 that makes a red flash.
pub const RED_CHANGE: f32 = 20.0;
/// Share of red in linear R + G + B from which a colour is a saturated red.
pub const SATURATED_RED: f32 = 0.8;

/// How often something flashed.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct FlashRate {
    /// Most flashes within one second: half the number of opposing changes.
    pub most_per_second: f64,
    /// The longest stretch with more than 3 in every second, in seconds.
    pub longest_over: f64,
    /// When the first such stretch began, in seconds; none when there was none.
    pub first_over: Option<f64>,
}

/// All kinds of flashes of a clip.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct FlashEvidence {
    /// Changes of 10 % or more.
    pub general: FlashRate,
    /// Changes of 20 % or more.
    pub strong: FlashRate,
    /// To or from saturated red.
    pub red: FlashRate,
    /// Most cuts of 20 % or more within one second.
    pub most_cuts_per_second: u32,
    /// When cuts first came more than 3 times in a second, in seconds.
    pub cuts_over: Option<f64>,
}

/// Counts flashes frame by frame. Its memory does not grow with the clip.
#[derive(Debug)]
pub(crate) struct FlashMeter {
    rate: f64,
    general: Swings,
    strong: Swings,
    red: Swings,
    cuts: VecDeque<u64>,
    before: Option<Vec<f32>>,
    most_cuts: u32,
    cuts_over: Option<f64>,
}

impl FlashMeter {
    /// A meter for a clip of so many frames a second.
    pub(crate) fn new(rate: f64) -> Self {
        Self {
            rate,
            general: Swings::new(CHANGE),
            strong: Swings::new(STRONG_CHANGE),
            red: Swings::new(RED_CHANGE),
            cuts: VecDeque::new(),
            before: None,
            most_cuts: 0,
            cuts_over: None,
        }
    }

    /// Takes the picture that is shown from `frame` on.
    pub(crate) fn push(&mut self, frame: u64, glance: &Glance) {
        let luminances: Vec<f32> = glance.luminances().collect();
        let counts = |from: f32, to: f32| from.min(to) < DARKER_BELOW;
        let lights = || luminances.iter().map(|luminance| (*luminance, *luminance));
        self.general.push(frame, self.rate, lights(), counts);
        self.strong.push(frame, self.rate, lights(), counts);
        let reds = glance.cells().iter().map(|[red, green, blue]| {
            let all = red + green + blue;
            let share = if all > 1e-6 { red / all } else { 0.0 };
            (((red - green - blue) * 320.0).max(0.0), share)
        });
        self.red.push(frame, self.rate, reds, |from, to| from.max(to) >= SATURATED_RED);
        if let Some(before) = &self.before {
            let changed = before.iter().zip(&luminances).filter(|(before, now)| (*before - *now).abs() >= STRONG_CHANGE).count();
            if changed as f64 > AREA * luminances.len() as f64 {
                self.cut(frame);
            }
        }
        self.before = Some(luminances);
    }

    fn cut(&mut self, frame: u64) {
        self.cuts.push_back(frame);
        while self.cuts.front().is_some_and(|first| (frame - first) as f64 >= self.rate) {
            self.cuts.pop_front();
        }
        self.most_cuts = self.most_cuts.max(self.cuts.len() as u32);
        if self.cuts.len() as f64 > ALLOWED && self.cuts_over.is_none() {
            self.cuts_over = self.cuts.front().map(|first| *first as f64 / self.rate);
        }
    }

    /// What was counted so far.
    pub(crate) fn evidence(&self) -> FlashEvidence {
        FlashEvidence {
            general: self.general.found,
            strong: self.strong.found,
            red: self.red.found,
            most_cuts_per_second: self.most_cuts,
            cuts_over: self.cuts_over,
        }
    }
}

/// Opposing changes of one quantity over the screen.
#[derive(Debug)]
struct Swings {
    /// The least change.
    least: f32,
    cells: Vec<Cell>,
    /// Frames of the last second's changes of the screen, oldest first.
    changes: VecDeque<u64>,
    /// Direction of the latest.
    rising: Option<bool>,
    /// First change of the stretch that is over the limit now.
    over_since: Option<u64>,
    found: FlashRate,
}

/// One cell between two turns.
#[derive(Debug, Clone, Copy)]
struct Cell {
    /// The furthest value since the last turn and what goes with it. Before the first turn, the lowest.
    low: (f32, f32),
    /// The same upwards.
    high: (f32, f32),
    /// Where it went last; none before the first change.
    rising: Option<bool>,
    /// When.
    at: u64,
}

impl Swings {
    fn new(least: f32) -> Self {
        Self { least, cells: Vec::new(), changes: VecDeque::new(), rising: None, over_since: None, found: FlashRate::default() }
    }

    /// Takes each cell's value with what `counts` wants to know of both sides of a change.
    fn push(&mut self, frame: u64, rate: f64, values: impl Iterator<Item = (f32, f32)>, counts: impl Fn(f32, f32) -> bool) {
        if self.cells.is_empty() {
            self.cells = values.map(|value| Cell { low: value, high: value, rising: None, at: 0 }).collect();
            return;
        }
        let at_once = (rate / 12.0).round().max(1.0) as u64;
        let mut areas = [0usize; 2];
        for (cell, value) in self.cells.iter_mut().zip(values) {
            cell.take(value, frame, self.least, &counts);
            if let Some(rising) = cell.rising
                && frame - cell.at < at_once
            {
                areas[usize::from(rising)] += 1;
            }
        }
        for rising in [false, true] {
            if areas[usize::from(rising)] as f64 > AREA * self.cells.len() as f64 && self.rising != Some(rising) {
                self.rising = Some(rising);
                self.change(frame, rate);
            }
        }
    }

    /// The screen changed.
    fn change(&mut self, frame: u64, rate: f64) {
        self.changes.push_back(frame);
        while self.changes.front().is_some_and(|first| (frame - first) as f64 >= rate) {
            self.changes.pop_front();
        }
        let flashes = self.changes.len() as f64 / 2.0;
        self.found.most_per_second = self.found.most_per_second.max(flashes);
        if flashes <= ALLOWED {
            self.over_since = None;
            return;
        }
        let first = self.changes.front().copied().unwrap_or(frame);
        let since = *self.over_since.get_or_insert(first);
        self.found.first_over.get_or_insert(since as f64 / rate);
        self.found.longest_over = self.found.longest_over.max((frame - since) as f64 / rate);
    }
}

impl Cell {
    /// Follows the value; a turn is known when it has come back by the least change.
    fn take(&mut self, value: (f32, f32), frame: u64, least: f32, counts: impl Fn(f32, f32) -> bool) {
        let fell = self.rising != Some(false) && self.high.0 - value.0 >= least && counts(self.high.1, value.1);
        let rose = self.rising != Some(true) && value.0 - self.low.0 >= least && counts(self.low.1, value.1);
        if fell || rose {
            // Both can be true only before the first change; then the greater one happened.
            let rising = rose && (!fell || value.0 - self.low.0 > self.high.0 - value.0);
            (self.low, self.high, self.rising, self.at) = (value, value, Some(rising), frame);
        } else if value.0 < self.low.0 {
            self.low = value;
        } else if value.0 > self.high.0 {
            self.high = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::flat;

    /// A clip of 24 frames a second of which each frame is a flat grey.
    fn measured(frames: impl Iterator<Item = [u8; 3]>) -> FlashEvidence {
        let mut meter = FlashMeter::new(24.0);
        for (frame, [red, green, blue]) in frames.enumerate() {
            meter.push(frame as u64, &Glance::of(&flat(64, 36, [red, green, blue, 255])).unwrap());
        }
        meter.evidence()
    }

    fn alternating(one: [u8; 3], other: [u8; 3], every: usize, frames: usize) -> FlashEvidence {
        measured((0..frames).map(|frame| if (frame / every).is_multiple_of(2) { one } else { other }))
    }

    #[test]
    fn three_flashes_a_second_pass_and_four_do_not() {
        let three = alternating([0; 3], [255; 3], 4, 96);
        assert_eq!((three.general.most_per_second, three.general.first_over), (3.0, None));
        let four = alternating([0; 3], [255; 3], 3, 96);
        assert_eq!((four.general.most_per_second, four.general.first_over), (4.0, Some(0.125)));
        assert!(four.general.longest_over > 3.5, "{four:?}");
    }

    #[test]
    fn a_change_below_a_tenth_or_between_bright_sides_is_no_flash() {
        // Relative luminance 0.216 and 0.296; then 0.823 and 1.0, whose darker side is above 0.80.
        assert_eq!(alternating([128; 3], [148; 3], 2, 96).general.most_per_second, 0.0);
        assert_eq!(alternating([233; 3], [255; 3], 2, 96).general.most_per_second, 0.0);
        assert!(alternating([128; 3], [160; 3], 2, 96).general.most_per_second > 3.0);
    }

    #[test]
    fn weak_flashes_are_told_from_strong_ones() {
        let weak = alternating([128; 3], [160; 3], 2, 48);
        assert!(weak.general.most_per_second > 3.0 && weak.strong.most_per_second == 0.0, "{weak:?}");
    }

    #[test]
    fn a_flash_of_a_quarter_of_the_screen_is_allowed() {
        let rate = |share: u32| {
            let mut meter = FlashMeter::new(24.0);
            for frame in 0..48 {
                let mut picture = flat(64, 36, [0, 0, 0, 255]);
                if frame % 2 == 0 {
                    picture.rgba[..(64 * 4 * share) as usize].fill(255);
                }
                meter.push(frame, &Glance::of(&picture).unwrap());
            }
            meter.evidence().general.most_per_second
        };
        assert_eq!(rate(9), 0.0, "9 of 36 rows");
        assert!(rate(10) > 3.0, "10 of 36 rows");
    }

    #[test]
    fn red_flashes_count_even_where_luminance_hardly_changes() {
        // Pure red and a dark grey of nearly the same luminance.
        let red = alternating([255, 0, 0], [128, 128, 128], 2, 48);
        assert!(red.red.most_per_second > 3.0 && red.general.most_per_second == 0.0, "{red:?}");
        assert_eq!(alternating([0, 255, 0], [0, 0, 255], 2, 48).red.most_per_second, 0.0);
    }

    #[test]
    fn a_slow_fade_is_no_flash_and_a_slow_pulse_few() {
        let fade = measured((0..48).map(|frame| [(frame * 5) as u8; 3]));
        assert!(fade.general.most_per_second <= 0.5, "one change is half a flash: {fade:?}");
        let pulse = measured((0..96_u32).map(|frame| [(128.0 + 120.0 * (f64::from(frame) / 12.0 * std::f64::consts::TAU).sin()) as u8; 3]));
        assert!((1.5..=2.5).contains(&pulse.general.most_per_second), "2 a second: {pulse:?}");
    }

    #[test]
    fn rapid_cuts_are_counted() {
        let cuts = alternating([10; 3], [200; 3], 6, 96);
        assert_eq!((cuts.most_cuts_per_second, cuts.cuts_over), (4, Some(0.25)));
        assert_eq!(alternating([10; 3], [200; 3], 8, 96).most_cuts_per_second, 3);
    }

    #[test]
    fn held_pictures_cost_time_and_not_flashes() {
        let mut meter = FlashMeter::new(24.0);
        for change in 0..10 {
            let level = if change % 2 == 0 { 0 } else { 255 };
            meter.push(change * 12, &Glance::of(&flat(64, 36, [level, level, level, 255])).unwrap());
        }
        assert_eq!(meter.evidence().general.most_per_second, 1.0);
    }
}
