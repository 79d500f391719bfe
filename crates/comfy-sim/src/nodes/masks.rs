//! Nodes that make masks, and pictures of masks.

use std::sync::Arc;

use image::{GrayImage, Luma, Rgb, RgbImage};

use super::{Call, Left, Output, Stop};

fn masks(masks: Vec<GrayImage>) -> Left {
    Left { outputs: vec![Output::Masks(Arc::new(masks))], ui: None }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the value is between 0 and 1")]
pub(super) fn solid_mask(call: &Call<'_>) -> Result<Left, Stop> {
    let value = (call.number("value")?.clamp(0.0, 1.0) * 255.0).round() as u8;
    Ok(masks(vec![GrayImage::from_pixel(call.whole("width")?, call.whole("height")?, Luma([value]))]))
}

pub(super) fn invert_mask(call: &Call<'_>) -> Result<Left, Stop> {
    let mut inverted = call.masks("mask")?.to_vec();
    inverted.iter_mut().for_each(image::imageops::invert);
    Ok(masks(inverted))
}

pub(super) fn mask_to_image(call: &Call<'_>) -> Result<Left, Stop> {
    let grey = |mask: &GrayImage| {
        RgbImage::from_fn(mask.width(), mask.height(), |x, y| {
            let Luma([value]) = *mask.get_pixel(x, y);
            Rgb([value; 3])
        })
    };
    Ok(Left::images(call.masks("mask")?.iter().map(grey).collect()))
}

/// A channel of a picture.
fn channel(call: &Call<'_>, images: &[RgbImage]) -> Result<Left, Stop> {
    let channel = match call.text("channel")? {
        "green" => 1,
        "blue" => 2,
        _ => 0,
    };
    let mask = |image: &RgbImage| GrayImage::from_fn(image.width(), image.height(), |x, y| Luma([image.get_pixel(x, y).0[channel]]));
    Ok(masks(images.iter().map(mask).collect()))
}

pub(super) fn image_to_mask(call: &Call<'_>) -> Result<Left, Stop> {
    channel(call, &call.images("image")?)
}

pub(super) fn load_image_mask(call: &Call<'_>) -> Result<Left, Stop> {
    channel(call, &[super::pictures::file(call, "image")?.to_rgb8()])
}
