//! What a client sees: a show is produced once, and the real router answers over it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use futures::StreamExt;
use serde_json::Value;
use studio::progress::Progress;
use studio::{ProduceOptions, Show, Studio};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// A produced show; every test reads it.
struct Produced {
    data: tempfile::TempDir,
}

impl Produced {
    async fn once() -> &'static Self {
        static PRODUCED: OnceCell<Produced> = OnceCell::const_new();
        PRODUCED.get_or_init(Self::new).await
    }

    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let produced = Self { data };
        let show = Show::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tiny")).unwrap();
        let folder = produced.data.path();
        let options = ProduceOptions { data: folder.join("data"), out: folder.join("out"), jobs: 2 };
        let studio = produced.studio().await;
        let outcome = studio.produce(&show, &options, &Progress::default(), &CancellationToken::new()).await.unwrap();
        assert_eq!(outcome.episodes[0].missing, None);
        produced
    }

    fn place(&self, name: &str) -> PathBuf {
        self.data.path().join(name)
    }

    async fn studio(&self) -> Studio {
        let database = format!("sqlite:{}", self.place("studio.db").display());
        let blobs = format!("file:{}", self.place("blobs").display());
        Studio::open(&database.parse().unwrap(), &blobs.parse().unwrap()).await.unwrap()
    }

    async fn client(&self) -> Client {
        let router =
            server::router(self.studio().await, bible::version::Author::named("Tester"), self.place("data"), CancellationToken::new());
        let mut client = Client { router, project: String::new() };
        client.project = client.json("/api/anime/projects").await["items"][0]["id"].as_str().unwrap().to_owned();
        client
    }
}

struct Client {
    router: Router,
    project: String,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Client {
    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer { status: parts.status, headers: parts.headers, body: axum::body::to_bytes(body, 64 << 20).await.unwrap().to_vec() }
    }

    async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = Request::get(path).header("host", "127.0.0.1:8328");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    async fn problem(&self, path: &str, status: StatusCode) -> Value {
        let answer = self.get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (status, "application/problem+json"), "{path}");
        let problem = answer.json();
        assert_eq!(problem["status"], status.as_u16());
        assert!(problem["type"].as_str().unwrap().starts_with("urn:echo-studio:problem:"), "{problem}");
        problem
    }

    fn of_project(&self, rest: &str) -> String {
        format!("/api/anime/projects/{}{rest}", self.project)
    }
}

#[tokio::test]
async fn a_produced_show_is_there_with_its_episode_its_shots_and_their_lines() {
    let client = Produced::once().await.client().await;
    let project = client.json(&client.of_project("")).await;
    assert_eq!((&project["slug"], &project["title"]), (&"tiny".into(), &"Tiny".into()));
    let episodes = client.json(&client.of_project("/episodes")).await;
    assert_eq!(episodes["items"].as_array().unwrap().len(), 1);
    let shots = client.json(&client.of_project("/episodes/S01E01/shots")).await;
    let shots = shots["items"].as_array().unwrap();
    assert_eq!(shots.iter().map(|shot| shot["frames"].as_u64().unwrap()).collect::<Vec<_>>(), [26, 26, 24]);
    assert_eq!(shots[0]["lines"][0]["text"], "Ready?");
}

#[tokio::test]
async fn every_artifact_has_its_verdicts_and_pages_lead_through_all_of_them_once() {
    let client = Produced::once().await.client().await;
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.json(&client.of_project(&format!("/artifacts?limit=7{cursor}"))).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((count, seen.len()), (31, 31));
    let artifact = client.json(&format!("/api/anime/artifacts/{}", seen[0])).await;
    assert_eq!(artifact["id"], seen[0].as_str());
    let verdicts = client.json(&format!("/api/anime/artifacts/{}/verdicts", seen[0])).await;
    assert_eq!(verdicts["items"][0]["status"], "accepted");
    let sheets = client.json(&client.of_project("/sheets?limit=200")).await;
    assert_eq!(sheets["items"].as_array().unwrap().len(), 28, "8 poses and 6 faces of two characters");
}

