//! One prompt from submit to verified files.

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::artifact::Artifact;
use crate::error::Error;
use crate::server::{Accepted, Cancelling, Server, Submission};
use crate::socket::{Events, Socket};
use crate::watch::Update;
use crate::wire::{Event, Failure, FailureKind, HistoryEntry};

/// A prompt that ran.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// Its id on the server. Once the artifacts are stored, [`Server::forget`] it there.
    pub prompt: Uuid,
    /// All that was expected, verified, in the order of the expectations.
    pub artifacts: Vec<Artifact>,
    /// What the server says about it.
    pub entry: HistoryEntry,
}

/// Where a job begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// It was never submitted.
    Fresh,
    /// It may have been submitted, before a crash or without a clear answer: it is looked for first.
    PerhapsSubmitted,
}

impl Server {
    /// Submits a graph, watches it to its end, and fetches and verifies what it left.
    ///
    /// Without a socket, or when it closes, all goes on by asking. When `cancel` fires, the prompt is cancelled on the
    /// server; should it have succeeded all the same, its artifacts are given.
    ///
    /// # Errors
    /// All of [`Error`]; [`Error::cause`] says what each calls for.
    pub async fn run(
        &self,
        submission: &Submission,
        begin: Begin,
        socket: Option<&Socket>,
        cancel: &CancellationToken,
        update: &mut (dyn FnMut(Update) + Send),
    ) -> Result<Done, Error> {
        // Listening begins before the prompt can.
        let events = socket.map(Socket::listen);
        let told = socket.map(Socket::listen);
        let client = socket.filter(|socket| !socket.is_closed()).map(Socket::client);
        let Accepted { prompt, .. } = match begin {
            Begin::Fresh => self.submit(submission, client).await?,
            Begin::PerhapsSubmitted => self.submit_again(submission, client).await?,
        };
        let watched = tokio::select! {
            biased;
            watched = self.watch(prompt, events, update) => Some(watched?),
            () = cancel.cancelled() => None,
        };
        let entry = match watched {
            Some(entry) => entry,
            None => match self.cancel(prompt).await? {
                Cancelling::Ended(entry) => *entry,
                Cancelling::Gone | Cancelling::StillRunning => return Err(Error::Cancelled),
            },
        };
        let artifacts = match self.collect(&entry, &submission.ticket.prefix(), &submission.expected).await {
            Err(Error::Incomplete { missing, .. }) => {
                let blocked = match told {
                    Some(told) => self.blocked(prompt, told).await,
                    None => None,
                };
                return Err(Error::Incomplete { missing, blocked });
            }
            collected => collected?,
        };
        Ok(Done { prompt, artifacts, entry })
    }

    /// What held an output back. The history does not have it; only an event says it, and it may still be on its way.
    async fn blocked(&self, prompt: Uuid, mut told: Events) -> Option<Failure> {
        let id = prompt.to_string();
        let find = async {
            while let Some(event) = told.next().await {
                match event.as_ref() {
                    Event::Failed { prompt, failure } if *prompt == id && failure.kind == FailureKind::Blocked => {
                        return Some(failure.as_ref().clone());
                    }
                    Event::Executing { prompt: Some(prompt), node: None } if *prompt == id => return None,
                    _ => {}
                }
            }
            None
        };
        timeout(self.patience().quiet, find).await.ok().flatten()
    }
}
