//! A server, over HTTP.

mod cancel;
mod files;
mod routes;
mod standing;
mod submit;

pub use cancel::Cancelling;
pub use files::{Upload, Uploaded};
pub use standing::Standing;
pub use submit::{Accepted, Found, PreviewMethod, Submission};

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::{RequestBuilder, Response, Url};
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::patience::Patience;
use crate::wire::failure::cut;

/// The largest JSON answer that is read: a long queue of large graphs.
const LARGEST_ANSWER: usize = 256 << 20;

/// A ComfyUI server. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Server {
    base: Url,
    http: reqwest::Client,
    patience: Arc<Patience>,
    /// Set once it is known that the server has no `/api/jobs` (0.3.x).
    without_jobs: Arc<AtomicBool>,
}

impl Server {
    /// A server by its address, `http://127.0.0.1:8188` or below a path of a proxy. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Address`] when it is not an HTTP address.
    pub fn new(address: &str, patience: Patience) -> Result<Self, Error> {
        let wrong = |reason: String| Error::Address { url: address.to_owned(), reason };
        let mut base = Url::parse(address).map_err(|error| wrong(error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return Err(wrong("it has to begin with http:// or https://".to_owned()));
        }
        base.set_query(None);
        base.set_fragment(None);
        // Joining replaces what is behind the last slash.
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let http = reqwest::Client::builder()
            .connect_timeout(patience.connect)
            // A graph sent twice is run twice: no request is repeated behind our back.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        Ok(Self { base, http, patience: Arc::new(patience), without_jobs: Arc::new(AtomicBool::new(false)) })
    }

    /// The address.
    #[must_use]
    pub const fn address(&self) -> &Url {
        &self.base
    }

    /// How long things may take.
    #[must_use]
    pub fn patience(&self) -> &Patience {
        &self.patience
    }

    /// The address of a route; parts are escaped.
    pub(crate) fn url(&self, parts: &[&str]) -> Url {
        let mut url = self.base.clone();
        // The base was checked to be one that has a path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(parts);
        }
        url
    }

    fn get(&self, parts: &[&str]) -> RequestBuilder {
        self.http.get(self.url(parts)).timeout(self.patience.answer)
    }

    fn post(&self, parts: &[&str]) -> RequestBuilder {
        self.http.post(self.url(parts)).timeout(self.patience.answer)
    }

    /// Sends, and gives the answer whatever its status.
    async fn send(&self, request: &'static str, builder: RequestBuilder) -> Result<Response, Error> {
        builder.send().await.map_err(|source| broken(request, source))
    }

    /// Sends, and reads an answer that has to be a success and JSON.
    async fn json<T: DeserializeOwned>(&self, request: &'static str, builder: RequestBuilder) -> Result<T, Error> {
        let response = self.send(request, builder).await?;
        let (status, body) = read(request, response, LARGEST_ANSWER).await?;
        if (200..300).contains(&status) { parse(request, &body) } else { Err(refused(request, status, &body)) }
    }

    /// Sends, and takes any success for an answer.
    async fn done(&self, request: &'static str, builder: RequestBuilder) -> Result<(), Error> {
        let response = self.send(request, builder).await?;
        let (status, body) = read(request, response, LARGEST_ANSWER).await?;
        if (200..300).contains(&status) { Ok(()) } else { Err(refused(request, status, &body)) }
    }
}

/// Tells "nothing was sent" from "who knows".
fn broken(request: &'static str, source: reqwest::Error) -> Error {
    // An address in the text would only repeat what the caller knows.
    let source = source.without_url();
    if source.is_connect() || source.is_builder() { Error::Unreachable { request, source } } else { Error::Cut { request, source } }
}

/// Reads an answer to its end.
async fn read(request: &'static str, mut response: Response, limit: usize) -> Result<(u16, Bytes), Error> {
    let status = response.status().as_u16();
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|source| Error::Cut { request, source: source.without_url() })? {
        if body.len() + chunk.len() > limit {
            return Err(Error::AnswerTooLarge { request, limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok((status, body.freeze()))
}

fn parse<T: DeserializeOwned>(request: &'static str, body: &[u8]) -> Result<T, Error> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| Error::Garbage { request, reason: error.to_string() })?;
    json.end().map_err(|error| Error::Garbage { request, reason: error.to_string() })?;
    Ok(value)
}

fn refused(request: &'static str, status: u16, body: &[u8]) -> Error {
    let body = cut(String::from_utf8_lossy(body).trim());
    if status == 413 { Error::RequestTooLarge { request, body } } else { Error::Status { request, status, body } }
}

/// The next wait of a row that doubles up to a limit.
pub(crate) fn doubled(wait: Duration, limit: Duration) -> Duration {
    (wait * 2).min(limit)
}