#[tokio::test]
async fn what_is_not_there_and_what_is_wrongly_asked_are_problems_with_a_type() {
    let client = Produced::once().await.client().await;
    let nobody = "00000000-0000-7000-8000-000000000000";
    for path in [
        format!("/api/anime/projects/{nobody}"),
        format!("/api/anime/projects/{nobody}/episodes"),
        client.of_project("/episodes/S02E01/shots"),
        format!("/api/anime/artifacts/{nobody}"),
        format!("/api/anime/media/{}", "0".repeat(64)),
        "/api/anime/nothing".to_owned(),
        "/assets/nothing.js".to_owned(),
    ] {
        client.problem(&path, StatusCode::NOT_FOUND).await;
    }
    for path in
        [client.of_project("/artifacts?limit=0"), client.of_project("/artifacts?cursor=x"), client.of_project("/episodes/one/shots")]
    {
        client.problem(&path, StatusCode::BAD_REQUEST).await;
    }
    let delete =
        Request::builder().method(Method::DELETE).uri("/api/anime/projects").header("host", "localhost").body(Body::empty()).unwrap();
    let answer = client.send(delete).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::METHOD_NOT_ALLOWED, "application/problem+json"));
}

#[tokio::test]
async fn a_film_can_be_played_from_the_middle() {
    let produced = Produced::once().await;
    let client = produced.client().await;
    let film = std::fs::read(produced.place("out/S01E01/tiny-S01E01.mp4")).unwrap();
    let episodes = client.json(&client.of_project("/episodes")).await;
    let blob = bible::Digest::of(&film).to_string();
    assert!(episodes.to_string().contains(&blob), "the episode leads to its film: {episodes}");
    let path = format!("/api/anime/media/{blob}?type=video/mp4");
    let whole = client.get(&path).await;
    assert_eq!((whole.status, whole.header("content-type"), whole.header("accept-ranges")), (StatusCode::OK, "video/mp4", "bytes"));
    assert_eq!(whole.body, film);
    let part = client.get_with(&path, &[("range", "bytes=1000-1999")]).await;
    assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.header("content-range"), format!("bytes 1000-1999/{}", film.len()));
    assert_eq!(part.body, film[1000..2000]);
    let end = client.get_with(&path, &[("range", "bytes=-10")]).await;
    assert_eq!(end.body, film[film.len() - 10..]);
    let beyond = client.get_with(&path, &[("range", &format!("bytes={}-", film.len()))]).await;
    assert_eq!((beyond.status, beyond.header("content-type")), (StatusCode::RANGE_NOT_SATISFIABLE, "application/problem+json"));
    assert_eq!(beyond.header("content-range"), format!("bytes */{}", film.len()));
    let to_save = client.get(&format!("/api/anime/media/{blob}")).await;
    assert_eq!(to_save.header("content-disposition"), "attachment", "without a type that is shown it is only saved");
}

#[tokio::test]
async fn events_go_on_from_where_a_client_left() {
    let client = Produced::once().await.client().await;
    let request = Request::get("/api/anime/events?after=0").header("host", "localhost").body(Body::empty()).unwrap();
    let response = client.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream = response.into_body().into_data_stream();
    let first = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    let id: i64 = first.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().parse().unwrap();
    let request =
        Request::get("/api/anime/events").header("host", "localhost").header("last-event-id", id.to_string()).body(Body::empty()).unwrap();
    let mut stream = client.router.clone().oneshot(request).await.unwrap().into_body().into_data_stream();
    let next = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    let following: i64 = next.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().parse().unwrap();
    assert!(following > id, "{first}{next}");
}

#[tokio::test]
async fn a_page_of_another_name_is_refused_and_ours_may_load_nothing_from_elsewhere() {
    let client = Produced::once().await.client().await;
    let request = Request::get("/").header("host", "evil.example").body(Body::empty()).unwrap();
    assert_eq!(client.send(request).await.status, StatusCode::BAD_REQUEST);
    let page = client.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.header("content-security-policy").starts_with("default-src 'self'"), "{}", page.header("content-security-policy"));
    assert_eq!((page.header("x-content-type-options"), page.header("referrer-policy")), ("nosniff", "no-referrer"));
}

