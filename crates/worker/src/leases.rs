//! The leases that a worker holds, and keeping them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use farm::{JobId, NodeId, Token};
use tokio_util::sync::CancellationToken;

use crate::sight::Sight;

/// One lease.
#[derive(Debug, Clone)]
pub(crate) struct Lease {
    pub(crate) token: Token,
    pub(crate) node: NodeId,
    /// Fires when the attempt should end: somebody wants it to, or the node is not lent any more.
    pub(crate) cancel: CancellationToken,
    /// Fires when somebody else has a newer lease: everything is dropped, and nothing more is done for it.
    pub(crate) lost: CancellationToken,
    /// What is seen of the attempt.
    pub(crate) sight: Arc<Sight>,
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leases(Arc<Mutex<HashMap<JobId, Lease>>>);

impl Leases {
    fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, Lease>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn hold(&self, job: JobId, token: Token, node: NodeId) -> Lease {
        let lease = Lease { token, node, cancel: CancellationToken::new(), lost: CancellationToken::new(), sight: Arc::default() };
        self.locked().insert(job, lease.clone());
        lease
    }

    /// Lets go of a lease, unless a newer one of the same job took its place.
    pub(crate) fn drop(&self, job: JobId, token: Token) {
        let mut leases = self.locked();
        if leases.get(&job).is_some_and(|lease| lease.token == token) {
            leases.remove(&job);
        }
    }

    /// In the order of their jobs: everybody takes the database's rows in this order.
    pub(crate) fn all(&self) -> Vec<(JobId, Lease)> {
        let mut all: Vec<_> = self.locked().iter().map(|(job, lease)| (*job, lease.clone())).collect();
        all.sort_unstable_by_key(|(job, _)| *job);
        all
    }

    pub(crate) fn holds(&self, job: JobId) -> bool {
        self.locked().contains_key(&job)
    }

    /// A job that is worked on anywhere on a node.
    pub(crate) fn on(&self, node: NodeId) -> bool {
        self.locked().values().any(|lease| lease.node == node)
    }
}
