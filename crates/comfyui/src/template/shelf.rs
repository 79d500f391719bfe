//! The shelf: every template and part by name, ours and a project's own.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bible::Digest;
use rust_embed::RustEmbed;
use serde::Deserialize;

use super::error::{TemplateError, TemplateErrors};
use super::manifest::{Manifest, PartUse, read, read_manifest};
use super::part::Part;
use super::slot::Sourced;
use super::{Placed, Template};
use crate::graph::Graph;
use crate::object_info::nearest;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/workflows"]
struct BuiltIn;

/// How a manifest's file ends.
pub const MANIFEST: &str = ".manifest.yaml";
/// The folder of parts.
const PARTS: &str = "parts/";

/// A family of models: what its members have in common.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// In words.
    pub title: String,
    /// The model's build: decides which LoRAs, VAEs and control nets fit.
    pub architecture: String,
    /// How prompts are written.
    pub prompts: Prompts,
    /// The licence, where one is known for the whole family.
    pub licence: Option<Sourced>,
    /// Defaults of slots by name.
    #[serde(default)]
    pub defaults: BTreeMap<String, Sourced>,
}

/// How prompts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prompts {
    /// Danbooru tags with commas.
    Tags,
    /// Sentences.
    Sentences,
}

/// A pack of custom nodes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// What people call it.
    pub title: String,
    /// Where it is.
    pub repository: String,
    /// The node classes that are known to be in it.
    pub classes: Vec<String>,
}

/// Every template by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Shelf {
    templates: BTreeMap<String, Arc<Template>>,
    families: Arc<BTreeMap<String, Family>>,
    packs: Arc<BTreeMap<String, Pack>>,
}

/// Files by name, as they are read: `sdxl.manifest.yaml`, `parts/lora.json`.
pub type Files = BTreeMap<String, String>;

impl Shelf {
    /// The templates that come with the program.
    ///
    /// # Errors
    /// Never, unless a file of ours is broken; the tests read them all.
    pub fn built_in() -> Result<Self, TemplateErrors> {
        Self::with(&Files::new())
    }

    /// The templates that come with the program, and those of a folder. Files of the folder come before ours of the
    /// same name.
    ///
    /// # Errors
    /// Everything that is wrong with the files, each with its file and place.
    pub fn with_folder(folder: &Path) -> Result<Self, TemplateErrors> {
        let files = read_folder(folder).map_err(|error| TemplateErrors(vec![error]))?;
        Self::with(&files)
    }

    /// The templates that come with the program, and some more.
    ///
    /// # Errors
    /// Everything that is wrong with the files, each with its file and place.
    pub fn with(more: &Files) -> Result<Self, TemplateErrors> {
        let mut files: BTreeMap<Cow<'_, str>, Cow<'_, str>> = BTreeMap::new();
        let mut problems = Vec::new();
        for name in BuiltIn::iter() {
            let text = BuiltIn::get(&name).and_then(|file| String::from_utf8(file.data.into_owned()).ok()).unwrap_or_default();
            files.insert(name, text.into());
        }
        files.extend(more.iter().map(|(name, text)| (Cow::Borrowed(name.as_str()), Cow::Borrowed(text.as_str()))));
        let mut builder = Builder { files: &files, manifests: BTreeMap::new(), parts: BTreeMap::new(), families: BTreeMap::new() };
        builder.families = builder.table("families.yaml", &mut problems);
        let packs = builder.table("packs.yaml", &mut problems);
        let stems: Vec<String> = files.keys().filter_map(|name| name.strip_suffix(MANIFEST)).map(str::to_owned).collect();
        for stem in &stems {
            let file = format!("{stem}{MANIFEST}");
            match read_manifest(&file, &files[file.as_str()]) {
                Ok(manifest) => drop(builder.manifests.insert(stem.clone(), manifest)),
                Err(error) => problems.push(error),
            }
        }
        for stem in stems.iter().filter(|stem| stem.starts_with(PARTS)) {
            builder.part(stem, &mut problems);
        }
        let mut templates = BTreeMap::new();
        for stem in stems.iter().filter(|stem| !stem.starts_with(PARTS)) {
            let known = problems.len();
            if let Some(template) = builder.template(stem, &mut problems)
                && problems.len() == known
            {
                templates.insert(stem.clone(), Arc::new(template));
            }
        }
        if !problems.is_empty() {
            return Err(TemplateErrors(problems));
        }
        Ok(Self { templates, families: Arc::new(builder.families), packs: Arc::new(packs) })
    }

    /// A template by name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Template>> {
        self.templates.get(name)
    }

    /// The template most like a name that is not there.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest(self.templates.keys().map(String::as_str), name)
    }

    /// Every template in order of name.
    pub fn templates(&self) -> impl Iterator<Item = &Arc<Template>> {
        self.templates.values()
    }

    /// The families of models by name.
    #[must_use]
    pub fn families(&self) -> &BTreeMap<String, Family> {
        &self.families
    }

    /// The pack that a node class is in, when that is known.
    #[must_use]
    pub fn pack_of(&self, class: &str) -> Option<&Pack> {
        self.packs.values().find(|pack| pack.classes.iter().any(|known| known == class))
    }
}

