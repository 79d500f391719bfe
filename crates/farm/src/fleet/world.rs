//! The world around the farm: nodes, workers, and what goes wrong with them.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};

use chrono::DateTime;
use uuid::Uuid;

use super::dice::Dice;
use super::invariants::{Broken, Invariants};
use super::plan::{Model, Plan};
use crate::attempt;
use crate::book::Book;
use crate::id::{JobId, NodeId, Time, Token};
use crate::job::{Band, Job, JobState, Requirements};
use crate::money::Money;
use crate::node::{Capabilities, Node};
use crate::policy::seconds;
use crate::{Cause, Failures, Step};

const GIB: u64 = 1 << 30;

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// When the last job ended, in seconds.
    pub makespan: f64,
    /// Seconds that nodes drew, loading included.
    pub busy: f64,
    /// Jobs by how they ended.
    pub ended: std::collections::BTreeMap<JobState, i64>,
    /// Attempts that were begun.
    pub attempts: u64,
    /// How often models were loaded.
    pub loads: u64,
    /// Reports that were refused because they came too late.
    pub refused: u64,
    /// Attempts that another worker went on with.
    pub adopted: u64,
    /// Attempts that were given up though they may have run: what they drew does not count.
    pub abandoned: u64,
    /// Claims whose priority and fairness were checked against a count by hand.
    pub checked: u64,
    /// What was spent.
    pub spent: Money,
    /// Seconds of drawing, by project, on a usual node.
    pub shares: HashMap<Uuid, f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Claimed,
    Sending,
    Watching,
    Storing,
}

#[derive(Debug, Clone)]
struct Hold {
    token: Token,
    number: u32,
    node: usize,
    stage: Stage,
    advanced: f64,
    unreachable: Option<f64>,
    watched: bool,
}

#[derive(Debug, Default)]
struct WorkerState {
    generation: u64,
    up: bool,
    paused_until: f64,
    cut_until: f64,
    skew: f64,
    holds: HashMap<JobId, Hold>,
    drives: BTreeSet<usize>,
    unclear: BTreeSet<usize>,
}

#[derive(Debug, Clone)]
struct Prompt {
    job: JobId,
    number: u32,
    fails: Option<Cause>,
    seconds: f64,
    serial: u64,
}

#[derive(Debug, Default)]
struct NodeWorld {
    pace: f64,
    bad: bool,
    up: bool,
    running: Option<Prompt>,
    finished: HashMap<(JobId, u32), Prompt>,
    loaded: Option<String>,
    serial: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Happens {
    Arrive(usize),
    Tick(usize, u64),
    Look(usize, u64),
    Act(usize, u64, JobId, Token),
    NodeEnds(usize, u64),
    NodeCrash(usize),
    NodeUp(usize),
    Kill(usize),
    Start(usize),
    Pause(usize),
    Cut(usize),
    Cancel(JobId),
}

/// A fleet on a virtual clock.
#[derive(Debug)]
pub struct World {
    plan: Plan,
    dice: Dice,
    book: Book,
    invariants: Invariants,
    now: f64,
    serial: u64,
    events: BinaryHeap<Reverse<(u64, u64)>>,
    happening: HashMap<u64, Happens>,
    workers: Vec<WorkerState>,
    nodes: Vec<NodeWorld>,
    wrong: HashSet<JobId>,
    arriving: Vec<Option<(Job, Requirements, Vec<JobId>)>>,
    on_nodes: HashMap<JobId, Vec<(usize, u32)>>,
    abandoned: HashSet<(JobId, u32)>,
    posted: HashSet<(JobId, u32)>,
    submitted: usize,
    viewed: f64,
    outcome: Outcome,
}

/// The longest that a world goes on without coming to its end: eleven hours.
const TOO_LONG: f64 = 40_000.0;
/// How often everything is looked at, in events.
const LOOKED_AT: u64 = 20_000;

impl World {
    /// Makes a world.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        let mut dice = Dice::new(plan.seed);
        let mut book = Book::new(plan.policy.clone());
        let mut nodes = Vec::new();
        let models: BTreeSet<String> = plan.models.iter().map(|model| model.name.to_owned()).collect();
        for (index, (pace, vram)) in plan.nodes.iter().enumerate() {
            let mut node = Node::new(node_id(index), format!("node-{index}"), "http://node");
            node.capabilities =
                Capabilities { engine: "comfyui".to_owned(), models: models.clone(), vram: vram * GIB, ..Capabilities::default() };
            node.per_hour = Money::from_units(*pace);
            book.nodes.insert(node.id, node);
            nodes.push(NodeWorld { pace: *pace, bad: dice.chance(plan.faults.bad_nodes), up: true, ..NodeWorld::default() });
        }
        let workers = (0..plan.workers).map(|_| WorkerState { up: true, ..WorkerState::default() }).collect();
        let mut world = Self {
            dice,
            book,
            invariants: Invariants::default(),
            now: 0.0,
            serial: 0,
            events: BinaryHeap::new(),
            happening: HashMap::new(),
            workers,
            nodes,
            wrong: HashSet::new(),
            arriving: Vec::new(),
            on_nodes: HashMap::new(),
            abandoned: HashSet::new(),
            posted: HashSet::new(),
            submitted: 0,
            viewed: f64::NEG_INFINITY,
            outcome: Outcome::default(),
            plan,
        };
        world.populate();
        world
    }

