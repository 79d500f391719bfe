//! Submitting without ever running twice.
//!
//! `POST /prompt` is at-least-once: a second one with the same id is queued and run again. So a submit posts **once
//! at most**. When it is unclear whether the server took it, the server is asked for the prompt, by its id and by
//! our mark in `extra_data`, until that is clear. `number` is never sent: together with an id it can kill the
//! server's worker for good.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{LARGEST_ANSWER, Server, Standing, doubled, parse, read, refused};
use crate::artifact::Expected;
use crate::error::Error;
use crate::graph::Graph;
use crate::ticket::{Mark, Ticket};
use crate::wire::{NodeErrors, Refusal, RefusalBody};

/// How many of the latest history entries are searched for our marks.
const SEARCHED_HISTORY: u32 = 200;

/// A graph to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// Whose it is.
    pub ticket: Ticket,
    /// What to run. Its output prefixes are replaced by the ticket's.
    pub graph: Graph,
    /// What it should leave.
    pub expected: Vec<Expected>,
    /// Whether it goes before everything that waits. A later one in front goes before an earlier one.
    pub front: bool,
    /// Pictures while it is being drawn.
    pub previews: PreviewMethod,
    /// A workflow as the editor saves it, to be written into the pictures.
    pub workflow: Option<Map<String, Value>>,
}

impl Submission {
    /// A submission at the end of the queue, without previews.
    #[must_use]
    pub const fn new(ticket: Ticket, graph: Graph, expected: Vec<Expected>) -> Self {
        Self { ticket, graph, expected, front: false, previews: PreviewMethod::None, workflow: None }
    }
}

/// How previews are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PreviewMethod {
    /// None: the server's own default.
    #[default]
    None,
    /// The best that the server has.
    Auto,
    /// Fast and rough.
    Latent2rgb,
    /// By a small decoder, if the server has it.
    Taesd,
}

/// A prompt that the server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Its id there.
    pub prompt: Uuid,
    /// Whether it was found there after an unclear submit.
    pub found: bool,
}

/// A prompt of ours on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Its id there.
    pub prompt: Uuid,
    /// The job and attempt that it was submitted for.
    pub mark: Mark,
    /// Whether it has ended.
    pub ended: bool,
}

#[derive(Serialize)]
struct Body<'a> {
    prompt: &'a Graph,
    prompt_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    front: bool,
    extra_data: ExtraData<'a>,
}

#[derive(Serialize)]
struct ExtraData<'a> {
    echo_studio: Mark,
    preview_method: PreviewMethod,
    // Left out rather than null: a null in here breaks the server's list of jobs for everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_pnginfo: Option<PngInfo<'a>>,
}

#[derive(Serialize)]
struct PngInfo<'a> {
    workflow: &'a Map<String, Value>,
}

#[derive(Deserialize)]
struct Answer {
    prompt_id: Uuid,
    #[serde(default, deserialize_with = "crate::wire::node_errors")]
    node_errors: NodeErrors,
}

impl Server {
    /// Submits a graph for the first time. `client` is the id of the socket that should get its events.
    ///
    /// # Errors
    /// [`Error::Refused`] and [`Error::PartlyRefused`] when the graph is wrong; [`Error::Unreachable`] when nothing was
    /// sent; [`Error::NotTaken`] when it was sent and the server turned out not to have it; [`Error::Ambiguous`] when
    /// that could not be found out: then [`Server::find`] has to, before anything else is submitted for the job.
    pub async fn submit(&self, submission: &Submission, client: Option<&str>) -> Result<Accepted, Error> {
        match self.post_prompt(submission, client).await {
            Err(error) if error.leaves_it_open() => self.settle(&submission.ticket, error).await,
            other => other,
        }
    }

    /// Submits a graph that may have been submitted already: before a crash of ours, or without a clear answer.
    ///
    /// # Errors
    /// As [`Server::submit`].
    pub async fn submit_again(&self, submission: &Submission, client: Option<&str>) -> Result<Accepted, Error> {
        match self.find(&submission.ticket).await? {
            Some(prompt) => Ok(Accepted { prompt, found: true }),
            None => self.submit(submission, client).await,
        }
    }

