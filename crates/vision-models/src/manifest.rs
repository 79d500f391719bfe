//! What a model is, how pictures go into it, and what comes out.

use serde::{Deserialize, Serialize};

/// The longest side of an input that is run, in pixels.
const LONGEST_SIDE: u32 = 2_048;

/// A model's manifest, kept as `manifest.toml` beside its file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// What people call it; also its folder's name: letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// What it is for.
    pub kind: ModelKind,
    /// BLAKE3 of the ONNX file in hex; filled in when the model is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blake3: Option<String>,
    /// Embedders: the difference, 0 to 1, up to which two pictures are taken for the same. Finders: the least probability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// The licence of the weights.
    pub licence: String,
    /// Where the weights come from, in words.
    pub source: String,
    /// How pictures go in.
    pub input: Input,
    /// What comes out.
    pub output: Output,
}

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelKind {
    /// Whose picture it is.
    Identity,
    /// What the picture looks like.
    Style,
    /// Where the people are.
    Finder,
}

impl ModelKind {
    /// The word as written in manifests.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Style => "style",
            Self::Finder => "finder",
        }
    }
}

/// How pictures go in: as one batch of planes (1 x 3 x height x width), red first, resized by area-aware bilinear.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// How a picture of another shape fits in.
    #[serde(default)]
    pub fit: Fit,
    /// Mean of each channel on a scale of 0 to 1, taken away.
    pub mean: [f64; 3],
    /// What each channel is divided by then.
    pub std: [f64; 3],
}

/// How a picture of another shape goes into the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// Stretched to it.
    #[default]
    Stretch,
    /// Whole, with mid grey around it.
    Letterbox,
    /// Its middle square.
    Crop,
}

/// What comes out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// What it is.
    pub form: OutputForm,
    /// Numbers of an embedding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<usize>,
    /// Finders: what each class is, in the network's order: `figure`, `head`, `face`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<crate::BoxKind>,
}

/// The form of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputForm {
    /// 1 x N numbers, or 1 x tokens x N of which the first token counts.
    Embedding,
    /// Grids of centres, log sizes and shifts, as the built-in finder gives them.
    Centres,
    /// 1 x (4 + classes) x boxes, middle and size in pixels of the input: YOLO versions 8 and later.
    Yolo,
}

/// What is wrong with a manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is not in TOML, or something is missing.
    #[error("this is no manifest of a model")]
    Toml {
        /// Where and what.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A value cannot be.
    #[error("the manifest's {field} cannot be {got}: {needed}")]
    Value {
        /// Which.
        field: &'static str,
        /// What it is.
        got: String,
        /// What it must be.
        needed: &'static str,
    },
    /// No preset has this name.
    #[error("there is no preset {name}; there are {}", PRESETS.join(", "))]
    NoPreset {
        /// What was asked for.
        name: String,
    },
}

/// Names that [`Manifest::preset`] knows.
pub const PRESETS: [&str; 3] = ["ccip", "clip-vit-b32", "dinov2-small"];

