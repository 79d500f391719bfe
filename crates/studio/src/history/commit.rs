//! Making a commit: objects first, then the branch, so that a crash in between leaves the old head.

use std::collections::BTreeMap;
use std::sync::Arc;

use bible::Digest;
use bible::version::tree::{self, EditError, Listing};
use bible::version::{Author, Commit, CommitId, DocumentPath, Edit, Entry, Object, RefName, Snapshot};
use chrono::{DateTime, Utc};
use store::RefChange;

use super::refs::{HEAD, branch_ref};
use super::session::Session;
use super::{History, HistoryError};

/// Characters that a message may have.
pub(super) const LONGEST_MESSAGE: usize = 10_000;

/// Where a branch must be for a change to be made to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// At this commit; none for a branch without commits. Otherwise the change is refused.
    Head(Option<CommitId>),
    /// Wherever it is: the change goes on top. For edits that do not depend on what was there.
    Any,
}

/// What a commit makes of the bible.
#[derive(Debug, Clone)]
pub enum Change {
    /// The whole of it.
    Snapshot(Snapshot),
    /// Some documents.
    Edits(Vec<Edit>),
}

/// A commit that is to be made.
#[derive(Debug, Clone)]
pub struct NewCommit {
    /// On which branch; the current one when none is given.
    pub branch: Option<RefName>,
    /// Where that branch must be.
    pub expected: Expected,
    /// What changes.
    pub change: Change,
    /// Who.
    pub author: Author,
    /// Why.
    pub message: String,
    /// When; microseconds are kept.
    pub at: DateTime<Utc>,
}

/// A commit that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    /// Its id.
    pub id: CommitId,
    /// It.
    pub commit: Arc<Commit>,
    /// On which branch.
    pub branch: RefName,
}

/// How often a change that goes on top of anything is tried again when the branch moves meanwhile.
pub(super) const TRIES: usize = 32;

impl History {
    /// Makes a commit.
    ///
    /// # Errors
    /// [`HistoryError::Moved`] when the branch is not where it was expected, [`HistoryError::NothingToCommit`],
    /// [`HistoryError::Message`].
    pub async fn commit(&self, new: NewCommit) -> Result<Committed, HistoryError> {
        let message = message(&new.message)?;
        let current = self.head().await?;
        let branch = new.branch.unwrap_or(current.branch);
        let mut tries = 0;
        loop {
            let mut session = self.session();
            let found = self.branch_head(&branch).await?;
            if let Expected::Head(expected) = new.expected
                && expected != found
            {
                return Err(HistoryError::Moved { branch, expected, found });
            }
            let parent = match found {
                Some(id) => Some((id, session.read(|pool| pool.commit(id)).await?)),
                None => None,
            };
            let before = match &parent {
                Some((_, commit)) => commit.tree,
                None => session.empty_tree()?,
            };
            let tree = session.changed(before, &new.change).await?;
            if tree == before && parent.is_some() {
                return Err(HistoryError::NothingToCommit);
            }
            let parents = found.into_iter().collect();
            let (id, commit) = session.write_commit(tree, parents, new.author.clone(), message.clone(), new.at).await?;
            if self.advance(&branch, found, id, &commit, &new.author, new.at, "commit").await? {
                return Ok(Committed { id, commit, branch });
            }
            tries += 1;
            if tries >= TRIES || matches!(new.expected, Expected::Head(_)) {
                let now = self.branch_head(&branch).await?;
                return Err(HistoryError::Moved { branch, expected: found, found: now });
            }
        }
    }

    /// Moves a branch to a commit that is kept, from where it was seen. The first branch makes `HEAD` as well.
    #[expect(clippy::too_many_arguments, reason = "a move names what moves, from where, to where, who, when and why")]
    pub(super) async fn advance(
        &self,
        branch: &RefName,
        old: Option<CommitId>,
        id: CommitId,
        commit: &Commit,
        who: &Author,
        at: DateTime<Utc>,
        what: &str,
    ) -> Result<bool, HistoryError> {
        let mut changes = vec![RefChange { name: branch_ref(branch), old: old.map(|id| id.to_string()), new: Some(id.to_string()) }];
        if old.is_none() && self.store.bible_ref(self.project, HEAD).await?.is_none() {
            changes.push(RefChange { name: HEAD.to_owned(), old: None, new: Some(branch.to_string()) });
        }
        self.motion(changes, who, at, format!("{what}: {}", commit.subject()), "bible.committed").await
    }
}

/// A message without the space around it.
pub(super) fn message(text: &str) -> Result<String, HistoryError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_MESSAGE {
        return Err(HistoryError::Message);
    }
    Ok(text.to_owned())
}

impl Session<'_> {
    /// The tree that a change makes of another.
    async fn changed(&mut self, before: Digest, change: &Change) -> Result<Digest, HistoryError> {
        match change {
            Change::Snapshot(snapshot) => tree::write(snapshot, &mut self.pool).map_err(HistoryError::Json),
            Change::Edits(edits) => {
                let mut entries = BTreeMap::new();
                for edit in edits {
                    let entry = edit.document.as_ref().map(|document| Entry::write(document, &mut self.pool)).transpose();
                    entries.insert(edit.path.clone(), entry.map_err(HistoryError::Json)?);
                }
                self.edited(before, &entries).await
            }
        }
    }

    /// The tree with some entries replaced.
    pub(super) async fn edited(&mut self, before: Digest, entries: &BTreeMap<DocumentPath, Option<Entry>>) -> Result<Digest, HistoryError> {
        loop {
            match tree::edit(before, entries, &mut self.pool) {
                Ok(root) => return Ok(root),
                Err(EditError::Json(error)) => return Err(HistoryError::Json(error)),
                Err(EditError::Read(bible::version::ReadError::Missing(ids))) => self.load(ids).await?,
                Err(EditError::Read(error)) => return Err(HistoryError::of_read(error)),
            }
        }
    }

    /// The tree without documents: what the first commit is compared with.
    pub(super) fn empty_tree(&mut self) -> Result<Digest, HistoryError> {
        tree::write_listing(Listing::new(), &mut self.pool).map_err(HistoryError::Json)
    }

    /// Writes a commit and everything new that it names.
    pub(super) async fn write_commit(
        &mut self,
        tree: Digest,
        parents: Vec<CommitId>,
        author: Author,
        message: String,
        at: DateTime<Utc>,
    ) -> Result<(CommitId, Arc<Commit>), HistoryError> {
        let empty = self.empty_tree()?;
        let (generation, summary) = self
            .read(|pool| {
                let mut generation = 0;
                let mut first = None;
                for parent in &parents {
                    let parent = pool.commit(*parent)?;
                    generation = generation.max(parent.generation);
                    first = first.or(Some(parent.tree));
                }
                Ok((generation + 1, tree::summary(&tree::differences(first.unwrap_or(empty), tree, pool)?)))
            })
            .await?;
        let commit = Arc::new(Commit { tree, parents, generation, author, message, at: at.timestamp_micros(), summary });
        let id = self.pool.add(Object::Commit(Arc::clone(&commit))).map_err(HistoryError::Json)?;
        self.keep().await?;
        Ok((CommitId::new(id), commit))
    }
}
