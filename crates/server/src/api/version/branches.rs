//! Branches: listed, made, read, moved, deleted.

pub(in crate::api) mod create;
pub(in crate::api) mod list;
pub(in crate::api) mod patch;
pub(in crate::api) mod read;
pub(in crate::api) mod remove;

use bible::source::nearest;
use bible::version::RefName;
use studio::history::Branch;
use studio::{History, HistoryError};

use super::view::{BranchView, name};
use crate::answer::Answer;
use crate::problem::Problem;

/// A branch by the name in a path.
async fn known(history: &History, text: &str) -> Result<Branch, Problem> {
    let name: RefName = name(text, |detail| Problem::parameter("branch", detail))?;
    let mut branches = history.branches().await?;
    match branches.iter().position(|branch| branch.name == name) {
        Some(place) => Ok(branches.swap_remove(place)),
        None => {
            let nearest = nearest(name.as_str(), branches.iter().map(|branch| branch.name.as_str())).map(str::to_owned);
            Err(HistoryError::UnknownName { what: "branch", name, nearest }.into())
        }
    }
}

fn shown(branch: &Branch) -> Result<Answer, Problem> {
    Ok(Answer::of(&BranchView::from(branch))?.at_commit(Some(branch.head)))
}
