//! A project folder as text, and what it says.
//!
//! The folder comes as a [`SourceTree`] (path to text; reading files is somebody else's work). [`read`]
//! parses every file and checks what can be checked without breaking the scripts down into shots, and
//! collects everything that is wrong with its file, line and column.
//!
//! ```
//! use bible::source::{SourceTree, read};
//!
//! let tree = SourceTree::from([
//!     ("project.yaml", "slug: tiny\ntitle: Tiny\n"),
//!     ("bible/props/lantern.yaml", "name: Lantern\npart: lantern\ncolours: { main: \"#c8102\" }\n"),
//! ]);
//! let source = read(&tree);
//! assert_eq!(source.problems[0].line, 3);
//! assert!(source.problems[0].to_string().contains("no colour"));
//! ```

mod checks;
mod edit;
mod emit;
mod error;
mod files;
mod message;
mod spelling;
mod typed;
pub mod yaml;

use std::collections::BTreeMap;

pub use edit::edit;
pub use emit::emit;
pub use error::{Position, Severity, SourceError, SourceErrors, pointer};
pub use spelling::{Stranger, nearest, strangers};
use yaml::{Node, Step};

use crate::fountain::Script;
use crate::shot_list::ShotList;
use crate::{Project, StoryTime};

/// The text files of a project by their path inside of it, with forward slashes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceTree(BTreeMap<String, String>);

impl SourceTree {
    /// No files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a file.
    pub fn insert(&mut self, path: &str, text: impl Into<String>) {
        let path = path.replace('\\', "/");
        self.0.insert(path.trim_start_matches("./").to_owned(), text.into());
    }

    /// Takes a file away.
    pub fn remove(&mut self, path: &str) -> Option<String> {
        self.0.remove(path)
    }

    /// The text of a file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// Every file, in order of path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Whether a file of this path belongs to the source of a project, so that whoever reads a folder
    /// knows what to leave alone.
    #[must_use]
    pub fn wants(path: &str) -> bool {
        let path = path.replace('\\', "/");
        let text = path.ends_with(".yaml") || path.ends_with(".yml") || path.ends_with(".fountain");
        text && (!path.contains('/') || path.starts_with("bible/") || path.starts_with("episodes/"))
    }
}

impl<const N: usize> From<[(&str, &str); N]> for SourceTree {
    fn from(files: [(&str, &str); N]) -> Self {
        let mut tree = Self::new();
        for (path, text) in files {
            tree.insert(path, text);
        }
        tree
    }
}

/// What a project folder says.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Settings and bible; its `episodes` are still empty (see [`Source::episodes`]). None when there
    /// is an error among the problems.
    pub project: Option<Project>,
    /// The episodes as written, in story order.
    pub episodes: Vec<EpisodeSource>,
    /// Everything that is wrong, by file and line.
    pub problems: Vec<SourceError>,
    nodes: BTreeMap<String, Node>,
}

impl Source {
    /// Where a value of a file stands; the whole file when it is not known.
    #[must_use]
    pub fn locate(&self, file: &str, path: &[Step]) -> Position {
        self.nodes.get(file).map_or(Position::FILE, |node| node.locate(path))
    }

    /// Where the key of a value stands; the whole file when it is not known.
    #[must_use]
    pub fn locate_key(&self, file: &str, path: &[Step]) -> Position {
        self.nodes.get(file).map_or(Position::FILE, |node| node.locate_key(path))
    }
}

/// An episode as written: script, shot list and settings, not yet broken down.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodeSource {
    /// Season and episode.
    pub at: StoryTime,
    /// Its folder: `episodes/s01e01`.
    pub folder: String,
    /// The title: of `episode.yaml`, or of the title page, or else its number.
    pub title: String,
    /// Voices that are heard but never seen, as the script writes them.
    pub extras: Vec<String>,
    /// The screenplay.
    pub script: Script,
    /// The shot list; empty when there is none.
    pub shots: ShotList,
}

impl EpisodeSource {
    /// The path of the script.
    #[must_use]
    pub fn script_file(&self) -> String {
        format!("{}/script.fountain", self.folder)
    }

    /// The path of the shot list.
    #[must_use]
    pub fn shots_file(&self) -> String {
        format!("{}/shots.yaml", self.folder)
    }
}

/// Reads a project.
#[must_use]
pub fn read(tree: &SourceTree) -> Source {
    let mut reader = files::Reader::new();
    reader.files(tree);
    let (settings, bible, episodes) = (reader.settings, reader.bible, reader.episodes);
    let (nodes, mut problems) = (reader.nodes, reader.problems);
    checks::check(settings.as_ref(), &bible, &episodes, &reader.slugs, &nodes, &mut problems);
    // Errors before warnings of the same place; then as a reader goes through the files.
    problems.sort_by(|a, b| (&a.file, a.line, a.column, a.severity).cmp(&(&b.file, b.line, b.column, b.severity)));
    problems.dedup();
    let sound = problems.iter().all(|problem| problem.severity == Severity::Warning);
    let project = settings.filter(|_| sound).map(|settings| Project { settings, bible, episodes: Vec::new() });
    Source { project, episodes, problems, nodes }
}

#[cfg(test)]
mod tests;

/// A small project without a mistake.
#[cfg(test)]
pub(crate) fn example() -> SourceTree {
    SourceTree::from([
        ("project.yaml", include_str!("source/example/project.yaml")),
        ("bible/style.yaml", include_str!("source/example/style.yaml")),
        ("bible/world.yaml", include_str!("source/example/world.yaml")),
        ("bible/characters/mei.yaml", include_str!("source/example/mei.yaml")),
        ("bible/characters/kit.yaml", include_str!("source/example/kit.yaml")),
        ("bible/locations/lantern-road.yaml", include_str!("source/example/lantern-road.yaml")),
        ("bible/props/lantern.yaml", include_str!("source/example/lantern.yaml")),
        ("episodes/s01e01/script.fountain", include_str!("source/example/script.fountain")),
        ("episodes/s01e01/shots.yaml", include_str!("source/example/shots.yaml")),
    ])
}
