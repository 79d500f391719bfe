//! Why a search cannot be made.

use consistency::Unreadable;
use search::SearchError;
use store::{BlobError, StoreError};

use crate::StudioError;

/// Why a search cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// A filter names something that is not there.
    #[error("there is no {parameter} `{got}` {}{}", place(parameter), hint(nearest.as_deref(), known))]
    Unknown {
        /// Which part of the filter.
        parameter: &'static str,
        /// What it names.
        got: String,
        /// The nearest name that is there.
        nearest: Option<String>,
        /// Names that are there.
        known: Vec<String>,
    },
    /// More, or fewer, pictures are asked for than are given at once.
    #[error("{got} pictures cannot be asked for at once: 1 to {}", super::MOST)]
    Limit {
        /// How many.
        got: u64,
    },
    /// The picture that others should be like cannot be read.
    #[error("the picture cannot be read")]
    Unreadable(#[source] Unreadable),
    /// Nothing can be made of the picture that others should be like.
    #[error("nothing in the picture can be compared: {model} makes nothing of it")]
    Nothing {
        /// The model.
        model: String,
    },
    /// What compares pictures does not work.
    #[error("{model} cannot compare pictures: {reason}")]
    Model {
        /// The model.
        model: String,
        /// Why.
        reason: String,
    },
    /// A part of the filter does not have the form of one.
    #[error("`{got}` is no {parameter}: {needed}")]
    Form {
        /// Which part of the filter.
        parameter: &'static str,
        /// What was given.
        got: String,
        /// What would be right.
        needed: String,
    },
    /// There is no such artifact in the project, or it has no picture.
    #[error("there is no picture of artifact {artifact} in this project")]
    NoPicture {
        /// Which.
        artifact: uuid::Uuid,
    },
    /// The index failed.
    #[error(transparent)]
    Index(#[from] SearchError),
    /// Something else went wrong.
    #[error(transparent)]
    Studio(#[from] StudioError),
}

fn place(parameter: &str) -> &'static str {
    match parameter {
        "character" => "in this project",
        "look" => "in the wardrobes meant",
        _ => "among the pictures of this project",
    }
}

fn hint(nearest: Option<&str>, known: &[String]) -> String {
    suggestion(nearest, known).map(|suggestion| format!("; {suggestion}")).unwrap_or_default()
}

/// What would be right in place of a name that is not there.
#[must_use]
pub fn suggestion(nearest: Option<&str>, known: &[String]) -> Option<String> {
    match nearest {
        Some(nearest) => Some(format!("did you mean `{nearest}`?")),
        None if known.is_empty() => None,
        None => Some(format!("there are {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))),
    }
}

impl From<StoreError> for LookupError {
    fn from(error: StoreError) -> Self {
        Self::Studio(error.into())
    }
}

impl From<BlobError> for LookupError {
    fn from(error: BlobError) -> Self {
        Self::Studio(error.into())
    }
}
