//! Artifacts: files of a server that were looked into before they count.
//!
//! A server writes files in place, names files that are not there any more, and names another attempt's files
//! when it has run the same graph before. So a file counts when it is ours by name, whole, of the expected kind
//! and size.

use std::io::Cursor;

use bytes::Bytes;
use image::{ImageFormat, ImageReader, Limits};

use crate::graph::NodeId;
use crate::wire::OutputFile;

/// What an output node should leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The node.
    pub node: NodeId,
    /// How many files.
    pub count: usize,
    /// What kind of files.
    pub media: Media,
    /// Width and height in pixels; pictures only.
    pub size: Option<(u32, u32)>,
}

/// Kinds of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Media {
    /// PNG, JPEG or WebP, animations among them.
    Picture,
    /// MP4, WebM or Matroska.
    Film,
}

impl Expected {
    /// `count` pictures from `node`.
    pub fn pictures(node: impl Into<NodeId>, count: usize) -> Self {
        Self { node: node.into(), count, media: Media::Picture, size: None }
    }

    /// One film from `node`.
    pub fn film(node: impl Into<NodeId>) -> Self {
        Self { node: node.into(), count: 1, media: Media::Film, size: None }
    }

    /// Of this size in pixels.
    #[must_use]
    pub const fn of_size(mut self, width: u32, height: u32) -> Self {
        self.size = Some((width, height));
        self
    }
}

/// A file that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The node that left it.
    pub node: NodeId,
    /// Which of the node's files, from 0.
    pub index: usize,
    /// Where it is on the server.
    pub file: OutputFile,
    /// `image/png`, `video/mp4`…, by content.
    pub media_type: &'static str,
    /// Width and height in pixels; `None` for films, which are not decoded here.
    pub size: Option<(u32, u32)>,
    /// The file as it is, metadata included.
    pub bytes: Bytes,
}

/// Why a file does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArtifactError {
    /// The server names it and does not have it.
    #[error("the server does not have {0}, which it says it wrote")]
    Missing(String),
    /// It was written by another attempt: the server gave an earlier result.
    #[error("{0} is not a file of this attempt")]
    NotOurs(String),
    /// More files, or fewer.
    #[error("{found} files instead of {expected}")]
    Count {
        /// How many were asked for.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// It is cut short, damaged, or no picture or film at all.
    #[error("{name} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Another size.
    #[error("{name} is {}x{} pixels instead of {}x{}", .found.0, .found.1, .expected.0, .expected.1)]
    Size {
        /// The file.
        name: String,
        /// What was asked for.
        expected: (u32, u32),
        /// What it is.
        found: (u32, u32),
    },
}

/// The largest side of a picture that is decoded: what the server's own nodes allow.
const LARGEST_SIDE: u32 = 16_384;
/// The most memory that decoding one picture may take.
const DECODING_MEMORY: u64 = 2 << 30;

/// Looks into a file: its media type, and its size when it is a picture.
///
/// # Errors
/// [`ArtifactError`] when it is not whole, or not what is expected.
pub fn verify(name: &str, bytes: &[u8], expected: &Expected) -> Result<(&'static str, Option<(u32, u32)>), ArtifactError> {
    let unreadable = |reason: String| ArtifactError::Unreadable { name: name.to_owned(), reason };
    if bytes.is_empty() {
        return Err(unreadable("it is empty".to_owned()));
    }
    match expected.media {
        Media::Film => Ok((film(bytes).map_err(|reason| unreadable(reason.to_owned()))?, None)),
        Media::Picture => {
            let (media_type, size) = picture(bytes).map_err(unreadable)?;
            match expected.size {
                Some(expected) if expected != size => Err(ArtifactError::Size { name: name.to_owned(), expected, found: size }),
                _ => Ok((media_type, Some(size))),
            }
        }
    }
}

/// Decodes a picture to its last pixel.
fn picture(bytes: &[u8]) -> Result<(&'static str, (u32, u32)), String> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|error| error.to_string())?;
    let media_type = match reader.format() {
        Some(ImageFormat::Png) => "image/png",
        Some(ImageFormat::Jpeg) => "image/jpeg",
        Some(ImageFormat::WebP) => "image/webp",
        _ => return Err("it is neither PNG nor JPEG nor WebP".to_owned()),
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST_SIDE);
    limits.max_image_height = Some(LARGEST_SIDE);
    limits.max_alloc = Some(DECODING_MEMORY);
    reader.limits(limits);
    let image = reader.decode().map_err(|error| error.to_string())?;
    // Decoders stop at the last pixel; a PNG whose end is missing was not written to the end.
    if media_type == "image/png" && !bytes.ends_with(b"IEND\xaeB`\x82") {
        return Err("its end is missing".to_owned());
    }
    Ok((media_type, (image.width(), image.height())))
}

