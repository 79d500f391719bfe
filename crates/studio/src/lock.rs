//! One producer at a time for a project on one machine.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::StudioError;

/// Held while a project is produced; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct ProductionLock {
    _file: File,
}

impl ProductionLock {
    pub(crate) fn take(folder: &Path) -> Result<Self, StudioError> {
        let path: PathBuf = folder.join("produce.lock");
        std::fs::create_dir_all(folder).map_err(StudioError::file("making the folder", folder))?;
        let file =
            File::options().create(true).truncate(false).write(true).open(&path).map_err(StudioError::file("opening the lock", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StudioError::Busy { path }),
            Err(TryLockError::Error(source)) => Err(StudioError::File { doing: "locking", path, source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_producer_is_told_who_is_in_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let first = ProductionLock::take(folder.path()).unwrap();
        let second = ProductionLock::take(folder.path()).unwrap_err();
        assert!(matches!(second, StudioError::Busy { .. }), "{second}");
        drop(first);
        assert!(ProductionLock::take(folder.path()).is_ok());
    }
}
