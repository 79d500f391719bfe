//! The history of a project's bible: commits, branches, tags, and the show as it was at any of them.
//!
//! ```no_run
//! # async fn example(studio: &studio::Studio, project: uuid::Uuid) -> Result<(), studio::StudioError> {
//! let history = studio.history(project);
//! for entry in history.log(&"main".parse().unwrap(), &Default::default()).await?.entries {
//!     println!("{} {}", entry.id.short(), entry.commit.subject());
//! }
//! let show = history.show_at(&"delivery-1".parse().unwrap()).await?;
//! # Ok(())
//! # }
//! ```

mod archive;
mod blame;
mod cache;
mod checkout;
mod commit;
mod compare;
mod error;
mod fsck;
mod join;
mod log;
mod motion;
mod preview;
mod read;
mod refs;
mod restore;
mod session;
mod sync;
mod three_way;

pub use archive::{Archive, Exported, ImportOptions, Imported, Landed, Landing};
pub use blame::{Blame, BlamedChange};
pub use cache::ObjectCache;
pub use checkout::{Checkout, CheckoutError, put, replace};
pub use commit::{Change, Committed, Expected, NewCommit};
pub use error::HistoryError;
pub use fsck::{Fault, Fsck};
pub use join::{Onto, Outcome};
pub use log::{LogCursor, LogEntry, LogPage, LogRequest, ParseCursorError};
pub use preview::Arriving;
pub use refs::{Branch, Head, TagEntry};
pub use sync::{Edits, Switched, Synced, folder_changes};

use store::Store;
use uuid::Uuid;

use crate::Studio;

/// The history of one project. Cheap to make and to clone.
#[derive(Debug, Clone)]
pub struct History {
    store: Store,
    project: Uuid,
    cache: ObjectCache,
}

impl History {
    /// The history of a project that the store knows.
    #[must_use]
    pub const fn new(store: Store, project: Uuid, cache: ObjectCache) -> Self {
        Self { store, project, cache }
    }

    /// Of which project.
    #[must_use]
    pub const fn project(&self) -> Uuid {
        self.project
    }
}

impl Studio {
    /// The history of a project that the store knows.
    #[must_use]
    pub fn history(&self, project: Uuid) -> History {
        History::new(self.store.clone(), project, self.objects.clone())
    }
}
