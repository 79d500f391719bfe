//! Vectors of pictures: what they look like to a model, for search.

use bible::Slug;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::StoreError;
use crate::database::Store;
use crate::entity::{picture_vector, placement};
use crate::error::Doing;

/// What a picture looks like to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureVector {
    /// Rises with every vector that is written.
    pub id: u64,
    /// The artifact that the picture belongs to.
    pub artifact: Uuid,
    /// The picture's name within the artifact.
    pub picture: String,
    /// The character that it is of; none for the whole picture.
    pub owner: Option<Slug>,
    /// Its numbers; empty when the model could make nothing of the picture.
    pub vector: Vec<f32>,
}

/// A vector to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPictureVector {
    /// The artifact that the picture belongs to.
    pub artifact: Uuid,
    /// The picture's name within the artifact.
    pub picture: String,
    /// The character that it is of; none for the whole picture.
    pub owner: Option<Slug>,
    /// Its numbers; empty when the model could make nothing of the picture.
    pub vector: Vec<f32>,
}

impl TryFrom<picture_vector::Model> for PictureVector {
    type Error = StoreError;

    fn try_from(row: picture_vector::Model) -> Result<Self, StoreError> {
        let owner = match row.owner.as_str() {
            "" => None,
            slug => Some(slug.parse().map_err(|error| StoreError::damaged("whose vector it is", error))?),
        };
        let (numbers, rest) = row.vector.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(StoreError::damaged("a vector", format_args!("{} bytes are no numbers of 4", row.vector.len())));
        }
        let vector = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        Ok(Self { id: row.id.cast_unsigned(), artifact: row.artifact_id, picture: row.picture, owner, vector })
    }
}

impl Store {
    /// Writes what pictures of a project look like to a model. What is known already stays as it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_vectors(&self, project: Uuid, model: &str, vectors: Vec<NewPictureVector>) -> Result<(), StoreError> {
        const DOING: &str = "write vectors";
        let model = model.to_owned();
        let rows: Vec<picture_vector::ActiveModel> = vectors
            .into_iter()
            .map(|new| picture_vector::ActiveModel {
                id: NotSet,
                project_id: Set(project),
                artifact_id: Set(new.artifact),
                picture: Set(new.picture),
                owner: Set(new.owner.map(|owner| owner.to_string()).unwrap_or_default()),
                model: Set(model.clone()),
                vector: Set(new.vector.into_iter().flat_map(f32::to_le_bytes).collect()),
            })
            .collect();
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                use picture_vector::Column;
                // SQLite takes 32,766 values in a statement.
                for some in rows.chunks(500) {
                    let known = [Column::ArtifactId, Column::Picture, Column::Owner, Column::Model];
                    let conflict = OnConflict::columns(known).do_nothing().to_owned();
                    let insert = picture_vector::Entity::insert_many(some.to_vec()).on_conflict(conflict);
                    insert.exec_without_returning(transaction).await.doing(DOING)?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Vectors of a project by a model whose ids are higher than `after`, rising.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn vectors_after(&self, project: Uuid, model: &str, after: u64, limit: u64) -> Result<Vec<PictureVector>, StoreError> {
        use picture_vector::Column;
        let rows = picture_vector::Entity::find()
            .filter(Column::ProjectId.eq(project))
            .filter(Column::Model.eq(model))
            .filter(Column::Id.gt(after.cast_signed()))
            .order_by_asc(Column::Id)
            .limit(limit)
            .all(&self.reader)
            .await
            .doing("read vectors")?;
        rows.into_iter().map(PictureVector::try_from).collect()
    }

    /// The vectors of these ids, rising; ids that are not there are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn vectors_of(&self, ids: &[u64]) -> Result<Vec<PictureVector>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for some in ids.chunks(500) {
            let rows = picture_vector::Entity::find()
                .filter(picture_vector::Column::Id.is_in(some.iter().map(|id| id.cast_signed())))
                .all(&self.reader)
                .await
                .doing("read vectors")?;
            for row in rows {
                found.push(PictureVector::try_from(row)?);
            }
        }
        found.sort_by_key(|vector| vector.id);
        Ok(found)
    }

    /// The highest id of a project's vectors by a model.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_vector(&self, project: Uuid, model: &str) -> Result<Option<u64>, StoreError> {
        use picture_vector::Column;
        let highest = picture_vector::Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::ProjectId.eq(project))
            .filter(Column::Model.eq(model))
            .order_by_desc(Column::Id)
            .limit(1)
            .into_tuple::<i64>();
        Ok(highest.one(&self.reader).await.doing("read vectors")?.map(i64::cast_unsigned))
    }

    /// When a project last began to use a picture; none when it uses none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_placed(&self, project: Uuid) -> Result<Option<DateTime<Utc>>, StoreError> {
        let newest = placement::Entity::find()
            .select_only()
            .column(placement::Column::PlacedAt)
            .filter(placement::Column::ProjectId.eq(project))
            .order_by_desc(placement::Column::PlacedAt)
            .limit(1)
            .into_tuple::<DateTime<Utc>>();
        newest.one(&self.reader).await.doing("read placements")
    }
}
