//! Errors as the client sees them: RFC 9457 problem details with a stable `type`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bible::Digest;
use serde::Serialize;
use serde_json::Value;
use studio::bible_edit::Violation;
use utoipa::ToSchema;

/// A problem, as `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "urn:echo-studio:problem:not-found",
    "title": "Not found",
    "status": 404,
    "detail": "there is no episode S02E01 in this project"
}))]
pub(crate) struct Problem {
    /// Names the kind of problem; never changes for a kind.
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    /// The kind in words.
    pub(crate) title: &'static str,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What was wrong this time, and what would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
    /// Each thing that was wrong, and where.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<FieldProblem>,
    /// With `stale`: what the resource is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Value)]
    pub(crate) current: Option<Value>,
    /// With `stale`: the entity tag to send with the next edit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) etag: Option<String>,
    /// With `method-not-allowed`: the methods that the path answers to. With `unsupported-media-type`: the media types.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) allowed: Vec<String>,
    /// With `merge-conflict`: the places that cannot both be right.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) conflicts: Vec<ConflictView>,
    /// With `merge-conflict`: where the branch is, to be sent as `expected_head` with the choices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) head: Option<String>,
}

/// A place where two sides of a merge cannot both be right.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "path": "characters.mei.age", "document": "characters/mei", "pointer": "/age", "kind": "edit_edit", "base": 15, "ours": 16, "theirs": 17
}))]
pub(crate) struct ConflictView {
    /// Its name in `resolutions`.
    pub(crate) path: String,
    /// In which document.
    pub(crate) document: String,
    /// Where in it, as a JSON pointer (RFC 6901); empty for the whole, or for lines of a text.
    pub(crate) pointer: String,
    /// edit_edit, edit_delete, add_add, order, lines or whole.
    pub(crate) kind: String,
    /// The value that both came from; null where there was none.
    #[schema(value_type = Value)]
    pub(crate) base: Value,
    /// The value of the branch; null where it has none.
    #[schema(value_type = Value)]
    pub(crate) ours: Value,
    /// The value that is merged; null where there is none.
    #[schema(value_type = Value)]
    pub(crate) theirs: Value,
}

/// One thing that was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
#[schema(example = json!({ "pointer": "/visual_traits/heigth_cm", "detail": "there is no field `heigth_cm` here", "fix": "did you mean `height_cm`?" }))]
pub(crate) struct FieldProblem {
    /// Where in the body, or in `document` when that is given, as a JSON pointer (RFC 6901); empty for the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pointer: Option<String>,
    /// Which parameter of the path or the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameter: Option<String>,
    /// Which field of the header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) header: Option<String>,
    /// In which other document of the bible.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "characters/kit")]
    pub(crate) document: Option<String>,
    /// Which line of a screenplay, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u32>,
    /// What is wrong.
    pub(crate) detail: String,
    /// What would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fix: Option<String>,
}

impl FieldProblem {
    /// Something wrong in the body.
    pub(crate) fn in_body(pointer: impl Into<String>, detail: impl Into<String>, fix: Option<String>) -> Self {
        Self { pointer: Some(pointer.into()), detail: detail.into(), fix, ..Self::default() }
    }

    /// Something wrong with a parameter.
    pub(crate) fn in_parameter(name: impl Into<String>, detail: impl Into<String>, fix: Option<String>) -> Self {
        Self { parameter: Some(name.into()), detail: detail.into(), fix, ..Self::default() }
    }

    /// Something wrong with a field of the header.
    pub(crate) fn in_header(name: impl Into<String>, detail: impl Into<String>, fix: Option<String>) -> Self {
        Self { header: Some(name.into()), detail: detail.into(), fix, ..Self::default() }
    }

    fn sentence(&self) -> String {
        match &self.fix {
            Some(fix) => format!("{}: {fix}", self.detail),
            None => self.detail.clone(),
        }
    }
}

impl From<Violation> for FieldProblem {
    fn from(violation: Violation) -> Self {
        Self {
            pointer: Some(violation.pointer),
            document: violation.document,
            line: violation.line,
            detail: violation.problem,
            fix: Some(violation.fix).filter(|fix| !fix.is_empty()),
            ..Self::default()
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $slug:literal, $title:literal, $status:ident;)+) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub(crate) fn $name(detail: impl Into<String>) -> Self {
                Self {
                    kind: concat!("urn:echo-studio:problem:", $slug),
                    title: $title,
                    status: StatusCode::$status.as_u16(),
                    detail: Some(detail.into()),
                    errors: Vec::new(),
                    current: None,
                    etag: None,
                    allowed: Vec::new(),
                    conflicts: Vec::new(),
                    head: None,
                }
            }
        )+

        /// Every kind: its `type`, its title and its status.
        pub(crate) const KINDS: &'static [(&'static str, &'static str, StatusCode)] =
            &[$((concat!("urn:echo-studio:problem:", $slug), $title, StatusCode::$status)),+];
    };
}

