//! The farm's time: the database's, as far as this host can tell.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{TimeDelta, Utc};
use farm::Time;
use store::{Store, StoreError};

/// This host's clock, corrected by how far it is from the database's. Leases are counted in the database's time, so a
/// host whose clock is wrong neither loses its leases nor takes others'.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// In microseconds.
    offset: Arc<AtomicI64>,
}

impl Clock {
    /// The time.
    #[must_use]
    pub fn now(&self) -> Time {
        Utc::now() + TimeDelta::microseconds(self.offset.load(Ordering::Relaxed))
    }

    /// Asks the database for its time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set(&self, store: &Store) -> Result<(), StoreError> {
        let before = Utc::now();
        let Some(theirs) = store.database_time().await? else { return Ok(()) };
        let middle = before + (Utc::now() - before) / 2;
        self.offset.store((theirs - middle).num_microseconds().unwrap_or(0), Ordering::Relaxed);
        Ok(())
    }
}
