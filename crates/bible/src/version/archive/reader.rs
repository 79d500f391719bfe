//! Reading an archive, and believing none of it.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use super::writer::WINDOW_LOG;
use super::{ArchiveError, Header, Limits, MAGIC, VERSION, kind_of};
use crate::Digest;
use crate::version::document::Entry;
use crate::version::object::{Object, ObjectKind};
use crate::version::shape::Shape;
use crate::version::tree::Node;

/// An object of an archive, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    /// Its id.
    pub id: Digest,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// It.
    pub object: Object,
}

/// Reads an archive from its beginning to its end.
///
/// Every object is checked as it comes: that its bytes are those of its id, that it can be understood, that what it
/// names came before, and that it does not contradict that. Only when [`Reader::next_object`] has given the last one
/// is the whole known to be sound.
pub struct Reader<R: Read> {
    frame: Frame<R>,
    limits: Limits,
    header: Header,
    known: HashMap<Digest, Known>,
    count: u64,
    digest: Option<Digest>,
}

impl<R: Read> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("header", &self.header).field("count", &self.count).finish_non_exhaustive()
    }
}

/// What is remembered of an object that came.
struct Known {
    what: What,
    /// Whether something names it.
    named: bool,
}

enum What {
    Leaf(ObjectKind),
    Tree(Shape),
    Commit { generation: u64 },
}

impl What {
    const fn kind(&self) -> ObjectKind {
        match self {
            Self::Leaf(kind) => *kind,
            Self::Tree(_) => ObjectKind::Tree,
            Self::Commit { .. } => ObjectKind::Commit,
        }
    }
}

/// The bytes of the frame, counted and with their digest.
struct Frame<R: Read> {
    inner: zstd::stream::read::Decoder<'static, BufReader<R>>,
    hasher: blake3::Hasher,
    read: u64,
    most: u64,
}

