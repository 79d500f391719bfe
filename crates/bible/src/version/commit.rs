//! Commits and tags.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::object::{Object, ObjectKind, UnreadableObject};
use crate::Digest;
use crate::digest::canonical_json;

/// A commit's id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommitId(pub Digest);

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommitId({})", self.0.short())
    }
}

impl FromStr for CommitId {
    type Err = crate::digest::ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Name, as they write it.
    pub name: String,
    /// E-mail address; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
}

impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.email.is_empty() { Ok(()) } else { write!(f, " <{}>", self.email) }
    }
}

/// A version of the show, and how it came to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// The root of its files (see [`super::tree`]).
    pub tree: Digest,
    /// The commits before it: none for the first, two for a merge.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<CommitId>,
    /// Longest way to the first commit; 0 for it. Ancestors always have a smaller one.
    pub generation: u64,
    /// Who.
    pub author: Author,
    /// When: microseconds since 1970-01-01T00:00:00Z.
    pub time: i64,
    /// Why.
    pub message: String,
    /// Files that differ from the first parent, in order of path; cut after [`Commit::MAX_TOUCHED`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub touched: Vec<String>,
    /// How many files differ.
    pub touched_count: u64,
}

impl Commit {
    /// Paths that a commit lists; a commit that touches more says only how many.
    pub const MAX_TOUCHED: usize = 64;

    /// Whether the commit may differ from its first parent in this file: certain when all touched files are listed.
    #[must_use]
    pub fn may_touch(&self, path: &str) -> bool {
        self.touched.len() as u64 != self.touched_count || self.touched.binary_search_by(|touched| touched.as_str().cmp(path)).is_ok()
    }

    /// As an object.
    #[must_use]
    pub fn object(&self) -> Object {
        Object::new(ObjectKind::Commit, json(self))
    }

    /// Reads an object.
    ///
    /// # Errors
    /// When the bytes are no commit.
    pub fn read(id: CommitId, bytes: &[u8]) -> Result<Self, UnreadableObject> {
        serde_json::from_slice(bytes).map_err(|source| UnreadableObject { kind: ObjectKind::Commit, digest: id.0, source })
    }

    /// The first line of the message.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }
}

/// A name for a commit that stays, with a word on it: a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Its name.
    pub name: String,
    /// What it names.
    pub commit: CommitId,
    /// Who.
    pub author: Author,
    /// When: microseconds since 1970-01-01T00:00:00Z.
    pub time: i64,
    /// What it is.
    pub message: String,
}

impl Tag {
    /// As an object.
    #[must_use]
    pub fn object(&self) -> Object {
        Object::new(ObjectKind::Tag, json(self))
    }

    /// Reads an object.
    ///
    /// # Errors
    /// When the bytes are no tag.
    pub fn read(digest: Digest, bytes: &[u8]) -> Result<Self, UnreadableObject> {
        serde_json::from_slice(bytes).map_err(|source| UnreadableObject { kind: ObjectKind::Tag, digest, source })
    }
}

/// Canonical JSON of a value that always has one: texts, whole numbers and lists of them.
pub(super) fn json<T: Serialize>(value: &T) -> Vec<u8> {
    canonical_json(value).unwrap_or_else(|error| unreachable!("a struct of texts and whole numbers has a JSON form: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit() -> Commit {
        Commit {
            tree: Digest::of(b"tree"),
            parents: Vec::new(),
            generation: 0,
            author: Author { name: "Aki O'Brien & 明".to_owned(), email: String::new() },
            time: 1_700_000_000_000_000,
            message: "First <b>version</b>\n\nWhy.".to_owned(),
            touched: vec!["a".to_owned(), "c".to_owned()],
            touched_count: 2,
        }
    }

    #[test]
    fn a_commit_reads_back_and_its_id_is_its_content() {
        let commit = commit();
        let object = commit.object();
        let id = CommitId(object.digest());
        assert_eq!(Commit::read(id, &object.bytes).unwrap(), commit);
        let later = Commit { time: commit.time + 1, ..commit.clone() };
        assert_ne!(later.object().digest(), id.0);
        insta::assert_snapshot!(id, @"76d30763de9bff83020665dc5b6d916f54bceac01c263b671d8209d99e98c74a");
        assert_eq!(commit.subject(), "First <b>version</b>");
    }

    #[test]
    fn a_commit_that_lists_only_some_files_may_touch_any() {
        let some = commit();
        assert!(some.may_touch("a") && !some.may_touch("b"));
        assert!(Commit { touched_count: 70, ..some }.may_touch("b"));
    }
}
