//! Pictures described by an identity network, for search.

use std::sync::{Mutex, PoisonError};

use engine::picture::Raster;
use studio::search::{Describer, Figure, NotDescribed};
use vision_models::{Embedder, Finder, NetworkError, Pinned, character, figure_of};

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
            Some(Figure { map, owner }) => Some(figure_of(map, owner).ok_or(NotDescribed::Nothing)?),
            None => character(&finder.find(image).map_err(failed)?, image),
        };
        Ok(embedder.embed(image, region).map_err(failed)?.values().to_vec())
    }
}
