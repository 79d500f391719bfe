//! Which bible values were read, to know later what an edit makes stale.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Digest, StoryTime};

/// One value that was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Read {
    /// Where it is: `characters.mei.colour_model.hair.base@S01E01.03`. The story time is the one since
    /// which the character has been as they are; it is left out before the first change of their arc.
    pub path: Arc<str>,
    /// The digest of the value's canonical JSON; of `null` when there was none.
    pub digest: Digest,
}

/// The values that were read, each once, in order of path.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reads(BTreeMap<Arc<str>, Digest>);

impl Reads {
    /// Nothing read.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes that `value` was read at `path` (`style.line_weight`).
    pub fn note<T: Serialize + ?Sized>(&mut self, path: &str, value: &T) {
        self.insert(Arc::from(path), value);
    }

    /// Notes that `value` was read at `path` of something that changes with the story; `since` is when
    /// it last did.
    pub fn note_since<T: Serialize + ?Sized>(&mut self, path: &str, since: StoryTime, value: &T) {
        if since == StoryTime::BEGINNING {
            self.note(path, value);
        } else {
            self.insert(Arc::from(format!("{path}@{since}")), value);
        }
    }

    fn insert<T: Serialize + ?Sized>(&mut self, path: Arc<str>, value: &T) {
        // Bible values always have a JSON form; if one ever had not, the empty digest still names the path.
        let digest = Digest::of_json(value).unwrap_or_else(|_| Digest::of(b""));
        self.0.insert(path, digest);
    }

    /// Adds reads that were noted elsewhere, such as those of a memoised figure.
    pub fn extend<'a>(&mut self, reads: impl IntoIterator<Item = &'a Read>) {
        self.0.extend(reads.into_iter().map(|read| (Arc::clone(&read.path), read.digest)));
    }

    /// The reads as a list to keep and share.
    #[must_use]
    pub fn to_list(&self) -> Arc<[Read]> {
        self.0.iter().map(|(path, digest)| Read { path: Arc::clone(path), digest: *digest }).collect()
    }

    /// Every path with the digest of what was read there.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Digest)> {
        self.0.iter().map(|(path, digest)| (&**path, *digest))
    }

    /// What was read at a path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<Digest> {
        self.0.get(path).copied()
    }

    /// How many values were read.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The paths whose values differ between two readings of the same thing, or that only one of them has.
    #[must_use]
    pub fn changed<'a>(&'a self, other: &'a Self) -> Vec<&'a str> {
        let gone = self.0.iter().filter(|(path, digest)| other.0.get(*path) != Some(digest)).map(|(path, _)| &**path);
        let new = other.0.keys().filter(|path| !self.0.contains_key(*path)).map(|path| &**path);
        let mut paths: Vec<&str> = gone.chain(new).collect();
        paths.sort_unstable();
        paths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_read_twice_is_noted_once_and_a_change_is_named() {
        let mut before = Reads::new();
        before.note("style.line_weight", &1.0);
        before.note("style.line_weight", &1.0);
        before.note_since("characters.mei.look", "S01E02".parse().unwrap(), "festival");
        assert_eq!(before.len(), 2);
        assert!(before.get("characters.mei.look@S01E02").is_some());
        let mut after = before.clone();
        after.note("style.line_weight", &1.2);
        after.note("style.new", &());
        assert_eq!(before.changed(&after), ["style.line_weight", "style.new"]);
        assert!(after.changed(&after).is_empty());
    }
}
