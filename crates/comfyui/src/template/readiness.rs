//! Whether a server can run a template: the whole list of what is missing, with nothing queued.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use super::error::{FillError, FillErrors};
use super::fill::{Choice, Filled};
use super::shelf::Shelf;
use super::slot::{Slot, Takes};
use super::{Scope, Template, Values};
use crate::check::{Problem, Wrong, check};
use crate::error::Error;
use crate::object_info::{InputKind, ObjectInfo};
use crate::registry::ModelKind;
use crate::server::Server;

/// What a server has, for checking.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ServerFiles {
    /// Its node classes.
    pub info: ObjectInfo,
    /// Its model files by kind; no entry where it has no folder for the kind.
    pub models: BTreeMap<ModelKind, Vec<String>>,
}

impl ServerFiles {
    /// Asks a server for its classes and model files.
    ///
    /// # Errors
    /// When the server does not answer, or not in its own way.
    pub async fn of(server: &Server) -> Result<Self, Error> {
        let info = server.object_info().await?;
        let mut models = BTreeMap::new();
        for kind in ModelKind::ALL {
            if let Some(names) = server.models(kind.folder()).await? {
                models.insert(kind, names);
            }
        }
        Ok(Self { info, models })
    }

    fn names(&self, kind: ModelKind) -> &[String] {
        self.models.get(&kind).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Whether a server can run a template.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Readiness {
    /// What keeps it from running.
    pub missing: Vec<Missing>,
    /// What keeps parts from running that are not always used: pose control, references.
    pub optional: Vec<Missing>,
    /// What it runs as: the parts chosen where there are alternatives.
    pub chosen: BTreeMap<String, String>,
}

impl Readiness {
    /// Whether it can run.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        self.missing.is_empty()
    }
}

/// One thing that a server does not have.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Missing {
    /// What the part that needs it is called; none for a graph without parts.
    pub part: Option<String>,
    /// What.
    #[serde(flatten)]
    pub what: MissingKind,
}

/// What is missing.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "missing", rename_all = "kebab-case")]
pub enum MissingKind {
    /// A node class.
    NodeClass {
        /// Its name.
        class: String,
        /// The pack of custom nodes that it is in, when known.
        pack: Option<String>,
        /// Where that pack is.
        repository: Option<String>,
        /// The nearest class that the server has.
        nearest: Option<String>,
    },
    /// A model file.
    ModelFile {
        /// The slot that names it.
        slot: String,
        /// Its kind.
        kind: ModelKind,
        /// Its name; none when nothing was said and something has to be.
        file: Option<String>,
        /// What the server has of this kind, the nearest first.
        present: Vec<String>,
    },
    /// A value that the node does not offer.
    Option {
        /// The node.
        node: String,
        /// The input.
        input: String,
        /// The value.
        value: String,
        /// What it offers.
        allowed: Vec<String>,
    },
    /// Something else that is wrong with the graph for this server.
    Graph {
        /// In words.
        problem: String,
    },
}

impl Missing {
    /// Whether it is the same thing, perhaps wanted by another node.
    fn is_same_as(&self, other: &Self) -> bool {
        match (&self.what, &other.what) {
            (
                MissingKind::Option { input, value, allowed, .. },
                MissingKind::Option { input: other_input, value: other_value, allowed: other_allowed, .. },
            ) => (input, value, allowed) == (other_input, other_value, other_allowed),
            (one, other) => one == other,
        }
    }
}

/// How the name of a model file begins that stands in for one that nobody named.
const STAND_IN: &str = "any ";

/// That a stand-in is not on the server says nothing that was not said by naming the slot.
fn is_stand_in(missing: &Missing) -> bool {
    matches!(&missing.what, MissingKind::ModelFile { kind, file: Some(file), .. } if *file == format!("{STAND_IN}{kind}"))
}

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            MissingKind::NodeClass { class, pack, repository, nearest } => {
                write!(formatter, "node class {class}")?;
                if let Some(pack) = pack {
                    write!(formatter, ", which is in {pack}")?;
                }
                if let Some(repository) = repository {
                    write!(formatter, " ({repository})")?;
                }
                if let (None, Some(nearest)) = (pack, nearest) {
                    write!(formatter, "; the server has {nearest}")?;
                }
            }
            MissingKind::ModelFile { slot, kind, file: Some(file), present } => {
                write!(formatter, "{kind} {file} for `{slot}`")?;
                listed(formatter, present)?;
            }
            MissingKind::ModelFile { slot, kind, file: None, present } => {
                let article = if matches!(kind, ModelKind::IpAdapter | ModelKind::UpscaleModel) { "an" } else { "a" };
                write!(formatter, "`{slot}` has to name {article} {kind} file")?;
                listed(formatter, present)?;
            }
            MissingKind::Option { node, input, value, allowed } => {
                write!(formatter, "{input} of node {node} does not offer {value}; it offers {}", allowed.join(", "))?;
            }
            MissingKind::Graph { problem } => formatter.write_str(problem)?,
        }
        if let Some(part) = &self.part {
            write!(formatter, "  [{part}]")?;
        }
        Ok(())
    }
}

