//! Glances: a picture reduced to a small grid of mean colours, to compare pictures without keeping them.

use std::sync::LazyLock;

use engine::picture::Raster;

/// Columns of a glance.
pub const COLUMNS: usize = 64;
/// Rows of a glance.
pub const ROWS: usize = 36;

/// Linear light of each gamma-encoded code value, in 65,535ths: whole numbers add up the same in any order.
pub(crate) static LINEAR: LazyLock<[u32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|code| {
        let value = code as f64 / 255.0;
        let linear = if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) };
        (linear * 65_535.0).round() as u32
    })
});

/// The mean colour of each of 64 x 36 cells, in linear sRGB from 0 to 1, over black where the picture is transparent.
///
/// Light mixes linearly, so a cell holds what an eye far away sees of it. A picture narrower or lower than the grid
/// repeats pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Glance {
    cells: Vec<[f32; 3]>,
}

impl Glance {
    /// The glance of a picture; `None` for a picture without pixels, or with another number than it claims.
    #[must_use]
    pub fn of(image: &Raster) -> Option<Self> {
        let (width, height) = (image.width as usize, image.height as usize);
        if width == 0 || height == 0 || image.rgba.len() != width * height * 4 {
            return None;
        }
        let table = &*LINEAR;
        let columns = spans(width, COLUMNS);
        let mut cells = Vec::with_capacity(COLUMNS * ROWS);
        for (top, bottom) in spans(height, ROWS) {
            let mut sums = [[0u64; 3]; COLUMNS];
            for line in image.rgba[top * width * 4..bottom * width * 4].chunks_exact(width * 4) {
                let pixels = line.as_chunks::<4>().0;
                for (sums, &(left, right)) in sums.iter_mut().zip(&columns) {
                    let mut run = [0u64; 3];
                    for [red, green, blue, alpha] in &pixels[left..right] {
                        let seen = u32::from(*alpha);
                        for (sum, code) in run.iter_mut().zip([red, green, blue]) {
                            *sum += u64::from(table[usize::from(*code)] * seen);
                        }
                    }
                    sums.iter_mut().zip(run).for_each(|(sum, run)| *sum += run);
                }
            }
            for (sums, &(left, right)) in sums.iter().zip(&columns) {
                let full = ((right - left) * (bottom - top)) as f64 * 65_535.0 * 255.0;
                cells.push(sums.map(|sum| (sum as f64 / full) as f32));
            }
        }
        Some(Self { cells })
    }

    /// The cells, row by row from the top left.
    #[must_use]
    pub fn cells(&self) -> &[[f32; 3]] {
        &self.cells
    }

    /// Relative luminance of each cell, 0 to 1 (WCAG's: Rec. 709 weights on linear light).
    pub fn luminances(&self) -> impl Iterator<Item = f32> {
        self.cells.iter().map(|[red, green, blue]| 0.2126 * red + 0.7152 * green + 0.0722 * blue)
    }

    /// Each cell in Oklab: lightness 0 to 1, a and b about -0.4 to 0.4.
    pub fn oklab(&self) -> impl Iterator<Item = [f32; 3]> {
        self.cells.iter().map(|cell| oklab(*cell))
    }
}

/// Oklab of linear sRGB (Ottosson 2020, "A perceptual color space for image processing").
pub(crate) fn oklab([red, green, blue]: [f32; 3]) -> [f32; 3] {
    use palette::{FromColor, LinSrgb, Oklab};
    let Oklab { l, a, b } = Oklab::from_color(LinSrgb::new(red, green, blue));
    [l, a, b]
}

/// The start and end of each of `parts` stretches of a length, none of them empty.
pub(crate) fn spans(length: usize, parts: usize) -> Vec<(usize, usize)> {
    (0..parts)
        .map(|part| {
            let start = (part * length / parts).min(length - 1);
            (start, ((part + 1) * length / parts).max(start + 1))
        })
        .collect()
}

/// How one picture goes over into another.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Join {
    /// Median difference of a cell in Oklab, times 100: how far the whole picture moved in colour.
    pub shift: f64,
    /// Share of cells that differ by more than 5 hundredths in Oklab, 0 to 1.
    pub changed: f64,
    /// What that amounts to.
    pub kind: JoinKind,
}

/// What two neighbouring pictures are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JoinKind {
    /// Nothing moved.
    Same,
    /// Something moved, and most of the picture stayed.
    Continuous,
    /// Nearly everything changed.
    Cut,
}

impl Join {
    /// Cells that differ by less than this, in hundredths of Oklab, count as unchanged: about one just noticeable
    /// difference of a large field and the noise of encoding.
    const SEEN: f32 = 5.0;
    /// From this share of changed cells on a join is a cut.
    const CUT: f64 = 0.6;

    /// Compares the last picture of one clip with the first of the next.
    #[must_use]
    pub fn between(before: &Glance, after: &Glance) -> Self {
        Self::of(before.oklab().zip(after.oklab()))
    }

    /// Compares cells at the same places, in Oklab.
    pub(crate) fn of(cells: impl Iterator<Item = ([f32; 3], [f32; 3])>) -> Self {
        let mut differences: Vec<f32> =
            cells.map(|(one, other)| 100.0 * one.iter().zip(other).map(|(one, other)| (one - other).powi(2)).sum::<f32>().sqrt()).collect();
        differences.sort_by(f32::total_cmp);
        let shift = f64::from(differences.get(differences.len() / 2).copied().unwrap_or(0.0));
        let same = differences.partition_point(|difference| *difference <= Self::SEEN);
        let changed = (differences.len() - same) as f64 / differences.len().max(1) as f64;
        let kind = if differences.last().is_none_or(|most| *most <= Self::SEEN) {
            JoinKind::Same
        } else if changed < Self::CUT {
            JoinKind::Continuous
        } else {
            JoinKind::Cut
        };
        Self { shift, changed, kind }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{face, flat, noise};

    #[test]
    fn a_cell_holds_the_mean_of_the_light_and_not_of_the_codes() {
        let mut stripes = flat(128, 72, [0, 0, 0, 255]);
        for pixel in stripes.rgba.chunks_exact_mut(8) {
            pixel[..4].copy_from_slice(&[255, 255, 255, 255]);
        }
        let glance = Glance::of(&stripes).unwrap();
        assert!(glance.luminances().all(|luminance| (luminance - 0.5).abs() < 1e-4));
    }

    #[test]
    fn pictures_smaller_than_the_grid_have_a_glance_and_empty_ones_have_none() {
        assert_eq!(Glance::of(&flat(1, 3, [9, 9, 9, 255])).unwrap().cells().len(), COLUMNS * ROWS);
        assert!(Glance::of(&flat(0, 0, [0; 4])).is_none());
    }

    #[test]
    fn joins_tell_a_cut_from_a_movement_from_a_hold() {
        let glance = |image| Glance::of(&image).unwrap();
        let still = glance(face(640, 360));
        let mut moved = face(640, 360);
        moved.rgba[..640 * 4 * 60].fill(255);
        assert_eq!(Join::between(&still, &still).kind, JoinKind::Same);
        assert_eq!(Join::between(&still, &glance(moved)).kind, JoinKind::Continuous);
        assert_eq!(Join::between(&still, &glance(noise(640, 360, 5))).kind, JoinKind::Cut);
    }
}
