//! Clock and ids: the two things that differ from run to run, in one place, so tests can fix them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Where times and ids come from.
#[derive(Debug, Clone, Copy)]
pub struct Environment {
    /// What time it is.
    pub now: fn() -> DateTime<Utc>,
    /// A fresh id, later ones sorting after earlier ones.
    pub new_id: fn() -> Uuid,
}

impl Environment {
    /// The system's clock, and UUIDs of version 7.
    #[must_use]
    pub const fn system() -> Self {
        Self { now: Utc::now, new_id: Uuid::now_v7 }
    }
}
