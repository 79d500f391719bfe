//! The worker's loop: which nodes it drives, what they do, and what time brings.
//!
//! One task looks for work; one keeps the leases, one hears what has to end, and one notes what is seen of attempts, each of
//! which runs in a task of its own. Wake-ups: a notification of the database, the end of an attempt, and a poll with jitter,
//! because notifications can be lost.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use comfyui::{Patience, Server};
use farm::{JobId, Node, NodeId, pick};
use store::farm::{Claimed, ToEnd, View, Want, Wanted};
use store::{BlobStore, Store, StoreError};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::clock::Clock;
use crate::confirm;
use crate::describe::describe;
use crate::draw::{After, Origin, draw};
use crate::leases::{Lease, Leases};
use crate::options::Options;
use crate::sight::note_progress;
use crate::sockets::Sockets;

/// What all tasks of a worker share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) blobs: BlobStore,
    pub(crate) options: Options,
    pub(crate) clock: Clock,
    pub(crate) leases: Leases,
    pub(crate) sockets: Sockets,
    random: AtomicU64,
}

impl Shared {
    /// A random number between 0 and 1, good enough to keep waits apart (Weyl sequence through SplitMix64's mixer).
    pub(crate) fn jitter(&self) -> f64 {
        let mut mixed = self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Draws the farm's jobs.
#[derive(Debug)]
pub struct Worker {
    shared: Arc<Shared>,
}

/// What a node is doing, as far as this worker knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// It was looked into and may take something.
    Idle,
    /// It is being looked into, or draws.
    Busy,
    /// It is left alone until then.
    Unwell { until: Instant, times: u32 },
}

struct Driven {
    node: Node,
    server: Server,
    doing: Doing,
    described: Option<Instant>,
}

/// What a task says at its end.
struct Finished {
    node: NodeId,
    after: After,
    described: bool,
}

impl Worker {
    /// A worker with a store and a place for files.
    #[must_use]
    pub fn new(store: Store, blobs: BlobStore, options: Options) -> Self {
        let random = AtomicU64::new(Uuid::now_v7().as_u64_pair().1);
        Self {
            shared: Arc::new(Shared {
                store,
                blobs,
                options,
                clock: Clock::default(),
                leases: Leases::default(),
                sockets: Sockets::default(),
                random,
            }),
        }
    }

    /// Works until `stop` fires; then it takes nothing new, brings what it has to its end, and lets its nodes go.
    ///
    /// Dropping the future is as good as a kill: everything that runs stays on the nodes, and the next worker that
    /// drives them goes on with it.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be reached at the start.
    pub async fn run(self, stop: CancellationToken) -> Result<(), StoreError> {
        let shared = self.shared;
        shared.clock.set(&shared.store).await?;
        let to_end = shared.store.farm_to_end(shared.options.poll);
        let mut wake = shared.store.farm_wake().await?;
        let (finished, mut ended) = mpsc::unbounded_channel();
        let mut state = Loop { shared: Arc::clone(&shared), nodes: HashMap::new(), tasks: JoinSet::new(), finished, view: None };
        let mut beat = JoinSet::new();
        beat.spawn(keep_leases(Arc::clone(&shared)));
        beat.spawn(end_what_is_wanted_to(Arc::clone(&shared), to_end));
        beat.spawn(note_progress(Arc::clone(&shared)));
        let mut swept = None;
        while !stop.is_cancelled() {
            wake.looking();
            if swept.is_none_or(|at: Instant| at.elapsed() > tick(&shared)) {
                swept = Some(Instant::now());
                if let Err(error) = state.tend().await {
                    tracing::warn!(error = &error as &dyn std::error::Error, "the database does not answer; trying again");
                }
            }
            let took = match state.look().await {
                Ok(took) => took,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "no work could be taken; trying again");
                    false
                }
            };
            while let Some(result) = state.tasks.try_join_next() {
                if let Err(error) = result
                    && error.is_panic()
                {
                    tracing::error!(%error, "an attempt's task panicked; its lease will end");
                }
            }
            if took {
                continue;
            }
            let jitter = 0.75 + 0.5 * shared.jitter();
            tokio::select! {
                () = stop.cancelled() => {}
                _ = wake.wait(shared.options.poll.mul_f64(jitter)) => {}
                Some(done) = ended.recv() => state.finish(&done),
            }
            while let Ok(done) = ended.try_recv() {
                state.finish(&done);
            }
        }
        while state.tasks.join_next().await.is_some() {}
        beat.abort_all();
        shared.store.leave_nodes(&shared.options.name).await
    }
}

