//! Nodes that make pictures of pictures.

use std::sync::Arc;

use image::imageops::{self, FilterType};
use image::{GrayImage, Luma, Rgb, RgbImage};

use super::{Call, Left, Output, Stop};
use crate::exception::Exception;
use crate::schedule::Memory;

/// Above this many pixels in a batch a real server runs out of memory before we do.
const MOST_PIXELS: u64 = 1 << 30;

pub(super) fn empty_image(call: &Call<'_>) -> Result<Left, Stop> {
    let (width, height, count, color) = (call.whole("width")?, call.whole("height")?, call.whole("batch_size")?, call.whole("color")?);
    if u64::from(width) * u64::from(height) * u64::from(count) > MOST_PIXELS {
        return Err(Exception::out_of(Memory::Host).into());
    }
    let [_, red, green, blue] = color.to_be_bytes();
    Ok(Left::images(vec![RgbImage::from_pixel(width, height, Rgb([red, green, blue])); count as usize]))
}

/// A picture that was uploaded, or made before.
pub(super) fn file(call: &Call<'_>, input: &str) -> Result<image::DynamicImage, Stop> {
    let name = call.text(input)?;
    let path = call.house.folders.annotated(name).ok_or_else(|| Exception::new("FileNotFoundError", format!("{name}\n")))?;
    Ok(image::ImageReader::open(path)?.with_guessed_format()?.decode()?)
}

pub(super) fn load_image(call: &Call<'_>) -> Result<Left, Stop> {
    let picture = file(call, "image")?;
    let mask = if picture.color().has_alpha() {
        let alpha = picture.to_rgba8();
        GrayImage::from_fn(alpha.width(), alpha.height(), |x, y| Luma([255 - alpha.get_pixel(x, y).0[3]]))
    } else {
        // What servers give for a picture without transparency.
        GrayImage::new(64, 64)
    };
    let images = Output::Images(Arc::new(vec![picture.to_rgb8()]));
    Ok(Left { outputs: vec![images, Output::Masks(Arc::new(vec![mask]))], ui: None })
}

fn filter(method: &str) -> FilterType {
    match method {
        "nearest-exact" => FilterType::Nearest,
        "lanczos" => FilterType::Lanczos3,
        "bicubic" => FilterType::CatmullRom,
        _ => FilterType::Triangle,
    }
}

pub(super) fn image_scale(call: &Call<'_>) -> Result<Left, Stop> {
    let images = call.images("image")?;
    let (width, height, method) = (call.whole("width")?, call.whole("height")?, filter(call.text("upscale_method")?));
    let center = call.text("crop")? == "center";
    let scale = |image: &RgbImage| {
        // 0 keeps the proportions.
        let (width, height) = match (width, height) {
            (0, 0) => image.dimensions(),
            (0, height) => (proportional(image.width(), height, image.height()), height),
            (width, 0) => (width, proportional(image.height(), width, image.width())),
            both => both,
        };
        if center {
            image::DynamicImage::ImageRgb8(image.clone()).resize_to_fill(width, height, method).to_rgb8()
        } else {
            imageops::resize(image, width, height, method)
        }
    };
    Ok(Left::images(images.iter().map(scale).collect()))
}

