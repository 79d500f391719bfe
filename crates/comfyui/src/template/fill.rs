//! Filling: from a template and values to a graph.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bible::Digest;
use serde::Serialize;
use serde_json::{Map, Value};

use super::error::{FillError, FillErrors, TemplateError};
use super::manifest::{Instead, SizeRule, Variant, is_given};
use super::part::Part;
use super::slot::{Field, Into, Place, Slot, Takes};
use super::{Placed, Scope, Template, Values};
use crate::artifact::Expected;
use crate::graph::{Graph, Input, Link, Node, NodeId};
use crate::object_info::{ObjectInfo, nearest};
use crate::registry::ModelKind;

/// What is chosen where a template offers several ways.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    /// The variant.
    pub variant: Option<String>,
    /// The variant that takes less memory, on top of the other: see [`Template::less_memory`].
    pub memory: Option<String>,
    /// Parts by what they are called, where it is not the first of the alternatives.
    pub parts: BTreeMap<String, String>,
}

/// A template with its slots set.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// What a server runs.
    pub graph: Graph,
    /// What it leaves.
    pub outputs: Vec<Expected>,
    /// Every slot that was set, with its value and where that comes from.
    pub settings: BTreeMap<String, Setting>,
    /// Values that were given and that nothing used, since the part that takes them is not chosen.
    pub unused: Vec<String>,
}

/// What a slot was set to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Setting {
    /// The value.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
    /// The kind of model file that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelKind>,
    /// Whether it names a file in the server's input folder.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub upload: bool,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "from", content = "source")]
pub enum Origin {
    /// It was given.
    Given,
    /// It is a default, by this source.
    Default(String),
    /// The graph had it when it was exported.
    Graph,
}

impl Filled {
    /// BLAKE3 of the graph's canonical JSON: the same values of the same template give the same.
    ///
    /// # Errors
    /// Never: numbers that JSON does not have cannot be filled in.
    pub fn digest(&self) -> Result<Digest, serde_json::Error> {
        Digest::of_json(&self.graph)
    }

    /// The model files that it names, with their kinds.
    pub fn models(&self) -> impl Iterator<Item = (&str, ModelKind, &str)> {
        self.settings.iter().filter_map(|(slot, setting)| Some((slot.as_str(), setting.model?, setting.value.as_str()?)))
    }
}

impl Template {
    /// Chooses of alternatives the first whose node classes the server has.
    #[must_use]
    pub fn choose(&self, info: &ObjectInfo) -> Choice {
        self.choose_among(|class| info.class(class).is_some() || info.unreadable.contains_key(class))
    }

    /// Chooses of alternatives the first whose node classes are there, where only their names are known.
    #[must_use]
    pub fn choose_among(&self, there: impl Fn(&str) -> bool) -> Choice {
        let has = |part: &Part| part.classes().iter().all(|class| there(class));
        let parts = self.placed.iter().filter_map(|placed| {
            let part = placed.alternatives.iter().find(|part| has(part)).filter(|_| placed.alternatives.len() > 1)?;
            Some((placed.name.clone(), part.name.clone()))
        });
        Choice { parts: parts.collect(), ..Choice::default() }
    }

    /// Sets the slots and puts the graph together.
    ///
    /// # Errors
    /// Every slot that is missing, unknown, or of another type.
    pub fn fill(&self, values: &Values, choice: &Choice) -> Result<Filled, FillErrors> {
        // Where both say something, what takes less memory counts.
        let mut variants: Vec<(&str, &Variant)> = Vec::new();
        for name in choice.memory.iter().chain(&choice.variant) {
            let Some(variant) = self.manifest.variants.get(name) else {
                let known = self.manifest.variants.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                let known = if known.is_empty() { "none".to_owned() } else { known };
                return Err(FillErrors(vec![FillError::NoSuchVariant { variant: name.clone(), known }]));
            };
            variants.push((name, variant));
        }
        let mut filling = Filling {
            template: self,
            variants: variants.iter().map(|(_, variant)| *variant).collect(),
            values,
            graph: Graph::new(),
            wires: BTreeMap::new(),
            sockets: BTreeMap::new(),
            plugs: Vec::new(),
            outputs: Vec::new(),
            size: None,
            settings: BTreeMap::new(),
            used: BTreeSet::new(),
            known: BTreeSet::new(),
            problems: Vec::new(),
        };
        for placed in &self.placed {
            let swapped = variants.iter().find_map(|(name, _)| self.swaps.get(&((*name).to_owned(), placed.name.clone())));
            let chosen = choice.parts.get(&placed.name).and_then(|name| placed.alternatives.iter().find(|part| part.name == *name));
            let Some(part) = swapped.or(chosen).or(placed.alternatives.first()) else { continue };
            filling.place(placed, part);
        }
        filling.finish()
    }
}

