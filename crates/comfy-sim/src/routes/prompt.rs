//! `/prompt`.

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Shared, broken};
use crate::Version;
use crate::house::{House, now_ms};
use crate::queue::{Item, Number};
use crate::validate::{Verdict, validate};

pub(super) async fn remaining(State(house): Shared) -> Json<Value> {
    Json(json!({"exec_info": {"queue_remaining": house.life().queue.remaining()}}))
}

fn refuse(kind: &str, message: &str, details: &str) -> Response {
    let error = json!({"type": kind, "message": message, "details": details, "extra_info": {}});
    (StatusCode::BAD_REQUEST, Json(json!({"error": error, "node_errors": {}}))).into_response()
}

pub(super) async fn submit(State(house): Shared, request: Request) -> Response {
    let limit = house.options.largest_request;
    let Ok(body) = to_bytes(request.into_body(), limit).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, format!("Maximum request body size {limit} exceeded.")).into_response();
    };
    match serde_json::from_slice(&body) {
        Ok(Value::Object(body)) => take(&house, body),
        // A list has no `prompt` in it, and neither does a text.
        Ok(Value::Array(_) | Value::String(_)) => refuse("no_prompt", "No prompt provided", "No prompt provided"),
        _ => broken(),
    }
}

/// What cannot be read breaks the real server's code; it says so and nothing more.
fn take(house: &House, mut body: Map<String, Value>) -> Response {
    let life = house.life();
    let number = match body.get("number") {
        Some(number) => match number.as_f64() {
            Some(number) => Number::Sent(number),
            None => return broken(),
        },
        None => {
            // Counted whether the prompt is taken or not.
            let count = life.count();
            let front = body.get("front").and_then(Value::as_bool).unwrap_or(false);
            Number::Counted(if front { -count } else { count })
        }
    };
    let prompt_id = match body.get("prompt_id") {
        None | Some(Value::Null) => Uuid::now_v7().to_string(),
        Some(Value::String(id)) if house.options.version == Version::V0_3 || canonical(id) => id.clone(),
        Some(id) if house.options.version == Version::V0_3 => id.to_string(),
        Some(_) => {
            let details = "prompt_id must be a UUID string in canonical lowercase hyphenated form; omit it to let the server generate one";
            return refuse("invalid_prompt_id", "prompt_id must be a valid UUID", details);
        }
    };
    let graph = match body.remove("prompt") {
        None => return refuse("no_prompt", "No prompt provided", "No prompt provided"),
        Some(Value::Object(graph)) => graph,
        Some(_) => return broken(),
    };
    let mut extra = match body.remove("extra_data") {
        None => Map::new(),
        Some(Value::Object(extra)) => extra,
        Some(_) => return broken(),
    };
    if let Some(client) = body.remove("client_id") {
        extra.insert("client_id".to_owned(), client);
    }
    if house.options.version == Version::V0_33 {
        extra.insert("create_time".to_owned(), json!(now_ms()));
    }
    let targets = body.get("partial_execution_targets").and_then(Value::as_array).map(|targets| {
        let names = targets.iter().filter_map(Value::as_str);
        names.map(str::to_owned).collect::<Vec<_>>()
    });
    match validate(house, graph, targets.as_deref()) {
        Verdict::Refused { error, node_errors } => {
            (StatusCode::BAD_REQUEST, Json(json!({"error": error, "node_errors": node_errors}))).into_response()
        }
        Verdict::Taken { graph, outputs, node_errors } => {
            house.take(&prompt_id, Value::Object(extra.clone()));
            let item = Item { number, prompt_id: prompt_id.clone(), graph, extra, outputs };
            let added = life.queue.add(item);
            life.tell_status();
            match added {
                Ok(()) => Json(json!({"prompt_id": prompt_id, "number": number.json(), "node_errors": node_errors})).into_response(),
                Err(_) => broken(),
            }
        }
    }
}

fn canonical(id: &str) -> bool {
    id.parse::<Uuid>().is_ok_and(|parsed| parsed.to_string() == id)
}
