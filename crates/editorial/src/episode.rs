//! The episode: clips joined by copying, with sound, subtitles and chapters.

use std::path::{Path, PathBuf};

use bible::FrameRate;
use serde::{Deserialize, Serialize};

use crate::clip::{Clip, timing};
use crate::draft::Draft;
use crate::error::{Error, Result};
use crate::mp4;
use crate::process::{Invocation, frames_of_progress};
use crate::programs::Programs;
use crate::sound::loudness::{self, Loudness};

/// What an episode is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpisodeSpec {
    /// The title, kept in the file.
    pub title: String,
    /// Language of sound and subtitles as a BCP 47 tag.
    pub language: String,
    /// The shots in order; all of one size, rate and encoder.
    pub clips: Vec<Clip>,
    /// The mix; the episode has no sound track when absent.
    pub sound: Option<PathBuf>,
    /// A SubRip file for the soft track.
    pub subtitles: Option<PathBuf>,
    /// Where scenes begin, in order.
    pub chapters: Vec<Chapter>,
}

/// A scene to jump to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    /// What players show.
    pub title: String,
    /// Its first frame.
    pub start: u64,
}

/// A finished episode, verified.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpisodeFile {
    /// The file.
    pub path: PathBuf,
    /// Its exact length in frames.
    pub frames: u64,
    /// Frames per second.
    pub rate: FrameRate,
    /// Its size in bytes.
    pub bytes: u64,
    /// Loudness of its sound track, decoded from the finished file; none without sound.
    pub loudness: Option<Loudness>,
}

/// Frames by which x264 decodes ahead of showing with the settings of [`crate::clip`]: B-frames that refer
/// to B-frames.
const REORDER: u32 = 2;

/// Joins clips into an MP4 that starts to play before it is loaded.
///
/// Pictures are copied, not encoded again. The same input gives the same bytes. `progress` hears how many
/// frames are written.
///
/// # Errors
/// When clips do not fit each other, something is missing, or the file does not hold exactly what it should.
pub async fn assemble(
    programs: &Programs,
    spec: &EpisodeSpec,
    target: &Path,
    progress: impl FnMut(u64) + Send + 'static,
) -> Result<EpisodeFile> {
    let (rate, frames) = check(spec, target)?;
    let (timescale, step) = timing(rate);
    let list = Draft::of(&target.with_extension("clips"))?;
    std::fs::write(list.path(), clip_list(&spec.clips)?).map_err(Error::file("writing", list.path()))?;
    let chapters = Draft::of(&target.with_extension("chapters"))?;
    std::fs::write(chapters.path(), metadata(spec, rate, frames)).map_err(Error::file("writing", chapters.path()))?;
    let draft = Draft::of(target)?;

    let mut invocation = Invocation::ffmpeg(programs, format!("joining {} clips", spec.clips.len()))
        .args(["-progress", "pipe:1", "-f", "concat", "-safe", "0", "-i"])
        .file(list.path())
        .args(["-f", "ffmetadata", "-i"])
        .file(chapters.path());
    let mut inputs = 2;
    let mut mapping = vec!["-map".to_owned(), "0:v:0".to_owned()];
    let language = language_code(&spec.language);
    for (path, kind, letter) in [(&spec.sound, "wav", "a"), (&spec.subtitles, "srt", "s")] {
        if let Some(path) = path {
            invocation = invocation.args(["-f", kind, "-i"]).file(path);
            mapping.extend(["-map".to_owned(), format!("{inputs}:{letter}:0")]);
            mapping.extend([format!("-metadata:s:{letter}:0"), format!("language={language}")]);
            inputs += 1;
        }
    }
    // The concat demuxer counts in microseconds, which are not ticks, and
    // a clip of one frame has nothing to reorder where longer ones have: every picture is put back onto
    // its frame, and decoding goes on in even steps, two frames ahead of showing.
    let onto_frames = format!("setts=pts=round(PTS/{step})*{step}:dts=(N-{REORDER})*{step}:duration={step}");
    let mut running = invocation
        .args(mapping)
        // Nothing of the inputs' own metadata but the chapters', which a plain `-map_metadata -1` drops too.
        .args(["-map_metadata:g", "-1", "-map_metadata:s", "-1", "-map_chapters", "1"])
        .arg("-metadata")
        .arg(format!("title={}", spec.title.replace('\0', " ")))
        .args(["-c:v", "copy", "-bsf:v", &onto_frames])
        .args(["-c:a", "aac", "-b:a", "192k", "-ar", "48000", "-ac", "2", "-c:s", "mov_text"])
        .args(["-fflags", "+bitexact", "-flags:a", "+bitexact", "-flags:s", "+bitexact"])
        .set("-video_track_timescale", timescale)
        .args(["-movflags", "+faststart", "-f", "mp4"])
        .file(draft.path())
        .start()?;
    let output = running.take_output();
    let progress = tokio::spawn(async move {
        match output {
            Some(output) => frames_of_progress(output, progress).await,
            None => 0,
        }
    });
    running.finish().await?;
    let _ = progress.await;
    verify(draft.path(), spec, rate, frames)?;
    let loudness = match &spec.sound {
        Some(_) => Some(loudness::of_file(programs, draft.path()).await?),
        None => None,
    };
    let bytes = std::fs::metadata(draft.path()).map_err(Error::file("reading", draft.path()))?.len();
    draft.publish()?;
    Ok(EpisodeFile { path: target.to_owned(), frames, rate, bytes, loudness })
}

