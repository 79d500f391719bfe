//! Subtitles: dialogue as text that can be read in time.

mod ass;
mod split;
mod srt;
mod vtt;

use std::path::Path;

use bible::project::Canvas;
use bible::{Colour, FrameRate};
use serde::{Deserialize, Serialize};

use crate::draft::Draft;
use crate::error::Result;
use split::{pages, width};

/// Half-width characters a line; a full-width character counts 42/16, so 16 of those fill a line.
pub const LINE_WIDTH: f64 = 42.0;

/// Characters a second that are read with ease, counted as for [`LINE_WIDTH`].
pub const READING_SPEED: f64 = 17.0;

/// Shortest time on screen in seconds.
pub const SHORTEST: f64 = 5.0 / 6.0;

/// Longest time on screen in seconds.
pub const LONGEST: f64 = 7.0;

/// Frames between two subtitles, so that a change is seen.
pub const GAP: u64 = 2;

/// A line of dialogue and when it is heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialogue {
    /// The frame of the episode at which the voice starts.
    pub start: u64,
    /// Frames that the voice takes.
    pub frames: u64,
    /// The speaker's name.
    pub speaker: String,
    /// The speaker's colour; subtitles in that colour, lightened until it can be read.
    pub colour: Option<Colour>,
    /// What is said, plain text.
    pub text: String,
    /// The speaker is not seen: set in italics.
    pub off_screen: bool,
}

/// One subtitle: up to two lines for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subtitle {
    /// First frame.
    pub start: u64,
    /// The frame after the last.
    pub end: u64,
    /// One or two lines.
    pub lines: Vec<String>,
    /// The speaker's name.
    pub speaker: String,
    /// The speaker's colour.
    pub colour: Option<Colour>,
    /// Set in italics.
    pub italic: bool,
}

/// All subtitles of an episode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subtitles {
    /// Frames per second of the episode.
    pub rate: FrameRate,
    /// In order, none at the same time as another.
    pub subtitles: Vec<Subtitle>,
    /// Where a rule could not be kept, as sentences: too fast to read, or late because two speak at once.
    pub notes: Vec<String>,
}

impl Subtitles {
    /// Sets dialogue as subtitles: at most two lines of 42 characters (16 full-width), broken where a
    /// reader would pause; on screen for as long as the voice and long enough to read (17 characters a
    /// second) where there is room, between 5/6 and 7 seconds, two frames apart.
    #[must_use]
    pub fn lay_out(rate: FrameRate, episode_frames: u64, dialogue: &[Dialogue]) -> Self {
        let mut ordered: Vec<&Dialogue> = dialogue.iter().collect();
        ordered.sort_by_key(|line| line.start);
        let mut subtitles: Vec<Subtitle> = ordered.iter().flat_map(|line| spread(line)).collect();
        let mut notes = Vec::new();
        let shortest = u64::from(rate.frames_in(SHORTEST));
        for index in 1..subtitles.len() {
            let earliest = subtitles[index - 1].start + shortest + GAP;
            let late = &mut subtitles[index];
            if late.start < earliest {
                notes.push(format!(
                    "{}: {:?} comes {} frames late, for another line is on screen",
                    clock(rate, late.start),
                    late.lines[0],
                    earliest - late.start
                ));
                late.start = earliest;
                late.end = late.end.max(earliest + 1);
            }
        }
        subtitles.retain(|subtitle| {
            let kept = subtitle.start < episode_frames;
            if !kept {
                notes.push(format!("{:?} would begin after the end of the episode and is left out", subtitle.lines[0]));
            }
            kept
        });
        for index in 0..subtitles.len() {
            let limit = subtitles.get(index + 1).map_or(episode_frames, |next| next.start - GAP);
            let subtitle = &mut subtitles[index];
            let characters: f64 = subtitle.lines.iter().map(|line| width(line)).sum();
            let spoken = rate.seconds(subtitle.end - subtitle.start);
            let wanted = spoken.max(characters / READING_SPEED).clamp(SHORTEST, LONGEST);
            subtitle.end = (subtitle.start + u64::from(rate.frames_in(wanted))).min(limit).max(subtitle.start + 1);
            let speed = characters / rate.seconds(subtitle.end - subtitle.start);
            if speed > READING_SPEED * 1.05 {
                notes.push(format!(
                    "{}: {:?} must be read at {speed:.0} characters a second",
                    clock(rate, subtitle.start),
                    subtitle.lines.join(" ")
                ));
            }
        }
        Self { rate, subtitles, notes }
    }

    /// As SubRip text.
    #[must_use]
    pub fn srt(&self) -> String {
        srt::write(self)
    }

