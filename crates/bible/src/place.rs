//! Locations and props.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::character::Extra;
use crate::{Slug, Tones};

/// A place where scenes happen, as written in `bible/locations/<slug>.yaml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Location {
    /// The name, 1 to 100 characters.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Other names that scene headings use for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// What it is like.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The set that the layout engine draws: one of its own or one in the project's `sets/`.
    pub set: Slug,
    /// Colours by slot of the set, where they differ from the set's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub colours: BTreeMap<String, Tones>,
    /// Everything else that was written.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A thing that matters, as written in `bible/props/<slug>.yaml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Prop {
    /// The name, 1 to 100 characters.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// What it is and why it matters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// A part of the `prop` category.
    pub part: Slug,
    /// Colours by slot of the part; they belong to the colour model.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub colours: BTreeMap<Slug, Tones>,
    /// Everything else that was written.
    #[serde(flatten)]
    pub extra: Extra,
}
