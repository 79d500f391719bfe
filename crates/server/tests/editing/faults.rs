//! Many at once: nothing is lost, nothing is done twice.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::desk::{Desk, someone};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_who_edit_one_character_one_is_accepted_and_the_others_hear_what_it_is_now() {
    let desk = Arc::new(Desk::with_show().await);
    let here = "/bible/characters/mei";
    let seen = desk.etag(here).await;
    let before = desk.read("/bible/commits?limit=200").await["items"].as_array().unwrap().len();
    let edits = (0..50).map(|number| {
        let (desk, seen) = (Arc::clone(&desk), seen.clone());
        tokio::spawn(async move { (number, desk.patch(here, &seen, &json!({ "age": 100 + number })).await) })
    });
    let mut accepted = Vec::new();
    let mut refused = Vec::new();
    for edit in edits.collect::<Vec<_>>() {
        let (number, answer) = edit.await.unwrap();
        if answer.status == 200 { accepted.push(number) } else { refused.push(answer.problem(412, "stale")) }
    }
    assert_eq!((accepted.len(), refused.len()), (1, 49));
    let now = desk.get(here).await.is(200);
    assert_eq!(now.json()["age"], 100 + accepted[0]);
    for problem in refused {
        assert_eq!((&problem["current"], problem["etag"].as_str()), (&now.json(), Some(now.etag())));
    }
    assert_eq!(desk.read("/bible/commits?limit=200").await["items"].as_array().unwrap().len(), before + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_who_try_again_until_accepted_are_all_in_history_once() {
    let desk = Arc::new(Desk::with_show().await);
    let here = "/bible/characters/mei";
    let edits = (0..50).map(|number| {
        let desk = Arc::clone(&desk);
        tokio::spawn(async move {
            let mine = format!("Name {number}");
            let mut seen = desk.get(here).await.is(200);
            loop {
                // What everybody said before stays: each adds one name to those that they saw.
                let mut names = seen.json()["aliases"].as_array().cloned().unwrap_or_default();
                names.push(json!(mine));
                let answer = desk.patch(here, seen.etag(), &json!({ "aliases": names })).await;
                if answer.status == 200 {
                    return answer.header("echo-commit").to_owned();
                }
                answer.problem(412, "stale");
                seen = desk.get(here).await.is(200);
            }
        })
    });
    let mut commits = BTreeSet::new();
    for edit in edits.collect::<Vec<_>>() {
        commits.insert(edit.await.unwrap());
    }
    assert_eq!(commits.len(), 50);
    let aliases: BTreeSet<String> =
        desk.read(here).await["aliases"].as_array().unwrap().iter().map(|alias| alias.as_str().unwrap().to_owned()).collect();
    assert_eq!(aliases, (0..50).map(|number| format!("Name {number}")).collect());
    let history = desk.read("/bible/commits?limit=200&document=characters/mei").await;
    let listed: Vec<String> = history["items"].as_array().unwrap().iter().map(|commit| commit["id"].as_str().unwrap().to_owned()).collect();
    // Each of them once, and the commit that made her.
    assert_eq!(listed.len(), 51);
    assert!(commits.iter().all(|commit| listed.contains(commit)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn edits_of_different_characters_at_once_never_refuse_each_other() {
    let desk = Arc::new(Desk::new().await);
    let cast: Value =
        (0..24).map(|number| (format!("c{number}"), someone(&format!("C {number}")))).collect::<serde_json::Map<_, _>>().into();
    desk.post("/bible", &json!({ "characters": cast })).await.is(201);
    let edits = (0..24).map(|number| {
        let desk = Arc::clone(&desk);
        tokio::spawn(async move {
            let here = format!("/bible/characters/c{number}");
            let etag = desk.etag(&here).await;
            desk.patch(&here, &etag, &json!({ "age": number + 10 })).await.is(200);
        })
    });
    for edit in edits.collect::<Vec<_>>() {
        edit.await.unwrap();
    }
    let all = desk.read("/bible").await;
    assert!((0..24).all(|number| all["characters"][format!("c{number}")]["age"] == number + 10), "{all}");
    assert_eq!(desk.read("/bible/commits?limit=200").await["items"].as_array().unwrap().len(), 26);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_make_the_same_character_one_does() {
    let desk = Arc::new(Desk::new().await);
    let made = (0..20).map(|_| {
        let desk = Arc::clone(&desk);
        tokio::spawn(async move { desk.post("/bible/characters", &someone("Mei")).await.status.as_u16() })
    });
    let mut statuses = Vec::new();
    for one in made.collect::<Vec<_>>() {
        statuses.push(one.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert!(statuses[1..].iter().all(|status| *status == 409), "{statuses:?}");
}