    /// As Advanced SubStation Alpha, a style for each speaker, laid out for a picture of this size.
    #[must_use]
    pub fn ass(&self, title: &str, canvas: Canvas) -> String {
        ass::write(self, title, canvas)
    }

    /// As WebVTT.
    #[must_use]
    pub fn vtt(&self) -> String {
        vtt::write(self)
    }

    /// Writes the WebVTT file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_vtt(&self, target: &Path) -> Result<()> {
        Draft::write(target, self.vtt().as_bytes())
    }

    /// Writes the SubRip file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_srt(&self, target: &Path) -> Result<()> {
        Draft::write(target, self.srt().as_bytes())
    }

    /// Writes the ASS file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_ass(&self, target: &Path, title: &str, canvas: Canvas) -> Result<()> {
        Draft::write(target, self.ass(title, canvas).as_bytes())
    }
}

/// The pages of one line of dialogue, each with its share of the time by its length.
fn spread(line: &Dialogue) -> Vec<Subtitle> {
    let pages = pages(&line.text);
    let total: f64 = pages.iter().flatten().map(|line| width(line)).sum();
    let mut before = 0.0;
    let at = |share: f64| line.start + (line.frames as f64 * share / total.max(1.0)).round() as u64;
    pages
        .into_iter()
        .map(|lines| {
            let start = at(before);
            before += lines.iter().map(|line| width(line)).sum::<f64>();
            let end = at(before).max(start + 1);
            Subtitle { start, end, lines, speaker: line.speaker.clone(), colour: line.colour, italic: line.off_screen }
        })
        .collect()
}

/// `m:ss.s`, for notes.
fn clock(rate: FrameRate, frame: u64) -> String {
    let seconds = rate.seconds(frame);
    format!("{}:{:04.1}", (seconds / 60.0) as u64, seconds % 60.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn say(start: u64, frames: u64, text: &str) -> Dialogue {
        Dialogue { start, frames, speaker: "Mei".to_owned(), colour: None, text: text.to_owned(), off_screen: false }
    }

    #[test]
    fn a_short_word_stays_long_enough_to_be_seen() {
        let set = Subtitles::lay_out(FrameRate::FILM, 240, &[say(48, 6, "Oh.")]);
        assert_eq!((set.subtitles[0].start, set.subtitles[0].end), (48, 68));
        assert!(set.notes.is_empty());
    }

    #[test]
    fn a_subtitle_makes_room_for_the_next() {
        let set = Subtitles::lay_out(FrameRate::FILM, 480, &[say(0, 30, "Have you seen the lantern that was here?"), say(32, 30, "No.")]);
        assert_eq!((set.subtitles[0].end, set.subtitles[1].start), (30, 32));
        assert_eq!(set.notes.len(), 1);
        assert!(set.notes[0].contains("32 characters a second"), "{:?}", set.notes);
    }

    #[test]
    fn a_speech_is_spread_over_several_subtitles() {
        let text = "When I was a girl this road had forty lanterns, one for every house. We lit them together on the last night of summer, and nobody went home before the last one had burned down.";
        let set = Subtitles::lay_out(FrameRate::FILM, 1000, &[say(10, 260, text)]);
        assert_eq!(set.subtitles.len(), 3, "{:#?}", set.subtitles);
        let joined: Vec<String> = set.subtitles.iter().flat_map(|subtitle| subtitle.lines.clone()).collect();
        assert_eq!(joined.join(" "), text);
        assert!(set.subtitles[0].lines.last().unwrap().ends_with('.'), "{:?}", set.subtitles[0].lines);
    }

    proptest! {
        #[test]
        fn the_rules_hold_for_any_dialogue(
            lines in prop::collection::vec((0u64..2000, 1u64..200, "[a-zA-Z ,.!?{}<>&'\\\\\u{3042}-\u{3093}。、「」]{1,220}"), 0..12),
            ntsc in any::<bool>(),
        ) {
            let rate = if ntsc { FrameRate::FILM_NTSC } else { FrameRate::FILM };
            let dialogue: Vec<Dialogue> = lines.iter().map(|(start, frames, text)| say(*start, *frames, text)).collect();
            let set = Subtitles::lay_out(rate, 2400, &dialogue);
            for pair in set.subtitles.windows(2) {
                prop_assert!(pair[0].end + GAP <= pair[1].start);
            }
            for subtitle in &set.subtitles {
                prop_assert!(subtitle.start < subtitle.end && subtitle.end <= 2400);
                prop_assert!(subtitle.end - subtitle.start <= u64::from(rate.frames_in(LONGEST)));
                prop_assert!((1..=2).contains(&subtitle.lines.len()));
                for line in &subtitle.lines {
                    prop_assert!(width(line) <= LINE_WIDTH && !line.is_empty(), "{line:?}");
                }
            }
        }
    }
}
