//! What a job asks of a worker, and what the worker gives.

use bible::Digest;
use comfyui::{Expected, Graph, Media, NodeId};
use farm::Requirements;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A job's work: a graph that is ready to run, and variants of it that take less memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    /// The first is tried first; each further one takes less memory than the one before.
    pub variants: Vec<Variant>,
}

/// One graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// What it is called where it comes from; none for the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// In ComfyUI's API format. Output prefixes are replaced.
    pub graph: Graph,
    /// Pictures that it reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Input>,
    /// What it leaves.
    pub expected: Vec<ExpectedOutput>,
}

/// A picture that a graph reads: it is uploaded, and the node's input is set to the name that the server gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// In the blob store.
    pub blob: Digest,
    /// The end of its name: `png`.
    pub extension: String,
    /// The node that reads it.
    pub node: NodeId,
    /// The node's input.
    pub input: String,
}

/// What an output node leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedOutput {
    /// The node.
    pub node: NodeId,
    /// How many files.
    #[serde(default = "one")]
    pub count: usize,
    /// What they are.
    #[serde(default)]
    pub media: OutputMedia,
    /// Width and height in pixels; pictures only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<(u32, u32)>,
}

/// What files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputMedia {
    /// Pictures.
    #[default]
    Picture,
    /// Films.
    Film,
}

const fn one() -> usize {
    1
}

impl From<&ExpectedOutput> for Expected {
    fn from(expected: &ExpectedOutput) -> Self {
        let media = match expected.media {
            OutputMedia::Picture => Media::Picture,
            OutputMedia::Film => Media::Film,
        };
        Self { node: expected.node.clone(), count: expected.count, media, size: expected.size }
    }
}

impl From<&Expected> for ExpectedOutput {
    fn from(expected: &Expected) -> Self {
        let media = match expected.media {
            Media::Picture => OutputMedia::Picture,
            Media::Film => OutputMedia::Film,
        };
        Self { node: expected.node.clone(), count: expected.count, media, size: expected.size }
    }
}

/// What a job left: its result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drawn {
    /// The files, in the order of what was expected.
    pub files: Vec<DrawnFile>,
    /// The prompt's id on the node.
    pub prompt: Uuid,
    /// The node's name.
    pub node: String,
    /// Which variant of the payload.
    pub variant: u32,
    /// What that variant is called; none for the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant_name: Option<String>,
    /// From the node's start to its end, in seconds, as this worker saw it.
    pub seconds: f64,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawnFile {
    /// The node of the graph that left it.
    pub node: NodeId,
    /// Which of that node's files, from 0.
    pub index: usize,
    /// In the blob store.
    pub blob: Digest,
    /// Its size in bytes.
    pub bytes: u64,
    /// `image/png`…
    pub media_type: String,
    /// Width and height in pixels; pictures only.
    pub size: Option<(u32, u32)>,
}

/// What a graph takes of a node, as far as the graph says it: neither memory nor a group. Times are learned by `template`.
#[must_use]
pub fn needs_of(graph: &Graph, template: impl Into<String>) -> Requirements {
    Requirements {
        engine: "comfyui".to_owned(),
        template: template.into(),
        classes: graph.nodes().map(|(_, node)| node.class_type.clone()).collect(),
        models: models_of(graph),
        pinned: std::collections::BTreeMap::new(),
        vram: 0,
        group: None,
    }
}

/// Inputs of loaders, and the folder that their file is in, as servers call it.
const LOADERS: &[(&str, &str)] = &[
    ("ckpt_name", "checkpoints"),
    ("lora_name", "loras"),
    ("vae_name", "vae"),
    ("unet_name", "diffusion_models"),
    ("control_net_name", "controlnet"),
    ("clip_name", "text_encoders"),
    ("clip_name1", "text_encoders"),
    ("clip_name2", "text_encoders"),
    ("clip_name3", "text_encoders"),
    ("style_model_name", "style_models"),
];

/// The model files that a graph names in its loaders, as `checkpoints/anime.safetensors`. What custom nodes load by
/// inputs of other names is not known here: a node that lacks it says so when it gets the graph.
#[must_use]
pub fn models_of(graph: &Graph) -> std::collections::BTreeSet<String> {
    let folder = |class: &str, input: &str| match (class, input) {
        ("CLIPVisionLoader", "clip_name") => Some("clip_vision"),
        ("UpscaleModelLoader", "model_name") => Some("upscale_models"),
        _ => LOADERS.iter().find(|(name, _)| *name == input).map(|(_, folder)| *folder),
    };
    let inputs = graph.nodes().flat_map(|(_, node)| node.inputs.iter().map(move |(name, input)| (node.class_type.as_str(), name, input)));
    // VAEs that are no files.
    let made = ["taesd", "taesdxl", "taesd3", "taef1", "pixel_space"];
    inputs
        .filter_map(|(class, name, input)| {
            let file = input.value()?.as_str().filter(|file| !made.contains(file))?;
            Some(format!("{}/{}", folder(class, name)?, file.replace('\\', "/")))
        })
        .collect()
}
