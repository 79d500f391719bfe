//! How much two pictures share their colours, when nothing is known of their parts.
//!
//! Colour alone is never identity: another character in the same colours overlaps fully. It tells wrong colours from
//! right ones where no mask says what is hair and what is a wall, and its calibration says how little that is worth.

use engine::picture::Raster;

use crate::glance::oklab;
use crate::measure::{Evidence, Measure, Outcome, Role, Subject};
use crate::score::Score;

/// Bins of Oklab's lightness from 0 to 1, and of a and b from -REACH to REACH.
const BINS: [usize; 3] = [8, 12, 12];
const REACH: f32 = 0.3;
/// A colour that takes this share of the picture's rim is the ground's.
const GROUND: f64 = 0.1;
/// Width of the rim, as a share of the shorter side.
const RIM: f64 = 0.04;

/// The colours of a picture without its ground: a histogram over Oklab that sums to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Palette {
    shares: Vec<f32>,
}

impl Palette {
    /// Numbers of [`Palette::coarse`].
    pub const COARSE: usize = BINS[0] * BINS[1] * BINS[2] / 8;

    /// The palette of a picture; none when nothing but ground is in it.
    #[must_use]
    pub fn of(image: &Raster) -> Option<Self> {
        Self::above(image, GROUND)
    }

    /// The palette of everything in a picture that is not transparent; none when that is nothing.
    #[must_use]
    pub fn of_all(image: &Raster) -> Option<Self> {
        Self::above(image, 1.0)
    }

    /// The same with half as many bins along each axis.
    pub fn coarse(&self) -> impl Iterator<Item = f32> {
        let half = BINS.map(|bins| bins / 2);
        (0..Self::COARSE).map(move |place| {
            let corner = [place / (half[1] * half[2]), place / half[2] % half[1], place % half[2]].map(|at| 2 * at);
            let fine = |step: usize| {
                let [lightness, a, b] = [corner[0] + (step >> 2), corner[1] + (step >> 1 & 1), corner[2] + (step & 1)];
                self.shares[(lightness * BINS[1] + a) * BINS[2] + b]
            };
            (0..8).map(fine).sum()
        })
    }

    /// The palette of the colours that take at most this share of the rim.
    fn above(image: &Raster, ground: f64) -> Option<Self> {
        let (width, height) = (image.width as usize, image.height as usize);
        if width == 0 || height == 0 || image.rgba.len() != width * height * 4 {
            return None;
        }
        let rim = ((width.min(height) as f64 * RIM) as usize).max(1);
        let cell_of =
            |[red, green, blue, _]: [u8; 4]| (usize::from(red >> 3) << 10) | (usize::from(green >> 3) << 5) | usize::from(blue >> 3);
        let (mut counts, mut at_rim, mut rim_pixels) = (vec![0u32; 1 << 15], vec![0u32; 1 << 15], 0u32);
        for (y, row) in image.rgba.as_chunks::<4>().0.chunks_exact(width).enumerate() {
            for (x, pixel) in row.iter().enumerate() {
                if pixel[3] < 128 {
                    continue;
                }
                let cell = cell_of(*pixel);
                counts[cell] += 1;
                if x < rim || y < rim || x + rim >= width || y + rim >= height {
                    at_rim[cell] += 1;
                    rim_pixels += 1;
                }
            }
        }
        let least = (f64::from(rim_pixels) * ground) as u32;
        let mut shares = vec![0.0f32; BINS.iter().product()];
        let mut total = 0.0f32;
        for (cell, count) in counts.iter().enumerate().filter(|(cell, count)| **count > 0 && (at_rim[*cell] <= least || rim_pixels == 0)) {
            let code = |shift: usize| ((cell >> shift & 31) as f32 * 8.0 + 3.5) / 255.0;
            let linear = [code(10), code(5), code(0)]
                .map(|value| if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) });
            add(&mut shares, oklab(linear), *count as f32);
            total += *count as f32;
        }
        (total > 0.0).then(|| Self { shares: shares.into_iter().map(|share| share / total).collect() })
    }

    /// The share of colour that both have, 0 to 1 (Swain & Ballard 1991, histogram intersection).
    #[must_use]
    pub fn overlap(&self, other: &Self) -> f64 {
        self.shares.iter().zip(&other.shares).map(|(one, other)| f64::from(one.min(*other))).sum::<f64>().clamp(0.0, 1.0)
    }
}

