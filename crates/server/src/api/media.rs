//! Pictures, clips and films, whole or in part.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bible::Digest;
use serde::Deserialize;
use store::BlobError;
use utoipa::IntoParams;

use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// Types that a blob may be shown as; anything else is only for saving.
const SHOWN: [&str; 10] = [
    "image/png",
    "image/jpeg",
    "image/webp",
    "video/mp4",
    "audio/wav",
    "text/vtt",
    "text/html",
    "application/json",
    "application/x-subrip",
    "text/x-ssa",
];

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Shown {
    /// The media type that the link gives; other types are sent as a file to save.
    r#type: Option<String>,
}

fn fault(error: &BlobError) -> Problem {
    match error {
        BlobError::Missing { .. } => Problem::not_found("there is no such picture or film"),
        error => Problem::fault(error, error.retryable()),
    }
}

/// A picture, clip or film by the digest of its bytes. Answers to ranges, so that players can jump.
#[utoipa::path(get, path = "/api/anime/media/{digest}",
    params(("digest" = String, Path, description = "BLAKE3 of the bytes, 64 hex digits"), Shown),
    responses(
        (status = 200, description = "All bytes", content_type = "application/octet-stream"),
        (status = 206, description = "The bytes that were asked for", content_type = "application/octet-stream"),
        (status = 304, description = "The client has them"),
        (status = 404, description = "There is nothing of this digest", body = Problem, content_type = "application/problem+json"),
        (status = 416, description = "The range lies outside", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn media(
    State(desk): State<Desk>,
    Path(digest): Path<String>,
    Query(shown): Query<Shown>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let digest: Digest = digest.parse().map_err(|_| Problem::invalid_request("a digest is 64 hex digits"))?;
    let size = desk.studio.blobs.size(digest).await.map_err(|error| fault(&error))?;
    let size = size.ok_or_else(|| Problem::not_found("there is no such picture or film"))?;
    let tag = format!("\"{digest}\"");
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let mut response = if text(header::IF_NONE_MATCH).is_some_and(|tags| tags == "*" || tags.contains(&tag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        // A range of another version of the file would be wrong; the file of a digest has one version.
        let range = text(header::RANGE).filter(|_| text(header::IF_RANGE).is_none_or(|of| of == tag));
        sent(&desk, digest, size, range).await?
    };
    if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
        return Ok(response);
    }
    let fields = response.headers_mut();
    let kind = shown.r#type.as_deref().filter(|kind| SHOWN.contains(kind));
    fields.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_str(kind.unwrap_or("application/octet-stream")).unwrap_or(HeaderValue::from_static("application/octet-stream")),
    );
    if kind.is_none() {
        fields.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    }
    if kind == Some("text/html") {
        // A report is a page of the show's text: it may style itself and nothing else.
        fields.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"),
        );
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        fields.insert(header::ETAG, tag);
    }
    fields.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"));
    Ok(response)
}

async fn sent(desk: &Desk, digest: Digest, size: u64, range: Option<&str>) -> Result<Response, Problem> {
    // What is no range is ignored (RFC 9110, 14.2); of several, the first is sent, which is allowed.
    let parsed = range.and_then(|text| http_range_header::parse_range_header(text).ok());
    let (status, part) = match parsed.map(|ranges| ranges.validate(size)) {
        None => (StatusCode::OK, 0..size),
        Some(Ok(ranges)) => match ranges.first() {
            Some(range) => (StatusCode::PARTIAL_CONTENT, *range.start()..*range.end() + 1),
            None => (StatusCode::OK, 0..size),
        },
        Some(Err(_)) => {
            let mut response = Problem::range_not_satisfiable(format!("the file has {size} bytes")).into_response();
            if let Ok(value) = HeaderValue::from_str(&format!("bytes */{size}")) {
                response.headers_mut().insert(header::CONTENT_RANGE, value);
            }
            return Ok(response);
        }
    };
    let length = part.end - part.start;
    let content_range = format!("bytes {}-{}/{size}", part.start, part.end.saturating_sub(1));
    let body = Body::from_stream(desk.studio.blobs.stream(digest, part).await.map_err(|error| fault(&error))?);
    let mut response = (status, [(header::CONTENT_LENGTH, length.to_string())], body).into_response();
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(value) = HeaderValue::from_str(&content_range)
    {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    Ok(response)
}
