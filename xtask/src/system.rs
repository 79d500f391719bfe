//! Programs that the studio and its tests need from the system.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// A program, how to know that it is there, and the Debian package that brings it.
pub(crate) struct Program {
    /// Any of these on the `PATH` (or, with a slash, as a file pattern's folder) will do.
    found_as: &'static [&'static str],
    package: &'static str,
    needed_for: &'static str,
}

/// What producing an episode needs.
pub(crate) const TO_RUN: &[Program] = &[
    Program { found_as: &["c++", "g++"], package: "g++", needed_for: "building the search index" },
    Program { found_as: &["ffmpeg"], package: "ffmpeg", needed_for: "encoding and joining clips" },
    Program { found_as: &["espeak-ng"], package: "espeak-ng", needed_for: "scratch voices" },
];

/// What the tests need besides.
pub(crate) const TO_TEST: &[Program] = &[
    Program { found_as: &["/usr/lib/postgresql", "postgres"], package: "postgresql", needed_for: "database tests" },
    Program { found_as: &["npm"], package: "npm", needed_for: "the TypeScript client" },
    Program { found_as: &["chromium", "google-chrome"], package: "chromium", needed_for: "tests in a real browser" },
    Program { found_as: &["chromedriver"], package: "chromium-driver", needed_for: "tests in a real browser" },
];

/// Servers that tests talk to, from PyPI, in an environment of their own.
const TEST_SERVERS: &str = "moto[server]==5.2.5";

/// Debian has Python's venv apart; that it is missing shows only when it is used.
const VENV: Program = Program { found_as: &[], package: "python3-venv", needed_for: "an S3 server for tests" };

/// Makes `target/test-python` with [`TEST_SERVERS`], unless it is there.
pub(crate) fn install_test_servers(root: &Path) -> Result<()> {
    let environment = root.join("target/test-python");
    let stamp = environment.join("installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == TEST_SERVERS) {
        return Ok(());
    }
    eprintln!("\n==> Installing {TEST_SERVERS} into target/test-python");
    let made = || Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment).status().is_ok_and(|status| status.success());
    if !made() {
        install(&[VENV])?;
        if !made() {
            bail!("python3 -m venv {} failed", environment.display());
        }
    }
    let pip = Command::new(environment.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", TEST_SERVERS])
        .status()
        .context("could not start pip")?;
    if !pip.success() {
        bail!("pip install {TEST_SERVERS} ended with {pip}");
    }
    std::fs::write(&stamp, TEST_SERVERS).context("could not write target/test-python/installed")
}

/// Installs what is missing with apt, or says precisely what to install.
pub(crate) fn install(programs: &[Program]) -> Result<()> {
    let missing: Vec<&Program> = programs.iter().filter(|program| !program.found_as.iter().any(|name| on_path(name))).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for program in &missing {
        eprintln!("missing: {} (for {})", program.package, program.needed_for);
    }
    let packages: Vec<&str> = missing.iter().map(|program| program.package).collect();
    let install = format!("apt-get install -y --no-install-recommends {}", packages.join(" "));
    if !on_path("apt-get") || !is_root() {
        bail!("install what is missing and start again. On Debian or Ubuntu:\n  sudo {install}");
    }
    eprintln!("\n==> Installing {}", packages.join(", "));
    apt(&["update"])?;
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend(packages);
    apt(&arguments).with_context(|| format!("{install} failed"))
}

fn apt(arguments: &[&str]) -> Result<()> {
    let status = Command::new("apt-get").args(arguments).arg("-qq").env("DEBIAN_FRONTEND", "noninteractive").status()?;
    if !status.success() {
        bail!("apt-get {} ended with {status}", arguments.join(" "));
    }
    Ok(())
}

/// Whether a program is on the `PATH`; a name with a slash is looked for as it is.
pub(crate) fn on_path(name: &str) -> bool {
    if name.contains('/') {
        return Path::new(name).exists();
    }
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
