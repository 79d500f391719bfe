//! Between a project folder and its history: edits become commits, commits of others come into the folder.

use bible::Digest;
use bible::source::SourceErrors;
use bible::version::{Author, CommitId, Conflict, Document, RefName, Resolutions, Snapshot, Written, diff, tree};

use super::checkout::{self, Checkout};
use super::commit::{Change, Expected, NewCommit};
use super::join::Onto;
use super::session::Session;
use super::{Committed, Head, History, HistoryError};
use crate::folder::Folder;
use crate::{Show, Studio, StudioError};

/// What became of a folder's edits.
#[derive(Debug, Clone, PartialEq)]
pub enum Synced {
    /// They are a commit now. The folder holds it.
    Committed {
        /// It.
        made: Committed,
        /// Files of the folder that others had changed meanwhile, and that are up to date now.
        updated: Vec<String>,
    },
    /// There were none, but others had committed: the folder holds that now.
    Updated {
        /// On which branch.
        branch: RefName,
        /// Which commit.
        commit: CommitId,
        /// Files that changed.
        updated: Vec<String>,
    },
    /// There were none.
    Unchanged {
        /// The branch that has all of it.
        branch: RefName,
    },
    /// Others changed the same places. Nothing was changed: these are to be resolved first.
    Conflicts(Vec<Conflict>),
}

/// What becomes of a folder's edits when the folder goes to another branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edits {
    /// There must be none.
    Refuse,
    /// They come along.
    Carry,
    /// They are lost.
    Discard,
}

/// What came of going to another branch.
#[derive(Debug, Clone, PartialEq)]
pub enum Switched {
    /// The folder holds it.
    Done {
        /// Where one stands.
        head: Head,
        /// Files that changed.
        updated: Vec<String>,
    },
    /// The folder's edits do not go together with the other branch. Nothing was changed.
    Conflicts(Vec<Conflict>),
}

impl Folder {
    /// The documents of this folder.
    ///
    /// # Errors
    /// [`StudioError::Source`] with every file that is no YAML, or whose name no document can have.
    pub fn snapshot(&self) -> Result<Snapshot, StudioError> {
        let drawings = self.drawings.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()));
        let texts = self.source.iter().map(|(path, text)| (path, text.as_bytes()));
        let (mut documents, mut problems) = (Vec::new(), Vec::new());
        for (path, bytes) in texts.chain(drawings) {
            match Document::of_file(path, bytes) {
                Ok(document) => documents.push(document),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(documents.into_iter().collect()) } else { Err(StudioError::Source(SourceErrors(problems))) }
    }
}

/// How many commits are looked through for one that was made just before a process ended.
const LOOKED_BACK: usize = 1_000;

impl Studio {
    /// The history of a show's project, which becomes known to the store when it was not.
    ///
    /// # Errors
    /// [`StudioError::Store`].
    pub async fn history_of(&self, show: &Show) -> Result<History, StudioError> {
        Ok(self.history(self.note(show).await?))
    }
}

impl Studio {
    /// Notes which commit a show was read from, so that what is drawn from it names its commit: the one that its folder
    /// was taken from, when the folder has no edits. Says which.
    ///
    /// # Errors
    /// [`StudioError::History`], [`StudioError::Checkout`].
    pub async fn name_version(&self, history: &History, show: &Show) -> Result<Option<CommitId>, StudioError> {
        if show.folder.path.as_os_str().is_empty() {
            return Ok(None);
        }
        let Some(base) = history.folder_base(&show.folder).await? else { return Ok(None) };
        let mut session = history.session();
        let folder = tree::write(&show.folder.snapshot()?, &mut session.pool).map_err(HistoryError::Json)?;
        if session.read(|pool| pool.commit(base)).await?.tree != folder {
            return Ok(None);
        }
        self.store.note_version(history.project(), show.version, base, (self.environment.now)()).await?;
        Ok(Some(base))
    }

