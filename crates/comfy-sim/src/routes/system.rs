//! What the server is and has.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::Shared;
use crate::Version;
use crate::nodes::{CLASSES, FILES, class as find};

/// What a small graphics card would have, in bytes.
const MEMORY: u64 = 8 << 30;

pub(super) async fn stats(State(house): Shared) -> Json<Value> {
    let version = match house.options.version {
        Version::V0_3 => "0.3.64",
        Version::V0_33 => "0.33.0",
    };
    Json(json!({
        "system": {"os": "linux", "ram_total": MEMORY, "ram_free": MEMORY / 2, "comfyui_version": version,
            "required_frontend_version": "", "python_version": "", "pytorch_version": "", "embedded_python": false,
            "argv": ["comfy-sim"]},
        "devices": [{"name": "stand-in", "type": "cpu", "index": null, "vram_total": MEMORY, "vram_free": MEMORY / 2,
            "torch_vram_total": MEMORY, "torch_vram_free": MEMORY / 2}],
    }))
}

pub(super) async fn classes(State(house): Shared) -> Json<Map<String, Value>> {
    Json(CLASSES.iter().map(|class| (class.name.to_owned(), (class.describe)(&house))).collect())
}

pub(super) async fn class(State(house): Shared, Path(name): Path<String>) -> Json<Value> {
    Json(find(&name).map_or_else(|| json!({}), |class| json!({name: (class.describe)(&house)})))
}

pub(super) async fn model_folders() -> Json<Value> {
    let films = FILES.iter().map(|(folder, _)| *folder);
    Json(["checkpoints", "loras"].into_iter().chain(films).collect())
}

pub(super) async fn models(State(house): Shared, Path(folder): Path<String>) -> Response {
    match folder.as_str() {
        "checkpoints" => Json(house.options.checkpoints.clone()).into_response(),
        "loras" => Json(house.options.loras.clone()).into_response(),
        folder => FILES
            .iter()
            .find(|(name, _)| *name == folder)
            .map_or_else(|| StatusCode::NOT_FOUND.into_response(), |(_, files)| Json(files).into_response()),
    }
}

pub(super) async fn features() -> Json<Value> {
    Json(json!({"supports_preview_metadata": true, "max_upload_size": 104_857_600}))
}
