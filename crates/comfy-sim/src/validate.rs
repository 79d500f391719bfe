//! Whether a graph is taken, and what is said when it is not: as recorded from real servers, with what they let pass.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::Version;
use crate::house::House;
use crate::nodes::class;

/// What becomes of a graph.
pub(crate) enum Verdict {
    /// It is queued; what is wrong with single branches is only mentioned.
    Taken { graph: Map<String, Value>, outputs: Vec<String>, node_errors: Map<String, Value> },
    /// It is not.
    Refused { error: Value, node_errors: Map<String, Value> },
}

fn refused(kind: &str, message: &str, details: &str, extra: &Value) -> Verdict {
    let error = json!({"type": kind, "message": message, "details": details, "extra_info": extra});
    Verdict::Refused { error, node_errors: Map::new() }
}

/// Looks at a graph; `targets` are the outputs that are wanted, all when none are named.
pub(crate) fn validate(house: &House, mut graph: Map<String, Value>, targets: Option<&[String]>) -> Verdict {
    let mut outputs = Vec::new();
    for (id, node) in &graph {
        let Some(name) = node.get("class_type").and_then(Value::as_str) else {
            let message = format!("Node 'ID #{id}' has no class_type. The workflow may be corrupted or a custom node is missing.");
            let extra = json!({"node_id": id, "class_type": null, "node_title": null});
            return refused("missing_node_type", &message, &format!("Node ID '#{id}'"), &extra);
        };
        let Some(found) = class(name) else { return unknown_class(house, id, name, node) };
        let ends = (found.describe)(house)["output_node"] == true;
        if ends && targets.is_none_or(|targets| targets.contains(id)) {
            outputs.push(id.clone());
        }
    }
    if outputs.is_empty() {
        return refused("prompt_no_outputs", "Prompt has no outputs", "", &json!({}));
    }
    let mut validator = Validator { house, graph: &mut graph, judged: BTreeMap::new(), visiting: Vec::new(), errors: BTreeMap::new() };
    let (mut good, mut said, mut node_errors) = (Vec::new(), Vec::new(), Map::new());
    for output in outputs {
        let valid = match validator.node(&output) {
            Ok(valid) => valid,
            Err(raise) => {
                let error = json!({"type": "exception_during_validation", "message": "Exception when validating node",
                    "details": raise.message, "extra_info": {"exception_type": raise.kind, "traceback": []}});
                validator.errors.entry(output.clone()).or_default().push(error);
                false
            }
        };
        if valid {
            good.push(output);
            continue;
        }
        for error in validator.errors.get(&output).into_iter().flatten() {
            said.push(format!("{}: {}", text(&error["message"]), text(&error["details"])));
        }
        validator.report(&output, &mut node_errors);
    }
    if good.is_empty() {
        let error = json!({"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation",
            "details": said.join("\n"), "extra_info": {}});
        return Verdict::Refused { error, node_errors };
    }
    Verdict::Taken { graph, outputs: good, node_errors }
}

fn unknown_class(house: &House, id: &str, name: &str, node: &Value) -> Verdict {
    let details = format!("Node ID '#{id}'");
    if house.options.version == Version::V0_3 {
        let message = format!("Cannot execute because node {name} does not exist.");
        return refused("invalid_prompt", &message, &details, &json!({}));
    }
    let title = node["_meta"]["title"].as_str().unwrap_or(name);
    let message = format!("Node '{title}' not found. The custom node may not be installed.");
    refused("missing_node_type", &message, &details, &json!({"node_id": id, "class_type": name, "node_title": title}))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What breaks the validation itself: it comes out at the node that was looked at from.
struct Raise {
    kind: &'static str,
    message: String,
}

struct Validator<'a> {
    house: &'a House,
    graph: &'a mut Map<String, Value>,
    judged: BTreeMap<String, bool>,
    visiting: Vec<String>,
    errors: BTreeMap<String, Vec<Value>>,
}

