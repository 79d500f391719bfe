//! `echo-studio produce`: draw what is stale, measure it, cut the episodes.

use std::path::PathBuf;

use store::VerdictStatus;
use studio::progress::Progress;
use studio::{Outcome, ProduceOptions};

use super::ProjectArgument;
use crate::bars::Bars;
use crate::exit::Exit;
use crate::footnotes::footnotes;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    project: ProjectArgument,
    /// Folder for finished episodes [default: out in the project]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Shots drawn at the same time [default: one per core]
    #[arg(long, short)]
    pub(crate) jobs: Option<usize>,
    /// No progress bars
    #[arg(long, short)]
    quiet: bool,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let folder = &arguments.project.project;
    let show = super::load(folder)?;
    let studio = super::open(context, folder).await?;
    let options = ProduceOptions {
        data: context.settings.data_folder(folder),
        out: arguments.out.unwrap_or_else(|| folder.join("out")),
        jobs: context.settings.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get)),
    };
    let cancel = super::until_interrupted();
    let progress = Progress::default();
    let bars = Bars::show(&progress, arguments.quiet);
    let outcome = studio.produce(&show, &options, &progress, &cancel).await;
    bars.finish().await;
    let outcome = outcome?;
    if context.json {
        output::json(&outcome)?;
    } else {
        print(&outcome);
    }
    let uncut = outcome.episodes.iter().any(|episode| episode.missing.is_some());
    Ok(if uncut || !outcome.waiting.is_empty() || !outcome.awaiting.is_empty() { Exit::NeedsReview } else { Exit::Success })
}

/// Of what waits for front views, so many are listed.
const AWAITING: usize = 20;

fn print(outcome: &Outcome) {
    if outcome.drawn == 0 && outcome.reused == 0 && !outcome.awaiting.is_empty() {
        output::line(format_args!(
            "Drew nothing: {} pictures and clips wait, {} stay as they were.",
            outcome.awaiting.len(),
            outcome.unchanged
        ));
    } else if outcome.drawn == 0 && outcome.reused == 0 {
        output::line(format_args!("Nothing to draw: all {} pictures and clips are as the bible has them.", outcome.unchanged));
    } else {
        output::line(format_args!(
            "Drew {} pictures and clips ({} frames), used {} again, left {} as they were, in {:.1} s.",
            outcome.drawn, outcome.frames, outcome.reused, outcome.unchanged, outcome.seconds
        ));
    }
    let reasons: Vec<&[String]> = outcome.waiting.iter().map(|held| held.reasons.as_slice()).collect();
    let (reasons, notes) = footnotes(&reasons);
    for (held, reasons) in outcome.waiting.iter().zip(reasons) {
        let (word, colour) = if held.status == VerdictStatus::Rejected { ("rejected    ", 31) } else { ("needs review", 33) };
        output::line(format_args!("{} {:<38} {reasons}", output::paint(word, colour), held.subject));
    }
    for (index, note) in notes.iter().enumerate() {
        output::line(format_args!("[{}] {note}", index + 1));
    }
    for held in outcome.awaiting.iter().take(AWAITING) {
        output::line(format_args!("{} {:<38} {}", output::paint("not drawn   ", 90), held.subject, held.reasons.join("; ")));
    }
    if outcome.awaiting.len() > AWAITING {
        output::line(format_args!("… and {} more (`echo-studio plan --all` lists them)", outcome.awaiting.len() - AWAITING));
    }
    if !outcome.waiting.is_empty() {
        output::line("Decide with `echo-studio review <subject> --accept` or `--reject`, and produce again.");
    }
    for episode in &outcome.episodes {
        match (&episode.missing, episode.cut) {
            (Some(reason), _) => {
                let before = episode.files.first().map(|path| format!("; the film from before stays at {}", path.display()));
                output::line(format_args!("{} is not cut: {reason}{}", episode.episode, before.unwrap_or_default()));
            }
            (None, cut) => {
                let film = episode.files.first().map(|path| path.display().to_string()).unwrap_or_default();
                output::line(format_args!("{} {} {film}", episode.episode, if cut { "is cut:" } else { "is as it was:" }));
            }
        }
    }
}
