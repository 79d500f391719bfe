//! Films: stand-ins for what video models draw, and real files of them.
//!
//! Between two pictures one goes over into the other, from the one exactly to the other; from one picture alone, it is
//! panned over. A server has ffmpeg's libraries in it; this one runs the program.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use serde_json::json;

use super::saving::Place;
use super::{Call, Film, Latent, Left, Output, Stop};
use crate::exception::Exception;
use crate::folders::Folder;
use crate::schedule::Fault;

/// How far a picture is panned over in a film, as a share of its width.
const PAN: f64 = 0.125;

pub(super) fn unet_loader(call: &Call<'_>) -> Result<Left, Stop> {
    Ok(Left { outputs: vec![Output::Model(call.text("unet_name")?.to_owned())], ui: None })
}

pub(super) fn clip_loader(call: &Call<'_>) -> Result<Left, Stop> {
    call.text("clip_name")?;
    Ok(Left { outputs: vec![Output::Clip], ui: None })
}

pub(super) fn vae_loader(call: &Call<'_>) -> Result<Left, Stop> {
    call.text("vae_name")?;
    Ok(Left { outputs: vec![Output::Vae], ui: None })
}

pub(super) fn lora_loader_model_only(call: &Call<'_>) -> Result<Left, Stop> {
    let name = format!("{}+{}", call.model("model")?, call.text("lora_name")?);
    Ok(Left { outputs: vec![Output::Model(name)], ui: None })
}

/// Decides how steps are spread, of which a stand-in knows nothing: the model stays what it is.
pub(super) fn model_sampling(call: &Call<'_>) -> Result<Left, Stop> {
    Ok(Left { outputs: vec![Output::Model(call.model("model")?)], ui: None })
}

/// `WanImageToVideo` and `WanFirstLastFrameToVideo`.
pub(super) fn wan_between(call: &Call<'_>) -> Result<Left, Stop> {
    let (positive, negative) = (call.conditioning("positive")?, call.conditioning("negative")?);
    let latent = film_latent(call)?;
    Ok(Left { outputs: vec![Output::Conditioning(positive), Output::Conditioning(negative), latent], ui: None })
}

fn film_latent(call: &Call<'_>) -> Result<Output, Stop> {
    let (width, height, count) = (call.whole("width")?, call.whole("height")?, call.whole("length")?);
    let given = |name: &str| -> Result<Option<RgbImage>, Stop> {
        if !call.inputs.contains_key(name) {
            return Ok(None);
        }
        let image = call.images(name)?.first().cloned();
        Ok(image.map(|image| imageops::resize(&image, width, height, FilterType::Triangle)))
    };
    let pictures = match (given("start_image")?, given("end_image")?) {
        (Some(first), Some(last)) => Some(between(&first, &last, count)),
        (Some(first), None) => Some(panned(&first, count)),
        (None, _) => None,
    };
    Ok(Output::Latent(Arc::new(Latent { width, height, count, pictures, mask: None, film: true })))
}

/// `Wan22ImageToVideoLatent` and `EmptyLTXVLatentVideo`: a film of which no more is there than its first picture.
pub(super) fn empty_film(call: &Call<'_>) -> Result<Left, Stop> {
    Ok(Left { outputs: vec![film_latent(call)?], ui: None })
}

/// Tells the model a frame rate, of which a stand-in knows nothing.
pub(super) fn ltxv_conditioning(call: &Call<'_>) -> Result<Left, Stop> {
    let (positive, negative) = (call.conditioning("positive")?, call.conditioning("negative")?);
    Ok(Left { outputs: vec![Output::Conditioning(positive), Output::Conditioning(negative)], ui: None })
}

/// Makes a picture look as one of a film: a stand-in takes it as it is.
pub(super) fn ltxv_preprocess(call: &Call<'_>) -> Result<Left, Stop> {
    Ok(Left { outputs: vec![Output::Images(call.images("image")?)], ui: None })
}

/// Puts a picture at the beginning of a film.
pub(super) fn ltxv_img_to_video(call: &Call<'_>) -> Result<Left, Stop> {
    let latent = call.latent("latent")?;
    let image = call.images("image")?.first().cloned();
    let image = image.map(|image| imageops::resize(&image, latent.width, latent.height, FilterType::Triangle));
    let pictures = image.map(|image| panned(&image, latent.count));
    let latent = Latent { pictures, ..latent.as_ref().clone() };
    Ok(Left { outputs: vec![Output::Latent(Arc::new(latent))], ui: None })
}

/// `count` pictures from the one to the other.
fn between(first: &RgbImage, last: &RgbImage, count: u32) -> Vec<RgbImage> {
    let steps = count.saturating_sub(1).max(1);
    let mixed = |step: u32| {
        let mut picture = first.clone();
        for (pixel, last) in picture.pixels_mut().zip(last.pixels()) {
            for (part, last) in pixel.0.iter_mut().zip(last.0) {
                // A weighted mean of two bytes is a byte.
                let mean = (u32::from(*part) * (steps - step) + u32::from(last) * step + steps / 2) / steps;
                *part = u8::try_from(mean).unwrap_or(u8::MAX);
            }
        }
        picture
    };
    (0..count).map(mixed).collect()
}

