//! A project with a history on a real SQLite store.

#![allow(dead_code, reason = "each test program uses its part of the desk")]

use bible::Digest;
use bible::version::{Author, CommitId, Snapshot, Written};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::atomic::{AtomicI64, Ordering};
use store::{DatabaseUrl, Store};
use studio::history::{Change, Expected, History, NewCommit, ObjectCache};
use uuid::Uuid;

/// A moment of the tests' own time.
pub(crate) fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::seconds(second)
}

/// A project with a history.
pub(crate) struct Desk {
    folder: tempfile::TempDir,
    pub(crate) history: History,
    clock: AtomicI64,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&DatabaseUrl::Sqlite(folder.path().join("studio.db"))).await.unwrap();
        let history = Self::on(store).await;
        Self { folder, history, clock: AtomicI64::new(0) }
    }

    /// A project on a store, with its history.
    pub(crate) async fn on(store: Store) -> History {
        let project = store::Project {
            id: Uuid::from_u128(1),
            slug: "tiny".parse().unwrap(),
            title: "Tiny".into(),
            description: String::new(),
            bible: Digest::of(b""),
            created_at: at(0),
            updated_at: at(0),
        };
        let project = store.note_project(&project).await.unwrap();
        History::new(store, project.id, ObjectCache::default())
    }

    /// Puts files on a branch, by Mei; an empty text takes a file away.
    pub(crate) async fn commit(&self, branch: &str, files: &[(&str, &str)]) -> CommitId {
        self.commit_as("Mei", branch, files).await
    }

    /// Puts files on a branch.
    pub(crate) async fn commit_as(&self, author: &str, branch: &str, files: &[(&str, &str)]) -> CommitId {
        let second = self.clock.fetch_add(1, Ordering::Relaxed);
        let mut written = match self.history.snapshot_at(&branch.parse().unwrap()).await {
            Ok(snapshot) => snapshot.written(),
            Err(_) => Written::default(),
        };
        for (path, text) in files {
            if text.is_empty() {
                written.remove(path);
            } else {
                written.insert(path, text.as_bytes().to_vec());
            }
        }
        let new = NewCommit {
            branch: Some(branch.parse().unwrap()),
            expected: Expected::Any,
            change: Change::Snapshot(Snapshot::of_written(&written).unwrap()),
            author: Author::named(author),
            message: format!("Change {second}"),
            at: at(second),
        };
        self.history.commit(new).await.unwrap().id
    }

    /// Makes a branch where the current one is.
    pub(crate) async fn branch(&self, name: &str) {
        self.history.create_branch(&name.parse().unwrap(), self.head().await, &Author::named("Mei"), at(0)).await.unwrap();
    }

    pub(crate) async fn head(&self) -> CommitId {
        self.history.head().await.unwrap().commit.unwrap()
    }

    /// A file at a version.
    pub(crate) async fn text(&self, reference: &str, file: &str) -> String {
        let written = self.history.snapshot_at(&reference.parse().unwrap()).await.unwrap().written();
        written.text(file).unwrap_or_default().to_owned()
    }

    /// Changes the bytes of one kept text behind the store's back.
    pub(crate) async fn damage_a_text(&self) {
        let database = self.folder.path().join("studio.db");
        let status = std::process::Command::new("python3")
            .arg("-c")
            .arg("import sqlite3, sys\nd = sqlite3.connect(sys.argv[1])\nd.execute(\"update bible_objects set bytes = x'00' where id = (select id from bible_objects where kind = 'document' limit 1)\")\nd.commit()")
            .arg(&database)
            .status()
            .unwrap();
        assert!(status.success());
    }
}
