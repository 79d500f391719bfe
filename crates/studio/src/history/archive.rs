//! A history in one file, out of one project and into another, with the ids that it has.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use bible::Digest;
use bible::version::archive::{ArchiveError, Header, Limits, Order, Packed, Reader, Writer};
use bible::version::{Author, Commit, CommitId, Object, ReadError, RefName, Tag, ancestry};
use chrono::{DateTime, Utc};
use store::{Project, RefChange, StoredObject};

use super::refs::{HEAD, branch_ref, tag_ref, target_commit};
use super::session::checked;
use super::{History, HistoryError};
use crate::Studio;

/// Commits whose trees are looked at together.
const CHUNK: usize = 256;

/// Objects and bytes that are read or kept in one go.
const BATCH: (usize, usize) = (1000, 4 << 20);

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Branches and tags, and of which project.
    pub header: Header,
    /// How many commits.
    pub commits: usize,
    /// How many objects, commits and all.
    pub objects: u64,
}

/// An archive that was read to its end and is sound.
pub struct Archive<R> {
    file: R,
    limits: Limits,
    header: Header,
    digest: Option<Digest>,
    commits: Vec<(Digest, Arc<Commit>)>,
    tags: BTreeMap<Digest, Arc<Tag>>,
    objects: u64,
}

impl<R> fmt::Debug for Archive<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive").field("header", &self.header).field("objects", &self.objects).finish_non_exhaustive()
    }
}

impl<R: Read + Seek> Archive<R> {
    /// Reads an archive to its end and checks all of it, which takes as long as reading it does.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn check(mut file: R, limits: Limits) -> Result<Self, ArchiveError> {
        file.seek(SeekFrom::Start(0)).map_err(ArchiveError::Io)?;
        let mut reader = Reader::open(&mut file, limits)?;
        let (mut commits, mut tags, mut objects) = (Vec::new(), BTreeMap::new(), 0);
        while let Some(Packed { id, object, .. }) = reader.next_object()? {
            objects += 1;
            match object {
                Object::Commit(commit) => commits.push((id, commit)),
                Object::Tag(tag) => drop(tags.insert(id, tag)),
                Object::Document(_) | Object::Text(_) | Object::File(_) | Object::Tree(_) => {}
            }
        }
        let (header, digest) = (reader.header().clone(), reader.digest());
        drop(reader);
        Ok(Self { file, limits, header, digest, commits, tags, objects })
    }
}

impl<R> Archive<R> {
    /// What it says of itself.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// How many commits it holds.
    #[must_use]
    pub fn commits(&self) -> usize {
        self.commits.len()
    }
}

/// How an archive is taken in.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// Where branches and tags go that are here already and stand elsewhere: `their` for `their/main`. Without it such
    /// an archive is refused.
    pub under: Option<RefName>,
    /// Who takes it in.
    pub who: Author,
    /// When.
    pub at: DateTime<Utc>,
}

/// What became of a branch or tag of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Landed {
    /// It is new here.
    New,
    /// It went on to what the archive has.
    Forward,
    /// It was the same already.
    Same,
    /// It is further than the archive already.
    Behind,
    /// It is here under another name, for its own stands elsewhere.
    Beside,
}

/// A branch or tag of an archive, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landing {
    /// `branch` or `tag`.
    pub what: &'static str,
    /// Its name in the archive.
    pub name: RefName,
    /// Its name here.
    pub here: RefName,
    /// What became of it.
    pub landed: Landed,
}

/// What was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Every branch and every tag.
    pub landings: Vec<Landing>,
    /// How many commits the archive has.
    pub commits: usize,
    /// How many objects it has.
    pub objects: u64,
}

impl Studio {
    /// The project that an archive is of, made known to the store when it was not.
    ///
    /// # Errors
    /// [`HistoryError::Store`].
    pub async fn history_of_archive<R>(&self, archive: &Archive<R>) -> Result<History, HistoryError> {
        let header = archive.header();
        if let Some(known) = self.store.project_by_slug(&header.slug).await? {
            return Ok(self.history(known.id));
        }
        let now = (self.environment.now)();
        let project = Project {
            id: (self.environment.new_id)(),
            slug: header.slug.clone(),
            title: header.title.clone(),
            description: header.description.clone(),
            // No version of it was loaded yet.
            bible: Digest::of(b""),
            created_at: now,
            updated_at: now,
        };
        Ok(self.history(self.store.note_project(&project).await?.id))
    }
}

