//! How a prompt stands: the truth, by asking.

use std::sync::atomic::Ordering;

use serde::Deserialize;
use uuid::Uuid;

use super::{LARGEST_ANSWER, Server, parse, read, refused};
use crate::error::Error;
use crate::wire::HistoryEntry;

/// How a prompt stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// It waits.
    Pending,
    /// It runs.
    Running,
    /// It has ended.
    Ended(Box<HistoryEntry>),
    /// The server does not know it: never submitted, cancelled while it waited, lost in a restart; or it has just
    /// ended and its history is not written yet.
    Unknown,
}

/// What `/api/jobs/{id}` says.
enum Job {
    Pending,
    Running,
    Ended,
    Unknown,
    /// The server has no such route, or breaks over it.
    NoAnswer,
}

impl Server {
    /// How a prompt stands.
    ///
    /// # Errors
    /// When the server does not answer, or not in its own way.
    pub async fn standing(&self, prompt: Uuid) -> Result<Standing, Error> {
        match self.job(prompt).await? {
            Job::Pending => Ok(Standing::Pending),
            Job::Running => Ok(Standing::Running),
            Job::Unknown => Ok(Standing::Unknown),
            Job::Ended => Ok(self.history(prompt).await?.map_or(Standing::Unknown, |entry| Standing::Ended(Box::new(entry)))),
            Job::NoAnswer => self.standing_in_lists(prompt).await,
        }
    }

    /// The same on servers without `/api/jobs`. Queue first, then history: the other way round a prompt that moves
    /// from one to the other in between would be seen in neither.
    async fn standing_in_lists(&self, prompt: Uuid) -> Result<Standing, Error> {
        let id = prompt.to_string();
        let queue = self.queue().await?;
        if queue.running.iter().any(|item| item.prompt == id) {
            return Ok(Standing::Running);
        }
        if queue.pending.iter().any(|item| item.prompt == id) {
            return Ok(Standing::Pending);
        }
        Ok(self.history(prompt).await?.map_or(Standing::Unknown, |entry| Standing::Ended(Box::new(entry))))
    }

    async fn job(&self, prompt: Uuid) -> Result<Job, Error> {
        const REQUEST: &str = "GET /api/jobs/{id}";
        if self.without_jobs.load(Ordering::Relaxed) {
            return Ok(Job::NoAnswer);
        }
        let builder = self.get(&["api", "jobs", &prompt.to_string()]);
        let (status, body) = read(REQUEST, self.send(REQUEST, builder).await?, LARGEST_ANSWER).await?;
        match status {
            200 => {
                let job: JobBody = parse(REQUEST, &body)?;
                Ok(match job.status {
                    JobStatus::Pending => Job::Pending,
                    JobStatus::InProgress => Job::Running,
                    JobStatus::Completed | JobStatus::Failed | JobStatus::Cancelled => Job::Ended,
                    JobStatus::Other => Job::NoAnswer,
                })
            }
            // A server that has the route says so in JSON; one that has not answers with its general 404.
            404 if serde_json::from_slice::<JobNotFound>(&body).is_ok() => Ok(Job::Unknown),
            404 | 405 => {
                self.without_jobs.store(true, Ordering::Relaxed);
                Ok(Job::NoAnswer)
            }
            // One bad entry, anybody's, can break this route; queue and history go on.
            500..600 => Ok(Job::NoAnswer),
            _ => Err(refused(REQUEST, status, &body)),
        }
    }

    /// Whether it is known by now that the server has no `/api/jobs`.
    pub(super) fn has_no_jobs(&self) -> bool {
        self.without_jobs.load(Ordering::Relaxed)
    }
}

#[derive(Deserialize)]
struct JobBody {
    status: JobStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum JobStatus {
    Pending,
    InProgress,
    Completed,
    Failed,
    Cancelled,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct JobNotFound {
    #[serde(rename = "error")]
    _error: String,
}