/// Whether the clips fit each other and the chapters the clips. Gives rate and length.
fn check(spec: &EpisodeSpec, target: &Path) -> Result<(FrameRate, u64)> {
    let what = || target.display().to_string();
    let Some(first) = spec.clips.first() else { return Err(Error::bad(what(), "an episode has at least one clip")) };
    for clip in &spec.clips {
        let (one, other) = (first.spec, clip.spec);
        if (one.canvas, one.rate) != (other.canvas, other.rate) || first.format != clip.format {
            let reason = format!(
                "it cannot be joined to {} without encoding again: {}x{} at {} frames a second and {}x{} at {}, encoder settings {} and {}",
                first.path.display(),
                one.canvas.width,
                one.canvas.height,
                one.rate,
                other.canvas.width,
                other.canvas.height,
                other.rate,
                first.format.short(),
                clip.format.short()
            );
            return Err(Error::bad(clip.path.display().to_string(), reason));
        }
    }
    let frames = spec.clips.iter().map(|clip| u64::from(clip.spec.frames)).sum();
    let mut last = None;
    for chapter in &spec.chapters {
        if chapter.start >= frames || last.is_some_and(|last| chapter.start <= last) {
            return Err(Error::bad(
                what(),
                format!("chapter {:?} starts at frame {}; chapters come in order within {frames} frames", chapter.title, chapter.start),
            ));
        }
        last = Some(chapter.start);
    }
    Ok((first.spec.rate, frames))
}

/// The concat demuxer's list. Quotes are written as it reads them. The lengths are said because it would
/// take them from the files, where they are rounded to milliseconds; each is the difference of two
/// rounded times, so that they never add up to anything else than the time itself.
fn clip_list(clips: &[Clip]) -> Result<String> {
    let mut list = String::from("ffconcat version 1.0\n");
    let mut frames = 0;
    for clip in clips {
        let path = std::path::absolute(&clip.path).map_err(Error::file("finding", &clip.path))?;
        let name = path.to_str().filter(|name| !name.contains(['\n', '\r']));
        let name = name.ok_or_else(|| Error::bad(path.display().to_string(), "a clip's path must be UTF-8 without line breaks"))?;
        let start = clip.spec.rate.micros(frames);
        frames += u64::from(clip.spec.frames);
        let length = clip.spec.rate.micros(frames) - start;
        let (seconds, micros) = (length / 1_000_000, length % 1_000_000);
        list.push_str(&format!("file 'file:{}'\nduration {seconds}.{micros:06}\n", name.replace('\'', r"'\''")));
    }
    Ok(list)
}

/// Chapters as ffmpeg reads them.
fn metadata(spec: &EpisodeSpec, rate: FrameRate, frames: u64) -> String {
    let mut text = String::from(";FFMETADATA1\n");
    for (index, chapter) in spec.chapters.iter().enumerate() {
        let end = spec.chapters.get(index + 1).map_or(frames, |next| next.start);
        text.push_str(&format!(
            "[CHAPTER]\nTIMEBASE={}/{}\nSTART={}\nEND={end}\ntitle={}\n",
            rate.denominator(),
            rate.numerator(),
            chapter.start,
            escape(&chapter.title)
        ));
    }
    text
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '=' | ';' | '#' | '\\' => out.extend(['\\', character]),
            '\n' | '\r' | '\0' => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

/// ISO 639-2 code of a BCP 47 tag, as MP4 wants it; `und` for what is not in this list.
fn language_code(tag: &str) -> &'static str {
    match tag.split(['-', '_']).next().unwrap_or_default().to_lowercase().as_str() {
        "en" => "eng",
        "ja" => "jpn",
        "zh" => "zho",
        "ko" => "kor",
        "de" => "deu",
        "fr" => "fra",
        "es" => "spa",
        "it" => "ita",
        "pt" => "por",
        "ru" => "rus",
        "pl" => "pol",
        "nl" => "nld",
        _ => "und",
    }
}

/// Holds the finished file against what was ordered.
fn verify(path: &Path, spec: &EpisodeSpec, rate: FrameRate, frames: u64) -> Result<()> {
    let wrong = |reason: String| Error::Unverified { what: "the episode".to_owned(), reason };
    let tracks = mp4::tracks(path).map_err(wrong)?;
    let of_kind = |handler: &[u8; 4]| tracks.iter().find(|track| &track.handler == handler);
    let video = of_kind(b"vide").ok_or_else(|| wrong("it has no picture track".to_owned()))?;
    let (timescale, step) = timing(rate);
    if u64::from(video.samples) != frames || video.timescale != timescale || video.step != Some(step) {
        return Err(wrong(format!(
            "it has {} frames of {:?} ticks at {} a second; {frames} of {step} at {timescale} were joined",
            video.samples, video.step, video.timescale
        )));
    }
    if spec.sound.is_some() {
        let sound = of_kind(b"soun").ok_or_else(|| wrong("it has no sound track".to_owned()))?;
        let (seconds, wanted) = (sound.duration as f64 / f64::from(sound.timescale.max(1)), rate.seconds(frames));
        // AAC comes in packets of 1024 samples, and begins with one that only primes the decoder.
        let packet = 1024.0 / 48_000.0;
        if (seconds - wanted).abs() > 2.0 * packet {
            return Err(wrong(format!("its sound lasts {seconds:.3} seconds and its pictures {wanted:.3}")));
        }
    }
    if spec.subtitles.is_some() && !tracks.iter().any(|track| &track.codec == b"tx3g") {
        return Err(wrong("it has no subtitle track".to_owned()));
    }
    Ok(())
}
