//! Writing an archive.

use std::io::{self, Write};

use super::{ArchiveError, Header, MAGIC, VERSION, code};
use crate::Digest;
use crate::digest::canonical_json;
use crate::version::object::ObjectKind;

/// How hard the bytes are pressed: versions of one document differ little, and a window of 8 MiB sees many of them.
const LEVEL: i32 = 10;

/// The window of the compression: a power of two bytes. Readers refuse a larger one.
pub(super) const WINDOW_LOG: u32 = 23;

/// Writes an archive, object by object.
pub struct Writer<W: Write> {
    frame: Hashed<zstd::stream::write::Encoder<'static, W>>,
    objects: u64,
}

/// Passes bytes on and takes their digest.
struct Hashed<W> {
    inner: W,
    hasher: blake3::Hasher,
}

impl<W: Write> Hashed<W> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.hasher.update(bytes);
        self.inner.write_all(bytes).map_err(ArchiveError::Io)
    }
}

impl<W: Write> std::fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("objects", &self.objects).finish_non_exhaustive()
    }
}

impl<W: Write> Writer<W> {
    /// Begins an archive.
    ///
    /// # Errors
    /// [`ArchiveError::Io`] of `inner`, [`ArchiveError::Header`].
    pub fn new(mut inner: W, header: &Header) -> Result<Self, ArchiveError> {
        inner.write_all(&MAGIC).map_err(ArchiveError::Io)?;
        inner.write_all(&VERSION.to_le_bytes()).map_err(ArchiveError::Io)?;
        let mut encoder = zstd::stream::write::Encoder::new(inner, LEVEL).map_err(ArchiveError::Io)?;
        encoder.window_log(WINDOW_LOG).map_err(ArchiveError::Io)?;
        // Names no size and no checksum of its own: the digest at the end is stronger.
        encoder.include_contentsize(false).map_err(ArchiveError::Io)?;
        let mut frame = Hashed { inner: encoder, hasher: blake3::Hasher::new() };
        let json = canonical_json(header).map_err(|error| ArchiveError::Header { reason: error.to_string() })?;
        frame.put(&length(&json)?)?;
        frame.put(&json)?;
        Ok(Self { frame, objects: 0 })
    }

    /// Adds an object. Those that it names must have come before it.
    ///
    /// # Errors
    /// [`ArchiveError::Io`].
    pub fn object(&mut self, id: Digest, kind: ObjectKind, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.frame.put(&[code(kind)])?;
        self.frame.put(&length(bytes)?)?;
        self.frame.put(id.as_bytes())?;
        self.frame.put(bytes)?;
        self.objects += 1;
        Ok(())
    }

    /// How many objects were added.
    #[must_use]
    pub const fn objects(&self) -> u64 {
        self.objects
    }

    /// Ends the archive and gives back what it was written to. Without this it is no archive.
    ///
    /// # Errors
    /// [`ArchiveError::Io`].
    pub fn finish(mut self) -> Result<W, ArchiveError> {
        self.frame.put(&[0])?;
        self.frame.put(&self.objects.to_le_bytes())?;
        let digest = self.frame.hasher.finalize();
        self.frame.inner.write_all(digest.as_bytes()).map_err(ArchiveError::Io)?;
        let mut inner = self.frame.inner.finish().map_err(ArchiveError::Io)?;
        inner.flush().map_err(ArchiveError::Io)?;
        Ok(inner)
    }
}

fn length(bytes: &[u8]) -> Result<[u8; 4], ArchiveError> {
    let long = |_| ArchiveError::Io(io::Error::new(io::ErrorKind::InvalidInput, "an object has more than 4 GiB"));
    u32::try_from(bytes.len()).map(u32::to_le_bytes).map_err(long)
}
