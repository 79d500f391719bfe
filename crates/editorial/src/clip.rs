//! Shots as H.264 clips that can be joined without encoding again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bible::project::Canvas;
use bible::{Digest, FrameRate};
use engine::Frame;
use engine::picture::Raster;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::draft::Draft;
use crate::error::{Error, Result};
use crate::mp4;
use crate::process::{Invocation, Running, frames_of_progress};
use crate::programs::Programs;
use crate::yuv;

/// How every clip is encoded. All clips must be encoded alike to be joined, so these are no settings.
///
/// - `veryfast` by measurement: on a pan over 96 frames of 1280x720, `faster` and `medium` took 1.4 and 1.6 times
///   as long for 3 and 5 % fewer bytes, and `superfast` two thirds of the time for 37 % more;
/// - CRF 17: flat colours and lines show no difference to the source at normal viewing distance;
/// - 4 threads: a fixed number, for x264's output depends on it;
/// - closed GOPs, and x264's portable arithmetic, so that processors agree.
pub const FFMPEG_ENCODER_ARGUMENTS: [&str; 14] = [
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-tune",
    "animation",
    "-profile:v",
    "high",
    "-crf",
    "17",
    "-threads",
    "4",
    "-x264-params",
    "open-gop=0:cpu-independent=1",
];

/// What a clip is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipSpec {
    /// Size in pixels; both sides even.
    pub canvas: Canvas,
    /// Frames per second.
    pub rate: FrameRate,
    /// Exact length in frames, 1 or more.
    pub frames: u32,
}

/// A finished clip, verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clip {
    /// The file.
    pub path: PathBuf,
    /// What is in it.
    pub spec: ClipSpec,
    /// Identity of codec, size and parameter sets: clips with the same one can be joined by copying.
    pub format: Digest,
}

impl Clip {
    /// Takes a clip that was encoded earlier, after looking into it.
    ///
    /// # Errors
    /// [`Error::Unverified`] when the file is not such a clip.
    pub fn open(path: &Path, spec: ClipSpec) -> Result<Self> {
        let wrong = |reason: String| Error::Unverified { what: path.display().to_string(), reason };
        let tracks = mp4::tracks(path).map_err(wrong)?;
        let [track] = &tracks[..] else { return Err(wrong(format!("it has {} tracks and should have one", tracks.len()))) };
        let (timescale, step) = timing(spec.rate);
        let should = format!("{} frames of {} ticks at {timescale} a second", spec.frames, step);
        // A single frame has no next one to tell its length by, and ffmpeg writes what it was told.
        let right = track.samples == spec.frames && track.timescale == timescale && track.step == Some(step);
        if !right {
            let step = track.step.map_or_else(|| "changing numbers".to_owned(), |step| step.to_string());
            return Err(wrong(format!(
                "it has {} frames of {step} ticks at {} a second and should have {should}",
                track.samples, track.timescale
            )));
        }
        if &track.codec != b"avc1" || (u32::from(track.size.0), u32::from(track.size.1)) != (spec.canvas.width, spec.canvas.height) {
            return Err(wrong(format!("it is no H.264 of {}x{}", spec.canvas.width, spec.canvas.height)));
        }
        Ok(Self { path: path.to_owned(), spec, format: track.description })
    }
}

/// Ticks a second and ticks a frame: a common base of all clips of one rate, fine enough for sound and
/// subtitles beside them.
pub(crate) fn timing(rate: FrameRate) -> (u32, u32) {
    let mut factor = 1;
    while rate.numerator() * factor < 10_000 {
        factor *= 10;
    }
    (rate.numerator() * factor, rate.denominator() * factor)
}

/// An encoder at work. Dropping it stops ffmpeg and leaves no file behind.
pub struct ClipEncoder {
    running: Running,
    progress: JoinHandle<u64>,
    draft: Draft,
    target: PathBuf,
    spec: ClipSpec,
    written: u32,
    /// The planes of the last picture, kept for as long as the same one comes again.
    planes: Vec<u8>,
    last: Option<Arc<Raster>>,
}

impl ClipEncoder {
    /// Starts encoding into `target`, which appears when the clip is finished and verified. `progress`
    /// hears how many frames are encoded.
    ///
    /// # Errors
    /// When the spec makes no sense, ffmpeg is missing, or the folder cannot be written.
    pub fn start(programs: &Programs, spec: ClipSpec, target: &Path, progress: impl FnMut(u64) + Send + 'static) -> Result<Self> {
        let ClipSpec { canvas: Canvas { width, height }, frames, .. } = spec;
        if width % 2 == 1 || height % 2 == 1 || width == 0 || height == 0 {
            return Err(Error::bad(
                target.display().to_string(),
                format!("a clip of {width}x{height} cannot be encoded: both sides must be even"),
            ));
        }
        if frames == 0 {
            return Err(Error::bad(target.display().to_string(), "a clip has at least 1 frame"));
        }
        let draft = Draft::of(target)?;
        let mut running = arguments(programs, spec).file(draft.path()).start()?;
        running.widen_input();
        let output = running.take_output();
        let progress = tokio::spawn(async move {
            match output {
                Some(output) => frames_of_progress(output, progress).await,
                None => 0,
            }
        });
        Ok(Self { running, progress, draft, target: target.to_owned(), spec, written: 0, planes: Vec::new(), last: None })
    }

