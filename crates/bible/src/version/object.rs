//! What is kept: objects whose id is the digest of their kind and their bytes.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde_json::Value;

use super::commit::{Commit, Tag};
use super::tree::Node;
use crate::Digest;
use crate::digest::canonical_json;

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// What a structured document says, as canonical JSON.
    Document,
    /// A text as typed.
    Text,
    /// A file that is no text of the bible.
    File,
    /// A node of a tree.
    Tree,
    /// A commit.
    Commit,
    /// An annotated tag.
    Tag,
}

impl ObjectKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Document, Self::Text, Self::File, Self::Tree, Self::Commit, Self::Tag];

    /// Its name in stores and archives.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Text => "text",
            Self::File => "file",
            Self::Tree => "tree",
            Self::Commit => "commit",
            Self::Tag => "tag",
        }
    }

    /// The id of an object of this kind with these bytes: BLAKE3 of `echo <kind>`, a zero byte, and the bytes. The
    /// kind is part of it, so that a text that looks like a commit is none.
    #[must_use]
    pub fn id_of(self, bytes: &[u8]) -> Digest {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"echo ").update(self.as_str().as_bytes()).update(&[0]).update(bytes);
        Digest::from_bytes(*hasher.finalize().as_bytes())
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a stored object cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no {kind}: {reason}")]
pub struct ParseObjectError {
    /// What it should have been.
    pub kind: String,
    /// What is wrong.
    pub reason: String,
}

impl FromStr for ObjectKind {
    type Err = ParseObjectError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| ParseObjectError {
            kind: "kind of object".to_owned(),
            reason: format!("{text:?} is none of document, text, file, tree, commit and tag"),
        })
    }
}

/// An object.
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    /// What a structured document says.
    Document(Arc<Value>),
    /// A text as typed.
    Text(Arc<str>),
    /// A file.
    File(Arc<[u8]>),
    /// A node of a tree.
    Tree(Arc<Node>),
    /// A commit.
    Commit(Arc<Commit>),
    /// An annotated tag.
    Tag(Arc<Tag>),
}

impl Object {
    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> ObjectKind {
        match self {
            Self::Document(_) => ObjectKind::Document,
            Self::Text(_) => ObjectKind::Text,
            Self::File(_) => ObjectKind::File,
            Self::Tree(_) => ObjectKind::Tree,
            Self::Commit(_) => ObjectKind::Commit,
            Self::Tag(_) => ObjectKind::Tag,
        }
    }

    /// Its bytes, and the id that follows from them.
    ///
    /// # Errors
    /// When a value has no JSON form; values that were read from YAML or JSON always have one.
    pub fn encode(&self) -> Result<(Digest, Vec<u8>), serde_json::Error> {
        let bytes = match self {
            Self::Document(value) => canonical_json(value)?,
            Self::Text(text) => text.as_bytes().to_vec(),
            Self::File(bytes) => bytes.to_vec(),
            Self::Tree(node) => canonical_json(node)?,
            Self::Commit(commit) => canonical_json(commit)?,
            Self::Tag(tag) => canonical_json(tag)?,
        };
        Ok((self.kind().id_of(&bytes), bytes))
    }

    /// An object from its bytes.
    ///
    /// # Errors
    /// [`ParseObjectError`] when they are no object of this kind.
    pub fn decode(kind: ObjectKind, bytes: &[u8]) -> Result<Self, ParseObjectError> {
        let wrong = |reason: String| ParseObjectError { kind: kind.to_string(), reason };
        let json = |error: serde_json::Error| wrong(error.to_string());
        Ok(match kind {
            ObjectKind::Document => Self::Document(Arc::new(serde_json::from_slice(bytes).map_err(json)?)),
            ObjectKind::Text => Self::Text(std::str::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?.into()),
            ObjectKind::File => Self::File(bytes.into()),
            ObjectKind::Tree => Self::Tree(Arc::new(serde_json::from_slice(bytes).map_err(json)?)),
            ObjectKind::Commit => Self::Commit(Arc::new(serde_json::from_slice(bytes).map_err(json)?)),
            ObjectKind::Tag => Self::Tag(Arc::new(serde_json::from_slice(bytes).map_err(json)?)),
        })
    }
}
