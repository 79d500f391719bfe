//! The evidence behind a verdict as one picture: what was judged, where it is off, and what should be done.

use std::io::Cursor;

use bible::Colour;
use engine::picture::Raster;
use image::codecs::png::PngEncoder;
use image::{ImageEncoder, RgbImage};
use unicode_linebreak::linebreaks;
use unicode_width::UnicodeWidthStr;

use crate::error::Result;
use crate::report::escape;
use crate::thumbnails::{GROUND, draw_labels, drawing, scaled};

/// Width of the card in pixels.
const WIDTH: u32 = 1_280;
/// Space around everything.
const GUTTER: u32 = 24;
/// Height of a line of the table.
const LINE: u32 = 26;
/// Height of a line of the rule.
const RULE_LINE: u32 = 18;
/// Columns of text that fit beside each other across the card, in its usual size, and across half of it.
const COLUMNS: usize = 160;
const HALF: usize = 78;
/// Tallest that a picture is shown.
const TALLEST: u32 = 560;

/// What a card shows.
#[derive(Debug, Clone)]
pub struct EvidenceCard {
    /// `shot S01E01.02.003`.
    pub title: String,
    /// `rejected: 0.41 of 0.85`.
    pub verdict: String,
    /// What decided.
    pub rule: String,
    /// The picture.
    pub picture: Raster,
    /// Where it is off; the reason why nobody can say otherwise.
    pub heat: std::result::Result<Raster, String>,
    /// Parts, the worst first.
    pub parts: Vec<CardPart>,
    /// References and suggestions, a sentence each.
    pub notes: Vec<String>,
}

/// One part of the picture.
#[derive(Debug, Clone)]
pub struct CardPart {
    /// `hair of mio`.
    pub name: String,
    /// The colour that the bible gives it.
    pub expected: Colour,
    /// The colour that was found.
    pub found: Colour,
    /// CIEDE2000 difference.
    pub difference: f64,
    /// The difference that is allowed.
    pub tolerance: f64,
}

impl EvidenceCard {
    /// The card as a PNG file.
    ///
    /// # Errors
    /// When a picture has no pixels.
    pub fn png(&self) -> Result<Vec<u8>> {
        const WHAT: &str = "the evidence";
        let half = (WIDTH - 3 * GUTTER) / 2;
        let wide =
            |image: &Raster| (u64::from(TALLEST) * u64::from(image.width) / u64::from(image.height.max(1))).clamp(1, half.into()) as u32;
        let picture = scaled(&self.picture, wide(&self.picture), WHAT)?;
        let heat = self.heat.as_ref().map(|heat| scaled(heat, wide(heat), WHAT));
        let heat = match heat {
            Ok(heat) => Ok(heat?),
            Err(reason) => Err(reason),
        };
        let rule = broken(&self.rule, COLUMNS);
        let notes: Vec<Vec<String>> = self.notes.iter().map(|note| broken(note, COLUMNS)).collect();
        let top = 96 + RULE_LINE * (rule.len() as u32 - 1);
        let table = top + picture.height() + GUTTER + LINE;
        let mut below = table + LINE * (self.parts.len() as u32 + 1) + GUTTER / 2;
        let height = below + LINE * notes.iter().map(Vec::len).sum::<usize>() as u32 + GUTTER;
        let mut card = RgbImage::from_pixel(WIDTH, height, image::Rgb(GROUND));
        let text = |x: u32, y: u32, size: u32, colour: &str, what: &str| {
            // The font draws a grave accent over the letter behind it.
            format!("<text x='{x}' y='{y}' font-size='{size}' fill='{colour}'>{}</text>", escape(&what.replace('`', "'")))
        };
        let (bright, dim) = ("#f4f1ea", "#a39db0");
        let right = 2 * GUTTER + half;
        let mut labels = format!("<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}' font-family='Noto Sans'>");
        labels += &text(GUTTER, 40, 24, bright, &self.title);
        labels += &text(GUTTER, 64, 15, bright, &self.verdict);
        for (index, line) in (0..).zip(&rule) {
            labels += &text(GUTTER, 84 + RULE_LINE * index, 13, dim, line);
        }
        if let Err(reason) = &heat {
            for (index, line) in (0..).zip(broken(reason, HALF)) {
                labels += &text(right, top + 24 + RULE_LINE * index, 14, dim, &line);
            }
        }
        for (x, head) in [(GUTTER, "part"), (420, "bible"), (560, "found"), (700, "ΔE"), (780, "allowed")] {
            labels += &text(x, table - 8, 12, dim, head);
        }
        for (index, part) in self.parts.iter().enumerate() {
            let y = table + LINE * index as u32;
            let off = part.difference > part.tolerance;
            let colour = if off { "#ff5fa8" } else { bright };
            labels += &text(GUTTER, y + 17, 14, colour, &part.name);
            for (x, shown) in [(420, part.expected), (560, part.found)] {
                labels += &format!("<rect x='{x}' y='{}' width='20' height='18' rx='3' fill='{shown}'/>", y + 3);
                labels += &text(x + 28, y + 17, 13, bright, &shown.to_string());
            }
            labels += &text(700, y + 17, 14, colour, &format!("{:.1}", part.difference));
            labels += &text(780, y + 17, 14, dim, &format!("{:.1}", part.tolerance));
        }
        for lines in &notes {
            for (index, line) in lines.iter().enumerate() {
                labels += &text(if index == 0 { GUTTER } else { 2 * GUTTER }, below + 17, 14, bright, line);
                below += LINE;
            }
        }
        labels += "</svg>";
        draw_labels(&mut card, &labels)?;
        image::imageops::replace(&mut card, &picture, GUTTER.into(), top.into());
        if let Ok(heat) = &heat {
            image::imageops::replace(&mut card, heat, right.into(), top.into());
        }
        let mut bytes = Vec::new();
        PngEncoder::new(Cursor::new(&mut bytes))
            .write_image(&card, card.width(), card.height(), image::ExtendedColorType::Rgb8)
            .map_err(|error| drawing(WHAT, &error))?;
        Ok(bytes)
    }
}

