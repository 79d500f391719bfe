//! The event log: append-only, written in the transaction that changes state.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::StoreError;
use crate::database::{Store, micros};
use crate::entity::event;
use crate::error::Doing;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Its place in the log; grows, with gaps.
    pub sequence: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// In which project.
    pub project: Option<Uuid>,
    /// What: `artifact.accepted`, `artifact.judged`, `episode.cut`, `verdict.decided`, `bible.loaded`.
    pub kind: String,
    /// To what.
    pub subject: String,
    /// The rest.
    pub payload: Value,
}

/// Something that is about to be written down.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// In which project.
    pub project: Option<Uuid>,
    /// What.
    pub kind: &'static str,
    /// To what.
    pub subject: String,
    /// The rest.
    pub payload: Value,
}

impl NewEvent {
    pub(crate) async fn write<C: ConnectionTrait>(self, connection: &C) -> Result<(), StoreError> {
        let row = event::ActiveModel {
            sequence: NotSet,
            at: Set(micros(self.at)),
            project_id: Set(self.project),
            kind: Set(self.kind.to_owned()),
            subject: Set(self.subject),
            payload: Set(self.payload),
        };
        event::Entity::insert(row).exec_without_returning(connection).await.doing("write an event").map(drop)
    }

    /// Several at once.
    pub(crate) async fn write_all<C: ConnectionTrait>(events: Vec<Self>, connection: &C) -> Result<(), StoreError> {
        // SQLite takes 32,766 values in one statement.
        const ROWS: usize = 500;
        let mut events = events.into_iter().peekable();
        while events.peek().is_some() {
            let rows = events.by_ref().take(ROWS).map(|event| event::ActiveModel {
                sequence: NotSet,
                at: Set(micros(event.at)),
                project_id: Set(event.project),
                kind: Set(event.kind.to_owned()),
                subject: Set(event.subject),
                payload: Set(event.payload),
            });
            event::Entity::insert_many(rows).exec_without_returning(connection).await.doing("write events")?;
        }
        Ok(())
    }
}

impl Store {
    /// Up to `limit` events after a place in the log, oldest first; of one project, or of all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn events_after(&self, sequence: i64, project: Option<Uuid>, limit: u64) -> Result<Vec<Event>, StoreError> {
        let mut query = event::Entity::find().filter(event::Column::Sequence.gt(sequence));
        if let Some(project) = project {
            query = query.filter(event::Column::ProjectId.eq(project));
        }
        let rows = query.order_by_asc(event::Column::Sequence).limit(limit).all(&self.reader).await.doing("read events")?;
        let events = rows.into_iter().map(|row| Event {
            sequence: row.sequence,
            at: row.at,
            project: row.project_id,
            kind: row.kind,
            subject: row.subject,
            payload: row.payload,
        });
        Ok(events.collect())
    }

    /// The place of the newest event; 0 when there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest_event(&self) -> Result<i64, StoreError> {
        let newest = event::Entity::find().order_by_desc(event::Column::Sequence).one(&self.reader).await.doing("read events")?;
        Ok(newest.map_or(0, |event| event.sequence))
    }

    /// Waits until this process writes something, or until `limit` has passed: other processes write too, so
    /// a reader looks again after a while in any case.
    pub async fn wait_for_events(&self, limit: std::time::Duration) {
        // Not hearing in time is the ordinary end of the wait.
        drop(tokio::time::timeout(limit, self.written.notified()).await);
    }
}