/// Spreads a count over the eight bins around a colour, so that no colour jumps at a bin's edge.
fn add(shares: &mut [f32], [lightness, a, b]: [f32; 3], count: f32) {
    let places = [lightness, (a + REACH) / (2.0 * REACH), (b + REACH) / (2.0 * REACH)];
    let split: [(usize, f32); 3] = std::array::from_fn(|axis| {
        let place = places[axis].clamp(0.0, 1.0) * (BINS[axis] - 1) as f32;
        let low = (place as usize).min(BINS[axis] - 2);
        (low, place - low as f32)
    });
    for corner in 0..8usize {
        let (mut index, mut weight) = (0, count);
        for (axis, (low, part)) in split.iter().enumerate() {
            let high = corner >> axis & 1;
            index = index * BINS[axis] + low + high;
            weight *= if high == 1 { *part } else { 1.0 - part };
        }
        shares[index] += weight;
    }
}

/// Measures how much a picture shares its colours with references: the best of them counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PaletteOverlap {
    /// Palettes of pictures of the same character.
    pub references: Vec<Palette>,
}

impl Measure for PaletteOverlap {
    fn name(&self) -> &'static str {
        "palette"
    }

    fn version(&self) -> u32 {
        1
    }

    fn role(&self) -> Role {
        Role::Consistency
    }

    fn measure(&self, subject: &Subject<'_>) -> Outcome {
        let Some(palette) = Palette::of(subject.image) else {
            return Outcome::NotMeasured { reason: "the picture has no colours but its ground".to_owned() };
        };
        let Some(best) = self.references.iter().map(|reference| palette.overlap(reference)).reduce(f64::max) else {
            return Outcome::NotMeasured { reason: "there is no reference to compare the colours with".to_owned() };
        };
        let evidence = Evidence::Other { figures: serde_json::json!({ "overlap": best, "references": self.references.len() }) };
        Outcome::Measured { score: Score::new(best).unwrap_or(Score::NONE), findings: Vec::new(), evidence }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Face, flat};

    fn overlap(one: &Face, other: &Face) -> f64 {
        let palette = |face: &Face| Palette::of(&face.draw(640, 360).0).unwrap();
        palette(one).overlap(&palette(other))
    }

    #[test]
    fn the_same_colours_overlap_and_others_less() {
        let face = Face::default();
        let slight = Face { hair: "#30324f".parse().unwrap(), ..face };
        let wrong = Face { hair: "#c03030".parse().unwrap(), ..face };
        assert!((overlap(&face, &face) - 1.0).abs() < 1e-4);
        assert!(overlap(&face, &slight) > 0.85 && overlap(&face, &wrong) < 0.7, "{} {}", overlap(&face, &slight), overlap(&face, &wrong));
    }

    #[test]
    fn the_ground_does_not_count() {
        let mut picture = flat(100, 100, [240, 240, 240, 255]);
        for y in 30..70 {
            for x in 30..70 {
                picture.rgba[(y * 100 + x) * 4..][..4].copy_from_slice(&[200, 30, 60, 255]);
            }
        }
        let other = Raster { rgba: picture.rgba.iter().map(|code| if *code == 240 { 90 } else { *code }).collect(), ..picture };
        assert!((Palette::of(&picture).unwrap().overlap(&Palette::of(&other).unwrap()) - 1.0).abs() < 1e-4);
        assert!(Palette::of(&flat(50, 50, [9, 9, 9, 255])).is_none());
    }
}
