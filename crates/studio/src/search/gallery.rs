//! A project's vectors by one model, in memory, and which pictures they are of.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bible::{Digest, Slug};
use chrono::{DateTime, Utc};
use search::{Index, Limits, RowSet};
use store::{PictureVector, Store};
use uuid::Uuid;

use super::SearchFilter;
use super::error::LookupError;
use super::stock::OnHand;

/// Vectors that are read at a time.
pub(super) const PAGE: u64 = 4_096;
/// Ids before the highest that was read which are looked through again. Two processes that write at the same time get their
/// ids before they finish, so a lower one may come to be seen after a higher one.
const OVERLAP: u64 = 512;

/// A picture by its artifact and its name within.
pub(super) type PictureName = (Uuid, String);

/// What the pictures on hand were worked out from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OnHandKey {
    /// The show and everything that decides how it is drawn.
    pub(super) show: Digest,
    /// When the project last began to use a picture.
    pub(super) placed: Option<DateTime<Utc>>,
}

/// Every vector of a project by one model.
#[derive(Debug)]
pub(super) struct Gallery {
    pub(super) index: Index,
    /// Whose a row is.
    owners: Vec<Option<Slug>>,
    by_picture: HashMap<PictureName, Vec<u32>>,
    /// Pictures that the model could make nothing of.
    dumb: HashSet<PictureName>,
    /// The highest ids that were read, rising.
    latest: Vec<u64>,
    joined: Option<Arc<Joined>>,
}

/// Which rows are of which pictures on hand.
#[derive(Debug)]
pub(super) struct Joined {
    /// Which count of the pictures on hand it is of.
    count: u64,
    rows: usize,
    /// The picture of each row; `u32::MAX` for one that the show has not.
    pictures: Vec<u32>,
    /// The rows of each picture, one after the other.
    of_pictures: Vec<u32>,
    /// Where in `of_pictures` those of each picture begin, and where the last end.
    starts: Vec<u32>,
    /// Pictures that have not been described.
    pub(super) missing: Vec<u32>,
    /// What filters allow that were asked lately.
    asked: Mutex<Vec<(SearchFilter, Arc<Allowed>)>>,
}

/// The rows that a filter allows.
#[derive(Debug)]
pub(super) struct Allowed {
    /// Of whole pictures and of figures.
    pub(super) all: RowSet,
    /// Of figures alone: of those in a picture, the ones that the filter means.
    pub(super) figures: RowSet,
}

/// Filters whose rows are remembered.
const REMEMBERED: usize = 16;

impl Joined {
    /// The picture of a row.
    pub(super) fn picture(&self, row: u32) -> Option<u32> {
        self.pictures.get(row as usize).copied().filter(|picture| *picture != u32::MAX)
    }

    /// The rows of a picture.
    pub(super) fn rows_of(&self, picture: u32) -> &[u32] {
        let [from, to] = [picture as usize, picture as usize + 1].map(|at| self.starts.get(at).map_or(0, |start| *start as usize));
        self.of_pictures.get(from..to).unwrap_or_default()
    }
}

impl Gallery {
    pub(super) fn new(folder: &Path, length: usize, limits: Limits) -> Self {
        Self {
            index: Index::beside(folder, length, limits),
            owners: Vec::new(),
            by_picture: HashMap::new(),
            dumb: HashSet::new(),
            latest: Vec::new(),
            joined: None,
        }
    }

    /// Reads what was written since. `Ok(false)` when a vector turns up that belongs between those that are here: then all
    /// are to be read anew.
    pub(super) async fn refresh(&mut self, store: &Store, project: Uuid, model: &str) -> Result<bool, LookupError> {
        let mut after = self.latest.last().map_or(0, |last| last.saturating_sub(OVERLAP));
        loop {
            let page = store.vectors_after(project, model, after, PAGE).await?;
            let Some(last) = page.last().map(|vector| vector.id) else { return Ok(true) };
            after = last;
            for vector in page {
                match self.latest.last() {
                    Some(highest) if vector.id <= *highest => {
                        let oldest = self.latest.first().copied().unwrap_or_default();
                        if vector.id >= oldest && self.latest.binary_search(&vector.id).is_err() {
                            return Ok(false);
                        }
                    }
                    _ => self.push(vector)?,
                }
            }
        }
    }

