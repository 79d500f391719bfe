//! What workers report, with the token of their lease.

use farm::attempt::{self, Ended, Heard, Outcome};
use farm::{Attempt, Cause, Job, JobId, JobState, LaneKey, Money, Node, NodeState, Policy, Refusal, Speed, Step, Time, Token};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::money::settle;
use super::row::{job_event, live_attempt, needs, node_event, save_attempt, save_job, save_node, take_job, take_node};
use super::{statement, tell_others};
use crate::database::{Store, micros};
use crate::entity::{farm_dependency, farm_node};
use crate::error::Doing;
use crate::{NewEvent, StoreError};

/// A sign of life for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// For which job.
    pub job: JobId,
    /// How it stands: none when the lease is superseded, and its worker ends what it does.
    pub heard: Option<Heard>,
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub struct Report {
    /// Of which job.
    pub job: JobId,
    /// Under which lease.
    pub token: Token,
    /// How.
    pub outcome: Outcome,
    /// What was drawn, opaque here.
    pub result: Option<Value>,
    /// Whether the node does not work on it any more.
    pub released: bool,
    /// How long the node worked, in seconds; none when that says nothing about its speed.
    pub measured: Option<f64>,
}

/// What a report came to: how the job goes on, or why the report changes nothing.
pub type Reported = Result<Ended, Refusal>;

const DOING: &str = "take a worker's report";

impl Store {
    /// Says that a worker lives: for its nodes, and for the leases that it holds, in the order of their jobs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn farm_heartbeat(
        &self,
        worker: &str,
        leases: &[(JobId, Token)],
        policy: &Policy,
        now: Time,
    ) -> Result<Vec<Heartbeat>, StoreError> {
        let (worker, leases, now) = (worker.to_owned(), leases.to_vec(), micros(now));
        let until = policy.lease_from(now);
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                let sql = "UPDATE farm_nodes SET worker_until = $2 WHERE worker = $1";
                transaction.execute_raw(statement(transaction, sql, [worker.into(), until.into()])).await.doing(DOING)?;
                let mut beats = Vec::with_capacity(leases.len());
                for (job, token) in leases {
                    let sql = "UPDATE farm_attempts SET lease_until = CASE WHEN lease_until > $3 THEN lease_until ELSE $3 END \
                               WHERE job_id = $1 AND token = $2 AND ended_at IS NULL";
                    let values = [job.0.into(), token.0.into(), until.into()];
                    let held = transaction.execute_raw(statement(transaction, sql, values)).await.doing(DOING)?.rows_affected() == 1;
                    let sql = "SELECT cancel_requested FROM farm_jobs WHERE id = $1";
                    let row = transaction.query_one_raw(statement(transaction, sql, [job.0.into()])).await.doing(DOING)?;
                    let cancel = row.map(|row| row.try_get("", "cancel_requested")).transpose().doing(DOING)?;
                    let heard = cancel.filter(|_| held).map(|cancel| Heard { lease_until: until, cancel });
                    beats.push(Heartbeat { job, heard });
                }
                Ok(beats)
            })
        })
        .await
    }

    /// Says that an attempt is a step further.
    ///
    /// # Errors
    /// [`StoreError`]; inside, the [`Refusal`] of a lease that is superseded.
    pub async fn farm_advance(
        &self,
        id: JobId,
        token: Token,
        step: Step,
        policy: &Policy,
        now: Time,
    ) -> Result<Result<Heard, Refusal>, StoreError> {
        let (policy, now) = (policy.clone(), micros(now));
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                let Some((job, _)) = take_job(transaction, id).await? else { return Ok(Err(Refusal::Unknown)) };
                let Some(mut attempt) = live_attempt(transaction, id).await? else {
                    return Ok(Err(Refusal::Superseded { held: token.0, newest: job.token.0 }));
                };
                let before = attempt.state;
                let heard = match attempt::advance(&job, &mut attempt, token, step, &policy, now) {
                    Ok(heard) => heard,
                    Err(refusal) => return Ok(Err(refusal)),
                };
                save_attempt(transaction, &attempt).await?;
                let kind = match step {
                    // That it is leased was told when it was.
                    Step::Sending => None,
                    Step::Submitted => Some("farm.submitted"),
                    Step::Running => Some("farm.running"),
                    Step::Storing => Some("farm.storing"),
                };
                if let Some(kind) = kind.filter(|_| before != attempt.state) {
                    job_event(kind, &job, Some(&attempt), now).write(transaction).await?;
                }
                Ok(Ok(heard))
            })
        })
        .await
    }

    /// Says that an attempt has ended. `jitter` is random between 0 and 1.
    ///
    /// # Errors
    /// [`StoreError`]; inside, the [`Refusal`] of a lease that is superseded.
    pub async fn farm_end(&self, report: Report, policy: &Policy, now: Time, jitter: f64) -> Result<Reported, StoreError> {
        let (policy, now) = (policy.clone(), micros(now));
        let reported = self
            .transaction(DOING, move |transaction| Box::pin(async move { end(transaction, report, &policy, now, jitter).await }))
            .await?;
        self.wake_workers();
        Ok(reported)
    }
}

