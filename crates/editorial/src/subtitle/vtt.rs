//! WebVTT, which players in a browser read.

use std::fmt::Write;

use bible::FrameRate;

use super::Subtitles;

/// As <https://www.w3.org/TR/webvtt1/> has it: the speaker as a voice span, text escaped.
pub(super) fn write(set: &Subtitles) -> String {
    let mut out = "WEBVTT\n\n".to_owned();
    for subtitle in &set.subtitles {
        let text = subtitle.lines.iter().map(|line| escaped(line)).collect::<Vec<_>>().join("\n");
        let text = if subtitle.italic { format!("<i>{text}</i>") } else { text };
        let (start, end) = (time(set.rate, subtitle.start), time(set.rate, subtitle.end));
        // A speaker's name ends at the first `>` or line break.
        let speaker = escaped(&subtitle.speaker.replace(['\r', '\n'], " "));
        // Writing into a string cannot fail.
        let _ = write!(out, "{start} --> {end}\n<v {speaker}>{text}</v>\n\n");
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn time(rate: FrameRate, frame: u64) -> String {
    let millis = (rate.micros(frame) + 500) / 1000;
    format!("{:02}:{:02}:{:02}.{:03}", millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60, millis % 1000)
}

#[cfg(test)]
mod tests {
    use super::super::Dialogue;
    use super::*;

    #[test]
    fn markup_in_a_line_is_text_and_the_speaker_is_named() {
        let line = Dialogue {
            start: 24,
            frames: 24,
            speaker: "Gen & Co".to_owned(),
            colour: None,
            text: "1 < 2 --> yes".to_owned(),
            off_screen: true,
        };
        let set = Subtitles::lay_out(FrameRate::FILM, 240, &[line]);
        assert_eq!(set.vtt(), "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v Gen &amp; Co><i>1 &lt; 2 --&gt; yes</i></v>\n\n");
    }
}
