//! The bible as it was at a commit.

use std::path::PathBuf;

use bible::version::tree::Listing;
use bible::version::{CommitId, Document, DocumentPath, Reference, Snapshot, tree};

use super::{History, HistoryError};
use crate::folder::Folder;
use crate::{Show, StudioError};

impl History {
    /// Every document at a commit.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn snapshot_at(&self, reference: &Reference) -> Result<Snapshot, HistoryError> {
        self.snapshot(self.resolve(reference).await?).await
    }

    /// Every document of a commit.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn snapshot(&self, id: CommitId) -> Result<Snapshot, HistoryError> {
        self.read(|pool| tree::read_all(pool.commit(id)?.tree, pool)).await
    }

    /// Which documents there are in a commit, with the ids of what they consist of: equal ids, equal documents.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn listing(&self, id: CommitId) -> Result<Listing, HistoryError> {
        self.read(|pool| tree::list(pool.commit(id)?.tree, pool)).await
    }

    /// One document of a commit; none when it is not there.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn document(&self, id: CommitId, path: &DocumentPath) -> Result<Option<Document>, HistoryError> {
        self.read(|pool| tree::find(pool.commit(id)?.tree, path, pool)?.map(|entry| entry.read(pool)).transpose()).await
    }

    /// The show as it was at a commit: what `plan`, `lint` and every reader work on.
    ///
    /// # Errors
    /// [`StudioError::History`], or [`StudioError::Source`] when what was committed is no sound project.
    pub async fn show_at(&self, reference: &Reference) -> Result<Show, StudioError> {
        Show::of_folder(folder_of(&self.snapshot_at(reference).await?))
    }
}

/// A project folder that is on no disk.
#[must_use]
pub(super) fn folder_of(snapshot: &Snapshot) -> Folder {
    Folder {
        path: PathBuf::new(),
        source: snapshot.to_source(),
        drawings: snapshot.files().map(|(path, bytes)| (path, bytes.to_vec())).collect(),
    }
}
