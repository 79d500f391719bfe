//! Pages of long lists.

use serde::Serialize;
use uuid::Uuid;

/// Which part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    pub(crate) limit: u64,
    pub(crate) after: Option<Uuid>,
}

/// Why a page cannot be asked for so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Too few or too many.
    #[error("a page has 1 to {} items, not {got}", PageRequest::MOST)]
    Limit {
        /// What was asked for.
        got: u64,
    },
    /// The cursor is not one that was given out.
    #[error("{got:?} is no cursor: pass the next_cursor of the page before")]
    Cursor {
        /// What was given.
        got: String,
    },
}

impl PageRequest {
    /// The most items on a page.
    pub const MOST: u64 = 200;

    /// Up to `limit` items after the one that `cursor` names; from the start without a cursor.
    ///
    /// # Errors
    /// [`PageError`] says what would be right.
    pub fn new(limit: u64, cursor: Option<&str>) -> Result<Self, PageError> {
        if limit == 0 || limit > Self::MOST {
            return Err(PageError::Limit { got: limit });
        }
        let after = cursor.map(|text| Uuid::parse_str(text).map_err(|_| PageError::Cursor { got: text.to_owned() })).transpose()?;
        Ok(Self { limit, after })
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to pass for the next page; none on the last.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of rows that were asked for with one more than the limit.
    pub(crate) fn of(mut rows: Vec<T>, request: PageRequest, id: impl Fn(&T) -> Uuid) -> Self {
        let more = rows.len() as u64 > request.limit;
        rows.truncate(request.limit as usize);
        let next_cursor = if more { rows.last().map(|row| id(row).to_string()) } else { None };
        Self { items: rows, next_cursor }
    }

    /// The same page of other items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next_cursor: self.next_cursor }
    }
}
