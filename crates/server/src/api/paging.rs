//! Pages: `?limit=&cursor=` in, `items` and `next_cursor` out.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use store::{PageError, PageRequest};
use utoipa::{IntoParams, ToSchema};

use crate::extract::Query;
use crate::problem::Problem;

/// Items on a page when nothing else is asked for.
const USUAL: u64 = 50;

/// Which part of a list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// Items on the page, 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Query::<Self>::from_request_parts(parts, state).await.map(|Query(paging)| paging)
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// What to pass for the next page; null on the last.
    pub(crate) next_cursor: Option<String>,
}

impl<T> From<store::Page<T>> for Page<T> {
    fn from(page: store::Page<T>) -> Self {
        Self { items: page.items, next_cursor: page.next_cursor }
    }
}

impl Paging {
    /// As the store takes it.
    pub(crate) fn request(&self) -> Result<PageRequest, Problem> {
        PageRequest::new(self.limit.unwrap_or(USUAL), self.cursor.as_deref()).map_err(|error| {
            let name = if matches!(error, PageError::Limit { .. }) { "limit" } else { "cursor" };
            Problem::parameter(name, error.to_string())
        })
    }

    /// How many items, checked.
    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        // The limits are the store's.
        let limit = self.limit.unwrap_or(USUAL);
        PageRequest::new(limit, None).map_err(|error| Problem::parameter("limit", error.to_string()))?;
        Ok(usize::try_from(limit).unwrap_or(usize::MAX))
    }

    /// Where to go on.
    pub(crate) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// The part of a list that is there as a whole; `name` tells items apart and is the cursor.
    pub(crate) fn of<'a, T>(&self, all: &'a [T], name: impl Fn(&T) -> String) -> Result<Page<&'a T>, Problem> {
        let limit = self.limit()?;
        let first = match &self.cursor {
            None => 0,
            Some(cursor) => {
                let at = all.iter().position(|item| name(item) == *cursor);
                at.ok_or_else(|| Problem::parameter("cursor", format!("{cursor:?} is no cursor: pass the next_cursor of the page before")))?
                    + 1
            }
        };
        let items: Vec<&T> = all[first..].iter().take(limit).collect();
        let more = first + items.len() < all.len();
        Ok(Page { next_cursor: items.last().filter(|_| more).map(|last| name(last)), items })
    }
}
