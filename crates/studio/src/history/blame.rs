//! Who gave a field its value, when, and why.

use std::sync::Arc;

use bible::source::nearest;
use bible::version::{Commit, CommitId, DocumentPath, Entry, Reference, Written, document_name, holding, tree};
use serde_json::Value;

use super::session::Session;
use super::{History, HistoryError};

/// The changes of a field, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Blame {
    /// Which: `characters.mei.colour_model.iris.left`.
    pub field: String,
    /// In which file.
    pub file: String,
    /// What it says; none when it is not set.
    pub value: Option<Value>,
    /// The commits that changed it. The first is the one to ask.
    pub changes: Vec<BlamedChange>,
}

/// A commit that changed a field.
#[derive(Debug, Clone, PartialEq)]
pub struct BlamedChange {
    /// Its id.
    pub id: CommitId,
    /// It.
    pub commit: Arc<Commit>,
    /// What the field said before.
    pub old: Option<Value>,
    /// What it said after.
    pub new: Option<Value>,
}

impl History {
    /// Who gave a field the value that it has at a version, and the changes before that, `limit` at most.
    ///
    /// Merges are followed to the side that the value came from.
    ///
    /// # Errors
    /// [`HistoryError::UnknownField`] when no document of that version is called so, and those of
    /// [`History::resolve`].
    pub async fn blame(&self, reference: &Reference, field: &str, limit: usize) -> Result<Blame, HistoryError> {
        let mut at = self.resolve(reference).await?;
        let mut session = self.session();
        let path = session.document_of(at, field).await?;
        let mut commit = session.read(|pool| pool.commit(at)).await?;
        let mut entry = session.entry(&commit, &path).await?;
        let mut value = session.value(&path, entry, field).await?;
        let mut blame = Blame { field: field.to_owned(), file: path.file(), value: value.clone(), changes: Vec::new() };
        loop {
            let mut older = None;
            for (index, &parent) in commit.parents.iter().enumerate() {
                let parent_commit = session.read(|pool| pool.commit(parent)).await?;
                let untouched = index == 0 && commit.summary.is_complete() && !commit.summary.documents.contains(&path);
                let parent_entry = if untouched { entry } else { session.entry(&parent_commit, &path).await? };
                let parent_value = if parent_entry == entry { value.clone() } else { session.value(&path, parent_entry, field).await? };
                let same = parent_value == value;
                if same || older.is_none() {
                    older = Some((parent, parent_commit, parent_entry, parent_value));
                }
                if same {
                    break;
                }
            }
            let before = older.as_ref().and_then(|(.., value)| value.clone());
            if before != value {
                blame.changes.push(BlamedChange { id: at, commit, old: before, new: value });
            }
            let Some(next) = older.filter(|_| blame.changes.len() < limit.max(1)) else { return Ok(blame) };
            (at, commit, entry, value) = next;
        }
    }
}

impl Session<'_> {
    /// The document in which a field is.
    async fn document_of(&mut self, at: CommitId, field: &str) -> Result<DocumentPath, HistoryError> {
        let listing = self.read(|pool| tree::list(pool.commit(at)?.tree, pool)).await?;
        let named = || listing.keys().map(|path| (document_name(&path.file()), path));
        holding(field, named()).cloned().ok_or_else(|| {
            let document = field.split('.').take(2).collect::<Vec<_>>().join(".");
            let names: Vec<String> = named().map(|(name, _)| name).collect();
            let nearest = nearest(&document, names.iter().map(String::as_str)).map(str::to_owned);
            HistoryError::UnknownField { field: field.to_owned(), nearest }
        })
    }

    async fn entry(&mut self, commit: &Commit, path: &DocumentPath) -> Result<Option<Entry>, HistoryError> {
        self.read(|pool| tree::find(commit.tree, path, pool)).await
    }

    async fn value(&mut self, path: &DocumentPath, entry: Option<Entry>, field: &str) -> Result<Option<Value>, HistoryError> {
        let Some(entry) = entry else { return Ok(None) };
        let document = self.read(|pool| entry.read(pool)).await?;
        let mut files = Written::default();
        files.insert(&path.file(), document.to_bytes().to_vec());
        Ok(files.field(field).and_then(|(_, value)| value))
    }
}
