//! What can go wrong with the database.

use sea_orm::{DbErr, SqlErr};

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL is wrong.
    #[error(transparent)]
    Url(#[from] crate::UrlError),
    /// The database cannot be opened or reached.
    #[error("the database {url} cannot be opened: check that it is reachable and that its folder can be written")]
    Unreachable {
        /// Which, without password.
        url: String,
        /// Why.
        #[source]
        source: DbErr,
    },
    /// The database's schema cannot be brought up to date.
    #[error(
        "the schema of {url} cannot be brought up to date; if it was made by a newer echo-studio, use that version, or choose another data folder"
    )]
    Schema {
        /// Which, without password.
        url: String,
        /// Why.
        #[source]
        source: DbErr,
    },
    /// A statement failed.
    #[error("the database refused to {doing}")]
    Refused {
        /// What was being done.
        doing: &'static str,
        /// Why.
        #[source]
        source: DbErr,
    },
    /// Somebody else moved a name in between. It does not leave this crate.
    #[error("the name points elsewhere by now")]
    Stale,
    /// A stored value cannot be understood.
    #[error("{what} in the database cannot be understood: {reason}; it was changed by hand or written by another version")]
    Damaged {
        /// Which value.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl StoreError {
    /// Whether the same call could succeed a moment later.
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self {
            Self::Url(_) | Self::Schema { .. } | Self::Damaged { .. } | Self::Stale => false,
            Self::Unreachable { .. } => true,
            Self::Refused { source, .. } => match source {
                DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
                error => {
                    let text = error.to_string();
                    text.contains("database is locked") || text.contains("could not serialize") || text.contains("deadlock detected")
                }
            },
        }
    }

    /// Whether the disk is full.
    #[must_use]
    pub fn disk_full(&self) -> bool {
        match self {
            Self::Unreachable { source, .. } | Self::Schema { source, .. } | Self::Refused { source, .. } => {
                let text = source.to_string();
                text.contains("database or disk is full") || text.contains("No space left on device")
            }
            Self::Url(_) | Self::Damaged { .. } | Self::Stale => false,
        }
    }

    pub(crate) fn damaged(what: impl Into<String>, reason: impl std::fmt::Display) -> Self {
        Self::Damaged { what: what.into(), reason: reason.to_string() }
    }
}

/// Says what was being done when a statement failed.
pub(crate) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for Result<T, DbErr> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Refused { doing, source })
    }
}

/// Whether an insert failed because somebody else had made the same row.
pub(crate) fn is_duplicate(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}
