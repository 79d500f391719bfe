//! Characters, locations and props over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::desk::{Desk, pointers, someone};

#[tokio::test]
async fn a_character_is_made_read_changed_replaced_and_taken_away() {
    let desk = Desk::new().await;
    let made = desk.post("/bible/characters", &someone("Mei Tanaka")).await.is(201);
    assert_eq!(made.header("location"), desk.path("/bible/characters/mei-tanaka"));
    assert_eq!(made.header("echo-commit").len(), 64);
    let here = "/bible/characters/mei-tanaka";
    let read = desk.get(here).await.is(200);
    assert_eq!((read.json(), read.etag()), (made.json(), made.etag()));
    desk.raw(Method::GET, &desk.path(here), &[("if-none-match", read.etag())], None).await.is(304);
    let patched = desk.patch(here, read.etag(), &json!({ "age": 15, "colour_model": { "hair": { "base": "#ff0000" } } })).await.is(200);
    assert_eq!((&patched.json()["age"], &patched.json()["colour_model"]["hair"]["base"]), (&json!(15), &json!("#ff0000")));
    assert_eq!(patched.json()["colour_model"]["skin"], "#f6d9c4", "a merge patch leaves the rest");
    let mut new = someone("Mei");
    new["role"] = json!("protagonist");
    let replaced = desk.put(here, patched.etag(), &new).await.is(200);
    assert_eq!(replaced.json().get("age"), None);
    // The same state again is no commit.
    let before = desk.read("/bible/commits").await;
    desk.put(here, replaced.etag(), &new).await.is(200);
    assert_eq!(desk.read("/bible/commits").await, before);
    desk.delete(here, replaced.etag()).await.is(204);
    desk.get(here).await.problem(404, "not-found");
    let messages: Vec<String> =
        before["items"].as_array().unwrap().iter().map(|commit| commit["message"].as_str().unwrap().to_owned()).collect();
    assert_eq!(
        messages,
        [
            "Change the character mei-tanaka",
            "Change age, colour_model of the character mei-tanaka",
            "Add the character mei-tanaka",
            "Begin Lantern Road"
        ]
    );
    // The past is still there.
    let past = desk.read(&format!("{here}?ref=main~1")).await;
    assert_eq!(past["role"], "protagonist");
}

#[tokio::test]
async fn locations_and_props_are_edited_in_the_same_way() {
    let desk = Desk::new().await;
    for (folder, new, patch) in [
        ("locations", json!({ "name": "Old Bridge", "set": "lantern-street" }), json!({ "description": "Closed since the flood." })),
        ("props", json!({ "name": "Old Bridge", "part": "paper-lantern" }), json!({ "colours": { "main": "#c8102e" } })),
    ] {
        let made = desk.post(&format!("/bible/{folder}"), &new).await.is(201);
        let here = format!("/bible/{folder}/old-bridge");
        let patched = desk.patch(&here, made.etag(), &patch).await.is(200);
        let (field, value) = patch.as_object().unwrap().iter().next().unwrap();
        assert_eq!(&patched.json()[field], value);
        let listed = desk.read(&format!("/bible/{folder}")).await;
        assert_eq!(listed["items"], json!([patched.json()]));
        let replaced = desk.put(&here, patched.etag(), &new).await.is(200);
        assert_eq!(replaced.etag(), made.etag(), "the same state has the same tag");
        desk.delete(&here, replaced.etag()).await.is(204);
        desk.get(&here).await.problem(404, "not-found");
    }
}

