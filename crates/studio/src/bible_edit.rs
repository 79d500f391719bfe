//! Editing a bible document by document: each edit is one commit, and loses nobody else's.
//!
//! An edit names what it was made against by the [tag](Resource::tag) of the document, not by a commit. So edits of
//! different documents never refuse each other: when the branch moved in between, the edit is made again on top as
//! long as its own document is as it was seen. What an edit would break is said before anything is committed.
//!
//! ```no_run
//! # async fn example(studio: &studio::Studio, project: uuid::Uuid) -> Result<(), Box<dyn std::error::Error>> {
//! use studio::bible_edit::{EditQueue, Editor, Intent, Precondition, Resource};
//!
//! let editor = Editor::new(studio, project, &EditQueue::default());
//! let mei = Resource::character("mei".parse()?);
//! let (_, snapshot) = editor.at(&"HEAD".parse()?).await?;
//! let seen = mei.tag(&snapshot)?;
//! let intent = Intent::of(bible::version::Author::named("Rin"));
//! editor.patch(&intent, &mei, Precondition::Seen(vec![seen]), serde_json::json!({ "age": 16 })).await?;
//! # Ok(())
//! # }
//! ```

mod arrive;
mod check;
mod episode;
mod error;
mod project;
mod queue;
mod resource;
mod wording;
mod write;

pub use check::Violation;
pub use error::EditError;
pub use project::NewProject;
pub use queue::EditQueue;
pub use resource::Resource;

use std::sync::Arc;

use bible::resolve::merge_patch;
use bible::source::nearest;
use bible::version::{Author, CommitId, Edit, RefName, Reference, Snapshot};
use bible::{Digest, StoryTime};
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::history::{Change, Expected, History, HistoryError, NewCommit};
use crate::{Environment, Studio};

/// How often an edit is made again on top of a branch that moved.
const TRIES: usize = 64;

/// Who edits, where, and why.
#[derive(Debug, Clone)]
pub struct Intent {
    /// On which branch; the current one when none is given.
    pub branch: Option<RefName>,
    /// Who.
    pub author: Author,
    /// Why; what changed, in words, when nothing is given.
    pub message: Option<String>,
    /// Whether fields that the studio does not know may be added.
    pub extra_fields: bool,
}

impl Intent {
    /// An edit of the current branch by somebody.
    #[must_use]
    pub const fn of(author: Author) -> Self {
        Self { branch: None, author, message: None, extra_fields: false }
    }
}

/// What an edit was made against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// Whatever is there.
    Exists,
    /// What has one of these tags.
    Seen(Vec<Digest>),
}

/// What came of an edit.
#[derive(Debug, Clone)]
pub struct Edited {
    /// The branch.
    pub branch: RefName,
    /// Whether the branch is the current one.
    pub current: bool,
    /// Its last commit, with the edit.
    pub commit: Option<CommitId>,
    /// Whether there was anything to commit.
    pub changed: bool,
    /// When.
    pub at: DateTime<Utc>,
    /// The whole bible then.
    pub snapshot: Arc<Snapshot>,
}

/// What an edit makes of the bible that it finds.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) edits: Vec<Edit>,
    pub(crate) message: String,
}

/// Edits one project's bible.
#[derive(Debug, Clone)]
pub struct Editor {
    history: History,
    environment: Environment,
    queue: EditQueue,
}

impl Editor {
    /// An editor of a project that the store knows. Editors that share a queue take turns instead of colliding.
    #[must_use]
    pub fn new(studio: &Studio, project: Uuid, queue: &EditQueue) -> Self {
        Self { history: studio.history(project), environment: studio.environment, queue: queue.clone() }
    }

    /// The history that is edited.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// The whole bible as it was.
    ///
    /// # Errors
    /// [`EditError::History`].
    pub async fn at(&self, reference: &Reference) -> Result<(CommitId, Arc<Snapshot>), EditError> {
        let id = self.history.resolve(reference).await?;
        Ok((id, Arc::new(self.history.snapshot(id).await?)))
    }

