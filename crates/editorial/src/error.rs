//! What can go wrong between pictures and an episode.

use std::path::PathBuf;

use crate::programs::Program;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a clip, a sound or an episode was not made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program that does this work is not installed.
    #[error("{} is not installed (looked for {}): {}", .program.name(), .path.display(), .program.how_to_install())]
    ProgramMissing {
        /// Which.
        program: Program,
        /// Where it was looked for: a path, or a name to find on the search path.
        path: PathBuf,
    },
    /// A program is there and could not be started or talked to.
    #[error("{} could not be run while {doing}", .program.name())]
    Process {
        /// Which.
        program: Program,
        /// What it was to do.
        doing: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A program ran and failed.
    #[error("{} failed ({status}) while {doing}; it said: {stderr}", .program.name())]
    Failed {
        /// Which.
        program: Program,
        /// What it was to do.
        doing: String,
        /// How it ended.
        status: String,
        /// The end of what it wrote to standard error.
        stderr: String,
    },
    /// A file or folder could not be read or written.
    #[error("{doing} {} failed", .path.display())]
    File {
        /// `reading`, `writing`…
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A WAV file could not be read or written.
    #[error("{doing} sound {} failed", .path.display())]
    Wav {
        /// `reading`, `writing`…
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// What was wrong.
        #[source]
        source: hound::Error,
    },
    /// What was asked for makes no sense.
    #[error("{what}: {reason}")]
    BadInput {
        /// Which clip, line, shot…
        what: String,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// An output does not hold what it should; it was thrown away and nothing was put in its place.
    #[error("{what} was made and thrown away: {reason}")]
    Unverified {
        /// Which output.
        what: String,
        /// How it differs from what it should be.
        reason: String,
    },
    /// Loudness could not be measured.
    #[error("the loudness of {what} could not be measured")]
    Loudness {
        /// Of what.
        what: String,
        /// What was wrong.
        #[source]
        source: ebur128::Error,
    },
    /// A picture could not be written or drawn.
    #[error("drawing {what} failed: {reason}")]
    Picture {
        /// Which picture.
        what: String,
        /// Why.
        reason: String,
    },
}

impl Error {
    pub(crate) fn file(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { doing, path, source }
    }

    pub(crate) fn bad(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::BadInput { what: what.into(), reason: reason.into() }
    }

    /// Whether the same call could succeed later without a change to its input.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Process { .. } | Self::Failed { .. } | Self::File { .. } | Self::Wav { .. } | Self::Unverified { .. } => true,
            Self::ProgramMissing { .. } | Self::BadInput { .. } | Self::Loudness { .. } | Self::Picture { .. } => false,
        }
    }
}
