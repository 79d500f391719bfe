//! Entity tags: what an edit was made against (`If-Match`), and what a reader has already (`If-None-Match`).

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{self, HeaderName};
use axum::http::request::Parts;
use bible::Digest;
use serde::Deserialize;
use studio::bible_edit::Precondition;
use utoipa::IntoParams;

use crate::problem::{FieldProblem, Problem};

/// A tag as the header has it.
pub(crate) fn entity_tag(tag: Digest) -> String {
    format!("\"{tag}\"")
}

/// Every value of a list field, joined.
fn joined(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// What an edit was made against; without it, no edit.
#[derive(Debug, Clone)]
pub(crate) struct IfMatch {
    tags: Vec<String>,
}

impl IfMatch {
    /// For a resource whose tags are digests of its state.
    pub(crate) fn precondition(&self) -> Precondition {
        if self.tags.iter().any(|tag| tag == "*") {
            return Precondition::Exists;
        }
        // A tag that is no digest is none of ours, and matches nothing.
        Precondition::Seen(self.tags.iter().filter_map(|tag| tag.trim_matches('"').parse().ok()).collect())
    }

    /// Whether a tag is among those that the client saw.
    pub(crate) fn holds(&self, tag: &str) -> bool {
        self.tags.iter().any(|seen| seen == "*" || seen == tag)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(sent) = joined(&parts.headers, header::IF_MATCH) else {
            let fix = "send the `ETag` of what you read, so that nobody's edit is lost".to_owned();
            let wrong = FieldProblem::in_header("If-Match", "`If-Match` is missing", Some(fix));
            return Err(Problem::precondition_required("").with([wrong]));
        };
        let tags: Vec<String> = sent.split(',').map(|tag| tag.trim().to_owned()).collect();
        let formed = |tag: &String| tag == "*" || (tag.len() > 1 && tag.trim_start_matches("W/").starts_with('"') && tag.ends_with('"'));
        if let Some(wrong) = tags.iter().find(|tag| !formed(tag)) {
            let wrong =
                FieldProblem::in_header("If-Match", format!("{wrong} is no entity tag"), Some("send `ETag` as you read it".to_owned()));
            return Err(Problem::invalid_request("").with([wrong]));
        }
        // A weak tag never says that two states are the same (RFC 9110, 13.1.1).
        Ok(Self { tags: tags.into_iter().filter(|tag| !tag.starts_with("W/")).collect() })
    }
}

/// What a reader has already.
#[derive(Debug, Clone, Default)]
pub(crate) struct IfNoneMatch(Option<String>);

impl IfNoneMatch {
    /// Whether the reader has the state of a tag.
    pub(crate) fn has(&self, tag: &str) -> bool {
        self.0
            .as_deref()
            .is_some_and(|sent| sent.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == "*" || one == tag))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(joined(&parts.headers, header::IF_NONE_MATCH)))
    }
}

/// For the document: the header of an edit.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes a header field that another type reads")]
pub(crate) struct IfMatchHeader {
    /// The `ETag` of what the edit was made against; `*` for whatever is there.
    #[param(rename = "If-Match", example = "\"4f1c…\"")]
    #[serde(rename = "If-Match")]
    if_match: String,
}

/// For the document: the header of a read.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes a header field that another type reads")]
pub(crate) struct IfNoneMatchHeader {
    /// The `ETag` of what the reader has; 304 when it is still that.
    #[param(rename = "If-None-Match")]
    #[serde(rename = "If-None-Match")]
    if_none_match: Option<String>,
}
