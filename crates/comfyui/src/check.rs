//! Whether a server can run a graph, before anything is queued.
//!
//! Servers check most of this too, but not all: a dynamic choice that is missing or unknown and a plain text
//! where a model belongs are accepted and fail after all the sampling. And a server stops at the first unknown
//! class; this gives the whole list of what is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::graph::{Graph, Input, Link, Node, NodeId};
use crate::object_info::{InputKind, InputSpec, ObjectInfo, nearest};

/// One thing that is wrong with a graph for a server.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The node; none when it is the graph as a whole.
    pub node: Option<NodeId>,
    /// The node's class.
    pub class: String,
    /// The input, with its dotted name.
    pub input: Option<String>,
    /// What is wrong.
    pub what: Wrong,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Wrong {
    /// The server has no such node class.
    #[error("the server has no node class of this name{}", near(.nearest.as_deref()))]
    MissingClass {
        /// The nearest name that exists.
        nearest: Option<String>,
    },
    /// A required input is not set.
    #[error("is required")]
    MissingInput,
    /// The value is not one of the list: a model file that is not there, an unknown sampler.
    #[error("`{value}` is not one of the {count} that the server has{}", near(.nearest.as_deref()))]
    NotListed {
        /// What was asked for.
        value: String,
        /// How many there are.
        count: usize,
        /// The nearest that exists.
        nearest: Option<String>,
    },
    /// The value is too small or too large.
    #[error("{value} is outside of {bounds}")]
    OutOfBounds {
        /// What was asked for.
        value: String,
        /// `1..10000`.
        bounds: String,
    },
    /// The value has another type.
    #[error("takes {expected}, not {value}")]
    WrongType {
        /// `a whole number`, `MODEL`…
        expected: String,
        /// What was given.
        value: String,
    },
    /// The link names a node that is not in the graph.
    #[error("is linked to node {0}, which is not in the graph")]
    NoSuchNode(NodeId),
    /// The link names an output that the node does not have.
    #[error("is linked to output {slot} of node {node}, which has {count}")]
    NoSuchSlot {
        /// The node that is linked to.
        node: NodeId,
        /// The output that was asked for.
        slot: u32,
        /// How many it has.
        count: usize,
    },
    /// The linked output gives something else.
    #[error("takes {expected}, and is linked to {given}")]
    TypeMismatch {
        /// What the input takes.
        expected: String,
        /// What the output gives.
        given: String,
    },
    /// Fewer inputs of a growing list than needed.
    #[error("needs at least {min} inputs, and has {count}")]
    TooFew {
        /// How many are needed.
        min: usize,
        /// How many there are.
        count: usize,
    },
    /// No node of the graph gives a result.
    #[error("the graph has no output node")]
    NoOutputs,
    /// Nodes feed each other in a circle.
    #[error("nodes {} feed each other in a circle", .0.iter().map(NodeId::as_str).collect::<Vec<_>>().join(", "))]
    Cycle(Vec<NodeId>),
}

fn near(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default()
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(node) = &self.node {
            write!(formatter, "node {node} ({})", self.class)?;
            if let Some(input) = &self.input {
                write!(formatter, ", {input}")?;
            }
            formatter.write_str(": ")?;
        }
        self.what.fmt(formatter)
    }
}

/// Everything that keeps a server from running a graph; empty when nothing does.
#[must_use]
pub fn check(graph: &Graph, info: &ObjectInfo) -> Vec<Problem> {
    let mut checker = Checker { graph, info, problems: Vec::new() };
    for (id, node) in graph.nodes() {
        checker.node(id, node);
    }
    let output = |node: &Node| info.class(&node.class_type).is_some_and(|class| class.output_node);
    // An unknown class may well be an output node: then its own problem says enough.
    let unknown = |node: &Node| info.class(&node.class_type).is_none();
    if !graph.nodes().any(|(_, node)| output(node) || unknown(node)) {
        checker.problems.push(Problem { node: None, class: String::new(), input: None, what: Wrong::NoOutputs });
    }
    if let Some(circle) = circle(graph) {
        checker.problems.push(Problem { node: None, class: String::new(), input: None, what: Wrong::Cycle(circle) });
    }
    checker.problems
}

