//! Which pictures are like another.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use bible::Slug;
use uuid::Uuid;

use super::describe::{Described, whole};
use super::error::LookupError;
use super::gallery::{Gallery, Joined};
use super::stock::OnHand;
use super::{Like, Room, SearchFilter};
use crate::{Show, Studio, StudioError};

/// What the characters in a picture decide of how like it is, where it is known who is where; the rest is the whole's.
const FIGURES: f64 = 0.75;

/// Pictures that are compared by the vectors themselves for each one that is given, and some beyond: the index tells apart only
/// what is apart by more than its rounding.
const COMPARED: usize = 4;
const BEYOND: usize = 32;

/// What others should be like.
pub(super) struct Probe {
    whole: Vec<f32>,
    figures: Vec<Vec<f32>>,
}

impl From<Described> for Probe {
    fn from(described: Described) -> Self {
        let (mut whole, mut figures) = (Vec::new(), Vec::new());
        for (owner, vector) in described {
            match owner {
                None => whole = vector,
                Some(_) => figures.push(vector),
            }
        }
        Self { whole, figures }
    }
}

impl Probe {
    /// How like a picture is, by the vectors of its whole and of those figures in it that count.
    fn similarity(&self, whole: Option<&[f32]>, figures: &[&[f32]]) -> f64 {
        let nearest = |to: &[f32]| figures.iter().map(|figure| cosine(to, figure)).fold(0.0, f64::max);
        let of_whole = whole.map_or(0.0, |whole| cosine(&self.whole, whole));
        if self.figures.is_empty() {
            // It is not known who is where in it: it may be somebody alone.
            return of_whole.max(nearest(&self.whole));
        }
        let of_figures = self.figures.iter().map(|figure| nearest(figure)).sum::<f64>() / self.figures.len() as f64;
        FIGURES * of_figures + (1.0 - FIGURES) * of_whole
    }
}

/// The cosine of two vectors, 0 where it is below.
fn cosine(one: &[f32], other: &[f32]) -> f64 {
    let product = |one: &[f32], other: &[f32]| one.iter().zip(other).map(|(one, other)| f64::from(*one) * f64::from(*other)).sum::<f64>();
    let lengths = (product(one, one) * product(other, other)).sqrt();
    if lengths > 0.0 { (product(one, other) / lengths).clamp(0.0, 1.0) } else { 0.0 }
}

impl Studio {
    /// The vectors of what others should be like.
    pub(super) async fn probe(&self, show: &Show, project: Uuid, like: &Like, room: &Room) -> Result<Probe, LookupError> {
        match like {
            Like::Artifact(id) => {
                let no_picture = || LookupError::NoPicture { artifact: *id };
                let artifact = self.store.artifact(*id).await?.filter(|artifact| artifact.project == project).ok_or_else(no_picture)?;
                let mut names: Vec<&str> = artifact.files.iter().map(|file| file.name.as_str()).collect();
                names.retain(|name| *name == "picture.png" || name.starts_with("frame-") && name.ends_with(".png"));
                // Maps and layers are `<stem>.<what>.png`.
                let first = names.into_iter().filter(|name| name.matches('.').count() == 1).min().ok_or_else(no_picture)?;
                let known: Vec<u64> = {
                    let gallery = room.read().await;
                    gallery.rows_of(*id, first).iter().map(|row| gallery.index.id(*row)).collect()
                };
                if known.is_empty() {
                    return Ok(self.described(show, &artifact, first).await?.into());
                }
                let described: Described =
                    self.store.vectors_of(&known).await?.into_iter().map(|vector| (vector.owner, vector.vector)).collect();
                Ok(described.into())
            }
            Like::Picture(bytes) => {
                let (bytes, describer) = (bytes.clone(), Arc::clone(&self.search.describer));
                let work = tokio::task::spawn_blocking(move || {
                    let image = consistency::decode(&bytes).map_err(LookupError::Unreadable)?;
                    whole(describer.as_ref(), &image)
                });
                let whole = work.await.map_err(|_| StudioError::Cancelled)??;
                Ok(Probe { whole, figures: Vec::new() })
            }
        }
    }

    /// The pictures that are most like, with how like they are.
    pub(super) async fn nearest(
        &self,
        room: &Room,
        (joined, on_hand): (&Arc<Joined>, &OnHand),
        probe: &Probe,
        filter: &SearchFilter,
        limit: usize,
    ) -> Result<Vec<(u32, Option<f64>)>, LookupError> {
        let (candidates, ids) = {
            let gallery = room.read().await;
            let candidates = candidates(&gallery, joined, on_hand, probe, filter, limit)?;
            let ids: Vec<u64> = candidates.values().flatten().map(|(row, _)| gallery.index.id(*row)).collect();
            (candidates, ids)
        };
        let vectors: HashMap<u64, Vec<f32>> =
            self.store.vectors_of(&ids).await?.into_iter().map(|vector| (vector.id, vector.vector)).collect();
        let mut ids = ids.into_iter();
        let mut near: Vec<(u32, f64)> = Vec::with_capacity(candidates.len());
        for (picture, rows) in candidates {
            let (mut of_whole, mut figures) = (None, Vec::new());
            for ((_, owner), id) in rows.iter().zip(&mut ids) {
                let Some(vector) = vectors.get(&id) else { continue };
                match owner {
                    None => of_whole = Some(vector.as_slice()),
                    Some(_) => figures.push(vector.as_slice()),
                }
            }
            near.push((picture, probe.similarity(of_whole, &figures)));
        }
        // Numbers of pictures are in the order of their subjects.
        near.sort_by(|one, other| other.1.total_cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        near.truncate(limit);
        Ok(near.into_iter().map(|(picture, similarity)| (picture, Some(similarity))).collect())
    }
}

/// Pictures with those of their rows that count, by picture.
type Candidates = std::collections::BTreeMap<u32, Vec<(u32, Option<Slug>)>>;

/// The pictures that may be most like.
fn candidates(
    gallery: &Gallery,
    joined: &Joined,
    on_hand: &OnHand,
    probe: &Probe,
    filter: &SearchFilter,
    limit: usize,
) -> Result<Candidates, LookupError> {
    let allowed = gallery.allowed(joined, on_hand, filter);
    let count = limit * COMPARED + BEYOND;
    let mut pictures = BTreeSet::new();
    let figures = probe.figures.iter().map(|figure| (figure, &allowed.figures));
    for (vector, allowed) in std::iter::once((&probe.whole, &allowed.all)).chain(figures) {
        let near = gallery.index.nearest(vector, Some(allowed), count)?;
        pictures.extend(near.into_iter().filter_map(|near| joined.picture(near.row)));
    }
    let counting = |picture: u32| {
        let rows = joined.rows_of(picture).iter().filter(|row| allowed.all.contains(**row));
        (picture, rows.map(|row| (*row, gallery.owner(*row).cloned())).collect())
    };
    Ok(pictures.into_iter().map(counting).collect())
}
