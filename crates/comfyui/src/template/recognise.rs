//! A person's own exported graph: which of its inputs are the slots.
//!
//! Samplers are found by class, and what feeds them by following links: `positive` leads to a text, `latent_image` to
//! a size, `model` to a file. What leads to one place is a slot; what leads to several is asked for.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::error::TemplateError;
use super::slot::Place;
use crate::graph::{Graph, Input, Node, NodeId};
use crate::object_info::ObjectInfo;
use crate::registry::ModelKind;

/// What was found in a graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognised {
    /// The manifest, as a YAML file.
    pub manifest: String,
    /// The slots by name, with where they go.
    pub slots: BTreeMap<String, Vec<Place>>,
    /// What could not be decided.
    pub questions: Vec<Question>,
}

/// Something that has to be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Question {
    /// The slot.
    pub slot: String,
    /// What it may be, each as `node.input` with the node's title or class.
    pub candidates: Vec<String>,
}

/// Classes that sample, with the names of their inputs: positive, negative, latent, seed.
const SAMPLERS: [(&str, &str); 6] = [
    ("KSampler", "seed"),
    ("KSamplerAdvanced", "noise_seed"),
    ("SamplerCustom", "noise_seed"),
    ("SamplerCustomAdvanced", ""),
    ("KSampler (Efficient)", "seed"),
    ("ADE_AnimateDiffSampler", "seed"),
];

/// Inputs that a text is typed into, by class; the first that is there counts.
const TEXTS: [&str; 5] = ["text", "prompt", "text_g", "clip_l", "t5xxl"];

/// A slot's type in a manifest.
#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Text,
    Seed,
    Plain(&'static str),
    Whole,
    Number,
    Size,
    Model(ModelKind),
    Image,
}

struct Found {
    kind: Kind,
    required: bool,
    places: Vec<Place>,
}

/// Finds the slots of a graph. `told` are slots that the person named, with their places; they win over what is found.
///
/// # Errors
/// When the graph has no sampler and no output that this knows, or a told place is not in it.
pub fn recognise(
    title: &str,
    graph: &Graph,
    told: &BTreeMap<String, Place>,
    info: Option<&ObjectInfo>,
) -> Result<Recognised, TemplateError> {
    for (slot, place) in told {
        if graph.get(&place.node.as_str().into()).is_none_or(|node| !node.inputs.contains_key(&place.input)) {
            let nodes = graph.nodes().map(|(id, node)| format!("{id} ({})", node.class_type)).collect::<Vec<_>>().join(", ");
            let problem = format!("there is no input {place}");
            return Err(TemplateError::new("the graph", format!("slot {slot}"), problem, format!("there are nodes {nodes}")));
        }
    }
    let mut finder = Finder { graph, found: BTreeMap::new(), questions: Vec::new(), told };
    finder.samplers();
    finder.models();
    finder.images();
    let outputs = finder.outputs(info);
    if outputs.is_empty() {
        let problem = "it has no node that saves a picture or a film";
        return Err(TemplateError::new("the graph", "", problem, "add a SaveImage: previews vanish when the server restarts"));
    }
    finder.told();
    Ok(finder.done(title, &outputs))
}

struct Finder<'a> {
    graph: &'a Graph,
    found: BTreeMap<String, Found>,
    questions: Vec<Question>,
    told: &'a BTreeMap<String, Place>,
}

