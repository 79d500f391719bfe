//! A project folder on disk: its text, and the parts and sets that it brings.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use bible::source::SourceTree;

/// Folders of a project that hold drawings rather than text.
const DRAWINGS: [&str; 4] = ["parts", "sets", "poses", "builds"];

/// Larger drawings are refused: a part is a few kilobytes, a set's layer some hundreds.
const LARGEST_DRAWING: u64 = 8 * 1024 * 1024;

/// Everything in a project folder that a show is made of.
#[derive(Debug, Clone, Default)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// YAML and Fountain by path inside of it.
    pub source: SourceTree,
    /// Part, set, pose and build files by path inside of it.
    pub drawings: BTreeMap<String, Vec<u8>>,
}

/// Why a folder could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It is not there, or no folder.
    #[error("{} is no folder", path.display())]
    NotAFolder {
        /// What was asked for.
        path: PathBuf,
    },
    /// There is no `project.yaml` in it.
    #[error("{} holds no project: there is no project.yaml in it{}", path.display(), inside(nearest.as_deref()))]
    NotAProject {
        /// What was asked for.
        path: PathBuf,
        /// A project right inside or around it.
        nearest: Option<PathBuf>,
    },
    /// A file could not be read.
    #[error("{} could not be read", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A text file is not UTF-8.
    #[error("{} is not UTF-8 text: byte {at} is not; save it as UTF-8", path.display())]
    NotText {
        /// Which.
        path: PathBuf,
        /// Where it stops being UTF-8.
        at: usize,
    },
    /// There is something in it already.
    #[error("{} is not empty; choose a folder that is, or that holds a project and is to be replaced", path.display())]
    Occupied {
        /// Which.
        path: PathBuf,
    },
    /// A file of it would be written elsewhere.
    #[error("{} is a link, and nothing is written through it; remove the link", path.display())]
    Link {
        /// What is in the way.
        path: PathBuf,
    },
    /// A drawing is too large.
    #[error("{} has {bytes} bytes; a drawing may have {LARGEST_DRAWING} at most", path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
}

fn inside(nearest: Option<&Path>) -> String {
    nearest.map(|path| format!("; did you mean {}?", path.display())).unwrap_or_default()
}

impl Folder {
    /// Reads a project folder.
    ///
    /// Files that are neither text of the project nor drawings are left alone, and so is everything whose
    /// name starts with a dot.
    ///
    /// # Errors
    /// [`FolderError`] names the file and what is wrong with it.
    pub fn read(path: &Path) -> Result<Self, FolderError> {
        let path = std::path::absolute(path).map_err(|source| FolderError::Unreadable { path: path.to_owned(), source })?;
        if !path.is_dir() {
            return Err(FolderError::NotAFolder { path });
        }
        if !path.join("project.yaml").is_file() {
            let nearest = nearest_project(&path);
            return Err(FolderError::NotAProject { path, nearest });
        }
        let mut folder = Self { path: path.clone(), ..Self::default() };
        folder.read_directory(&path, "")?;
        Ok(folder)
    }

    fn read_directory(&mut self, directory: &Path, prefix: &str) -> Result<(), FolderError> {
        let unreadable = |source| FolderError::Unreadable { path: directory.to_owned(), source };
        for entry in std::fs::read_dir(directory).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().map_err(unreadable)?;
            if name.starts_with('.') || kind.is_symlink() {
                continue;
            }
            let inner = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            if kind.is_dir() {
                let relevant = inner.split('/').next().is_some_and(|top| top == "bible" || top == "episodes" || DRAWINGS.contains(&top));
                if relevant {
                    self.read_directory(&entry.path(), &inner)?;
                }
            } else if SourceTree::wants(&inner) {
                self.read_text(&entry.path(), &inner)?;
            } else if inner.split('/').next().is_some_and(|top| DRAWINGS.contains(&top)) {
                self.read_drawing(&entry.path(), inner)?;
            }
        }
        Ok(())
    }

    fn read_text(&mut self, path: &Path, inner: &str) -> Result<(), FolderError> {
        let bytes = std::fs::read(path).map_err(|source| FolderError::Unreadable { path: path.to_owned(), source })?;
        let text = String::from_utf8(bytes)
            .map_err(|error| FolderError::NotText { path: path.to_owned(), at: error.utf8_error().valid_up_to() })?;
        self.source.insert(inner, text);
        Ok(())
    }

    fn read_drawing(&mut self, path: &Path, inner: String) -> Result<(), FolderError> {
        let unreadable = |source| FolderError::Unreadable { path: path.to_owned(), source };
        let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
        if bytes > LARGEST_DRAWING {
            return Err(FolderError::TooLarge { path: path.to_owned(), bytes });
        }
        self.drawings.insert(inner, std::fs::read(path).map_err(unreadable)?);
        Ok(())
    }
}

/// The only project right inside of a folder, or the one that a folder is part of.
fn nearest_project(path: &Path) -> Option<PathBuf> {
    let holds_project = |folder: &Path| folder.join("project.yaml").is_file();
    if let Some(around) = path.ancestors().skip(1).find(|folder| holds_project(folder)) {
        return Some(around.to_owned());
    }
    let mut inside = std::fs::read_dir(path).ok()?.filter_map(|entry| Some(entry.ok()?.path())).filter(|entry| holds_project(entry));
    let first = inside.next()?;
    inside.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        folder
    }

    #[test]
    fn text_and_drawings_are_read_and_everything_else_is_left_alone() {
        let disk = folder_with(&[
            ("project.yaml", b"slug: tiny"),
            ("bible/characters/mei.yaml", b"name: Mei"),
            ("parts/hair/mine/front.svg", b"<svg/>"),
            (".echo/studio.db", b"\xff"),
            ("out/S01E01/film.mp4", b"\xff"),
            ("notes.txt", b"\xff"),
        ]);
        let folder = Folder::read(disk.path()).unwrap();
        let text: Vec<&str> = folder.source.iter().map(|(path, _)| path).collect();
        assert_eq!(text, ["bible/characters/mei.yaml", "project.yaml"]);
        assert_eq!(folder.drawings.keys().collect::<Vec<_>>(), ["parts/hair/mine/front.svg"]);
    }

    #[test]
    fn a_folder_without_a_project_says_where_one_is() {
        let disk = folder_with(&[("tiny/project.yaml", b"slug: tiny"), ("tiny/bible/world.yaml", b"")]);
        let around = Folder::read(disk.path()).unwrap_err().to_string();
        assert!(around.contains("did you mean") && around.contains("tiny"), "{around}");
        let inside = Folder::read(&disk.path().join("tiny/bible")).unwrap_err().to_string();
        assert!(inside.ends_with("tiny?"), "{inside}");
        assert!(matches!(Folder::read(&disk.path().join("none")), Err(FolderError::NotAFolder { .. })));
    }

    #[test]
    fn text_that_is_not_utf8_is_named_with_the_place() {
        let disk = folder_with(&[("project.yaml", b"slug: ti\xffny")]);
        assert!(matches!(Folder::read(disk.path()), Err(FolderError::NotText { at: 8, .. })));
    }
}
