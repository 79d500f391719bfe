//! Who descends from whom: the order of a log, and where two branches parted.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

use super::commit::{Commit, CommitId};
use super::pool::{Pool, ReadError};

/// A commit as it is ordered: later generations first, then later times, then by id, so that children come before
/// their parents and every machine gives the same order.
type Key = (u64, i64, CommitId);

fn key(id: CommitId, commit: &Commit) -> Key {
    (commit.generation, commit.at, id)
}

/// A walk through the history, children before parents. It can be stopped and taken up again from its frontier.
#[derive(Debug)]
pub struct Walk<'a> {
    pool: &'a Pool,
    heap: BinaryHeap<Key>,
}

impl<'a> Walk<'a> {
    /// Begins at commits.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn from(heads: &[CommitId], pool: &'a Pool) -> Result<Self, ReadError> {
        let commits = ReadError::all(heads.iter().map(|id| pool.commit(*id).map(|commit| key(*id, &commit))))?;
        Ok(Self { pool, heap: commits.into_iter().collect() })
    }

    /// The next commit.
    ///
    /// # Errors
    /// [`ReadError`]; the walk is then to be thrown away.
    pub fn step(&mut self) -> Result<Option<(CommitId, Arc<Commit>)>, ReadError> {
        let Some(next) = self.heap.pop() else { return Ok(None) };
        while self.heap.peek() == Some(&next) {
            self.heap.pop();
        }
        let commit = self.pool.commit(next.2)?;
        for parent in ReadError::all(commit.parents.iter().map(|id| self.pool.commit(*id).map(|parent| key(*id, &parent))))? {
            self.heap.push(parent);
        }
        Ok(Some((next.2, commit)))
    }

    /// The commits from which the rest of the walk follows.
    #[must_use]
    pub fn frontier(&self) -> Vec<CommitId> {
        self.heap.iter().map(|key| key.2).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// Whether `ancestor` is `of`, or comes before it.
///
/// # Errors
/// [`ReadError`].
pub fn is_ancestor(ancestor: CommitId, of: CommitId, pool: &Pool) -> Result<bool, ReadError> {
    if ancestor == of {
        return Ok(true);
    }
    let least = pool.commit(ancestor)?.generation;
    let mut walk = Walk::from(&[of], pool)?;
    // What has a smaller generation cannot have it among its ancestors.
    while walk.heap.peek().is_some_and(|next| next.0 >= least) {
        if walk.step()?.is_some_and(|(id, _)| id == ancestor) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where two commits parted: their common ancestors that are no ancestor of another such. More than one where
/// branches were merged into each other crosswise; none where they share nothing. Ordered by id.
///
/// # Errors
/// [`ReadError`].
pub fn merge_bases(ours: CommitId, theirs: CommitId, pool: &Pool) -> Result<Vec<CommitId>, ReadError> {
    const OURS: u8 = 1;
    const THEIRS: u8 = 2;
    const BELOW: u8 = 4;
    let mut marks: BTreeMap<Key, u8> = BTreeMap::new();
    for (id, mark) in [(ours, OURS), (theirs, THEIRS)] {
        let commit = pool.commit(id)?;
        *marks.entry(key(id, &commit)).or_default() |= mark;
    }
    let mut bases = BTreeSet::new();
    // Children come first, so a commit's marks are complete when it is taken. What is left is of no interest as soon
    // as it is all below a base that was found.
    while marks.values().any(|mark| mark & BELOW == 0) {
        let Some((next, mark)) = marks.pop_last() else { break };
        let mut pass_on = mark;
        if mark & (OURS | THEIRS) == OURS | THEIRS {
            if mark & BELOW == 0 {
                bases.insert(next.2);
            }
            pass_on |= BELOW;
        }
        let commit = pool.commit(next.2)?;
        for parent in ReadError::all(commit.parents.iter().map(|id| pool.commit(*id).map(|parent| key(*id, &parent))))? {
            *marks.entry(parent).or_default() |= pass_on;
        }
    }
    Ok(bases.into_iter().collect())
}
