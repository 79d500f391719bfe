//! What servers say, as types. Unknown fields are let pass: newer servers add some.

mod event;
pub(crate) mod failure;
mod history;
mod queue;
mod refusal;
mod system;

pub use event::{Event, Preview, PreviewFormat};
pub use failure::{Failure, FailureKind};
pub use history::{Conclusion, HistoryEntry, NodeOutput, OutputFile, OutputFolder};
pub use queue::{Queue, QueueItem};
pub use refusal::{InputError, NodeErrors, Refusal};
pub use system::{Device, System, SystemStats};

pub(crate) use history::History;
pub(crate) use refusal::{RefusalBody, node_errors, write_nodes};
