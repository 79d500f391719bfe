//! Graphs: what a server is asked to run, in ComfyUI's API format.
//!
//! Two mistakes that a server punishes late or not at all cannot be written down here: a link always names
//! its node by a string (a number is a `KeyError` on the server), and a list of values is always wrapped
//! (a bare list would be read as a link).

use std::collections::BTreeMap;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::prefix::Prefix;

/// The name of a node inside one graph: `"3"`, or `"12:3"` inside a subgraph.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(String);

impl NodeId {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for NodeId {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl From<&str> for NodeId {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// One output of a node, as the input of another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Link {
    /// The node that gives.
    pub node: NodeId,
    /// Which of its outputs, from 0.
    pub slot: u32,
}

impl Link {
    /// Output `slot` of `node`.
    pub fn to(node: impl Into<NodeId>, slot: u32) -> Self {
        Self { node: node.into(), slot }
    }
}

/// What an input of a node is set to.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The output of another node.
    Link(Link),
    /// A list of values; goes out as `{"__value__": [...]}`.
    List(Vec<Value>),
    /// A number, text, truth value, or an object that a custom node understands.
    Value(Value),
}

impl Input {
    /// The value, when it is one.
    #[must_use]
    pub const fn value(&self) -> Option<&Value> {
        match self {
            Self::Value(value) => Some(value),
            Self::Link(_) | Self::List(_) => None,
        }
    }

    /// The link, when it is one.
    #[must_use]
    pub const fn link(&self) -> Option<&Link> {
        match self {
            Self::Link(link) => Some(link),
            Self::Value(_) | Self::List(_) => None,
        }
    }
}

impl From<Link> for Input {
    fn from(link: Link) -> Self {
        Self::Link(link)
    }
}

macro_rules! input_from {
    ($($type:ty),*) => {$(
        impl From<$type> for Input {
            fn from(value: $type) -> Self {
                Self::Value(Value::from(value))
            }
        }
    )*};
}
// `u64` is there for seeds: they use all 64 bits, and a float would round them.
input_from!(u64, u32, i64, i32, f64, bool, String, &str);

impl Serialize for Input {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Link(link) => (link.node.as_str(), link.slot).serialize(serializer),
            Self::List(values) => BTreeMap::from([("__value__", values)]).serialize(serializer),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Array(items) => link_of(&items).map(Self::Link).ok_or_else(|| {
                D::Error::custom(
                    "a list as an input is a link and has to be [\"node id\", slot]; a list of values is written {\"__value__\": [...]}",
                )
            }),
            Value::Object(mut fields) if fields.len() == 1 && fields.contains_key("__value__") => match fields.remove("__value__") {
                Some(Value::Array(items)) => Ok(Self::List(items)),
                other => Ok(Self::Value(other.unwrap_or(Value::Null))),
            },
            value => Ok(Self::Value(value)),
        }
    }
}

/// A link as written in a file. Some tools write the node's id as a number: that is mended here.
fn link_of(items: &[Value]) -> Option<Link> {
    let [node, slot] = items else { return None };
    let node = match node {
        Value::String(name) => name.clone(),
        Value::Number(number) => number.as_u64()?.to_string(),
        _ => return None,
    };
    Some(Link { node: NodeId(node), slot: u32::try_from(slot.as_u64()?).ok()? })
}

/// One node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// The node's class: `KSampler`.
    pub class_type: String,
    /// What its inputs are set to. Nested inputs have dotted names: `format`, `format.codec`, `images.image0`.
    #[serde(default)]
    pub inputs: BTreeMap<String, Input>,
    /// What people call it. Servers keep it and use the title in messages.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Meta>,
}

/// What people call a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// The title in the editor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

impl Node {
    /// A node without inputs.
    pub fn new(class_type: impl Into<String>) -> Self {
        Self { class_type: class_type.into(), inputs: BTreeMap::new(), meta: None }
    }

    /// Sets an input.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, input: impl Into<Input>) -> Self {
        self.inputs.insert(name.into(), input.into());
        self
    }
}

/// A whole graph. Serialises to the `prompt` of `POST /prompt`; reads what the editor exports in API format.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Graph {
    nodes: BTreeMap<NodeId, Node>,
}