/// The files of a folder that belong to templates.
///
/// # Errors
/// When it cannot be read. A folder that is not there is an empty one.
pub fn read_folder(folder: &Path) -> Result<Files, TemplateError> {
    let mut files = Files::new();
    for (prefix, place) in [("", folder.to_owned()), (PARTS, folder.join("parts"))] {
        let fail = |error: std::io::Error| TemplateError::new(&place.display().to_string(), "", format!("it cannot be read: {error}"), "");
        let entries = match std::fs::read_dir(&place) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(fail(error)),
        };
        for entry in entries {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".json") || name.ends_with(".yaml") {
                let path = entry.path();
                let text = std::fs::read_to_string(&path)
                    .map_err(|error| TemplateError::new(&path.display().to_string(), "", format!("it cannot be read: {error}"), ""))?;
                files.insert(format!("{prefix}{name}"), text);
            }
        }
    }
    Ok(files)
}

/// Reads a graph as the editor saves it in API format.
///
/// # Errors
/// When it is none; says how to save one.
pub fn read_graph(file: &str, text: &str) -> Result<Graph, TemplateError> {
    let wrong = |at: String, problem: String, fix: &str| TemplateError::new(file, at, problem, fix);
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|error| wrong(format!("line {}", error.line()), format!("it is no JSON: {error}"), ""))?;
    if value.get("nodes").is_some_and(serde_json::Value::is_array) {
        let problem = "it is a workflow as the editor keeps it, not one that a server runs";
        return Err(wrong(String::new(), problem.to_owned(), "save it with `Export (API)` (older editors: `Save (API Format)`)"));
    }
    // Some tools wrap the graph as it is posted.
    let value = match value.get("prompt") {
        Some(prompt) if prompt.get("class_type").is_none() => prompt.clone(),
        _ => value,
    };
    let graph: Graph = serde_path_to_error::deserialize(&value)
        .map_err(|error| wrong(format!("node {}", error.path()), error.inner().to_string(), "each node has `class_type` and `inputs`"))?;
    if graph.is_empty() {
        return Err(wrong(String::new(), "it has no nodes".to_owned(), ""));
    }
    Ok(graph)
}

struct Builder<'a> {
    files: &'a BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    manifests: BTreeMap<String, Manifest>,
    parts: BTreeMap<String, Arc<Part>>,
    families: BTreeMap<String, Family>,
}

