//! Stand-ins for what needs a model: loaders, text encoders, latents. They hold names and sizes.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::{Call, Latent, Left, Output, Stop};

fn latent(latent: Latent) -> Left {
    Left { outputs: vec![Output::Latent(Arc::new(latent))], ui: None }
}

pub(super) fn checkpoint_loader(call: &Call<'_>) -> Result<Left, Stop> {
    let name = call.text("ckpt_name")?;
    Ok(Left { outputs: vec![Output::Model(name.to_owned()), Output::Clip, Output::Vae], ui: None })
}

pub(super) fn lora_loader(call: &Call<'_>) -> Result<Left, Stop> {
    let name = format!("{}+{}", call.model("model")?, call.text("lora_name")?);
    Ok(Left { outputs: vec![Output::Model(name), Output::Clip], ui: None })
}

pub(super) fn clip_text_encode(call: &Call<'_>) -> Result<Left, Stop> {
    match call.inputs.get("clip") {
        Some(Output::Clip) => Ok(Left { outputs: vec![Output::Conditioning(call.text("text")?.to_owned())], ui: None }),
        _ => Err(call.not_a("clip", "tokenize")),
    }
}

pub(super) fn clip_vision_loader(call: &Call<'_>) -> Result<Left, Stop> {
    call.text("clip_name")?;
    Ok(Left { outputs: vec![Output::Vision], ui: None })
}

/// What is seen in a picture follows from its pixels, so that another picture is seen as something else.
pub(super) fn clip_vision_encode(call: &Call<'_>) -> Result<Left, Stop> {
    if !matches!(call.inputs.get("clip_vision"), Some(Output::Vision)) {
        return Err(call.not_a("clip_vision", "encode_image"));
    }
    let mut hasher = DefaultHasher::new();
    call.images("image")?.iter().for_each(|image| image.as_raw().hash(&mut hasher));
    Ok(Left { outputs: vec![Output::Seen(format!("like {:016x}", hasher.finish()))], ui: None })
}

pub(super) fn unclip_conditioning(call: &Call<'_>) -> Result<Left, Stop> {
    let conditioning = call.conditioning("conditioning")?;
    let Some(Output::Seen(seen)) = call.inputs.get("clip_vision_output") else {
        return Err(call.not_a("clip_vision_output", "image_embeds"));
    };
    let said = format!("{conditioning}, {seen}, {}", call.number("strength")?);
    Ok(Left { outputs: vec![Output::Conditioning(said)], ui: None })
}

pub(super) fn empty_latent_image(call: &Call<'_>) -> Result<Left, Stop> {
    let (width, height, count) = (call.whole("width")?, call.whole("height")?, call.whole("batch_size")?);
    // Latents have an eighth of the size, rounded down.
    Ok(latent(Latent { width: width / 8 * 8, height: height / 8 * 8, count, pictures: None, mask: None, film: false }))
}

pub(super) fn vae_encode(call: &Call<'_>) -> Result<Left, Stop> {
    let pictures = call.images("pixels")?.to_vec();
    let (width, height) = pictures.first().map_or((8, 8), image::RgbImage::dimensions);
    let count = u32::try_from(pictures.len()).unwrap_or(u32::MAX);
    Ok(latent(Latent { width, height, count, pictures: Some(pictures), mask: None, film: false }))
}

pub(super) fn set_latent_noise_mask(call: &Call<'_>) -> Result<Left, Stop> {
    let mask = call.masks("mask")?.first().cloned();
    Ok(latent(Latent { mask, ..call.latent("samples")?.as_ref().clone() }))
}

/// Softens where a mask's edges are, which this server's samplers do anyway: the model stays what it is.
pub(super) fn differential_diffusion(call: &Call<'_>) -> Result<Left, Stop> {
    Ok(Left { outputs: vec![Output::Model(call.model("model")?)], ui: None })
}

pub(super) fn vae_decode(call: &Call<'_>) -> Result<Left, Stop> {
    let latent = call.latent("samples")?;
    let empty = || vec![image::RgbImage::new(latent.width, latent.height); latent.count as usize];
    Ok(Left::images(latent.pictures.clone().unwrap_or_else(empty)))
}
