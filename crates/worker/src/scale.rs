//! Growing and shrinking a fleet: a command or a webhook is told when work piles up or runs out.

use std::collections::{BTreeSet, HashSet};
use std::process::Stdio;
use std::time::Duration;

use farm::{JobState, Lane, Node, NodeId, NodeState, Policy};
use serde::Serialize;
use store::{Store, StoreError};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// What waits, and who is there to draw it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Backlog {
    /// How many jobs wait.
    pub queued: u64,
    /// How long the nodes that are there need for them, in seconds; none when there is no node.
    pub seconds: Option<f64>,
    /// How many nodes may draw now.
    pub nodes: usize,
    /// How many nodes would do what waits within the wanted time, and never fewer than draw now.
    pub wanted: usize,
    /// Nodes that may draw and have nothing to do, by name: those to drain when there are too many.
    pub idle: BTreeSet<String>,
    /// Nodes that were drained and have ended what they had, by name: nothing is lost when they are taken away.
    pub drained: BTreeSet<String>,
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A command of the shell, with `ECHO_FARM_QUEUED`, `ECHO_FARM_SECONDS`, `ECHO_FARM_NODES`, `ECHO_FARM_WANTED`, and the
    /// names of nodes, one a line, in `ECHO_FARM_IDLE` and `ECHO_FARM_DRAINED`.
    Command(String),
    /// An address that the backlog is posted to, as JSON.
    Webhook(String),
}

/// Why nobody could be told.
#[derive(Debug, thiserror::Error)]
pub enum ScalerError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The command did not start.
    #[error("the scaling command did not start")]
    Start(#[source] std::io::Error),
    /// The command failed.
    #[error("the scaling command ended with {status}")]
    Command {
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// It took too long.
    #[error("the scaling command took longer than {} s and was ended", .0.as_secs())]
    Slow(Duration),
    /// The address does not answer, or not with success.
    #[error("the scaling webhook was not taken")]
    Webhook(#[source] reqwest::Error),
}

/// Tells somebody how many nodes are wanted, whenever that changes, and which may be taken away.
#[derive(Debug)]
pub struct Scaler {
    store: Store,
    policy: Policy,
    clock: Clock,
    target: Target,
    /// Within which time everything that waits should be drawn.
    within: Duration,
    /// The number that was told last, and the drained nodes that were told and are still there.
    told: Option<(usize, BTreeSet<String>)>,
}

/// How often it looks.
const EVERY: Duration = Duration::from_secs(15);
/// How long a command or a webhook may take.
const LIMIT: Duration = Duration::from_secs(60);

impl Scaler {
    /// Tells `target` how many nodes would draw everything that waits `within` a time.
    #[must_use]
    pub fn new(store: Store, policy: Policy, target: Target, within: Duration) -> Self {
        Self { store, policy, clock: Clock::default(), target, within, told: None }
    }

    /// Looks and tells until `stop` fires.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.look().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "the fleet's size could not be seen to");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Looks once, and tells when another number of nodes is wanted than was told last, or when one was drained. Gives what
    /// it saw.
    ///
    /// # Errors
    /// [`ScalerError`]; it is told again at the next look.
    pub async fn look(&mut self) -> Result<Backlog, ScalerError> {
        let backlog = self.backlog().await?;
        let is_new = match &mut self.told {
            Some((wanted, drained)) => {
                // One that is gone, and comes back, is drained anew.
                drained.retain(|node| backlog.drained.contains(node));
                *wanted != backlog.wanted || *drained != backlog.drained
            }
            None => true,
        };
        if is_new {
            self.tell(&backlog).await?;
            self.told = Some((backlog.wanted, backlog.drained.clone()));
        }
        Ok(backlog)
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        let view = self.store.farm_view(&self.policy, self.clock.now()).await?;
        let queues = self.store.farm_queues().await?;
        let active = self.store.farm_counts(None).await?;
        let queued = active.get(&JobState::Queued).copied().unwrap_or(0);
        let now = self.clock.now();
        let there: Vec<_> = view.nodes.iter().filter(|node| node.away(now).is_none()).collect();
        let pace: f64 = there.iter().map(|node| 1.0 / view.speeds.factor(node.id)).sum();
        // Lanes are counted to a limit: what is more has the mean of what is counted.
        let counted: f64 = queues.lanes.iter().map(|lane| f64::from(lane.depth.min(Lane::COUNTED))).sum();
        let seconds =
            |lane: &Lane| view.view.template(&lane.key.class).and_then(|template| view.speeds.mean(template)).unwrap_or(30.0) * lane.size;
        let work: f64 = queues.lanes.iter().map(|lane| f64::from(lane.depth) * seconds(lane)).sum();
        let work = if counted > 0.0 { work * (queued as f64 / counted).max(1.0) } else { 0.0 };
        let busy = active.get(&JobState::Active).copied().unwrap_or(0) as usize;
        let wanted = (work / self.within.as_secs_f64().max(1.0)).ceil() as usize;
        let held: HashSet<NodeId> = self.store.held_slots().await?.iter().map(|slot| slot.attempt.node).collect();
        let names = |of: &dyn Fn(&Node) -> bool| {
            let free = view.nodes.iter().filter(|node| !held.contains(&node.id) && of(node));
            free.map(|node| node.name.clone()).collect()
        };
        Ok(Backlog {
            queued,
            seconds: (pace > 0.0).then(|| work / pace),
            nodes: there.len(),
            wanted: wanted.max(busy),
            idle: names(&|node| node.away(now).is_none()),
            drained: names(&|node| node.state == NodeState::Draining),
        })
    }

    async fn tell(&self, backlog: &Backlog) -> Result<(), ScalerError> {
        match &self.target {
            Target::Command(command) => {
                let lines = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
                let mut child = Command::new("sh")
                    .args(["-c", command])
                    .env("ECHO_FARM_QUEUED", backlog.queued.to_string())
                    .env("ECHO_FARM_SECONDS", backlog.seconds.map_or_else(String::new, |seconds| format!("{seconds:.0}")))
                    .env("ECHO_FARM_NODES", backlog.nodes.to_string())
                    .env("ECHO_FARM_WANTED", backlog.wanted.to_string())
                    .env("ECHO_FARM_IDLE", lines(&backlog.idle))
                    .env("ECHO_FARM_DRAINED", lines(&backlog.drained))
                    .stdin(Stdio::null())
                    .kill_on_drop(true)
                    .spawn()
                    .map_err(ScalerError::Start)?;
                let status =
                    tokio::time::timeout(LIMIT, child.wait()).await.map_err(|_| ScalerError::Slow(LIMIT))?.map_err(ScalerError::Start)?;
                if status.success() { Ok(()) } else { Err(ScalerError::Command { status }) }
            }
            Target::Webhook(address) => {
                let client = reqwest::Client::builder().timeout(LIMIT).build().map_err(ScalerError::Webhook)?;
                let answer = client.post(address).json(backlog).send().await.and_then(reqwest::Response::error_for_status);
                answer.map(drop).map_err(ScalerError::Webhook)
            }
        }
    }
}
