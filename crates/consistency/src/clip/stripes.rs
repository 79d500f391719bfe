//! Regular patterns of light and dark stripes, which can harm photosensitive viewers even when they stand still.
//!
//! Rec. ITU-R BT.1702 and the guideline of NHK and the Japan Commercial Broadcasters Association ask for no clearly
//! discernible stripes of more than five light-dark pairs over more than 40 % of the screen (25 % when they move, flash
//! or reverse). What "clearly discernible" is they say only for flashes; their 10 % of peak luminance is taken here too.

use engine::picture::Raster;

use super::flash::{CHANGE, DARKER_BELOW};

/// Light-dark pairs that are allowed.
const PAIRS: usize = 5;
/// Share of the screen that still stripes may fill.
pub(crate) const STILL_AREA: f64 = 0.40;
/// Share of the screen that moving stripes may fill.
pub(crate) const MOVING_AREA: f64 = 0.25;
/// Lines that are looked at in each direction.
const LINES: usize = 48;
/// How far a pair may differ in width from the one before it, as a share: what is less regular is no pattern.
const UNEVEN: f64 = 0.25;
/// The narrowest pair: at 1280 pixels a viewer three picture heights away sees finer ones as grey.
const NARROWEST: usize = 4;

/// The share of the picture that regular stripes of any direction fill, 0 to 1.
///
/// Stripes of every direction cross the rows or the columns as a regular alternation, so both are looked at and the
/// greater share counts.
pub(crate) fn striped_share(image: &Raster) -> f64 {
    let (width, height) = (image.width as usize, image.height as usize);
    if width == 0 || height == 0 || image.rgba.len() != width * height * 4 {
        return 0.0;
    }
    let pixels = image.rgba.as_chunks::<4>().0;
    let picked = |length: usize| (0..LINES.min(length)).map(move |line| (2 * line + 1) * length / (2 * LINES.min(length)));
    let rows: Vec<f64> = picked(height).map(|y| regular_share(pixels[y * width..(y + 1) * width].iter().map(luminance), width)).collect();
    let columns: Vec<f64> = picked(width).map(|x| regular_share(pixels[x..].iter().step_by(width).map(luminance), height)).collect();
    mean(&rows).max(mean(&columns))
}

fn mean(shares: &[f64]) -> f64 {
    shares.iter().sum::<f64>() / shares.len().max(1) as f64
}

/// Relative luminance without the tables' precision: the square of the codes is within 3 % of sRGB's curve.
fn luminance([red, green, blue, alpha]: &[u8; 4]) -> f32 {
    let light = |code: &u8| (f32::from(*code) / 255.0).powi(2);
    (0.2126 * light(red) + 0.7152 * light(green) + 0.0722 * light(blue)) * f32::from(*alpha) / 255.0
}

/// The share of a line that lies in runs of more than [`PAIRS`] even light-dark pairs.
fn regular_share(line: impl Iterator<Item = f32>, length: usize) -> f64 {
    // Where the line turns from dark to light: one pair lies between two of them.
    let mut rises = Vec::new();
    let (mut low, mut high, mut rising) = (f32::INFINITY, f32::NEG_INFINITY, None);
    for (place, value) in line.enumerate() {
        (low, high) = (low.min(value), high.max(value));
        if rising != Some(true) && value - low >= CHANGE && low < DARKER_BELOW {
            rises.push(place);
            (low, high, rising) = (value, value, Some(true));
        } else if rising != Some(false) && high - value >= CHANGE && value < DARKER_BELOW {
            (low, high, rising) = (value, value, Some(false));
        }
    }
    let widths: Vec<usize> = rises.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let even = |one: usize, other: usize| one >= NARROWEST && one.abs_diff(other) as f64 <= (UNEVEN * one.max(other) as f64).max(1.0);
    let (mut covered, mut start) = (0, 0);
    for end in 1..=widths.len() {
        if end == widths.len() || !even(widths[end], widths[end - 1]) {
            if end - start > PAIRS {
                covered += widths[start..end].iter().sum::<usize>();
            }
            start = end;
        }
    }
    covered as f64 / length as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{face, flat, noise};

    fn stripes(period: f32, slope: f32) -> Raster {
        let mut picture = flat(320, 180, [0, 0, 0, 255]);
        for (place, pixel) in picture.rgba.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let (x, y) = ((place % 320) as f32, (place / 320) as f32);
            let light = ((x + slope * y) / period).rem_euclid(1.0) < 0.5;
            *pixel = if light { [230, 230, 230, 255] } else { [30, 30, 30, 255] };
        }
        picture
    }

    #[test]
    fn stripes_of_every_direction_fill_the_picture() {
        for slope in [0.0, 0.5, 1.0, 2.0] {
            assert!(striped_share(&stripes(16.0, slope)) > 0.8, "slope {slope}: {}", striped_share(&stripes(16.0, slope)));
        }
    }

    #[test]
    fn few_or_faint_stripes_and_other_pictures_do_not_count() {
        assert_eq!(striped_share(&stripes(64.0, 0.0)), 0.0, "five pairs");
        assert!(striped_share(&face(320, 180)) < MOVING_AREA, "a striped ground behind a face");
        assert!(striped_share(&noise(320, 180, 3)) < 0.1);
        let mut faint = stripes(16.0, 0.0);
        faint.rgba.iter_mut().for_each(|code| *code = if *code > 100 { 70 } else { 60 });
        assert_eq!(striped_share(&faint), 0.0);
    }
}
