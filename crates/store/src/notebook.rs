//! Notes that a use case keeps for itself between runs, as bytes: caches, measured speeds.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};
use uuid::Uuid;

use crate::StoreError;
use crate::database::Store;
use crate::entity::notebook;
use crate::error::Doing;

impl Store {
    /// Reads a note.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note(&self, project: Uuid, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let found = notebook::Entity::find_by_id((project, name.to_owned())).one(&self.reader).await.doing("read a note")?;
        Ok(found.map(|row| row.bytes))
    }

    /// Writes a note over the one before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn write_note(&self, project: Uuid, name: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        const DOING: &str = "write a note";
        let row = notebook::ActiveModel { project_id: Set(project), name: Set(name.to_owned()), bytes: Set(bytes) };
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                let key = [notebook::Column::ProjectId, notebook::Column::Name];
                let conflict = OnConflict::columns(key).update_column(notebook::Column::Bytes).to_owned();
                notebook::Entity::insert(row).on_conflict(conflict).exec_without_returning(transaction).await.doing(DOING).map(drop)
            })
        })
        .await
    }
}
