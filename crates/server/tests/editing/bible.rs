//! The whole bible over HTTP.

use serde_json::json;

use crate::desk::{Desk, pointers, someone};

#[tokio::test]
async fn a_bible_is_made_once_in_one_commit() {
    let desk = Desk::new().await;
    let bible = json!({
        "style": { "line_weight": 1.2 },
        "world": { "rules": ["Foxes remember."] },
        "characters": { "mei": someone("Mei") },
        "locations": { "street": { "name": "Street", "set": "lantern-street" } },
    });
    let made = desk.post("/bible", &bible).await.is(201);
    assert_eq!(made.json()["settings"]["title"], "Lantern Road", "settings that were there stay");
    assert_eq!(made.json()["props"], json!({}));
    desk.post("/bible", &bible).await.problem(409, "taken");
    assert_eq!(desk.read("/bible/commits").await["items"][0]["summary"]["added"], 4);
    assert_eq!(desk.get("/bible").await.is(200).etag(), made.etag());
}

#[tokio::test]
async fn a_stale_bible_cannot_erase_what_its_sender_never_saw() {
    let desk = Desk::with_show().await;
    let seen = desk.get("/bible").await.is(200);
    desk.post("/bible/characters", &someone("Rin")).await.is(201);
    let mut whole = seen.json();
    whole["world"] = json!({ "era": "Now" });
    let stale = desk.put("/bible", seen.etag(), &whole).await.problem(412, "stale");
    assert_eq!(stale["current"]["characters"]["rin"]["name"], "Rin");
    let mut whole = stale["current"].clone();
    whole["world"] = json!({ "era": "Now" });
    whole["characters"]["rin"]["age"] = json!(9);
    let replaced = desk.put("/bible", stale["etag"].as_str().unwrap(), &whole).await.is(200);
    assert_eq!(replaced.json(), whole);
    // Whoever is not named is taken away, unless they are needed.
    let mut fewer = whole.clone();
    fewer["characters"].as_object_mut().unwrap().remove("rin");
    let replaced = desk.put("/bible", replaced.etag(), &fewer).await.is(200);
    fewer["characters"].as_object_mut().unwrap().remove("mei");
    let problem = desk.put("/bible", replaced.etag(), &fewer).await.problem(422, "invalid-content");
    assert_eq!(problem["errors"][0]["document"], "episodes/S01E01/script");
}

#[tokio::test]
async fn several_documents_change_in_one_commit_and_errors_say_in_which() {
    let desk = Desk::with_show().await;
    let etag = desk.etag("/bible").await;
    let patch = json!({ "world": { "era": "Shōwa 38" }, "characters": { "mei": { "age": 15 }, "kit": { "age": 3 } } });
    let patched = desk.patch("/bible", &etag, &patch).await.is(200);
    assert_eq!(patched.json()["characters"]["kit"]["age"], 3);
    assert_eq!(desk.read("/bible/commits").await["items"][0]["summary"]["documents"], json!(["characters/kit", "characters/mei", "world"]));
    let wrong = json!({
        "settings": { "title": "x".repeat(201) },
        "characters": { "mei": { "agge": 15 }, "kit": { "colour_model": { "fur": "orange" } } },
    });
    let problem = desk.patch("/bible", patched.etag(), &wrong).await.problem(422, "invalid-content");
    assert_eq!(pointers(&problem), ["/settings/title", "/characters/mei/agge"]);
    let wrong = json!({ "characters": { "kit": { "colour_model": { "fur": "orange" } } } });
    let problem = desk.patch("/bible", patched.etag(), &wrong).await.problem(422, "invalid-content");
    assert_eq!(pointers(&problem), ["/characters/kit/colour_model/fur"]);
    for (wrong, at) in [
        (json!({ "characters": { "Mei Two": {} } }), "/characters/Mei Two"),
        (json!({ "charakters": {} }), "/charakters"),
        (json!({ "settings": null }), "/settings"),
        (json!({ "settings": { "slug": "other" } }), "/settings/slug"),
    ] {
        let problem = desk.patch("/bible", patched.etag(), &wrong).await.problem(422, "invalid-content");
        assert_eq!(pointers(&problem), [at], "{problem}");
    }
}

#[tokio::test]
async fn a_project_without_a_bible_says_so() {
    let desk = Desk::new().await;
    assert_eq!(desk.read("/bible").await["characters"], json!({}));
    desk.get("/bible?ref=nothing").await.problem(404, "unknown-version");
    desk.get("/bible?ref=a..b").await.problem(400, "invalid-request");
}