fn listed(formatter: &mut fmt::Formatter<'_>, present: &[String]) -> fmt::Result {
    const SHOWN: usize = 5;
    if present.is_empty() {
        return formatter.write_str("; the server has none");
    }
    write!(formatter, "; the server has {}", present[..present.len().min(SHOWN)].join(", "))?;
    if present.len() > SHOWN { write!(formatter, " and {} more", present.len() - SHOWN) } else { Ok(()) }
}

impl Template {
    /// Whether a server can run this with these values. What has to be given and is not yet is stood in for, so that
    /// everything can be checked before any picture is asked for; model files are named by the person.
    ///
    /// # Errors
    /// Values that no server could run.
    pub fn readiness(&self, values: &Values, variant: Option<&str>, files: &ServerFiles, shelf: &Shelf) -> Result<Readiness, FillErrors> {
        let mut choice = self.choose(&files.info);
        choice.variant = variant.map(str::to_owned);
        let sample = Sample { template: self, files };
        let mut unnamed = Vec::new();
        let base = sample.completed(values, &choice, &mut unnamed)?;
        let mut missing: Vec<Missing> = unnamed;
        missing.extend(self.missing(&base, files, shelf).into_iter().filter(|found| !is_stand_in(found)));
        let mut optional: Vec<Missing> = Vec::new();
        let mut unnamed = Vec::new();
        if let Ok(full) = sample.completed(&sample.everything(values), &choice, &mut unnamed) {
            // What is not always used needs no file named before somebody uses it; that there is none at all counts.
            unnamed.retain(|missing| matches!(&missing.what, MissingKind::ModelFile { present, .. } if present.is_empty()));
            for found in unnamed.into_iter().chain(self.missing(&full, files, shelf)) {
                let known = missing.iter().chain(&optional).any(|known| known.is_same_as(&found));
                if !known && !is_stand_in(&found) {
                    optional.push(found);
                }
            }
        }
        Ok(Readiness { missing, optional, chosen: choice.parts })
    }

    /// What of a filled graph a server does not have.
    #[must_use]
    pub fn missing(&self, filled: &Filled, files: &ServerFiles, shelf: &Shelf) -> Vec<Missing> {
        let mut missing: Vec<Missing> = Vec::new();
        for problem in check(&filled.graph, &files.info) {
            let part = problem.node.as_ref().and_then(|node| self.part_of(node.as_str())).map(str::to_owned);
            let found = Missing { part, what: self.what(&problem, filled, files, shelf) };
            if !missing.contains(&found) {
                missing.push(found);
            }
        }
        missing
    }

    fn what(&self, problem: &Problem, filled: &Filled, files: &ServerFiles, shelf: &Shelf) -> MissingKind {
        match (&problem.what, &problem.node, &problem.input) {
            (Wrong::MissingClass { nearest }, ..) => {
                let pack = shelf.pack_of(&problem.class);
                MissingKind::NodeClass {
                    class: problem.class.clone(),
                    pack: pack.map(|pack| pack.title.clone()),
                    repository: pack.map(|pack| pack.repository.clone()),
                    nearest: nearest.clone(),
                }
            }
            (Wrong::NotListed { value, .. }, Some(node), Some(input)) => {
                let named = filled.models().find(|(_, _, file)| file == value);
                if let Some((slot, kind, file)) = named {
                    return MissingKind::ModelFile {
                        slot: slot.to_owned(),
                        kind,
                        file: Some(file.to_owned()),
                        present: nearest_first(files.names(kind), file),
                    };
                }
                let spec = files.info.class(&problem.class).and_then(|class| class.input(input));
                let allowed = match spec.map(|spec| &spec.kind) {
                    Some(InputKind::Combo { options, .. }) => options.iter().map(text).collect(),
                    Some(InputKind::DynamicCombo { options }) => options.iter().map(|option| text(&option.key)).collect(),
                    _ => Vec::new(),
                };
                MissingKind::Option { node: node.to_string(), input: input.clone(), value: value.clone(), allowed }
            }
            _ => MissingKind::Graph { problem: problem.to_string() },
        }
    }

