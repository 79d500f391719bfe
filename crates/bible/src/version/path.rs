//! Names of documents, and the files that they are in a project folder.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Slug, StoryTime};

/// What kind of document a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKind {
    /// `settings`: `project.yaml`.
    Settings,
    /// `style`: `bible/style.yaml`.
    Style,
    /// `world`: `bible/world.yaml`.
    World,
    /// `narrative`: `bible/narrative.yaml`.
    Narrative,
    /// `characters/<slug>`.
    Character,
    /// `locations/<slug>`.
    Location,
    /// `props/<slug>`.
    Prop,
    /// `episodes/<S01E01>`: the episode's settings.
    Episode,
    /// `episodes/<S01E01>/shots`: its shot list.
    Shots,
    /// `episodes/<S01E01>/script`: its screenplay, in Fountain.
    Script,
    /// `files/<path>`: any other file of the project.
    File,
}

/// The name of a document: `settings`, `characters/mei`, `episodes/S01E01/script`, `files/parts/hair/front.svg`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentPath(String);

/// Why a text names no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{got:?} names no document: use settings, style, world, narrative, characters/<name>, locations/<name>, props/<name>, \
     episodes/<S01E01>, episodes/<S01E01>/shots, episodes/<S01E01>/script or files/<path>"
)]
pub struct ParsePathError {
    /// What was given.
    pub got: String,
}

impl DocumentPath {
    /// The path of a character, location or prop.
    #[must_use]
    pub fn named(kind: DocumentKind, slug: &Slug) -> Option<Self> {
        let folder = match kind {
            DocumentKind::Character => "characters",
            DocumentKind::Location => "locations",
            DocumentKind::Prop => "props",
            _ => return None,
        };
        Some(Self(format!("{folder}/{slug}")))
    }

    /// The path of an episode's settings, shot list or script.
    #[must_use]
    pub fn of_episode(kind: DocumentKind, at: StoryTime) -> Option<Self> {
        let at = at.episode_start();
        match kind {
            DocumentKind::Episode => Some(Self(format!("episodes/{at}"))),
            DocumentKind::Shots => Some(Self(format!("episodes/{at}/shots"))),
            DocumentKind::Script => Some(Self(format!("episodes/{at}/script"))),
            _ => None,
        }
    }

    /// The document that a file of a project folder is.
    #[must_use]
    pub fn of_file(file: &str) -> Self {
        let parts: Vec<&str> = file.split('/').collect();
        let slug = |name: &str| name.strip_suffix(".yaml").filter(|name| name.parse::<Slug>().is_ok()).map(str::to_owned);
        let named = match parts.as_slice() {
            ["project.yaml"] => Some("settings".to_owned()),
            ["bible", name @ ("style.yaml" | "world.yaml" | "narrative.yaml")] => name.strip_suffix(".yaml").map(str::to_owned),
            ["bible", folder @ ("characters" | "locations" | "props"), name] => slug(name).map(|name| format!("{folder}/{name}")),
            // Only the folder's usual spelling: another one would come back under another name.
            ["episodes", folder, name @ ("episode.yaml" | "shots.yaml" | "script.fountain")] => {
                episode(folder).filter(|at| at.to_string().to_lowercase() == **folder).map(|at| match *name {
                    "episode.yaml" => format!("episodes/{at}"),
                    "shots.yaml" => format!("episodes/{at}/shots"),
                    _ => format!("episodes/{at}/script"),
                })
            }
            _ => None,
        };
        Self(named.unwrap_or_else(|| format!("files/{file}")))
    }

    /// The file of a project folder that this document is.
    #[must_use]
    pub fn file(&self) -> String {
        let parts: Vec<&str> = self.0.split('/').collect();
        match parts.as_slice() {
            ["settings"] => "project.yaml".to_owned(),
            [name] => format!("bible/{name}.yaml"),
            ["episodes", at] => format!("episodes/{}/episode.yaml", at.to_lowercase()),
            ["episodes", at, "shots"] => format!("episodes/{}/shots.yaml", at.to_lowercase()),
            ["episodes", at, _] => format!("episodes/{}/script.fountain", at.to_lowercase()),
            ["files", rest @ ..] => rest.join("/"),
            _ => format!("bible/{}.yaml", self.0),
        }
    }