struct Filling<'a> {
    template: &'a Template,
    variants: Vec<&'a Variant>,
    values: &'a Values,
    graph: Graph,
    wires: BTreeMap<String, Link>,
    sockets: BTreeMap<String, Vec<Place>>,
    plugs: Vec<(String, usize, Link)>,
    outputs: Vec<Expected>,
    size: Option<(u32, u32)>,
    settings: BTreeMap<String, Setting>,
    /// Given values that some part took, by full name.
    used: BTreeSet<String>,
    /// Names of slots that the template has at all, and of its groups and lists.
    known: BTreeSet<String>,
    problems: Vec<FillError>,
}

/// Where the slots of one use of a part are looked for.
struct Within<'a> {
    /// `pose.`, `loras.0.`; empty at the top.
    prefix: String,
    /// The same for defaults, without numbers.
    general: String,
    /// Begins the names of its nodes.
    nodes: String,
    /// Its number in a list, from 1.
    number: usize,
    fields: &'a Map<String, Value>,
}

impl<'a> Filling<'a> {
    fn place(&mut self, placed: &'a Placed, part: &'a Arc<Part>) {
        for alternative in &placed.alternatives {
            for (name, slot) in &alternative.manifest.slots {
                let group = match placed.scope() {
                    Scope::Group(group) | Scope::Each(group) if !slot.shared => Some(group),
                    _ => None,
                };
                self.known.insert(group.map_or_else(|| name.clone(), |group| format!("{group}.{name}")));
            }
        }
        let top = self.values.as_map();
        let nodes = if placed.name.is_empty() { String::new() } else { format!("{}-", placed.name) };
        match placed.scope() {
            Scope::Top => self.part(part, &Within { prefix: String::new(), general: String::new(), nodes, number: 1, fields: top }),
            Scope::When(slot) => {
                let written = part.manifest.slots.get(slot).or_else(|| self.slot_anywhere(slot));
                let default = written.and_then(|written| self.template.default_of(&self.variants, slot, written));
                if is_given(top.get(slot)) || (default.is_some() && !top.contains_key(slot)) {
                    self.part(part, &Within { prefix: String::new(), general: String::new(), nodes, number: 1, fields: top });
                }
            }
            Scope::Group(group) => {
                self.known.insert(group.to_owned());
                let Some(value) = top.get(group).filter(|value| !value.is_null()) else { return };
                self.used.insert(group.to_owned());
                match value.as_object() {
                    Some(fields) => {
                        let prefix = format!("{group}.");
                        self.part(part, &Within { general: prefix.clone(), prefix, nodes, number: 1, fields });
                        self.strangers(group, fields);
                    }
                    None => self.wrong(group, "an object of its slots", value),
                }
            }
            Scope::Each(list) => {
                self.known.insert(list.to_owned());
                let Some(value) = top.get(list).filter(|value| !value.is_null()) else { return };
                self.used.insert(list.to_owned());
                let Some(items) = value.as_array() else { return self.wrong(list, "a list of objects", value) };
                let max = placed.used.as_ref().and_then(|used| used.max);
                if let Some(max) = max.filter(|max| items.len() > *max) {
                    self.problems.push(FillError::TooMany { slot: list.to_owned(), max, count: items.len() });
                    return;
                }
                for (index, item) in items.iter().enumerate() {
                    let Some(fields) = item.as_object() else {
                        self.wrong(&format!("{list}.{index}"), "an object of its slots", item);
                        continue;
                    };
                    let within = Within {
                        prefix: format!("{list}.{index}."),
                        general: format!("{list}."),
                        nodes: format!("{nodes}{}-", index + 1),
                        number: index + 1,
                        fields,
                    };
                    self.part(part, &within);
                    self.strangers(list, fields);
                }
            }
        }
    }

