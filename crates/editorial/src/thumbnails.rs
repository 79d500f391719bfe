//! Small pictures: a contact sheet of all shots, and a poster of each.

use std::io::Cursor;
use std::sync::{Arc, LazyLock};

use bible::FrameRate;
use engine::picture::Raster;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{ImageEncoder, RgbImage};
use resvg::usvg::{self, fontdb};

use crate::error::{Error, Result};
use crate::report::escape;

/// Width of a shot on the contact sheet, in pixels.
const THUMB_WIDTH: u32 = 320;
/// Space around and between shots.
const GUTTER: u32 = 20;
/// Height of the label under a shot.
const LABEL: u32 = 46;
/// Height of the heading.
const HEADING: u32 = 92;
/// Most shots on one sheet; a longer episode has several.
pub const MOST_SHOTS: usize = 400;

pub(crate) const GROUND: [u8; 3] = [0x14, 0x12, 0x1a];

/// Noto Sans comes with the program, so a sheet looks the same everywhere.
static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(notosans::REGULAR_TTF.to_vec());
    fonts.load_font_data(notosans::BOLD_TTF.to_vec());
    fonts.set_sans_serif_family("Noto Sans");
    Arc::new(fonts)
});

/// A frame's place as `hh:mm:ss:ff`, counting whole frames (non-drop).
#[must_use]
pub fn timecode(rate: FrameRate, frame: u64) -> String {
    let base = u64::from(rate.numerator().div_ceil(rate.denominator()));
    let seconds = frame / base;
    format!("{:02}:{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60, frame % base)
}

/// A contact sheet in the making: each shot is scaled down as it comes, so that memory does not grow with
/// the pictures.
pub struct ContactSheet {
    title: String,
    subtitle: String,
    shots: Vec<(RgbImage, String, String)>,
}

impl ContactSheet {
    /// An empty sheet with a heading.
    #[must_use]
    pub fn new(title: &str, subtitle: &str) -> Self {
        Self { title: title.to_owned(), subtitle: subtitle.to_owned(), shots: Vec::new() }
    }

    /// Adds a shot: its picture, its id, and what stands beside it (time code, framing…).
    ///
    /// # Errors
    /// When the picture has no pixels, or the sheet is full.
    pub fn add(&mut self, image: &Raster, id: &str, note: &str) -> Result<()> {
        if self.shots.len() == MOST_SHOTS {
            return Err(Error::bad(format!("shot {id}"), format!("a contact sheet holds {MOST_SHOTS} shots")));
        }
        self.shots.push((scaled(image, THUMB_WIDTH, id)?, id.to_owned(), note.to_owned()));
        Ok(())
    }

    /// The sheet as a JPEG file.
    ///
    /// # Errors
    /// When there is nothing on it, or it cannot be drawn.
    pub fn jpeg(&self) -> Result<Vec<u8>> {
        jpeg(&self.draw()?, 88, "the contact sheet")
    }

    /// The sheet as a PNG file.
    ///
    /// # Errors
    /// When there is nothing on it, or it cannot be drawn.
    pub fn png(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.draw()?
            .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png)
            .map_err(|error| drawing("the contact sheet", &error))?;
        Ok(bytes)
    }

    fn draw(&self) -> Result<RgbImage> {
        let Some((first, ..)) = self.shots.first() else { return Err(Error::bad("the contact sheet", "it has no shots")) };
        let thumb_height = self.shots.iter().map(|(image, ..)| image.height()).max().unwrap_or(first.height());
        let columns = (self.shots.len() as f64).sqrt().ceil().clamp(2.0, 6.0) as u32;
        let rows = (self.shots.len() as u32).div_ceil(columns);
        let (width, height) = (GUTTER + columns * (THUMB_WIDTH + GUTTER), HEADING + rows * (thumb_height + LABEL) + GUTTER);
        let place = |index: u32| (GUTTER + index % columns * (THUMB_WIDTH + GUTTER), HEADING + index / columns * (thumb_height + LABEL));

        let mut labels = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' font-family='Noto Sans'>\
             <text x='{GUTTER}' y='44' font-size='26' font-weight='700' fill='#f4f1ea'>{}</text>\
             <text x='{GUTTER}' y='70' font-size='14' fill='#a39db0'>{}</text>",
            escape(&self.title),
            escape(&self.subtitle)
        );
        for (index, (_, id, note)) in self.shots.iter().enumerate() {
            let (x, y) = place(index as u32);
            let (right, base) = (x + THUMB_WIDTH, y + thumb_height + 21);
            labels.push_str(&format!(
                "<text x='{x}' y='{base}' font-size='14' font-weight='700' fill='#f4f1ea'>{}</text>\
                 <text x='{right}' y='{base}' font-size='13' text-anchor='end' fill='#a39db0'>{}</text>",
                escape(id),
                escape(note)
            ));
        }
        labels.push_str("</svg>");
        let mut sheet = RgbImage::from_pixel(width, height, image::Rgb(GROUND));
        draw_labels(&mut sheet, &labels)?;
        for (index, (image, ..)) in self.shots.iter().enumerate() {
            let (x, y) = place(index as u32);
            image::imageops::replace(&mut sheet, image, i64::from(x), i64::from(y));
        }
        Ok(sheet)
    }
}

