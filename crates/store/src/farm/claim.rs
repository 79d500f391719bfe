//! Taking jobs for free nodes.

use std::collections::{BTreeMap, HashMap, HashSet};

use farm::attempt::{self, Grant};
use farm::pick::Choice;
use farm::{Attempt, Band, Job, JobState, Node, NodeId, Policy, Time};
use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseBackend, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::money::{Reserved, bill_idle, reserve};
use super::row::{attempt_row, job, job_event, node, save_job};
use super::statement;
use crate::database::{Store, micros};
use crate::entity::{farm_attempt, farm_job, farm_node};
use crate::error::Doing;
use crate::{NewEvent, StoreError};

/// A free node, and what it may take, best first.
#[derive(Debug, Clone)]
pub struct Want {
    /// The node.
    pub node: NodeId,
    /// The lanes and what was computed of them.
    pub choices: Vec<(i64, Choice)>,
    /// The id that a prompt on the node gets.
    pub prompt: Uuid,
}

/// A job that a node took.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The job.
    pub job: Job,
    /// The attempt that has begun.
    pub attempt: Attempt,
    /// From which lane.
    pub lane: i64,
}

const DOING: &str = "take jobs";
/// Of how many heads of a lane a node that is to be avoided by some may choose.
const HEADS: u32 = 4;

impl Store {
    /// Takes a job for each free node that finds one, in one transaction. `worker` has to drive the nodes.
    ///
    /// # Errors
    /// [`StoreError`]; when it is retryable nothing was taken, and the caller looks again.
    pub async fn claim_jobs(&self, wants: Vec<Want>, worker: &str, policy: &Policy, now: Time) -> Result<Vec<Claimed>, StoreError> {
        let (worker, policy, now) = (worker.to_owned(), policy.clone(), micros(now));
        self.transaction(DOING, move |transaction| Box::pin(async move { claim(transaction, wants, &worker, &policy, now).await })).await
    }
}

async fn claim(
    transaction: &DatabaseTransaction,
    wants: Vec<Want>,
    worker: &str,
    policy: &Policy,
    now: Time,
) -> Result<Vec<Claimed>, StoreError> {
    let mut nodes = free_nodes(transaction, &wants, worker, now).await?;
    let (mut claimed, mut charges) = (Vec::new(), BTreeMap::new());
    let (mut empty, mut broke) = (HashSet::new(), HashSet::new());
    for want in wants {
        let Some(node) = nodes.remove(&want.node) else { continue };
        for (lane, choice) in want.choices {
            if empty.contains(&lane) {
                continue;
            }
            match take(transaction, &node, lane, &choice, &mut broke, want.prompt, worker, policy, now).await? {
                Taken::Nothing => {
                    empty.insert(lane);
                }
                Taken::NotForThisNode => {}
                Taken::One(job, attempt) => {
                    charge(&mut charges, &job, &choice);
                    occupy(transaction, node, &choice, now).await?;
                    claimed.push(Claimed { job: *job, attempt: *attempt, lane });
                    break;
                }
            }
        }
    }
    if claimed.is_empty() {
        return Ok(claimed);
    }
    let rows = claimed.iter().map(|claimed| attempt_row(&claimed.attempt, claimed.job.project));
    farm_attempt::Entity::insert_many(rows).exec_without_returning(transaction).await.doing(DOING)?;
    let events = claimed.iter().map(|claimed| job_event("farm.leased", &claimed.job, Some(&claimed.attempt), now)).collect();
    NewEvent::write_all(events, transaction).await?;
    // Last, because everybody who draws for the same project waits for these rows until the transaction ends.
    for ((band, project, user), (base, seconds)) in charges {
        advance_clock(transaction, band, project, &user, base, seconds).await?;
    }
    Ok(claimed)
}

/// The nodes that this worker drives, that may take something and have nothing; their rows are taken.
async fn free_nodes(
    transaction: &DatabaseTransaction,
    wants: &[Want],
    worker: &str,
    now: Time,
) -> Result<HashMap<NodeId, Node>, StoreError> {
    let ids: Vec<Uuid> = wants.iter().map(|want| want.node.0).collect();
    let rows = farm_node::Entity::find()
        .filter(farm_node::Column::Id.is_in(ids.clone()))
        .filter(farm_node::Column::Worker.eq(worker))
        .order_by_asc(farm_node::Column::Id)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(transaction)
        .await
        .doing(DOING)?;
    let busy: HashSet<Uuid> = farm_attempt::Entity::find()
        .select_only()
        .column(farm_attempt::Column::NodeId)
        .filter(farm_attempt::Column::NodeId.is_in(ids))
        // As the index says it, so that it is used.
        .filter(sea_orm::sea_query::Expr::cust("NOT released"))
        .into_tuple::<Uuid>()
        .all(transaction)
        .await
        .doing(DOING)?
        .into_iter()
        .collect();
    let mut nodes = HashMap::new();
    for row in rows {
        let node = node(row)?;
        if !busy.contains(&node.id.0) && node.away(now).is_none() {
            nodes.insert(node.id, node);
        }
    }
    Ok(nodes)
}

