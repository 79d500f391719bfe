//! Events as they happen.

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

/// Events as they happen, as server-sent events; each has the id from which a client goes on.
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
    Ok(Sse::new(stream(desk, wanted.project, start)).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

fn stream(desk: Desk, project: Option<Uuid>, start: i64) -> impl Stream<Item = Result<Event, Infallible>> {
    futures::stream::unfold((desk, start, Vec::new().into_iter()), move |(desk, mut last, mut ready)| async move {
        loop {
            if let Some(event) = ready.next() {
                let event: store::Event = event;
                last = event.sequence;
                return Some((Ok(told(&event)), (desk, last, ready)));
            }
            match desk.studio.store.events_after(last, project, BATCH).await {
                Ok(events) if !events.is_empty() => ready = events.into_iter(),
                Ok(_) => {
                    tokio::select! {
                        () = desk.studio.store.wait_for_events(LONGEST_WAIT) => {}
                        () = desk.cancel.cancelled() => return None,
                    }
                }
                Err(error) => {
                    // The client comes back with the last id that it saw.
                    tracing::warn!(error = %error, "events.unavailable");
                    return None;
                }
            }
        }
    })
}

fn told(event: &store::Event) -> Event {
    let data = serde_json::json!({ "subject": event.subject, "project": event.project, "at": event.at, "payload": event.payload });
    Event::default().id(event.sequence.to_string()).event(&event.kind).data(data.to_string())
}
