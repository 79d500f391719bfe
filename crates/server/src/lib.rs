//! The studio over HTTP: a JSON API under `/api/anime`, media, a stream of events, and the watch page.
//!
//! It asks `studio` for everything: what is read, and every edit of a bible. It may not know how pictures are drawn or
//! measured. Until there is sign-in it listens on loopback only.
//!
//! ```
//! let error = server::only_loopback("0.0.0.0:8328".parse()?).unwrap_err();
//! assert!(error.to_string().contains("loopback"));
//! assert!(server::only_loopback("127.0.0.1:8328".parse()?).is_ok());
//! # Ok::<(), std::net::AddrParseError>(())
//! ```

mod answer;
mod api;
mod author;
mod condition;
mod desk;
mod extract;
mod failure;
mod guard;
mod idempotency;
mod page;
mod problem;

use std::net::SocketAddr;
use std::path::PathBuf;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::from_fn;
use axum::response::IntoResponse;
use bible::version::Author;
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

/// Serves until `cancel`. Edits that name no author are `author`'s.
///
/// # Errors
/// [`ServerError::Serve`].
pub async fn serve(
    listener: TcpListener,
    studio: Studio,
    author: Author,
    data: PathBuf,
    cancel: CancellationToken,
) -> Result<(), ServerError> {
    let app = router(studio, author, data, cancel.clone());
    axum::serve(listener, app).with_graceful_shutdown(cancel.cancelled_owned()).await.map_err(ServerError::Serve)
}

/// Everything that the server answers; streams end with `cancel`. `data` is the folder for locks and half-finished work.
pub fn router(studio: Studio, author: Author, data: PathBuf, cancel: CancellationToken) -> Router {
    let fixed = |name: HeaderName, value: &'static str| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    let answering = api::router(Desk::new(studio, author, data, cancel))
        .merge(page::router())
        .fallback(|| async { Problem::not_found("there is nothing at this path; the API is described at /api/anime/openapi.json") });
    // A router within: which methods a path knows is only said on the way out of the router that knows it.
    Router::new()
        .fallback_service(answering)
        .layer(from_fn(guard::named_methods))
        .layer(CatchPanicLayer::custom(|_| {
            IntoResponse::into_response(Problem::internal("the studio could not answer; its log says why"))
        }))
        .layer(from_fn(guard::only_own_pages))
        .layer(fixed(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
        ))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "no-referrer"))
        .layer(fixed(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .layer(from_fn(guard::only_own_host))
        .layer(TraceLayer::new_for_http())
}