impl Validator<'_> {
    /// Puts everything that is wrong so far into the answer, as a reason why an output will not run.
    fn report(&self, output: &str, node_errors: &mut Map<String, Value>) {
        for (id, errors) in &self.errors {
            let entry = node_errors
                .entry(id.clone())
                .or_insert_with(|| json!({"errors": errors, "dependent_outputs": [], "class_type": self.graph[id]["class_type"]}));
            if let Some(dependent) = entry["dependent_outputs"].as_array_mut() {
                dependent.push(json!(output));
            }
        }
    }

    fn say(&mut self, id: &str, kind: &str, message: &str, details: &str, extra: &Value) {
        let error = json!({"type": kind, "message": message, "details": details, "extra_info": extra});
        self.errors.entry(id.to_owned()).or_default().push(error);
    }

    fn node(&mut self, id: &str) -> Result<bool, Raise> {
        if let Some(judged) = self.judged.get(id) {
            return Ok(*judged);
        }
        if let Some(start) = self.visiting.iter().position(|visited| visited == id) {
            self.cycle(start);
            return Ok(false);
        }
        self.visiting.push(id.to_owned());
        let judged = self.inputs(id);
        self.visiting.pop();
        let valid = judged? && !self.errors.contains_key(id);
        self.judged.insert(id.to_owned(), valid);
        Ok(valid)
    }

    fn cycle(&mut self, start: usize) {
        let circle: Vec<String> = self.visiting[start..].to_vec();
        let named = |id: &String| format!("{id} ({})", text(&self.graph[id]["class_type"]));
        let way: Vec<_> = circle.iter().chain(circle.first()).map(named).collect();
        let details = way.join(" -> ");
        // An old server refuses too, and names no node.
        if self.house.options.version == Version::V0_3 {
            return;
        }
        for id in &circle {
            self.say(id, "dependency_cycle", "Dependency cycle detected", &details, &json!({"node_id": id, "cycle_nodes": circle}));
        }
    }

    fn inputs(&mut self, id: &str) -> Result<bool, Raise> {
        let Some(name) = self.graph[id]["class_type"].as_str() else { return Ok(false) };
        let Some(found) = class(name) else { return Ok(false) };
        let described = (found.describe)(self.house);
        if !self.graph[id]["inputs"].is_object() {
            return Err(Raise { kind: "KeyError", message: "'inputs'".to_owned() });
        }
        let mut valid = true;
        for (required, name, spec) in self.specs(id, &described) {
            let Some(value) = self.graph[id]["inputs"].get(&name).cloned() else {
                if required {
                    self.say(id, "required_input_missing", "Required input is missing", &name, &json!({"input_name": name}));
                    valid = false;
                }
                continue;
            };
            valid &= match &value {
                Value::Array(items) => self.link(id, &name, &spec, items)?,
                _ => self.value(id, &name, &spec, &value),
            };
        }
        Ok(valid)
    }

    /// The inputs that are looked for, nested ones of dynamic choices included.
    fn specs(&self, id: &str, described: &Value) -> Vec<(bool, String, Value)> {
        let mut specs = Vec::new();
        self.group(id, "", described, &mut specs);
        specs
    }

    fn group(&self, id: &str, path: &str, described: &Value, specs: &mut Vec<(bool, String, Value)>) {
        let inputs = described.get("input").unwrap_or(described);
        for (group, required) in [("required", true), ("optional", false)] {
            let order = described["input_order"][group].as_array().cloned();
            let names: Vec<String> = order
                .map(|order| order.iter().map(|name| text(name).to_owned()).collect())
                .unwrap_or_else(|| inputs[group].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect());
            for name in names {
                let spec = inputs[group][&name].clone();
                let name = if path.is_empty() { name } else { format!("{path}.{name}") };
                match text(&spec[0]) {
                    // A choice that is missing or unknown is let pass.
                    "COMFY_DYNAMICCOMBO_V3" => {
                        let chosen = &self.graph[id]["inputs"][&name];
                        let options = spec[1]["options"].as_array().into_iter().flatten();
                        if let Some(option) = options.into_iter().find(|option| option["key"] == *chosen) {
                            self.group(id, &name, &option["inputs"], specs);
                        }
                    }
                    "COMFY_AUTOGROW_V3" => self.grown(id, &name, &spec[1]["template"], specs),
                    _ => specs.push((required, name, spec)),
                }
            }
        }
    }

    fn grown(&self, id: &str, name: &str, template: &Value, specs: &mut Vec<(bool, String, Value)>) {
        let Some((_, element)) = template["input"]["required"].as_object().and_then(|inputs| inputs.iter().next()) else { return };
        let (prefix, min, max) = (text(&template["prefix"]), template["min"].as_u64().unwrap_or(0), template["max"].as_u64().unwrap_or(0));
        for index in 0..max {
            let grown = format!("{name}.{prefix}{index}");
            if index < min || self.graph[id]["inputs"].get(&grown).is_some() {
                specs.push((index < min, grown, element.clone()));
            }
        }
    }

    fn link(&mut self, id: &str, name: &str, spec: &Value, items: &[Value]) -> Result<bool, Raise> {
        let [from, slot] = items else {
            let extra = json!({"input_name": name, "input_config": spec, "received_value": items});
            self.say(id, "bad_linked_input", "Bad linked input, must be a length-2 list of [node_id, slot_index]", name, &extra);
            return Ok(false);
        };
        // Names are looked up as they are: a number is no name.
        let key = |from: &Value| from.as_str().map_or_else(|| from.to_string(), |name| format!("'{name}'"));
        let no_key = || Raise { kind: "KeyError", message: key(from) };
        let from_id = from.as_str().filter(|from| self.graph.contains_key(*from)).ok_or_else(no_key)?.to_owned();
        let described = self.graph[&from_id]["class_type"].as_str().and_then(class).map(|class| (class.describe)(self.house));
        let outputs = described.as_ref().and_then(|described| described["output"].as_array()).map(Vec::as_slice).unwrap_or_default();
        let given = slot.as_u64().and_then(|slot| outputs.get(usize::try_from(slot).ok()?)).map(text);
        let given = given.ok_or_else(|| Raise { kind: "IndexError", message: "tuple index out of range".to_owned() })?.to_owned();
        let wanted = text(&spec[0]);
        if !spec[0].is_array() && wanted != "*" && !wanted.split(',').any(|wanted| wanted == given) {
            let extra = json!({"input_name": name, "input_config": spec, "received_type": given, "linked_node": items});
            let details = format!("{name}, received_type({given}) mismatch input_type({wanted})");
            self.say(id, "return_type_mismatch", "Return type mismatch between linked nodes", &details, &extra);
            return Ok(false);
        }
        match self.node(&from_id) {
            Ok(valid) => Ok(valid),
            Err(raise) => {
                let extra = json!({"input_name": name, "input_config": spec, "exception_message": raise.message,
                    "exception_type": raise.kind, "traceback": [], "linked_node": items});
                let message = "Exception when validating inner node";
                self.say(&from_id, "exception_during_inner_validation", message, &raise.message, &extra);
                self.judged.insert(from_id, false);
                Ok(false)
            }
        }
    }

    fn value(&mut self, id: &str, name: &str, spec: &Value, value: &Value) -> bool {
        if crate::nodes::reads_a_file(text(&self.graph[id]["class_type"])) && name == "image" {
            let file = text(value);
            if self.house.folders.annotated(file).is_some() {
                return true;
            }
            let details = format!("image - Invalid image file: {file}");
            self.say(id, "custom_validation_failed", "Custom validation failed for node", &details, &json!({"input_name": "image"}));
            return false;
        }
        let converted = match convert(text(&spec[0]), value) {
            Ok(converted) => converted,
            Err(why) => {
                let kind = text(&spec[0]);
                let extra = json!({"input_name": name, "input_config": spec, "received_value": value, "exception_message": why});
                let details = format!("{name}, {}, {why}", python(value, false));
                let message = format!("Failed to convert an input value to a {kind} value");
                self.say(id, "invalid_input_type", &message, &details, &extra);
                return false;
            }
        };
        let extra = json!({"input_name": name, "input_config": spec, "received_value": converted});
        self.graph[id]["inputs"][name] = converted.clone();
        let number = converted.as_f64();
        let beyond = |bound: &str, wrong: fn(f64, f64) -> bool| match (number, spec[1][bound].as_f64()) {
            (Some(number), Some(limit)) if converted.is_number() && wrong(number, limit) => Some(python(&spec[1][bound], false)),
            _ => None,
        };
        if let Some(min) = beyond("min", |number, min| number < min) {
            let message = format!("Value {} smaller than min of {min}", python(&converted, false));
            self.say(id, "value_smaller_than_min", &message, name, &extra);
            return false;
        }
        if let Some(max) = beyond("max", |number, max| number > max) {
            let message = format!("Value {} bigger than max of {max}", python(&converted, false));
            self.say(id, "value_bigger_than_max", &message, name, &extra);
            return false;
        }
        let options = spec[0].as_array().or_else(|| if text(&spec[0]) == "COMBO" { spec[1]["options"].as_array() } else { None });
        if let Some(options) = options.filter(|options| !options.contains(value)) {
            let long = options.len() > 20;
            let listed = if long { format!("(list of length {})", options.len()) } else { python(&json!(options), true) };
            let config = if long { &Value::Null } else { spec };
            let extra = json!({"input_name": name, "input_config": config, "received_value": value});
            let details = format!("{name}: '{}' not in {listed}", python(value, false));
            self.say(id, "value_not_in_list", "Value not in list", &details, &extra);
            return false;
        }
        true
    }
}

