//! What the sample episode costs from nothing, and what it costs when nothing changed: the real program, timed.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::drawing::sample_show;
use crate::{Figure, Promise};

/// Seconds and peak resident megabytes of one production.
fn produce(program: &Path, project: &Path, data: &Path) -> anyhow::Result<(f64, f64)> {
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(["produce", "--quiet", "--jobs", "2"])
        .arg(project)
        .arg("--data")
        .arg(data.join("data"))
        .arg("--out")
        .arg(data.join("out"))
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("starting {}; build it with cargo build --release -p cli", program.display()))?;
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak = 0.0_f64;
    loop {
        let ended = child.try_wait()?;
        if let Ok(text) = std::fs::read_to_string(&status_file)
            && let Some(line) = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))
        {
            let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse().unwrap_or(0.0);
            peak = peak.max(kilobytes / 1000.0);
        }
        match ended {
            Some(status) if status.success() => return Ok((start.elapsed().as_secs_f64(), peak)),
            Some(status) => bail!("produce ended with {status}"),
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

pub(crate) fn measure() -> anyhow::Result<Vec<Figure>> {
    let program = std::env::current_exe()?.with_file_name("echo-studio");
    let folder = tempfile::tempdir()?;
    let (from_nothing, peak) = produce(&program, &sample_show(), folder.path())?;
    let (unchanged, _) = produce(&program, &sample_show(), folder.path())?;
    Ok(vec![
        Figure::new("sample episode from nothing, 2 shots at a time", from_nothing, "s", Promise::Under(240.0)),
        Figure::new("peak resident memory while producing", peak, "MB", Promise::Under(150.0)),
        Figure::new("produce again with nothing changed", unchanged, "s", Promise::Under(1.0)),
    ])
}
