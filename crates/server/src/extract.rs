//! What handlers take from a request. Whatever cannot be taken is a problem with its place, never plain text.

use std::fmt;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use futures::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::problem::{FieldProblem, Problem};

/// Bytes that a body may have.
pub(crate) const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// Bytes beyond the limit that are read and thrown away, so that the client is there to hear why.
const THROWN_AWAY: usize = 64 * 1024 * 1024;

/// Parameters of the path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        use axum::extract::path::ErrorKind;
        use axum::extract::rejection::PathRejection;
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => Err(match error.into_kind() {
                ErrorKind::ParseErrorAtKey { key, value, expected_type } => {
                    Problem::parameter(&key, format!("{value:?} is no {expected_type}"))
                }
                ErrorKind::DeserializeError { key, message, .. } => Problem::parameter(&key, message),
                kind => Problem::invalid_request(kind.to_string()),
            }),
            Err(error) => Err(Problem::invalid_request(error.body_text())),
        }
    }
}

/// Parameters of the query. That none is unknown is checked for all of an endpoint's at once: see [`crate::guard`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match axum::extract::Query::<T>::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(error) => {
                let text = error.body_text();
                let text = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
                // The place comes first: `limit: invalid digit found in string`.
                match text.split_once(": ") {
                    Some((name, wrong)) if name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') => {
                        Err(Problem::parameter(name, format!("`{name}` cannot be read: {wrong}")))
                    }
                    _ => Err(Problem::invalid_request(text)),
                }
            }
        }
    }
}

/// A body in JSON of a type.
#[derive(Debug, Clone)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        only_of(request.headers(), &["application/json"])?;
        parsed(&whole(request).await?).map(Self)
    }
}

/// A JSON Merge Patch (RFC 7396).
#[derive(Debug, Clone)]
pub(crate) struct MergePatch(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for MergePatch {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        only_of(request.headers(), &["application/merge-patch+json"])?;
        let patch: Value = parsed(&whole(request).await?)?;
        if patch.is_object() {
            return Ok(Self(patch));
        }
        let fix = "write an object with the fields that change, and null for those that go".to_owned();
        let wrong = FieldProblem::in_body("", "a merge patch that is no object would replace everything", Some(fix));
        Err(Problem::invalid_content("").with([wrong]))
    }
}

/// A JSON Merge Patch (RFC 7396) of a resource whose few fields a type names.
#[derive(Debug, Clone)]
pub(crate) struct PatchOf<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for PatchOf<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        only_of(request.headers(), &["application/merge-patch+json"])?;
        parsed(&whole(request).await?).map(Self)
    }
}

/// A body in plain text.
#[derive(Debug, Clone)]
pub(crate) struct Text(pub(crate) String);

impl<S: Send + Sync> FromRequest<S> for Text {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        only_of(request.headers(), &["text/plain"])?;
        let bytes = whole(request).await?;
        String::from_utf8(bytes).map(Self).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Problem::invalid_request(format!("the text is not UTF-8: byte {at} is not"))
        })
    }
}

/// A body that is a picture; what is in it is not looked at yet.
#[derive(Debug, Clone)]
pub(crate) struct PictureBody(pub(crate) Vec<u8>);

impl<S: Send + Sync> FromRequest<S> for PictureBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        only_of(request.headers(), &["image/png", "image/jpeg"])?;
        whole(request).await.map(Self)
    }
}

/// Refuses bodies of another media type.
fn only_of(headers: &HeaderMap, known: &[&str]) -> Result<(), Problem> {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let mut parts = sent.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let charset = parts.find_map(|part| part.to_ascii_lowercase().strip_prefix("charset=").map(|name| name.trim_matches('"').to_owned()));
    if known.contains(&essence.as_str()) && charset.is_none_or(|name| name == "utf-8") {
        return Ok(());
    }
    let detail = format!("send it as {}{}", known.join(" or "), if sent.is_empty() { String::new() } else { format!(", not as {sent}") });
    Err(Problem { allowed: known.iter().map(|&kind| kind.to_owned()).collect(), ..Problem::unsupported_media_type(detail) })
}

/// The whole body, when it is not too large.
pub(crate) async fn whole(request: Request) -> Result<Vec<u8>, Problem> {
    collected(request.into_body()).await
}

/// As [`whole`], of a body alone.
pub(crate) async fn collected(body: Body) -> Result<Vec<u8>, Problem> {
    let mut stream = body.into_data_stream();
    let (mut bytes, mut over) = (Vec::new(), 0);
    while let Some(part) = stream.next().await {
        let part = part.map_err(|_| Problem::invalid_request("the body ended too early"))?;
        if over == 0 && bytes.len() + part.len() <= LARGEST_BODY {
            bytes.extend_from_slice(&part);
        } else {
            over += part.len();
            if over > THROWN_AWAY {
                break;
            }
        }
    }
    if over > 0 {
        return Err(Problem::too_large(format!("a body may have {LARGEST_BODY} bytes (4 MiB)")));
    }
    Ok(bytes)
}

fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer(error.path());
        rejected(&pointer, error.inner())
    })?;
    reader.end().map_err(|error| rejected("", &error))?;
    Ok(value)
}

fn rejected(at: &str, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    if !error.is_data() {
        return Problem::malformed_json(text);
    }
    // The place in the text says less than the pointer.
    let text = text.split_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let named = |prefix: &str| text.strip_prefix(prefix).and_then(|rest| rest.split('`').next());
    let wrong = if let Some(field) = named("unknown field `") {
        let known: Vec<&str> = text.split_once(", expected ").map_or("", |(_, list)| list).split('`').skip(1).step_by(2).collect();
        let fix = match bible::source::nearest(field, known.iter().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("the fields are {}", listed(&known)),
        };
        let at = if at.ends_with(&format!("/{field}")) { at.to_owned() } else { format!("{at}/{field}") };
        FieldProblem::in_body(at, format!("there is no field `{field}` here"), Some(fix))
    } else if let Some(field) = named("missing field `") {
        FieldProblem::in_body(format!("{at}/{field}"), format!("`{field}` is missing"), Some(format!("add `{field}`")))
    } else {
        match text.split_once(": ") {
            Some((problem, fix)) if !problem.starts_with("invalid ") => FieldProblem::in_body(at, problem, Some(fix.to_owned())),
            _ => FieldProblem::in_body(at, text, None),
        }
    };
    Problem::invalid_content("").with([wrong])
}

fn listed(names: &[&str]) -> impl fmt::Display {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}
