//! How a show's pictures are drawn: `render` in `project.yaml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Digest, Slug};

/// How often a picture that the gate rejects is drawn in all, where nobody says. Each attempt costs as much as the first.
const ATTEMPTS: u32 = 3;

/// How pictures are drawn. What is said here is part of every recipe that is drawn through ComfyUI, so that changing the
/// checkpoint makes stale what it drew, and a character's LoRA only what shows them. How often to try is not: what was drawn
/// stays.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Render {
    /// What draws.
    #[serde(default)]
    pub engine: RenderEngine,
    /// The workflow template: `sdxl-illustrious`, or one of the project's folder `workflows`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// A variant of the template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The checkpoint, where the template draws with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<ModelUse>,
    /// LoRAs of the whole show: its style.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loras: Vec<ModelUse>,
    /// LoRAs by character, used where they are in the picture.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub character_loras: BTreeMap<Slug, Vec<ModelUse>>,
    /// How often a picture that the gate rejects is drawn in all, each time with the director's correction, 1 to 10; 3 when
    /// not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10))]
    pub attempts: Option<u32>,
    /// What steers the picture: maps of the layout, and accepted pictures of sheets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<Control>,
    /// Other slots of the template by name: `steps`, `pose.model`, `size`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub slots: BTreeMap<String, Value>,
    /// What draws the films of shots; each key picture is held until the next when not said. It is part of the recipes of
    /// films alone: key pictures stay when it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub film: Option<Film>,
}

/// How the move from one key picture of a shot to the next is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Film {
    /// The workflow template: `wan22-first-last`, or one of the project's folder `workflows`. It makes films and takes a
    /// `first_frame`, and perhaps a `last_frame`.
    pub workflow: String,
    /// A variant of the template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Slots of the template by name: its models; `size`, the size that films are drawn at; `frames`, the most that one is
    /// drawn with; `fps`, how many of them a second has.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub slots: BTreeMap<String, Value>,
}

impl Render {
    /// Whether nothing is said: the built-in engine draws.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// How often a picture that the gate rejects is drawn in all.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts.unwrap_or(ATTEMPTS)
    }

    /// What of it decides how pictures are drawn.
    #[must_use]
    pub fn of_pictures(&self) -> Self {
        Self { film: None, ..self.clone() }
    }

    /// Whether ComfyUI draws.
    #[must_use]
    pub fn is_comfyui(&self) -> bool {
        self.engine == RenderEngine::Comfyui
    }
}

/// What draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RenderEngine {
    /// The built-in layout engine.
    #[default]
    Layout,
    /// ComfyUI, steered by the layout engine's pictures.
    Comfyui,
}

/// A model file, by the name that servers list it under.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelUse {
    /// Its name.
    pub file: String,
    /// Its BLAKE3 in 64 hex digits: another one is another recipe, and a server whose file of this name is known to be another
    /// draws nothing with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub blake3: Option<Digest>,
    /// How strongly a LoRA is applied; the template's default when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<f64>,
}

/// What steers a picture beside its prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Control {
    /// The layout's picture is drawn over; `slots` says with which `denoise`.
    Picture,
    /// The skeletons, through a control net that `slots` names as `pose.model`.
    Pose,
    /// Each person's mask, with a prompt of their own, where there are several.
    Regions,
    /// An accepted picture of each person's sheet, through the template's `references`; what has none yet waits for it.
    References,
}
