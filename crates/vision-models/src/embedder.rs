//! Embedders: networks that give a picture's embedding.

use std::path::Path;

use consistency::Region;
use engine::picture::Raster;

use crate::embedding::Embedding;
use crate::manifest::{Manifest, OutputForm};
use crate::network::{Backend, Network, NetworkError, Tensor, load, load_from};
use crate::prepare::prepare;

/// An embedder that is ready to run.
pub struct Embedder {
    manifest: Manifest,
    network: Box<dyn Network>,
}

impl Embedder {
    /// Loads the file of a manifest.
    ///
    /// # Errors
    /// [`NetworkError`] when it cannot be read or run, or its manifest is no embedder's.
    pub fn open(manifest: Manifest, file: &Path) -> Result<Self, NetworkError> {
        let network = load(file, &shape(&manifest))?;
        Self::with(manifest, network)
    }

    /// The same from bytes, in a backend of choice; in the best there is without one.
    ///
    /// # Errors
    /// As [`Embedder::open`].
    pub fn from_bytes(manifest: Manifest, onnx: &[u8], backend: Option<Backend>) -> Result<Self, NetworkError> {
        let network = load_from(onnx, &shape(&manifest), backend)?;
        Self::with(manifest, network)
    }

    fn with(manifest: Manifest, network: Box<dyn Network>) -> Result<Self, NetworkError> {
        if manifest.output.form == OutputForm::Embedding {
            Ok(Self { manifest, network })
        } else {
            Err(NetworkError::Output { got: "boxes".to_owned(), expected: "an embedding".to_owned() })
        }
    }

    /// Its manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What runs it.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.network.backend()
    }

    /// The embedding of a picture, or of a region of it.
    ///
    /// # Errors
    /// [`NetworkError`] when the picture cannot go in, or what comes out is not what the manifest says.
    pub fn embed(&mut self, image: &Raster, region: Option<Region>) -> Result<Embedding, NetworkError> {
        let (input, _) = prepare(image, region, &self.manifest.input)?;
        let outputs = self.network.run(&input)?;
        let length = self.manifest.output.length.unwrap_or(0);
        let expected = || NetworkError::Output {
            got: outputs.iter().map(|output| format!("{:?}", output.shape)).collect::<Vec<_>>().join(", "),
            expected: format!("an embedding of {length} numbers"),
        };
        // CLIP's and DINO's exports give all tokens beside the pooled embedding, or only all tokens: the first is the class's.
        let pooled = outputs.iter().find(|output| output.values.len() == length);
        let tokens = || outputs.iter().find(|output| output.shape.len() == 3 && output.shape[0] == 1 && output.shape[2] == length);
        let values: &Tensor = pooled.or_else(tokens).ok_or_else(expected)?;
        Embedding::new(values.values[..length.min(values.values.len())].to_vec()).ok_or_else(expected)
    }
}

fn shape(manifest: &Manifest) -> [usize; 4] {
    [1, 3, manifest.input.height as usize, manifest.input.width as usize]
}
