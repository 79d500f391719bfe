//! Requests that carry a key are done once: the key is claimed before the work, and the answer is kept with it.

use std::collections::BTreeMap;

use bible::Digest;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, QueryFilter,
};
use uuid::Uuid;

use crate::StoreError;
use crate::database::{Store, micros};
use crate::entity::idempotency_key;
use crate::error::{Doing, is_duplicate};

/// Which request of which client is meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey {
    /// The project that the request is about; none when it is about no project.
    pub project: Option<Uuid>,
    /// What is asked: method and path.
    pub route: String,
    /// The client's key.
    pub key: String,
}

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Header fields that belong to it.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// What became of claiming a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Nobody had it: the work is the caller's.
    Yours,
    /// The same request was answered before.
    Answered(KeptAnswer),
    /// The same request is being worked on, or its process died in the middle.
    Pending,
    /// The key belongs to another request.
    Other,
}

const DOING: &str = "keep an idempotency key";

impl Store {
    /// Claims a key for a request of a digest. Keys that were made before `forget` are forgotten first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_key(
        &self,
        key: &IdempotencyKey,
        request: Digest,
        now: DateTime<Utc>,
        forget: DateTime<Utc>,
    ) -> Result<Claim, StoreError> {
        let row = idempotency_key::ActiveModel {
            project_id: Set(key.project.unwrap_or(Uuid::nil())),
            route: Set(key.route.clone()),
            key: Set(key.key.clone()),
            request: Set(request.to_string()),
            status: Set(None),
            headers: NotSet,
            body: NotSet,
            created_at: Set(micros(now)),
        };
        let forget = micros(forget);
        let claimed = self
            .transaction(DOING, move |transaction| {
                Box::pin(async move {
                    let old = idempotency_key::Entity::delete_many().filter(idempotency_key::Column::CreatedAt.lt(forget));
                    old.exec(transaction).await.doing(DOING)?;
                    match idempotency_key::Entity::insert(row).exec_without_returning(transaction).await {
                        Ok(_) => Ok(()),
                        Err(error) if is_duplicate(&error) => Err(StoreError::Stale),
                        Err(error) => Err(error).doing(DOING),
                    }
                })
            })
            .await;
        match claimed {
            Ok(()) => return Ok(Claim::Yours),
            Err(StoreError::Stale) => {}
            Err(error) => return Err(error),
        }
        let id = (key.project.unwrap_or(Uuid::nil()), key.route.clone(), key.key.clone());
        let Some(row) = idempotency_key::Entity::find_by_id(id).one(&self.reader).await.doing(DOING)? else {
            // It was given up in between; the client asks again.
            return Ok(Claim::Pending);
        };
        if row.request != request.to_string() {
            return Ok(Claim::Other);
        }
        let Some(status) = row.status else { return Ok(Claim::Pending) };
        let headers = serde_json::from_value(row.headers.unwrap_or_default())
            .map_err(|error| StoreError::damaged("the header of a kept answer", error))?;
        let status = u16::try_from(status).map_err(|error| StoreError::damaged("the status of a kept answer", error))?;
        Ok(Claim::Answered(KeptAnswer { status, headers, body: row.body.unwrap_or_default() }))
    }

    /// Keeps the answer to a request whose key was claimed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_answer(&self, key: &IdempotencyKey, answer: &KeptAnswer) -> Result<(), StoreError> {
        let headers = serde_json::to_value(&answer.headers).map_err(|error| StoreError::damaged("the header of an answer", error))?;
        let update = idempotency_key::Entity::update_many()
            .col_expr(idempotency_key::Column::Status, Expr::value(i16::try_from(answer.status).unwrap_or(i16::MAX)))
            .col_expr(idempotency_key::Column::Headers, Expr::value(headers))
            .col_expr(idempotency_key::Column::Body, Expr::value(answer.body.clone()))
            .filter(idempotency_key::Column::ProjectId.eq(key.project.unwrap_or(Uuid::nil())))
            .filter(idempotency_key::Column::Route.eq(key.route.as_str()))
            .filter(idempotency_key::Column::Key.eq(key.key.as_str()));
        self.transaction(DOING, move |transaction| Box::pin(async move { update.exec(transaction).await.doing(DOING).map(drop) })).await
    }

    /// Gives a claimed key back: nothing was done, and the same request may be tried again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release_key(&self, key: &IdempotencyKey) -> Result<(), StoreError> {
        let id = (key.project.unwrap_or(Uuid::nil()), key.route.clone(), key.key.clone());
        self.transaction(DOING, move |transaction| {
            Box::pin(async move { idempotency_key::Entity::delete_by_id(id).exec(transaction).await.doing(DOING).map(drop) })
        })
        .await
    }
}
