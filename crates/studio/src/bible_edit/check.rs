//! What an edit would break, said before it is made.

use std::collections::BTreeSet;
use std::fmt;

use bible::source::{Severity, SourceError, SourceTree, pointer, yaml};
use bible::version::{DocumentKind, DocumentPath, Edit, Snapshot};
use serde_json::Value;

/// Something that would not be right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Violation {
    /// In which document, when it is not the one that is edited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// Where in it, as a JSON pointer (RFC 6901); empty for the whole.
    pub pointer: String,
    /// Which line of a screenplay, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What is wrong.
    pub problem: String,
    /// What would be right; may be empty when the problem says it.
    pub fix: String,
}

impl Violation {
    /// Something wrong in the document that is edited.
    #[must_use]
    pub fn new(pointer: impl Into<String>, problem: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { document: None, pointer: pointer.into(), line: None, problem: problem.into(), fix: fix.into() }
    }

    fn of(path: &DocumentPath, error: &SourceError, tree: &SourceTree) -> Self {
        let script = path.kind() == DocumentKind::Script;
        Self {
            document: Some(path.to_string()),
            pointer: error.pointer.clone().or_else(|| located(error, tree)).unwrap_or_default(),
            line: (script && error.line > 0).then_some(error.line),
            problem: error.problem.clone(),
            fix: error.fix.clone(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(document) = &self.document {
            write!(f, "{document}")?;
        }
        f.write_str(&self.pointer)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if self.document.is_some() || !self.pointer.is_empty() || self.line.is_some() {
            f.write_str(": ")?;
        }
        f.write_str(&self.problem)?;
        if !self.fix.is_empty() {
            write!(f, ": {}", self.fix)?;
        }
        Ok(())
    }
}

/// The bible after edits.
pub(super) fn applied(before: &Snapshot, edits: &[Edit]) -> Snapshot {
    let mut after = before.clone();
    for edit in edits {
        match &edit.document {
            Some(document) => drop(after.insert(edit.path.clone(), document.clone())),
            None => drop(after.remove(&edit.path)),
        }
    }
    after
}

/// Checks that a bible is sound after edits: the documents that were edited must be, and nothing else may be worse
/// than it was before.
pub(super) fn sound(before: &Snapshot, after: &Snapshot, edits: &[Edit]) -> Result<(), Vec<Violation>> {
    if edits.is_empty() {
        return Ok(());
    }
    let edited: BTreeSet<&DocumentPath> = edits.iter().filter(|edit| edit.document.is_some()).map(|edit| &edit.path).collect();
    let mut violations = broken(after);
    if violations.is_empty() {
        return Ok(());
    }
    let known: BTreeSet<(String, String)> = broken(before).into_iter().map(|(path, wrong)| (path.to_string(), wrong.problem)).collect();
    violations.retain(|(path, wrong)| edited.contains(path) || !known.contains(&(path.to_string(), wrong.problem.clone())));
    let violations: Vec<Violation> = violations.into_iter().map(|(_, wrong)| wrong).collect();
    if violations.is_empty() { Ok(()) } else { Err(violations) }
}

/// Everything that is wrong with a bible.
fn broken(snapshot: &Snapshot) -> Vec<(DocumentPath, Violation)> {
    if snapshot.is_empty() {
        return Vec::new();
    }
    let tree = snapshot.to_source();
    let Err(problems) = director::load(&tree) else { return Vec::new() };
    let errors = problems.0.into_iter().filter(|problem| problem.severity == Severity::Error);
    errors
        .map(|error| {
            let path = document_of(&error.file);
            let violation = Violation::of(&path, &error, &tree);
            (path, violation)
        })
        .collect()
}

/// The document that a message's file means; a message about an episode's folder is about its screenplay.
fn document_of(file: &str) -> DocumentPath {
    let path = DocumentPath::of_file(file);
    match file.strip_prefix("episodes/").filter(|folder| !folder.contains('/')) {
        Some(_) => DocumentPath::of_file(&format!("{file}/script.fountain")),
        None => path,
    }
}

/// The value that begins at a message's place.
fn located(error: &SourceError, tree: &SourceTree) -> Option<String> {
    let node = yaml::parse(&error.file, tree.get(&error.file)?).ok()?;
    let mut path = Vec::new();
    found(&node, error, &mut path).then(|| pointer(&path))
}

fn found(node: &yaml::Node, error: &SourceError, path: &mut Vec<yaml::Step>) -> bool {
    let here = |at: bible::source::Position| (at.line, at.column) == (error.line, error.column);
    match &node.kind {
        yaml::Kind::Scalar(_) => here(node.at),
        yaml::Kind::List(items) => items.iter().enumerate().any(|(index, item)| {
            path.push(index.into());
            let inside = found(item, error, path);
            if !inside {
                path.pop();
            }
            inside
        }),
        yaml::Kind::Map(entries) => entries.iter().any(|entry| {
            path.push(entry.key.as_str().into());
            let inside = here(entry.at) || found(&entry.value, error, path);
            if !inside {
                path.pop();
            }
            inside
        }),
    }
}

/// The schema's name of a kind of document.
fn schema_kind(kind: DocumentKind) -> Option<&'static str> {
    Some(match kind {
        DocumentKind::Settings => "project",
        DocumentKind::Style => "style",
        DocumentKind::World => "world",
        DocumentKind::Narrative => "narrative",
        DocumentKind::Character => "character",
        DocumentKind::Location => "location",
        DocumentKind::Prop => "prop",
        DocumentKind::Episode => "episode",
        DocumentKind::Shots => "shots",
        DocumentKind::Script | DocumentKind::File => return None,
    })
}

/// Fields that the studio does not know and that were not there before. What a person wrote into a file stays; what
/// a program adds is refused, for it is likely a known field misspelt.
pub(super) fn strangers(path: &DocumentPath, before: Option<&Value>, after: &Value) -> Vec<Violation> {
    let Some(kind) = schema_kind(path.kind()) else { return Vec::new() };
    let new = bible::source::strangers(kind, after).into_iter();
    let new = new.filter(|stranger| before.is_none_or(|before| before.pointer(&stranger.pointer).is_none()));
    new.map(|stranger| {
        let fix = match &stranger.nearest {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "leave it out, or allow fields of your own with `extra_fields=keep`".to_owned(),
        };
        Violation {
            document: Some(path.to_string()),
            ..Violation::new(stranger.pointer, format!("there is no field `{}` here", stranger.field), fix)
        }
    })
    .collect()
}

/// Lengths of texts as Unicode scalar values, exactly: what is sent counts, not what is left after trimming.
pub(super) fn lengths(path: &DocumentPath, value: &Value) -> Vec<Violation> {
    let limits: &[(&str, usize)] = match path.kind() {
        DocumentKind::Settings => &[("title", 200), ("description", 2000)],
        DocumentKind::Character => &[("name", 100), ("description", 1000)],
        DocumentKind::Location | DocumentKind::Prop => &[("name", 100)],
        DocumentKind::Episode => &[("title", 200)],
        _ => &[],
    };
    let mut violations = Vec::new();
    for (field, most) in limits {
        let Some(text) = value.get(field).and_then(Value::as_str) else { continue };
        let length = text.chars().count();
        let pointer = format!("/{field}");
        let wrong = if text.trim().is_empty() {
            Violation::new(pointer, format!("`{field}` is empty"), format!("write 1 to {most} characters"))
        } else if length > *most {
            Violation::new(pointer, format!("`{field}` has {length} characters"), format!("{most} is the most"))
        } else {
            continue;
        };
        violations.push(Violation { document: Some(path.to_string()), ..wrong });
    }
    violations
}