async fn end(transaction: &DatabaseTransaction, report: Report, policy: &Policy, now: Time, jitter: f64) -> Result<Reported, StoreError> {
    let Some((mut job, lane)) = take_job(transaction, report.job).await? else { return Ok(Err(Refusal::Unknown)) };
    let Some(mut attempt) = live_attempt(transaction, report.job).await? else {
        return Ok(Err(Refusal::Superseded { held: report.token.0, newest: job.token.0 }));
    };
    let Some(mut node) = take_node(transaction, attempt.node).await? else { return Ok(Err(Refusal::Unknown)) };
    let ended = attempt::end(&mut job, &mut attempt, report.token, report.outcome, report.released, node.per_hour, policy, now, jitter);
    let ended = match ended {
        Ok(ended) => ended,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let lane = match ended {
        Ended::Again { larger_node: true, .. } => larger(transaction, &mut job, &node, lane, now).await?,
        _ => lane,
    };
    save_job(transaction, &job, lane).await?;
    save_attempt(transaction, &attempt).await?;
    super::progress::forget(transaction, &attempt).await?;
    settle(transaction, job.project, &attempt, now).await?;
    note_health(transaction, &mut node, &job, &attempt, policy, now).await?;
    let kind = match ended {
        Ended::Done => {
            if let Some(seconds) = report.measured {
                measure(transaction, &job, &attempt, seconds).await?;
            }
            write_result(transaction, report.job, report.result).await?;
            free_dependants(transaction, job.id, now).await?;
            "farm.done"
        }
        Ended::Again { .. } => "farm.again",
        Ended::Failed => "farm.failed",
        Ended::Cancelled => "farm.cancelled",
    };
    job_event(kind, &job, Some(&attempt), now).write(transaction).await?;
    if !matches!(ended, Ended::Done) || !attempt.released {
        tell_others(transaction).await?;
    }
    Ok(Ok(ended))
}

/// The job needs a node with more memory than the one where it failed, as long as there is one.
async fn larger(transaction: &DatabaseTransaction, job: &mut Job, node: &Node, lane: i64, now: Time) -> Result<i64, StoreError> {
    let nodes = farm_node::Entity::find().all(transaction).await.doing(DOING)?;
    let nodes = nodes.into_iter().map(super::row::node).collect::<Result<Vec<_>, _>>()?;
    if nodes.iter().all(|other| other.capabilities.vram <= node.capabilities.vram) {
        return Ok(lane);
    }
    let mut needs = needs(transaction, &job.class).await?;
    needs.vram = needs.vram.max(node.capabilities.vram).saturating_add(1);
    job.class = needs.class();
    let key = LaneKey { band: job.band, project: job.project, user: job.user.clone(), class: job.class.clone() };
    super::submit::lane(transaction, &key, &needs, now).await
}

/// What the end of an attempt says about its node, and that the node is free.
async fn note_health(
    transaction: &DatabaseTransaction,
    node: &mut Node,
    job: &Job,
    attempt: &Attempt,
    policy: &Policy,
    now: Time,
) -> Result<(), StoreError> {
    let before = node.clone();
    match attempt.cause {
        None if attempt.state == farm::AttemptState::Done => node.succeeded(),
        Some(Cause::Node | Cause::Suspect) => {
            let reason = attempt.reason.clone().unwrap_or_default();
            if node.failed(job.id, &reason, policy, now) {
                let payload = json!({ "until": node.aside_until, "reason": reason });
                node_event("farm.node_aside", node, payload, now).write(transaction).await?;
            }
        }
        _ => {}
    }
    if node.per_hour > Money::ZERO && attempt.released {
        node.idle_since = Some(now);
    }
    // Other columns of the row may be newer than what was read before it was taken; it is written when it has to be.
    if *node != before { save_node(transaction, node).await } else { Ok(()) }
}

/// Notes how long a node worked on what kind of thing.
async fn measure(transaction: &DatabaseTransaction, job: &Job, attempt: &Attempt, seconds: f64) -> Result<(), StoreError> {
    let sql = "SELECT c.needs ->> 'template' AS template, s.seconds AS seconds, s.jobs AS jobs, s.swap AS swap FROM farm_classes c \
               LEFT JOIN farm_speeds s ON s.node_id = $1 AND s.template = c.needs ->> 'template' WHERE c.id = $2";
    let known = statement(transaction, sql, [attempt.node.0.into(), job.class.0.as_str().into()]);
    let row = transaction.query_one_raw(known).await.doing(DOING)?;
    let row = row.ok_or_else(|| StoreError::damaged("a job's class", "it is not there"))?;
    let template: String = row.try_get("", "template").doing(DOING)?;
    let before = match row.try_get("", "jobs").doing(DOING)? {
        Some::<i32>(jobs) => Some(Speed {
            seconds: row.try_get("", "seconds").doing(DOING)?,
            jobs: u32::try_from(jobs).unwrap_or(0),
            swap: row.try_get("", "swap").doing(DOING)?,
        }),
        None => None,
    };
    let speed = Speed::with(before, seconds, job.size, attempt.swapped);
    let sql = "INSERT INTO farm_speeds (node_id, template, seconds, jobs, swap) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (node_id, template) DO UPDATE SET seconds = excluded.seconds, jobs = excluded.jobs, swap = excluded.swap";
    let jobs = i32::try_from(speed.jobs).unwrap_or(i32::MAX);
    let values = [attempt.node.0.into(), template.into(), speed.seconds.into(), jobs.into(), speed.swap.into()];
    transaction.execute_raw(statement(transaction, sql, values)).await.doing(DOING).map(drop)
}

async fn write_result(transaction: &DatabaseTransaction, job: JobId, result: Option<Value>) -> Result<(), StoreError> {
    let sql = "UPDATE farm_payloads SET result = $2 WHERE job_id = $1";
    let update = statement(transaction, sql, [job.0.into(), result.into()]);
    transaction.execute_raw(update).await.doing(DOING).map(drop)
}

/// Jobs that waited for this one.
async fn free_dependants(transaction: &DatabaseTransaction, done: JobId, now: Time) -> Result<(), StoreError> {
    let query = farm_dependency::Entity::find().filter(farm_dependency::Column::NeedsId.eq(done.0));
    let dependants = query.all(transaction).await.doing(DOING)?;
    let mut freed = false;
    for row in dependants {
        let Some((mut job, lane)) = take_job(transaction, JobId(row.job_id)).await? else { continue };
        job.dependency_done(now);
        save_job(transaction, &job, lane).await?;
        if job.state == JobState::Queued {
            freed = true;
            job_event("farm.queued", &job, None, now).write(transaction).await?;
        }
    }
    if freed { tell_others(transaction).await } else { Ok(()) }
}

/// Gives an attempt up, or leaves it: see [`attempt::lapse`].
pub(super) async fn lapse(transaction: &DatabaseTransaction, id: JobId, policy: &Policy, now: Time) -> Result<bool, StoreError> {
    let Some((mut job, lane)) = take_job(transaction, id).await? else { return Ok(false) };
    let Some(mut attempt) = live_attempt(transaction, id).await? else { return Ok(false) };
    let Some(mut node) = take_node(transaction, attempt.node).await? else { return Ok(false) };
    if attempt::lapse(&mut job, &mut attempt, node.per_hour, policy, now) == attempt::Lapse::Holds {
        return Ok(false);
    }
    save_job(transaction, &job, lane).await?;
    save_attempt(transaction, &attempt).await?;
    super::progress::forget(transaction, &attempt).await?;
    settle(transaction, job.project, &attempt, now).await?;
    if attempt.released && node.per_hour > Money::ZERO && node.state != NodeState::Aside {
        node.idle_since = Some(now);
        save_node(transaction, &node).await?;
    }
    job_event("farm.superseded", &job, Some(&attempt), now).write(transaction).await?;
    Ok(true)
}

/// A node's slot is free of an attempt that ended before that was known.
pub(super) async fn release(transaction: &DatabaseTransaction, job: JobId, number: u32, now: Time) -> Result<bool, StoreError> {
    let sql = "UPDATE farm_attempts SET released = $3 WHERE job_id = $1 AND number = $2 AND ended_at IS NOT NULL AND NOT released \
               RETURNING node_id";
    let number = i32::try_from(number).unwrap_or(i32::MAX);
    let row = transaction.query_one_raw(statement(transaction, sql, [job.0.into(), number.into(), true.into()])).await.doing(DOING)?;
    let Some(row) = row else { return Ok(false) };
    let node: uuid::Uuid = row.try_get("", "node_id").doing(DOING)?;
    let sql = "UPDATE farm_nodes SET idle_since = $2 WHERE id = $1 AND per_hour > 0";
    transaction.execute_raw(statement(transaction, sql, [node.into(), now.into()])).await.doing(DOING)?;
    let payload = json!({ "job": job, "number": number });
    NewEvent { at: now, project: None, kind: "farm.slot_released", subject: format!("node {node}"), payload }.write(transaction).await?;
    Ok(true)
}
