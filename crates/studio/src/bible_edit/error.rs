//! Why an edit was not made.

use bible::Digest;
use bible::version::Snapshot;
use serde_json::Value;

use super::Resource;
use super::check::Violation;
use crate::StudioError;
use crate::history::HistoryError;

/// Why an edit was not made. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// There is no such thing.
    #[error("there is no {what}{}", nearest.as_ref().map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default())]
    Unknown {
        /// What was asked for.
        what: String,
        /// The nearest that exists.
        nearest: Option<String>,
    },
    /// There is such a thing already.
    #[error("there is a {what} already")]
    Taken {
        /// What was to be made.
        what: String,
    },
    /// It is not as it was seen.
    #[error("the {what} is not what it was when you read it: look at what it is now, and edit that")]
    Stale {
        /// What was to be changed.
        what: String,
        /// Its tag now.
        tag: Digest,
        /// What it is now.
        current: Value,
    },
    /// What would come of it is not sound.
    #[error("{}", first(.0))]
    Invalid(Vec<Violation>),
    /// Others refer to it.
    #[error("the {what} is still needed: {}", first(.uses))]
    InUse {
        /// What was to be taken away.
        what: String,
        /// Where it is needed.
        uses: Vec<Violation>,
    },
    /// Something that is kept would be lost.
    #[error("{what}; say that you mean it with `force`")]
    NeedsForce {
        /// What would be lost.
        what: String,
    },
    /// The history does not allow it, or is broken.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// Another part of the studio failed.
    #[error(transparent)]
    Studio(#[from] StudioError),
    /// A thread ended without an answer.
    #[error("the edit ended without an answer: {reason}")]
    Crashed {
        /// What the thread said.
        reason: String,
    },
}

impl From<store::StoreError> for EditError {
    fn from(error: store::StoreError) -> Self {
        Self::History(error.into())
    }
}

impl EditError {
    /// The same with places in the documents of a resource told as places in what is shown of it.
    pub(super) fn seen_from(self, resource: Option<&Resource>, snapshot: &Snapshot) -> Self {
        match (self, resource) {
            (Self::Invalid(wrong), Some(resource)) => {
                let placed = |violation: Violation| {
                    let place = violation.document.as_ref().and_then(|document| resource.place(snapshot, document, &violation.pointer));
                    match place {
                        Some(pointer) => Violation { document: None, pointer, ..violation },
                        None => violation,
                    }
                };
                Self::Invalid(wrong.into_iter().map(placed).collect())
            }
            (error, _) => error,
        }
    }

    /// The same with places below the last element of a list told as places in that element.
    pub(super) fn below_last(self, list: &str) -> Self {
        let Self::Invalid(wrong) = self else { return self };
        let inside = |pointer: &str| {
            let rest = pointer.strip_prefix(list)?.trim_start_matches(|sign: char| sign.is_ascii_digit());
            (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
        };
        let placed = |violation: Violation| match inside(&violation.pointer) {
            Some(pointer) if violation.document.is_none() => Violation { pointer, ..violation },
            _ => violation,
        };
        Self::Invalid(wrong.into_iter().map(placed).collect())
    }

    /// Whether the same call could succeed later without a change.
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self {
            Self::History(error) => error.retryable(),
            Self::Studio(error) => error.retryable(),
            Self::Unknown { .. }
            | Self::Taken { .. }
            | Self::Stale { .. }
            | Self::Invalid(_)
            | Self::InUse { .. }
            | Self::NeedsForce { .. }
            | Self::Crashed { .. } => false,
        }
    }
}

fn first(violations: &[Violation]) -> String {
    let more = violations.len().saturating_sub(1);
    let first = violations.first().map(ToString::to_string).unwrap_or_default();
    if more > 0 { format!("{first}, and {more} more") } else { first }
}
