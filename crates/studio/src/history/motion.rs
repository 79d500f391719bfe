//! Branches and tags that are put elsewhere, from where they were seen.

use std::sync::Arc;

use bible::version::{Author, CommitId, Object, RefName, Tag, ancestry};
use chrono::{DateTime, Utc};
use store::RefChange;

use super::refs::branch_ref;
use super::{History, HistoryError, TagEntry};

impl History {
    /// Whether a commit is another one or comes before it.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn is_ancestor(&self, ancestor: CommitId, of: CommitId) -> Result<bool, HistoryError> {
        self.read(|pool| ancestry::is_ancestor(ancestor, of, pool)).await
    }

    /// Puts a branch at another commit, when it is still where it was seen.
    ///
    /// # Errors
    /// [`HistoryError::Moved`].
    pub async fn move_branch(
        &self,
        name: &RefName,
        seen: CommitId,
        to: CommitId,
        who: &Author,
        now: DateTime<Utc>,
    ) -> Result<(), HistoryError> {
        let change = RefChange { name: branch_ref(name), old: Some(seen.to_string()), new: Some(to.to_string()) };
        if self.motion(vec![change], who, now, format!("branch: moved to {}", to.short()), "bible.branch_moved").await? {
            return Ok(());
        }
        let found = self.branch_head(name).await?;
        Err(HistoryError::Moved { branch: name.clone(), expected: Some(seen), found })
    }

    /// Puts a tag at another commit, when it is still as it was seen. What was said with the tag before stays in the
    /// record of its moves.
    ///
    /// # Errors
    /// [`HistoryError::Moved`].
    pub async fn move_tag(
        &self,
        seen: &TagEntry,
        to: CommitId,
        author: &Author,
        message: &str,
        now: DateTime<Utc>,
    ) -> Result<TagEntry, HistoryError> {
        let mut session = self.session();
        session.read(|pool| pool.commit(to)).await?;
        let old = session.pool.add(Object::Tag(Arc::clone(&seen.tag))).map_err(HistoryError::Json)?;
        let tag = Arc::new(Tag {
            name: seen.name.to_string(),
            target: to,
            author: author.clone(),
            message: message.trim().to_owned(),
            at: now.timestamp_micros(),
        });
        let new = session.pool.add(Object::Tag(Arc::clone(&tag))).map_err(HistoryError::Json)?;
        session.keep().await?;
        let change = RefChange { name: format!("tags/{}", seen.name), old: Some(old.to_string()), new: Some(new.to_string()) };
        if self.motion(vec![change], author, now, format!("tag: {} moved to {}", seen.name, to.short()), "bible.tagged").await? {
            return Ok(TagEntry { name: seen.name.clone(), target: to, tag });
        }
        Err(HistoryError::Moved { branch: seen.name.clone(), expected: Some(seen.target), found: None })
    }
}
