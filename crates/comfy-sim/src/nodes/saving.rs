//! Nodes that leave files, or send pictures.

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use image::{ImageFormat, RgbImage};
use serde_json::{Value, json};

use super::{Call, Left, Stop};
use crate::exception::Exception;
use crate::folders::Folder;
use crate::schedule::Fault;
use crate::sockets::Picture;

/// How the rest of a file's name is written.
#[derive(Clone, Copy)]
enum Naming {
    /// `prefix_00001_.png`.
    Underscore,
    /// `prefix_00001.png`.
    Plain,
}

pub(super) fn save_image(call: &Call<'_>) -> Result<Left, Stop> {
    save(call, Folder::Output, call.text("filename_prefix")?, Naming::Underscore)
}

pub(super) fn save_image_advanced(call: &Call<'_>) -> Result<Left, Stop> {
    // A choice that is missing or unknown passes validation and fails here, as on real servers.
    if !call.inputs.contains_key("format") || call.text("format")? != "png" {
        return Err(Exception::new("TypeError", "SaveImageAdvanced.execute() missing 1 required positional argument: 'format'\n").into());
    }
    save(call, Folder::Output, call.text("filename_prefix")?, Naming::Plain)
}

pub(super) fn preview_image(call: &Call<'_>) -> Result<Left, Stop> {
    save(call, Folder::Temp, "ComfyUI_temp_standin", Naming::Underscore)
}

/// Where files of a prefix go, and which number the first of them has.
pub(super) struct Place {
    pub(super) inside: PathBuf,
    pub(super) subfolder: String,
    pub(super) stem: String,
    pub(super) first: u32,
}

impl Place {
    /// Finds it, and makes its folder.
    pub(super) fn find(call: &Call<'_>, folder: Folder, prefix: &str, (width, height): (u32, u32)) -> Result<Self, Stop> {
        let prefix = prefix.replace("%width%", &width.to_string()).replace("%height%", &height.to_string());
        let (subfolder, stem) = prefix.rsplit_once('/').unwrap_or(("", &prefix));
        let inside = call.house.folders.inside(folder, subfolder).ok_or_else(|| {
            Exception::new("Exception", "**** ERROR: Saving image outside the output folder is not allowed.\n full_output_folder: ...\n")
        })?;
        fs::create_dir_all(&inside)?;
        let first = next_number(&inside, stem)?;
        Ok(Self { inside, subfolder: subfolder.to_owned(), stem: stem.to_owned(), first })
    }
}

fn save(call: &Call<'_>, folder: Folder, prefix: &str, naming: Naming) -> Result<Left, Stop> {
    let images = call.images("images")?;
    let size = images.first().map_or((0, 0), RgbImage::dimensions);
    let Place { inside, subfolder, stem, first } = Place::find(call, folder, prefix, size)?;
    let mut entries = Vec::new();
    for (number, image) in (first..).zip(images.iter()) {
        let filename = match naming {
            Naming::Underscore => format!("{stem}_{number:05}_.png"),
            Naming::Plain => format!("{stem}_{number:05}.png"),
        };
        let mut bytes = png(image, call)?;
        let half = bytes.len() / 2;
        if call.faults.contains(&Fault::DiskFull) {
            fs::write(inside.join(&filename), &bytes[..half])?;
            return Err(Exception::disk_full().into());
        }
        if call.faults.contains(&Fault::CutFile) {
            bytes.truncate(half);
        }
        fs::write(inside.join(&filename), bytes)?;
        entries.push(json!({"filename": filename, "subfolder": subfolder, "type": folder.name()}));
    }
    let ui = (!call.faults.contains(&Fault::NoOutput)).then(|| json!({"images": entries}));
    Ok(Left { outputs: vec![super::Output::Images(images)], ui })
}

/// One more than the highest number of the prefix in the folder, found by listing it: a deleted last number is
/// given again.
fn next_number(folder: &std::path::Path, stem: &str) -> Result<u32, std::io::Error> {
    let mut highest = 0;
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(stem)?.strip_prefix('_')?.split(['_', '.']).next()?.parse().ok());
        highest = highest.max(number.unwrap_or(0));
    }
    Ok(highest + 1)
}

/// A PNG with the graph in it, as servers write it.
fn png(image: &RgbImage, call: &Call<'_>) -> Result<Vec<u8>, Stop> {
    let wrong = |error: png::EncodingError| Stop::from(Exception::new("OSError", error.to_string()));
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.width(), image.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    if call.house.options.hurried_pngs {
        encoder.set_compression(png::Compression::Fast);
    }
    let text = |value: &Value| value.to_string();
    encoder.add_itxt_chunk("prompt".to_owned(), text(call.graph)).map_err(wrong)?;
    if let Some(workflow) = call.workflow {
        encoder.add_itxt_chunk("workflow".to_owned(), text(workflow)).map_err(wrong)?;
    }
    let mut writer = encoder.write_header().map_err(wrong)?;
    writer.write_image_data(image.as_raw()).map_err(wrong)?;
    writer.finish().map_err(wrong)?;
    Ok(bytes)
}

pub(super) fn save_image_websocket(call: &Call<'_>) -> Result<Left, Stop> {
    let images = call.images("images")?;
    let count = u32::try_from(images.len()).unwrap_or(u32::MAX);
    for (index, image) in (0..).zip(images.iter()) {
        let mut bytes = Vec::new();
        image.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)?;
        let (prompt_id, node) = (call.prompt_id.to_owned(), call.node.to_owned());
        (call.step)(index, count, Some(Picture { png: true, bytes: bytes.into(), prompt_id, node, whole: true }))?;
    }
    Ok(Left::default())
}
