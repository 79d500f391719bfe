//! Cancelling our own prompt, and nobody else's.

use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{Server, Standing, doubled};
use crate::error::Error;
use crate::wire::HistoryEntry;

/// How cancelling went.
#[derive(Debug, Clone, PartialEq)]
pub enum Cancelling {
    /// It was interrupted, or failed, or succeeded before the interruption came to anything: nodes that report no
    /// progress run to their end. The entry says which.
    Ended(Box<HistoryEntry>),
    /// The server does not know it any more: it was taken out of the queue, which leaves no trace.
    Gone,
    /// It still runs, in a node that cannot be interrupted.
    StillRunning,
}

#[derive(Deserialize)]
struct Cancelled {
    #[serde(rename = "cancelled")]
    _cancelled: bool,
}

impl Server {
    /// Cancels a prompt and sees to it that it ends. A server may lose an interruption that comes while the prompt
    /// begins, so it is asked again until the prompt has ended or [`crate::Patience::cancel`] is over.
    ///
    /// # Errors
    /// When the server does not answer, or not in its own way.
    pub async fn cancel(&self, prompt: Uuid) -> Result<Cancelling, Error> {
        let until = Instant::now() + self.patience.cancel;
        let mut wait = self.patience.first_look;
        let mut unknown = 0;
        loop {
            match self.standing(prompt).await? {
                Standing::Ended(entry) => return Ok(Cancelling::Ended(entry)),
                // A prompt that has just ended is unknown until its history is written.
                Standing::Unknown if unknown >= 2 => return Ok(Cancelling::Gone),
                Standing::Unknown => unknown += 1,
                Standing::Pending | Standing::Running if Instant::now() >= until => return Ok(Cancelling::StillRunning),
                Standing::Pending | Standing::Running => {
                    unknown = 0;
                    self.ask_to_cancel(prompt).await?;
                }
            }
            sleep(wait).await;
            wait = doubled(wait, self.patience.poll);
        }
    }

    async fn ask_to_cancel(&self, prompt: Uuid) -> Result<(), Error> {
        const REQUEST: &str = "POST /api/jobs/{id}/cancel";
        let id = prompt.to_string();
        if !self.has_no_jobs() {
            match self.json::<Cancelled>(REQUEST, self.post(&["api", "jobs", &id, "cancel"])).await {
                Ok(_) => return Ok(()),
                Err(Error::Status { status: 404 | 405 | 500.., .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.done("POST /queue", self.post(&["queue"]).json(&json!({"delete": [id]}))).await?;
        // An interruption that does not name its prompt hits whoever runs, and a server too old to know the name
        // takes it for one: it is sent only while ours is seen to run.
        if self.queue().await?.running.iter().any(|item| item.prompt == id) {
            self.done("POST /interrupt", self.post(&["interrupt"]).json(&json!({"prompt_id": id}))).await?;
        }
        Ok(())
    }
}