    fn slot_anywhere(&self, name: &str) -> Option<&'a Slot> {
        self.template.placed.iter().flat_map(|placed| &placed.alternatives).find_map(|part| part.manifest.slots.get(name))
    }

    fn wrong(&mut self, slot: &str, expected: &str, value: &Value) {
        self.problems.push(FillError::Value { slot: slot.to_owned(), expected: expected.to_owned(), value: value.to_string() });
    }

    /// Fields of a group that no part of that group has.
    fn strangers(&mut self, group: &str, fields: &Map<String, Value>) {
        for field in fields.keys() {
            let full = format!("{group}.{field}");
            if !self.known.contains(&full) {
                self.no_such_slot(full);
            }
        }
    }

    fn no_such_slot(&mut self, slot: String) {
        let near = nearest(self.known.iter().map(String::as_str), &slot).map(str::to_owned);
        let problem = FillError::NoSuchSlot { slot, nearest: near };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Adds one use of a part.
    fn part(&mut self, part: &Part, within: &Within<'_>) {
        let mut own = part.graph.clone();
        let mut gives: BTreeMap<&str, Link> = part.manifest.gives.iter().map(|(name, outlet)| (name.as_str(), outlet.link())).collect();
        let mut plugs: BTreeMap<&str, Link> = part.manifest.plugs.iter().map(|(name, outlet)| (name.as_str(), outlet.link())).collect();
        let mut left_out: BTreeSet<&str> = BTreeSet::new();
        for branch in part.manifest.branches.values() {
            let given = part.manifest.slots.get(&branch.when).and_then(|slot| self.value(part, &branch.when, slot, within));
            if given.is_none_or(|(_, origin)| origin == Origin::Graph) {
                left_out.extend(branch.nodes.iter().map(String::as_str));
                own = without(&own, &branch.nodes, &branch.instead);
                for links in [&mut gives, &mut plugs] {
                    links.retain(|_, link| match branch.instead.get(&format!("{}.{}", link.node, link.slot)) {
                        Some(Instead::Nothing) => false,
                        Some(Instead::Outlet(outlet)) => {
                            *link = outlet.link();
                            true
                        }
                        None => true,
                    });
                }
            }
        }
        for (name, slot) in &part.manifest.slots {
            self.slot(part, name, slot, within, &mut own, &left_out);
        }
        let renamed = |link: &Link, wires: &BTreeMap<String, Link>| match Part::wire(link) {
            Some(wire) => wires.get(wire).cloned(),
            None => Some(Link::to(format!("{}{}", within.nodes, link.node), link.slot)),
        };
        for (id, node) in own.nodes() {
            let mut node = node.clone();
            for (input, value) in &mut node.inputs {
                if let Input::Link(link) = value {
                    match renamed(link, &self.wires) {
                        Some(link) => *value = Input::Link(link),
                        None => self.problems.push(FillError::Template(TemplateError::new(
                            &part.file,
                            format!("node {id}, {input}"),
                            format!("nothing before it gives {}", link.node),
                            "",
                        ))),
                    }
                }
            }
            let name = format!("{}{id}", within.nodes);
            if self.graph.insert(name.as_str(), node).is_some() {
                let problem = format!("two nodes are both called {name}");
                self.problems.push(FillError::Template(TemplateError::new(
                    &self.template.file,
                    &within.nodes,
                    problem,
                    "name a part with `as`",
                )));
            }
        }
        for (socket, places) in &part.manifest.sockets {
            let places = places.iter().map(|place| Place { node: format!("{}{}", within.nodes, place.node), input: place.input.clone() });
            self.sockets.entry(socket.clone()).or_default().extend(places);
        }
        for (plug, link) in plugs {
            if let Some(link) = renamed(&link, &self.wires) {
                self.plugs.push((plug.to_owned(), within.number, link));
            }
        }
        match &part.manifest.picture_size {
            None => {}
            Some(SizeRule::Unknown(_)) => self.size = None,
            Some(SizeRule::Is(slot)) => self.size = self.setting(slot, within).and_then(size_of),
            Some(SizeRule::LatentTimes(slot)) => {
                let factor = self.setting(slot, within).and_then(Value::as_f64);
                self.size = self.size.zip(factor).map(|((width, height), factor)| (grown(width, factor), grown(height, factor)));
            }
        }
        for output in &part.manifest.outputs {
            let count = output.count.as_ref().and_then(|slot| self.setting(slot, within)).and_then(Value::as_u64);
            let node = format!("{}{}", within.nodes, output.node);
            let count = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(1);
            let size = if output.media == crate::Media::Picture { self.size } else { None };
            self.outputs.push(Expected { node: node.into(), count, media: output.media, size });
        }
        let gives: Vec<(String, Option<Link>)> =
            gives.iter().map(|(name, link)| ((*name).to_owned(), renamed(link, &self.wires))).collect();
        self.wires.extend(gives.into_iter().filter_map(|(name, link)| Some((name, link?))));
    }

    /// What a slot of this use was set to; of a slot of the whole template, where the part has none of the name.
    fn setting(&self, slot: &str, within: &Within<'_>) -> Option<&Value> {
        self.settings.get(&format!("{}{slot}", within.prefix)).or_else(|| self.settings.get(slot)).map(|setting| &setting.value)
    }

    /// The value of a slot, and where it comes from.
    fn value(&self, part: &Part, name: &str, slot: &Slot, within: &Within<'_>) -> Option<(Value, Origin)> {
        let (fields, general) = if slot.shared { (self.values.as_map(), "") } else { (within.fields, within.general.as_str()) };
        match fields.get(name) {
            Some(Value::Null) => return None,
            Some(value) => return Some((value.clone(), Origin::Given)),
            None => {}
        }
        match self.template.default_of(&self.variants, &format!("{general}{name}"), slot) {
            Some(default) => Some((default.value.clone(), Origin::Default(default.source.clone()))),
            // What a person exported stands; what is written in a part only fills the place.
            None if within.nodes.is_empty() => part.written(name).map(|value| (value, Origin::Graph)),
            None => None,
        }
    }

    fn slot(&mut self, part: &Part, name: &str, slot: &Slot, within: &Within<'_>, own: &mut Graph, left_out: &BTreeSet<&str>) {
        let full = if slot.shared { name.to_owned() } else { format!("{}{name}", within.prefix) };
        let Some((value, origin)) = self.value(part, name, slot, within) else {
            let goes_nowhere =
                !slot.into.is_empty() && slot.into.iter().all(|into| places(into).all(|place| left_out.contains(place.node.as_str())));
            if slot.required && !goes_nowhere {
                let about = if slot.about.is_empty() { slot.takes.text() } else { slot.about.clone() };
                self.missing(FillError::Missing { slot: full, about });
            }
            return;
        };
        if origin == Origin::Given {
            self.used.insert(full.clone());
        }
        if origin == Origin::Graph && slot.required {
            let about = if slot.about.is_empty() { slot.takes.text() } else { slot.about.clone() };
            return self.missing(FillError::Missing { slot: full, about });
        }
        if origin != Origin::Graph && !slot.takes.accepts(&value) {
            return self.wrong(&full, &slot.takes.text(), &value);
        }
        for into in &slot.into {
            match into {
                Into::Whole(place) => set(own, place, value.clone()),
                Into::Fields(fields) => {
                    for (field, place) in fields {
                        if let Some(value) = field_of(&value, *field) {
                            set(own, place, value);
                        }
                    }
                }
            }
        }
        let model = match slot.takes {
            Takes::Model(kind) => Some(kind),
            _ => None,
        };
        let upload = matches!(slot.takes, Takes::Image | Takes::Mask | Takes::Film);
        self.settings.insert(full, Setting { value, origin, model, upload });
    }

    fn missing(&mut self, problem: FillError) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn finish(mut self) -> Result<Filled, FillErrors> {
        for (plug, number, link) in std::mem::take(&mut self.plugs) {
            for place in self.sockets.get(&plug).into_iter().flatten() {
                let input = place.input.replace("{n}", &number.to_string());
                if let Some(node) = self.graph.get_mut(&place.node.as_str().into()) {
                    node.inputs.insert(input, Input::Link(link.clone()));
                }
            }
        }
        let mut unused = Vec::new();
        let given: Vec<String> = self.values.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name.to_owned()).collect();
        for name in given {
            if !self.known.contains(&name) {
                self.no_such_slot(name);
            } else if !self.used.contains(&name) {
                unused.push(name);
            } else if let Some(fields) = self.values.get(&name).filter(|_| self.template.groups().contains(name.as_str())) {
                let items: Vec<(String, &Map<String, Value>)> = match fields {
                    Value::Array(items) => {
                        let item = |(index, item): (usize, &'a Value)| Some((format!("{name}.{index}."), item.as_object()?));
                        items.iter().enumerate().filter_map(item).collect()
                    }
                    other => other.as_object().map(|fields| (format!("{name}."), fields)).into_iter().collect(),
                };
                for (prefix, fields) in items {
                    unused.extend(fields.keys().map(|field| format!("{prefix}{field}")).filter(|full| !self.used.contains(full)));
                }
            }
        }
        if !self.problems.is_empty() {
            return Err(FillErrors(self.problems));
        }
        let graph = needed(&self.graph, self.outputs.iter().map(|output| &output.node));
        Ok(Filled { graph, outputs: self.outputs, settings: self.settings, unused })
    }
}