    /// What the part that a node belongs to is called.
    fn part_of(&self, node: &str) -> Option<&str> {
        let fits = |name: &&str| node.strip_prefix(*name).is_some_and(|rest| rest.starts_with('-'));
        self.placed.iter().map(|placed| placed.name.as_str()).filter(|name| !name.is_empty()).filter(fits).max_by_key(|name| name.len())
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn nearest_first(names: &[String], wanted: &str) -> Vec<String> {
    let mut names = names.to_vec();
    let likeness = |name: &String| strsim::jaro_winkler(&name.to_lowercase(), &wanted.to_lowercase());
    names.sort_by(|left, right| likeness(right).total_cmp(&likeness(left)).then_with(|| left.cmp(right)));
    names
}

/// Stands in for values that nobody gave yet.
struct Sample<'a> {
    template: &'a Template,
    files: &'a ServerFiles,
}

impl Sample<'_> {
    /// Fills with stand-ins for what is missing; says which model files nobody named.
    fn completed(&self, values: &Values, choice: &Choice, unnamed: &mut Vec<Missing>) -> Result<Filled, FillErrors> {
        let mut values = values.clone();
        // Each round fills in what the round before found missing; a slot can only be missing once.
        for _ in 0..8 {
            let errors = match self.template.fill(&values, choice) {
                Ok(filled) => return Ok(filled),
                Err(errors) => errors,
            };
            if errors.0.iter().any(|error| !matches!(error, FillError::Missing { .. })) {
                return Err(errors);
            }
            for error in &errors.0 {
                let FillError::Missing { slot, .. } = error else { continue };
                let Some((part, written)) = self.slot(slot) else { return Err(errors) };
                if let Takes::Model(kind) = written.takes {
                    let present = self.files.names(kind).to_vec();
                    let what = MissingKind::ModelFile { slot: slot.clone(), kind, file: None, present };
                    let part = Some(part.to_owned()).filter(|part| !part.is_empty());
                    unnamed.push(Missing { part, what });
                }
                values.set(slot, self.stand_in(written));
            }
        }
        self.template.fill(&values, choice)
    }

    fn slot(&self, full: &str) -> Option<(&str, &Slot)> {
        let (group, name) = match full.rsplit_once('.') {
            Some((group, name)) => (Some(group.split('.').next().unwrap_or(group)), name),
            None => (None, full),
        };
        self.template.placed.iter().find_map(|placed| {
            let inside = match placed.scope() {
                Scope::Group(name) | Scope::Each(name) => Some(name),
                Scope::Top | Scope::When(_) => None,
            };
            let slot = placed.alternatives.iter().find_map(|part| part.manifest.slots.get(name))?;
            (inside == group || (group.is_none() && slot.shared)).then_some((placed.name.as_str(), slot))
        })
    }

    fn stand_in(&self, slot: &Slot) -> Value {
        match &slot.takes {
            Takes::Text => json!("a test"),
            Takes::Seed => json!(0),
            Takes::Whole { min, multiple, plus, .. } => {
                let first = (min - plus).div_euclid(*multiple) * multiple + plus;
                json!(if first < *min { first + multiple } else { first })
            }
            Takes::Number { min, max } => json!(min.max(0.5_f64.min(*max))),
            Takes::Flag => json!(false),
            Takes::Choice(options) => json!(options.first().cloned().unwrap_or_default()),
            // With none on the server some name has to stand there; that there is none is said by itself.
            Takes::Model(kind) => json!(self.files.names(*kind).first().cloned().unwrap_or_else(|| format!("{STAND_IN}{kind}"))),
            Takes::Image | Takes::Mask | Takes::Film => json!("example.png"),
            Takes::Size { min, max, multiple } => {
                let side = (512.clamp(*min, *max) / multiple) * multiple;
                json!({"width": side, "height": side})
            }
            Takes::Area => json!({"x": 0, "y": 0, "width": 64, "height": 64}),
        }
    }

    /// The values with every group, list and condition used.
    fn everything(&self, values: &Values) -> Values {
        let mut all = values.clone();
        for placed in &self.template.placed {
            match placed.scope() {
                Scope::Group(group) if all.get(group).is_none() => all.set(group, json!({})),
                Scope::Each(list) if all.get(list).is_none() => all.set(list, json!([{}])),
                Scope::When(slot) if all.get(slot).is_none() => {
                    if let Some((_, written)) = self.slot(slot)
                        && self.template.default_of(&[], slot, written).is_none()
                    {
                        all.set(slot, self.stand_in(written));
                    }
                }
                _ => {}
            }
        }
        all
    }
}