    /// How many jobs of each model it has, in the plan's order.
    #[must_use]
    pub fn jobs_by_model(&self) -> Vec<usize> {
        let of = |model: &Model| self.arriving.iter().flatten().filter(|(_, needs, _)| needs.template == model.name).count();
        self.plan.models.iter().map(of).collect()
    }

    fn populate(&mut self) {
        for number in 0..self.plan.jobs {
            let project = Uuid::from_u128(1 + self.dice.of(self.plan.projects.0) as u128);
            let user = format!("user-{}", self.dice.of(self.plan.projects.1));
            let model = self.plan.models[self.dice.of(self.plan.models.len())].clone();
            let needs = Requirements {
                engine: "comfyui".to_owned(),
                template: model.name.to_owned(),
                classes: BTreeSet::new(),
                models: [model.name.to_owned()].into(),
                pinned: std::collections::BTreeMap::new(),
                vram: model.vram * GIB,
                group: None,
            };
            let id = job_id(number);
            let after = if number > 0 && self.dice.chance(self.plan.chained) { vec![job_id(number - 1)] } else { Vec::new() };
            let band = [Band::Interactive, Band::Normal, Band::Normal, Band::Normal, Band::Background][self.dice.of(5)];
            let job = Job {
                id,
                project,
                user,
                subject: String::new(),
                band,
                deadline: None,
                class: needs.class(),
                size: 1.0,
                state: if after.is_empty() { JobState::Queued } else { JobState::Blocked },
                token: Token::default(),
                attempts: 0,
                failures: Failures::default(),
                variant: 0,
                variants: 1,
                open_dependencies: after.len() as u32,
                run_after: None,
                queued_at: at(0.0),
                cancel_requested: false,
                held: false,
                created_at: at(0.0),
                ended_at: None,
            };
            if self.dice.chance(self.plan.faults.wrong_jobs) {
                self.wrong.insert(id);
            }
            if let Some(budget) = self.plan.budget {
                self.book.accounts.entry(project).or_default().budget = Some(budget);
            }
            self.arriving.push(Some((job, needs, after)));
        }
        // In a hundred waves.
        for wave in 0..100 {
            let when = self.plan.arrivals * f64::from(wave) / 100.0;
            self.at(when, Happens::Arrive(wave as usize));
        }
        for worker in 0..self.workers.len() {
            self.workers[worker].skew = self.dice.between(-self.plan.faults.skew, self.plan.faults.skew);
            let when = self.dice.between(0.0, 1.0);
            self.at(when, Happens::Tick(worker, 0));
            self.later(self.plan.faults.worker_kill, Happens::Kill(worker));
            self.later(self.plan.faults.zombie, Happens::Pause(worker));
            self.later(self.plan.faults.partition, Happens::Cut(worker));
        }
        for node in 0..self.nodes.len() {
            self.later(self.plan.faults.node_crash, Happens::NodeCrash(node));
        }
    }

