//! A character over the story: as they are at a point of it, their timeline, and what they are to another.

pub(super) mod relationship;
pub(super) mod resolve;
pub(super) mod timeline;

use bible::character::ArcEntry;
use bible::resolve::{Origin, Timeline};
use bible::source::nearest;
use bible::{Character, Slug};
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::Shown;
use crate::problem::Problem;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({ "from": "arc", "entry": 0, "at": "S01E02" }))]
pub(crate) struct OriginView {
    /// base (as first described), arc (an entry of the arc) or shot (the question's own look).
    from: &'static str,
    /// Which entry of the arc, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<usize>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
}

impl OriginView {
    fn of(origin: Origin, arc: &[ArcEntry]) -> Self {
        match origin {
            Origin::Base => Self { from: "base", entry: None, at: None },
            Origin::Arc(entry) => Self { from: "arc", entry: Some(entry), at: arc.get(entry).map(|entry| entry.at.to_string()) },
            Origin::Shot => Self { from: "shot", entry: None, at: None },
        }
    }
}

/// A member of the cast.
fn member<'a>(shown: &'a Shown, slug: &Slug) -> Result<&'a Character, Problem> {
    let cast = &shown.show.bible.characters;
    cast.get(slug).ok_or_else(|| {
        let near = nearest(slug.as_str(), cast.keys().map(Slug::as_str)).map(|near| format!("; did you mean `{near}`?"));
        Problem::not_found(format!("there is no character {slug}{}", near.unwrap_or_default()))
    })
}

/// A member of the cast with their timeline.
fn timeline<'a>(shown: &'a Shown, slug: &Slug) -> Result<(&'a Character, Timeline), Problem> {
    let character = member(shown, slug)?;
    let timeline = Timeline::of(slug, character).map_err(|error| Problem::unsound_bible(error.to_string()))?;
    Ok((character, timeline))
}
