//! From frames to an episode, with ffprobe and ffmpeg's own filters as the judges.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is wrong")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use bible::FrameRate;
use bible::project::Canvas;
use editorial::clip::{Clip, ClipEncoder, ClipSpec};
use editorial::episode::{Chapter, EpisodeSpec, assemble};
use editorial::sound::{Cue, Loudness, MixSpec, mix};
use editorial::subtitle::{Dialogue, Subtitles};
use editorial::voice::{ScratchVoice, Speech, speak};
use editorial::{Error, Programs, clip};
use engine::Frame;
use engine::picture::Raster;

const CANVAS: Canvas = Canvas { width: 320, height: 180 };

/// A disc that moves over stripes.
fn picture(step: u32) -> Arc<Raster> {
    let Canvas { width, height } = CANVAS;
    let mut rgba = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let (dx, dy) = (f64::from(x) - f64::from(40 + step * 3 % 240), f64::from(y) - 90.0);
            let pixel = match (dx.hypot(dy) < 36.0, x / 20 % 2) {
                (true, _) => [0xd8, 0x50, 0x30, 255],
                (false, 0) => [0x20, 0x2c, 0x50, 255],
                _ => [0x2a, 0x38, 0x64, 255],
            };
            rgba.extend(pixel);
        }
    }
    Arc::new(Raster { width, height, rgba })
}

/// A clip on threes.
async fn clip(folder: &Path, name: &str, rate: FrameRate, frames: u32) -> Clip {
    let spec = ClipSpec { canvas: CANVAS, rate, frames };
    let mut encoder = ClipEncoder::start(&Programs::default(), spec, &folder.join(name), |_| ()).unwrap();
    let mut left = frames;
    while left > 0 {
        let hold = left.min(3);
        encoder.write(&Frame { image: picture(frames - left), hold }).await.unwrap();
        left -= hold;
    }
    encoder.finish().await.unwrap()
}

fn probe(path: &Path, arguments: &[&str]) -> String {
    let output = Command::new("ffprobe").args(["-v", "error", "-of", "csv=p=0"]).args(arguments).arg(path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn counted_frames(path: &Path) -> String {
    probe(path, &["-count_frames", "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames,r_frame_rate,avg_frame_rate"])
}

#[tokio::test]
async fn a_clip_has_exactly_its_frames_and_the_same_bytes_every_time() {
    let folder = tempfile::tempdir().unwrap();
    for (rate, word) in [(FrameRate::FILM, "24/1"), (FrameRate::FILM_NTSC, "24000/1001")] {
        for frames in [1, 2, 49] {
            let one = clip(folder.path(), "one.mp4", rate, frames).await;
            let two = clip(folder.path(), "two.mp4", rate, frames).await;
            assert_eq!(counted_frames(&one.path), format!("{word},{word},{frames}"));
            assert_eq!(std::fs::read(&one.path).unwrap(), std::fs::read(&two.path).unwrap());
        }
    }
    let colours =
        probe(&folder.path().join("one.mp4"), &["-show_entries", "stream=pix_fmt,color_range,color_space,color_transfer,color_primaries"]);
    assert_eq!(colours, "yuv420p,tv,bt709,bt709,bt709");
}

#[tokio::test]
async fn the_picture_that_comes_out_is_the_picture_that_went_in() {
    let folder = tempfile::tempdir().unwrap();
    let made = clip(folder.path(), "a.mp4", FrameRate::FILM, 6).await;
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(&made.path)
        .args([
            "-vf",
            "select=eq(n\\,4),scale=in_color_matrix=bt709:in_range=tv",
            "-frames:v",
            "1",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "rgba",
            "-",
        ])
        .output()
        .unwrap();
    let original = picture(3);
    assert_eq!(output.stdout.len(), original.rgba.len());
    let off: u64 = output.stdout.iter().zip(&original.rgba).map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
    let mean = off as f64 / original.rgba.len() as f64;
    assert!(mean < 2.0, "{mean} code values off on average");
}

#[tokio::test]
async fn many_clips_of_odd_lengths_join_without_losing_a_tick() {
    for (rate, word) in [(FrameRate::FILM, "24/1"), (FrameRate::FILM_NTSC, "24000/1001")] {
        let folder = tempfile::tempdir().unwrap();
        let lengths = [1, 2, 7, 25, 1, 3, 11, 48, 5, 13];
        let mut clips = Vec::new();
        for (index, frames) in lengths.into_iter().enumerate() {
            clips.push(clip(folder.path(), &format!("it's {index}.mp4"), rate, frames).await);
        }
        // Long enough for rounded microseconds to add up to more than a tick.
        let clips: Vec<Clip> = clips.iter().cycle().take(120).cloned().collect();
        let frames: u64 = clips.iter().map(|clip| u64::from(clip.spec.frames)).sum();
        let spec =
            EpisodeSpec { title: "Ticks".to_owned(), language: "en".to_owned(), clips, sound: None, subtitles: None, chapters: vec![] };
        let target = folder.path().join("episode.mp4");
        let episode = assemble(&Programs::default(), &spec, &target, |_| ()).await.unwrap();
        assert_eq!(episode.frames, frames);
        assert_eq!(counted_frames(&target), format!("{word},{word},{frames}"));
        let times = probe(&target, &["-select_streams", "v:0", "-show_entries", "packet=pts"]);
        let mut times: Vec<i64> = times.lines().map(|line| line.trim_end_matches(',').parse().unwrap()).collect();
        times.sort_unstable();
        let step = times[1] - times[0];
        assert_eq!(times[0], 0);
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == step));
    }
}

