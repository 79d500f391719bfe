//! One attempt, from its lease to its report.

use std::time::{Duration, Instant};

use comfyui::{Begin, Cause, Error, Expected, Server, Socket, Submission, Update, Upload};
use farm::attempt::Outcome;
use farm::{Attempt, AttemptState, Job, Node, Step};
use futures::future::BoxFuture;
use store::farm::Report;
use store::{BlobError, StoreError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::confirm;
use crate::leases::Lease;
use crate::payload::{Drawn, DrawnFile, Payload, Variant};
use crate::sight::Sight;
use crate::work::Shared;

/// What became of it, for the node's sake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// The node may take the next.
    Free,
    /// The node does not answer: it is left alone for a while, and looked into before it takes anything.
    Unwell,
    /// Its slot is not free, as far as is known: it has to be looked into.
    Unclear,
}

/// A report that is to be made.
struct Told {
    outcome: Outcome,
    result: Option<Drawn>,
    released: bool,
    measured: Option<f64>,
    after: After,
    /// What is forgotten on the node once the report is taken.
    forget: Option<uuid::Uuid>,
}

/// Why nothing can be reported.
enum Gone {
    /// The lease is somebody else's.
    Superseded,
    /// The database does not take anything.
    Database(StoreError),
}

impl Told {
    fn failed(cause: farm::Cause, reason: impl std::fmt::Display, released: bool, after: After) -> Self {
        let outcome = Outcome::Failed { cause, reason: reason.to_string() };
        Self { outcome, result: None, released, measured: None, after, forget: None }
    }
}

/// Where an attempt comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Origin {
    /// This worker has just claimed it, under a lease that is counted from this time: nothing was sent.
    Claim(Instant),
    /// Another worker had it, and may have sent it.
    Another,
}

/// Draws an attempt and reports. `attempt` is as the database has it: one that was taken over goes on where it was.
pub(crate) fn draw<'a>(
    shared: &'a Shared,
    node: &'a Node,
    server: &'a Server,
    job: &'a Job,
    attempt: &'a Attempt,
    lease: &'a Lease,
    origin: Origin,
) -> BoxFuture<'a, After> {
    Box::pin(drawn(shared, node, server, job, attempt, lease, origin))
}

async fn drawn(shared: &Shared, node: &Node, server: &Server, job: &Job, attempt: &Attempt, lease: &Lease, origin: Origin) -> After {
    let told = tokio::select! {
        biased;
        () = lease.lost.cancelled() => Err(Gone::Superseded),
        told = try_to_draw(shared, node, server, job, attempt, lease, origin) => told,
    };
    let told = match told {
        Ok(told) => told,
        Err(Gone::Superseded) => {
            tracing::warn!(job.id = %job.id, token = lease.token.0, "the lease is superseded; what was drawn under it does not count");
            return After::Unclear;
        }
        Err(Gone::Database(error)) => {
            tracing::error!(job.id = %job.id, error = &error as &dyn std::error::Error, "the attempt stays as it is in the database");
            return After::Unclear;
        }
    };
    report(shared, server, job, lease, told).await
}

/// Reports until the report is taken or refused: what was drawn must not be lost to a database that is away for a moment.
async fn report(shared: &Shared, server: &Server, job: &Job, lease: &Lease, told: Told) -> After {
    let result = told.result.as_ref().and_then(|drawn| serde_json::to_value(drawn).ok());
    let mut wait = Duration::from_millis(100);
    loop {
        let report = Report {
            job: job.id,
            token: lease.token,
            outcome: told.outcome.clone(),
            result: result.clone(),
            released: told.released,
            measured: told.measured,
        };
        match shared.store.farm_end(report, &shared.options.policy, shared.clock.now(), shared.jitter()).await {
            Ok(Ok(ended)) => {
                tracing::info!(job.id = %job.id, node.id = %lease.node, ?ended, "attempt ended");
                if let Some(prompt) = told.forget.filter(|_| matches!(ended, farm::attempt::Ended::Done)) {
                    // What stays in the server's history only takes its memory.
                    drop(server.forget(prompt).await);
                }
                return if told.released { told.after } else { After::Unclear };
            }
            Ok(Err(refusal)) => {
                tracing::warn!(job.id = %job.id, %refusal, "the report came too late");
                return After::Unclear;
            }
            Err(error) => {
                tracing::warn!(job.id = %job.id, error = &error as &dyn std::error::Error, "the report is made again");
                tokio::select! {
                    () = lease.lost.cancelled() => return After::Unclear,
                    () = tokio::time::sleep(wait) => {}
                }
                wait = (wait * 2).min(Duration::from_secs(10));
            }
        }
    }
}

