//! Draws a brief: `clip <brief.json> <out.png|out.mp4>`. A PNG is the picture of the clip's first moment; a film is
//! encoded by ffmpeg. Prints how long drawing took.

use std::error::Error;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use engine::Engine;
use engine::brief::ClipBrief;
use engine::picture::Raster;
use layout::layout_engine::LayoutEngine;
use layout::part::Catalogue;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(brief), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err("usage: clip <brief.json> <out.png|out.mp4>".into());
    };
    let brief: ClipBrief = serde_json::from_slice(&std::fs::read(brief)?)?;
    let engine = LayoutEngine::new(Catalogue::built_in());
    let mut report = std::io::stderr().lock();
    let started = Instant::now();
    if out.ends_with(".png") {
        let picture = engine.picture(&brief.picture)?;
        let cold = started.elapsed();
        let again = Instant::now();
        engine.picture(&brief.picture)?;
        writeln!(report, "first {cold:.1?}, again {:.1?}", again.elapsed())?;
        return write_png(&out, &picture.image);
    }
    let canvas = brief.picture.canvas;
    let mut encoder = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgba", "-s", &format!("{}x{}", canvas.width, canvas.height)])
        .args(["-r", &brief.rate.to_string(), "-i", "-", "-pix_fmt", "yuv420p", "-crf", "16", &out])
        .stdin(Stdio::piped())
        .spawn()?;
    let mut pipe = encoder.stdin.take().ok_or("ffmpeg takes no input")?;
    let (mut drawn, mut drawing) = (0, std::time::Duration::ZERO);
    let mut frames = engine.clip(&brief)?;
    loop {
        let before = Instant::now();
        let Some(frame) = frames.next() else { break };
        let frame = frame?;
        drawing += before.elapsed();
        drawn += 1;
        for _ in 0..frame.hold {
            pipe.write_all(&frame.image.rgba)?;
        }
    }
    drop(pipe);
    encoder.wait()?;
    writeln!(report, "{drawn} drawings for {} frames, {:.1?} each", brief.frames, drawing / drawn.max(1))?;
    Ok(())
}

fn write_png(path: &str, raster: &Raster) -> Result<(), Box<dyn Error>> {
    let file = std::fs::File::create(path)?;
    let mut encoder = png::Encoder::new(std::io::BufWriter::new(file), raster.width, raster.height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(&raster.rgba)?;
    Ok(())
}
