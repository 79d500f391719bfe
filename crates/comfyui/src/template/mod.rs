//! Workflow templates: graphs as data, with typed slots.
//!
//! A template is a manifest (`NAME.manifest.yaml`) with either a graph of its own beside it (`NAME.json`, exactly what
//! the editor exports in API format) or a list of parts. A part is a small graph with a manifest as well: it *takes*
//! what parts before it give (`model`, `positive`, `image`…) and *gives* the same on, changed. A part that is not used
//! leaves nothing behind, since whoever comes next takes from whoever gave last. So one LoRA, one pose control, one
//! detail pass is written once and serves every family of models.
//!
//! [`Template::fill`] sets the slots and gives a [`Filled`]: a graph that a server can run, what it will leave, and
//! where every value came from. The same values always give the same graph.
//!
//! ```
//! use comfyui::template::{Choice, Shelf, Values};
//!
//! let shelf = Shelf::built_in().unwrap();
//! let template = shelf.get("sdxl-illustrious").unwrap();
//! let values = Values::new()
//!     .with("checkpoint", "illustrious.safetensors")
//!     .with("prompt", "1girl, masterpiece")
//!     .with("seed", 7_u64);
//! let filled = template.fill(&values, &Choice::default()).unwrap();
//! assert_eq!(filled.settings["cfg"].value, 5.0);
//! assert_eq!(filled.outputs[0].size, Some((832, 1216)));
//! ```

mod error;
mod fill;
mod manifest;
mod part;
mod readiness;
mod recognise;
mod shelf;
mod slot;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use error::{FillError, FillErrors, TemplateError, TemplateErrors};
pub use fill::{Choice, Filled, Origin, Setting};
pub use manifest::{Branch, Makes, Manifest, OneOrMore, Outlet, PartUse, Variant};
pub use part::Part;
pub use readiness::{Missing, MissingKind, Readiness, ServerFiles};
pub use recognise::{Question, Recognised, recognise};
pub use shelf::{Family, Files, MANIFEST, Pack, Prompts, Shelf, read_folder, read_graph};
pub use slot::{Field, Into, Place, Slot, Sourced, Takes};
pub use values::Values;

/// A template, put together.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// Its name: the file's.
    pub name: String,
    /// Its manifest's file.
    pub file: String,
    /// What its manifest says, with what it has from the template that it extends.
    pub manifest: Manifest,
    /// The family of models that it draws with, by name.
    pub family: Option<(String, Family)>,
    /// BLAKE3 over its files: the manifest and those that it extends, its parts, the families. Recipes name it.
    pub source: bible::Digest,
    placed: Vec<Placed>,
    swaps: BTreeMap<(String, String), Arc<Part>>,
}

/// A part in its place.
#[derive(Debug, Clone, PartialEq)]
struct Placed {
    /// What it is called in the template; empty for a graph that is the whole template.
    name: String,
    /// How it is used; none for a graph that is the whole template.
    used: Option<PartUse>,
    /// The best first.
    alternatives: Vec<Arc<Part>>,
}

/// How a part's slots are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope<'a> {
    /// At the top, always.
    Top,
    /// At the top, when this slot has a value.
    When(&'a str),
    /// In this group.
    Group(&'a str),
    /// In each item of this list.
    Each(&'a str),
}

impl Placed {
    fn scope(&self) -> Scope<'_> {
        let Some(used) = &self.used else { return Scope::Top };
        match (&used.when, &used.group, &used.each) {
            (Some(slot), _, _) => Scope::When(slot),
            (_, Some(group), _) => Scope::Group(group),
            (_, _, Some(list)) => Scope::Each(list),
            (None, None, None) => Scope::Top,
        }
    }
}

/// A slot as a template has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed<'a> {
    /// Its name; in a group or list with that name before it: `pose.image`, `loras[].file`.
    pub name: String,
    /// What it takes and is for.
    pub slot: &'a Slot,
    /// What it is when not given, and who says so.
    pub default: Option<&'a Sourced>,
    /// Whether nothing works without it: it is required, and always used.
    pub required: bool,
}

