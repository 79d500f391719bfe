//! What people see of the farm.

use std::collections::{BTreeMap, HashMap, HashSet};

use farm::{Attempt, Job, JobId, JobState, NodeId, Policy, Progress, Requirements, Time, Waiting};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::row::{attempt, from_json, job, needs, only};
use super::statement;
use crate::database::Store;
use crate::entity::{farm_attempt, farm_dependency, farm_job, farm_payload};
use crate::error::Doing;
use crate::{Page, PageRequest, StoreError};

const DOING: &str = "look at jobs of the farm";

/// Which jobs.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Of one project.
    pub project: Option<Uuid>,
    /// In one of these states.
    pub states: Vec<JobState>,
    /// Of one person.
    pub user: Option<String>,
}

/// A job as people see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobView {
    /// The job.
    #[serde(flatten)]
    pub job: Job,
    /// How far its attempt is; none while nothing is under way, or nothing was noted.
    pub progress: Option<Progress>,
}

/// An attempt as people see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AttemptView {
    /// The attempt.
    #[serde(flatten)]
    pub attempt: Attempt,
    /// For which project.
    pub project: Uuid,
}

/// All of a job.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobDetail {
    /// The job.
    pub job: Job,
    /// What it takes.
    pub needs: Requirements,
    /// The jobs that it needs.
    pub after: Vec<JobId>,
    /// All tries at it, oldest first.
    pub attempts: Vec<Attempt>,
    /// What a worker does.
    pub payload: Value,
    /// What was drawn.
    pub result: Option<Value>,
}

