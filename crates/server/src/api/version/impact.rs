//! What a change of the bible makes stale: between two versions, or of an edit that is not made yet.

use axum::extract::State;
use bible::version::Reference;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use studio::Plan;
use studio::bible_edit::{Editor, Resource};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::On;
use crate::answer::Answer;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::{Desk, reference};
use crate::extract::{MergePatch, Path, Query};
use crate::problem::Problem;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Between {
    /// The version before.
    #[param(example = "main")]
    base: String,
    /// The version after; the current branch when left out.
    #[param(example = "red-hair")]
    head: Option<String>,
}

/// Something that would be made again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "subject": "shot S01E01.01.002",
    "action": "draw",
    "frames": 60,
    "reasons": [{ "kind": "field", "path": "characters.mei.colour_model.hair.base", "before": "#2b2f4a", "after": "#7a2b3a" }]
}))]
pub(crate) struct StaleView {
    /// What.
    subject: String,
    /// draw, reuse (it was made before from the same recipe) or cut (an episode is joined again).
    #[schema(value_type = String)]
    action: Value,
    /// Frames of film, or 1 for a picture.
    frames: u64,
    /// Why: the fields that its recipe read, with their values.
    #[schema(value_type = Vec<Object>)]
    reasons: Vec<Value>,
}

/// What a change makes stale.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImpactView {
    /// What would be made again, in order.
    stale: Vec<StaleView>,
    /// How many pictures and episodes stay as they are.
    #[schema(example = 112)]
    unchanged: usize,
    /// What the show would no longer have.
    #[schema(example = json!(["shot S01E01.01.003"]))]
    removed: Vec<String>,
    /// Frames and pictures to draw.
    #[schema(example = 60)]
    frames: u64,
    /// Processor seconds, from what frames of this project took before; null while nothing was measured, and where the farm draws.
    #[schema(example = 14.2)]
    cpu_seconds: Option<f64>,
    /// GPU seconds; null where the farm draws.
    #[schema(example = 0.0)]
    gpu_seconds: Option<f64>,
    /// Money; null where the farm draws.
    #[schema(example = 0.0)]
    money: Option<f64>,
}

impl From<Plan> for ImpactView {
    fn from(plan: Plan) -> Self {
        Self {
            stale: plan
                .steps
                .iter()
                .map(|step| StaleView {
                    subject: step.subject.to_string(),
                    action: serde_json::to_value(step.action).unwrap_or_default(),
                    frames: step.frames,
                    reasons: step.reasons.iter().map(|reason| serde_json::to_value(reason).unwrap_or_default()).collect(),
                })
                .collect(),
            unchanged: plan.unchanged,
            removed: plan.removed,
            frames: plan.cost.frames,
            cpu_seconds: plan.cost.cpu_seconds,
            gpu_seconds: plan.cost.gpu_seconds,
            money: plan.cost.money,
        }
    }
}

/// What differs between two versions in pictures
///
/// Exact: a picture is stale when its recipe differs, and the reasons are the fields that its recipe read.
#[utoipa::path(get, path = "/api/anime/projects/{project}/bible/impact", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), Between, IfNoneMatchHeader),
    responses((status = 200, description = "What would be made again, why, and what it costs", body = ImpactView)))]
pub(crate) async fn impact(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(between): Query<Between>,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    let (_, before) = desk.bible(project, &reference("base", &between.base)?).await?;
    let (commit, after) = desk.bible(project, &reference("head", between.head.as_deref().unwrap_or("HEAD"))?).await?;
    let (before, after) = (desk.loaded(&before).await?, desk.loaded(&after).await?);
    let plan = desk.studio.impact(&before, &after).await?;
    Ok(Answer::of(&ImpactView::from(plan))?.at_commit(Some(commit)).unless(&seen))
}

/// What an edit would make stale, without making it
///
/// The edit is a merge patch of the whole bible, as `PATCH …/bible` takes it.
#[utoipa::path(post, path = "/api/anime/projects/{project}/bible/impact", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), On),
    request_body(content = crate::api::documents::Patch, content_type = "application/merge-patch+json",
        example = json!({ "characters": { "mei": { "colour_model": { "hair": { "base": "#7a2b3a" } } } } })),
    responses((status = 200, description = "What would be made again, why, and what it costs", body = ImpactView)))]
pub(crate) async fn impact_of_edit(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(on): Query<On>,
    MergePatch(patch): MergePatch,
) -> Result<Answer, Problem> {
    let editor: Editor = desk.editor(project).await?;
    let branch = on.branch()?.map_or_else(|| reference("branch", "HEAD"), |branch| Ok(Reference::from(branch)))?;
    let (commit, before) = editor.at(&branch).await?;
    let after = Editor::preview(&before, &Resource::Bible, patch, on.keeps_extra_fields()).await?;
    let (before, after) = (desk.loaded(&before).await?, desk.loaded(&after).await?);
    let plan = desk.studio.impact(&before, &after).await?;
    Ok(Answer::of(&ImpactView::from(plan))?.at_commit(Some(commit)))
}
