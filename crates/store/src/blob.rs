//! The blob store: pictures and films by the digest of their bytes.
//!
//! A blob's key is `ab/<64 hex digits>`, where `ab` are the first two. Writing goes to a temporary name first
//! and is on the disk before the real name appears, so a blob that can be seen is whole. Reading a whole blob
//! checks its digest. Nothing is ever overwritten: the same key has the same bytes.

use std::collections::HashSet;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bible::Digest;
use bytes::Bytes;
use futures::TryStreamExt;
use futures::stream::BoxStream;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use serde::Serialize;

use crate::BlobUrl;

/// A blob that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Blob {
    /// BLAKE3 of its bytes.
    pub digest: Digest,
    /// Its size.
    pub bytes: u64,
}

/// Why a blob could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The place cannot be used at all.
    #[error("pictures cannot be kept at {url}: check that it exists and can be written")]
    Unusable {
        /// Which place.
        url: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no such blob.
    #[error("blob {digest} is not in {url}")]
    Missing {
        /// Which.
        digest: Digest,
        /// Where it was looked for.
        url: String,
    },
    /// The bytes are not those that were written.
    #[error("blob {digest} in {url} is damaged: its bytes are those of {found}; delete it and produce again")]
    Corrupt {
        /// Which.
        digest: Digest,
        /// What its bytes are.
        found: Digest,
        /// Where it is.
        url: String,
    },
    /// The disk is full.
    #[error("there is no space left at {url}; free some and start again: what is finished is kept")]
    Full {
        /// Where.
        url: String,
        /// What the system said.
        #[source]
        source: object_store::Error,
    },
    /// Reading or writing failed.
    #[error("{url} refused to {doing}")]
    Refused {
        /// What was being done.
        doing: &'static str,
        /// Where.
        url: String,
        /// Why.
        #[source]
        source: object_store::Error,
    },
}

impl BlobError {
    /// Whether the same call could succeed a moment later.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Unusable { .. } | Self::Missing { .. } | Self::Corrupt { .. } | Self::Full { .. } => false,
            Self::Refused { .. } => true,
        }
    }
}

/// Where pictures are kept. Cheap to clone.
#[derive(Debug, Clone)]
pub struct BlobStore {
    objects: Arc<dyn ObjectStore>,
    folder: Option<PathBuf>,
    url: String,
}

/// What `doctor` and the health page say about the blob store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BlobHealth {
    /// Where it is.
    pub url: String,
    /// Whether something could be written and read back just now.
    pub writable: bool,
}

/// What a sweep found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Sweep {
    /// Blobs that nothing refers to.
    pub unreferenced: u64,
    /// Their size.
    pub bytes: u64,
}

impl BlobStore {
    /// Opens a place for blobs, making a folder where needed.
    ///
    /// # Errors
    /// [`BlobError::Unusable`].
    pub fn open(url: &BlobUrl) -> Result<Self, BlobError> {
        let text = url.to_string();
        let unusable = |source: Box<dyn std::error::Error + Send + Sync>| BlobError::Unusable { url: text.clone(), source };
        let (objects, folder): (Arc<dyn ObjectStore>, _) = match url {
            BlobUrl::File(folder) => {
                std::fs::create_dir_all(folder).map_err(|error| unusable(error.into()))?;
                let folder = std::fs::canonicalize(folder).map_err(|error| unusable(error.into()))?;
                let objects = object_store::local::LocalFileSystem::new_with_prefix(&folder).map_err(|error| unusable(error.into()))?;
                (Arc::new(objects.with_fsync(true)), Some(folder))
            }
            BlobUrl::Memory => (Arc::new(object_store::memory::InMemory::new()), None),
            BlobUrl::S3 { bucket, prefix } => (s3(bucket, prefix).map_err(unusable)?, None),
        };
        Ok(Self { objects, folder, url: text })
    }

