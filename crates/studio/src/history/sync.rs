//! From a project folder into its history.

use bible::version::{Author, RefName, Snapshot};
use chrono::{DateTime, Utc};

use super::{Change, Committed, Expected, History, HistoryError, NewCommit};
use crate::folder::Folder;
use crate::{Show, Studio, StudioError};

/// What became of a folder's edits.
#[derive(Debug, Clone, PartialEq)]
pub enum Synced {
    /// They are a commit now.
    Committed(Committed),
    /// There were none.
    Unchanged {
        /// The branch that has all of it.
        branch: RefName,
    },
}

impl Folder {
    /// The documents of this folder.
    ///
    /// # Errors
    /// [`StudioError::Source`] with every file that is no YAML.
    pub fn snapshot(&self) -> Result<Snapshot, StudioError> {
        let mut snapshot = Snapshot::of_source(&self.source).map_err(StudioError::Source)?;
        for (path, bytes) in &self.drawings {
            snapshot.insert_file(path, bytes);
        }
        Ok(snapshot)
    }
}

impl Studio {
    /// The history of a show's project, which becomes known to the store when it was not.
    ///
    /// # Errors
    /// [`StudioError::Store`].
    pub async fn history_of(&self, show: &Show) -> Result<History, StudioError> {
        Ok(self.history(self.note(show).await?))
    }
}

impl History {
    /// Turns a folder's edits into a commit on the current branch, when there are any.
    ///
    /// # Errors
    /// [`StudioError::Source`] when files are no YAML, [`StudioError::History`].
    pub async fn sync(&self, folder: &Folder, author: Author, message: String, at: DateTime<Utc>) -> Result<Synced, StudioError> {
        let head = self.head().await?;
        let change = Change::Snapshot(folder.snapshot()?);
        let new = NewCommit { branch: Some(head.branch.clone()), expected: Expected::Head(head.commit), change, author, message, at };
        match self.commit(new).await {
            Ok(committed) => Ok(Synced::Committed(committed)),
            Err(HistoryError::NothingToCommit) => Ok(Synced::Unchanged { branch: head.branch }),
            Err(error) => Err(error.into()),
        }
    }
}
