//! Builds of models, and the families that makers' words name.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// How a model is built: decides which LoRAs, VAEs, text encoders and control nets can be used with it at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Architecture {
    /// Stable Diffusion 1.
    Sd15,
    /// Stable Diffusion 2, for which there are no templates.
    Sd2,
    /// Stable Diffusion XL.
    Sdxl,
    /// Flux.1.
    Flux,
    /// Qwen-Image and Qwen-Image-Edit.
    QwenImage,
    /// Wan 2.1 and 2.2 with 14 billion weights.
    #[serde(rename = "wan-14b")]
    Wan14b,
    /// Wan 2.2 with 5 billion weights.
    #[serde(rename = "wan-5b")]
    Wan5b,
    /// Wan 2.1 with 1.3 billion weights, for which there are no templates.
    #[serde(rename = "wan-1.3b")]
    Wan1b,
    /// LTX Video.
    Ltx,
}

impl Architecture {
    /// In words, as families name it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sd15 => "sd15",
            Self::Sd2 => "sd2",
            Self::Sdxl => "sdxl",
            Self::Flux => "flux",
            Self::QwenImage => "qwen-image",
            Self::Wan14b => "wan-14b",
            Self::Wan5b => "wan-5b",
            Self::Wan1b => "wan-1.3b",
            Self::Ltx => "ltx",
        }
    }

    /// What a maker's word for a build means: `modelspec.architecture` of Stability's model specification, and
    /// `ss_base_model_version` of kohya's trainers.
    pub(crate) fn of_metadata(metadata: &BTreeMap<String, String>) -> Option<(Self, String)> {
        for key in ["modelspec.architecture", "ss_base_model_version"] {
            let Some(value) = metadata.get(key) else { continue };
            let word = value.to_lowercase();
            let build = if word.contains("xl") {
                Self::Sdxl
            } else if word.starts_with("stable-diffusion-v1") || word.starts_with("sd_v1") || word.starts_with("sd1") {
                Self::Sd15
            } else if word.starts_with("stable-diffusion-v2") || word.starts_with("sd_v2") {
                Self::Sd2
            } else if word.starts_with("flux") {
                Self::Flux
            } else if word.starts_with("qwen") {
                Self::QwenImage
            } else if word.starts_with("ltx") {
                Self::Ltx
            } else {
                continue;
            };
            return Some((build, format!("{key} is {value}")));
        }
        None
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// Words by which makers name families of SDXL's build, the most special first: NoobAI was made from Illustrious, and
/// its files often name both.
const SDXL: [(&str, &str); 5] = [
    ("noobai", "sdxl-noobai"),
    ("noob-ai", "sdxl-noobai"),
    ("animagine", "sdxl-animagine"),
    ("illustrious", "sdxl-illustrious"),
    ("pony", "sdxl-pony"),
];

/// Fields in which makers name what a file is or was trained on. File names are no evidence, but the name of the base
/// model that a trainer wrote down is.
const NAMED: [&str; 7] = [
    "modelspec.title",
    "modelspec.description",
    "modelspec.architecture",
    "ss_sd_model_name",
    "ss_base_model_version",
    "modelspec.merged_from",
    "sd_merge_recipe",
];

/// The family that the maker's words name, with those words. `v_prediction` decides between kin.
pub(crate) fn of_metadata(
    architecture: Architecture,
    v_prediction: bool,
    metadata: &BTreeMap<String, String>,
) -> Option<(&'static str, String)> {
    if architecture != Architecture::Sdxl {
        return None;
    }
    SDXL.iter().find_map(|(word, family)| {
        let (key, value) =
            NAMED.iter().find_map(|key| metadata.get_key_value(*key).filter(|(_, value)| value.to_lowercase().contains(word)))?;
        let family = if *family == "sdxl-noobai" && v_prediction { "sdxl-noobai-vpred" } else { family };
        let shown: String = value.chars().take(80).collect();
        Some((family, format!("{key} names {word}: {shown}")))
    })
}