/// What Python makes of a value for a type: `2.9` for a whole number is `2`.
fn convert(kind: &str, value: &Value) -> Result<Value, String> {
    match (kind, value) {
        ("INT", Value::String(text)) => {
            text.trim().parse::<i64>().map(Value::from).map_err(|_| format!("invalid literal for int() with base 10: '{text}'"))
        }
        #[expect(clippy::cast_possible_truncation, reason = "as int() does")]
        ("INT", Value::Number(number)) if !number.is_i64() && !number.is_u64() => {
            Ok(json!(number.as_f64().unwrap_or_default().trunc() as i64))
        }
        ("FLOAT", Value::String(text)) => {
            text.trim().parse::<f64>().map(Value::from).map_err(|_| format!("could not convert string to float: '{text}'"))
        }
        ("FLOAT", Value::Number(number)) => Ok(json!(number.as_f64().unwrap_or_default())),
        ("STRING", Value::Number(_) | Value::Bool(_)) => Ok(Value::from(python(value, false))),
        _ => Ok(value.clone()),
    }
}

/// A value as Python prints it; `quoted` for texts inside of lists.
fn python(value: &Value, quoted: bool) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) if quoted => format!("'{text}'"),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(|item| python(item, true)).collect::<Vec<_>>().join(", ")),
        Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}