impl Graph {
    /// A graph without nodes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a node, or replaces the one of that name.
    #[must_use]
    pub fn with(mut self, id: impl Into<NodeId>, node: Node) -> Self {
        self.nodes.insert(id.into(), node);
        self
    }

    /// Adds a node, or replaces the one of that name.
    pub fn insert(&mut self, id: impl Into<NodeId>, node: Node) -> Option<Node> {
        self.nodes.insert(id.into(), node)
    }

    /// A node by name.
    #[must_use]
    pub fn get(&self, id: &NodeId) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// A node by name, to change.
    pub fn get_mut(&mut self, id: &NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(id)
    }

    /// All nodes in order of name.
    pub fn nodes(&self) -> impl Iterator<Item = (&NodeId, &Node)> {
        self.nodes.iter()
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The same graph with every `filename_prefix` replaced: `<prefix>_<node id>`.
    ///
    /// A prefix that no other attempt has keeps a server from answering with another attempt's files (an
    /// identical graph is not run again, it gives the old names) and keeps counters from colliding. Only the
    /// nodes that save run again for it; what is before them stays in the server's cache.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &Prefix) -> Self {
        for (id, node) in &mut self.nodes {
            if let Some(input) = node.inputs.get_mut("filename_prefix")
                && input.link().is_none()
            {
                *input = Input::from(prefix.of_node(id));
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn links_lists_and_values_are_written_as_the_server_reads_them() {
        let node = Node::new("X").with("model", Link::to("4", 1)).with("seed", u64::MAX).with("cfg", 7.0).with("text", "1girl");
        let mut graph = Graph::new().with("3", node);
        graph.get_mut(&"3".into()).unwrap().inputs.insert("sizes".into(), Input::List(vec![json!(1), json!(2)]));
        assert_eq!(
            serde_json::to_value(&graph).unwrap(),
            json!({"3": {"class_type": "X", "inputs": {
                "model": ["4", 1], "seed": 18_446_744_073_709_551_615_u64, "cfg": 7.0, "text": "1girl", "sizes": {"__value__": [1, 2]}
            }}})
        );
    }

    #[test]
    fn a_seed_of_64_bits_survives_the_way_there_and_back() {
        let text = serde_json::to_string(&Graph::new().with("3", Node::new("K").with("seed", u64::MAX - 1))).unwrap();
        assert!(text.contains("18446744073709551614"), "{text}");
        let graph: Graph = serde_json::from_str(&text).unwrap();
        assert_eq!(graph.get(&"3".into()).unwrap().inputs["seed"], Input::from(u64::MAX - 1));
    }

    #[test]
    fn a_node_id_written_as_a_number_is_mended() {
        let graph: Graph = serde_json::from_value(json!({"3": {"class_type": "K", "inputs": {"model": [4, 0]}}})).unwrap();
        assert_eq!(graph.get(&"3".into()).unwrap().inputs["model"], Input::Link(Link::to("4", 0)));
    }

    #[test]
    fn a_bare_list_is_refused_with_the_right_way_to_write_it() {
        let error = serde_json::from_value::<Graph>(json!({"3": {"class_type": "K", "inputs": {"sizes": [1, 2, 3]}}})).unwrap_err();
        assert!(error.to_string().contains("__value__"), "{error}");
    }

    #[test]
    fn a_prefix_reaches_every_node_that_saves_and_nothing_else() {
        let graph = Graph::new()
            .with("8", Node::new("EmptyImage").with("width", 64))
            .with("9", Node::new("SaveImage").with("filename_prefix", "ComfyUI"))
            .with("12:3", Node::new("SaveVideo").with("filename_prefix", "video/ComfyUI"));
        let graph = graph.with_prefix(&Prefix::new("ep01/a1").unwrap());
        assert_eq!(graph.get(&"9".into()).unwrap().inputs["filename_prefix"], Input::from("ep01/a1_9"));
        assert_eq!(graph.get(&"12:3".into()).unwrap().inputs["filename_prefix"], Input::from("ep01/a1_12-3"));
        assert_eq!(graph.get(&"8".into()).unwrap().inputs.len(), 1);
    }
}