#[tokio::test]
async fn an_edit_says_what_it_was_made_against_or_is_refused() {
    let desk = Desk::with_show().await;
    let here = "/bible/characters/mei";
    for method in [Method::PUT, Method::PATCH] {
        let problem = desk.send(method, &desk.path(here), &[], &json!({})).await.problem(428, "precondition-required");
        assert_eq!(problem["errors"][0]["header"], "If-Match");
    }
    desk.raw(Method::DELETE, &desk.path(here), &[], None).await.problem(428, "precondition-required");
    let seen = desk.etag(here).await;
    let first = desk.patch(here, &seen, &json!({ "age": 15 })).await.is(200);
    let stale = desk.patch(here, &seen, &json!({ "age": 16 })).await;
    assert_eq!(stale.etag(), first.etag());
    let stale = stale.problem(412, "stale");
    assert_eq!((&stale["current"]["age"], stale["etag"].as_str()), (&json!(15), Some(first.etag())));
    desk.patch(here, "W/\"x\"", &json!({ "age": 16 })).await.problem(412, "stale");
    desk.patch(here, "nonsense", &json!({ "age": 16 })).await.problem(400, "invalid-request");
    desk.patch(here, "*", &json!({ "age": 17 })).await.is(200);
    // An edit of somebody else does not matter.
    let kit = desk.etag("/bible/characters/kit").await;
    desk.patch(here, "*", &json!({ "age": 18 })).await.is(200);
    desk.patch("/bible/characters/kit", &kit, &json!({ "age": 3 })).await.is(200);
}

#[tokio::test]
async fn what_is_wrong_is_named_field_by_field_and_nothing_is_committed() {
    let desk = Desk::with_show().await;
    let before = desk.etag("/bible/head").await;
    let commits = desk.read("/bible/commits").await;
    let wrong = async |body: Value| {
        let problem = desk.post("/bible/characters", &body).await.problem(422, "invalid-content");
        (pointers(&problem), problem)
    };
    let mut rin = someone("Rin");
    rin["visual_traits"]["heigth_cm"] = json!(160);
    let (at, problem) = wrong(rin).await;
    assert_eq!((at, &problem["errors"][0]["fix"]), (vec!["/visual_traits/heigth_cm".to_owned()], &json!("did you mean `height_cm`?")));
    let mut rin = someone("Rin");
    rin["visual_traits"] = json!({ "build": "teen" });
    rin["colour_model"]["skin"] = json!("pink");
    assert_eq!(wrong(rin).await.0, ["/colour_model/skin", "/visual_traits/height_cm"]);
    let mut rin = someone("Rin");
    rin["relationships"] = json!([{ "to": "kit", "kind": "friend" }, { "to": "maay", "kind": "sister" }]);
    let (at, problem) = wrong(rin).await;
    assert_eq!(at, ["/relationships/1/to"], "{problem}");
    let mut rin = someone("Rin");
    rin["arc"] = json!([{ "at": "S01E01.07", "changes": { "age": 16 } }]);
    assert_eq!(wrong(rin).await.0, ["/arc/0/at"]);
    assert_eq!(wrong(someone(&"m".repeat(101))).await.0, ["/name"]);
    let mut rin = someone("Rin");
    rin["description"] = json!("x".repeat(1001));
    assert_eq!(wrong(rin).await.0, ["/description"]);
    assert_eq!(wrong(json!([])).await.0, ["/name"]);
    // A name that another has already.
    let mut twin = someone("Mei");
    twin["slug"] = json!("mei-two");
    assert_eq!(wrong(twin).await.0, ["/name"]);
    desk.post("/bible/characters", &someone("Mei")).await.problem(409, "taken");
    assert_eq!(desk.etag("/bible/head").await, before);
    assert_eq!(desk.read("/bible/commits").await, commits);
}

#[tokio::test]
async fn someone_who_is_needed_cannot_go_and_says_by_whom() {
    let desk = Desk::with_show().await;
    let etag = desk.etag("/bible/characters/mei").await;
    let problem = desk.delete("/bible/characters/mei", &etag).await.problem(409, "in-use");
    assert_eq!(problem["errors"][0]["document"], "episodes/S01E01/script", "{problem}");
    assert_eq!(problem["errors"][0]["line"], 5);
    let mut rin = someone("Rin");
    rin["relationships"] = json!([{ "to": "gen", "kind": "grandfather" }]);
    desk.post("/bible/characters", &someone("Gen")).await.is(201);
    desk.post("/bible/characters", &rin).await.is(201);
    let etag = desk.etag("/bible/characters/gen").await;
    let problem = desk.delete("/bible/characters/gen", &etag).await.problem(409, "in-use");
    assert_eq!(pointers(&problem), ["characters/rin:/relationships/0/to"]);
}

