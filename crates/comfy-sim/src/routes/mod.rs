//! The routes, each also below `/api`, and what goes wrong on the way to them.

mod events;
mod files;
mod jobs;
mod lists;
mod prompt;
mod system;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::Version;
use crate::house::House;
use crate::listener::Cut;
use crate::schedule::{Fault, Point};

/// What a request gets.
pub(crate) type Shared = State<Arc<House>>;

/// All routes.
pub(crate) fn router(house: Arc<House>) -> Router {
    let limit = house.options.largest_request;
    let both = Router::new()
        .route("/prompt", get(prompt::remaining).post(prompt::submit))
        .route("/queue", get(lists::queue).post(lists::change_queue))
        .route("/history", get(lists::history).post(lists::change_history))
        .route("/history/{id}", get(lists::one_history))
        .route("/interrupt", post(lists::interrupt))
        .route("/free", post(lists::free))
        .route("/upload/image", post(files::upload))
        .route("/view", get(files::view))
        .route("/ws", get(events::connect))
        .route("/system_stats", get(system::stats))
        .route("/object_info", get(system::classes))
        .route("/object_info/{class}", get(system::class))
        .route("/models", get(system::model_folders))
        .route("/models/{folder}", get(system::models))
        .route("/view_metadata/{folder}", get(system::metadata))
        .route("/features", get(system::features));
    let mut api = both.clone();
    if house.options.version == Version::V0_33 {
        api = api
            .route("/jobs", get(jobs::list))
            .route("/jobs/{id}", get(jobs::one))
            .route("/jobs/{id}/cancel", post(jobs::cancel))
            .route("/jobs/cancel", post(jobs::cancel_several));
    }
    both.nest("/api", api)
        .fallback(|| async { (StatusCode::NOT_FOUND, "404: Not Found") })
        .layer(from_fn_with_state(Arc::clone(&house), faulty))
        .layer(DefaultBodyLimit::max(limit))
        .with_state(house)
}

/// What a server says when its code breaks.
pub(crate) fn broken() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "500 Internal Server Error\n\nServer got itself in trouble").into_response()
}

/// The name of a route in a schedule: `POST /prompt`, `GET /history`, `GET /api/jobs`, `POST /upload/image`.
fn name(request: &Request) -> String {
    let mut parts: Vec<_> = request.uri().path().trim_matches('/').split('/').collect();
    if parts.first() == Some(&"api") && parts.get(1) != Some(&"jobs") {
        parts.remove(0);
    }
    let kept = if matches!(parts.first(), Some(&"api" | &"upload")) { 2 } else { 1 };
    parts.truncate(kept);
    format!("{} /{}", request.method(), parts.join("/"))
}

/// Whether a page of another origin asks.
fn foreign(request: &Request) -> bool {
    let value = |name| request.headers().get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    let origin = value(header::ORIGIN).map(|origin| origin.split_once("://").map_or(origin, |(_, host)| host));
    origin.is_some_and(|origin| value(header::HOST) != Some(origin))
}

async fn faulty(State(house): Shared, request: Request, next: Next) -> Response {
    if foreign(&request) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let cut = request.extensions().get::<Cut>().cloned();
    let faults = house.faults_at(Point::Request(&name(&request)));
    let over = house.life().over.clone();
    let cut_off = || async {
        if let Some(Cut(cut)) = &cut {
            cut.cancel();
        }
        std::future::pending::<Response>().await
    };
    if faults.contains(&Fault::RequestLost) || over.is_cancelled() {
        return cut_off().await;
    }
    if let Some(code) = faults.iter().find_map(|fault| if let Fault::Status { code } = fault { Some(*code) } else { None }) {
        return (StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY), "scheduled").into_response();
    }
    let response = next.run(request).await;
    for fault in faults {
        match fault {
            Fault::AnswerLost => return cut_off().await,
            Fault::AnswerLate { ms } => tokio::time::sleep(Duration::from_millis(ms)).await,
            Fault::GarbageJson => return (StatusCode::OK, "<html>{\"prompt_id\": ").into_response(),
            _ => {}
        }
    }
    response
}