impl History {
    /// Writes the whole history: every commit that a branch or tag leads to, with everything in it.
    ///
    /// # Errors
    /// [`HistoryError::Empty`] when there is none, [`HistoryError::Archive`] when it cannot be written.
    pub async fn export<W: Write + Send>(&self, to: W) -> Result<(W, Exported), HistoryError> {
        let header = self.header().await?;
        let tags: BTreeSet<Digest> = header.tags.values().copied().collect();
        let mut session = self.session();
        let mut heads: BTreeSet<CommitId> = header.branches.values().copied().collect();
        for tag in &tags {
            heads.insert(session.read(|pool| pool.tag(*tag)).await?.target);
        }
        if heads.is_empty() {
            return Err(HistoryError::Empty);
        }
        let heads: Vec<CommitId> = heads.into_iter().collect();
        let mut commits = session
            .read(|pool| {
                let (mut walk, mut commits) = (ancestry::Walk::from(&heads, pool)?, Vec::new());
                while let Some((id, commit)) = walk.step()? {
                    commits.push((commit.generation, id, commit.tree));
                }
                Ok(commits)
            })
            .await?;
        commits.sort_unstable();
        drop(session);
        let mut writer = Writer::new(to, &header)?;
        let mut order = Order::default();
        for chunk in commits.chunks(CHUNK) {
            let mut session = self.session();
            session.load(chunk.iter().flat_map(|(_, id, tree)| [id.digest(), *tree]).collect()).await?;
            let mut ids = Vec::new();
            for (_, id, _) in chunk {
                let commit = session.read(|pool| pool.commit(*id)).await?;
                loop {
                    match order.place(*id, &commit, &session.pool) {
                        Ok(placed) => break ids.extend(placed),
                        Err(ReadError::Missing(lacking)) => session.load(lacking).await?,
                        Err(error) => return Err(HistoryError::of_read(error)),
                    }
                }
            }
            self.write_objects(&ids, &mut writer).await?;
        }
        self.write_objects(&tags.into_iter().collect::<Vec<_>>(), &mut writer).await?;
        let objects = writer.objects();
        Ok((writer.finish()?, Exported { header, commits: commits.len(), objects }))
    }

    async fn write_objects<W: Write>(&self, ids: &[Digest], writer: &mut Writer<W>) -> Result<(), HistoryError> {
        for batch in ids.chunks(BATCH.0) {
            let found = self.store.objects(&batch.iter().copied().collect()).await?;
            let found: HashMap<Digest, StoredObject> = found.into_iter().map(|object| (object.id, object)).collect();
            for id in batch {
                let stored = found.get(id).ok_or(HistoryError::Lost { object: *id })?;
                checked(stored)?;
                writer.object(*id, stored.kind, &stored.bytes)?;
            }
        }
        Ok(())
    }

    /// What an archive of this history says of itself, read in one go so that names fit each other.
    async fn header(&self) -> Result<Header, HistoryError> {
        let project = self.store.project(self.project).await?.ok_or(HistoryError::Empty)?;
        let mut header = Header { slug: project.slug, title: project.title, description: project.description, ..Header::default() };
        for known in self.store.bible_refs(self.project).await? {
            match known.name.split_once('/') {
                Some(("branches", name)) => drop(header.branches.insert(name.parse()?, target_commit(&known.target)?)),
                Some(("tags", name)) => drop(header.tags.insert(name.parse()?, target_commit(&known.target)?.digest())),
                _ if known.name == HEAD => header.head = known.target.parse()?,
                _ => {}
            }
        }
        if !header.branches.contains_key(&header.head)
            && let Some(first) = header.branches.keys().next()
        {
            header.head = first.clone();
        }
        Ok(header)
    }

    /// Takes an archive in: its objects first, then all names together, so that a crash in between changes nothing
    /// that anybody sees. A branch goes on where the archive's is ahead of it.
    ///
    /// # Errors
    /// [`HistoryError::Diverged`] when a branch or tag stands elsewhere here and no other name was given for it.
    pub async fn import<R>(&self, archive: Archive<R>, options: &ImportOptions) -> Result<Imported, HistoryError>
    where
        R: Read + Seek + Send + 'static,
    {
        // What is refused is refused before anything is written.
        self.landings(&archive, options.under.as_ref()).await?;
        let archive = self.keep_all(archive).await?;
        for _ in 0..TRIES {
            let (landings, changes) = self.landings(&archive, options.under.as_ref()).await?;
            let why = format!("import: {} commits of {}", archive.commits.len(), archive.header.slug);
            if changes.is_empty() || self.motion(changes, &options.who, options.at, why, "bible.imported").await? {
                return Ok(Imported { landings, commits: archive.commits.len(), objects: archive.objects });
            }
        }
        let head = self.head().await?;
        Err(HistoryError::Moved { branch: head.branch, expected: None, found: head.commit })
    }

