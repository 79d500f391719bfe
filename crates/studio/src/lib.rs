//! The use cases of the studio: load a show, plan, produce, review.
//!
//! This is the only place where a use case spans parts: the director writes briefs, an engine draws, the
//! consistency engine measures, editorial cuts, the store keeps. It knows neither HTTP nor SQL nor how a
//! result is shown.
//!
//! ```no_run
//! # async fn example() -> Result<(), studio::StudioError> {
//! use studio::{Show, Studio};
//!
//! let studio = Studio::open(&"sqlite:studio.db".parse()?, &"file:blobs".parse()?).await?;
//! let show = Show::load("examples/tiny".as_ref())?;
//! let plan = studio.plan(&show).await?;
//! println!("{} to draw, {} unchanged", plan.steps.len(), plan.unchanged);
//! # Ok(())
//! # }
//! ```

mod accepted_sheets;
pub mod attempts;
pub mod bible_edit;
pub mod checkout;
mod collect;
mod comfy_engine;
mod copies;
mod cut;
pub mod doctor;
mod draw;
mod drawn_size;
mod environment;
mod error;
pub mod estimate;
pub mod evidence;
mod export;
mod farm_drawing;
mod film;
mod film_engine;
mod film_frames;
mod film_look;
mod filming;
pub mod folder;
pub mod gate;
pub mod graph;
mod held_film;
pub mod history;
mod impact;
mod judge_again;
mod lent_nodes;
mod lint;
pub mod listing;
mod lock;
mod networks;
pub mod pairs;
mod people;
pub mod picture_files;
pub mod pieces;
pub mod pinned_files;
pub mod plan;
mod produce;
pub mod progress;
mod proposal;
pub mod reason;
pub mod recipe;
mod references;
mod remembered;
pub mod rendering;
mod review;
mod said;
pub mod screenplay;
pub mod search;
pub mod sheet;
mod sheet_rounds;
mod show;
mod showing;
mod style;
pub mod subject;
pub mod suggestion;
mod used_models;
mod yardstick;

pub use collect::{Collected, LeftOut};
pub use environment::Environment;
pub use error::StudioError;
pub use history::{History, HistoryError};
pub use lent_nodes::is_at;
pub use lint::lint_source;
pub use plan::Plan;
pub use produce::{Outcome, ProduceOptions};
pub use proposal::{KindProposal, Proposals};
pub use review::Judgement;
pub use show::Show;
pub use subject::Subject;

use std::sync::{Arc, Mutex};

use remembered::Remembered;
use store::{BlobStore, BlobUrl, DatabaseUrl, Store};
use vision_models::ModelFolder;

/// The studio: where things are kept, and with what it works.
#[derive(Debug, Clone)]
pub struct Studio {
    /// What is known.
    pub store: Store,
    /// What was made.
    pub blobs: BlobStore,
    /// Programs that encode and speak.
    pub programs: editorial::Programs,
    /// ComfyUI servers for shows that are drawn through one, separated by commas; the farm's own nodes when none.
    pub comfyui: Option<String>,
    /// Networks that look at pictures of other engines than the layout engine.
    pub models: Option<ModelFolder>,
    /// Clock and ids.
    pub environment: Environment,
    /// The graph of the version that was planned last, so that planning the next costs what differs.
    remembered: Arc<Mutex<Option<Arc<Remembered>>>>,
    /// What searches remember, and what they compare pictures by.
    pub search: search::Memory,
    /// Objects of the bible's history that were read lately.
    pub objects: history::ObjectCache,
}

impl Studio {
    /// Opens the places where things are kept, making them where needed.
    ///
    /// # Errors
    /// [`StudioError::Store`] or [`StudioError::Blob`], both saying which place.
    pub async fn open(database: &DatabaseUrl, blobs: &BlobUrl) -> Result<Self, StudioError> {
        Ok(Self {
            store: Store::open(database).await?,
            blobs: BlobStore::open(blobs)?,
            programs: editorial::Programs::default(),
            comfyui: None,
            models: None,
            environment: Environment::system(),
            remembered: Arc::default(),
            search: search::Memory::default(),
            objects: history::ObjectCache::default(),
        })
    }
}
