//! What drawing means, whoever draws.
//!
//! A *brief* ([`brief::PictureBrief`], [`brief::ClipBrief`]) says what the director wants to see, with
//! every bible value already resolved: an engine never reads the bible. An [`Engine`] turns briefs into
//! pictures ([`picture::Picture`]), and says what it can do ([`Capabilities`]).
//! This crate may not know how anything is drawn, stored or judged.

pub mod brief;
pub mod correction;
pub mod picture;

pub use brief::{ClipBrief, PictureBrief};
pub use correction::Correction;
pub use picture::{Frame, Picture};

use bible::Slug;
use serde::{Deserialize, Serialize};

/// Something that draws.
pub trait Engine: Send + Sync {
    /// What this engine is and can do.
    fn capabilities(&self) -> Capabilities;

    /// Draws one picture with its part map and skeletons.
    ///
    /// # Errors
    /// [`EngineError`] says whether another try could help.
    fn picture(&self, brief: &PictureBrief) -> Result<Picture, EngineError>;

    /// Draws a picture again, otherwise than it was drawn before: none from an engine that would draw the same.
    ///
    /// # Errors
    /// As [`Engine::picture`].
    fn picture_again(&self, _brief: &PictureBrief, _correction: &Correction) -> Result<Option<Picture>, EngineError> {
        Ok(None)
    }

    /// Whether a clip is its key pictures, each held until the next, so that it shows whichever of them was chosen.
    fn holds_key_pictures(&self) -> bool {
        false
    }

    /// Draws the frames of a clip, one by one, in order.
    ///
    /// # Errors
    /// [`EngineError`] when the brief cannot be drawn at all; later failures come from the iterator.
    fn clip<'a>(&'a self, brief: &'a ClipBrief) -> Result<Box<dyn Iterator<Item = Result<Frame, EngineError>> + Send + 'a>, EngineError>;
}

/// What an engine is and can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Its name in recipes: `layout`.
    pub name: String,
    /// Its version in recipes. A change of version makes every picture of the engine stale, so it
    /// changes exactly when the same brief would give other pixels.
    pub version: String,
    /// Whether pictures come with a part map.
    pub part_maps: bool,
    /// Whether pictures come with skeletons.
    pub skeletons: bool,
}

/// Why nothing was drawn.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The brief names a part, pose or set that the engine does not have.
    #[error("there is no {category} named `{name}`{}", .nearest.as_ref().map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default())]
    UnknownPart {
        /// `hair`, `garment`, `pose`, `set`…
        category: String,
        /// What was asked for.
        name: Slug,
        /// The nearest name that exists.
        nearest: Option<String>,
    },
    /// The brief asks for something that cannot be drawn.
    #[error("this cannot be drawn: {reason}")]
    Impossible {
        /// Why, and what would be right.
        reason: String,
    },
    /// A server that draws did not, or cannot be reached.
    #[error("{engine}: {reason}")]
    Remote {
        /// Which engine.
        engine: String,
        /// What it says.
        reason: String,
        /// Whether the same could succeed later.
        retryable: bool,
    },
    /// A part's own file is broken.
    #[error("part file {path}: {reason}")]
    BrokenPart {
        /// The file inside the catalogue.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl EngineError {
    /// Whether the same brief could succeed later without a change.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Remote { retryable, .. } => *retryable,
            Self::UnknownPart { .. } | Self::Impossible { .. } | Self::BrokenPart { .. } => false,
        }
    }
}
