//! Answers that carry a state: with its entity tag, and with the commit that it was read from or made by.

use axum::http::header::{self, HeaderName};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bible::Digest;
use bible::version::CommitId;
use serde::Serialize;
use serde_json::Value;

use crate::condition::{IfNoneMatch, entity_tag};
use crate::problem::Problem;

const COMMIT: HeaderName = HeaderName::from_static("echo-commit");

/// A state of something.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    tag: Option<String>,
    commit: Option<CommitId>,
    location: Option<String>,
    kind: &'static str,
    body: Vec<u8>,
}

impl Answer {
    /// A state in JSON. Its tag is the digest of its canonical form.
    pub(crate) fn of<T: Serialize>(state: &T) -> Result<Self, Problem> {
        let wrong = |error: serde_json::Error| Problem::fault(&error, false);
        let value = serde_json::to_value(state).map_err(wrong)?;
        let tag = entity_tag(Digest::of_json(&value).map_err(wrong)?);
        let body = serde_json::to_vec(&value).map_err(wrong)?;
        Ok(Self { status: StatusCode::OK, tag: Some(tag), commit: None, location: None, kind: "application/json", body })
    }

    /// A text. Its tag is that of the text as a JSON string.
    pub(crate) fn of_text(text: &str) -> Result<Self, Problem> {
        let tagged = Self::of(&Value::from(text))?;
        Ok(Self { kind: "text/plain; charset=utf-8", body: text.as_bytes().to_vec(), ..tagged })
    }

    /// Nothing more to say: what was asked for is done.
    pub(crate) const fn done() -> Self {
        Self { status: StatusCode::NO_CONTENT, tag: None, commit: None, location: None, kind: "", body: Vec::new() }
    }

    /// With the commit that it was read from, or that made it.
    pub(crate) fn at_commit(self, commit: Option<CommitId>) -> Self {
        Self { commit, ..self }
    }

    /// Something new, and where it is.
    pub(crate) fn created(self, location: String) -> Self {
        Self { status: StatusCode::CREATED, location: Some(location), ..self }
    }

    /// Says only that nothing is new when the reader has this state.
    pub(crate) fn unless(self, seen: &IfNoneMatch) -> Self {
        if self.tag.as_deref().is_some_and(|tag| seen.has(tag)) {
            return Self { status: StatusCode::NOT_MODIFIED, body: Vec::new(), kind: "", ..self };
        }
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        let fields = response.headers_mut();
        fields.remove(header::CONTENT_TYPE);
        let mut set = |name: HeaderName, text: &str| {
            if let Ok(value) = HeaderValue::from_str(text) {
                fields.insert(name, value);
            }
        };
        // The next edit may be a moment away, and the tag makes asking again cheap.
        set(header::CACHE_CONTROL, "no-cache");
        if !self.kind.is_empty() {
            set(header::CONTENT_TYPE, self.kind);
        }
        if let Some(tag) = &self.tag {
            set(header::ETAG, tag);
        }
        if let Some(commit) = self.commit {
            set(COMMIT, &commit.to_string());
        }
        if let Some(location) = &self.location {
            set(header::LOCATION, location);
        }
        response
    }
}
