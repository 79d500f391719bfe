//! Character sheets and evidence over HTTP, on a show that nothing was drawn of but what the tests ask for.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use studio::sheet::SheetAsked;
use studio::{Show, Studio};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

struct Client {
    data: tempfile::TempDir,
    router: Router,
    project: String,
}

impl Client {
    /// A show whose second character has a sheet.
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let place = |name: &str| data.path().join(name);
        let (database, blobs) = (format!("sqlite:{}", place("studio.db").display()), format!("file:{}", place("blobs").display()));
        let studio = Studio::open(&database.parse().unwrap(), &blobs.parse().unwrap()).await.unwrap();
        let show = Show::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tiny")).unwrap();
        let asked = SheetAsked { character: "kit".parse().unwrap(), look: None, since: None };
        studio.generate_sheet(&show, &asked, &place("data")).await.unwrap();
        let author = bible::version::Author::named("Tester");
        let mut client =
            Self { router: server::router(studio, author, place("data"), CancellationToken::new()), data, project: String::new() };
        let projects = client.send(Request::get("/api/anime/projects"), Body::empty()).await.1;
        client.project = projects["items"][0]["id"].as_str().unwrap().to_owned();
        client
    }

    async fn bytes(&self, request: axum::http::request::Builder, body: Body) -> (StatusCode, Vec<u8>) {
        let request = request.header("host", "127.0.0.1:8328").body(body).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        (status, axum::body::to_bytes(response.into_body(), 64 << 20).await.unwrap().to_vec())
    }

    async fn send(&self, request: axum::http::request::Builder, body: Body) -> (StatusCode, Value) {
        let (status, bytes) = self.bytes(request, body).await;
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    async fn post(&self, what: &str, mut body: Value) -> (StatusCode, Value) {
        body["project"] = self.project.as_str().into();
        let request = Request::post(format!("/api/anime/character-consistency/{what}"));
        let request = request.header("content-type", "application/json").header("echo-author", "Mei%20Tanaka");
        self.send(request, Body::from(body.to_string())).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_is_drawn_signed_read_again_and_decided_on() {
    let client = Client::new().await;
    let aki = || json!({ "character": "aki" });
    let (status, none) = client.post("validate", aki()).await;
    assert!(status == StatusCode::NOT_FOUND && none["detail"].as_str().unwrap().contains("generate it first"), "{none}");

    let (status, signed) = client.post("generate-sheet", aki()).await;
    assert_eq!(
        (status, &signed["version"], &signed["drawn"], &signed["status"]),
        (StatusCode::OK, &1.into(), &14.into(), &"accepted".into())
    );
    let sheet = &signed["sheet"];
    let slots = sheet["slots"].as_array().unwrap();
    assert_eq!((slots.len(), sheet["pairs"].as_array().map(Vec::len)), (14, Some(14 * 13 / 2)), "every two are compared");
    let checks: Vec<&str> = slots[0]["checks"].as_array().unwrap().iter().filter_map(|check| check["check"].as_str()).collect();
    assert_eq!(checks, ["verdict", "pose", "expression", "copy"]);
    let (_, again) = client.post("generate-sheet", aki()).await;
    assert_eq!((&again["id"], &again["drawn"]), (&signed["id"], &0.into()));
    let (_, validation) = client.post("validate", aki()).await;
    assert_eq!((&validation["valid"], &validation["damage"], &validation["stale"]), (&true.into(), &json!([]), &json!([])));

    let (status, rejected) = client.post("review-sheet", json!({ "character": "aki", "status": "rejected", "note": "too old" })).await;
    assert_eq!(
        (status, &rejected["status"], &rejected["decided_by"], &rejected["note"]),
        (StatusCode::OK, &"rejected".into(), &"Mei Tanaka".into(), &"too old".into())
    );
    let (_, validation) = client.post("validate", aki()).await;
    assert_eq!((&validation["intact"], &validation["valid"]), (&true.into(), &false.into()), "sound, and not to be used");
    let (_, approved) = client.post("review-sheet", json!({ "character": "aki", "status": "accepted" })).await;
    assert_eq!(approved["status"], "accepted");

    // One byte of one picture.
    let file = slots[3]["file"].as_str().unwrap();
    let path = client.data.path().join("blobs").join(&file[..2]).join(file);
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let (_, validation) = client.post("validate", aki()).await;
    assert_eq!((&validation["intact"], &validation["valid"]), (&false.into(), &false.into()));
    let slot = slots[3]["slot"].as_str().unwrap();
    assert!(validation["damage"][0].as_str().unwrap().contains(&format!("the picture of `{slot}` cannot be read")), "{validation}");

    let (status, unknown) = client.post("generate-sheet", json!({ "character": "akl" })).await;
    assert!(status == StatusCode::NOT_FOUND && unknown["detail"].as_str().unwrap().contains("did you mean `aki`?"), "{unknown}");
    let (status, _) = client.post("review-sheet", json!({ "character": "aki", "status": "needs_review" })).await;
    assert!(status.is_client_error());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_evidence_behind_a_verdict_is_there_for_programs_and_as_a_picture() {
    let client = Client::new().await;
    let (_, signed) = client.post("generate-sheet", json!({ "character": "aki" })).await;
    let artifact = signed["sheet"]["slots"][0]["artifact"].as_str().unwrap();
    let (status, evidence) = client.send(Request::get(format!("/api/anime/artifacts/{artifact}/evidence")), Body::empty()).await;
    assert_eq!(
        (status, &evidence["subject"], &evidence["status"]),
        (StatusCode::OK, &"sheet aki/everyday/front".into(), &"accepted".into())
    );
    let part = &evidence["parts"][0];
    assert!(part["expected"].is_string() && part["found"].is_string() && part["difference"].is_number(), "{part}");
    let references = evidence["references"].as_array().unwrap();
    assert_eq!(references.len(), 13, "the others of the signed sheet, the nearest first");
    assert!(references[0]["score"].as_f64().unwrap() >= references[12]["score"].as_f64().unwrap());
    assert!(evidence["rule"].as_str().unwrap().contains("lowest score"), "{evidence}");
    let style = &evidence["style"];
    assert!(style["outcome"] == "passed" && style["detail"].as_str().unwrap().ends_with("beside 27 accepted pictures"), "{style}");

    let (status, png) = client.bytes(Request::get(format!("/api/anime/artifacts/{artifact}/evidence.png")), Body::empty()).await;
    let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    assert!(status == StatusCode::OK && png.starts_with(b"\x89PNG"), "{status}");
    assert!(side(16) > 640 && side(20) > 360, "the picture, the heat map and the words: {}x{}", side(16), side(20));
    let (status, _) = client.send(Request::get(format!("/api/anime/artifacts/{}/evidence", uuid::Uuid::nil())), Body::empty()).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