    /// Reads the archive a second time and keeps every object.
    async fn keep_all<R: Read + Seek + Send + 'static>(&self, archive: Archive<R>) -> Result<Archive<R>, HistoryError> {
        let Archive { mut file, limits, header, digest, commits, tags, objects } = archive;
        file.seek(SeekFrom::Start(0)).map_err(ArchiveError::Io)?;
        let mut reader = Reader::open(file, limits)?;
        loop {
            // Unfolding and hashing is work for a thread of its own.
            let (batch, back) = blocking(move || next_batch(reader)).await?;
            reader = back;
            if batch.is_empty() {
                break;
            }
            let commits = batch.iter().filter_map(|packed| match &packed.object {
                Object::Commit(commit) => Some((packed.id, commit.generation)),
                _ => None,
            });
            let commits: Vec<_> = commits.collect();
            let stored = batch.into_iter().map(|packed| StoredObject { id: packed.id, kind: packed.object.kind(), bytes: packed.bytes });
            self.store.put_objects(self.project, stored.collect(), commits).await?;
        }
        // Somebody may have changed the file since it was checked.
        if reader.digest() != digest {
            return Err(ArchiveError::Digest.into());
        }
        Ok(Archive { file: reader.into_inner(), limits, header, digest, commits, tags, objects })
    }

    /// Where every branch and tag of an archive goes, and which names move for that.
    async fn landings<R>(&self, archive: &Archive<R>, under: Option<&RefName>) -> Result<(Vec<Landing>, Vec<RefChange>), HistoryError> {
        let (mut landings, mut changes, mut diverged) = (Vec::new(), Vec::new(), Vec::new());
        let mut session = self.session();
        for (id, commit) in &archive.commits {
            session.pool.load(*id, Object::Commit(Arc::clone(commit)));
        }
        for (name, theirs) in &archive.header.branches {
            let mut here = name.clone();
            let mut landed = None;
            for _ in 0..2 {
                let ours = self.branch_head(&here).await?;
                let beside = here != *name;
                landed = match ours {
                    None if beside => Some((Landed::Beside, ours)),
                    None => Some((Landed::New, ours)),
                    Some(ours) if ours == *theirs => Some((Landed::Same, None)),
                    Some(ours) if session.read(|pool| ancestry::is_ancestor(ours, *theirs, pool)).await? => {
                        Some((Landed::Forward, Some(ours)))
                    }
                    Some(ours) if session.read(|pool| ancestry::is_ancestor(*theirs, ours, pool)).await? => Some((Landed::Behind, None)),
                    Some(_) => None,
                };
                match (landed, under) {
                    (None, Some(under)) if !beside => here = format!("{under}/{name}").parse()?,
                    _ => break,
                }
            }
            let Some((landed, old)) = landed else {
                diverged.push(name.clone());
                continue;
            };
            if matches!(landed, Landed::New | Landed::Forward | Landed::Beside) {
                let old = old.map(|id| id.to_string());
                changes.push(RefChange { name: branch_ref(&here), old, new: Some(theirs.to_string()) });
            }
            landings.push(Landing { what: "branch", name: name.clone(), here, landed });
        }
        for (name, theirs) in &archive.header.tags {
            let mut here = name.clone();
            let mut ours = self.store.bible_ref(self.project, &tag_ref(&here)).await?;
            if ours.as_ref().is_some_and(|ours| *ours != theirs.to_string())
                && let Some(under) = under
            {
                here = format!("{under}/{name}").parse()?;
                ours = self.store.bible_ref(self.project, &tag_ref(&here)).await?;
            }
            let landed = match ours {
                None if here == *name => Landed::New,
                None => Landed::Beside,
                Some(ours) if ours == theirs.to_string() => Landed::Same,
                Some(_) => {
                    diverged.push(name.clone());
                    continue;
                }
            };
            if landed != Landed::Same {
                changes.push(RefChange { name: tag_ref(&here), old: None, new: Some(theirs.to_string()) });
            }
            landings.push(Landing { what: "tag", name: name.clone(), here, landed });
        }
        if !diverged.is_empty() {
            return Err(HistoryError::Diverged { names: diverged });
        }
        if !archive.header.branches.is_empty() && self.store.bible_ref(self.project, HEAD).await?.is_none() {
            changes.push(RefChange { name: HEAD.to_owned(), old: None, new: Some(archive.header.head.to_string()) });
        }
        Ok((landings, changes))
    }
}

/// How often names are moved again when somebody else moved one in between.
const TRIES: usize = 8;

type Batch<R> = Result<(Vec<Packed>, Reader<R>), ArchiveError>;

fn next_batch<R: Read>(mut reader: Reader<R>) -> Batch<R> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while batch.len() < BATCH.0 && bytes < BATCH.1 {
        let Some(packed) = reader.next_object()? else { break };
        bytes += packed.bytes.len();
        batch.push(packed);
    }
    Ok((batch, reader))
}

/// Does work that does not wait, where it does not hold up what does.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
