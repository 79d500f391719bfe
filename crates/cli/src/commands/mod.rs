//! The commands, one file each, and what they share: a project on the command line, and what errors mean for
//! the exit code.

pub(crate) mod bible;
pub(crate) mod cast;
pub(crate) mod check;
pub(crate) mod checkpoints;
pub(crate) mod config;
pub(crate) mod consistency;
pub(crate) mod doctor;
pub(crate) mod evidence;
pub(crate) mod export;
pub(crate) mod farm;
pub(crate) mod import;
pub(crate) mod lint;
pub(crate) mod models;
pub(crate) mod parts;
pub(crate) mod pictures;
pub(crate) mod plan;
pub(crate) mod produce;
pub(crate) mod review;
pub(crate) mod schema;
pub(crate) mod search;
pub(crate) mod serve;
pub(crate) mod sheet;
pub(crate) mod sim;
pub(crate) mod worker;
pub(crate) mod workflows;

use std::path::{Path, PathBuf};

use ::bible::source::SourceError;
use engine::EngineError;
use studio::folder::FolderError;
use studio::{Show, Studio, StudioError};
use tokio_util::sync::CancellationToken;

use crate::exit::Exit;
use crate::{Context, output};

/// A project on the command line.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ProjectArgument {
    /// Folder of the project
    #[arg(default_value = ".")]
    pub(crate) project: PathBuf,
}

/// Reads a project, and says what is likely not meant in it.
pub(crate) fn load(project: &Path) -> anyhow::Result<Show> {
    let show = Show::load(project)?;
    for warning in &show.warnings {
        output::note(warning);
    }
    Ok(show)
}

/// Opens the places where things of a project are kept.
pub(crate) async fn open(context: &Context, project: &Path) -> anyhow::Result<Studio> {
    let places = context.settings.places(project);
    let mut studio =
        Studio::open(&places.database.parse().map_err(StudioError::Url)?, &places.blobs.parse().map_err(StudioError::Url)?).await?;
    studio.comfyui.clone_from(&context.settings.comfyui);
    studio.models = Some(models::folder(context, None, project));
    Ok(studio)
}

/// Ends when the person presses Ctrl-C, or when the process is asked to end (SIGTERM, as service managers and containers
/// do); a second time ends it at once.
pub(crate) fn until_interrupted() -> CancellationToken {
    let token = CancellationToken::new();
    let cancel = token.clone();
    tokio::spawn(async move {
        if asked_to_end().await {
            output::note("stopping: what is finished is kept (Ctrl-C again to end at once)");
            cancel.cancel();
            if asked_to_end().await {
                std::process::exit(Exit::Cancelled as i32);
            }
        }
    });
    token
}

/// Waits for either signal; false when neither can be heard.
#[cfg(unix)]
async fn asked_to_end() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminated) = signal(SignalKind::terminate()) else { return tokio::signal::ctrl_c().await.is_ok() };
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.is_ok(),
        heard = terminated.recv() => heard.is_some(),
    }
}

/// Waits for the signal; false when it cannot be heard.
#[cfg(not(unix))]
async fn asked_to_end() -> bool {
    tokio::signal::ctrl_c().await.is_ok()
}

/// Prints everything that is wrong in a project's files.
pub(crate) fn print_problems<'a>(problems: impl IntoIterator<Item = &'a SourceError>) {
    for problem in problems {
        output::note(problem);
    }
}

/// The exit code that an error stands for; a broken project's errors are printed one by one.
pub(crate) fn exit_of(error: &anyhow::Error) -> Exit {
    match error.downcast_ref::<StudioError>() {
        // A place that cannot be written into says nothing about a project.
        Some(StudioError::Folder(FolderError::Occupied { .. } | FolderError::Link { .. })) => Exit::Failure,
        Some(StudioError::Source(problems)) => {
            print_problems(&problems.0);
            Exit::BrokenProject
        }
        Some(
            StudioError::Folder(_) | StudioError::Draw { source: EngineError::UnknownPart { .. } | EngineError::BrokenPart { .. }, .. },
        ) => Exit::BrokenProject,
        Some(StudioError::Editorial { source: editorial::Error::ProgramMissing { .. }, .. }) => Exit::ProgramMissing,
        Some(StudioError::Cancelled) => Exit::Cancelled,
        _ => Exit::Failure,
    }
}
