//! What the store promises, on both databases.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod databases;

use bible::Digest;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use store::{
    Artifact, ArtifactFile, ArtifactFilter, Attempt, AttemptOutcome, Claim, Cut, Decision, IdempotencyKey, KeptAnswer, NewArtifact,
    NewPictureVector, PageRequest, Placement, Production, Project, RecipeKind, Store, StoredRead, VerdictStatus,
};
use uuid::Uuid;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 123_456_789).unwrap()
}

/// Ids that sort by their number, as time-ordered ids do.
fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn project() -> Project {
    Project {
        id: id(1),
        slug: "lantern-road".parse().unwrap(),
        title: "<b>O'Brien & 明</b>".to_owned(),
        description: "Lanterns.".to_owned(),
        bible: Digest::of(b"bible 1"),
        created_at: at(0),
        updated_at: at(0),
    }
}

fn made(number: u128, recipe: &str, status: VerdictStatus) -> (NewArtifact, Placement) {
    let recipe = Digest::of(recipe.as_bytes());
    let file = ArtifactFile { name: "clip.mp4".to_owned(), digest: Digest::of(b"film"), media_type: "video/mp4".to_owned(), bytes: 4 };
    let artifact = Artifact {
        id: id(100 + number),
        project: id(1),
        recipe,
        kind: RecipeKind::Shot,
        subject: format!("shot S01E01.01.{number:03}"),
        engine: "layout".to_owned(),
        engine_version: "1".to_owned(),
        seed: Some(u64::MAX),
        bible: Digest::of(b"bible 1"),
        width: 1280,
        height: 720,
        frames: 48,
        files: vec![file],
        seconds: 2.4,
        attempts: 1,
        status,
        score: Some(0.97),
        created_at: at(number as i64),
    };
    let decision = Decision {
        id: id(200 + number),
        status,
        score: Some(0.97),
        gate: 0.85,
        decided_by: "gate".to_owned(),
        note: String::new(),
        report: json!({ "pictures": [] }),
        decided_at: at(number as i64),
    };
    let placement = Placement {
        project: id(1),
        subject: artifact.subject.clone(),
        recipe,
        artifact: artifact.id,
        reads: [StoredRead { path: "characters.mei.colour_model.hair.base".into(), digest: Digest::of(b"#2b2f4a") }].into(),
        bible: Digest::of(b"bible 1"),
        at: at(number as i64),
    };
    (NewArtifact { attempt: id(300 + number), artifact, document: json!({ "recipe": {} }), decision }, placement)
}

fn attempt(number: u128, recipe: &str) -> Attempt {
    Attempt {
        id: id(300 + number),
        project: id(1),
        recipe: Digest::of(recipe.as_bytes()),
        subject: "shot S01E01.01.001".to_owned(),
        engine: "layout".to_owned(),
        engine_version: "1".to_owned(),
        started_at: at(0),
    }
}

