//! Which scores are good enough: `gate` in `project.yaml`.
//!
//! A score at or above `accept` passes. Between `person` and `accept` a person decides, and below that a picture is
//! rejected. A plain number is `accept` alone: below it everything is rejected. Sheets and shots of a framing can have
//! bounds of their own; what they do not say is the project's.
//!
//! ```
//! use bible::gate::{Gate, GateRule};
//! use bible::story::Framing;
//!
//! let gate: Gate = serde_json::from_str(r#"{ "accept": 0.85, "person": 0.7, "shots": { "close-up": 0.9 } }"#).unwrap();
//! let close = gate.for_shots(Framing::CloseUp);
//! assert_eq!((close.accept, close.person, close.rule), (0.9, Some(0.7), GateRule::Shots(Framing::CloseUp)));
//! assert_eq!(gate.for_sheets().rule, GateRule::Project);
//! ```

mod schema;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::story::Framing;

/// The score from which pictures are accepted where a project says nothing.
const ACCEPT: f64 = 0.85;

/// Which scores, from 0 to 1, are good enough.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// From here on a picture is accepted.
    pub accept: f64,
    /// From here on a person decides on what is not accepted; none where everything below `accept` is rejected.
    pub person: Option<f64>,
    /// Bounds of shots by their framing.
    pub shots: BTreeMap<Framing, Bounds>,
    /// Bounds of the pictures of character sheets.
    pub sheets: Option<Bounds>,
}

impl Default for Gate {
    fn default() -> Self {
        ACCEPT.into()
    }
}

impl From<f64> for Gate {
    fn from(accept: f64) -> Self {
        Self { accept, person: None, shots: BTreeMap::new(), sheets: None }
    }
}

/// Bounds of one kind of picture. What is not said is the project's.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bounds {
    /// From here on a picture is accepted.
    pub accept: Option<f64>,
    /// From here on a person decides.
    pub person: Option<f64>,
}

/// The bounds that decide on a picture, and who set them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// From here on it is accepted.
    pub accept: f64,
    /// From here on a person decides; none where everything below `accept` is rejected. Never above `accept`.
    pub person: Option<f64>,
    /// Where it is written.
    pub rule: GateRule,
}

/// The part of `gate` that decides. On the wire `project`, `sheets` or `shots.close-up`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum GateRule {
    /// The project's own `accept` and `person`.
    #[default]
    Project,
    /// `sheets`.
    Sheets,
    /// A framing of `shots`.
    Shots(Framing),
}

impl GateRule {
    /// Whether it is the project's own.
    #[must_use]
    pub fn is_project(&self) -> bool {
        *self == Self::Project
    }

    /// For people: `the gate of close-up shots`.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Project => "the project's gate".to_owned(),
            Self::Sheets => "the gate of sheets".to_owned(),
            Self::Shots(framing) => format!("the gate of {framing} shots"),
        }
    }
}

impl fmt::Display for GateRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project => f.write_str("project"),
            Self::Sheets => f.write_str("sheets"),
            Self::Shots(framing) => write!(f, "shots.{framing}"),
        }
    }
}

/// A word that names no part of `gate`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{got:?} is no part of a gate: write `project`, `sheets` or `shots.` with a framing")]
pub struct UnknownGateRule {
    /// What was given.
    pub got: String,
}

impl FromStr for GateRule {
    type Err = UnknownGateRule;

    fn from_str(text: &str) -> Result<Self, UnknownGateRule> {
        let framing = |word: &str| Framing::ALL.iter().find(|framing| framing.word() == word).copied();
        match (text, text.strip_prefix("shots.").and_then(framing)) {
            ("project", _) => Ok(Self::Project),
            ("sheets", _) => Ok(Self::Sheets),
            (_, Some(framing)) => Ok(Self::Shots(framing)),
            _ => Err(UnknownGateRule { got: text.to_owned() }),
        }
    }
}

impl Serialize for GateRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GateRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(Error::custom)
    }
}

impl Gate {
    /// What decides on the pictures of character sheets.
    #[must_use]
    pub fn for_sheets(&self) -> Thresholds {
        self.with(self.sheets, GateRule::Sheets)
    }

    /// What decides on shots of a framing.
    #[must_use]
    pub fn for_shots(&self, framing: Framing) -> Thresholds {
        self.with(self.shots.get(&framing).copied(), GateRule::Shots(framing))
    }

    /// The project's own bounds.
    #[must_use]
    pub fn own(&self) -> Thresholds {
        self.with(None, GateRule::Project)
    }

    fn with(&self, bounds: Option<Bounds>, rule: GateRule) -> Thresholds {
        let rule = if bounds.is_some() { rule } else { GateRule::Project };
        let Bounds { accept, person } = bounds.unwrap_or_default();
        let accept = accept.unwrap_or(self.accept);
        // A kind that is accepted from lower on than the project asks people about leaves nothing to ask.
        Thresholds { accept, person: person.or(self.person).filter(|person| *person < accept), rule }
    }
}

