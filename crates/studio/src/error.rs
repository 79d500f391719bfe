//! What can go wrong in a use case.

use std::path::PathBuf;

use bible::source::SourceErrors;
use engine::EngineError;
use store::{BlobError, StoreError, UrlError};

use crate::folder::FolderError;
use crate::history::HistoryError;
use crate::picture_files::PictureFileError;
use crate::subject::Subject;

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StudioError {
    /// The project folder cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The project has errors.
    #[error("the project has {} error(s)", .0.errors())]
    Source(SourceErrors),
    /// A brief cannot be written.
    #[error("{subject} cannot be briefed: {reason}")]
    Brief {
        /// Of what.
        subject: String,
        /// Why.
        reason: String,
    },
    /// Something cannot be drawn.
    #[error("{subject} cannot be drawn")]
    Draw {
        /// What.
        subject: Subject,
        /// Why.
        #[source]
        source: EngineError,
    },
    /// A show cannot be drawn as its settings say.
    #[error("the show cannot be drawn as `render` in project.yaml says: {reason}")]
    Rendering {
        /// Why, and what would be right.
        reason: String,
    },
    /// The engine that a show is drawn with cannot begin.
    #[error("the engine of this show cannot begin")]
    Engine(#[source] EngineError),
    /// A value has no JSON form.
    #[error("the recipe of {subject} has no JSON form: a number in it is not finite")]
    Recipe {
        /// Of what.
        subject: Subject,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A picture cannot be written as a file.
    #[error("{subject} cannot be kept")]
    PictureFile {
        /// Of what.
        subject: Subject,
        /// Why.
        #[source]
        source: PictureFileError,
    },
    /// Encoding, speaking or joining failed.
    #[error("{doing} failed")]
    Editorial {
        /// What was being made.
        doing: String,
        /// Why.
        #[source]
        source: editorial::Error,
    },
    /// The history of the bible does not allow it, or is broken.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A project folder cannot be written.
    #[error(transparent)]
    Checkout(#[from] crate::history::CheckoutError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The blob store failed.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A URL is wrong.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// Somebody else produces this project right now.
    #[error("another process produces this project at the moment (it holds {}); wait for it, or stop it", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
    },
    /// A file of the studio's own cannot be written or read.
    #[error("{doing} {} failed", path.display())]
    File {
        /// `writing`…
        doing: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The project's own calibration cannot be used.
    #[error("{} cannot be used; fit it again with `echo-studio consistency calibrate`, or take it away", path.display())]
    Calibration {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: consistency::calibration::CalibrationError,
    },
    /// There is no such thing in the project.
    #[error("there is no {what}{}", nearest.as_ref().map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default())]
    Unknown {
        /// What was asked for.
        what: String,
        /// The nearest that exists.
        nearest: Option<String>,
    },
    /// A stored value cannot be understood.
    #[error("{what} in the store cannot be understood; produce again with a fresh data folder if this stays")]
    Damaged {
        /// Which.
        what: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The work was cancelled.
    #[error("cancelled; what was finished is kept, and the same command goes on from there")]
    Cancelled,
    /// A thread ended without an answer.
    #[error("drawing {subject} ended without an answer: {reason}")]
    Crashed {
        /// What was being drawn.
        subject: Subject,
        /// What the thread said.
        reason: String,
    },
}

impl StudioError {
    /// Whether the same call could succeed later without a change.
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self {
            Self::Folder(_)
            | Self::Source(_)
            | Self::Brief { .. }
            | Self::Rendering { .. }
            | Self::Calibration { .. }
            | Self::Recipe { .. }
            | Self::PictureFile { .. }
            | Self::Url(_)
            | Self::Unknown { .. }
            | Self::Damaged { .. }
            | Self::Crashed { .. } => false,
            Self::Draw { source, .. } | Self::Engine(source) => source.retryable(),
            Self::Editorial { source, .. } => source.retryable(),
            Self::History(error) => error.retryable(),
            Self::Store(error) => error.retryable(),
            Self::Blob(error) => error.retryable(),
            Self::Checkout(_) | Self::Busy { .. } | Self::File { .. } | Self::Cancelled => true,
        }
    }

    pub(crate) fn file(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { doing, path, source }
    }

    pub(crate) fn editorial(doing: impl Into<String>) -> impl FnOnce(editorial::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Editorial { doing, source }
    }
}
