//! What a file is, by its header.

use std::collections::BTreeMap;

use serde::Serialize;

use super::content::makers_hash;
use super::family::{self, Architecture};
use super::header::{Header, Tensor};
use super::kind::ModelKind;

/// What is known about a file, with what it is known by.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Identified {
    /// Its kind.
    pub kind: Option<ModelKind>,
    /// Its build, or the build that it goes with.
    pub architecture: Option<Architecture>,
    /// Its family, where that can be told.
    pub family: Option<String>,
    /// What makes it special within its build: `t5-xxl`, `i2v`, `v-prediction`.
    pub form: Option<String>,
    /// Its title, as its maker wrote it.
    pub title: Option<String>,
    /// Its licence, as its maker wrote it.
    pub licence: Option<String>,
    /// The hash of its tensors, as its maker wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maker_hash: Option<String>,
    /// What it is known by.
    pub evidence: Vec<String>,
    /// Why what is missing above cannot be told.
    pub unknown: Option<String>,
}

impl Identified {
    fn tell(&mut self, evidence: impl Into<String>) {
        self.evidence.push(evidence.into());
    }
}

/// What a file is, by the names and shapes of its tensors and by what its maker wrote.
#[must_use]
pub fn identify(header: &Header) -> Identified {
    let mut known = words(&header.metadata);
    let found = lora(header)
        .or_else(|| control_net(header))
        .or_else(|| diffusion(header))
        .or_else(|| text_encoder(header))
        .or_else(|| vae(header))
        .or_else(|| upscaler(header));
    let Some(found) = found else {
        known.unknown = Some(format!("none of its {} tensors is of a model that is known here", header.tensors.len()));
        return finish(known, &header.metadata);
    };
    known.kind = Some(found.kind);
    known.form = found.form;
    known.tell(found.evidence);
    match (found.architecture, Architecture::of_metadata(&header.metadata)) {
        (Some(by_shape), Some((by_words, words))) if by_shape != by_words => {
            known.architecture = Some(by_shape);
            known.tell(format!("{words}, against its tensors, which decide"));
        }
        (Some(by_shape), _) => known.architecture = Some(by_shape),
        (None, Some((by_words, words))) => {
            known.architecture = Some(by_words);
            known.tell(words);
        }
        (None, None) => known.unknown = found.unknown.or_else(|| Some("its tensors do not tell the build that it goes with".to_owned())),
    }
    finish(known, &header.metadata)
}

/// What a file in a folder of this kind is, by what its maker wrote alone: all that a server tells.
#[must_use]
pub fn identify_metadata(kind: ModelKind, metadata: &BTreeMap<String, String>) -> Identified {
    let mut known = words(metadata);
    known.kind = Some(kind);
    known.tell(format!("it is in the folder {}", kind.folder()));
    match Architecture::of_metadata(metadata) {
        Some((architecture, evidence)) => {
            known.architecture = Some(architecture);
            known.tell(evidence);
        }
        None => {
            let words =
                if metadata.is_empty() { "its maker wrote nothing into it" } else { "what its maker wrote does not name its build" };
            known.unknown = Some(format!("{words}, and a server does not show its tensors"));
        }
    }
    finish(known, metadata)
}

fn words(metadata: &BTreeMap<String, String>) -> Identified {
    let field = |names: &[&str]| names.iter().find_map(|name| metadata.get(*name)).filter(|text| !text.is_empty()).cloned();
    Identified {
        title: field(&["modelspec.title", "ss_output_name"]),
        licence: field(&["modelspec.license", "license"]),
        maker_hash: makers_hash(metadata).map(str::to_owned),
        ..Identified::default()
    }
}

