//! Search: the pictures of a show by who is in them and how, and by what they are like.
//!
//! What a filter means comes from the show as it is now ([`stock`]). What a picture is like is told by vectors that a
//! [`Describer`] makes of it, of the whole and of each character that a part map shows; they are kept in the database with the
//! model's name and version, and made at the first search after a picture came to be used. The index over them ([`search`])
//! holds nothing that is not in the database.

mod asked;
mod describe;
mod describer;
mod error;
mod gallery;
mod like;
mod network_describer;
mod stock;
mod style_describer;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bible::story::{Expression, Facing};
use bible::{Digest, Slug, StoryTime};
use bytes::Bytes;
use engine::EngineError;
use search::{Index, Limits};
use serde::Serialize;
use store::{ArtifactFile, RecipeKind, VerdictStatus};
use uuid::Uuid;

pub use asked::AskedFilter;
pub use describer::{ColoursAndLayout, Describer, Figure, NotDescribed};
pub use error::{LookupError, suggestion};
pub use network_describer::NetworkDescriber;
pub use stock::Sighting;
pub use style_describer::StyleDescriber;

use crate::graph::Graph;
use crate::progress::Progress;
use crate::{Show, Studio, StudioError};
use gallery::{Gallery, OnHandKey, PAGE};
use stock::{OnHand, Stock};

/// The most pictures that are given at once.
pub const MOST: u64 = 200;
/// Pictures that are given when nothing else is asked for.
pub const USUAL: u64 = 20;
/// Shows whose pictures are remembered.
const SHOWS: usize = 8;

/// Which pictures: all that is set must be so. Who, look, pose, expression and direction are those of one and the same
/// character in the picture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct SearchFilter {
    /// Somebody who is in it.
    pub character: Option<Slug>,
    /// In which look.
    pub look: Option<Slug>,
    /// In which pose (`sit`), or on which picture of a sheet (`sitting`).
    pub pose: Option<Slug>,
    /// With which expression.
    pub expression: Option<Expression>,
    /// Facing which way.
    pub facing: Option<Facing>,
    /// Only pictures of sheets, or only those of shots.
    pub kind: Option<RecipeKind>,
    /// Only in this episode, scene or shot.
    pub within: Option<StoryTime>,
}

impl SearchFilter {
    /// Whether it asks about somebody in the picture.
    const fn asks_who(&self) -> bool {
        self.character.is_some() || self.look.is_some() || self.pose.is_some() || self.expression.is_some() || self.facing.is_some()
    }
}

/// What pictures should be like.
#[derive(Debug, Clone)]
pub enum Like {
    /// The first picture of an artifact of the project, with the characters that are in it.
    Artifact(Uuid),
    /// A PNG or JPEG from anywhere.
    Picture(Bytes),
}

/// What is looked for.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// Which pictures.
    pub filter: SearchFilter,
    /// Those like this first; in the order of subjects without.
    pub like: Option<Like>,
    /// How many, 1 to [`MOST`].
    pub limit: u64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// What compared the pictures: its name and version; none when nothing was compared.
    pub model: Option<String>,
    /// What that finds and cannot tell.
    pub finds: Option<String>,
    /// Pictures that the filter allows.
    pub matching: usize,
    /// The pictures.
    pub pictures: Vec<FoundPicture>,
    /// Whether [`Studio::extend_graph`] is due, so that searches stay quick.
    #[serde(skip)]
    pub graph_due: bool,
}

/// A picture that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundPicture {
    /// What it is of.
    pub subject: String,
    /// The artifact.
    pub artifact: Uuid,
    /// Its verdict.
    pub status: VerdictStatus,
    /// The picture's file.
    pub picture: ArtifactFile,
    /// How like, 1 for the same picture; none when nothing was compared.
    pub similarity: Option<f64>,
    /// Who is in it.
    pub seen: Vec<Sighting>,
}

/// What searches remember between each other. Cheap to clone; clones share it.
#[derive(Debug, Clone)]
pub struct Memory {
    inner: Arc<Inner>,
    /// What turns pictures into vectors.
    pub describer: Arc<dyn Describer>,
    /// Where looking at every vector ends.
    pub limits: Limits,
}

#[derive(Debug, Default)]
struct Inner {
    stocks: Mutex<Vec<(Digest, Arc<Stock>)>>,
    on_hand: Mutex<Vec<((Uuid, OnHandKey), Arc<OnHand>)>>,
    /// How often pictures on hand were counted.
    counts: AtomicU64,
    galleries: Mutex<HashMap<(Uuid, String), Room>>,
    building: Mutex<HashSet<(Uuid, String)>>,
}

/// A gallery that many look at and one changes.
type Room = Arc<tokio::sync::RwLock<Gallery>>;

impl Default for Memory {
    fn default() -> Self {
        Self { inner: Arc::default(), describer: Arc::new(ColoursAndLayout), limits: Limits::default() }
    }
}