impl<'a> Finder<'a> {
    fn node(&self, id: &NodeId) -> Option<&'a Node> {
        self.graph.get(id)
    }

    fn add(&mut self, name: &str, kind: Kind, required: bool, places: Vec<Place>) {
        if places.is_empty() || self.told.contains_key(name) {
            return;
        }
        self.found.insert(name.to_owned(), Found { kind, required, places });
    }

    /// One place, or a question when there are several.
    fn decide(&mut self, name: &str, kind: Kind, required: bool, places: &BTreeSet<Place>) {
        if self.told.contains_key(name) {
            return;
        }
        if places.len() > 1 {
            let shown = |place: &Place| {
                let node = self.graph.get(&place.node.as_str().into());
                let title = node.and_then(|node| node.meta.as_ref()?.title.clone()).or_else(|| node.map(|node| node.class_type.clone()));
                format!("{place} ({})", title.unwrap_or_default())
            };
            let candidates = places.iter().map(shown).collect();
            self.questions.push(Question { slot: name.to_owned(), candidates });
        } else {
            self.add(name, kind, required, places.iter().cloned().collect());
        }
    }

    fn samplers(&mut self) {
        let graph = self.graph;
        let samplers: Vec<(&NodeId, &Node, &str)> = graph
            .nodes()
            .filter_map(|(id, node)| SAMPLERS.iter().find(|(class, _)| *class == node.class_type).map(|(_, seed)| (id, node, *seed)))
            .collect();
        let mut seeds = Vec::new();
        let (mut positive, mut negative, mut latents) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut plain: BTreeMap<&str, BTreeSet<Place>> = BTreeMap::new();
        for (id, node, seed) in samplers {
            let place = |input: &str| Place { node: id.as_str().to_owned(), input: input.to_owned() };
            if node.inputs.get(seed).is_some_and(|input| input.value().is_some()) {
                seeds.push(place(seed));
            }
            // Samplers of the newer kind are fed by nodes for each thing.
            for (input, wanted) in [
                ("noise", "noise_seed"),
                ("guider", "cfg"),
                ("sampler", "sampler_name"),
                ("sigmas", "steps"),
                ("sigmas", "scheduler"),
                ("sigmas", "denoise"),
            ] {
                if let Some(at) = self.upstream(node, input, |node| node.inputs.get(wanted).is_some_and(|input| input.value().is_some())) {
                    let place = Place { node: at.as_str().to_owned(), input: wanted.to_owned() };
                    if wanted == "noise_seed" {
                        seeds.push(place);
                    } else {
                        plain.entry(wanted).or_default().insert(place);
                    }
                }
            }
            for name in ["steps", "cfg", "sampler_name", "scheduler", "denoise"] {
                if node.inputs.get(name).is_some_and(|input| input.value().is_some()) {
                    plain.entry(name).or_default().insert(place(name));
                }
            }
            let guided = node.inputs.get("guider").and_then(Input::link).and_then(|link| graph.get(&link.node));
            let (source, has) = match guided {
                Some(guider) => (guider, ["conditioning", "positive"]),
                None => (node, ["positive", "positive"]),
            };
            for name in has {
                positive.extend(self.texts(source, name));
            }
            negative.extend(self.texts(source, "negative"));
            for name in ["latent_image", "latent"] {
                latents.extend(self.sizes(node, name));
            }
        }
        self.add("seed", Kind::Seed, true, seeds);
        self.decide("prompt", Kind::Text, true, &positive);
        let negative: BTreeSet<Place> = negative.difference(&positive).cloned().collect();
        self.decide("negative", Kind::Text, false, &negative);
        for (name, slot, kind) in [
            ("steps", "steps", Kind::Whole),
            ("cfg", "cfg", Kind::Number),
            ("sampler_name", "sampler", Kind::Plain("choice")),
            ("scheduler", "scheduler", Kind::Plain("choice")),
            ("denoise", "denoise", Kind::Number),
        ] {
            let places: Vec<Place> = plain.remove(name).unwrap_or_default().into_iter().collect();
            // Two passes of one graph differ in these on purpose: only the first is a slot.
            self.add(slot, kind, false, places.into_iter().take(1).collect());
        }
        if latents.len() == 1 {
            for node in latents {
                self.add("size", Kind::Size, false, vec![Place { node, input: "width".to_owned() }]);
            }
        }
    }

    /// Walks back from an input until a node fits.
    fn upstream(&self, node: &Node, input: &str, fits: impl Fn(&Node) -> bool) -> Option<NodeId> {
        let mut wanted: Vec<NodeId> = node.inputs.get(input).and_then(Input::link).map(|link| link.node.clone()).into_iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(id) = wanted.pop() {
            if !seen.insert(id.clone()) {
                continue;
            }
            let Some(node) = self.node(&id) else { continue };
            if fits(node) {
                return Some(id);
            }
            wanted.extend(node.inputs.values().filter_map(Input::link).map(|link| link.node.clone()));
        }
        None
    }

    /// The texts that a conditioning is made of.
    fn texts(&self, node: &Node, input: &str) -> BTreeSet<Place> {
        let mut places = BTreeSet::new();
        let mut wanted: Vec<(NodeId, &str)> = Vec::new();
        if let Some(link) = node.inputs.get(input).and_then(Input::link) {
            wanted.push((link.node.clone(), side(input)));
        }
        let mut seen = BTreeSet::new();
        while let Some((id, way)) = wanted.pop() {
            if !seen.insert((id.clone(), way)) {
                continue;
            }
            let Some(node) = self.node(&id) else { continue };
            if let Some(text) = TEXTS
                .iter()
                .find(|text| node.inputs.get(**text).is_some_and(|input| input.value().is_some_and(serde_json::Value::is_string)))
            {
                places.insert(Place { node: id.as_str().to_owned(), input: (*text).to_owned() });
                continue;
            }
            // A text that is typed into another node and linked here.
            let linked = TEXTS.iter().find_map(|text| node.inputs.get(*text).and_then(Input::link));
            if let Some(link) = linked
                && let Some(source) = self.node(&link.node)
                && let Some((input, _)) = source.inputs.iter().find(|(_, input)| input.value().is_some_and(serde_json::Value::is_string))
            {
                places.insert(Place { node: link.node.as_str().to_owned(), input: input.clone() });
                continue;
            }
            // Nodes that take both sides give both: the one that was come from is followed.
            let both = node.inputs.contains_key("positive") && node.inputs.contains_key("negative");
            for (name, link) in node.inputs.iter().filter_map(|(name, input)| Some((name.as_str(), input.link()?))) {
                let conditioning =
                    matches!(name, "conditioning" | "conditioning_1" | "conditioning_2" | "conditioning_to" | "conditioning_from");
                if conditioning || (both && name == way) {
                    wanted.push((link.node.clone(), way));
                }
            }
        }
        places
    }

    /// Nodes whose width and height decide the size.
    fn sizes(&self, node: &Node, input: &str) -> Option<String> {
        let has_size =
            |node: &Node| ["width", "height"].iter().all(|side| node.inputs.get(*side).is_some_and(|input| input.value().is_some()));
        // A first pass that is scaled up has its size in the latent that it begins with.
        self.upstream(node, input, |node| has_size(node) && (node.class_type.contains("Latent") || node.class_type.contains("ToVideo")))
            .map(|id| id.as_str().to_owned())
    }

    fn models(&mut self) {
        let loaders = [
            ("checkpoint", ModelKind::Checkpoint, "ckpt_name"),
            ("model", ModelKind::DiffusionModel, "unet_name"),
            ("vae", ModelKind::Vae, "vae_name"),
            ("text_encoder", ModelKind::TextEncoder, "clip_name"),
            ("text_encoder_1", ModelKind::TextEncoder, "clip_name1"),
            ("text_encoder_2", ModelKind::TextEncoder, "clip_name2"),
            ("control_net", ModelKind::ControlNet, "control_net_name"),
            ("lora", ModelKind::Lora, "lora_name"),
        ];
        for (name, kind, input) in loaders {
            let vision = |node: &Node| node.class_type.contains("Vision");
            let places: Vec<Place> = self
                .graph
                .nodes()
                .filter(|(_, node)| node.inputs.get(input).is_some_and(|input| input.value().is_some()) && !vision(node))
                .map(|(id, _)| Place { node: id.as_str().to_owned(), input: input.to_owned() })
                .collect();
            if places.len() == 1 {
                self.add(name, Kind::Model(kind), false, places);
            } else {
                for (index, place) in places.into_iter().enumerate() {
                    self.add(&format!("{name}_{}", index + 1), Kind::Model(kind), false, vec![place]);
                }
            }
        }
    }

    /// Pictures that are loaded, named after what takes them.
    fn images(&mut self) {
        let loads: Vec<(&NodeId, &Node)> =
            self.graph.nodes().filter(|(_, node)| matches!(node.class_type.as_str(), "LoadImage" | "LoadImageMask")).collect();
        let mut named: BTreeMap<String, Vec<Place>> = BTreeMap::new();
        for (id, node) in loads {
            let takers = self.graph.nodes().filter(|(_, taker)| taker.inputs.values().filter_map(Input::link).any(|link| link.node == *id));
            let classes: Vec<&str> = takers.map(|(_, taker)| taker.class_type.as_str()).collect();
            let any = |word: &str| classes.iter().any(|class| class.contains(word));
            let name = if node.class_type == "LoadImageMask" {
                "mask"
            } else if any("ControlNet") {
                "control"
            } else if any("IPAdapter") || any("CLIPVision") || any("ReferenceLatent") || any("QwenImageEdit") {
                "reference"
            } else if any("FirstLast") || any("ImageToVideo") {
                "frame"
            } else {
                "image"
            };
            named.entry(name.to_owned()).or_default().push(Place { node: id.as_str().to_owned(), input: "image".to_owned() });
        }
        for (name, places) in named {
            let several = places.len() > 1;
            for (index, place) in places.into_iter().enumerate() {
                let name = if several { format!("{name}_{}", index + 1) } else { name.clone() };
                self.add(&name, Kind::Image, true, vec![place]);
            }
        }
    }

    fn outputs(&self, info: Option<&ObjectInfo>) -> Vec<(String, &'static str)> {
        let saves = |(id, node): (&NodeId, &Node)| {
            let class = node.class_type.as_str();
            let film = class.contains("Video") || class.contains("WEBM") || class.contains("VHS_");
            let known = class.starts_with("Save") && !class.contains("Latent") && class != "SaveImageWebsocket";
            let told = info.and_then(|info| info.class(class)).is_some_and(|class| class.output_node)
                && node.inputs.contains_key("filename_prefix");
            (known || told).then(|| (id.as_str().to_owned(), if film { "film" } else { "picture" }))
        };
        self.graph.nodes().filter_map(saves).collect()
    }

    /// Slots that the person named.
    fn told(&mut self) {
        for (name, place) in self.told {
            let value = self.graph.get(&place.node.as_str().into()).and_then(|node| node.inputs.get(&place.input)).and_then(Input::value);
            let kind = match (name.as_str(), value) {
                ("prompt" | "negative", _) => Kind::Text,
                ("seed", _) => Kind::Seed,
                (_, Some(value)) if value.is_u64() || value.is_i64() => Kind::Whole,
                (_, Some(value)) if value.is_number() => Kind::Number,
                (_, Some(value)) if value.is_boolean() => Kind::Plain("flag"),
                (_, _) if place.input == "image" => Kind::Image,
                _ => Kind::Text,
            };
            let required = matches!(name.as_str(), "prompt" | "seed");
            self.found.insert(name.clone(), Found { kind, required, places: vec![place.clone()] });
        }
    }

    fn done(self, title: &str, outputs: &[(String, &'static str)]) -> Recognised {
        // JSON is YAML as well, so every text is quoted as JSON quotes it.
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let makes = if outputs.iter().any(|(_, media)| *media == "film") { "film" } else { "picture" };
        let mut text = format!("format: 1\ntitle: {}\nmakes: {makes}\nslots:\n", quoted(title));
        for (name, found) in &self.found {
            let kind = match &found.kind {
                Kind::Text => "text".to_owned(),
                Kind::Seed => "seed".to_owned(),
                Kind::Plain(name) => (*name).to_owned(),
                Kind::Whole => "whole".to_owned(),
                Kind::Number => "number".to_owned(),
                Kind::Size => "size".to_owned(),
                Kind::Model(kind) => format!("model, kind: {kind}"),
                Kind::Image => "image".to_owned(),
            };
            let into = match found.kind {
                Kind::Size => found
                    .places
                    .iter()
                    .map(|place| {
                        let side = |side: &str| quoted(&format!("{}.{side}", place.node));
                        format!("{{ width: {}, height: {} }}", side("width"), side("height"))
                    })
                    .collect::<Vec<_>>(),
                _ => found.places.iter().map(|place| quoted(&place.to_string())).collect(),
            };
            let required = if found.required { ", required: true" } else { "" };
            text.push_str(&format!("  {name}: {{ type: {kind}, into: [{}]{required} }}\n", into.join(", ")));
        }
        text.push_str("outputs:\n");
        for (node, media) in outputs {
            text.push_str(&format!("  - {{ node: {}, media: {media} }}\n", quoted(node)));
        }
        let slots = self.found.into_iter().map(|(name, found)| (name, found.places)).collect();
        Recognised { manifest: text, slots, questions: self.questions }
    }
}

fn side(input: &str) -> &'static str {
    if input == "negative" { "negative" } else { "positive" }
}