fn places(into: &Into) -> impl Iterator<Item = &Place> {
    let (whole, fields) = match into {
        Into::Whole(place) => (Some(place), None),
        Into::Fields(fields) => (None, Some(fields.values())),
    };
    whole.into_iter().chain(fields.into_iter().flatten())
}

fn set(graph: &mut Graph, place: &Place, value: Value) {
    // A node that a branch left out is not set.
    if let Some(node) = graph.get_mut(&place.node.as_str().into()) {
        node.inputs.insert(place.input.clone(), Input::Value(value));
    }
}

fn field_of(value: &Value, field: Field) -> Option<Value> {
    match field {
        Field::Width => value.get("width").cloned(),
        Field::Height => value.get("height").cloned(),
        Field::X => value.get("x").cloned(),
        Field::Y => value.get("y").cloned(),
        Field::Minus => value.as_i64().map(|number| Value::from(-number)).or_else(|| value.as_f64().map(|number| Value::from(-number))),
    }
}

fn size_of(value: &Value) -> Option<(u32, u32)> {
    let side = |name: &str| value.get(name).and_then(Value::as_u64).and_then(|side| u32::try_from(side).ok());
    side("width").zip(side("height"))
}

/// A side after its latent grew: `LatentUpscaleBy` rounds the latent's side, half to even as Python does.
fn grown(side: u32, factor: f64) -> u32 {
    let latent = (f64::from(side / 8) * factor).round_ties_even();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sides and factors are positive and small")]
    let latent = latent as u32;
    latent * 8
}

