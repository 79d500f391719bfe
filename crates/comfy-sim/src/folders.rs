//! The server's folders: input, output, temp.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Folder {
    Input,
    Output,
    Temp,
}

impl Folder {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::Temp => "temp",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Input, Self::Output, Self::Temp].into_iter().find(|folder| folder.name() == name)
    }
}

/// Where they are.
#[derive(Debug)]
pub(crate) struct Folders {
    root: PathBuf,
}

impl Folders {
    pub(crate) fn create(root: PathBuf) -> Result<Self, std::io::Error> {
        let folders = Self { root };
        for folder in [Folder::Input, Folder::Output, Folder::Temp] {
            fs::create_dir_all(folders.path(folder))?;
        }
        Ok(folders)
    }

    pub(crate) fn path(&self, folder: Folder) -> PathBuf {
        self.root.join(folder.name())
    }

    /// A path below a folder; none when it would lead out of it.
    pub(crate) fn inside(&self, folder: Folder, path: &str) -> Option<PathBuf> {
        let plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        (plain && !path.contains('\\')).then(|| self.path(folder).join(path))
    }

    /// The file that `LoadImage` means: `a/b.png`, `x.png [output]`, `x.png [temp]`.
    pub(crate) fn annotated(&self, name: &str) -> Option<PathBuf> {
        let annotation = name.strip_suffix(']').and_then(|rest| rest.rsplit_once(" ["));
        let (name, folder) = annotation.and_then(|(name, folder)| Some((name, Folder::parse(folder)?))).unwrap_or((name, Folder::Input));
        self.inside(folder, name).filter(|path| path.is_file())
    }

    /// The pictures in the root of the input folder.
    pub(crate) fn inputs(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path(Folder::Input)).into_iter().flatten().flatten();
        let files = entries.filter(|entry| entry.path().is_file());
        let mut names: Vec<_> = files.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort_unstable();
        names
    }

    /// Empties the temporary folder, as a server does when it starts.
    pub(crate) fn empty_temp(&self) -> Result<(), std::io::Error> {
        fs::remove_dir_all(self.path(Folder::Temp))?;
        fs::create_dir_all(self.path(Folder::Temp))
    }
}
