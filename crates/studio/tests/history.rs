//! What a history promises, on a real store.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../../store/tests/databases/mod.rs"]
mod databases;
mod desk;

use std::collections::BTreeSet;
use std::sync::Arc;

use bible::Digest;
use bible::source::SourceTree;
use bible::version::tree::Node;
use bible::version::{Author, Commit, CommitId, Document, DocumentPath, Edit, Object, Pool, Snapshot};
use desk::{Desk, at};
use serde_json::json;
use store::StoredObject;
use studio::HistoryError;
use studio::history::{Change, Expected, LogRequest, NewCommit};
use uuid::Uuid;

fn path(text: &str) -> DocumentPath {
    text.parse().unwrap()
}

fn mei() -> Author {
    Author::named("Mei")
}

fn commit(second: i64, expected: Expected, change: Change) -> NewCommit {
    NewCommit { branch: None, expected, change, author: mei(), message: format!("Change {second}"), at: at(second) }
}

fn hair(colour: &str) -> Change {
    let value = json!({ "name": "Mei", "colour_model": { "hair": { "base": colour } } });
    Change::Edits(vec![Edit { path: path("characters/mei"), document: Some(Document::of_value(value)) }])
}

both_databases! {
    async fn files_come_back_out_of_a_commit_byte_for_byte(store: Store) {
        let history = Desk::on(store).await;
        let files = SourceTree::from([
            ("project.yaml", "# ours\nslug: tiny\ntitle: \"<b>O'Brien & 明</b>\"\n"),
            ("bible/characters/mei.yaml", "name: Mei # the one\n\n\nextra: 1.50\n"),
            ("episodes/s01e01/script.fountain", "INT. ROAD - NIGHT\r\n\r\nRain.\r\n"),
        ]);
        let mut snapshot = Snapshot::of_source(&files).unwrap();
        snapshot.insert_file("parts/hair/mine/front.svg", b"<svg/>\xff");
        history.commit(commit(1, Expected::Head(None), Change::Snapshot(snapshot.clone()))).await.unwrap();
        let read = history.snapshot_at(&"HEAD".parse().unwrap()).await.unwrap();
        assert_eq!(read.to_source(), files);
        assert_eq!(read, snapshot);
    }

    async fn a_change_of_a_moved_branch_is_refused_with_where_it_is(store: Store) {
        let history = Desk::on(store).await;
        let first = history.commit(commit(1, Expected::Head(None), hair("#111111"))).await.unwrap();
        let second = history.commit(commit(2, Expected::Head(Some(first.id)), hair("#222222"))).await.unwrap();
        let stale = history.commit(commit(3, Expected::Head(Some(first.id)), hair("#333333"))).await.unwrap_err();
        assert!(matches!(stale, HistoryError::Moved { found, .. } if found == Some(second.id)), "{stale}");
        let again = history.commit(commit(4, Expected::Any, hair("#222222"))).await.unwrap_err();
        assert!(matches!(again, HistoryError::NothingToCommit), "{again}");
    }

    async fn fifty_writers_at_once_are_each_in_history_once_or_refused(store: Store) {
        let history = Desk::on(store).await;
        let first = history.commit(commit(0, Expected::Head(None), hair("#000000"))).await.unwrap();
        let attempts = (1..=50).map(|second| {
            let history = history.clone();
            let new = commit(second, Expected::Head(Some(first.id)), hair(&format!("#0000{second:02}")));
            tokio::spawn(async move { history.commit(new).await })
        });
        let mut accepted = Vec::new();
        for attempt in attempts.collect::<Vec<_>>() {
            match attempt.await.unwrap() {
                Ok(made) => accepted.push(made.id),
                Err(error) => assert!(matches!(error, HistoryError::Moved { .. }), "{error}"),
            }
        }
        let log = history.log(&"main".parse().unwrap(), &LogRequest::default()).await.unwrap();
        assert_eq!(accepted.len(), 1);
        assert_eq!(log.entries.iter().map(|entry| entry.id).collect::<Vec<_>>(), [accepted[0], first.id]);
    }

    async fn a_log_is_read_in_pages_and_by_document(store: Store) {
        let history = Desk::on(store).await;
        for second in 0..7 {
            let change = if second % 3 == 0 {
                Change::Edits(vec![Edit { path: path("world"), document: Some(Document::of_value(json!({ "rules": [second.to_string()] }))) }])
            } else {
                hair(&format!("#00000{second}"))
            };
            history.commit(commit(second, Expected::Any, change)).await.unwrap();
        }
        let main = "main".parse().unwrap();
        let mut request = LogRequest { limit: 3, ..LogRequest::default() };
        let mut subjects = Vec::new();
        loop {
            let page = history.log(&main, &request).await.unwrap();
            subjects.extend(page.entries.iter().map(|entry| entry.commit.subject().to_owned()));
            let Some(next) = page.next else { break };
            request.cursor = Some(next.to_string().parse().unwrap());
        }
        assert_eq!(subjects, (0..7).rev().map(|second| format!("Change {second}")).collect::<Vec<_>>());
        let world = LogRequest { paths: vec!["world".into()], ..LogRequest::default() };
        let page = history.log(&main, &world).await.unwrap();
        assert_eq!(page.entries.iter().map(|entry| entry.commit.subject()).collect::<Vec<_>>(), ["Change 6", "Change 3", "Change 0"]);
    }

    async fn commits_are_named_by_branch_tag_prefix_and_steps_back(store: Store) {
        let history = Desk::on(store).await;
        let mut ids: Vec<CommitId> = Vec::new();
        for second in 0..3 {
            ids.push(history.commit(commit(second, Expected::Any, hair(&format!("#00000{second}")))).await.unwrap().id);
        }
        history.create_tag(&"delivery-1".parse().unwrap(), ids[1], &mei(), "To the client", at(9)).await.unwrap();
        let resolve = async |text: &str| history.resolve(&text.parse().unwrap()).await;
        for (text, wanted) in [("main", 2), ("HEAD", 2), ("HEAD~2", 0), ("main^1", 1), ("delivery-1", 1), ("delivery-1~1", 0)] {
            assert_eq!(resolve(text).await.unwrap(), ids[wanted], "{text}");
        }
        assert_eq!(resolve(&ids[0].to_string()[..10]).await.unwrap(), ids[0]);
        assert!(matches!(resolve("HEAD~3").await.unwrap_err(), HistoryError::NoAncestor { .. }));
        let unknown = resolve("delivery-2").await.unwrap_err().to_string();
        assert!(unknown.contains("did you mean `delivery-1`"), "{unknown}");
    }

    async fn a_branch_with_work_of_its_own_is_not_deleted_unless_told(store: Store) {
        let history = Desk::on(store).await;
        let first = history.commit(commit(0, Expected::Any, hair("#000000"))).await.unwrap();
        let red = "red-hair".parse().unwrap();
        history.create_branch(&red, first.id, &mei(), at(1)).await.unwrap();
        let mut new = commit(2, Expected::Any, hair("#ff0000"));
        new.branch = Some(red.clone());
        let ahead = history.commit(new).await.unwrap();
        let refused = history.delete_branch(&red, false, &mei(), at(3)).await.unwrap_err();
        assert!(matches!(refused, HistoryError::Unmerged { commits: 1, .. }), "{refused}");
        assert_eq!(history.delete_branch(&red, true, &mei(), at(4)).await.unwrap(), ahead.id);
        // Nothing is lost even then: the commit has its id still.
        assert_eq!(history.resolve(&ahead.id.into()).await.unwrap(), ahead.id);
        let main = "main".parse().unwrap();
        assert!(matches!(history.delete_branch(&main, true, &mei(), at(5)).await, Err(HistoryError::Current { .. })));
    }
}

