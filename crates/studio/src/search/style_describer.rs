//! Pictures described by a style network, for search where no network tells who is who.

use std::sync::{Mutex, PoisonError};

use engine::picture::Raster;
use vision_models::{Embedder, ModelFolder, ModelKind, figure_of};

use super::describer::{Describer, Figure, NotDescribed};
use crate::networks::{name_of, pinned, told};

/// A network that says what pictures look like.
pub struct StyleDescriber {
    model: String,
    length: usize,
    embedder: Mutex<Embedder>,
}

impl std::fmt::Debug for StyleDescriber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StyleDescriber").field("model", &self.model).finish_non_exhaustive()
    }
}

impl StyleDescriber {
    /// The style network of a folder; none when it has none.
    ///
    /// # Errors
    /// Why it cannot be used, as a sentence: a file that is not the one that was added, a broken manifest or network.
    pub fn of(folder: &ModelFolder) -> Result<Option<Self>, String> {
        let Some(model) = folder.first_of(ModelKind::Style).map_err(told)? else { return Ok(None) };
        let embedder = Embedder::open(pinned(&model)?, &model.file).map_err(told)?;
        let (model, length) = (name_of(embedder.manifest()), embedder.manifest().output.length.unwrap_or(0));
        Ok(Some(Self { model, length, embedder: Mutex::new(embedder) }))
    }
}

impl Describer for StyleDescriber {
    fn model(&self) -> &str {
        &self.model
    }

    fn length(&self) -> usize {
        self.length
    }

    fn finds(&self) -> &str {
        "pictures that look alike to the style network: what is to be seen, how it is arranged and how it is drawn; it was not made to tell who somebody is"
    }

    fn describe(&self, image: &Raster, figure: Option<Figure<'_>>) -> Result<Vec<f32>, NotDescribed> {
        let region = match figure {
            Some(Figure { map, owner }) => Some(figure_of(map, owner).ok_or(NotDescribed::Nothing)?),
            None => None,
        };
        // A network that failed once is as good as before: it has no state between pictures.
        let embedded = self.embedder.lock().unwrap_or_else(PoisonError::into_inner).embed(image, region);
        embedded.map(|embedding| embedding.values().to_vec()).map_err(|error| NotDescribed::Failed { reason: told(error) })
    }
}
