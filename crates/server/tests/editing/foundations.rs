//! What holds for every path: problems instead of plain text, and what is refused before an endpoint sees it.

use reqwest::Method;
use serde_json::json;

use crate::desk::{Desk, pointers, someone};

#[tokio::test]
async fn parameters_that_nobody_knows_are_refused_with_the_one_that_was_meant() {
    let desk = Desk::with_show().await;
    let problem = desk.get("/bible/characters?limt=2").await.problem(400, "invalid-request");
    assert_eq!((&problem["errors"][0]["parameter"], &problem["errors"][0]["fix"]), (&json!("limt"), &json!("did you mean `limit`?")));
    desk.raw(Method::GET, "/api/anime/health?x=1", &[], None).await.problem(400, "invalid-request");
    for (query, parameter) in
        [("limit=x", "limit"), ("limit=0", "limit"), ("limit=201", "limit"), ("cursor=x", "cursor"), ("limit=1&limit=2", "")]
    {
        let problem = desk.get(&format!("/bible/characters?{query}")).await.problem(400, "invalid-request");
        assert!(parameter.is_empty() || problem["errors"][0]["parameter"] == parameter, "{problem}");
    }
    desk.raw(Method::GET, "/api/anime/projects/one", &[], None).await.problem(400, "invalid-request");
    desk.get("/bible/characters/Not%20A%20Name").await.problem(400, "invalid-request");
    desk.raw(Method::HEAD, &desk.path("/bible/characters?limit=2"), &[], None).await.is(200);
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_problems() {
    let desk = Desk::new().await;
    let post = async |kind: &str, body: &[u8]| {
        desk.raw(Method::POST, &desk.path("/bible/characters"), &[("content-type", kind)], Some(body.to_vec())).await
    };
    post("application/json", b"{").await.problem(400, "malformed-json");
    post("application/json", b"{} {}").await.problem(400, "malformed-json");
    post("application/json", b"").await.problem(400, "malformed-json");
    post("application/json", b"{\"name\": \"\xff\"}").await.problem(400, "malformed-json");
    post("application/json", format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)).as_bytes()).await.problem(400, "malformed-json");
    let refused = post("text/plain", b"{}").await;
    assert_eq!(refused.header("accept"), "application/json");
    assert_eq!(refused.problem(415, "unsupported-media-type")["allowed"], json!(["application/json"]));
    post("application/x-www-form-urlencoded", b"name=x").await.problem(415, "unsupported-media-type");
    let none = desk.raw(Method::POST, &desk.path("/bible/characters"), &[], Some(b"{}".to_vec())).await;
    none.problem(415, "unsupported-media-type");
    let patch = [("content-type", "application/json"), ("if-match", "*")];
    let wrong = desk.raw(Method::PATCH, &desk.path("/bible"), &patch, Some(b"{}".to_vec())).await.problem(415, "unsupported-media-type");
    assert_eq!(wrong["allowed"], json!(["application/merge-patch+json"]));
    let whole = desk.patch("/bible", "*", &json!([1])).await.problem(422, "invalid-content");
    assert_eq!(pointers(&whole), [""]);
}

#[tokio::test]
async fn a_body_of_more_than_four_mebibytes_is_refused_and_one_of_less_is_read() {
    let desk = Desk::new().await;
    let sized = |bytes: usize| {
        let mut mei = someone("Mei");
        mei["description"] = json!("");
        let rest = bytes - mei.to_string().len();
        mei["description"] = json!("x".repeat(rest));
        mei
    };
    desk.post("/bible/characters", &sized(4 * 1024 * 1024)).await.problem(422, "invalid-content");
    desk.post("/bible/characters", &sized(4 * 1024 * 1024 + 1)).await.problem(413, "too-large");
    desk.post("/bible/characters", &sized(9 * 1024 * 1024)).await.problem(413, "too-large");
}

#[tokio::test]
async fn a_method_that_a_path_does_not_know_is_answered_with_those_that_it_does() {
    let desk = Desk::with_show().await;
    let answer = desk.raw(Method::DELETE, &desk.path("/bible"), &[], None).await;
    let mut allowed: Vec<String> = answer.header("allow").split(',').map(|name| name.trim().to_owned()).collect();
    allowed.sort();
    assert_eq!(allowed, ["GET", "HEAD", "PATCH", "POST", "PUT"]);
    let problem = answer.problem(405, "method-not-allowed");
    assert!(problem["detail"].as_str().unwrap().contains("PUT"), "{problem}");
    let head = desk.raw(Method::HEAD, &desk.path("/bible/characters/mei"), &[], None).await.is(200);
    assert!(head.body.is_empty());
    assert_eq!(head.etag(), desk.etag("/bible/characters/mei").await);
}

#[tokio::test]
async fn pages_of_other_origins_can_change_nothing() {
    let desk = Desk::with_show().await;
    let before = desk.etag("/bible/head").await;
    let own = format!("http://{}", desk.address);
    let post = async |headers: &[(&str, &str)]| desk.send(Method::POST, &desk.path("/bible/characters"), headers, &someone("Rin")).await;
    for headers in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        // Another program on this machine.
        &[("origin", "http://127.0.0.1:1")],
        &[("origin", "https://127.0.0.1:8328")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", own.as_str()), ("sec-fetch-site", "cross-site")],
    ] {
        post(headers).await.problem(403, "foreign-origin");
    }
    // A page that points its own name at this machine.
    post(&[("host", "evil.example")]).await.problem(400, "invalid-request");
    desk.delete("/bible/characters/mei", "*").await.problem(409, "in-use");
    assert_eq!(desk.etag("/bible/head").await, before);
    post(&[("origin", own.as_str()), ("sec-fetch-site", "same-origin")]).await.is(201);
    let read = desk.get("/bible/characters/rin").await.is(200);
    assert_eq!(read.header("access-control-allow-origin"), "");
    assert_eq!(read.header("cross-origin-resource-policy"), "same-origin");
}

#[tokio::test]
async fn who_edits_must_have_a_name_and_events_go_on_from_an_event() {
    let desk = Desk::new().await;
    for author in ["", "%FF", "a%0Ab", "%"] {
        let answer = desk.send(Method::POST, &desk.path("/bible/characters"), &[("echo-author", author)], &someone("Mei")).await;
        answer.problem(400, "invalid-request");
    }
    let events = desk.raw(Method::GET, "/api/anime/events", &[("last-event-id", "yesterday")], None).await.problem(400, "invalid-request");
    assert_eq!(events["errors"][0]["header"], "Last-Event-ID");
}
