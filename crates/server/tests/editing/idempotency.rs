//! A POST with a key is done once.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};

use crate::desk::{Answer, Desk, someone};

async fn keyed(desk: &Desk, key: &str, path: &str, body: &Value) -> Answer {
    desk.send(Method::POST, &desk.path(path), &[("idempotency-key", key)], body).await
}

#[tokio::test]
async fn the_same_request_with_the_same_key_is_answered_again_and_not_done_again() {
    let desk = Desk::new().await;
    let first = keyed(&desk, "k-1", "/bible/characters", &someone("Mei")).await.is(201);
    let again = keyed(&desk, "k-1", "/bible/characters", &someone("Mei")).await.is(201);
    assert_eq!((first.body.clone(), first.etag(), first.header("location")), (again.body.clone(), again.etag(), again.header("location")));
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
    assert_eq!(again.header("echo-commit"), first.header("echo-commit"));
    assert_eq!(desk.read("/bible/commits").await["items"].as_array().unwrap().len(), 2);
    keyed(&desk, "k-1", "/bible/characters", &someone("Rin")).await.problem(422, "idempotency-key-reused");
    // The key is of this path, and a refusal is an answer like any other.
    keyed(&desk, "k-1", "/bible/props", &json!({ "name": "Lantern", "part": "paper-lantern" })).await.is(201);
    for _ in 0..2 {
        keyed(&desk, "k-2", "/bible/characters", &someone("Mei")).await.problem(409, "taken");
    }
    keyed(&desk, "a key", "/bible/characters", &someone("Mei")).await.problem(400, "invalid-request");
    keyed(&desk, &"k".repeat(256), "/bible/characters", &someone("Mei")).await.problem(400, "invalid-request");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sent_many_times_at_once_it_is_done_once() {
    let desk = Arc::new(Desk::with_show().await);
    let scene = desk.etag("/episodes/S01E01/scenes/1").await;
    let listed = json!({ "shots": [{ "framing": "medium", "cast": ["mei"] }] });
    desk.put("/episodes/S01E01/scenes/1", &scene, &listed).await.is(200);
    let shots = "/episodes/S01E01/scenes/1/shots";
    let sent = (0..20).map(|_| {
        let desk = Arc::clone(&desk);
        tokio::spawn(async move { keyed(&desk, "one-shot", shots, &json!({ "framing": "full" })).await })
    });
    let mut made = 0;
    for one in sent.collect::<Vec<_>>() {
        let answer = one.await.unwrap();
        match answer.status.as_u16() {
            201 => made += usize::from(answer.header("idempotency-replayed").is_empty()),
            _ => drop(answer.problem(409, "idempotency-key-in-use")),
        }
    }
    assert_eq!(made, 1);
    assert_eq!(desk.read(shots).await["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_project_is_made_once() {
    let desk = Desk::empty().await;
    let make =
        async || desk.send(Method::POST, "/api/anime/projects", &[("idempotency-key", "\"p\"")], &json!({ "title": "Tiny" })).await.is(201);
    assert_eq!(make().await.json(), make().await.json());
}
