//! What the endpoints of all editable resources have in common: a read at a version, and edits that lose nobody else's.

use bible::version::Snapshot;
use serde_json::Value;
use studio::bible_edit::{EditError, Edited, Resource};
use uuid::Uuid;

use super::paging::{Page, Paging};
use super::version::{At, On};
use crate::answer::Answer;
use crate::author::Signed;
use crate::condition::{IfMatch, IfNoneMatch};
use crate::desk::Desk;
use crate::problem::Problem;

/// The state of a resource in a version, as an answer.
pub(super) fn state(resource: &Resource, snapshot: &Snapshot) -> Result<Answer, Problem> {
    match (resource, resource.represent(snapshot)) {
        (Resource::Script(_), Some(Value::String(text))) => Answer::of_text(&text),
        (_, Some(value)) => Answer::of(&value),
        (_, None) => Err(resource.unknown(snapshot).into()),
    }
}

/// Reads a resource.
pub(super) async fn read(desk: &Desk, project: Uuid, resource: &Resource, at: &At, seen: &IfNoneMatch) -> Result<Answer, Problem> {
    let (commit, snapshot) = desk.bible(project, &at.reference()?).await?;
    Ok(state(resource, &snapshot)?.at_commit(Some(commit)).unless(seen))
}

/// Reads a list of resources.
pub(super) async fn list(
    desk: &Desk,
    project: Uuid,
    at: &At,
    paging: &Paging,
    seen: &IfNoneMatch,
    all: impl Fn(&Snapshot) -> Vec<Resource>,
) -> Result<Answer, Problem> {
    let (commit, snapshot) = desk.bible(project, &at.reference()?).await?;
    let all = all(&snapshot);
    let page = paging.of(&all, cursor)?;
    let items: Vec<Value> = page.items.into_iter().filter_map(|resource| resource.represent(&snapshot)).collect();
    Ok(Answer::of(&Page { items, next_cursor: page.next_cursor })?.at_commit(Some(commit)).unless(seen))
}

/// The name of a resource in its list.
fn cursor(resource: &Resource) -> String {
    match resource {
        Resource::Named(_, slug) => slug.to_string(),
        Resource::Episode(at) | Resource::Scene(at) | Resource::Shot(at) => at.to_string(),
        other => other.to_string(),
    }
}

/// What came of an edit, as an answer.
fn edited(resource: &Resource, edited: &Edited) -> Result<Answer, Problem> {
    Ok(state(resource, &edited.snapshot)?.at_commit(edited.commit))
}

/// Makes a resource.
pub(super) async fn create(
    desk: &Desk,
    project: Uuid,
    resource: &Resource,
    on: &On,
    signed: Signed,
    value: Value,
    location: String,
) -> Result<Answer, Problem> {
    let made = desk.editor(project).await?.create(&on.intent(signed)?, resource, value).await?;
    Ok(edited(resource, &made)?.created(location))
}

/// Replaces the state of a resource.
pub(super) async fn replace(
    desk: &Desk,
    project: Uuid,
    resource: &Resource,
    on: &On,
    signed: Signed,
    against: &IfMatch,
    value: Value,
) -> Result<Answer, Problem> {
    let made = desk.editor(project).await?.replace(&on.intent(signed)?, resource, against.precondition(), value).await?;
    edited(resource, &made)
}

/// Changes a resource by a merge patch.
pub(super) async fn patch(
    desk: &Desk,
    project: Uuid,
    resource: &Resource,
    on: &On,
    signed: Signed,
    against: &IfMatch,
    patch: Value,
) -> Result<Answer, Problem> {
    let made = desk.editor(project).await?.patch(&on.intent(signed)?, resource, against.precondition(), patch).await?;
    edited(resource, &made)
}

/// Takes a resource away.
pub(super) async fn remove(
    desk: &Desk,
    project: Uuid,
    resource: &Resource,
    on: &On,
    signed: Signed,
    against: &IfMatch,
) -> Result<Answer, Problem> {
    let made: Result<Edited, EditError> = desk.editor(project).await?.remove(&on.intent(signed)?, resource, against.precondition()).await;
    Ok(Answer::done().at_commit(made?.commit))
}
