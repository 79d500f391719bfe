//! `/upload/image` and `/view`.

use std::fs;

use axum::Json;
use axum::extract::{Multipart, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::{Shared, broken};
use crate::folders::Folder;

pub(super) async fn upload(State(house): Shared, mut form: Multipart) -> Response {
    let (mut image, mut folder, mut subfolder, mut overwrite) = (None, Folder::Input, String::new(), false);
    loop {
        let field = match form.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => break,
            Err(error) => return too_large(error.status(), house.options.largest_request),
        };
        let (name, filename) = (field.name().unwrap_or_default().to_owned(), field.file_name().map(str::to_owned));
        let content: Bytes = match field.bytes().await {
            Ok(content) => content,
            Err(error) => return too_large(error.status(), house.options.largest_request),
        };
        let text = || String::from_utf8_lossy(&content).into_owned();
        match name.as_str() {
            "image" => image = filename.map(|filename| (filename, content)),
            "type" => folder = Folder::parse(&text()).unwrap_or(Folder::Input),
            "subfolder" => subfolder = text(),
            "overwrite" => overwrite = matches!(text().as_str(), "true" | "1"),
            _ => {}
        }
    }
    let Some((filename, content)) = image else { return StatusCode::BAD_REQUEST.into_response() };
    let Some(path) = house.folders.inside(folder, &subfolder) else { return StatusCode::BAD_REQUEST.into_response() };
    let filename = filename.replace('/', "%2F");
    let (stem, extension) = filename.rsplit_once('.').map_or((filename.as_str(), String::new()), |(stem, rest)| (stem, format!(".{rest}")));
    let mut name = filename.clone();
    let mut copy = 1;
    // The same bytes keep their name; others get another one.
    while !overwrite && fs::read(path.join(&name)).is_ok_and(|there| there != content) {
        name = format!("{stem} ({copy}){extension}");
        copy += 1;
    }
    let written = fs::create_dir_all(&path).and_then(|()| fs::write(path.join(&name), &content));
    match written {
        Ok(()) => Json(json!({"name": name, "subfolder": subfolder, "type": folder.name()})).into_response(),
        Err(_) => broken(),
    }
}

fn too_large(status: StatusCode, limit: usize) -> Response {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return (status, format!("Maximum request body size {limit} exceeded.")).into_response();
    }
    StatusCode::BAD_REQUEST.into_response()
}

#[derive(Deserialize)]
pub(super) struct View {
    filename: Option<String>,
    #[serde(default)]
    subfolder: String,
    #[serde(rename = "type")]
    folder: Option<String>,
}

pub(super) async fn view(State(house): Shared, Query(view): Query<View>) -> Response {
    let Some(filename) = view.filename else { return StatusCode::NOT_FOUND.into_response() };
    let Some(folder) = Folder::parse(view.folder.as_deref().unwrap_or("output")) else { return StatusCode::BAD_REQUEST.into_response() };
    if filename.starts_with('/') || filename.contains("..") {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let Some(path) = house.folders.inside(folder, &view.subfolder) else { return StatusCode::FORBIDDEN.into_response() };
    let kind = match filename.rsplit_once('.') {
        Some((_, "png")) => "image/png",
        Some((_, "jpg" | "jpeg")) => "image/jpeg",
        _ => "application/octet-stream",
    };
    match fs::read(path.join(filename)) {
        Ok(content) => ([(header::CONTENT_TYPE, kind)], content).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
