//! What merge, cherry-pick and revert have in common: where the change lands, its conflicts, and what came of it.

use std::collections::BTreeMap;

use bible::version::{Choice, Conflict, DocumentPath, document_name, pointer_of};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use studio::History;
use studio::history::{Arriving, Expected, Onto, Outcome};
use utoipa::ToSchema;
use uuid::Uuid;

use super::On;
use super::view::{CommitView, commit_at, reference_at};
use crate::answer::Answer;
use crate::author::Signed;
use crate::desk::Desk;
use crate::problem::{ConflictView, Problem};

/// Where a change lands.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Landing {
    /// Where the branch must be: its commit when it was looked at. Wherever it is, when left out.
    #[serde(default)]
    pub(super) expected_head: Option<String>,
    /// How conflicts are resolved, by their `path`: `"ours"`, `"theirs"`, or `{"value": …}` with another value (null
    /// takes the place away).
    #[serde(default)]
    #[schema(value_type = Object)]
    pub(super) resolutions: BTreeMap<String, Choice>,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "outcome": "committed",
    "branch": "main",
    "head": "5f0f1c9ad5b0b6f7f6d2ad2c1d3a2b6c4e8f90a1b2c3d4e5f60718293a4b5c6d"
}))]
pub(crate) struct LandedView {
    /// committed, fast_forward (the branch had nothing of its own) or up_to_date (it had all of it).
    outcome: &'static str,
    /// The branch.
    branch: String,
    /// Where it is now.
    head: String,
    /// The commit that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<CommitView>,
}

/// The change as the history takes it.
pub(super) async fn onto(desk: &Desk, history: &History, on: &On, signed: Signed, landing: Landing) -> Result<Onto, Problem> {
    let expected = match &landing.expected_head {
        Some(text) => Expected::Head(Some(commit_at(history, "/expected_head", text).await?)),
        None => Expected::Any,
    };
    Ok(Onto {
        branch: on.branch()?,
        expected,
        resolutions: landing.resolutions,
        author: signed.author,
        message: signed.message,
        at: (desk.studio.environment.now)(),
    })
}

/// Lands what a commit did, or takes it back.
pub(super) async fn replay(
    desk: &Desk,
    project: Uuid,
    on: &On,
    signed: Signed,
    landing: Landing,
    commit: &str,
    arriving: Arriving,
) -> Result<Answer, Problem> {
    let history = desk.history(project).await?;
    let onto = onto(desk, &history, on, signed, landing).await?;
    let branch = onto.branch.as_ref().map(ToString::to_string);
    let commit = reference_at("/commit", commit)?;
    let outcome = desk.editor(project).await?.arrive(&commit, arriving, onto, true).await?;
    landed(&history, branch.as_deref(), outcome).await
}

/// What came of it, as an answer.
pub(super) async fn landed(history: &History, branch: Option<&str>, outcome: Outcome) -> Result<Answer, Problem> {
    let view = match outcome {
        Outcome::UpToDate { branch, head } => {
            LandedView { outcome: "up_to_date", branch: branch.to_string(), head: head.to_string(), commit: None }
        }
        Outcome::FastForward { branch, to, .. } => {
            LandedView { outcome: "fast_forward", branch: branch.to_string(), head: to.to_string(), commit: None }
        }
        Outcome::Committed(made) => LandedView {
            outcome: "committed",
            branch: made.branch.to_string(),
            head: made.id.to_string(),
            commit: Some(CommitView::of(made.id, &made.commit)),
        },
        Outcome::Conflicts(conflicts) => return Err(conflicting(history, branch, conflicts).await?),
    };
    let head = view.head.parse().ok();
    Ok(Answer::of(&view)?.at_commit(head))
}

/// The conflicts as a problem, each with its place.
async fn conflicting(history: &History, branch: Option<&str>, conflicts: Vec<Conflict>) -> Result<Problem, Problem> {
    let head = history.resolve(&crate::desk::reference("branch", branch.unwrap_or("HEAD"))?).await?;
    let mut views = Vec::with_capacity(conflicts.len());
    for conflict in conflicts {
        let document = DocumentPath::of_file(&conflict.file);
        let rest = conflict.path.strip_prefix(&document_name(&conflict.file)).unwrap_or_default();
        let ours = history.document(head, &document).await?;
        let pointer = match rest.strip_prefix('.') {
            Some(field) => pointer_of(ours.as_ref().and_then(|document| document.value()), field),
            // The whole document, or a line of it.
            None => String::new(),
        };
        views.push(ConflictView {
            pointer,
            document: document.to_string(),
            kind: serde_json::to_value(conflict.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default(),
            path: conflict.path,
            base: conflict.base.unwrap_or(Value::Null),
            ours: conflict.ours.unwrap_or(Value::Null),
            theirs: conflict.theirs.unwrap_or(Value::Null),
        });
    }
    let detail = format!("{} place(s) cannot both be right: choose for each of them, and send `resolutions`", views.len());
    Ok(Problem { conflicts: views, head: Some(head.to_string()), ..Problem::merge_conflict(detail) })
}

/// Changes from elsewhere land one after the other.
pub(super) async fn turn(desk: &Desk, project: Uuid) -> impl Drop + use<> {
    desk.queue.turn(project).await
}