impl Memory {
    fn room(&self, data: &Path, project: Uuid) -> Room {
        let mut galleries = self.inner.galleries.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (project, self.describer.model().to_owned());
        let new = || Arc::new(tokio::sync::RwLock::new(self.empty(data, project)));
        Arc::clone(galleries.entry(key).or_insert_with(new))
    }

    fn empty(&self, data: &Path, project: Uuid) -> Gallery {
        Gallery::new(&self.folder(data, project), self.describer.length(), self.limits)
    }

    /// Where the graph of a project lies.
    fn folder(&self, data: &Path, project: Uuid) -> PathBuf {
        let plain = |letter: char| if letter.is_ascii_alphanumeric() || ".-@".contains(letter) { letter } else { '_' };
        data.join("search").join(project.to_string()).join(self.describer.model().chars().map(plain).collect::<String>())
    }
}

/// Remembers the newest of a few.
fn remember<K: PartialEq, T>(kept: &Mutex<Vec<(K, Arc<T>)>>, key: K, value: &Arc<T>) {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    kept.retain(|(known, _)| *known != key);
    if kept.len() >= SHOWS {
        kept.remove(0);
    }
    kept.push((key, Arc::clone(value)));
}

fn remembered<K: PartialEq, T>(kept: &Mutex<Vec<(K, Arc<T>)>>, key: &K) -> Option<Arc<T>> {
    let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    kept.iter().find(|(known, _)| known == key).map(|(_, value)| Arc::clone(value))
}

impl Studio {
    /// Finds pictures of a show: those that it uses, and would draw today as they were drawn. Pictures that were never
    /// described are described first, which `progress` shows.
    ///
    /// `data` is the studio's folder for what can be made again.
    ///
    /// # Errors
    /// [`LookupError`]: a filter that names what is not there comes with the nearest that is.
    pub async fn search(&self, show: &Show, lookup: &Lookup, data: &Path, progress: &Progress) -> Result<Found, LookupError> {
        if !(1..=MOST).contains(&lookup.limit) {
            return Err(LookupError::Limit { got: lookup.limit });
        }
        let (stamp, stock) = self.stock(show).await?;
        stock.check(&lookup.filter, show)?;
        let project = self.store.project_by_slug(&show.project.settings.slug).await.map_err(StudioError::from)?;
        let Some(project) = project.map(|project| project.id) else {
            return match &lookup.like {
                Some(Like::Artifact(artifact)) => Err(LookupError::NoPicture { artifact: *artifact }),
                _ => Ok(Found { model: None, finds: None, matching: 0, pictures: Vec::new(), graph_due: false }),
            };
        };
        let mut found = self.found(show, (project, stamp), &stock, lookup, data, progress).await?;
        // What was taken out of use, or judged, since the pictures on hand were last counted.
        if self.confirm(project, &mut found).await? {
            self.search.inner.on_hand.lock().unwrap_or_else(PoisonError::into_inner).retain(|((of, _), _)| *of != project);
            found = self.found(show, (project, stamp), &stock, lookup, data, progress).await?;
            self.confirm(project, &mut found).await?;
        }
        Ok(found)
    }

    async fn found(
        &self,
        show: &Show,
        (project, stamp): (Uuid, Digest),
        stock: &Stock,
        lookup: &Lookup,
        data: &Path,
        progress: &Progress,
    ) -> Result<Found, LookupError> {
        let on_hand = self.on_hand(project, stamp, stock).await?;
        let meant = on_hand.meant(&lookup.filter);
        let matching = meant.count();
        let limit = lookup.limit as usize;
        let Some(like) = &lookup.like else {
            let pictures = meant.rows().take(limit).map(|picture| (picture, None)).collect();
            let pictures = self.shown(&on_hand, pictures).await?;
            return Ok(Found { model: None, finds: None, matching, pictures, graph_due: false });
        };
        let describer = &self.search.describer;
        let room = self.search.room(data, project);
        let joined = self.gathered(show, project, &on_hand, (&room, data), progress).await?;
        let probe = self.probe(show, project, like, &room).await?;
        let near = self.nearest(&room, (&joined, &on_hand), &probe, &lookup.filter, limit).await?;
        let graph_due = room.read().await.index.is_due();
        let pictures = self.shown(&on_hand, near).await?;
        let (model, finds) = (Some(describer.model().to_owned()), Some(describer.finds().to_owned()));
        Ok(Found { model, finds, matching, pictures, graph_due })
    }

