//! Nodes: adding them, driving them, asking what they have.

use std::collections::BTreeSet;
use std::path::PathBuf;

use farm::{Attempt, Capabilities, Hours, JobId, Money, Node, NodeId, NodeState, Policy, Refusal, Time, Token};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::row::{attempt, live_attempt, node, node_event, node_row, save_attempt, save_job, save_node, take_job, take_node};
use super::{statement, tell_others};
use crate::StoreError;
use crate::database::{Store, micros};
use crate::entity::{farm_attempt, farm_node};
use crate::error::{Doing, is_duplicate};

/// A node that is to be added.
#[derive(Debug, Clone, PartialEq)]
pub struct NewNode {
    /// Its id.
    pub id: NodeId,
    /// Its name, for people; no other has it.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// Groups that it is in.
    pub groups: BTreeSet<String>,
    /// The server's folder `models`, as the hosts of its workers see it; none when it cannot be reached from there.
    pub models_folder: Option<PathBuf>,
    /// What it costs per hour, idle or not.
    pub per_hour: Money,
    /// When it is lent; always when none.
    pub hours: Option<Hours>,
}

/// An attempt on a node that nobody watches any more: its worker is gone, or it was given up and may still run there.
#[derive(Debug, Clone, PartialEq)]
pub struct Orphan {
    /// The attempt.
    pub attempt: Attempt,
    /// Whether it is still to be brought to its end; otherwise it is only to be ended on the node.
    pub live: bool,
}

const DOING: &str = "change a node of the farm";

