//! Commits, branches, tags and differences over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::desk::{Desk, pointers, someone};

async fn aged(desk: &Desk, age: u32) {
    let etag = desk.etag("/bible/characters/mei").await;
    desk.patch("/bible/characters/mei", &etag, &json!({ "age": age })).await.is(200);
}

#[tokio::test]
async fn every_read_can_be_of_the_past() {
    let desk = Desk::with_show().await;
    for age in [10, 11, 12] {
        aged(&desk, age).await;
    }
    desk.post("/bible/tags", &json!({ "name": "ten", "at": "main~2" })).await.is(201);
    let commit = desk.read("/bible/commits/main~1").await["id"].as_str().unwrap().to_owned();
    for (version, age) in [("main", 12), ("HEAD~1", 11), ("ten", 10), (&commit, 11), (&commit[..8], 11)] {
        let read = desk.get(&format!("/bible/characters/mei?ref={version}")).await.is(200);
        assert_eq!(read.json()["age"], age, "{version}");
        assert_eq!(desk.read(&format!("/bible?ref={version}")).await["characters"]["mei"]["age"], age);
        assert_eq!(desk.read(&format!("/bible/characters?ref={version}")).await["items"][1]["age"], age);
    }
    assert_eq!(desk.get("/bible/characters/mei?ref=ten").await.header("echo-commit"), desk.read("/bible/tags/ten").await["commit"]);
    desk.get("/bible/characters/mei?ref=main~40").await.problem(404, "unknown-version");
    let unknown = desk.get("/bible/characters/mei?ref=mian").await.problem(404, "unknown-version");
    assert!(unknown["detail"].as_str().unwrap().contains("did you mean `main`"), "{unknown}");
}

