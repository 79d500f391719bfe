//! Pictures described by an identity network, for search.

use std::sync::{Mutex, PoisonError};

use consistency::Region;
use engine::picture::{PartMap, Raster};
use studio::search::{Describer, Figure, NotDescribed};
use vision_models::{Embedder, Finder, NetworkError, Pinned, character};

/// The share of a side that is left around a figure, as the finder leaves it.
const MARGIN: u32 = 20;

/// An identity network, and the built-in finder for pictures in which nobody said where anybody is.
pub(crate) struct NetworkDescriber {
    model: String,
    length: usize,
    networks: Mutex<(Embedder, Finder)>,
}

impl std::fmt::Debug for NetworkDescriber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NetworkDescriber").field("model", &self.model).finish_non_exhaustive()
    }
}

impl NetworkDescriber {
    /// Loads a pinned model.
    pub(crate) fn open(model: Pinned) -> Result<Self, NetworkError> {
        let hash: String = model.manifest.blake3.iter().flat_map(|hash| hash.chars().take(12)).collect();
        let name = format!("{}@{hash}", model.manifest.name);
        let length = model.manifest.output.length.unwrap_or(0);
        let networks = (Embedder::open(model.manifest, &model.file)?, Finder::built_in()?);
        Ok(Self { model: name, length, networks: Mutex::new(networks) })
    }
}

impl Describer for NetworkDescriber {
    fn model(&self) -> &str {
        &self.model
    }

    fn length(&self) -> usize {
        self.length
    }

    fn finds(&self) -> &str {
        "pictures of characters that the identity model takes for each other; how sure it is depends on how like its training the drawing is"
    }

    fn describe(&self, image: &Raster, figure: Option<Figure<'_>>) -> Result<Vec<f32>, NotDescribed> {
        // A network that failed once is as good as before: it has no state between pictures.
        let mut networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        let (embedder, finder) = &mut *networks;
        let failed = |error: NetworkError| NotDescribed::Failed { reason: error.to_string() };
        let region = match figure {
            Some(Figure { map, owner }) => Some(around(map, owner).ok_or(NotDescribed::Nothing)?),
            None => character(&finder.find(image).map_err(failed)?, image),
        };
        Ok(embedder.embed(image, region).map_err(failed)?.values().to_vec())
    }
}

/// The box around a character, with a margin.
fn around(map: &PartMap, owner: &bible::Slug) -> Option<Region> {
    let theirs: Vec<bool> = (0..256).map(|index| map.parts.get(index).is_some_and(|part| part.owner.as_ref() == Some(owner))).collect();
    let (mut left, mut right, mut top, mut bottom) = (u32::MAX, 0, u32::MAX, 0);
    for (place, _) in map.indices.iter().enumerate().filter(|(_, index)| theirs[usize::from(**index)]) {
        let (x, y) = (place as u32 % map.width, place as u32 / map.width);
        (left, right, top, bottom) = (left.min(x), right.max(x), top.min(y), bottom.max(y));
    }
    if left > right {
        return None;
    }
    let [across, along] = [(right - left) / MARGIN, (bottom - top) / MARGIN];
    (left, top) = (left.saturating_sub(across), top.saturating_sub(along));
    (right, bottom) = ((right + across).min(map.width - 1), (bottom + along).min(map.height - 1));
    let (width, height) = (right - left + 1, bottom - top + 1);
    Some(Region { left, top, width, height, centre: [left + width / 2, top + height / 2] })
}

#[cfg(test)]
mod tests {
    use engine::picture::PartEntry;

    use super::*;

    #[test]
    fn the_box_around_a_character_has_a_margin_and_stays_in_the_picture() {
        let mei: bible::Slug = "mei".parse().unwrap();
        let part = |owner: Option<&bible::Slug>| PartEntry { owner: owner.cloned(), part: "hair".to_owned(), tones: None, light: [1.0; 3] };
        let mut map = PartMap { width: 100, height: 80, indices: vec![0; 8_000], parts: vec![part(None), part(Some(&mei))] };
        for y in 0..41 {
            map.indices[y * 100 + 30..=y * 100 + 70].fill(1);
        }
        let found = around(&map, &mei).unwrap();
        assert_eq!((found.left, found.top, found.width, found.height), (28, 0, 45, 43));
        assert_eq!(around(&map, &"nobody".parse().unwrap()), None);
    }
}
