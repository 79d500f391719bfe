//! Artifacts and their verdicts.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use store::{Artifact, ArtifactFilter};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::paging::{Page, Paging};
use crate::api::picture::{Drawn, VerdictView};
use crate::desk::{Desk, store_fault};
use crate::extract::Path;
use crate::problem::Problem;

/// Something that was made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0197f3c2-7a10-7e31-8d55-1b2c3d4e5f60",
    "project": "0197f3c2-6f0b-7c55-9d7e-3f0a4f6f2d11",
    "subject": "sheet mio/work/front",
    "width": 1280,
    "height": 720,
    "frames": 1,
    "artifact": "0197f3c2-7a10-7e31-8d55-1b2c3d4e5f60",
    "pictures": [{ "name": "key.png", "media_type": "image/png", "url": "/api/anime/media/9a1b2c3d4e5f60718293a4b5c6d7e8f9012233445566778899aabbccddeeff00?type=image%2Fpng", "bytes": 48213 }],
    "clip_url": null,
    "maps": [],
    "verdict": {
        "status": "accepted", "score": 0.97, "gate": 0.85, "person": null, "gate_rule": "project", "decided_by": "gate", "note": "",
        "decided_at": "2026-05-04T09:30:02.000000Z", "reasons": [], "parts": []
    },
    "provenance": {
        "engine": "layout", "engine_version": "1", "recipe": "9a1b2c3d4e5f60718293a4b5c6d7e8f9012233445566778899aabbccddeeff00", "bible": "9a1b2c3d4e5f60718293a4b5c6d7e8f9012233445566778899aabbccddeeff00", "seed": null, "attempts": 1,
        "drawn_at": "2026-05-04T09:30:01.000000Z", "seconds": 0.4
    }
}))]
pub(crate) struct ArtifactView {
    id: Uuid,
    project: Uuid,
    /// What it was made for.
    #[schema(example = "shot S01E01.03.002")]
    subject: String,
    /// Pixels.
    width: u32,
    /// Pixels.
    height: u32,
    /// 1 for a picture.
    frames: u32,
    #[serde(flatten)]
    drawn: Drawn,
}

async fn view(desk: &Desk, artifact: Artifact) -> Result<ArtifactView, Problem> {
    let drawn = Drawn::of(desk, &artifact).await?;
    Ok(ArtifactView {
        id: artifact.id,
        project: artifact.project,
        width: artifact.width,
        height: artifact.height,
        frames: artifact.frames,
        subject: artifact.subject,
        drawn,
    })
}

/// Everything that was made for a project, also what it uses no more.
#[utoipa::path(get, path = "/api/anime/projects/{project}/artifacts", params(("project" = Uuid, Path, description = "The project's id"), Paging), responses(
    (status = 200, description = "A page of artifacts, the oldest first", body = Page<ArtifactView>),
    (status = 404, description = "There is no such project", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn artifacts(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    paging: Paging,
) -> Result<Json<Page<ArtifactView>>, Problem> {
    let project = desk.project(project).await?;
    let page = desk.studio.store.artifacts(project.id, ArtifactFilter::default(), paging.request()?).await.map_err(store_fault)?;
    let page = Page::from(page);
    let mut items = Vec::with_capacity(page.items.len());
    for artifact in page.items {
        items.push(view(&desk, artifact).await?);
    }
    Ok(Json(Page { items, next_cursor: page.next_cursor }))
}

async fn known(desk: &Desk, id: Uuid) -> Result<Artifact, Problem> {
    let found = desk.studio.store.artifact(id).await.map_err(store_fault)?;
    found.ok_or_else(|| Problem::not_found(format!("there is no artifact {id}")))
}

/// One artifact.
#[utoipa::path(get, path = "/api/anime/artifacts/{artifact}", params(("artifact" = Uuid, Path, description = "The artifact's id")), responses(
    (status = 200, description = "The artifact", body = ArtifactView),
    (status = 404, description = "There is no such artifact", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn artifact(State(desk): State<Desk>, Path(artifact): Path<Uuid>) -> Result<Json<ArtifactView>, Problem> {
    let artifact = known(&desk, artifact).await?;
    Ok(Json(view(&desk, artifact).await?))
}

/// Every verdict on an artifact.
#[utoipa::path(get, path = "/api/anime/artifacts/{artifact}/verdicts", params(("artifact" = Uuid, Path, description = "The artifact's id"), Paging), responses(
    (status = 200, description = "Verdicts, the newest (which counts) first", body = Page<VerdictView>),
    (status = 404, description = "There is no such artifact", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn verdicts(
    State(desk): State<Desk>,
    Path(artifact): Path<Uuid>,
    paging: Paging,
) -> Result<Json<Page<VerdictView>>, Problem> {
    let artifact = known(&desk, artifact).await?;
    let all = desk.studio.store.verdicts(artifact.id).await.map_err(store_fault)?;
    let page = paging.of(&all, |decision| decision.id.to_string())?;
    Ok(Json(Page { items: page.items.into_iter().map(VerdictView::from).collect(), next_cursor: page.next_cursor }))
}
