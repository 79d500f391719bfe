//! A server of its own for every test, and a client of it.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use studio::Studio;
use tokio_util::sync::CancellationToken;

/// A running server; it ends with the test.
pub(crate) struct Desk {
    _data: tempfile::TempDir,
    cancel: CancellationToken,
    pub(crate) address: String,
    client: reqwest::Client,
    pub(crate) project: String,
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn etag(&self) -> &str {
        self.header("etag")
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The answer, when it has this status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    /// The problem, when it has this status and kind.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, kind: &str) -> Value {
        let answer = self.is(status);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        assert_eq!(problem["type"], format!("urn:echo-studio:problem:{kind}"), "{problem}");
        assert_eq!(problem["status"], status);
        problem
    }
}

/// Where in the body things are wrong.
pub(crate) fn pointers(problem: &Value) -> Vec<String> {
    let errors = problem["errors"].as_array().into_iter().flatten();
    errors
        .map(|error| match error["document"].as_str() {
            Some(document) => format!("{document}:{}", error["pointer"].as_str().unwrap_or_default()),
            None => error["pointer"].as_str().unwrap_or_default().to_owned(),
        })
        .collect()
}

/// A character that is sound.
pub(crate) fn someone(name: &str) -> Value {
    json!({
        "name": name,
        "visual_traits": {
            "build": "teen", "height_cm": 158, "head": "young", "hair": { "style": "bob" }, "eyes": "round", "brows": "soft", "nose": "small",
        },
        "colour_model": { "skin": "#f6d9c4", "hair": "#2b2f4a", "iris.left": "#4a7a5c", "iris.right": "#4a7a5c" },
    })
}

impl Desk {
    /// A server without a project.
    pub(crate) async fn empty() -> Self {
        let data = tempfile::tempdir().unwrap();
        let database = format!("sqlite:{}", data.path().join("studio.db").display());
        let blobs = format!("file:{}", data.path().join("blobs").display());
        let studio = Studio::open(&database.parse().unwrap(), &blobs.parse().unwrap()).await.unwrap();
        let listener = server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let cancel = CancellationToken::new();
        tokio::spawn(server::serve(listener, studio, ::bible::version::Author::named("Tester"), std::env::temp_dir(), cancel.clone()));
        Self { _data: data, cancel, address, client: reqwest::Client::new(), project: String::new() }
    }

    /// A server with a project that has its settings and nothing else.
    pub(crate) async fn new() -> Self {
        let mut desk = Self::empty().await;
        let made = desk.send(Method::POST, "/api/anime/projects", &[], &json!({ "title": "Lantern Road" })).await.is(201);
        desk.project = made.json()["id"].as_str().unwrap().to_owned();
        desk
    }

    /// A server with a project that has a cast of two, a street and an episode of one scene.
    pub(crate) async fn with_show() -> Self {
        let desk = Self::new().await;
        let bible = json!({
            "characters": { "mei": someone("Mei"), "kit": someone("Kit") },
            "locations": { "street": { "name": "Street", "set": "lantern-street" } },
            "props": { "lantern": { "name": "Lantern", "part": "paper-lantern" } },
        });
        desk.post("/bible", &bible).await.is(201);
        let episode = json!({
            "at": "S01E01",
            "title": "The first lantern",
            "script": "EXT. STREET - NIGHT\n\nMei lifts a lantern.\n\nMEI\nReady?\n\nKIT\nAlways.\n",
        });
        desk.post("/episodes", &episode).await.is(201);
        desk
    }

    /// A path within the project.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/api/anime/projects/{}{rest}", self.project)
    }

    pub(crate) async fn raw(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Vec<u8>>) -> Answer {
        let mut request = self.client.request(method, format!("http://{}{path}", self.address));
        let fields: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap()))
            .collect();
        request = request.headers(fields);
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, body: response.bytes().await.unwrap().to_vec() }
    }

    pub(crate) async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let kind = if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
        let headers: Vec<(&str, &str)> = [("content-type", kind)].into_iter().chain(headers.iter().copied()).collect();
        self.raw(method, path, &headers, Some(body.to_string().into_bytes())).await
    }

    pub(crate) async fn get(&self, rest: &str) -> Answer {
        self.raw(Method::GET, &self.path(rest), &[], None).await
    }

    /// A read that must succeed.
    pub(crate) async fn read(&self, rest: &str) -> Value {
        self.get(rest).await.is(200).json()
    }

    pub(crate) async fn post(&self, rest: &str, body: &Value) -> Answer {
        self.send(Method::POST, &self.path(rest), &[], body).await
    }

    pub(crate) async fn put(&self, rest: &str, etag: &str, body: &Value) -> Answer {
        self.send(Method::PUT, &self.path(rest), &[("if-match", etag)], body).await
    }

    pub(crate) async fn patch(&self, rest: &str, etag: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, &self.path(rest), &[("if-match", etag)], body).await
    }

    pub(crate) async fn delete(&self, rest: &str, etag: &str) -> Answer {
        self.raw(Method::DELETE, &self.path(rest), &[("if-match", etag)], None).await
    }

    /// The entity tag of something.
    pub(crate) async fn etag(&self, rest: &str) -> String {
        self.get(rest).await.is(200).etag().to_owned()
    }
}
