//! A history that travels in one file.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Cursor;

use bible::Digest;
use bible::version::archive::{ArchiveError, Limits};
use bible::version::{Author, CommitId, Document, Edit, RefName, Reference};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use store::{DatabaseUrl, Store};
use studio::HistoryError;
use studio::history::{Archive, Change, Expected, History, ImportOptions, Imported, Landed, LogRequest, NewCommit, ObjectCache};
use uuid::Uuid;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::seconds(second)
}

fn mei() -> Author {
    Author { name: "Mei <b>O'Brien & 明</b>".into(), email: Some("mei@example.org".into()) }
}

/// A studio with one project that has nothing yet.
async fn studio() -> (tempfile::TempDir, History) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&DatabaseUrl::Sqlite(folder.path().join("studio.db"))).await.unwrap();
    let project = store::Project {
        id: Uuid::from_u128(1),
        slug: "tiny".parse().unwrap(),
        title: "Tiny".into(),
        description: "<b>O'Brien & 明</b>".into(),
        bible: Digest::of(b""),
        created_at: at(0),
        updated_at: at(0),
    };
    let project = store.note_project(&project).await.unwrap();
    (folder, History::new(store, project.id, ObjectCache::default()))
}

/// Changes a document on a branch: every second time as typed, otherwise as data alone.
async fn commit(history: &History, branch: &str, second: i64) -> CommitId {
    let document = match second % 2 {
        0 => Document::of_yaml("x", &format!("# of {second}\nname: <b>O'Brien & 明</b>\nage: {second}\n")).unwrap(),
        _ => Document::of_value(json!({ "name": "Mei", "age": second })),
    };
    let edit = Edit { path: format!("characters/c{}", second * 7 % 40).parse().unwrap(), document: Some(document) };
    let new = NewCommit {
        branch: Some(branch.parse().unwrap()),
        expected: Expected::Any,
        change: Change::Edits(vec![edit]),
        author: mei(),
        message: format!("Change {second}\n\nBecause."),
        at: at(second),
    };
    history.commit(new).await.unwrap().id
}

/// Two branches, a tag, forty commits.
async fn filled(history: &History) -> Vec<CommitId> {
    let mut ids = Vec::new();
    for second in 0..30 {
        ids.push(commit(history, "main", second).await);
    }
    let red: RefName = "looks/red".parse().unwrap();
    history.create_branch(&red, ids[10], &mei(), at(100)).await.unwrap();
    for second in 200..210 {
        ids.push(commit(history, "looks/red", second).await);
    }
    history.create_tag(&"delivery-1".parse().unwrap(), ids[20], &mei(), "To <the client>", at(300)).await.unwrap();
    ids
}

async fn exported(history: &History) -> Vec<u8> {
    history.export(Vec::new()).await.unwrap().0
}

async fn import(history: &History, file: &[u8], under: Option<&str>) -> Result<Imported, HistoryError> {
    let archive = Archive::check(Cursor::new(file.to_vec()), Limits::default())?;
    let options = ImportOptions { under: under.map(|name| name.parse().unwrap()), who: mei(), at: at(1000) };
    history.import(archive, &options).await
}

/// Everything that can be seen of a history.
async fn seen(history: &History) -> String {
    let mut seen =
        format!("{:?}\n{:?}\n{:?}\n", history.head().await.unwrap(), history.branches().await.unwrap(), history.tags().await.unwrap());
    for branch in history.branches().await.unwrap() {
        let request = LogRequest { limit: 500, ..LogRequest::default() };
        for entry in history.log(&branch.name.into(), &request).await.unwrap().entries {
            let files = history.snapshot(entry.id).await.unwrap().written();
            seen.push_str(&format!("{} {:?} {:?}\n", entry.id, entry.commit, Digest::of(format!("{files:?}").as_bytes())));
        }
    }
    seen
}

#[tokio::test]
async fn a_history_is_elsewhere_what_it_was_here() {
    let ((_a, here), (_b, there)) = (studio().await, studio().await);
    let ids = filled(&here).await;
    let file = exported(&here).await;
    let imported = import(&there, &file, None).await.unwrap();
    assert_eq!(imported.commits, ids.len());
    assert!(imported.landings.iter().all(|landing| landing.landed == Landed::New));
    assert_eq!(seen(&there).await, seen(&here).await);
    assert_eq!(exported(&there).await, file, "and goes on from there as the same bytes");
    for id in ids {
        assert_eq!(there.resolve(&id.to_string()[..12].parse::<Reference>().unwrap()).await.unwrap(), id);
    }
    let again = import(&there, &file, None).await.unwrap();
    assert!(again.landings.iter().all(|landing| landing.landed == Landed::Same));
}