    /// The pictures that a show should have, and what stands for the show.
    async fn stock(&self, show: &Show) -> Result<(Digest, Arc<Stock>), LookupError> {
        let rendering = self.rendering_of(show).await?;
        let show = show.clone();
        let memory = self.search.clone();
        let work = tokio::task::spawn_blocking(move || {
            let engine = show.engine();
            let engine_stamp = show.engine_stamp(&engine, rendering.as_ref());
            let stamp = Digest::of(&[show.version.as_bytes().as_slice(), engine_stamp.as_bytes().as_slice()].concat());
            if let Some(stock) = remembered(&memory.inner.stocks, &stamp) {
                return Ok((stamp, stock));
            }
            let stock = match Graph::drawn(&show.project, &engine, rendering) {
                Ok(graph) => Stock::of(&graph, &show.project),
                // Of a folder that was produced and is in no history, only the folder has the drawings.
                Err(StudioError::Draw { source: EngineError::UnknownPart { .. }, .. }) => Stock::without_recipes(&show.project)?,
                Err(error) => return Err(error),
            };
            let stock = Arc::new(stock);
            remember(&memory.inner.stocks, stamp, &stock);
            Ok::<_, StudioError>((stamp, stock))
        });
        Ok(work.await.map_err(|_| StudioError::Cancelled)??)
    }

    /// The pictures that a project has.
    async fn on_hand(&self, project: Uuid, show: Digest, stock: &Stock) -> Result<Arc<OnHand>, LookupError> {
        let key = OnHandKey { show, placed: self.store.last_placed(project).await? };
        if let Some(on_hand) = remembered(&self.search.inner.on_hand, &(project, key)) {
            return Ok(on_hand);
        }
        let count = self.search.inner.counts.fetch_add(1, Ordering::Relaxed);
        let on_hand = Arc::new(stock.on_hand(count, self.store.placements(project).await?));
        remember(&self.search.inner.on_hand, (project, key), &on_hand);
        Ok(on_hand)
    }

    /// The pictures with their files.
    async fn shown(&self, on_hand: &OnHand, pictures: Vec<(u32, Option<f64>)>) -> Result<Vec<FoundPicture>, LookupError> {
        let mut shown = Vec::with_capacity(pictures.len());
        for (number, similarity) in pictures {
            let picture = &on_hand.pictures[number as usize];
            let Some(artifact) = self.store.artifact(picture.artifact).await? else { continue };
            let Some(file) = artifact.files.into_iter().find(|file| file.name == picture.name) else { continue };
            shown.push(FoundPicture {
                subject: picture.subject.to_string(),
                artifact: picture.artifact,
                status: artifact.status,
                picture: file,
                similarity,
                seen: on_hand.seen(picture),
            });
        }
        Ok(shown)
    }

    /// Takes out what the project has ceased to use. Whether there was such.
    async fn confirm(&self, project: Uuid, found: &mut Found) -> Result<bool, LookupError> {
        let subjects: Vec<String> = found.pictures.iter().map(|picture| picture.subject.clone()).collect();
        let placed: HashMap<String, Uuid> =
            self.store.placed(project, &subjects).await?.into_iter().map(|placed| (placed.subject, placed.artifact)).collect();
        let before = found.pictures.len();
        found.pictures.retain(|picture| placed.get(&picture.subject) == Some(&picture.artifact));
        Ok(found.pictures.len() < before)
    }

    /// Builds the graph of neighbours of a project, or extends it by what came since, and writes it into `data`. Searches go
    /// on meanwhile. `false` when another call of this process is at it.
    ///
    /// # Errors
    /// [`LookupError::Index`] when it cannot be built or written, [`LookupError::Studio`] when the store does not answer.
    pub async fn extend_graph(&self, project: Uuid, data: &Path) -> Result<bool, LookupError> {
        let key = (project, self.search.describer.model().to_owned());
        if !self.search.inner.building.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone()) {
            return Ok(false);
        }
        let built = self.built(project, data).await;
        self.search.inner.building.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        built.map(|()| true)
    }

    async fn built(&self, project: Uuid, data: &Path) -> Result<(), LookupError> {
        let model = self.search.describer.model();
        let room = self.search.room(data, project);
        let folder = self.search.folder(data, project);
        let (mut building, ids): (_, Vec<u64>) = {
            let gallery = room.read().await;
            if !gallery.index.is_due() {
                return Ok(());
            }
            let building = gallery.index.begin(&folder)?;
            let ids = gallery.index.ids()[building.next_row()..].to_vec();
            (building, ids)
        };
        for page in ids.chunks(PAGE as usize) {
            let vectors = self.store.vectors_of(page).await?;
            if vectors.len() != page.len() {
                // The project is being deleted, and its vectors with it.
                return Err(StudioError::Cancelled.into());
            }
            let vectors: Vec<Vec<f32>> = vectors.into_iter().map(|vector| Index::fitted(&vector.vector)).collect();
            let work = tokio::task::spawn_blocking(move || building.add(&vectors).map(|()| building));
            building = work.await.map_err(|_| StudioError::Cancelled)??;
        }
        tracing::info!(project.id = %project, model, rows = building.rows(), "search.graph_built");
        let graph = tokio::task::spawn_blocking(move || building.finish()).await.map_err(|_| StudioError::Cancelled)??;
        room.write().await.index.take_up(graph);
        Ok(())
    }
}