/// How often leases are renewed, and nodes and leases of others looked at.
fn tick(shared: &Shared) -> Duration {
    Duration::from_secs_f64(shared.options.policy.lease / 3.0)
}

/// Keeps leases and nodes, in a task of its own, so that nothing that is slow lets them end.
async fn keep_leases(shared: Arc<Shared>) {
    let mut beats = 0_u32;
    loop {
        tokio::time::sleep(tick(&shared).mul_f64(0.8 + 0.2 * shared.jitter())).await;
        beats += 1;
        if beats.is_multiple_of(60) {
            // Clocks drift.
            drop(shared.clock.set(&shared.store).await);
        }
        renew(&shared, &shared.leases.all()).await;
    }
}

/// Renews leases, and hears how they stand.
async fn renew(shared: &Shared, held: &[(JobId, Lease)]) {
    let tokens: Vec<_> = held.iter().map(|(job, lease)| (*job, lease.token)).collect();
    match shared.store.farm_heartbeat(&shared.options.name, &tokens, &shared.options.policy, shared.clock.now()).await {
        Ok(beats) => {
            for ((_, lease), beat) in held.iter().zip(beats) {
                match beat.heard {
                    Some(heard) if heard.cancel => lease.cancel.cancel(),
                    Some(_) => {}
                    None => lease.lost.cancel(),
                }
            }
        }
        Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "leases could not be renewed"),
    }
}

/// Hears at once when somebody wants an attempt to end. Leases say so as well, and only when they are renewed. What is heard
/// may be about an earlier attempt, so the lease is asked.
async fn end_what_is_wanted_to(shared: Arc<Shared>, mut to_end: ToEnd) {
    loop {
        let wanted = to_end.next().await;
        let mut held = shared.leases.all();
        held.retain(|(_, lease)| !lease.cancel.is_cancelled());
        if held.is_empty() {
            continue;
        }
        let jobs = match wanted {
            Wanted::Jobs(jobs) => jobs,
            Wanted::Any => {
                let asked: Vec<JobId> = held.iter().map(|(job, _)| *job).collect();
                shared.store.jobs_to_end(&asked).await.unwrap_or_default()
            }
        };
        held.retain(|(job, _)| jobs.contains(job));
        if !held.is_empty() {
            renew(&shared, &held).await;
        }
    }
}

struct Loop {
    shared: Arc<Shared>,
    nodes: HashMap<NodeId, Driven>,
    tasks: JoinSet<()>,
    finished: mpsc::UnboundedSender<Finished>,
    view: Option<(Instant, View)>,
}

/// How long what is known of nodes and speeds is good for.
const VIEW: Duration = Duration::from_secs(2);
/// How long a node that does not answer is left alone at first; it doubles.
const UNWELL: Duration = Duration::from_secs(1);