    /// Makes something new.
    ///
    /// # Errors
    /// [`EditError::Taken`], [`EditError::Invalid`].
    pub async fn create(&self, intent: &Intent, resource: &Resource, value: Value) -> Result<Edited, EditError> {
        let (resource, extra) = (resource.clone(), intent.extra_fields);
        self.edit(intent, Some(resource.clone()), move |before| {
            if resource.is_taken(before) {
                return Err(EditError::Taken { what: resource.to_string() });
            }
            let edits = resource.created(before, value.clone(), extra)?;
            Ok(Draft { edits, message: wording::added(&resource) })
        })
        .await
    }

    /// Adds a shot behind those that the shot list lists for a scene.
    ///
    /// # Errors
    /// [`EditError::Unknown`], [`EditError::Invalid`].
    pub async fn append_shot(&self, intent: &Intent, scene: StoryTime, value: Value) -> Result<Edited, EditError> {
        let extra = intent.extra_fields;
        // What is wrong is seen from the place that the shot will have; only the edit itself knows which that is.
        self.edit(intent, Some(Resource::Scene(scene)), move |before| {
            let place = Resource::listed_shots(before, scene).and_then(|count| u16::try_from(count + 1).ok()).unwrap_or(1);
            let shot = Resource::Shot(scene.at_shot(place));
            Ok(Draft { edits: shot.created(before, value.clone(), extra)?, message: wording::added(&shot) })
        })
        .await
        .map_err(|error| error.below_last("/shots/"))
    }

    /// Replaces something by a new state of it.
    ///
    /// # Errors
    /// [`EditError::Unknown`], [`EditError::Stale`], [`EditError::Invalid`].
    pub async fn replace(
        &self,
        intent: &Intent,
        resource: &Resource,
        precondition: Precondition,
        value: Value,
    ) -> Result<Edited, EditError> {
        self.change(intent, resource, precondition, move |_| value.clone()).await
    }

    /// Changes something by a JSON Merge Patch (RFC 7396).
    ///
    /// # Errors
    /// As [`Editor::replace`].
    pub async fn patch(&self, intent: &Intent, resource: &Resource, precondition: Precondition, patch: Value) -> Result<Edited, EditError> {
        self.change(intent, resource, precondition, move |current| {
            let mut value = current.clone();
            merge_patch::apply(&mut value, &patch);
            value
        })
        .await
    }

    async fn change(
        &self,
        intent: &Intent,
        resource: &Resource,
        precondition: Precondition,
        new: impl Fn(&Value) -> Value + Send + Sync + 'static,
    ) -> Result<Edited, EditError> {
        let (resource, extra) = (resource.clone(), intent.extra_fields);
        self.edit(intent, Some(resource.clone()), move |before| {
            let current = resource.seen(before, &precondition)?;
            let new = new(&current);
            let message = wording::changed(&resource, &current, &new);
            Ok(Draft { edits: resource.replaced(before, &current, new, extra)?, message })
        })
        .await
    }

    /// What a merge patch would make of a bible, checked as an edit is, and not made.
    ///
    /// # Errors
    /// As [`Editor::patch`].
    pub async fn preview(before: &Arc<Snapshot>, resource: &Resource, patch: Value, extra_fields: bool) -> Result<Snapshot, EditError> {
        let (before, resource) = (Arc::clone(before), resource.clone());
        let work = tokio::task::spawn_blocking(move || {
            let previewed = resource.seen(&before, &Precondition::Exists).and_then(|current| {
                let mut new = current.clone();
                merge_patch::apply(&mut new, &patch);
                let edits = resource.replaced(&before, &current, new, extra_fields)?;
                let after = check::applied(&before, &edits);
                check::sound(&before, &after, &edits).map_err(EditError::Invalid)?;
                Ok(after)
            });
            previewed.map_err(|error| error.seen_from(Some(&resource), &before))
        });
        work.await.map_err(|error| EditError::Crashed { reason: error.to_string() })?
    }