fn finish(mut known: Identified, metadata: &BTreeMap<String, String>) -> Identified {
    let v_prediction =
        known.form.as_deref() == Some("v-prediction") || metadata.get("modelspec.prediction_type").is_some_and(|kind| kind == "v");
    let Some(architecture) = known.architecture else { return known };
    if !matches!(known.kind, Some(ModelKind::Checkpoint | ModelKind::DiffusionModel | ModelKind::Lora)) {
        return known;
    }
    match family::of_metadata(architecture, v_prediction, metadata) {
        Some((family, evidence)) => {
            known.family = Some(family.to_owned());
            known.tell(evidence);
        }
        None => match architecture {
            Architecture::Sdxl => {
                known.unknown =
                    Some("families of SDXL's build have the same tensors, and what its maker wrote names none of them".to_owned());
            }
            Architecture::Sd15 => known.family = Some("sd15-anime".to_owned()),
            Architecture::Flux => known.family = Some("flux".to_owned()),
            Architecture::Wan5b => known.family = Some("wan22-5b".to_owned()),
            Architecture::Ltx => known.family = Some("ltx".to_owned()),
            Architecture::QwenImage => {
                known.unknown = Some("Qwen-Image and Qwen-Image-Edit have the same tensors".to_owned());
            }
            Architecture::Wan14b => known.unknown = Some("Wan 2.1 and either half of Wan 2.2 have the same tensors".to_owned()),
            Architecture::Sd2 | Architecture::Wan1b => known.unknown = Some(format!("there is no family of the build {architecture}")),
        },
    }
    // An SD 1 file may be anything; the family only carries the defaults for anime.
    if known.family.as_deref() == Some("sd15-anime") {
        known.tell("every SD 1 file takes the defaults of sd15-anime");
    }
    known
}

/// What the tensors tell.
struct Found {
    kind: ModelKind,
    architecture: Option<Architecture>,
    form: Option<String>,
    evidence: String,
    unknown: Option<String>,
}

impl Found {
    fn new(kind: ModelKind, architecture: Option<Architecture>, evidence: String) -> Self {
        Self { kind, architecture, form: None, evidence, unknown: None }
    }
}

fn shape(tensor: &Tensor) -> String {
    tensor.shape.iter().map(u64::to_string).collect::<Vec<_>>().join("×")
}

/// The build whose text conditioning has this width: SD 1 was made for CLIP-L (768), SD 2 for OpenCLIP-H (1024), SDXL
/// for CLIP-L and OpenCLIP-G side by side (2048).
const fn by_context(width: u64) -> Option<Architecture> {
    match width {
        768 => Some(Architecture::Sd15),
        1024 => Some(Architecture::Sd2),
        2048 => Some(Architecture::Sdxl),
        _ => None,
    }
}

/// Wan's builds by the width of their blocks.
const fn wan(width: u64) -> Option<Architecture> {
    match width {
        5120 => Some(Architecture::Wan14b),
        3072 => Some(Architecture::Wan5b),
        1536 => Some(Architecture::Wan1b),
        _ => None,
    }
}

fn lora(header: &Header) -> Option<Found> {
    let halves = [".lora_down.weight", ".lora_A.weight", ".hada_w1_a", ".lokr_w1"];
    let half = halves.iter().find(|half| header.ending(half).is_some())?;
    let down = |part: &str| {
        let fits = |name: &String| name.contains(part) && (name.ends_with(".lora_down.weight") || name.ends_with(".lora_A.weight"));
        header.tensors.iter().find(|(name, _)| fits(name))
    };
    let of = |architecture, (name, tensor): (&String, &Tensor)| {
        Found::new(ModelKind::Lora, architecture, format!("{name} is {}", shape(tensor)))
    };
    let found = if let Some(found) = down("attn2_to_k").or_else(|| down("attn2.to_k")).filter(|_| !header.mentions("add_q_proj")) {
        let width = found.1.shape.get(1).copied().unwrap_or(0);
        // LTX has attention of the same names; its text is 2048 wide after a projection, and its blocks are not in a UNet.
        let ltx = found.0.contains("transformer_blocks")
            && !found.0.contains("down_blocks")
            && !found.0.contains("input_blocks")
            && !found.0.contains("up_blocks")
            && !found.0.contains("mid_block")
            && !found.0.contains("middle_block")
            && !found.0.contains("output_blocks");
        of(if ltx { Some(Architecture::Ltx) } else { by_context(width) }, found)
    } else if let Some(found) = down("double_blocks").or_else(|| down("single_transformer_blocks")) {
        of(Some(Architecture::Flux), found)
    } else if let Some(found) = down("add_q_proj") {
        of(Some(Architecture::QwenImage), found)
    } else if let Some(found) = down("self_attn.q").or_else(|| down("self_attn_q")) {
        of(found.1.shape.get(1).copied().and_then(wan), found)
    } else {
        Found::new(ModelKind::Lora, None, format!("its tensors end in {half}"))
    };
    Some(found)
}

