//! Character sheets of a project.

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

/// A picture of a character sheet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "subject": "sheet mio/work/front",
    "character": "mio",
    "look": "Mio, work",
    "slot": "front",
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
pub(crate) struct SheetView {
    #[schema(example = "sheet mio/work/front")]
    subject: String,
    #[schema(example = "mio")]
    character: String,
    /// Character, look, and since when where the arc changed what is drawn.
    #[schema(example = "Mio, work")]
    look: String,
    /// The pose or expression.
    #[schema(example = "front")]
    slot: String,
    #[serde(flatten)]
    drawn: Drawn,
}

/// Character sheets of a project.
#[utoipa::path(get, path = "/api/anime/projects/{project}/sheets", params(("project" = Uuid, Path, description = "The project's id"), At, Paging), responses(
    (status = 200, description = "A page of sheet pictures, look by look", body = Page<SheetView>),
    (status = 404, description = "There is no such project", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn sheets(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(at): Query<At>,
    paging: Paging,
) -> Result<Json<Page<SheetView>>, Problem> {
    let shown = desk.shown(project, at.asked()?.as_ref()).await?;
    let mut drawn = Drawn::by_subject(&desk, project, |subject| subject.starts_with("sheet ")).await?;
    let mut subjects: Vec<Subject> = drawn.keys().filter_map(|name| name.parse().ok()).collect();
    subjects.sort();
    let page = paging.of(&subjects, ToString::to_string)?;
    let mut items = Vec::with_capacity(page.items.len());
    for subject in page.items {
        let name = subject.to_string();
        let (Subject::Sheet { character, look, since, slot }, Some(drawn)) = (subject, drawn.remove(&name)) else { continue };
        let who = shown.show.bible.characters.get(character).map_or_else(|| character.to_string(), |known| known.name.clone());
        items.push(SheetView {
            subject: name,
            character: character.to_string(),
            look: match since {
                Some(since) => format!("{who}, {look}, from {since}"),
                None => format!("{who}, {look}"),
            },
            slot: slot.to_string(),
            drawn,
        });
    }
    Ok(Json(Page { items, next_cursor: page.next_cursor }))
}
