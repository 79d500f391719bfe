//! From pictures to what networks take.

use consistency::Region;
use engine::picture::Raster;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::manifest::{Fit, Input};
use crate::network::{NetworkError, Tensor};

/// Which part of a picture went where in the input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Left edge of what went in, in pixels of the picture.
    pub left: f64,
    /// Its top edge.
    pub top: f64,
    /// Pixels of the picture for one of the input, across and down.
    pub scale: [f64; 2],
    /// Where its left top corner lies in the input.
    pub offset: [f64; 2],
}

/// One picture, or a part of it, as a batch of planes. Resized as Pillow's bilinear does it: a triangle as wide as a
/// pixel of the result, so that nothing is skipped.
///
/// # Errors
/// [`NetworkError::Picture`] for a picture without pixels or a region outside of it.
pub fn prepare(image: &Raster, region: Option<Region>, input: &Input) -> Result<(Tensor, Window), NetworkError> {
    let wrong = |reason: String| NetworkError::Picture { reason };
    let (width, height) = (image.width, image.height);
    if width == 0 || height == 0 || image.rgba.len() != width as usize * height as usize * 4 {
        return Err(wrong(format!("a picture of {width}x{height} with {} bytes", image.rgba.len())));
    }
    let region = region.map_or([0, 0, width, height], |region| [region.left, region.top, region.width, region.height]);
    let inside = |from: u32, size: u32, whole: u32| size > 0 && from.checked_add(size).is_some_and(|end| end <= whole);
    if !inside(region[0], region[2], width) || !inside(region[1], region[3], height) {
        return Err(wrong(format!("the region {region:?} lies outside of {width}x{height}")));
    }
    if region != [0, 0, width, height] {
        // Cut out first: the filter reaches a pixel beyond what it samples, and what is around the figure says nothing of it.
        let [left, top, wide, high] = region;
        let rows = image.rgba.chunks_exact(width as usize * 4).skip(top as usize).take(high as usize);
        let rgba = rows.flat_map(|row| &row[left as usize * 4..(left + wide) as usize * 4]).copied().collect();
        let (tensor, window) = prepare(&Raster { width: wide, height: high, rgba }, None, input)?;
        return Ok((tensor, Window { left: window.left + f64::from(left), top: window.top + f64::from(top), ..window }));
    }
    let [mut left, mut top, mut wide, mut high] = region.map(f64::from);
    let (out_width, out_height) = (f64::from(input.width), f64::from(input.height));
    let (mut inner, mut offset) = ([input.width, input.height], [0, 0]);
    match input.fit {
        Fit::Stretch => {}
        Fit::Crop => {
            let side = wide.min(high * out_width / out_height);
            let tall = side * out_height / out_width;
            (left, top, wide, high) = (left + (wide - side) / 2.0, top + (high - tall) / 2.0, side, tall);
        }
        Fit::Letterbox => {
            let scale = (out_width / wide).min(out_height / high);
            inner = [wide, high].map(|side| ((side * scale).round() as u32).max(1));
            inner = [inner[0].min(input.width), inner[1].min(input.height)];
            offset = [(input.width - inner[0]) / 2, (input.height - inner[1]) / 2];
        }
    }
    let source = ImageRef::new(width, height, &image.rgba, PixelType::U8x4).map_err(|error| wrong(error.to_string()))?;
    let mut small = Image::new(inner[0], inner[1], PixelType::U8x4);
    let options =
        ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)).crop(left, top, wide, high).use_alpha(false);
    Resizer::new().resize(&source, &mut small, &options).map_err(|error| wrong(error.to_string()))?;
    let plane = input.width as usize * input.height as usize;
    let scaled = |channel: usize, value: f64| ((value - input.mean[channel]) / input.std[channel]) as f32;
    let mut values = vec![0.0; plane * 3];
    for (channel, values) in values.chunks_exact_mut(plane).enumerate() {
        // A table is exact, and an eighth of the work of dividing.
        let table: [f32; 256] = std::array::from_fn(|code| scaled(channel, code as f64 / 255.0));
        if input.fit == Fit::Letterbox {
            values.fill(scaled(channel, 0.5));
        }
        let rows = small.buffer().as_chunks::<4>().0.chunks_exact(inner[0] as usize);
        for (row, out) in rows.zip(values.chunks_exact_mut(input.width as usize).skip(offset[1] as usize)) {
            out[offset[0] as usize..].iter_mut().zip(row).for_each(|(out, pixel)| *out = table[usize::from(pixel[channel])]);
        }
    }
    let window = Window { left, top, scale: [wide / f64::from(inner[0]), high / f64::from(inner[1])], offset: offset.map(f64::from) };
    Ok((Tensor { shape: vec![1, 3, input.height as usize, input.width as usize], values }, window))
}

impl Window {
    /// A place in the input as a place in the picture.
    #[must_use]
    pub fn back(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.left + (x - self.offset[0]) * self.scale[0], self.top + (y - self.offset[1]) * self.scale[1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn input(fit: Fit) -> Input {
        Input { width: 32, height: 32, fit, mean: [0.5; 3], std: [0.25; 3] }
    }

    fn halves(width: u32, height: u32) -> Raster {
        let pixel = |place: u32| if place % width < width / 2 { [255, 0, 0, 255] } else { [0, 0, 255, 255] };
        Raster { width, height, rgba: (0..width * height).flat_map(pixel).collect() }
    }

    #[test]
    fn channels_are_planes_with_mean_and_deviation_taken_away() {
        let (tensor, _) = prepare(&halves(64, 64), None, &input(Fit::Stretch)).unwrap();
        assert_eq!(tensor.shape, [1, 3, 32, 32]);
        let at = |channel: usize, x: usize| tensor.values[channel * 1024 + 16 * 32 + x];
        assert_eq!([at(0, 2), at(0, 29), at(1, 2), at(2, 29)], [2.0, -2.0, -2.0, 2.0]);
    }

    #[test]
    fn a_letterbox_keeps_the_shape_and_says_where_things_are() {
        let (tensor, window) = prepare(&halves(64, 32), None, &input(Fit::Letterbox)).unwrap();
        assert_eq!(tensor.values[0], 0.0, "grey above");
        assert_eq!(tensor.values[8 * 32], 2.0, "the picture begins in row 8");
        assert_eq!((window.back([0.0, 8.0]), window.back([32.0, 24.0])), ([0.0, 0.0], [64.0, 32.0]));
    }

    proptest! {
        #[test]
        fn whatever_is_asked_for_there_is_a_tensor_or_an_error(
            width in 0u32..70, height in 0u32..70, left in 0u32..80, top in 0u32..80, wide in 0u32..80, high in 0u32..80, bytes in 0usize..3,
        ) {
            let rgba = vec![9; (width * height * 4) as usize + bytes];
            let image = Raster { width, height, rgba };
            let region = Region { left, top, width: wide, height: high, centre: [0, 0] };
            for fit in [Fit::Stretch, Fit::Letterbox, Fit::Crop] {
                if let Ok((tensor, _)) = prepare(&image, Some(region), &input(fit)) {
                    prop_assert!(tensor.values.len() == 3 * 32 * 32 && tensor.values.iter().all(|value| value.is_finite()));
                }
            }
        }
    }
}
