//! Films that are key pictures, each held until the next.

use std::collections::HashMap;
use std::sync::Arc;

use bible::Digest;
use engine::picture::Raster;
use engine::{Capabilities, ClipBrief, Engine, EngineError, Frame, Picture, PictureBrief};
use uuid::Uuid;

use crate::StudioError;
use crate::draw::key_pictures;
use crate::graph::{Node, Work};
use crate::produce::Production;
use crate::subject::Subject;

/// What a clip gives, frame by frame.
pub(crate) type Frames<'a> = Box<dyn Iterator<Item = Result<Frame, EngineError>> + Send + 'a>;

/// The frames of a clip whose key pictures `picture` gives.
pub(crate) fn held<'a>(
    brief: &'a ClipBrief,
    picture: impl Fn(&PictureBrief) -> Result<Arc<Raster>, EngineError> + Send + 'a,
) -> Frames<'a> {
    let keys = key_pictures(brief);
    let ends: Vec<u32> = keys.iter().skip(1).map(|(frame, _)| *frame).chain([brief.frames]).collect();
    Box::new(keys.into_iter().zip(ends).map(move |((start, brief), end)| Ok(Frame { image: picture(&brief)?, hold: end - start })))
}

/// An engine whose key pictures are settled: which attempt is used of each was chosen before, and its films show that one.
struct Settled {
    engine: Arc<dyn Engine>,
    pictures: HashMap<Digest, Arc<Raster>>,
}

/// The engine whose films show the pictures that were chosen for their briefs.
///
/// # Errors
/// Never: a brief has a JSON form.
pub(crate) fn settled(
    engine: Arc<dyn Engine>,
    chosen: Vec<(PictureBrief, Arc<Raster>)>,
    subject: &Subject,
) -> Result<Arc<dyn Engine>, StudioError> {
    if chosen.is_empty() {
        return Ok(engine);
    }
    let by_digest = chosen.into_iter().map(|(brief, image)| Ok((Digest::of_json(&brief)?, image)));
    let pictures = by_digest.collect::<Result<_, serde_json::Error>>();
    let pictures = pictures.map_err(|source| StudioError::Recipe { subject: subject.clone(), source })?;
    Ok(Arc::new(Settled { engine, pictures }))
}

impl Settled {
    fn settled(&self, brief: &PictureBrief) -> Option<Arc<Raster>> {
        self.pictures.get(&Digest::of_json(brief).ok()?).cloned()
    }
}

impl Engine for Settled {
    fn capabilities(&self) -> Capabilities {
        self.engine.capabilities()
    }

    fn picture(&self, brief: &PictureBrief) -> Result<Picture, EngineError> {
        self.engine.picture(brief)
    }

    fn holds_key_pictures(&self) -> bool {
        true
    }

    fn clip<'a>(&'a self, brief: &'a ClipBrief) -> Result<Frames<'a>, EngineError> {
        Ok(held(brief, |brief| match self.settled(brief) {
            Some(image) => Ok(image),
            None => Ok(self.engine.picture(brief)?.image),
        }))
    }
}

impl Production<'_> {
    /// The pictures that were chosen of the two shots that a transition lies between, as far as they are placed.
    pub(crate) async fn chosen_around(&self, transition: &Node) -> Result<Vec<(PictureBrief, Arc<Raster>)>, StudioError> {
        let mut chosen = Vec::new();
        if !self.engine.holds_key_pictures() {
            return Ok(chosen);
        }
        // The shot before stands before the transition, and the one that begins behind it.
        let nodes = &self.graph.nodes;
        let Some(place) = nodes.iter().position(|node| node.subject == transition.subject) else { return Ok(chosen) };
        let is_shot = |node: &&Arc<Node>| matches!(node.work, Work::Shot { .. });
        let around = [nodes[..place].iter().rev().find(is_shot), nodes[place..].iter().find(is_shot)];
        let placed = self.studio.store.placements(self.project).await?;
        for node in around.into_iter().flatten() {
            let Work::Shot { clip, .. } = &node.work else { continue };
            let name = node.subject.to_string();
            let Some(placed) = placed.iter().find(|placed| placed.subject == name && placed.recipe == node.recipe) else { continue };
            chosen.extend(self.chosen_of(clip, placed.artifact).await?.into_iter().map(|(_, brief, image)| (brief, image)));
        }
        Ok(chosen)
    }

    /// The pictures that were chosen of a shot, by their frames.
    pub(crate) async fn chosen_of(&self, clip: &ClipBrief, artifact: Uuid) -> Result<Vec<(u32, PictureBrief, Arc<Raster>)>, StudioError> {
        let mut chosen = Vec::new();
        let Some(artifact) = self.studio.store.artifact(artifact).await? else { return Ok(chosen) };
        for (frame, brief) in key_pictures(clip) {
            let file = format!("frame-{frame:04}.png");
            let Some(file) = artifact.files.iter().find(|kept| kept.name == file) else { continue };
            let png = self.studio.blobs.get(file.digest).await?;
            let unreadable =
                |error| StudioError::Unknown { what: format!("readable picture of {} ({error})", artifact.subject), nearest: None };
            chosen.push((frame, brief, Arc::new(consistency::decode(&png).map_err(unreadable)?)));
        }
        Ok(chosen)
    }
}
