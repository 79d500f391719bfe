//! Draws the farm's jobs on ComfyUI nodes, and never loses or doubles one.
//!
//! A [`Worker`] drives nodes: it takes jobs from the database for those that are free, draws them with the `comfyui`
//! client, stores the files, and reports with the token of its lease. Any number of workers on any hosts share one
//! database. Whatever it is about to do that cannot be taken back is written down first, so that another worker can go
//! on after it was killed at any point:
//! - the attempt is *perhaps submitted* before anything is sent, and its ticket finds it on the node again;
//! - files are stored before the job is done, and forgotten on the node after that;
//! - a node's slot is freed when the node itself says that it does not work on the attempt any more.
//!
//! It may not know what a job's picture is of, nor how it is judged.
//!
//! ```no_run
//! # async fn example(store: store::Store, blobs: store::BlobStore) -> Result<(), store::StoreError> {
//! let stop = tokio_util::sync::CancellationToken::new();
//! let options = worker::Options::new("host-1");
//! worker::Worker::new(store, blobs, options).run(stop).await?;
//! # Ok(())
//! # }
//! ```

mod clock;
mod confirm;
mod describe;
mod draw;
mod leases;
mod model_reader;
mod options;
mod payload;
mod scale;
mod sight;
mod sockets;
mod work;

pub use clock::Clock;
pub use describe::describe;
pub use draw::chain;
pub use model_reader::ModelReader;
pub use options::Options;
pub use payload::{Drawn, DrawnFile, ExpectedOutput, Input, OutputMedia, Payload, Variant, models_of, needs_of};
pub use scale::{Backlog, Scaler, ScalerError, Target};
pub use work::Worker;
