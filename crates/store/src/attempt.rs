//! Attempts: each try at drawing something.

use bible::Digest;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use uuid::Uuid;

use crate::StoreError;
use crate::database::{Store, micros};
use crate::entity::attempt;
use crate::error::Doing;

/// One try, as it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its id.
    pub id: Uuid,
    /// Of which project.
    pub project: Uuid,
    /// What is tried.
    pub recipe: Digest,
    /// What it is of.
    pub subject: String,
    /// Who draws.
    pub engine: String,
    /// In which version.
    pub engine_version: String,
    /// When it started.
    pub started_at: DateTime<Utc>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// There is an artifact.
    Succeeded,
    /// It failed, for this reason.
    Failed(String),
    /// It was stopped.
    Cancelled,
    /// The process that made it is gone.
    Lost,
}

impl AttemptOutcome {
    const RUNNING: &'static str = "running";

    const fn word(&self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed(_) => "failed",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }
}

impl Store {
    /// Notes that an attempt starts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn start_attempt(&self, attempt: &Attempt) -> Result<(), StoreError> {
        const DOING: &str = "note an attempt";
        let row = attempt::ActiveModel {
            id: Set(attempt.id),
            project_id: Set(attempt.project),
            recipe: Set(attempt.recipe.to_string()),
            subject: Set(attempt.subject.clone()),
            engine: Set(attempt.engine.clone()),
            engine_version: Set(attempt.engine_version.clone()),
            started_at: Set(micros(attempt.started_at)),
            finished_at: Set(None),
            outcome: Set(AttemptOutcome::RUNNING.to_owned()),
            error: Set(None),
        };
        self.transaction(DOING, move |transaction| {
            Box::pin(async move { attempt::Entity::insert(row).exec_without_returning(transaction).await.doing(DOING).map(drop) })
        })
        .await
    }

    /// Notes how an attempt ended. An attempt that has ended stays as it ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn finish_attempt(&self, id: Uuid, outcome: AttemptOutcome, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.transaction("note the end of an attempt", move |transaction| {
            Box::pin(async move { end(transaction, attempt::Column::Id.eq(id), outcome, at).await.map(drop) })
        })
        .await
    }

    /// Marks what a process that is gone left running. Only for whoever holds the project's production lock.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn abandon_attempts(&self, project: Uuid, at: DateTime<Utc>) -> Result<u64, StoreError> {
        self.transaction("mark lost attempts", move |transaction| {
            Box::pin(async move { end(transaction, attempt::Column::ProjectId.eq(project), AttemptOutcome::Lost, at).await })
        })
        .await
    }

    /// How often a recipe was tried.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn attempts_at(&self, project: Uuid, recipe: Digest) -> Result<u64, StoreError> {
        attempt::Entity::find()
            .filter(attempt::Column::ProjectId.eq(project))
            .filter(attempt::Column::Recipe.eq(recipe.to_string()))
            .count(&self.reader)
            .await
            .doing("count attempts")
    }
}

async fn end(
    transaction: &sea_orm::DatabaseTransaction,
    which: sea_orm::sea_query::SimpleExpr,
    outcome: AttemptOutcome,
    at: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let word = outcome.word();
    let error = if let AttemptOutcome::Failed(reason) = outcome { Some(reason) } else { None };
    let ended = attempt::Entity::update_many()
        .col_expr(attempt::Column::Outcome, Expr::value(word))
        .col_expr(attempt::Column::Error, Expr::value(error))
        .col_expr(attempt::Column::FinishedAt, Expr::value(Some(micros(at))))
        .filter(which)
        .filter(attempt::Column::Outcome.eq(AttemptOutcome::RUNNING))
        .exec(transaction)
        .await
        .doing("note the end of an attempt")?;
    Ok(ended.rows_affected)
}

/// Ends an attempt inside of a larger transaction.
pub(crate) async fn succeed(transaction: &sea_orm::DatabaseTransaction, id: Uuid, at: DateTime<Utc>) -> Result<(), StoreError> {
    end(transaction, attempt::Column::Id.eq(id), AttemptOutcome::Succeeded, at).await.map(drop)
}
