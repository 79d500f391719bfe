//! From a new value to the document that says it, in the words of the file that was there.

use bible::source::{self, yaml};
use bible::version::{Document, DocumentPath, Edit, Snapshot};
use serde_json::{Map, Value};

use super::check::{self, Violation};
use super::error::EditError;

/// The fields of a value that must be an object.
pub(super) fn fields(value: Value, what: &str) -> Result<Map<String, Value>, EditError> {
    match value {
        Value::Object(fields) => Ok(fields),
        _ => Err(EditError::Invalid(vec![Violation::new("", format!("{what} is an object of fields"), "write `{ … }`")])),
    }
}

/// What a document says, as fields; none when there is no such document.
pub(super) fn said(snapshot: &Snapshot, path: &DocumentPath) -> Option<Map<String, Value>> {
    match snapshot.get(path)?.value() {
        Some(Value::Object(fields)) => Some(fields.clone()),
        // An empty file says nothing yet.
        _ => Some(Map::new()),
    }
}

/// Takes out the fields that are shown but not written. They may be sent back as they are, or left out.
pub(super) fn without_shown(fields: &mut Map<String, Value>, shown: &[&str], current: Option<&Value>) -> Result<(), EditError> {
    let mut wrong = Vec::new();
    for name in shown {
        if let Some(sent) = fields.remove(*name)
            && current.and_then(|current| current.get(name)) != Some(&sent)
        {
            let problem = format!("`{name}` cannot be changed here");
            wrong.push(Violation::new(format!("/{name}"), problem, "leave it out, or send it as you read it"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(EditError::Invalid(wrong)) }
}

/// The edit that makes a structured document say something; none when it says so already. A file that a person wrote
/// keeps its comments and its order.
pub(super) fn structured(snapshot: &Snapshot, path: &DocumentPath, value: &Value, extra: bool) -> Result<Option<Edit>, EditError> {
    let before = snapshot.get(path);
    let old = before.and_then(Document::value);
    if old == Some(value) {
        return Ok(None);
    }
    let mut wrong = check::lengths(path, value);
    if !extra {
        wrong.extend(check::strangers(path, old, value));
    }
    if !wrong.is_empty() {
        return Err(EditError::Invalid(wrong));
    }
    let document = match before {
        Some(Document::Structured { text: Some(text), .. }) => {
            let text = source::edit(text, value);
            Document::of_yaml(&path.file(), &text).ok()
        }
        _ => {
            // It will be a file one day, so it must come back from one.
            let text = source::emit(value);
            yaml::parse(&path.file(), &text).ok().filter(|node| node.to_json() == *value).map(|_| Document::of_value(value.clone()))
        }
    };
    match document {
        Some(document) if document.value() == Some(value) => Ok(Some(Edit { path: path.clone(), document: Some(document) })),
        _ => {
            let wrong = Violation::new("", "this cannot be written as a file", "leave out control characters, and nest less deeply");
            Err(EditError::Invalid(vec![Violation { document: Some(path.to_string()), ..wrong }]))
        }
    }
}

/// The edit that makes a screenplay say something; none when it does.
pub(super) fn script(snapshot: &Snapshot, path: &DocumentPath, text: &str) -> Option<Edit> {
    match snapshot.get(path) {
        Some(Document::Script(old)) if **old == *text => None,
        _ => Some(Edit { path: path.clone(), document: Some(Document::Script(text.into())) }),
    }
}

/// The edit that takes a document away.
pub(super) fn gone(path: DocumentPath) -> Edit {
    Edit { path, document: None }
}
