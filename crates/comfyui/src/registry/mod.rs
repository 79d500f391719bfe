//! Model files as data: what kind, which family, what fits what.
//!
//! A model's file says what it is: the names and shapes of its tensors decide the build, what its maker wrote into it
//! decides the family. Nothing is told by a file's name. What cannot be told is [`Identified::unknown`], with why.
//!
//! ```
//! use comfyui::registry::{Architecture, Header, ModelKind, identify};
//!
//! let header = Header::parse(br#"{
//!     "__metadata__": { "modelspec.title": "Illustrious XL 0.1" },
//!     "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": { "dtype": "F16", "shape": [640, 2048], "data_offsets": [0, 2621440] }
//! }"#).unwrap();
//! let known = identify(&header);
//! assert_eq!((known.kind, known.architecture), (Some(ModelKind::Checkpoint), Some(Architecture::Sdxl)));
//! assert_eq!(known.family.as_deref(), Some("sdxl-illustrious"));
//! ```

mod content;
mod family;
mod file;
mod fit;
mod header;
mod identify;
mod kind;

pub use content::{Stamp, hashes, locate, makers_hash};
pub use family::Architecture;
pub use file::{FileError, ModelFile, find};
pub use fit::{Fit, fits};
pub use header::{Header, HeaderError, LARGEST_HEADER, Tensor};
pub use identify::{Identified, identify, identify_metadata};
pub use kind::ModelKind;
