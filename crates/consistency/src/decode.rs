//! Decoding of pictures that come from outside.

use std::io::Cursor;

use engine::picture::Raster;
use image::{ImageFormat, ImageReader, Limits};

/// The longest side that is decoded, in pixels.
pub const LONGEST_SIDE: u32 = 8192;

/// Bytes that decoding may allocate: the largest allowed picture at 16 bits a channel, and as much again
/// for the decoder's own buffers.
const MOST_BYTES: u64 = 8192 * 8192 * 4 * 2 * 2;

/// Why a file cannot be taken as a picture.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The bytes are neither PNG nor JPEG.
    #[error("this is no picture that can be read: it must be PNG or JPEG, and begins with {begins}")]
    NoPicture {
        /// The first bytes in hex.
        begins: String,
    },
    /// The header cannot be read.
    #[error("the {format} header is broken or cut off after {bytes} bytes")]
    Header {
        /// The format that the first bytes claim.
        format: &'static str,
        /// Length of the file.
        bytes: usize,
        /// What the decoder said.
        #[source]
        source: image::ImageError,
    },
    /// The header asks for more than is allowed; nothing was allocated.
    #[error("the header says {width}x{height} pixels; a side may have 1 to {LONGEST_SIDE}")]
    TooLarge {
        /// Width in pixels, as the header says.
        width: u32,
        /// Height in pixels, as the header says.
        height: u32,
    },
    /// The pixels cannot be decoded.
    #[error("the {format} data of {width}x{height} pixels is broken or cut off after {bytes} bytes")]
    Pixels {
        /// The format.
        format: &'static str,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Length of the file.
        bytes: usize,
        /// What the decoder said.
        #[source]
        source: image::ImageError,
    },
}

impl Unreadable {
    /// A stable word for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoPicture { .. } => "no-picture",
            Self::Header { .. } => "broken-header",
            Self::TooLarge { .. } => "too-large",
            Self::Pixels { .. } => "broken-pixels",
        }
    }
}

/// Decodes a PNG or JPEG into 8-bit sRGB with straight alpha.
///
/// The size is read from the header and refused before anything of that size is allocated. Embedded
/// colour profiles are ignored: the studio's pictures are sRGB.
///
/// # Errors
/// [`Unreadable`] says what is wrong with the file.
pub fn decode(bytes: &[u8]) -> Result<Raster, Unreadable> {
    let (format, name) = match image::guess_format(bytes) {
        Ok(ImageFormat::Png) => (ImageFormat::Png, "PNG"),
        Ok(ImageFormat::Jpeg) => (ImageFormat::Jpeg, "JPEG"),
        _ => return Err(Unreadable::NoPicture { begins: begins(bytes) }),
    };
    let header = |source| Unreadable::Header { format: name, bytes: bytes.len(), source };
    let (width, height) = ImageReader::with_format(Cursor::new(bytes), format).into_dimensions().map_err(header)?;
    if width == 0 || height == 0 || width > LONGEST_SIDE || height > LONGEST_SIDE {
        return Err(Unreadable::TooLarge { width, height });
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MOST_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let pixels = reader.decode().map_err(|source| Unreadable::Pixels { format: name, width, height, bytes: bytes.len(), source })?;
    Ok(Raster { width, height, rgba: pixels.into_rgba8().into_raw() })
}

fn begins(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "nothing (the file is empty)".to_owned();
    }
    bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{face, png};
    use proptest::prelude::*;

    fn jpeg(picture: &Raster) -> Vec<u8> {
        let mut bytes = Vec::new();
        let rgb: Vec<u8> = picture.rgba.chunks_exact(4).flat_map(|pixel| &pixel[..3]).copied().collect();
        image::codecs::jpeg::JpegEncoder::new(&mut bytes)
            .encode(&rgb, picture.width, picture.height, image::ExtendedColorType::Rgb8)
            .unwrap();
        bytes
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn whatever_the_bytes_there_is_a_picture_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(picture) = decode(&bytes) {
                prop_assert_eq!(picture.rgba.len(), picture.width as usize * picture.height as usize * 4);
            }
        }

        #[test]
        fn a_damaged_picture_is_a_picture_or_an_error(
            photo in any::<bool>(), cut in 0usize..4_000, hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
            mend in any::<bool>(),
        ) {
            let picture = face(48, 32);
            let mut bytes = if photo { jpeg(&picture) } else { png(&picture) };
            for (place, value) in &hits {
                let place = place.index(bytes.len());
                bytes[place] = *value;
            }
            if mend && !photo && bytes.len() > 33 {
                // A right checksum lets what was damaged in the header through to the decoder.
                let checksum = crc32(&bytes[12..29]);
                bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
            }
            bytes.truncate(bytes.len().saturating_sub(cut % 400));
            if let Ok(picture) = decode(&bytes) {
                prop_assert!((1..=LONGEST_SIDE).contains(&picture.width) && (1..=LONGEST_SIDE).contains(&picture.height));
                prop_assert_eq!(picture.rgba.len(), picture.width as usize * picture.height as usize * 4);
            }
        }
    }

    #[test]
    fn a_picture_decodes_to_its_pixels() {
        let picture = face(64, 48);
        assert_eq!(decode(&png(&picture)).unwrap(), picture);
    }

    #[test]
    fn a_bomb_is_refused_by_its_header() {
        // A PNG of 60,000 x 60,000 pixels in a few dozen bytes: IHDR with a right checksum, then nothing.
        let mut bomb = png(&face(8, 8));
        bomb[16..20].copy_from_slice(&60_000u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&60_000u32.to_be_bytes());
        let checksum = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&checksum.to_be_bytes());
        assert!(matches!(decode(&bomb), Err(Unreadable::TooLarge { width: 60_000, height: 60_000 })));
    }

    #[test]
    fn a_file_cut_off_anywhere_is_an_error_and_never_a_panic() {
        let whole = png(&face(64, 48));
        for length in 0..whole.len() - 12 {
            assert!(decode(&whole[..length]).is_err(), "{length} of {} bytes", whole.len());
        }
    }

    #[test]
    fn what_is_no_picture_is_named_by_its_first_bytes() {
        let error = decode(b"<html>nothing to see").unwrap_err();
        assert_eq!(error.code(), "no-picture");
        assert!(error.to_string().contains("3c 68 74 6d"), "{error}");
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
        })
    }
}
