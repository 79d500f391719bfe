//! What is in a model file: where it is, whether it has changed, and its hashes.
//!
//! The hash that makers write into a file (`modelspec.hash_sha256` of Stability's model specification,
//! <https://github.com/Stability-AI/ModelSpec>) is "of all tensor content", in an order that the specification does not say,
//! and some write the hash of another file: it is told as their word, and no file is held against it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use super::file::FileError;

/// Folders that servers know by an older name as well, which they look into first.
const OLDER: [(&str, [&str; 2]); 2] = [("diffusion_models", ["unet", "diffusion_models"]), ("text_encoders", ["text_encoders", "clip"])];

/// Where a server's `models` folder has a model that the server names as `checkpoints/anime.safetensors`.
///
/// # Errors
/// [`FileError::Name`] for a name that leads elsewhere, [`FileError::Absent`] when it is not there: servers can list files of
/// other folders too.
pub fn locate(models: &Path, model: &str) -> Result<PathBuf, FileError> {
    let named = || FileError::Name { model: model.to_owned() };
    let (folder, name) = model.split_once('/').ok_or_else(named)?;
    if !Path::new(model).components().all(|part| matches!(part, Component::Normal(_))) || name.is_empty() {
        return Err(named());
    }
    let folders = OLDER.iter().find(|(known, _)| *known == folder).map_or(std::slice::from_ref(&folder), |(_, folders)| folders.as_slice());
    let found = folders.iter().map(|folder| models.join(folder).join(name)).find(|path| path.is_file());
    found.ok_or_else(|| FileError::Absent { model: model.to_owned(), folder: models.to_owned() })
}

/// What tells whether a file is still the one that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was last written, replaced or linked anew.
    pub changed: SystemTime,
}

impl Stamp {
    /// Looks at a file without reading it.
    ///
    /// # Errors
    /// [`FileError::Read`] when it cannot be looked at.
    pub fn of(path: &Path) -> Result<Self, FileError> {
        let fail = |source| FileError::Read { path: path.to_owned(), source };
        let file = std::fs::metadata(path).map_err(fail)?;
        let link = std::fs::symlink_metadata(path).map_err(fail)?;
        let written = file.modified().map_err(fail)?;
        let changed = [Some(written), placed(&file), placed(&link)].into_iter().flatten().max().unwrap_or(written);
        Ok(Self { bytes: file.len(), changed })
    }
}

/// When a file was put where it is: a copy may keep the time of the original, this it cannot keep.
#[cfg(unix)]
fn placed(file: &std::fs::Metadata) -> Option<SystemTime> {
    use std::os::unix::fs::MetadataExt;
    let seconds = std::time::Duration::new(u64::try_from(file.ctime()).ok()?, u32::try_from(file.ctime_nsec()).ok()?);
    SystemTime::UNIX_EPOCH.checked_add(seconds)
}

#[cfg(not(unix))]
fn placed(_: &std::fs::Metadata) -> Option<SystemTime> {
    None
}

/// BLAKE3 (ours) and SHA-256 (what model sites publish) of a file in one reading, for as long as `goes_on` says so.
///
/// # Errors
/// [`FileError::Read`] when it cannot be read, [`FileError::Stopped`] when it was to go on no longer.
pub fn hashes(path: &Path, goes_on: impl Fn() -> bool) -> Result<(bible::Digest, String), FileError> {
    let fail = |source| FileError::Read { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(fail)?;
    let (mut ours, mut theirs) = (blake3::Hasher::new(), Sha256::new());
    let mut buffer = vec![0; 1 << 20];
    loop {
        if !goes_on() {
            return Err(FileError::Stopped { path: path.to_owned() });
        }
        let length = file.read(&mut buffer).map_err(fail)?;
        if length == 0 {
            break;
        }
        ours.update(&buffer[..length]);
        theirs.update(&buffer[..length]);
    }
    let theirs = theirs.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((bible::Digest::from_bytes(*ours.finalize().as_bytes()), theirs))
}

/// The hash that a maker wrote into a file, of its tensors: their word, as [`hashes`] is not.
#[must_use]
pub fn makers_hash(metadata: &BTreeMap<String, String>) -> Option<&str> {
    metadata.get("modelspec.hash_sha256").map(String::as_str).filter(|hash| !hash.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in [("checkpoints/cast/mei.safetensors", "one"), ("unet/flux.safetensors", "two"), ("secret", "three")] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        folder
    }

    #[test]
    fn a_model_is_found_by_the_name_that_servers_give_it_and_nothing_else_is() {
        let folder = models();
        let at = |model: &str| locate(folder.path(), model).map(|path| path.strip_prefix(folder.path()).unwrap().to_owned());
        assert_eq!(at("checkpoints/cast/mei.safetensors").unwrap(), Path::new("checkpoints/cast/mei.safetensors"));
        assert_eq!(at("diffusion_models/flux.safetensors").unwrap(), Path::new("unet/flux.safetensors"));
        assert!(matches!(at("checkpoints/ren.safetensors"), Err(FileError::Absent { .. })));
        for name in ["checkpoints/../secret", "/etc/hostname", "secret", "checkpoints/"] {
            assert!(matches!(at(name), Err(FileError::Name { .. } | FileError::Absent { .. })), "{name}");
        }
    }

    #[test]
    fn a_file_that_is_replaced_by_one_of_the_same_size_and_age_is_another_file() {
        let folder = models();
        let path = folder.path().join("secret");
        let (before, age) = (Stamp::of(&path).unwrap(), std::fs::metadata(&path).unwrap().modified().unwrap());
        assert_eq!(Stamp::of(&path).unwrap(), before);
        std::thread::sleep(std::time::Duration::from_millis(20));
        let other = folder.path().join("other");
        std::fs::write(&other, "THREE").unwrap();
        File::options().write(true).open(&other).unwrap().set_modified(age).unwrap();
        std::fs::rename(&other, &path).unwrap();
        let after = Stamp::of(&path).unwrap();
        assert_eq!(after.bytes, before.bytes);
        assert_ne!(after, before);
    }

    #[test]
    fn reading_ends_when_nobody_wants_it_any_more() {
        let path = models().keep().join("secret");
        assert!(matches!(hashes(&path, || false), Err(FileError::Stopped { .. })));
        assert_eq!(hashes(&path, || true).unwrap().0, bible::Digest::of(b"three"));
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}