async fn try_to_draw(
    shared: &Shared,
    node: &Node,
    server: &Server,
    job: &Job,
    attempt: &Attempt,
    lease: &Lease,
    origin: Origin,
) -> Result<Told, Gone> {
    let fresh = matches!(origin, Origin::Claim(_));
    let variant = match variant(shared, job).await? {
        Ok(variant) => variant,
        Err(reason) => {
            let released = fresh || confirm::gone(server, &confirm::ticket(attempt)).await;
            return Ok(Told::failed(farm::Cause::Validation, reason, released, After::Free));
        }
    };
    let Variant { name, mut graph, inputs, expected } = variant;
    // Uploading again is harmless: the same bytes get the same name.
    for input in inputs {
        let bytes = match shared.blobs.get(input.blob).await {
            Ok(bytes) => bytes,
            Err(error) => {
                let cause = if matches!(error, BlobError::Refused { .. }) { farm::Cause::Transient } else { farm::Cause::Validation };
                let released = fresh || confirm::gone(server, &confirm::ticket(attempt)).await;
                return Ok(Told::failed(cause, chain(&error), released, After::Free));
            }
        };
        let name = format!("{}.{}", input.blob, input.extension);
        match server.upload(Upload { name, subfolder: "echo-studio".to_owned(), bytes }).await {
            Ok(uploaded) => {
                if let Some(reads) = graph.get_mut(&input.node) {
                    reads.inputs.insert(input.input, uploaded.input().into());
                }
            }
            Err(error) => return Ok(failure(server, attempt, &error, !fresh).await),
        }
    }
    let expected: Vec<Expected> = expected.iter().map(Expected::from).collect();
    let mut submission = Submission::new(confirm::ticket(attempt), graph, expected);
    submission.previews = previews(attempt);
    lease.sight.of(&submission.graph);
    // Another worker may take the attempt over when the lease ends: nothing is sent so late that it could.
    let soon = |since: Instant| since.elapsed().as_secs_f64() < shared.options.policy.lease / 2.0;
    if let Origin::Claim(at) = origin
        && !soon(at)
    {
        let before = Instant::now();
        advance(shared, job, lease, Step::Sending).await?;
        if !soon(before) {
            return Ok(Told::failed(farm::Cause::Transient, "the database took too long", true, After::Free));
        }
    }
    let mut told = run(shared, node, server, job, attempt, lease, &submission, fresh).await?;
    if let Some(drawn) = &mut told.result {
        drawn.variant_name = name;
    }
    Ok(told)
}

/// Attempts that take less, in seconds, are over before anybody has looked at a picture of them.
const WORTH_PREVIEWS: f64 = 3.0;

/// Whether the node should show what it draws: that costs it and the network a picture for each step.
fn previews(attempt: &Attempt) -> comfyui::PreviewMethod {
    let short = attempt.expected > 0.0 && attempt.expected < WORTH_PREVIEWS;
    if short { comfyui::PreviewMethod::None } else { comfyui::PreviewMethod::Latent2rgb }
}

