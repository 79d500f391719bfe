//! Flat regions of a picture, told apart without knowing which colours should be in it.

use engine::picture::Raster;

use super::reduced::Rect;
use crate::glance::{LINEAR, oklab};

/// How much more a region may differ from its neighbour than within itself before the two stay apart, times its pixels: the
/// `k` of Felzenszwalb & Huttenlocher, for differences in hundredths of Oklab. By it a region of 100 pixels goes over into its
/// neighbour at steps of 0.6 hundredths, which is noise; the shadow of a cel is 10 and more away from its light.
const SCALE: f32 = 60.0;
/// Steps of a hundredth of Oklab that differences are counted in, so that they sort as whole numbers.
const STEPS: f32 = 32.0;

/// The regions of a rectangle of a picture.
pub(super) struct Regions {
    pub(super) rect: Rect,
    /// The region of each pixel of the rectangle, row by row.
    pub(super) labels: Vec<u32>,
    /// How many regions there are.
    pub(super) count: usize,
}

/// Which pixels belong together so far.
struct Forest {
    parents: Vec<u32>,
    sizes: Vec<u32>,
    /// The greatest step within each region.
    inner: Vec<f32>,
}

impl Forest {
    fn root(&mut self, mut pixel: u32) -> u32 {
        while self.parents[pixel as usize] != pixel {
            let above = self.parents[self.parents[pixel as usize] as usize];
            self.parents[pixel as usize] = above;
            pixel = above;
        }
        pixel
    }

    fn allowed(&self, root: u32) -> f32 {
        self.inner[root as usize] + SCALE / self.sizes[root as usize] as f32
    }
}

impl Regions {
    /// The regions by Felzenszwalb & Huttenlocher (2004), "Efficient graph-based image segmentation", over the four neighbours
    /// of each pixel and Oklab. Steps are taken in order of their size, and equal ones in reading order, so that the same pixels
    /// give the same regions.
    pub(super) fn of(image: &Raster, rect: Rect) -> Self {
        let (width, height) = (rect.width(), rect.height());
        let pixels = image.rgba.as_chunks::<4>().0;
        let mut colours = Vec::with_capacity(width * height);
        for y in rect.top..rect.bottom {
            let row = &pixels[y * image.width as usize..];
            for [red, green, blue, _] in &row[rect.left..rect.right] {
                let light = [red, green, blue].map(|code| LINEAR[usize::from(*code)] as f32 / 65_535.0);
                colours.push(oklab(light).map(|value| value * 100.0));
            }
        }
        let step = |one: usize, other: usize| {
            let apart = colours[one].iter().zip(colours[other]).map(|(one, other)| (one - other).powi(2)).sum::<f32>().sqrt();
            u64::from((apart * STEPS).round() as u32)
        };
        // Size of the step, then the pixel, then whether it goes down: one number that sorts in that order.
        let mut steps = Vec::with_capacity(width * height * 2);
        for place in 0..width * height {
            if place % width + 1 < width {
                steps.push(step(place, place + 1) << 33 | (place as u64) << 1);
            }
            if place + width < width * height {
                steps.push(step(place, place + width) << 33 | (place as u64) << 1 | 1);
            }
        }
        steps.sort_unstable();
        let mut forest =
            Forest { parents: (0..(width * height) as u32).collect(), sizes: vec![1; width * height], inner: vec![0.0; width * height] };
        for coded in steps {
            let apart = (coded >> 33) as f32 / STEPS;
            let place = (coded >> 1 & 0xffff_ffff) as u32;
            let beside = place + if coded & 1 == 1 { width as u32 } else { 1 };
            let (one, other) = (forest.root(place), forest.root(beside));
            if one == other || apart > forest.allowed(one).min(forest.allowed(other)) {
                continue;
            }
            let (large, small) = if forest.sizes[one as usize] >= forest.sizes[other as usize] { (one, other) } else { (other, one) };
            forest.parents[small as usize] = large;
            forest.sizes[large as usize] += forest.sizes[small as usize];
            // Steps come in order, so this one is the greatest of both.
            forest.inner[large as usize] = apart;
        }
        let mut numbers = vec![u32::MAX; width * height];
        let mut count = 0;
        let mut labels = Vec::with_capacity(width * height);
        for place in 0..(width * height) as u32 {
            let root = forest.root(place) as usize;
            if numbers[root] == u32::MAX {
                numbers[root] = count;
                count += 1;
            }
            labels.push(numbers[root]);
        }
        Self { rect, labels, count: count as usize }
    }

    /// Every pixel of the rectangle: where it lies in the picture, its region, and whether its four neighbours are of the same.
    pub(super) fn pixels(&self) -> impl Iterator<Item = (usize, usize, usize, bool)> {
        let (width, height) = (self.rect.width(), self.rect.height());
        (0..self.labels.len()).map(move |place| {
            let (x, y) = (place % width, place / width);
            let label = self.labels[place];
            let same = |inside: bool, other: usize| !inside || self.labels[other] == label;
            let interior = same(x > 0, place.wrapping_sub(1))
                && same(x + 1 < width, place + 1)
                && same(y > 0, place.wrapping_sub(width))
                && same(y + 1 < height, place + width);
            (x + self.rect.left, y + self.rect.top, label as usize, interior)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Face, flat};

    fn whole(image: &Raster) -> Rect {
        Rect { left: 0, top: 0, right: image.width as usize, bottom: image.height as usize }
    }

    #[test]
    fn flat_tones_are_regions_of_their_own_and_a_flat_picture_is_one() {
        let (image, map) = Face::default().draw(320, 180);
        let regions = Regions::of(&image, whole(&image));
        // The most frequent region of each eye is that eye's and nothing else's.
        for part in [3u8, 4] {
            let inside: Vec<u32> =
                regions.labels.iter().zip(&map.indices).filter(|(_, index)| **index == part).map(|(label, _)| *label).collect();
            assert!(inside.iter().all(|label| *label == inside[0]), "an eye is one region");
            let outside = regions.labels.iter().zip(&map.indices).filter(|(label, index)| **label == inside[0] && **index != part).count();
            assert_eq!(outside, 0);
        }
        let plain = flat(40, 30, [90, 120, 60, 255]);
        assert_eq!(Regions::of(&plain, whole(&plain)).count, 1);
    }

    #[test]
    fn a_part_of_a_picture_has_regions_of_its_own() {
        let image = flat(20, 20, [1, 2, 3, 255]);
        let regions = Regions::of(&image, Rect { left: 5, top: 6, right: 9, bottom: 16 });
        assert_eq!((regions.labels.len(), regions.count), (40, 1));
        assert_eq!(regions.pixels().next(), Some((5, 6, 0, true)));
    }
}
