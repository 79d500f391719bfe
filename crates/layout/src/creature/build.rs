//! Builds of every kind: on two legs or on four.

use bible::Slug;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::skeleton;

/// The proportions of a four-legged build (`builds/<name>.yaml` with `kind: quadruped`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quadruped {
    /// For people choosing.
    #[serde(default)]
    pub description: String,
    /// A part of the `creature` category.
    pub creature: Slug,
}

/// What `builds/<name>.yaml` says.
#[derive(Debug, Clone, PartialEq)]
pub enum AnyBuild {
    /// People; the file may leave `kind` out.
    TwoLegged(Box<skeleton::Build>),
    /// Animals: `kind: quadruped`.
    Quadruped(Quadruped),
}

impl<'de> Deserialize<'de> for AnyBuild {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        match fields.remove("kind") {
            None => of(fields).map(Self::TwoLegged),
            Some(Value::String(kind)) if kind == "two-legged" => of(fields).map(Self::TwoLegged),
            Some(Value::String(kind)) if kind == "quadruped" => of(fields).map(Self::Quadruped),
            Some(other) => Err(D::Error::custom(format!("kind: {other} is no kind of build; write two-legged or quadruped"))),
        }
    }
}

fn of<T: DeserializeOwned, E: Error>(fields: Map<String, Value>) -> Result<T, E> {
    serde_path_to_error::deserialize(Value::Object(fields)).map_err(E::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_says_what_it_goes_on() {
        let fox: AnyBuild = crate::yaml::read(b"kind: quadruped\ncreature: fox").unwrap();
        assert!(matches!(fox, AnyBuild::Quadruped(build) if build.creature.as_str() == "fox"));
        let error = crate::yaml::read::<AnyBuild>(b"kind: snake").unwrap_err();
        assert!(error.contains("two-legged or quadruped"), "{error}");
        let error = crate::yaml::read::<AnyBuild>(b"neck: long").unwrap_err();
        assert!(error.contains("neck"), "{error}");
    }
}
