//! Projects: made, read, changed, deleted.

pub(super) mod create;
pub(super) mod list;
pub(super) mod patch;
pub(super) mod read;
pub(super) mod remove;
pub(super) mod replace;

use std::sync::Arc;

use bible::version::Snapshot;
use store::Project;
use studio::bible_edit::{Edited, Resource};

use crate::answer::Answer;
use crate::desk::Desk;
use crate::problem::Problem;

/// A project as it is shown.
fn shown(project: &Project, settings: &Arc<Snapshot>) -> Result<Answer, Problem> {
    super::resource::state(&Resource::Project(Box::new(project.clone())), settings)
}

/// A project after an edit of its settings.
async fn edited(desk: &Desk, project: &Project, edited: &Edited) -> Result<Answer, Problem> {
    let project = desk.studio.describe_project(project, edited).await?;
    Ok(shown(&project, &edited.snapshot)?.at_commit(edited.commit))
}

/// Edits go to the history, so there must be one.
async fn with_history(desk: &Desk, project: &Project) -> Result<(), Problem> {
    match desk.studio.history(project.id).head().await?.commit {
        Some(_) => Ok(()),
        None => Err(Problem::no_bible(
            "the project was produced from a folder that is in no history yet: commit it with `echo-studio bible commit`, and edit then",
        )),
    }
}