    fn push(&mut self, vector: PictureVector) -> Result<(), LookupError> {
        let PictureVector { id, artifact, picture, owner, vector } = vector;
        self.latest.push(id);
        if self.latest.len() > 2 * OVERLAP as usize {
            self.latest.drain(..OVERLAP as usize);
        }
        if vector.is_empty() {
            if owner.is_none() {
                self.dumb.insert((artifact, picture));
            }
            return Ok(());
        }
        self.index.push(id, &vector)?;
        let row = self.owners.len() as u32;
        self.owners.push(owner);
        self.by_picture.entry((artifact, picture)).or_default().push(row);
        Ok(())
    }

    /// Which of the rows are of pictures on hand, worked out when either has changed.
    pub(super) fn joined(&mut self, on_hand: &OnHand) -> Arc<Joined> {
        let rows = self.index.len();
        if let Some(joined) =
            self.joined.as_ref().filter(|joined| joined.count == on_hand.count && joined.rows == rows && joined.missing.is_empty())
        {
            return Arc::clone(joined);
        }
        let mut pictures = vec![u32::MAX; rows];
        let (mut of_pictures, mut starts) = (Vec::with_capacity(rows), vec![0]);
        let mut missing = Vec::new();
        for (number, picture) in (0u32..).zip(&on_hand.pictures) {
            let name = (picture.artifact, picture.name.clone());
            match self.by_picture.get(&name) {
                Some(rows) => {
                    rows.iter().for_each(|row| pictures[*row as usize] = number);
                    of_pictures.extend_from_slice(rows);
                }
                None if self.dumb.contains(&name) => {}
                None => missing.push(number),
            }
            starts.push(of_pictures.len() as u32);
        }
        let joined = Arc::new(Joined { count: on_hand.count, rows, pictures, of_pictures, starts, missing, asked: Mutex::default() });
        self.joined = Some(Arc::clone(&joined));
        joined
    }

    /// The rows by pictures on hand, where they are worked out already for this.
    pub(super) fn joined_already(&self, on_hand: &OnHand, last: u64) -> Option<Arc<Joined>> {
        let known = self.joined.as_ref().filter(|joined| joined.count == on_hand.count && joined.missing.is_empty());
        known.filter(|_| self.latest.last().copied().unwrap_or_default() >= last).cloned()
    }

    /// The rows of a picture.
    pub(super) fn rows_of(&self, artifact: Uuid, picture: &str) -> &[u32] {
        self.by_picture.get(&(artifact, picture.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// Whose a row is; none for that of a whole picture.
    pub(super) fn owner(&self, row: u32) -> Option<&Slug> {
        self.owners[row as usize].as_ref()
    }

    /// The rows that a filter allows.
    pub(super) fn allowed(&self, joined: &Joined, on_hand: &OnHand, filter: &SearchFilter) -> Arc<Allowed> {
        let mut asked = joined.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, allowed)) = asked.iter().find(|(known, _)| known == filter) {
            return Arc::clone(allowed);
        }
        let (mut all, mut figures) = (RowSet::new(joined.rows), RowSet::new(joined.rows));
        for picture in on_hand.meant(filter).rows() {
            for row in joined.rows_of(picture) {
                match self.owner(*row) {
                    None => all.insert(*row),
                    Some(owner) if !filter.asks_who() || on_hand.is_meant(picture, owner, filter) => {
                        all.insert(*row);
                        figures.insert(*row);
                    }
                    Some(_) => {}
                }
            }
        }
        let allowed = Arc::new(Allowed { all, figures });
        if asked.len() == REMEMBERED {
            asked.remove(0);
        }
        asked.push((filter.clone(), Arc::clone(&allowed)));
        allowed
    }
}
