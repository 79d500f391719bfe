//! `echo-studio`: the director's desk, from the command line.
//!
//! Each command is one file in [`commands`]; what they share is how settings are found ([`settings`]), how
//! progress is shown ([`bars`]) and how the process ends ([`exit`]).

mod bars;
mod commands;
mod exit;
mod footnotes;
mod memory;
mod output;
mod settings;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::exit::Exit;
use crate::settings::{Flags, Settings};

/// The director's desk for anime made with AI.
///
/// A project is a folder: bible and shot lists in YAML, scripts in Fountain. `plan` says what would be
/// drawn and why, `produce` draws it, measures it and cuts the episode, `serve` shows it.
#[derive(Debug, Parser)]
#[command(name = "echo-studio", version, after_help = exit::TABLE, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    flags: Flags,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what would be drawn and why, without drawing
    Plan(commands::plan::Arguments),
    /// Draw what is stale, measure it, and cut the episodes
    Produce(commands::produce::Arguments),
    /// Check a project's files and say what is wrong, with file, line and column
    Check(commands::check::Arguments),
    /// Find where bible, scripts and shots contradict each other
    Lint(commands::lint::Arguments),
    /// Commits, branches and tags of the bible: its history, as git keeps it
    Bible(commands::bible::Arguments),
    /// Take in a history (.echo), a project folder, or a screenplay (.fdx, .fountain)
    Import(commands::import::Arguments),
    /// Write the bible's history as one file (.echo), or the files of a version as a folder
    Export(commands::export::Arguments),
    /// Write the cast as a table (CSV), or read one back
    Cast(commands::cast::Arguments),
    /// Fit calibrations on labelled pairs of pictures, and say how well they tell right from wrong
    Consistency(commands::consistency::Arguments),
    /// Add, list, verify and remove networks that look at pictures; nothing is fetched
    Models(commands::models::Arguments),
    /// List the pictures and clips of a project with their verdicts
    Pictures(commands::pictures::Arguments),
    /// Find pictures by character, look, pose, and by what they are like
    Search(commands::search::Arguments),
    /// Accept or reject a picture as a person
    Review(commands::review::Arguments),
    /// Draw what a verdict rests on: where a picture is off, its references, and what would mend it
    Evidence(commands::evidence::Arguments),
    /// Draw, sign, check and approve character sheets
    Sheet(commands::sheet::Arguments),
    /// Serve the studio's web page and API
    Serve(commands::serve::Arguments),
    /// The render farm: its nodes and jobs, and why they wait
    Farm(commands::farm::Arguments),
    /// Drive ComfyUI nodes and draw the farm's jobs
    Worker(commands::worker::Arguments),
    /// Stand in for a ComfyUI server: dry runs without a GPU, and faults on a schedule
    Sim(commands::sim::Arguments),
    /// List, show and verify model files for ComfyUI: kind, build, family, licence, what fits what
    Checkpoints(commands::checkpoints::Arguments),
    /// List, check, fill and run workflow templates for ComfyUI, and register your own
    Workflows(commands::workflows::Arguments),
    /// Say what is there, what is missing, what that means and what mends it
    Doctor(commands::doctor::Arguments),
    /// Print every setting with where it comes from
    Config,
    /// List what the layout engine can draw: hair styles, garments, poses, sets…
    Parts(commands::parts::Arguments),
    /// Write the JSON Schemas of project files, for editors
    Schema(commands::schema::Arguments),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// What every command gets.
struct Context {
    flags: Flags,
    settings: Settings,
    json: bool,
}

fn main() -> ExitCode {
    memory::give_frames_back();
    let mut arguments = Arguments::parse();
    arguments.command.hand_over(&mut arguments.flags);
    let settings = match Settings::load(&arguments.flags) {
        Ok(settings) => settings,
        Err(error) => {
            output::error(&format!("the settings are wrong: {error}"));
            return Exit::Failure.into();
        }
    };
    let filter = EnvFilter::try_new(&settings.log).unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let context = Context { flags: arguments.flags, settings, json: arguments.json };
    // A worker mostly waits: on several threads, most of its time would go into waking them.
    let mut threads = match arguments.command {
        Command::Worker(_) => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = match threads.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::error(&format!("the system gives no threads: {error}"));
            return Exit::Failure.into();
        }
    };
    match runtime.block_on(arguments.command.run(&context)) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::error(&format!("{error:#}"));
            // What still draws beside what failed would find the runtime gone in the middle of its work: it ends with the process.
            std::mem::forget(runtime);
            commands::exit_of(&error).into()
        }
    }
}

impl Command {
    /// Settings that only one command takes as flags.
    fn hand_over(&self, flags: &mut Flags) {
        match self {
            Self::Serve(arguments) => flags.listen = arguments.listen,
            Self::Produce(arguments) => flags.jobs = arguments.jobs,
            _ => {}
        }
    }

    async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        match self {
            Self::Plan(arguments) => commands::plan::run(arguments, context).await,
            Self::Produce(arguments) => commands::produce::run(arguments, context).await,
            Self::Check(arguments) => commands::check::run(&arguments, context),
            Self::Lint(arguments) => commands::lint::run(&arguments, context),
            Self::Bible(arguments) => commands::bible::run(arguments, context).await,
            Self::Import(arguments) => commands::import::run(arguments, context).await,
            Self::Export(arguments) => commands::export::run(arguments, context).await,
            Self::Cast(arguments) => commands::cast::run(&arguments, context),
            Self::Consistency(arguments) => commands::consistency::run(arguments, context).await,
            Self::Models(arguments) => commands::models::run(&arguments, context),
            Self::Pictures(arguments) => commands::pictures::run(arguments, context).await,
            Self::Search(arguments) => commands::search::run(arguments, context).await,
            Self::Review(arguments) => commands::review::run(arguments, context).await,
            Self::Evidence(arguments) => commands::evidence::run(arguments, context).await,
            Self::Sheet(arguments) => commands::sheet::run(arguments, context).await,
            Self::Serve(arguments) => commands::serve::run(arguments, context).await,
            Self::Farm(arguments) => commands::farm::run(arguments, context).await,
            Self::Worker(arguments) => commands::worker::run(arguments, context).await,
            Self::Sim(arguments) => commands::sim::run(arguments).await,
            Self::Checkpoints(arguments) => commands::checkpoints::run(arguments, context).await,
            Self::Workflows(arguments) => commands::workflows::run(arguments, context).await,
            Self::Doctor(arguments) => commands::doctor::run(arguments, context).await,
            Self::Config => commands::config::run(context),
            Self::Parts(arguments) => commands::parts::run(&arguments, context),
            Self::Schema(arguments) => commands::schema::run(&arguments),
            Self::Completions { shell } => {
                clap_complete::generate(shell, &mut Arguments::command(), "echo-studio", &mut std::io::stdout());
                Ok(Exit::Success)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