struct Checker<'a> {
    graph: &'a Graph,
    info: &'a ObjectInfo,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    fn node(&mut self, id: &NodeId, node: &Node) {
        match self.info.class(&node.class_type) {
            Some(class) => self.inputs(id, node, &class.inputs, ""),
            // A class that this crate cannot read is there; the server will check its inputs.
            None if self.info.unreadable.contains_key(&node.class_type) => {}
            None => {
                let nearest = self.info.nearest(&node.class_type).map(str::to_owned);
                self.say(id, node, None, Wrong::MissingClass { nearest });
            }
        }
    }

    fn say(&mut self, id: &NodeId, node: &Node, input: Option<&str>, what: Wrong) {
        self.problems.push(Problem { node: Some(id.clone()), class: node.class_type.clone(), input: input.map(str::to_owned), what });
    }

    fn inputs(&mut self, id: &NodeId, node: &Node, specs: &[InputSpec], path: &str) {
        for spec in specs {
            let name = if path.is_empty() { spec.name.clone() } else { format!("{path}.{}", spec.name) };
            if let InputKind::Autogrow { element, names, min } = &spec.kind {
                let start = format!("{name}.");
                let own: Vec<_> =
                    node.inputs.iter().filter(|(input, _)| input.strip_prefix(&start).is_some_and(|rest| names.has(rest))).collect();
                if own.len() < *min && (spec.required || !own.is_empty()) {
                    self.say(id, node, Some(&name), Wrong::TooFew { min: *min, count: own.len() });
                }
                for (input, value) in own {
                    self.value(id, node, input, value, element);
                }
                continue;
            }
            match node.inputs.get(&name) {
                Some(value) => self.value(id, node, &name, value, &spec.kind),
                None if self.is_spelt_the_old_way(node, path, spec) => {}
                None if spec.required => self.say(id, node, Some(&name), Wrong::MissingInput),
                None => {}
            }
        }
    }

    /// Whether a nested input is set under its plain name, which the class has for graphs from before it was nested:
    /// `codec` for `format.codec`.
    fn is_spelt_the_old_way(&self, node: &Node, path: &str, spec: &InputSpec) -> bool {
        let class = self.info.class(&node.class_type);
        !path.is_empty() && node.inputs.contains_key(&spec.name) && class.is_some_and(|class| class.input(&spec.name).is_some())
    }

    fn value(&mut self, id: &NodeId, node: &Node, name: &str, input: &Input, kind: &InputKind) {
        let value = match input {
            Input::Link(link) => return self.link(id, node, name, link, kind),
            // Only nodes that take lists get them, and what is in them no spec says.
            Input::List(_) => return,
            Input::Value(value) => value,
        };
        let wrong = match kind {
            InputKind::Int { min, max } => int(value, *min, *max),
            InputKind::Float { min, max } => float(value, *min, *max),
            InputKind::Text => (!value.is_string()).then(|| wrong_type("text", value)),
            InputKind::Boolean => (!value.is_boolean()).then(|| wrong_type("true or false", value)),
            InputKind::Combo { options, open } => (!open && !options.contains(value)).then(|| not_listed(value, options.iter())),
            InputKind::DynamicCombo { options } => match options.iter().find(|option| option.key == *value) {
                Some(option) => return self.inputs(id, node, &option.inputs, name),
                None => Some(not_listed(value, options.iter().map(|option| &option.key))),
            },
            InputKind::Socket(types) if value.is_null() => Some(wrong_type(&types.text(), value)),
            // `*` and types that the editor sets by a widget of its own (colours, cameras) take plain values.
            InputKind::Socket(types) if self.is_made_by_a_node(&types.text()) => Some(wrong_type(&types.text(), value)),
            InputKind::Socket(_) | InputKind::Autogrow { .. } => None,
        };
        if let Some(wrong) = wrong {
            self.say(id, node, Some(name), wrong);
        }
    }

    /// Whether some class gives exactly this type; then a plain value in its place is a mistake that servers
    /// let pass until the node runs.
    fn is_made_by_a_node(&self, types: &str) -> bool {
        types.chars().all(|sign| sign.is_ascii_uppercase() || sign == '_')
            && self.info.classes.values().any(|class| class.outputs.iter().any(|output| output.types.text() == types))
    }

    fn link(&mut self, id: &NodeId, node: &Node, name: &str, link: &Link, kind: &InputKind) {
        let Some(from) = self.graph.get(&link.node) else {
            return self.say(id, node, Some(name), Wrong::NoSuchNode(link.node.clone()));
        };
        let Some(class) = self.info.class(&from.class_type) else { return };
        let Some(output) = class.outputs.get(link.slot as usize) else {
            let count = class.outputs.len();
            return self.say(id, node, Some(name), Wrong::NoSuchSlot { node: link.node.clone(), slot: link.slot, count });
        };
        let InputKind::Socket(types) = kind else { return };
        if !output.types.fits(types) {
            self.say(id, node, Some(name), Wrong::TypeMismatch { expected: types.text(), given: output.types.text() });
        }
    }
}

