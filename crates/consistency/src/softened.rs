//! The layout as a softened picture of it looks.
//!
//! A part of a few pixels has none that show its colour alone: each mixes with the lines and parts around it, in the
//! layout as in the picture. So small things are compared with the layout's own pixels at the same place, once these are
//! as soft as the picture is.

use engine::picture::{PartMap, Raster};

/// The most of the blur that a picture which is still sharp enough to compare small things has.
const SOFTEST: f64 = 1.0;
/// Every so many rows are looked at to tell how soft a picture is.
const ROW_STEP: usize = 2;

/// A layout beside a picture that was painted over it, of the same size.
pub(crate) struct Softened<'a> {
    layout: &'a Raster,
    /// How much of a 3 x 3 binomial blur the picture has: 0 for a picture as sharp as the layout, 1 for one that was
    /// blurred once, more for softer ones. Negative where it was sharpened.
    pub(crate) share: f64,
}

impl<'a> Softened<'a> {
    /// Tells by least squares over the pixels of figures how much of a blur lies between layout and picture; none where
    /// nothing in them could show it.
    pub(crate) fn of(image: &Raster, layout: &'a Raster, map: &PartMap) -> Option<Self> {
        let (width, height) = (image.width as usize, image.height as usize);
        let fits = (layout.width, layout.height) == (image.width, image.height)
            && map.indices.len() == width * height
            && [&image.rgba, &layout.rgba].iter().all(|rgba| rgba.len() == width * height * 4);
        if !fits || width < 3 || height < 3 {
            return None;
        }
        let owned: Vec<bool> = (0..256).map(|index| map.parts.get(index).is_some_and(|entry| entry.owner.is_some())).collect();
        // Whole numbers: sums of them are the same on every machine.
        let (mut both, mut own) = (0_i64, 0_i64);
        for y in (1..height - 1).step_by(ROW_STEP) {
            for x in 1..width - 1 {
                let at = y * width + x;
                if !owned[usize::from(map.indices[at])] {
                    continue;
                }
                let blur = i64::from(sixteenths(layout, at, width, 1)) - 16 * i64::from(green(layout, at));
                let change = 16 * (i64::from(green(image, at)) - i64::from(green(layout, at)));
                both += change * blur;
                own += blur * blur;
            }
        }
        (own > 0).then(|| Self { layout, share: both as f64 / own as f64 })
    }

    /// The colour (gamma-encoded 0 to 255) that the layout has at a pixel when it is as soft as the picture.
    pub(crate) fn at(&self, x: usize, y: usize) -> [f64; 3] {
        let (width, height) = (self.layout.width as usize, self.layout.height as usize);
        let at = y * width + x;
        let own: [f64; 3] = std::array::from_fn(|channel| f64::from(self.layout.rgba[at * 4 + channel]));
        if x == 0 || y == 0 || x + 1 == width || y + 1 == height {
            return own;
        }
        let share = self.share.clamp(0.0, SOFTEST);
        std::array::from_fn(|channel| {
            let blurred = f64::from(sixteenths(self.layout, at, width, channel)) / 16.0;
            own[channel] + share * (blurred - own[channel])
        })
    }
}

fn green(image: &Raster, at: usize) -> u8 {
    image.rgba[at * 4 + 1]
}

/// Sixteen times the 3 x 3 binomial blur of a channel at a pixel off the picture's edge.
fn sixteenths(image: &Raster, at: usize, width: usize, channel: usize) -> u32 {
    let row = |at: usize| {
        let code = |at: usize| u32::from(image.rgba[at * 4 + channel]);
        code(at - 1) + 2 * code(at) + code(at + 1)
    };
    row(at - width) + 2 * row(at) + row(at + width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Face, blurred};

    #[test]
    fn a_sharp_picture_has_no_blur_and_a_blurred_one_has_about_what_it_got() {
        let (layout, map) = Face::default().draw(320, 180);
        let share = |image: &Raster| Softened::of(image, &layout, &map).unwrap().share;
        assert_eq!(share(&layout), 0.0);
        // A binomial kernel of three is a Gaussian with a variance of one half.
        assert!((share(&blurred(&layout, 0.707)) - 1.0).abs() < 0.25, "{}", share(&blurred(&layout, 0.707)));
        assert!(share(&blurred(&layout, 2.5)) > 1.4);
    }

    #[test]
    fn the_softened_layout_is_nearer_to_the_soft_picture() {
        let (layout, map) = Face::default().draw(320, 180);
        let soft = blurred(&layout, 0.6);
        let softened = Softened::of(&soft, &layout, &map).unwrap();
        let off = |expected: &dyn Fn(usize, usize) -> f64| -> f64 {
            (0..180 * 320).map(|at| (expected(at % 320, at / 320) - f64::from(soft.rgba[at * 4])).abs()).sum()
        };
        let (plain, matched) = (off(&|x, y| f64::from(layout.rgba[(y * 320 + x) * 4])), off(&|x, y| softened.at(x, y)[0]));
        assert!(matched < plain / 2.0, "{matched} {plain}");
    }

    #[test]
    fn pictures_of_another_size_are_not_compared() {
        let (layout, map) = Face::default().draw(320, 180);
        assert!(Softened::of(&Face::default().draw(64, 36).0, &layout, &map).is_none());
    }
}
