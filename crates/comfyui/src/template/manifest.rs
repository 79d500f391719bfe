//! Manifests: what a graph's file says about it, as written.

use std::collections::BTreeMap;
use std::fmt;

use bible::source::yaml;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::TemplateError;
use super::slot::{Place, Slot, Sourced};
use crate::artifact::Media;
use crate::graph::Link;

/// The format that this reads.
pub(crate) const FORMAT: u32 = 1;

/// A manifest. One kind of file for three uses: a part (`takes`, `gives`), a template of parts (`parts`), and a whole
/// graph that somebody exported (neither).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The format's version: 1.
    pub format: u32,
    /// One line for lists.
    pub title: String,
    /// What it is for and what it needs.
    #[serde(default)]
    pub about: String,
    /// The family of models that it draws with.
    pub family: Option<String>,
    /// What comes out.
    pub makes: Option<Makes>,
    /// The template whose parts, slots and defaults it has too.
    pub extends: Option<String>,
    /// Whether it is only there to be extended.
    #[serde(default)]
    pub base: bool,
    /// The parts that it is made of, in order.
    #[serde(default)]
    pub parts: Vec<PartUse>,
    /// What the graph takes from parts before it: a link to node `@model` is one to whatever gives `model`.
    #[serde(default)]
    pub takes: Vec<String>,
    /// What it gives to parts behind it.
    #[serde(default)]
    pub gives: BTreeMap<String, Outlet>,
    /// Inputs that parts behind it may plug something into. `{n}` is the number of the item in a list.
    #[serde(default)]
    pub sockets: BTreeMap<String, Vec<Place>>,
    /// What it plugs into sockets of other parts.
    #[serde(default)]
    pub plugs: BTreeMap<String, Outlet>,
    /// What is set from outside.
    #[serde(default)]
    pub slots: BTreeMap<String, Slot>,
    /// Nodes that are left out when a slot is not given.
    #[serde(default)]
    pub branches: BTreeMap<String, Branch>,
    /// What it leaves.
    #[serde(default)]
    pub outputs: Vec<Output>,
    /// What it does to the size of the pictures.
    pub picture_size: Option<SizeRule>,
    /// Slots that have another default here, by name: `steps`, `hires.denoise`.
    #[serde(default)]
    pub defaults: BTreeMap<String, Sourced>,
    /// Other ways to run it.
    #[serde(default)]
    pub variants: BTreeMap<String, Variant>,
    /// Variants that take less memory of the GPU, each less than the one before. Where memory does not do, a farm goes on
    /// with the next, together with whatever variant was chosen.
    #[serde(default)]
    pub less_memory: Vec<String>,
}

/// What a template makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Makes {
    /// A picture.
    Picture,
    /// Another version of a picture: repaired, larger.
    Rework,
    /// A film.
    Film,
    /// Another version of a film's frames.
    Frames,
}

/// One use of a part.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartUse {
    /// The part; of several, the first whose node classes the server has.
    pub part: OneOrMore,
    /// What it is called here; the part's name when not said.
    #[serde(rename = "as")]
    pub name: Option<String>,
    /// Used when this slot has a value.
    pub when: Option<String>,
    /// Used when this group is given; its slots are the group's fields.
    pub group: Option<String>,
    /// Used once for each item of this list; its slots are the items' fields.
    pub each: Option<String>,
    /// How many items the list takes.
    pub max: Option<usize>,
}

/// A name or several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore {
    /// One.
    One(String),
    /// Several, the best first.
    More(Vec<String>),
}

impl OneOrMore {
    /// All of them.
    #[must_use]
    pub fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::More(names) => names,
        }
    }
}

/// An output of a node: `load.0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Outlet {
    /// The node.
    pub node: String,
    /// Which of its outputs, from 0.
    pub slot: u32,
}

impl TryFrom<String> for Outlet {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parsed = text.rsplit_once('.').and_then(|(node, slot)| Some(Self { node: node.to_owned(), slot: slot.parse().ok()? }));
        parsed.filter(|outlet| !outlet.node.is_empty()).ok_or_else(|| format!("`{text}` is no output: write node.number, as in `4.0`"))
    }
}

impl Outlet {
    /// As a link.
    #[must_use]
    pub fn link(&self) -> Link {
        Link::to(self.node.as_str(), self.slot)
    }
}

impl fmt::Display for Outlet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.node, self.slot)
    }
}

/// Nodes that are left out when a slot is not given.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// The slot.
    pub when: String,
    /// The nodes.
    pub nodes: Vec<String>,
    /// Who took `node.0` of the branch takes this instead; `nothing` leaves the input out.
    #[serde(default)]
    pub instead: BTreeMap<String, Instead>,
}

/// What is taken instead of an output that is left out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Instead {
    /// The input is left out.
    Nothing,
    /// Another output.
    Outlet(Outlet),
}

impl TryFrom<String> for Instead {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "nothing" { Ok(Self::Nothing) } else { Outlet::try_from(text).map(Self::Outlet) }
    }
}

/// What a node leaves.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// The node.
    pub node: String,
    /// What kind of file.
    pub media: Media,
    /// The slot that says how many; one when not said.
    pub count: Option<String>,
}

/// What a part does to the size of the pictures.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum SizeRule {
    /// They have the size of this slot from here on.
    Is(String),
    /// Their latents, an eighth of the picture each way, grow by this slot's factor.
    LatentTimes(String),
    /// Nobody can say without running it.
    Unknown(String),
}

/// Another way to run a template.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// What it is good for.
    pub about: String,
    /// Other parts in place of some, by what those are called.
    #[serde(default)]
    pub swap: BTreeMap<String, String>,
    /// Other defaults.
    #[serde(default)]
    pub defaults: BTreeMap<String, Sourced>,
}

/// Reads a manifest or another of this folder's files.
pub(crate) fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, TemplateError> {
    let node = yaml::parse(file, text)
        .map_err(|error| TemplateError::new(file, format!("line {}, column {}", error.line, error.column), error.problem, error.fix))?;
    serde_path_to_error::deserialize(node.to_json()).map_err(|error| {
        let steps: Vec<yaml::Step> = error
            .path()
            .iter()
            .filter_map(|segment| match segment {
                serde_path_to_error::Segment::Seq { index } => Some(yaml::Step::Index(*index)),
                serde_path_to_error::Segment::Map { key } => Some(yaml::Step::Key(key.clone())),
                serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => None,
            })
            .collect();
        let at = node.locate_key(&steps);
        let place = if steps.is_empty() { String::new() } else { format!(", {}", error.path()) };
        TemplateError::new(file, format!("line {}{place}", at.line.max(1)), error.inner().to_string(), "")
    })
}

/// Reads a manifest of the format that this knows.
pub(crate) fn read_manifest(file: &str, text: &str) -> Result<Manifest, TemplateError> {
    let manifest: Manifest = read(file, text)?;
    if manifest.format != FORMAT {
        let problem = format!("it is of format {}", manifest.format);
        return Err(TemplateError::new(file, "format", problem, format!("this version reads format {FORMAT}")));
    }
    Ok(manifest)
}

/// Whether a JSON value stands for "not given".
pub(crate) fn is_given(value: Option<&Value>) -> bool {
    value.is_some_and(|value| !value.is_null())
}
