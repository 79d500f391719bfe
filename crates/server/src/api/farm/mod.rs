//! The render farm: what it draws, who draws, and why something waits.

pub(crate) mod job;
pub(crate) mod job_action;
pub(crate) mod jobs;
pub(crate) mod ledger;
pub(crate) mod node_action;
pub(crate) mod nodes;
pub(crate) mod pause;
pub(crate) mod preview;
pub(crate) mod spending;
pub(crate) mod status;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The farm's time on this machine.
fn now() -> farm::Time {
    Utc::now()
}

/// How far a node is with a try. Nothing is decided by it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FarmProgress, example = json!({
    "at": "2026-05-04T09:30:08.123456Z",
    "class": "KSampler",
    "step": 12,
    "steps": 20,
    "nodes_done": 4,
    "nodes": 7,
    "fraction": 0.657
}))]
pub(crate) struct ProgressView {
    /// When that was noted.
    at: DateTime<Utc>,
    /// The class of the graph's node that is at work.
    class: Option<String>,
    /// Steps of that node that are done.
    step: Option<u32>,
    /// Steps of that node in all.
    steps: Option<u32>,
    /// Nodes of the graph that are done.
    nodes_done: u32,
    /// Nodes of the graph.
    nodes: u32,
    /// The part of the graph's nodes that is done, 0 to 1, with the steps of the one at work. Of the nodes, not of the time.
    fraction: f64,
}

impl From<farm::Progress> for ProgressView {
    fn from(progress: farm::Progress) -> Self {
        let farm::Progress { at, class, step, steps, nodes_done, nodes, fraction } = progress;
        Self { at, class, step, steps, nodes_done, nodes, fraction }
    }
}

/// Something that is drawn on a node of the farm.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FarmJob, example = json!({
    "id": "0197f3c2-7a10-7e31-8d55-1b2c3d4e5f60",
    "project": "0197f3c2-6f0b-7c55-9d7e-3f0a4f6f2d11",
    "user": "aiko",
    "subject": "shot S01E01.01.001",
    "priority": "normal",
    "state": "queued",
    "attempts": 1,
    "deadline": null,
    "reasons": "the connection broke",
    "progress": null,
    "created_at": "2026-05-04T09:30:00.123456Z",
    "ended_at": null
}))]
pub(crate) struct JobView {
    /// Its id.
    id: Uuid,
    /// For which project.
    project: Uuid,
    /// For whom.
    user: String,
    /// What it is of.
    subject: String,
    /// interactive, normal or background.
    priority: String,
    /// blocked, held, queued, backoff, active, done, failed or cancelled.
    state: String,
    /// How often it was tried.
    attempts: u32,
    /// When it should be done.
    deadline: Option<DateTime<Utc>>,
    /// Why it failed so far; empty when it did not.
    reasons: String,
    /// How far its try is; null while nothing is under way, or nothing was noted.
    progress: Option<ProgressView>,
    /// When it was asked for.
    created_at: DateTime<Utc>,
    /// When it ended.
    ended_at: Option<DateTime<Utc>>,
}

impl JobView {
    fn new(job: farm::Job, progress: Option<farm::Progress>) -> Self {
        Self {
            progress: progress.map(ProgressView::from),
            id: job.id.0,
            project: job.project,
            reasons: job.failures.reasons(),
            user: job.user,
            subject: job.subject,
            priority: job.band.to_string(),
            state: job.state.to_string(),
            attempts: job.attempts,
            deadline: job.deadline,
            created_at: job.created_at,
            ended_at: job.ended_at,
        }
    }
}
