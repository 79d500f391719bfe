//! What every handler works with: the studio, and the shows it has read.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bible::version::{Author, CommitId, Reference, Snapshot};
use bible::{Digest, Project as ShowProject, StoryTime};
use serde_json::Value;
use store::Project;
use studio::bible_edit::{EditQueue, Editor};
use studio::folder::Folder;
use studio::{History, HistoryError, Show, Studio};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::problem::Problem;

/// Shows that are kept read.
const KEPT: usize = 4;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub(crate) studio: Studio,
    /// Whose edits are those that name nobody.
    pub(crate) author: Author,
    /// Folder for locks and half-finished work.
    pub(crate) data: PathBuf,
    pub(crate) cancel: CancellationToken,
    pub(crate) queue: EditQueue,
    shows: Arc<Mutex<Vec<(Digest, Arc<ShowProject>)>>>,
    /// Shows with the drawings that they bring.
    whole: Arc<Mutex<Vec<(Digest, Arc<Show>)>>>,
}

/// What a project says in one version.
pub(crate) struct Shown {
    pub(crate) show: Arc<ShowProject>,
    /// The commit that says so; none for a folder that was produced.
    pub(crate) commit: Option<CommitId>,
}

impl Shown {
    /// An episode of the show.
    pub(crate) fn episode(&self, at: &str) -> Result<&bible::story::Episode, Problem> {
        let at: StoryTime =
            at.parse().map_err(|error: bible::story_time::ParseStoryTimeError| Problem::parameter("episode", error.to_string()))?;
        let found = self.show.episodes.iter().find(|episode| episode.at == at);
        found.ok_or_else(|| Problem::not_found(format!("there is no episode {at} in this project")))
    }
}

impl Desk {
    pub(crate) fn new(studio: Studio, author: Author, data: PathBuf, cancel: CancellationToken) -> Self {
        Self { studio, author, data, cancel, queue: EditQueue::default(), shows: Arc::default(), whole: Arc::default() }
    }

    pub(crate) async fn project(&self, id: Uuid) -> Result<Project, Problem> {
        let found = self.studio.store.project(id).await.map_err(store_fault)?;
        found.ok_or_else(|| Problem::not_found(format!("there is no project {id}")))
    }

    /// The history of a project that is known.
    pub(crate) async fn history(&self, project: Uuid) -> Result<History, Problem> {
        Ok(self.studio.history(self.project(project).await?.id))
    }

    /// Edits a project that is known.
    pub(crate) async fn editor(&self, project: Uuid) -> Result<Editor, Problem> {
        Ok(Editor::new(&self.studio, self.project(project).await?.id, &self.queue))
    }

    /// The whole bible at a version.
    pub(crate) async fn bible(&self, project: Uuid, at: &Reference) -> Result<(CommitId, Arc<Snapshot>), Problem> {
        Ok(self.editor(project).await?.at(at).await?)
    }

    /// A project and what it says: at a version, or as it was last produced or committed, whichever is newer.
    pub(crate) async fn shown(&self, id: Uuid, at: Option<&Reference>) -> Result<Shown, Problem> {
        let project = self.project(id).await?;
        let history = self.studio.history(id);
        let commit = match at {
            Some(at) => Some(history.resolve(at).await?),
            None => self.newer_commit(&project, &history).await?,
        };
        let show = match commit {
            Some(commit) => self.committed(&history, commit).await?,
            None => self.produced(project.bible).await?,
        };
        Ok(Shown { show, commit })
    }

    /// A project with the drawings that it brings: as it was last committed or produced, whichever is newer. What was
    /// produced from a folder that is in no history comes without its own drawings, for only the folder has them.
    pub(crate) async fn whole_show(&self, id: Uuid) -> Result<Show, Problem> {
        let project = self.project(id).await?;
        let history = self.studio.history(id);
        match self.newer_commit(&project, &history).await? {
            Some(commit) => self.loaded(&history.snapshot(commit).await?).await,
            None => Ok(Show::of_project(Folder::default(), self.produced(project.bible).await?.as_ref().clone(), Vec::new())?),
        }
    }

