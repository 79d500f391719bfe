//! What a world is like: its nodes, its jobs, and how often things go wrong.

use crate::money::Money;
use crate::policy::Policy;

/// A model with its template.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its name.
    pub name: &'static str,
    /// Seconds for a job of size 1 on a node of pace 1.
    pub seconds: f64,
    /// Memory in GiB.
    pub vram: u64,
    /// Seconds to load it on a node of pace 1.
    pub load: f64,
}

/// How often things go wrong.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// How many attempts fail for no reason of the job's.
    pub failures: f64,
    /// How many jobs are wrong and never work.
    pub wrong_jobs: f64,
    /// How many nodes fail at everything.
    pub bad_nodes: f64,
    /// How many jobs are cancelled while they are there.
    pub cancelled: f64,
    /// Mean seconds between two crashes of one node; 0 for never.
    pub node_crash: f64,
    /// Mean seconds between two kills of one worker; 0 for never.
    pub worker_kill: f64,
    /// Mean seconds between two times that one worker stands still, as a zombie; 0 for never.
    pub zombie: f64,
    /// Mean seconds between two times that one worker is cut from the database; 0 for never.
    pub partition: f64,
    /// How many notifications are lost.
    pub deaf: f64,
    /// How far workers' clocks are off at most, in seconds.
    pub skew: f64,
    /// How many submits end without a clear answer.
    pub unclear: f64,
    /// How many attempts upload what they read for up to three leases before they are sent.
    pub slow_uploads: f64,
}

/// What a world is like.
#[derive(Debug, Clone)]
pub struct Plan {
    /// It is the same for the same seed.
    pub seed: u64,
    /// The nodes: pace (1 is usual, 2 takes half the time) and memory in GiB.
    pub nodes: Vec<(f64, u64)>,
    /// How many workers drive them.
    pub workers: usize,
    /// What is drawn.
    pub models: Vec<Model>,
    /// How many jobs.
    pub jobs: usize,
    /// How many projects share the farm, with how many users each.
    pub projects: (usize, usize),
    /// Over how many seconds the jobs come.
    pub arrivals: f64,
    /// How much of the jobs need an earlier one.
    pub chained: f64,
    /// What each project may spend; none without a limit.
    pub budget: Option<Money>,
    /// How far times vary, as a part.
    pub noise: f64,
    /// What goes wrong.
    pub faults: Faults,
    /// The limits.
    pub policy: Policy,
    /// When it ends though not everything is drawn, in seconds; when everything is, if none.
    pub until: Option<f64>,
}

impl Faults {
    /// Everything that can go wrong does, as often as it might in a bad week.
    pub const EVERYTHING: Self = Self {
        failures: 0.03,
        wrong_jobs: 0.01,
        bad_nodes: 0.01,
        cancelled: 0.01,
        node_crash: 20_000.0,
        worker_kill: 3_000.0,
        zombie: 4_000.0,
        partition: 3_000.0,
        deaf: 0.2,
        skew: 2.0,
        unclear: 0.05,
        slow_uploads: 0.01,
    };
}

impl Plan {
    /// A mixed fleet: a third each of slow and small, usual, and fast and large nodes, five models, jobs that come over ten
    /// minutes and of which one in twenty needs an earlier one.
    #[must_use]
    pub fn mixed(seed: u64, nodes: usize, jobs: usize, faults: Faults) -> Self {
        let model = |(name, seconds, vram, load)| Model { name, seconds, vram, load };
        let models =
            [("sd15", 12.0, 4, 6.0), ("sdxl", 25.0, 9, 12.0), ("flux", 60.0, 18, 30.0), ("qwen", 80.0, 36, 45.0), ("wan", 150.0, 36, 60.0)];
        Self {
            seed,
            nodes: (0..nodes).map(|index| [(0.6, 12), (1.0, 24), (2.0, 48)][index % 3]).collect(),
            workers: (nodes / 30).max(3),
            models: models.map(model).into(),
            jobs,
            projects: (4, 2),
            arrivals: 600.0,
            chained: 0.05,
            budget: None,
            noise: 0.1,
            faults,
            policy: Policy::default(),
            until: None,
        }
    }
}