#[tokio::test]
async fn a_branch_goes_on_to_a_later_archive_and_stays_ahead_of_an_earlier_one() {
    let ((_a, here), (_b, there)) = (studio().await, studio().await);
    filled(&here).await;
    let early = exported(&here).await;
    import(&there, &early, None).await.unwrap();
    let later = commit(&here, "main", 400).await;
    let landed = |imported: Imported| imported.landings.iter().find(|landing| landing.here.as_str() == "main").unwrap().landed;
    assert_eq!(landed(import(&there, &exported(&here).await, None).await.unwrap()), Landed::Forward);
    assert_eq!(there.resolve(&"main".parse().unwrap()).await.unwrap(), later);
    assert_eq!(landed(import(&there, &early, None).await.unwrap()), Landed::Behind);
    assert_eq!(there.resolve(&"main".parse().unwrap()).await.unwrap(), later);
}

#[tokio::test]
async fn what_went_different_ways_is_refused_unless_it_gets_another_name() {
    let ((_a, here), (_b, there)) = (studio().await, studio().await);
    filled(&here).await;
    import(&there, &exported(&here).await, None).await.unwrap();
    let ours = commit(&there, "main", 500).await;
    let theirs = commit(&here, "main", 501).await;
    let (file, before) = (exported(&here).await, seen(&there).await);
    let refused = import(&there, &file, None).await.unwrap_err();
    assert!(matches!(&refused, HistoryError::Diverged { names } if names[0].as_str() == "main"), "{refused}");
    assert_eq!(seen(&there).await, before);
    assert!(there.resolve(&theirs.into()).await.is_err(), "not even an object was kept");
    let imported = import(&there, &file, Some("their")).await.unwrap();
    let main = imported.landings.iter().find(|landing| landing.name.as_str() == "main").unwrap();
    assert_eq!((main.landed, main.here.as_str()), (Landed::Beside, "their/main"));
    assert_eq!(there.resolve(&"main".parse().unwrap()).await.unwrap(), ours);
    assert_eq!(there.resolve(&"their/main".parse().unwrap()).await.unwrap(), theirs);
}

#[tokio::test]
async fn another_tag_of_the_same_name_is_refused_unless_it_gets_another_name() {
    let ((_a, here), (_b, there)) = (studio().await, studio().await);
    let pilot: RefName = "pilot".parse().unwrap();
    let first = commit(&here, "main", 0).await;
    import(&there, &exported(&here).await, None).await.unwrap();
    here.create_tag(&pilot, first, &mei(), "ours", at(1)).await.unwrap();
    there.create_tag(&pilot, first, &mei(), "theirs", at(2)).await.unwrap();
    let file = exported(&here).await;
    assert!(matches!(import(&there, &file, None).await, Err(HistoryError::Diverged { .. })));
    import(&there, &file, Some("their")).await.unwrap();
    let tags: Vec<String> = there.tags().await.unwrap().iter().map(|tag| format!("{}: {}", tag.name, tag.tag.message)).collect();
    assert_eq!(tags, ["pilot: theirs", "their/pilot: ours"]);
}

#[tokio::test]
async fn a_damaged_archive_changes_nothing() {
    let ((_a, here), (_b, there)) = (studio().await, studio().await);
    filled(&here).await;
    let file = exported(&here).await;
    let before = seen(&there).await;
    for place in (0..file.len()).step_by(97) {
        let mut damaged = file.clone();
        damaged[place] ^= 0x55;
        if let Err(error) = import(&there, &damaged, None).await {
            assert!(matches!(error, HistoryError::Archive(_)), "{error}");
        } else {
            panic!("byte {place} was not missed");
        }
        let cut = import(&there, &file[..place], None).await.unwrap_err();
        assert!(matches!(cut, HistoryError::Archive(ArchiveError::Cut | ArchiveError::NoArchive)), "{cut}");
    }
    assert_eq!(seen(&there).await, before);
}

#[tokio::test]
async fn a_project_without_a_commit_has_nothing_to_export() {
    let (_folder, history) = studio().await;
    assert!(matches!(history.export(Vec::new()).await, Err(HistoryError::Empty)));
}
