//! `cargo xtask bench`: runs the benchmarks and says on what machine.

use anyhow::Result;

use crate::{cargo, step};

pub(crate) fn run() -> Result<()> {
    crate::system::install(crate::system::TO_RUN)?;
    step(&format!("Machine: {}", machine()));
    // The benchmarks time the program itself, too.
    cargo(&["build", "--release", "--package", "cli"])?;
    cargo(&["bench", "--package", "editorial", "--bench", "encode"])?;
    cargo(&["run", "--release", "--package", "benches"])
}

fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':').map(|(_, value)| value.trim().to_owned()))
    };
    let processor = field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let memory = field(&read("/proc/meminfo"), "MemTotal").unwrap_or_else(|| "unknown memory".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{processor}, {cores} cores, {memory}, {}", std::env::consts::OS)
}
