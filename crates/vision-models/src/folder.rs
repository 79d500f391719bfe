//! The folder of models: added by hand, pinned by hash, never fetched.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::manifest::{Manifest, ManifestError, ModelKind};

/// Name of a model's manifest and of its network within its folder.
const MANIFEST: &str = "manifest.toml";
const NETWORK: &str = "model.onnx";

/// A folder with a folder for each model: `NAME/manifest.toml` and `NAME/model.onnx`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFolder {
    path: PathBuf,
}

/// A model of the folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Pinned {
    /// What it is.
    pub manifest: Manifest,
    /// Its network.
    pub file: PathBuf,
}

/// Whether a model is still the one that was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// It is.
    Same,
    /// Its file has changed.
    Changed {
        /// The hash that was pinned.
        pinned: String,
        /// The file's hash now.
        found: String,
    },
    /// Its file is gone.
    Missing,
}

/// Why the folder could not do something.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A file or folder cannot be read or written.
    #[error("{path} cannot be {verb}")]
    File {
        /// Which.
        path: PathBuf,
        /// Read, written…
        verb: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A manifest is broken.
    #[error("{path} is no manifest")]
    Manifest {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: ManifestError,
    },
    /// The file is not the one that the manifest pins.
    #[error("{path} has the hash {found}, and its manifest pins {pinned}: it is another file")]
    OtherFile {
        /// Which.
        path: PathBuf,
        /// The hash of the manifest.
        pinned: String,
        /// The hash of the file.
        found: String,
    },
    /// A model of this name is there.
    #[error("there is a model {name} already; remove it first, or give the new one another name")]
    Exists {
        /// Its name.
        name: String,
    },
    /// No model has this name.
    #[error("there is no model {name}")]
    None {
        /// What was asked for.
        name: String,
    },
}

impl ModelFolder {
    /// A folder, which need not exist yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Copies a network into the folder and pins its hash.
    ///
    /// # Errors
    /// [`FolderError`]; nothing is left behind.
    pub fn add(&self, network: &Path, mut manifest: Manifest) -> Result<Pinned, FolderError> {
        let own = self.path.join(&manifest.name);
        if own.join(MANIFEST).exists() {
            return Err(FolderError::Exists { name: manifest.name });
        }
        let found = hash(network)?;
        if let Some(pinned) = manifest.blake3.as_ref().filter(|pinned| !pinned.eq_ignore_ascii_case(&found)) {
            return Err(FolderError::OtherFile { path: network.to_owned(), pinned: pinned.clone(), found });
        }
        manifest.blake3 = Some(found.clone());
        std::fs::create_dir_all(&own).map_err(file(&own, "written"))?;
        let (partial, kept, described) = (own.join("model.partial"), own.join(NETWORK), own.join(MANIFEST));
        let copied = std::fs::copy(network, &partial).map_err(file(&partial, "written"));
        let placed = copied.and_then(|_| match hash(&partial)? {
            // The file may have changed between being hashed and being copied.
            now if now == found => std::fs::rename(&partial, &kept).map_err(file(&kept, "written")),
            now => Err(FolderError::OtherFile { path: network.to_owned(), pinned: found, found: now }),
        });
        // The manifest comes last: a model without one is not there.
        let written = placed.and_then(|()| std::fs::write(&described, manifest.to_toml()).map_err(file(&described, "written")));
        if let Err(error) = written {
            let _ = std::fs::remove_dir_all(&own);
            return Err(error);
        }
        Ok(Pinned { manifest, file: kept })
    }

    /// Every model, in alphabetical order.
    ///
    /// # Errors
    /// [`FolderError::File`] and [`FolderError::Manifest`].
    pub fn list(&self) -> Result<Vec<Pinned>, FolderError> {
        if !self.path.is_dir() {
            return Ok(Vec::new());
        }
        let entries = std::fs::read_dir(&self.path).map_err(file(&self.path, "read"))?;
        let mut folders: Vec<PathBuf> =
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(file(&self.path, "read"))?;
        folders.retain(|folder| folder.join(MANIFEST).is_file());
        folders.sort();
        folders.iter().map(|folder| read(folder)).collect()
    }

    /// A model by name.
    ///
    /// # Errors
    /// [`FolderError::None`] and what reading its manifest brings.
    pub fn get(&self, name: &str) -> Result<Pinned, FolderError> {
        let found = self.list()?.into_iter().find(|model| model.manifest.name == name);
        found.ok_or_else(|| FolderError::None { name: name.to_owned() })
    }

