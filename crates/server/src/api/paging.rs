//! Pages: `?limit=&cursor=` in, `items` and `next_cursor` out.

use axum::extract::FromRequestParts;
use axum::extract::Query;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use store::PageRequest;
use utoipa::{IntoParams, ToSchema};

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
        let query = Query::<Self>::from_request_parts(parts, state).await;
        query.map(|Query(paging)| paging).map_err(|error| Problem::invalid_request(error.body_text()))
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
        PageRequest::new(self.limit.unwrap_or(USUAL), self.cursor.as_deref()).map_err(|error| Problem::invalid_request(error.to_string()))
    }

    /// The part of a list that is there as a whole; `name` tells items apart and is the cursor.
    pub(crate) fn of<'a, T>(&self, all: &'a [T], name: impl Fn(&T) -> String) -> Result<Page<&'a T>, Problem> {
        // The limits are the store's.
        PageRequest::new(self.limit.unwrap_or(USUAL), None).map_err(|error| Problem::invalid_request(error.to_string()))?;
        let limit = usize::try_from(self.limit.unwrap_or(USUAL)).unwrap_or(usize::MAX);
        let first = match &self.cursor {
            None => 0,
            Some(cursor) => {
                let at = all.iter().position(|item| name(item) == *cursor);
                at.ok_or_else(|| Problem::invalid_request(format!("{cursor:?} is no cursor: pass the next_cursor of the page before")))? + 1
            }
        };
        let items: Vec<&T> = all[first..].iter().take(limit).collect();
        let more = first + items.len() < all.len();
        Ok(Page { next_cursor: items.last().filter(|_| more).map(|last| name(last)), items })
    }
}
