//! Stand-in samplers: a picture that follows from prompt and seed, with a chosen amount of drift.
//!
//! The prompt decides what is there and in which colours; the seed decides where; drift moves the colours away from
//! what the prompt says, as much as asked for, so that a judge of pictures has something to find.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Cursor;
use std::sync::Arc;

use image::{GrayImage, ImageFormat, Rgb, RgbImage, imageops};

use super::{Call, Latent, Left, Output, Stop};
use crate::sockets::Picture;

/// The longest side of a preview, as servers make them.
const PREVIEW_SIDE: u32 = 512;

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every machine.
struct Random(u64);

impl Random {
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn colour(&mut self) -> [f64; 3] {
        std::array::from_fn(|_| self.unit())
    }
}

/// What a sampler draws.
struct Sketch<'a> {
    prompt: &'a str,
    seed: u64,
    size: (u32, u32),
    drift: f64,
    base: Option<&'a RgbImage>,
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
fn byte(value: f64) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0).round() as u8
}

impl Sketch<'_> {
    fn draw(&self) -> RgbImage {
        let mut picture = match self.base {
            Some(base) => imageops::resize(base, self.size.0, self.size.1, imageops::FilterType::Triangle),
            None => self.invent(),
        };
        self.drift(&mut picture);
        picture
    }

    fn invent(&self) -> RgbImage {
        let mut said = Random(hash(self.prompt));
        let mut chance = Random(self.seed ^ 0x0005_eed0);
        let (sky, ground) = (said.colour(), said.colour());
        let horizon = 0.45 + 0.3 * said.unit();
        let shapes: Vec<_> = (0..3 + said.next() % 4)
            .map(|_| (said.colour(), 0.06 + 0.16 * said.unit(), [chance.unit(), 0.3 + 0.6 * chance.unit()]))
            .collect();
        let (width, height) = (f64::from(self.size.0), f64::from(self.size.1));
        RgbImage::from_fn(self.size.0, self.size.1, |x, y| {
            let (across, down) = ((f64::from(x) + 0.5) / width, (f64::from(y) + 0.5) / height);
            let inside = |radius: f64, [left, top]: [f64; 2]| ((across - left) * width / height).hypot(down - top) < radius;
            let shape = shapes.iter().rev().find(|(_, radius, at)| inside(*radius, *at));
            let colour = shape.map_or_else(
                || if down < horizon { sky.map(|part| part * (0.7 + 0.3 * down / horizon)) } else { ground },
                |(colour, ..)| *colour,
            );
            Rgb(colour.map(byte))
        })
    }

    /// Moves every colour by up to `drift` of the full range, and puts as much noise on it.
    fn drift(&self, picture: &mut RgbImage) {
        if self.drift <= 0.0 {
            return;
        }
        let mut chance = Random(self.seed ^ 0xd21f_7000);
        let shift: [f64; 3] = std::array::from_fn(|_| (chance.unit() * 2.0 - 1.0) * self.drift);
        for pixel in picture.pixels_mut() {
            for (part, shift) in pixel.0.iter_mut().zip(shift) {
                let noise = (chance.unit() - 0.5) * 0.2 * self.drift;
                *part = byte(f64::from(*part) / 255.0 + shift + noise);
            }
        }
    }
}

/// What was drawn, where a mask is white, and what was there before elsewhere.
fn only_within(mask: &GrayImage, before: &RgbImage, mut drawn: RgbImage) -> RgbImage {
    let (width, height) = drawn.dimensions();
    let mask = imageops::resize(mask, width, height, imageops::FilterType::Triangle);
    let before = imageops::resize(before, width, height, imageops::FilterType::Triangle);
    for ((drawn, before), mask) in drawn.pixels_mut().zip(before.pixels()).zip(mask.pixels()) {
        if mask.0[0] < 128 {
            *drawn = *before;
        }
    }
    drawn
}

/// Runs the steps: each takes the server's time for a step and shows a picture that gets sharper.
fn sample(call: &Call<'_>, steps: u32, pictures: &[RgbImage]) -> Result<(), Stop> {
    for step in 1..=steps {
        std::thread::sleep(call.house.options.step);
        let preview = pictures.first().filter(|_| call.previews).map(|picture| preview(call, picture, step, steps)).transpose()?;
        (call.step)(step, steps, preview)?;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "steps are few")]
fn preview(call: &Call<'_>, picture: &RgbImage, step: u32, steps: u32) -> Result<Picture, Stop> {
    let largest = picture.width().max(picture.height());
    let scale = f64::from(PREVIEW_SIDE.min(largest)) / f64::from(largest);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 512")]
    let side = |side: u32| ((f64::from(side) * scale) as u32).max(1);
    let small = imageops::thumbnail(picture, side(picture.width()), side(picture.height()));
    let blur = (1.0 - step as f32 / steps as f32) * 6.0;
    let shown = if blur > 0.1 { imageops::fast_blur(&small, blur) } else { small };
    let mut bytes = Vec::new();
    shown.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Jpeg)?;
    let (prompt_id, node) = (call.prompt_id.to_owned(), call.node.to_owned());
    Ok(Picture { png: false, bytes: bytes.into(), prompt_id, node, whole: false })
}

pub(super) fn k_sampler(call: &Call<'_>) -> Result<Left, Stop> {
    let (latent, steps) = (call.latent("latent_image")?, call.whole("steps")?);
    let pictures = drawn(call, &latent, call.seed("seed")?)?;
    sample(call, steps, &pictures)?;
    let latent = Latent { pictures: Some(pictures), ..latent.as_ref().clone() };
    Ok(Left { outputs: vec![Output::Latent(Arc::new(latent))], ui: None })
}

