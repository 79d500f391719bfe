//! Events as they happen.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::Stream;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::desk::{Desk, store_fault};
use crate::extract::Query;
use crate::problem::{FieldProblem, Problem};

/// Events that are read at once.
const BATCH: u64 = 200;

/// Longest wait before the log is looked at again.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only of this project.
    project: Option<Uuid>,
    /// Events after this one; the newest now when left out. `Last-Event-ID` wins.
    after: Option<i64>,
}

/// Events as they happen, as server-sent events; each has the id from which a client goes on. `farm.progress` has none: how far
/// drawings are is told as it is now, and kept nowhere.
#[utoipa::path(get, path = "/api/anime/events", params(Wanted), responses(
    (status = 200, description = "Events: `artifact.accepted`, `artifact.judged`, `episode.cut`, `verdict.decided`…", content_type = "text/event-stream"),
))]
pub(crate) async fn events(
    State(desk): State<Desk>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let resumed = headers.get("last-event-id").map(|id| {
        let place = id.to_str().ok().and_then(|id| id.trim().parse::<i64>().ok());
        place.ok_or_else(|| {
            let fix = "send the `id` of the last event that you saw, or leave it out".to_owned();
            Problem::invalid_request("").with([FieldProblem::in_header("Last-Event-ID", "this is no event's id", Some(fix))])
        })
    });
    let start = match resumed.transpose()?.or(wanted.after) {
        Some(sequence) => sequence,
        None => desk.studio.store.newest_event().await.map_err(store_fault)?,
    };
    let told = Telling { desk, project: wanted.project, last: start, ready: VecDeque::new(), seen: HashMap::new(), newest: None };
    Ok(Sse::new(stream(told)).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

/// Longest wait while something is being drawn.
const WAIT_WHILE_DRAWING: Duration = Duration::from_secs(1);

/// How much older than the newest a note may be and still be news: workers' clocks differ a little.
const LATE: chrono::TimeDelta = chrono::TimeDelta::seconds(5);

/// What a client is told, and has been told.
struct Telling {
    desk: Desk,
    project: Option<Uuid>,
    /// The last event.
    last: i64,
    ready: VecDeque<Event>,
    /// What was told last of attempts that are under way.
    seen: HashMap<(Uuid, u32), farm::Time>,
    /// The newest of these.
    newest: Option<farm::Time>,
}

impl Telling {
    /// Reads events that are new, and when there are none, how far drawings are.
    async fn read(&mut self) -> Result<(), store::StoreError> {
        for event in self.desk.studio.store.events_after(self.last, self.project, BATCH).await? {
            self.last = event.sequence;
            self.ready.push_back(told(&event));
        }
        if !self.ready.is_empty() {
            return Ok(());
        }
        let after = self.newest.map_or(farm::Time::UNIX_EPOCH, |newest| newest - LATE);
        let under_way = self.desk.studio.store.under_way(self.project, after).await?;
        let mut seen = HashMap::with_capacity(under_way.len());
        for attempt in under_way {
            let (key, at) = ((attempt.job.0, attempt.number), attempt.progress.at);
            if self.seen.get(&key) != Some(&at) {
                self.ready.push_back(drawing(&attempt));
            }
            self.newest = self.newest.max(Some(at));
            seen.insert(key, at);
        }
        self.seen = seen;
        Ok(())
    }
}

fn stream(telling: Telling) -> impl Stream<Item = Result<Event, Infallible>> {
    futures::stream::unfold(telling, move |mut telling| async move {
        loop {
            if let Some(event) = telling.ready.pop_front() {
                return Some((Ok(event), telling));
            }
            if let Err(error) = telling.read().await {
                // The client comes back with the last id that it saw.
                tracing::warn!(error = %error, "events.unavailable");
                return None;
            }
            if telling.ready.is_empty() {
                let longest = if telling.seen.is_empty() { LONGEST_WAIT } else { WAIT_WHILE_DRAWING };
                tokio::select! {
                    () = telling.desk.studio.store.wait_for_events(longest) => {}
                    () = telling.desk.cancel.cancelled() => return None,
                }
            }
        }
    })
}

/// How far a drawing is. Without an id, so that a client goes on from the last event that is kept.
fn drawing(attempt: &store::farm::UnderWay) -> Event {
    let payload = serde_json::json!({
        "subject": attempt.subject, "attempt": { "number": attempt.number, "node": attempt.node }, "progress": attempt.progress,
    });
    let subject = format!("job {}", attempt.job);
    let data = serde_json::json!({ "subject": subject, "project": attempt.project, "at": attempt.progress.at, "payload": payload });
    Event::default().event("farm.progress").data(data.to_string())
}

fn told(event: &store::Event) -> Event {
    let data = serde_json::json!({ "subject": event.subject, "project": event.project, "at": event.at, "payload": event.payload });
    Event::default().id(event.sequence.to_string()).event(&event.kind).data(data.to_string())
}
