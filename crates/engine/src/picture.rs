//! Pictures with what is known about them: parts, layers, skeletons.

use bible::{Digest, Slug, Tones};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;

/// A drawn picture and its maps.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// The pixels.
    pub image: Arc<Raster>,
    /// Which part each pixel shows; `None` when the engine cannot say.
    pub parts: Option<PartMap>,
    /// The picture taken apart, from back to front: straight-alpha images of the canvas' size that
    /// composite (source-over) to `image` up to rounding. Empty when the engine cannot say.
    pub layers: Vec<Layer>,
    /// One skeleton per actor with a body, in the order of the brief.
    pub skeletons: Vec<Skeleton>,
    /// The layout that this was painted over, whose parts are then its own; `None` for a picture that is its own layout,
    /// or that no layout was handed in for.
    pub layout: Option<Arc<Raster>>,
    /// How it came about, beyond what was asked for; `None` where that says nothing new.
    pub making: Option<Making>,
}

/// How a picture came about: what its recipe does not decide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Making {
    /// The template that drew it.
    pub template: String,
    /// The variant of the template that took less memory, when the usual one took too much.
    pub variant: Option<String>,
    /// The node that drew it, by name.
    pub node: String,
    /// The prompt's id on that node.
    pub prompt: String,
    /// For how long the node worked, in seconds.
    pub seconds: f64,
    /// The model files that it was drawn with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<UsedModel>,
    /// The pictures that showed the model who people are, the most important first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<UsedReference>,
    /// People of the picture whom nothing showed to the model: the template takes no more references.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_reference: Vec<Slug>,
}

/// A picture that showed a model who somebody is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedReference {
    /// Who.
    pub character: Slug,
    /// What it is of: `sheet mei/everyday/front`.
    pub picture: String,
    /// The artifact's id.
    pub artifact: String,
    /// BLAKE3 of the picture's file.
    pub file: Digest,
}

impl UsedReference {
    /// For people: `mei by sheet mei/everyday/front (file 3f2a…)`.
    #[must_use]
    pub fn words(&self) -> String {
        let digest: String = self.file.to_string().chars().take(12).collect();
        format!("{} by {} (file {digest}…)", self.character, self.picture)
    }
}

/// A model file that a picture was drawn with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedModel {
    /// Its name on the node: `checkpoints/anime.safetensors`.
    pub model: String,
    /// What was in it.
    #[serde(flatten)]
    pub content: ModelContent,
}

/// What was in a model file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ModelContent {
    /// The file was read.
    Known {
        /// BLAKE3 of the file.
        blake3: Digest,
        /// SHA-256 of the file in lower-case hex, as model sites publish it.
        sha256: String,
    },
    /// Nobody could read it.
    Unknown {
        /// Why.
        hash_unknown: String,
        /// The hash that its maker wrote into it: their word, and of the tensors alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        maker_says: Option<String>,
    },
}

/// 8-bit sRGB pixels with straight alpha, row by row from the top left, 4 bytes (R, G, B, A) each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raster {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// `width * height * 4` bytes.
    pub rgba: Vec<u8>,
}

/// One layer of a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// `backdrop.far`, `actor.mei`, `foreground`, `light`…
    pub name: String,
    /// The pixels.
    pub image: Raster,
}

/// Which part each pixel shows.
#[derive(Debug, Clone, PartialEq)]
pub struct PartMap {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// `width * height` indices into `parts`; 0 is the background.
    pub indices: Vec<u8>,
    /// What the indices mean; entry 0 is the background.
    pub parts: Vec<PartEntry>,
}

impl PartMap {
    /// Which indices are parts of somebody, or of a prop.
    #[must_use]
    pub fn owned_by(&self, owner: &Slug) -> [bool; 256] {
        std::array::from_fn(|index| self.parts.get(index).is_some_and(|part| part.owner.as_ref() == Some(owner)))
    }

    /// The columns and the rows from the first to the last that show somebody; none for somebody who is not in sight.
    #[must_use]
    pub fn extent_of(&self, owner: &Slug) -> Option<[Range<u32>; 2]> {
        let own = self.owned_by(owner);
        let (mut from, mut to) = ([u32::MAX; 2], [0_u32; 2]);
        for (y, row) in (0_u32..).zip(self.indices.chunks_exact(self.width.max(1) as usize)) {
            let is_own = |index: &u8| own[usize::from(*index)];
            if let Some(first) = row.iter().position(is_own) {
                let last = row.iter().rposition(is_own).unwrap_or(first);
                (from, to) = ([from[0].min(first as u32), from[1].min(y)], [to[0].max(last as u32 + 1), y + 1]);
            }
        }
        (from[0] < to[0]).then(|| [from[0]..to[0], from[1]..to[1]])
    }
}

/// A part in a part map, with the colours that it was asked to have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartEntry {
    /// Whose: a character's or prop's slug; none for the background.
    pub owner: Option<Slug>,
    /// `hair`, `skin`, `iris.left`, `<garment>.<slot>`, `ears.main`, `background`…
    pub part: String,
    /// The colours of the colour model, before light.
    pub tones: Option<Tones>,
    /// The light on this part: gain per channel (red, green, blue) in linear light, 1 for none. What is
    /// seen is about `tones` times this.
    pub light: [f32; 3],
}

/// Joints in the order of OpenPose's COCO model (18 points).
pub const JOINTS: [&str; 18] = [
    "nose",
    "neck",
    "right-shoulder",
    "right-elbow",
    "right-wrist",
    "left-shoulder",
    "left-elbow",
    "left-wrist",
    "right-hip",
    "right-knee",
    "right-ankle",
    "left-hip",
    "left-knee",
    "left-ankle",
    "right-eye",
    "left-eye",
    "right-ear",
    "left-ear",
];

/// Where an actor's joints are, in the order of [`JOINTS`] (the character's own left and right).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Skeleton {
    /// Whose.
    pub character: Slug,
    /// In pixels from the top left of the canvas (may lie outside of it); `None` where the joint cannot
    /// be seen from this side (the far ear in profile, the face from behind).
    pub joints: [Option<[f32; 2]>; 18],
}

/// One frame of a clip, or several alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// The pixels. The same `Arc` comes again when the same picture does.
    pub image: Arc<Raster>,
    /// For how many frames it holds, 1 or more.
    pub hold: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_reaches_from_the_first_to_the_last_of_all_their_parts() {
        let entry = |owner: Option<&str>| PartEntry {
            owner: owner.and_then(|owner| owner.parse().ok()),
            part: "hair".to_owned(),
            tones: None,
            light: [1.0; 3],
        };
        let mut indices = vec![0; 20 * 10];
        for (x, y, part) in [(6, 2, 1), (9, 5, 3), (15, 9, 2), (19, 0, 9)] {
            indices[y * 20 + x] = part;
        }
        let parts = vec![entry(None), entry(Some("mei")), entry(Some("ren")), entry(Some("mei"))];
        let map = PartMap { width: 20, height: 10, indices, parts };
        let extent = |owner: &str| owner.parse().ok().and_then(|owner| map.extent_of(&owner));
        assert_eq!(extent("mei"), Some([6..10, 2..6]));
        assert_eq!(extent("ren"), Some([15..16, 9..10]));
        assert_eq!(extent("kei"), None);
    }
}
