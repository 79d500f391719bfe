//! Episodes, scenes and shots over HTTP.

use reqwest::Method;
use serde_json::json;

use crate::desk::{Desk, pointers};

#[tokio::test]
async fn an_episode_is_made_of_its_screenplay_and_its_settings_change() {
    let desk = Desk::with_show().await;
    let read = desk.get("/episodes/S01E01").await.is(200);
    let episode = read.json();
    assert_eq!((&episode["title"], &episode["shown_title"]), (&json!("The first lantern"), &json!("The first lantern")));
    assert_eq!(episode["scenes"], json!([{ "at": "S01E01.01", "heading": "EXT. STREET - NIGHT" }]));
    let patched = desk.patch("/episodes/S01E01", read.etag(), &json!({ "title": null, "extras": ["CROWD"] })).await.is(200);
    assert_eq!(patched.json()["shown_title"], "S01E01");
    let listed = desk.read("/episodes").await;
    assert_eq!((&listed["items"][0]["at"], &listed["items"][0]["shots"]), (&json!("S01E01"), &json!(3)));
    assert_eq!(desk.read("/episodes?ref=main~1").await["items"][0]["title"], "The first lantern");
    let wrong = desk.patch("/episodes/S01E01", patched.etag(), &json!({ "scenes": [] })).await.problem(422, "invalid-content");
    assert_eq!(pointers(&wrong), ["/scenes"]);
    desk.post("/episodes", &json!({ "at": "S01E01", "script": "EXT. STREET - DAY\n\nRain.\n" })).await.problem(409, "taken");
    for (body, at) in [
        (json!({ "script": "x" }), "/at"),
        (json!({ "at": "S01E02.03", "script": "x" }), "/at"),
        (json!({ "at": "S01E02" }), "/script"),
        (json!({ "at": "S01E02", "script": "Nothing but words.\n" }), "/script"),
        (json!({ "at": "S01E02", "script": "EXT. MOON - NIGHT\n\nDust.\n" }), "/script"),
        (json!({ "at": "S01E02", "script": "EXT. STREET - NIGHT\n\nRain.\n", "titel": "x" }), "/titel"),
        (
            json!({ "at": "S01E02", "script": "EXT. STREET - NIGHT\n\nRain.\n", "shot_list": { "scenes": { "2": {} } } }),
            "/shot_list/scenes/2",
        ),
    ] {
        let problem = desk.post("/episodes", &body).await.problem(422, "invalid-content");
        assert_eq!(pointers(&problem), [at], "{problem}");
    }
    desk.delete("/episodes/S01E01", patched.etag()).await.is(204);
    desk.get("/episodes/S01E01").await.problem(404, "not-found");
}

#[tokio::test]
async fn a_screenplay_is_a_text_that_comes_back_byte_for_byte() {
    let desk = Desk::with_show().await;
    let script = "Title: <b>O'Brien & 明</b>\r\n\r\nEXT. STREET - NIGHT\r\n\r\nRain.   \r\n\r\n\r\nMEI\r\nReady?\r\n";
    let etag = desk.etag("/episodes/S01E01/script").await;
    let put = async |etag: &str, kind: &str, text: &[u8]| {
        let headers = [("if-match", etag), ("content-type", kind)];
        desk.raw(Method::PUT, &desk.path("/episodes/S01E01/script"), &headers, Some(text.to_vec())).await
    };
    let put_text = put(&etag, "text/plain; charset=utf-8", script.as_bytes()).await.is(200);
    assert_eq!(put_text.text(), script);
    let read = desk.get("/episodes/S01E01/script").await.is(200);
    assert_eq!((read.text(), read.header("content-type"), read.etag()), (script, "text/plain; charset=utf-8", put_text.etag()));
    put(&etag, "text/plain", b"x").await.problem(412, "stale");
    put(read.etag(), "application/json", b"\"x\"").await.problem(415, "unsupported-media-type");
    put(read.etag(), "text/plain; charset=latin1", b"x").await.problem(415, "unsupported-media-type");
    put(read.etag(), "text/plain", b"\xff\xfe").await.problem(400, "invalid-request");
    let wrong = put(read.etag(), "text/plain", b"EXT. STREET - NIGHT\n\nRain.\n\nMEY\nReady?\n").await.problem(422, "invalid-content");
    assert_eq!(wrong["errors"][0]["line"], 5, "{wrong}");
    assert_eq!(wrong["errors"][0]["pointer"], "");
}

