//! Fingerprints: near-duplicates without keeping the pictures.

use std::fmt;
use std::str::FromStr;

use engine::picture::Raster;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::glance::spans;

/// Columns and rows of gradients of the coarse hash, which finds what is alike, and of the fine one, which tells
/// two faces of one drawing apart.
const COARSE: usize = 16;
const FINE: usize = 64;

/// 64-bit words of both hashes.
const COARSE_WORDS: usize = COARSE * COARSE / 64;
const WORDS: usize = COARSE_WORDS + FINE * FINE / 64;

/// Two difference hashes, of 256 and of 4096 bits: whether each cell of a grid is brighter than its right
/// neighbour. Small changes of size, compression or colour flip few bits; another picture flips many.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u64; WORDS]);

impl Fingerprint {
    /// The fingerprint of a picture; all zeros for a picture without pixels.
    #[must_use]
    pub fn of(image: &Raster) -> Self {
        Self::of_luma(&luma_plane(image), image.width as usize, image.height as usize)
    }

    /// The fingerprint of a picture whose luma is known.
    pub(crate) fn of_luma(luma: &[u8], width: usize, height: usize) -> Self {
        let mut bits = [0u64; WORDS];
        if width == 0 || height == 0 || luma.len() < width * height {
            return Self(bits);
        }
        let (coarse, fine) = bits.split_at_mut(COARSE_WORDS);
        hash(luma, width, height, COARSE, coarse);
        hash(luma, width, height, FINE, fine);
        Self(bits)
    }

    /// How many of the 256 coarse bits differ.
    #[must_use]
    pub fn distance(self, other: Self) -> u32 {
        differing(&self.0[..COARSE_WORDS], &other.0[..COARSE_WORDS])
    }

    /// How many of the 4096 fine bits differ.
    #[must_use]
    pub fn fine_distance(self, other: Self) -> u32 {
        differing(&self.0[COARSE_WORDS..], &other.0[COARSE_WORDS..])
    }
}

fn differing(mine: &[u64], theirs: &[u64]) -> u32 {
    mine.iter().zip(theirs).map(|(mine, theirs)| (mine ^ theirs).count_ones()).sum()
}

fn hash(luma: &[u8], width: usize, height: usize, grid: usize, bits: &mut [u64]) {
    let cells = cell_means(luma, width, height, grid);
    for row in 0..grid {
        for column in 0..grid {
            let (here, right) = (cells[row * (grid + 1) + column], cells[row * (grid + 1) + column + 1]);
            // Differences below one code value are dither, not drawing.
            if here > right + 1.0 {
                let bit = row * grid + column;
                bits[bit / 64] |= 1 << (bit % 64);
            }
        }
    }
}

/// Luma by Rec. 709 weights on gamma-encoded values, over black where the picture is transparent.
pub(crate) fn luma_plane(image: &Raster) -> Vec<u8> {
    let pixels = image.rgba.as_chunks::<4>().0;
    let opaque = |[red, green, blue, _]: &[u8; 4]| (54 * u16::from(*red) + 183 * u16::from(*green) + 19 * u16::from(*blue)) >> 8;
    pixels.iter().map(|pixel| ((opaque(pixel) * (u16::from(pixel[3]) + 1)) >> 8) as u8).collect()
}

/// Mean luma of each cell of a grid that has one column more than rows.
fn cell_means(luma: &[u8], width: usize, height: usize, grid: usize) -> Vec<f64> {
    let mut sums = vec![0u64; (grid + 1) * grid];
    let mut counts = vec![0u64; (grid + 1) * grid];
    // A picture narrower than the grid repeats pixels, so that every cell has one.
    let columns: Vec<(usize, usize)> = spans(width, grid + 1);
    for (row, (top, bottom)) in spans(height, grid).into_iter().enumerate() {
        for line in luma[top * width..bottom * width].chunks_exact(width) {
            for (column, &(left, right)) in columns.iter().enumerate() {
                let sum: u32 = line[left..right].iter().map(|luma| u32::from(*luma)).sum();
                sums[row * (grid + 1) + column] += u64::from(sum);
                counts[row * (grid + 1) + column] += (right - left) as u64;
            }
        }
    }
    sums.into_iter().zip(counts).map(|(sum, count)| sum as f64 / count.max(1) as f64).collect()
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|word| write!(f, "{word:016x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// Why a text is no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is {} hex digits, got {got:?}", WORDS * 16)]
pub struct ParseFingerprintError {
    /// What was given.
    pub got: String,
}

impl FromStr for Fingerprint {
    type Err = ParseFingerprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseFingerprintError { got: text.to_owned() };
        if text.len() != WORDS * 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut words = [0; WORDS];
        for (index, word) in words.iter_mut().enumerate() {
            *word = u64::from_str_radix(&text[index * 16..(index + 1) * 16], 16).map_err(|_| wrong())?;
        }
        Ok(Self(words))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{face, noise};

    #[test]
    fn a_picture_is_near_itself_and_far_from_another() {
        let (picture, other) = (face(320, 180), noise(320, 180, 7));
        let mut touched = picture.clone();
        touched.rgba[4000..4400].iter_mut().for_each(|byte| *byte = byte.saturating_add(3));
        assert_eq!(Fingerprint::of(&picture).distance(Fingerprint::of(&picture)), 0);
        assert!(Fingerprint::of(&picture).distance(Fingerprint::of(&touched)) <= 2);
        assert!(Fingerprint::of(&picture).distance(Fingerprint::of(&other)) > 40);
    }

    #[test]
    fn the_same_drawing_at_another_size_is_still_near() {
        assert!(Fingerprint::of(&face(320, 180)).distance(Fingerprint::of(&face(640, 360))) <= 8);
    }

    #[test]
    fn pictures_smaller_than_the_grid_have_a_fingerprint_too() {
        for (width, height) in [(1, 1), (3, 40), (0, 0)] {
            let _ = Fingerprint::of(&face(width, height));
        }
    }

    #[test]
    fn a_fingerprint_reads_back_from_its_text() {
        let print = Fingerprint::of(&face(64, 64));
        assert_eq!(print.to_string().parse(), Ok(print));
        assert!("zz".parse::<Fingerprint>().is_err() && "é".repeat(32).parse::<Fingerprint>().is_err());
    }
}