    async fn post_prompt(&self, submission: &Submission, client: Option<&str>) -> Result<Accepted, Error> {
        const REQUEST: &str = "POST /prompt";
        let graph = submission.graph.clone().with_prefix(&submission.ticket.prefix());
        let body = Body {
            prompt: &graph,
            prompt_id: submission.ticket.prompt,
            client_id: client,
            front: submission.front,
            extra_data: ExtraData {
                echo_studio: submission.ticket.mark(),
                preview_method: submission.previews,
                extra_pnginfo: submission.workflow.as_ref().map(|workflow| PngInfo { workflow }),
            },
        };
        let (status, answer) = read(REQUEST, self.send(REQUEST, self.post(&["prompt"]).json(&body)).await?, LARGEST_ANSWER).await?;
        match status {
            200..300 => {
                let answer: Answer = parse(REQUEST, &answer)?;
                if answer.node_errors.is_empty() {
                    return Ok(Accepted { prompt: answer.prompt_id, found: false });
                }
                // The server runs the branches that it likes. A part of a picture is none.
                if let Err(error) = self.cancel(answer.prompt_id).await {
                    tracing::warn!(prompt.id = %answer.prompt_id, %error, "a prompt that was taken in part could not be cancelled");
                }
                Err(Error::PartlyRefused(answer.node_errors))
            }
            400 => match parse::<RefusalBody>(REQUEST, &answer) {
                Ok(refusal) => Err(Error::Refused(Refusal::from(refusal))),
                Err(_) => Err(refused(REQUEST, status, &answer)),
            },
            _ => Err(refused(REQUEST, status, &answer)),
        }
    }

    /// After an unclear submit: asks until the prompt is found, or until it is clear that it will not come.
    async fn settle(&self, ticket: &Ticket, source: Error) -> Result<Accepted, Error> {
        tracing::warn!(prompt.id = %ticket.prompt, error = %source, "unclear submit, asking the server");
        let until = Instant::now() + self.patience.settle;
        let mut wait = self.patience.first_look;
        loop {
            let looked = self.find(ticket).await;
            match looked {
                Ok(Some(prompt)) => return Ok(Accepted { prompt, found: true }),
                Ok(None) if Instant::now() >= until => return Err(Error::NotTaken { source: Box::new(source) }),
                Err(error) if Instant::now() >= until => {
                    tracing::warn!(prompt.id = %ticket.prompt, %error, "the server cannot be asked");
                    return Err(Error::Ambiguous { prompt: ticket.prompt, source: Box::new(source) });
                }
                Ok(None) | Err(_) => {}
            }
            sleep(wait.min(until.saturating_duration_since(Instant::now()))).await;
            wait = doubled(wait, self.patience.poll);
        }
    }

    /// Looks for a prompt by its id and, should something between us and the server have changed that, by our job
    /// and attempt. Gives the id that it has there.
    ///
    /// # Errors
    /// When the server does not answer, or not in its own way.
    pub async fn find(&self, ticket: &Ticket) -> Result<Option<Uuid>, Error> {
        if self.standing(ticket.prompt).await? != Standing::Unknown {
            return Ok(Some(ticket.prompt));
        }
        let found = self.find_job(ticket.job).await?;
        Ok(found.into_iter().find(|found| found.mark.attempt == ticket.attempt).map(|found| found.prompt))
    }

    /// All prompts of a job in the queue and in the latest part of the history, whichever attempts they were.
    ///
    /// # Errors
    /// When the server does not answer, or not in its own way.
    pub async fn find_job(&self, job: Uuid) -> Result<Vec<Found>, Error> {
        let queue = self.queue().await?;
        let history = self.latest_history(SEARCHED_HISTORY).await?;
        let queued = queue.items().map(|item| (item.prompt.as_str(), item.mark, false));
        let ended = history.iter().map(|(prompt, entry)| (prompt.as_str(), entry.mark(), true));
        let ours = queued.chain(ended).filter_map(|(prompt, mark, ended)| {
            let mark = mark.filter(|mark| mark.job == job)?;
            Some(Found { prompt: prompt.parse().ok()?, mark, ended })
        });
        let mut found: Vec<Found> = ours.collect();
        // One that moved from the queue to the history in between is in both.
        found.sort_by_key(|found| (found.mark.attempt, found.prompt, !found.ended));
        found.dedup_by_key(|found| found.prompt);
        Ok(found)
    }
}
