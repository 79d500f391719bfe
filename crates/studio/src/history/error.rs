//! What can go wrong with the history of a bible.

use bible::Digest;
use bible::version::archive::ArchiveError;
use bible::version::{CommitId, ParseReferenceError, ReadError, RefName};
use store::StoreError;

/// Why something could not be done with a history.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A name of a version is none.
    #[error(transparent)]
    Reference(#[from] ParseReferenceError),
    /// There is no such version.
    #[error("there is no branch, tag or commit `{reference}`{}", suggestion(nearest.as_deref()))]
    UnknownReference {
        /// What was asked for.
        reference: String,
        /// The nearest name that exists.
        nearest: Option<String>,
    },
    /// There is no such branch or tag.
    #[error("there is no {what} `{name}`{}", suggestion(nearest.as_deref()))]
    UnknownName {
        /// `branch` or `tag`.
        what: &'static str,
        /// What was asked for.
        name: RefName,
        /// The nearest name that exists.
        nearest: Option<String>,
    },
    /// Several commits start like this.
    #[error("`{prefix}` could be {} commits: {}; write more of its digits", candidates.len(), shorts(candidates))]
    Ambiguous {
        /// What was asked for.
        prefix: String,
        /// What it could be, at most 16.
        candidates: Vec<CommitId>,
    },
    /// A commit has no such ancestor.
    #[error("`{reference}` goes back beyond the first commit, or to a parent that is not there")]
    NoAncestor {
        /// What was asked for.
        reference: String,
    },
    /// The project has no commits yet.
    #[error("the project has no commits yet; make the first with `echo-studio bible commit -m …`")]
    Empty,
    /// Somebody else moved the branch in between.
    #[error("the branch {branch} moved in between: it is at {}, not at {}", place(*found), place(*expected))]
    Moved {
        /// Which.
        branch: RefName,
        /// Where the caller saw it.
        expected: Option<CommitId>,
        /// Where it is.
        found: Option<CommitId>,
    },
    /// Nothing differs from the version before.
    #[error("there is nothing to commit: every document is as it was")]
    NothingToCommit,
    /// A commit says nothing about its reason.
    #[error("a commit needs a message of 1 to {most} characters that says why", most = super::commit::LONGEST_MESSAGE)]
    Message,
    /// A name is taken.
    #[error("there is a {what} `{name}` already")]
    Taken {
        /// `branch` or `tag`.
        what: &'static str,
        /// Which.
        name: RefName,
    },
    /// The branch one stands on cannot go.
    #[error("`{branch}` is the current branch; switch to another one first")]
    Current {
        /// Which.
        branch: RefName,
    },
    /// A branch holds work that is nowhere else.
    #[error("`{branch}` holds {commits} commit(s) that are on no other branch or tag; merge it first, or force its deletion")]
    Unmerged {
        /// Which.
        branch: RefName,
        /// How many.
        commits: usize,
    },
    /// A choice for a conflict that is not there.
    #[error("there is no conflict at `{path}` to choose for{}", suggestion(nearest.as_deref()))]
    NoSuchConflict {
        /// What was chosen for.
        path: String,
        /// The nearest conflict.
        nearest: Option<String>,
    },
    /// A choice makes no sound document.
    #[error("what was chosen for `{path}` cannot be kept: {reason}")]
    Resolution {
        /// In which file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A merge has several sides, and which one is meant was not said.
    #[error("{} has {parents} parents; say which side stays: 1 for the branch that was merged into", commit.short())]
    Parent {
        /// Which commit.
        commit: CommitId,
        /// How many parents it has.
        parents: usize,
    },
    /// No document is called like the beginning of a field's name.
    #[error("no document holds the field `{field}`{}", suggestion(nearest.as_deref()))]
    UnknownField {
        /// What was asked for.
        field: String,
        /// The nearest document.
        nearest: Option<String>,
    },
    /// A folder holds edits that would be lost.
    #[error("the folder has uncommitted edits in {}; commit them, carry them along, or discard them", documents.join(", "))]
    Uncommitted {
        /// Which documents.
        documents: Vec<String>,
    },
    /// An archive cannot be read or written.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Branches or tags of an archive stand elsewhere here.
    #[error(
        "{} went different ways here and in the archive; say under which name the archive's are to be kept, and merge them",
        list(names)
    )]
    Diverged {
        /// Which.
        names: Vec<RefName>,
    },
    /// A value has no JSON form.
    #[error("a value has no JSON form")]
    Json(#[source] serde_json::Error),
    /// An object that should be there is not.
    #[error("the object {object} is missing from the database; `echo-studio bible fsck` lists what is lost")]
    Lost {
        /// Which.
        object: Digest,
    },
    /// An object is not what it was.
    #[error("the object {object} is damaged: {reason}; `echo-studio bible fsck` lists what is lost")]
    Damaged {
        /// Which.
        object: Digest,
        /// What is wrong with it.
        reason: String,
    },
}

impl HistoryError {
    /// Whether the same call could succeed later without a change.
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self {
            Self::Store(error) => error.retryable(),
            Self::Reference(_)
            | Self::UnknownReference { .. }
            | Self::UnknownName { .. }
            | Self::Ambiguous { .. }
            | Self::NoAncestor { .. }
            | Self::Empty
            | Self::Moved { .. }
            | Self::NothingToCommit
            | Self::Message
            | Self::Taken { .. }
            | Self::Current { .. }
            | Self::Unmerged { .. }
            | Self::NoSuchConflict { .. }
            | Self::Resolution { .. }
            | Self::Parent { .. }
            | Self::UnknownField { .. }
            | Self::Uncommitted { .. }
            | Self::Archive(_)
            | Self::Diverged { .. }
            | Self::Json(_)
            | Self::Lost { .. }
            | Self::Damaged { .. } => false,
        }
    }

    /// What a read says once everything that can be loaded was loaded.
    pub(super) fn of_read(error: ReadError) -> Self {
        match error {
            ReadError::Damaged { object, reason } => Self::Damaged { object, reason },
            ReadError::Missing(objects) => Self::Lost { object: objects.into_iter().next().unwrap_or_else(|| Digest::from_bytes([0; 32])) },
        }
    }
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default()
}

fn place(commit: Option<CommitId>) -> String {
    commit.map_or_else(|| "its beginning".to_owned(), CommitId::short)
}

fn shorts(commits: &[CommitId]) -> String {
    commits.iter().map(|id| id.short()).collect::<Vec<_>>().join(", ")
}

fn list(names: &[RefName]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