fn wrong_type(expected: &str, value: &Value) -> Wrong {
    Wrong::WrongType { expected: expected.to_owned(), value: value.to_string() }
}

fn int(value: &Value, min: Option<i128>, max: Option<i128>) -> Option<Wrong> {
    let Some(number) = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from)) else {
        return Some(wrong_type("a whole number", value));
    };
    let inside = min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max);
    let bound = |bound: Option<i128>| bound.map(|bound| bound.to_string()).unwrap_or_default();
    (!inside).then(|| Wrong::OutOfBounds { value: number.to_string(), bounds: format!("{}..{}", bound(min), bound(max)) })
}

fn float(value: &Value, min: Option<f64>, max: Option<f64>) -> Option<Wrong> {
    let Some(number) = value.as_f64() else { return Some(wrong_type("a number", value)) };
    let inside = min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max);
    let bound = |bound: Option<f64>| bound.map(|bound| bound.to_string()).unwrap_or_default();
    (!inside).then(|| Wrong::OutOfBounds { value: number.to_string(), bounds: format!("{}..{}", bound(min), bound(max)) })
}

fn not_listed<'a>(value: &Value, options: impl Iterator<Item = &'a Value> + Clone) -> Wrong {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let value = text(value);
    let nearest = nearest(options.clone().filter_map(Value::as_str), &value).map(str::to_owned);
    Wrong::NotListed { nearest, count: options.count(), value }
}

/// Some circle of nodes, if there is one.
fn circle(graph: &Graph) -> Option<Vec<NodeId>> {
    let needs: BTreeMap<&NodeId, BTreeSet<&NodeId>> =
        graph.nodes().map(|(id, node)| (id, node.inputs.values().filter_map(Input::link).map(|link| &link.node).collect())).collect();
    let mut left: BTreeSet<&NodeId> = needs.keys().copied().collect();
    // Take away what waits for nothing that is left; what cannot be taken away leads into a circle.
    loop {
        let free: Vec<_> = left.iter().copied().filter(|id| needs[id].is_disjoint(&left)).collect();
        if free.is_empty() {
            break;
        }
        for id in free {
            left.remove(id);
        }
    }
    let mut at = *left.first()?;
    let mut way: Vec<&NodeId> = Vec::new();
    while !way.contains(&at) {
        way.push(at);
        at = needs[at].intersection(&left).next()?;
    }
    let start = way.iter().position(|id| *id == at)?;
    Some(way[start..].iter().map(|id| (*id).clone()).collect())
}