#[tokio::test]
async fn a_check_finds_trees_that_lie_though_every_byte_is_what_it_was() {
    let (_folder, store) = databases::sqlite().await;
    let history = Desk::on(store.clone()).await;
    let characters = (0..40).map(|number| {
        let document = Document::of_value(json!({ "name": number.to_string() }));
        Edit { path: path(&format!("characters/c{number}")), document: Some(document) }
    });
    let made = history.commit(commit(0, Expected::Any, Change::Edits(characters.collect()))).await.unwrap().id;
    assert_eq!(history.fsck().await.unwrap().faults, []);
    let object = async |id: Digest| {
        let stored = store.objects(&BTreeSet::from([id])).await.unwrap().remove(0);
        Object::decode(stored.kind, &stored.bytes).unwrap()
    };
    let Object::Commit(honest) = object(made.digest()).await else { panic!("a commit") };
    let Object::Tree(root) = object(honest.tree).await else { panic!("a tree") };
    let Node::Fan { count, fan } = &*root else { panic!("40 documents are a fan") };
    let mut pool = Pool::default();
    let lying = pool.add(Object::Tree(Arc::new(Node::Fan { count: count + 1, fan: fan.clone() }))).unwrap();
    let commit = pool.add(Object::Commit(Arc::new(Commit { tree: lying, ..(*honest).clone() }))).unwrap();
    let objects = pool.take_new().into_iter().map(|(id, kind, bytes)| StoredObject { id, kind, bytes }).collect();
    store.put_objects(Uuid::from_u128(1), objects, vec![(commit, honest.generation)]).await.unwrap();
    let faults = history.fsck().await.unwrap().faults;
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].at == lying.to_string() && faults[0].reason.contains("says that it holds 41 documents"), "{faults:?}");
}

#[tokio::test]
async fn the_same_inputs_give_the_same_ids_on_another_store() {
    let mut ids = Vec::new();
    for _ in 0..2 {
        let (_folder, store) = databases::sqlite().await;
        let history = Desk::on(store).await;
        history.commit(commit(0, Expected::Any, hair("#000000"))).await.unwrap();
        ids.push(history.commit(commit(1, Expected::Any, hair("#ff0000"))).await.unwrap().id);
    }
    assert_eq!(ids[0], ids[1]);
}