/// The payload's variant that is to be drawn; inside, why there is none.
async fn variant(shared: &Shared, job: &Job) -> Result<Result<Variant, String>, Gone> {
    match shared.store.farm_payload::<Payload>(job.id).await {
        Ok(Some(mut payload)) => {
            let last = payload.variants.len().checked_sub(1);
            Ok(last
                .map(|last| payload.variants.swap_remove((job.variant as usize).min(last)))
                .ok_or_else(|| "it says nothing to draw".to_owned()))
        }
        Ok(None) => Ok(Err("it says nothing to draw".to_owned())),
        Err(error @ StoreError::Damaged { .. }) => Ok(Err(chain(&error))),
        Err(error) => Err(Gone::Database(error)),
    }
}

async fn advance(shared: &Shared, job: &Job, lease: &Lease, step: Step) -> Result<(), Gone> {
    let advanced = shared.store.farm_advance(job.id, lease.token, step, &shared.options.policy, shared.clock.now()).await;
    match advanced.map_err(Gone::Database)? {
        Ok(heard) => {
            if heard.cancel {
                lease.cancel.cancel();
            }
            Ok(())
        }
        // Steps that come late are no harm; a lease that is somebody else's is.
        Err(farm::Refusal::Order { .. }) => Ok(()),
        Err(_) => Err(Gone::Superseded),
    }
}

/// How long an attempt's end is looked for in unclear weather before the job goes elsewhere.
fn weather(shared: &Shared) -> Duration {
    Duration::from_secs_f64(shared.options.policy.abandon)
}

#[expect(clippy::too_many_arguments, reason = "all of one attempt")]
async fn run(
    shared: &Shared,
    node: &Node,
    server: &Server,
    job: &Job,
    attempt: &Attempt,
    lease: &Lease,
    submission: &Submission,
    fresh: bool,
) -> Result<Told, Gone> {
    let socket = shared.sockets.take(node.id, server).await;
    let (steps, heard) = mpsc::unbounded_channel();
    let begun = Instant::now();
    let (cancel, sight) = (&lease.cancel, &*lease.sight);
    let asking = Asking { server, submission, socket: socket.as_ref(), cancel, steps, sight, weather: weather(shared), begun };
    let (drawing, reporter) = (asking.until_clear(fresh), tell_steps(shared, job, lease, attempt.state, heard));
    let (outcome, reported) = tokio::join!(drawing, reporter);
    reported?;
    let Ran { result, started } = outcome;
    match result {
        Ok(done) => {
            if let Some(socket) = socket {
                shared.sockets.keep(node.id, server, socket);
            }
            if begun.elapsed() >= WORTH_TELLING {
                advance(shared, job, lease, Step::Storing).await?;
            }
            let seconds = started.unwrap_or(begun).elapsed().as_secs_f64();
            Ok(store_files(shared, node, job, done, seconds, fresh && started.is_some()).await)
        }
        Err(Error::Cancelled) if lease.cancel.is_cancelled() => {
            let released = confirm::gone(server, &submission.ticket).await;
            Ok(Told { outcome: Outcome::Cancelled, result: None, released, measured: None, after: After::Free, forget: None })
        }
        Err(error) => Ok(failure(server, attempt, &error, true).await),
    }
}

/// What came of asking, and when the node was first seen to work on it.
struct Ran {
    result: Result<comfyui::Done, Error>,
    started: Option<Instant>,
}

/// Asking a node until it is clear what became of a prompt.
struct Asking<'a> {
    server: &'a Server,
    submission: &'a Submission,
    socket: Option<&'a Socket>,
    cancel: &'a CancellationToken,
    steps: mpsc::UnboundedSender<Step>,
    sight: &'a Sight,
    weather: Duration,
    begun: Instant,
}

