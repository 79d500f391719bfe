//! The pieces of a shot's film: which of its frames each fills, between which key pictures, and which frame of what was
//! drawn is shown when.
//!
//! All of it is whole numbers: a film is never longer or shorter than its shot, at whatever rate the show runs.

use bible::FrameRate;
use serde::Serialize;

/// A stretch of a shot that is drawn as a film of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// The first frame of the shot that it fills.
    pub start: u32,
    /// The frame of the shot behind the last that it fills.
    pub end: u32,
    /// The key picture that it begins with, by its frame.
    pub from: u32,
    /// The key picture that it ends with, by its frame, which is the next piece's first; none where the template only takes
    /// a first one.
    pub to: Option<u32>,
    /// How many frames are drawn.
    pub frames: u32,
}

impl Piece {
    /// Frames of the shot that it fills.
    #[must_use]
    pub const fn length(&self) -> u32 {
        self.end - self.start
    }
}

/// How many frames a template can draw, and how many of them a second has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lengths {
    /// At least as many.
    pub(crate) least: u32,
    /// At most as many.
    pub(crate) most: u32,
    /// `multiple * n + plus` frames: `4n+1` for Wan.
    pub(crate) multiple: u32,
    pub(crate) plus: u32,
    /// Frames per second.
    pub(crate) rate: FrameRate,
}

impl Lengths {
    /// Whether there is a number of frames that it can draw and that moves.
    pub(crate) fn can_move(&self) -> bool {
        let (least, most) = self.bounds();
        least <= most
    }

    /// The smallest and the largest `n` of `multiple * n + plus`. One frame is no film.
    fn bounds(&self) -> (i128, i128) {
        let (multiple, plus) = (i128::from(self.multiple), i128::from(self.plus));
        let least = i128::from(self.least.max(2)) - plus;
        (least.div_euclid(multiple) + i128::from(least.rem_euclid(multiple) > 0), (i128::from(self.most) - plus).div_euclid(multiple))
    }

    /// How many frames are drawn for `shown` frames of a show: the first is shown at the beginning of the first of them, and
    /// the last would be shown at the end of the last. Of what the template can draw the nearest, and of two that are as near
    /// the one with more frames.
    pub(crate) fn frames_for(&self, shown: u32, show: FrameRate) -> u32 {
        let (multiple, plus) = (i128::from(self.multiple), i128::from(self.plus));
        // Steps from the first to the last, as a fraction.
        let steps = i128::from(shown) * i128::from(self.rate.numerator()) * i128::from(show.denominator());
        let parts = i128::from(self.rate.denominator()) * i128::from(show.numerator());
        let (above, below) = (steps + parts * (1 - plus), parts * multiple);
        let nearest = (2 * above + below).div_euclid(2 * below);
        let (least, most) = self.bounds();
        u32::try_from(nearest.min(most).max(least) * multiple + plus).unwrap_or(self.most)
    }
}

/// Which of `drawn` frames is shown at frame `at` of the `shown` that they fill: the nearest in time. Each is shown once,
/// held for several, or passed over, as the two rates have it.
pub(crate) fn frame_shown(at: u32, shown: u32, drawn: u32) -> u32 {
    let (at, shown, steps) = (u64::from(at), u64::from(shown.max(1)), u64::from(drawn.saturating_sub(1)));
    u32::try_from((2 * at * steps + shown) / (2 * shown)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WAN: Lengths = Lengths { least: 1, most: 81, multiple: 4, plus: 1, rate: FrameRate::new(16, 1).unwrap() };

    #[test]
    fn a_second_of_film_is_drawn_with_as_many_frames_as_the_model_has_in_a_second_and_the_one_that_ends_it() {
        assert_eq!(WAN.frames_for(24, FrameRate::FILM), 17);
        assert_eq!(WAN.frames_for(24, FrameRate::FILM_NTSC), 17);
        assert_eq!(WAN.frames_for(25, FrameRate::FILM), 17, "16.7 steps are nearer to 16 than to 20");
        assert_eq!(WAN.frames_for(27, FrameRate::FILM), 21, "18 steps are as near to 16 as to 20");
        let same = Lengths { rate: FrameRate::FILM, ..WAN };
        assert_eq!(same.frames_for(24, FrameRate::FILM), 25);
    }

    #[test]
    fn what_is_too_short_or_too_long_is_drawn_with_what_the_model_can() {
        assert_eq!(WAN.frames_for(2, FrameRate::FILM), 5, "one frame is no film");
        assert_eq!(WAN.frames_for(2_400, FrameRate::FILM), 81);
        let ltx = Lengths { least: 9, most: 121, multiple: 8, plus: 1, rate: FrameRate::FILM };
        assert_eq!([2, 20, 21, 1_000].map(|shown| ltx.frames_for(shown, FrameRate::FILM)), [9, 25, 25, 121]);
        assert!(!Lengths { least: 1, most: 1, ..WAN }.can_move() && WAN.can_move());
    }

    #[test]
    fn sixteen_frames_a_second_are_shown_on_ones_and_twos() {
        let shown: Vec<u32> = (0..24).map(|at| frame_shown(at, 24, 17)).collect();
        assert_eq!(shown, [0, 1, 1, 2, 3, 3, 4, 5, 5, 6, 7, 7, 8, 9, 9, 10, 11, 11, 12, 13, 13, 14, 15, 15]);
    }

    proptest! {
        #[test]
        fn a_film_begins_with_its_first_frame_goes_on_evenly_and_fits(shown in 1_u32..3_000, drawn in 2_u32..1_000) {
            let frames: Vec<u32> = (0..shown).map(|at| frame_shown(at, shown, drawn)).collect();
            prop_assert_eq!(frames[0], 0);
            prop_assert!(frames.iter().all(|frame| *frame < drawn));
            prop_assert!(frames.is_sorted());
            let steps: Vec<u32> = frames.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let (least, most) = (steps.iter().min().copied().unwrap_or(0), steps.iter().max().copied().unwrap_or(0));
            prop_assert!(most - least <= 1, "{least} to {most} frames at a time");
        }

        #[test]
        fn a_template_is_asked_for_what_it_can_draw(
            shown in 1_u32..5_000, fps in 1_u32..60, multiple in 1_u32..9, plus in 0_u32..2, most in 20_u32..500,
        ) {
            let lengths = Lengths { least: 1, most, multiple, plus, rate: FrameRate::new(fps, 1).unwrap() };
            let frames = lengths.frames_for(shown, FrameRate::FILM_NTSC);
            prop_assert!((2..=most).contains(&frames) && frames % multiple == plus % multiple);
            let exact = f64::from(shown) * f64::from(fps) * 1001.0 / 24_000.0;
            let off = |frames: u32| (f64::from(frames) - 1.0 - exact).abs();
            let better = |other: u32| (2..=most).contains(&other) && off(other) + 1e-6 < off(frames);
            prop_assert!(!better(frames + multiple));
            prop_assert!(frames <= multiple || !better(frames - multiple));
        }
    }
}
