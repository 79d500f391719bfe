//! Changes that come from elsewhere in a history: merge, cherry-pick, revert.

use std::sync::Arc;

use bible::Digest;
use bible::version::{Author, Commit, CommitId, Conflict, RefName, Reference, Resolutions};
use chrono::{DateTime, Utc};

use super::commit::{TRIES, message};
use super::session::Session;
use super::{Committed, Expected, History, HistoryError};

/// Where a change from elsewhere lands, and how.
#[derive(Debug, Clone)]
pub struct Onto {
    /// On which branch; the current one when none is given.
    pub branch: Option<RefName>,
    /// Where that branch must be.
    pub expected: Expected,
    /// How conflicts are resolved.
    pub resolutions: Resolutions,
    /// Who does it.
    pub author: Author,
    /// Why; a sentence that says what was done when none is given.
    pub message: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// What came of a merge, a cherry-pick or a revert.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The branch has all of it already.
    UpToDate {
        /// Which branch.
        branch: RefName,
        /// Where it is.
        head: CommitId,
    },
    /// The branch had nothing of its own and stands where the other does now.
    FastForward {
        /// Which branch.
        branch: RefName,
        /// Where it was.
        from: CommitId,
        /// Where it is.
        to: CommitId,
    },
    /// It is a commit.
    Committed(Committed),
    /// Nothing was changed: these are to be resolved first.
    Conflicts(Vec<Conflict>),
}

impl History {
    /// Merges a branch, tag or commit into a branch, field by field.
    ///
    /// A branch without work of its own goes ahead to the other, unless `always_commit`.
    ///
    /// # Errors
    /// [`HistoryError::Moved`], [`HistoryError::NoSuchConflict`], [`HistoryError::Resolution`], and those of
    /// [`History::resolve`].
    pub async fn merge(&self, theirs: &Reference, onto: Onto, always_commit: bool) -> Result<Outcome, HistoryError> {
        let source = self.resolve(theirs).await?;
        let mut tries = 0;
        loop {
            let (branch, head) = self.landing(&onto).await?;
            let mut session = self.session();
            let bases = session.bases_of(head, source).await?;
            if bases == [source] {
                return Ok(Outcome::UpToDate { branch, head });
            }
            if !always_commit && bases == [head] {
                let commit = session.read(|pool| pool.commit(source)).await?;
                if self.advance(&branch, Some(head), source, &commit, &onto.author, onto.at, "merge, ahead").await? {
                    return Ok(Outcome::FastForward { branch, from: head, to: source });
                }
            } else {
                let base = session.tree_of(&bases).await?;
                let (ours, their_tree) = session.read(|pool| Ok((pool.commit(head)?.tree, pool.commit(source)?.tree))).await?;
                let joined = session.three_way(base, ours, their_tree, &onto.resolutions).await?;
                if !joined.conflicts.is_empty() {
                    return Ok(Outcome::Conflicts(joined.conflicts));
                }
                let said = onto.message.clone().unwrap_or_else(|| format!("Merge {theirs} into {branch}"));
                let made = session.land(&branch, head, &[source], joined.tree, &onto.author, &said, &onto, "merge").await?;
                if let Some(made) = made {
                    return Ok(Outcome::Committed(made));
                }
            }
            self.again(&mut tries, &onto, &branch, head).await?;
        }
    }

    /// Takes back what a commit did. Of a merge, `parent` says which side stays: 1 for the branch that was merged into.
    ///
    /// # Errors
    /// [`HistoryError::NothingToCommit`] when it was taken back before, [`HistoryError::NoAncestor`] for a parent that
    /// is not there, [`HistoryError::Parent`] for a merge without one, and those of [`History::merge`].
    pub async fn revert(&self, commit: &Reference, parent: Option<u32>, onto: Onto) -> Result<Outcome, HistoryError> {
        let id = self.resolve(commit).await?;
        let mut session = self.session();
        let (undone, before) = session.with_parent(id, parent).await?;
        let said = format!("Revert \"{}\"\n\nThis takes back {id}.", undone.subject());
        let author = onto.author.clone();
        self.replay(undone.tree, before, onto, said, author, "revert").await
    }