/// Means and deviations of CLIP's and ImageNet's pictures.
const CLIP: ([f64; 3], [f64; 3]) = ([0.481_454_66, 0.457_827_5, 0.408_210_73], [0.268_629_54, 0.261_302_58, 0.275_777_11]);
const IMAGENET: ([f64; 3], [f64; 3]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

impl Manifest {
    /// The manifest of a well-known model: its file must be got by oneself, under its own licence.
    ///
    /// # Errors
    /// [`ManifestError::NoPreset`] names those that there are.
    pub fn preset(name: &str) -> Result<Self, ManifestError> {
        let input = |side, fit, (mean, std)| Input { width: side, height: side, fit, mean, std };
        let embedding = |length| Output { form: OutputForm::Embedding, length: Some(length), classes: Vec::new() };
        let (full, kind, input, output, threshold, licence, source) = match name {
            "ccip" => (
                "ccip-caformer-24-randaug-pruned",
                ModelKind::Identity,
                input(384, Fit::Stretch, CLIP),
                embedding(768),
                Some(0.178_475),
                "OpenRAIL",
                "deepghs/ccip_onnx, ccip-caformer-24-randaug-pruned/model_feat.onnx",
            ),
            "clip-vit-b32" => (
                "clip-vit-b32",
                ModelKind::Style,
                input(224, Fit::Crop, CLIP),
                embedding(512),
                None,
                "MIT",
                "openai/clip-vit-base-patch32, the vision model with projection, exported to ONNX",
            ),
            "dinov2-small" => (
                "dinov2-small",
                ModelKind::Style,
                input(224, Fit::Crop, IMAGENET),
                embedding(384),
                None,
                "Apache-2.0",
                "facebook/dinov2-small, exported to ONNX",
            ),
            _ => return Err(ManifestError::NoPreset { name: name.to_owned() }),
        };
        let (licence, source) = (licence.to_owned(), source.to_owned());
        Ok(Self { name: full.to_owned(), kind, blake3: None, input, output, threshold, licence, source })
    }

    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// [`ManifestError`] says what is wrong.
    pub fn read(text: &str) -> Result<Self, ManifestError> {
        let manifest: Self = toml::from_str(text).map_err(|source| ManifestError::Toml { source: Box::new(source) })?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The manifest as TOML.
    #[must_use]
    pub fn to_toml(&self) -> String {
        // Every field has a form in TOML.
        toml::to_string_pretty(self).unwrap_or_default()
    }

    fn check(&self) -> Result<(), ManifestError> {
        let wrong = |field, got: String, needed| Err(ManifestError::Value { field, got, needed });
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
        if self.name.is_empty() || self.name.len() > 100 || self.name.starts_with('.') || !self.name.chars().all(plain) {
            return wrong("name", self.name.clone(), "up to 100 letters, digits, `.`, `_` and `-`, the first no dot");
        }
        for (field, side) in [("input.width", self.input.width), ("input.height", self.input.height)] {
            if !(8..=LONGEST_SIDE).contains(&side) {
                return wrong(field, side.to_string(), "8 to 2048 pixels");
            }
        }
        if self.input.std.iter().any(|value| !value.is_finite() || *value <= 0.0) || self.input.mean.iter().any(|value| !value.is_finite())
        {
            return wrong("input.std", format!("{:?}", self.input.std), "numbers above 0, and the means numbers");
        }
        if self.threshold.is_some_and(|threshold| !(0.0..=1.0).contains(&threshold)) {
            return wrong("threshold", format!("{:?}", self.threshold), "between 0 and 1");
        }
        if self.blake3.as_ref().is_some_and(|hash| hash.len() != 64 || !hash.bytes().all(|letter| letter.is_ascii_hexdigit())) {
            return wrong("blake3", self.blake3.clone().unwrap_or_default(), "64 hexadecimal digits");
        }
        let finds = self.kind == ModelKind::Finder;
        match self.output.form {
            OutputForm::Embedding if finds => wrong("output.form", "embedding".to_owned(), "`centres` or `yolo` for a finder"),
            OutputForm::Embedding if self.output.length.is_none_or(|length| length == 0 || length > 65_536) => {
                wrong("output.length", format!("{:?}", self.output.length), "how many numbers an embedding has, up to 65536")
            }
            OutputForm::Centres | OutputForm::Yolo if !finds => wrong("output.form", "boxes".to_owned(), "`embedding` for an embedder"),
            OutputForm::Centres | OutputForm::Yolo if self.output.classes.is_empty() => {
                wrong("output.classes", "empty".to_owned(), "what each class of boxes is")
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_reads_back_from_its_toml() {
        for name in PRESETS {
            let manifest = Manifest::preset(name).unwrap();
            assert_eq!(Manifest::read(&manifest.to_toml()).unwrap(), manifest);
        }
        assert!(Manifest::preset("arcface").unwrap_err().to_string().contains("ccip"));
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let broken = |change: &dyn Fn(&mut Manifest)| {
            let mut manifest = Manifest::preset("ccip").unwrap();
            change(&mut manifest);
            Manifest::read(&manifest.to_toml()).unwrap_err().to_string()
        };
        assert!(broken(&|manifest| manifest.name = "../elsewhere".to_owned()).contains("name"));
        assert!(broken(&|manifest| manifest.input.width = 20_000).contains("input.width"));
        assert!(broken(&|manifest| manifest.input.std = [0.0; 3]).contains("input.std"));
        assert!(broken(&|manifest| manifest.threshold = Some(3.0)).contains("threshold"));
        assert!(broken(&|manifest| manifest.blake3 = Some("abc".to_owned())).contains("blake3"));
        assert!(broken(&|manifest| manifest.kind = ModelKind::Finder).contains("output.form"));
        assert!(Manifest::read("name = 3").is_err());
    }
}
