//! Edits of one project take turns: a second editor of this process waits instead of doing work that is thrown away.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

/// Who edits which project right now. Other processes are not seen: the branch's own check is for them.
#[derive(Debug, Clone, Default)]
pub struct EditQueue(Arc<Mutex<HashMap<Uuid, Arc<tokio::sync::Mutex<()>>>>>);

/// Projects that are remembered before those that nobody edits are forgotten.
const REMEMBERED: usize = 256;

impl EditQueue {
    /// Waits for one's turn; it lasts until the guard is dropped.
    pub async fn turn(&self, project: Uuid) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if locks.len() >= REMEMBERED {
                locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            }
            Arc::clone(locks.entry(project).or_default())
        };
        lock.lock_owned().await
    }
}