#[tokio::test]
async fn health_names_every_service_and_the_document_describes_every_path() {
    let client = Produced::once().await.client().await;
    let health = client.json("/api/anime/health").await;
    let names: Vec<&str> = health["services"].as_array().unwrap().iter().map(|service| service["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["ffmpeg", "espeak-ng", "database", "pictures", "layout engine"]);
    let document = client.json("/api/anime/openapi.json").await;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
    if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        std::fs::write(&file, &text).unwrap();
    }
    // Clients are generated from the file: write it anew with INSTA_UPDATE=always, and them with `cargo xtask client`.
    assert!(text == std::fs::read_to_string(&file).unwrap_or_default(), "openapi.json is not what the server says of itself");
}

#[test]
fn every_endpoint_shows_what_is_sent_and_what_comes_back() {
    let document = server::openapi();
    let mut lacking = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            if operation["summary"].as_str().is_none_or(str::is_empty) {
                lacking.push(format!("{name}: summary"));
            }
            let request = "request".to_owned();
            let contents = std::iter::once((&request, &operation["requestBody"]))
                .chain(operation["responses"].as_object().unwrap())
                .flat_map(|(what, body)| body["content"].as_object().into_iter().flatten().map(move |(kind, media)| (what, kind, media)));
            for (what, kind, media) in contents {
                // A film and a stream have no example in a text.
                let shown = kind.ends_with("json") || kind == "text/plain";
                if shown && media.get("example").is_none() && media.get("examples").is_none() {
                    lacking.push(format!("{name}: {what} {kind}"));
                }
            }
            let responses = operation["responses"].as_object().unwrap();
            if !responses.contains_key("500") || (method != "get" && !responses.contains_key("403")) {
                lacking.push(format!("{name}: problems"));
            }
        }
    }
    assert!(lacking.is_empty(), "{lacking:#?}");
    let limits = |pointer: &str| document.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(limits("/components/schemas/Character/properties/name/maxLength"), 100);
    assert_eq!(limits("/components/schemas/Character/properties/description/maxLength"), 1000);
    assert_eq!(limits("/components/schemas/NewProject/properties/title/maxLength"), 200);
    assert_eq!(limits("/components/schemas/NewProject/properties/description/maxLength"), 2000);
}

#[tokio::test]
async fn pictures_are_found_by_who_is_in_them_and_by_what_they_are_like() {
    let client = Produced::once().await.client().await;
    let path = |rest: &str| format!("/api/anime/artifacts/search?project={}{rest}", client.project);
    let sits = client.json(&path("&pose=sit&kind=shot")).await;
    assert_eq!((&sits["matching"], &sits["pictures"][0]["subject"]), (&1.into(), &"shot S01E01.01.002".into()));
    assert_eq!((&sits["pictures"][0]["seen"][0]["character"], &sits["pictures"][0]["similarity"]), (&"kit".into(), &Value::Null));

    let artifact = sits["pictures"][0]["artifact"].as_str().unwrap();
    let like = client.json(&path(&format!("&like={artifact}&limit=3"))).await;
    assert_eq!((&like["pictures"][0]["artifact"], &like["model"]), (&artifact.into(), &"colours-and-layout@1".into()));
    assert_eq!((&like["matching"], like["pictures"].as_array().unwrap().len()), (&31.into(), 3));

    let picture = client.get(like["pictures"][0]["picture"]["url"].as_str().unwrap()).await.body;
    let post = |kind: &str, body: Vec<u8>| {
        Request::post(path("&limit=1")).header("host", "localhost").header("content-type", kind).body(Body::from(body)).unwrap()
    };
    let found = client.send(post("image/png", picture)).await;
    assert_eq!((found.status, &found.json()["pictures"][0]["artifact"]), (StatusCode::OK, &artifact.into()));
    let broken = client.send(post("image/png", b"no picture".to_vec())).await;
    assert_eq!((broken.status, broken.header("content-type")), (StatusCode::UNPROCESSABLE_ENTITY, "application/problem+json"));
    assert_eq!(client.send(post("text/plain", Vec::new())).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);

    let wrong = client.problem(&path("&character=akl"), StatusCode::BAD_REQUEST).await;
    assert_eq!((&wrong["errors"][0]["parameter"], &wrong["errors"][0]["fix"]), (&"character".into(), &"did you mean `aki`?".into()));
    for (rest, parameter) in [
        ("&limit=0", "limit"),
        ("&limit=201", "limit"),
        ("&kind=film", "kind"),
        ("&within=one", "within"),
        ("&like=00000000-0000-7000-8000-000000000000", "like"),
    ] {
        let problem = client.problem(&path(rest), StatusCode::BAD_REQUEST).await;
        assert_eq!(problem["errors"][0]["parameter"], parameter, "{problem}");
    }
    client.problem("/api/anime/artifacts/search?project=00000000-0000-7000-8000-000000000000", StatusCode::NOT_FOUND).await;
    client.problem("/api/anime/artifacts/search", StatusCode::BAD_REQUEST).await;
}
