//! The log: commits of a history, newest first, page by page.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use bible::version::{Commit, CommitId, DocumentPath, ReadError, Reference, ancestry::Walk, tree};

use super::{History, HistoryError};

/// What of a log is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRequest {
    /// How many commits at most; 1 to 500.
    pub limit: usize,
    /// Only those that changed one of these documents, or a document below (`characters`, `episodes/S01E01`).
    pub paths: Vec<String>,
    /// Where to go on.
    pub cursor: Option<LogCursor>,
}

impl Default for LogRequest {
    fn default() -> Self {
        Self { limit: 50, paths: Vec::new(), cursor: None }
    }
}

/// A commit in a log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// Its id.
    pub id: CommitId,
    /// It.
    pub commit: Arc<Commit>,
}

/// A page of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogPage {
    /// The commits, newest first; children always come before their parents.
    pub entries: Vec<LogEntry>,
    /// Where the next page begins; none on the last.
    pub next: Option<LogCursor>,
}

/// Where a page of a log begins: the commits from which the rest follows. It stays right while branches move on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogCursor(Vec<CommitId>);

/// Why a text is no cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no cursor of a log; take `next` of the page before as it is")]
pub struct ParseCursorError;

impl fmt::Display for LogCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, id) in self.0.iter().enumerate() {
            write!(f, "{}{id}", if index == 0 { "" } else { "." })?;
        }
        Ok(())
    }
}

impl FromStr for LogCursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split('.').map(|id| id.parse().map_err(|_| ParseCursorError)).collect::<Result<_, _>>().map(Self)
    }
}

/// Commits that are looked at for one page when most of them do not match.
const LOOKED_AT: usize = 20_000;

impl History {
    /// A page of the history that leads to a commit.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn log(&self, reference: &Reference, request: &LogRequest) -> Result<LogPage, HistoryError> {
        let heads = match &request.cursor {
            Some(cursor) => cursor.0.clone(),
            None => vec![self.resolve(reference).await?],
        };
        let limit = request.limit.clamp(1, 500);
        self.read(|pool| {
            let mut walk = Walk::from(&heads, pool)?;
            let (mut entries, mut looked_at) = (Vec::new(), 0);
            while entries.len() < limit && looked_at < LOOKED_AT {
                let Some((id, commit)) = walk.step()? else { break };
                looked_at += 1;
                if request.paths.is_empty() || touches(&commit, &request.paths, pool)? {
                    entries.push(LogEntry { id, commit });
                }
            }
            let frontier = walk.frontier();
            Ok(LogPage { entries, next: (!frontier.is_empty()).then_some(LogCursor(frontier)) })
        })
        .await
    }
}

/// Whether a commit changed a document at or below one of some paths.
fn touches(commit: &Commit, paths: &[String], pool: &bible::version::Pool) -> Result<bool, ReadError> {
    let wanted = |document: &DocumentPath| {
        paths.iter().any(|path| document.as_str().strip_prefix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    };
    if commit.summary.is_complete() || commit.summary.documents.iter().any(wanted) {
        return Ok(commit.summary.documents.iter().any(wanted));
    }
    let before = match commit.parents.first() {
        Some(parent) => tree::differences(pool.commit(*parent)?.tree, commit.tree, pool)?.keys().any(wanted),
        None => tree::list(commit.tree, pool)?.keys().any(wanted),
    };
    Ok(before)
}