impl Template {
    /// Every slot by name.
    #[must_use]
    pub fn slots(&self) -> Vec<Listed<'_>> {
        let mut listed: BTreeMap<String, Listed<'_>> = BTreeMap::new();
        for placed in &self.placed {
            for part in &placed.alternatives {
                for (name, slot) in &part.manifest.slots {
                    let scope = placed.scope();
                    let full = match scope {
                        _ if slot.shared => name.clone(),
                        Scope::Top | Scope::When(_) => name.clone(),
                        Scope::Group(group) => format!("{group}.{name}"),
                        Scope::Each(list) => format!("{list}[].{name}"),
                    };
                    let default = self.default_of(&[], &full.replace("[]", ""), slot);
                    let required = slot.required && default.is_none() && scope == Scope::Top;
                    let entry = listed.entry(full.clone()).or_insert(Listed { name: full, slot, default, required });
                    entry.required |= required;
                    entry.default = entry.default.or(default);
                }
            }
        }
        listed.into_values().collect()
    }

    /// What a slot of this name takes: `seed`, `pose.image`, `loras.0.file`.
    #[must_use]
    pub fn takes(&self, name: &str) -> Option<&Takes> {
        let (group, field) = match name.split('.').collect::<Vec<_>>().as_slice() {
            [field] => (None, *field),
            [group, field] => (Some(*group), *field),
            [list, number, field] if number.bytes().all(|digit| digit.is_ascii_digit()) => (Some(*list), *field),
            _ => return None,
        };
        self.placed.iter().find_map(|placed| {
            let inside = match placed.scope() {
                Scope::Group(name) | Scope::Each(name) => Some(name),
                Scope::Top | Scope::When(_) => None,
            };
            let slot = placed.alternatives.iter().find_map(|part| part.manifest.slots.get(field))?;
            (inside == group || (group.is_none() && slot.shared)).then_some(&slot.takes)
        })
    }

    /// The variants that take less memory than it takes with `chosen`, the least memory last.
    #[must_use]
    pub fn less_memory(&self, chosen: Option<&str>) -> &[String] {
        let all = self.manifest.less_memory.as_slice();
        let known = chosen.and_then(|chosen| all.iter().position(|name| name == chosen));
        known.map_or(all, |at| &all[at + 1..])
    }

    /// The default of a slot: the first variant's that has one, the template's, the family's, the part's.
    fn default_of<'a>(&'a self, variants: &[&'a Variant], name: &str, slot: &'a Slot) -> Option<&'a Sourced> {
        variants
            .iter()
            .find_map(|variant| variant.defaults.get(name))
            .or_else(|| self.manifest.defaults.get(name))
            .or_else(|| self.family.as_ref().and_then(|(_, family)| family.defaults.get(name)))
            .or(slot.default.as_ref())
    }

    /// The groups and lists that slots are in.
    #[must_use]
    pub fn groups(&self) -> BTreeSet<&str> {
        let named = self.placed.iter().filter_map(|placed| match placed.scope() {
            Scope::Group(name) | Scope::Each(name) => Some(name),
            Scope::Top | Scope::When(_) => None,
        });
        named.collect()
    }

    /// What does not fit together, whatever the values are.
    fn problems(&self) -> Vec<TemplateError> {
        let mut problems = Vec::new();
        let say = |at: &str, problem: String, fix: &str| TemplateError::new(&self.file, at, problem, fix);
        let mut given: BTreeSet<&str> = BTreeSet::new();
        let mut sockets: BTreeSet<&str> = BTreeSet::new();
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for placed in &self.placed {
            if !names.insert(&placed.name) {
                problems.push(say(&format!("parts, {}", placed.name), "two parts are called the same".to_owned(), "name one with `as`"));
            }
            for part in &placed.alternatives {
                for take in part.manifest.takes.iter().filter(|take| !given.contains(take.as_str())) {
                    let fix = "put a part before it that always gives it";
                    problems.push(say(
                        &format!("parts, {}", placed.name),
                        format!("it takes `{take}`, which no part before it gives"),
                        fix,
                    ));
                }
                sockets.extend(part.manifest.sockets.keys().map(String::as_str));
            }
            if placed.scope() == Scope::Top {
                given.extend(placed.alternatives.iter().flat_map(|part| part.manifest.gives.keys()).map(String::as_str));
            }
        }
        for placed in &self.placed {
            for plug in
                placed.alternatives.iter().flat_map(|part| part.manifest.plugs.keys()).filter(|plug| !sockets.contains(plug.as_str()))
            {
                problems.push(say(&format!("parts, {}", placed.name), format!("it plugs into `{plug}`, which no part has"), ""));
            }
        }
        let slots = self.slots();
        let known: BTreeSet<String> = slots.iter().map(|slot| slot.name.replace("[]", "")).collect();
        let near = |name: &str| {
            crate::object_info::nearest(known.iter().map(String::as_str), name)
                .map(|near| format!("did you mean `{near}`?"))
                .unwrap_or_default()
        };
        let variants = self.manifest.variants.iter().flat_map(|(name, variant)| {
            variant.defaults.iter().map(move |(slot, default)| (format!("variants.{name}.defaults.{slot}"), slot, default))
        });
        for (at, name) in self.manifest.less_memory.iter().enumerate().filter(|(_, name)| !self.manifest.variants.contains_key(*name)) {
            let known = self.manifest.variants.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            problems.push(say(&format!("less_memory[{at}]"), format!("there is no variant `{name}`"), &format!("there are {known}")));
        }
        let own = self.manifest.defaults.iter().map(|(slot, default)| (format!("defaults.{slot}"), slot, default));
        for (at, name, default) in own.chain(variants).collect::<Vec<_>>() {
            match slots.iter().find(|slot| slot.name.replace("[]", "") == *name) {
                // A base has what only some of its children use.
                None if self.manifest.base => {}
                None => problems.push(say(&at, format!("there is no slot `{name}`"), &near(name))),
                Some(slot) if !slot.slot.takes.accepts(&default.value) => {
                    problems.push(say(&at, format!("it takes {}, not {}", slot.slot.takes.text(), default.value), ""));
                }
                Some(_) => {}
            }
        }
        for slot in &slots {
            if let Some(default) = slot.default.filter(|default| !slot.slot.takes.accepts(&default.value)) {
                problems.push(say(
                    &format!("slot {}", slot.name),
                    format!("its default {} is not {}", default.value, slot.slot.takes.text()),
                    "",
                ));
            }
        }
        for placed in &self.placed {
            if let Scope::When(when) = placed.scope()
                && !known.contains(when)
            {
                problems.push(say(
                    &format!("parts, {}", placed.name),
                    format!("it is used when `{when}` is given, and there is no such slot"),
                    &near(when),
                ));
            }
        }
        problems
    }

    /// The node classes of every part, with what the part is called; the graph's own are without.
    #[must_use]
    pub fn classes(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut classes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for placed in &self.placed {
            for class in placed.alternatives.iter().flat_map(|part| part.classes()) {
                classes.entry(class).or_default().insert(&placed.name);
            }
        }
        classes
    }

    /// The parts in order: what each is called, how it is used, and which graphs it may be.
    pub fn parts(&self) -> impl Iterator<Item = (&str, Option<&PartUse>, &[Arc<Part>])> {
        self.placed.iter().map(|placed| (placed.name.as_str(), placed.used.as_ref(), placed.alternatives.as_slice()))
    }
}
