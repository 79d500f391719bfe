//! Running a network, whatever runs it.

use std::path::{Path, PathBuf};

use crate::onnx_runtime::OnnxRuntime;
use crate::tract::Tract;

/// Numbers with a shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Length of each dimension, outermost first.
    pub shape: Vec<usize>,
    /// The numbers, row by row.
    pub values: Vec<f32>,
}

/// A network that is ready to run.
pub trait Network: Send {
    /// Runs it on one batch; its outputs in the file's order.
    ///
    /// # Errors
    /// [`NetworkError::Run`] when shapes do not fit or the network fails.
    fn run(&mut self, input: &Tensor) -> Result<Vec<Tensor>, NetworkError>;

    /// What runs it.
    fn backend(&self) -> Backend;
}

/// What runs networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// ONNX Runtime, from a shared library that was found.
    OnnxRuntime,
    /// tract, built in.
    Tract,
}

impl Backend {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OnnxRuntime => "ONNX Runtime",
            Self::Tract => "tract",
        }
    }
}

/// Why a network did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The file cannot be read.
    #[error("{path} cannot be read")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is no network that can be run.
    #[error("{backend} cannot load the network: {reason}")]
    Load {
        /// Who tried.
        backend: &'static str,
        /// What it said.
        reason: String,
    },
    /// It did not run.
    #[error("{backend} cannot run the network: {reason}")]
    Run {
        /// Who tried.
        backend: &'static str,
        /// What it said.
        reason: String,
    },
    /// What came out is not what the manifest says.
    #[error("the network gives {got}, and its manifest says {expected}")]
    Output {
        /// What came out.
        got: String,
        /// What should have.
        expected: String,
    },
    /// The picture cannot go in.
    #[error("the picture cannot go into the network: {reason}")]
    Picture {
        /// Why.
        reason: String,
    },
}

/// Loads an ONNX file whose input has this shape: into ONNX Runtime when its library is found, into tract otherwise.
///
/// # Errors
/// [`NetworkError::File`] and [`NetworkError::Load`].
pub(crate) fn load(path: &Path, shape: &[usize]) -> Result<Box<dyn Network>, NetworkError> {
    let bytes = std::fs::read(path).map_err(|source| NetworkError::File { path: path.to_owned(), source })?;
    load_from(&bytes, shape, None)
}

/// The same from bytes; with a backend, by that one only.
///
/// # Errors
/// [`NetworkError::Load`].
pub fn load_from(bytes: &[u8], shape: &[usize], backend: Option<Backend>) -> Result<Box<dyn Network>, NetworkError> {
    if backend != Some(Backend::Tract)
        && let Some(loaded) = OnnxRuntime::load(bytes)
    {
        return Ok(Box::new(loaded?));
    }
    if backend == Some(Backend::OnnxRuntime) {
        let reason = "its library was not found; set ORT_DYLIB_PATH to libonnxruntime".to_owned();
        return Err(NetworkError::Load { backend: Backend::OnnxRuntime.name(), reason });
    }
    Ok(Box::new(Tract::load(bytes, shape)?))
}
