//! Watching a prompt to its end.
//!
//! Events say when to ask; how the prompt stands is only what the server answers when asked.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use crate::error::Error;
use crate::graph::NodeId;
use crate::patience::Patience;
use crate::server::{Server, Standing, doubled};
use crate::socket::Events;
use crate::wire::{Event, Failure, HistoryEntry, Preview};

/// What happens to a prompt, for people to see. Some may be missing; none decides anything.
#[derive(Debug, Clone, PartialEq)]
pub enum Update {
    /// It waits behind so many others.
    Waiting {
        /// How many run before it.
        ahead: usize,
    },
    /// It has begun.
    Started,
    /// These nodes' results are there from before.
    Cached(Vec<NodeId>),
    /// A node has begun.
    Node(NodeId),
    /// A node made a step.
    Step {
        /// Which node.
        node: Option<NodeId>,
        /// Steps done.
        value: f64,
        /// Steps in all.
        max: f64,
    },
    /// A picture as it is so far.
    Preview(Preview),
    /// A node failed, or let nothing through.
    Failed(Failure),
}

/// At least this many times a prompt has to be nowhere before it is lost.
const LOOKS_BEFORE_LOST: u32 = 3;

impl Server {
    /// Watches a prompt until it has ended, and gives its history entry.
    ///
    /// # Errors
    /// [`Error::Lost`] when the server does not know it any more, [`Error::WorkerDead`] when the server runs nothing,
    /// [`Error::Deadline`] when it took longer than allowed (it is *not* cancelled then), and what the server's not
    /// answering gives once it has lasted for [`Patience::unreachable`].
    pub async fn watch(
        &self,
        prompt: Uuid,
        mut events: Option<Events>,
        update: &mut (dyn FnMut(Update) + Send),
    ) -> Result<HistoryEntry, Error> {
        let id = prompt.to_string();
        let mut watch = Watch::new(self.patience().clone());
        loop {
            let event = async {
                match &mut events {
                    Some(events) => events.next().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                event = event => match event {
                    Some(event) => watch.hear(&id, &event, update),
                    None => {
                        // The server may have gone with the connection.
                        events = None;
                        watch.deaf();
                    }
                },
                () = sleep_until(watch.next) => {
                    if let Some(allowed) = watch.overdue() {
                        return Err(Error::Deadline { prompt, allowed });
                    }
                    let stands = self.standing(prompt).await;
                    if let Some(entry) = watch.see(prompt, stands, events.is_some())? {
                        return Ok(*entry);
                    }
                    if watch.waits() {
                        self.look_at_the_queue(&id, &mut watch, update).await?;
                    }
                }
            }
        }
    }

    /// Where a waiting prompt stands in the queue, and whether anything runs at all.
    async fn look_at_the_queue(&self, id: &str, watch: &mut Watch, update: &mut (dyn FnMut(Update) + Send)) -> Result<(), Error> {
        // A failing look is no news; the question how the prompt stands will tell.
        let Ok(queue) = self.queue().await else { return Ok(()) };
        let Some(ahead) = queue.ahead_of(id) else { return Ok(()) };
        if watch.ahead != Some(ahead) {
            watch.ahead = Some(ahead);
            update(Update::Waiting { ahead });
        }
        watch.idle(queue.running.is_empty())
    }
}

/// What is known so far of a prompt that is watched.
struct Watch {
    patience: Patience,
    since: Instant,
    /// When to ask next.
    next: Instant,
    /// When it was last asked.
    asked: Instant,
    /// The wait until the next question, after an event that says the end.
    after_end: Option<Duration>,
    unknown: Option<(Instant, u32)>,
    unanswered: Option<Instant>,
    idle_since: Option<Instant>,
    pending: bool,
    ahead: Option<usize>,
}

impl Watch {
    fn new(patience: Patience) -> Self {
        let now = Instant::now();
        Self {
            next: now + patience.first_look,
            patience,
            since: now,
            asked: now,
            after_end: None,
            unknown: None,
            unanswered: None,
            idle_since: None,
            pending: false,
            ahead: None,
        }
    }