    fn refused(&self, doing: &'static str, digest: Option<Digest>) -> impl Fn(object_store::Error) -> BlobError {
        let url = self.url.clone();
        move |source| match (&source, digest) {
            (object_store::Error::NotFound { .. }, Some(digest)) => BlobError::Missing { digest, url: url.clone() },
            _ if is_full(&source) => BlobError::Full { url: url.clone(), source },
            _ => BlobError::Refused { doing, url: url.clone(), source },
        }
    }

    /// Writes bytes; their digest is their name. Bytes that are there already are not written again.
    ///
    /// # Errors
    /// [`BlobError::Full`] or [`BlobError::Refused`]; nothing is visible then.
    pub async fn put(&self, bytes: Bytes) -> Result<Blob, BlobError> {
        let blob = Blob { digest: Digest::of(&bytes), bytes: bytes.len() as u64 };
        if self.size(blob.digest).await? != Some(blob.bytes) {
            self.objects.put(&key(blob.digest), PutPayload::from_bytes(bytes)).await.map_err(self.refused("write a picture", None))?;
        }
        Ok(blob)
    }

    /// Reads a whole blob and checks it.
    ///
    /// # Errors
    /// [`BlobError::Missing`], [`BlobError::Corrupt`] or [`BlobError::Refused`].
    pub async fn get(&self, digest: Digest) -> Result<Bytes, BlobError> {
        let refused = self.refused("read a picture", Some(digest));
        let bytes = self.objects.get(&key(digest)).await.map_err(&refused)?.bytes().await.map_err(&refused)?;
        let found = Digest::of(&bytes);
        if found != digest {
            return Err(BlobError::Corrupt { digest, found, url: self.url.clone() });
        }
        Ok(bytes)
    }

    /// The size of a blob; none when it is not there.
    ///
    /// # Errors
    /// [`BlobError::Refused`].
    pub async fn size(&self, digest: Digest) -> Result<Option<u64>, BlobError> {
        match self.objects.head(&key(digest)).await {
            Ok(found) => Ok(Some(found.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.refused("look for a picture", None)(error)),
        }
    }

    /// Streams a part of a blob, for playing it. Parts are not checked against the digest.
    ///
    /// # Errors
    /// [`BlobError::Missing`] or [`BlobError::Refused`].
    pub async fn stream(
        &self,
        digest: Digest,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, object_store::Error>>, BlobError> {
        let options = object_store::GetOptions { range: Some(range.into()), ..Default::default() };
        let found = self.objects.get_opts(&key(digest), options).await.map_err(self.refused("read a picture", Some(digest)))?;
        Ok(found.into_stream())
    }

    /// The file of a blob, where blobs are files. Whoever reads it must not change it.
    #[must_use]
    pub fn local_path(&self, digest: Digest) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(key(digest).as_ref()))
    }

    /// Writes something, reads it back and takes it away.
    pub async fn health(&self) -> BlobHealth {
        // Not named as blobs are, so a sweep or a reader never takes it for one.
        let probe = Key::from(format!("probe-{}", std::process::id()));
        let writable = async {
            self.objects.put(&probe, PutPayload::from_static(b"echo")).await?;
            let read = self.objects.get(&probe).await?.bytes().await?;
            self.objects.delete(&probe).await?;
            Ok::<_, object_store::Error>(&read[..] == b"echo")
        };
        BlobHealth { url: self.url.clone(), writable: writable.await.unwrap_or(false) }
    }

    /// Finds blobs that nothing refers to, and deletes them when asked to.
    ///
    /// # Errors
    /// [`BlobError::Refused`].
    pub async fn sweep(&self, referenced: &HashSet<Digest>, delete: bool) -> Result<Sweep, BlobError> {
        let refused = self.refused("list pictures", None);
        let mut found = Sweep::default();
        let mut listing = self.objects.list(None);
        while let Some(object) = listing.try_next().await.map_err(&refused)? {
            let name: Option<Digest> = object.location.filename().and_then(|name| name.parse().ok());
            if name.is_some_and(|digest| !referenced.contains(&digest)) {
                found.unreferenced += 1;
                found.bytes += object.size;
                if delete {
                    self.objects.delete(&object.location).await.map_err(&refused)?;
                }
            }
        }
        Ok(found)
    }
}

