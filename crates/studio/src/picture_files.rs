//! A picture and its maps as files: PNG for pixels, JSON for what they mean.

use bible::digest::canonical_json;
use engine::Picture;
use engine::picture::{PartMap, Raster, Skeleton};
use serde_json::json;
use store::{Artifact, BlobStore};

use crate::StudioError;

/// A file that belongs to an artifact, not yet stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeFile {
    /// Name within the artifact: `frame-0000.png`, `frame-0000.parts.json`, `clip.mp4`…
    pub name: String,
    /// Its real media type.
    pub media_type: &'static str,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Why a picture could not be written as files.
#[derive(Debug, thiserror::Error)]
pub enum PictureFileError {
    /// The PNG encoder refused.
    #[error("{name} could not be written as PNG")]
    Png {
        /// Which file.
        name: String,
        /// Why.
        #[source]
        source: png::EncodingError,
    },
    /// A map has no JSON form.
    #[error("{name} could not be written as JSON")]
    Json {
        /// Which file.
        name: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// The files of one picture, all names starting with `stem`: the picture itself first.
///
/// # Errors
/// [`PictureFileError`] when an encoder refuses; never for a picture whose sizes agree.
pub fn files_of(picture: &Picture, stem: &str) -> Result<Vec<MadeFile>, PictureFileError> {
    let mut files = vec![png_file(format!("{stem}.png"), &picture.image)?];
    for layer in &picture.layers {
        files.push(png_file(format!("{stem}.layer.{}.png", layer.name), &layer.image)?);
    }
    if let Some(layout) = &picture.layout {
        files.push(png_file(format!("{stem}.layout.png"), layout)?);
    }
    if let Some(parts) = &picture.parts {
        files.push(part_index_file(format!("{stem}.parts.png"), parts)?);
        files.push(json_file(format!("{stem}.parts.json"), &parts.parts)?);
    }
    if let Some(making) = &picture.making {
        files.push(json_file(format!("{stem}.making.json"), making)?);
    }
    if !picture.skeletons.is_empty() {
        files.push(json_file(format!("{stem}.skeletons.json"), &open_pose(picture.image.width, picture.image.height, &picture.skeletons))?);
        if let Some(map) = layout::pose_map::pose_map(&picture.skeletons, picture.image.width, picture.image.height) {
            files.push(png_file(format!("{stem}.pose.png"), &map)?);
        }
    }
    Ok(files)
}

/// Skeletons in the JSON form of OpenPose 1.3: flat triples x, y, confidence; 0, 0, 0 where a joint is
/// not seen.
fn open_pose(width: u32, height: u32, skeletons: &[Skeleton]) -> serde_json::Value {
    let people: Vec<_> = skeletons
        .iter()
        .map(|skeleton| {
            let keypoints: Vec<f32> =
                skeleton.joints.iter().flat_map(|joint| joint.map_or([0.0, 0.0, 0.0], |[x, y]| [x, y, 1.0])).collect();
            json!({ "person_id": [skeleton.character], "pose_keypoints_2d": keypoints })
        })
        .collect();
    json!({ "version": 1.3, "canvas_width": width, "canvas_height": height, "people": people })
}

/// Skeletons as [`files_of`] writes them. People without a name are left out.
///
/// # Errors
/// When the JSON is not in OpenPose's form.
pub fn read_skeletons(json: &[u8]) -> Result<Vec<Skeleton>, serde_json::Error> {
    #[derive(serde::Deserialize)]
    struct File {
        people: Vec<Person>,
    }
    #[derive(serde::Deserialize)]
    struct Person {
        person_id: Vec<bible::Slug>,
        pose_keypoints_2d: Vec<f32>,
    }
    let skeleton = |person: Person| {
        let mut joints = [None; 18];
        for (joint, [x, y, confidence]) in joints.iter_mut().zip(person.pose_keypoints_2d.as_chunks::<3>().0) {
            *joint = (*confidence > 0.0).then_some([*x, *y]);
        }
        Some(Skeleton { character: person.person_id.into_iter().next()?, joints })
    };
    Ok(serde_json::from_slice::<File>(json)?.people.into_iter().filter_map(skeleton).collect())
}

/// A part map as [`files_of`] writes it: the picture of indices and the list beside it.
///
/// # Errors
/// When the list is no list of parts.
pub fn read_part_map(indices: &Raster, list: &[u8]) -> Result<PartMap, serde_json::Error> {
    Ok(PartMap {
        width: indices.width,
        height: indices.height,
        // Grey: every channel is the index.
        indices: indices.rgba.as_chunks::<4>().0.iter().map(|pixel| pixel[0]).collect(),
        parts: serde_json::from_slice(list)?,
    })
}

/// The part map that is kept beside the picture `stem`; none when the engine gave none.
///
/// # Errors
/// [`StudioError`] when it is there and cannot be read.
pub(crate) async fn kept_part_map(blobs: &BlobStore, artifact: &Artifact, stem: &str) -> Result<Option<PartMap>, StudioError> {
    let named = |suffix: &str| artifact.files.iter().find(|file| file.name == format!("{stem}.parts.{suffix}"));
    let (Some(indices), Some(list)) = (named("png"), named("json")) else { return Ok(None) };
    let (indices, list) = (blobs.get(indices.digest).await?, blobs.get(list.digest).await?);
    let unreadable = |error| StudioError::Unknown { what: format!("readable part map of {} ({error})", artifact.subject), nearest: None };
    let indices = consistency::decode(&indices).map_err(unreadable)?;
    let damaged = |source| StudioError::Damaged { what: format!("the part map of {}", artifact.subject), source };
    read_part_map(&indices, &list).map(Some).map_err(damaged)
}

pub(crate) fn png_file(name: String, image: &Raster) -> Result<MadeFile, PictureFileError> {
    let opaque = image.rgba.chunks_exact(4).all(|pixel| pixel[3] == 255);
    let (colour, bytes) = if opaque {
        let rgb: Vec<u8> = image.rgba.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        (png::ColorType::Rgb, std::borrow::Cow::Owned(rgb))
    } else {
        (png::ColorType::Rgba, std::borrow::Cow::Borrowed(&image.rgba))
    };
    encode(name, image.width, image.height, colour, &bytes)
}

/// The part map as 8-bit grey: the value of a pixel is its index into the JSON list beside it.
fn part_index_file(name: String, parts: &PartMap) -> Result<MadeFile, PictureFileError> {
    encode(name, parts.width, parts.height, png::ColorType::Grayscale, &parts.indices)
}

fn encode(name: String, width: u32, height: u32, colour: png::ColorType, pixels: &[u8]) -> Result<MadeFile, PictureFileError> {
    let mut bytes = Vec::new();
    let write = |bytes: &mut Vec<u8>| {
        let mut encoder = png::Encoder::new(bytes, width, height);
        encoder.set_color(colour);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        if colour != png::ColorType::Grayscale {
            encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
        }
        let mut writer = encoder.write_header()?;
        writer.write_image_data(pixels)?;
        writer.finish()
    };
    match write(&mut bytes) {
        Ok(()) => Ok(MadeFile { name, media_type: "image/png", bytes }),
        Err(source) => Err(PictureFileError::Png { name, source }),
    }
}

pub(crate) fn json_file<T: serde::Serialize + ?Sized>(name: String, value: &T) -> Result<MadeFile, PictureFileError> {
    match canonical_json(value) {
        Ok(bytes) => Ok(MadeFile { name, media_type: "application/json", bytes }),
        Err(source) => Err(PictureFileError::Json { name, source }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn picture(alpha: u8) -> Picture {
        let raster = Raster { width: 2, height: 1, rgba: vec![1, 2, 3, alpha, 4, 5, 6, alpha] };
        Picture { image: Arc::new(raster), parts: None, layers: Vec::new(), skeletons: Vec::new(), layout: None, making: None }
    }

    #[test]
    fn a_picture_reads_back_pixel_for_pixel() {
        for alpha in [255, 128] {
            let files = files_of(&picture(alpha), "frame-0000").unwrap();
            assert_eq!(files[0].name, "frame-0000.png");
            let read = image::load_from_memory(&files[0].bytes).unwrap().into_rgba8();
            assert_eq!(read.into_raw(), vec![1, 2, 3, alpha, 4, 5, 6, alpha]);
        }
    }

    #[test]
    fn a_joint_that_is_not_seen_has_no_confidence() {
        let mut joints = [None; 18];
        joints[0] = Some([3.5, 4.0]);
        let skeleton = Skeleton { character: "mei".parse().unwrap(), joints };
        let pose = open_pose(10, 10, &[skeleton]);
        let keypoints = pose["people"][0]["pose_keypoints_2d"].as_array().unwrap();
        assert_eq!(keypoints.len(), 54);
        assert_eq!(keypoints[..6], [json!(3.5), json!(4.0), json!(1.0), json!(0.0), json!(0.0), json!(0.0)]);
    }

    #[test]
    fn skeletons_read_back() {
        let mut joints = [None; 18];
        joints[7] = Some([3.5, 4.0]);
        let skeletons = vec![Skeleton { character: "mei".parse().unwrap(), joints }];
        let json = serde_json::to_vec(&open_pose(10, 10, &skeletons)).unwrap();
        assert_eq!(read_skeletons(&json).unwrap(), skeletons);
        assert!(read_skeletons(b"{}").is_err());
    }
}
