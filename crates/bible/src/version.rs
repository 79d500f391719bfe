//! The bible as a versioned source: what people wrote, by content, with its history.
//!
//! A [`Snapshot`] holds every [`Document`] of a project as written. It is kept as a tree of content-addressed
//! [`Object`]s that shares everything that did not change, and a [`Commit`] names such a tree, its parents, its
//! author and its reason. Everything here is pure: objects are read out of a [`Pool`], and what the pool lacks is
//! named in [`ReadError::Missing`], so that whoever keeps the objects loads them and asks again.
//!
//! ```
//! use bible::source::SourceTree;
//! use bible::version::{Pool, Snapshot, tree};
//!
//! let files = SourceTree::from([("project.yaml", "slug: tiny # ours\ntitle: Tiny\n")]);
//! let snapshot = Snapshot::of_source(&files).unwrap();
//! let mut pool = Pool::default();
//! let root = tree::write(&snapshot, &mut pool).unwrap();
//! assert_eq!(tree::read_all(root, &pool).unwrap(), snapshot);
//! assert_eq!(snapshot.to_source(), files);
//! ```

pub mod ancestry;
pub mod archive;
mod commit;
mod compare;
mod document;
mod lines;
mod merge;
mod object;
mod path;
mod pointer;
mod pool;
mod reference;
mod shape;
mod snapshot;
pub mod tree;
mod values;
mod written;

pub use commit::{Author, Commit, CommitId, ParseCommitIdError, Summary, Tag};
pub use compare::{Change, ChangeKind, diff, value_changes};
pub use document::{Document, Entry};
pub use merge::{Choice, Conflict, ConflictKind, Merged, Resolutions, merge, merge_with};
pub use object::{Object, ObjectKind, ParseObjectError};
pub use path::{DocumentKind, DocumentPath, ParsePathError};
pub use pointer::pointer_of;
pub use pool::{Pool, ReadError};
pub use reference::{Origin, ParseReferenceError, RefName, Reference, Step};
pub use shape::TreeCheck;
pub use snapshot::{Edit, Snapshot};
pub use written::{Form, Written, document_name, holding, lookup};

#[cfg(test)]
mod tests;