    /// The history of the project in a folder. A folder with errors still has one, when its project is known.
    ///
    /// # Errors
    /// [`StudioError::Source`] when the folder has errors and its project is not known, [`StudioError::Store`].
    pub async fn history_in(&self, folder: &Folder) -> Result<History, StudioError> {
        let errors = match Show::of_folder(folder.clone()) {
            Ok(show) => return self.history_of(&show).await,
            Err(errors) => errors,
        };
        let settings = folder.source.get("project.yaml").and_then(|text| bible::source::yaml::parse("project.yaml", text).ok());
        let slug = settings.and_then(|settings| settings.to_json().get("slug")?.as_str()?.parse().ok());
        match slug {
            Some(slug) => match self.store.project_by_slug(&slug).await? {
                Some(project) => Ok(self.history(project.id)),
                None => Err(errors),
            },
            None => Err(errors),
        }
    }
}

impl History {
    /// The commit that a folder's edits are edits of: what it was taken from, or where the current branch is when it
    /// does not say.
    ///
    /// # Errors
    /// [`HistoryError`], [`StudioError::Checkout`].
    pub async fn folder_base(&self, folder: &Folder) -> Result<Option<CommitId>, StudioError> {
        let noted = Checkout::of(&folder.path)?.filter(|noted| noted.project == self.project);
        if let Some(noted) = noted {
            // A database that was made anew does not know it.
            match self.commit_of(noted.commit).await {
                Ok(_) => return Ok(Some(self.landed(&noted).await?.unwrap_or(noted.commit))),
                Err(HistoryError::Lost { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.head().await?.commit)
    }

    /// The commit of what a folder was about to commit when the process ended, if it was made after what the folder notes.
    async fn landed(&self, noted: &Checkout) -> Result<Option<CommitId>, StudioError> {
        let Some(pending) = noted.pending else { return Ok(None) };
        let mut at = self.head().await?.commit;
        let mut session = self.session();
        for _ in 0..LOOKED_BACK {
            let Some(id) = at.filter(|id| *id != noted.commit) else { break };
            let (tree, parent) = session
                .read(|pool| {
                    let commit = pool.commit(id)?;
                    Ok((commit.tree, commit.parents.first().copied()))
                })
                .await?;
            if tree == pending {
                return Ok(Some(id));
            }
            at = parent;
        }
        Ok(None)
    }

    /// Turns a folder's edits into a commit on the current branch, and brings into the folder what others committed
    /// there since it was taken.
    ///
    /// # Errors
    /// [`StudioError::Source`] when files are no YAML, [`StudioError::History`], [`StudioError::Checkout`].
    pub async fn sync(&self, folder: &Folder, message: String, onto: Onto) -> Result<Synced, StudioError> {
        let head = self.head().await?;
        let files = folder.snapshot()?;
        let Some(tip) = head.commit else {
            let change = Change::Snapshot(files);
            let new =
                NewCommit { branch: Some(head.branch), expected: Expected::Head(None), change, author: onto.author, message, at: onto.at };
            let made = self.commit(new).await?;
            self.taken(folder, made.id)?;
            return Ok(Synced::Committed { made, updated: Vec::new() });
        };
        let base = self.folder_base(folder).await?.unwrap_or(tip);
        let mut session = self.session();
        let (base_tree, tip_tree) = session.read(|pool| Ok((pool.commit(base)?.tree, pool.commit(tip)?.tree))).await?;
        let folder_tree = tree::write(&files, &mut session.pool).map_err(HistoryError::Json)?;
        let joined = session.three_way(base_tree, folder_tree, tip_tree, &onto.resolutions).await?;
        if !joined.conflicts.is_empty() {
            return Ok(Synced::Conflicts(joined.conflicts));
        }
        if joined.tree == tip_tree {
            let updated = self.put_into_folder(&mut session, folder, &files, tip_tree).await?;
            self.taken(folder, tip)?;
            let branch = head.branch;
            return Ok(if updated.is_empty() { Synced::Unchanged { branch } } else { Synced::Updated { branch, commit: tip, updated } });
        }
        if joined.tree == folder_tree {
            Checkout { project: self.project, commit: base, pending: Some(joined.tree) }.note(&folder.path)?;
        }
        let Some(made) = session.land(&head.branch, tip, &[], joined.tree, &onto.author, &message, &onto, "commit").await? else {
            let found = self.branch_head(&head.branch).await?;
            return Err(HistoryError::Moved { branch: head.branch, expected: Some(tip), found }.into());
        };
        let updated = self.put_into_folder(&mut session, folder, &files, joined.tree).await?;
        self.taken(folder, made.id)?;
        Ok(Synced::Committed { made, updated })
    }

    /// Makes a branch the current one and puts its files into the folder.
    ///
    /// # Errors
    /// [`HistoryError::Uncommitted`] when the folder has edits and they are to be refused, [`HistoryError::UnknownName`],
    /// [`StudioError::Source`], [`StudioError::Checkout`].
    pub async fn switch_folder(&self, folder: &Folder, branch: &RefName, edits: Edits, onto: Onto) -> Result<Switched, StudioError> {
        let files = folder.snapshot()?;
        let target = match self.branch_head(branch).await? {
            Some(target) => target,
            None => return Err(self.unknown_branch(branch).await?.into()),
        };
        let base = self.folder_base(folder).await?.unwrap_or(target);
        let mut session = self.session();
        let (base_tree, target_tree) = session.read(|pool| Ok((pool.commit(base)?.tree, pool.commit(target)?.tree))).await?;
        let folder_tree = tree::write(&files, &mut session.pool).map_err(HistoryError::Json)?;
        let wanted = match edits {
            Edits::Discard => target_tree,
            Edits::Carry => {
                let joined = session.three_way(base_tree, folder_tree, target_tree, &onto.resolutions).await?;
                if !joined.conflicts.is_empty() {
                    return Ok(Switched::Conflicts(joined.conflicts));
                }
                joined.tree
            }
            Edits::Refuse => {
                let uncommitted = session.uncommitted(base_tree, target_tree, folder_tree).await?;
                if !uncommitted.is_empty() {
                    return Err(HistoryError::Uncommitted { documents: uncommitted }.into());
                }
                target_tree
            }
        };
        let updated = self.put_into_folder(&mut session, folder, &files, wanted).await?;
        self.taken(folder, target)?;
        let head = self.switch(branch, &onto.author, onto.at).await?;
        Ok(Switched::Done { head, updated })
    }

    /// Brings into the folder what was committed on its branch since it was taken, leaving its edits uncommitted.
    /// What `merge`, `revert` and the like do to the current branch reaches the folder so.
    ///
    /// # Errors
    /// As [`History::switch_folder`].
    pub async fn update_folder(
        &self,
        folder: &Folder,
        author: &Author,
        at: chrono::DateTime<chrono::Utc>,
    ) -> Result<Switched, StudioError> {
        let branch = self.head().await?.branch;
        let onto =
            Onto { branch: None, expected: Expected::Any, resolutions: Resolutions::new(), author: author.clone(), message: None, at };
        self.switch_folder(folder, &branch, Edits::Carry, onto).await
    }

    fn taken(&self, folder: &Folder, commit: CommitId) -> Result<(), StudioError> {
        Ok(Checkout { project: self.project, commit, pending: None }.note(&folder.path)?)
    }

    /// Makes a folder's files those of a tree.
    async fn put_into_folder(
        &self,
        session: &mut Session<'_>,
        folder: &Folder,
        files: &Snapshot,
        wanted: Digest,
    ) -> Result<Vec<String>, StudioError> {
        let after = session.read(|pool| tree::read_all(wanted, pool)).await?;
        if after == *files {
            return Ok(Vec::new());
        }
        Ok(checkout::put(&folder.path, &files.written(), &after.written())?)
    }
}

impl Session<'_> {
    /// Documents of a folder that are neither as in the version it was taken from nor as in the one that is to come.
    async fn uncommitted(&mut self, base: Digest, target: Digest, folder: Digest) -> Result<Vec<String>, HistoryError> {
        let (edited, missing) =
            self.read(|pool| Ok((tree::differences(base, folder, pool)?, tree::differences(target, folder, pool)?))).await?;
        Ok(edited.keys().filter(|path| missing.contains_key(*path)).map(ToString::to_string).collect())
    }
}

/// What differs between a folder and the version it was taken from, field by field.
///
/// # Errors
/// [`StudioError`].
pub async fn folder_changes(history: &History, folder: &Folder) -> Result<Vec<bible::version::Change>, StudioError> {
    let before = match history.folder_base(folder).await? {
        Some(base) => history.snapshot(base).await?.written(),
        None => Written::default(),
    };
    Ok(diff(&before, &folder.snapshot()?.written()))
}