    /// Adds a picture for as many frames as it holds. The same `Arc` again costs no conversion.
    ///
    /// # Errors
    /// When the picture has another size, is one too many, or ffmpeg failed.
    pub async fn write(&mut self, frame: &Frame) -> Result<()> {
        let image = &frame.image;
        let Canvas { width, height } = self.spec.canvas;
        let what = || format!("frame {} of {}", self.written, self.target.display());
        if (image.width, image.height) != (width, height) || image.rgba.len() != width as usize * height as usize * 4 {
            let reason =
                format!("it has {}x{} pixels in {} bytes; the clip has {width}x{height}", image.width, image.height, image.rgba.len());
            return Err(Error::bad(what(), reason));
        }
        if self.written.saturating_add(frame.hold) > self.spec.frames {
            return Err(Error::bad(what(), format!("it holds for {} frames, and the clip ends at {}", frame.hold, self.spec.frames)));
        }
        if !self.last.as_ref().is_some_and(|last| Arc::ptr_eq(last, image)) {
            yuv::convert(image, &mut self.planes);
            self.last = Some(Arc::clone(image));
        }
        for _ in 0..frame.hold {
            self.running.write(&self.planes).await?;
            self.written += 1;
        }
        Ok(())
    }

    /// Ends the clip, verifies it and puts it in place.
    ///
    /// # Errors
    /// When frames are missing, ffmpeg failed, or the file does not hold exactly what it should.
    pub async fn finish(self) -> Result<Clip> {
        if self.written != self.spec.frames {
            return Err(Error::bad(
                self.target.display().to_string(),
                format!("{} frames came and {} were announced", self.written, self.spec.frames),
            ));
        }
        self.running.finish().await?;
        // It ends with the pipe; a callback that panics has nothing to say about the clip.
        let _ = self.progress.await;
        let clip = Clip::open(self.draft.path(), self.spec)?;
        self.draft.publish()?;
        Ok(Clip { path: self.target, ..clip })
    }
}

/// Encodes the frames that come over a channel until its sender is dropped.
///
/// Draw in a blocking task, send with `blocking_send`, and keep the channel short (4): drawing and
/// encoding then overlap in constant memory. When drawing fails, drop the sender: this call then fails
/// for want of frames and leaves no file.
///
/// # Errors
/// As [`ClipEncoder`].
pub async fn encode(
    programs: &Programs,
    spec: ClipSpec,
    target: &Path,
    mut frames: mpsc::Receiver<Frame>,
    progress: impl FnMut(u64) + Send + 'static,
) -> Result<Clip> {
    let mut encoder = ClipEncoder::start(programs, spec, target, progress)?;
    while let Some(frame) = frames.recv().await {
        encoder.write(&frame).await?;
    }
    encoder.finish().await
}

/// ffmpeg from planes on standard input to a clip, up to the name of the output.
///
/// The same frames give the same bytes: see [`FFMPEG_ENCODER_ARGUMENTS`], and no dates and no encoder
/// name. The same spec gives the same parameter sets, so
/// that clips can be joined; every clip starts with an IDR picture and no picture refers beyond a
/// keyframe.
fn arguments(programs: &Programs, spec: ClipSpec) -> Invocation {
    let ClipSpec { canvas: Canvas { width, height }, rate, .. } = spec;
    let keyframes = rate.frames_in(2.0);
    Invocation::ffmpeg(programs, format!("encoding a clip of {} frames", spec.frames))
        .args(["-progress", "pipe:1", "-stats_period", "0.25"])
        .args(["-f", "rawvideo", "-pix_fmt", "yuv420p"])
        .set("-video_size", format_args!("{width}x{height}"))
        .set("-framerate", format_args!("{}/{}", rate.numerator(), rate.denominator()))
        .args(["-i", "pipe:0", "-map", "0:v:0"])
        .args(FFMPEG_ENCODER_ARGUMENTS)
        .set("-g", keyframes)
        .args(["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv", "-pix_fmt", "yuv420p"])
        .args(["-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1"])
        .set("-video_track_timescale", timing(rate).0)
        .args(["-f", "mp4"])
}
