//! Jobs: what is to be drawn, for whom, and what it takes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use bible::Digest;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::cause::Failures;
use crate::id::{JobId, Time, Token, words};

/// How pressing a job is. Within a band, projects and users share fairly; a band goes before all that follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Somebody waits at the screen.
    Interactive,
    /// The day's work.
    #[default]
    Normal,
    /// When there is nothing else.
    Background,
}

words!(Band, "priority", { Interactive => "interactive", Normal => "normal", Background => "background" });

impl Band {
    /// As a number: 0 goes first.
    #[must_use]
    pub const fn rank(self) -> i16 {
        self as i16
    }

    /// The band of a number.
    #[must_use]
    pub fn of_rank(rank: i16) -> Self {
        match rank {
            ..=0 => Self::Interactive,
            1 => Self::Normal,
            _ => Self::Background,
        }
    }
}

/// What a node must be and have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirements {
    /// The engine: `comfyui`.
    pub engine: String,
    /// The workflow template, by which speed is measured.
    pub template: String,
    /// Node classes that the graph uses.
    #[serde(default)]
    pub classes: BTreeSet<String>,
    /// Model files that it loads, as `checkpoints/anime.safetensors`.
    #[serde(default)]
    pub models: BTreeSet<String>,
    /// BLAKE3 that files among them have to have, by their names. Where a node's file is not known, its name has to do.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pinned: BTreeMap<String, Digest>,
    /// Memory of the GPU that it takes, in bytes; 0 when not known.
    #[serde(default)]
    pub vram: u64,
    /// The only group of nodes that may draw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

impl Requirements {
    /// The class of all jobs that take the same.
    #[must_use]
    pub fn class(&self) -> ClassId {
        ClassId(Digest::of_json(self).unwrap_or_else(|_| Digest::of(format!("{self:?}").as_bytes())).short())
    }

    /// What stays in the GPU's memory after it was drawn: nodes that have it need not load it.
    #[must_use]
    pub fn residency(&self) -> String {
        Digest::of(self.models.iter().flat_map(|model| [model.as_str(), "\n"]).collect::<String>().as_bytes()).short()
    }
}

/// A class of jobs with the same [`Requirements`], by their digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClassId(pub String);

impl fmt::Display for ClassId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for ClassId {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It needs jobs that are not done.
    Blocked,
    /// Somebody holds it back.
    Held,
    /// Any fitting node may take it.
    Queued,
    /// It failed, and is tried again after a while.
    Backoff,
    /// An attempt is under way.
    Active,
    /// It is drawn and stored.
    Done,
    /// It will not be tried again.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
}

words!(JobState, "state of a job", {
    Blocked => "blocked",
    Held => "held",
    Queued => "queued",
    Backoff => "backoff",
    Active => "active",
    Done => "done",
    Failed => "failed",
    Cancelled => "cancelled",
});

impl JobState {
    /// Whether nothing will happen to it any more by itself.
    #[must_use]
    pub const fn ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// One thing to draw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// For which project.
    pub project: Uuid,
    /// For whom.
    pub user: String,
    /// What it is of, for people: `shot S01E01.01.001`.
    pub subject: String,
    /// How pressing.
    pub band: Band,
    /// When it should be done.
    pub deadline: Option<Time>,
    /// What it takes.
    pub class: ClassId,
    /// How much work it is, compared with others of its template: 1 for a usual one.
    pub size: f64,
    /// Where it stands.
    pub state: JobState,
    /// The newest lease's token.
    pub token: Token,
    /// How many attempts were begun.
    pub attempts: u32,
    /// What went wrong so far.
    pub failures: Failures,
    /// Which variant of the payload is next: 0 the first, then those that take less memory.
    pub variant: u32,
    /// How many variants take less memory.
    pub variants: u32,
    /// How many of the jobs that it needs are not done.
    pub open_dependencies: u32,
    /// Not before this time.
    pub run_after: Option<Time>,
    /// Since when it is queued.
    pub queued_at: Time,
    /// Whether somebody wants it to end.
    pub cancel_requested: bool,
    /// Whether somebody holds it back.
    pub held: bool,
    /// When it was asked for.
    pub created_at: Time,
    /// When it ended.
    pub ended_at: Option<Time>,
}

impl Job {
    /// Where it stands when no attempt is under way and it has not ended.
    pub(crate) fn settle(&mut self, now: Time) {
        self.state = if self.held {
            JobState::Held
        } else if self.open_dependencies > 0 {
            JobState::Blocked
        } else if self.run_after.is_some_and(|after| after > now) {
            JobState::Backoff
        } else {
            self.run_after = None;
            self.queued_at = now;
            JobState::Queued
        };
    }

    /// Holds it back, or lets it go. Says whether that changed anything; an attempt that is under way goes on.
    pub fn hold(&mut self, held: bool, now: Time) -> bool {
        if self.state.ended() || self.held == held {
            return false;
        }
        self.held = held;
        if self.state != JobState::Active {
            self.settle(now);
        }
        true
    }

    /// Whether it may be tried now on a node: not where it failed lately.
    #[must_use]
    pub fn avoids(&self, node: crate::NodeId, now: Time) -> bool {
        self.failures.avoid.iter().any(|(avoided, until)| *avoided == node && *until > now)
    }

    /// Its wait after a failure is over.
    pub fn wake(&mut self, now: Time) {
        if self.state == JobState::Backoff {
            self.run_after = None;
            self.settle(now);
        }
    }

    /// A job that it needs is done.
    pub fn dependency_done(&mut self, now: Time) {
        self.open_dependencies = self.open_dependencies.saturating_sub(1);
        if self.state == JobState::Blocked {
            self.settle(now);
        }
    }

    /// Tries a job again that failed or was cancelled, as if it were new. Says whether it can.
    pub fn revive(&mut self, now: Time) -> bool {
        if !matches!(self.state, JobState::Failed | JobState::Cancelled) {
            return false;
        }
        self.failures = Failures::default();
        self.cancel_requested = false;
        self.run_after = None;
        self.ended_at = None;
        self.settle(now);
        true
    }

    /// Asks that it ends. Says whether it has ended by this; otherwise its worker ends it.
    pub fn cancel(&mut self, now: Time) -> bool {
        if self.state.ended() {
            return false;
        }
        self.cancel_requested = true;
        if self.state == JobState::Active {
            return false;
        }
        self.state = JobState::Cancelled;
        self.ended_at = Some(now);
        true
    }
}
