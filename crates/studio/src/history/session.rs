//! One question to a history: objects are loaded as it turns out that they are needed.

use std::collections::{BTreeSet, VecDeque};

use bible::Digest;
use bible::version::{CommitId, Object, ObjectKind, Pool, ReadError};
use store::StoredObject;

use super::{History, HistoryError};

/// Commits that are loaded in one go when a walk goes back, at first and at most.
const STRETCH: (u64, u64) = (16, 8192);

/// Objects of one question.
pub(super) struct Session<'a> {
    history: &'a History,
    pub(super) pool: Pool,
    stretch: u64,
}

impl History {
    pub(super) fn session(&self) -> Session<'_> {
        Session { history: self, pool: Pool::default(), stretch: STRETCH.0 }
    }

    /// Asks until everything that the answer needs is loaded.
    pub(super) async fn read<T>(&self, ask: impl FnMut(&Pool) -> Result<T, ReadError>) -> Result<T, HistoryError> {
        self.session().read(ask).await
    }
}

impl Session<'_> {
    /// Asks until everything that the answer needs is loaded.
    pub(super) async fn read<T>(&mut self, mut ask: impl FnMut(&Pool) -> Result<T, ReadError>) -> Result<T, HistoryError> {
        loop {
            match ask(&self.pool) {
                Ok(answer) => return Ok(answer),
                Err(ReadError::Missing(ids)) => self.load(ids).await?,
                Err(error) => return Err(HistoryError::of_read(error)),
            }
        }
    }

    /// Whose questions these are.
    pub(super) const fn history(&self) -> &History {
        self.history
    }

    pub(super) async fn load(&mut self, ids: BTreeSet<Digest>) -> Result<(), HistoryError> {
        let mut wanted = BTreeSet::new();
        let mut before = VecDeque::new();
        for id in ids {
            match self.history.cache.get(id) {
                Some(object) => {
                    if let Object::Commit(commit) = &object {
                        before.extend(commit.parents.iter().copied());
                    }
                    self.pool.load(id, object);
                }
                None => drop(wanted.insert(id)),
            }
        }
        self.load_before(before);
        if wanted.is_empty() {
            return Ok(());
        }
        let found = self.history.store.objects(&wanted).await?;
        let mut oldest = None;
        for object in found {
            wanted.remove(&object.id);
            if let Object::Commit(commit) = self.take(&object)? {
                oldest = Some(oldest.unwrap_or(u64::MAX).min(commit.generation));
            }
        }
        if let Some(&object) = wanted.first() {
            return Err(HistoryError::Lost { object });
        }
        // Who asks for a commit mostly goes on to those before it.
        if let Some(generation) = oldest.filter(|generation| *generation > 1) {
            for object in self.history.store.commits_from(self.history.project, generation - 1, self.stretch).await? {
                self.take(&object)?;
            }
            self.stretch = (self.stretch * 4).min(STRETCH.1);
        }
        Ok(())
    }

    /// Takes the commits before those that were in memory out of memory as well: a walk that got one at a time would
    /// begin anew for each of them.
    fn load_before(&mut self, mut before: VecDeque<CommitId>) {
        if before.is_empty() {
            return;
        }
        let mut left = self.stretch;
        while let Some(id) = before.pop_front().filter(|_| left > 0) {
            let id = id.digest();
            if self.pool.get(id).is_some() {
                continue;
            }
            if let Some(object) = self.history.cache.get(id) {
                if let Object::Commit(commit) = &object {
                    before.extend(commit.parents.iter().copied());
                }
                self.pool.load(id, object);
                left -= 1;
            }
        }
        self.stretch = (self.stretch * 4).min(STRETCH.1);
    }

    fn take(&mut self, stored: &StoredObject) -> Result<Object, HistoryError> {
        let object = checked(stored)?;
        self.history.cache.keep([(stored.id, object.clone())]);
        self.pool.load(stored.id, object.clone());
        Ok(object)
    }

    /// Keeps what was added to the pool.
    pub(super) async fn keep(&mut self) -> Result<(), HistoryError> {
        let new = self.pool.take_new();
        let objects = || new.iter().filter_map(|(id, _, _)| Some((*id, self.pool.get(*id)?)));
        let commits = objects().filter_map(|(id, object)| match object {
            Object::Commit(commit) => Some((id, commit.generation)),
            _ => None,
        });
        let commits: Vec<_> = commits.collect();
        let known: Vec<_> = objects().map(|(id, object)| (id, object.clone())).collect();
        let stored = new.into_iter().map(|(id, kind, bytes)| StoredObject { id, kind, bytes }).collect();
        self.history.store.put_objects(self.history.project, stored, commits).await?;
        self.history.cache.keep(known);
        Ok(())
    }
}

/// An object of its bytes, when they are still the bytes that its id was made from.
pub(super) fn checked(stored: &StoredObject) -> Result<Object, HistoryError> {
    let damaged = |reason: String| HistoryError::Damaged { object: stored.id, reason };
    let kind: ObjectKind = stored.kind;
    if kind.id_of(&stored.bytes) != stored.id {
        return Err(damaged(format!("its {} bytes are not the ones that its id was made from", stored.bytes.len())));
    }
    Object::decode(kind, &stored.bytes).map_err(|error| damaged(error.to_string()))
}
