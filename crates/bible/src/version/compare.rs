//! What differs between two snapshots, field by field.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::written::{Form, Written, document_name};
use super::{lines, values};

/// How a place differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has another value.
    Changed,
    /// A list has the same elements in another order; the values are their names.
    Moved,
    /// Lines of a text; the values are the lines.
    Lines,
    /// Only comments or the form of a file, no value.
    Form,
}

/// A place that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Where: `characters.mei.colour_model.hair.base`; for lines, the document and the line: `episodes.s01e01.script:12`.
    pub path: String,
    /// How.
    pub kind: ChangeKind,
    /// Before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// Now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
}

impl Change {
    pub(super) fn new(path: &str, old: Option<Value>, new: Option<Value>) -> Self {
        let kind = match (&old, &new) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Removed,
            _ => ChangeKind::Changed,
        };
        Self { path: path.to_owned(), kind, old, new }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &Option<Value>| value.as_ref().map(ToString::to_string).unwrap_or_default();
        match self.kind {
            ChangeKind::Added => write!(f, "{}: + {}", self.path, text(&self.new)),
            ChangeKind::Removed => write!(f, "{}: - {}", self.path, text(&self.old)),
            ChangeKind::Changed => write!(f, "{}: {} -> {}", self.path, text(&self.old), text(&self.new)),
            ChangeKind::Moved => write!(f, "{}: now in the order {}", self.path, text(&self.new)),
            ChangeKind::Lines => write!(f, "{}: {} -> {}", self.path, text(&self.old), text(&self.new)),
            ChangeKind::Form => write!(f, "{}: comments or form only", self.path),
        }
    }
}

/// What differs, in order of file. Only files that differ are read.
#[must_use]
pub fn diff(old: &Written, new: &Written) -> Vec<Change> {
    let mut changes = Vec::new();
    for path in old.paths().chain(new.paths()).collect::<BTreeSet<_>>() {
        if old.get(path) != new.get(path) {
            file(path, old, new, &mut changes);
        }
    }
    changes
}

fn file(path: &str, old: &Written, new: &Written, changes: &mut Vec<Change>) {
    let name = document_name(path);
    let whole = |snapshot: &Written| match Form::of(path) {
        Form::Yaml => snapshot.value(path).or_else(|| snapshot.text(path).map(Value::from)),
        Form::Text => snapshot.text(path).map(Value::from),
        Form::Opaque => snapshot.get(path).map(|bytes| Value::from(format!("{} bytes", bytes.len()))),
    };
    let (before, after) = (whole(old), whole(new));
    match (Form::of(path), old.text(path), new.text(path)) {
        (Form::Text, Some(before), Some(after)) => changes.extend(lines::changes(&name, before, after)),
        (Form::Yaml, Some(_), Some(_)) if before == after => {
            changes.push(Change { path: name, kind: ChangeKind::Form, old: None, new: None });
        }
        (Form::Yaml, ..) => values::differences(&name, before.as_ref(), after.as_ref(), changes),
        _ => changes.push(Change::new(&name, before, after)),
    }
}

/// What differs between two values; paths begin with `name`.
#[must_use]
pub fn value_changes(name: &str, old: Option<&Value>, new: Option<&Value>) -> Vec<Change> {
    let mut changes = Vec::new();
    values::differences(name, old, new, &mut changes);
    changes
}
