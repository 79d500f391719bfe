//! The catalogue: every part, pose, build and set by name, ours and a project's own.

use std::any::Any;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, RwLock};

use bible::{Slug, Tones};
use engine::EngineError;
use rust_embed::RustEmbed;
use serde::de::DeserializeOwned;

use crate::cel::Tone;
use crate::part::{Manifest, Part, View};
use crate::{svg, yaml};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/parts"]
#[prefix = "parts/"]
struct Parts;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/poses"]
#[prefix = "poses/"]
struct Poses;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/builds"]
#[prefix = "builds/"]
struct Builds;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/sets"]
#[prefix = "sets/"]
struct Sets;

/// Every drawing that there is, by name. A part is read when it is first asked for, and kept.
#[derive(Debug)]
pub struct Catalogue {
    files: BTreeMap<String, Source>,
    parts: BTreeMap<String, BTreeMap<String, ReadOnce>>,
    data: RwLock<BTreeMap<String, Arc<dyn Any + Send + Sync>>>,
}

/// A part, or why it cannot be read, from the first time that it was asked for.
type ReadOnce = OnceLock<Result<Arc<Part>, BrokenFile>>;

/// Where a file's bytes are.
#[derive(Debug, Clone)]
enum Source {
    /// Inside the program (or, in a debug build, in the source folder).
    BuiltIn,
    /// Brought along by the project.
    Project(Arc<[u8]>),
}

/// An error that can be told again each time the part is asked for.
#[derive(Debug, Clone)]
struct BrokenFile {
    path: String,
    reason: String,
}

impl From<BrokenFile> for EngineError {
    fn from(BrokenFile { path, reason }: BrokenFile) -> Self {
        Self::BrokenPart { path, reason }
    }
}

impl Catalogue {
    /// What comes with the program. Debug builds read the source folder, so a changed drawing shows without a build.
    #[must_use]
    pub fn built_in() -> Self {
        let names = Parts::iter().chain(Poses::iter()).chain(Builds::iter()).chain(Sets::iter());
        Self::of_files(names.map(|name| (name.into_owned(), Source::BuiltIn)).collect())
    }

    /// The same with a project's own files: paths inside the project (`parts/hair/bob/front.svg`, `sets/…`,
    /// `poses/…`, `builds/…`) and their bytes. A part of the project replaces the one of the same name as a whole.
    #[must_use]
    pub fn with_project(self, files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let project: BTreeMap<String, Source> = files
            .into_iter()
            .filter(|(path, _)| ["parts/", "poses/", "builds/", "sets/"].iter().any(|folder| path.starts_with(folder)))
            .map(|(path, bytes)| (path, Source::Project(bytes.into())))
            .collect();
        let replaced: Vec<(&str, &str)> =
            project.keys().filter_map(|path| part_of(path)).map(|(category, name, _)| (category, name)).collect();
        let mut all: BTreeMap<String, Source> = self
            .files
            .into_iter()
            .filter(|(path, _)| part_of(path).is_none_or(|(category, name, _)| !replaced.contains(&(category, name))))
            .collect();
        all.extend(project);
        Self::of_files(all)
    }

    fn of_files(files: BTreeMap<String, Source>) -> Self {
        let mut parts: BTreeMap<String, BTreeMap<String, OnceLock<_>>> = BTreeMap::new();
        for (category, name, _) in files.keys().filter_map(|path| part_of(path)) {
            parts.entry(category.to_owned()).or_default().entry(name.to_owned()).or_default();
        }
        Self { files, parts, data: RwLock::default() }
    }

    /// A part.
    ///
    /// # Errors
    /// [`EngineError::UnknownPart`] with the nearest name, or [`EngineError::BrokenPart`] with the file and the reason.
    pub fn part(&self, category: &str, name: &Slug) -> Result<&Part, EngineError> {
        let entry = self.parts.get(category).and_then(|names| names.get(name.as_str()));
        let entry = entry.ok_or_else(|| self.unknown(category, name, self.names(category)))?;
        match entry.get_or_init(|| self.read_part(category, name).map(Arc::new)) {
            Ok(part) => Ok(part),
            Err(broken) => Err(broken.clone().into()),
        }
    }

