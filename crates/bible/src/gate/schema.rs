//! The JSON Schema of `gate`.

use std::borrow::Cow;

use schemars::JsonSchema;

use super::{Bounds, Gate};
use crate::story::Framing;

fn score(description: &str) -> schemars::Schema {
    schemars::json_schema!({ "description": description, "type": "number", "minimum": 0, "maximum": 1 })
}

impl JsonSchema for Bounds {
    fn schema_name() -> Cow<'static, str> {
        "GateBounds".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Bounds of one kind of picture: the score that is accepted, or `accept` and `person`. What is not said is the project's",
            "anyOf": [
                { "type": "number", "minimum": 0, "maximum": 1 },
                {
                    "type": "object",
                    "properties": {
                        "accept": score("The score, 0 to 1, from which a picture is accepted"),
                        "person": score("The score, 0 to 1, from which a person decides; below it a picture is rejected")
                    },
                    "additionalProperties": false
                }
            ]
        })
    }
}

impl JsonSchema for Gate {
    fn schema_name() -> Cow<'static, str> {
        "Gate".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let bounds = generator.subschema_for::<Bounds>();
        let framings: serde_json::Map<String, serde_json::Value> =
            Framing::ALL.iter().map(|framing| (framing.word().to_owned(), bounds.clone().to_value())).collect();
        schemars::json_schema!({
            "description": "The gate: the score from 0 to 1 that a picture must reach to be accepted, or bounds by kind of picture",
            "anyOf": [
                { "type": "number", "minimum": 0, "maximum": 1 },
                {
                    "type": "object",
                    "properties": {
                        "accept": score("The score, 0 to 1, from which a picture is accepted; 0.85 when not said"),
                        "person": score("The score, 0 to 1, from which a person decides; below it, and where it is not said below `accept`, a picture is rejected"),
                        "shots": {
                            "description": "Bounds of shots by their framing",
                            "type": "object",
                            "properties": framings,
                            "additionalProperties": false
                        },
                        "sheets": bounds
                    },
                    "additionalProperties": false
                }
            ]
        })
    }
}