impl Loop {
    /// What time brings: nodes to drive, leases that are over, nodes to be asked again.
    async fn tend(&mut self) -> Result<(), StoreError> {
        let Options { name, groups, nodes, most, policy, patience, describe, .. } = self.shared.options.clone();
        let now = self.shared.clock.now();
        self.shared.store.sweep_farm(&policy, now).await?;
        let driven = self.shared.store.drive_nodes(&name, &groups, &nodes, most, &policy, now).await?;
        let ids: HashSet<NodeId> = driven.iter().map(|node| node.id).collect();
        self.nodes.retain(|id, _| ids.contains(id));
        self.shared.sockets.only(|id| self.nodes.contains_key(&id));
        for node in driven {
            self.meet(node, &patience);
        }
        self.send_home(now);
        let due: Vec<NodeId> = self
            .nodes
            .iter()
            .filter(|(_, driven)| match driven.doing {
                Doing::Busy => false,
                Doing::Unwell { until, .. } => until <= Instant::now(),
                Doing::Idle => driven.described.is_none_or(|at| at.elapsed() > describe),
            })
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            self.look_into(id);
        }
        Ok(())
    }

    fn meet(&mut self, node: Node, patience: &Patience) {
        if let Some(known) = self.nodes.get_mut(&node.id).filter(|known| known.node.url == node.url) {
            known.node = node;
            return;
        }
        match Server::new(&node.url, patience.clone()) {
            Ok(server) => {
                let id = node.id;
                self.nodes.insert(id, Driven { node, server, doing: Doing::Busy, described: None });
                self.look_into(id);
            }
            Err(error) => tracing::error!(node.name = %node.name, %error, "the node cannot be driven"),
        }
    }

    /// Nodes whose hours are over end what they draw: it goes elsewhere, and their owners get their memory back.
    fn send_home(&self, now: farm::Time) {
        for (_, lease) in self.shared.leases.all() {
            let home = self.nodes.get(&lease.node).is_some_and(|driven| driven.node.hours.is_some_and(|hours| !hours.contain(now)));
            if home && !lease.cancel.is_cancelled() {
                lease.cancel.cancel();
                if let Some(server) = self.nodes.get(&lease.node).map(|driven| driven.server.clone()) {
                    tokio::spawn(async move { drop(server.free(true).await) });
                }
            }
        }
    }

    /// Asks a node what it has, and brings to an end what is on it from before.
    fn look_into(&mut self, id: NodeId) {
        let Some(driven) = self.nodes.get_mut(&id) else { return };
        let times = if let Doing::Unwell { times, .. } = driven.doing { times } else { 0 };
        driven.doing = Doing::Busy;
        let (shared, node, server, finished) =
            (Arc::clone(&self.shared), driven.node.clone(), driven.server.clone(), self.finished.clone());
        self.tasks.spawn(async move {
            let after = match describe(&server).await {
                Ok(capabilities) => {
                    let described = shared.store.describe_farm_node(node.id, capabilities, shared.clock.now()).await;
                    if let Err(error) = described {
                        tracing::warn!(node.name = %node.name, error = &error as &dyn std::error::Error, "what the node has could not be noted");
                    }
                    take_over(&shared, &node, &server).await
                }
                Err(error) => {
                    tracing::warn!(node.name = %node.name, times, error = &error as &dyn std::error::Error, "the node does not answer");
                    After::Unwell
                }
            };
            // The loop is gone only with the worker.
            drop(finished.send(Finished { node: node.id, after, described: after == After::Free }));
        });
    }

    fn finish(&mut self, done: &Finished) {
        let Some(driven) = self.nodes.get_mut(&done.node) else { return };
        if done.described {
            driven.described = Some(Instant::now());
        }
        driven.doing = match (done.after, driven.doing) {
            (After::Free, _) => Doing::Idle,
            // Looked into at once, and then more and more seldom.
            (After::Unclear | After::Unwell, Doing::Unwell { times, .. }) => {
                Doing::Unwell { until: Instant::now() + UNWELL * (1 << times.min(5)), times: times + 1 }
            }
            (After::Unclear | After::Unwell, _) => {
                let scale = self.shared.options.policy.lease / farm::Policy::default().lease;
                Doing::Unwell { until: Instant::now() + UNWELL.mul_f64(scale.min(1.0)), times: 1 }
            }
        };
    }

    /// Takes work for the nodes that are free. Says whether there was any.
    async fn look(&mut self) -> Result<bool, StoreError> {
        let unwell: Vec<NodeId> = self
            .nodes
            .iter()
            .filter(|(_, driven)| matches!(driven.doing, Doing::Unwell { until, .. } if until <= Instant::now()))
            .map(|(id, _)| *id)
            .collect();
        for id in unwell {
            self.look_into(id);
        }
        let free: Vec<NodeId> = self.nodes.iter().filter(|(_, driven)| driven.doing == Doing::Idle).map(|(id, _)| *id).collect();
        if free.is_empty() {
            return Ok(false);
        }
        let (store, policy) = (&self.shared.store, &self.shared.options.policy);
        // Leases are counted from here, and so is how late something may be sent under them.
        let (now, begun) = (self.shared.clock.now(), Instant::now());
        let mut queues = store.farm_queues().await?;
        if queues.lanes.is_empty() {
            return Ok(false);
        }
        let stale = self
            .view
            .as_ref()
            .is_none_or(|(at, view)| at.elapsed() > VIEW || queues.lanes.iter().any(|lane| !view.view.knows(&lane.key.class)));
        if stale {
            self.view = Some((Instant::now(), store.farm_view(policy, now).await?));
        }
        let Some((_, view)) = &self.view else { return Ok(false) };
        let mut wants = Vec::new();
        for id in free {
            let Some(node) = view.nodes.iter().find(|node| node.id == id) else { continue };
            let choices = pick::pick(node, &queues.lanes, &mut queues.shares, &view.view, &view.speeds, policy, now);
            if let Some(first) = choices.first() {
                // The next node of this worker sees what this one takes.
                let lane = &mut queues.lanes[first.lane];
                lane.depth = lane.depth.saturating_sub(u32::from(lane.depth < farm::Lane::COUNTED));
                let key = lane.key.clone();
                queues.shares.charge(first.band, key.project, &key.user, first.behind, first.expected);
                let choices = choices.into_iter().map(|choice| (queues.lanes[choice.lane].id, choice)).collect();
                wants.push(Want { node: id, choices, prompt: Uuid::now_v7() });
            }
        }
        if wants.is_empty() {
            return Ok(false);
        }
        let claimed = store.claim_jobs(wants, &self.shared.options.name, policy, now).await?;
        let any = !claimed.is_empty();
        for claimed in claimed {
            // What the node has loaded is in the view for the next look.
            if let Some((_, view)) = &mut self.view
                && let Some(node) = view.nodes.iter_mut().find(|node| node.id == claimed.attempt.node)
            {
                node.resident = view.classes.get(&claimed.job.class).map(farm::Requirements::residency);
            }
            self.start(claimed, begun);
        }
        Ok(any)
    }

    fn start(&mut self, claimed: Claimed, at: Instant) {
        let Some(driven) = self.nodes.get_mut(&claimed.attempt.node) else { return };
        driven.doing = Doing::Busy;
        let lease = self.shared.leases.hold(claimed.job.id, claimed.attempt.token, claimed.attempt.node);
        let (shared, node, server, finished) =
            (Arc::clone(&self.shared), driven.node.clone(), driven.server.clone(), self.finished.clone());
        self.tasks.spawn(async move {
            let after = draw(&shared, &node, &server, &claimed.job, &claimed.attempt, &lease, Origin::Claim(at)).await;
            shared.leases.drop(claimed.job.id, lease.token);
            drop(finished.send(Finished { node: node.id, after, described: false }));
        });
    }
}

