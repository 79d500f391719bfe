//! Asking for drawings.

use std::collections::HashMap;

use farm::{Band, ClassId, Failures, Job, JobId, JobState, LaneKey, Requirements, Time, Token};
use sea_orm::sea_query::{LockType, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};
use serde_json::Value;
use uuid::Uuid;

use super::row::{job_event, job_row, to_json};
use super::{statement, tell_others};
use crate::database::{Store, micros};
use crate::entity::{farm_class, farm_dependency, farm_job, farm_payload};
use crate::error::Doing;
use crate::{NewEvent, StoreError};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Its id.
    pub id: JobId,
    /// For which project.
    pub project: Uuid,
    /// For whom.
    pub user: String,
    /// What it is of, for people.
    pub subject: String,
    /// How pressing.
    pub band: Band,
    /// When it should be done.
    pub deadline: Option<Time>,
    /// How much work it is, compared with others of its template.
    pub size: f64,
    /// What it takes.
    pub needs: Requirements,
    /// The jobs that have to be done first.
    pub after: Vec<JobId>,
    /// What a worker does, opaque here.
    pub payload: Value,
    /// How many variants of the payload take less memory.
    pub variants: u32,
    /// Whether it is held back at first.
    pub held: bool,
}

const DOING: &str = "queue jobs";
/// Rows of one statement: SQLite takes 32,766 values in one.
const ROWS: usize = 500;

impl Store {
    /// Queues jobs, all or none. A job that is queued already (by its id) is left as it is, so that a caller may
    /// repeat. Gives how many are new.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn submit_jobs(&self, jobs: Vec<NewJob>, at: Time) -> Result<usize, StoreError> {
        let at = micros(at);
        let new = self
            .transaction(DOING, move |transaction| {
                Box::pin(async move {
                    let jobs = unknown(transaction, jobs).await?;
                    let mut lanes = HashMap::new();
                    let mut rows = Vec::with_capacity(jobs.len());
                    let mut events = Vec::with_capacity(jobs.len());
                    for new in &jobs {
                        let key = LaneKey { band: new.band, project: new.project, user: new.user.clone(), class: new.needs.class() };
                        let lane = match lanes.get(&key) {
                            Some(lane) => *lane,
                            None => {
                                let id = lane(transaction, &key, &new.needs, at).await?;
                                lanes.insert(key.clone(), id);
                                id
                            }
                        };
                        let job = made(new, key.class, open(transaction, &new.after).await?, at);
                        rows.push(job_row(&job, lane)?);
                        events.push(job_event("farm.queued", &job, None, at));
                    }
                    write(transaction, &jobs, rows).await?;
                    NewEvent::write_all(events, transaction).await?;
                    tell_others(transaction).await?;
                    Ok(jobs.len())
                })
            })
            .await?;
        self.wake_workers();
        Ok(new)
    }
}

/// Those that are not there yet, each once.
async fn unknown(transaction: &DatabaseTransaction, jobs: Vec<NewJob>) -> Result<Vec<NewJob>, StoreError> {
    let mut known = std::collections::HashSet::new();
    for part in jobs.chunks(ROWS) {
        let ids = part.iter().map(|job| job.id.0);
        let query = farm_job::Entity::find().select_only().column(farm_job::Column::Id).filter(farm_job::Column::Id.is_in(ids));
        known.extend(query.into_tuple::<Uuid>().all(transaction).await.doing(DOING)?);
    }
    Ok(jobs.into_iter().filter(|job| known.insert(job.id.0)).collect())
}

/// How many of the jobs that are needed are not done. Their rows are taken, so that none ends unseen in between.
async fn open(transaction: &DatabaseTransaction, after: &[JobId]) -> Result<u32, StoreError> {
    if after.is_empty() {
        return Ok(0);
    }
    let ids: std::collections::BTreeSet<Uuid> = after.iter().map(|job| job.0).collect();
    let query = farm_job::Entity::find()
        .select_only()
        .column(farm_job::Column::State)
        .filter(farm_job::Column::Id.is_in(ids.iter().copied()))
        .lock(LockType::Share);
    let states = query.into_tuple::<String>().all(transaction).await.doing(DOING)?;
    let done = states.iter().filter(|state| *state == JobState::Done.word()).count();
    // One that is not there, or comes later in the same call, is not done either.
    Ok(u32::try_from(ids.len() - done).unwrap_or(u32::MAX))
}

/// The lane of a key, made where needed.
pub(super) async fn lane(transaction: &DatabaseTransaction, key: &LaneKey, needs: &Requirements, at: Time) -> Result<i64, StoreError> {
    let class = farm_class::ActiveModel { id: Set(key.class.0.clone()), needs: Set(to_json("what jobs take", needs)?) };
    let nothing = OnConflict::column(farm_class::Column::Id).do_nothing().to_owned();
    farm_class::Entity::insert(class).on_conflict(nothing).exec_without_returning(transaction).await.doing(DOING)?;
    let upsert = "INSERT INTO farm_lanes (band, project_id, user_name, class, used_at) VALUES ($1, $2, $3, $4, $5) \
                  ON CONFLICT (band, project_id, user_name, class) DO UPDATE SET used_at = excluded.used_at RETURNING id";
    let values = [key.band.rank().into(), key.project.into(), key.user.clone().into(), key.class.0.clone().into(), at.into()];
    let row = sea_orm::ConnectionTrait::query_one_raw(transaction, statement(transaction, upsert, values)).await.doing(DOING)?;
    let row = row.ok_or_else(|| StoreError::damaged("a queue of the farm", "it was not made"))?;
    row.try_get("", "id").doing(DOING)
}

fn made(new: &NewJob, class: ClassId, open_dependencies: u32, at: Time) -> Job {
    let state = match (new.held, open_dependencies) {
        (true, _) => JobState::Held,
        (false, 0) => JobState::Queued,
        (false, _) => JobState::Blocked,
    };
    Job {
        id: new.id,
        project: new.project,
        user: new.user.clone(),
        subject: new.subject.clone(),
        band: new.band,
        deadline: new.deadline,
        class,
        size: if new.size.is_finite() && new.size > 0.0 { new.size } else { 1.0 },
        state,
        token: Token::default(),
        attempts: 0,
        failures: Failures::default(),
        variant: 0,
        variants: new.variants,
        open_dependencies,
        run_after: None,
        queued_at: at,
        cancel_requested: false,
        held: new.held,
        created_at: at,
        ended_at: None,
    }
}

async fn write(transaction: &DatabaseTransaction, jobs: &[NewJob], rows: Vec<farm_job::ActiveModel>) -> Result<(), StoreError> {
    for part in rows.chunks(ROWS) {
        farm_job::Entity::insert_many(part.iter().cloned()).exec_without_returning(transaction).await.doing(DOING)?;
    }
    for part in jobs.chunks(ROWS) {
        let rows = part.iter().map(|job| farm_payload::ActiveModel {
            job_id: Set(job.id.0),
            payload: Set(job.payload.clone()),
            result: Set(None),
        });
        farm_payload::Entity::insert_many(rows).exec_without_returning(transaction).await.doing(DOING)?;
    }
    let needs: Vec<_> = jobs
        .iter()
        .flat_map(|job| {
            let after: std::collections::BTreeSet<JobId> = job.after.iter().copied().collect();
            after.into_iter().map(|needs| farm_dependency::ActiveModel { job_id: Set(job.id.0), needs_id: Set(needs.0) })
        })
        .collect();
    for part in needs.chunks(ROWS) {
        farm_dependency::Entity::insert_many(part.iter().cloned()).exec_without_returning(transaction).await.doing(DOING)?;
    }
    Ok(())
}
