//! The bible's objects as bytes, by the ids that follow from them.

use std::collections::{BTreeMap, BTreeSet};

use bible::Digest;
use bible::version::ObjectKind;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::StoreError;
use crate::database::Store;
use crate::entity::{bible_commit, bible_object};
use crate::error::Doing;

/// An object as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// Its id.
    pub id: Digest,
    /// What it is.
    pub kind: ObjectKind,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl TryFrom<bible_object::Model> for StoredObject {
    type Error = StoreError;

    fn try_from(row: bible_object::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.parse().map_err(|error| StoreError::damaged("an object's id", error))?,
            kind: row.kind.parse().map_err(|error| StoreError::damaged(format!("the kind of object {}", row.id), error))?,
            bytes: row.bytes,
        })
    }
}

/// Rows of one statement: SQLite takes 32,766 values in one, PostgreSQL 65,535.
const BATCH: usize = 500;

/// Bytes of one statement, so that no statement is larger than a database takes.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

impl Store {
    /// Keeps objects. Those that are kept already stay as they are.
    ///
    /// `commits` are those of the objects that are commits, with their generations; they become known as the
    /// project's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_objects(&self, project: Uuid, objects: Vec<StoredObject>, commits: Vec<(Digest, u64)>) -> Result<(), StoreError> {
        const DOING: &str = "keep objects of the bible";
        let mut batches: Vec<Vec<bible_object::ActiveModel>> = Vec::new();
        let mut bytes = BATCH_BYTES;
        for object in objects {
            if bytes + object.bytes.len() > BATCH_BYTES || batches.last().is_none_or(|batch| batch.len() == BATCH) {
                batches.push(Vec::new());
                bytes = 0;
            }
            bytes += object.bytes.len();
            let row =
                bible_object::ActiveModel { id: Set(object.id.to_string()), kind: Set(object.kind.to_string()), bytes: Set(object.bytes) };
            if let Some(batch) = batches.last_mut() {
                batch.push(row);
            }
        }
        let commits: Vec<_> = commits
            .into_iter()
            .map(|(id, generation)| bible_commit::ActiveModel {
                project_id: Set(project),
                id: Set(id.to_string()),
                generation: Set(i64::try_from(generation).unwrap_or(i64::MAX)),
            })
            .collect();
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                for batch in batches {
                    let conflict = OnConflict::column(bible_object::Column::Id).do_nothing().to_owned();
                    kept(bible_object::Entity::insert_many(batch).on_conflict(conflict).exec_without_returning(transaction).await)
                        .doing(DOING)?;
                }
                for batch in commits.chunks(BATCH) {
                    let key = [bible_commit::Column::ProjectId, bible_commit::Column::Id];
                    let conflict = OnConflict::columns(key).do_nothing().to_owned();
                    let insert = bible_commit::Entity::insert_many(batch.to_vec()).on_conflict(conflict);
                    kept(insert.exec_without_returning(transaction).await).doing(DOING)?;
                }
                Ok(())
            })
        })
        .await
    }

    /// The objects of some ids, as far as they are kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn objects(&self, ids: &BTreeSet<Digest>) -> Result<Vec<StoredObject>, StoreError> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut found = Vec::with_capacity(ids.len());
        for batch in ids.chunks(BATCH) {
            let query = bible_object::Entity::find().filter(bible_object::Column::Id.is_in(batch));
            for row in query.all(&self.reader).await.doing("read objects of the bible")? {
                found.push(StoredObject::try_from(row)?);
            }
        }
        Ok(found)
    }

    /// Up to `limit` commits of a project from a generation downwards: a stretch of history in one go.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commits_from(&self, project: Uuid, generation: u64, limit: u64) -> Result<Vec<StoredObject>, StoreError> {
        const DOING: &str = "read commits of the bible";
        let rows: Vec<bible_commit::Model> = bible_commit::Entity::find()
            .filter(bible_commit::Column::ProjectId.eq(project))
            .filter(bible_commit::Column::Generation.lte(i64::try_from(generation).unwrap_or(i64::MAX)))
            .order_by_desc(bible_commit::Column::Generation)
            .limit(limit)
            .all(&self.reader)
            .await
            .doing(DOING)?;
        let ids: Result<BTreeSet<Digest>, _> = rows.iter().map(|row| row.id.parse()).collect();
        self.objects(&ids.map_err(|error| StoreError::damaged("a commit's id", error))?).await
    }

    /// Up to `limit` commits of a project, by id, after one of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commit_ids(&self, project: Uuid, after: Option<Digest>, limit: u64) -> Result<Vec<Digest>, StoreError> {
        let mut query = bible_commit::Entity::find().filter(bible_commit::Column::ProjectId.eq(project));
        if let Some(after) = after {
            query = query.filter(bible_commit::Column::Id.gt(after.to_string()));
        }
        let rows = query.order_by_asc(bible_commit::Column::Id).limit(limit).all(&self.reader).await.doing("list commits of the bible")?;
        rows.into_iter().map(|row| row.id.parse().map_err(|error| StoreError::damaged("a commit's id", error))).collect()
    }

    /// The generations of those of some ids that are commits of a project.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn generations(&self, project: Uuid, ids: &BTreeSet<Digest>) -> Result<BTreeMap<Digest, u64>, StoreError> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut found = BTreeMap::new();
        for batch in ids.chunks(BATCH) {
            let query = bible_commit::Entity::find()
                .filter(bible_commit::Column::ProjectId.eq(project))
                .filter(bible_commit::Column::Id.is_in(batch));
            for row in query.all(&self.reader).await.doing("read commits of the bible")? {
                let id = row.id.parse().map_err(|error| StoreError::damaged("a commit's id", error))?;
                found.insert(id, u64::try_from(row.generation).unwrap_or_default());
            }
        }
        Ok(found)
    }

    /// Up to `limit` commits of a project whose id starts with some hex digits, by id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commits_with_prefix(&self, project: Uuid, prefix: &str, limit: u64) -> Result<Vec<Digest>, StoreError> {
        let rows = bible_commit::Entity::find()
            .filter(bible_commit::Column::ProjectId.eq(project))
            .filter(bible_commit::Column::Id.gte(prefix))
            // `g` comes right after the last hex digit.
            .filter(bible_commit::Column::Id.lt(format!("{prefix}g")))
            .order_by_asc(bible_commit::Column::Id)
            .limit(limit)
            .all(&self.reader)
            .await
            .doing("look up a commit")?;
        rows.into_iter().map(|row| row.id.parse().map_err(|error| StoreError::damaged("a commit's id", error))).collect()
    }
}

/// An insert of which every row was there already is done.
fn kept<T>(outcome: Result<T, DbErr>) -> Result<(), DbErr> {
    match outcome {
        Ok(_) | Err(DbErr::RecordNotInserted) => Ok(()),
        Err(error) => Err(error),
    }
}
