//! Episodes of a project, with their newest cut.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use store::Cut;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::paging::{Page, Paging};
use crate::api::picture::{FileLink, media_url};
use crate::api::version::At;
use crate::desk::{Desk, store_fault};
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// An episode.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "at": "S01E01",
    "title": "The first lantern",
    "scenes": 3,
    "shots": 14,
    "frames": 1180,
    "frame_rate": "24",
    "duration_seconds": 49.2,
    "poster_url": null,
    "files": [{ "name": "lantern-road-S01E01.mp4", "media_type": "video/mp4", "url": "/api/anime/media/9a1b2c3d4e5f60718293a4b5c6d7e8f9012233445566778899aabbccddeeff00?type=video%2Fmp4", "bytes": 7340032 }]
}))]
pub(crate) struct EpisodeView {
    #[schema(example = "S01E01")]
    at: String,
    title: String,
    scenes: usize,
    shots: usize,
    frames: u64,
    /// Frames a second, exact: `24` or `24000/1001`.
    #[schema(example = "24")]
    frame_rate: String,
    duration_seconds: f64,
    /// A picture to show before it plays; null while nothing is cut.
    poster_url: Option<String>,
    /// Film, subtitles, contact sheet, report; empty while nothing is cut.
    files: Vec<FileLink>,
}

/// Episodes of a project.
#[utoipa::path(get, path = "/api/anime/projects/{project}/episodes", params(("project" = Uuid, Path, description = "The project's id"), At, Paging), responses(
    (status = 200, description = "A page of episodes in the order of the story", body = Page<EpisodeView>),
    (status = 404, description = "There is no such project", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn episodes(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(at): Query<At>,
    paging: Paging,
) -> Result<Json<Page<EpisodeView>>, Problem> {
    let shown = desk.shown(project, at.asked()?.as_ref()).await?;
    let cuts = desk.studio.store.latest_cuts(project).await.map_err(store_fault)?;
    let page = paging.of(&shown.show.episodes, |episode| episode.at.to_string())?;
    let rate = shown.show.settings.frame_rate;
    let view = |episode: &bible::story::Episode| {
        let cut: Option<&Cut> = cuts.iter().find(|cut| cut.episode == episode.at);
        let files = cut.map(|cut| cut.files.as_slice()).unwrap_or_default();
        let frames = cut.map_or_else(|| episode.frames(), |cut| cut.frames);
        EpisodeView {
            at: episode.at.to_string(),
            title: episode.title.clone(),
            scenes: episode.scenes.len(),
            shots: episode.shots().count(),
            frames,
            frame_rate: rate.to_string(),
            duration_seconds: rate.seconds(frames),
            poster_url: files.iter().find(|file| file.name.starts_with("poster")).map(media_url),
            files: files.iter().filter(|file| !file.name.starts_with("poster")).map(FileLink::from).collect(),
        }
    };
    Ok(Json(Page { items: page.items.into_iter().map(view).collect(), next_cursor: page.next_cursor }))
}
