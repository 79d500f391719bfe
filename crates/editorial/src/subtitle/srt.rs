//! SubRip.

use std::fmt::Write;

use bible::FrameRate;

use super::Subtitles;

/// Keeps a player from reading the sign before it as the start of a tag; it has no width and no glyph.
const WORD_JOINER: char = '\u{2060}';

pub(super) fn write(set: &Subtitles) -> String {
    let mut out = String::new();
    for (index, subtitle) in set.subtitles.iter().enumerate() {
        let text = subtitle.lines.iter().map(|line| plain(line)).collect::<Vec<_>>().join("\n");
        let text = if subtitle.italic { format!("<i>{text}</i>") } else { text };
        let (start, end) = (time(set.rate, subtitle.start), time(set.rate, subtitle.end));
        // Writing into a string cannot fail.
        let _ = write!(out, "{}\n{start} --> {end}\n{text}\n\n", index + 1);
    }
    out
}

/// SubRip has no escapes: what looks like a tag or an override is kept apart by a sign nobody sees.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        out.push(character);
        let opens = match character {
            '<' => characters.peek().is_some_and(|next| next.is_ascii_alphabetic() || *next == '/'),
            '{' => characters.peek() == Some(&'\\'),
            '-' => out.ends_with("--") && characters.peek() == Some(&'>'),
            _ => false,
        };
        if opens {
            out.push(WORD_JOINER);
        }
    }
    out
}

fn time(rate: FrameRate, frame: u64) -> String {
    let millis = (rate.micros(frame) + 500) / 1000;
    format!("{:02}:{:02}:{:02},{:03}", millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60, millis % 1000)
}

#[cfg(test)]
mod tests {
    use super::super::{Dialogue, Subtitles};
    use super::*;

    #[test]
    fn times_are_milliseconds_and_off_screen_lines_are_italic() {
        let line = |start, text: &str, off_screen| Dialogue {
            start,
            frames: 24,
            speaker: "Gen".to_owned(),
            colour: None,
            text: text.to_owned(),
            off_screen,
        };
        let set = Subtitles::lay_out(
            FrameRate::FILM_NTSC,
            90_000,
            &[line(24, "Mei?", true), line(86_400, "I'm <b>here</b> --> {\\an8}.", false)],
        );
        assert_eq!(
            set.srt(),
            "1\n00:00:01,001 --> 00:00:02,002\n<i>Mei?</i>\n\n\
             2\n01:00:03,600 --> 01:00:05,185\nI'm <\u{2060}b>here<\u{2060}/b> --\u{2060}> {\u{2060}\\an8}.\n\n"
        );
    }
}
