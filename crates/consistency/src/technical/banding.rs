//! Banding: gradients that come in visible steps.

/// Lines of the picture between two that are looked at.
const EVERY: usize = 6;
/// The steps of a band, in code values: a step of one is what 8 bits can do, a larger one than this is drawing.
const STEP: std::ops::RangeInclusive<i16> = 2..=10;
/// The least length of a step in pixels.
const LENGTH: usize = 8;
/// Steps in one direction that make a staircase.
const STEPS: usize = 5;

/// The share of the looked-at pixels that lie in staircases of luma: five or more flat stretches of 8 pixels or more,
/// each 2 to 10 code values above, or each below, the one before. Flat areas, cel shading (larger steps) and smooth
/// gradients (steps of one) have none.
pub(super) fn banded_share(luma: &[u8], width: usize, height: usize) -> f64 {
    let (mut banded, mut looked) = (0, 0);
    for y in (0..height).step_by(EVERY) {
        banded += staircases(luma[y * width..(y + 1) * width].iter().copied());
        looked += width;
    }
    for x in (0..width).step_by(EVERY) {
        banded += staircases(luma[x..].iter().step_by(width).copied());
        looked += height;
    }
    banded as f64 / looked.max(1) as f64
}

/// Pixels of a line that lie in staircases.
fn staircases(line: impl Iterator<Item = u8>) -> usize {
    let mut stairs = Stairs::default();
    let mut stretch: Option<(u8, usize)> = None;
    for value in line {
        match &mut stretch {
            Some((level, length)) if *level == value => *length += 1,
            _ => {
                if let Some((level, length)) = stretch {
                    stairs.take(level, length);
                }
                stretch = Some((value, 1));
            }
        }
    }
    if let Some((level, length)) = stretch {
        stairs.take(level, length);
    }
    stairs.end();
    stairs.found
}

#[derive(Default)]
struct Stairs {
    level: i16,
    rising: Option<bool>,
    steps: usize,
    pixels: usize,
    found: usize,
}

impl Stairs {
    fn take(&mut self, level: u8, length: usize) {
        let step = i16::from(level) - self.level;
        let rising = Some(step > 0);
        let goes_on = self.steps > 0 && length >= LENGTH && STEP.contains(&step.abs()) && (self.steps == 1 || self.rising == rising);
        if !goes_on {
            self.end();
            (self.steps, self.pixels, self.rising) = if length >= LENGTH { (1, length, None) } else { (0, 0, None) };
        } else {
            self.steps += 1;
            self.pixels += length;
            self.rising = rising;
        }
        self.level = i16::from(level);
    }

    fn end(&mut self) {
        if self.steps >= STEPS {
            self.found += self.pixels;
        }
        (self.steps, self.pixels) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradient(step: usize, length: usize) -> Vec<u8> {
        (0..200 * 320).map(|place| (40 + (place % 320) / length * step).min(250) as u8).collect()
    }

    #[test]
    fn a_gradient_in_steps_is_banded_and_a_smooth_one_is_not() {
        assert!(banded_share(&gradient(4, 12), 320, 200) > 0.5);
        assert_eq!(banded_share(&gradient(1, 4), 320, 200), 0.0);
        assert_eq!(banded_share(&gradient(1, 12), 320, 200), 0.0);
    }

    #[test]
    fn flat_areas_and_the_steps_of_cel_shading_are_not_banding() {
        assert_eq!(banded_share(&gradient(0, 12), 320, 200), 0.0);
        assert_eq!(banded_share(&gradient(30, 60), 320, 200), 0.0);
        assert_eq!(banded_share(&gradient(4, 110), 320, 200), 0.0, "three steps are shading");
    }
}
