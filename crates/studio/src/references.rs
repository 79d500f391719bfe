//! Whom a picture should show, with the accepted pictures that say what they look like.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bible::Slug;
use engine::PictureBrief;
use engine::brief::FigureBrief;
use store::{Placed, VerdictStatus};
use uuid::Uuid;
use vision_models::{Reference, Sought};

use crate::graph::{Graph, Node, Work};
use crate::networks::Networks;
use crate::picture_files::kept_part_map;
use crate::{Studio, StudioError, Subject};

/// The most pictures of a reference: a whole sheet is the right one, and more add next to nothing.
const MOST: usize = 14;

impl Studio {
    /// Everybody whom a node's pictures should show, each with the merged references: the accepted pictures of their
    /// sheet among what is `placed`, in the look that is drawn where there are any. A picture is never its own reference.
    pub(crate) async fn sought(
        &self,
        placed: &[Placed],
        graph: &Graph<'_>,
        node: &Node,
        networks: &Arc<Networks>,
    ) -> Result<Vec<Sought>, StudioError> {
        let mut figures: BTreeMap<&Slug, &Arc<FigureBrief>> = BTreeMap::new();
        for actor in brief_of(&node.work).into_iter().flat_map(|brief| &brief.actors) {
            figures.entry(&actor.figure.character).or_insert(&actor.figure);
        }
        if figures.is_empty() {
            return Ok(Vec::new());
        }
        // Loading a network takes a while.
        let loading = Arc::clone(networks);
        let loaded = tokio::task::spawn_blocking(move || loading.identity().map_err(str::to_owned)).await;
        if let Err(reason) = loaded.unwrap_or_else(|error| Err(error.to_string())) {
            return Ok(figures.into_keys().map(|who| Sought { character: who.clone(), reference: Err(reason.clone()) }).collect());
        }
        let accepted: HashMap<&str, &Placed> = (placed.iter())
            .filter(|placed| placed.status == VerdictStatus::Accepted)
            .map(|placed| (placed.subject.as_str(), placed))
            .collect();
        let mut people = Vec::new();
        for (who, figure) in figures {
            let (mut own, mut others) = (Vec::new(), Vec::new());
            for sheet in graph.nodes.iter().filter(|sheet| sheet.subject != node.subject) {
                let (Subject::Sheet { character, .. }, Work::Sheet(brief)) = (&sheet.subject, &sheet.work) else { continue };
                let Some(placed) = accepted.get(sheet.subject.to_string().as_str()).filter(|_| character == who) else { continue };
                let same_look = brief.actors.iter().any(|actor| actor.figure == *figure);
                if same_look { own.push(placed.artifact) } else { others.push(placed.artifact) }
            }
            let chosen = if own.is_empty() { others } else { own };
            people.push(Sought { character: who.clone(), reference: self.reference(who, &chosen, networks).await? });
        }
        Ok(people)
    }

    /// Pictures of a character as one reference; why there is none, otherwise.
    async fn reference(&self, who: &Slug, pictures: &[Uuid], networks: &Arc<Networks>) -> Result<Result<Reference, String>, StudioError> {
        let mut embeddings = Vec::new();
        let mut unseen = None;
        for artifact in pictures.iter().take(MOST) {
            let Some(artifact) = self.store.artifact(*artifact).await? else { continue };
            let Some(file) = artifact.files.iter().find(|file| file.media_type == "image/png") else { continue };
            let embedding = match networks.known(file.digest, who) {
                Some(known) => known,
                None => {
                    let png = self.blobs.get(file.digest).await?;
                    let parts = kept_part_map(&self.blobs, &artifact, file.name.trim_end_matches(".png")).await?;
                    let (networks, digest, own) = (Arc::clone(networks), file.digest, who.clone());
                    let task = tokio::task::spawn_blocking(move || networks.embed(digest, &png, parts.as_ref(), &own));
                    task.await.unwrap_or_else(|error| Err(error.to_string()))
                }
            };
            match embedding {
                Ok(embedding) => embeddings.push(embedding),
                Err(reason) => unseen = Some(format!("{}: {reason}", artifact.subject)),
            }
        }
        let none = || match unseen {
            Some(reason) => format!("no accepted picture of {who}'s sheet can be used as a reference; {reason}"),
            None => format!("no picture of {who}'s sheet is accepted yet, so there is nobody to compare with"),
        };
        Ok(Reference::of(&embeddings).ok_or_else(none))
    }
}

/// A brief that names everybody who is in something.
pub(crate) fn brief_of(work: &Work) -> Option<&PictureBrief> {
    match work {
        Work::Sheet(brief) => Some(brief),
        Work::Shot { clip, .. } => Some(&clip.picture),
        // Made of pictures that were judged each by itself.
        Work::Film { .. } | Work::Transition { .. } => None,
    }
}
