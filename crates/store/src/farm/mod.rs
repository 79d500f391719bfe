//! The render farm's tables: every change is one transaction, decided by the rules of the crate `farm`, with its event.
//!
//! The row of a job is the lock on all that belongs to it: whatever changes a job, its attempt or its node's slot takes
//! that row first. Claiming takes the nodes' rows and then jobs that nobody else holds (`SKIP LOCKED` on PostgreSQL; on
//! SQLite there is one writer at a time). Every report of a worker carries the token of its lease and changes nothing
//! when that is not the newest.

mod claim;
mod control;
mod lanes;
mod ledger;
mod model_hashes;
mod money;
mod nodes;
mod progress;
mod read;
mod report;
mod row;
mod submit;
mod wake;

pub use claim::{Claimed, Want};
pub use control::Sweep;
pub use lanes::{Queues, View};
pub use ledger::{Booked, Entry};
pub use money::{Budget, EntryKind, Spending};
pub use nodes::{NewNode, Orphan};
pub use progress::{NewPreview, Note, Preview, UnderWay};
pub use read::{AttemptView, JobDetail, JobFilter, JobView};
pub use report::{Heartbeat, Report, Reported};
pub use submit::NewJob;
pub use wake::{ToEnd, Wake, Wanted};

use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement, Value};

fn statement<C: ConnectionTrait>(connection: &C, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(connection.get_database_backend(), sql, values)
}

/// Tells other processes' workers that there may be something for them.
async fn tell_others(transaction: &DatabaseTransaction) -> Result<(), crate::StoreError> {
    notify(transaction, String::new()).await
}

/// Tells other processes' workers that one of them has to end a job.
async fn tell_to_end(transaction: &DatabaseTransaction, job: farm::JobId) -> Result<(), crate::StoreError> {
    notify(transaction, job.to_string()).await
}

async fn notify(transaction: &DatabaseTransaction, payload: String) -> Result<(), crate::StoreError> {
    use crate::error::Doing;
    if transaction.get_database_backend() == sea_orm::DatabaseBackend::Postgres {
        let notify = statement(transaction, "SELECT pg_notify($1, $2)", [wake::CHANNEL.into(), payload.into()]);
        transaction.query_one_raw(notify).await.doing("wake the workers")?;
    }
    Ok(())
}

impl crate::Store {
    /// The database's own time, where it is a server; none where it is a file, whose time is this machine's. Leases are
    /// counted in this time, because hosts' clocks differ.
    ///
    /// # Errors
    /// [`crate::StoreError`].
    pub async fn database_time(&self) -> Result<Option<farm::Time>, crate::StoreError> {
        use crate::error::Doing;
        if self.reader.get_database_backend() != sea_orm::DatabaseBackend::Postgres {
            return Ok(None);
        }
        let row = self.reader.query_one_raw(statement(&self.reader, "SELECT clock_timestamp() AS now", [])).await.doing("say its time")?;
        row.map(|row| row.try_get("", "now")).transpose().doing("say its time")
    }
}
