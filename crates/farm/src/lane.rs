//! Lanes: queues of equal jobs.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::Time;
use crate::job::{Band, ClassId};
use crate::policy::{Policy, in_seconds};

/// What makes jobs equal for scheduling.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LaneKey {
    /// How pressing.
    pub band: Band,
    /// For which project.
    pub project: Uuid,
    /// For whom.
    pub user: String,
    /// What they take.
    pub class: ClassId,
}

/// A queue of equal jobs, as far as scheduling looks: its head, never its length beyond [`Lane::COUNTED`]. So what
/// scheduling costs depends on how many *kinds* of jobs wait, not on how many jobs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lane {
    /// Its number.
    pub id: i64,
    /// What its jobs have in common.
    pub key: LaneKey,
    /// How many wait, counted up to [`Lane::COUNTED`].
    pub depth: u32,
    /// Since when its head waits.
    pub since: Time,
    /// Its head's deadline.
    pub deadline: Option<Time>,
    /// Its head's amount of work.
    pub size: f64,
}

impl Lane {
    /// How far jobs are counted.
    pub const COUNTED: u32 = 64;

    /// The band that its head is in now: it moves up with waiting, and when its deadline is near. `expected` are
    /// the seconds that it takes.
    #[must_use]
    pub fn band(&self, expected: f64, policy: &Policy, now: Time) -> Band {
        let waited = in_seconds(now - self.since).max(0.0);
        let aged = if policy.ageing > 0.0 { (waited / policy.ageing) as i16 } else { 0 };
        let pressed = self.deadline.is_some_and(|deadline| in_seconds(deadline - now) < expected * policy.pressing);
        Band::of_rank(self.key.band.rank() - aged - i16::from(pressed))
    }
}