impl Builder<'_> {
    fn table<T: serde::de::DeserializeOwned>(&self, file: &str, problems: &mut Vec<TemplateError>) -> BTreeMap<String, T> {
        let Some(text) = self.files.get(file) else { return BTreeMap::new() };
        read(file, text).unwrap_or_else(|error| {
            problems.push(error);
            BTreeMap::new()
        })
    }

    /// Reads the graph beside a manifest.
    fn graph(&self, stem: &str, problems: &mut Vec<TemplateError>) -> Option<Graph> {
        let file = format!("{stem}.json");
        let text = self.files.get(file.as_str())?;
        read_graph(&file, text).map_err(|error| problems.push(error)).ok()
    }

    fn part(&mut self, stem: &str, problems: &mut Vec<TemplateError>) {
        let (file, name) = (format!("{stem}{MANIFEST}"), stem.trim_start_matches(PARTS));
        let Some(manifest) = self.manifests.get(stem).cloned() else { return };
        let known = problems.len();
        let Some(graph) = self.graph(stem, problems) else {
            if problems.len() == known {
                problems.push(TemplateError::new(
                    &file,
                    "",
                    format!("there is no {stem}.json beside it"),
                    "a part is a graph and its manifest",
                ));
            }
            return;
        };
        match Part::new(name, &file, graph, manifest) {
            Ok(part) => drop(self.parts.insert(name.to_owned(), Arc::new(part))),
            Err(errors) => problems.extend(errors),
        }
    }

    fn template(&self, stem: &str, problems: &mut Vec<TemplateError>) -> Option<Template> {
        let file = format!("{stem}{MANIFEST}");
        let own = self.manifests.get(stem)?;
        let mut way = vec![stem.to_owned()];
        let mut manifest = self.extended(own, &file, &mut way, problems)?;
        manifest.base = own.base;
        let family = match &manifest.family {
            None => None,
            Some(name) => {
                let family = self.families.get(name);
                if family.is_none() {
                    let known = self.families.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                    problems.push(TemplateError::new(
                        &file,
                        "family",
                        format!("there is no family `{name}`"),
                        format!("there are {known}"),
                    ));
                }
                family.cloned().map(|family| (name.clone(), family))
            }
        };
        let placed = if manifest.parts.is_empty() {
            let known = problems.len();
            let Some(graph) = self.graph(stem, problems) else {
                if problems.len() == known {
                    let problem = format!("it has neither `parts` nor a {stem}.json beside it");
                    problems.push(TemplateError::new(&file, "", problem, "put the exported graph beside it"));
                }
                return None;
            };
            match Part::new(stem, &file, graph, manifest.clone()) {
                Ok(part) => vec![Placed { name: String::new(), used: None, alternatives: vec![Arc::new(part)] }],
                Err(errors) => {
                    problems.extend(errors);
                    return None;
                }
            }
        } else {
            manifest.parts.iter().enumerate().filter_map(|(index, used)| self.placed(&file, index, used, problems)).collect()
        };
        let source = self.source(&way, &manifest);
        let mut template = Template { name: stem.to_owned(), file: file.clone(), manifest, family, source, placed, swaps: BTreeMap::new() };
        for (variant, written) in &template.manifest.variants {
            for (name, part) in &written.swap {
                let at = format!("variants.{variant}.swap.{name}");
                if !template.placed.iter().any(|placed| placed.name == *name) {
                    let known = template.placed.iter().map(|placed| placed.name.as_str()).collect::<Vec<_>>().join(", ");
                    problems.push(TemplateError::new(&file, at, format!("no part is called `{name}` here"), format!("there are {known}")));
                } else if let Some(part) = self.known_part(&file, &at, part, problems) {
                    template.swaps.insert((variant.clone(), name.clone()), part);
                }
            }
        }
        problems.extend(template.problems());
        Some(template)
    }

    /// The digest of every file that decides what a template is.
    fn source(&self, way: &[String], manifest: &Manifest) -> Digest {
        let swapped = manifest.variants.values().flat_map(|variant| variant.swap.values());
        let parts = manifest.parts.iter().flat_map(|used| used.part.names()).chain(swapped).map(|part| format!("{PARTS}{part}"));
        let mut stems: Vec<String> = way.iter().cloned().chain(parts).collect();
        stems.sort_unstable();
        stems.dedup();
        let names = stems.iter().flat_map(|stem| [format!("{stem}.json"), format!("{stem}{MANIFEST}")]);
        let mut text = Vec::new();
        for name in names.chain(["families.yaml".to_owned()]) {
            if let Some(file) = self.files.get(name.as_str()) {
                text.extend_from_slice(name.as_bytes());
                text.extend_from_slice(Digest::of(file.as_bytes()).as_bytes());
            }
        }
        Digest::of(&text)
    }

    /// A manifest with what it has from the one that it extends.
    fn extended(&self, own: &Manifest, file: &str, way: &mut Vec<String>, problems: &mut Vec<TemplateError>) -> Option<Manifest> {
        let Some(parent) = &own.extends else { return Some(own.clone()) };
        if way.contains(parent) {
            problems.push(TemplateError::new(file, "extends", format!("{} extend each other in a circle", way.join(", ")), ""));
            return None;
        }
        let Some(written) = self.manifests.get(parent) else {
            let near = nearest(self.manifests.keys().map(String::as_str), parent).map(|near| format!("did you mean `{near}`?"));
            problems.push(TemplateError::new(file, "extends", format!("there is no template `{parent}`"), near.unwrap_or_default()));
            return None;
        };
        way.push(parent.clone());
        let from = self.extended(written, file, way, problems)?;
        let mut own = own.clone();
        own.about = if own.about.is_empty() { from.about } else { own.about };
        own.family = own.family.or(from.family);
        own.makes = own.makes.or(from.makes);
        own.parts = if own.parts.is_empty() { from.parts } else { own.parts };
        let mut defaults = from.defaults;
        defaults.append(&mut own.defaults);
        own.defaults = defaults;
        let mut variants = from.variants;
        variants.append(&mut own.variants);
        own.variants = variants;
        own.less_memory = if own.less_memory.is_empty() { from.less_memory } else { own.less_memory };
        Some(own)
    }

    fn placed(&self, file: &str, index: usize, used: &PartUse, problems: &mut Vec<TemplateError>) -> Option<Placed> {
        let at = format!("parts[{index}]");
        let ways = [&used.when, &used.group, &used.each].into_iter().flatten().count();
        if ways > 1 {
            let fix = "a part is used always, or `when` a slot is given, or for a `group`, or for `each` item of a list";
            problems.push(TemplateError::new(file, at.clone(), "it has more than one condition", fix));
        }
        if used.max.is_some() && used.each.is_none() {
            problems.push(TemplateError::new(file, at.clone(), "it has a `max` and is no list", "`max` goes with `each`"));
        }
        let alternatives: Option<Vec<Arc<Part>>> =
            used.part.names().iter().map(|name| self.known_part(file, &at, name, problems)).collect();
        let name = used.name.clone().or_else(|| used.part.names().first().cloned())?;
        Some(Placed { name, used: Some(used.clone()), alternatives: alternatives? })
    }

    fn known_part(&self, file: &str, at: &str, name: &str, problems: &mut Vec<TemplateError>) -> Option<Arc<Part>> {
        let part = self.parts.get(name).cloned();
        // A part that is there and broken was complained about already.
        if part.is_none() && !self.manifests.contains_key(&format!("{PARTS}{name}")) {
            let near = nearest(self.parts.keys().map(String::as_str), name).map(|near| format!("did you mean `{near}`?"));
            problems.push(TemplateError::new(file, at, format!("there is no part `{name}`"), near.unwrap_or_default()));
        }
        part
    }
}
