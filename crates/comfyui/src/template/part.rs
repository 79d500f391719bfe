//! Parts: a graph with its manifest, checked against each other.

use std::collections::{BTreeMap, BTreeSet};

use super::error::TemplateError;
use super::manifest::{Instead, Manifest, Outlet};
use super::slot::{Into, Place};
use crate::graph::{Graph, Input, Link, NodeId};
use crate::object_info::nearest;

/// How a link to something that an earlier part gives begins.
pub(crate) const WIRE: char = '@';

/// A graph, or a piece of one, with what is known about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its name: the file's.
    pub name: String,
    /// Its manifest's file.
    pub file: String,
    /// The nodes.
    pub graph: Graph,
    /// What is known about them.
    pub manifest: Manifest,
}

impl Part {
    /// Holds a graph and its manifest against each other.
    ///
    /// # Errors
    /// Everything in the manifest that the graph does not have, and the other way round.
    pub fn new(name: &str, file: &str, graph: Graph, manifest: Manifest) -> Result<Self, Vec<TemplateError>> {
        let part = Self { name: name.to_owned(), file: file.to_owned(), graph, manifest };
        let problems = part.problems();
        if problems.is_empty() { Ok(part) } else { Err(problems) }
    }

    /// The wire that a link stands for, when it is none to a node of this graph.
    pub(crate) fn wire(link: &Link) -> Option<&str> {
        link.node.as_str().strip_prefix(WIRE)
    }

    fn problems(&self) -> Vec<TemplateError> {
        let mut problems = Vec::new();
        let mut say = |at: String, problem: String, fix: String| problems.push(TemplateError::new(&self.file, at, problem, fix));
        let nodes: Vec<&str> = self.graph.nodes().map(|(id, _)| id.as_str()).collect();
        let likely = |node: &str| {
            let near = nearest(nodes.iter().copied(), node).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            format!("{near}there are {}", nodes.join(", "))
        };
        let manifest = &self.manifest;

        let mut taken: BTreeSet<&str> = BTreeSet::new();
        for (id, node) in self.graph.nodes() {
            for (name, link) in node.inputs.iter().filter_map(|(name, input)| Some((name, input.link()?))) {
                match Self::wire(link) {
                    Some(wire) if manifest.takes.iter().any(|take| take == wire) => {
                        taken.insert(wire);
                    }
                    Some(wire) => say(
                        format!("node {id}, {name}"),
                        format!("it takes @{wire}, which the manifest does not name"),
                        format!("add `{wire}` to `takes`"),
                    ),
                    None if self.graph.get(&link.node).is_none() => {
                        say(
                            format!("node {id}, {name}"),
                            format!("it is linked to node {}, which is not there", link.node),
                            likely(link.node.as_str()),
                        );
                    }
                    None => {}
                }
            }
        }
        for take in manifest.takes.iter().filter(|take| !taken.contains(take.as_str())) {
            // A wire may also be taken only to be given on in another shape, by a branch or by `gives`.
            if !manifest.gives.values().any(|outlet| outlet.node.strip_prefix(WIRE) == Some(take)) {
                say("takes".to_owned(), format!("no node takes @{take}"), "take it out of the list".to_owned());
            }
        }
        let mut outlets: Vec<(String, &Outlet)> = Vec::new();
        outlets.extend(manifest.gives.iter().map(|(name, outlet)| (format!("gives.{name}"), outlet)));
        outlets.extend(manifest.plugs.iter().map(|(name, outlet)| (format!("plugs.{name}"), outlet)));
        for (branch, written) in &manifest.branches {
            outlets.extend(written.instead.iter().filter_map(|(from, instead)| match instead {
                Instead::Outlet(outlet) => Some((format!("branches.{branch}.instead.{from}"), outlet)),
                Instead::Nothing => None,
            }));
        }
        for (at, outlet) in outlets {
            let known = match outlet.node.strip_prefix(WIRE) {
                Some(wire) => manifest.takes.iter().any(|take| take == wire),
                None => self.graph.get(&outlet.node.as_str().into()).is_some(),
            };
            if !known {
                say(at, format!("there is no node `{}`", outlet.node), likely(&outlet.node));
            }
        }
        for (at, place, must_be_there) in self.places() {
            match self.graph.get(&place.node.as_str().into()) {
                None => say(at, format!("there is no node `{}`", place.node), likely(&place.node)),
                Some(node) if must_be_there => match node.inputs.get(&place.input) {
                    Some(Input::Link(_)) => say(
                        at,
                        format!("input `{}` of node {} is linked", place.input, place.node),
                        "a slot sets a value: name the node that the link comes from".to_owned(),
                    ),
                    Some(_) => {}
                    None => {
                        let inputs: Vec<&str> = node.inputs.keys().map(String::as_str).collect();
                        let near = nearest(inputs.iter().copied(), &place.input).map(|near| format!("did you mean `{near}`? "));
                        let fix = format!("{}it has {}", near.unwrap_or_default(), inputs.join(", "));
                        say(at, format!("node {} ({}) has no input `{}`", place.node, node.class_type, place.input), fix);
                    }
                },
                Some(_) => {}
            }
        }
        for (name, branch) in &manifest.branches {
            let at = |field: &str| format!("branches.{name}.{field}");
            if !manifest.slots.contains_key(&branch.when) {
                say(at("when"), format!("there is no slot `{}`", branch.when), "name the slot that decides".to_owned());
            }
            for node in branch.nodes.iter().filter(|node| self.graph.get(&node.as_str().into()).is_none()) {
                say(at("nodes"), format!("there is no node `{node}`"), likely(node));
            }
            for (id, link) in self.links_into(&branch.nodes) {
                let from = format!("{}.{}", link.node, link.slot);
                let given = manifest.gives.values().chain(manifest.plugs.values()).any(|outlet| outlet.link() == link);
                if !branch.instead.contains_key(&from) {
                    let who =
                        if given && id.is_none() { "the part gives".to_owned() } else { format!("node {} takes", id.unwrap_or_default()) };
                    say(at("instead"), format!("{who} {from}, which is left out"), format!("add `{from}: other.0`, or `{from}: nothing`"));
                }
            }
        }
        for (index, output) in manifest.outputs.iter().enumerate() {
            if self.graph.get(&output.node.as_str().into()).is_none() {
                say(format!("outputs[{index}].node"), format!("there is no node `{}`", output.node), likely(&output.node));
            }
            if let Some(count) = output.count.as_ref().filter(|count| !manifest.slots.contains_key(*count)) {
                say(format!("outputs[{index}].count"), format!("there is no slot `{count}`"), String::new());
            }
        }
        problems
    }