    /// The first model of a kind, in alphabetical order.
    ///
    /// # Errors
    /// What reading the manifests brings.
    pub fn first_of(&self, kind: ModelKind) -> Result<Option<Pinned>, FolderError> {
        Ok(self.list()?.into_iter().find(|model| model.manifest.kind == kind))
    }

    /// Takes a model away.
    ///
    /// # Errors
    /// [`FolderError::None`], and [`FolderError::File`] when it cannot be deleted.
    pub fn remove(&self, name: &str) -> Result<(), FolderError> {
        let model = self.get(name)?;
        let own = self.path.join(&model.manifest.name);
        std::fs::remove_dir_all(&own).map_err(file(&own, "deleted"))
    }
}

impl Pinned {
    /// Hashes the file again.
    ///
    /// # Errors
    /// [`FolderError::File`] when it is there and cannot be read.
    pub fn verify(&self) -> Result<Verified, FolderError> {
        if !self.file.is_file() {
            return Ok(Verified::Missing);
        }
        let found = hash(&self.file)?;
        Ok(match &self.manifest.blake3 {
            Some(pinned) if pinned.eq_ignore_ascii_case(&found) => Verified::Same,
            pinned => Verified::Changed { pinned: pinned.clone().unwrap_or_default(), found },
        })
    }
}

fn read(folder: &Path) -> Result<Pinned, FolderError> {
    let path = folder.join(MANIFEST);
    let text = std::fs::read_to_string(&path).map_err(file(&path, "read"))?;
    let manifest = Manifest::read(&text).map_err(|source| FolderError::Manifest { path, source })?;
    Ok(Pinned { manifest, file: folder.join(NETWORK) })
}

fn hash(path: &Path) -> Result<String, FolderError> {
    let mut opened = std::fs::File::open(path).map_err(file(path, "read"))?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match opened.read(&mut buffer).map_err(file(path, "read"))? {
            0 => return Ok(hasher.finalize().to_hex().to_string()),
            read => hasher.update(&buffer[..read]),
        };
    }
}

fn file(path: &Path, verb: &'static str) -> impl Fn(std::io::Error) -> FolderError {
    move |source| FolderError::File { path: path.to_owned(), verb, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> (tempfile::TempDir, ModelFolder, PathBuf) {
        let place = tempfile::tempdir().unwrap();
        let network = place.path().join("downloaded.onnx");
        std::fs::write(&network, b"weights").unwrap();
        let folder = ModelFolder::new(place.path().join("models"));
        (place, folder, network)
    }

    #[test]
    fn a_model_is_pinned_and_a_changed_file_is_noticed() {
        let (_place, folder, network) = place();
        assert!(folder.list().unwrap().is_empty());
        let added = folder.add(&network, Manifest::preset("ccip").unwrap()).unwrap();
        assert_eq!(folder.list().unwrap(), std::slice::from_ref(&added));
        assert_eq!(added.verify().unwrap(), Verified::Same);
        std::fs::write(&added.file, b"other weights").unwrap();
        assert!(matches!(added.verify().unwrap(), Verified::Changed { .. }));
        std::fs::remove_file(&added.file).unwrap();
        assert_eq!(added.verify().unwrap(), Verified::Missing);
        folder.remove(&added.manifest.name).unwrap();
        assert!(matches!(folder.remove(&added.manifest.name), Err(FolderError::None { .. })));
    }

    #[test]
    fn a_file_with_another_hash_than_its_manifest_is_refused_and_leaves_nothing() {
        let (_place, folder, network) = place();
        let manifest = Manifest { blake3: Some("0".repeat(64)), ..Manifest::preset("ccip").unwrap() };
        assert!(matches!(folder.add(&network, manifest), Err(FolderError::OtherFile { .. })));
        assert!(folder.list().unwrap().is_empty());
    }

    #[test]
    fn a_name_is_taken_once() {
        let (_place, folder, network) = place();
        folder.add(&network, Manifest::preset("ccip").unwrap()).unwrap();
        assert!(matches!(folder.add(&network, Manifest::preset("ccip").unwrap()), Err(FolderError::Exists { .. })));
        assert_eq!(folder.first_of(ModelKind::Style).unwrap(), None);
    }
}
