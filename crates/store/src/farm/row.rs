//! Rows as the farm's rules know them, and back.

use std::path::PathBuf;

use farm::{Attempt, Band, ClassId, Job, JobId, Money, Node, NodeId, Requirements, Time, Token};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QuerySelect, Select,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::micros;
use crate::entity::{farm_attempt, farm_class, farm_job, farm_node};
use crate::error::Doing;
use crate::{NewEvent, StoreError};

const DOING: &str = "change a job of the farm";

pub(super) fn from_json<T: DeserializeOwned>(what: &str, value: Value) -> Result<T, StoreError> {
    serde_json::from_value(value).map_err(|error| StoreError::damaged(what, error))
}

pub(super) fn to_json<T: Serialize>(what: &str, value: &T) -> Result<Value, StoreError> {
    serde_json::to_value(value).map_err(|error| StoreError::damaged(what, error))
}

fn word<T: std::str::FromStr<Err = farm::UnknownWord>>(word: &str) -> Result<T, StoreError> {
    word.parse().map_err(|error| StoreError::damaged("a word", error))
}

fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

fn integer(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Where a job stands in its lane: by deadline.
pub(super) fn due(deadline: Option<Time>) -> i64 {
    deadline.map_or(i64::MAX, |deadline| deadline.timestamp_micros())
}

pub(super) fn job(row: farm_job::Model) -> Result<Job, StoreError> {
    Ok(Job {
        id: JobId(row.id),
        project: row.project_id,
        user: row.user_name,
        subject: row.subject,
        band: Band::of_rank(row.band),
        deadline: row.deadline,
        class: ClassId(row.class),
        size: row.size,
        state: word(&row.state)?,
        token: Token(row.token),
        attempts: count(row.attempts),
        failures: from_json("a job's failures", row.failures)?,
        variant: count(row.variant),
        variants: count(row.variants),
        open_dependencies: count(row.open_dependencies),
        run_after: row.run_after,
        queued_at: row.queued_at,
        cancel_requested: row.cancel_requested,
        held: row.held,
        created_at: row.created_at,
        ended_at: row.ended_at,
    })
}

pub(super) fn job_row(job: &Job, lane: i64) -> Result<farm_job::ActiveModel, StoreError> {
    Ok(farm_job::ActiveModel {
        project_id: Set(job.project),
        user_name: Set(job.user.clone()),
        subject: Set(job.subject.clone()),
        band: Set(job.band.rank()),
        deadline: Set(job.deadline.map(micros)),
        due: Set(due(job.deadline)),
        size: Set(job.size),
        variants: Set(integer(job.variants)),
        created_at: Set(micros(job.created_at)),
        ..changes_of_job(job, lane)?
    })
}

/// What changes of a job. (A column that is written back as it was costs its indices as much as a new value.)
fn changes_of_job(job: &Job, lane: i64) -> Result<farm_job::ActiveModel, StoreError> {
    Ok(farm_job::ActiveModel {
        id: Set(job.id.0),
        lane_id: Set(lane),
        class: Set(job.class.0.clone()),
        state: Set(job.state.word().to_owned()),
        token: Set(job.token.0),
        attempts: Set(integer(job.attempts)),
        failures: Set(to_json("a job's failures", &job.failures)?),
        variant: Set(integer(job.variant)),
        open_dependencies: Set(integer(job.open_dependencies)),
        run_after: Set(job.run_after.map(micros)),
        queued_at: Set(micros(job.queued_at)),
        cancel_requested: Set(job.cancel_requested),
        held: Set(job.held),
        ended_at: Set(job.ended_at.map(micros)),
        ..Default::default()
    })
}

pub(super) fn attempt(row: farm_attempt::Model) -> Result<Attempt, StoreError> {
    Ok(Attempt {
        job: JobId(row.job_id),
        number: count(row.number),
        token: Token(row.token),
        prompt: row.prompt,
        node: NodeId(row.node_id),
        worker: row.worker,
        state: word(&row.state)?,
        lease_until: row.lease_until,
        started_at: row.started_at,
        running_at: row.running_at,
        ended_at: row.ended_at,
        released: row.released,
        swapped: row.swapped,
        expected: row.expected,
        reserved: Money::from_micros(row.reserved),
        cost: Money::from_micros(row.cost),
        cause: row.cause.as_deref().map(word).transpose()?,
        reason: row.reason,
        // For people to see only: what cannot be read is not shown.
        progress: row.progress.and_then(|progress| serde_json::from_value(progress).ok()),
    })
}

pub(super) fn attempt_row(attempt: &Attempt, project: Uuid) -> farm_attempt::ActiveModel {
    farm_attempt::ActiveModel {
        project_id: Set(project),
        prompt: Set(attempt.prompt),
        node_id: Set(attempt.node.0),
        started_at: Set(micros(attempt.started_at)),
        swapped: Set(attempt.swapped),
        expected: Set(attempt.expected),
        reserved: Set(attempt.reserved.micros()),
        ..changes_of_attempt(attempt)
    }
}

/// What changes of an attempt. How far it is, is noted by the worker beside all else: what would be written here could be older.
fn changes_of_attempt(attempt: &Attempt) -> farm_attempt::ActiveModel {
    farm_attempt::ActiveModel {
        job_id: Set(attempt.job.0),
        number: Set(integer(attempt.number)),
        token: Set(attempt.token.0),
        worker: Set(attempt.worker.clone()),
        state: Set(attempt.state.word().to_owned()),
        lease_until: Set(micros(attempt.lease_until)),
        running_at: Set(attempt.running_at.map(micros)),
        ended_at: Set(attempt.ended_at.map(micros)),
        released: Set(attempt.released),
        cost: Set(attempt.cost.micros()),
        cause: Set(attempt.cause.map(|cause| cause.word().to_owned())),
        reason: Set(attempt.reason.clone()),
        ..Default::default()
    }
}

pub(super) fn node(row: farm_node::Model) -> Result<Node, StoreError> {
    Ok(Node {
        id: NodeId(row.id),
        name: row.name,
        url: row.url,
        groups: from_json("a node's groups", row.groups)?,
        state: word(&row.state)?,
        aside_until: row.aside_until,
        capabilities: from_json("a node's capabilities", row.capabilities)?,
        models_folder: row.models_folder.map(PathBuf::from),
        hashes: row.model_hashes.map(|hashes| from_json("what a node's model files are", hashes)).transpose()?.unwrap_or_default(),
        per_hour: Money::from_micros(row.per_hour),
        hours: row.hours.map(|hours| hours.parse()).transpose().map_err(|error| StoreError::damaged("a node's hours", error))?,
        resident: row.resident,
        last_seen: row.last_seen,
        owner: row.worker.zip(row.worker_until),
        health: from_json("a node's health", row.health)?,
        idle_since: row.idle_since,
    })
}

pub(super) fn node_row(node: &Node) -> Result<farm_node::ActiveModel, StoreError> {
    let (worker, until) = node.owner.clone().unzip();
    Ok(farm_node::ActiveModel {
        id: Set(node.id.0),
        name: Set(node.name.clone()),
        url: Set(node.url.clone()),
        groups: Set(to_json("a node's groups", &node.groups)?),
        state: Set(node.state.word().to_owned()),
        aside_until: Set(node.aside_until.map(micros)),
        capabilities: Set(to_json("a node's capabilities", &node.capabilities)?),
        models_folder: Set(node.models_folder.as_ref().map(|folder| folder.to_string_lossy().into_owned())),
        // Noted beside all else, by whoever reads the files.
        model_hashes: NotSet,
        per_hour: Set(node.per_hour.micros()),
        hours: Set(node.hours.map(|hours| hours.to_string())),
        resident: Set(node.resident.clone()),
        last_seen: Set(node.last_seen.map(micros)),
        worker: Set(worker),
        worker_until: Set(until.map(micros)),
        health: Set(to_json("a node's health", &node.health)?),
        idle_since: Set(node.idle_since.map(micros)),
    })
}

/// The row of a query that finds one at most. It asks for no more than that without saying so: where a statement's LIMIT is a
/// parameter, SQLite (3.51, `sqlite3ExprIsInteger`) plans the statement anew each time that it runs.
pub(super) async fn only<E: EntityTrait, C: ConnectionTrait>(query: Select<E>, connection: &C) -> Result<Option<E::Model>, DbErr> {
    Ok(query.all(connection).await?.pop())
}

/// A job with its lane, its row taken until the transaction ends.
pub(super) async fn take_job(transaction: &DatabaseTransaction, id: JobId) -> Result<Option<(Job, i64)>, StoreError> {
    let row = only(farm_job::Entity::find_by_id(id.0).lock(LockType::Update), transaction).await.doing(DOING)?;
    row.map(|row| {
        let lane = row.lane_id;
        Ok((job(row)?, lane))
    })
    .transpose()
}

/// The attempt at a job that is under way. The job's row has to be taken.
pub(super) async fn live_attempt(transaction: &DatabaseTransaction, id: JobId) -> Result<Option<Attempt>, StoreError> {
    let query = farm_attempt::Entity::find().filter(farm_attempt::Column::JobId.eq(id.0)).filter(farm_attempt::Column::EndedAt.is_null());
    only(query, transaction).await.doing(DOING)?.map(attempt).transpose()
}

/// A node, its row taken until the transaction ends.
pub(super) async fn take_node(transaction: &DatabaseTransaction, id: NodeId) -> Result<Option<Node>, StoreError> {
    let row = only(farm_node::Entity::find_by_id(id.0).lock(LockType::Update), transaction).await.doing(DOING)?;
    row.map(node).transpose()
}

pub(super) async fn needs<C: ConnectionTrait>(connection: &C, class: &ClassId) -> Result<Requirements, StoreError> {
    let row = only(farm_class::Entity::find_by_id(class.0.clone()), connection).await.doing("look up what jobs take")?;
    let row = row.ok_or_else(|| StoreError::damaged("a job's class", "it is not there"))?;
    from_json("what jobs take", row.needs)
}

pub(super) async fn save_job(transaction: &DatabaseTransaction, job: &Job, lane: i64) -> Result<(), StoreError> {
    farm_job::Entity::update(changes_of_job(job, lane)?).exec_without_returning(transaction).await.doing(DOING).map(drop)
}

pub(super) async fn save_attempt(transaction: &DatabaseTransaction, attempt: &Attempt) -> Result<(), StoreError> {
    farm_attempt::Entity::update(changes_of_attempt(attempt)).exec_without_returning(transaction).await.doing(DOING).map(drop)
}

pub(super) async fn save_node(transaction: &DatabaseTransaction, node: &Node) -> Result<(), StoreError> {
    farm_node::Entity::update(node_row(node)?).exec_without_returning(transaction).await.doing("change a node of the farm").map(drop)
}

/// What everybody is told of a job.
pub(super) fn job_event(kind: &'static str, job: &Job, attempt: Option<&Attempt>, at: Time) -> NewEvent {
    let mut payload = json!({ "subject": job.subject, "state": job.state.word() });
    if let Some(attempt) = attempt {
        payload["attempt"] = json!({
            "number": attempt.number,
            "node": attempt.node,
            "state": attempt.state.word(),
            "token": attempt.token,
            "cause": attempt.cause,
            "reason": attempt.reason,
        });
    }
    NewEvent { at, project: Some(job.project), kind, subject: format!("job {}", job.id), payload }
}

/// What everybody is told of a node.
pub(super) fn node_event(kind: &'static str, node: &Node, payload: Value, at: Time) -> NewEvent {
    NewEvent { at, project: None, kind, subject: format!("node {}", node.name), payload }
}
