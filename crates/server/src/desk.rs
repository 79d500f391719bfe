//! What every handler works with: the studio, and the shows it has read.

use std::sync::{Arc, Mutex, PoisonError};

use bible::{Digest, Project as ShowProject, StoryTime};
use store::Project;
use studio::Studio;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::problem::Problem;

/// Shows that are kept read.
const KEPT: usize = 4;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub(crate) studio: Studio,
    pub(crate) cancel: CancellationToken,
    shows: Arc<Mutex<Vec<(Digest, Arc<ShowProject>)>>>,
}

/// A project with what its newest produced version says.
pub(crate) struct Shown {
    pub(crate) project: Project,
    pub(crate) show: Arc<ShowProject>,
}

impl Shown {
    /// An episode of the show.
    pub(crate) fn episode(&self, at: &str) -> Result<&bible::story::Episode, Problem> {
        let at: StoryTime =
            at.parse().map_err(|error: bible::story_time::ParseStoryTimeError| Problem::invalid_request(error.to_string()))?;
        let found = self.show.episodes.iter().find(|episode| episode.at == at);
        found.ok_or_else(|| Problem::not_found(format!("there is no episode {at} in this project")))
    }
}

impl Desk {
    pub(crate) fn new(studio: Studio, cancel: CancellationToken) -> Self {
        Self { studio, cancel, shows: Arc::default() }
    }

    pub(crate) async fn project(&self, id: Uuid) -> Result<Project, Problem> {
        let found = self.studio.store.project(id).await.map_err(store_fault)?;
        found.ok_or_else(|| Problem::not_found(format!("there is no project {id}")))
    }

    /// A project and what it says.
    pub(crate) async fn shown(&self, id: Uuid) -> Result<Shown, Problem> {
        let project = self.project(id).await?;
        let version = project.bible;
        let known = self.kept().iter().find(|(digest, _)| *digest == version).map(|(_, show)| Arc::clone(show));
        if let Some(show) = known {
            return Ok(Shown { project, show });
        }
        let bytes = self.studio.blobs.get(version).await.map_err(|error| Problem::fault(&error, error.retryable()))?;
        let show: Arc<ShowProject> = Arc::new(serde_json::from_slice(&bytes).map_err(|error| Problem::fault(&error, false))?);
        let mut kept = self.kept();
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((version, Arc::clone(&show)));
        Ok(Shown { project, show })
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<(Digest, Arc<ShowProject>)>> {
        self.shows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fault of the store.
#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
pub(crate) fn store_fault(error: store::StoreError) -> Problem {
    Problem::fault(&error, error.retryable())
}
