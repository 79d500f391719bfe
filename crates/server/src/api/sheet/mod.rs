//! Signed character sheets.

pub(super) mod generate;
pub(super) mod review;
pub(super) mod validate;

use bible::{Slug, StoryTime};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use studio::sheet::{SheetAsked, SignedSheet};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Problem;

/// Which sheet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "project": "0197f3c2-7a10-7e31-8d55-1b2c3d4e5f60", "character": "mio", "look": "work" }))]
pub(crate) struct SheetRequest {
    /// The project.
    project: Uuid,
    /// The character.
    #[schema(value_type = String)]
    character: Slug,
    /// The look; the character's first when left out.
    #[schema(value_type = Option<String>)]
    look: Option<Slug>,
    /// Since which change of their arc, such as `S01E03`; before the first when left out.
    #[schema(value_type = Option<String>)]
    since: Option<StoryTime>,
}

impl SheetRequest {
    fn asked(&self) -> SheetAsked {
        SheetAsked { character: self.character.clone(), look: self.look.clone(), since: self.since }
    }
}

/// A sheet as it was signed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0197f3c2-7a10-7e31-8d55-1b2c3d4e5f60", "version": 1, "status": "accepted", "decided_by": "gate", "note": "", "drawn": 14,
    "sheet": {
        "character": "mio", "look": "work", "since": null,
        "slots": [{
            "slot": "front", "artifact": "0197f3c2-7a10-7e31-8d55-1b2c3d4e5f61", "status": "accepted", "score": 0.97,
            "checks": [{ "check": "pose", "outcome": "by_construction", "detail": "drawn from the pose `stand`, facing front" }]
        }],
        "missing": [], "canonical": ["front"],
        "pairs": [{ "one": "front", "other": "side", "score": 0.96, "parts": 7, "least": ["skin", 1.2], "copy": false }],
        "identity": { "outcome": "by_construction", "detail": "every picture is drawn from one figure of the bible" },
        "measures": ["colour-model@1"], "digest": "9a1b2c3d4e5f60718293a4b5c6d7e8f9012233445566778899aabbccddeeff00"
    }
}))]
pub(crate) struct SignedView {
    /// Its id.
    id: Uuid,
    /// Which version of the sheet, from 1.
    version: u32,
    /// accepted, needs_review or rejected.
    status: String,
    /// `gate`, or a person.
    decided_by: String,
    /// A person's note.
    note: String,
    /// Pictures that were drawn for it just now.
    drawn: usize,
    /// Its pictures with their checks, every two against each other, and the signature.
    #[schema(value_type = Object)]
    sheet: Value,
}

impl SignedView {
    fn of(signed: &SignedSheet) -> Result<Self, Problem> {
        Ok(Self {
            id: signed.id,
            version: signed.version,
            status: signed.status.word().to_owned(),
            decided_by: signed.decided_by.clone(),
            note: signed.note.clone(),
            drawn: signed.drawn,
            sheet: serde_json::to_value(&signed.sheet).map_err(|error| Problem::fault(&error, false))?,
        })
    }
}