#[tokio::test]
async fn history_tells_each_commit_with_every_field_that_it_changed() {
    let desk = Desk::with_show().await;
    aged(&desk, 15).await;
    let kit = desk.etag("/bible/characters/kit").await;
    desk.patch("/bible/characters/kit", &kit, &json!({ "age": 3 })).await.is(200);
    aged(&desk, 16).await;
    let history = desk.read("/bible/history?document=characters/mei&limit=2").await;
    let told: Vec<&Value> = history["items"].as_array().unwrap().iter().map(|one| &one["changes"]).collect();
    assert_eq!(
        told,
        [
            &json!([{ "path": "characters.mei.age", "kind": "changed", "old": 15, "new": 16 }]),
            &json!([{ "path": "characters.mei.age", "kind": "added", "old": null, "new": 15 }])
        ]
    );
    let next = history["next_cursor"].as_str().unwrap();
    let rest = desk.read(&format!("/bible/history?document=characters/mei&cursor={next}")).await;
    assert_eq!(rest["items"][0]["commit"]["message"], "Add the bible");
    desk.get("/bible/history?cursor=x").await.problem(400, "invalid-request");
    let diff = desk.read("/bible/diff?base=main~3&head=main").await;
    let paths: Vec<&str> = diff["changes"].as_array().unwrap().iter().map(|change| change["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["characters.kit.age", "characters.mei.age"]);
    desk.get("/bible/diff").await.problem(400, "invalid-request");
}

#[tokio::test]
async fn branches_are_made_moved_and_deleted_and_no_work_is_lost_by_the_way() {
    let desk = Desk::with_show().await;
    aged(&desk, 15).await;
    let made = desk.post("/bible/branches", &json!({ "name": "red/hair", "at": "main~1" })).await.is(201);
    let here = "/bible/branches/red%2Fhair";
    assert_eq!((made.header("location"), made.json()["current"].clone()), (desk.path(here).as_str(), json!(false)));
    desk.post("/bible/branches", &json!({ "name": "red/hair" })).await.problem(409, "taken");
    for (body, at) in [
        (json!({ "name": "a b" }), "/name"),
        (json!({ "name": "x", "at": "nothing" }), "/at"),
        (json!({ "nam": "x" }), "/nam"),
        (json!({}), "/name"),
        (json!({ "name": 1 }), "/name"),
    ] {
        assert_eq!(pointers(&desk.post("/bible/branches", &body).await.problem(422, "invalid-content")), [at]);
    }
    let forward = desk.patch(here, made.etag(), &json!({ "head": "main" })).await.is(200);
    desk.patch(here, made.etag(), &json!({ "head": "main~1" })).await.problem(412, "stale");
    desk.patch(here, forward.etag(), &json!({ "head": "main~1" })).await.problem(409, "needs-force");
    let back = desk.patch(here, forward.etag(), &json!({ "head": "main~1", "force": true })).await.is(200);
    assert_eq!(back.etag(), made.etag());
    // Work of its own.
    let etag = desk.etag("/bible/characters/kit?ref=red/hair").await;
    let path = desk.path("/bible/characters/kit?branch=red/hair");
    desk.send(Method::PATCH, &path, &[("if-match", &etag)], &json!({ "age": 4 })).await.is(200);
    desk.delete(here, back.etag()).await.problem(412, "stale");
    let now = desk.etag(here).await;
    desk.delete(here, &now).await.problem(409, "needs-force");
    desk.delete(&format!("{here}?force=true"), &now).await.is(204);
    desk.get(here).await.problem(404, "unknown-version");
    let main = desk.etag("/bible/branches/main").await;
    desk.delete("/bible/branches/main", &main).await.problem(409, "in-use");
    assert_eq!(desk.read("/bible/branches").await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn another_branch_becomes_the_one_that_is_read_and_edited() {
    let desk = Desk::with_show().await;
    desk.post("/bible/branches", &json!({ "name": "dark" })).await.is(201);
    let head = desk.get("/bible/head").await.is(200);
    assert_eq!(head.json(), json!({ "branch": "main" }));
    let dark = desk.put("/bible/head", head.etag(), &json!({ "branch": "dark" })).await.is(200);
    desk.put("/bible/head", head.etag(), &json!({ "branch": "main" })).await.problem(412, "stale");
    aged(&desk, 40).await;
    assert_eq!(desk.read("/bible/characters/mei").await["age"], 40);
    assert_eq!(desk.read("/bible/characters/mei?ref=main").await.get("age"), None);
    let unknown = desk.put("/bible/head", dark.etag(), &json!({ "branch": "drak" })).await.problem(404, "unknown-version");
    assert!(unknown["detail"].as_str().unwrap().contains("did you mean `dark`"));
}

#[tokio::test]
async fn tags_name_deliveries_and_may_be_corrected_by_who_saw_them() {
    let desk = Desk::with_show().await;
    let tag = json!({ "name": "delivery-1", "message": "As it went out" });
    let made = desk.post("/bible/tags", &tag).await.is(201);
    assert_eq!((&made.json()["message"], &made.json()["author"]["name"]), (&json!("As it went out"), &json!("Tester")));
    desk.post("/bible/tags", &tag).await.problem(409, "taken");
    aged(&desk, 15).await;
    let moved = desk.patch("/bible/tags/delivery-1", made.etag(), &json!({ "commit": "main" })).await.is(200);
    assert_eq!((&moved.json()["message"], moved.json()["commit"] == made.json()["commit"]), (&json!("As it went out"), false));
    desk.patch("/bible/tags/delivery-1", made.etag(), &json!({ "commit": "main~1" })).await.problem(412, "stale");
    desk.delete("/bible/tags/delivery-1", made.etag()).await.problem(412, "stale");
    assert_eq!(desk.read("/bible/tags").await["items"], json!([moved.json()]));
    desk.delete("/bible/tags/delivery-1", moved.etag()).await.is(204);
    desk.get("/bible/tags/delivery-1").await.problem(404, "unknown-version");
}

#[tokio::test]
async fn the_same_edits_have_the_same_tags_whatever_came_between() {
    let desk = Desk::with_show().await;
    let before = desk.etag("/bible/characters/mei").await;
    aged(&desk, 15).await;
    desk.post("/bible/characters", &someone("Rin")).await.is(201);
    let etag = desk.etag("/bible/characters/mei").await;
    assert_ne!(etag, before);
    let back = desk.patch("/bible/characters/mei", &etag, &json!({ "age": null })).await.is(200);
    assert_eq!(back.etag(), before);
}