/// The text in lines of at most so many columns, broken where a line may be. There is always one.
fn broken(text: &str, columns: usize) -> Vec<String> {
    let (mut lines, mut line, mut start) = (Vec::new(), String::new(), 0);
    for (end, _) in linebreaks(text) {
        let piece = &text[start..end];
        if !line.is_empty() && line.width() + piece.trim_end().width() > columns {
            lines.push(std::mem::take(&mut line));
        }
        line += piece;
        start = end;
    }
    lines.push(line);
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_notes_go_on_in_the_next_line_and_nothing_is_lost() {
        let said = "no identity model is installed, so nobody knows who is in it 誰も知らない";
        let lines = broken(said, 20);
        assert!(lines.len() > 3 && lines.iter().all(|line| line.width() <= 20), "{lines:?}");
        assert_eq!(lines.join(" ").replace(' ', ""), said.replace(' ', ""));
        assert_eq!(broken("", 20), [""]);
        let heights = [1, 9].map(|count| {
            let notes = vec![said.repeat(count)];
            image::load_from_memory(&EvidenceCard { notes, ..card(Err(said.repeat(count))) }.png().unwrap()).unwrap().height()
        });
        assert!(heights[1] > heights[0] + 3 * LINE, "{heights:?}");
    }

    fn card(heat: std::result::Result<Raster, String>) -> EvidenceCard {
        let flat = |pixel: [u8; 4]| Raster { width: 160, height: 90, rgba: pixel.repeat(160 * 90) };
        EvidenceCard {
            title: "shot S01E01.01.001".to_owned(),
            verdict: "rejected: 0.12 of 0.85".to_owned(),
            rule: "hair <of> mio & more".to_owned(),
            picture: flat([200, 40, 40, 255]),
            heat,
            parts: vec![CardPart {
                name: "hair of mio".to_owned(),
                expected: Colour::new(10, 20, 240),
                found: Colour::new(200, 40, 40),
                difference: 40.0,
                tolerance: 6.0,
            }],
            notes: vec!["inpaint hair of mio".to_owned()],
        }
    }

    #[test]
    fn the_card_shows_picture_heat_and_both_colours() {
        let heat = Raster { width: 160, height: 90, rgba: [255, 0, 140, 255].repeat(160 * 90) };
        let png = card(Ok(heat)).png().unwrap();
        let shown = image::load_from_memory(&png).unwrap().to_rgb8();
        let has = |wanted: [u8; 3]| shown.pixels().filter(|pixel| pixel.0 == wanted).count();
        assert!(has([200, 40, 40]) > 100_000 && has([255, 0, 140]) > 100_000, "{} {}", has([200, 40, 40]), has([255, 0, 140]));
        assert!(has([10, 20, 240]) > 200, "the swatch of the bible's colour");
        assert_eq!(shown.width(), WIDTH);
    }

    #[test]
    fn where_nobody_can_say_what_is_off_the_card_says_so() {
        let png = card(Err("the engine gave no part map".to_owned())).png().unwrap();
        let shown = image::load_from_memory(&png).unwrap().to_rgb8();
        assert_eq!(shown.pixels().filter(|pixel| pixel.0 == [255, 0, 140]).count(), 0);
    }
}