    /// Where slots and sockets go, and whether the input has to be there already.
    fn places(&self) -> Vec<(String, &Place, bool)> {
        let mut places = Vec::new();
        for (name, slot) in &self.manifest.slots {
            for into in &slot.into {
                match into {
                    Into::Whole(place) => places.push((format!("slots.{name}"), place, true)),
                    Into::Fields(fields) => places.extend(fields.values().map(|place| (format!("slots.{name}"), place, true))),
                }
            }
        }
        for (name, sockets) in &self.manifest.sockets {
            places.extend(sockets.iter().map(|place| (format!("sockets.{name}"), place, false)));
        }
        places
    }

    /// Links from what stays to what a branch leaves out; without a node where the part itself gives the output.
    fn links_into(&self, nodes: &[String]) -> Vec<(Option<String>, Link)> {
        let left_out = |id: &NodeId| nodes.iter().any(|node| node == id.as_str());
        let mut links = Vec::new();
        for (id, node) in self.graph.nodes().filter(|(id, _)| !left_out(id)) {
            let from = node.inputs.values().filter_map(Input::link).filter(|link| left_out(&link.node));
            links.extend(from.map(|link| (Some(id.as_str().to_owned()), link.clone())));
        }
        let own = self.manifest.gives.values().chain(self.manifest.plugs.values()).map(Outlet::link);
        links.extend(own.filter(|link| left_out(&link.node)).map(|link| (None, link)));
        links
    }

    /// The node classes that it uses.
    #[must_use]
    pub fn classes(&self) -> BTreeSet<&str> {
        self.graph.nodes().map(|(_, node)| node.class_type.as_str()).collect()
    }

    /// What a slot is set to in the graph as it was exported.
    pub(crate) fn written(&self, slot: &str) -> Option<serde_json::Value> {
        let value = |place: &Place| self.graph.get(&place.node.as_str().into())?.inputs.get(&place.input)?.value().cloned();
        match self.manifest.slots.get(slot)?.into.first()? {
            Into::Whole(place) => value(place),
            Into::Fields(fields) => {
                let fields: BTreeMap<String, serde_json::Value> = fields
                    .iter()
                    .map(|(field, place)| Some((format!("{field:?}").to_lowercase(), value(place)?)))
                    .collect::<Option<_>>()?;
                if fields.contains_key("minus") { None } else { serde_json::to_value(fields).ok() }
            }
        }
    }
}
