//! The watch page and its files, built into the program.

use axum::Router;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

use crate::problem::Problem;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/assets"]
struct Assets;

pub(crate) fn router() -> Router {
    Router::new()
        .route("/", get(|| async { asset("index.html") }))
        .route("/assets/{name}", get(|Path(name): Path<String>| async move { asset(&name) }))
}

fn asset(name: &str) -> Response {
    match Assets::get(name) {
        Some(file) => {
            let kind = file.metadata.mimetype().to_owned();
            // The page may change with the next version of the program under the same name.
            ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache".to_owned())], file.data.into_owned()).into_response()
        }
        None => Problem::not_found("there is no such file").into_response(),
    }
}
