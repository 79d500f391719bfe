//! `cargo xtask`: the developer commands.
//!
//! `run` and `test` do everything from a fresh checkout, set-up included. What they need from the system
//! is listed in [`system`]; what they do is one function per command below.

mod bench;
mod system;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

const USAGE: &str = "\
Usage: cargo xtask <command>

  run [PROJECT]   set up, produce the sample show (or PROJECT) and serve it on http://127.0.0.1:8328
  test            set up and run every check that CI runs
  lint            formatting, clippy and dependency rules only
  client          write the TypeScript client's types from the API's description
  bench           measure every figure that the docs quote
  dist            build the binary that ships, in target/dist
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["run"] => run(Path::new("examples/lantern-road")),
        ["run", project] => run(Path::new(project)),
        ["test"] => test(),
        ["lint"] => lint(),
        ["client"] => client("generate"),
        ["bench"] => bench::run(),
        ["dist"] => cargo(&["build", "--profile", "dist", "--package", "cli"]),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(project: &Path) -> Result<()> {
    system::install(system::TO_RUN)?;
    step("Building echo-studio (the first time this takes some minutes)");
    cargo(&["build", "--release", "--package", "cli"])?;
    let studio = root().join("target/release/echo-studio");
    let project = std::path::absolute(project)?;
    step(&format!("Producing {}", project.display()));
    checked(Command::new(&studio).arg("produce").arg(&project))?;
    step("Serving it: open http://127.0.0.1:8328 (Ctrl-C ends)");
    checked(Command::new(&studio).arg("serve").arg(&project))
}

fn test() -> Result<()> {
    system::install(system::TO_RUN)?;
    system::install(system::TO_TEST)?;
    system::install_test_servers(&root())?;
    lint()?;
    step("TypeScript client");
    client("check")?;
    step("Tests");
    cargo(&["test", "--workspace"])
}

/// Runs a script of the TypeScript client, with exactly the packages that its lock file names.
fn client(script: &str) -> Result<()> {
    let folder = root().join("clients/typescript");
    let npm = |arguments: &[&str]| checked(Command::new("npm").arg("--prefix").arg(&folder).args(arguments));
    npm(&["ci", "--ignore-scripts", "--no-audit", "--no-fund"])?;
    npm(&["run", script])
}

fn lint() -> Result<()> {
    step("Formatting");
    cargo(&["fmt", "--all", "--check"])?;
    step("Clippy");
    cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])?;
    if system::on_path("cargo-deny") {
        step("Dependency rules");
        cargo(&["deny", "--offline", "check", "bans", "licenses", "sources"])?;
    } else {
        step("Dependency rules: not checked, cargo-deny is not installed (cargo install cargo-deny)");
    }
    Ok(())
}

fn step(what: &str) {
    eprintln!("\n==> {what}");
}

/// Runs cargo in the workspace root.
fn cargo(arguments: &[&str]) -> Result<()> {
    checked(Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())).args(arguments))
}

/// Runs a command in the workspace root and fails with its name when it fails.
fn checked(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.current_dir(root()).status().with_context(|| format!("could not start {name}"))?;
    if !status.success() {
        bail!("{name} ended with {status}");
    }
    Ok(())
}

fn root() -> PathBuf {
    // xtask/ lies directly in the workspace root.
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
