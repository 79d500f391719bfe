//! Changes that come from elsewhere, who made a field what it is, and what an edit costs, over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::desk::{Desk, pointers};

async fn on_branch(desk: &Desk, branch: &str, patch: Value) {
    let etag = desk.etag(&format!("/bible/characters/mei?ref={branch}")).await;
    let path = desk.path(&format!("/bible/characters/mei?branch={branch}"));
    desk.send(Method::PATCH, &path, &[("if-match", &etag)], &patch).await.is(200);
}

/// Two branches that went different ways: one place of hers cannot be both.
async fn parted() -> Desk {
    let desk = Desk::with_show().await;
    desk.post("/bible/branches", &json!({ "name": "red" })).await.is(201);
    on_branch(&desk, "red", json!({ "age": 30, "role": "rival", "colour_model": { "iris.left": "#ff0000" } })).await;
    on_branch(&desk, "main", json!({ "age": 20, "pronouns": "she/her", "colour_model": { "iris.left": "#0000ff" } })).await;
    desk
}

#[tokio::test]
async fn what_only_one_side_changed_merges_and_what_both_changed_is_chosen_for() {
    let desk = parted().await;
    let before = desk.etag("/bible").await;
    let conflict = desk.post("/bible/merge", &json!({ "from": "red" })).await.problem(409, "merge-conflict");
    let places: Vec<(&str, &str, &str)> = conflict["conflicts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["path"].as_str().unwrap(), one["document"].as_str().unwrap(), one["pointer"].as_str().unwrap()))
        .collect();
    assert_eq!(
        places,
        [
            ("characters.mei.age", "characters/mei", "/age"),
            ("characters.mei.colour_model.iris.left", "characters/mei", "/colour_model/iris.left")
        ]
    );
    let age = &conflict["conflicts"][0];
    assert_eq!((&age["kind"], &age["base"], &age["ours"], &age["theirs"]), (&json!("add_add"), &json!(null), &json!(20), &json!(30)));
    assert_eq!(desk.etag("/bible").await, before, "nothing is changed while there are conflicts");
    let choices = json!({
        "from": "red",
        "expected_head": conflict["head"],
        "resolutions": { "characters.mei.age": { "value": 25 }, "characters.mei.colour_model.iris.left": "theirs" },
    });
    let merged = desk.post("/bible/merge", &choices).await.is(200).json();
    assert_eq!((&merged["outcome"], merged["commit"]["parents"].as_array().unwrap().len()), (&json!("committed"), 2));
    let mei = desk.read("/bible/characters/mei").await;
    assert_eq!((&mei["age"], &mei["role"], &mei["pronouns"]), (&json!(25), &json!("rival"), &json!("she/her")));
    assert_eq!(mei["colour_model"]["iris.left"], "#ff0000");
    assert_eq!(desk.post("/bible/merge", &json!({ "from": "red" })).await.is(200).json()["outcome"], "up_to_date");
    desk.post("/bible/merge", &choices).await.is(409);
}

#[tokio::test]
async fn a_merge_that_is_asked_for_wrongly_says_what_is_wrong() {
    let desk = parted().await;
    for (body, at) in [
        (json!({ "from": "red", "resolutions": { "characters.mei.agee": "ours" } }), "/resolutions"),
        (json!({ "from": "a..b" }), "/from"),
        (json!({ "from": "red", "expected_head": "nothing" }), "/expected_head"),
        (json!({ "fron": "red" }), "/fron"),
    ] {
        let problem = desk.post("/bible/merge", &body).await.problem(422, "invalid-content");
        assert_eq!(pointers(&problem), [at], "{problem}");
    }
    desk.post("/bible/merge", &json!({ "from": "rad" })).await.problem(404, "unknown-version");
    let moved = json!({ "from": "red", "expected_head": "main~1" });
    desk.post("/bible/merge", &moved).await.problem(409, "branch-moved");
}

#[tokio::test]
async fn a_merge_that_would_break_the_show_is_not_made() {
    let desk = Desk::with_show().await;
    desk.post("/bible/characters", &crate::desk::someone("Gen")).await.is(201);
    desk.post("/bible/branches", &json!({ "name": "ties" })).await.is(201);
    on_branch(&desk, "ties", json!({ "relationships": [{ "to": "gen", "kind": "grandfather" }] })).await;
    let etag = desk.etag("/bible/characters/gen").await;
    desk.delete("/bible/characters/gen", &etag).await.is(204);
    let before = desk.etag("/bible").await;
    let problem = desk.post("/bible/merge", &json!({ "from": "ties" })).await.problem(422, "invalid-content");
    assert_eq!(pointers(&problem), ["characters/mei:/relationships/0/to"]);
    assert_eq!(desk.etag("/bible").await, before);
}

#[tokio::test]
async fn a_branch_without_work_of_its_own_goes_ahead() {
    let desk = Desk::with_show().await;
    desk.post("/bible/branches", &json!({ "name": "red" })).await.is(201);
    on_branch(&desk, "red", json!({ "age": 30 })).await;
    let outcome = desk.post("/bible/merge", &json!({ "from": "red" })).await.is(200);
    assert_eq!(outcome.json()["outcome"], "fast_forward");
    assert_eq!(outcome.header("echo-commit"), outcome.json()["head"]);
    assert_eq!(desk.read("/bible/characters/mei").await["age"], 30);
}

#[tokio::test]
async fn a_commit_is_taken_back_done_again_elsewhere_and_a_field_is_put_back() {
    let desk = Desk::with_show().await;
    desk.post("/bible/branches", &json!({ "name": "red" })).await.is(201);
    on_branch(&desk, "red", json!({ "role": "rival" })).await;
    on_branch(&desk, "red", json!({ "age": 30 })).await;
    desk.post("/bible/cherry-pick", &json!({ "commit": "red~1" })).await.is(200);
    let mei = desk.read("/bible/characters/mei").await;
    assert_eq!((&mei["role"], mei.get("age")), (&json!("rival"), None));
    desk.post("/bible/revert", &json!({ "commit": "main" })).await.is(200);
    assert_eq!(desk.read("/bible/characters/mei").await.get("role"), None);
    assert!(desk.read("/bible/commits/main").await["message"].as_str().unwrap().starts_with("Revert "));
    desk.post("/bible/restore", &json!({ "names": ["characters.mei.role"], "from": "red" })).await.is(200);
    assert_eq!(desk.read("/bible/characters/mei").await["role"], "rival");
    desk.post("/bible/restore", &json!({ "names": ["characters.nobody"], "from": "red" })).await.problem(404, "not-found");
    let whole = desk.read("/bible/fsck").await;
    assert_eq!(whole["faults"], json!([]));
    assert!(whole["commits"].as_u64().unwrap() >= 7, "{whole}");
}

#[tokio::test]
async fn a_field_knows_who_made_it_what_it_is_when_and_why() {
    let desk = Desk::with_show().await;
    let etag = desk.etag("/bible/characters/mei").await;
    let signed = [("if-match", etag.as_str()), ("echo-author", "Rin"), ("echo-message", "Her grandmother had blue eyes")];
    let patch = json!({ "colour_model": { "iris.left": "#0000ff" } });
    desk.send(Method::PATCH, &desk.path("/bible/characters/mei"), &signed, &patch).await.is(200);
    on_branch(&desk, "main", json!({ "age": 15 })).await;
    let blame = desk.read("/bible/blame?field=characters.mei.colour_model.iris.left").await;
    let first = &blame["changes"][0];
    assert_eq!((&first["commit"]["author"]["name"], &first["commit"]["message"]), (&json!("Rin"), &json!("Her grandmother had blue eyes")));
    assert_eq!((&blame["value"], &first["old"], &first["new"]), (&json!("#0000ff"), &json!("#4a7a5c"), &json!("#0000ff")));
    desk.get("/bible/blame?field=charakters.mei").await.problem(404, "not-found");
    desk.get("/bible/blame?field=characters.mei.age&limit=0").await.problem(400, "invalid-request");
}

#[tokio::test]
async fn what_an_edit_makes_stale_is_known_before_and_after_it_is_made() {
    let desk = Desk::with_show().await;
    let before = desk.etag("/bible").await;
    let patch = json!({ "characters": { "kit": { "colour_model": { "hair": { "base": "#7a2b3a" } } } } });
    let asked = [("content-type", "application/merge-patch+json")];
    let body = Some(patch.to_string().into_bytes());
    let dry = desk.raw(Method::POST, &desk.path("/bible/impact"), &asked, body).await.is(200).json();
    assert_eq!(desk.etag("/bible").await, before, "asking changes nothing");
    let subjects: Vec<&str> = dry["stale"].as_array().unwrap().iter().map(|stale| stale["subject"].as_str().unwrap()).collect();
    assert!(subjects.iter().any(|subject| subject.starts_with("sheet kit/")), "{subjects:?}");
    assert!(!subjects.iter().any(|subject| subject.starts_with("sheet mei/")), "{subjects:?}");
    assert_eq!(dry["stale"][0]["reasons"][0]["path"], "characters.kit.colour_model.hair.base", "{dry}");
    assert_eq!(dry["cpu_seconds"], json!(null), "nothing was measured yet");
    desk.patch("/bible", &before, &patch).await.is(200);
    assert_eq!(desk.read("/bible/impact?base=main~1").await, dry);
    let same = desk.read("/bible/impact?base=main").await;
    assert_eq!(same["stale"], json!([]));
    let wrong = json!({ "characters": { "kit": { "age": "old" } } });
    let body = Some(wrong.to_string().into_bytes());
    let problem = desk.raw(Method::POST, &desk.path("/bible/impact"), &asked, body).await.problem(422, "invalid-content");
    assert_eq!(pointers(&problem), ["/characters/kit/age"]);
}