    /// What kind of document it names.
    #[must_use]
    pub fn kind(&self) -> DocumentKind {
        let mut parts = self.0.split('/');
        match (parts.next().unwrap_or_default(), parts.nth(1)) {
            ("settings", _) => DocumentKind::Settings,
            ("style", _) => DocumentKind::Style,
            ("world", _) => DocumentKind::World,
            ("narrative", _) => DocumentKind::Narrative,
            ("characters", _) => DocumentKind::Character,
            ("locations", _) => DocumentKind::Location,
            ("props", _) => DocumentKind::Prop,
            ("episodes", None) => DocumentKind::Episode,
            ("episodes", Some("shots")) => DocumentKind::Shots,
            ("episodes", Some(_)) => DocumentKind::Script,
            _ => DocumentKind::File,
        }
    }

    /// The name of the character, location or prop.
    #[must_use]
    pub fn slug(&self) -> Option<Slug> {
        match self.kind() {
            DocumentKind::Character | DocumentKind::Location | DocumentKind::Prop => self.0.split('/').nth(1)?.parse().ok(),
            _ => None,
        }
    }

    /// The episode that it belongs to.
    #[must_use]
    pub fn episode(&self) -> Option<StoryTime> {
        self.0.strip_prefix("episodes/").and_then(|rest| rest.split('/').next()).and_then(episode)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn episode(text: &str) -> Option<StoryTime> {
    text.parse::<StoryTime>().ok().filter(|at| *at == at.episode_start() && *at != StoryTime::BEGINNING)
}

impl FromStr for DocumentPath {
    type Err = ParsePathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split('/').collect();
        let spelled = |at: &str| episode(at).is_some_and(|time| time.to_string() == at);
        let good = match parts.as_slice() {
            ["settings" | "style" | "world" | "narrative"] => true,
            ["characters" | "locations" | "props", name] => name.parse::<Slug>().is_ok(),
            ["episodes", at] | ["episodes", at, "shots" | "script"] => spelled(at),
            // Never out of the project's folder, and never into what is hidden in it.
            ["files", rest @ ..] => {
                !rest.is_empty()
                    && rest.iter().all(|part| !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':', '\0']))
                    // A file with a name of its own as a document goes by that name.
                    && Self::of_file(&rest.join("/")).0 == text
            }
            _ => false,
        };
        if good { Ok(Self(text.to_owned())) } else { Err(ParsePathError { got: text.to_owned() }) }
    }
}

impl fmt::Display for DocumentPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for DocumentPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DocumentPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_document_and_comes_back_under_its_name() {
        for (file, path) in [
            ("project.yaml", "settings"),
            ("bible/style.yaml", "style"),
            ("bible/characters/mei.yaml", "characters/mei"),
            ("episodes/s01e02/episode.yaml", "episodes/S01E02"),
            ("episodes/s01e02/shots.yaml", "episodes/S01E02/shots"),
            ("episodes/s01e02/script.fountain", "episodes/S01E02/script"),
            ("episodes/S1E2/script.fountain", "files/episodes/S1E2/script.fountain"),
            ("bible/characters/Mei.yaml", "files/bible/characters/Mei.yaml"),
            ("parts/hair/mine/front.svg", "files/parts/hair/mine/front.svg"),
        ] {
            let document = DocumentPath::of_file(file);
            assert_eq!(document.as_str(), path);
            assert_eq!(document.file(), file);
            assert_eq!(path.parse(), Ok(document));
        }
    }

    #[test]
    fn a_path_out_of_the_folder_names_no_document() {
        for bad in [
            "",
            "files",
            "files/../x",
            "files/.echo/studio.db",
            "files//x",
            "characters/Mei",
            "episodes/S1E1",
            "files/project.yaml",
            "files/c:\\x",
        ] {
            assert!(bad.parse::<DocumentPath>().is_err(), "{bad}");
        }
    }
}