    /// The names in a category, in alphabetical order.
    pub fn names(&self, category: &str) -> impl Iterator<Item = &str> + use<'_> {
        self.parts.get(category).into_iter().flat_map(|names| names.keys().map(String::as_str))
    }

    /// The bytes of a file, such as `sets/skies/day.svg`.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<Cow<'static, [u8]>> {
        match self.files.get(path)? {
            Source::BuiltIn => Parts::get(path)
                .or_else(|| Poses::get(path))
                .or_else(|| Builds::get(path))
                .or_else(|| Sets::get(path))
                .map(|file| file.data),
            Source::Project(bytes) => Some(Cow::Owned(bytes.to_vec())),
        }
    }

    /// The paths of the files under a folder (`poses/`), in alphabetical order.
    pub fn files<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        let from = (std::ops::Bound::Included(folder), std::ops::Bound::Unbounded);
        self.files.range::<str, _>(from).map(|(path, _)| path.as_str()).take_while(move |path| path.starts_with(folder))
    }

    /// Everything that can be named, by category: parts, poses, builds and sets.
    #[must_use]
    pub fn listing(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut listing: BTreeMap<&str, Vec<&str>> =
            self.parts.iter().map(|(category, names)| (category.as_str(), names.keys().map(String::as_str).collect())).collect();
        for category in ["pose", "build"] {
            let folder = format!("{category}s/");
            let names = self.files.keys().filter_map(|path| path.strip_prefix(&folder)?.strip_suffix(".yaml"));
            listing.insert(category, names.collect());
        }
        let sets = self.files.keys().filter_map(|path| path.strip_prefix("sets/")?.strip_suffix("/set.yaml"));
        listing.insert("set", sets.collect());
        listing
    }

    /// A YAML file `<category>s/<name>.yaml` as `T`: a pose, a build. Read once, and kept.
    ///
    /// # Errors
    /// [`EngineError::UnknownPart`] with the nearest name, or [`EngineError::BrokenPart`] with the file and the reason.
    pub fn data<T: DeserializeOwned + Send + Sync + 'static>(&self, category: &str, name: &Slug) -> Result<Arc<T>, EngineError> {
        let path = format!("{category}s/{name}.yaml");
        let known = self.data.read().ok().and_then(|data| data.get(&path).cloned()).and_then(|data| data.downcast().ok());
        if let Some(known) = known {
            return Ok(known);
        }
        let Some(bytes) = self.file(&path) else {
            let folder = format!("{category}s/");
            let names = self.files(&folder).filter_map(|path| path.strip_prefix(&folder)?.strip_suffix(".yaml"));
            return Err(self.unknown(category, name, names));
        };
        let read: Arc<T> = yaml::read(&bytes).map(Arc::new).map_err(|reason| EngineError::BrokenPart { path: path.clone(), reason })?;
        if let Ok(mut data) = self.data.write() {
            data.insert(path, Arc::clone(&read) as _);
        }
        Ok(read)
    }

    fn unknown<'a>(&self, category: &str, name: &Slug, names: impl Iterator<Item = &'a str>) -> EngineError {
        let nearest = names
            .map(|known| (strsim::damerau_levenshtein(name.as_str(), known), known))
            .filter(|(distance, known)| *distance <= (known.len() / 2).max(2))
            .min()
            .map(|(_, known)| known.to_owned());
        EngineError::UnknownPart { category: category.to_owned(), name: name.clone(), nearest }
    }

    fn read_part(&self, category: &str, name: &Slug) -> Result<Part, BrokenFile> {
        let folder = format!("parts/{category}/{name}/");
        let manifest_path = format!("{folder}part.yaml");
        let missing = || BrokenFile { path: manifest_path.clone(), reason: "the file is missing: it says what the part is".to_owned() };
        let mut manifest: Manifest = yaml::read(&self.file(&manifest_path).ok_or_else(missing)?)
            .map_err(|reason| BrokenFile { path: manifest_path.clone(), reason })?;
        let (mut views, mut pieces) = (BTreeMap::new(), BTreeMap::new());
        let mut drawn: BTreeMap<String, Tones> = BTreeMap::new();
        for path in self.files(&folder) {
            let Some(stem) = path.strip_prefix(&folder).and_then(|file| file.strip_suffix(".svg")) else { continue };
            let Some(bytes) = self.file(path) else { continue };
            let drawing = svg::read(path, &bytes).map_err(|error| match error {
                EngineError::BrokenPart { path, reason } => BrokenFile { path, reason },
                other => BrokenFile { path: path.to_owned(), reason: other.to_string() },
            })?;
            for (slot, tone, colour) in drawing.defaults {
                let tones = drawn.entry(slot).or_insert_with(|| Tones::from_base(colour));
                match tone {
                    Tone::Base => tones.base = colour,
                    Tone::Shadow => tones.shadow = Some(colour),
                    Tone::Highlight => tones.highlight = Some(colour),
                }
            }
            match View::named(stem) {
                Some(view) => drop(views.insert(view, drawing.art)),
                None => drop(pieces.insert(stem.to_owned(), drawing.art)),
            }
        }
        for (slot, tones) in drawn {
            manifest.slots.entry(slot).or_insert(tones);
        }
        Ok(Part::new(category.to_owned(), name.clone(), manifest, views, pieces))
    }
}