/// Walks through a film's container: its parts have to be there and to end where the file ends.
fn film(bytes: &[u8]) -> Result<&'static str, &'static str> {
    if bytes.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]) {
        return matroska(bytes);
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return mp4(bytes);
    }
    Err("it is neither MP4 nor WebM nor Matroska")
}

/// ISO base media file format, ISO/IEC 14496-12 section 4.2: boxes of size and type, one after another.
fn mp4(bytes: &[u8]) -> Result<&'static str, &'static str> {
    let mut rest = bytes;
    let (mut index, mut data) = (false, false);
    while !rest.is_empty() {
        let head: [u8; 8] = rest.get(..8).and_then(|head| head.try_into().ok()).ok_or("it is cut short")?;
        let kind = &head[4..];
        let size = match u32::from_be_bytes([head[0], head[1], head[2], head[3]]) {
            0 => rest.len() as u64,
            1 => {
                let large: [u8; 8] = rest.get(8..16).and_then(|large| large.try_into().ok()).ok_or("it is cut short")?;
                u64::from_be_bytes(large)
            }
            size => u64::from(size),
        };
        index |= kind == b"moov";
        data |= kind == b"mdat";
        let size = usize::try_from(size).ok().filter(|size| *size >= 8).ok_or("a part of it has an impossible size")?;
        rest = rest.get(size..).ok_or("it is cut short")?;
    }
    if index && data { Ok("video/mp4") } else { Err("it has no frames or no index of them") }
}

/// EBML (RFC 8794) and Matroska (RFC 9559): a header, then one segment.
fn matroska(bytes: &[u8]) -> Result<&'static str, &'static str> {
    let (header, rest) = ebml(bytes, 0x1a45_dfa3)?;
    let header = rest.get(..header.ok_or("its header has no size")?).ok_or("it is cut short")?;
    let webm = header.windows(4).any(|window| window == b"webm");
    let (segment, content) = ebml(&rest[header.len()..], 0x1853_8067)?;
    // A segment of unknown size is a live stream: servers seek back and write the size when they finish.
    let size = segment.ok_or("it was not written to its end")?;
    if content.len() < size {
        return Err("it is cut short");
    }
    Ok(if webm { "video/webm" } else { "video/x-matroska" })
}

/// Takes an element's id and size off the front.
fn ebml(bytes: &[u8], id: u32) -> Result<(Option<usize>, &[u8]), &'static str> {
    let rest = bytes.strip_prefix(&id.to_be_bytes()).ok_or("a part of it is not where it should be")?;
    let first = *rest.first().ok_or("it is cut short")?;
    let length = first.leading_zeros() as usize + 1;
    let number = rest.get(..length).filter(|_| length <= 8).ok_or("it is cut short")?;
    let mask = (1_u64 << (7 * length)) - 1;
    let value = number.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte)) & mask;
    let size = (value != mask).then(|| usize::try_from(value)).transpose().map_err(|_| "a part of it has an impossible size")?;
    Ok((size, &rest[length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        image::RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, (x * y) as u8]))
            .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
            .unwrap();
        bytes
    }

    #[test]
    fn a_whole_picture_of_the_right_size_counts() {
        let expected = Expected::pictures("9", 1).of_size(64, 48);
        assert_eq!(verify("a.png", &png(64, 48), &expected), Ok(("image/png", Some((64, 48)))));
    }

    #[test]
    fn a_picture_cut_short_anywhere_does_not_count() {
        let whole = png(64, 48);
        for end in 0..whole.len() {
            assert!(verify("a.png", &whole[..end], &Expected::pictures("9", 1)).is_err(), "cut at {end} of {}", whole.len());
        }
    }

    #[test]
    fn a_picture_of_another_size_does_not_count() {
        let error = verify("a.png", &png(48, 64), &Expected::pictures("9", 1).of_size(64, 48)).unwrap_err();
        assert_eq!(error.to_string(), "a.png is 48x64 pixels instead of 64x48");
    }

    #[test]
    fn a_film_is_walked_through_to_its_end() {
        let part = |kind: &[u8], content: usize| [&u32::try_from(8 + content).unwrap().to_be_bytes(), kind, &vec![0; content]].concat();
        let film = [part(b"ftyp", 8), part(b"mdat", 100), part(b"moov", 20)].concat();
        let expected = Expected::film("9");
        assert_eq!(verify("a.mp4", &film, &expected), Ok(("video/mp4", None)));
        for end in 0..film.len() {
            assert!(verify("a.mp4", &film[..end], &expected).is_err(), "cut at {end}");
        }
        let webm = [&[0x1a, 0x45, 0xdf, 0xa3, 0x84][..], b"webm", &[0x18, 0x53, 0x80, 0x67, 0x85], b"12345"].concat();
        assert_eq!(verify("a.webm", &webm, &expected), Ok(("video/webm", None)));
        assert!(verify("a.webm", &webm[..webm.len() - 1], &expected).is_err());
    }
}
