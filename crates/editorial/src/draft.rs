//! Outputs that appear whole or not at all.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};

/// How the names of unfinished files end.
const ENDING: &str = ".part";

/// A file in the making: hidden, beside its target, gone when dropped.
#[derive(Debug)]
pub(crate) struct Draft {
    target: PathBuf,
    path: PathBuf,
    published: bool,
}

impl Draft {
    /// A draft of `target`, in the same folder so that it can be renamed. The folder is made.
    pub(crate) fn of(target: &Path) -> Result<Self> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let name = target.file_name().ok_or_else(|| Error::bad(target.display().to_string(), "this is no file name"))?;
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        std::fs::create_dir_all(folder).map_err(Error::file("making folder", folder))?;
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}-{}{ENDING}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed)));
        Ok(Self { target: target.to_owned(), path: folder.join(hidden), published: false })
    }

    /// Where to write.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the finished draft visible under its target's name, durably.
    pub(crate) fn publish(mut self) -> Result<()> {
        std::fs::File::open(&self.path).and_then(|file| file.sync_all()).map_err(Error::file("writing", &self.path))?;
        std::fs::rename(&self.path, &self.target).map_err(Error::file("writing", &self.target))?;
        self.published = true;
        Ok(())
    }

    /// Writes `bytes` as `target`, whole or not at all.
    pub(crate) fn write(target: &Path, bytes: &[u8]) -> Result<()> {
        let draft = Self::of(target)?;
        std::fs::write(draft.path(), bytes).map_err(Error::file("writing", draft.path()))?;
        draft.publish()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.published {
            // It may never have been made; and nothing can be done where it cannot be removed.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Removes what a killed run left unfinished in `folder`, and says how many files that were. Call it
/// only while nothing else writes there.
///
/// # Errors
/// When the folder cannot be read or a file not removed. A folder that does not exist holds nothing.
pub fn sweep(folder: &Path) -> Result<usize> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(source) => return Err(Error::file("reading folder", folder)(source)),
    };
    let mut removed = 0;
    for entry in entries {
        let path = entry.map_err(Error::file("reading folder", folder))?.path();
        let unfinished =
            path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with('.') && name.ends_with(ENDING));
        if unfinished {
            std::fs::remove_file(&path).map_err(Error::file("removing", &path))?;
            removed += 1;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_seen_only_once_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("deep/clip.mp4");
        let draft = Draft::of(&target).unwrap();
        std::fs::write(draft.path(), b"half").unwrap();
        assert!(!target.exists());
        std::fs::write(draft.path(), b"whole").unwrap();
        draft.publish().unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"whole");
        assert_eq!(std::fs::read_dir(folder.path().join("deep")).unwrap().count(), 1);
    }

    #[test]
    fn a_dropped_draft_leaves_nothing_and_a_killed_ones_remains_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        let draft = Draft::of(&folder.path().join("a.mp4")).unwrap();
        std::fs::write(draft.path(), b"half").unwrap();
        drop(draft);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

        let killed = Draft::of(&folder.path().join("b.mp4")).unwrap();
        std::fs::write(killed.path(), b"half").unwrap();
        std::mem::forget(killed);
        std::fs::write(folder.path().join("kept.mp4"), b"whole").unwrap();
        assert_eq!(sweep(folder.path()).unwrap(), 1);
        assert_eq!(sweep(&folder.path().join("nowhere")).unwrap(), 0);
        assert!(folder.path().join("kept.mp4").exists());
    }
}
