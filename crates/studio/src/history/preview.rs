//! What a merge, a cherry-pick or a revert would make of the bible, without making it.

use bible::version::{CommitId, Reference, Snapshot, tree};

use super::{History, HistoryError, Onto};

/// A change from elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arriving {
    /// Everything of a branch, tag or commit.
    Merge,
    /// What a commit did; of a merge, against the parent of this number, from 1.
    Picked(Option<u32>),
    /// What a commit did, taken back.
    Reverted(Option<u32>),
}

impl History {
    /// The bible before and after a change from elsewhere lands, where it lands; none when that cannot be said because
    /// there are conflicts, or because it lands nowhere.
    ///
    /// # Errors
    /// As [`History::merge`].
    pub async fn preview(
        &self,
        from: &Reference,
        arriving: Arriving,
        onto: &Onto,
    ) -> Result<Option<(CommitId, Snapshot, Snapshot)>, HistoryError> {
        let (_, head) = self.landing(onto).await?;
        let source = self.resolve(from).await?;
        let mut session = self.session();
        let (ours, commit) = session.read(|pool| Ok((pool.commit(head)?.tree, pool.commit(source)?))).await?;
        let before = match arriving {
            Arriving::Merge => session.base_of(head, source).await?,
            Arriving::Picked(number) | Arriving::Reverted(number) => session.with_parent(source, number).await?.1,
        };
        let (base, theirs) = match arriving {
            Arriving::Merge | Arriving::Picked(_) => (before, commit.tree),
            Arriving::Reverted(_) => (commit.tree, before),
        };
        let joined = session.three_way(base, ours, theirs, &onto.resolutions).await?;
        if !joined.conflicts.is_empty() {
            return Ok(None);
        }
        let read = session.read(|pool| Ok((tree::read_all(ours, pool)?, tree::read_all(joined.tree, pool)?))).await?;
        Ok(Some((head, read.0, read.1)))
    }
}
