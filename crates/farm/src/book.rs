//! The farm's tables in memory: the same rules as on the database, for fleets on a virtual clock.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use crate::attempt::{self, Ended, Grant, Heard, Lapse, Outcome};
use crate::id::{JobId, NodeId, Time, Token};
use crate::job::{Band, ClassId, Job, JobState, Requirements};
use crate::lane::{Lane, LaneKey};
use crate::money::Money;
use crate::node::Node;
use crate::pick::{self, Choice, View};
use crate::policy::{Policy, seconds};
use crate::share::Shares;
use crate::speed::Speeds;
use crate::{Attempt, Cause, Refusal, Step};

/// What was spent, and what is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Account {
    /// The most that may be spent; none without a budget.
    pub budget: Option<Money>,
    /// Spent.
    pub spent: Money,
    /// Set aside for attempts that are under way.
    pub reserved: Money,
}

/// An entry of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Set aside.
    Reserve(Uuid, Money),
    /// Given back.
    Release(Uuid, Money),
    /// Spent.
    Spend(Uuid, Money),
}

/// What a node could choose, counted by hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Whose.
    pub project: Uuid,
    /// How pressing it is now.
    pub band: Band,
    /// The project's clock.
    pub clock: f64,
}

/// Jobs of a lane in their order: deadline, then age.
type Queue = BTreeSet<(i64, JobId)>;

/// The whole farm.
#[derive(Debug, Default)]
pub struct Book {
    /// The limits.
    pub policy: Policy,
    /// All jobs.
    pub jobs: HashMap<JobId, Job>,
    /// Attempts that are under way.
    pub live: HashMap<JobId, Attempt>,
    /// Attempts that hold a node's slot, by node.
    pub slots: HashMap<NodeId, (JobId, u32, Uuid)>,
    /// All nodes.
    pub nodes: HashMap<NodeId, Node>,
    /// What was measured.
    pub speeds: Speeds,
    /// Everybody's clocks.
    pub shares: Shares,
    /// Projects' accounts.
    pub accounts: HashMap<Uuid, Account>,
    /// The ledger.
    pub ledger: Vec<Entry>,
    /// How many jobs are in which state, kept with each change.
    pub counts: BTreeMap<JobState, i64>,
    /// Every change of a job's state, in order.
    pub history: Vec<(JobId, JobState)>,
    /// How many attempts were begun.
    pub attempts: u64,
    classes: BTreeMap<ClassId, Requirements>,
    lanes: Vec<Lane>,
    queues: Vec<Queue>,
    lane_of: HashMap<LaneKey, usize>,
    waits: BTreeSet<(Time, JobId)>,
    dependants: HashMap<JobId, Vec<JobId>>,
    view: View,
}

