//! Model files in a folder: found and identified.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::header::{Header, HeaderError};
use super::identify::{Identified, identify};
use super::kind::ModelKind;

/// A model file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelFile {
    /// Its name as servers list it: the path inside its kind's folder.
    pub name: String,
    /// The kind of the folder that it is in.
    pub folder: ModelKind,
    /// Its size in bytes.
    pub bytes: u64,
    /// What it is.
    #[serde(flatten)]
    pub known: Identified,
}

/// Why a file cannot be looked into.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not there.
    #[error("there is no {model} under {}", folder.display())]
    Absent {
        /// The model, as servers name it.
        model: String,
        /// The folder `models` in which it was looked for.
        folder: PathBuf,
    },
    /// Its name does not name a file in a folder of models.
    #[error("`{model}` is no model's name: it would be `checkpoints/anime.safetensors`")]
    Name {
        /// The name.
        model: String,
    },
    /// Nobody wants it to be read any more.
    #[error("reading {} was given up", path.display())]
    Stopped {
        /// Which.
        path: PathBuf,
    },
}

/// The endings that servers take for models.
const ENDINGS: [&str; 7] = ["safetensors", "sft", "ckpt", "pt", "pt2", "bin", "pth"];
/// How deep folders are walked into.
const DEEPEST: usize = 8;

impl ModelFile {
    /// Looks into a file.
    ///
    /// # Errors
    /// [`FileError`] when it cannot be read. A file whose header is broken is an unknown one.
    pub fn read(path: &Path, name: &str, folder: ModelKind) -> Result<Self, FileError> {
        let fail = |source| FileError::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(fail)?;
        let bytes = file.metadata().map_err(fail)?.len();
        let known = if path.extension().is_some_and(|ending| ending == "safetensors" || ending == "sft") {
            match Header::read(file) {
                Ok(header) => identify(&header),
                Err(HeaderError::Read(source)) if source.kind() != std::io::ErrorKind::UnexpectedEof => return Err(fail(source)),
                Err(error) => Identified { unknown: Some(error.to_string()), ..Identified::default() },
            }
        } else {
            // Pickled files run code when they are read: nobody here reads them.
            let unknown = "only safetensors files can be looked into without running what is in them".to_owned();
            Identified { unknown: Some(unknown), ..Identified::default() }
        };
        Ok(Self { name: name.to_owned(), folder, bytes, known })
    }
}

/// The model files under a server's `models` folder, by kind and name.
///
/// # Errors
/// [`FileError`] when a folder or file cannot be read.
pub fn find(models: &Path) -> Result<Vec<(PathBuf, ModelFile)>, FileError> {
    let mut found = Vec::new();
    for kind in ModelKind::ALL {
        let folder = models.join(kind.folder());
        if folder.is_dir() {
            walk(&folder, &folder, kind, DEEPEST, &mut found)?;
        }
    }
    Ok(found)
}

fn walk(root: &Path, folder: &Path, kind: ModelKind, depth: usize, found: &mut Vec<(PathBuf, ModelFile)>) -> Result<(), FileError> {
    let fail = |source| FileError::Read { path: folder.to_owned(), source };
    let mut entries = std::fs::read_dir(folder).map_err(fail)?.collect::<Result<Vec<_>, _>>().map_err(fail)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            if depth > 0 {
                walk(root, &path, kind, depth - 1, found)?;
            }
        } else if path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| ENDINGS.contains(&ending)) {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            let file = ModelFile::read(&path, &name, kind)?;
            found.push((path, file));
        }
    }
    Ok(())
}
