//! Parts: drawings read from SVG files whose ids say what each shape means.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use bible::character::Side;
use bible::{Slug, Tones};
use engine::EngineError;
use kurbo::Point;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::cel::Mark;

pub use crate::catalogue::Catalogue;

/// A direction that parts are drawn for. `ThreeQuarter` and `Side` face the right of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// Towards us.
    Front,
    /// About 40° to the right.
    ThreeQuarter,
    /// In profile to the right.
    Side,
    /// Away from us.
    Back,
}

impl View {
    /// All views.
    pub const ALL: [Self; 4] = [Self::Front, Self::ThreeQuarter, Self::Side, Self::Back];

    /// The name of its file, without `.svg`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Front => "front",
            Self::ThreeQuarter => "three-quarter",
            Self::Side => "side",
            Self::Back => "back",
        }
    }

    /// The view that a file is named after.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.name() == name)
    }
}

/// A part: what it is and how it looks.
#[derive(Debug)]
pub struct Part {
    /// Its category: `hair`, `garment`…
    pub category: String,
    /// Its name.
    pub name: Slug,
    /// What it is.
    pub manifest: Manifest,
    /// How it looks from each side that was drawn.
    pub views: BTreeMap<View, Art>,
    /// Other drawings of the part, by file name: the pattern pieces of a garment, an eye's lids.
    pub pieces: BTreeMap<String, Art>,
    details: OnceLock<Result<Box<dyn Any + Send + Sync>, String>>,
}

/// What every `part.yaml` says.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Manifest {
    /// For people choosing.
    #[serde(default)]
    pub description: String,
    /// Slots of the colour model with their default tones.
    #[serde(default)]
    pub slots: BTreeMap<String, Tones>,
    /// The character's side it is worn on unless the bible says otherwise.
    #[serde(default)]
    pub side: Option<Side>,
    /// What the category asks for besides; see [`Part::details`].
    #[serde(flatten)]
    pub more: serde_json::Map<String, serde_json::Value>,
}

/// One drawing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Art {
    /// Its shapes from back to front.
    pub marks: Vec<Mark>,
    /// Points that other parts hold on to.
    pub anchors: BTreeMap<String, Point>,
}

impl Part {
    pub(crate) fn new(category: String, name: Slug, manifest: Manifest, views: BTreeMap<View, Art>, pieces: BTreeMap<String, Art>) -> Self {
        Self { category, name, manifest, views, pieces, details: OnceLock::new() }
    }

    /// The drawing for a view.
    ///
    /// # Errors
    /// [`EngineError::BrokenPart`] when the part was not drawn from there.
    pub fn art(&self, view: View) -> Result<&Art, EngineError> {
        self.views.get(&view).ok_or_else(|| self.broken(&format!("{}.svg", view.name()), "the file is missing: this view must be drawn"))
    }

    /// The category's own fields of `part.yaml`, read once. `T` is the same type for all parts of a category.
    ///
    /// # Errors
    /// [`EngineError::BrokenPart`] when the fields are not what the category asks for.
    pub fn details<T: DeserializeOwned + Send + Sync + 'static>(&self) -> Result<&T, EngineError> {
        let read = self.details.get_or_init(|| {
            serde_path_to_error::deserialize::<_, T>(serde_json::Value::Object(self.manifest.more.clone()))
                .map(|details| Box::new(details) as Box<dyn Any + Send + Sync>)
                .map_err(|error| error.to_string())
        });
        match read {
            Ok(details) => details.downcast_ref().ok_or_else(|| self.broken("part.yaml", "it is read as two kinds of part")),
            Err(reason) => Err(self.broken("part.yaml", reason)),
        }
    }

    /// An error that names a file of this part.
    #[must_use]
    pub fn broken(&self, file: &str, reason: &str) -> EngineError {
        EngineError::BrokenPart { path: format!("parts/{}/{}/{file}", self.category, self.name), reason: reason.to_owned() }
    }
}
