//! Character sheets as they were signed, version by version.

use bible::Digest;
use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::Value;
use uuid::Uuid;

use crate::database::{Store, micros};
use crate::entity::sheet;
use crate::error::Doing;
use crate::{NewEvent, StoreError, VerdictStatus};

/// A sheet that was signed.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Its id.
    pub id: Uuid,
    /// In which project.
    pub project: Uuid,
    /// Whose, in which look, since when: `mei/school`.
    pub subject: String,
    /// 1 for the first of the subject.
    pub version: u32,
    /// Its signature: over the pixels of its pictures and what they are.
    pub digest: Digest,
    /// Whether it is the reference.
    pub status: VerdictStatus,
    /// Who decided that: `gate`, or a person.
    pub decided_by: String,
    /// A person's note.
    pub note: String,
    /// The sheet itself.
    pub document: Value,
    /// The version of the bible that it was drawn for.
    pub bible: Digest,
    /// When it was signed.
    pub created_at: DateTime<Utc>,
    /// When it was decided on last.
    pub decided_at: DateTime<Utc>,
}

impl TryFrom<sheet::Model> for Sheet {
    type Error = StoreError;

    fn try_from(row: sheet::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            project: row.project_id,
            subject: row.subject,
            version: u32::try_from(row.version).map_err(|error| StoreError::damaged("a sheet's version", error))?,
            digest: row.digest.parse().map_err(|error| StoreError::damaged("a sheet's signature", error))?,
            status: row.status.parse()?,
            decided_by: row.decided_by,
            note: row.note,
            document: row.document,
            bible: row.bible.parse().map_err(|error| StoreError::damaged("a sheet's bible", error))?,
            created_at: row.created_at,
            decided_at: row.decided_at,
        })
    }
}

impl Store {
    /// Writes a sheet down as the next version of its subject, unless the newest has the same signature. Returns the
    /// one that counts: the new one, or the one that was there. Its `version` is given by the store.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sign_sheet(&self, signed: &Sheet) -> Result<Sheet, StoreError> {
        const DOING: &str = "write down a sheet";
        let signed = signed.clone();
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                let newest = sheet::Entity::find()
                    .filter(sheet::Column::ProjectId.eq(signed.project))
                    .filter(sheet::Column::Subject.eq(&signed.subject))
                    .order_by_desc(sheet::Column::Version)
                    .one(transaction)
                    .await
                    .doing(DOING)?;
                if let Some(known) = newest.as_ref().filter(|known| known.digest == signed.digest.to_string()) {
                    return Sheet::try_from(known.clone());
                }
                let row = sheet::Model {
                    id: signed.id,
                    project_id: signed.project,
                    subject: signed.subject.clone(),
                    version: newest.map_or(1, |known| known.version + 1),
                    digest: signed.digest.to_string(),
                    status: signed.status.word().to_owned(),
                    decided_by: signed.decided_by.clone(),
                    note: signed.note.clone(),
                    document: signed.document.clone(),
                    bible: signed.bible.to_string(),
                    created_at: micros(signed.created_at),
                    decided_at: micros(signed.decided_at),
                };
                let written = Sheet::try_from(row.clone())?;
                sheet::Entity::insert(sheet::ActiveModel::from(row).reset_all()).exec_without_returning(transaction).await.doing(DOING)?;
                event(&written, "sheet.signed").write(transaction).await?;
                Ok(written)
            })
        })
        .await
    }

    /// Notes a person's word on a sheet. `false` when there is no such sheet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn decide_sheet(&self, id: Uuid, status: VerdictStatus, by: &str, note: &str, at: DateTime<Utc>) -> Result<bool, StoreError> {
        const DOING: &str = "decide on a sheet";
        let (by, note) = (by.to_owned(), note.to_owned());
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                let Some(found) = sheet::Entity::find_by_id(id).one(transaction).await.doing(DOING)? else { return Ok(false) };
                let mut row: sheet::ActiveModel = found.into();
                row.status = Set(status.word().to_owned());
                row.decided_by = Set(by);
                row.note = Set(note);
                row.decided_at = Set(micros(at));
                let decided = Sheet::try_from(sheet::Entity::update(row).exec(transaction).await.doing(DOING)?)?;
                event(&decided, "sheet.decided").write(transaction).await?;
                Ok(true)
            })
        })
        .await
    }

    /// The newest sheet of a subject.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sheet(&self, project: Uuid, subject: &str) -> Result<Option<Sheet>, StoreError> {
        let newest = sheet::Entity::find()
            .filter(sheet::Column::ProjectId.eq(project))
            .filter(sheet::Column::Subject.eq(subject))
            .order_by_desc(sheet::Column::Version)
            .one(&self.reader)
            .await
            .doing("read a sheet")?;
        newest.map(Sheet::try_from).transpose()
    }
}

fn event(sheet: &Sheet, kind: &'static str) -> NewEvent {
    NewEvent {
        at: sheet.decided_at,
        project: Some(sheet.project),
        kind,
        subject: format!("sheet {}", sheet.subject),
        payload: serde_json::json!({
            "sheet": sheet.id, "version": sheet.version, "digest": sheet.digest, "status": sheet.status, "decided_by": sheet.decided_by,
        }),
    }
}
