//! Where the studio keeps things: a database for what is known, a blob store for what was drawn.
//!
//! One set of repository functions serves SQLite and PostgreSQL, chosen by URL. Functions take and give
//! domain types; entities, SQL and pools stay inside. Ids and times are passed in, never made here. This
//! crate may not know how pictures are drawn, judged or cut: reports and recipes are opaque JSON to it.
//!
//! ```no_run
//! # async fn example() -> Result<(), store::StoreError> {
//! let store = store::Store::open(&"sqlite:studio.db".parse()?).await?;
//! for project in store.projects().await? {
//!     println!("{}", project.title);
//! }
//! # Ok(())
//! # }
//! ```

mod artifact;
mod attempt;
mod bible_object;
mod bible_ref;
mod bible_version;
mod blob;
mod cut;
mod database;
mod entity;
mod error;
mod event;
pub mod farm;
mod idempotency;
mod migration;
mod notebook;
mod page;
mod picture_vector;
mod placement;
mod project;
mod sheet;
mod url;
mod verdict;

pub use artifact::{Artifact, ArtifactFile, ArtifactFilter, NewArtifact, Production, RecipeKind};
pub use attempt::{Attempt, AttemptOutcome};
pub use bible_object::StoredObject;
pub use bible_ref::{BibleRef, RefChange, RefMove, RefMoved};
pub use blob::{Blob, BlobError, BlobHealth, BlobStore, Sweep};
pub use cut::Cut;
pub use database::{Store, StoreHealth};
pub use error::StoreError;
pub use event::{Event, NewEvent};
pub use idempotency::{Claim, IdempotencyKey, KeptAnswer};
pub use page::{Page, PageError, PageRequest};
pub use picture_vector::{NewPictureVector, PictureVector};
pub use placement::{Placed, Placement, StoredRead};
pub use project::Project;
pub use sheet::Sheet;
pub use url::{BlobUrl, DatabaseUrl, UrlError};
pub use verdict::{Decision, VerdictStatus};
