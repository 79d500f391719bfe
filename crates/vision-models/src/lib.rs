//! ONNX models that look at pictures: whose picture it is, in which style, and where the people are.
//!
//! A model is an ONNX file with a [`Manifest`] that says how pictures go in and what comes out, so that any embedder or
//! finder can be used without a line of code. A [`ModelFolder`] keeps them with pinned hashes; nothing is ever fetched.
//! [`Network`] runs them: in ONNX Runtime when its library is found, in tract (built in) otherwise. This crate may not know
//! of projects, databases or what a verdict is.
//!
//! ```
//! use vision_models::Manifest;
//!
//! let manifest = Manifest::preset("ccip").unwrap();
//! assert_eq!((manifest.input.width, manifest.threshold), (384, Some(0.178_475)));
//! ```

mod boxes;
mod embedder;
mod embedding;
mod finder;
mod folder;
mod identity;
mod manifest;
mod network;
mod onnx_runtime;
mod prepare;
mod tract;

pub use consistency::{BoxKind, FoundBox};
pub use embedder::Embedder;
pub use embedding::{Embedding, difference, merged};
pub use finder::{Finder, character};
pub use folder::{FolderError, ModelFolder, Pinned, Verified};
pub use identity::{Identity, Reference, Sought, figure_of};
pub use manifest::{Fit, Input, Manifest, ManifestError, ModelKind, Output, OutputForm, PRESETS};
pub use network::{Backend, Network, NetworkError, Tensor, load_from};
pub use prepare::{Window, prepare};
