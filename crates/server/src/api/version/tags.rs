//! Tags: listed, made, read, moved, deleted.

pub(in crate::api) mod create;
pub(in crate::api) mod list;
pub(in crate::api) mod patch;
pub(in crate::api) mod read;
pub(in crate::api) mod remove;

use bible::source::nearest;
use bible::version::RefName;
use studio::history::TagEntry;
use studio::{History, HistoryError};

use super::view::{TagView, name};
use crate::answer::Answer;
use crate::problem::Problem;

/// A tag by the name in a path.
async fn known(history: &History, text: &str) -> Result<TagEntry, Problem> {
    let name: RefName = name(text, |detail| Problem::parameter("tag", detail))?;
    let mut tags = history.tags().await?;
    match tags.iter().position(|tag| tag.name == name) {
        Some(place) => Ok(tags.swap_remove(place)),
        None => {
            let nearest = nearest(name.as_str(), tags.iter().map(|tag| tag.name.as_str())).map(str::to_owned);
            Err(HistoryError::UnknownName { what: "tag", name, nearest }.into())
        }
    }
}

fn shown(tag: &TagEntry) -> Result<Answer, Problem> {
    Ok(Answer::of(&TagView::from(tag))?.at_commit(Some(tag.target)))
}