    fn at(&mut self, when: f64, happens: Happens) {
        self.serial += 1;
        self.happening.insert(self.serial, happens);
        // Never a part of a microsecond early: what waits for a moment would find that it has not come, for ever.
        let micros = (when.max(self.now) * 1e6) as u64 + 1;
        self.events.push(Reverse((micros, self.serial)));
    }

    fn soon(&mut self, low: f64, high: f64, happens: Happens) {
        let when = self.now + self.dice.between(low, high);
        self.at(when, happens);
    }

    /// After a time that is distributed as times between accidents are; never for a mean of 0.
    fn later(&mut self, mean: f64, happens: Happens) {
        if mean > 0.0 {
            let when = self.now - mean * (1.0 - self.dice.unit()).ln();
            self.at(when, happens);
        }
    }

    /// The time as a worker's clock shows it.
    fn clock(&self, worker: usize) -> Time {
        at(self.now + self.workers[worker].skew)
    }

    /// Lets it run to its end.
    ///
    /// # Errors
    /// [`Broken`]: an invariant does not hold.
    pub fn run(mut self) -> Result<Outcome, Broken> {
        let mut count = 0_u64;
        while let Some(Reverse((when, serial))) = self.events.pop() {
            self.now = when as f64 / 1e6;
            let Some(happens) = self.happening.remove(&serial) else { continue };
            self.happen(happens)?;
            self.invariants.follow(&self.book)?;
            count += 1;
            if count.is_multiple_of(LOOKED_AT) {
                self.invariants.hold(&self.book)?;
            }
            if self.is_over() {
                break;
            }
            if self.plan.until.is_some_and(|until| self.now > until) {
                self.invariants.hold(&self.book)?;
                return Ok(self.told());
            }
            if self.now > TOO_LONG {
                return Err(Broken {
                    invariant: "zero residue",
                    what: format!(
                        "it does not come to an end: {:?}, slots {:?}, left {:?}",
                        self.book.counts,
                        self.book.slots,
                        self.book.jobs.values().filter(|job| !job.state.ended()).take(3).collect::<Vec<_>>()
                    ),
                });
            }
        }
        self.invariants.follow(&self.book)?;
        self.invariants.over(&self.book)?;
        if let Some(left) = self.nodes.iter().position(|node| node.running.is_some()) {
            return Err(Broken { invariant: "zero residue", what: format!("node {left} still works on something") });
        }
        self.lost()?;
        Ok(self.told())
    }

    fn told(mut self) -> Outcome {
        self.outcome.ended = self.book.counts.iter().filter(|(state, _)| state.ended()).map(|(state, count)| (*state, *count)).collect();
        self.outcome.attempts = self.book.attempts;
        self.outcome.spent = self.book.accounts.values().map(|account| account.spent).sum();
        self.outcome
    }

    fn is_over(&self) -> bool {
        self.submitted == self.plan.jobs && self.book.finished() && self.book.slots.is_empty()
    }

    /// A job that nothing is wrong with, and that nobody cancelled, comes out well.
    fn lost(&self) -> Result<(), Broken> {
        for job in self.book.jobs.values() {
            let excused = self.wrong.contains(&job.id)
                || job.cancel_requested
                || job.failures.count(Cause::Node) > 0
                || job.failures.count(Cause::Transient) > 6;
            if job.state == JobState::Failed && !excused {
                return Err(Broken {
                    invariant: "zero residue",
                    what: format!("job {} failed though nothing was wrong with it: {:?}", job.id, job.failures),
                });
            }
        }
        Ok(())
    }