impl Store {
    /// Adds a node, or changes one of the same name. Gives its id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_farm_node(&self, new: NewNode, at: Time) -> Result<NodeId, StoreError> {
        let at = micros(at);
        loop {
            let new = new.clone();
            let added = self.transaction(DOING, move |transaction| Box::pin(add_or_change(transaction, new, at))).await;
            match added {
                // Somebody added or removed it at the same moment.
                Err(StoreError::Stale) => {}
                added => {
                    self.wake_workers();
                    return added;
                }
            }
        }
    }

    /// All nodes, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn farm_nodes(&self) -> Result<Vec<Node>, StoreError> {
        let rows = farm_node::Entity::find().order_by_asc(farm_node::Column::Name).all(&self.reader).await.doing("list nodes")?;
        rows.into_iter().map(node).collect()
    }

    /// Takes nodes to drive that nobody drives: those of the groups, or all when none are named; those named by `names`
    /// in any case. Gives all that `worker` drives then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drive_nodes(
        &self,
        worker: &str,
        groups: &BTreeSet<String>,
        names: &BTreeSet<String>,
        most: usize,
        policy: &Policy,
        now: Time,
    ) -> Result<Vec<Node>, StoreError> {
        let (worker, groups, names, policy, now) = (worker.to_owned(), groups.clone(), names.clone(), policy.clone(), micros(now));
        self.transaction("drive nodes", move |transaction| {
            Box::pin(async move {
                let rows = farm_node::Entity::find().order_by_asc(farm_node::Column::Name).all(transaction).await.doing(DOING)?;
                let mut driven = Vec::new();
                let mut free = Vec::new();
                for row in rows {
                    let node = node(row)?;
                    let wanted = names.contains(&node.name)
                        || (names.is_empty() && groups.is_empty())
                        || groups.iter().any(|group| node.groups.contains(group));
                    match &node.owner {
                        Some((owner, _)) if *owner == worker => driven.push(node),
                        // A clock that is ahead of ours must not take a node from a worker that lives.
                        Some((_, until)) if *until + grace(&policy) > now => {}
                        _ if wanted => free.push(node),
                        _ => {}
                    }
                }
                for node in free {
                    if driven.len() >= most {
                        break;
                    }
                    let Some(mut node) = take_node(transaction, node.id).await? else { continue };
                    if node.owner.as_ref().is_some_and(|(_, until)| *until + grace(&policy) > now) {
                        continue;
                    }
                    node.owner = Some((worker.clone(), policy.lease_from(now)));
                    save_node(transaction, &node).await?;
                    node_event("farm.node_driven", &node, json!({ "worker": worker }), now).write(transaction).await?;
                    driven.push(node);
                }
                Ok(driven)
            })
        })
        .await
    }

    /// Lets go of all nodes that a worker drives: it ends in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn leave_nodes(&self, worker: &str) -> Result<(), StoreError> {
        let worker = worker.to_owned();
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                let sql = "UPDATE farm_nodes SET worker = NULL, worker_until = NULL WHERE worker = $1";
                transaction.execute_raw(statement(transaction, sql, [worker.into()])).await.doing(DOING)?;
                tell_others(transaction).await
            })
        })
        .await?;
        self.wake_workers();
        Ok(())
    }

    /// Notes what a node is and has, as it says itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn describe_farm_node(&self, id: NodeId, capabilities: Capabilities, now: Time) -> Result<(), StoreError> {
        let now = micros(now);
        let changed = self
            .transaction(DOING, move |transaction| {
                Box::pin(async move {
                    let Some(mut node) = take_node(transaction, id).await? else { return Ok(false) };
                    let changed = node.capabilities != capabilities;
                    node.capabilities = capabilities;
                    node.last_seen = Some(now);
                    save_node(transaction, &node).await?;
                    if changed {
                        let payload = json!({
                            "version": node.capabilities.version,
                            "device": node.capabilities.device,
                            "classes": node.capabilities.classes.len(),
                            "models": node.capabilities.models.len(),
                        });
                        node_event("farm.node_described", &node, payload, now).write(transaction).await?;
                        tell_others(transaction).await?;
                    }
                    Ok(changed)
                })
            })
            .await?;
        if changed {
            self.wake_workers();
        }
        Ok(())
    }

    /// Notes that a node's memory was emptied: it was restarted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn farm_node_restarted(&self, id: NodeId, now: Time) -> Result<(), StoreError> {
        self.change_node(id, "farm.node_restarted", now, |node| node.resident = None).await.map(drop)
    }

    /// Lets a node take nothing new, or something again; what it has it brings to its end. False when there is none of
    /// that name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drain_farm_node(&self, name: &str, drain: bool, now: Time) -> Result<bool, StoreError> {
        let Some(row) = farm_node::Entity::find().filter(farm_node::Column::Name.eq(name)).one(&self.reader).await.doing(DOING)? else {
            return Ok(false);
        };
        let kind = if drain { "farm.node_draining" } else { "farm.node_ready" };
        let change = move |node: &mut Node| {
            node.state = if drain { NodeState::Draining } else { NodeState::Ready };
            node.aside_until = None;
            if !drain {
                node.health = farm::Health::default();
            }
        };
        let changed = self.change_node(NodeId(row.id), kind, now, change).await?;
        self.wake_workers();
        Ok(changed)
    }

    /// Removes a node that has nothing to do. False when there is none of that name, or it has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_farm_node(&self, name: &str, now: Time) -> Result<bool, StoreError> {
        let (name, now) = (name.to_owned(), micros(now));
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                let found = farm_node::Entity::find().filter(farm_node::Column::Name.eq(name));
                let Some(row) = found.one(transaction).await.doing(DOING)? else { return Ok(false) };
                let Some(mut node) = take_node(transaction, NodeId(row.id)).await? else { return Ok(false) };
                if draws(transaction, node.id).await? {
                    return Ok(false);
                }
                super::money::bill_idle(transaction, &mut node, now).await?;
                farm_node::Entity::delete_by_id(node.id.0).exec(transaction).await.doing(DOING)?;
                node_event("farm.node_removed", &node, json!({}), now).write(transaction).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn change_node<F>(&self, id: NodeId, kind: &'static str, now: Time, change: F) -> Result<bool, StoreError>
    where
        F: FnOnce(&mut Node) + Send + 'static,
    {
        let now = micros(now);
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                let Some(mut node) = take_node(transaction, id).await? else { return Ok(false) };
                change(&mut node);
                save_node(transaction, &node).await?;
                node_event(kind, &node, json!({}), now).write(transaction).await?;
                tell_others(transaction).await?;
                Ok(true)
            })
        })
        .await
    }

    /// The attempts that hold a node's slot and are not `worker`'s own.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn orphans(&self, node: NodeId) -> Result<Vec<Orphan>, StoreError> {
        let rows = farm_attempt::Entity::find()
            .filter(farm_attempt::Column::NodeId.eq(node.0))
            .filter(farm_attempt::Column::Released.eq(false))
            .all(&self.reader)
            .await
            .doing("look for attempts that nobody watches")?;
        let orphans = rows.into_iter().map(|row| {
            let attempt = attempt(row)?;
            Ok(Orphan { live: !attempt.state.ended(), attempt })
        });
        orphans.collect()
    }

    /// Takes an attempt over, for the worker that drives its node. Gives the new token.
    ///
    /// # Errors
    /// [`StoreError`]; inside, the [`Refusal`] when it has ended.
    pub async fn adopt(&self, id: JobId, worker: &str, policy: &Policy, now: Time) -> Result<Result<Token, Refusal>, StoreError> {
        let (worker, policy, now) = (worker.to_owned(), policy.clone(), micros(now));
        self.transaction("take an attempt over", move |transaction| {
            Box::pin(async move {
                let Some((mut job, lane)) = take_job(transaction, id).await? else { return Ok(Err(Refusal::Unknown)) };
                let Some(mut attempt) = live_attempt(transaction, id).await? else {
                    return Ok(Err(Refusal::Ended { state: farm::AttemptState::Superseded }));
                };
                let Some(node) = take_node(transaction, attempt.node).await? else { return Ok(Err(Refusal::Unknown)) };
                if node.owner.as_ref().is_none_or(|(owner, _)| *owner != worker) {
                    return Ok(Err(Refusal::Superseded { held: attempt.token.0, newest: job.token.0 }));
                }
                let token = match farm::attempt::adopt(&mut job, &mut attempt, &worker, &policy, now) {
                    Ok(token) => token,
                    Err(refusal) => return Ok(Err(refusal)),
                };
                save_job(transaction, &job, lane).await?;
                save_attempt(transaction, &attempt).await?;
                super::row::job_event("farm.adopted", &job, Some(&attempt), now).write(transaction).await?;
                Ok(Ok(token))
            })
        })
        .await
    }

    /// Notes that a node does not work any more on an attempt that has ended. Says whether that was news.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release_slot(&self, job: JobId, number: u32, now: Time) -> Result<bool, StoreError> {
        let now = micros(now);
        let released = self
            .transaction(DOING, move |transaction| Box::pin(async move { super::report::release(transaction, job, number, now).await }))
            .await?;
        if released {
            self.wake_workers();
        }
        Ok(released)
    }
}

