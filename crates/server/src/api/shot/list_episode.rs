//! Shots of an episode, with what they were drawn as.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use studio::Subject;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::paging::{Page, Paging};
use crate::api::picture::Drawn;
use crate::api::version::At;
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// A line of dialogue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LineView {
    speaker: String,
    text: String,
}

/// A shot.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "subject": "shot S01E01.03.002",
    "at": "S01E01.03.002",
    "heading": "EXT. LANTERN ROAD - NIGHT",
    "framing": "medium",
    "angle": "eye-level",
    "camera": "static",
    "frames": 48,
    "cast": ["Mio"],
    "action": "Mio lifts a lantern.",
    "lines": [{ "speaker": "Mio", "text": "Ready?" }]
}))]
pub(crate) struct ShotView {
    /// Its name on the command line.
    #[schema(example = "shot S01E01.03.002")]
    subject: String,
    #[schema(example = "S01E01.03.002")]
    at: String,
    /// The heading of its scene.
    heading: String,
    framing: &'static str,
    angle: &'static str,
    camera: &'static str,
    frames: u32,
    cast: Vec<String>,
    action: String,
    lines: Vec<LineView>,
    /// What it was drawn as; its fields are those of an artifact, and absent while nothing is drawn.
    #[serde(flatten)]
    drawn: Option<Drawn>,
    /// What was drawn between its key pictures, with a verdict of its own; absent while nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    film: Option<Drawn>,
}

/// Shots of an episode.
#[utoipa::path(get, path = "/api/anime/projects/{project}/episodes/{episode}/shots",
    params(("project" = Uuid, Path, description = "The project's id"), ("episode" = String, Path, description = "Season and episode", example = "S01E01"), At, Paging),
    responses(
        (status = 200, description = "A page of shots in the order of the story", body = Page<ShotView>),
        (status = 404, description = "There is no such episode", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn shots(
    State(desk): State<Desk>,
    Path((project, episode)): Path<(Uuid, String)>,
    Query(at): Query<At>,
    paging: Paging,
) -> Result<Json<Page<ShotView>>, Problem> {
    let shown = desk.shown(project, at.asked()?.as_ref()).await?;
    let episode = shown.episode(&episode)?;
    let all: Vec<_> = episode.shots().collect();
    let page = paging.of(&all, |(_, shot)| shot.at.to_string())?;
    let of_a_shot = |subject: &str| subject.starts_with("shot ") || subject.starts_with("film ");
    let mut drawn = Drawn::by_subject(&desk, project, of_a_shot).await?;
    let name =
        |slug: &bible::Slug| shown.show.bible.characters.get(slug).map_or_else(|| slug.to_string(), |character| character.name.clone());
    let items = page
        .items
        .into_iter()
        .map(|(scene, shot)| {
            let subject = Subject::Shot(shot.at).to_string();
            ShotView {
                drawn: drawn.remove(&subject),
                film: drawn.remove(&Subject::Film(shot.at).to_string()),
                subject,
                at: shot.at.to_string(),
                heading: scene.heading.clone(),
                framing: shot.framing.word(),
                angle: shot.angle.word(),
                camera: shot.camera.kind.word(),
                frames: shot.frames,
                cast: shot.cast.iter().map(|member| name(&member.character)).collect(),
                action: shot.action.clone(),
                lines: shot.lines.iter().map(|line| LineView { speaker: name(&line.character), text: line.text.clone() }).collect(),
            }
        })
        .collect();
    Ok(Json(Page { items, next_cursor: page.next_cursor }))
}
