//! From a YAML tree to a typed value, with every error and not only the first.
//!
//! serde stops at the first thing that does not fit. To find the rest, the part that was complained
//! about is taken out of the tree and the reading tried again, until what is left fits.

use std::collections::BTreeSet;

use schemars::Schema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::error::SourceError;
use super::message;
use super::yaml::{self, Kind, Node, Step};

/// Errors after which a file is not read on: nobody mends more than these at once.
const MOST_ERRORS: usize = 40;

/// A typed value with the tree that it was read from.
pub(super) struct Read<T> {
    pub(super) value: T,
    pub(super) node: Node,
}

/// Reads a file. `blank` holds a valid value for every field that the type requires; it only serves to
/// read on after an error. Problems are added to `problems`; `None` when any of them is an error.
pub(super) fn read<T: DeserializeOwned>(
    file: &str,
    text: &str,
    schema: &Schema,
    blank: &Value,
    problems: &mut Vec<SourceError>,
) -> Option<Read<T>> {
    let mut node = match yaml::parse(file, text) {
        Ok(node) => node,
        Err(error) => {
            problems.push(error);
            return None;
        }
    };
    if node.kind == Kind::Scalar(Value::Null) {
        node.kind = Kind::Map(Vec::new());
    }
    if !matches!(node.kind, Kind::Map(_)) {
        problems.push(SourceError::new(file, node.at, "the file is no map of fields", "write `field: value`, one to a line"));
        return None;
    }
    let mut rest = node.clone();
    let mut removed: BTreeSet<Vec<String>> = BTreeSet::new();
    let mut clean = true;
    for _ in 0..MOST_ERRORS {
        let error = match serde_path_to_error::deserialize::<_, T>(rest.to_json()) {
            Ok(value) => return clean.then_some(Read { value, node }),
            Err(error) => error,
        };
        let path: Vec<Step> = error
            .path()
            .iter()
            .filter_map(|segment| match segment {
                Segment::Seq { index } => Some(Step::Index(*index)),
                Segment::Map { key } => Some(Step::Key(key.clone())),
                Segment::Enum { .. } | Segment::Unknown => None,
            })
            .collect();
        clean = false;
        let text = error.inner().to_string();
        let culprit = message::culprit(&text, &rest, path);
        // A field that we took away ourselves is not missing in the file.
        let ours = culprit.missing.is_some() && removed.contains(&names(&culprit.full_path()));
        if !ours {
            problems.push(message::explain(file, &text, &rest, &culprit, schema));
        }
        let mut target = culprit.full_path();
        if culprit.missing.is_some() {
            let field = target.pop();
            if let (true, Some(Step::Key(field))) = (target.is_empty(), field) {
                let value = blank.get(&field)?;
                insert(&mut rest, &field, value);
                removed.insert(vec![field]);
                continue;
            }
        }
        if let [parents @ .., Step::Key(_)] = target.as_slice()
            && matches!(parents.last(), Some(Step::Index(_)))
            && parents
                .iter()
                .try_fold(&rest, |node, step| node.step(step))
                .is_some_and(|node| matches!(&node.kind, Kind::Map(only) if only.len() == 1))
        {
            // An item of a list of which nothing is left would only be complained about again.
            target.pop();
        }
        if target.is_empty() || !take_out(&mut rest, &target) {
            return None;
        }
        if let Some((Step::Index(_), list)) = target.split_last() {
            // The elements behind move up, so what was noted about places in this list is void.
            let list = names(list);
            removed.retain(|path| !path.starts_with(&list));
        }
        removed.insert(names(&target));
    }
    None
}

fn names(path: &[Step]) -> Vec<String> {
    path.iter()
        .map(|step| match step {
            Step::Key(key) => key.clone(),
            Step::Index(index) => index.to_string(),
        })
        .collect()
}

fn insert(node: &mut Node, field: &str, value: &Value) {
    let at = node.at;
    if let Kind::Map(entries) = &mut node.kind {
        entries.retain(|entry| entry.key != field);
        entries.push(yaml::Entry { key: field.to_owned(), at, value: of_json(value, at) });
    }
}

fn of_json(value: &Value, at: super::Position) -> Node {
    let kind = match value {
        Value::Object(map) => {
            Kind::Map(map.iter().map(|(key, value)| yaml::Entry { key: key.clone(), at, value: of_json(value, at) }).collect())
        }
        Value::Array(items) => Kind::List(items.iter().map(|value| of_json(value, at)).collect()),
        scalar => Kind::Scalar(scalar.clone()),
    };
    Node { at, kind }
}

/// Takes the node at the end of `path` out of its parent; false when there is none.
fn take_out(root: &mut Node, path: &[Step]) -> bool {
    let Some((last, parents)) = path.split_last() else { return false };
    let mut node = root;
    for step in parents {
        let next = match (step, &mut node.kind) {
            (Step::Key(key), Kind::Map(entries)) => entries.iter_mut().find(|entry| entry.key == *key).map(|entry| &mut entry.value),
            (Step::Index(index), Kind::List(items)) => items.get_mut(*index),
            _ => None,
        };
        let Some(next) = next else { return false };
        node = next;
    }
    match (last, &mut node.kind) {
        (Step::Key(key), Kind::Map(entries)) => {
            let before = entries.len();
            entries.retain(|entry| entry.key != *key);
            entries.len() < before
        }
        (Step::Index(index), Kind::List(items)) if *index < items.len() => {
            items.remove(*index);
            true
        }
        _ => false,
    }
}
