//! The studio over HTTP: a JSON API under `/api/anime`, media, a stream of events, and the watch page.
//!
//! It reads what `studio` keeps and changes nothing. It may not know how pictures are drawn or measured.
//! Until there is sign-in it listens on loopback only.
//!
//! ```
//! let error = server::only_loopback("0.0.0.0:8328".parse()?).unwrap_err();
//! assert!(error.to_string().contains("loopback"));
//! assert!(server::only_loopback("127.0.0.1:8328".parse()?).is_ok());
//! # Ok::<(), std::net::AddrParseError>(())
//! ```

mod api;
mod desk;
mod page;
mod problem;

use std::net::SocketAddr;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use studio::Studio;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;

pub use api::openapi;
use desk::Desk;
use problem::Problem;

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address can be reached from elsewhere.
    #[error("{address} can be reached from other machines, and there is no sign-in yet: listen on loopback, such as 127.0.0.1:{}", address.port())]
    NotLoopback {
        /// Which.
        address: SocketAddr,
    },
    /// The address is taken or not ours.
    #[error("cannot listen at {address}; choose another address with --listen")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The connection to the network broke.
    #[error("the server ended")]
    Serve(#[source] std::io::Error),
}

/// Refuses addresses that other machines can reach.
///
/// # Errors
/// [`ServerError::NotLoopback`].
pub const fn only_loopback(address: SocketAddr) -> Result<SocketAddr, ServerError> {
    if address.ip().is_loopback() { Ok(address) } else { Err(ServerError::NotLoopback { address }) }
}

/// Listens at an address.
///
/// # Errors
/// [`ServerError::NotLoopback`] or [`ServerError::Bind`].
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ServerError> {
    let address = only_loopback(address)?;
    TcpListener::bind(address).await.map_err(|source| ServerError::Bind { address, source })
}

/// Serves until `cancel`.
///
/// # Errors
/// [`ServerError::Serve`].
pub async fn serve(listener: TcpListener, studio: Studio, cancel: CancellationToken) -> Result<(), ServerError> {
    let app = router(studio, cancel.clone());
    axum::serve(listener, app).with_graceful_shutdown(cancel.cancelled_owned()).await.map_err(ServerError::Serve)
}

/// Everything that the server answers; streams end with `cancel`.
pub fn router(studio: Studio, cancel: CancellationToken) -> Router {
    let fixed = |name: HeaderName, value: &'static str| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    api::router(Desk::new(studio, cancel))
        .merge(page::router())
        .fallback(|| async { Problem::not_found("there is nothing at this path; the API is described at /api/anime/openapi.json") })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed("this path answers to GET only") })
        .layer(CatchPanicLayer::new())
        .layer(fixed(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
        ))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "no-referrer"))
        .layer(axum::middleware::from_fn(only_own_host))
        .layer(TraceLayer::new_for_http())
}

/// Refuses requests under a foreign name, so that a page elsewhere cannot point its own name at this machine
/// (DNS rebinding).
async fn only_own_host(request: axum::extract::Request, next: axum::middleware::Next) -> axum::response::Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).or_else(|| request.uri().host());
    let name = host.map(|host| host.rsplit_once(':').map_or(host, |(name, port)| if port.ends_with(']') { host } else { name }));
    match name {
        Some("localhost" | "127.0.0.1" | "[::1]") => next.run(request).await,
        _ => axum::response::IntoResponse::into_response(Problem::invalid_request("this studio answers to localhost and 127.0.0.1 only")),
    }
}