    const fn waits(&self) -> bool {
        self.pending
    }

    fn overdue(&self) -> Option<Duration> {
        self.patience.deadline.filter(|deadline| self.since.elapsed() >= *deadline)
    }

    /// Takes an event: the end of our prompt is a reason to ask at once, any other sign of life to ask later.
    fn hear(&mut self, id: &str, event: &Arc<Event>, update: &mut (dyn FnMut(Update) + Send)) {
        if event.prompt() != Some(id) {
            return;
        }
        if event.is_end() {
            if let Event::Failed { failure, .. } = event.as_ref() {
                update(Update::Failed(failure.as_ref().clone()));
            }
            self.after_end = Some(self.patience.first_look);
            self.next = Instant::now();
            return;
        }
        if self.after_end.is_none() {
            // However much is heard, it is asked from time to time.
            self.next = (Instant::now() + self.patience.quiet).min(self.asked + self.patience.quiet * 6);
        }
        self.pending = false;
        match event.as_ref() {
            Event::Started { .. } => update(Update::Started),
            Event::Cached { nodes, .. } if !nodes.is_empty() => update(Update::Cached(nodes.clone())),
            Event::Executing { node: Some(node), .. } => update(Update::Node(node.clone())),
            Event::Progress { node, value, max, .. } => update(Update::Step { node: node.clone(), value: *value, max: *max }),
            Event::Preview(preview) => update(Update::Preview(preview.clone())),
            _ => {}
        }
    }

    fn deaf(&mut self) {
        self.next = Instant::now();
    }

    /// Takes the server's answer; gives the entry when the prompt has ended.
    fn see(&mut self, prompt: Uuid, stands: Result<Standing, Error>, events: bool) -> Result<Option<Box<HistoryEntry>>, Error> {
        let now = Instant::now();
        self.asked = now;
        let usual = if events { self.patience.quiet } else { self.patience.poll };
        self.next = now + usual;
        let standing = match stands {
            Ok(standing) => standing,
            Err(error) => {
                let since = *self.unanswered.get_or_insert(now);
                if !error.retryable() || now - since >= self.patience.unreachable {
                    return Err(error);
                }
                tracing::debug!(prompt.id = %prompt, %error, "no answer, asking again");
                self.next = now + self.patience.poll;
                return Ok(None);
            }
        };
        self.unanswered = None;
        self.pending = matches!(standing, Standing::Pending);
        if !self.pending {
            self.idle_since = None;
        }
        match standing {
            Standing::Ended(entry) => return Ok(Some(entry)),
            Standing::Running | Standing::Pending => {
                self.unknown = None;
                // The event was early, or about an earlier run of the same id: the answer stands.
                if let Some(wait) = self.after_end {
                    self.after_end = (wait < self.patience.poll).then(|| doubled(wait, self.patience.poll));
                    self.next = now + wait;
                }
                if self.pending {
                    self.next = self.next.min(now + self.patience.poll);
                }
            }
            Standing::Unknown => {
                let (since, looks) = self.unknown.map_or((now, 1), |(since, looks)| (since, looks + 1));
                if looks >= LOOKS_BEFORE_LOST && now - since >= self.patience.lost {
                    return Err(Error::Lost { prompt });
                }
                self.unknown = Some((since, looks));
                // History is written a moment after the event; a prompt without one may have been lost.
                let wait = self.after_end.unwrap_or(self.patience.first_look * 4);
                self.after_end = Some(doubled(wait, self.patience.poll));
                self.next = now + wait;
            }
        }
        Ok(None)
    }

    /// Takes whether the server runs nothing though this prompt waits.
    fn idle(&mut self, nothing_runs: bool) -> Result<(), Error> {
        if !nothing_runs {
            self.idle_since = None;
            return Ok(());
        }
        let idle = self.idle_since.get_or_insert_with(Instant::now).elapsed();
        if idle >= self.patience.idle_worker { Err(Error::WorkerDead { idle }) } else { Ok(()) }
    }
}