/// Category, name and file of a path inside `parts/`.
fn part_of(path: &str) -> Option<(&str, &str, &str)> {
    let mut steps = path.strip_prefix("parts/")?.splitn(3, '/');
    Some((steps.next()?, steps.next()?, steps.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(name: &str) -> Slug {
        name.parse().unwrap()
    }

    fn project(files: &[(&str, &str)]) -> Catalogue {
        Catalogue::of_files(BTreeMap::new()).with_project(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())))
    }

    const SVG: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect id="main.base" width="4" height="4" fill="#102030"/><rect id="trim.base" width="1" height="1" fill="#fff"/></svg>"##;

    #[test]
    fn a_name_that_is_nearly_right_is_suggested() {
        let catalogue = project(&[("parts/hair/bob/part.yaml", ""), ("parts/hair/long-straight/part.yaml", ""), ("poses/stand.yaml", "")]);
        let error = catalogue.part("hair", &slug("bobb")).unwrap_err();
        assert_eq!(error.to_string(), "there is no hair named `bobb`; did you mean `bob`?");
        let error = catalogue.data::<serde_json::Value>("pose", &slug("stnd")).unwrap_err();
        assert!(error.to_string().contains("did you mean `stand`?"), "{error}");
    }

    #[test]
    fn a_slot_that_the_manifest_leaves_open_has_the_colour_of_the_drawing() {
        let catalogue = project(&[("parts/garment/coat/part.yaml", "slots: { main: '#ffffff' }"), ("parts/garment/coat/front.svg", SVG)]);
        let slots = &catalogue.part("garment", &slug("coat")).unwrap().manifest.slots;
        assert_eq!(slots["main"].base.to_string(), "#ffffff");
        assert_eq!(slots["trim"].base.to_string(), "#ffffff");
        let plain = project(&[("parts/garment/coat/part.yaml", ""), ("parts/garment/coat/front.svg", SVG)]);
        assert_eq!(plain.part("garment", &slug("coat")).unwrap().manifest.slots["main"].base.to_string(), "#102030");
    }

    #[test]
    fn a_projects_part_replaces_ours_as_a_whole() {
        let ours = project(&[("parts/garment/coat/part.yaml", "description: ours"), ("parts/garment/coat/back.svg", SVG)]);
        let theirs = ours.with_project([("parts/garment/coat/part.yaml".to_owned(), b"description: theirs".to_vec())]);
        let part = theirs.part("garment", &slug("coat")).unwrap();
        assert_eq!((part.manifest.description.as_str(), part.views.len()), ("theirs", 0));
    }

    #[test]
    fn a_broken_file_is_named_every_time() {
        let catalogue = project(&[("parts/hair/bob/part.yaml", "slots: { hair: blue }")]);
        for _ in 0..2 {
            let error = catalogue.part("hair", &slug("bob")).unwrap_err().to_string();
            assert!(error.contains("parts/hair/bob/part.yaml") && error.contains("slots.hair"), "{error}");
        }
    }
}
