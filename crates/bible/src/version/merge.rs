//! Three-way merges: both sides' edits since their common ancestor, field by field.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::values::{self, Clash, Sides};
use super::written::{Form, Written, document_name};
use super::{lines, written};
use crate::source::{edit, emit, yaml};

/// In what way two sides cannot both be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// Both gave the same place another value.
    EditEdit,
    /// One changed what the other took away.
    EditDelete,
    /// Both put something else in the same new place.
    AddAdd,
    /// Both put the same elements of a list into another order.
    Order,
    /// Both changed the same lines.
    Lines,
    /// Both changed a file that is a whole: a drawing, or YAML that is broken.
    Whole,
}

/// A place where two sides cannot both be right.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Conflict {
    /// Where: `characters.mei.age`; for lines, the document and the line of the base.
    pub path: String,
    /// In which file.
    pub file: String,
    /// In what way.
    pub kind: ConflictKind,
    /// The value both came from.
    pub base: Option<Value>,
    /// Ours.
    pub ours: Option<Value>,
    /// Theirs.
    pub theirs: Option<Value>,
}

/// How a conflict is resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Our value.
    Ours,
    /// Their value.
    Theirs,
    /// Another one; null takes the place away.
    Value(Value),
}

/// Choices by the conflict's path.
pub type Resolutions = BTreeMap<String, Choice>;

/// What came of a merge.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// The files. Where there is a conflict without a choice, our side stands.
    pub snapshot: Written,
    /// What is not resolved.
    pub conflicts: Vec<Conflict>,
}

/// Merges without choices.
#[must_use]
pub fn merge(base: &Written, ours: &Written, theirs: &Written) -> Merged {
    merge_with(base, ours, theirs, &Resolutions::new())
}

/// Merges, resolving conflicts by the choices given.
///
/// Where only one side changed a file it is taken as typed. Where both did, its lines are merged when that reads as
/// the merged values; otherwise the text of the side that changed comments is edited, or the ancestor's when both or
/// neither did. So the result does not depend on which side is called ours, as long as nothing conflicts.
#[must_use]
pub fn merge_with(base: &Written, ours: &Written, theirs: &Written, resolutions: &Resolutions) -> Merged {
    let mut merging = Merging { resolutions, file: "", conflicts: Vec::new() };
    let mut result = Written::default();
    for path in base.paths().chain(ours.paths()).chain(theirs.paths()).collect::<BTreeSet<_>>() {
        let (was, left, right) = (base.get(path), ours.get(path), theirs.get(path));
        let taken = if left == right || was == right {
            left.map(<[u8]>::to_vec)
        } else if was == left {
            right.map(<[u8]>::to_vec)
        } else {
            merging.file = path;
            merging.both(base, ours, theirs)
        };
        if let Some(bytes) = taken {
            result.insert(path, bytes);
        }
    }
    Merged { snapshot: result, conflicts: merging.conflicts }
}

struct Merging<'a> {
    resolutions: &'a Resolutions,
    file: &'a str,
    conflicts: Vec<Conflict>,
}

impl Merging<'_> {
    /// A file that both sides changed.
    fn both(&mut self, base: &Written, ours: &Written, theirs: &Written) -> Option<Vec<u8>> {
        let path = self.file;
        let name = document_name(path);
        if let (Form::Text, Some(left), Some(right)) = (Form::of(path), ours.text(path), theirs.text(path)) {
            let base = base.text(path).unwrap_or_default();
            let text = lines::merged(base, left, right, &mut |hunk| {
                let values = [&hunk.base, &hunk.ours, &hunk.theirs].map(|text| Some(Value::from(text.as_str())));
                let chosen = self.settle(format!("{name}:{}", hunk.line), ConflictKind::Lines, values);
                chosen.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
            });
            return Some(text.into_bytes());
        }
        if let (Form::Yaml, Some(left), Some(right)) = (Form::of(path), ours.value(path), theirs.value(path)) {
            return Some(self.yaml(&name, base, (&left, ours), (&right, theirs)));
        }
        let kind = if ours.get(path).is_none() || theirs.get(path).is_none() { ConflictKind::EditDelete } else { ConflictKind::Whole };
        let value = |snapshot: &Written| {
            let text = snapshot
                .text(path)
                .map_or_else(|| snapshot.get(path).map(|bytes| format!("{} bytes", bytes.len())), |text| Some(text.to_owned()));
            text.map(Value::from)
        };
        match self.choice(&name) {
            Some(Choice::Ours) => ours.get(path).map(<[u8]>::to_vec),
            Some(Choice::Theirs) => theirs.get(path).map(<[u8]>::to_vec),
            Some(Choice::Value(Value::String(text))) => Some(text.into_bytes()),
            Some(Choice::Value(Value::Null)) => None,
            Some(Choice::Value(value)) => Some(emit(&value).into_bytes()),
            None => {
                let [base, ours_value, theirs_value] = [base, ours, theirs].map(value);
                self.conflicts.push(Conflict { path: name, file: path.to_owned(), kind, base, ours: ours_value, theirs: theirs_value });
                // What was changed is kept rather than lost, whichever side took it away.
                ours.get(path).or_else(|| theirs.get(path)).map(<[u8]>::to_vec)
            }
        }
    }

    fn yaml(&mut self, name: &str, base: &Written, ours: (&Value, &Written), theirs: (&Value, &Written)) -> Vec<u8> {
        let path = self.file;
        let was = base.value(path);
        let sides = Sides { base: was.as_ref(), ours: Some(ours.0), theirs: Some(theirs.0) };
        let value = values::merged(name, sides, &mut |clash| {
            let Clash { path, order, base, ours, theirs } = clash;
            let kind = match (&base, &ours, &theirs) {
                _ if order => ConflictKind::Order,
                (None, ..) => ConflictKind::AddAdd,
                (_, None, _) | (.., None) => ConflictKind::EditDelete,
                _ => ConflictKind::EditEdit,
            };
            self.settle(path, kind, [base, ours, theirs])
        });
        let value = value.unwrap_or(Value::Null);
        let [before, left, right] = [base, ours.1, theirs.1].map(|snapshot: &written::Written| snapshot.text(path).unwrap_or_default());
        let mut clean = true;
        let text = lines::merged(before, left, right, &mut |hunk| {
            clean = false;
            hunk.ours
        });
        let reads_so = |text: &str| yaml::parse(path, text).is_ok_and(|node| node.to_json() == value);
        if clean && reads_so(&text) {
            return text.into_bytes();
        }
        if was.is_none() {
            return emit(&value).into_bytes();
        }
        // The text of the side that changed comments or form, if it was only one.
        let formed = |text: &str, value: &Value| edit(before, value) != text;
        let text = match (formed(left, ours.0), formed(right, theirs.0)) {
            (true, false) => left,
            (false, true) => right,
            _ => before,
        };
        edit(text, &value).into_bytes()
    }

    fn choice(&self, path: &str) -> Option<Choice> {
        self.resolutions.get(path).cloned()
    }

    /// What stands where two sides clash: what was chosen, or else ours, and the conflict is noted.
    fn settle(&mut self, path: String, kind: ConflictKind, [base, ours, theirs]: [Option<Value>; 3]) -> Option<Value> {
        match self.choice(&path) {
            Some(Choice::Ours) => ours,
            Some(Choice::Theirs) => theirs,
            Some(Choice::Value(Value::Null)) => None,
            Some(Choice::Value(value)) => Some(value),
            None => {
                let stands = ours.clone().or_else(|| theirs.clone());
                self.conflicts.push(Conflict { path, file: self.file.to_owned(), kind, base, ours, theirs });
                stands
            }
        }
    }
}
