//! Results of nodes from before, by what they were made of.
//!
//! As the real server's default cache does, it keeps what the last prompt had and forgets all else.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value};

use crate::folders::Folders;
use crate::nodes::Left;

/// What a node's result follows from: its class, its values, and the same of all that it is linked to.
pub(crate) type Signature = u64;

/// Results of the last prompt.
#[derive(Default)]
pub(crate) struct Cache {
    results: HashMap<Signature, Left>,
}

impl Cache {
    pub(crate) fn get(&self, signature: Signature) -> Option<&Left> {
        self.results.get(&signature)
    }

    pub(crate) fn put(&mut self, signature: Signature, left: Left) {
        self.results.insert(signature, left);
    }

    /// Forgets all that a prompt does not have.
    pub(crate) fn keep(&mut self, signatures: &BTreeMap<String, Signature>) {
        self.results.retain(|signature, _| signatures.values().any(|kept| kept == signature));
    }

    pub(crate) fn clear(&mut self) {
        self.results.clear();
    }
}

/// The signatures of all nodes of a valid graph.
pub(crate) fn signatures(graph: &Map<String, Value>, folders: &Folders) -> BTreeMap<String, Signature> {
    let mut signatures = BTreeMap::new();
    for id in graph.keys() {
        sign(graph, folders, id, &mut signatures);
    }
    signatures
}

fn sign(graph: &Map<String, Value>, folders: &Folders, id: &str, signatures: &mut BTreeMap<String, Signature>) -> Signature {
    if let Some(signature) = signatures.get(id) {
        return *signature;
    }
    let mut hasher = DefaultHasher::new();
    let node = &graph[id];
    node["class_type"].as_str().hash(&mut hasher);
    for (name, value) in node["inputs"].as_object().into_iter().flatten() {
        name.hash(&mut hasher);
        match link(value) {
            Some((from, slot)) if graph.contains_key(from) => (sign(graph, folders, from, signatures), slot).hash(&mut hasher),
            _ => value.to_string().hash(&mut hasher),
        }
        // A picture of the same name may be another one by now.
        if node["class_type"].as_str().is_some_and(crate::nodes::reads_a_file) {
            let file = value.as_str().and_then(|name| folders.annotated(name)).and_then(|path| std::fs::read(path).ok());
            file.hash(&mut hasher);
        }
    }
    let signature = hasher.finish();
    signatures.insert(id.to_owned(), signature);
    signature
}

/// `["id", slot]`.
pub(crate) fn link(value: &Value) -> Option<(&str, usize)> {
    match value.as_array()?.as_slice() {
        [Value::String(from), slot] => Some((from, usize::try_from(slot.as_u64()?).ok()?)),
        _ => None,
    }
}
