//! Documents of a version as files of a project folder.

use std::path::Path;

use bible::version::Written;

use crate::StudioError;
use crate::folder::{Folder, FolderError};
use crate::history::put;

/// What may be in the folder before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Nothing but hidden files, such as `.git`.
    Nothing,
    /// A project: its files are replaced, and those that the version does not have are deleted. What is no file of a
    /// project stays.
    Project,
}

/// What was done to a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CheckedOut {
    /// Files that were written.
    pub written: usize,
    /// Files that were as they are to be.
    pub unchanged: usize,
    /// Files that were deleted.
    pub removed: usize,
}

/// Writes the files of a version into a folder, each appearing whole or not at all.
///
/// # Errors
/// [`FolderError::Occupied`] when something is there that must not be, [`FolderError::Link`] when a file would be
/// written through a link out of the folder, [`StudioError::Checkout`].
pub fn check_out(files: &Written, folder: &Path, over: Over) -> Result<CheckedOut, StudioError> {
    let before = before(folder, over)?;
    for name in before.paths().chain(files.paths()) {
        no_link(folder, name)?;
    }
    let touched = put(folder, &before, files)?;
    let removed = touched.iter().filter(|name| files.get(name).is_none()).count();
    let written = touched.len() - removed;
    Ok(CheckedOut { written, unchanged: files.paths().count() - written, removed })
}

/// The project files that are there.
fn before(folder: &Path, over: Over) -> Result<Written, StudioError> {
    if !folder.exists() {
        return Ok(Written::default());
    }
    let entries = std::fs::read_dir(folder).map_err(StudioError::file("reading", folder))?;
    let shown = entries.flatten().any(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    match over {
        _ if !shown => Ok(Written::default()),
        Over::Project if folder.join("project.yaml").is_file() => {
            let found = Folder::read(folder)?;
            let texts = found.source.iter().map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
            Ok(texts.chain(found.drawings.clone()).collect())
        }
        _ => Err(FolderError::Occupied { path: folder.to_owned() }.into()),
    }
}

/// Names of documents never lead out of the folder, but a link in the folder could.
fn no_link(folder: &Path, name: &str) -> Result<(), StudioError> {
    let mut path = folder.to_owned();
    for part in name.split('/') {
        path.push(part);
        if path.symlink_metadata().is_ok_and(|found| found.is_symlink()) || matches!(part, "" | "." | "..") {
            return Err(FolderError::Link { path }.into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(files: &[(&str, &str)]) -> Written {
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn a_version_replaces_a_project_and_leaves_everything_else_alone() {
        let disk = tempfile::tempdir().unwrap();
        let folder = disk.path().join("show");
        let first = files(&[("project.yaml", "slug: a"), ("bible/world.yaml", "era: now"), ("parts/hair/mine/front.svg", "<svg/>")]);
        let done = check_out(&first, &folder, Over::Nothing).unwrap();
        assert_eq!(done, CheckedOut { written: 3, ..CheckedOut::default() });
        std::fs::write(folder.join("README.txt"), "ours").unwrap();
        std::fs::create_dir(folder.join(".git")).unwrap();
        let second = files(&[("project.yaml", "slug: a"), ("bible/world.yaml", "era: then")]);
        let done = check_out(&second, &folder, Over::Project).unwrap();
        assert_eq!(done, CheckedOut { written: 1, unchanged: 1, removed: 1 });
        assert!(!folder.join("parts").exists() && folder.join("README.txt").exists() && folder.join(".git").exists());
    }

    #[test]
    fn a_folder_that_holds_something_else_is_not_written_into() {
        let disk = tempfile::tempdir().unwrap();
        std::fs::create_dir(disk.path().join(".git")).unwrap();
        let version = files(&[("project.yaml", "slug: a")]);
        check_out(&version, disk.path(), Over::Nothing).unwrap();
        let again = check_out(&version, disk.path(), Over::Nothing).unwrap_err();
        assert!(matches!(again, StudioError::Folder(FolderError::Occupied { .. })), "{again}");
        let other = tempfile::tempdir().unwrap();
        std::fs::write(other.path().join("thesis.txt"), "").unwrap();
        assert!(check_out(&version, other.path(), Over::Project).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_a_link() {
        let (disk, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(disk.path().join("project.yaml"), "slug: a").unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), disk.path().join("bible")).unwrap();
        let error = check_out(&files(&[("bible/world.yaml", "era: now")]), disk.path(), Over::Project).unwrap_err();
        assert!(matches!(error, StudioError::Folder(FolderError::Link { .. })), "{error}");
        assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }
}
