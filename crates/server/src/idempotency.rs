//! A POST that carries an `Idempotency-Key` is done once, however often it is sent.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bible::Digest;
use chrono::TimeDelta;
use serde::Deserialize;
use store::{Claim, IdempotencyKey, KeptAnswer};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::desk::{Desk, store_fault};
use crate::extract;
use crate::problem::{FieldProblem, Problem};

const KEY: &str = "idempotency-key";

/// How long a key is remembered.
const REMEMBERED: TimeDelta = TimeDelta::hours(24);

/// Characters that a key may have.
const LONGEST_KEY: usize = 255;

/// Bytes of an answer that is kept; answers to POST have some thousand.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// Fields of the header that are part of an answer.
const KEPT: [&str; 5] = ["content-type", "etag", "location", "echo-commit", "cache-control"];

/// Fields of the header that are part of a request.
const ASKED: [&str; 3] = ["content-type", "echo-author", "echo-message"];

/// For the document: the header of a POST.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes a header field that the layer reads")]
pub(crate) struct IdempotencyHeader {
    /// A key of the client's own, 1 to 255 visible ASCII characters, such as a UUID. The same request with the same key
    /// is done once, and answered in the same way for 24 hours.
    #[param(rename = "Idempotency-Key", example = "0197f3c2-6f0b-7c55-9d7e-3f0a4f6f2d11")]
    #[serde(rename = "Idempotency-Key")]
    idempotency_key: Option<String>,
}

/// Does a POST with a key once.
pub(crate) async fn once(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    match keyed(desk, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn keyed(desk: Desk, request: Request, next: Next) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let text = parts.headers.get(KEY).and_then(|key| key.to_str().ok()).unwrap_or_default();
    let text = text.trim().trim_matches('"');
    if text.is_empty() || text.len() > LONGEST_KEY || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let fix = format!("write 1 to {LONGEST_KEY} visible ASCII characters, such as a UUID");
        return Err(Problem::invalid_request("").with([FieldProblem::in_header("Idempotency-Key", "this is no key", Some(fix))]));
    }
    let path = parts.uri.path();
    let project = path.strip_prefix("/api/anime/projects/").and_then(|rest| rest.split('/').next()?.parse::<Uuid>().ok());
    let key = IdempotencyKey { project, route: format!("POST {path}"), key: text.to_owned() };
    let bytes = extract::collected(body).await?;
    let asked: Vec<&[u8]> = ASKED.iter().map(|name| parts.headers.get(*name).map_or(&b""[..], HeaderValue::as_bytes)).collect();
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let request = digest(asked.into_iter().chain([query, bytes.as_slice()]));
    let now = (desk.studio.environment.now)();
    match desk.studio.store.claim_key(&key, request, now, now - REMEMBERED).await.map_err(store_fault)? {
        Claim::Yours => {}
        Claim::Answered(answer) => return Ok(again(answer)),
        Claim::Pending => {
            let detail = "a request with this key is being worked on, or was cut off in the middle: \
                          see whether what it asks for is there, and use a new key when it is not";
            return Err(Problem::key_in_use(detail));
        }
        Claim::Other => return Err(Problem::key_reused("this key was used for another request: use a new one")),
    }
    let request = Request::from_parts(parts, Body::from(bytes));
    // The work goes on when the client goes away: it comes back with its key and hears what came of it.
    let work = tokio::spawn(async move {
        let response = next.run(request).await;
        finished(&desk, &key, response).await
    });
    work.await.map_err(|_| Problem::internal("the studio could not answer; its log says why"))
}

/// Keeps the answer, or gives the key back when nothing was done.
async fn finished(desk: &Desk, key: &IdempotencyKey, response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, LARGEST_ANSWER).await.map(|bytes| bytes.to_vec());
    let kept = match &bytes {
        Ok(bytes) if !parts.status.is_server_error() => {
            let headers: BTreeMap<String, String> =
                KEPT.iter().filter_map(|&name| Some((name.to_owned(), parts.headers.get(name)?.to_str().ok()?.to_owned()))).collect();
            desk.studio.store.keep_answer(key, &KeptAnswer { status: parts.status.as_u16(), headers, body: bytes.clone() }).await
        }
        _ => desk.studio.store.release_key(key).await,
    };
    if let Err(error) = kept {
        // The edit is made in any case; a request that is sent again hears that its key is in use.
        tracing::warn!(error = %error, "idempotency.not_kept");
    }
    match bytes {
        Ok(bytes) => Response::from_parts(parts, Body::from(bytes)),
        Err(_) => Problem::internal("the answer is too large").into_response(),
    }
}

fn again(answer: KeptAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = (status, answer.body).into_response();
    let fields = response.headers_mut();
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            fields.insert(name, value);
        }
    }
    fields.insert("idempotency-replayed", HeaderValue::from_static("true"));
    response
}

/// Of several texts, so that no two lists of texts have the same.
fn digest<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Digest {
    let mut text = Vec::new();
    for part in parts {
        text.extend_from_slice(&(part.len() as u64).to_le_bytes());
        text.extend_from_slice(part);
    }
    Digest::of(&text)
}
