//! Why a server does not take a graph.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::failure::cut;
use crate::graph::NodeId;

/// A server's refusal. The same graph will be refused again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The server's own word: `missing_node_type`, `prompt_outputs_failed_validation`…
    pub kind: String,
    /// What it says.
    pub message: String,
    /// More of it; often empty though there is more in `nodes`.
    pub details: String,
    /// What is wrong with single nodes.
    pub nodes: NodeErrors,
}

/// What is wrong with single nodes.
pub type NodeErrors = BTreeMap<NodeId, Vec<InputError>>;

/// What is wrong with an input of a node.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InputError {
    /// The server's own word: `value_not_in_list`, `required_input_missing`…
    #[serde(rename = "type", default)]
    pub kind: String,
    /// What it says.
    #[serde(default)]
    pub message: String,
    /// More of it: the input's name, the value.
    #[serde(default)]
    pub details: String,
}

/// `{"error": …, "node_errors": …}` as it comes.
#[derive(Debug, Deserialize)]
pub(crate) struct RefusalBody {
    error: ErrorBody,
    #[serde(default, deserialize_with = "node_errors")]
    node_errors: NodeErrors,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum ErrorBody {
    Full {
        #[serde(rename = "type")]
        kind: String,
        #[serde(default)]
        message: String,
        #[serde(default)]
        details: Value,
    },
    Text(String),
}

/// Servers write `[]` and `{}` for none.
pub(crate) fn node_errors<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NodeErrors, D::Error> {
    let Value::Object(nodes) = Value::deserialize(deserializer)? else { return Ok(NodeErrors::new()) };
    let errors = |value: &Value| {
        let listed = value.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let error = |value: &Value| {
            let text = |key: &str| value.get(key).and_then(Value::as_str).map(cut).unwrap_or_default();
            InputError { kind: text("type"), message: text("message"), details: text("details") }
        };
        listed.iter().map(error).collect()
    };
    Ok(nodes.iter().map(|(node, value)| (NodeId::from(node.as_str()), errors(value))).collect())
}

impl From<RefusalBody> for Refusal {
    fn from(body: RefusalBody) -> Self {
        let (kind, message, details) = match body.error {
            ErrorBody::Full { kind, message, details } => (kind, message, details.as_str().map(cut).unwrap_or_default()),
            ErrorBody::Text(message) => (String::new(), message, String::new()),
        };
        Self { kind, message, details, nodes: body.node_errors }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.message)?;
        if !self.details.is_empty() && self.details != self.message {
            write!(formatter, " ({})", self.details)?;
        }
        write_nodes(formatter, &self.nodes)
    }
}

/// Writes `; node 3: Value not in list: sampler_name`.
pub(crate) fn write_nodes(formatter: &mut impl fmt::Write, nodes: &NodeErrors) -> fmt::Result {
    for (node, errors) in nodes {
        for error in errors {
            write!(formatter, "; node {node}: {}", error.message)?;
            if !error.details.is_empty() {
                write!(formatter, ": {}", error.details)?;
            }
        }
    }
    Ok(())
}