    fn happen(&mut self, happens: Happens) -> Result<(), Broken> {
        match happens {
            Happens::Arrive(wave) => self.arrive(wave),
            Happens::Cancel(job) => {
                self.book.cancel(job, at(self.now));
                self.cascade(job);
            }
            Happens::Tick(worker, generation) if self.lives(worker, generation) => {
                self.soon(8.0, 10.0, Happens::Tick(worker, generation));
                if !self.stands(worker) && self.now >= self.workers[worker].cut_until {
                    self.tick(worker)?;
                }
            }
            Happens::Look(worker, generation) if self.lives(worker, generation) && !self.stands(worker) => self.look(worker)?,
            Happens::Act(worker, generation, job, token) if self.lives(worker, generation) => {
                if self.stands(worker) {
                    let until = self.workers[worker].paused_until;
                    self.at(until, Happens::Act(worker, generation, job, token));
                } else {
                    self.act(worker, job, token)?;
                }
            }
            Happens::Tick(..) | Happens::Look(..) | Happens::Act(..) => {}
            Happens::NodeEnds(node, serial) => self.node_ends(node, serial),
            Happens::NodeCrash(node) => self.node_crashes(node),
            Happens::NodeUp(node) => {
                self.nodes[node].up = true;
                self.later(self.plan.faults.node_crash, Happens::NodeCrash(node));
            }
            Happens::Kill(worker) => {
                let state = &mut self.workers[worker];
                state.up = false;
                state.generation += 1;
                (state.holds, state.drives, state.unclear) = (HashMap::new(), BTreeSet::new(), BTreeSet::new());
                self.soon(1.0, 120.0, Happens::Start(worker));
            }
            Happens::Start(worker) => {
                self.workers[worker].up = true;
                let generation = self.workers[worker].generation;
                self.soon(0.0, 1.0, Happens::Tick(worker, generation));
                self.later(self.plan.faults.worker_kill, Happens::Kill(worker));
            }
            Happens::Pause(worker) => {
                self.workers[worker].paused_until = self.now + self.dice.between(5.0, 900.0);
                self.later(self.plan.faults.zombie, Happens::Pause(worker));
            }
            Happens::Cut(worker) => {
                self.workers[worker].cut_until = self.now + self.dice.between(1.0, 200.0);
                self.later(self.plan.faults.partition, Happens::Cut(worker));
            }
        }
        Ok(())
    }

    fn lives(&self, worker: usize, generation: u64) -> bool {
        self.workers[worker].up && self.workers[worker].generation == generation
    }

    fn stands(&self, worker: usize) -> bool {
        self.now < self.workers[worker].paused_until
    }

    fn arrive(&mut self, wave: usize) {
        let (from, to) = (self.plan.jobs * wave / 100, self.plan.jobs * (wave + 1) / 100);
        for number in from..to {
            let Some((mut job, needs, mut after)) = self.arriving[number].take() else { continue };
            (job.created_at, job.queued_at) = (at(self.now), at(self.now));
            after.retain(|needed| self.book.jobs.get(needed).is_none_or(|needed| needed.state != JobState::Done));
            job.open_dependencies = after.len() as u32;
            let hopeless = after.iter().any(|needed| self.book.jobs.get(needed).is_some_and(|needed| needed.state.ended()));
            job.state = if after.is_empty() { JobState::Queued } else { JobState::Blocked };
            let id = job.id;
            self.book.submit(job, &needs, &after);
            self.submitted += 1;
            if hopeless {
                self.book.cancel(id, at(self.now));
            } else if self.dice.chance(self.plan.faults.cancelled) {
                self.soon(0.0, 600.0, Happens::Cancel(id));
            }
        }
        for worker in 0..self.workers.len() {
            if !self.dice.chance(self.plan.faults.deaf) {
                let generation = self.workers[worker].generation;
                self.soon(0.0, 0.05, Happens::Look(worker, generation));
            }
        }
    }

    /// People cancel what needed a job that will not be done.
    fn cascade(&mut self, job: JobId) {
        let next = job_id(job_number(job) + 1);
        let needs = self.book.jobs.get(&next).is_some_and(|next| next.state == JobState::Blocked);
        let ended = self.book.jobs.get(&job).is_some_and(|job| matches!(job.state, JobState::Failed | JobState::Cancelled));
        if needs && ended {
            self.book.cancel(next, at(self.now));
            self.cascade(next);
        }
    }