/// `count` pictures, each a little further to the left; the last column goes on where the picture ends.
pub(super) fn panned(picture: &RgbImage, count: u32) -> Vec<RgbImage> {
    let steps = f64::from(count.saturating_sub(1).max(1));
    let moved = |step: u32| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "less than the width")]
        let by = (f64::from(picture.width()) * PAN * f64::from(step) / steps).round() as u32;
        RgbImage::from_fn(picture.width(), picture.height(), |x, y| -> Rgb<u8> {
            *picture.get_pixel((x + by).min(picture.width().saturating_sub(1)), y)
        })
    };
    (0..count).map(moved).collect()
}

pub(super) fn create_video(call: &Call<'_>) -> Result<Left, Stop> {
    let film = Film { frames: call.images("images")?, fps: call.number("fps")? };
    Ok(Left { outputs: vec![Output::Film(Arc::new(film))], ui: None })
}

pub(super) fn save_video(call: &Call<'_>) -> Result<Left, Stop> {
    // A choice that is missing or unknown passes validation and fails here, as on real servers.
    if !call.inputs.contains_key("format") || !["auto", "mp4"].contains(&call.text("format")?) {
        return Err(Exception::new("TypeError", "SaveVideo.execute() missing 1 required positional argument: 'format'\n").into());
    }
    let film = match call.inputs.get("video") {
        Some(Output::Film(film)) => Arc::clone(film),
        _ => return Err(call.not_a("video", "get_dimensions")),
    };
    let size = film.frames.first().map_or((0, 0), RgbImage::dimensions);
    let Place { inside, subfolder, stem, first } = Place::find(call, Folder::Output, call.text("filename_prefix")?, size)?;
    let filename = format!("{stem}_{first:05}_.mp4");
    let path = inside.join(&filename);
    encode(&film, size, &path)?;
    if call.faults.contains(&Fault::DiskFull) || call.faults.contains(&Fault::CutFile) {
        let bytes = fs::read(&path)?;
        fs::write(&path, &bytes[..bytes.len() / 2])?;
    }
    if call.faults.contains(&Fault::DiskFull) {
        return Err(Exception::disk_full().into());
    }
    let entry = json!({"filename": filename, "subfolder": subfolder, "type": Folder::Output.name()});
    let ui = (!call.faults.contains(&Fault::NoOutput)).then(|| json!({"images": [entry], "animated": [true]}));
    Ok(Left { outputs: Vec::new(), ui })
}

/// H.264 in MP4, as servers write it for `mp4` and `h264`.
fn encode(film: &Film, (width, height): (u32, u32), path: &std::path::Path) -> Result<(), Stop> {
    let failed = |reason: String| Stop::from(Exception::new("av.error.ExternalError", format!("{reason}\n")));
    let mut ffmpeg = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostdin", "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"])
        .args(["-video_size", &format!("{width}x{height}"), "-framerate", &film.fps.to_string(), "-i", "pipe:0"])
        .args(["-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-pix_fmt", "yuv420p", "-f", "mp4"])
        .arg(path)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(format!("films are encoded by ffmpeg, which does not run here: {error}")))?;
    let mut written = Ok(());
    if let Some(mut frames) = ffmpeg.stdin.take() {
        written = film.frames.iter().try_for_each(|frame| frames.write_all(frame.as_raw()));
    }
    // What it did not read it says the reason of.
    let ended = ffmpeg.wait_with_output()?;
    if !ended.status.success() {
        return Err(failed(String::from_utf8_lossy(&ended.stderr).trim().to_owned()));
    }
    Ok(written?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(left: [u8; 3], right: [u8; 3]) -> RgbImage {
        RgbImage::from_fn(16, 4, |x, _| Rgb(if x < 8 { left } else { right }))
    }

    #[test]
    fn a_film_between_two_pictures_begins_with_the_one_and_ends_with_the_other() {
        let (first, last) = (picture([0; 3], [255; 3]), picture([200, 100, 0], [255; 3]));
        let film = between(&first, &last, 5);
        assert_eq!((&film[0], &film[4], film.len()), (&first, &last, 5));
        assert_eq!(film[2].get_pixel(0, 0).0, [100, 50, 0]);
        assert_eq!(between(&first, &last, 1), [first]);
    }

    #[test]
    fn a_film_from_one_picture_begins_with_it_and_moves() {
        let first = picture([0; 3], [255; 3]);
        let film = panned(&first, 3);
        assert_eq!(film[0], first);
        assert_eq!(film[2].get_pixel(6, 0).0, [255; 3], "two of sixteen columns further");
        assert_eq!(film[2].get_pixel(5, 0).0, [0; 3]);
    }
}
