//! What embedding a picture costs beside the bare network, and beside ONNX Runtime from Python on the same file.
//!
//! The network has random weights and the shape that `training/random_model.py` calls `ccip`: 384 x 384 in, 768 numbers
//! out, a transformer of about the cost of CCIP's own body. `ORT_DYLIB_PATH` names ONNX Runtime's library, and
//! `ECHO_BENCH_PYTHON` a Python that has `onnxruntime` (`python3` without); what is missing is said and not measured.

#[expect(dead_code, reason = "the tests' own networks are smaller")]
#[path = "../../crates/vision-models/tests/embedding/onnx.rs"]
mod onnx;
mod transformer;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use engine::picture::Raster;
use vision_models::{Backend, Embedder, Manifest, Network, NetworkError, Tensor, load_from, prepare};

use crate::{Figure, Promise, median, say};

/// Runs that count of each, after one that does not.
const RUNS: usize = 9;

fn timed(runs: usize, mut run: impl FnMut() -> Result<(), NetworkError>) -> anyhow::Result<f64> {
    run()?;
    let mut times = Vec::new();
    for _ in 0..runs {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed());
    }
    Ok(median(times))
}

/// A picture with something everywhere.
fn picture() -> Raster {
    let rgba = (0..1_280_u32 * 720).flat_map(|place| [(place % 251) as u8, (place / 1_280 % 239) as u8, 90, 255]).collect();
    Raster { width: 1_280, height: 720, rgba }
}

/// Milliseconds of the bare network and of a picture's whole way to its embedding, run in turns.
fn beside(onnx: &[u8], backend: Backend, manifest: &Manifest) -> anyhow::Result<(f64, f64)> {
    let mut bare: Box<dyn Network> = load_from(onnx, &[1, 3, 384, 384], Some(backend))?;
    let mut embedder = Embedder::from_bytes(manifest.clone(), onnx, Some(backend))?;
    let image = picture();
    let input: Tensor = prepare(&image, None, &manifest.input)?.0;
    let (mut alone, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        alone.push(timed(RUNS / 3, || bare.run(&input).map(drop))?);
        whole.push(timed(RUNS / 3, || embedder.embed(&image, None).map(drop))?);
    }
    alone.sort_by(f64::total_cmp);
    whole.sort_by(f64::total_cmp);
    Ok((alone[1], whole[1]))
}

/// Milliseconds of the same file in ONNX Runtime from Python; why not, otherwise.
fn from_python(file: &Path) -> Result<f64, String> {
    let python = std::env::var("ECHO_BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../training/random_model.py");
    let run = Command::new(&python).arg(script).args(["ccip"]).arg(file).arg("--time").output();
    let output = run.map_err(|error| format!("{python}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{python}: {}", said.lines().last().unwrap_or("it failed and said nothing")));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let number = said.trim().strip_suffix(" ms").and_then(|line| line.rsplit(' ').next()).and_then(|number| number.parse().ok());
    number.ok_or_else(|| format!("{python} said {said:?}"))
}

pub(crate) fn measure() -> anyhow::Result<Vec<Figure>> {
    let manifest = Manifest::preset("ccip")?;
    let onnx = transformer::network(1);
    let place = tempfile::tempdir()?;
    let file = place.path().join("ccip-shaped.onnx");
    std::fs::write(&file, &onnx)?;
    let mut figures = Vec::new();
    for backend in [Backend::OnnxRuntime, Backend::Tract] {
        let name = backend.name();
        match beside(&onnx, backend, &manifest) {
            Ok((bare, whole)) => {
                figures.push(Figure::new(format!("the bare network of CCIP's shape in {name}, median"), bare, "ms", Promise::None));
                let over = (whole / bare - 1.0) * 100.0;
                figures.push(Figure::new(format!("a picture to its embedding in {name}, over that"), over, "%", Promise::Under(5.0)));
                if backend == Backend::OnnxRuntime {
                    match from_python(&file) {
                        Ok(python) => {
                            // Once more after Python ran: side by side, whatever else the machine does.
                            let (after, _) = beside(&onnx, backend, &manifest)?;
                            let ours = bare.min(after);
                            figures.push(Figure::new("the same file in ONNX Runtime from Python, median", python, "ms", Promise::None));
                            let ratio = ours / python;
                            figures.push(Figure::new("our run beside Python's, times", ratio, "", Promise::Under(1.05)));
                        }
                        Err(reason) => say(&format!("ONNX Runtime from Python: not measured: {reason}")),
                    }
                }
            }
            Err(error) => say(&format!("embedding in {name}: not measured: {error:#}")),
        }
    }
    Ok(figures)
}