fn control_net(header: &Header) -> Option<Found> {
    let mark = ["input_hint_block.0.weight", "controlnet_cond_embedding.conv_in.weight", "controlnet_x_embedder.weight"];
    let (name, _) = mark.iter().find_map(|mark| header.ending(mark))?;
    let context = header.ending("attn2.to_k.weight").and_then(|(_, tensor)| tensor.shape.get(1).copied());
    let architecture = context.and_then(by_context).or_else(|| (name.contains("controlnet_x_embedder")).then_some(Architecture::Flux));
    let mut found = Found::new(ModelKind::ControlNet, architecture, format!("it has {name}"));
    if header.mentions("control_add_embedding") || header.mentions("task_embedding") {
        found.form = Some("union".to_owned());
    }
    Some(found)
}

fn diffusion(header: &Header) -> Option<Found> {
    // A whole checkpoint has its diffusion model under this name; alone in a file it may have none.
    let prefix = if header.mentions("model.diffusion_model.") { "model.diffusion_model." } else { "" };
    let kind = if prefix.is_empty() { ModelKind::DiffusionModel } else { ModelKind::Checkpoint };
    let get = |name: &str| header.tensors.get_key_value(&format!("{prefix}{name}"));
    let told = |architecture, (name, tensor): (&String, &Tensor)| Found::new(kind, architecture, format!("{name} is {}", shape(tensor)));
    if let Some(found) = get("head.modulation") {
        let width = found.1.shape.last().copied().unwrap_or(0);
        let mut found = told(wan(width), found);
        let channels = get("patch_embedding.weight").and_then(|(_, tensor)| tensor.shape.get(1).copied());
        found.form = channels.and_then(|channels| match channels {
            16 => Some("t2v".to_owned()),
            36 => Some("i2v".to_owned()),
            _ => None,
        });
        found.unknown = Some(format!("no Wan has blocks {width} wide"));
        return Some(found);
    }
    if let Some(found) = get("double_blocks.0.img_attn.norm.key_norm.scale") {
        let mut found = told(Some(Architecture::Flux), found);
        let guided = get("guidance_in.in_layer.weight").is_some();
        found.form = Some(if guided { "dev" } else { "schnell" }.to_owned());
        return Some(found);
    }
    if let Some(found) = get("txt_norm.weight").filter(|(_, tensor)| tensor.shape.first() == Some(&3584)) {
        return Some(told(Some(Architecture::QwenImage), found));
    }
    if let Some(found) = get("adaln_single.emb.timestep_embedder.linear_1.bias").filter(|_| get("pos_embed.proj.bias").is_none()) {
        return Some(told(Some(Architecture::Ltx), found));
    }
    let unet = header.tensors.iter().find(|(name, _)| {
        name.starts_with(prefix) && name.ends_with("attn2.to_k.weight") && (name.contains("input_blocks") || name.contains("down_blocks"))
    })?;
    let width = unet.1.shape.get(1).copied().unwrap_or(0);
    let mut found = told(by_context(width), unet);
    found.unknown = Some(format!("no build that is known here has text conditioning {width} wide"));
    // Makers of v-prediction models mark them by an empty tensor of this name.
    if header.tensors.contains_key("v_pred") {
        found.form = Some("v-prediction".to_owned());
    }
    Some(found)
}

