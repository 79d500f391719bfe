//! What no endpoint sees: requests under a foreign name, edits from a foreign page, parameters that nobody knows.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::problem::{FieldProblem, Problem};

/// The authority that a request names, `127.0.0.1:8328`.
fn authority(request: &Request) -> Option<&str> {
    request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).or_else(|| request.uri().authority().map(|host| host.as_str()))
}

/// Refuses requests under a foreign name, so that a page elsewhere cannot point its own name at this machine
/// (DNS rebinding).
pub(crate) async fn only_own_host(request: Request, next: Next) -> Response {
    let name =
        authority(&request).map(|host| host.rsplit_once(':').map_or(host, |(name, port)| if port.ends_with(']') { host } else { name }));
    match name {
        Some("localhost" | "127.0.0.1" | "[::1]") => next.run(request).await,
        _ => Problem::invalid_request("this studio answers to localhost and 127.0.0.1 only").into_response(),
    }
}

/// Refuses edits that a page of another origin makes a browser send. Programs that are no browser send neither field.
pub(crate) async fn only_own_pages(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || comes_from_here(request.headers(), authority(&request)) {
        return next.run(request).await;
    }
    Problem::foreign_origin("a page of another origin may read nothing here and change nothing here").into_response()
}

fn comes_from_here(headers: &HeaderMap, host: Option<&str>) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    // The port belongs to the origin: a page of another program on this machine is foreign.
    let origin = text("origin").is_none_or(|origin| host.is_some_and(|host| origin.strip_prefix("http://") == Some(host)));
    site && origin
}

/// The parameters that each endpoint knows, as its document says.
#[derive(Debug, Clone)]
pub(crate) struct KnownParameters(Arc<HashMap<(Method, String), Vec<String>>>);

impl KnownParameters {
    /// Of an OpenAPI document.
    pub(crate) fn of(document: &Value) -> Self {
        let mut known = HashMap::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let Ok(method) = method.to_ascii_uppercase().parse::<Method>() else { continue };
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let names = parameters.filter(|parameter| parameter["in"] == "query").filter_map(|parameter| parameter["name"].as_str());
                known.insert((method, path.clone()), names.map(str::to_owned).collect());
            }
        }
        Self(Arc::new(known))
    }
}

/// Refuses parameters of the query that the endpoint does not know: one that is ignored is one that is misspelt.
pub(crate) async fn only_known_parameters(State(known): State<KnownParameters>, request: Request, next: Next) -> Response {
    let method = if request.method() == Method::HEAD { Method::GET } else { request.method().clone() };
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let Some(names) = path.and_then(|path| known.0.get(&(method, path))) else { return next.run(request).await };
    let sent = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(request.uri());
    let Ok(axum::extract::Query(sent)) = sent else {
        return Problem::invalid_request("the query cannot be read").into_response();
    };
    let unknown = sent.iter().map(|(name, _)| name).filter(|name| !names.contains(name));
    let errors: Vec<FieldProblem> = unknown
        .map(|name| {
            let fix = match bible::source::nearest(name, names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None if names.is_empty() => "there are none here".to_owned(),
                None => format!("there are {}", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
            };
            FieldProblem::in_parameter(name, format!("there is no parameter `{name}`"), Some(fix))
        })
        .collect();
    if errors.is_empty() { next.run(request).await } else { Problem::invalid_request("").with(errors).into_response() }
}

/// Says in a problem which methods a path answers to.
pub(crate) async fn named_methods(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let response = next.run(request).await;
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    let allowed = response.headers().get(header::ALLOW).and_then(|allow| allow.to_str().ok()).unwrap_or_default();
    let allowed: Vec<String> = allowed.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    let detail = format!("this path does not answer to {method}, but to {}", allowed.join(", "));
    Problem { allowed, ..Problem::method_not_allowed(detail) }.into_response()
}