impl<R: Read> Frame<R> {
    fn take(&mut self, into: &mut [u8]) -> Result<(), ArchiveError> {
        self.read = self.read.saturating_add(into.len() as u64);
        if self.read > self.most {
            return Err(ArchiveError::TooLarge { what: "bytes", limit: self.most });
        }
        self.inner.read_exact(into).map_err(ArchiveError::of_frame)?;
        self.hasher.update(into);
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ArchiveError> {
        let mut bytes = [0; N];
        self.take(&mut bytes)?;
        Ok(bytes)
    }

    /// So many bytes, which take up memory only as they come.
    fn bytes(&mut self, length: u32, limits: Limits) -> Result<Vec<u8>, ArchiveError> {
        const STEP: usize = 64 * 1024;
        if length > limits.object_bytes {
            return Err(ArchiveError::TooLarge { what: "bytes in one object", limit: limits.object_bytes.into() });
        }
        let mut bytes = Vec::new();
        let mut left = length as usize;
        while left > 0 {
            let (start, step) = (bytes.len(), left.min(STEP));
            bytes.resize(start + step, 0);
            self.take(&mut bytes[start..])?;
            left -= step;
        }
        Ok(bytes)
    }
}

impl<R: Read> Reader<R> {
    /// Reads the beginning of an archive.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn open(mut inner: R, limits: Limits) -> Result<Self, ArchiveError> {
        let mut start = [0; MAGIC.len()];
        let cut = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => ArchiveError::NoArchive,
            _ => ArchiveError::Io(error),
        };
        inner.read_exact(&mut start).map_err(cut)?;
        if start != MAGIC {
            return Err(ArchiveError::NoArchive);
        }
        let mut version = [0; 2];
        inner.read_exact(&mut version).map_err(cut)?;
        let found = u16::from_le_bytes(version);
        if found != VERSION {
            return Err(ArchiveError::Version { found });
        }
        let mut decoder = zstd::stream::read::Decoder::new(inner).map_err(ArchiveError::of_frame)?.single_frame();
        decoder.window_log_max(WINDOW_LOG).map_err(ArchiveError::of_frame)?;
        let mut frame = Frame { inner: decoder, hasher: blake3::Hasher::new(), read: 0, most: limits.bytes };
        let length = u32::from_le_bytes(frame.array()?);
        let json = frame.bytes(length, limits)?;
        let header: Header = serde_json::from_slice(&json).map_err(|error| ArchiveError::Header { reason: error.to_string() })?;
        if !header.branches.is_empty() && !header.branches.contains_key(&header.head) {
            return Err(ArchiveError::Header { reason: format!("the current branch {} is none of its branches", header.head) });
        }
        Ok(Self { frame, limits, header, known: HashMap::new(), count: 0, digest: None })
    }

    /// What the archive says of itself.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The digest of the whole; known at the end.
    #[must_use]
    pub const fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// The file again.
    #[must_use]
    pub fn into_inner(self) -> R {
        self.frame.inner.finish().into_inner()
    }

    /// The next object; none at the end, when everything has proved to be sound.
    ///
    /// # Errors
    /// [`ArchiveError`]; what comes after it cannot be read.
    pub fn next_object(&mut self) -> Result<Option<Packed>, ArchiveError> {
        if self.digest.is_some() {
            return Ok(None);
        }
        let [found] = self.frame.array()?;
        if found == 0 {
            self.end()?;
            return Ok(None);
        }
        let number = self.count + 1;
        if number > self.limits.objects {
            return Err(ArchiveError::TooLarge { what: "objects", limit: self.limits.objects });
        }
        let kind = kind_of(found).ok_or(ArchiveError::Kind { number, found })?;
        let length = u32::from_le_bytes(self.frame.array()?);
        let id = Digest::from_bytes(self.frame.array()?);
        let bytes = self.frame.bytes(length, self.limits)?;
        if kind.id_of(&bytes) != id {
            return Err(ArchiveError::Damaged { number, id });
        }
        let object = Object::decode(kind, &bytes).map_err(|source| ArchiveError::Object { number, id, source })?;
        let what = self.checked(number, id, &object)?;
        if self.known.insert(id, Known { what, named: false }).is_some() {
            return Err(ArchiveError::Twice { number, id });
        }
        self.count = number;
        Ok(Some(Packed { id, bytes, object }))
    }

    /// Marks an object as named and gives what it is.
    fn names(&mut self, from: &str, kind: ObjectKind, names: Digest) -> Result<&What, ArchiveError> {
        match self.known.get_mut(&names) {
            Some(known) if known.what.kind() == kind => {
                known.named = true;
                Ok(&known.what)
            }
            _ => Err(ArchiveError::Absent { from: from.to_owned(), kind, names }),
        }
    }

    /// What an object is, once everything that it names is known to be right.
    fn checked(&mut self, number: u64, id: Digest, object: &Object) -> Result<What, ArchiveError> {
        let contradiction = |reason: String| ArchiveError::Contradiction { number, id, reason };
        let from = format!("the {} {id}", object.kind());
        match object {
            Object::Document(_) | Object::Text(_) | Object::File(_) => Ok(What::Leaf(object.kind())),
            Object::Tree(node) => {
                match &**node {
                    Node::Leaf { entries } => {
                        for (kind, named) in entries.values().flat_map(named_by) {
                            self.names(&from, kind, named)?;
                        }
                    }
                    Node::Fan { fan, .. } => {
                        for child in fan.values() {
                            self.names(&from, ObjectKind::Tree, *child)?;
                        }
                    }
                }
                let shape = Shape::of(node, |child| match self.known.get(&child)?.what {
                    What::Tree(shape) => Some(shape),
                    _ => None,
                });
                shape.map(What::Tree).map_err(contradiction)
            }
            Object::Commit(commit) => {
                if let What::Tree(shape) = self.names(&from, ObjectKind::Tree, commit.tree)?
                    && !shape.is_root()
                {
                    return Err(contradiction("its tree is a part of another one".to_owned()));
                }
                let mut greatest = 0;
                for parent in &commit.parents {
                    if let What::Commit { generation } = self.names(&from, ObjectKind::Commit, parent.digest())? {
                        greatest = greatest.max(*generation);
                    }
                }
                if commit.generation.checked_sub(1) != Some(greatest) {
                    let reason = format!("it says that it is of generation {}, and its parents are of {greatest}", commit.generation);
                    return Err(contradiction(reason));
                }
                Ok(What::Commit { generation: commit.generation })
            }
            Object::Tag(tag) => {
                self.names(&from, ObjectKind::Commit, tag.target.digest())?;
                Ok(What::Leaf(ObjectKind::Tag))
            }
        }
    }

    /// Checks what can only be known at the end.
    fn end(&mut self) -> Result<(), ArchiveError> {
        let count = u64::from_le_bytes(self.frame.array()?);
        let digest = Digest::from_bytes(*self.frame.hasher.finalize().as_bytes());
        let mut stored = [0; 32];
        self.frame.inner.read_exact(&mut stored).map_err(ArchiveError::of_frame)?;
        if count != self.count || stored != *digest.as_bytes() {
            return Err(ArchiveError::Digest);
        }
        // The frame ends here, and the file with it.
        let more = self.frame.inner.read(&mut [0]).map_err(ArchiveError::of_frame)?;
        let behind = self.frame.inner.get_mut().fill_buf().map_err(ArchiveError::Io)?;
        if more > 0 || !behind.is_empty() {
            return Err(ArchiveError::Trailing);
        }
        let header = self.header.clone();
        for (name, head) in &header.branches {
            self.names(&format!("the branch {name}"), ObjectKind::Commit, head.digest())?;
        }
        for (name, tag) in &header.tags {
            self.names(&format!("the tag {name}"), ObjectKind::Tag, *tag)?;
        }
        if let Some(id) = self.known.iter().filter(|(_, known)| !known.named).map(|(id, _)| *id).min() {
            return Err(ArchiveError::Stray { id });
        }
        self.digest = Some(digest);
        Ok(())
    }
}

/// What a document's entry names, and what kind of object that must be.
fn named_by(entry: &Entry) -> impl Iterator<Item = (ObjectKind, Digest)> + use<> {
    let (first, second) = match *entry {
        Entry::Structured { value, text } => ((ObjectKind::Document, value), text.map(|text| (ObjectKind::Text, text))),
        Entry::Script { text } => ((ObjectKind::Text, text), None),
        Entry::File { file } => ((ObjectKind::File, file), None),
    };
    std::iter::once(first).chain(second)
}
