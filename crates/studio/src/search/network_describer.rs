//! Pictures described by a project's identity network, for search.

use engine::picture::Raster;
use vision_models::{ModelFolder, character, figure_of};

use super::describer::{Describer, Figure, NotDescribed};
use crate::networks::Networks;

/// The networks of a models folder, as verdicts have them too.
pub struct NetworkDescriber {
    model: String,
    length: usize,
    networks: Networks,
}

impl std::fmt::Debug for NetworkDescriber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NetworkDescriber").field("model", &self.model).finish_non_exhaustive()
    }
}

impl NetworkDescriber {
    /// The networks of a folder; none when it has no identity model.
    ///
    /// # Errors
    /// Why they cannot be used, as a sentence: a file that is not the one that was added, a broken manifest or network.
    pub fn of(folder: ModelFolder) -> Result<Option<Self>, String> {
        if !Networks::has_identity(&folder)? {
            return Ok(None);
        }
        let networks = Networks::new(Some(folder));
        let (model, length) = networks.name_and_length()?;
        Ok(Some(Self { model, length, networks }))
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
        let failed = |reason: String| NotDescribed::Failed { reason };
        let region = match figure {
            Some(Figure { map, owner }) => Some(figure_of(map, owner).ok_or(NotDescribed::Nothing)?),
            None => character(&self.networks.find(image).map_err(failed)?, image),
        };
        Ok(self.networks.embed_region(image, region).map_err(failed)?.values().to_vec())
    }
}
