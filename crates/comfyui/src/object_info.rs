//! What a server can run: the model of `GET /object_info`.
//!
//! Servers spell one thing in several ways, and custom node packs add their own. What is known is read into
//! types here; what cannot be read is kept as [`ObjectInfo::unreadable`] and never hides the other classes.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// All node classes of a server.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ObjectInfo {
    /// By class name.
    pub classes: BTreeMap<String, NodeClass>,
    /// Classes that could not be read, with why.
    pub unreadable: BTreeMap<String, String>,
}

/// One node class.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeClass {
    /// `KSampler`.
    pub name: String,
    /// `KSampler`, `Load Checkpoint`: what the editor shows.
    pub display_name: String,
    /// Inputs, required ones first, in the server's order. Hidden ones are left out.
    pub inputs: Vec<InputSpec>,
    /// Outputs, by slot.
    pub outputs: Vec<OutputSpec>,
    /// Whether a graph may end here.
    pub output_node: bool,
    /// The Python module: `nodes`, `comfy_extras.…`, `custom_nodes.…`.
    pub module: String,
    /// Whether its authors ask not to use it any more.
    pub deprecated: bool,
    /// Whether its authors may still change it.
    pub experimental: bool,
    /// Whether it calls a paid service of a partner.
    pub api_node: bool,
}

/// One input of a class.
#[derive(Debug, Clone, PartialEq)]
pub struct InputSpec {
    /// Its name, without the names of the inputs that it is nested in.
    pub name: String,
    /// Whether it has to be set.
    pub required: bool,
    /// What it takes.
    pub kind: InputKind,
    /// What the editor sets it to. The server does **not** fill it in.
    pub default: Option<Value>,
}

/// What an input takes.
#[derive(Debug, Clone, PartialEq)]
pub enum InputKind {
    /// A whole number. Bounds reach from below zero to `u64::MAX` (seeds).
    Int {
        /// Smallest value.
        min: Option<i128>,
        /// Largest value.
        max: Option<i128>,
    },
    /// A number.
    Float {
        /// Smallest value.
        min: Option<f64>,
        /// Largest value.
        max: Option<f64>,
    },
    /// Text.
    Text,
    /// A truth value.
    Boolean,
    /// One of a list.
    Combo {
        /// The list.
        options: Vec<Value>,
        /// Whether values outside of the list may be right: files in subfolders, lists that only the editor loads.
        open: bool,
    },
    /// One of a list, each with inputs of its own: `format`, then `format.codec`.
    DynamicCombo {
        /// The options.
        options: Vec<DynamicOption>,
    },
    /// As many inputs as are wanted: `images.image0`, `images.image1`…
    Autogrow {
        /// What each of them takes.
        element: Box<InputKind>,
        /// Their names.
        names: Names,
        /// How many there have to be.
        min: usize,
    },
    /// The output of another node.
    Socket(Types),
}

/// An option of a [`InputKind::DynamicCombo`].
#[derive(Debug, Clone, PartialEq)]
pub struct DynamicOption {
    /// The value that chooses it.
    pub key: Value,
    /// The inputs that come with it.
    pub inputs: Vec<InputSpec>,
}

/// The names of a [`InputKind::Autogrow`]'s inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Names {
    /// `image0`, `image1`… below `max`.
    Numbered {
        /// `image`.
        prefix: String,
        /// How many at most.
        max: usize,
    },
    /// These.
    Listed(Vec<String>),
}

impl Names {
    /// Whether an input may have this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::Numbered { prefix, max } => {
                name.strip_prefix(prefix.as_str()).and_then(|number| number.parse::<usize>().ok()).is_some_and(|number| number < *max)
            }
            Self::Listed(names) => names.iter().any(|listed| listed == name),
        }
    }
}

/// One output of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputSpec {
    /// Its name.
    pub name: String,
    /// What it gives.
    pub types: Types,
    /// Whether it gives a list.
    pub list: bool,
}

/// One or several types: `IMAGE`, `FLOAT,INT`, or `*` for any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Types(Vec<String>);

impl Types {
    /// Reads `FLOAT,INT`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self(text.split(',').map(|part| part.trim().to_owned()).collect())
    }

    /// Whether an output of these types may go into an input of those.
    #[must_use]
    pub fn fits(&self, input: &Self) -> bool {
        let any = |types: &Self| types.0.iter().any(|name| name == "*");
        any(self) || any(input) || self.0.iter().any(|name| input.0.contains(name))
    }

    /// As the server writes it.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.join(",")
    }
}

/// Why a class could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {what}")]
pub struct ShapeError {
    at: String,
    what: &'static str,
}

fn shape(at: &str, what: &'static str) -> ShapeError {
    ShapeError { at: at.to_owned(), what }
}