impl Store {
    /// A page of jobs, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn farm_jobs(&self, filter: &JobFilter, page: PageRequest) -> Result<Page<JobView>, StoreError> {
        let mut query = farm_job::Entity::find();
        if let Some(project) = filter.project {
            query = query.filter(farm_job::Column::ProjectId.eq(project));
        }
        if !filter.states.is_empty() {
            query = query.filter(farm_job::Column::State.is_in(filter.states.iter().map(|state| state.word())));
        }
        if let Some(user) = &filter.user {
            query = query.filter(farm_job::Column::UserName.eq(user.as_str()));
        }
        if let Some(after) = page.after {
            query = query.filter(farm_job::Column::Id.gt(after));
        }
        let rows = query.order_by_asc(farm_job::Column::Id).limit(page.limit + 1).all(&self.reader).await.doing(DOING)?;
        let mut progress = self.progress_of(&rows).await?;
        let jobs = rows.into_iter().map(|row| Ok(JobView { progress: progress.remove(&row.id), job: job(row)? }));
        let jobs = jobs.collect::<Result<Vec<_>, StoreError>>()?;
        Ok(Page::of(jobs, page, |view| view.job.id.0))
    }

    /// How far the attempts are that are under way at jobs.
    async fn progress_of(&self, jobs: &[farm_job::Model]) -> Result<HashMap<Uuid, Progress>, StoreError> {
        let active: Vec<Uuid> = jobs.iter().filter(|job| job.state == JobState::Active.word()).map(|job| job.id).collect();
        if active.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = farm_attempt::Entity::find()
            .filter(farm_attempt::Column::JobId.is_in(active))
            .filter(farm_attempt::Column::EndedAt.is_null())
            .all(&self.reader)
            .await
            .doing(DOING)?;
        let attempts = rows.into_iter().map(attempt).collect::<Result<Vec<_>, _>>()?;
        Ok(attempts.into_iter().filter_map(|attempt| Some((attempt.job.0, attempt.progress?))).collect())
    }

    /// The state of a job; none when there is no such job.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn farm_job_state(&self, id: JobId) -> Result<Option<JobState>, StoreError> {
        let query = farm_job::Entity::find_by_id(id.0).select_only().column(farm_job::Column::State);
        let word: Option<String> = query.into_tuple().one(&self.reader).await.doing(DOING)?;
        word.map(|word| word.parse().map_err(|_| StoreError::damaged("a job of the farm", "its state is no state of jobs"))).transpose()
    }

    /// All of a job.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn farm_job(&self, id: JobId) -> Result<Option<JobDetail>, StoreError> {
        let Some(row) = farm_job::Entity::find_by_id(id.0).one(&self.reader).await.doing(DOING)? else { return Ok(None) };
        let job = job(row)?;
        let needs = needs(&self.reader, &job.class).await?;
        let after = farm_dependency::Entity::find().filter(farm_dependency::Column::JobId.eq(id.0)).all(&self.reader).await.doing(DOING)?;
        let attempts = farm_attempt::Entity::find()
            .filter(farm_attempt::Column::JobId.eq(id.0))
            .order_by_asc(farm_attempt::Column::Number)
            .all(&self.reader)
            .await
            .doing(DOING)?;
        let payload = farm_payload::Entity::find_by_id(id.0).one(&self.reader).await.doing(DOING)?;
        let (payload, result) = payload.map_or((Value::Null, None), |row| (row.payload, row.result));
        Ok(Some(JobDetail {
            job,
            needs,
            after: after.into_iter().map(|row| JobId(row.needs_id)).collect(),
            attempts: attempts.into_iter().map(attempt).collect::<Result<_, _>>()?,
            payload,
            result,
        }))
    }

    /// How many jobs are in which state; of one project, or of all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn farm_counts(&self, project: Option<Uuid>) -> Result<BTreeMap<JobState, u64>, StoreError> {
        let (filter, values) = match project {
            Some(project) => ("WHERE project_id = $1", vec![project.into()]),
            None => ("", Vec::new()),
        };
        let sql = format!("SELECT state, COUNT(*) AS jobs FROM farm_jobs {filter} GROUP BY state");
        let rows = self.reader.query_all_raw(statement(&self.reader, &sql, values)).await.doing(DOING)?;
        let mut counts = BTreeMap::new();
        for row in rows {
            let state: String = row.try_get("", "state").doing(DOING)?;
            let jobs: i64 = row.try_get("", "jobs").doing(DOING)?;
            let state: JobState = state.parse().map_err(|error| StoreError::damaged("a job's state", error))?;
            counts.insert(state, u64::try_from(jobs).unwrap_or(0));
        }
        Ok(counts)
    }

    /// The attempts that hold a slot of a node.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn held_slots(&self) -> Result<Vec<AttemptView>, StoreError> {
        let rows = farm_attempt::Entity::find().filter(farm_attempt::Column::Released.eq(false)).all(&self.reader).await.doing(DOING)?;
        let views = rows.into_iter().map(|row| {
            let project = row.project_id;
            Ok(AttemptView { attempt: attempt(row)?, project })
        });
        views.collect()
    }

    /// Why a job waits, in one sentence; none when there is no such job.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn why_job_waits(&self, id: JobId, policy: &Policy, now: Time) -> Result<Option<Waiting>, StoreError> {
        let Some(row) = farm_job::Entity::find_by_id(id.0).one(&self.reader).await.doing(DOING)? else { return Ok(None) };
        let (lane, due) = (row.lane_id, row.due);
        let job = job(row)?;
        let needs = needs(&self.reader, &job.class).await?;
        let view = self.farm_view(policy, now).await?;
        let queues = self.farm_queues().await?;
        let held = self.held_slots().await?;
        let busy: HashSet<NodeId> = held.iter().map(|slot| slot.attempt.node).collect();
        let attempt = held.iter().map(|slot| &slot.attempt).find(|attempt| attempt.job == id && !attempt.state.ended());
        let ahead = if job.state == JobState::Queued { self.ahead(lane, due, id).await? } else { 0 };
        let failed_needs = if job.state == JobState::Blocked { self.failed_needs(id).await? } else { Vec::new() };
        let budget = if job.state == JobState::Queued { self.over_budget(&job, &view, policy, now).await? } else { None };
        let scene = farm_scene(&view, &queues, &busy, attempt, failed_needs, budget, ahead, now);
        Ok(Some(farm::why(&job, &needs, &scene, policy)))
    }

    /// How many jobs of its lane go before one, counted to [`farm::Lane::COUNTED`].
    async fn ahead(&self, lane: i64, due: i64, id: JobId) -> Result<u32, StoreError> {
        let sql = "SELECT COUNT(*) AS jobs FROM (SELECT 1 FROM farm_jobs WHERE lane_id = $1 AND state = 'queued' \
                   AND (due < $2 OR (due = $2 AND id < $3)) LIMIT 200) q";
        let row = self.reader.query_one_raw(statement(&self.reader, sql, [lane.into(), due.into(), id.0.into()])).await.doing(DOING)?;
        let jobs: i64 = row.map(|row| row.try_get("", "jobs")).transpose().doing(DOING)?.unwrap_or(0);
        Ok(u32::try_from(jobs).unwrap_or(u32::MAX))
    }

    async fn failed_needs(&self, id: JobId) -> Result<Vec<String>, StoreError> {
        let needed =
            farm_dependency::Entity::find().filter(farm_dependency::Column::JobId.eq(id.0)).all(&self.reader).await.doing(DOING)?;
        let rows = farm_job::Entity::find()
            .filter(farm_job::Column::Id.is_in(needed.into_iter().map(|row| row.needs_id)))
            .filter(farm_job::Column::State.is_in([JobState::Failed.word(), JobState::Cancelled.word()]))
            .limit(3)
            .all(&self.reader)
            .await
            .doing(DOING)?;
        Ok(rows.into_iter().map(|row| format!("job {} ({})", row.id, row.subject)).collect())
    }

    async fn over_budget(&self, job: &Job, view: &super::View, policy: &Policy, now: Time) -> Result<Option<String>, StoreError> {
        let budget = self.farm_budget(job.project).await?;
        if budget.per_day.is_none() && budget.total.is_none() {
            return Ok(None);
        }
        let (today, total) = self.farm_spending(job.project, now).await?;
        // The cheapest node that fits decides.
        let template = view.view.template(&job.class).unwrap_or_default().to_owned();
        let cost = |node: &farm::Node| farm::cost_of(node.per_hour, policy.limit(view.speeds.expect(node.id, &template, job.size).0));
        let fitting = view.nodes.iter().filter(|node| view.view.fits(node.id, &job.class) && node.away(now).is_none());
        let Some(least) = fitting.map(cost).min() else { return Ok(None) };
        let over = |limit: Option<farm::Money>, spending: super::Spending, what: &str| {
            limit.filter(|limit| spending.spent + spending.reserved + least > *limit).map(|limit| {
                format!(
                    "The budget of {limit} {what} does not allow it: {} are spent, {} are set aside for what is being drawn, and it may cost {least}",
                    spending.spent, spending.reserved
                )
            })
        };
        Ok(over(budget.per_day, today, "a day").or_else(|| over(budget.total, total, "in all")))
    }

    /// Results that are stored in the database, as a list of (job, result): what still refers to blobs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn farm_results(&self, jobs: &[JobId]) -> Result<Vec<(JobId, Value)>, StoreError> {
        let rows = farm_payload::Entity::find()
            .filter(farm_payload::Column::JobId.is_in(jobs.iter().map(|job| job.0)))
            .all(&self.reader)
            .await
            .doing(DOING)?;
        Ok(rows.into_iter().filter_map(|row| Some((JobId(row.job_id), row.result?))).collect())
    }

    /// The payload of a job.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn farm_payload<T: serde::de::DeserializeOwned>(&self, job: JobId) -> Result<Option<T>, StoreError> {
        let row = only(farm_payload::Entity::find_by_id(job.0), &self.reader).await.doing(DOING)?;
        row.map(|row| from_json("a job's payload", row.payload)).transpose()
    }
}

#[expect(clippy::too_many_arguments, reason = "all that the answer depends on")]
fn farm_scene<'a>(
    view: &'a super::View,
    queues: &'a super::Queues,
    busy: &'a HashSet<NodeId>,
    attempt: Option<&'a Attempt>,
    failed_needs: Vec<String>,
    budget: Option<String>,
    ahead: u32,
    now: Time,
) -> farm::Scene<'a> {
    farm::Scene { nodes: &view.nodes, busy, view: &view.view, lanes: &queues.lanes, attempt, failed_needs, budget, ahead, now }
}