    /// Heartbeats, nodes, leases of others, then work.
    fn tick(&mut self, worker: usize) -> Result<(), Broken> {
        let now = self.clock(worker);
        let name = self.name(worker);
        let mut held: Vec<(JobId, Hold)> = self.workers[worker].holds.iter().map(|(job, hold)| (*job, hold.clone())).collect();
        held.sort_by_key(|(job, _)| *job);
        for (job, hold) in held {
            match self.book.heartbeat(job, hold.token, now) {
                Ok(heard) if heard.cancel && hold.stage == Stage::Watching && self.nodes[hold.node].up => {
                    self.kill_prompt(hold.node, job);
                    self.end(worker, job, hold.token, attempt::Outcome::Cancelled, true)?;
                }
                Ok(_) => {}
                Err(_) => self.lose(worker, job),
            }
        }
        let given_up: Vec<(JobId, u32)> = self.book.live.values().map(|attempt| (attempt.job, attempt.number)).collect();
        let late = self.book.sweep(now);
        for job in &late {
            self.cascade(*job);
        }
        for (job, number) in given_up.into_iter().filter(|(job, _)| late.contains(job)) {
            self.abandoned.insert((job, number));
            self.outcome.abandoned += 1;
        }
        let count = self.workers.len();
        for node in 0..self.nodes.len() {
            // Its own nodes, and those of the next worker should nobody drive them.
            let (home, neighbour) = (node % count == worker, (node + count - 1) % count == worker);
            let drove = self.workers[worker].drives.contains(&node);
            if !home && !neighbour && !drove {
                continue;
            }
            if self.book.drive(node_id(node), &name, now) {
                if self.workers[worker].drives.insert(node) {
                    self.workers[worker].unclear.insert(node);
                }
            } else {
                self.workers[worker].drives.remove(&node);
                self.workers[worker].unclear.remove(&node);
            }
        }
        let unclear: Vec<usize> = self.workers[worker].unclear.iter().copied().collect();
        for node in unclear {
            self.look_into(worker, node)?;
        }
        self.look(worker)
    }

    fn name(&self, worker: usize) -> String {
        format!("{worker}#{}", self.workers[worker].generation)
    }

    /// Brings to an end what is on a node from before.
    fn look_into(&mut self, worker: usize, node: usize) -> Result<(), Broken> {
        if !self.nodes[node].up {
            return Ok(());
        }
        let Some((job, number, _)) = self.book.slots.get(&node_id(node)).copied() else {
            self.workers[worker].unclear.remove(&node);
            return Ok(());
        };
        if self.book.live.get(&job).is_none_or(|attempt| attempt.number != number) {
            self.kill_prompt(node, job);
            self.book.release(node_id(node), job, number);
            self.workers[worker].unclear.remove(&node);
            return Ok(());
        }
        if self.workers[worker].holds.contains_key(&job) {
            return Ok(());
        }
        let (name, now) = (self.name(worker), self.clock(worker));
        let Ok(token) = self.book.adopt(job, &name, now) else { return Ok(()) };
        self.outcome.adopted += 1;
        // It is looked up; one that is not there is not sent again.
        let hold = Hold { token, number, node, stage: Stage::Watching, advanced: self.now, unreachable: None, watched: false };
        self.workers[worker].holds.insert(job, hold);
        self.workers[worker].unclear.remove(&node);
        let generation = self.workers[worker].generation;
        self.soon(0.01, 0.1, Happens::Act(worker, generation, job, token));
        Ok(())
    }

    fn has(&self, node: usize, job: JobId, number: u32) -> bool {
        let node = &self.nodes[node];
        node.running.as_ref().is_some_and(|prompt| (prompt.job, prompt.number) == (job, number))
            || node.finished.contains_key(&(job, number))
    }

