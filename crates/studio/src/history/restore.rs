//! Documents and fields put back to what they were at another version.

use std::collections::BTreeMap;

use bible::version::tree::{self, Listing};
use bible::version::{CommitId, Document, DocumentPath, Entry, Reference, Written, document_name, holding};

use super::session::Session;
use super::{Committed, History, HistoryError, Onto};

impl History {
    /// Puts documents or fields back to what they were at a version, as a commit.
    ///
    /// A name is that of a document (`characters.mei`), of a field (`characters.mei.age`), or of several documents
    /// (`characters`). What did not exist at that version goes.
    ///
    /// # Errors
    /// [`HistoryError::UnknownField`] for a name that neither version knows, [`HistoryError::NothingToCommit`], and
    /// those of [`History::merge`].
    pub async fn restore(&self, names: &[String], from: &Reference, onto: Onto) -> Result<Committed, HistoryError> {
        let source = self.resolve(from).await?;
        let said = format!("Restore {} from {from}", names.join(", "));
        let mut tries = 0;
        loop {
            let (branch, head) = self.landing(&onto).await?;
            let mut session = self.session();
            let tree = session.read(|pool| pool.commit(head)).await?.tree;
            let edits = session.restored(names, source, head).await?;
            let restored = session.edited(tree, &edits).await?;
            if restored == tree {
                return Err(HistoryError::NothingToCommit);
            }
            let said = onto.message.as_deref().unwrap_or(&said);
            if let Some(made) = session.land(&branch, head, &[], restored, &onto.author, said, &onto, "restore").await? {
                return Ok(made);
            }
            self.again(&mut tries, &onto, &branch, head).await?;
        }
    }
}

impl Session<'_> {
    async fn restored(
        &mut self,
        names: &[String],
        source: CommitId,
        head: CommitId,
    ) -> Result<BTreeMap<DocumentPath, Option<Entry>>, HistoryError> {
        let (then, now) =
            self.read(|pool| Ok((tree::list(pool.commit(source)?.tree, pool)?, tree::list(pool.commit(head)?.tree, pool)?))).await?;
        let mut edits = BTreeMap::new();
        for name in names {
            let whole: Vec<&DocumentPath> = then.keys().chain(now.keys()).filter(|path| is_at_or_below(path, name)).collect();
            if whole.is_empty() {
                let (path, entry) = self.field_restored(name, &then, &now, &edits).await?;
                edits.insert(path, Some(entry));
            }
            for path in whole {
                edits.insert(path.clone(), then.get(path).copied());
            }
        }
        Ok(edits)
    }

    /// A document of today with one field of then.
    async fn field_restored(
        &mut self,
        field: &str,
        then: &Listing,
        now: &Listing,
        edits: &BTreeMap<DocumentPath, Option<Entry>>,
    ) -> Result<(DocumentPath, Entry), HistoryError> {
        let unknown = || HistoryError::UnknownField { field: field.to_owned(), nearest: None };
        let path = holding(field, now.keys().map(|path| (document_name(&path.file()), path))).ok_or_else(unknown)?;
        let today = edits.get(path).copied().flatten().or_else(|| now.get(path).copied()).ok_or_else(unknown)?;
        let old = then.get(path).copied().ok_or_else(unknown)?;
        let (today, old) = self.read(|pool| Ok((today.read(pool)?, old.read(pool)?))).await?;
        let file = path.file();
        let [mut today, old] = [today, old].map(|document| {
            let mut files = Written::default();
            files.insert(&file, document.to_bytes().to_vec());
            files
        });
        if !today.take_field(field, &old) {
            return Err(unknown());
        }
        let (_, document) = Document::of_file(&file, today.get(&file).unwrap_or_default())
            .map_err(|error| HistoryError::Resolution { path: field.to_owned(), reason: error.to_string() })?;
        let entry = Entry::write(&document, &mut self.pool).map_err(HistoryError::Json)?;
        Ok((path.clone(), entry))
    }
}

/// Whether a document is called so, or lies below.
fn is_at_or_below(path: &DocumentPath, name: &str) -> bool {
    let written = document_name(&path.file());
    let below = |full: &str, separator: char| full.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(separator));
    below(&written, '.') || below(path.as_str(), '/')
}
