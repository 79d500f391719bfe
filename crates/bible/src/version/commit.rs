//! Commits and annotated tags.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::path::DocumentPath;
use crate::Digest;

/// The id of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommitId(Digest);

impl CommitId {
    /// The commit of an object's id.
    #[must_use]
    pub const fn new(digest: Digest) -> Self {
        Self(digest)
    }

    /// The object's id.
    #[must_use]
    pub const fn digest(self) -> Digest {
        self.0
    }

    /// The first 12 hex digits.
    #[must_use]
    pub fn short(self) -> String {
        self.0.short()
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a text is no commit's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a commit's id is 64 hex digits, got {got:?}")]
pub struct ParseCommitIdError {
    /// What was given.
    pub got: String,
}

impl FromStr for CommitId {
    type Err = ParseCommitIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| ParseCommitIdError { got: text.to_owned() })
    }
}

/// Who wrote a change.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Author {
    /// Their name.
    pub name: String,
    /// Where they are reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

impl Author {
    /// An author without an address.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), email: None }
    }
}

impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.email {
            Some(email) => write!(f, "{} <{email}>", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// What a commit changed against its first parent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Documents that are new.
    pub added: usize,
    /// Documents that say something else.
    pub changed: usize,
    /// Documents that are gone.
    pub removed: usize,
    /// The first of them, by path: at most [`Summary::LISTED`].
    pub documents: Vec<DocumentPath>,
}

impl Summary {
    /// Documents that a summary lists.
    pub const LISTED: usize = 32;

    /// How many documents it touched.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.added + self.changed + self.removed
    }

    /// Whether the listed documents are all.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.documents.len() == self.total()
    }
}

/// A version of the bible, who made it, and why. Its id follows from its content alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commit {
    /// The root of its tree.
    pub tree: Digest,
    /// The commits that it follows: none for the first, two or more for a merge.
    pub parents: Vec<CommitId>,
    /// One more than the greatest of its parents; 1 for the first. A commit's ancestors have smaller ones.
    pub generation: u64,
    /// Who.
    pub author: Author,
    /// Why.
    pub message: String,
    /// When, in microseconds since 1970 (UTC).
    pub at: i64,
    /// What it changed against its first parent.
    pub summary: Summary,
}

impl Commit {
    /// The first line of the message.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }

    /// Whether it joins branches.
    #[must_use]
    pub fn is_merge(&self) -> bool {
        self.parents.len() > 1
    }
}

/// A name for a commit that stays, with who gave it and why: a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// The name.
    pub name: String,
    /// The commit.
    pub target: CommitId,
    /// Who.
    pub author: Author,
    /// Why.
    pub message: String,
    /// When, in microseconds since 1970 (UTC).
    pub at: i64,
}
