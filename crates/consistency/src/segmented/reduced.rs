//! A reduced copy of a picture, so that segmenting takes bounded time and memory however large the picture is.

use engine::picture::Raster;

use crate::glance::{LINEAR, spans};
use crate::light::colour;
use crate::measure::Region;

/// The longest side of the copy in pixels. Finders look at less, so what they find is not smaller than this shows.
const LONGEST: u32 = 960;

/// A picture whose longest side has at most 960 pixels.
pub(super) struct Reduced {
    pub(super) image: Raster,
    /// Pixels of the picture for one of the copy, across and down.
    scale: [f64; 2],
}

/// A rectangle of a reduced copy: from `left` and `top` to before `right` and `bottom`, in its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) right: usize,
    pub(super) bottom: usize,
}

impl Rect {
    pub(super) const fn width(self) -> usize {
        self.right - self.left
    }

    pub(super) const fn height(self) -> usize {
        self.bottom - self.top
    }

    /// The rectangle grown by a share of its sides, cut to a picture.
    pub(super) fn grown(self, share: f64, image: &Raster) -> Self {
        let margin = [self.width(), self.height()].map(|side| (side as f64 * share).round() as usize);
        Self {
            left: self.left.saturating_sub(margin[0]),
            top: self.top.saturating_sub(margin[1]),
            right: (self.right + margin[0]).min(image.width as usize),
            bottom: (self.bottom + margin[1]).min(image.height as usize),
        }
    }

    pub(super) const fn holds(self, x: usize, y: usize) -> bool {
        x >= self.left && x < self.right && y >= self.top && y < self.bottom
    }

    /// Where a pixel's middle lies, from (0, 0) at the left top corner to (1, 1) at the other.
    pub(super) fn within(self, x: usize, y: usize) -> [f64; 2] {
        let along = |at: usize, from: usize, side: usize| (at as f64 + 0.5 - from as f64) / side.max(1) as f64;
        [along(x, self.left, self.width()), along(y, self.top, self.height())]
    }
}

impl Reduced {
    /// The copy of a picture, each pixel the mean light of those that it stands for; none of a picture without pixels.
    pub(super) fn of(image: &Raster) -> Option<Self> {
        let (width, height) = (image.width as usize, image.height as usize);
        if width == 0 || height == 0 || image.rgba.len() != width * height * 4 {
            return None;
        }
        let longest = image.width.max(image.height);
        if longest <= LONGEST {
            return Some(Self { image: image.clone(), scale: [1.0; 2] });
        }
        let side = |side: u32| ((u64::from(side) * u64::from(LONGEST) / u64::from(longest)) as usize).max(1);
        let (columns, rows) = (spans(width, side(image.width)), spans(height, side(image.height)));
        let mut rgba = Vec::with_capacity(columns.len() * rows.len() * 4);
        for &(top, bottom) in &rows {
            for &(left, right) in &columns {
                let mut sums = [0u64; 4];
                for y in top..bottom {
                    for [red, green, blue, alpha] in image.rgba[(y * width + left) * 4..(y * width + right) * 4].as_chunks::<4>().0 {
                        for (sum, code) in sums.iter_mut().zip([red, green, blue]) {
                            *sum += u64::from(LINEAR[usize::from(*code)]);
                        }
                        sums[3] += u64::from(*alpha);
                    }
                }
                let count = ((right - left) * (bottom - top)) as f64;
                let mean = colour([sums[0], sums[1], sums[2]].map(|sum| sum as f64 / count / 65_535.0));
                rgba.extend(mean.channels());
                rgba.push((sums[3] as f64 / count).round() as u8);
            }
        }
        let scale = [width as f64 / columns.len() as f64, height as f64 / rows.len() as f64];
        Some(Self { image: Raster { width: columns.len() as u32, height: rows.len() as u32, rgba }, scale })
    }

    /// A region of the picture in the copy; at least one pixel large.
    pub(super) fn rect(&self, region: Region) -> Rect {
        let along = |from: u32, size: u32, scale: f64, most: u32| {
            let start = ((f64::from(from) / scale).round() as usize).min(most.saturating_sub(1) as usize);
            let end = ((f64::from(from + size) / scale).round() as usize).min(most as usize);
            (start, end.max(start + 1))
        };
        let (left, right) = along(region.left, region.width, self.scale[0], self.image.width);
        let (top, bottom) = along(region.top, region.height, self.scale[1], self.image.height);
        Rect { left, top, right, bottom }
    }

    /// A region of the copy in the picture.
    pub(super) fn back(&self, region: Region) -> Region {
        let scaled = |value: u32, axis: usize| (f64::from(value) * self.scale[axis]).round() as u32;
        let (left, top) = (scaled(region.left, 0), scaled(region.top, 1));
        Region {
            left,
            top,
            width: (scaled(region.left + region.width, 0) - left).max(1),
            height: (scaled(region.top + region.height, 1) - top).max(1),
            centre: [scaled(region.centre[0], 0), scaled(region.centre[1], 1)],
        }
    }

    /// How many pixels of the picture so many of the copy are, rounded.
    pub(super) fn pixels(&self, count: u32) -> u32 {
        (f64::from(count) * self.scale[0] * self.scale[1]).round() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::face;

    #[test]
    fn a_large_picture_is_reduced_and_its_places_are_found_again() {
        let reduced = Reduced::of(&face(2_000, 1_000)).unwrap();
        assert_eq!((reduced.image.width, reduced.image.height), (960, 480));
        let region = Region { left: 500, top: 250, width: 1_000, height: 500, centre: [1_000, 500] };
        let rect = reduced.rect(region);
        assert_eq!(rect, Rect { left: 240, top: 120, right: 720, bottom: 360 });
        let small = Region { left: 240, top: 120, width: 480, height: 240, centre: [480, 240] };
        assert_eq!(reduced.back(small), region);
    }

    #[test]
    fn a_small_picture_stays_as_it_is_and_one_without_pixels_has_no_copy() {
        let picture = face(320, 180);
        assert_eq!(Reduced::of(&picture).unwrap().image, picture);
        assert!(Reduced::of(&Raster { width: 0, height: 4, rgba: Vec::new() }).is_none());
    }
}
