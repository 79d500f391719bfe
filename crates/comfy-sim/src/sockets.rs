//! WebSockets: who is connected, and the one task that sends.
//!
//! Two weaknesses of the real server are kept, for they are what clients have to live with: when a connection ends, its
//! client id leaves the table, whoever holds that id by then; and one task sends everything to everybody in turn, so a
//! connection that does not read stops all others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::ws::{Message, WebSocket};
use bytes::{BufMut, Bytes, BytesMut};
use futures::SinkExt;
use futures::stream::SplitSink;
use serde_json::{Value, json};
use tokio::sync::{Mutex as AsyncMutex, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// One connection.
#[derive(Clone)]
struct Connection {
    sink: Arc<AsyncMutex<SplitSink<WebSocket, Message>>>,
    metadata: bool,
    cut: CancellationToken,
}

/// What is sent.
#[derive(Debug, Clone)]
pub(crate) enum Outgoing {
    /// `{"type", "data"}`.
    Text(Value),
    /// A picture of a node, to those who asked for pictures with names.
    NamedPreview(Picture),
    /// A picture of a node without its name, to all others.
    PlainPreview(Picture),
}

/// A picture of a node, coded.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    pub(crate) png: bool,
    pub(crate) bytes: Bytes,
    pub(crate) prompt_id: String,
    pub(crate) node: String,
    /// Whether it is a picture of `SaveImageWebsocket`, which never carries its name.
    pub(crate) whole: bool,
}

impl Picture {
    fn frame(&self, named: bool) -> Message {
        let mut frame = BytesMut::with_capacity(self.bytes.len() + 256);
        if named {
            let kind = if self.png { "image/png" } else { "image/jpeg" };
            let about = json!({"node_id": self.node, "prompt_id": self.prompt_id, "display_node_id": self.node,
                "parent_node_id": null, "real_node_id": self.node, "image_type": kind})
            .to_string();
            frame.put_u32(4);
            frame.put_u32(u32::try_from(about.len()).unwrap_or(u32::MAX));
            frame.put_slice(about.as_bytes());
        } else {
            frame.put_u32(1);
            frame.put_u32(if self.png { 2 } else { 1 });
        }
        frame.put_slice(&self.bytes);
        Message::Binary(frame.freeze())
    }
}

/// The connections of one life of the server.
pub(crate) struct Sockets {
    table: Mutex<BTreeMap<String, Connection>>,
    send: mpsc::UnboundedSender<(Option<String>, Outgoing)>,
    held: Mutex<Option<Instant>>,
}

impl Sockets {
    /// The table, and the queue that [`publish`] sends from.
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<(Option<String>, Outgoing)>) {
        let (send, receive) = mpsc::unbounded_channel();
        (Self { table: Mutex::default(), send, held: Mutex::default() }, receive)
    }

    fn table(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Connection>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection, or takes over its id.
    pub(crate) fn add(&self, id: &str, sink: SplitSink<WebSocket, Message>, cut: CancellationToken) {
        let connection = Connection { sink: Arc::new(AsyncMutex::new(sink)), metadata: false, cut };
        self.table().insert(id.to_owned(), connection);
    }

    /// Takes an id out: the old connection's end unsubscribes the new one of the same id.
    pub(crate) fn remove(&self, id: &str) {
        self.table().remove(id);
    }

    pub(crate) fn understands_metadata(&self, id: &str) {
        if let Some(connection) = self.table().get_mut(id) {
            connection.metadata = true;
        }
    }

    /// To one client, or to all.
    pub(crate) fn send(&self, to: Option<&str>, what: Outgoing) {
        // Nobody sends any more once the life is over.
        let _ = self.send.send((to.map(str::to_owned), what));
    }

    /// Cuts all connections, without a word.
    pub(crate) fn cut_all(&self) {
        for connection in std::mem::take(&mut *self.table()).into_values() {
            connection.cut.cancel();
        }
    }

    /// Sends nothing until then.
    pub(crate) fn hold(&self, until: Instant) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }

    fn receivers(&self, to: Option<&str>) -> Vec<Connection> {
        let table = self.table();
        match to {
            Some(id) => table.get(id).cloned().into_iter().collect(),
            None => table.values().cloned().collect(),
        }
    }

    /// Sends one message, to one receiver after the other.
    pub(crate) async fn deliver(&self, to: Option<&str>, what: &Outgoing) {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(until) = held {
            tokio::time::sleep_until(until).await;
        }
        for connection in self.receivers(to) {
            let message = match what {
                Outgoing::Text(value) => Message::text(value.to_string()),
                Outgoing::NamedPreview(picture) if connection.metadata => picture.frame(true),
                Outgoing::PlainPreview(picture) if picture.whole || !connection.metadata => picture.frame(false),
                Outgoing::NamedPreview(_) | Outgoing::PlainPreview(_) => continue,
            };
            // A connection that has ended is taken out by its own task.
            let mut sink = connection.sink.lock().await;
            tokio::select! {
                _ = sink.send(message) => {}
                () = connection.cut.cancelled() => {}
            }
        }
    }
}

/// Sends all events in turn, until the life is over.
pub(crate) async fn publish(sockets: Arc<Sockets>, mut events: mpsc::UnboundedReceiver<(Option<String>, Outgoing)>) {
    while let Some((to, what)) = events.recv().await {
        sockets.deliver(to.as_deref(), &what).await;
    }
}
