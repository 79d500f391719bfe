//! Projects over HTTP.

use serde_json::json;

use crate::desk::{Desk, pointers};
use reqwest::Method;

#[tokio::test]
async fn a_project_is_made_read_changed_and_deleted() {
    let desk = Desk::new().await;
    let read = desk.get("").await.is(200);
    let (project, etag) = (read.json(), read.etag().to_owned());
    assert_eq!((&project["slug"], &project["title"], &project["language"]), (&json!("lantern-road"), &json!("Lantern Road"), &json!("en")));
    let patched = desk.patch("", &etag, &json!({ "description": "A girl, a fox.", "gate": 0.9 })).await.is(200);
    assert_eq!(patched.json()["description"], "A girl, a fox.");
    assert_ne!(patched.etag(), etag);
    let listed = desk.raw(Method::GET, "/api/anime/projects", &[], None).await.is(200).json();
    assert_eq!(listed["items"], json!([patched.json()]));
    let stale = desk.put("", &etag, &json!({ "title": "Mine" })).await.problem(412, "stale");
    assert_eq!(stale["current"]["gate"], 0.9);
    let mut whole = patched.json();
    whole["title"] = json!("Lantern Road 2");
    let replaced = desk.put("", stale["etag"].as_str().unwrap(), &whole).await.is(200);
    assert_eq!(replaced.json()["title"], "Lantern Road 2");
    assert_eq!(desk.read("/bible/commits").await["items"].as_array().unwrap().len(), 3);
    desk.delete("", replaced.etag()).await.is(204);
    desk.get("").await.problem(404, "not-found");
}

#[tokio::test]
async fn limits_are_counted_in_characters_and_named_with_their_place() {
    let desk = Desk::empty().await;
    let make = async |title: String, description: serde_json::Value| {
        let mut body = json!({ "title": title, "slug": format!("s{}", title.len()) });
        if !description.is_null() {
            body["description"] = description;
        }
        desk.send(Method::POST, "/api/anime/projects", &[], &body).await
    };
    make("明".repeat(200), json!("灯".repeat(2000))).await.is(201);
    for (title, description, pointer) in [
        ("明".repeat(201), json!(null), "/title"),
        (String::new(), json!(null), "/title"),
        ("   ".to_owned(), json!(null), "/title"),
        ("A".to_owned(), json!("灯".repeat(2001)), "/description"),
        ("A".to_owned(), json!(""), "/description"),
    ] {
        let problem = make(title, description).await.problem(422, "invalid-content");
        assert_eq!(pointers(&problem), [pointer], "{problem}");
    }
}

#[tokio::test]
async fn a_slug_that_is_taken_and_one_that_cannot_be_made_are_refused() {
    let desk = Desk::new().await;
    let make = async |body| desk.send(Method::POST, "/api/anime/projects", &[], &body).await;
    make(json!({ "title": "Lantern road" })).await.problem(409, "taken");
    assert_eq!(pointers(&make(json!({ "title": "明" })).await.problem(422, "invalid-content")), ["/slug"]);
    assert_eq!(pointers(&make(json!({ "slug": "x" })).await.problem(422, "invalid-content")), ["/title"]);
    let misspelt = make(json!({ "title": "X", "discription": "?" })).await.problem(422, "invalid-content");
    assert_eq!(
        (pointers(&misspelt), &misspelt["errors"][0]["fix"]),
        (vec!["/discription".to_owned()], &json!("did you mean `description`?"))
    );
    let etag = desk.etag("").await;
    let renamed = desk.patch("", &etag, &json!({ "slug": "other" })).await.problem(422, "invalid-content");
    assert_eq!(pointers(&renamed), ["/slug"]);
}