impl Serialize for Gate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Full<'a> {
            accept: f64,
            #[serde(skip_serializing_if = "Option::is_none")]
            person: Option<f64>,
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            shots: &'a BTreeMap<Framing, Bounds>,
            #[serde(skip_serializing_if = "Option::is_none")]
            sheets: Option<Bounds>,
        }
        // As it was written before there was more to say, so that the versions of old projects stay what they are.
        if *self == Self::from(self.accept) {
            return serializer.serialize_f64(self.accept);
        }
        let Self { accept, person, shots, sheets } = self;
        Full { accept: *accept, person: *person, shots, sheets: *sheets }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Gate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Full {
            #[serde(default = "accept")]
            accept: f64,
            person: Option<f64>,
            #[serde(default)]
            shots: BTreeMap<Kind, Bounds>,
            sheets: Option<Bounds>,
        }
        Ok(match number_or(deserializer, "a number from 0 to 1, or `accept` with `person`, `shots` and `sheets`")? {
            NumberOr::Number(accept) => accept.into(),
            NumberOr::Full(Full { accept, person, shots, sheets }) => {
                let shots = shots.into_iter().map(|(Kind(framing), bounds)| (framing, bounds)).collect();
                Self { accept, person, shots, sheets }
            }
        })
    }
}

fn accept() -> f64 {
    ACCEPT
}

/// A framing as the name of its bounds. It is read as a text: whoever follows the path of what does not fit sees keys that
/// are texts alone.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Kind(Framing);

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word: &str = &Cow::<'de, str>::deserialize(deserializer)?;
        Framing::deserialize(word.into_deserializer()).map(Self)
    }
}

impl Serialize for Bounds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Full {
            #[serde(skip_serializing_if = "Option::is_none")]
            accept: Option<f64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            person: Option<f64>,
        }
        match *self {
            Self { accept: Some(accept), person: None } => serializer.serialize_f64(accept),
            Self { accept, person } => Full { accept, person }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Bounds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Full {
            accept: Option<f64>,
            person: Option<f64>,
        }
        Ok(match number_or(deserializer, "a number from 0 to 1, or `accept` and `person`")? {
            NumberOr::Number(accept) => Self { accept: Some(accept), person: None },
            NumberOr::Full(Full { accept, person }) => Self { accept, person },
        })
    }
}

enum NumberOr<Full> {
    Number(f64),
    Full(Full),
}

/// Reads a number or fields. Unlike serde's untagged enums this keeps the message and the path of what does not fit.
fn number_or<'de, D: Deserializer<'de>, Full: Deserialize<'de>>(
    deserializer: D,
    expecting: &'static str,
) -> Result<NumberOr<Full>, D::Error> {
    struct Either<Full>(&'static str, PhantomData<Full>);
    impl<'de, Full: Deserialize<'de>> Visitor<'de> for Either<Full> {
        type Value = NumberOr<Full>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
            Ok(NumberOr::Number(number))
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
            Ok(NumberOr::Number(number as f64))
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
            Ok(NumberOr::Number(number as f64))
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            Full::deserialize(MapAccessDeserializer::new(map)).map(NumberOr::Full)
        }
    }
    deserializer.deserialize_any(Either(expecting, PhantomData))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn gate(value: Value) -> Gate {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_plain_number_leaves_nothing_to_a_person_and_is_written_as_it_was() {
        let plain = gate(json!(0.9));
        assert_eq!(plain.for_shots(Framing::Full), Thresholds { accept: 0.9, person: None, rule: GateRule::Project });
        assert_eq!(serde_json::to_value(&plain).unwrap(), json!(0.9));
        assert_eq!(gate(json!({ "accept": 0.9 })), plain, "one way to say it");
        assert_eq!(gate(json!(1)).accept, 1.0);
    }

    #[test]
    fn a_kind_has_what_it_says_and_the_projects_otherwise() {
        let written = json!({
            "accept": 0.85, "person": 0.7,
            "shots": { "extreme-long": { "accept": 0.65 }, "close-up": { "person": 0.8 }, "long": { "accept": 0.8, "person": 0.6 } },
            "sheets": 0.95,
        });
        let gate = gate(written);
        let of = |framing| {
            let Thresholds { accept, person, rule } = gate.for_shots(framing);
            (accept, person, rule.to_string())
        };
        assert_eq!(of(Framing::Full), (0.85, Some(0.7), "project".to_owned()));
        assert_eq!(of(Framing::CloseUp), (0.85, Some(0.8), "shots.close-up".to_owned()));
        assert_eq!(of(Framing::Long), (0.8, Some(0.6), "shots.long".to_owned()));
        assert_eq!(of(Framing::ExtremeLong), (0.65, None, "shots.extreme-long".to_owned()), "all that a person would see is accepted");
        assert_eq!(gate.for_sheets(), Thresholds { accept: 0.95, person: Some(0.7), rule: GateRule::Sheets });
        let again: Gate = serde_json::from_value(serde_json::to_value(&gate).unwrap()).unwrap();
        assert_eq!(again, gate);
    }

    #[test]
    fn a_rule_is_read_as_it_is_written() {
        for rule in [GateRule::Project, GateRule::Sheets, GateRule::Shots(Framing::ExtremeCloseUp)] {
            assert_eq!(rule.to_string().parse(), Ok(rule));
        }
        assert!("shots.ecu".parse::<GateRule>().is_err());
    }
}