#[tokio::test]
async fn a_scene_is_what_the_shot_list_says_and_its_heading_is_the_scripts() {
    let desk = Desk::with_show().await;
    let here = "/episodes/S01E01/scenes/1";
    let read = desk.get(here).await.is(200);
    assert_eq!(read.json(), json!({ "at": "S01E01.01", "heading": "EXT. STREET - NIGHT", "number": null }));
    let patched = desk.patch(here, read.etag(), &json!({ "weather": "rain" })).await.is(200);
    assert_eq!(patched.json()["weather"], "rain");
    assert_eq!(desk.read("/episodes/S01E01/shot-list").await, json!({ "scenes": { "1": { "weather": "rain" } } }));
    let wrong = async |body| pointers(&desk.patch(here, patched.etag(), &body).await.problem(422, "invalid-content"));
    assert_eq!(wrong(json!({ "heading": "INT. ROOM - DAY" })).await, ["/heading"]);
    assert_eq!(wrong(json!({ "weather": "frogs" })).await, ["/weather"]);
    assert_eq!(wrong(json!({ "wether": "rain" })).await, ["/wether"]);
    assert_eq!(wrong(json!({ "shots": [{ "cast": ["mei", "nobody"] }] })).await, ["/shots/0/cast/1"]);
    desk.delete(here, patched.etag()).await.is(204);
    assert_eq!(desk.get(here).await.is(200).etag(), read.etag());
    desk.get("/episodes/S01E01/scenes/2").await.problem(404, "not-found");
    desk.get("/episodes/S01E01/scenes/0").await.problem(400, "invalid-request");
    desk.get("/episodes/S01E09/scenes").await.problem(404, "not-found");
    assert_eq!(desk.read("/episodes/S01E01/scenes").await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn shots_that_the_rules_make_are_refined_and_those_that_are_listed_are_edited() {
    let desk = Desk::with_show().await;
    let shots = "/episodes/S01E01/scenes/1/shots";
    assert_eq!(desk.read(shots).await["items"].as_array().unwrap().len(), 3);
    let second = format!("{shots}/2");
    let read = desk.get(&second).await.is(200);
    assert_eq!(read.json(), json!({ "at": "S01E01.01.002", "listed": false }));
    let patched = desk.patch(&second, read.etag(), &json!({ "framing": "close-up" })).await.is(200);
    assert_eq!(desk.read("/episodes/S01E01/shot-list").await["scenes"]["1"]["refine"], json!({ "2": { "framing": "close-up" } }));
    let drawn = desk.read("/episodes/S01E01/shots").await;
    assert_eq!((&drawn["items"][1]["at"], &drawn["items"][1]["framing"]), (&json!("S01E01.01.002"), &json!("close-up")));
    desk.get(&format!("{shots}/4")).await.problem(404, "not-found");
    let wrong = desk.patch(&second, patched.etag(), &json!({ "seconds": -1 })).await.problem(422, "invalid-content");
    assert_eq!(pointers(&wrong), ["/seconds"]);
    desk.post(shots, &json!({ "framing": "full" })).await.problem(422, "invalid-content");
    desk.delete(&second, patched.etag()).await.is(204);
    // Now listed.
    let scene = desk.etag("/episodes/S01E01/scenes/1").await;
    let listed =
        json!({ "shots": [{ "framing": "medium", "cast": ["mei"], "lines": [1] }, { "framing": "full", "cast": ["kit"], "lines": [2] }] });
    desk.put("/episodes/S01E01/scenes/1", &scene, &listed).await.is(200);
    let made = desk.post(shots, &json!({ "framing": "close-up", "cast": ["mei"] })).await.is(201);
    assert_eq!(made.header("location"), desk.path(&format!("{shots}/3")));
    assert_eq!(made.json(), json!({ "at": "S01E01.01.003", "listed": true, "framing": "close-up", "cast": ["mei"] }));
    let wrong = desk.post(shots, &json!({ "framing": "close-up", "cast": ["nobody"] })).await.problem(422, "invalid-content");
    assert_eq!(pointers(&wrong), ["/cast/0"]);
    let first = desk.etag(&format!("{shots}/1")).await;
    desk.delete(&format!("{shots}/1"), &first).await.is(204);
    assert_eq!(desk.read(shots).await["items"].as_array().unwrap().len(), 2);
    // The first is another one now: who saw the one that is gone cannot change it.
    desk.patch(&format!("{shots}/1"), &first, &json!({ "framing": "wide" })).await.problem(412, "stale");
}

#[tokio::test]
async fn a_shot_list_is_edited_as_a_whole_only_by_who_saw_it_all() {
    let desk = Desk::with_show().await;
    let here = "/episodes/S01E01/shot-list";
    let seen = desk.get(here).await.is(200);
    assert_eq!(seen.json(), json!({}));
    let scene = desk.etag("/episodes/S01E01/scenes/1").await;
    desk.patch("/episodes/S01E01/scenes/1", &scene, &json!({ "time": "sunset" })).await.is(200);
    desk.put(here, seen.etag(), &json!({ "scenes": {} })).await.problem(412, "stale");
    let etag = desk.etag(here).await;
    let patched = desk.patch(here, &etag, &json!({ "scenes": { "1": { "weather": "rain" } } })).await.is(200);
    assert_eq!(patched.json(), json!({ "scenes": { "1": { "time": "sunset", "weather": "rain" } } }));
    let wrong = desk.put(here, patched.etag(), &json!({ "scenes": { "7": {} } })).await.problem(422, "invalid-content");
    assert_eq!(pointers(&wrong), ["/scenes/7"]);
}
