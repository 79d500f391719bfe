//! Characters over the story, and the lint, over HTTP.

use serde_json::json;

use crate::desk::{Desk, someone};

async fn desk() -> Desk {
    let desk = Desk::with_show().await;
    let mut mei = someone("Mei");
    mei["wardrobe"] = json!({ "school": {}, "festival": {} });
    mei["look"] = json!("school");
    mei["relationships"] =
        json!([{ "to": "kit", "kind": "stranger", "until": "S01E02" }, { "to": "kit", "kind": "friend", "since": "S01E02" }]);
    mei["arc"] =
        json!([{ "at": "S01E03", "note": "The festival.", "changes": { "look": "festival", "colour_model": { "hair": "#7a2b3a" } } }]);
    let etag = desk.etag("/bible/characters/mei").await;
    desk.put("/bible/characters/mei", &etag, &mei).await.is(200);
    desk
}

#[tokio::test]
async fn a_character_is_resolved_at_a_point_of_the_story_with_the_origin_of_each_value() {
    let desk = desk().await;
    let before = desk.read("/bible/resolve?character=mei&at=S01E02.05").await;
    assert_eq!((&before["look"], &before["since"]), (&json!("school"), &json!("S00E00")));
    let after = desk.read("/bible/resolve?character=mei&at=S01E03.01").await;
    assert_eq!((&after["look"], &after["since"]), (&json!("festival"), &json!("S01E03")));
    assert_eq!(after["origins"]["look"], json!({ "from": "arc", "entry": 0, "at": "S01E03" }));
    assert_eq!(after["origins"]["name"], json!({ "from": "base" }));
    let worn = desk.read("/bible/resolve?character=mei&at=S01E03.01&look=school").await;
    assert_eq!(worn["look_origin"], json!({ "from": "shot" }));
    let past = desk.read("/bible/resolve?character=mei&at=S01E03.01&ref=main~1").await;
    assert_eq!(past["look"], json!(null));
    let unknown = desk.get("/bible/resolve?character=mey&at=S01E03").await.problem(404, "not-found");
    assert!(unknown["detail"].as_str().unwrap().contains("did you mean `mei`"));
    desk.get("/bible/resolve?character=mei&at=tomorrow").await.problem(400, "invalid-request");
    desk.get("/bible/resolve?character=mei").await.problem(400, "invalid-request");
    desk.get("/bible/resolve?character=mei&at=S01E03&look=scool").await.problem(400, "invalid-request");
}

#[tokio::test]
async fn timelines_tell_a_character_and_a_relationship_from_beginning_to_end() {
    let desk = desk().await;
    let timeline = desk.read("/bible/characters/mei/timeline").await;
    assert_eq!((&timeline["look"], timeline["turns"].as_array().unwrap().len()), (&json!("school"), 1));
    let turn = &timeline["turns"][0];
    assert_eq!((&turn["at"], &turn["notes"], &turn["look"]), (&json!("S01E03"), &json!(["The festival."]), &json!("festival")));
    assert!(turn["changes"].as_array().unwrap().iter().any(|change| change["path"] == "look" && change["old"] == "school"), "{turn}");
    let relationship = desk.read("/bible/characters/mei/relationships/kit").await;
    let kinds: Vec<_> = relationship["stretches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["from"].clone(), one["until"].clone(), one["ties"][0]["kind"].clone()))
        .collect();
    assert_eq!(kinds, [(json!("S00E00"), json!("S01E02"), json!("stranger")), (json!("S01E02"), json!(null), json!("friend"))]);
    assert_eq!(desk.read("/bible/characters/kit/relationships/mei").await["stretches"], relationship["stretches"]);
    desk.get("/bible/characters/mei/relationships/kid").await.problem(404, "not-found");
}

#[tokio::test]
async fn the_lint_quotes_both_places_that_contradict_each_other() {
    let desk = desk().await;
    let etag = desk.etag("/bible/characters/mei").await;
    desk.patch("/bible/characters/mei", &etag, &json!({ "age": 24, "description": "A 25-year-old painter." })).await.is(200);
    let lint = desk.read("/bible/lint").await;
    let finding = lint["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == "EL001").unwrap();
    assert_eq!(finding["evidence"].as_array().unwrap().len(), 2);
    let past = desk.read("/bible/lint?ref=main~1").await;
    assert!(past["findings"].as_array().unwrap().iter().all(|finding| finding["rule"] != "EL001"));
}