    /// Takes something away.
    ///
    /// # Errors
    /// [`EditError::Unknown`], [`EditError::Stale`]; [`EditError::InUse`] when others refer to it.
    pub async fn remove(&self, intent: &Intent, resource: &Resource, precondition: Precondition) -> Result<Edited, EditError> {
        let gone = resource.clone();
        let edited = self.edit(intent, Some(gone.clone()), move |before| {
            gone.seen(before, &precondition)?;
            Ok(Draft { edits: gone.removed(before)?, message: wording::removed(&gone) })
        });
        edited.await.map_err(|error| match error {
            EditError::Invalid(uses) => EditError::InUse { what: resource.to_string(), uses },
            other => other,
        })
    }

    /// Makes an edit: one commit, or none when nothing changes. `decide` may be asked several times; what is wrong is
    /// said as seen from `resource`.
    pub(crate) async fn edit(
        &self,
        intent: &Intent,
        resource: Option<Resource>,
        decide: impl Fn(&Snapshot) -> Result<Draft, EditError> + Send + Sync + 'static,
    ) -> Result<Edited, EditError> {
        let decide = Arc::new(decide);
        let _turn = self.queue.turn(self.history.project()).await;
        let mut last = None;
        for _ in 0..TRIES {
            let (branch, current, head) = self.branch(intent.branch.as_ref()).await?;
            let before = Arc::new(match head {
                Some(head) => self.history.snapshot(head).await?,
                None => Snapshot::default(),
            });
            let (decided, seen, resource) = (Arc::clone(&decide), Arc::clone(&before), resource.clone());
            // Parsing a whole show takes a while; other requests go on meanwhile.
            let work = tokio::task::spawn_blocking(move || {
                let decided = decided(&seen).and_then(|draft| {
                    let after = check::applied(&seen, &draft.edits);
                    check::sound(&seen, &after, &draft.edits).map_err(EditError::Invalid)?;
                    Ok((draft, after))
                });
                decided.map_err(|error| error.seen_from(resource.as_ref(), &seen))
            });
            let (draft, after) = work.await.map_err(|error| EditError::Crashed { reason: error.to_string() })??;
            let at = (self.environment.now)();
            let made = |commit, changed, snapshot| Edited { branch: branch.clone(), current, commit, changed, at, snapshot };
            if draft.edits.is_empty() {
                return Ok(made(head, false, before));
            }
            let new = NewCommit {
                branch: Some(branch.clone()),
                expected: Expected::Head(head),
                change: Change::Edits(draft.edits),
                author: intent.author.clone(),
                message: intent.message.clone().unwrap_or(draft.message),
                at,
            };
            match self.history.commit(new).await {
                Ok(committed) => return Ok(made(Some(committed.id), true, Arc::new(after))),
                Err(HistoryError::NothingToCommit) => return Ok(made(head, false, before)),
                // Somebody else's commit came first: what this edit was made against is looked at again.
                Err(error @ HistoryError::Moved { .. }) => last = Some(error),
                Err(error) => return Err(error.into()),
            }
        }
        Err(last.map_or_else(|| EditError::Crashed { reason: "no try was made".to_owned() }, EditError::from))
    }

    /// The branch that is meant, whether it is the current one, and its last commit.
    async fn branch(&self, wanted: Option<&RefName>) -> Result<(RefName, bool, Option<CommitId>), EditError> {
        let head = self.history.head().await?;
        let Some(wanted) = wanted.filter(|wanted| **wanted != head.branch) else { return Ok((head.branch, true, head.commit)) };
        let branches = self.history.branches().await?;
        match branches.iter().find(|branch| branch.name == *wanted) {
            Some(branch) => Ok((branch.name.clone(), false, Some(branch.head))),
            None => {
                let names = branches.iter().map(|branch| branch.name.as_str());
                let nearest = nearest(wanted.as_str(), names).map(str::to_owned);
                Err(HistoryError::UnknownName { what: "branch", name: wanted.clone(), nearest }.into())
            }
        }
    }
}
