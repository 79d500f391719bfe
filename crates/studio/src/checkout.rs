//! Documents of a version as files of a project folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bible::version::Written;

use crate::StudioError;
use crate::folder::{Folder, FolderError};

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
/// written through a link out of the folder, [`StudioError::File`].
pub fn check_out(files: &Written, folder: &Path, over: Over) -> Result<CheckedOut, StudioError> {
    let before = before(folder, over)?;
    let mut done = CheckedOut::default();
    for (name, bytes) in files.iter() {
        let path = place(folder, name)?;
        if std::fs::read(&path).is_ok_and(|found| found == bytes) {
            done.unchanged += 1;
            continue;
        }
        write_whole(&path, bytes)?;
        done.written += 1;
    }
    for name in before.iter().filter(|name| files.get(name).is_none()) {
        let path = place(folder, name)?;
        std::fs::remove_file(&path).map_err(StudioError::file("deleting", &path))?;
        done.removed += 1;
        // Folders that hold nothing any more go as well; the first one that holds something stays.
        for empty in path.ancestors().skip(1).take_while(|inner| *inner != folder) {
            if std::fs::remove_dir(empty).is_err() {
                break;
            }
        }
    }
    Ok(done)
}

/// Writes a file so that nobody ever sees half of it.
///
/// # Errors
/// [`StudioError::File`].
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StudioError> {
    let parent = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(StudioError::file("making", parent))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = parent.join(format!(".{name}.part"));
    std::fs::write(&draft, bytes).map_err(StudioError::file("writing", &draft))?;
    std::fs::rename(&draft, path).map_err(StudioError::file("writing", path))
}

/// The project files that are there.
fn before(folder: &Path, over: Over) -> Result<BTreeSet<String>, StudioError> {
    if !folder.exists() {
        return Ok(BTreeSet::new());
    }
    let entries = std::fs::read_dir(folder).map_err(StudioError::file("reading", folder))?;
    let shown = entries.flatten().any(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    match over {
        _ if !shown => Ok(BTreeSet::new()),
        Over::Project if folder.join("project.yaml").is_file() => {
            let found = Folder::read(folder)?;
            Ok(found.source.iter().map(|(name, _)| name.to_owned()).chain(found.drawings.into_keys()).collect())
        }
        _ => Err(FolderError::Occupied { path: folder.to_owned() }.into()),
    }
}

/// Where a file goes. Names of documents never lead out of the folder, but a link in the folder could.
fn place(folder: &Path, name: &str) -> Result<PathBuf, StudioError> {
    let mut path = folder.to_owned();
    for part in name.split('/') {
        path.push(part);
        if path.symlink_metadata().is_ok_and(|found| found.is_symlink()) || matches!(part, "" | "." | "..") {
            return Err(FolderError::Link { path }.into());
        }
    }
    Ok(path)
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
