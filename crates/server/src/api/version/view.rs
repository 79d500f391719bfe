//! Commits, branches and tags as they are shown.

use bible::Digest;
use bible::version::{Author, Change, Commit, CommitId, ParseReferenceError, RefName, Reference, Tag};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use studio::history::{Branch, LogEntry, TagEntry};
use studio::{History, HistoryError};
use utoipa::ToSchema;

use crate::condition::{IfMatch, entity_tag};
use crate::problem::{FieldProblem, Problem};

/// Who did something.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({ "name": "Mei Tanaka" }))]
pub(crate) struct AuthorView {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

impl From<&Author> for AuthorView {
    fn from(author: &Author) -> Self {
        Self { name: author.name.clone(), email: author.email.clone() }
    }
}

fn time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

/// A commit.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "5f0f1c9ad5b0b6f7f6d2ad2c1d3a2b6c4e8f90a1b2c3d4e5f60718293a4b5c6d",
    "parents": ["0c7d3c0b7f5b4f1fb4b7f5d8d9e2a3c1b0a99887766554433221100ffeeddccbb"],
    "tree": "9a1b2c3d4e5f60718293a4b5c6d7e8f9012233445566778899aabbccddeeff00",
    "author": { "name": "Mei Tanaka" },
    "at": "2026-05-04T09:30:00.123456Z",
    "message": "Change age of the character mei",
    "generation": 42,
    "summary": { "added": 0, "changed": 1, "removed": 0, "documents": ["characters/mei"] }
}))]
pub(crate) struct CommitView {
    /// BLAKE3 of what it says: the same content, the same id, on every machine.
    id: String,
    /// The commits that it follows: none for the first, two for a merge.
    parents: Vec<String>,
    /// The root of its documents: equal trees, equal bibles.
    tree: String,
    author: AuthorView,
    at: DateTime<Utc>,
    message: String,
    /// One more than the greatest of its parents.
    generation: u64,
    summary: SummaryView,
}

/// What a commit changed against its first parent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SummaryView {
    added: usize,
    changed: usize,
    removed: usize,
    /// The first 32 of them.
    documents: Vec<String>,
}

impl CommitView {
    pub(super) fn of(id: CommitId, commit: &Commit) -> Self {
        Self {
            id: id.to_string(),
            parents: commit.parents.iter().map(ToString::to_string).collect(),
            tree: commit.tree.to_string(),
            author: (&commit.author).into(),
            at: time(commit.at),
            message: commit.message.clone(),
            generation: commit.generation,
            summary: SummaryView {
                added: commit.summary.added,
                changed: commit.summary.changed,
                removed: commit.summary.removed,
                documents: commit.summary.documents.iter().map(ToString::to_string).collect(),
            },
        }
    }
}

impl From<LogEntry> for CommitView {
    fn from(entry: LogEntry) -> Self {
        Self::of(entry.id, &entry.commit)
    }
}

/// A place that differs.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({ "path": "characters.mei.age", "kind": "changed", "old": 15, "new": 16 }))]
pub(crate) struct ChangeView {
    /// Where: `characters.mei.colour_model.hair.base`; for lines, the document and the line.
    path: String,
    /// added, removed, changed, moved (a list in another order), lines (of a text) or form (comments only).
    kind: Value,
    /// Before; null when it is new.
    #[schema(value_type = Value)]
    old: Option<Value>,
    /// Now; null when it is gone.
    #[schema(value_type = Value)]
    new: Option<Value>,
}

impl From<Change> for ChangeView {
    fn from(change: Change) -> Self {
        Self { path: change.path, kind: serde_json::to_value(change.kind).unwrap_or_default(), old: change.old, new: change.new }
    }
}

/// A branch.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({ "name": "red-hair", "head": "5f0f1c9ad5b0b6f7f6d2ad2c1d3a2b6c4e8f90a1b2c3d4e5f60718293a4b5c6d", "current": false }))]
pub(crate) struct BranchView {
    name: String,
    /// Its last commit.
    head: String,
    /// Whether it is the one that is read and edited when none is named.
    current: bool,
}

impl From<&Branch> for BranchView {
    fn from(branch: &Branch) -> Self {
        Self { name: branch.name.to_string(), head: branch.head.to_string(), current: branch.current }
    }
}

/// A tag: a name for a commit that stays, with who gave it and why.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "delivery-1",
    "commit": "5f0f1c9ad5b0b6f7f6d2ad2c1d3a2b6c4e8f90a1b2c3d4e5f60718293a4b5c6d",
    "author": { "name": "Mei Tanaka" },
    "message": "Episode 1 as it went to the broadcaster",
    "at": "2026-05-04T09:30:00.123456Z"
}))]
pub(crate) struct TagView {
    name: String,
    /// What it names.
    commit: String,
    author: AuthorView,
    message: String,
    at: DateTime<Utc>,
}

impl From<&TagEntry> for TagView {
    fn from(entry: &TagEntry) -> Self {
        let tag: &Tag = &entry.tag;
        Self {
            name: entry.name.to_string(),
            commit: entry.target.to_string(),
            author: (&tag.author).into(),
            message: tag.message.clone(),
            at: time(tag.at),
        }
    }
}

/// Refuses an edit of what is not as the client saw it.
pub(super) fn unchanged<T: Serialize>(against: &IfMatch, what: &str, state: T) -> Result<(), Problem> {
    let state = serde_json::to_value(state).map_err(|error| Problem::fault(&error, false))?;
    let tag = Digest::of_json(&state).map_err(|error| Problem::fault(&error, false))?;
    if against.holds(&entity_tag(tag)) {
        return Ok(());
    }
    let detail = format!("the {what} is not what it was when you read it: look at what it is now, and edit that");
    Err(Problem::stale_against(detail, tag, state))
}

/// The name of a branch or tag in a path or body.
pub(super) fn name(text: &str, wrong: impl Fn(String) -> Problem) -> Result<RefName, Problem> {
    text.parse().map_err(|error: ParseReferenceError| wrong(error.to_string()))
}

/// What is wrong with a field of a body.
pub(super) fn in_body(pointer: &'static str) -> impl Fn(String) -> Problem {
    move |detail| Problem::invalid_content("").with([FieldProblem::in_body(pointer, detail, None)])
}

/// The version that a field of a body names.
pub(super) fn reference_at(pointer: &'static str, text: &str) -> Result<Reference, Problem> {
    text.parse().map_err(|error: ParseReferenceError| in_body(pointer)(error.to_string()))
}

/// The commit that a field of a body names.
pub(super) async fn commit_at(history: &History, pointer: &'static str, text: &str) -> Result<CommitId, Problem> {
    let reference = reference_at(pointer, text)?;
    history.resolve(&reference).await.map_err(|error| match error {
        HistoryError::UnknownReference { .. } | HistoryError::Ambiguous { .. } | HistoryError::NoAncestor { .. } => {
            in_body(pointer)(error.to_string())
        }
        other => other.into(),
    })
}
