//! Branches, tags and `HEAD` of the bible: names that point, and the record of how they moved.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use uuid::Uuid;

use crate::database::{Store, micros};
use crate::entity::{bible_ref, bible_ref_move};
use crate::error::{Doing, is_duplicate};
use crate::{NewEvent, StoreError};

/// A name that points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BibleRef {
    /// `branches/main`, `tags/delivery-1`, `HEAD`.
    pub name: String,
    /// An object's id; for `HEAD` the name of a branch.
    pub target: String,
}

/// One name that is to move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefChange {
    /// Which.
    pub name: String,
    /// Where it must point now; none when it must not exist.
    pub old: Option<String>,
    /// Where it points then; none when it goes.
    pub new: Option<String>,
}

/// Names that move together, who moves them and why.
#[derive(Debug, Clone)]
pub struct RefMove {
    /// Of which project.
    pub project: Uuid,
    /// Which names.
    pub changes: Vec<RefChange>,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub who: String,
    /// `commit: …`, `merge: …`, `branch: …`.
    pub why: String,
    /// What is told to everybody.
    pub event: &'static str,
}

/// A move that happened.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RefMoved {
    /// Its place in the record.
    pub sequence: i64,
    /// Which name.
    pub name: String,
    /// Where it pointed before.
    pub old: Option<String>,
    /// Where it points since.
    pub new: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub who: String,
    /// Why.
    pub why: String,
}

const DOING: &str = "move a branch of the bible";

impl Store {
    /// The names of a project that point, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bible_refs(&self, project: Uuid) -> Result<Vec<BibleRef>, StoreError> {
        let query = bible_ref::Entity::find().filter(bible_ref::Column::ProjectId.eq(project)).order_by_asc(bible_ref::Column::Name);
        let rows = query.all(&self.reader).await.doing("list branches of the bible")?;
        Ok(rows.into_iter().map(|row| BibleRef { name: row.name, target: row.target }).collect())
    }

    /// Where a name points.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bible_ref(&self, project: Uuid, name: &str) -> Result<Option<String>, StoreError> {
        let found = bible_ref::Entity::find_by_id((project, name.to_owned())).one(&self.reader).await;
        Ok(found.doing("look up a branch of the bible")?.map(|row| row.target))
    }

    /// Moves names, all or none: each only when it points where it is expected to. Says whether they moved.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn move_refs(&self, motion: RefMove) -> Result<bool, StoreError> {
        let outcome = self
            .transaction(DOING, move |transaction| {
                Box::pin(async move {
                    for change in &motion.changes {
                        if !moved(transaction, motion.project, change).await? {
                            // What was moved before goes back with the transaction.
                            return Err(StoreError::Stale);
                        }
                        record(transaction, &motion, change).await?;
                    }
                    let moves: Vec<_> = motion
                        .changes
                        .iter()
                        .map(|change| serde_json::json!({ "name": change.name, "old": change.old, "new": change.new }))
                        .collect();
                    let subject = motion.changes.first().map(|change| change.name.clone()).unwrap_or_default();
                    let payload = serde_json::json!({ "moves": moves, "who": motion.who, "why": motion.why });
                    NewEvent { at: motion.at, project: Some(motion.project), kind: motion.event, subject, payload }.write(transaction).await
                })
            })
            .await;
        match outcome {
            Ok(()) => Ok(true),
            Err(StoreError::Stale) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// How names of a project moved, newest first: of one name, or of all; before a place in the record.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ref_moves(&self, project: Uuid, name: Option<&str>, before: Option<i64>, limit: u64) -> Result<Vec<RefMoved>, StoreError> {
        let mut query = bible_ref_move::Entity::find().filter(bible_ref_move::Column::ProjectId.eq(project));
        if let Some(name) = name {
            query = query.filter(bible_ref_move::Column::Name.eq(name));
        }
        if let Some(before) = before {
            query = query.filter(bible_ref_move::Column::Sequence.lt(before));
        }
        let rows = query.order_by_desc(bible_ref_move::Column::Sequence).limit(limit).all(&self.reader).await;
        let moves = rows.doing("read how branches of the bible moved")?.into_iter().map(|row| RefMoved {
            sequence: row.sequence,
            name: row.name,
            old: row.old,
            new: row.new,
            at: row.at,
            who: row.who,
            why: row.why,
        });
        Ok(moves.collect())
    }
}

async fn moved(transaction: &DatabaseTransaction, project: Uuid, change: &RefChange) -> Result<bool, StoreError> {
    let here = || bible_ref::Column::ProjectId.eq(project).and(bible_ref::Column::Name.eq(change.name.as_str()));
    match (&change.old, &change.new) {
        (Some(old), Some(new)) => {
            let update = bible_ref::Entity::update_many()
                .col_expr(bible_ref::Column::Target, Expr::value(new.as_str()))
                .filter(here())
                .filter(bible_ref::Column::Target.eq(old.as_str()));
            Ok(update.exec(transaction).await.doing(DOING)?.rows_affected == 1)
        }
        (Some(old), None) => {
            let delete = bible_ref::Entity::delete_many().filter(here()).filter(bible_ref::Column::Target.eq(old.as_str()));
            Ok(delete.exec(transaction).await.doing(DOING)?.rows_affected == 1)
        }
        (None, Some(new)) => {
            let row = bible_ref::ActiveModel { project_id: Set(project), name: Set(change.name.clone()), target: Set(new.clone()) };
            match bible_ref::Entity::insert(row).exec_without_returning(transaction).await {
                Ok(_) => Ok(true),
                Err(error) if is_duplicate(&error) => Ok(false),
                Err(error) => Err(error).doing(DOING),
            }
        }
        (None, None) => Ok(true),
    }
}

async fn record(transaction: &DatabaseTransaction, motion: &RefMove, change: &RefChange) -> Result<(), StoreError> {
    let row = bible_ref_move::ActiveModel {
        sequence: NotSet,
        project_id: Set(motion.project),
        name: Set(change.name.clone()),
        old: Set(change.old.clone()),
        new: Set(change.new.clone()),
        at: Set(micros(motion.at)),
        who: Set(motion.who.clone()),
        why: Set(motion.why.clone()),
    };
    bible_ref_move::Entity::insert(row).exec_without_returning(transaction).await.doing(DOING).map(drop)
}