#[tokio::test]
async fn an_episode_has_pictures_sound_subtitles_and_chapters_at_the_right_level() {
    let folder = tempfile::tempdir().unwrap();
    let programs = Programs::default();
    let rate = FrameRate::FILM_NTSC;
    let clips = vec![clip(folder.path(), "1.mp4", rate, 96).await, clip(folder.path(), "2.mp4", rate, 120).await];
    let voice = ScratchVoice { name: "en-us+f2".to_owned(), pitch: 60, words_per_minute: 165 };
    let texts = ["The road is dark tonight. Did you bring the lantern?", "I brought two <b>lanterns</b>."];
    let (mut cues, mut dialogue) = (Vec::new(), Vec::new());
    for (text, start) in texts.into_iter().zip([12, 110]) {
        let path = folder.path().join(format!("{start}.wav"));
        let Speech::Spoken { seconds, .. } = speak(&programs, &voice, text, 4.0, &path).await.unwrap() else { panic!("silent") };
        cues.push(Cue::voice(path, start, 0.2));
        let frames = u64::from(rate.frames_in(seconds));
        dialogue.push(Dialogue { start, frames, speaker: "Mei".to_owned(), colour: None, text: text.to_owned(), off_screen: false });
    }
    let made = mix(&MixSpec { rate, frames: 216, cues }, &folder.path().join("mix.wav")).unwrap();
    let subtitles = folder.path().join("episode.srt");
    Subtitles::lay_out(rate, 216, &dialogue).write_srt(&subtitles).unwrap();
    let spec = EpisodeSpec {
        title: "Lantern Road: it's #1; \"dark\"".to_owned(),
        language: "en".to_owned(),
        clips,
        sound: Some(made.path),
        subtitles: Some(subtitles),
        chapters: vec![
            Chapter { title: "EXT. ROAD = NIGHT; #1".to_owned(), start: 0 },
            Chapter { title: "INT. SHRINE".to_owned(), start: 96 },
        ],
    };
    let mut digests = Vec::new();
    for name in ["a.mp4", "b.mp4"] {
        let episode = assemble(&programs, &spec, &folder.path().join(name), |_| ()).await.unwrap();
        assert_eq!(episode.loudness.as_ref().and_then(Loudness::is_right), Some(true), "{episode:?}");
        digests.push(bible::Digest::of(&std::fs::read(&episode.path).unwrap()));
    }
    assert_eq!(digests[0], digests[1], "the same episode has the same bytes");
    let target = folder.path().join("a.mp4");
    assert_eq!(counted_frames(&target), "24000/1001,24000/1001,216");
    let starts = probe(&target, &["-show_entries", "stream=codec_name,start_time"]);
    assert!(starts.contains("h264,0.000000") && starts.contains("aac,0.000000") && starts.contains("mov_text"), "{starts}");
    let title = probe(&target, &["-show_entries", "format_tags=title"]);
    assert!(title.contains("Lantern Road: it's #1;"), "{title}");
    let chapters = probe(&target, &["-show_chapters", "-show_entries", "chapter=start_time:chapter_tags"]);
    assert!(chapters.contains("0.000000,EXT. ROAD = NIGHT; #1") && chapters.contains("4.004000,INT. SHRINE"), "{chapters}");
    assert!((oracle(&target) + 24.0).abs() <= 1.0, "{}", oracle(&target));
    // The index comes before the media, so that playing starts at once.
    let bytes = std::fs::read(&target).unwrap();
    let place = |kind: &[u8]| bytes.windows(4).position(|window| window == kind).unwrap();
    assert!(place(b"moov") < place(b"mdat"));
    let text = Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(&target).args(["-map", "0:s:0", "-f", "srt", "-"]).output().unwrap();
    assert!(String::from_utf8_lossy(&text.stdout).replace('\u{2060}', "").contains("I brought two <b>lanterns</b>."));
    let left: Vec<PathBuf> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.iter().all(|path| !path.to_string_lossy().ends_with(".part")), "{left:?}");
}