impl ObjectInfo {
    /// Reads an answer of `GET /object_info` or `GET /object_info/{class}`.
    #[must_use]
    pub fn read(answer: &Map<String, Value>) -> Self {
        let mut info = Self::default();
        for (name, value) in answer {
            match NodeClass::read(name, value) {
                Ok(class) => {
                    info.classes.insert(name.clone(), class);
                }
                Err(error) => {
                    info.unreadable.insert(name.clone(), error.to_string());
                }
            }
        }
        info
    }

    /// A class by name.
    #[must_use]
    pub fn class(&self, name: &str) -> Option<&NodeClass> {
        self.classes.get(name)
    }

    /// The nearest class names to one that is not there.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest(self.classes.keys().map(String::as_str), name)
    }
}

/// The candidate most like `name`, when one is alike enough to be a slip of the pen.
pub(crate) fn nearest<'a>(candidates: impl Iterator<Item = &'a str>, name: &str) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::jaro_winkler(candidate, name), candidate))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

impl NodeClass {
    /// Reads one class.
    ///
    /// # Errors
    /// [`ShapeError`] where the answer is not what servers give.
    pub fn read(name: &str, value: &Value) -> Result<Self, ShapeError> {
        let fields = value.as_object().ok_or_else(|| shape(name, "not an object"))?;
        let flag = |key: &str| fields.get(key).and_then(Value::as_bool).unwrap_or(false);
        let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let inputs = fields.get("input").and_then(Value::as_object).ok_or_else(|| shape(name, "without `input`"))?;
        let order = fields.get("input_order").and_then(Value::as_object);
        Ok(Self {
            name: name.to_owned(),
            display_name: text("display_name"),
            inputs: read_inputs(name, inputs, order)?,
            outputs: read_outputs(fields),
            output_node: flag("output_node"),
            module: text("python_module"),
            deprecated: flag("deprecated"),
            experimental: flag("experimental"),
            api_node: flag("api_node"),
        })
    }

    /// An input of the top level by name.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&InputSpec> {
        self.inputs.iter().find(|input| input.name == name)
    }
}

fn read_outputs(fields: &Map<String, Value>) -> Vec<OutputSpec> {
    let list = |key: &str| fields.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let names = list("output_name");
    let lists = list("output_is_list");
    let output = |(slot, value): (usize, &Value)| OutputSpec {
        // An output that is a choice is given as the list of choices.
        types: Types::parse(value.as_str().unwrap_or("COMBO")),
        name: names.get(slot).and_then(Value::as_str).unwrap_or_default().to_owned(),
        list: lists.get(slot).and_then(Value::as_bool).unwrap_or(false),
    };
    list("output").iter().enumerate().map(output).collect()
}

fn read_inputs(at: &str, inputs: &Map<String, Value>, order: Option<&Map<String, Value>>) -> Result<Vec<InputSpec>, ShapeError> {
    let mut read = Vec::new();
    for (group, required) in [("required", true), ("optional", false)] {
        let Some(group_inputs) = inputs.get(group).and_then(Value::as_object) else { continue };
        let order = order.and_then(|order| order.get(group)).and_then(Value::as_array);
        let place = |name: &str| order.and_then(|order| order.iter().position(|listed| listed.as_str() == Some(name)));
        let mut sorted: Vec<_> = group_inputs.iter().collect();
        sorted.sort_by_key(|(name, _)| place(name).unwrap_or(usize::MAX));
        for (name, value) in sorted {
            let at = format!("{at}.{name}");
            let kind = read_kind(&at, value)?;
            let default = value.get(1).and_then(|options| options.get("default")).cloned();
            read.push(InputSpec { name: name.clone(), required, kind, default });
        }
    }
    Ok(read)
}

/// Reads `[TYPE, {options}]`; the options may be left out.
fn read_kind(at: &str, value: &Value) -> Result<InputKind, ShapeError> {
    let nothing = Map::new();
    let options = value.get(1).and_then(Value::as_object).unwrap_or(&nothing);
    let number = |key: &str| options.get(key);
    match value.get(0).ok_or_else(|| shape(at, "without a type"))? {
        Value::Array(listed) => Ok(combo(listed.clone(), options)),
        Value::String(name) => match name.as_str() {
            "INT" => Ok(InputKind::Int { min: number("min").and_then(whole), max: number("max").and_then(whole) }),
            "FLOAT" => Ok(InputKind::Float { min: number("min").and_then(Value::as_f64), max: number("max").and_then(Value::as_f64) }),
            "STRING" => Ok(InputKind::Text),
            "BOOLEAN" => Ok(InputKind::Boolean),
            "COMBO" => Ok(combo(options.get("options").and_then(Value::as_array).cloned().unwrap_or_default(), options)),
            "COMFY_DYNAMICCOMBO_V3" => read_dynamic_combo(at, options),
            "COMFY_AUTOGROW_V3" => read_autogrow(at, options),
            "COMFY_MATCHTYPE_V3" => {
                let allowed = options.get("template").and_then(|template| template.get("allowed_types")).and_then(Value::as_str);
                Ok(InputKind::Socket(Types::parse(allowed.unwrap_or("*"))))
            }
            types => Ok(InputKind::Socket(Types::parse(types))),
        },
        _ => Err(shape(at, "its type is neither a name nor a list")),
    }
}