    /// Takes work for the nodes that are free.
    fn look(&mut self, worker: usize) -> Result<(), Broken> {
        if self.now < self.workers[worker].cut_until {
            return Ok(());
        }
        if self.now - self.viewed > 20.0 {
            self.viewed = self.now;
            self.book.look(at(self.now));
        }
        let (name, now) = (self.name(worker), self.clock(worker));
        let busy: HashSet<usize> = self.workers[worker].holds.values().map(|hold| hold.node).collect();
        let free: Vec<usize> = self.workers[worker]
            .drives
            .iter()
            .copied()
            .filter(|node| !busy.contains(node) && !self.workers[worker].unclear.contains(node) && self.nodes[*node].up)
            .collect();
        for node in free {
            if self.book.slots.contains_key(&node_id(node)) {
                continue;
            }
            let prompt = Uuid::from_u128(u128::from(self.dice.bits()));
            let sampled = self.dice.chance(0.05);
            let by_hand = if sampled { Some(self.book.by_hand(node_id(node), now)) } else { None };
            let Some((job, attempt, choice)) = self.book.claim(node_id(node), &name, prompt, now) else { continue };
            if let Some(by_hand) = by_hand {
                self.invariants.claimed(&job, choice.band, &by_hand, &self.plan.policy)?;
                self.outcome.checked += 1;
            }
            let hold = Hold {
                token: attempt.token,
                number: attempt.number,
                node,
                stage: Stage::Claimed,
                advanced: self.now,
                unreachable: None,
                watched: true,
            };
            self.workers[worker].holds.insert(job.id, hold);
            let generation = self.workers[worker].generation;
            // What the job reads is uploaded first.
            let longest = if self.dice.chance(self.plan.faults.slow_uploads) { 3.0 * self.plan.policy.lease } else { 0.02 };
            self.soon(0.001, longest, Happens::Act(worker, generation, job.id, attempt.token));
        }
        Ok(())
    }

    /// The next step of an attempt.
    fn act(&mut self, worker: usize, job: JobId, token: Token) -> Result<(), Broken> {
        let Some(hold) = self.workers[worker].holds.get(&job).filter(|hold| hold.token == token).cloned() else { return Ok(()) };
        let generation = self.workers[worker].generation;
        let again = Happens::Act(worker, generation, job, token);
        let reaches = self.now >= self.workers[worker].cut_until;
        let now = self.clock(worker);
        // Nobody else has the attempt for so long.
        let held = self.now - hold.advanced <= self.plan.policy.lease / 2.0;
        match hold.stage {
            Stage::Claimed if held => {
                self.stage(worker, job, Stage::Sending);
                self.soon(0.001, 0.05, again);
            }
            _ if !reaches && hold.stage != Stage::Sending => {
                let until = self.workers[worker].cut_until;
                self.at(until + 0.1, again);
            }
            Stage::Claimed => match self.book.advance(job, token, Step::Sending, now) {
                Ok(_) => {
                    self.stage(worker, job, Stage::Sending);
                    if let Some(hold) = self.workers[worker].holds.get_mut(&job) {
                        hold.advanced = self.now;
                    }
                    self.soon(0.001, 0.05, again);
                }
                Err(_) => self.lose(worker, job),
            },
            Stage::Sending => {
                let failed = |reason: &str| attempt::Outcome::Failed { cause: Cause::Transient, reason: reason.to_owned() };
                if !held {
                    self.end(worker, job, token, failed("the database took too long"), !self.has(hold.node, job, hold.number))?;
                } else if !self.nodes[hold.node].up {
                    self.end(worker, job, token, failed("the node does not answer"), true)?;
                } else {
                    self.post(hold.node, job, hold.number)?;
                    self.stage(worker, job, Stage::Watching);
                    if self.dice.chance(self.plan.faults.unclear) {
                        // It is looked up before anything else, and found.
                        self.soon(0.1, 15.0, again);
                    } else if reaches && self.book.advance(job, token, Step::Running, now).is_err() {
                        self.lose(worker, job);
                    }
                }
            }
            Stage::Watching => self.watch(worker, job, &hold, again)?,
            Stage::Storing => {
                let Some(prompt) = self.nodes[hold.node].finished.get(&(job, hold.number)).cloned() else {
                    // The node forgot it in a crash; its files were fetched before.
                    let done = attempt::Outcome::Done { seconds: None, smallest: None };
                    return self.end(worker, job, token, done, true);
                };
                let outcome = match prompt.fails {
                    None => attempt::Outcome::Done { seconds: hold.watched.then_some(prompt.seconds), smallest: None },
                    Some(cause) => attempt::Outcome::Failed { cause, reason: "it failed".to_owned() },
                };
                self.end(worker, job, token, outcome, true)?;
                self.nodes[hold.node].finished.remove(&(job, hold.number));
            }
        }
        Ok(())
    }

