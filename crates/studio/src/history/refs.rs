//! Branches, tags, `HEAD`, and which commit a name means.

use bible::source::nearest;
use bible::version::{Author, Commit, CommitId, Object, Origin, RefName, Reference, Step, Tag, ancestry};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{RefChange, RefMove};

use super::{History, HistoryError};

/// Where one stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The current branch.
    pub branch: RefName,
    /// Its last commit; none before the first.
    pub commit: Option<CommitId>,
}

/// A branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its name.
    pub name: RefName,
    /// Its last commit.
    pub head: CommitId,
    /// Whether it is the current one.
    pub current: bool,
}

/// A tag.
#[derive(Debug, Clone, PartialEq)]
pub struct TagEntry {
    /// Its name.
    pub name: RefName,
    /// The commit that it names.
    pub target: CommitId,
    /// What was said with it.
    pub tag: Arc<Tag>,
}

pub(super) const HEAD: &str = "HEAD";

/// Candidates of an ambiguous prefix that are named.
const CANDIDATES: u64 = 16;

pub(super) fn branch_ref(name: &RefName) -> String {
    format!("branches/{name}")
}

pub(super) fn tag_ref(name: &RefName) -> String {
    format!("tags/{name}")
}

impl History {
    /// The current branch and its last commit.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn head(&self) -> Result<Head, HistoryError> {
        let branch = match self.store.bible_ref(self.project, HEAD).await? {
            Some(name) => name.parse()?,
            None => RefName::main(),
        };
        let commit = self.branch_head(&branch).await?;
        Ok(Head { branch, commit })
    }

    pub(super) async fn branch_head(&self, branch: &RefName) -> Result<Option<CommitId>, HistoryError> {
        self.store.bible_ref(self.project, &branch_ref(branch)).await?.map(|target| target_commit(&target)).transpose()
    }

    /// The commit that a name means.
    ///
    /// # Errors
    /// [`HistoryError::UnknownReference`], [`HistoryError::Ambiguous`], [`HistoryError::NoAncestor`],
    /// [`HistoryError::Empty`].
    pub async fn resolve(&self, reference: &Reference) -> Result<CommitId, HistoryError> {
        let mut id = match &reference.origin {
            Origin::Head => self.head().await?.commit.ok_or(HistoryError::Empty)?,
            Origin::Name(name) => self.named(name, reference).await?,
        };
        for step in &reference.steps {
            let beyond = || HistoryError::NoAncestor { reference: reference.to_string() };
            let (times, number) = match step {
                Step::Back(times) => (*times, 1),
                Step::Parent(number) => (1, *number),
            };
            id = self
                .read(|pool| {
                    (0..times).try_fold(Some(id), |id, _| {
                        let Some(id) = id else { return Ok(None) };
                        Ok(pool.commit(id)?.parents.get(number as usize - 1).copied())
                    })
                })
                .await?
                .ok_or_else(beyond)?;
        }
        Ok(id)
    }

    async fn named(&self, name: &RefName, reference: &Reference) -> Result<CommitId, HistoryError> {
        if let Some(head) = self.branch_head(name).await? {
            return Ok(head);
        }
        if let Some(tag) = self.store.bible_ref(self.project, &tag_ref(name)).await? {
            return Ok(self.tag_of(&tag).await?.target);
        }
        if let Some(prefix) = reference.commit_prefix() {
            let mut found: Vec<CommitId> =
                self.store.commits_with_prefix(self.project, prefix, CANDIDATES).await?.into_iter().map(CommitId::new).collect();
            if found.len() > 1 {
                return Err(HistoryError::Ambiguous { prefix: prefix.to_owned(), candidates: found });
            }
            if let Some(found) = found.pop() {
                return Ok(found);
            }
        }
        let refs = self.store.bible_refs(self.project).await?;
        let names = refs.iter().filter_map(|known| known.name.split_once('/').map(|(_, name)| name));
        Err(HistoryError::UnknownReference { reference: name.to_string(), nearest: nearest(name.as_str(), names).map(str::to_owned) })
    }

    async fn tag_of(&self, target: &str) -> Result<Arc<Tag>, HistoryError> {
        let id = target_commit(target)?.digest();
        self.read(|pool| pool.tag(id)).await
    }

    /// A commit.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn commit_of(&self, id: CommitId) -> Result<Arc<Commit>, HistoryError> {
        self.read(|pool| pool.commit(id)).await
    }

    /// Every branch, by name.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn branches(&self) -> Result<Vec<Branch>, HistoryError> {
        let current = self.head().await?.branch;
        let mut branches = Vec::new();
        for known in self.store.bible_refs(self.project).await? {
            if let Some(name) = known.name.strip_prefix("branches/") {
                let name: RefName = name.parse()?;
                branches.push(Branch { head: target_commit(&known.target)?, current: name == current, name });
            }
        }
        Ok(branches)
    }

    /// Every tag, by name.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn tags(&self) -> Result<Vec<TagEntry>, HistoryError> {
        let mut tags = Vec::new();
        for known in self.store.bible_refs(self.project).await? {
            if let Some(name) = known.name.strip_prefix("tags/") {
                let tag = self.tag_of(&known.target).await?;
                tags.push(TagEntry { name: name.parse()?, target: tag.target, tag });
            }
        }
        Ok(tags)
    }

    /// Makes a branch at a commit.
    ///
    /// # Errors
    /// [`HistoryError::Taken`] when there is one of that name.
    pub async fn create_branch(&self, name: &RefName, at: CommitId, who: &Author, now: DateTime<Utc>) -> Result<Branch, HistoryError> {
        let change = RefChange { name: branch_ref(name), old: None, new: Some(at.to_string()) };
        if !self.motion(vec![change], who, now, format!("branch: made at {}", at.short()), "bible.branch_made").await? {
            return Err(HistoryError::Taken { what: "branch", name: name.clone() });
        }
        Ok(Branch { name: name.clone(), head: at, current: self.head().await?.branch == *name })
    }

    /// Deletes a branch. Without `force` only when its commits are on another branch or tag.
    ///
    /// # Errors
    /// [`HistoryError::UnknownName`], [`HistoryError::Current`], [`HistoryError::Unmerged`].
    pub async fn delete_branch(&self, name: &RefName, force: bool, who: &Author, now: DateTime<Utc>) -> Result<CommitId, HistoryError> {
        let branches = self.branches().await?;
        let Some(branch) = branches.iter().find(|branch| branch.name == *name) else {
            return Err(self.unknown("branch", name, branches.iter().map(|branch| &branch.name)));
        };
        if branch.current {
            return Err(HistoryError::Current { branch: name.clone() });
        }
        if !force {
            let mut others: Vec<CommitId> = branches.iter().filter(|other| other.name != *name).map(|other| other.head).collect();
            others.extend(self.tags().await?.into_iter().map(|tag| tag.target));
            let commits = self.only_on(branch.head, &others).await?;
            if commits > 0 {
                return Err(HistoryError::Unmerged { branch: name.clone(), commits });
            }
        }
        let change = RefChange { name: branch_ref(name), old: Some(branch.head.to_string()), new: None };
        let why = format!("branch: deleted at {}", branch.head.short());
        if !self.motion(vec![change], who, now, why, "bible.branch_deleted").await? {
            let found = self.branch_head(name).await?;
            return Err(HistoryError::Moved { branch: name.clone(), expected: Some(branch.head), found });
        }
        Ok(branch.head)
    }

    /// How many commits lead to `head` and to none of `others`.
    async fn only_on(&self, head: CommitId, others: &[CommitId]) -> Result<usize, HistoryError> {
        self.read(|pool| {
            // Two walks side by side, later generations first: what the others reach is known before it is asked for.
            let mut theirs = ancestry::Walk::from(others, pool)?;
            let mut ours = ancestry::Walk::from(&[head], pool)?;
            let (mut reached, mut generation, mut alone) = (BTreeSet::new(), u64::MAX, 0);
            while let Some((id, commit)) = ours.step()? {
                while generation >= commit.generation {
                    let Some((other, commit)) = theirs.step()? else { break };
                    reached.insert(other);
                    generation = commit.generation;
                }
                if reached.contains(&id) {
                    // Everything before is reached as well, but another line of a merge may not be.
                    if ours.frontier().iter().all(|next| reached.contains(next)) {
                        break;
                    }
                } else {
                    alone += 1;
                }
            }
            Ok(alone)
        })
        .await
    }

    /// Makes a branch the current one.
    ///
    /// # Errors
    /// [`HistoryError::UnknownName`].
    pub async fn switch(&self, name: &RefName, who: &Author, now: DateTime<Utc>) -> Result<Head, HistoryError> {
        let Some(commit) = self.branch_head(name).await? else { return Err(self.unknown_branch(name).await?) };
        let old = self.store.bible_ref(self.project, HEAD).await?;
        if old.as_deref() != Some(name.as_str()) {
            let change = RefChange { name: HEAD.to_owned(), old: old.clone(), new: Some(name.to_string()) };
            if !self.motion(vec![change], who, now, format!("switch: to {name}"), "bible.switched").await? {
                let head = self.head().await?;
                return Err(HistoryError::Moved { branch: head.branch, expected: None, found: head.commit });
            }
        }
        Ok(Head { branch: name.clone(), commit: Some(commit) })
    }

    /// Makes an annotated tag.
    ///
    /// # Errors
    /// [`HistoryError::Taken`] when there is one of that name.
    pub async fn create_tag(
        &self,
        name: &RefName,
        target: CommitId,
        author: &Author,
        message: &str,
        now: DateTime<Utc>,
    ) -> Result<TagEntry, HistoryError> {
        let mut session = self.session();
        session.read(|pool| pool.commit(target)).await?;
        let tag = Arc::new(Tag {
            name: name.to_string(),
            target,
            author: author.clone(),
            message: message.trim().to_owned(),
            at: now.timestamp_micros(),
        });
        let id = session.pool.add(Object::Tag(Arc::clone(&tag))).map_err(HistoryError::Json)?;
        session.keep().await?;
        let change = RefChange { name: tag_ref(name), old: None, new: Some(id.to_string()) };
        if !self.motion(vec![change], author, now, format!("tag: {name} at {}", target.short()), "bible.tagged").await? {
            return Err(HistoryError::Taken { what: "tag", name: name.clone() });
        }
        Ok(TagEntry { name: name.clone(), target, tag })
    }

    /// Deletes a tag.
    ///
    /// # Errors
    /// [`HistoryError::UnknownName`].
    pub async fn delete_tag(&self, name: &RefName, who: &Author, now: DateTime<Utc>) -> Result<(), HistoryError> {
        let old = self.store.bible_ref(self.project, &tag_ref(name)).await?;
        if let Some(old) = old {
            let change = RefChange { name: tag_ref(name), old: Some(old), new: None };
            if self.motion(vec![change], who, now, format!("tag: {name} deleted"), "bible.untagged").await? {
                return Ok(());
            }
        }
        let tags = self.tags().await?;
        Err(self.unknown("tag", name, tags.iter().map(|tag| &tag.name)))
    }

    /// That there is no such branch.
    pub(super) async fn unknown_branch(&self, name: &RefName) -> Result<HistoryError, HistoryError> {
        let branches = self.branches().await?;
        Ok(self.unknown("branch", name, branches.iter().map(|branch| &branch.name)))
    }

    fn unknown<'a>(&self, what: &'static str, name: &RefName, known: impl Iterator<Item = &'a RefName>) -> HistoryError {
        let nearest = nearest(name.as_str(), known.map(RefName::as_str)).map(str::to_owned);
        HistoryError::UnknownName { what, name: name.clone(), nearest }
    }

    pub(super) async fn motion(
        &self,
        changes: Vec<RefChange>,
        who: &Author,
        at: DateTime<Utc>,
        why: String,
        event: &'static str,
    ) -> Result<bool, HistoryError> {
        Ok(self.store.move_refs(RefMove { project: self.project, changes, at, who: who.to_string(), why, event }).await?)
    }
}

pub(super) fn target_commit(target: &str) -> Result<CommitId, HistoryError> {
    target.parse().map_err(|error| {
        HistoryError::Store(store::StoreError::Damaged { what: "the target of a branch or tag".to_owned(), reason: format!("{error}") })
    })
}
