//! Evidence pictures: where the colours are off.

use std::io::Cursor;

use engine::picture::Raster;
use image::ImageEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};

use crate::census::cell_of;
use crate::colour::{ColourEvidence, ColourModel, Target, fits};
use crate::measure::Subject;

/// Colour of what is far out of tolerance; what is just out of it is half as strong.
const HOT: [f64; 3] = [255.0, 0.0, 140.0];

/// Why there is no evidence picture.
#[derive(Debug, thiserror::Error)]
pub enum HeatError {
    /// Without a part map no pixel can be right or wrong.
    #[error("there is no heat map: {reason}")]
    NoParts {
        /// What is missing.
        reason: String,
    },
    /// The picture could not be written as PNG.
    #[error("the heat map of {width}x{height} pixels could not be written as PNG")]
    Encode {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// What the encoder said.
        #[source]
        source: image::ImageError,
    },
}

impl ColourModel {
    /// The picture in faint grey with every pixel that is out of its part's tolerance in magenta,
    /// stronger where the difference is greater (full at three times the tolerance).
    ///
    /// Unlike the measurement it shows borders too, where colours mix: thin magenta seams are not
    /// held against the picture.
    ///
    /// # Errors
    /// Without a part map that fits the picture.
    pub fn heat_map(&self, subject: &Subject<'_>) -> Result<Raster, HeatError> {
        let parts = subject.parts.or(subject.layout.map(|layout| layout.parts));
        let map = parts.ok_or_else(|| HeatError::NoParts { reason: "the engine gave no part map".to_owned() })?;
        fits(subject, map).map_err(|reason| HeatError::NoParts { reason })?;
        let targets: Vec<Option<Target>> =
            self.targets(&map.parts, subject.expected).into_iter().map(|target| target.and_then(Result::ok)).collect();
        // Heat by part and colour cell, worked out once each: -1 for not yet.
        let mut heats: Vec<Option<Box<[f32]>>> = targets.iter().map(|_| None).collect();
        let mut rgba = Vec::with_capacity(subject.image.rgba.len());
        for (pixel, part) in subject.image.rgba.as_chunks::<4>().0.iter().zip(&map.indices) {
            let part = usize::from(*part);
            let heat = targets[part].as_ref().map_or(0.0, |target| {
                let heat = &mut heats[part].get_or_insert_with(|| vec![-1.0; 1 << 15].into_boxed_slice())[cell_of(*pixel)];
                if *heat < 0.0 {
                    let [red, green, blue, _] = pixel.map(f64::from);
                    *heat = heat_of(target.nearest([red, green, blue]).2 / target.tolerance) as f32;
                }
                f64::from(*heat)
            });
            rgba.extend(heated(*pixel, heat));
        }
        Ok(Raster { width: subject.image.width, height: subject.image.height, rgba })
    }

    /// [`ColourModel::heat_map`] as a PNG file.
    ///
    /// # Errors
    /// As `heat_map`, and when the PNG cannot be written.
    pub fn heat_map_png(&self, subject: &Subject<'_>) -> Result<Vec<u8>, HeatError> {
        let map = self.heat_map(subject)?;
        let mut bytes = Vec::new();
        PngEncoder::new_with_quality(Cursor::new(&mut bytes), CompressionType::Fast, FilterType::Up)
            .write_image(&map.rgba, map.width, map.height, image::ExtendedColorType::Rgba8)
            .map_err(|source| HeatError::Encode { width: map.width, height: map.height, source })?;
        Ok(bytes)
    }
}

impl ColourEvidence {
    /// The picture in faint grey with a box around each part that is out of its tolerance, stronger where the difference is
    /// greater: for parts that no map shows, whose places are all that is known.
    #[must_use]
    pub fn boxed(&self, image: &Raster) -> Raster {
        let (width, height) = (image.width, image.height);
        let mut rgba: Vec<u8> = image.rgba.as_chunks::<4>().0.iter().flat_map(|pixel| heated(*pixel, 0.0)).collect();
        let thick = (width.max(height) / 320).max(1);
        for part in self.parts.iter().filter(|part| part.difference > part.tolerance) {
            let heat = heat_of(part.difference / part.tolerance);
            let [left, top] = [part.at.left, part.at.top];
            let [right, bottom] = [left.saturating_add(part.at.width).min(width), top.saturating_add(part.at.height).min(height)];
            for y in top..bottom {
                for x in left..right {
                    if x >= left + thick && x + thick < right && y >= top + thick && y + thick < bottom {
                        continue;
                    }
                    let at = (y as usize * width as usize + x as usize) * 4;
                    if let (Some(into), Some(pixel)) = (rgba.get_mut(at..at + 4), image.rgba.get(at..at + 4)) {
                        into.copy_from_slice(&heated([pixel[0], pixel[1], pixel[2], pixel[3]], heat));
                    }
                }
            }
        }
        Raster { width, height, rgba }
    }
}

/// A pixel in faint grey, as far as it is not hot.
fn heated(pixel: [u8; 4], heat: f64) -> [u8; 4] {
    let luma = (54 * u32::from(pixel[0]) + 183 * u32::from(pixel[1]) + 19 * u32::from(pixel[2])) >> 8;
    let grey = 40.0 + f64::from(luma) * 0.45;
    let [red, green, blue] = HOT.map(|hot| (grey + (hot - grey) * heat).round() as u8);
    [red, green, blue, 255]
}

/// From the difference in tolerances to 0 (within) and 0.5 (just out) to 1 (three times the tolerance).
fn heat_of(ratio: f64) -> f64 {
    if ratio <= 1.0 { 0.0 } else { (0.5 + (ratio - 1.0) / 4.0).min(1.0) }
}
