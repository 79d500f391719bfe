//! Errors as the client sees them: RFC 9457 problem details with a stable `type`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// A problem, as `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
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
                }
            }
        )+
    };
}

impl Problem {
    kinds! {
        /// There is no such thing, or you may not know of it.
        not_found = "not-found", "Not found", NOT_FOUND;
        /// A path, query or body does not have the right form.
        invalid_request = "invalid-request", "Invalid request", BAD_REQUEST;
        /// The part of the file that was asked for lies outside of it.
        range_not_satisfiable = "range-not-satisfiable", "Range not satisfiable", RANGE_NOT_SATISFIABLE;
        /// The path exists, but not with this method.
        method_not_allowed = "method-not-allowed", "Method not allowed", METHOD_NOT_ALLOWED;
        /// Something that the studio needs does not answer; trying again may help.
        unavailable = "unavailable", "Unavailable", SERVICE_UNAVAILABLE;
        /// A fault of the studio's own; the log has the details.
        internal = "internal", "Internal error", INTERNAL_SERVER_ERROR;
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
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}