/// Integrated loudness as ffmpeg's ebur128 filter measures it.
fn oracle(path: &Path) -> f64 {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostats", "-i"])
        .arg(path)
        .args(["-vn", "-af", "ebur128", "-f", "null", "-"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().rev().find_map(|line| line.trim().strip_prefix("I:")).unwrap();
    line.trim().trim_end_matches("LUFS").trim().parse().unwrap()
}

#[tokio::test]
async fn clips_that_do_not_fit_each_other_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let clips =
        vec![clip(folder.path(), "film.mp4", FrameRate::FILM, 4).await, clip(folder.path(), "ntsc.mp4", FrameRate::FILM_NTSC, 4).await];
    let spec = EpisodeSpec { title: String::new(), language: String::new(), clips, sound: None, subtitles: None, chapters: vec![] };
    let error = assemble(&Programs::default(), &spec, &folder.path().join("e.mp4"), |_| ()).await.unwrap_err();
    assert!(error.to_string().contains("ntsc.mp4: it cannot be joined to"), "{error}");
}

#[tokio::test]
async fn too_few_too_many_and_wrong_frames_leave_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let spec = ClipSpec { canvas: CANVAS, rate: FrameRate::FILM, frames: 4 };
    let target = folder.path().join("clip.mp4");
    let start = || ClipEncoder::start(&Programs::default(), spec, &target, |_| ()).unwrap();

    let mut few = start();
    few.write(&Frame { image: picture(0), hold: 3 }).await.unwrap();
    assert!(few.finish().await.unwrap_err().to_string().contains("3 frames came and 4 were announced"));
    let mut many = start();
    assert!(many.write(&Frame { image: picture(0), hold: 5 }).await.unwrap_err().to_string().contains("the clip ends at 4"));
    let small = Arc::new(Raster { width: 2, height: 2, rgba: vec![0; 16] });
    assert!(many.write(&Frame { image: small, hold: 1 }).await.unwrap_err().to_string().contains("it has 2x2 pixels"));
    drop(many);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_cancelled_clip_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let spec = ClipSpec { canvas: CANVAS, rate: FrameRate::FILM, frames: 1000 };
    let target = folder.path().join("clip.mp4");
    let (sender, receiver) = tokio::sync::mpsc::channel(4);
    let work = tokio::spawn(async move { clip::encode(&Programs::default(), spec, &target, receiver, |_| ()).await });
    for step in 0..20 {
        sender.send(Frame { image: picture(step), hold: 1 }).await.unwrap();
    }
    work.abort();
    assert!(work.await.unwrap_err().is_cancelled());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_missing_ffmpeg_says_how_to_get_it() {
    let folder = tempfile::tempdir().unwrap();
    let programs = Programs { ffmpeg: folder.path().join("no-ffmpeg"), ..Programs::default() };
    let spec = ClipSpec { canvas: CANVAS, rate: FrameRate::FILM, frames: 4 };
    let error = ClipEncoder::start(&programs, spec, &folder.path().join("clip.mp4"), |_| ()).err().unwrap();
    assert!(matches!(error, Error::ProgramMissing { .. }) && error.to_string().contains("apt install ffmpeg"), "{error}");
}