#[tokio::test]
async fn text_comes_back_as_typed_and_runs_nowhere() {
    let desk = Desk::new().await;
    let text = "<b>O'Brien & 明</b><script>alert(1)</script>\u{202e}\t\"'`${7*7}{{7*7}}';DROP TABLE projects;--";
    let mut someone = someone("Obi");
    someone["name"] = json!("<b>O'Brien & 明</b>");
    someone["description"] = json!(text);
    someone["aliases"] = json!(["  two  spaces ", "line\nbreak", "- dash", "#hash", "yes", "1.50", "~"]);
    let made = desk.post("/bible/characters?extra_fields=keep", &someone).await.is(201);
    let read = desk.get("/bible/characters/obrien").await;
    assert_eq!(read.status, 404, "the slug follows from the letters: {}", read.text());
    let here = made.header("location").strip_prefix(&desk.path("")).unwrap().to_owned();
    let read = desk.get(&here).await.is(200);
    for field in ["name", "description", "aliases"] {
        assert_eq!(read.json()[field], someone[field], "{field}");
    }
    assert_eq!((read.header("content-type"), read.header("x-content-type-options")), ("application/json", "nosniff"));
    let patched = desk.patch(&here, read.etag(), &json!({ "role": text })).await.is(200);
    assert_eq!(patched.json()["role"], text);
    // In a problem as well, whose type no browser shows as a page.
    let problem = desk.get("/bible/characters/%3Cscript%3E").await;
    assert_eq!(problem.header("content-type"), "application/problem+json");
    problem.is(400);
}

#[tokio::test]
async fn fields_of_ones_own_are_kept_where_they_are_and_asked_for_where_they_are_new() {
    let desk = Desk::new().await;
    let mut mei = someone("Mei");
    mei["favourite_food"] = json!({ "sweet": "dango", "deep": [1, { "er": null }] });
    let refused = desk.post("/bible/characters", &mei).await.problem(422, "invalid-content");
    assert_eq!(pointers(&refused), ["/favourite_food"]);
    let made = desk.post("/bible/characters?extra_fields=keep", &mei).await.is(201);
    let patched = desk.patch("/bible/characters/mei", made.etag(), &json!({ "age": 15 })).await.is(200);
    assert_eq!(patched.json()["favourite_food"], mei["favourite_food"]);
    let mut whole = patched.json();
    whole["age"] = json!(16);
    let replaced = desk.put("/bible/characters/mei", patched.etag(), &whole).await.is(200);
    assert_eq!(replaced.json()["favourite_food"], mei["favourite_food"]);
}

#[tokio::test]
async fn an_edit_has_its_author_and_its_reason_and_may_go_to_a_branch() {
    let desk = Desk::with_show().await;
    desk.post("/bible/branches", &json!({ "name": "mei/red-hair" })).await.is(201);
    let etag = desk.etag("/bible/characters/mei").await;
    let signed =
        [("if-match", etag.as_str()), ("echo-author", "%E6%98%8E <ming@example.org>"), ("echo-message", "She is older here: 100%25")];
    let path = desk.path("/bible/characters/mei?branch=mei/red-hair");
    desk.send(Method::PATCH, &path, &signed, &json!({ "age": 30 })).await.is(200);
    assert_eq!(desk.read("/bible/characters/mei").await.get("age"), None);
    assert_eq!(desk.read("/bible/characters/mei?ref=mei/red-hair").await["age"], 30);
    let commit = desk.read("/bible/commits/mei%2Fred-hair").await;
    assert_eq!(commit["author"], json!({ "name": "明", "email": "ming@example.org" }));
    assert_eq!(commit["message"], "She is older here: 100%");
    assert_eq!(desk.read("/bible/commits/main").await["author"]["name"], "Tester");
    let unknown = desk.send(Method::PATCH, &desk.path("/bible/characters/mei?branch=mei/red-hare"), &signed, &json!({})).await;
    assert!(unknown.problem(404, "unknown-version")["detail"].as_str().unwrap().contains("did you mean `mei/red-hair`"));
}

#[tokio::test]
async fn the_cast_comes_in_pages_by_name() {
    let desk = Desk::new().await;
    for name in ["Dai", "Aki", "Cho", "Ben", "Emi"] {
        desk.post("/bible/characters", &someone(name)).await.is(201);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = desk.read(&format!("/bible/characters?limit=2{cursor}")).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["slug"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["aki", "ben", "cho", "dai", "emi"]);
}