    fn watch(&mut self, worker: usize, job: JobId, hold: &Hold, again: Happens) -> Result<(), Broken> {
        if !self.nodes[hold.node].up {
            let since = hold.unreachable.unwrap_or(self.now);
            if let Some(hold) = self.workers[worker].holds.get_mut(&job) {
                hold.unreachable = Some(since);
            }
            if self.now - since > self.plan.policy.abandon {
                let outcome = attempt::Outcome::Failed { cause: Cause::Transient, reason: "the node does not answer".to_owned() };
                self.abandoned.insert((job, hold.number));
                self.outcome.abandoned += 1;
                return self.end(worker, job, hold.token, outcome, false);
            }
            self.soon(2.0, 6.0, again);
            return Ok(());
        }
        if self.nodes[hold.node].finished.contains_key(&(job, hold.number)) {
            if self.book.advance(job, hold.token, Step::Storing, self.clock(worker)).is_err() {
                self.lose(worker, job);
                return Ok(());
            }
            self.stage(worker, job, Stage::Storing);
            self.soon(0.02, 0.1, again);
        } else if !self.has(hold.node, job, hold.number) {
            let outcome = attempt::Outcome::Failed { cause: Cause::Transient, reason: "the node has lost it".to_owned() };
            self.end(worker, job, hold.token, outcome, true)?;
        }
        Ok(())
    }

    fn stage(&mut self, worker: usize, job: JobId, stage: Stage) {
        if let Some(hold) = self.workers[worker].holds.get_mut(&job) {
            hold.stage = stage;
        }
    }

    /// The lease is somebody else's: everything is dropped, and the node is looked into.
    fn lose(&mut self, worker: usize, job: JobId) {
        self.outcome.refused += 1;
        if let Some(hold) = self.workers[worker].holds.remove(&job) {
            self.workers[worker].unclear.insert(hold.node);
        }
    }

    fn end(&mut self, worker: usize, job: JobId, token: Token, outcome: attempt::Outcome, released: bool) -> Result<(), Broken> {
        let now = self.clock(worker);
        let jitter = self.dice.unit();
        let Some(hold) = self.workers[worker].holds.remove(&job) else { return Ok(()) };
        match self.book.end(job, token, outcome, released, now, jitter) {
            Ok(_) => {
                self.outcome.makespan = self.now;
                if !released {
                    self.workers[worker].unclear.insert(hold.node);
                }
                self.cascade(job);
            }
            Err(_) => {
                self.outcome.refused += 1;
                self.workers[worker].unclear.insert(hold.node);
            }
        }
        let generation = self.workers[worker].generation;
        self.soon(0.001, 0.01, Happens::Look(worker, generation));
        Ok(())
    }