enum Taken {
    One(Box<Job>, Box<Attempt>),
    NotForThisNode,
    Nothing,
}

#[expect(clippy::too_many_arguments, reason = "all of one claim")]
async fn take(
    transaction: &DatabaseTransaction,
    node: &Node,
    lane: i64,
    choice: &Choice,
    broke: &mut HashSet<Uuid>,
    prompt: Uuid,
    worker: &str,
    policy: &Policy,
    now: Time,
) -> Result<Taken, StoreError> {
    let locking = match transaction.get_database_backend() {
        DatabaseBackend::Postgres => "FOR UPDATE SKIP LOCKED",
        _ => "",
    };
    // The limit stands in the text: see `only`.
    let sql = format!("SELECT * FROM farm_jobs WHERE lane_id = $1 AND state = 'queued' ORDER BY due, id LIMIT {HEADS} {locking}");
    let query = farm_job::Entity::find().from_raw_sql(statement(transaction, &sql, [lane.into()]));
    let heads = query.all(transaction).await.doing(DOING)?;
    if heads.is_empty() {
        return Ok(Taken::Nothing);
    }
    for row in heads {
        let mut job = job(row)?;
        if job.state != JobState::Queued || job.avoids(node.id, now) || broke.contains(&job.project) {
            continue;
        }
        let expected = choice.expected;
        let grant = Grant {
            node: node.id,
            worker: worker.to_owned(),
            prompt,
            swapped: choice.swapped,
            // What nobody has measured cannot be told from too fast.
            expected: if choice.measured { expected } else { 0.0 },
            per_hour: node.per_hour,
        };
        let attempt = attempt::begin(&mut job, grant, policy, now);
        if reserve(transaction, &job, &attempt, now).await? == Reserved::OverBudget {
            broke.insert(job.project);
            continue;
        }
        save_job(transaction, &job, lane).await?;
        return Ok(Taken::One(Box::new(job), Box::new(attempt)));
    }
    Ok(Taken::NotForThisNode)
}

/// The node has something to do, with these models.
async fn occupy(transaction: &DatabaseTransaction, mut node: Node, choice: &Choice, now: Time) -> Result<(), StoreError> {
    bill_idle(transaction, &mut node, now).await?;
    let woken = node.state == farm::NodeState::Aside;
    if choice.swapped || node.idle_since.is_some() || woken {
        if woken {
            // Its rest is over; until it draws something well, one failure sends it back.
            node.state = farm::NodeState::Ready;
            node.aside_until = None;
        }
        let sql = "UPDATE farm_nodes SET resident = $2, idle_since = NULL, state = $3, aside_until = NULL WHERE id = $1";
        let values = [node.id.0.into(), choice.residency.clone().into(), node.state.word().into()];
        transaction.execute_raw(statement(transaction, sql, values)).await.doing(DOING)?;
    }
    Ok(())
}

type Charges = BTreeMap<(Band, Uuid, String), (f64, f64)>;

fn charge(charges: &mut Charges, job: &Job, choice: &Choice) {
    // The band's own time is that of the project without an id.
    let clocks = [
        (Uuid::nil(), String::new(), choice.time, 0.0),
        (job.project, String::new(), choice.time, choice.paced),
        (job.project, job.user.clone(), choice.behind, choice.expected),
    ];
    for (project, user, base, seconds) in clocks {
        let charge = charges.entry((choice.band, project, user)).or_insert((base, 0.0));
        *charge = (charge.0.max(base), charge.1 + seconds);
    }
}

async fn advance_clock(
    transaction: &DatabaseTransaction,
    band: Band,
    project: Uuid,
    user: &str,
    base: f64,
    seconds: f64,
) -> Result<(), StoreError> {
    // Nobody is behind the one who is furthest behind among those that could be served.
    let sql = "INSERT INTO farm_shares (band, project_id, user_name, clock) VALUES ($1, $2, $3, $4 + $5) \
               ON CONFLICT (band, project_id, user_name) DO UPDATE SET clock = \
               CASE WHEN farm_shares.clock > $4 THEN farm_shares.clock ELSE $4 END + $5";
    let values = [band.rank().into(), project.into(), user.into(), base.into(), seconds.into()];
    transaction.execute_raw(statement(transaction, sql, values)).await.doing("note fair shares").map(drop)
}
