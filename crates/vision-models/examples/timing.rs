//! What embedding costs beside the bare network:
//!
//! ```text
//! python3 training/random_model.py dinov2-small /tmp/dinov2-small.onnx
//! cargo run --release -p vision-models --example timing -- dinov2-small /tmp/dinov2-small.onnx
//! python3 training/random_model.py dinov2-small /tmp/dinov2-small.onnx --time
//! ```

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::time::{Duration, Instant};

use engine::picture::Raster;
use vision_models::{Backend, Embedder, Manifest, NetworkError, prepare};

/// Runs that count, after one that does not.
const RUNS: usize = 15;

fn median(mut run: impl FnMut() -> Result<(), NetworkError>) -> Result<f64, NetworkError> {
    run()?;
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times.get(RUNS / 2).map_or(0.0, Duration::as_secs_f64) * 1e3)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(preset), Some(file)) = (arguments.next(), arguments.next()) else { return Err("timing PRESET FILE".into()) };
    let (manifest, bytes) = (Manifest::preset(&preset)?, std::fs::read(file)?);
    let rgba: Vec<u8> = (0..1_280_u32 * 720).flat_map(|place| [(place % 251) as u8, (place / 1_280 % 239) as u8, 90, 255]).collect();
    let picture = Raster { width: 1_280, height: 720, rgba };
    for backend in [Backend::OnnxRuntime, Backend::Tract] {
        let mut embedder = match Embedder::from_bytes(manifest.clone(), &bytes, Some(backend)) {
            Ok(embedder) => embedder,
            Err(error) => {
                println!("{}: {error}", backend.name());
                continue;
            }
        };
        let preparing = median(|| prepare(&picture, None, &manifest.input).map(drop))?;
        let whole = median(|| embedder.embed(&picture, None).map(drop))?;
        let share = preparing / (whole - preparing).max(1e-9) * 100.0;
        println!(
            "{:<13} picture to embedding {whole:.1} ms, of which preparing {preparing:.2} ms: {share:.1} % on top of the network",
            backend.name()
        );
    }
    Ok(())
}