    /// As [`Desk::whole_show`], kept between requests.
    pub(crate) async fn show_to_search(&self, id: Uuid) -> Result<Arc<Show>, Problem> {
        let project = self.project(id).await?;
        let history = self.studio.history(id);
        let commit = self.newer_commit(&project, &history).await?;
        let version = match commit {
            Some(commit) => history.commit_of(commit).await?.tree,
            None => project.bible,
        };
        let lock = || self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(show) = lock().iter().find(|(known, _)| *known == version).map(|(_, show)| Arc::clone(show)) {
            return Ok(show);
        }
        let show = Arc::new(self.whole_show(id).await?);
        let mut whole = lock();
        if whole.len() >= KEPT {
            whole.remove(0);
        }
        whole.push((version, Arc::clone(&show)));
        Ok(show)
    }

    /// The settings of a project as they are written, or as they were produced.
    pub(crate) async fn settings(&self, project: &Project) -> Result<Arc<Snapshot>, Problem> {
        let history = self.studio.history(project.id);
        if let Some(commit) = self.newer_commit(project, &history).await? {
            return Ok(Arc::new(history.snapshot(commit).await?));
        }
        let show = self.produced(project.bible).await?;
        let settings: Value = serde_json::to_value(&show.settings).map_err(|error| Problem::fault(&error, false))?;
        let document = bible::version::Document::of_value(settings);
        Ok(Arc::new(Snapshot::from_iter([(bible::version::DocumentPath::of_file("project.yaml"), document)])))
    }

    /// The last commit of the current branch, unless a folder was produced since.
    async fn newer_commit(&self, project: &Project, history: &History) -> Result<Option<CommitId>, Problem> {
        let Some(id) = history.head().await?.commit else { return Ok(None) };
        let commit = history.commit_of(id).await?;
        Ok((commit.at >= project.updated_at.timestamp_micros()).then_some(id))
    }

    async fn committed(&self, history: &History, id: CommitId) -> Result<Arc<ShowProject>, Problem> {
        let tree = history.commit_of(id).await?.tree;
        if let Some(show) = self.kept(tree) {
            return Ok(show);
        }
        let snapshot = history.snapshot(id).await?;
        let show = self.loaded(&snapshot).await?;
        self.keep(tree, &show.project);
        Ok(show.project)
    }

    /// The show that a bible comes to. It takes a while, so it is done beside the other requests.
    pub(crate) async fn loaded(&self, snapshot: &Snapshot) -> Result<Show, Problem> {
        let folder = Folder {
            path: PathBuf::new(),
            source: snapshot.to_source(),
            drawings: snapshot.files().map(|(path, bytes)| (path, bytes.to_vec())).collect(),
        };
        let work = tokio::task::spawn_blocking(move || Show::of_folder(folder)).await;
        Ok(work.map_err(|error| Problem::fault(&error, false))??)
    }

    async fn produced(&self, version: Digest) -> Result<Arc<ShowProject>, Problem> {
        if let Some(show) = self.kept(version) {
            return Ok(show);
        }
        let bytes = self.studio.blobs.get(version).await.map_err(|error| Problem::fault(&error, error.retryable()))?;
        let show: Arc<ShowProject> = Arc::new(serde_json::from_slice(&bytes).map_err(|error| Problem::fault(&error, false))?);
        self.keep(version, &show);
        Ok(show)
    }

    fn kept(&self, version: Digest) -> Option<Arc<ShowProject>> {
        let shows = self.shows.lock().unwrap_or_else(PoisonError::into_inner);
        shows.iter().find(|(digest, _)| *digest == version).map(|(_, show)| Arc::clone(show))
    }

    fn keep(&self, version: Digest, show: &Arc<ShowProject>) {
        let mut kept = self.shows.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((version, Arc::clone(show)));
    }
}

/// A branch, tag or commit as a parameter names it.
pub(crate) fn reference(name: &str, text: &str) -> Result<Reference, Problem> {
    text.parse().map_err(|error: bible::version::ParseReferenceError| {
        let error = HistoryError::Reference(error);
        Problem::parameter(name, error.to_string())
    })
}

/// A fault of the store.
#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
pub(crate) fn store_fault(error: store::StoreError) -> Problem {
    Problem::fault(&error, error.retryable())
}
