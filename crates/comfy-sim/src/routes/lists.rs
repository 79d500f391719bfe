//! `/queue`, `/history`, `/interrupt`, `/free`.

use std::sync::atomic::Ordering;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Shared, broken};

pub(super) async fn queue(State(house): Shared) -> Json<Value> {
    let life = house.life();
    let running: Vec<_> = life.queue.running().iter().map(crate::queue::Item::json).collect();
    let pending: Vec<_> = life.queue.pending().iter().map(crate::queue::Item::json).collect();
    Json(json!({"queue_running": running, "queue_pending": pending}))
}

#[derive(Deserialize, Default)]
pub(super) struct Change {
    #[serde(default)]
    delete: Vec<String>,
    #[serde(default)]
    clear: bool,
}

fn read<T: for<'de> Deserialize<'de>>(body: &Bytes) -> Result<T, Response> {
    serde_json::from_slice(body).map_err(|_| broken())
}

pub(super) async fn change_queue(State(house): Shared, body: Bytes) -> Response {
    let life = house.life();
    let change: Change = match read(&body) {
        Ok(change) => change,
        Err(response) => return response,
    };
    if change.clear {
        life.queue.clear();
        life.tell_status();
    }
    for id in change.delete {
        if life.queue.delete(&id) {
            life.tell_status();
        }
    }
    StatusCode::OK.into_response()
}

#[derive(Deserialize)]
pub(super) struct Page {
    max_items: Option<String>,
    offset: Option<String>,
}

pub(super) async fn history(State(house): Shared, Query(page): Query<Page>) -> Response {
    let number = |text: Option<String>| text.map(|text| text.parse::<usize>()).transpose();
    let (Ok(most), Ok(offset)) = (number(page.max_items), number(page.offset)) else { return broken() };
    let all = house.life().history.all();
    let most = most.unwrap_or(all.len());
    // Without an offset, the last ones.
    let from = offset.unwrap_or(all.len().saturating_sub(most));
    let entries = all.into_iter().skip(from).take(most).map(|entry| (entry.item.prompt_id.clone(), entry.json()));
    Json(entries.collect::<Map<_, _>>()).into_response()
}

pub(super) async fn one_history(State(house): Shared, Path(id): Path<String>) -> Json<Value> {
    let entry = house.life().history.get(&id);
    Json(entry.map_or_else(|| json!({}), |entry| json!({id: entry.json()})))
}

pub(super) async fn change_history(State(house): Shared, body: Bytes) -> Response {
    let history = &house.life().history;
    let change: Change = match read(&body) {
        Ok(change) => change,
        Err(response) => return response,
    };
    if change.clear {
        history.clear();
    }
    for id in change.delete {
        history.delete(&id);
    }
    StatusCode::OK.into_response()
}

#[derive(Deserialize, Default)]
struct Interrupt {
    prompt_id: Option<String>,
}

pub(super) async fn interrupt(State(house): Shared, body: Bytes) -> StatusCode {
    let life = house.life();
    let interrupt: Interrupt = serde_json::from_slice(&body).unwrap_or_default();
    let hits = match interrupt.prompt_id {
        Some(id) => life.queue.running().is_some_and(|item| item.prompt_id == id),
        // Whoever runs.
        None => true,
    };
    if hits {
        life.interrupted.store(true, Ordering::SeqCst);
    }
    StatusCode::OK
}

#[derive(Deserialize)]
struct Free {
    #[serde(default)]
    free_memory: bool,
}

pub(super) async fn free(State(house): Shared, body: Bytes) -> Response {
    let free: Free = match read(&body) {
        Ok(free) => free,
        Err(response) => return response,
    };
    let life = house.life();
    if free.free_memory {
        // Done by the worker after what runs; at once when nothing does.
        if life.queue.running().is_some() {
            life.free.store(true, Ordering::SeqCst);
        } else {
            life.cache().clear();
        }
    }
    StatusCode::OK.into_response()
}