fn key(digest: Digest) -> Key {
    let name = digest.to_string();
    Key::from(format!("{}/{name}", &name[..2]))
}

fn is_full(error: &object_store::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::StorageFull) {
            return true;
        }
        cause = error.source();
    }
    false
}

fn s3(bucket: &str, prefix: &str) -> Result<Arc<dyn ObjectStore>, Box<dyn std::error::Error + Send + Sync>> {
    let bucket = object_store::aws::AmazonS3Builder::from_env().with_bucket_name(bucket).build()?;
    Ok(Arc::new(object_store::prefix::PrefixStore::new(bucket, prefix)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_a_folder() -> (tempfile::TempDir, BlobStore) {
        let folder = tempfile::tempdir().unwrap();
        let blobs = BlobStore::open(&BlobUrl::File(folder.path().join("blobs"))).unwrap();
        (folder, blobs)
    }

    #[tokio::test]
    async fn what_is_written_is_read_back_and_written_once() {
        let (_folder, blobs) = in_a_folder();
        let blob = blobs.put(Bytes::from_static(b"a picture")).await.unwrap();
        assert_eq!(blob.digest, Digest::of(b"a picture"));
        let path = blobs.local_path(blob.digest).unwrap();
        let written = std::fs::metadata(&path).unwrap().modified().unwrap();
        assert_eq!(blobs.put(Bytes::from_static(b"a picture")).await.unwrap(), blob);
        assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), written);
        assert_eq!(blobs.get(blob.digest).await.unwrap(), "a picture");
        let part: Vec<Bytes> = blobs.stream(blob.digest, 2..6).await.unwrap().try_collect().await.unwrap();
        assert_eq!(part.concat(), b"pict");
    }

    #[tokio::test]
    async fn a_damaged_blob_is_named_and_never_handed_out() {
        let (_folder, blobs) = in_a_folder();
        let blob = blobs.put(Bytes::from_static(b"a picture")).await.unwrap();
        std::fs::write(blobs.local_path(blob.digest).unwrap(), b"another").unwrap();
        let error = blobs.get(blob.digest).await.unwrap_err();
        assert!(matches!(error, BlobError::Corrupt { digest, found, .. } if digest == blob.digest && found == Digest::of(b"another")));
        // Written again under the same name, it is whole: the size gave the damage away.
        blobs.put(Bytes::from_static(b"a picture")).await.unwrap();
        assert_eq!(blobs.get(blob.digest).await.unwrap(), "a picture");
    }

    #[tokio::test]
    async fn a_blob_that_is_not_there_is_missing() {
        let (_folder, blobs) = in_a_folder();
        let digest = Digest::of(b"never");
        assert!(matches!(blobs.get(digest).await, Err(BlobError::Missing { .. })));
        assert_eq!(blobs.size(digest).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_sweep_finds_what_nothing_refers_to() {
        let (_folder, blobs) = in_a_folder();
        let kept = blobs.put(Bytes::from_static(b"kept")).await.unwrap();
        let lost = blobs.put(Bytes::from_static(b"lost!")).await.unwrap();
        let referenced = HashSet::from([kept.digest]);
        assert_eq!(blobs.sweep(&referenced, false).await.unwrap(), Sweep { unreferenced: 1, bytes: 5 });
        assert!(blobs.get(lost.digest).await.is_ok(), "a dry run deletes nothing");
        blobs.sweep(&referenced, true).await.unwrap();
        assert!(matches!(blobs.get(lost.digest).await, Err(BlobError::Missing { .. })));
        assert!(blobs.health().await.writable);
    }
}
