//! `/api/jobs`: how a prompt stands, in one answer.

use std::sync::atomic::Ordering;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Shared, broken};
use crate::house::Life;
use crate::queue::Item;

fn waiting(item: &Item, status: &str) -> Value {
    json!({"id": item.prompt_id, "status": status, "priority": item.number.json(), "create_time": item.extra.get("create_time"),
        "outputs_count": 0, "previewable_outputs_count": 0})
}

fn find(life: &Life, id: &str) -> Option<Value> {
    let running = || life.queue.running().filter(|item| item.prompt_id == id).map(|item| waiting(&item, "in_progress"));
    let pending = || life.queue.pending().iter().find(|item| item.prompt_id == id).map(|item| waiting(item, "pending"));
    running().or_else(pending).or_else(|| life.history.get(id).map(|entry| entry.job()))
}

pub(super) async fn one(State(house): Shared, Path(id): Path<String>) -> Response {
    match find(&house.life(), &id) {
        Some(job) => Json(job).into_response(),
        None => (StatusCode::NOT_FOUND, Json(json!({"error": "Job not found"}))).into_response(),
    }
}

/// One entry with a null workflow breaks the list for everybody, as on the real server.
fn breaks(item: &Item) -> bool {
    item.extra.get("extra_pnginfo").and_then(|info| info.get("workflow")).is_some_and(Value::is_null)
}

pub(super) async fn list(State(house): Shared) -> Response {
    let life = house.life();
    let (running, pending, ended) = (life.queue.running(), life.queue.pending(), life.history.all());
    let ended_items = ended.iter().map(|entry| &entry.item);
    if running.iter().chain(&pending).chain(ended_items).any(breaks) {
        return broken();
    }
    let running = running.iter().map(|item| waiting(item, "in_progress"));
    let pending = pending.iter().map(|item| waiting(item, "pending"));
    let jobs: Vec<_> = pending.chain(running).chain(ended.iter().rev().map(crate::history::Ended::job)).collect();
    let pagination = json!({"offset": 0, "limit": null, "total": jobs.len(), "has_more": false});
    Json(json!({"jobs": jobs, "pagination": pagination})).into_response()
}

fn cancel_one(life: &Life, id: &str) -> bool {
    if life.queue.delete(id) {
        life.tell_status();
        return true;
    }
    let runs = life.queue.running().is_some_and(|item| item.prompt_id == id);
    if runs {
        life.interrupted.store(true, Ordering::SeqCst);
    }
    runs
}

pub(super) async fn cancel(State(house): Shared, Path(id): Path<String>) -> Json<Value> {
    Json(json!({"cancelled": cancel_one(&house.life(), &id)}))
}

pub(super) async fn cancel_several(State(house): Shared, body: Bytes) -> Response {
    let Ok(body) = serde_json::from_slice::<Value>(&body) else { return broken() };
    let ids: Vec<_> = body["job_ids"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let invalid: Vec<_> = ids.iter().filter(|id| id.parse::<Uuid>().is_err()).collect();
    if !invalid.is_empty() {
        let error = json!({"error": "job_ids contains invalid id(s)", "invalid_ids": invalid});
        return (StatusCode::BAD_REQUEST, Json(error)).into_response();
    }
    let life = house.life();
    let cancelled = ids.iter().filter(|id| cancel_one(&life, id)).count();
    Json(json!({"cancelled": cancelled > 0})).into_response()
}
