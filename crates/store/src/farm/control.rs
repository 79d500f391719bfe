//! What people do to jobs: cancel, hold, pause, retry; and what time does.

use farm::{Job, JobId, JobState, Policy, Time};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::json;
use uuid::Uuid;

use super::row::{job_event, save_job, take_job};
use super::{statement, tell_others, tell_to_end};
use crate::database::{Store, micros};
use crate::entity::{farm_attempt, farm_job, farm_pause};
use crate::error::Doing;
use crate::{NewEvent, StoreError};

const DOING: &str = "change a job of the farm";

/// Whether somebody wants a job to end that a worker is at.
fn to_be_ended(job: &Job) -> bool {
    job.cancel_requested && job.state == JobState::Active
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Sweep {
    /// Attempts that were given up because their worker is gone.
    pub given_up: usize,
    /// Jobs whose wait after a failure is over.
    pub woken: usize,
}

impl Store {
    /// Asks that a job ends. Gives its state then (`active` while its worker still has to end it); none when there is
    /// no such job.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cancel_job(&self, id: JobId, now: Time) -> Result<Option<JobState>, StoreError> {
        self.change_job(id, "farm.cancel", now, |job, now| {
            let ended = job.state.ended();
            job.cancel(now);
            !ended
        })
        .await
    }

    /// Holds a job back, or lets it go. Gives its state then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hold_job(&self, id: JobId, held: bool, now: Time) -> Result<Option<JobState>, StoreError> {
        let kind = if held { "farm.held" } else { "farm.released" };
        self.change_job(id, kind, now, move |job, now| job.hold(held, now)).await
    }

    /// Tries a job again that failed or was cancelled. Gives its state then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retry_job(&self, id: JobId, now: Time) -> Result<Option<JobState>, StoreError> {
        self.change_job(id, "farm.queued", now, |job, now| job.revive(now)).await
    }

    /// Lets nothing new begin for a project, or for anybody when none is named; or lets it go on. What is under way is
    /// brought to its end.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pause_farm(&self, project: Option<Uuid>, pause: bool, at: Time) -> Result<(), StoreError> {
        let (id, at) = (project.unwrap_or(Uuid::nil()), micros(at));
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                if pause {
                    let sql = "INSERT INTO farm_pauses (project_id, at) VALUES ($1, $2) ON CONFLICT (project_id) DO NOTHING";
                    transaction.execute_raw(statement(transaction, sql, [id.into(), at.into()])).await.doing(DOING)?;
                } else {
                    farm_pause::Entity::delete_by_id(id).exec(transaction).await.doing(DOING)?;
                }
                let kind = if pause { "farm.paused" } else { "farm.resumed" };
                let subject = project.map_or_else(|| "farm".to_owned(), |project| format!("project {project}"));
                NewEvent { at, project, kind, subject, payload: json!({}) }.write(transaction).await?;
                tell_others(transaction).await
            })
        })
        .await?;
        self.wake_workers();
        Ok(())
    }

    /// Which of these jobs somebody wants to end though they are being drawn.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn jobs_to_end(&self, jobs: &[JobId]) -> Result<Vec<JobId>, StoreError> {
        let ids: Vec<Uuid> = farm_job::Entity::find()
            .select_only()
            .column(farm_job::Column::Id)
            .filter(farm_job::Column::Id.is_in(jobs.iter().map(|job| job.0)))
            .filter(farm_job::Column::CancelRequested.eq(true))
            .into_tuple()
            .all(&self.reader)
            .await
            .doing(DOING)?;
        Ok(ids.into_iter().map(JobId).collect())
    }

    /// What is paused: projects, and whether everything is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn farm_pauses(&self) -> Result<(Vec<Uuid>, bool), StoreError> {
        let rows = farm_pause::Entity::find().all(&self.reader).await.doing("look at the farm")?;
        let all = rows.iter().any(|row| row.project_id.is_nil());
        Ok((rows.into_iter().map(|row| row.project_id).filter(|project| !project.is_nil()).collect(), all))
    }

    async fn change_job<F>(&self, id: JobId, kind: &'static str, now: Time, change: F) -> Result<Option<JobState>, StoreError>
    where
        F: FnOnce(&mut Job, Time) -> bool + Send + 'static,
    {
        let now = micros(now);
        let found = self
            .transaction(DOING, move |transaction| {
                Box::pin(async move {
                    let Some((mut job, lane)) = take_job(transaction, id).await? else { return Ok(None) };
                    if change(&mut job, now) {
                        save_job(transaction, &job, lane).await?;
                        job_event(kind, &job, None, now).write(transaction).await?;
                        if to_be_ended(&job) { tell_to_end(transaction, id).await? } else { tell_others(transaction).await? }
                    }
                    Ok(Some(job))
                })
            })
            .await?;
        match &found {
            // Its worker has to end it, and nobody else has anything new to do.
            Some(job) if to_be_ended(job) => self.end_job(Some(id)),
            _ => self.wake_workers(),
        }
        Ok(found.map(|job| job.state))
    }

    /// Does what time brings: gives up attempts whose workers are gone, and lets jobs go on whose wait after a failure
    /// is over. Any process may do it, as often as it likes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sweep_farm(&self, policy: &Policy, now: Time) -> Result<Sweep, StoreError> {
        let now = micros(now);
        let mut sweep = Sweep { woken: self.wake_backoffs(now).await?, ..Sweep::default() };
        let overdue = now - chrono::TimeDelta::microseconds((policy.grace * 1e6) as i64);
        let late: Vec<Uuid> = farm_attempt::Entity::find()
            .select_only()
            .column(farm_attempt::Column::JobId)
            .filter(farm_attempt::Column::EndedAt.is_null())
            .filter(farm_attempt::Column::LeaseUntil.lt(overdue))
            .limit(500)
            .into_tuple()
            .all(&self.reader)
            .await
            .doing("look for leases that are over")?;
        for id in late {
            let policy = policy.clone();
            let given_up = self
                .transaction(DOING, move |transaction| {
                    Box::pin(async move {
                        let given_up = super::report::lapse(transaction, JobId(id), &policy, now).await?;
                        if given_up {
                            tell_others(transaction).await?;
                        }
                        Ok(given_up)
                    })
                })
                .await?;
            sweep.given_up += usize::from(given_up);
        }
        if sweep != Sweep::default() {
            self.wake_workers();
        }
        self.sweep_previews().await?;
        Ok(sweep)
    }

    async fn wake_backoffs(&self, now: Time) -> Result<usize, StoreError> {
        let due = farm_job::Entity::find()
            .select_only()
            .column(farm_job::Column::Id)
            .filter(sea_orm::sea_query::Expr::cust("state = 'backoff'"))
            .filter(farm_job::Column::RunAfter.lte(now))
            .limit(1000);
        if due.clone().into_tuple::<Uuid>().one(&self.reader).await.doing("look for jobs to try again")?.is_none() {
            return Ok(0);
        }
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                let query = farm_job::Entity::find()
                    .filter(sea_orm::sea_query::Expr::cust("state = 'backoff'"))
                    .filter(farm_job::Column::RunAfter.lte(now))
                    .limit(1000)
                    .lock_with_behavior(sea_orm::sea_query::LockType::Update, sea_orm::sea_query::LockBehavior::SkipLocked);
                let rows = query.all(transaction).await.doing("look for jobs to try again")?;
                let woken = rows.len();
                let mut events = Vec::with_capacity(woken);
                for row in rows {
                    let lane = row.lane_id;
                    let mut job = super::row::job(row)?;
                    job.wake(now);
                    save_job(transaction, &job, lane).await?;
                    events.push(job_event("farm.queued", &job, None, now));
                }
                NewEvent::write_all(events, transaction).await?;
                tell_others(transaction).await?;
                Ok(woken)
            })
        })
        .await
    }
}
