//! What the server is and has.

use std::io::Read as _;
use std::path::{Component, Path as FilePath};

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
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

#[derive(Deserialize)]
pub(super) struct File {
    filename: Option<String>,
}

/// What the maker of a model file wrote into it; 404 where there is nothing to tell, whatever the reason.
pub(super) async fn metadata(State(house): Shared, Path(folder): Path<String>, Query(file): Query<File>) -> Response {
    let plain = |path: &str| FilePath::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    let name = file.filename.filter(|name| name.ends_with(".safetensors") && plain(name) && plain(&folder));
    let path = house.options.models.as_ref().zip(name).map(|(models, name)| models.join(folder).join(name));
    match path.and_then(|path| written(&path)) {
        Some(metadata) => Json(metadata).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The real server reads no header that is longer.
const LARGEST_HEADER: u64 = 1 << 20;

fn written(path: &FilePath) -> Option<Value> {
    let mut file = std::fs::File::open(path).ok()?;
    let mut length = [0; 8];
    file.read_exact(&mut length).ok()?;
    let length = u64::from_le_bytes(length);
    let mut header = Vec::new();
    file.take(length.min(LARGEST_HEADER + 1))
        .read_to_end(&mut header)
        .ok()
        .filter(|read| *read as u64 == length && length <= LARGEST_HEADER)?;
    serde_json::from_slice::<Value>(&header).ok()?.get("__metadata__").cloned()
}

pub(super) async fn features() -> Json<Value> {
    Json(json!({"supports_preview_metadata": true, "max_upload_size": 104_857_600}))
}
