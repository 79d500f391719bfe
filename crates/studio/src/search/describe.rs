//! Describing: pictures become vectors, once each.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bible::Slug;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use store::{Artifact, BlobError, NewPictureVector};
use uuid::Uuid;

use super::Room;
use super::describer::{Describer, Figure, NotDescribed};
use super::error::LookupError;
use super::gallery::Joined;
use super::stock::OnHand;
use crate::picture_files::kept_part_map;
use crate::progress::{Progress, Stage};
use crate::{Show, Studio, StudioError};

/// Artifacts whose vectors are written together: what is lost when the process ends is described again.
const TOGETHER: usize = 64;

/// Vectors of a picture: of the whole, and of each character in it.
pub(super) type Described = Vec<(Option<Slug>, Vec<f32>)>;

impl Studio {
    /// The vectors that belong to the pictures on hand, after those that are missing have been made.
    pub(super) async fn gathered(
        &self,
        show: &Show,
        project: Uuid,
        on_hand: &OnHand,
        (room, data): (&Room, &Path),
        progress: &Progress,
    ) -> Result<Arc<Joined>, LookupError> {
        let last = self.store.last_vector(project, self.search.describer.model()).await?.unwrap_or_default();
        if let Some(joined) = room.read().await.joined_already(on_hand, last) {
            return Ok(joined);
        }
        // Whoever comes meanwhile waits here and finds it done.
        let mut gallery = room.write().await;
        let model = self.search.describer.model().to_owned();
        for described in [false, true] {
            if !gallery.refresh(&self.store, project, &model).await? {
                *gallery = self.search.empty(data, project);
                gallery.refresh(&self.store, project, &model).await?;
            }
            let joined = gallery.joined(on_hand);
            if described || joined.missing.is_empty() {
                return Ok(joined);
            }
            self.describe(show, project, on_hand, &joined.missing, progress).await?;
        }
        unreachable!("the second round returns")
    }

    /// Describes pictures and writes down what they look like.
    async fn describe(
        &self,
        show: &Show,
        project: Uuid,
        on_hand: &OnHand,
        missing: &[u32],
        progress: &Progress,
    ) -> Result<(), LookupError> {
        let mut by_artifact: BTreeMap<Uuid, Vec<&str>> = BTreeMap::new();
        for picture in missing.iter().map(|picture| &on_hand.pictures[*picture as usize]) {
            by_artifact.entry(picture.artifact).or_default().push(&picture.name);
        }
        progress.begin(Stage::Search, missing.len() as u64);
        let model = self.search.describer.model().to_owned();
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let artifacts: Vec<(Uuid, Vec<&str>)> = by_artifact.into_iter().collect();
        for some in artifacts.chunks(TOGETHER) {
            let work = some.iter().map(|(artifact, names)| self.describe_artifact(show, *artifact, names, progress).boxed());
            let work: Vec<BoxFuture<'_, _>> = work.collect();
            let new: Vec<Vec<NewPictureVector>> = stream::iter(work).buffer_unordered(cores).try_collect().await?;
            self.store.put_vectors(project, &model, new.into_iter().flatten().collect()).await?;
        }
        Ok(())
    }

    async fn describe_artifact(
        &self,
        show: &Show,
        artifact: Uuid,
        names: &[&str],
        progress: &Progress,
    ) -> Result<Vec<NewPictureVector>, LookupError> {
        let mut new = Vec::new();
        let Some(artifact) = self.store.artifact(artifact).await? else { return Ok(new) };
        for &name in names {
            let described = match self.described(show, &artifact, name).await {
                Ok(described) => described,
                Err(LookupError::Studio(StudioError::Blob(BlobError::Missing { .. }))) => {
                    tracing::warn!(artifact.id = %artifact.id, picture = name, "search.picture_is_gone");
                    continue;
                }
                // What cannot be read, or compared, today cannot be tomorrow: it is not tried again.
                Err(LookupError::Unreadable(_) | LookupError::Nothing { .. }) => vec![(None, Vec::new())],
                Err(error) => return Err(error),
            };
            let of_picture = |(owner, vector)| NewPictureVector { artifact: artifact.id, picture: name.to_owned(), owner, vector };
            new.extend(described.into_iter().map(of_picture));
            progress.advance(Stage::Search, 1);
        }
        Ok(new)
    }

    /// The vectors of a picture of an artifact.
    pub(super) async fn described(&self, show: &Show, artifact: &Artifact, name: &str) -> Result<Described, LookupError> {
        let file = artifact.files.iter().find(|file| file.name == name).ok_or(LookupError::NoPicture { artifact: artifact.id })?;
        let bytes = self.blobs.get(file.digest).await?;
        let parts = match kept_part_map(&self.blobs, artifact, name.trim_end_matches(".png")).await {
            Ok(parts) => parts,
            Err(error @ (StudioError::Store(_) | StudioError::Blob(_))) => return Err(error.into()),
            // A map that cannot be read leaves the picture as a whole.
            Err(_) => None,
        };
        // Props have parts of their own, and are nobody.
        let mut owners: Vec<Slug> = parts.iter().flat_map(|map| map.parts.iter().filter_map(|part| part.owner.clone())).collect();
        owners.retain(|owner| show.project.bible.characters.contains_key(owner));
        owners.sort_unstable();
        owners.dedup();
        let describer = Arc::clone(&self.search.describer);
        let work = tokio::task::spawn_blocking(move || {
            let image = consistency::decode(&bytes).map_err(LookupError::Unreadable)?;
            let whole = whole(describer.as_ref(), &image)?;
            let mut described = vec![(None, whole)];
            if let Some(map) = &parts {
                for owner in owners {
                    match describer.describe(&image, Some(Figure { map, owner: &owner })) {
                        Ok(vector) => described.push((Some(owner), vector)),
                        Err(NotDescribed::Nothing) => {}
                        Err(NotDescribed::Failed { reason }) => return Err(failed(describer.as_ref(), reason)),
                    }
                }
            }
            Ok(described)
        });
        work.await.map_err(|_| StudioError::Cancelled)?
    }
}

/// The vector of a picture as a whole.
pub(super) fn whole(describer: &dyn Describer, image: &engine::picture::Raster) -> Result<Vec<f32>, LookupError> {
    describer.describe(image, None).map_err(|error| match error {
        NotDescribed::Nothing => LookupError::Nothing { model: describer.model().to_owned() },
        NotDescribed::Failed { reason } => failed(describer, reason),
    })
}

fn failed(describer: &dyn Describer, reason: String) -> LookupError {
    LookupError::Model { model: describer.model().to_owned(), reason }
}
