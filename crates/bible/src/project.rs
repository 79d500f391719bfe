//! The project: everything a show is, in one value.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::character::Extra;
use crate::render::Render;
use crate::story::Episode;
use crate::{Character, Colour, FrameRate, Gate, Location, Prop, Slug};

/// A whole show: what `project.yaml`, the bible and the episodes say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Project {
    /// `project.yaml`.
    pub settings: ProjectSettings,
    /// Everything under `bible/`.
    pub bible: Bible,
    /// The episodes in story order.
    pub episodes: Vec<Episode>,
}

/// What `project.yaml` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectSettings {
    /// The name that refers to the project.
    pub slug: Slug,
    /// The title, 1 to 200 characters.
    #[schemars(length(min = 1, max = 200))]
    pub title: String,
    /// What it is about, up to 2,000 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 2000))]
    pub description: String,
    /// Frames per second: 24 (the default), or 24000/1001 for broadcast.
    #[serde(default)]
    pub frame_rate: FrameRate,
    /// Size of the pictures.
    #[serde(default)]
    pub canvas: Canvas,
    /// The gate: the score from 0 to 1 that a picture must reach to be accepted, or bounds by kind of picture.
    #[serde(default)]
    pub gate: Gate,
    /// How pictures are drawn; by the built-in engine when not said.
    #[serde(default, skip_serializing_if = "Render::is_default")]
    pub render: Render,
    /// Language of the script as a BCP 47 tag.
    #[serde(default = "default_language")]
    pub language: String,
    /// Everything else that was written.
    #[serde(flatten)]
    pub extra: Extra,
}

fn default_language() -> String {
    "en".to_owned()
}

/// Picture size in pixels, each side even and 64 to 7,680.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Canvas {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Default for Canvas {
    fn default() -> Self {
        Self { width: 1280, height: 720 }
    }
}

/// The show's bible without its history.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Bible {
    /// `bible/style.yaml`.
    #[serde(default)]
    pub style: VisualStyle,
    /// `bible/world.yaml`.
    #[serde(default)]
    pub world: WorldSetting,
    /// `bible/narrative.yaml`.
    #[serde(default)]
    pub narrative: NarrativeGuidelines,
    /// `bible/characters/*.yaml`.
    #[serde(default)]
    pub characters: BTreeMap<Slug, Character>,
    /// `bible/locations/*.yaml`.
    #[serde(default)]
    pub locations: BTreeMap<Slug, Location>,
    /// `bible/props/*.yaml`.
    #[serde(default)]
    pub props: BTreeMap<Slug, Prop>,
}

/// How the show looks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VisualStyle {
    /// In words, for people and for prompts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Weight of the line: 1 is the engine's own, 0.5 to 2.
    #[serde(default = "one")]
    pub line_weight: f64,
    /// Colour of the outer line.
    #[serde(default = "default_line")]
    pub line_colour: Colour,
    /// How far shadows go: 0 flat, 1 the engine's own.
    #[serde(default = "one")]
    pub shadow_amount: f64,
    /// Colours that belong to the show.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub palette: BTreeMap<Slug, Colour>,
    /// Everything else that was written.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Default for VisualStyle {
    fn default() -> Self {
        Self {
            description: String::new(),
            line_weight: one(),
            line_colour: default_line(),
            shadow_amount: one(),
            palette: BTreeMap::new(),
            extra: Extra::new(),
        }
    }
}

fn one() -> f64 {
    1.0
}

fn default_line() -> Colour {
    Colour::new(0x1e, 0x1a, 0x26)
}

/// Where and when the show happens.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct WorldSetting {
    /// In words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// When: `Shōwa 38, late summer`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub era: String,
    /// What is true in this world and nowhere else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// Everything else that was written.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How the show tells its story.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct NarrativeGuidelines {
    /// Tone in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tone: String,
    /// What it is about underneath.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub themes: Vec<String>,
    /// What the show never does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub never: Vec<String>,
    /// Everything else that was written.
    #[serde(flatten)]
    pub extra: Extra,
}
