//! What happens to pixels between drawing and judging: mild for every picture, harsh for some kinds of drift.

use std::io::Cursor;

use engine::picture::Raster;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageReader, RgbaImage};

use super::dice::Dice;

/// Changes of pixels, in the order in which they are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Treatment {
    /// Sigma of a Gaussian blur in pixels.
    pub(super) blur: f64,
    /// Factor of each gamma-encoded channel.
    pub(super) gain: [f64; 3],
    /// Greatest change of a channel by noise, in code values.
    pub(super) noise: f64,
    /// Seed of the noise.
    pub(super) seed: u64,
    /// Quality of a JPEG encoding in between, 1 to 100.
    pub(super) jpeg: Option<u8>,
}

impl Treatment {
    /// None.
    pub(super) const NONE: Self = Self { blur: 0.0, gain: [1.0; 3], noise: 0.0, seed: 0, jpeg: None };

    /// What a right picture survives: a little softness, a breath of colour, noise below sight, good JPEG.
    pub(super) fn mild(dice: &mut Dice) -> Self {
        let gain = std::array::from_fn(|_| dice.between(0.98, 1.02));
        let chance = |dice: &mut Dice, one_in: usize| dice.below(one_in) == 0;
        Self {
            blur: if chance(dice, 3) { dice.between(0.2, 0.6) } else { 0.0 },
            gain: if chance(dice, 2) { gain } else { [1.0; 3] },
            noise: if chance(dice, 3) { dice.between(1.0, 3.0) } else { 0.0 },
            seed: dice.below(1 << 30) as u64,
            jpeg: if chance(dice, 3) { Some(80 + dice.below(16) as u8) } else { None },
        }
    }

    /// The picture after it.
    pub(super) fn apply(&self, image: &Raster) -> anyhow::Result<Raster> {
        let mut rgba = image.rgba.clone();
        if self.blur > 0.0
            && let Some(buffer) = RgbaImage::from_raw(image.width, image.height, std::mem::take(&mut rgba))
        {
            rgba = image::imageops::blur(&buffer, self.blur as f32).into_raw();
        }
        if self.gain != [1.0; 3] || self.noise > 0.0 {
            let mut dice = Dice::of(self.seed, 0);
            for pixel in rgba.as_chunks_mut::<4>().0 {
                for (code, gain) in pixel.iter_mut().zip(self.gain) {
                    let noise = if self.noise > 0.0 { dice.between(-self.noise, self.noise) } else { 0.0 };
                    *code = (f64::from(*code) * gain + noise).round().clamp(0.0, 255.0) as u8;
                }
            }
        }
        if let Some(quality) = self.jpeg {
            let rgb: Vec<u8> = rgba.as_chunks::<4>().0.iter().flat_map(|[red, green, blue, _]| [*red, *green, *blue]).collect();
            let mut file = Vec::new();
            JpegEncoder::new_with_quality(&mut file, quality).encode(&rgb, image.width, image.height, ExtendedColorType::Rgb8)?;
            rgba = ImageReader::with_format(Cursor::new(file), image::ImageFormat::Jpeg).decode()?.into_rgba8().into_raw();
        }
        Ok(Raster { rgba, ..*image })
    }
}
