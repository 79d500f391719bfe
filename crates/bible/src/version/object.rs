//! Objects: bytes with a kind, named by their digest.

use crate::Digest;

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// A file as typed.
    File,
    /// A node of a tree, as canonical JSON.
    Tree,
    /// A commit, as canonical JSON.
    Commit,
    /// An annotated tag, as canonical JSON.
    Tag,
}

impl ObjectKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::File, Self::Tree, Self::Commit, Self::Tag];

    /// Its name in the store.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Tree => "tree",
            Self::Commit => "commit",
            Self::Tag => "tag",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// An object: its digest covers its kind, so that a file that looks like a commit is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// What it is.
    pub kind: ObjectKind,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Object {
    /// An object.
    #[must_use]
    pub const fn new(kind: ObjectKind, bytes: Vec<u8>) -> Self {
        Self { kind, bytes }
    }

    /// Its name: BLAKE3 over the kind's word, a zero byte and the bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.kind.word().as_bytes()).update(&[0]).update(&self.bytes);
        Digest::from_bytes(*hasher.finalize().as_bytes())
    }
}

/// Why an object's bytes do not say what they should.
#[derive(Debug, thiserror::Error)]
#[error("{} {} cannot be understood", kind.word(), digest.short())]
pub struct UnreadableObject {
    /// What it should be.
    pub kind: ObjectKind,
    /// Which.
    pub digest: Digest,
    /// Why.
    #[source]
    pub source: serde_json::Error,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_part_of_the_name() {
        let of = |kind| Object::new(kind, b"{}".to_vec()).digest();
        assert_ne!(of(ObjectKind::File), of(ObjectKind::Tree));
        assert_eq!(of(ObjectKind::File), of(ObjectKind::File));
        assert!(ObjectKind::ALL.iter().all(|kind| ObjectKind::named(kind.word()) == Some(*kind)));
    }
}
