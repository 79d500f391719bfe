//! What encoding a shot costs beside plain ffmpeg: the same frames from a file, the same encoder settings.
//!
//! `cargo bench -p editorial --bench encode`. Prints one line for each case: seconds (best of three) of
//! ffmpeg reading raw RGBA from a file, of [`editorial::clip`] fed the same pictures, and their ratio.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and stops at the first thing that is wrong")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bible::FrameRate;
use bible::project::Canvas;
use editorial::Programs;
use editorial::clip::{ClipEncoder, ClipSpec, FFMPEG_ENCODER_ARGUMENTS};
use engine::Frame;
use engine::picture::Raster;

const CANVAS: Canvas = Canvas { width: 1280, height: 720 };
const FRAMES: u32 = 96;

/// A cel over a graded ground that the camera travels along: lines, flat colours and gradients, as anime has them.
fn picture(step: u32) -> Arc<Raster> {
    let Canvas { width, height } = CANVAS;
    let mut rgba = Vec::with_capacity((width * height * 4) as usize);
    for y in 0..height {
        for x in 0..width {
            let far = (x + step * 4) / 7 % 64;
            let (dx, dy) = (f64::from(x) - 640.0, f64::from(y) - 380.0 + (f64::from(step) / 6.0).sin() * 6.0);
            let reach = dx.hypot(dy * 0.8);
            let pixel = match reach {
                reach if reach < 180.0 && dx > dy * 0.3 + 40.0 => [0xd0, 0xa6, 0x9a],
                reach if reach < 180.0 => [0xf3, 0xd2, 0xb8],
                reach if reach < 184.0 => [0x2a, 0x20, 0x30],
                reach if reach < 250.0 && dy < 60.0 => [0x2b, 0x2f, 0x4a],
                _ => [(y / 5) as u8, (40 + y / 6 + far / 2) as u8, (90 + y / 8) as u8],
            };
            rgba.extend([pixel[0], pixel[1], pixel[2], 255]);
        }
    }
    Arc::new(Raster { width, height, rgba })
}

/// ffmpeg on its own, reading the pictures that were written to a file.
fn plain(raw: &Path, out: &Path) -> Duration {
    let start = Instant::now();
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostdin", "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgba", "-video_size", "1280x720"]);
    command.args(["-framerate", "24", "-i"]).arg(raw).args(["-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"]);
    command.args(FFMPEG_ENCODER_ARGUMENTS).args(["-g", "48", "-f", "mp4"]).arg(out);
    assert!(command.stdin(Stdio::null()).status().unwrap().success());
    start.elapsed()
}

async fn ours(frames: &[Frame], out: &Path) -> Duration {
    let start = Instant::now();
    let spec = ClipSpec { canvas: CANVAS, rate: FrameRate::FILM, frames: FRAMES };
    let mut encoder = ClipEncoder::start(&Programs::default(), spec, out, |_| ()).unwrap();
    for frame in frames {
        encoder.write(frame).await.unwrap();
    }
    encoder.finish().await.unwrap();
    start.elapsed()
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("frames.rgba");
    for hold in [1, 3] {
        let frames: Vec<Frame> = (0..FRAMES / hold).map(|step| Frame { image: picture(step * hold), hold }).collect();
        let mut file = std::fs::File::create(&raw).unwrap();
        for frame in &frames {
            for _ in 0..frame.hold {
                file.write_all(&frame.image.rgba).unwrap();
            }
        }
        drop(file);
        let out = folder.path().join("clip.mp4");
        // In turns, so that whatever else the machine does falls on both.
        let rounds: Vec<(Duration, Duration)> = (0..3).map(|_| (plain(&raw, &out), runtime.block_on(ours(&frames, &out)))).collect();
        let best = |times: &mut dyn Iterator<Item = Duration>| times.min().unwrap_or_default().as_secs_f64();
        let (plain, ours) = (best(&mut rounds.iter().map(|round| round.0)), best(&mut rounds.iter().map(|round| round.1)));
        println!(
            "{FRAMES} frames of 1280x720, each held {hold}: plain ffmpeg {plain:.3} s, editorial {ours:.3} s, ratio {:.2}",
            ours / plain
        );
    }
}
