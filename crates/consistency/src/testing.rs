//! Drawn test pictures: small, deterministic, and with known parts.

use std::io::Cursor;

use bible::{Colour, Slug, Tones};
use engine::picture::{PartEntry, PartMap, Raster};

pub(crate) fn flat(width: u32, height: u32, pixel: [u8; 4]) -> Raster {
    Raster { width, height, rgba: pixel.repeat((width * height) as usize) }
}

pub(crate) fn noise(width: u32, height: u32, mut seed: u32) -> Raster {
    let mut picture = flat(width, height, [0, 0, 0, 255]);
    for (index, byte) in picture.rgba.iter_mut().enumerate() {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        if index % 4 != 3 {
            *byte = (seed >> 8) as u8;
        }
    }
    picture
}

/// A head with hair and two eyes, flat as a cel, lines around everything.
pub(crate) fn face(width: u32, height: u32) -> Raster {
    Face::default().draw(width, height).0
}

pub(crate) fn png(picture: &Raster) -> Vec<u8> {
    let mut bytes = Vec::new();
    let buffer = image::RgbaImage::from_raw(picture.width, picture.height, picture.rgba.clone()).unwrap();
    buffer.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
    bytes
}

pub(crate) fn blurred(picture: &Raster, sigma: f32) -> Raster {
    let buffer = image::RgbaImage::from_raw(picture.width, picture.height, picture.rgba.clone()).unwrap();
    Raster { rgba: image::imageops::blur(&buffer, sigma).into_raw(), ..picture.clone() }
}

/// What a [`Face`] is drawn with, which need not be what it should have.
#[derive(Clone)]
pub(crate) struct Face {
    pub(crate) hair: Colour,
    pub(crate) skin: Colour,
    pub(crate) left: Colour,
    pub(crate) right: Colour,
    pub(crate) light: [f32; 3],
}

impl Default for Face {
    fn default() -> Self {
        Self {
            hair: Colour::new(0x2b, 0x2f, 0x4a),
            skin: Colour::new(0xf3, 0xd2, 0xb8),
            left: Colour::new(0x3f, 0x8f, 0xd0),
            right: Colour::new(0xd8, 0x9a, 0x2b),
            light: [1.0; 3],
        }
    }
}

impl Face {
    /// The picture in this face's colours, with a part map that asks for the default face's.
    pub(crate) fn draw(&self, width: u32, height: u32) -> (Raster, PartMap) {
        let right = Self::default();
        let owner: Option<Slug> = Some("mei".parse().unwrap());
        let entry = |part: &str, tones: Option<Colour>| PartEntry {
            owner: owner.clone(),
            part: part.to_owned(),
            tones: tones.map(Tones::from_base),
            light: self.light,
        };
        let parts = vec![
            PartEntry { owner: None, part: "background".to_owned(), tones: None, light: [1.0; 3] },
            entry("hair", Some(right.hair)),
            entry("skin", Some(right.skin)),
            entry("iris.left", Some(right.left)),
            entry("iris.right", Some(right.right)),
            entry("line", None),
        ];
        let lit = |colour: Colour| self.lit(colour);
        let mut picture = flat(width, height, [0; 4]);
        let mut indices = vec![0u8; (width * height) as usize];
        for (place, pixel) in picture.rgba.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let x = (place as u32 % width) as f32 / height as f32 - width as f32 / height as f32 / 2.0;
            let y = (place as u32 / width) as f32 / height as f32 - 0.5;
            let shade = |tones: Tones| lit(if x > y * 0.3 + 0.1 { tones.shadow() } else { tones.base });
            // An ellipse with its line: below 1 inside, up to 1.06 on the line.
            let reach = |cx: f32, cy: f32, rx: f32, ry: f32| ((x - cx) / rx).hypot((y - cy) / ry);
            let (head, hair) = (reach(0.0, 0.05, 0.26, 0.32), reach(0.0, -0.06, 0.34, 0.38));
            // The character's left eye is on the viewer's right.
            let (left, right) = (reach(0.11, 0.05, 0.05, 0.07), reach(-0.11, 0.05, 0.05, 0.07));
            let fringe = y < -0.08 + 0.05 * (x * 30.0).sin().abs();
            let (part, colour) = if left < 1.0 {
                (3, lit(self.left))
            } else if right < 1.0 {
                (4, lit(self.right))
            } else if left.min(right) < 1.2 || (head - 1.0).abs() < 0.03 || (hair - 1.0).abs() < 0.03 {
                (5, [30, 26, 38])
            } else if head < 1.0 && !fringe {
                (2, shade(Tones::from_base(self.skin)))
            } else if hair < 1.0 {
                (1, shade(Tones::from_base(self.hair)))
            } else {
                (0, if (x * 8.0).floor() as i32 % 2 == 0 { [176, 200, 214] } else { [150, 178, 160] })
            };
            indices[place] = part;
            *pixel = [colour[0], colour[1], colour[2], 255];
        }
        (picture, PartMap { width, height, indices, parts })
    }

    /// The colour under this face's light, as a painter would round it.
    fn lit(&self, colour: Colour) -> [u8; 3] {
        let mut channels = colour.channels();
        for (channel, gain) in channels.iter_mut().zip(self.light) {
            let value = f64::from(*channel) / 255.0;
            let linear = if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) };
            let bright = (linear * f64::from(gain)).min(1.0);
            let code = if bright <= 0.003_130_8 { bright * 12.92 } else { 1.055 * bright.powf(1.0 / 2.4) - 0.055 };
            *channel = (code * 255.0).round() as u8;
        }
        channels
    }
}
