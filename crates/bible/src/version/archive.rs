//! A history in one file (`.echo`), to be taken elsewhere with the ids that it has.
//!
//! # Format, version 1
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `89 45 43 48 4f 0d 0a 1a`: no text, and broken by whoever takes it for one |
//! | 2 | the version, little-endian: 1 |
//! | rest | one Zstandard frame, and nothing after it |
//!
//! In the frame:
//!
//! | bytes | what |
//! |---|---|
//! | 4 | length of the header, little-endian |
//! | that | the header, canonical JSON: see [`Header`] |
//! | … | objects: one byte that says the kind (1 document, 2 text, 3 file, 4 tree, 5 commit, 6 tag), the length in 4 bytes, little-endian, the id in 32 bytes, and the object's bytes |
//! | 1 | 0: no more objects |
//! | 8 | how many objects there were, little-endian |
//! | 32 | BLAKE3 of everything in the frame before it |
//!
//! What an object names comes before it, every object is there once, and none is there that no branch and no tag
//! needs. The same history gives the same contents; compressed by the same version, the same bytes.
//!
//! ```
//! use bible::version::archive::{Header, Limits, Reader, Writer};
//! use bible::version::RefName;
//!
//! let header = Header { slug: "tiny".parse().unwrap(), head: RefName::main(), ..Header::default() };
//! let file = Writer::new(Vec::new(), &header).unwrap().finish().unwrap();
//! let mut archive = Reader::open(file.as_slice(), Limits::default()).unwrap();
//! assert_eq!(archive.header(), &header);
//! assert!(archive.next_object().unwrap().is_none());
//! ```

mod order;
mod reader;
mod writer;

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};

pub use order::Order;
pub use reader::{Packed, Reader};
pub use writer::Writer;

use super::commit::CommitId;
use super::object::{ObjectKind, ParseObjectError};
use super::reference::RefName;
use crate::{Digest, Slug};

/// How every archive begins.
const MAGIC: [u8; 8] = *b"\x89ECHO\r\n\x1a";

/// The version that this program writes.
const VERSION: u16 = 1;

/// The name that archives end with.
pub const EXTENSION: &str = "echo";

/// What an archive says of itself: of which project it is, and its branches and tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The name that refers to the project.
    pub slug: Slug,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// The current branch.
    pub head: RefName,
    /// The last commit of every branch.
    pub branches: BTreeMap<RefName, CommitId>,
    /// The object of every annotated tag.
    pub tags: BTreeMap<RefName, Digest>,
}

impl Default for Header {
    fn default() -> Self {
        Self {
            slug: Slug::nearest("show").unwrap_or_else(|| unreachable!("a literal slug")),
            title: String::new(),
            description: String::new(),
            head: RefName::main(),
            branches: BTreeMap::new(),
            tags: BTreeMap::new(),
        }
    }
}

/// What an archive may have at most, so that a small file cannot fill memory or disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Objects in all.
    pub objects: u64,
    /// Bytes of one object, or of the header.
    pub object_bytes: u32,
    /// Bytes in all, not compressed.
    pub bytes: u64,
}

impl Default for Limits {
    /// Two million objects, 32 MiB each, 16 GiB in all.
    fn default() -> Self {
        Self { objects: 2_000_000, object_bytes: 32 << 20, bytes: 16 << 30 }
    }
}

/// Why an archive cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file itself cannot be read or written.
    #[error("the archive cannot be read or written")]
    Io(#[source] io::Error),
    /// It is something else.
    #[error("this is no .echo archive")]
    NoArchive,
    /// It was written by a later version of the program.
    #[error("the archive has version {found}, and this program reads version {VERSION}; use the version that wrote it, or a later one")]
    Version {
        /// Its version.
        found: u16,
    },
    /// It ends too early.
    #[error("the archive ends in the middle; fetch or write it again")]
    Cut,
    /// Its compression is broken.
    #[error("the archive is damaged: what is compressed in it cannot be unfolded")]
    Compression(#[source] io::Error),
    /// Something follows where nothing should.
    #[error("something follows after the end of the archive")]
    Trailing,
    /// Its header is nonsense.
    #[error("the header of the archive cannot be understood: {reason}")]
    Header {
        /// What is wrong.
        reason: String,
    },
    /// It is larger than what is read.
    #[error("the archive has more than {limit} {what}, which is the most that is read")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// How many are read.
        limit: u64,
    },
    /// An object has a kind that is none.
    #[error("object {number} of the archive has the kind {found}, which is none")]
    Kind {
        /// Which, from 1.
        number: u64,
        /// What was found.
        found: u8,
    },
    /// An object is not what its id was made from.
    #[error("object {number} of the archive is damaged: its bytes are not the ones that {id} was made from")]
    Damaged {
        /// Which, from 1.
        number: u64,
        /// Its id.
        id: Digest,
    },
    /// An object is nonsense.
    #[error("object {number} of the archive ({id}) cannot be understood")]
    Object {
        /// Which, from 1.
        number: u64,
        /// Its id.
        id: Digest,
        /// What is wrong.
        #[source]
        source: ParseObjectError,
    },
    /// An object contradicts those that it names.
    #[error("object {number} of the archive ({id}) cannot be: {reason}")]
    Contradiction {
        /// Which, from 1.
        number: u64,
        /// Its id.
        id: Digest,
        /// What is wrong.
        reason: String,
    },
    /// An object names one that did not come before it.
    #[error("{from} names the {kind} {names}, which does not come before it")]
    Absent {
        /// What names it: an object or a branch.
        from: String,
        /// What it should be.
        kind: ObjectKind,
        /// Its id.
        names: Digest,
    },
    /// An object comes twice.
    #[error("object {number} of the archive ({id}) came before")]
    Twice {
        /// Which, from 1.
        number: u64,
        /// Its id.
        id: Digest,
    },
    /// Nothing names an object.
    #[error("no branch and no tag of the archive needs the object {id}")]
    Stray {
        /// Which.
        id: Digest,
    },
    /// The digest at the end is another.
    #[error("the archive is damaged: its digest is not the one that it ends with")]
    Digest,
}

impl ArchiveError {
    /// What an error of the compressed stream means.
    fn of_frame(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Cut,
            // The decoder says so of nonsense; everything else comes from the file below it.
            io::ErrorKind::Other | io::ErrorKind::InvalidData => Self::Compression(error),
            _ => Self::Io(error),
        }
    }
}

const fn code(kind: ObjectKind) -> u8 {
    match kind {
        ObjectKind::Document => 1,
        ObjectKind::Text => 2,
        ObjectKind::File => 3,
        ObjectKind::Tree => 4,
        ObjectKind::Commit => 5,
        ObjectKind::Tag => 6,
    }
}

fn kind_of(found: u8) -> Option<ObjectKind> {
    ObjectKind::ALL.into_iter().find(|kind| code(*kind) == found)
}

#[cfg(test)]
mod tests;
