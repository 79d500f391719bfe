//! Advanced SubStation Alpha.

use std::collections::BTreeMap;
use std::fmt::Write;

use bible::project::Canvas;
use bible::{Colour, FrameRate};

use super::Subtitles;

/// Least lightness (Oklab) of text: below it, colours drown on dark pictures in spite of the outline.
const LEAST_LIGHTNESS: f64 = 0.82;

/// Keeps a backslash from being read with the letter after it.
const WORD_JOINER: char = '\u{2060}';

pub(super) fn write(set: &Subtitles, title: &str, canvas: Canvas) -> String {
    let mut styles: BTreeMap<&str, Option<Colour>> = BTreeMap::new();
    for subtitle in &set.subtitles {
        styles.entry(&subtitle.speaker).or_insert(subtitle.colour);
    }
    let names: BTreeMap<&str, String> = styles.keys().enumerate().map(|(index, speaker)| (*speaker, style_name(index, speaker))).collect();
    let Canvas { width, height } = canvas;
    let mut out = format!(
        "[Script Info]\nTitle: {}\nScriptType: v4.00+\nWrapStyle: 2\nScaledBorderAndShadow: yes\nYCbCr Matrix: TV.709\nPlayResX: {width}\nPlayResY: {height}\n\n\
         [V4+ Styles]\nFormat: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\n",
        title.replace(['\r', '\n'], " ")
    );
    let (size, outline, shadow, side, bottom) = (height / 17, height as f64 / 300.0, height as f64 / 600.0, width / 16, height / 15);
    for (speaker, colour) in &styles {
        let [red, green, blue] = readable(colour.unwrap_or(Colour::new(255, 255, 255))).channels();
        // Writing into a string cannot fail, here and below.
        let _ = writeln!(
            out,
            "Style: {},Noto Sans,{size},&H00{blue:02X}{green:02X}{red:02X},&H000000FF,&H00140F18,&H80140F18,-1,0,0,0,100,100,0,0,1,{outline:.1},{shadow:.1},2,{side},{side},{bottom},1",
            names[speaker]
        );
    }
    out.push_str("\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n");
    for subtitle in &set.subtitles {
        let text = subtitle.lines.iter().map(|line| escape(line)).collect::<Vec<_>>().join("\\N");
        let italic = if subtitle.italic { "{\\i1}" } else { "" };
        let (start, end) = (time(set.rate, subtitle.start), time(set.rate, subtitle.end));
        let (style, name) = (&names[subtitle.speaker.as_str()], field(&subtitle.speaker));
        let _ = writeln!(out, "Dialogue: 0,{start},{end},{style},{name},0,0,0,,{italic}{text}");
    }
    out
}

/// Fields end at commas and lines at line breaks, and there is no way to write either.
fn field(text: &str) -> String {
    text.replace([',', '\r', '\n'], " ")
}

/// Unique for each speaker, whatever their name is made of.
fn style_name(index: usize, speaker: &str) -> String {
    let name = field(speaker);
    if name.trim().is_empty() { format!("Speaker {index}") } else { name.trim().trim_start_matches('*').to_owned() + &format!(" {index}") }
}

fn readable(colour: Colour) -> Colour {
    let [lightness, a, b] = colour.oklab();
    // Half of the chroma goes with the lightness, or dark blues turn into glaring ones.
    if lightness >= LEAST_LIGHTNESS { colour } else { Colour::from_oklab([LEAST_LIGHTNESS, a * 0.7, b * 0.7]) }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '{' => out.push_str("\\{"),
            '}' => out.push_str("\\}"),
            '\\' => out.extend(['\\', WORD_JOINER]),
            '\r' | '\n' => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

fn time(rate: FrameRate, frame: u64) -> String {
    let hundredths = (rate.micros(frame) + 5_000) / 10_000;
    format!("{}:{:02}:{:02}.{:02}", hundredths / 360_000, hundredths / 6000 % 60, hundredths / 100 % 60, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::super::{Dialogue, Subtitles};
    use super::*;

    #[test]
    fn every_speaker_has_a_style_in_a_colour_that_can_be_read() {
        let line = |start, speaker: &str, text: &str, colour| Dialogue {
            start,
            frames: 24,
            speaker: speaker.to_owned(),
            colour: Some(colour),
            text: text.to_owned(),
            off_screen: speaker == "Gen, the elder",
        };
        let (navy, white) = (Colour::new(0x10, 0x14, 0x50), Colour::new(255, 255, 255));
        let dialogue = [line(0, "Mei", "{\\pos(0,0)}Back\\Nslash", navy), line(60, "Gen, the elder", "Ah.", white)];
        let ass = Subtitles::lay_out(FrameRate::FILM, 240, &dialogue).ass("Lantern\nRoad", Canvas { width: 1280, height: 720 });
        assert!(ass.contains("Title: Lantern Road\n"), "{ass}");
        assert!(ass.contains("Style: Gen  the elder 0,Noto Sans,42,&H00FFFFFF,"), "{ass}");
        assert!(!ass.contains("&H00501410"), "too dark to read: {ass}");
        assert!(ass.contains("Dialogue: 0,0:00:00.00,0:00:01.29,Mei 1,Mei,0,0,0,,\\{\\\u{2060}pos(0,0)\\}Back\\\u{2060}Nslash\n"), "{ass}");
        assert!(ass.contains("Dialogue: 0,0:00:02.50,0:00:03.50,Gen  the elder 0,Gen  the elder,0,0,0,,{\\i1}Ah.\n"), "{ass}");
    }
}
