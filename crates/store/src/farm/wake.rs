//! Waking workers when there is something for them, and telling them what to end.

use std::time::Duration;

use farm::JobId;
use sea_orm::sqlx::postgres::PgListener;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::database::Store;
use crate::{DatabaseUrl, StoreError};

/// The channel of PostgreSQL's notifications.
pub(super) const CHANNEL: &str = "echo_farm";
/// Until a connection that listens and broke is made anew.
const AGAIN: Duration = Duration::from_secs(2);

/// Hears when there may be something for a worker. It listens from the moment that it is made: what is told between a
/// look and the wait after it is not missed. Notifications can be lost all the same (a broken connection), so a worker
/// looks again after a while in any case.
#[derive(Debug)]
pub struct Wake {
    told: watch::Receiver<u64>,
    listener: Option<JoinHandle<()>>,
}

impl Drop for Wake {
    fn drop(&mut self) {
        if let Some(listener) = &self.listener {
            listener.abort();
        }
    }
}

impl Wake {
    /// Marks everything that was told so far as heard: to be called before looking.
    pub fn looking(&mut self) {
        self.told.mark_unchanged();
    }

    /// Waits until something was told since [`Wake::looking`], or for `limit`. Says whether something was.
    pub async fn wait(&mut self, limit: Duration) -> bool {
        tokio::time::timeout(limit, self.told.changed()).await.is_ok_and(|changed| changed.is_ok())
    }
}

/// Hears which jobs somebody wants to end that are being drawn. On PostgreSQL from every process, as long as a [`Wake`] of
/// this store is there; on SQLite from this process, and from time to time it says that others should be asked for.
#[derive(Debug)]
pub struct ToEnd {
    told: broadcast::Receiver<Option<JobId>>,
    /// After how long others are asked for; none when nobody has to be.
    ask: Option<Duration>,
}

/// What is wanted to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// These jobs.
    Jobs(Vec<JobId>),
    /// Any: it is not known which, and they have to be asked for.
    Any,
}

impl ToEnd {
    /// Waits until somebody wants a job to end, and gives all that were told by then.
    pub async fn next(&mut self) -> Wanted {
        let told = match self.ask {
            None => self.told.recv().await,
            Some(ask) => match tokio::time::timeout(ask, self.told.recv()).await {
                Ok(told) => told,
                Err(_) => return Wanted::Any,
            },
        };
        let mut jobs = Vec::new();
        let mut told = Some(told);
        while let Some(next) = told {
            match next {
                Ok(Some(job)) => jobs.push(job),
                Ok(None) | Err(RecvError::Lagged(_)) => return Wanted::Any,
                // The store keeps a sender: it cannot be closed while somebody has this.
                Err(RecvError::Closed) => break,
            }
            told = match self.told.try_recv() {
                Ok(job) => Some(Ok(job)),
                Err(broadcast::error::TryRecvError::Lagged(missed)) => Some(Err(RecvError::Lagged(missed))),
                Err(_) => None,
            };
        }
        Wanted::Jobs(jobs)
    }
}

impl Store {
    /// Begins to listen for jobs that somebody wants to end. `ask` says how often those of other processes are asked for
    /// where they cannot be heard.
    #[must_use]
    pub fn farm_to_end(&self, ask: Duration) -> ToEnd {
        let heard = matches!(self.url, DatabaseUrl::Postgres(_));
        ToEnd { told: self.to_end.subscribe(), ask: (!heard).then_some(ask) }
    }

    /// Tells this process's workers to end a job, or to look which.
    pub(super) fn end_job(&self, job: Option<JobId>) {
        // Fails when nobody listens: then nothing of it is drawn by this process.
        let _ = self.to_end.send(job);
    }

    /// Begins to listen: to this process's own changes, and on PostgreSQL to everybody's.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`].
    pub async fn farm_wake(&self) -> Result<Wake, StoreError> {
        let told = self.work.subscribe();
        let DatabaseUrl::Postgres(url) = &self.url else { return Ok(Wake { told, listener: None }) };
        let unreachable = |error: sea_orm::sqlx::Error| StoreError::Unreachable {
            url: self.url.to_string(),
            source: sea_orm::DbErr::Conn(sea_orm::RuntimeErr::SqlxError(std::sync::Arc::new(error))),
        };
        // A connection of its own: listening holds it for good.
        let mut first = PgListener::connect(url).await.map_err(unreachable)?;
        first.listen(CHANNEL).await.map_err(unreachable)?;
        let (store, url) = (self.clone(), url.clone());
        let listener = tokio::spawn(async move {
            let mut listening = Some(first);
            loop {
                let Some(connection) = &mut listening else {
                    tokio::time::sleep(AGAIN).await;
                    listening = async {
                        let mut connection = PgListener::connect(&url).await?;
                        connection.listen(CHANNEL).await?;
                        Ok::<_, sea_orm::sqlx::Error>(connection)
                    }
                    .await
                    .ok();
                    // Something may have been told in between.
                    store.wake_workers();
                    store.end_job(None);
                    continue;
                };
                match connection.recv().await {
                    Ok(told) if told.payload().is_empty() => store.wake_workers(),
                    Ok(told) => store.end_job(told.payload().parse().ok().map(JobId)),
                    Err(error) => {
                        tracing::warn!(%error, "the database's notifications cannot be heard; looking from time to time");
                        listening = None;
                    }
                }
            }
        });
        Ok(Wake { told, listener: Some(listener) })
    }

    pub(super) fn wake_workers(&self) {
        self.work.send_modify(|count| *count += 1);
    }
}