    /// The node takes a prompt and begins.
    fn post(&mut self, node: usize, job: JobId, number: u32) -> Result<(), Broken> {
        const INVARIANT: &str = "no unit runs twice";
        if !self.posted.insert((job, number)) {
            return Err(Broken { invariant: INVARIANT, what: format!("attempt {number} at job {job} was sent twice") });
        }
        if let Some(running) = &self.nodes[node].running {
            let what = format!(
                "node {node} got job {job} while it works on job {} (given up: {})",
                running.job,
                self.abandoned.contains(&(running.job, running.number))
            );
            return Err(Broken { invariant: "caps never exceeded", what });
        }
        let elsewhere = self.on_nodes.get(&job).into_iter().flatten().find(|other| !self.abandoned.contains(&(job, other.1)));
        if let Some((other, before)) = elsewhere {
            return Err(Broken {
                invariant: INVARIANT,
                what: format!("attempt {number} at job {job} runs beside attempt {before} on node {other}"),
            });
        }
        let Some(drawn) = self.book.jobs.get(&job).cloned() else { return Ok(()) };
        let Some(needs) = self.book.needs(&drawn.class).cloned() else { return Ok(()) };
        let Some(model) = self.plan.models.iter().find(|model| model.name == needs.template).cloned() else { return Ok(()) };
        let pace = self.nodes[node].pace;
        let mut time = model.seconds * drawn.size / pace * self.dice.between(1.0 - self.plan.noise, 1.0 + self.plan.noise);
        if self.nodes[node].loaded.as_deref() != Some(model.name) {
            time += model.load / pace;
            self.outcome.loads += 1;
            self.nodes[node].loaded = Some(model.name.to_owned());
        }
        let fails = if self.wrong.contains(&job) {
            Some(Cause::Validation)
        } else if self.nodes[node].bad {
            Some(Cause::Node)
        } else if self.dice.chance(self.plan.faults.failures) {
            Some([Cause::Transient, Cause::Transient, Cause::Memory][self.dice.of(3)])
        } else {
            None
        };
        if fails.is_some() {
            time *= self.dice.unit();
        }
        self.serial += 1;
        let serial = self.serial;
        self.nodes[node].serial = serial;
        self.nodes[node].running = Some(Prompt { job, number, fails, seconds: time, serial });
        self.on_nodes.entry(job).or_default().push((node, number));
        self.outcome.busy += time;
        if fails.is_none() {
            *self.outcome.shares.entry(drawn.project).or_default() += time * pace;
        }
        let when = self.now + time;
        self.at(when, Happens::NodeEnds(node, serial));
        Ok(())
    }

    fn node_ends(&mut self, node: usize, serial: u64) {
        let Some(prompt) = self.nodes[node].running.take_if(|prompt| prompt.serial == serial) else { return };
        self.leave(node, prompt.job);
        let job = prompt.job;
        self.nodes[node].finished.insert((job, prompt.number), prompt);
        for worker in 0..self.workers.len() {
            if let Some(hold) = self.workers[worker].holds.get(&job).filter(|hold| hold.node == node) {
                let act = Happens::Act(worker, self.workers[worker].generation, job, hold.token);
                // Events are hints; when they are lost, it is polled.
                let wait = if self.dice.chance(self.plan.faults.deaf) { 5.0 } else { 0.05 };
                self.soon(0.02, wait, act);
            }
        }
    }

    fn leave(&mut self, node: usize, job: JobId) {
        if let Some(nodes) = self.on_nodes.get_mut(&job) {
            nodes.retain(|(on, _)| *on != node);
        }
    }

    fn kill_prompt(&mut self, node: usize, job: JobId) {
        if self.nodes[node].running.take_if(|prompt| prompt.job == job).is_some() {
            self.leave(node, job);
        }
        self.nodes[node].finished.retain(|(finished, _), _| *finished != job);
    }

    fn node_crashes(&mut self, node: usize) {
        if let Some(prompt) = self.nodes[node].running.take() {
            self.leave(node, prompt.job);
            for worker in 0..self.workers.len() {
                if let Some(hold) = self.workers[worker].holds.get(&prompt.job).filter(|hold| hold.node == node) {
                    let act = Happens::Act(worker, self.workers[worker].generation, prompt.job, hold.token);
                    self.soon(0.5, 6.0, act);
                }
            }
        }
        let state = &mut self.nodes[node];
        (state.up, state.loaded) = (false, None);
        state.finished.clear();
        // Some come back at once, some after a visit.
        let (low, high) = if self.dice.chance(0.1) { (600.0, 3000.0) } else { (5.0, 60.0) };
        self.soon(low, high, Happens::NodeUp(node));
    }
}

fn at(second: f64) -> Time {
    DateTime::UNIX_EPOCH + seconds(1_800_000_000.0 + second)
}

fn node_id(index: usize) -> NodeId {
    NodeId(Uuid::from_u128(1_000_000 + index as u128))
}

fn job_id(number: usize) -> JobId {
    JobId(Uuid::from_u128(1_000_000_000 + number as u128))
}

fn job_number(job: JobId) -> usize {
    usize::try_from(job.0.as_u128() - 1_000_000_000).unwrap_or(usize::MAX - 1)
}
