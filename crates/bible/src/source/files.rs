//! Which file is what, and reading each.

use std::collections::{BTreeMap, BTreeSet};

use schemars::Schema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::error::{Position, SourceError};
use super::yaml::Node;
use super::{EpisodeSource, SourceTree, spelling, typed};
use crate::fountain::{Script, plain};
use crate::project::{Bible, ProjectSettings};
use crate::shot_list::{EpisodeSettings, ShotList};
use crate::{Slug, StoryTime, schema};

/// Bytes that a script may have; a feature film has about 200,000.
const MAX_SCRIPT_BYTES: usize = 4 * 1024 * 1024;

/// The names that exist, even where the file behind them could not be read.
#[derive(Debug, Default)]
pub(super) struct Slugs {
    pub(super) characters: BTreeSet<Slug>,
    pub(super) locations: BTreeSet<Slug>,
    pub(super) props: BTreeSet<Slug>,
}

pub(super) struct Reader {
    pub(super) settings: Option<ProjectSettings>,
    pub(super) bible: Bible,
    pub(super) episodes: Vec<EpisodeSource>,
    pub(super) slugs: Slugs,
    pub(super) nodes: BTreeMap<String, Node>,
    pub(super) problems: Vec<SourceError>,
}

/// The texts of one episode's folder.
#[derive(Default)]
struct Folder<'a> {
    script: Option<&'a str>,
    shots: Option<&'a str>,
    settings: Option<&'a str>,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self {
            settings: None,
            bible: Bible::default(),
            episodes: Vec::new(),
            slugs: Slugs::default(),
            nodes: BTreeMap::new(),
            problems: Vec::new(),
        }
    }

    pub(super) fn files(&mut self, tree: &SourceTree) {
        let mut folders: BTreeMap<&str, Folder<'_>> = BTreeMap::new();
        for (path, text) in tree.iter() {
            let parts: Vec<&str> = path.split('/').collect();
            match parts.as_slice() {
                ["project.yaml"] => {
                    self.settings = self.file(path, text, "project", &json!({ "slug": "show", "title": "Show" }));
                }
                ["bible", "style.yaml"] => self.bible.style = self.file(path, text, "style", &json!({})).unwrap_or_default(),
                ["bible", "world.yaml"] => self.bible.world = self.file(path, text, "world", &json!({})).unwrap_or_default(),
                ["bible", "narrative.yaml"] => self.bible.narrative = self.file(path, text, "narrative", &json!({})).unwrap_or_default(),
                ["bible", "characters", name] if name.ends_with(".yaml") => self.character(path, text, name),
                ["bible", "locations", name] if name.ends_with(".yaml") => {
                    let Some(slug) = self.slug(path, name) else { continue };
                    self.slugs.locations.insert(slug.clone());
                    if let Some(location) = self.file(path, text, "location", &json!({ "name": "Place", "set": "street" })) {
                        self.bible.locations.insert(slug, location);
                    }
                }
                ["bible", "props", name] if name.ends_with(".yaml") => {
                    let Some(slug) = self.slug(path, name) else { continue };
                    self.slugs.props.insert(slug.clone());
                    if let Some(prop) = self.file(path, text, "prop", &json!({ "name": "Thing", "part": "thing" })) {
                        self.bible.props.insert(slug, prop);
                    }
                }
                ["episodes", folder, "script.fountain"] => folders.entry(folder).or_default().script = Some(text),
                ["episodes", folder, "shots.yaml"] => folders.entry(folder).or_default().shots = Some(text),
                ["episodes", folder, "episode.yaml"] => folders.entry(folder).or_default().settings = Some(text),
                _ => self.stranger(path, &parts),
            }
        }
        if tree.get("project.yaml").is_none() {
            self.problems.push(SourceError::new(
                "project.yaml",
                Position::FILE,
                "the project has no `project.yaml`",
                "add one with at least `slug:` (the name that refers to it) and `title:`",
            ));
        }
        for (name, folder) in folders {
            self.episode(name, &folder);
        }
        self.episodes.sort_by_key(|episode| episode.at);
    }

    /// Reads a YAML file of a kind.
    fn file<T: DeserializeOwned>(&mut self, path: &str, text: &str, kind: &str, blank: &Value) -> Option<T> {
        let schema: &Schema = schema::of_kind(kind);
        let read = typed::read::<T>(path, text, schema, blank, &mut self.problems)?;
        spelling::check(path, schema, &read.node, &mut self.problems);
        self.nodes.insert(path.to_owned(), read.node);
        Some(read.value)
    }

    fn slug(&mut self, path: &str, name: &str) -> Option<Slug> {
        match name.trim_end_matches(".yaml").parse::<Slug>() {
            Ok(slug) => Some(slug),
            Err(error) => {
                let fix = format!("rename it to {}.yaml: lower-case letters, digits and single hyphens", error.suggestion);
                self.problems.push(SourceError::new(path, Position::FILE, "the file's name is no name to refer to", fix));
                None
            }
        }
    }

    fn character(&mut self, path: &str, text: &str, name: &str) {
        let Some(slug) = self.slug(path, name) else { return };
        self.slugs.characters.insert(slug.clone());
        let blank = json!({ "name": "Someone", "visual_traits": { "build": "slim", "height_cm": 165.0 }, "colour_model": {} });
        if let Some(character) = self.file(path, text, "character", &blank) {
            self.bible.characters.insert(slug, character);
        }
    }

    /// A file that looks like source but is not read.
    fn stranger(&mut self, path: &str, parts: &[&str]) {
        if !SourceTree::wants(path) || parts.len() < 2 {
            return;
        }
        let fix = if let Some(stem) = path.strip_suffix(".yml") {
            format!("rename it to {stem}.yaml")
        } else {
            match (parts[0], parts.get(1).copied().unwrap_or_default()) {
                ("bible", folder) if parts.len() == 3 => spelling::nearest(folder, ["characters", "locations", "props"].into_iter())
                    .map_or_else(
                        || "the bible's folders are characters, locations and props".to_owned(),
                        |name| format!("did you mean bible/{name}?"),
                    ),
                ("bible", file) => spelling::nearest(file, ["style.yaml", "world.yaml", "narrative.yaml"].into_iter()).map_or_else(
                    || "the bible's files are style.yaml, world.yaml and narrative.yaml".to_owned(),
                    |name| format!("did you mean bible/{name}?"),
                ),
                _ => "an episode's files are script.fountain, shots.yaml and episode.yaml".to_owned(),
            }
        };
        self.problems.push(SourceError::new(path, Position::FILE, "this file is not read", fix).warning());
    }

    fn episode(&mut self, name: &str, folder: &Folder<'_>) {
        let path = format!("episodes/{name}");
        let script_file = format!("{path}/script.fountain");
        let at = name.parse::<StoryTime>().ok().filter(|at| *at == at.episode_start());
        let Some(at) = at else {
            let problem = format!("`{name}` is no season and episode");
            self.problems.push(SourceError::new(&path, Position::FILE, problem, "name the folder like s01e01"));
            return;
        };
        if let Some(twin) = self.episodes.iter().find(|episode| episode.at == at) {
            let problem = format!("{at} is here and in {}", twin.folder);
            self.problems.push(SourceError::new(&path, Position::FILE, problem, "keep one of the two folders"));
            return;
        }
        let settings: Option<EpisodeSettings> = match folder.settings {
            Some(text) => self.file(&format!("{path}/episode.yaml"), text, "episode", &json!({})),
            None => Some(EpisodeSettings::default()),
        };
        let shots: Option<ShotList> = match folder.shots {
            Some(text) => self.file(&format!("{path}/shots.yaml"), text, "shots", &json!({})),
            None => Some(ShotList::default()),
        };
        let Some(text) = folder.script else {
            self.problems.push(SourceError::new(
                &path,
                Position::FILE,
                "the episode has no script",
                "add script.fountain, a screenplay in Fountain",
            ));
            return;
        };
        if text.len() > MAX_SCRIPT_BYTES {
            let problem = format!("the script has {} bytes; {MAX_SCRIPT_BYTES} is the most that is read", text.len());
            self.problems.push(SourceError::new(&script_file, Position::FILE, problem, "split it into episodes"));
            return;
        }
        let script = Script::parse(text);
        let settings = settings.unwrap_or_default();
        let title = settings.title.or_else(|| script.title_field("title").map(|title| plain(&title).replace('\n', " ")));
        let mut extras = settings.extras;
        if let Some(more) = script.title_field("extras") {
            extras.extend(more.split([',', '\n']).map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned));
        }
        self.episodes.push(EpisodeSource {
            at,
            folder: path,
            title: title.filter(|title| !title.trim().is_empty()).unwrap_or_else(|| at.to_string()),
            extras,
            script,
            shots: shots.unwrap_or_default(),
        });
    }
}