/// Draws some of the steps. What comes out with noise left over is for another sampler to go on with.
pub(super) fn k_sampler_advanced(call: &Call<'_>) -> Result<Left, Stop> {
    let (latent, steps) = (call.latent("latent_image")?, call.whole("steps")?);
    let (from, to) = (call.whole("start_at_step")?, call.whole("end_at_step")?.min(steps));
    let steps = to.saturating_sub(from);
    if call.text("return_with_leftover_noise")? == "enable" {
        call.model("model")?;
        sample(call, steps, latent.pictures.as_deref().unwrap_or_default())?;
        return Ok(Left { outputs: vec![Output::Latent(latent)], ui: None });
    }
    let pictures = drawn(call, &latent, call.seed("noise_seed")?)?;
    sample(call, steps, &pictures)?;
    let latent = Latent { pictures: Some(pictures), ..latent.as_ref().clone() };
    Ok(Left { outputs: vec![Output::Latent(Arc::new(latent))], ui: None })
}

/// How many steps a sampler takes: all that a stand-in knows of how they are spread.
pub(super) fn ltxv_scheduler(call: &Call<'_>) -> Result<Left, Stop> {
    Ok(Left { outputs: vec![Output::Plain(call.whole("steps")?.into())], ui: None })
}

pub(super) fn k_sampler_select(call: &Call<'_>) -> Result<Left, Stop> {
    Ok(Left { outputs: vec![Output::Plain(call.text("sampler_name")?.into())], ui: None })
}

pub(super) fn sampler_custom(call: &Call<'_>) -> Result<Left, Stop> {
    call.text("sampler")?;
    let (latent, steps) = (call.latent("latent_image")?, call.whole("sigmas")?);
    let pictures = drawn(call, &latent, call.seed("noise_seed")?)?;
    sample(call, steps, &pictures)?;
    let latent = Output::Latent(Arc::new(Latent { pictures: Some(pictures), ..latent.as_ref().clone() }));
    Ok(Left { outputs: vec![latent.clone(), latent], ui: None })
}

/// The pictures of a latent as the model and the prompt have them.
fn drawn(call: &Call<'_>, latent: &Latent, seed: u64) -> Result<Vec<RgbImage>, Stop> {
    let model = call.model("model")?;
    let positive = call.conditioning("positive")?;
    call.conditioning("negative")?;
    let drift = call.house.options.drift;
    let prompt = format!("{model}: {positive}");
    let size = (latent.width, latent.height);
    let draw = |index: u32| {
        let base = latent.pictures.as_ref().and_then(|pictures| pictures.get(index as usize));
        // The frames of a film are off alike; pictures are several tries.
        let seed = if latent.film { seed } else { seed.wrapping_add(u64::from(index)) };
        let drawn = Sketch { prompt: &prompt, seed, size, drift, base }.draw();
        match (base, &latent.mask) {
            (Some(base), Some(mask)) => only_within(mask, base, drawn),
            _ => drawn,
        }
    };
    if latent.film && latent.pictures.is_none() {
        return Ok(super::film::panned(&draw(0), latent.count));
    }
    Ok((0..latent.count).map(draw).collect())
}

pub(super) fn stand_in_sampler(call: &Call<'_>) -> Result<Left, Stop> {
    let (seed, steps, drift) = (call.seed("seed")?, call.whole("steps")?, call.number("drift")?);
    let (size, count) = ((call.whole("width")?, call.whole("height")?), call.whole("batch_size")?);
    let bases = if call.inputs.contains_key("image") { call.images("image")? } else { Arc::default() };
    let prompt = call.text("prompt")?;
    let draw = |index: u32| {
        let base = (!bases.is_empty()).then(|| &bases[index as usize % bases.len()]);
        Sketch { prompt, seed: seed.wrapping_add(u64::from(index)), size, drift, base }.draw()
    };
    let pictures: Vec<_> = (0..count).map(draw).collect();
    sample(call, steps, &pictures)?;
    Ok(Left::images(pictures))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(prompt: &str, seed: u64, drift: f64) -> RgbImage {
        Sketch { prompt, seed, size: (64, 48), drift, base: None }.draw()
    }

    fn distance(left: &RgbImage, right: &RgbImage) -> f64 {
        let parts = left.as_raw().iter().zip(right.as_raw());
        parts.map(|(left, right)| f64::from(left.abs_diff(*right))).sum::<f64>() / left.as_raw().len() as f64
    }

    #[test]
    fn the_same_prompt_and_seed_give_the_same_picture() {
        assert_eq!(sketch("a girl", 7, 0.3), sketch("a girl", 7, 0.3));
        assert_ne!(sketch("a girl", 7, 0.0), sketch("a girl", 8, 0.0));
        assert_ne!(sketch("a girl", 7, 0.0), sketch("a boy", 7, 0.0));
    }

    #[test]
    fn more_drift_is_farther_from_what_was_said() {
        let said = sketch("a girl", 7, 0.0);
        let distances: Vec<_> = [0.1, 0.3, 0.6].iter().map(|drift| distance(&said, &sketch("a girl", 7, *drift))).collect();
        assert!(distances[0] > 1.0 && distances.is_sorted(), "{distances:?}");
    }
}