/// A shot's picture as a JPEG of at most this width.
///
/// # Errors
/// When the picture has no pixels.
pub fn poster(image: &Raster, most_width: u32) -> Result<Vec<u8>> {
    jpeg(&scaled(image, most_width.min(image.width), "a poster")?, 85, "a poster")
}

pub(crate) fn draw_labels(sheet: &mut RgbImage, svg: &str) -> Result<()> {
    let options = usvg::Options { fontdb: Arc::clone(&FONTS), font_family: "Noto Sans".to_owned(), ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|error| drawing("the labels", &error))?;
    let mut pixels = resvg::tiny_skia::Pixmap::new(sheet.width(), sheet.height())
        .ok_or_else(|| Error::bad("the contact sheet", format!("{}x{} pixels are too many", sheet.width(), sheet.height())))?;
    resvg::render(&tree, resvg::tiny_skia::Transform::identity(), &mut pixels.as_mut());
    for (under, over) in sheet.pixels_mut().zip(pixels.pixels()) {
        let over = [over.red(), over.green(), over.blue(), over.alpha()];
        for (channel, value) in under.0.iter_mut().enumerate() {
            // Premultiplied source over opaque ground.
            *value = over[channel].saturating_add((u32::from(*value) * (255 - u32::from(over[3])) / 255) as u8);
        }
    }
    Ok(())
}

/// The picture over black at another width, its sides in proportion.
pub(crate) fn scaled(image: &Raster, width: u32, what: &str) -> Result<RgbImage> {
    let opaque: Vec<u8> = image
        .rgba
        .as_chunks::<4>()
        .0
        .iter()
        .flat_map(|[red, green, blue, alpha]| [red, green, blue].map(|channel| (u32::from(*channel) * u32::from(*alpha) / 255) as u8))
        .collect();
    let whole = RgbImage::from_raw(image.width, image.height, opaque).filter(|whole| whole.width() > 0 && whole.height() > 0 && width > 0);
    let whole = whole.ok_or_else(|| {
        Error::bad(what, format!("a picture of {}x{} pixels in {} bytes cannot be shown", image.width, image.height, image.rgba.len()))
    })?;
    if width == image.width {
        return Ok(whole);
    }
    let height = (u64::from(width) * u64::from(image.height) / u64::from(image.width)).clamp(1, 4 * u64::from(width)) as u32;
    Ok(image::imageops::resize(&whole, width, height, FilterType::Triangle))
}

fn jpeg(image: &RgbImage, quality: u8, what: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(Cursor::new(&mut bytes), quality)
        .write_image(image, image.width(), image.height(), image::ExtendedColorType::Rgb8)
        .map_err(|error| drawing(what, &error))?;
    Ok(bytes)
}

pub(crate) fn drawing(what: &str, error: &dyn std::fmt::Display) -> Error {
    Error::Picture { what: what.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(width: u32, height: u32, pixel: [u8; 4]) -> Raster {
        Raster { width, height, rgba: pixel.repeat((width * height) as usize) }
    }

    #[test]
    fn a_sheet_shows_every_shot_with_its_label() {
        let mut sheet = ContactSheet::new("Lantern <Road> & co", "S01E01");
        for index in 0..5 {
            sheet.add(&flat(1280, 720, [200, 40, 40, 255]), &format!("S01E01.01.00{index}"), "00:00:01:00").unwrap();
        }
        let image = image::load_from_memory(&sheet.png().unwrap()).unwrap().into_rgb8();
        assert_eq!(image.dimensions(), (GUTTER + 3 * 340, HEADING + 2 * (180 + LABEL) + GUTTER));
        assert_eq!(image.get_pixel(GUTTER + 5, HEADING + 5).0, [200, 40, 40]);
        let bright = |top: u32, bottom: u32| (top..bottom).any(|y| (0..image.width()).any(|x| image.get_pixel(x, y).0[1] > 200));
        assert!(bright(20, 50), "no heading");
        assert!(bright(HEADING + 185, HEADING + 205), "no label");
        assert_eq!(sheet.png().unwrap(), sheet.png().unwrap());
    }

    #[test]
    fn nothing_to_show_is_an_error_and_not_an_empty_picture() {
        assert!(ContactSheet::new("", "").png().is_err());
        assert!(ContactSheet::new("", "").add(&flat(0, 0, [0; 4]), "x", "").is_err());
        assert!(poster(&Raster { width: 4, height: 4, rgba: vec![0; 3] }, 100).is_err());
    }

    #[test]
    fn a_poster_is_no_larger_than_asked_and_never_enlarged() {
        let size =
            |width| image::load_from_memory(&poster(&flat(400, 200, [9, 99, 9, 255]), width).unwrap()).unwrap().into_rgb8().dimensions();
        assert_eq!((size(200), size(4000)), ((200, 100), (400, 200)));
    }

    #[test]
    fn timecode_counts_whole_frames_at_both_rates() {
        assert_eq!(timecode(FrameRate::FILM, 24 * 3661 + 23), "01:01:01:23");
        assert_eq!(timecode(FrameRate::FILM_NTSC, 24), "00:00:01:00");
    }
}
