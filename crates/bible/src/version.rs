//! The bible as a versioned source: snapshots, commits, differences and merges.
//!
//! What is versioned are the files that people write, byte for byte: `bible/characters/mei.yaml`, a script, a
//! drawing. A [`Snapshot`] is all of them; it is kept as a Merkle tree ([`tree`]) in which unchanged parts are
//! shared, and a [`Commit`] names a tree and the commits before it. Everything is content-addressed: the same
//! content has the same id on every machine. Though files are kept as typed, differences ([`diff()`]) and merges
//! ([`merge()`]) look at the values in them, field by field.
//!
//! This module is pure: objects come and go as bytes, where they are kept is somebody else's work.
//!
//! ```
//! use bible::version::{Snapshot, diff, merge};
//!
//! let file = |colour: &str, age: u32| format!("name: Mei # our hero\nage: {age}\nhair: \"{colour}\"\n");
//! let of = |text: String| Snapshot::from_iter([("bible/characters/mei.yaml".to_owned(), text.into_bytes())]);
//! let (base, ours, theirs) = (of(file("#2b2f4a", 15)), of(file("#7a2b3a", 15)), of(file("#2b2f4a", 16)));
//! assert_eq!(diff(&base, &ours)[0].to_string(), r##"characters.mei.hair: "#2b2f4a" -> "#7a2b3a""##);
//! let merged = merge(&base, &ours, &theirs);
//! assert!(merged.conflicts.is_empty());
//! assert_eq!(merged.snapshot, of(file("#7a2b3a", 16)));
//! ```

mod commit;
mod compare;
mod lines;
mod merge;
mod object;
mod snapshot;
pub mod tree;
mod values;

pub use commit::{Author, Commit, CommitId, Tag};
pub use compare::{Change, ChangeKind, blamed, diff};
pub use merge::{Choice, Conflict, ConflictKind, Merged, Resolutions, merge, merge_with};
pub use object::{Object, ObjectKind, UnreadableObject};
pub use snapshot::{DocumentKind, Snapshot, document_name};

#[cfg(test)]
mod tests;
