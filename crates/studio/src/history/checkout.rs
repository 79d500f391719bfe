//! A project folder as a working copy: which version it was taken from, and how another one is put into it.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bible::Digest;
use bible::version::{CommitId, Written};
use serde::{Deserialize, Serialize};

/// Where a folder keeps the version that it was taken from, beside the database and the pictures.
const RECORD: &str = ".echo/checkout.json";

/// The version that a folder was taken from: what its edits are edits of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    /// Of which project.
    pub project: uuid::Uuid,
    /// Which.
    pub commit: CommitId,
    /// What was about to be committed from the folder: when the process ended before it could note that it was, the commit
    /// of this tree is what the folder was taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Digest>,
}

/// Why a folder could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{} could not be {doing}", path.display())]
pub struct CheckoutError {
    /// Which file.
    pub path: PathBuf,
    /// `read`, `written` or `removed`.
    pub doing: &'static str,
    /// Why.
    #[source]
    pub source: io::Error,
}

impl Checkout {
    /// What a folder was taken from; none when it says nothing that can be understood.
    ///
    /// # Errors
    /// [`CheckoutError`] when the record is there and cannot be read.
    pub fn of(folder: &Path) -> Result<Option<Self>, CheckoutError> {
        let path = folder.join(RECORD);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(CheckoutError { path, doing: "read", source }),
        }
    }

    /// Notes it in the folder.
    ///
    /// # Errors
    /// [`CheckoutError`].
    pub fn note(&self, folder: &Path) -> Result<(), CheckoutError> {
        let path = folder.join(RECORD);
        let text = serde_json::to_string(self).map_err(|error| CheckoutError {
            path: path.clone(),
            doing: "written",
            source: io::Error::other(error),
        })?;
        replace(&path, format!("{text}\n").as_bytes())
    }
}

/// Makes the files of a folder those of another version. Only files that differ are touched, each in one step: whoever
/// looks meanwhile sees the one version of a file or the other. Returns the paths that were touched.
///
/// # Errors
/// [`CheckoutError`]; files that were written before stay written, and calling again goes on.
pub fn put(folder: &Path, before: &Written, after: &Written) -> Result<Vec<String>, CheckoutError> {
    let mut touched = Vec::new();
    for path in before.paths().chain(after.paths()).collect::<BTreeSet<_>>() {
        if before.get(path) == after.get(path) {
            continue;
        }
        let file = folder.join(path);
        match after.get(path) {
            Some(bytes) => replace(&file, bytes)?,
            None => remove(folder, &file)?,
        }
        touched.push(path.to_owned());
    }
    Ok(touched)
}

/// Makes a file hold these bytes in one step; its folders are made.
///
/// # Errors
/// [`CheckoutError`].
pub fn replace(file: &Path, bytes: &[u8]) -> Result<(), CheckoutError> {
    let written = || {
        let directory = file.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(directory)?;
        let mut new = tempfile::NamedTempFile::with_prefix_in(".echo-", directory)?;
        new.write_all(bytes)?;
        new.as_file().sync_all()?;
        // A file that a person made can be read by who could read it before.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(file).map_or(0o644, |known| known.permissions().mode());
            new.as_file().set_permissions(std::fs::Permissions::from_mode(mode))?;
        }
        new.persist(file).map(drop).map_err(|error| error.error)
    };
    written().map_err(|source| CheckoutError { path: file.to_owned(), doing: "written", source })
}

fn remove(folder: &Path, file: &Path) -> Result<(), CheckoutError> {
    match std::fs::remove_file(file) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            return Err(CheckoutError { path: file.to_owned(), doing: "removed", source });
        }
        _ => {}
    }
    // Folders that are empty now go as well; the first that is not ends it.
    for directory in file.ancestors().skip(1).take_while(|directory| *directory != folder) {
        if std::fs::remove_dir(directory).is_err() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(files: &[(&str, &str)]) -> Written {
        files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn only_what_differs_is_touched_and_empty_folders_go() {
        let disk = tempfile::tempdir().unwrap();
        let one = files(&[("project.yaml", "a"), ("bible/props/lamp.yaml", "b"), ("bible/world.yaml", "c")]);
        put(disk.path(), &Written::default(), &one).unwrap();
        let other = files(&[("project.yaml", "a"), ("bible/world.yaml", "d")]);
        assert_eq!(put(disk.path(), &one, &other).unwrap(), ["bible/props/lamp.yaml", "bible/world.yaml"]);
        assert_eq!(std::fs::read_to_string(disk.path().join("bible/world.yaml")).unwrap(), "d");
        assert!(!disk.path().join("bible/props").exists());
        assert_eq!(std::fs::read_dir(disk.path().join("bible")).unwrap().count(), 1, "no half-written file is left");
    }

    #[test]
    fn a_folder_says_what_it_was_taken_from() {
        let disk = tempfile::tempdir().unwrap();
        assert_eq!(Checkout::of(disk.path()).unwrap(), None);
        let noted = Checkout { project: uuid::Uuid::from_u128(7), commit: CommitId::new(bible::Digest::of(b"it")), pending: None };
        noted.note(disk.path()).unwrap();
        assert_eq!(Checkout::of(disk.path()).unwrap(), Some(noted));
        std::fs::write(disk.path().join(RECORD), "garbage").unwrap();
        assert_eq!(Checkout::of(disk.path()).unwrap(), None);
    }
}
