//! The tables of `rules/prompt.yaml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use bible::{Colour, Digest, Slug};
use serde::Deserialize;

const TABLES: &str = include_str!("../../rules/prompt.yaml");

/// The tables; see the file for what each means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    pub(super) families: BTreeMap<String, Dialect>,
    colours: BTreeMap<String, Colour>,
    elsewhere: BTreeMap<String, String>,
    pub(super) hair: Table,
    pub(super) eyes: Table,
    pub(super) builds: Table,
    animals: Vec<String>,
    feet: Vec<String>,
    legs: Vec<String>,
    pub(super) garments: Table,
    pub(super) accessories: Table,
    pub(super) marks: Table,
    pub(super) poses: Table,
    pub(super) expressions: Table,
    pub(super) facings: Table,
    pub(super) framings: Table,
    pub(super) angles: Table,
    pub(super) compositions: Table,
    pub(super) times: Table,
    pub(super) weathers: Table,
    pub(super) sets: Table,
    pub(super) moves: BTreeMap<String, String>,
}

/// How a family's prompts are written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dialect {
    pub(super) prompts: Prompts,
    #[serde(default)]
    pub(super) order: Vec<Section>,
    #[serde(default)]
    pub(super) quality: Vec<String>,
    #[serde(default)]
    pub(super) rating: Vec<String>,
    #[serde(default)]
    pub(super) negative: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Prompts {
    Tags,
    Sentences,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Section {
    Count,
    General,
    Quality,
    Rating,
}

/// Names with their two spellings.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Table(BTreeMap<String, (String, String)>);

impl Table {
    /// The tags; a name that is not in the table stands for itself.
    pub(super) fn tags(&self, name: &str) -> String {
        self.0.get(name).map_or_else(|| plain(name), |(tags, _)| tags.clone())
    }

    /// The words.
    pub(super) fn words(&self, name: &str) -> String {
        self.0.get(name).map_or_else(|| plain(name), |(_, words)| words.clone())
    }
}

fn plain(name: &str) -> String {
    name.replace('-', " ")
}

/// The tables that come with the director.
pub(super) fn words() -> &'static Words {
    static WORDS: LazyLock<Words> = LazyLock::new(|| {
        let read = bible::source::yaml::parse("rules/prompt.yaml", TABLES).map_err(|error| error.to_string());
        let words = read.and_then(|node| serde_json::from_value(node.to_json()).map_err(|error| error.to_string()));
        // The file is part of this crate and read by its tests.
        words.unwrap_or_else(|error| unreachable!("rules/prompt.yaml: {error}"))
    });
    &WORDS
}

/// The digest of the tables.
pub(super) fn digest() -> Digest {
    Digest::of(TABLES.as_bytes())
}

/// The part of the body that a thing is worn on, as far as framings care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Worn {
    Upper,
    Legs,
    Feet,
}

impl Words {
    pub(super) fn worn(&self, part: &Slug) -> Worn {
        let on = |list: &[String]| list.iter().any(|listed| listed == part.as_str());
        if on(&self.feet) {
            Worn::Feet
        } else if on(&self.legs) {
            Worn::Legs
        } else {
            Worn::Upper
        }
    }

    pub(super) fn is_animal(&self, build: &Slug) -> bool {
        self.animals.iter().any(|animal| animal == build.as_str())
    }

    /// The name of a colour: of the table's, the nearest in Oklab.
    pub(super) fn hair_colour(&self, colour: Colour) -> &str {
        let [lightness, a, b] = colour.oklab();
        let distance = |other: &Colour| {
            let [other_lightness, other_a, other_b] = other.oklab();
            (lightness - other_lightness).powi(2) + (a - other_a).powi(2) + (b - other_b).powi(2)
        };
        self.colours.iter().min_by(|one, other| distance(one.1).total_cmp(&distance(other.1))).map_or("", |(name, _)| name)
    }

    /// The same for things that are no hair.
    pub(super) fn colour(&self, colour: Colour) -> &str {
        let name = self.hair_colour(colour);
        self.elsewhere.get(name).map_or(name, String::as_str)
    }
}
