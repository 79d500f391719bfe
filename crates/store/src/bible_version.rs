//! Which commit a version of the bible was read from.

use std::collections::{BTreeMap, BTreeSet};

use bible::Digest;
use bible::version::CommitId;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::StoreError;
use crate::database::Store;
use crate::entity::bible_version;
use crate::error::Doing;

impl Store {
    /// Notes that a commit reads as a version. The first commit that did so keeps it: what comes later with the same
    /// content (a revert, a merge) is not what the pictures were drawn from.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_version(&self, project: Uuid, version: Digest, commit: CommitId, at: DateTime<Utc>) -> Result<(), StoreError> {
        let row = bible_version::ActiveModel {
            project_id: Set(project),
            version: Set(version.to_string()),
            commit: Set(commit.to_string()),
            noted_at: Set(at),
        };
        let key = [bible_version::Column::ProjectId, bible_version::Column::Version];
        let insert = bible_version::Entity::insert(row).on_conflict(OnConflict::columns(key).do_nothing().to_owned());
        self.transaction("note a version of the bible", move |transaction| {
            Box::pin(async move {
                match insert.exec_without_returning(transaction).await {
                    Ok(_) | Err(DbErr::RecordNotInserted) => Ok(()),
                    Err(error) => Err(error).doing("note a version of the bible"),
                }
            })
        })
        .await
    }

    /// The commits that versions were read from, as far as they were committed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commits_of_versions(&self, project: Uuid, versions: &BTreeSet<Digest>) -> Result<BTreeMap<Digest, CommitId>, StoreError> {
        const DOING: &str = "look up the commits of versions";
        let versions: Vec<String> = versions.iter().map(ToString::to_string).collect();
        let mut found = BTreeMap::new();
        for batch in versions.chunks(500) {
            let query = bible_version::Entity::find()
                .filter(bible_version::Column::ProjectId.eq(project))
                .filter(bible_version::Column::Version.is_in(batch));
            for row in query.all(&self.reader).await.doing(DOING)? {
                let version = row.version.parse().map_err(|error| StoreError::damaged("a version of the bible", error))?;
                found.insert(version, row.commit.parse().map_err(|error| StoreError::damaged("the commit of a version", error))?);
            }
        }
        Ok(found)
    }
}
