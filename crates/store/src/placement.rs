//! Placements: what the show uses for each subject, and what was read to make it.

use std::sync::Arc;

use bible::Digest;
use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::artifact::put_placement;
use crate::database::{Store, micros};
use crate::entity::{artifact, placement};
use crate::error::Doing;
use crate::{StoreError, VerdictStatus};

/// A bible field that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRead {
    /// The field: `characters.mei.colour_model.hair.base`.
    pub path: Arc<str>,
    /// Digest of the value that was read.
    pub digest: Digest,
}

/// What the show uses for a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// In which project.
    pub project: Uuid,
    /// For what.
    pub subject: String,
    /// The recipe.
    pub recipe: Digest,
    /// The artifact.
    pub artifact: Uuid,
    /// What was read to make the recipe.
    pub reads: Arc<[StoredRead]>,
    /// The version of the bible that it was read from.
    pub bible: Digest,
    /// When.
    pub at: DateTime<Utc>,
}

/// The short form of a placement, as planning compares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// For what.
    pub subject: String,
    /// The recipe.
    pub recipe: Digest,
    /// The artifact.
    pub artifact: Uuid,
    /// The verdict that counts.
    pub status: VerdictStatus,
    /// When the artifact was made.
    pub made_at: DateTime<Utc>,
    /// When it came to be used.
    pub placed_at: DateTime<Utc>,
}

impl Placed {
    /// Whether it was made and came to be used after something that is made of it, which is of what was in its place before.
    #[must_use]
    pub fn is_newer_than(&self, made_of_it: &Self) -> bool {
        self.made_at > made_of_it.made_at && self.placed_at > made_of_it.placed_at
    }
}

pub(crate) fn placement_row(placed: Placement) -> Result<placement::ActiveModel, StoreError> {
    let reads = serde_json::to_value(&placed.reads[..]).map_err(|error| StoreError::damaged("reads", error))?;
    Ok(placement::ActiveModel {
        project_id: Set(placed.project),
        subject: Set(placed.subject),
        recipe: Set(placed.recipe.to_string()),
        artifact_id: Set(placed.artifact),
        reads: Set(reads),
        bible: Set(placed.bible.to_string()),
        placed_at: Set(micros(placed.at)),
    })
}

/// Columns of a placement that its short form has.
const SHORT: [placement::Column; 4] =
    [placement::Column::Subject, placement::Column::Recipe, placement::Column::ArtifactId, placement::Column::PlacedAt];

fn digest(text: &str) -> Result<Digest, StoreError> {
    text.parse().map_err(|error| StoreError::damaged("a digest", error))
}

impl Store {
    /// What the show uses, for every subject, in no particular order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn placements(&self, project: Uuid) -> Result<Vec<Placed>, StoreError> {
        let rows = placement::Entity::find()
            .select_only()
            .columns(SHORT)
            .filter(placement::Column::ProjectId.eq(project))
            .into_tuple::<(String, String, Uuid, DateTime<Utc>)>()
            .all(&self.reader)
            .await
            .doing("read placements")?;
        let artifacts: std::collections::HashMap<Uuid, (String, DateTime<Utc>)> = artifact::Entity::find()
            .select_only()
            .columns([artifact::Column::Id, artifact::Column::Status, artifact::Column::CreatedAt])
            .filter(artifact::Column::ProjectId.eq(project))
            .into_tuple::<(Uuid, String, DateTime<Utc>)>()
            .all(&self.reader)
            .await
            .doing("read verdicts")?
            .into_iter()
            .map(|(id, status, made_at)| (id, (status, made_at)))
            .collect();
        rows.into_iter()
            .filter_map(|(subject, recipe, artifact, placed_at)| {
                // One that is gone by now went with its project.
                let (status, made_at) = artifacts.get(&artifact)?;
                let placed = |recipe: &str| {
                    Ok(Placed { subject, recipe: digest(recipe)?, artifact, status: status.parse()?, made_at: *made_at, placed_at })
                };
                Some(placed(&recipe))
            })
            .collect()
    }

    /// What the show uses for these subjects; those that it has nothing for are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn placed(&self, project: Uuid, subjects: &[String]) -> Result<Vec<Placed>, StoreError> {
        let mut found = Vec::with_capacity(subjects.len());
        for some in subjects.chunks(500) {
            let rows = placement::Entity::find()
                .select_only()
                .columns(SHORT)
                .columns([artifact::Column::Status, artifact::Column::CreatedAt])
                .join(
                    sea_orm::JoinType::InnerJoin,
                    placement::Entity::belongs_to(artifact::Entity).from(placement::Column::ArtifactId).to(artifact::Column::Id).into(),
                )
                .filter(placement::Column::ProjectId.eq(project))
                .filter(placement::Column::Subject.is_in(some.iter().map(String::as_str)))
                .into_tuple::<(String, String, Uuid, DateTime<Utc>, String, DateTime<Utc>)>()
                .all(&self.reader)
                .await
                .doing("read placements")?;
            for (subject, recipe, artifact, placed_at, status, made_at) in rows {
                found.push(Placed { subject, recipe: digest(&recipe)?, artifact, status: status.parse()?, made_at, placed_at });
            }
        }
        Ok(found)
    }

    /// Placements in full, for these subjects.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn placements_of(&self, project: Uuid, subjects: &[String]) -> Result<Vec<Placement>, StoreError> {
        let mut found = Vec::new();
        for some in subjects.chunks(500) {
            let rows = placement::Entity::find()
                .filter(placement::Column::ProjectId.eq(project))
                .filter(placement::Column::Subject.is_in(some.iter().map(String::as_str)))
                .all(&self.reader)
                .await
                .doing("read placements")?;
            for row in rows {
                let reads: Vec<StoredRead> = serde_json::from_value(row.reads).map_err(|error| StoreError::damaged("reads", error))?;
                found.push(Placement {
                    project: row.project_id,
                    subject: row.subject,
                    recipe: digest(&row.recipe)?,
                    artifact: row.artifact_id,
                    reads: reads.into(),
                    bible: digest(&row.bible)?,
                    at: row.placed_at,
                });
            }
        }
        Ok(found)
    }

    /// Uses artifacts that exist already: after an edit was taken back, or for a subject with the same recipe.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn place(&self, placements: Vec<Placement>) -> Result<(), StoreError> {
        self.transaction("place artifacts", move |transaction| {
            Box::pin(async move {
                for placement in placements {
                    put_placement(placement, transaction).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Takes subjects away that the show no longer has. Their artifacts stay.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn displace(&self, project: Uuid, subjects: Vec<String>) -> Result<(), StoreError> {
        const DOING: &str = "take placements away";
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                for some in subjects.chunks(500) {
                    placement::Entity::delete_many()
                        .filter(placement::Column::ProjectId.eq(project))
                        .filter(placement::Column::Subject.is_in(some.iter().map(String::as_str)))
                        .exec(transaction)
                        .await
                        .doing(DOING)?;
                }
                Ok(())
            })
        })
        .await
    }
}