/// Brings to an end what is on a node from before: attempts whose worker is gone are taken over, with the same ticket;
/// those that were given up are ended there, and the slot is free when the node says that they have.
async fn take_over(shared: &Shared, node: &Node, server: &Server) -> After {
    let orphans = match shared.store.orphans(node.id).await {
        Ok(orphans) => orphans,
        Err(_) => return After::Unclear,
    };
    let mut after = After::Free;
    for orphan in orphans {
        if shared.leases.holds(orphan.attempt.job) && shared.leases.on(node.id) {
            return After::Unclear;
        }
        if !orphan.live {
            if confirm::gone(server, &confirm::ticket(&orphan.attempt)).await {
                drop(shared.store.release_slot(orphan.attempt.job, orphan.attempt.number, shared.clock.now()).await);
            } else {
                after = After::Unclear;
            }
            continue;
        }
        let now = shared.clock.now();
        let adopted = shared.store.adopt(orphan.attempt.job, &shared.options.name, &shared.options.policy, now).await;
        let Ok(Ok(token)) = adopted else {
            after = After::Unclear;
            continue;
        };
        let Ok(Some(detail)) = shared.store.farm_job(orphan.attempt.job).await else {
            after = After::Unclear;
            continue;
        };
        tracing::info!(job.id = %orphan.attempt.job, node.name = %node.name, state = %orphan.attempt.state, "going on with an attempt of a worker that is gone");
        let lease = shared.leases.hold(orphan.attempt.job, token, node.id);
        let attempt = detail.attempts.into_iter().find(|attempt| attempt.number == orphan.attempt.number).unwrap_or(orphan.attempt);
        after = draw(shared, node, server, &detail.job, &attempt, &lease, Origin::Another).await;
        shared.leases.drop(attempt.job, lease.token);
    }
    after
}
