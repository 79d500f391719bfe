//! Kinds of model files, and where servers keep them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a model file is for. Servers keep each kind in a folder of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelKind {
    /// Diffusion model, text encoders and VAE in one file.
    Checkpoint,
    /// A diffusion model alone.
    DiffusionModel,
    /// A low-rank change of a model.
    Lora,
    /// Between pixels and latents.
    Vae,
    /// From text to conditioning.
    TextEncoder,
    /// Steers by a picture: pose, line, depth.
    ControlNet,
    /// Makes pictures larger.
    UpscaleModel,
    /// Sees reference pictures.
    ClipVision,
    /// Brings reference pictures into a model.
    IpAdapter,
    /// Brings reference pictures into conditioning.
    StyleModel,
    /// Motion for picture models.
    MotionModel,
    /// Pictures between pictures.
    FrameInterpolation,
}

impl ModelKind {
    /// All kinds.
    pub const ALL: [Self; 12] = [
        Self::Checkpoint,
        Self::DiffusionModel,
        Self::Lora,
        Self::Vae,
        Self::TextEncoder,
        Self::ControlNet,
        Self::UpscaleModel,
        Self::ClipVision,
        Self::IpAdapter,
        Self::StyleModel,
        Self::MotionModel,
        Self::FrameInterpolation,
    ];

    /// The folder's name in `GET /models/{folder}`.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Checkpoint => "checkpoints",
            Self::DiffusionModel => "diffusion_models",
            Self::Lora => "loras",
            Self::Vae => "vae",
            Self::TextEncoder => "text_encoders",
            Self::ControlNet => "controlnet",
            Self::UpscaleModel => "upscale_models",
            Self::ClipVision => "clip_vision",
            Self::IpAdapter => "ipadapter",
            Self::StyleModel => "style_models",
            Self::MotionModel => "animatediff_models",
            Self::FrameInterpolation => "frame_interpolation",
        }
    }

    /// In words.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Checkpoint => "checkpoint",
            Self::DiffusionModel => "diffusion-model",
            Self::Lora => "lora",
            Self::Vae => "vae",
            Self::TextEncoder => "text-encoder",
            Self::ControlNet => "control-net",
            Self::UpscaleModel => "upscale-model",
            Self::ClipVision => "clip-vision",
            Self::IpAdapter => "ip-adapter",
            Self::StyleModel => "style-model",
            Self::MotionModel => "motion-model",
            Self::FrameInterpolation => "frame-interpolation",
        }
    }

    /// The kind that a word names.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl fmt::Display for ModelKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}
