//! Verdicts: what was decided about an artifact, by whom, and why. The latest counts; all are kept.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::database::{Store, micros};
use crate::entity::{artifact, verdict};
use crate::error::Doing;
use crate::{NewEvent, StoreError};

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictStatus {
    /// It may be used.
    Accepted,
    /// A person must look.
    NeedsReview,
    /// It may not be used.
    Rejected,
}

impl VerdictStatus {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::NeedsReview => "needs_review",
            Self::Rejected => "rejected",
        }
    }
}

impl fmt::Display for VerdictStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for VerdictStatus {
    type Err = StoreError;

    fn from_str(word: &str) -> Result<Self, StoreError> {
        [Self::Accepted, Self::NeedsReview, Self::Rejected]
            .into_iter()
            .find(|status| status.word() == word)
            .ok_or_else(|| StoreError::damaged("a verdict's status", format_args!("{word:?}")))
    }
}

/// A verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Its id.
    pub id: Uuid,
    /// What was decided.
    pub status: VerdictStatus,
    /// The measured score, 0 to 1; none when nothing was measured.
    pub score: Option<f64>,
    /// The score that was needed.
    pub gate: f64,
    /// `gate`, or the name of a person.
    pub decided_by: String,
    /// What the person said.
    pub note: String,
    /// Measurements, reasons and evidence.
    pub report: Value,
    /// When.
    pub decided_at: DateTime<Utc>,
}

impl Decision {
    pub(crate) async fn write<C: ConnectionTrait>(&self, artifact: Uuid, connection: &C) -> Result<(), StoreError> {
        let row = verdict::ActiveModel {
            id: Set(self.id),
            artifact_id: Set(artifact),
            status: Set(self.status.word().to_owned()),
            score: Set(self.score),
            gate: Set(self.gate),
            decided_by: Set(self.decided_by.clone()),
            note: Set(self.note.clone()),
            report: Set(self.report.clone()),
            decided_at: Set(micros(self.decided_at)),
        };
        verdict::Entity::insert(row).exec_without_returning(connection).await.doing("write a verdict").map(drop)
    }
}

impl TryFrom<verdict::Model> for Decision {
    type Error = StoreError;

    fn try_from(row: verdict::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            status: row.status.parse()?,
            score: row.score,
            gate: row.gate,
            decided_by: row.decided_by,
            note: row.note,
            report: row.report,
            decided_at: row.decided_at,
        })
    }
}

impl Store {
    /// Adds a verdict to an artifact; from now on it is the one that counts. `false` when there is no such
    /// artifact.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn decide(&self, artifact: Uuid, decision: &Decision) -> Result<bool, StoreError> {
        const DOING: &str = "note a verdict";
        let decision = decision.clone();
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                let Some(found) = artifact::Entity::find_by_id(artifact).one(transaction).await.doing(DOING)? else { return Ok(false) };
                decision.write(artifact, transaction).await?;
                let (project, subject) = (found.project_id, found.subject.clone());
                let mut row: artifact::ActiveModel = found.into();
                row.status = Set(decision.status.word().to_owned());
                // A person's verdict does not make a measurement: the score stays what was measured.
                if decision.score.is_some() {
                    row.score = Set(decision.score);
                }
                artifact::Entity::update(row).exec_without_returning(transaction).await.doing(DOING)?;
                let payload = serde_json::json!({ "artifact": artifact, "status": decision.status, "decided_by": decision.decided_by });
                NewEvent { at: decision.decided_at, project: Some(project), kind: "verdict.decided", subject, payload }
                    .write(transaction)
                    .await?;
                Ok(true)
            })
        })
        .await
    }

    /// Every verdict on an artifact, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn verdicts(&self, artifact: Uuid) -> Result<Vec<Decision>, StoreError> {
        let rows = verdict::Entity::find()
            .filter(verdict::Column::ArtifactId.eq(artifact))
            .order_by_desc(verdict::Column::DecidedAt)
            .order_by_desc(verdict::Column::Id)
            .all(&self.reader)
            .await
            .doing("read verdicts")?;
        rows.into_iter().map(Decision::try_from).collect()
    }

    /// The verdict that counts for each of these artifacts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn latest_verdicts(&self, artifacts: &[Uuid]) -> Result<std::collections::HashMap<Uuid, Decision>, StoreError> {
        let mut latest = std::collections::HashMap::new();
        // SQLite takes a bounded number of parameters in one statement.
        for some in artifacts.chunks(500) {
            let rows = verdict::Entity::find()
                .filter(verdict::Column::ArtifactId.is_in(some.iter().copied()))
                .order_by_asc(verdict::Column::DecidedAt)
                .order_by_asc(verdict::Column::Id)
                .all(&self.reader)
                .await
                .doing("read verdicts")?;
            for row in rows {
                latest.insert(row.artifact_id, Decision::try_from(row)?);
            }
        }
        Ok(latest)
    }
}

/// Who decided last on an artifact; none where nobody has.
pub(crate) async fn latest_decider<C: ConnectionTrait>(artifact: Uuid, connection: &C) -> Result<Option<String>, StoreError> {
    let latest = verdict::Entity::find()
        .filter(verdict::Column::ArtifactId.eq(artifact))
        .order_by_desc(verdict::Column::DecidedAt)
        .order_by_desc(verdict::Column::Id)
        .one(connection)
        .await
        .doing("read a verdict")?;
    Ok(latest.map(|row| row.decided_by))
}
