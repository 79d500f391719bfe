//! The nodes' event connections, kept from one attempt to the next: connecting anew costs more than most of what an
//! attempt asks of a node.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use comfyui::{Server, Socket};
use farm::NodeId;

/// A connection for every node that has drawn. A node draws one thing at a time, so each has one user at most.
#[derive(Debug, Default)]
pub(crate) struct Sockets(Mutex<HashMap<NodeId, Kept>>);

#[derive(Debug)]
struct Kept {
    /// The address that it was made for.
    address: String,
    socket: Socket,
}

impl Sockets {
    fn kept(&self) -> MutexGuard<'_, HashMap<NodeId, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The node's connection, or a new one. None when the node takes none: events are hints, and all goes on by asking.
    pub(crate) async fn take(&self, node: NodeId, server: &Server) -> Option<Socket> {
        let kept = self.kept().remove(&node).filter(|kept| kept.address == server.address().as_str() && !kept.socket.is_closed());
        match kept {
            Some(kept) => Some(kept.socket),
            None => Socket::connect(server).await.ok(),
        }
    }

    /// Keeps a connection for the node's next attempt.
    pub(crate) fn keep(&self, node: NodeId, server: &Server, socket: Socket) {
        self.kept().insert(node, Kept { address: server.address().to_string(), socket });
    }

    /// Lets the connections of all other nodes end.
    pub(crate) fn only(&self, driven: impl Fn(NodeId) -> bool) {
        self.kept().retain(|node, _| driven(*node));
    }
}
