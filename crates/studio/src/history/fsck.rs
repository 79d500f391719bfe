//! Whether a history is whole: every object there, every byte as it was, every name at a commit.

use std::collections::{BTreeMap, BTreeSet};

use bible::Digest;
use bible::version::tree::Node;
use bible::version::{Entry, Object, ObjectKind, TreeCheck};
use serde::Serialize;

use super::session::checked;
use super::{History, HistoryError};

/// What a check of a history found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Fsck {
    /// Commits that were read.
    pub commits: usize,
    /// Objects that were read, commits among them.
    pub objects: usize,
    /// Commits that no branch or tag leads to: what a deleted branch leaves. They are kept.
    pub unreferenced: usize,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// Something wrong with a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Which object, or which branch or tag.
    pub at: String,
    /// What names it.
    pub named_by: String,
    /// What is wrong.
    pub reason: String,
}

/// Objects that are read at once.
const BATCH: usize = 500;

/// An object that is to be looked at: what it has to be, and what names it.
struct Wanted {
    kind: ObjectKind,
    named_by: String,
}

impl History {
    /// Reads every object of the history and says what is missing or damaged. Changes nothing.
    ///
    /// # Errors
    /// [`HistoryError::Store`] when the database does not answer: what it finds wrong is no error, but a fault.
    pub async fn fsck(&self) -> Result<Fsck, HistoryError> {
        let mut check = Check::default();
        for known in self.store.bible_refs(self.project).await? {
            let kind = match known.name.split_once('/') {
                Some(("branches", _)) => ObjectKind::Commit,
                Some(("tags", _)) => ObjectKind::Tag,
                _ => continue,
            };
            match known.target.parse::<Digest>() {
                Ok(id) => check.wants(id, kind, &known.name),
                Err(error) => check.fault(&known.name, "the list of branches and tags", format!("it names no object: {error}")),
            }
        }
        self.walk(&mut check).await?;
        let referenced = check.found.commits;
        let mut after = None;
        loop {
            let page = self.store.commit_ids(self.project, after, BATCH as u64).await?;
            let Some(&last) = page.last() else { break };
            for id in page {
                check.wants(id, ObjectKind::Commit, "the list of the project's commits");
            }
            after = Some(last);
            self.walk(&mut check).await?;
        }
        check.found.unreferenced = check.found.commits - referenced;
        check.weigh_trees();
        Ok(check.found)
    }

    /// Looks at everything that is open, and at what that names.
    async fn walk(&self, check: &mut Check) -> Result<(), HistoryError> {
        while !check.open.is_empty() {
            let ids: BTreeSet<Digest> = check.open.keys().take(BATCH).copied().collect();
            let mut batch: BTreeMap<Digest, Wanted> = ids.iter().filter_map(|id| Some((*id, check.open.remove(id)?))).collect();
            for stored in self.store.objects(&ids).await? {
                let Some(wanted) = batch.remove(&stored.id) else { continue };
                check.found.objects += 1;
                match checked(&stored) {
                    Ok(_) if stored.kind != wanted.kind => {
                        check.fault(&stored.id.to_string(), &wanted.named_by, format!("it is a {} and not a {}", stored.kind, wanted.kind));
                    }
                    Ok(object) => {
                        if let Object::Tree(node) = &object
                            && let Err(reason) = check.trees.take(stored.id, node)
                        {
                            check.fault(&stored.id.to_string(), &wanted.named_by, reason);
                        }
                        check.names(stored.id, &object);
                    }
                    Err(HistoryError::Damaged { reason, .. }) => check.fault(&stored.id.to_string(), &wanted.named_by, reason),
                    Err(error) => return Err(error),
                }
            }
            for (id, wanted) in batch {
                check.fault(&id.to_string(), &wanted.named_by, format!("this {} is missing", wanted.kind));
            }
        }
        Ok(())
    }
}

#[derive(Default)]
struct Check {
    found: Fsck,
    seen: BTreeSet<Digest>,
    open: BTreeMap<Digest, Wanted>,
    trees: TreeCheck,
    /// The trees that commits name, each with a commit that does.
    roots: BTreeMap<Digest, Digest>,
}

impl Check {
    fn wants(&mut self, id: Digest, kind: ObjectKind, named_by: &str) {
        if self.seen.insert(id) {
            self.open.insert(id, Wanted { kind, named_by: named_by.to_owned() });
        }
    }

    fn fault(&mut self, at: &str, named_by: &str, reason: String) {
        self.found.faults.push(Fault { at: at.to_owned(), named_by: named_by.to_owned(), reason });
    }

    /// Says which trees are not as trees are made, though their bytes are what they were.
    fn weigh_trees(&mut self) {
        for (id, reason) in self.trees.finish() {
            self.fault(&id.to_string(), "the trees of the history", reason);
        }
        for (tree, commit) in std::mem::take(&mut self.roots) {
            if !self.trees.is_root(tree) {
                self.fault(&tree.to_string(), &format!("commit {commit}"), "it is a part of a tree and no whole one".to_owned());
            }
        }
    }

    fn names(&mut self, id: Digest, object: &Object) {
        match object {
            Object::Commit(commit) => {
                self.found.commits += 1;
                let name = format!("commit {id}");
                self.roots.entry(commit.tree).or_insert(id);
                self.wants(commit.tree, ObjectKind::Tree, &name);
                for parent in &commit.parents {
                    self.wants(parent.digest(), ObjectKind::Commit, &name);
                }
            }
            Object::Tag(tag) => self.wants(tag.target.digest(), ObjectKind::Commit, &format!("tag {}", tag.name)),
            Object::Tree(node) => match &**node {
                Node::Fan { fan, .. } => {
                    for id_below in fan.values() {
                        self.wants(*id_below, ObjectKind::Tree, &format!("tree {id}"));
                    }
                }
                Node::Leaf { entries } => {
                    for (path, entry) in entries {
                        let name = format!("{path} in tree {id}");
                        match *entry {
                            Entry::Structured { value, text } => {
                                self.wants(value, ObjectKind::Document, &name);
                                if let Some(text) = text {
                                    self.wants(text, ObjectKind::Text, &name);
                                }
                            }
                            Entry::Script { text } => self.wants(text, ObjectKind::Text, &name),
                            Entry::File { file } => self.wants(file, ObjectKind::File, &name),
                        }
                    }
                }
            },
            Object::Document(_) | Object::Text(_) | Object::File(_) => {}
        }
    }
}