/// The graph without some nodes, and what took from them taking from elsewhere.
fn without(graph: &Graph, nodes: &[String], instead: &BTreeMap<String, Instead>) -> Graph {
    let mut kept = Graph::new();
    for (id, node) in graph.nodes().filter(|(id, _)| !nodes.iter().any(|left_out| left_out == id.as_str())) {
        let mut node: Node = node.clone();
        node.inputs.retain(|_, input| {
            let Some(link) = input.link() else { return true };
            match instead.get(&format!("{}.{}", link.node, link.slot)) {
                None => true,
                Some(Instead::Nothing) => false,
                Some(Instead::Outlet(outlet)) => {
                    *input = Input::Link(outlet.link());
                    true
                }
            }
        });
        kept.insert(id.clone(), node);
    }
    kept
}

/// What the outputs need; the whole graph where no outputs are known.
fn needed<'a>(graph: &Graph, outputs: impl Iterator<Item = &'a NodeId>) -> Graph {
    let mut wanted: Vec<NodeId> = outputs.cloned().collect();
    if wanted.is_empty() {
        return graph.clone();
    }
    let mut kept = Graph::new();
    while let Some(id) = wanted.pop() {
        if kept.get(&id).is_some() {
            continue;
        }
        if let Some(node) = graph.get(&id) {
            wanted.extend(node.inputs.values().filter_map(Input::link).map(|link| link.node.clone()));
            kept.insert(id, node.clone());
        }
    }
    kept
}
