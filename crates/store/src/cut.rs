//! Cuts: episodes put together.

use bible::{Digest, StoryTime};
use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::Value;
use uuid::Uuid;

use crate::database::{Store, micros};
use crate::entity::cut;
use crate::error::Doing;
use crate::{ArtifactFile, NewEvent, StoreError};

/// An episode, cut.
#[derive(Debug, Clone, PartialEq)]
pub struct Cut {
    /// Its id.
    pub id: Uuid,
    /// In which project.
    pub project: Uuid,
    /// Which episode.
    pub episode: StoryTime,
    /// From which recipe.
    pub recipe: Digest,
    /// The film, subtitles, thumbnails, report.
    pub files: Vec<ArtifactFile>,
    /// Length.
    pub frames: u64,
    /// What was measured of it.
    pub report: Value,
    /// The version of the bible that it was cut from.
    pub bible: Digest,
    /// When.
    pub created_at: DateTime<Utc>,
}

impl TryFrom<cut::Model> for Cut {
    type Error = StoreError;

    fn try_from(row: cut::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            project: row.project_id,
            episode: row.episode.parse().map_err(|error| StoreError::damaged("a cut's episode", error))?,
            recipe: row.recipe.parse().map_err(|error| StoreError::damaged("a cut's recipe", error))?,
            files: serde_json::from_value(row.files).map_err(|error| StoreError::damaged("a cut's files", error))?,
            frames: u64::try_from(row.frames).map_err(|error| StoreError::damaged("a cut's frames", error))?,
            report: row.report,
            bible: row.bible.parse().map_err(|error| StoreError::damaged("a cut's bible", error))?,
            created_at: row.created_at,
        })
    }
}

impl Store {
    /// Writes a cut down, with its event.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn record_cut(&self, made: &Cut) -> Result<(), StoreError> {
        const DOING: &str = "write down a cut";
        let files = serde_json::to_value(&made.files).map_err(|error| StoreError::damaged("a cut's files", error))?;
        let row = cut::ActiveModel {
            id: Set(made.id),
            project_id: Set(made.project),
            episode: Set(made.episode.to_string()),
            recipe: Set(made.recipe.to_string()),
            files: Set(files),
            frames: Set(made.frames.cast_signed()),
            report: Set(made.report.clone()),
            bible: Set(made.bible.to_string()),
            created_at: Set(micros(made.created_at)),
        };
        let event = NewEvent {
            at: made.created_at,
            project: Some(made.project),
            kind: "episode.cut",
            subject: format!("episode {}", made.episode),
            payload: serde_json::json!({ "cut": made.id, "recipe": made.recipe, "frames": made.frames }),
        };
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                cut::Entity::insert(row).exec_without_returning(transaction).await.doing(DOING)?;
                event.write(transaction).await
            })
        })
        .await
    }

    /// The newest cut of every episode of a project, in story order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn latest_cuts(&self, project: Uuid) -> Result<Vec<Cut>, StoreError> {
        let rows = cut::Entity::find()
            .filter(cut::Column::ProjectId.eq(project))
            .order_by_asc(cut::Column::CreatedAt)
            .order_by_asc(cut::Column::Id)
            .all(&self.reader)
            .await
            .doing("read cuts")?;
        let mut latest = std::collections::BTreeMap::new();
        for row in rows {
            let made = Cut::try_from(row)?;
            latest.insert(made.episode, made);
        }
        Ok(latest.into_values().collect())
    }

    /// The newest cut of an episode.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn latest_cut(&self, project: Uuid, episode: StoryTime) -> Result<Option<Cut>, StoreError> {
        Ok(self.latest_cuts(project).await?.into_iter().find(|cut| cut.episode == episode))
    }
}
