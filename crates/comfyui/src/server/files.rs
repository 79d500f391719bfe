//! Files, up and down.

use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;

use super::{Server, parse, read, refused};
use crate::error::Error;
use crate::wire::OutputFile;

/// The largest file that is fetched.
const LARGEST_FILE: usize = 4 << 30;

/// A picture for a server's input folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its name; the server gives another one when it has other bytes under this name.
    pub name: String,
    /// Its folder below the input folder; empty for the input folder itself.
    pub subfolder: String,
    /// The file's bytes.
    pub bytes: Bytes,
}

/// A picture in a server's input folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Uploaded {
    /// Its name, which may not be the one that was asked for.
    pub name: String,
    /// Its folder below the input folder.
    #[serde(default)]
    pub subfolder: String,
}

impl Uploaded {
    /// What `LoadImage.image` is set to for it.
    #[must_use]
    pub fn input(&self) -> String {
        if self.subfolder.is_empty() { self.name.clone() } else { format!("{}/{}", self.subfolder.replace('\\', "/"), self.name) }
    }
}

impl Server {
    /// Puts a picture into the server's input folder. Use the name that comes back.
    ///
    /// # Errors
    /// When the server does not take it (413: larger than `--max-upload-size`) or does not answer.
    pub async fn upload(&self, upload: Upload) -> Result<Uploaded, Error> {
        let length = upload.bytes.len() as u64;
        let part = Part::stream_with_length(upload.bytes, length).file_name(upload.name);
        let form = Form::new().text("type", "input").text("subfolder", upload.subfolder).part("image", part);
        let builder = self.post(&["upload", "image"]).timeout(self.patience.transfer).multipart(form);
        self.json("POST /upload/image", builder).await
    }

    /// Fetches a file; `None` when the server does not have it.
    ///
    /// # Errors
    /// When the server does not answer, or the file breaks off.
    pub async fn view(&self, file: &OutputFile) -> Result<Option<Bytes>, Error> {
        const REQUEST: &str = "GET /view";
        let query = [("filename", file.filename.as_str()), ("subfolder", &file.subfolder), ("type", file.folder.as_str())];
        let builder = self.get(&["view"]).timeout(self.patience.transfer).query(&query);
        let (status, body) = read(REQUEST, self.send(REQUEST, builder).await?, LARGEST_FILE).await?;
        match status {
            404 => Ok(None),
            200..300 => Ok(Some(body)),
            _ => Err(refused(REQUEST, status, &body)),
        }
    }

    /// What a safetensors file says about itself, as JSON; `None` when there is nothing.
    ///
    /// # Errors
    /// When the server does not answer, or not in its own way.
    pub async fn model_metadata(&self, folder: &str, name: &str) -> Result<Option<serde_json::Value>, Error> {
        const REQUEST: &str = "GET /view_metadata/{folder}";
        let builder = self.get(&["view_metadata", folder]).query(&[("filename", name)]);
        let (status, body) = read(REQUEST, self.send(REQUEST, builder).await?, LARGEST_FILE).await?;
        match status {
            404 => Ok(None),
            200..300 => parse(REQUEST, &body).map(Some),
            _ => Err(refused(REQUEST, status, &body)),
        }
    }
}