async fn add_or_change(transaction: &DatabaseTransaction, new: NewNode, at: Time) -> Result<NodeId, StoreError> {
    let found = farm_node::Entity::find().filter(farm_node::Column::Name.eq(new.name.as_str())).one(transaction).await.doing(DOING)?;
    let known = match found {
        // Workers write into the same row: it is read again once it is ours.
        Some(row) => Some(take_node(transaction, NodeId(row.id)).await?.ok_or(StoreError::Stale)?),
        None => None,
    };
    let is_new = known.is_none();
    let mut node = known.unwrap_or_else(|| Node::new(new.id, new.name, String::new()));
    if node.models_folder != new.models_folder {
        forget_hashes(transaction, node.id).await?;
    }
    (node.url, node.groups, node.models_folder) = (new.url, new.groups, new.models_folder);
    (node.per_hour, node.hours) = (new.per_hour, new.hours);
    let waits = node.per_hour > Money::ZERO && !draws(transaction, node.id).await?;
    node.idle_since = if waits { node.idle_since.or(Some(at)) } else { None };
    let kind = if is_new {
        let insert = farm_node::Entity::insert(node_row(&node)?).exec_without_returning(transaction).await;
        if insert.as_ref().is_err_and(is_duplicate) {
            return Err(StoreError::Stale);
        }
        insert.doing(DOING)?;
        "farm.node_added"
    } else {
        save_node(transaction, &node).await?;
        "farm.node_changed"
    };
    node_event(kind, &node, json!({ "url": node.url }), at).write(transaction).await?;
    tell_others(transaction).await?;
    Ok(node.id)
}

/// Whether an attempt holds the node's slot.
async fn draws(transaction: &DatabaseTransaction, node: NodeId) -> Result<bool, StoreError> {
    let held =
        farm_attempt::Entity::find().filter(farm_attempt::Column::NodeId.eq(node.0)).filter(farm_attempt::Column::Released.eq(false));
    Ok(held.one(transaction).await.doing(DOING)?.is_some())
}

/// What was found in another folder says nothing of this one.
async fn forget_hashes(transaction: &DatabaseTransaction, node: NodeId) -> Result<(), StoreError> {
    let sql = "UPDATE farm_nodes SET model_hashes = NULL WHERE id = $1";
    transaction.execute_raw(statement(transaction, sql, [node.0.into()])).await.doing(DOING).map(drop)
}

fn grace(policy: &Policy) -> chrono::TimeDelta {
    chrono::TimeDelta::microseconds((policy.grace * 1e6) as i64)
}