impl<'a> Asking<'a> {
    fn until_clear(self, fresh: bool) -> BoxFuture<'a, Ran> {
        Box::pin(async move {
            let mut begin = if fresh { Begin::Fresh } else { Begin::PerhapsSubmitted };
            let mut started = None;
            let mut wait = Duration::from_millis(200);
            loop {
                let result = self.once(begin, &mut started).await;
                match result {
                    // Nothing was sent: nothing is unclear.
                    Err(Error::Unreachable { .. }) if begin == Begin::Fresh => {
                        let prompt = self.submission.ticket.prompt;
                        return Ran { result: Err(Error::NotTaken { source: Box::new(Error::Lost { prompt }) }), started };
                    }
                    Err(error) if unsettled(&error) && self.begun.elapsed() < self.weather && !self.cancel.is_cancelled() => {
                        tracing::info!(job.id = %self.submission.ticket.job, reason = chain(&error), "looking the attempt up again");
                        begin = Begin::PerhapsSubmitted;
                        tokio::time::sleep(wait).await;
                        wait = (wait * 2).min(Duration::from_secs(15));
                    }
                    result => return Ran { result, started },
                }
            }
        })
    }

    fn once<'b>(&'b self, begin: Begin, started: &'b mut Option<Instant>) -> BoxFuture<'b, Result<comfyui::Done, Error>> {
        let (steps, sight) = (self.steps.clone(), self.sight);
        Box::pin(async move {
            let mut told = None;
            let mut update = move |update: Update| {
                sight.hear(&update);
                let step = match update {
                    Update::Waiting { .. } => Step::Submitted,
                    Update::Started | Update::Node(_) | Update::Step { .. } | Update::Cached(_) | Update::Preview(_) => {
                        started.get_or_insert_with(Instant::now);
                        Step::Running
                    }
                    Update::Failed(_) => return,
                };
                if told != Some(step) {
                    told = Some(step);
                    // The receiver is gone only when the lease is.
                    let _ = steps.send(step);
                }
            };
            match begin {
                Begin::Fresh => self.server.run(self.submission, begin, self.socket, self.cancel, &mut update).await,
                Begin::PerhapsSubmitted => match self.look_up().await? {
                    Some(prompt) => self.follow(prompt, &mut update).await,
                    None => Err(Error::NotTaken { source: Box::new(Error::Lost { prompt: self.submission.ticket.prompt }) }),
                },
            }
        })
    }
}

impl Asking<'_> {
    /// Looks for the attempt on the node, for long enough that a request that was on its way has come. One that is not
    /// there then is not sent again, not even under the same ticket: a server that was restarted would run it a second
    /// time. The job gets another attempt.
    async fn look_up(&self) -> Result<Option<uuid::Uuid>, Error> {
        let patience = self.server.patience();
        let until = Instant::now() + patience.settle;
        loop {
            if let Some(prompt) = self.server.find(&self.submission.ticket).await? {
                return Ok(Some(prompt));
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            tokio::time::sleep(patience.poll).await;
        }
    }

    /// Watches a prompt that the node has to its end, and fetches what it left.
    async fn follow(&self, prompt: uuid::Uuid, update: &mut (dyn FnMut(Update) + Send)) -> Result<comfyui::Done, Error> {
        let events = self.socket.map(|socket| socket.listen());
        let watched = tokio::select! {
            biased;
            watched = self.server.watch(prompt, events, update) => Some(watched?),
            () = self.cancel.cancelled() => None,
        };
        let entry = match watched {
            Some(entry) => entry,
            None => match self.server.cancel(prompt).await? {
                comfyui::Cancelling::Ended(entry) => *entry,
                comfyui::Cancelling::Gone | comfyui::Cancelling::StillRunning => return Err(Error::Cancelled),
            },
        };
        let artifacts = self.server.collect(&entry, &self.submission.ticket.prefix(), &self.submission.expected).await?;
        Ok(comfyui::Done { prompt, artifacts, entry })
    }
}

/// How far an attempt is, is written down of those that last: what is over sooner nobody looks at, and each step takes a
/// transaction.
const WORTH_TELLING: Duration = Duration::from_millis(500);