impl Book {
    /// An empty farm.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { policy, ..Self::default() }
    }

    /// Queues a job.
    pub fn submit(&mut self, job: Job, needs: &Requirements, after: &[JobId]) {
        self.classes.entry(job.class.clone()).or_insert_with(|| needs.clone());
        for needed in after {
            self.dependants.entry(*needed).or_default().push(job.id);
        }
        self.history.push((job.id, job.state));
        *self.counts.entry(job.state).or_default() += 1;
        self.enqueue(&job);
        self.jobs.insert(job.id, job);
    }

    fn lane(&mut self, job: &Job) -> usize {
        let key = LaneKey { band: job.band, project: job.project, user: job.user.clone(), class: job.class.clone() };
        *self.lane_of.entry(key.clone()).or_insert_with(|| {
            let id = self.lanes.len() as i64;
            self.lanes.push(Lane { id, key, depth: 0, since: job.queued_at, deadline: None, size: 1.0 });
            self.queues.push(Queue::new());
            self.lanes.len() - 1
        })
    }

    /// Puts a job where its state says.
    fn enqueue(&mut self, job: &Job) {
        match (job.state, job.run_after) {
            (JobState::Queued, _) => {
                let lane = self.lane(job);
                self.queues[lane].insert((due(job), job.id));
                self.refresh(lane);
            }
            (JobState::Backoff, Some(after)) => {
                self.waits.insert((after, job.id));
            }
            _ => {}
        }
    }

    fn refresh(&mut self, lane: usize) {
        let (lane, queue) = (&mut self.lanes[lane], &self.queues[lane]);
        lane.depth = u32::try_from(queue.len()).unwrap_or(u32::MAX).min(Lane::COUNTED);
        if let Some(head) = queue.first().and_then(|(_, id)| self.jobs.get(id)) {
            (lane.since, lane.deadline, lane.size) = (head.queued_at, head.deadline, head.size);
        }
    }

    /// Changes a job, and what depends on its state.
    fn change<T>(&mut self, id: JobId, change: impl FnOnce(&mut Job, Option<&mut Attempt>, &Policy) -> T) -> Option<T> {
        let mut job = self.jobs.remove(&id)?;
        let before = job.state;
        if before == JobState::Queued {
            let lane = self.lane(&job);
            self.queues[lane].remove(&(due(&job), id));
        }
        let lane_before = (before == JobState::Queued).then(|| self.lane(&job));
        let result = change(&mut job, self.live.get_mut(&id), &self.policy);
        let after = job.state;
        if before != after {
            self.history.push((id, after));
            *self.counts.entry(before).or_default() -= 1;
            *self.counts.entry(after).or_default() += 1;
        }
        self.jobs.insert(id, job);
        let job = self.jobs[&id].clone();
        self.enqueue(&job);
        if let Some(lane) = lane_before {
            self.refresh(lane);
        }
        Some(result)
    }

    /// Looks at the farm anew: costs as much as there are nodes and classes.
    pub fn look(&mut self, now: Time) {
        self.speeds.summarise();
        let mut nodes: Vec<Node> = self.nodes.values().cloned().collect();
        nodes.sort_by_key(|node| node.id);
        self.view = View::new(&nodes, &self.classes, &self.speeds, &self.policy, now);
    }

    /// What a node may take now, best first.
    pub fn choices(&mut self, node: NodeId, now: Time) -> Vec<Choice> {
        let Some(node) = self.nodes.get(&node) else { return Vec::new() };
        pick::pick(node, &self.lanes, &mut self.shares, &self.view, &self.speeds, &self.policy, now)
    }

    /// Takes a job for a free node that `worker` drives.
    pub fn claim(&mut self, id: NodeId, worker: &str, prompt: Uuid, now: Time) -> Option<(Job, Attempt, Choice)> {
        let node = self.nodes.get(&id)?;
        if self.slots.contains_key(&id) || node.owner.as_ref().is_none_or(|(owner, _)| owner != worker) {
            return None;
        }
        let per_hour = node.per_hour;
        let choices = self.choices(id, now);
        for choice in choices {
            let heads: Vec<JobId> = self.queues[choice.lane].iter().take(4).map(|(_, job)| *job).collect();
            for head in heads {
                let job = &self.jobs[&head];
                if job.avoids(id, now) {
                    continue;
                }
                let grant = Grant {
                    node: id,
                    worker: worker.to_owned(),
                    prompt,
                    swapped: choice.swapped,
                    expected: if choice.measured { choice.expected } else { 0.0 },
                    per_hour,
                };
                let project = job.project;
                let reserved = crate::cost_of(per_hour, self.policy.limit(grant.expected));
                let account = self.accounts.entry(project).or_default();
                if account.budget.is_some_and(|budget| account.spent + account.reserved + reserved > budget) {
                    break;
                }
                account.reserved += reserved;
                self.ledger.push(Entry::Reserve(project, reserved));
                let begun = self.change(head, |job, _, policy| attempt::begin(job, grant, policy, now))?;
                self.attempts += 1;
                let key = self.lanes[choice.lane].key.clone();
                self.shares.charge(choice.band, key.project, &key.user, choice.behind, choice.expected);
                self.live.insert(head, begun.clone());
                self.slots.insert(id, (head, begun.number, begun.prompt));
                if let Some(node) = self.nodes.get_mut(&id) {
                    node.resident = Some(choice.residency.clone());
                }
                return Some((self.jobs[&head].clone(), begun, choice));
            }
        }
        None
    }

    /// See [`attempt::heartbeat`].
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn heartbeat(&mut self, id: JobId, token: Token, now: Time) -> Result<Heard, Refusal> {
        let (Some(job), Some(attempt)) = (self.jobs.get(&id), self.live.get_mut(&id)) else { return Err(Refusal::Unknown) };
        attempt::heartbeat(job, attempt, token, &self.policy, now)
    }

    /// See [`attempt::advance`].
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn advance(&mut self, id: JobId, token: Token, step: Step, now: Time) -> Result<Heard, Refusal> {
        let (Some(job), Some(attempt)) = (self.jobs.get(&id), self.live.get_mut(&id)) else { return Err(Refusal::Unknown) };
        attempt::advance(job, attempt, token, step, &self.policy, now)
    }

    /// See [`attempt::end`].
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn end(&mut self, id: JobId, token: Token, outcome: Outcome, released: bool, now: Time, jitter: f64) -> Result<Ended, Refusal> {
        let attempt = self.live.get(&id).ok_or(Refusal::Unknown)?;
        let node = attempt.node;
        let per_hour = self.nodes.get(&node).map_or(Money::ZERO, |node| node.per_hour);
        let measured = if let Outcome::Done { seconds, .. } = outcome { seconds } else { None };
        let ended = self
            .change(id, |job, attempt, policy| match attempt {
                Some(attempt) => attempt::end(job, attempt, token, outcome, released, per_hour, policy, now, jitter),
                None => Err(Refusal::Unknown),
            })
            .ok_or(Refusal::Unknown)??;
        let attempt = self.close(id);
        if let Some(attempt) = attempt {
            self.note_health(&attempt, now);
            let job = &self.jobs[&id];
            if let (Ended::Done, Some(seconds), Some(needs)) = (ended, measured, self.classes.get(&job.class)) {
                let (template, size) = (needs.template.clone(), job.size);
                self.speeds.measure(node, &template, seconds, size, attempt.swapped);
            }
        }
        if ended == Ended::Done {
            for dependant in self.dependants.remove(&id).unwrap_or_default() {
                self.change(dependant, |job, _, _| job.dependency_done(now));
            }
        }
        if let Ended::Again { larger_node: true, .. } = ended {
            self.enlarge(id, node);
        }
        Ok(ended)
    }

    fn enlarge(&mut self, id: JobId, node: NodeId) {
        let vram = self.nodes.get(&node).map_or(0, |node| node.capabilities.vram);
        if self.nodes.values().all(|other| other.capabilities.vram <= vram) {
            return;
        }
        let Some(mut needs) = self.jobs.get(&id).and_then(|job| self.classes.get(&job.class)).cloned() else { return };
        needs.vram = needs.vram.max(vram).saturating_add(1);
        let class = needs.class();
        self.classes.entry(class.clone()).or_insert(needs);
        self.change(id, |job, _, _| job.class = class);
    }

    /// Books an attempt that has ended, and frees its slot when that is known.
    fn close(&mut self, id: JobId) -> Option<Attempt> {
        let attempt = self.live.remove(&id)?;
        let project = self.jobs[&id].project;
        let account = self.accounts.entry(project).or_default();
        account.reserved = account.reserved - attempt.reserved;
        account.spent += attempt.cost;
        self.ledger.extend([Entry::Release(project, attempt.reserved), Entry::Spend(project, attempt.cost)]);
        if attempt.released {
            self.slots.remove(&attempt.node);
        }
        Some(attempt)
    }

    fn note_health(&mut self, attempt: &Attempt, now: Time) {
        let Some(node) = self.nodes.get_mut(&attempt.node) else { return };
        match attempt.cause {
            None if attempt.state == crate::AttemptState::Done => node.succeeded(),
            Some(Cause::Node | Cause::Suspect) => {
                node.failed(attempt.job, attempt.reason.as_deref().unwrap_or_default(), &self.policy, now);
            }
            _ => {}
        }
    }

    /// Frees a node's slot of an attempt that has ended.
    pub fn release(&mut self, node: NodeId, job: JobId, number: u32) {
        let held = self.slots.get(&node).is_some_and(|(held, of, _)| (*held, *of) == (job, number));
        let live = self.live.get(&job).is_some_and(|attempt| attempt.number == number);
        if held && !live {
            self.slots.remove(&node);
        }
    }

    /// See [`attempt::adopt`]; for the worker that drives the node.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn adopt(&mut self, id: JobId, worker: &str, now: Time) -> Result<Token, Refusal> {
        let node = self.live.get(&id).and_then(|attempt| self.nodes.get(&attempt.node)).ok_or(Refusal::Unknown)?;
        if node.owner.as_ref().is_none_or(|(owner, _)| owner != worker) {
            return Err(Refusal::Unknown);
        }
        self.change(id, |job, attempt, policy| match attempt {
            Some(attempt) => attempt::adopt(job, attempt, worker, policy, now),
            None => Err(Refusal::Unknown),
        })
        .unwrap_or(Err(Refusal::Unknown))
    }

    /// Takes a node to drive that nobody drives. Says whether `worker` drives it then.
    pub fn drive(&mut self, id: NodeId, worker: &str, now: Time) -> bool {
        let (grace, lease) = (seconds(self.policy.grace), self.policy.lease_from(now));
        let Some(node) = self.nodes.get_mut(&id) else { return false };
        match &mut node.owner {
            Some((owner, until)) if owner == worker => {
                *until = (*until).max(lease);
                true
            }
            Some((_, until)) if *until + grace > now => false,
            owner => {
                *owner = Some((worker.to_owned(), lease));
                true
            }
        }
    }

    /// What time brings. Gives the jobs whose attempts were given up.
    pub fn sweep(&mut self, now: Time) -> Vec<JobId> {
        while let Some((after, id)) = self.waits.first().copied().filter(|(after, _)| *after <= now) {
            self.waits.remove(&(after, id));
            self.change(id, |job, _, _| job.wake(now));
        }
        let mut late: Vec<JobId> = self
            .live
            .values()
            .filter(|attempt| attempt.lease_until + seconds(self.policy.grace) < now)
            .map(|attempt| attempt.job)
            .collect();
        late.sort_unstable();
        late.retain(|id| {
            let per_hour = self.live.get(id).and_then(|attempt| self.nodes.get(&attempt.node)).map_or(Money::ZERO, |node| node.per_hour);
            let lapse = self.change(*id, |job, attempt, policy| {
                attempt.map_or(Lapse::Holds, |attempt| attempt::lapse(job, attempt, per_hour, policy, now))
            });
            lapse == Some(Lapse::GivenUp)
        });
        for id in &late {
            self.close(*id);
        }
        late
    }

    /// Asks that a job ends.
    pub fn cancel(&mut self, id: JobId, now: Time) {
        self.change(id, |job, _, _| job.cancel(now));
    }

    /// What a node could choose, from nodes and jobs themselves; left out are jobs that keep away from it, projects
    /// whose budget does not do, and everything while so little is left that slow nodes hold back.
    #[must_use]
    pub fn by_hand(&self, id: NodeId, now: Time) -> Vec<Candidate> {
        let Some(node) = self.nodes.get(&id) else { return Vec::new() };
        if self.queues.iter().all(|queue| queue.len() < Lane::COUNTED as usize) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (lane, queue) in self.lanes.iter().zip(&self.queues) {
            let Some(needs) = self.classes.get(&lane.key.class) else { continue };
            let open = queue.iter().take(4).any(|(_, job)| !self.jobs[job].avoids(id, now));
            if !open || !self.view.knows(&lane.key.class) || node.fits(needs, &self.policy).is_err() {
                continue;
            }
            let expected = self.speeds.expect(id, &needs.template, lane.size).0;
            let reserved = crate::cost_of(node.per_hour, self.policy.limit(expected) + 1.0);
            let account = self.accounts.get(&lane.key.project).copied().unwrap_or_default();
            if account.budget.is_some_and(|budget| account.spent + account.reserved + reserved > budget) {
                continue;
            }
            let band = lane.band(expected, &self.policy, now);
            found.push(Candidate { project: lane.key.project, band, clock: self.shares.project(band, lane.key.project) });
        }
        found
    }

    /// Whether all jobs have ended.
    #[must_use]
    pub fn finished(&self) -> bool {
        self.counts.iter().all(|(state, count)| state.ended() || *count == 0)
    }

    /// What a class takes.
    #[must_use]
    pub fn needs(&self, class: &ClassId) -> Option<&Requirements> {
        self.classes.get(class)
    }
}

fn due(job: &Job) -> i64 {
    job.deadline.map_or(i64::MAX, |deadline| deadline.timestamp_micros())
}