    /// Does again on a branch what a commit did elsewhere. Its author stays who it was. Of a merge, `parent` says
    /// against which side.
    ///
    /// # Errors
    /// As [`History::revert`].
    pub async fn cherry_pick(&self, commit: &Reference, parent: Option<u32>, onto: Onto) -> Result<Outcome, HistoryError> {
        let id = self.resolve(commit).await?;
        let mut session = self.session();
        let (picked, before) = session.with_parent(id, parent).await?;
        let said = format!("{}\n\n(picked from {id})", picked.message);
        self.replay(before, picked.tree, onto, said, picked.author.clone(), "cherry-pick").await
    }

    /// Makes on a branch the change that leads from one tree to another.
    async fn replay(
        &self,
        before: Digest,
        after: Digest,
        onto: Onto,
        said: String,
        author: Author,
        what: &str,
    ) -> Result<Outcome, HistoryError> {
        let mut tries = 0;
        loop {
            let (branch, head) = self.landing(&onto).await?;
            let mut session = self.session();
            let ours = session.read(|pool| pool.commit(head)).await?.tree;
            let joined = session.three_way(before, ours, after, &onto.resolutions).await?;
            if !joined.conflicts.is_empty() {
                return Ok(Outcome::Conflicts(joined.conflicts));
            }
            if joined.tree == ours {
                return Err(HistoryError::NothingToCommit);
            }
            let said = onto.message.as_deref().unwrap_or(&said);
            if let Some(made) = session.land(&branch, head, &[], joined.tree, &author, said, &onto, what).await? {
                return Ok(Outcome::Committed(made));
            }
            self.again(&mut tries, &onto, &branch, head).await?;
        }
    }

    /// The branch on which a change lands, and where it is.
    pub(super) async fn landing(&self, onto: &Onto) -> Result<(RefName, CommitId), HistoryError> {
        let branch = match &onto.branch {
            Some(branch) => branch.clone(),
            None => self.head().await?.branch,
        };
        let found = self.branch_head(&branch).await?;
        if let Expected::Head(expected) = onto.expected
            && expected != found
        {
            return Err(HistoryError::Moved { branch, expected, found });
        }
        match found {
            Some(head) => Ok((branch, head)),
            None if self.branches().await?.is_empty() => Err(HistoryError::Empty),
            None => Err(self.unknown_branch(&branch).await?),
        }
    }

    /// Counts a try that found the branch moved, and gives up when it was one too many.
    pub(super) async fn again(&self, tries: &mut usize, onto: &Onto, branch: &RefName, head: CommitId) -> Result<(), HistoryError> {
        *tries += 1;
        if *tries < TRIES && matches!(onto.expected, Expected::Any) {
            return Ok(());
        }
        let found = self.branch_head(branch).await?;
        Err(HistoryError::Moved { branch: branch.clone(), expected: Some(head), found })
    }
}

impl Session<'_> {
    /// A commit, and the tree of its parent: the only one, or the one that is asked for.
    pub(super) async fn with_parent(&mut self, id: CommitId, parent: Option<u32>) -> Result<(Arc<Commit>, Digest), HistoryError> {
        let commit = self.read(|pool| pool.commit(id)).await?;
        let number = match (parent, commit.parents.len()) {
            (None, 0 | 1) => 1,
            (None, parents) => return Err(HistoryError::Parent { commit: id, parents }),
            (Some(number), _) => number,
        };
        let before = match commit.parents.get((number as usize).wrapping_sub(1)) {
            Some(&parent) => self.read(|pool| pool.commit(parent)).await?.tree,
            None if commit.parents.is_empty() && number == 1 => self.empty_tree()?,
            None => return Err(HistoryError::NoAncestor { reference: format!("{}^{number}", id.short()) }),
        };
        Ok((commit, before))
    }

    /// Makes a commit of a tree on top of a branch; none when the branch moved meanwhile.
    #[expect(clippy::too_many_arguments, reason = "a commit has these parts, and its author need not be who lands it")]
    pub(super) async fn land(
        &mut self,
        branch: &RefName,
        head: CommitId,
        others: &[CommitId],
        tree: Digest,
        author: &Author,
        said: &str,
        onto: &Onto,
        what: &str,
    ) -> Result<Option<Committed>, HistoryError> {
        let parents = std::iter::once(head).chain(others.iter().copied()).collect();
        let (id, commit) = self.write_commit(tree, parents, author.clone(), message(said)?, onto.at).await?;
        let moved = self.history().advance(branch, Some(head), id, &commit, &onto.author, onto.at, what).await?;
        Ok(moved.then(|| Committed { id, commit, branch: branch.clone() }))
    }
}
