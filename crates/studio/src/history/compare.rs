//! What differs between two commits, field by field.

use bible::version::tree::{self, Listing};
use bible::version::{Change, CommitId, Written, diff};

use super::{History, HistoryError};

impl History {
    /// What differs between two commits; everything is new where there is none before. Only documents that differ are
    /// read.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn compare(&self, old: Option<CommitId>, new: CommitId) -> Result<Vec<Change>, HistoryError> {
        let (before, after) = self
            .read(|pool| {
                let root = pool.commit(new)?.tree;
                let differences = match old {
                    Some(old) => tree::differences(pool.commit(old)?.tree, root, pool)?,
                    None => tree::list(root, pool)?.into_iter().map(|(path, entry)| (path, (None, Some(entry)))).collect(),
                };
                let side = |pick: fn(&tree::Difference) -> Option<bible::version::Entry>| -> Listing {
                    differences.iter().filter_map(|(path, difference)| Some((path.clone(), pick(difference)?))).collect()
                };
                let (before, after) = (side(|difference| difference.0), side(|difference| difference.1));
                // Asked for together, what is missing is loaded in one go.
                tree::read_both(&before, &after, pool)
            })
            .await?;
        let written = |documents: Vec<(String, Vec<u8>)>| documents.into_iter().collect::<Written>();
        Ok(diff(&written(before), &written(after)))
    }
}
