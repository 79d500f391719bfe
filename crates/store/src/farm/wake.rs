//! Waking workers when there is something for them.

use std::time::Duration;

use sea_orm::sqlx::postgres::PgListener;
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

impl Store {
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
        let (work, url) = (self.work.clone(), url.clone());
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
                    work.send_modify(|count| *count += 1);
                    continue;
                };
                match connection.recv().await {
                    Ok(_) => work.send_modify(|count| *count += 1),
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