fn proportional(side: u32, to: u32, of: u32) -> u32 {
    u32::try_from(u64::from(side) * u64::from(to) / u64::from(of.max(1))).unwrap_or(u32::MAX).max(1)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sides are at most 16384 times 8")]
pub(super) fn image_scale_by(call: &Call<'_>) -> Result<Left, Stop> {
    let (images, by, method) = (call.images("image")?, call.number("scale_by")?, filter(call.text("upscale_method")?));
    let side = |side: u32| ((f64::from(side) * by).round() as u32).max(1);
    Ok(Left::images(images.iter().map(|image| imageops::resize(image, side(image.width()), side(image.height()), method)).collect()))
}

pub(super) fn image_invert(call: &Call<'_>) -> Result<Left, Stop> {
    let mut images = call.images("image")?.to_vec();
    images.iter_mut().for_each(imageops::invert);
    Ok(Left::images(images))
}

#[expect(clippy::cast_possible_truncation, reason = "sigma is at most 10")]
pub(super) fn image_blur(call: &Call<'_>) -> Result<Left, Stop> {
    let (images, sigma) = (call.images("image")?, call.number("sigma")? as f32);
    Ok(Left::images(images.iter().map(|image| imageops::blur(image, sigma)).collect()))
}

pub(super) fn image_crop(call: &Call<'_>) -> Result<Left, Stop> {
    let (images, x, y) = (call.images("image")?, call.whole("x")?, call.whole("y")?);
    let (width, height) = (call.whole("width")?, call.whole("height")?);
    let crop = |image: &RgbImage| {
        let (x, y) = (x.min(image.width() - 1), y.min(image.height() - 1));
        imageops::crop_imm(image, x, y, width.min(image.width() - x), height.min(image.height() - y)).to_image()
    };
    Ok(Left::images(images.iter().map(crop).collect()))
}

pub(super) fn image_composite_masked(call: &Call<'_>) -> Result<Left, Stop> {
    let (mut destination, source) = (call.images("destination")?.to_vec(), call.images("source")?);
    let (x, y) = (call.whole("x")?, call.whole("y")?);
    let resize = call.plain("resize_source")?.as_bool().unwrap_or(false);
    let masks = if call.inputs.contains_key("mask") { Some(call.masks("mask")?) } else { None };
    for (index, image) in destination.iter_mut().enumerate() {
        let Some(source) = source.get(index % source.len().max(1)) else { continue };
        let source = if resize { imageops::resize(source, image.width(), image.height(), FilterType::Triangle) } else { source.clone() };
        let mask = masks.as_ref().and_then(|masks| masks.get(index % masks.len().max(1)));
        let mask = mask.map(|mask| imageops::resize(mask, source.width(), source.height(), FilterType::Triangle));
        for (source_x, source_y, pixel) in source.enumerate_pixels() {
            let Some(below) = image.get_pixel_mut_checked(x + source_x, y + source_y) else { continue };
            let weight = mask.as_ref().map_or(255, |mask| u16::from(mask.get_pixel(source_x, source_y).0[0]));
            for (below, above) in below.0.iter_mut().zip(pixel.0) {
                // A weighted mean of two bytes is a byte.
                let mean = (u16::from(*below) * (255 - weight) + u16::from(above) * weight + 127) / 255;
                *below = u8::try_from(mean).unwrap_or(u8::MAX);
            }
        }
    }
    Ok(Left::images(destination))
}

pub(super) fn batch_images(call: &Call<'_>) -> Result<Left, Stop> {
    let mut names: Vec<_> =
        call.inputs.keys().filter_map(|name| Some((name.strip_prefix("images.image")?.parse::<u32>().ok()?, name))).collect();
    names.sort_unstable();
    let mut batch: Vec<RgbImage> = Vec::new();
    for (_, name) in names {
        for image in call.images(name)?.iter() {
            // All pictures of a batch have one size: the first's.
            let fitting = batch.first().map(RgbImage::dimensions).filter(|size| *size != image.dimensions());
            batch.push(
                fitting.map_or_else(|| image.clone(), |(width, height)| imageops::resize(image, width, height, FilterType::Triangle)),
            );
        }
    }
    Ok(Left::images(batch))
}

pub(super) fn repeat_image_batch(call: &Call<'_>) -> Result<Left, Stop> {
    let images = call.images("image")?;
    let amount = call.whole("amount")? as usize;
    Ok(Left::images(std::iter::repeat_n(images.iter(), amount).flatten().cloned().collect()))
}

pub(super) fn image_from_batch(call: &Call<'_>) -> Result<Left, Stop> {
    let images = call.images("image")?;
    let from = (call.whole("batch_index")? as usize).min(images.len().saturating_sub(1));
    Ok(Left::images(images.iter().skip(from).take(call.whole("length")? as usize).cloned().collect()))
}