fn text_encoder(header: &Header) -> Option<Found> {
    let found = |tensor: (&str, &Tensor), form: &str, architecture| {
        let mut found = Found::new(ModelKind::TextEncoder, architecture, format!("{} is {}", tensor.0, shape(tensor.1)));
        found.form = Some(form.to_owned());
        found.unknown = Some(format!("{form} goes with models of several builds"));
        found
    };
    if let Some(tensor) = header.ending("text_model.encoder.layers.0.mlp.fc1.weight") {
        let form = match tensor.1.shape.get(1) {
            Some(768) => "clip-l",
            Some(1280) => "clip-g",
            Some(1024) => "clip-h",
            _ => return None,
        };
        // Vision models have a patch embedding as well.
        if header.mentions("patch_embedding") {
            let mut vision = found(tensor, form, None);
            vision.kind = ModelKind::ClipVision;
            return Some(vision);
        }
        return Some(found(tensor, form, None));
    }
    if let Some(tensor) = header.ending("vision_model.embeddings.patch_embedding.weight").filter(|_| !header.mentions("self_attn.k_norm")) {
        let form = match tensor.1.shape.first() {
            Some(1664) => "clip-vision-g",
            Some(1280) => "clip-vision-h",
            Some(1024) => "clip-vision-l",
            _ => "vision",
        };
        let mut vision = found(tensor, form, None);
        vision.kind = ModelKind::ClipVision;
        return Some(vision);
    }
    if header.ending("encoder.block.0.layer.0.SelfAttention.q.weight").is_some() {
        let tensor = header.ending("shared.weight")?;
        // T5's vocabulary has 32 128 entries, umT5's 256 384.
        let (form, architecture) = match (tensor.1.shape.first(), tensor.1.shape.get(1)) {
            (Some(256_384), Some(4096)) => ("umt5-xxl", Some(Architecture::Wan14b)),
            (_, Some(4096)) => ("t5-xxl", None),
            _ => ("t5", None),
        };
        return Some(found(tensor, form, architecture));
    }
    let tensor = header.ending("model.layers.0.self_attn.k_proj.bias")?;
    match tensor.1.shape.first() {
        Some(512) => Some(found(tensor, "qwen2.5-vl-7b", Some(Architecture::QwenImage))),
        _ => None,
    }
}

fn vae(header: &Header) -> Option<Found> {
    if let Some((name, tensor)) = header.ending("decoder.middle.0.residual.0.gamma") {
        let mut found = Found::new(ModelKind::Vae, None, format!("{name} is {}", shape(tensor)));
        if header.mentions("decoder.upsamples.0.upsamples.0.") {
            found.architecture = Some(Architecture::Wan5b);
        } else {
            found.unknown = Some("the VAEs of Wan 14B and of Qwen-Image have the same tensors".to_owned());
            found.form = Some("wan-2.1".to_owned());
        }
        return Some(found);
    }
    let (name, tensor) = header.ending("decoder.conv_in.weight")?;
    let mut found = Found::new(ModelKind::Vae, None, format!("{name} is {}", shape(tensor)));
    match (tensor.shape.get(1), tensor.shape.len()) {
        (Some(4), 4) => {
            found.form = Some("4-channels".to_owned());
            found.unknown = Some("the VAEs of SD 1 and of SDXL have the same tensors".to_owned());
        }
        (Some(16), 4) => found.architecture = Some(Architecture::Flux),
        _ => found.unknown = Some(format!("no VAE that is known here begins with {}", shape(tensor))),
    }
    Some(found)
}

fn upscaler(header: &Header) -> Option<Found> {
    let marks = [
        "RDB1.conv1.weight",
        "rdb1.conv1.weight",
        "residual_group.blocks.0.norm1.weight",
        "body.0.rdb1.conv1.weight",
        "RDB1.conv1.0.weight",
    ];
    let (name, _) = marks.iter().find_map(|mark| header.ending(mark))?;
    let mut found = Found::new(ModelKind::UpscaleModel, None, format!("it has {name}"));
    found.unknown = Some("a model that makes pictures larger goes with every build".to_owned());
    Some(found)
}