both_databases! {
    async fn text_comes_back_as_it_was_typed(store: Store) {
        let noted = store.note_project(&project()).await.unwrap();
        assert_eq!(noted.title, "<b>O'Brien & 明</b>");
        let read = store.project(id(1)).await.unwrap().unwrap();
        assert_eq!(read, noted);
        // Both databases keep microseconds, so a time that was read equals itself when written again.
        assert_eq!(read.created_at, at(0) - TimeDelta::nanoseconds(789));
    }

    async fn a_project_keeps_its_id_when_its_bible_changes(store: Store) {
        store.note_project(&project()).await.unwrap();
        let edited = Project { id: id(2), bible: Digest::of(b"bible 2"), updated_at: at(9), ..project() };
        let noted = store.note_project(&edited).await.unwrap();
        assert_eq!((noted.id, noted.bible), (id(1), Digest::of(b"bible 2")));
        assert_eq!(store.projects().await.unwrap().len(), 1);
        // Loading the same bible again is no event.
        store.note_project(&edited).await.unwrap();
        let events = store.events_after(0, Some(id(1)), 10).await.unwrap();
        assert_eq!(events.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["bible.loaded", "bible.loaded"]);
    }

    async fn an_artifact_its_verdict_its_place_and_its_event_are_one(store: Store) {
        store.note_project(&project()).await.unwrap();
        store.start_attempt(&attempt(1, "a")).await.unwrap();
        let (new, placement) = made(1, "a", VerdictStatus::Accepted);
        let artifact = new.artifact.clone();
        assert_eq!(store.record(new, placement.clone()).await.unwrap(), Production::New);
        let read = store.artifact(artifact.id).await.unwrap().unwrap();
        assert_eq!(read, Artifact { created_at: artifact.created_at - TimeDelta::nanoseconds(789), ..artifact.clone() });
        assert_eq!(store.placements_of(id(1), std::slice::from_ref(&placement.subject)).await.unwrap()[0].reads, placement.reads);
        assert_eq!(store.verdicts(artifact.id).await.unwrap()[0].report, json!({ "pictures": [] }));
        assert!(store.recipe(artifact.recipe).await.unwrap().is_some());
        assert_eq!(store.attempts_at(id(1), artifact.recipe).await.unwrap(), 1);
        assert_eq!(store.events_after(0, None, 10).await.unwrap().last().unwrap().kind, "artifact.accepted");
    }

    async fn the_same_recipe_drawn_twice_keeps_the_first(store: Store) {
        store.note_project(&project()).await.unwrap();
        let tasks = (1..=12u128).map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                store.start_attempt(&attempt(number, "same")).await.unwrap();
                let (new, placement) = made(number, "same", VerdictStatus::Accepted);
                store.record(new, placement).await.unwrap()
            })
        });
        let mut new = 0;
        for task in tasks.collect::<Vec<_>>() {
            new += usize::from(task.await.unwrap() == Production::New);
        }
        assert_eq!(new, 1);
        let page = store.artifacts(id(1), ArtifactFilter::default(), PageRequest::new(200, None).unwrap()).await.unwrap();
        assert_eq!(page.items.len(), 1);
        let placements = store.placements(id(1)).await.unwrap();
        assert_eq!(placements.len(), 12, "every subject uses it");
        assert!(placements.iter().all(|placed| placed.artifact == page.items[0].id));
    }

    async fn what_is_drawn_again_otherwise_takes_the_place_of_the_first_and_the_first_is_kept(store: Store) {
        store.note_project(&project()).await.unwrap();
        let (first, placement) = made(1, "same", VerdictStatus::Rejected);
        let recipe = first.artifact.recipe;
        store.record(first, placement.clone()).await.unwrap();
        let again = |number: u128| {
            let (mut new, _) = made(number, "same", VerdictStatus::Accepted);
            new.artifact.files[0].digest = Digest::of(&number.to_le_bytes());
            let placement = Placement { artifact: new.artifact.id, at: at(number as i64), ..placement.clone() };
            (new, placement)
        };
        let (second, at_its_place) = again(2);
        store.start_attempt(&attempt(2, "same")).await.unwrap();
        assert_eq!(store.record(second, at_its_place).await.unwrap(), Production::Instead(id(101)));
        let made_from_it: Vec<Uuid> = store.artifacts_of_recipes(id(1), &[recipe]).await.unwrap().iter().map(|made| made.id).collect();
        assert_eq!(made_from_it, [id(102)]);
        let placed = store.placements(id(1)).await.unwrap();
        assert_eq!((placed[0].artifact, placed[0].recipe, placed[0].status), (id(102), recipe, VerdictStatus::Accepted));
        let aside = store.artifact(id(101)).await.unwrap().unwrap();
        assert_eq!((aside.status, store.verdicts(id(101)).await.unwrap().len()), (VerdictStatus::Rejected, 1));
        let document = store.recipe(aside.recipe).await.unwrap().unwrap();
        assert_eq!(document["recipe"]["artifact"], json!(id(101)), "its recipe says that it is that one");
        assert_eq!(Digest::of_json(&document["recipe"]).unwrap(), aside.recipe);

        // Once a person has spoken, what is there stays.
        let by_a_person = Decision { id: id(999), decided_by: "Aiko".to_owned(), decided_at: at(60), ..made(2, "same", VerdictStatus::Accepted).0.decision };
        store.decide(id(102), &by_a_person).await.unwrap();
        let (third, at_its_place) = again(3);
        assert_eq!(store.record(third, at_its_place).await.unwrap(), Production::Known(id(102)));
    }

    async fn a_person_overrules_the_gate_and_both_verdicts_are_kept(store: Store) {
        store.note_project(&project()).await.unwrap();
        let (new, placement) = made(1, "a", VerdictStatus::Rejected);
        let gate = new.decision.clone();
        store.record(new, placement).await.unwrap();
        let person = Decision { id: id(999), status: VerdictStatus::Accepted, score: None, decided_by: "Aiko".to_owned(), decided_at: at(60), ..gate };
        assert!(store.decide(id(101), &person).await.unwrap());
        assert!(!store.decide(id(555), &Decision { id: id(998), ..person }).await.unwrap());
        let artifact = store.artifact(id(101)).await.unwrap().unwrap();
        assert_eq!((artifact.status, artifact.score), (VerdictStatus::Accepted, Some(0.97)), "the measured score stays");
        let by: Vec<String> = store.verdicts(id(101)).await.unwrap().into_iter().map(|verdict| verdict.decided_by).collect();
        assert_eq!(by, ["Aiko", "gate"]);
        assert_eq!(store.latest_verdicts(&[id(101)]).await.unwrap()[&id(101)].decided_by, "Aiko");
    }

    async fn what_a_dead_process_left_running_is_lost_and_what_ended_stays(store: Store) {
        store.note_project(&project()).await.unwrap();
        store.start_attempt(&attempt(1, "a")).await.unwrap();
        store.start_attempt(&attempt(2, "b")).await.unwrap();
        store.finish_attempt(id(301), AttemptOutcome::Failed("no ink".to_owned()), at(5)).await.unwrap();
        assert_eq!(store.abandon_attempts(id(1), at(6)).await.unwrap(), 1);
        assert_eq!(store.abandon_attempts(id(1), at(7)).await.unwrap(), 0);
    }

    async fn lists_come_in_pages_without_gaps_or_repeats(store: Store) {
        store.note_project(&project()).await.unwrap();
        for number in 1..=7 {
            let status = if number % 2 == 0 { VerdictStatus::Rejected } else { VerdictStatus::Accepted };
            let (new, placement) = made(number, &format!("recipe {number}"), status);
            store.record(new, placement).await.unwrap();
        }
        let mut seen = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = store.artifacts(id(1), ArtifactFilter::default(), PageRequest::new(3, cursor.as_deref()).unwrap()).await.unwrap();
            seen.extend(page.items.iter().map(|artifact| artifact.id.as_u128() - 100));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7]);
        let rejected = ArtifactFilter { status: Some(VerdictStatus::Rejected), kind: Some(RecipeKind::Shot) };
        let page = store.artifacts(id(1), rejected, PageRequest::new(200, None).unwrap()).await.unwrap();
        assert_eq!((page.items.len(), page.next_cursor), (3, None));
        assert!(PageRequest::new(0, None).is_err() && PageRequest::new(201, None).is_err() && PageRequest::new(1, Some("x")).is_err());
    }

    async fn a_subject_that_is_gone_is_displaced_and_its_artifact_stays(store: Store) {
        store.note_project(&project()).await.unwrap();
        let (new, placement) = made(1, "a", VerdictStatus::Accepted);
        store.record(new, placement.clone()).await.unwrap();
        assert_eq!(store.placed_artifacts(id(1)).await.unwrap().len(), 1);
        store.displace(id(1), vec![placement.subject.clone()]).await.unwrap();
        assert!(store.placements(id(1)).await.unwrap().is_empty());
        assert_eq!(store.artifacts_of_recipes(id(1), &[placement.recipe, Digest::of(b"other")]).await.unwrap().len(), 1);
        store.place(vec![placement]).await.unwrap();
        assert_eq!(store.placements(id(1)).await.unwrap().len(), 1);
        let measured = store.seconds_per_frame(id(1), RecipeKind::Shot).await.unwrap().unwrap();
        assert!((measured - 0.05).abs() < 1e-9);
        assert_eq!(store.seconds_per_frame(id(1), RecipeKind::Sheet).await.unwrap(), None);
    }

    async fn the_newest_cut_counts(store: Store) {
        store.note_project(&project()).await.unwrap();
        for number in 0..2u128 {
            let cut = Cut {
                id: id(500 + number),
                project: id(1),
                episode: "S01E01".parse().unwrap(),
                recipe: Digest::of(&[number as u8]),
                files: Vec::new(),
                frames: 4800 + number as u64,
                report: json!({ "loudness": -24.0 }),
                bible: Digest::of(b"bible 1"),
                created_at: at(number as i64),
            };
            store.record_cut(&cut).await.unwrap();
        }
        let cuts = store.latest_cuts(id(1)).await.unwrap();
        assert_eq!(cuts.iter().map(|cut| cut.frames).collect::<Vec<_>>(), [4801]);
        assert!(store.latest_cut(id(1), "S01E02".parse().unwrap()).await.unwrap().is_none());
    }

    async fn notes_are_kept_by_name(store: Store) {
        store.note_project(&project()).await.unwrap();
        assert_eq!(store.note(id(1), "plan").await.unwrap(), None);
        store.write_note(id(1), "plan", vec![0, 159, 146, 150]).await.unwrap();
        store.write_note(id(1), "plan", vec![1]).await.unwrap();
        assert_eq!(store.note(id(1), "plan").await.unwrap(), Some(vec![1]));
    }

    async fn a_version_names_the_first_commit_that_read_so(store: Store) {
        store.note_project(&project()).await.unwrap();
        let (version, unknown) = (Digest::of(b"bible 1"), Digest::of(b"bible 2"));
        let commit = |text: &[u8]| bible::version::CommitId::new(Digest::of(text));
        store.note_version(id(1), version, commit(b"first"), at(0)).await.unwrap();
        store.note_version(id(1), version, commit(b"revert"), at(1)).await.unwrap();
        let found = store.commits_of_versions(id(1), &[version, unknown].into()).await.unwrap();
        assert_eq!(found, [(version, commit(b"first"))].into());
        assert!(store.commits_of_versions(id(2), &[version].into()).await.unwrap().is_empty());
    }

    async fn a_key_is_claimed_once_and_its_answer_is_given_again(store: Store) {
        let key = IdempotencyKey { project: Some(id(1)), route: "POST /characters".into(), key: "k1".into() };
        let (mine, other) = (Digest::of(b"mine"), Digest::of(b"other"));
        let claim = async |key: &IdempotencyKey, request| store.claim_key(key, request, at(10), at(0)).await.unwrap();
        assert_eq!(claim(&key, mine).await, Claim::Yours);
        assert_eq!(claim(&key, mine).await, Claim::Pending);
        assert_eq!(claim(&key, other).await, Claim::Other);
        let answer = KeptAnswer { status: 201, headers: [("etag".into(), "\"1\"".into())].into(), body: "<b>明</b>".into() };
        store.keep_answer(&key, &answer).await.unwrap();
        assert_eq!(claim(&key, mine).await, Claim::Answered(answer));
        assert_eq!(claim(&key, other).await, Claim::Other);
        // Another route, another project, another key.
        for different in [
            IdempotencyKey { project: None, ..key.clone() },
            IdempotencyKey { route: "POST /props".into(), ..key.clone() },
            IdempotencyKey { key: "k2".into(), ..key.clone() },
        ] {
            assert_eq!(claim(&different, other).await, Claim::Yours);
        }
    }

    async fn of_many_who_claim_a_key_at_once_one_gets_it(store: Store) {
        let key = IdempotencyKey { project: None, route: "POST /projects".into(), key: "k".into() };
        let claims = (0..20).map(|_| {
            let (store, key) = (store.clone(), key.clone());
            tokio::spawn(async move { store.claim_key(&key, Digest::of(b""), at(10), at(0)).await.unwrap() })
        });
        let mut yours = 0;
        for claim in claims.collect::<Vec<_>>() {
            yours += usize::from(claim.await.unwrap() == Claim::Yours);
        }
        assert_eq!(yours, 1);
    }

    async fn keys_are_given_back_and_forgotten(store: Store) {
        let key = IdempotencyKey { project: None, route: "POST /projects".into(), key: "k".into() };
        let claim = async |now, forget| store.claim_key(&key, Digest::of(b""), at(now), at(forget)).await.unwrap();
        assert_eq!(claim(10, 0).await, Claim::Yours);
        store.release_key(&key).await.unwrap();
        assert_eq!(claim(11, 0).await, Claim::Yours);
        assert_eq!(claim(12, 11).await, Claim::Pending);
        assert_eq!(claim(13, 12).await, Claim::Yours);
    }

    async fn a_project_is_made_once_described_and_deleted_with_all_it_has(store: Store) {
        assert!(store.create_project(&project()).await.unwrap());
        assert!(!store.create_project(&Project { id: id(2), ..project() }).await.unwrap());
        store.describe_project(id(1), "Another", "Words.", at(5)).await.unwrap();
        let known = store.project(id(1)).await.unwrap().unwrap();
        assert_eq!((known.title.as_str(), known.description.as_str()), ("Another", "Words."));
        store.start_attempt(&attempt(1, "recipe")).await.unwrap();
        let (new, placement) = made(1, "recipe", VerdictStatus::Accepted);
        store.record(new, placement).await.unwrap();
        assert!(store.delete_project(id(1), at(6)).await.unwrap());
        assert!(!store.delete_project(id(1), at(7)).await.unwrap());
        assert!(store.projects().await.unwrap().is_empty());
        assert!(store.artifact(id(101)).await.unwrap().is_none());
        let kinds: Vec<String> = store.events_after(0, Some(id(1)), 50).await.unwrap().into_iter().map(|event| event.kind).collect();
        assert_eq!(kinds.iter().filter(|kind| kind.starts_with("project.")).count(), 3, "{kinds:?}");
    }

    async fn vectors_come_back_as_they_were_written_and_go_with_their_project(store: Store) {
        let of = |number: u128, owner: Option<&str>, vector: &[f32]| NewPictureVector {
            artifact: id(100 + number),
            picture: "frame-0000.png".to_owned(),
            owner: owner.map(|owner| owner.parse().unwrap()),
            vector: vector.to_vec(),
        };
        store.note_project(&project()).await.unwrap();
        for number in [1, 2] {
            store.start_attempt(&attempt(number, &number.to_string())).await.unwrap();
            let (new, placement) = made(number, &number.to_string(), VerdictStatus::Accepted);
            store.record(new, placement).await.unwrap();
        }
        assert_eq!(store.last_placed(id(1)).await.unwrap(), Some(at(2) - TimeDelta::nanoseconds(789)));
        assert_eq!(store.last_placed(id(2)).await.unwrap(), None);
        let first = vec![of(1, None, &[0.25, -1.5e-9, f32::MAX]), of(1, Some("mei"), &[1.0])];
        store.put_vectors(id(1), "a@1", first.clone()).await.unwrap();
        store.put_vectors(id(1), "b@1", vec![of(1, None, &[3.0])]).await.unwrap();
        // Written again it stays as it was, beside what is new.
        store.put_vectors(id(1), "a@1", vec![of(1, None, &[9.0]), of(2, None, &[])]).await.unwrap();
        let all = store.vectors_after(id(1), "a@1", 0, 10).await.unwrap();
        let written: Vec<NewPictureVector> = all.iter().cloned().map(|known| NewPictureVector {
            artifact: known.artifact, picture: known.picture, owner: known.owner, vector: known.vector,
        }).collect();
        assert_eq!(written, [first, vec![of(2, None, &[])]].concat());
        assert!(all.is_sorted_by_key(|known| known.id) && all[0].id > 0);
        assert_eq!(store.vectors_after(id(1), "a@1", all[0].id, 1).await.unwrap(), all[1..2]);
        assert_eq!(store.vectors_of(&[all[2].id, all[0].id, 1 << 40]).await.unwrap(), [all[0].clone(), all[2].clone()]);
        store.delete_project(id(1), at(6)).await.unwrap();
        assert_eq!(store.vectors_of(&[all[0].id]).await.unwrap(), []);
    }

    async fn more_vectors_than_a_statement_takes_are_written_too(store: Store) {
        store.note_project(&project()).await.unwrap();
        store.start_attempt(&attempt(1, "a")).await.unwrap();
        let (new, placement) = made(1, "a", VerdictStatus::Accepted);
        store.record(new, placement).await.unwrap();
        let many = (0..1_203u16).map(|number| NewPictureVector {
            artifact: id(101), picture: format!("frame-{number:04}.png"), owner: None, vector: vec![f32::from(number); 288],
        });
        store.put_vectors(id(1), "a@1", many.collect()).await.unwrap();
        let read = store.vectors_after(id(1), "a@1", 0, 5_000).await.unwrap();
        assert_eq!((read.len(), read[1_202].vector[287]), (1_203, 1_202.0));
        let ids: Vec<u64> = read.iter().map(|vector| vector.id).collect();
        assert_eq!(store.vectors_of(&ids).await.unwrap().len(), 1_203);
    }

    async fn it_says_what_it_is(store: Store) {
        let health = store.health().await.unwrap();
        assert!(["sqlite", "postgresql"].contains(&health.kind), "{health:?}");
        assert!(health.version.chars().next().unwrap().is_ascii_digit(), "{health:?}");
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_says_which_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, b"this is no database, though it is long enough to be taken for one by its size alone").unwrap();
    for url in [format!("sqlite:{}", file.display()), format!("sqlite:{}/studio.db", file.display())] {
        let error = Store::open(&url.parse().unwrap()).await.unwrap_err().to_string();
        assert!(error.contains(&url) && error.contains("check") || error.contains("schema"), "{error}");
    }
}

#[tokio::test]
async fn a_reopened_database_still_has_everything() {
    let (folder, store) = databases::sqlite().await;
    store.note_project(&project()).await.unwrap();
    store.close().await;
    let again = Store::open(&format!("sqlite:{}/studio.db", folder.path().display()).parse().unwrap()).await.unwrap();
    assert_eq!(again.projects().await.unwrap().len(), 1);
}
