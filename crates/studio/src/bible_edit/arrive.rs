//! Merges, cherry-picks and reverts that leave a sound show.

use std::sync::Arc;

use bible::version::{Edit, Reference, Snapshot};

use super::{EditError, Editor, check};
use crate::history::{Arriving, Expected, Onto, Outcome};

impl Editor {
    /// Makes a merge, a cherry-pick or a revert, when what comes of it is sound.
    ///
    /// # Errors
    /// [`EditError::Invalid`] with what it would break, and those of [`crate::History::merge`].
    pub async fn arrive(&self, from: &Reference, arriving: Arriving, onto: Onto, always_commit: bool) -> Result<Outcome, EditError> {
        let _turn = self.queue.turn(self.history.project()).await;
        let mut onto = onto;
        if let Some((head, before, after)) = self.history.preview(from, arriving, &onto).await? {
            sound(before, after).await?;
            // What was looked at is what is made.
            onto.expected = Expected::Head(Some(head));
        }
        Ok(match arriving {
            Arriving::Merge => self.history.merge(from, onto, always_commit).await?,
            Arriving::Picked(parent) => self.history.cherry_pick(from, parent, onto).await?,
            Arriving::Reverted(parent) => self.history.revert(from, parent, onto).await?,
        })
    }
}

async fn sound(before: Snapshot, after: Snapshot) -> Result<(), EditError> {
    let (before, after) = (Arc::new(before), Arc::new(after));
    let work = tokio::task::spawn_blocking(move || {
        let changed = after.iter().filter(|(path, document)| before.get(path) != Some(document));
        let gone = before.iter().filter(|(path, _)| after.get(path).is_none());
        let edits: Vec<Edit> = changed
            .map(|(path, document)| Edit { path: path.clone(), document: Some(document.clone()) })
            .chain(gone.map(|(path, _)| Edit { path: path.clone(), document: None }))
            .collect();
        check::sound(&before, &after, &edits).map_err(EditError::Invalid)
    });
    work.await.map_err(|error| EditError::Crashed { reason: error.to_string() })?
}