fn combo(listed: Vec<Value>, options: &Map<String, Value>) -> InputKind {
    let open = options.contains_key("remote") || options.keys().any(|key| key.ends_with("_upload"));
    InputKind::Combo { options: listed, open }
}

fn read_dynamic_combo(at: &str, options: &Map<String, Value>) -> Result<InputKind, ShapeError> {
    let listed = options.get("options").and_then(Value::as_array).ok_or_else(|| shape(at, "a dynamic combo without options"))?;
    let option = |value: &Value| {
        let key = value.get("key").cloned().ok_or_else(|| shape(at, "an option without a key"))?;
        let inputs = value.get("inputs").and_then(Value::as_object);
        let inputs = inputs.map(|inputs| read_inputs(at, inputs, None)).transpose()?.unwrap_or_default();
        Ok(DynamicOption { key, inputs })
    };
    Ok(InputKind::DynamicCombo { options: listed.iter().map(option).collect::<Result<_, _>>()? })
}

fn read_autogrow(at: &str, options: &Map<String, Value>) -> Result<InputKind, ShapeError> {
    let template = options.get("template").and_then(Value::as_object).ok_or_else(|| shape(at, "autogrow without a template"))?;
    let inputs = template.get("input").and_then(Value::as_object).ok_or_else(|| shape(at, "autogrow without an input"))?;
    let element = read_inputs(at, inputs, None)?.into_iter().next().ok_or_else(|| shape(at, "autogrow without an input"))?;
    let count = |key: &str| template.get(key).and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
    let names = match template.get("names").and_then(Value::as_array) {
        Some(names) => Names::Listed(names.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        None => Names::Numbered {
            prefix: template.get("prefix").and_then(Value::as_str).unwrap_or(&element.name).to_owned(),
            max: count("max").unwrap_or(usize::MAX),
        },
    };
    Ok(InputKind::Autogrow { element: Box::new(element.kind), names, min: count("min").unwrap_or(0) })
}

/// A whole number that a server may have written as `8.0`.
fn whole(value: &Value) -> Option<i128> {
    let number = value.as_number()?;
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)).or_else(|| {
        // Custom packs write bounds as floats; those are small enough to be exact.
        #[expect(clippy::cast_possible_truncation, reason = "only values within 2^53 are taken")]
        number.as_f64().filter(|float| float.abs() <= 9_007_199_254_740_992.0).map(|float| float as i128)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn class(inputs: &Value) -> NodeClass {
        NodeClass::read("X", &json!({"input": {"required": inputs}, "output": ["IMAGE"], "output_node": true})).unwrap()
    }

    #[test]
    fn both_spellings_of_a_combo_are_one() {
        let class = class(&json!({"old": [["a", "b"], {}], "new": ["COMBO", {"options": ["a", "b"]}], "bare": [["a", "b"]]}));
        let combo = InputKind::Combo { options: vec![json!("a"), json!("b")], open: false };
        for name in ["old", "new", "bare"] {
            assert_eq!(class.input(name).unwrap().kind, combo, "{name}");
        }
    }

    #[test]
    fn a_list_of_uploads_is_open() {
        let class = class(&json!({"image": [["a.png"], {"image_upload": true}]}));
        assert!(matches!(class.input("image").unwrap().kind, InputKind::Combo { open: true, .. }));
    }

    #[test]
    fn bounds_of_seeds_are_exact() {
        let class = class(&json!({"seed": ["INT", {"min": 0, "max": u64::MAX}]}));
        assert_eq!(class.input("seed").unwrap().kind, InputKind::Int { min: Some(0), max: Some(i128::from(u64::MAX)) });
    }

    #[test]
    fn types_meet_in_a_union_or_a_star() {
        assert!(Types::parse("INT").fits(&Types::parse("FLOAT,INT")));
        assert!(Types::parse("IMAGE").fits(&Types::parse("*")));
        assert!(!Types::parse("CLIP").fits(&Types::parse("MODEL")));
    }

    #[test]
    fn one_class_that_cannot_be_read_hides_no_other() {
        let answer = json!({"Bad": 3, "Good": {"input": {}, "output": []}});
        let info = ObjectInfo::read(answer.as_object().unwrap());
        assert!(info.class("Good").is_some());
        assert_eq!(info.unreadable["Bad"], "Bad: not an object");
    }
}