/// Writes down how far an attempt is, until nothing more is told.
fn tell_steps<'a>(
    shared: &'a Shared,
    job: &'a Job,
    lease: &'a Lease,
    mut furthest: AttemptState,
    mut heard: mpsc::UnboundedReceiver<Step>,
) -> BoxFuture<'a, Result<(), Gone>> {
    let due = tokio::time::Instant::now() + WORTH_TELLING;
    Box::pin(async move {
        let mut news = None;
        loop {
            tokio::select! {
                step = heard.recv() => match step {
                    Some(step) if step.state() > furthest => {
                        furthest = step.state();
                        news = Some(step);
                    }
                    Some(_) => {}
                    None => return Ok(()),
                },
                () = tokio::time::sleep_until(due), if news.is_some() => {
                    let Some(step) = news.take() else { continue };
                    match advance(shared, job, lease, step).await {
                        Ok(()) => {}
                        // For people to see only: the end is reported until it is taken.
                        Err(Gone::Database(error)) => {
                            tracing::warn!(job.id = %job.id, reason = chain(&error), "how far the attempt is was not written down");
                        }
                        Err(Gone::Superseded) => {
                            lease.lost.cancel();
                            return Err(Gone::Superseded);
                        }
                    }
                }
            }
        }
    })
}

/// Whether the attempt may be on the node for all that is known.
fn unsettled(error: &Error) -> bool {
    matches!(error, Error::Ambiguous { .. } | Error::Unreachable { .. } | Error::Cut { .. } | Error::Garbage { .. } | Error::Socket { .. })
        || matches!(error, Error::Status { status: 500.., .. })
}

/// What a client's error calls for.
async fn failure(server: &Server, attempt: &Attempt, error: &Error, sent: bool) -> Told {
    let cause = match error.cause() {
        Cause::Transient | Cause::Unclear | Cause::Cancelled => farm::Cause::Transient,
        Cause::Server | Cause::Execution => farm::Cause::Node,
        Cause::Memory => farm::Cause::Memory,
        Cause::Request => farm::Cause::Validation,
    };
    // The server has said itself how these ended; all others are ended there first.
    let ended = matches!(error, Error::Failed(_) | Error::Refused(_) | Error::NotTaken { .. } | Error::Lost { .. });
    let released = !sent || ended || confirm::gone(server, &confirm::ticket(attempt)).await;
    let after = match error {
        Error::NotTaken { .. } | Error::Lost { .. } | Error::Unreachable { .. } | Error::Cut { .. } | Error::WorkerDead { .. } => {
            After::Unwell
        }
        _ if !released => After::Unclear,
        _ => After::Free,
    };
    Told::failed(cause, chain(error), released, after)
}

async fn store_files(shared: &Shared, node: &Node, job: &Job, done: comfyui::Done, seconds: f64, watched: bool) -> Told {
    let cached = matches!(done.entry.conclusion(), comfyui::wire::Conclusion::Success { cached } if !cached.is_empty());
    // A result that was partly there from before, or whose start was not seen, says nothing about the node's speed.
    let measured = (watched && !cached).then_some(seconds);
    let mut files = Vec::with_capacity(done.artifacts.len());
    let mut smallest: Option<(u64, u64)> = None;
    for artifact in done.artifacts {
        let bytes = artifact.bytes.len() as u64;
        let blob = match shared.blobs.put(artifact.bytes).await {
            Ok(blob) => blob,
            // It stays on the node: the attempt fails, and the next one finds the node's cache.
            Err(error) => return Told::failed(farm::Cause::Transient, chain(&error), true, After::Free),
        };
        if let Some((width, height)) = artifact.size {
            let pixels = u64::from(width) * u64::from(height);
            if smallest.is_none_or(|(least, _)| bytes < least) {
                smallest = Some((bytes, pixels));
            }
        }
        files.push(DrawnFile {
            node: artifact.node,
            index: artifact.index,
            blob: blob.digest,
            bytes,
            media_type: artifact.media_type.to_owned(),
            size: artifact.size,
        });
    }
    let drawn = Drawn { files, prompt: done.prompt, node: node.name.clone(), variant: job.variant, variant_name: None, seconds };
    Told {
        outcome: Outcome::Done { seconds: measured, smallest },
        result: Some(drawn),
        released: true,
        measured,
        after: After::Free,
        forget: Some(done.prompt),
    }
}

/// An error with its causes in one line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