impl Problem {
    kinds! {
        /// A path, query or header does not have the right form.
        invalid_request = "invalid-request", "Invalid request", BAD_REQUEST;
        /// The body is no JSON.
        malformed_json = "malformed-json", "Malformed JSON", BAD_REQUEST;
        /// The request comes from a page of another origin.
        foreign_origin = "foreign-origin", "Foreign origin", FORBIDDEN;
        /// There is no such thing, or you may not know of it.
        not_found = "not-found", "Not found", NOT_FOUND;
        /// There is no such branch, tag or commit.
        unknown_version = "unknown-version", "Unknown version", NOT_FOUND;
        /// The project has no bible yet.
        no_bible = "no-bible", "No bible yet", NOT_FOUND;
        /// The path exists, but not with this method.
        method_not_allowed = "method-not-allowed", "Method not allowed", METHOD_NOT_ALLOWED;
        /// There is something of this name already.
        taken = "taken", "Taken", CONFLICT;
        /// Others refer to what was to be taken away.
        in_use = "in-use", "In use", CONFLICT;
        /// Work would be lost.
        needs_force = "needs-force", "Needs force", CONFLICT;
        /// Both sides of a merge gave places another value.
        merge_conflict = "merge-conflict", "Merge conflict", CONFLICT;
        /// Other edits came first, again and again.
        branch_moved = "branch-moved", "Branch moved", CONFLICT;
        /// A request with the same key is being worked on, or was cut off.
        key_in_use = "idempotency-key-in-use", "Idempotency key in use", CONFLICT;
        /// The bible of this version has errors, so that this cannot be answered.
        unsound_bible = "unsound-bible", "Unsound bible", CONFLICT;
        /// The resource is not what it was when the client read it.
        stale = "stale", "Stale", PRECONDITION_FAILED;
        /// The body is larger than what is read.
        too_large = "too-large", "Too large", PAYLOAD_TOO_LARGE;
        /// The body has another media type than what is understood.
        unsupported_media_type = "unsupported-media-type", "Unsupported media type", UNSUPPORTED_MEDIA_TYPE;
        /// The part of the file that was asked for lies outside of it.
        range_not_satisfiable = "range-not-satisfiable", "Range not satisfiable", RANGE_NOT_SATISFIABLE;
        /// What was sent is understood and is not right.
        invalid_content = "invalid-content", "Invalid content", UNPROCESSABLE_ENTITY;
        /// The key was used for another request.
        key_reused = "idempotency-key-reused", "Idempotency key reused", UNPROCESSABLE_ENTITY;
        /// An edit must say what it was made against.
        precondition_required = "precondition-required", "Precondition required", PRECONDITION_REQUIRED;
        /// Something that the studio needs does not answer; trying again may help.
        unavailable = "unavailable", "Unavailable", SERVICE_UNAVAILABLE;
        /// A fault of the studio's own; the log has the details.
        internal = "internal", "Internal error", INTERNAL_SERVER_ERROR;
    }

    /// The same with what was wrong and where; the first of it is the detail.
    #[must_use]
    pub(crate) fn with(self, errors: impl IntoIterator<Item = FieldProblem>) -> Self {
        let errors: Vec<FieldProblem> = errors.into_iter().collect();
        let first = errors.first().map(FieldProblem::sentence);
        let detail = match (self.detail, first) {
            (Some(detail), first) if detail.is_empty() => first,
            (detail, _) => detail,
        };
        Self { detail, errors, ..self }
    }

    /// What is wrong with a parameter.
    #[must_use]
    pub(crate) fn parameter(name: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self::invalid_request("").with([FieldProblem::in_parameter(name, detail, None)])
    }

    /// The state that an edit would have to be made against.
    #[must_use]
    pub(crate) fn stale_against(detail: impl Into<String>, tag: Digest, current: Value) -> Self {
        Self { current: Some(current), etag: Some(crate::condition::entity_tag(tag)), ..Self::stale(detail) }
    }

    /// A fault whose cause goes to the log and not to the client.
    #[must_use]
    pub(crate) fn fault(error: &(dyn std::error::Error + 'static), retryable: bool) -> Self {
        let mut chain = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            chain.push_str(": ");
            chain.push_str(&error.to_string());
            cause = error.source();
        }
        tracing::error!(error = chain, "request.failed");
        if retryable {
            Self::unavailable("the studio's store does not answer at the moment; try again shortly")
        } else {
            Self::internal("the studio could not answer; its log says why")
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let tag = self.etag.as_deref().and_then(|tag| HeaderValue::from_str(tag).ok());
        let allowed = HeaderValue::from_str(&self.allowed.join(", ")).ok().filter(|_| !self.allowed.is_empty());
        let mut response = (status, Json(self)).into_response();
        let fields = response.headers_mut();
        fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(tag) = tag {
            fields.insert(header::ETAG, tag);
        }
        match (status, allowed) {
            (StatusCode::METHOD_NOT_ALLOWED, Some(allowed)) => drop(fields.insert(header::ALLOW, allowed)),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, Some(allowed)) => drop(fields.insert(header::ACCEPT, allowed)),
            _ => {}
        }
        response
    }
}
