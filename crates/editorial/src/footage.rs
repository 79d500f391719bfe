//! Films that others made, read frame by frame.

use std::path::{Path, PathBuf};

use engine::picture::Raster;
use serde::Deserialize;
use tokio::io::AsyncReadExt;
use tokio::process::ChildStdout;

use crate::error::{Error, Result};
use crate::process::{Invocation, Running};
use crate::programs::{Program, Programs};

/// The largest side of a film that is decoded, in pixels: what a canvas may have at most.
const LARGEST_SIDE: u32 = 7_680;

/// A film of any container and codec that ffmpeg reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footage {
    path: PathBuf,
    size: (u32, u32),
}

impl Footage {
    /// Looks into a film. Its frames are not decoded yet, so it may still turn out to be damaged.
    ///
    /// # Errors
    /// [`Error::BadInput`] when it has no pictures, or larger ones than a canvas may be; others when ffprobe is missing
    /// or cannot read it.
    pub async fn open(programs: &Programs, path: &Path) -> Result<Self> {
        #[derive(Deserialize)]
        struct Probed {
            #[serde(default)]
            streams: Vec<Stream>,
        }
        #[derive(Deserialize)]
        struct Stream {
            width: Option<u32>,
            height: Option<u32>,
        }
        let wrong = |reason: &str| Error::bad(path.display().to_string(), reason);
        let doing = format!("looking into {}", path.display());
        let asked = Invocation::new(programs, Program::Ffprobe, doing)
            .args(["-loglevel", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "json"])
            .file(path);
        let probed: Probed = serde_json::from_slice(&asked.output().await?).map_err(|_| wrong("ffprobe says nothing of it"))?;
        let size = probed.streams.first().and_then(|stream| Some((stream.width?, stream.height?)));
        let (width, height) = size.ok_or_else(|| wrong("it has no pictures"))?;
        if ![width, height].iter().all(|side| (1..=LARGEST_SIDE).contains(side)) {
            return Err(wrong(&format!("its pictures have {width}x{height} pixels; {LARGEST_SIDE} each way are decoded at most")));
        }
        Ok(Self { path: path.to_owned(), size: (width, height) })
    }

    /// Width and height in pixels.
    #[must_use]
    pub const fn size(&self) -> (u32, u32) {
        self.size
    }

    /// Starts decoding: every frame once, in the order in which they are shown, whatever their times are.
    ///
    /// # Errors
    /// When ffmpeg is missing.
    pub fn frames(&self, programs: &Programs) -> Result<FootageFrames> {
        let mut running = Invocation::ffmpeg(programs, format!("decoding {}", self.path.display()))
            .args(["-noautorotate", "-i"])
            .file(&self.path)
            .args(["-map", "0:v:0", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgba", "pipe:1"])
            .start()?;
        let output = running.take_output();
        Ok(FootageFrames { running: Some(running), output, size: self.size, what: self.path.display().to_string() })
    }
}

/// The frames of a film, one after another. Dropping it stops ffmpeg.
pub struct FootageFrames {
    running: Option<Running>,
    output: Option<ChildStdout>,
    size: (u32, u32),
    what: String,
}

impl FootageFrames {
    /// The next frame; none behind the last.
    ///
    /// # Errors
    /// [`Error::Failed`] when ffmpeg finds the film damaged, [`Error::BadInput`] when it ends within a frame.
    pub async fn next(&mut self) -> Result<Option<Raster>> {
        let Some(output) = &mut self.output else { return Ok(None) };
        let (width, height) = self.size;
        let mut rgba = vec![0; width as usize * height as usize * 4];
        let mut filled = 0;
        while filled < rgba.len() {
            let read = output.read(&mut rgba[filled..]).await.map_err(|source| Error::Process {
                program: Program::Ffmpeg,
                doing: format!("decoding {}", self.what),
                source,
            })?;
            if read == 0 {
                break;
            }
            filled += read;
        }
        if filled == rgba.len() {
            return Ok(Some(Raster { width, height, rgba }));
        }
        self.output = None;
        if let Some(running) = self.running.take() {
            running.finish().await?;
        }
        if filled > 0 {
            return Err(Error::bad(self.what.clone(), "it ends within a frame"));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bible::FrameRate;
    use bible::project::Canvas;
    use engine::Frame;

    use super::*;
    use crate::clip::{ClipEncoder, ClipSpec};

    fn grey(level: u8) -> Frame {
        let image = Arc::new(Raster { width: 64, height: 48, rgba: [level, level, level, 255].repeat(64 * 48) });
        Frame { image, hold: 1 }
    }

    async fn film(folder: &Path) -> PathBuf {
        let (path, canvas) = (folder.join("film.mp4"), Canvas { width: 64, height: 48 });
        let spec = ClipSpec { canvas, rate: FrameRate::FILM, frames: 5 };
        let mut encoder = ClipEncoder::start(&Programs::default(), spec, &path, |_| {}).unwrap();
        for frame in 0..5 {
            encoder.write(&grey(40 * frame + 20)).await.unwrap();
        }
        encoder.finish().await.unwrap();
        path
    }

    #[tokio::test]
    async fn every_frame_comes_once_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = film(folder.path()).await;
        let footage = Footage::open(&Programs::default(), &path).await.unwrap();
        assert_eq!(footage.size(), (64, 48));
        let mut frames = footage.frames(&Programs::default()).unwrap();
        let mut levels = Vec::new();
        while let Some(frame) = frames.next().await.unwrap() {
            levels.push(frame.rgba[4 * (64 * 24 + 32)]);
        }
        assert_eq!(levels.len(), 5);
        assert!(levels.iter().zip([20_u8, 60, 100, 140, 180]).all(|(level, asked)| level.abs_diff(asked) <= 3), "{levels:?}");
        assert!(frames.next().await.unwrap().is_none(), "it stays at its end");
    }

    #[tokio::test]
    async fn what_is_no_film_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("words.mp4");
        std::fs::write(&path, "no film at all").unwrap();
        assert!(Footage::open(&Programs::default(), &path).await.is_err());
        let cut = folder.path().join("cut.mp4");
        let whole = std::fs::read(film(folder.path()).await).unwrap();
        std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
        assert!(Footage::open(&Programs::default(), &cut).await.is_err());
    }
}
