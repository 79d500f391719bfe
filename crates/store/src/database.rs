//! Opening a database, and the two ways into it: one writer, many readers.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use tokio::sync::Notify;

use crate::error::Doing;
use crate::migration::Migrator;
use crate::{DatabaseUrl, StoreError};

/// How long a writer waits for another process to finish writing.
const BUSY: Duration = Duration::from_secs(30);

/// The studio's database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) reader: DatabaseConnection,
    writer: DatabaseConnection,
    pub(crate) url: DatabaseUrl,
    /// Woken after every event that this process writes.
    pub(crate) written: Arc<Notify>,
    /// Rises whenever there may be something new for workers.
    pub(crate) work: tokio::sync::watch::Sender<u64>,
    /// Jobs that somebody wants to end while they are drawn; none when it is not known which.
    pub(crate) to_end: tokio::sync::broadcast::Sender<Option<farm::JobId>>,
}

/// Jobs to end that are kept for a listener that is slow; it asks for all when it missed some.
const TO_END: usize = 1024;

/// What `doctor` and the health page say about the database.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct StoreHealth {
    /// `sqlite` or `postgresql`.
    pub kind: &'static str,
    /// Its own version.
    pub version: String,
    /// Where it is, without password.
    pub url: String,
}

type InTransaction<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

impl Store {
    /// Opens a database, making it and bringing its schema up to date where needed.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] or [`StoreError::Schema`], both saying which database.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let unreachable = |source| StoreError::Unreachable { url: url.to_string(), source };
        let (writer, reader) = match url {
            DatabaseUrl::Sqlite(path) => {
                if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                    std::fs::create_dir_all(folder)
                        .map_err(|error| unreachable(sea_orm::DbErr::Custom(format!("{}: {error}", folder.display()))))?;
                }
                // SQLite has one writer at a time: a single connection queues ours instead of letting them collide.
                let writer = Database::connect(sqlite(path, 1)).await.map_err(unreachable)?;
                let reader = Database::connect(sqlite(path, 4)).await.map_err(unreachable)?;
                (writer, reader)
            }
            DatabaseUrl::Postgres(text) => {
                let mut options = ConnectOptions::new(text.clone());
                options.max_connections(8).connect_timeout(Duration::from_secs(10)).acquire_timeout(BUSY);
                quiet(&mut options);
                let pool = Database::connect(options).await.map_err(unreachable)?;
                (pool.clone(), pool)
            }
        };
        migrate(&writer).await.map_err(|source| StoreError::Schema { url: url.to_string(), source })?;
        Ok(Self {
            reader,
            writer,
            url: url.clone(),
            written: Arc::new(Notify::new()),
            work: tokio::sync::watch::Sender::new(0),
            to_end: tokio::sync::broadcast::Sender::new(TO_END),
        })
    }

    /// Runs `work` in one transaction: all of it happens, or nothing.
    pub(crate) async fn transaction<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send,
        F: for<'a> FnOnce(&'a DatabaseTransaction) -> InTransaction<'a, T> + Send,
    {
        let options =
            TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..TransactionOptions::default() };
        let transaction = self.writer.begin_with_options(options).await.doing(doing)?;
        let outcome = work(&transaction).await?;
        transaction.commit().await.doing(doing)?;
        self.written.notify_waiters();
        Ok(outcome)
    }

    /// Asks the database whether it is there.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when it is not.
    pub async fn health(&self) -> Result<StoreHealth, StoreError> {
        let (kind, question) = match self.url {
            DatabaseUrl::Sqlite(_) => ("sqlite", "SELECT sqlite_version() AS version"),
            DatabaseUrl::Postgres(_) => ("postgresql", "SELECT current_setting('server_version') AS version"),
        };
        let row = self.reader.query_one_raw(sea_orm::Statement::from_string(self.reader.get_database_backend(), question)).await;
        let row = row.doing("say its version")?;
        let version = row.and_then(|row| row.try_get::<String>("", "version").ok()).unwrap_or_else(|| "unknown".to_owned());
        Ok(StoreHealth { kind, version, url: self.url.to_string() })
    }

    /// Ends all connections, so that everything written is on the disk and the files can be moved.
    pub async fn close(self) {
        // A pool that is already gone is closed.
        drop(self.reader.close().await);
        drop(self.writer.close().await);
    }
}

async fn migrate(writer: &DatabaseConnection) -> Result<(), sea_orm::DbErr> {
    // Two processes may open a new database at the same moment; the loser of the race finds the tables made.
    let mut tries = 0;
    loop {
        match Migrator::up(writer, None).await {
            Ok(()) => return Ok(()),
            Err(error) if tries < 3 && !error.to_string().contains("readonly") => {
                tracing::debug!(%error, "store.migrate_again");
                tries += 1;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Pages of SQLite's log after which it is written back into the database: 32 MB of it. The write that sets this off
/// waits for the disk; the default of 1,000 pages lets that happen to more than one small write in a hundred.
const CHECKPOINT_PAGES: &str = "8000";

fn sqlite(path: &std::path::Path, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", path.display()));
    options.max_connections(connections).min_connections(1).acquire_timeout(BUSY).map_sqlx_sqlite_opts(|options| {
        options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .pragma("temp_store", "memory")
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
    });
    quiet(&mut options);
    options
}

fn quiet(options: &mut ConnectOptions) {
    options
        .sqlx_logging_level(log::LevelFilter::Debug)
        .sqlx_slow_statements_logging_settings(log::LevelFilter::Warn, Duration::from_secs(1));
}

/// A time as both databases keep it: PostgreSQL has microseconds, so nothing finer is written.
pub(crate) fn micros(time: chrono::DateTime<chrono::Utc>) -> chrono::DateTime<chrono::Utc> {
    chrono::DurationRound::duration_trunc(time, chrono::TimeDelta::microseconds(1)).unwrap_or(time)
}
