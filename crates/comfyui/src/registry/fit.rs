//! What can be used with what.

use serde::Serialize;

use super::family::Architecture;
use super::identify::Identified;
use super::kind::ModelKind;

/// Whether two files go together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "fit", content = "why")]
pub enum Fit {
    /// They do.
    Fits,
    /// They run together; the result is likely not what is meant.
    Doubtful(String),
    /// They cannot.
    Not(String),
    /// It cannot be told.
    Unknown(String),
}

/// Text encoders by build: what a model was trained with.
const fn encoders(architecture: Architecture) -> &'static [&'static str] {
    match architecture {
        Architecture::Sd15 => &["clip-l"],
        Architecture::Sd2 => &["clip-h"],
        Architecture::Sdxl => &["clip-l", "clip-g"],
        Architecture::Flux => &["t5-xxl", "clip-l"],
        Architecture::QwenImage => &["qwen2.5-vl-7b"],
        Architecture::Wan14b | Architecture::Wan5b | Architecture::Wan1b => &["umt5-xxl"],
        Architecture::Ltx => &["t5-xxl"],
    }
}

/// Whether `other` can be used with `model`, a checkpoint or diffusion model.
#[must_use]
pub fn fits(model: &Identified, other: &Identified) -> Fit {
    let Some(build) = model.architecture else {
        let why = model.unknown.clone().unwrap_or_else(|| "the model's build is unknown".to_owned());
        return Fit::Unknown(why);
    };
    let same_build = || match other.architecture {
        Some(own) if own == build => Fit::Fits,
        Some(own) => Fit::Not(format!("it is for {own}, and the model is of the build {build}")),
        None => Fit::Unknown(other.unknown.clone().unwrap_or_else(|| "its build is unknown".to_owned())),
    };
    match other.kind {
        Some(ModelKind::Lora) => match (same_build(), &model.family, &other.family) {
            (Fit::Fits, Some(family), Some(own)) if family != own && build == Architecture::Sdxl => {
                Fit::Doubtful(format!("it was trained on {own}, and the model is of the family {family}"))
            }
            (fit, ..) => fit,
        },
        Some(ModelKind::ControlNet | ModelKind::IpAdapter | ModelKind::MotionModel | ModelKind::StyleModel) => same_build(),
        Some(ModelKind::TextEncoder) => match &other.form {
            Some(form) if encoders(build).contains(&form.as_str()) => Fit::Fits,
            Some(form) => Fit::Not(format!("{build} takes {}, and it is {form}", encoders(build).join(" and "))),
            None => Fit::Unknown("which text encoder it is cannot be told".to_owned()),
        },
        Some(ModelKind::Vae) => match (other.architecture, other.form.as_deref(), build) {
            (None, Some("4-channels"), Architecture::Sd15 | Architecture::Sdxl) => {
                Fit::Unknown("the VAEs of SD 1 and of SDXL have the same tensors; the wrong one gives wrong colours".to_owned())
            }
            (None, Some("wan-2.1"), Architecture::Wan14b | Architecture::Wan1b | Architecture::QwenImage) => {
                Fit::Unknown("the VAEs of Wan 14B and of Qwen-Image have the same tensors".to_owned())
            }
            (None, Some(form), _) => Fit::Not(format!("it is a VAE of the form {form}, which {build} does not take")),
            _ => same_build(),
        },
        Some(ModelKind::UpscaleModel | ModelKind::FrameInterpolation | ModelKind::ClipVision) => Fit::Fits,
        Some(ModelKind::Checkpoint | ModelKind::DiffusionModel) => Fit::Not("it is a model by itself".to_owned()),
        None => Fit::Unknown(other.unknown.clone().unwrap_or_else(|| "what it is cannot be told".to_owned())),
    }
}
