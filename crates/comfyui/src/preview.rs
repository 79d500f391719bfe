//! Previews that can be shown: looked into, small, and of one kind.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{ImageFormat, ImageReader, Limits, imageops};

use crate::wire::{Preview, PreviewFormat};

/// The most bytes of a preview that are looked into.
const MOST_BYTES: usize = 8 << 20;
/// The largest side that is decoded, in pixels: previews are 512, `SaveImageWebsocket` sends whole pictures.
const LARGEST_SIDE: u32 = 4096;
/// The most memory that decoding takes.
const DECODING_MEMORY: u64 = 96 << 20;
/// JPEG's quality, of 100.
const QUALITY: u8 = 75;

/// Why a preview cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PreviewError {
    /// It is larger than previews are.
    #[error("it has {0} bytes")]
    TooLarge(usize),
    /// It is no picture, or a larger one than is decoded.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

impl Preview {
    /// As a JPEG whose sides are at most `side` pixels. It keeps a thread busy for some milliseconds.
    ///
    /// # Errors
    /// [`PreviewError`] for what is no picture or too large a one.
    pub fn small(&self, side: u32) -> Result<Vec<u8>, PreviewError> {
        if self.bytes.len() > MOST_BYTES {
            return Err(PreviewError::TooLarge(self.bytes.len()));
        }
        let unreadable = |error: image::ImageError| PreviewError::Unreadable(error.to_string());
        let format = match self.format {
            PreviewFormat::Jpeg => ImageFormat::Jpeg,
            PreviewFormat::Png => ImageFormat::Png,
        };
        let mut reader = ImageReader::with_format(Cursor::new(&self.bytes), format);
        let mut limits = Limits::default();
        limits.max_image_width = Some(LARGEST_SIDE);
        limits.max_image_height = Some(LARGEST_SIDE);
        limits.max_alloc = Some(DECODING_MEMORY);
        reader.limits(limits);
        let picture = reader.decode().map_err(unreadable)?.into_rgb8();
        let largest = picture.width().max(picture.height()).max(1);
        let shown = if largest <= side {
            picture
        } else {
            let scaled = |length: u32| {
                let scaled = u64::from(length) * u64::from(side) / u64::from(largest);
                u32::try_from(scaled).unwrap_or(side).max(1)
            };
            imageops::thumbnail(&picture, scaled(picture.width()), scaled(picture.height()))
        };
        let mut bytes = Vec::new();
        shown.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY)).map_err(unreadable)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;

    fn preview(width: u32, height: u32, format: ImageFormat) -> Preview {
        let mut bytes = Vec::new();
        RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 9])).write_to(&mut Cursor::new(&mut bytes), format).unwrap();
        let format = if format == ImageFormat::Png { PreviewFormat::Png } else { PreviewFormat::Jpeg };
        Preview { of: None, format, bytes: bytes.into() }
    }

    #[test]
    fn a_preview_becomes_a_small_jpeg_and_a_small_one_keeps_its_size() {
        for (preview, size) in [
            (preview(512, 256, ImageFormat::Jpeg), (320, 160)),
            (preview(64, 48, ImageFormat::Png), (64, 48)),
            (preview(1, 900, ImageFormat::Png), (1, 320)),
        ] {
            let small = image::load_from_memory_with_format(&preview.small(320).unwrap(), ImageFormat::Jpeg).unwrap();
            assert_eq!((small.width(), small.height()), size);
        }
    }

    #[test]
    fn what_is_no_picture_or_too_large_a_one_is_refused() {
        let whole = preview(64, 48, ImageFormat::Png);
        // Decoders stop at the last pixel: what is behind it is not missed.
        for end in 0..whole.bytes.len() / 2 {
            assert!(Preview { bytes: whole.bytes.slice(..end), ..whole.clone() }.small(320).is_err(), "cut at {end}");
        }
        assert!(matches!(preview(4097, 1, ImageFormat::Png).small(320), Err(PreviewError::Unreadable(_))));
        let large = Preview { bytes: vec![0; MOST_BYTES + 1].into(), ..whole };
        assert_eq!(large.small(320), Err(PreviewError::TooLarge(MOST_BYTES + 1)));
    }
}
