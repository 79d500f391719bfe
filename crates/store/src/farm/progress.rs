//! How far attempts are, and what they look like so far: for people to see, and gone with the attempt.
//!
//! Nothing is decided by it, so it is no event of the log, which is kept for ever: the newest replaces the one before.

use farm::{JobId, NodeId, Progress, Time, Token};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, JoinType, QueryFilter, QuerySelect};
use serde::Serialize;
use uuid::Uuid;

use super::row::{from_json, to_json};
use super::statement;
use crate::StoreError;
use crate::database::{Store, micros};
use crate::entity::{farm_attempt, farm_job};
use crate::error::Doing;

const DOING: &str = "note how far attempts are";

/// What a worker notes of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// Of which job.
    pub job: JobId,
    /// Under which lease.
    pub token: Token,
    /// How far it is.
    pub progress: Progress,
    /// What it looks like, when that is new.
    pub preview: Option<NewPreview>,
}

/// A picture as it is so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPreview {
    /// `image/jpeg`.
    pub media_type: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
}

/// The latest picture of an attempt that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Of which attempt.
    pub number: u32,
    /// When it was noted.
    pub at: Time,
    /// `image/jpeg`.
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// An attempt that is under way, and how far it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnderWay {
    /// At which job.
    pub job: JobId,
    /// What the job is of.
    pub subject: String,
    /// For which project.
    pub project: Uuid,
    /// The how-manieth.
    pub number: u32,
    /// Where.
    pub node: NodeId,
    /// How far.
    pub progress: Progress,
}

impl Store {
    /// Notes how far attempts are. What is noted of an attempt that has ended, or under a lease that is superseded, changes
    /// nothing; says how many were noted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_progress(&self, mut notes: Vec<Note>) -> Result<usize, StoreError> {
        // Everybody takes rows in this order.
        notes.sort_by_key(|note| note.job);
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                let mut noted = 0;
                for note in notes {
                    noted += usize::from(write(transaction, note).await?);
                }
                Ok(noted)
            })
        })
        .await
    }

    /// The latest picture of the attempt at a job that is under way; none when nothing is, or it has none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn farm_preview(&self, job: JobId) -> Result<Option<Preview>, StoreError> {
        let sql = "SELECT p.number AS number, p.at AS at, p.media_type AS media_type, p.bytes AS bytes FROM farm_previews p \
                   JOIN farm_attempts a ON a.job_id = p.job_id AND a.number = p.number AND a.ended_at IS NULL WHERE p.job_id = $1";
        let row = self.reader.query_one_raw(statement(&self.reader, sql, [job.0.into()])).await.doing(DOING)?;
        let Some(row) = row else { return Ok(None) };
        let number: i32 = row.try_get("", "number").doing(DOING)?;
        Ok(Some(Preview {
            number: u32::try_from(number).unwrap_or(0),
            at: row.try_get("", "at").doing(DOING)?,
            media_type: row.try_get("", "media_type").doing(DOING)?,
            bytes: row.try_get("", "bytes").doing(DOING)?,
        }))
    }

    /// Attempts that are under way and of which something was noted after a time; of one project, or of all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn under_way(&self, project: Option<Uuid>, after: Time) -> Result<Vec<UnderWay>, StoreError> {
        let mut query = farm_attempt::Entity::find()
            .select_only()
            .columns([
                farm_attempt::Column::JobId,
                farm_attempt::Column::ProjectId,
                farm_attempt::Column::Number,
                farm_attempt::Column::NodeId,
                farm_attempt::Column::Progress,
            ])
            .column(farm_job::Column::Subject)
            .join(
                JoinType::InnerJoin,
                farm_attempt::Entity::belongs_to(farm_job::Entity).from(farm_attempt::Column::JobId).to(farm_job::Column::Id).into(),
            )
            // As the index of held slots says it, so that it is used.
            .filter(sea_orm::sea_query::Expr::cust("NOT released"))
            .filter(farm_attempt::Column::EndedAt.is_null())
            .filter(farm_attempt::Column::ProgressAt.gt(micros(after)));
        if let Some(project) = project {
            query = query.filter(farm_attempt::Column::ProjectId.eq(project));
        }
        type Row = (Uuid, Uuid, i32, Uuid, serde_json::Value, String);
        let rows = query.into_tuple::<Row>().all(&self.reader).await.doing(DOING)?;
        let under_way = rows.into_iter().map(|(job, project, number, node, progress, subject)| {
            Ok(UnderWay {
                job: JobId(job),
                subject,
                project,
                number: u32::try_from(number).unwrap_or(0),
                node: NodeId(node),
                progress: from_json("how far an attempt is", progress)?,
            })
        });
        under_way.collect()
    }

    /// Takes pictures away whose attempt ended at the moment that they were noted. Says how many.
    pub(super) async fn sweep_previews(&self) -> Result<u64, StoreError> {
        const LEFT: &str = "NOT EXISTS (SELECT 1 FROM farm_attempts a WHERE a.job_id = farm_previews.job_id \
                            AND a.number = farm_previews.number AND a.ended_at IS NULL)";
        let look = statement(&self.reader, &format!("SELECT 1 AS one FROM farm_previews WHERE {LEFT} LIMIT 1"), []);
        if self.reader.query_one_raw(look).await.doing(DOING)?.is_none() {
            return Ok(0);
        }
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                let delete = statement(transaction, &format!("DELETE FROM farm_previews WHERE {LEFT}"), []);
                Ok(transaction.execute_raw(delete).await.doing(DOING)?.rows_affected())
            })
        })
        .await
    }
}

/// Notes one, when its lease is the newest and its attempt under way.
async fn write(transaction: &DatabaseTransaction, note: Note) -> Result<bool, StoreError> {
    let Note { job, token, progress, preview } = note;
    let at = micros(progress.at);
    let sql =
        "UPDATE farm_attempts SET progress = $3, progress_at = $4 WHERE job_id = $1 AND token = $2 AND ended_at IS NULL RETURNING number";
    let values = [job.0.into(), token.0.into(), to_json("how far an attempt is", &progress)?.into(), at.into()];
    let Some(row) = transaction.query_one_raw(statement(transaction, sql, values)).await.doing(DOING)? else { return Ok(false) };
    let number: i32 = row.try_get("", "number").doing(DOING)?;
    if let Some(preview) = preview {
        let sql = "INSERT INTO farm_previews (job_id, number, token, at, media_type, bytes) VALUES ($1, $2, $3, $4, $5, $6) \
                   ON CONFLICT (job_id) DO UPDATE SET number = excluded.number, token = excluded.token, at = excluded.at, \
                   media_type = excluded.media_type, bytes = excluded.bytes";
        let values = [job.0.into(), number.into(), token.0.into(), at.into(), preview.media_type.into(), preview.bytes.into()];
        transaction.execute_raw(statement(transaction, sql, values)).await.doing(DOING)?;
    }
    Ok(true)
}

/// Takes the picture of an attempt away that has ended. Costs nothing where none was noted.
pub(super) async fn forget(transaction: &DatabaseTransaction, attempt: &farm::Attempt) -> Result<(), StoreError> {
    if attempt.progress.is_none() {
        return Ok(());
    }
    let delete = statement(transaction, "DELETE FROM farm_previews WHERE job_id = $1", [attempt.job.0.into()]);
    transaction.execute_raw(delete).await.doing(DOING).map(drop)
}
