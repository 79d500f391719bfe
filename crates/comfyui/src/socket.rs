//! A server's events, over a WebSocket.
//!
//! One [`Socket`] is one connection with a client id of its own, made up here: a server takes an id out of its table
//! when *any* connection of that id ends, so an id that is used twice goes silent. A socket that has closed is
//! replaced by a new one; what was missed is never sent again, and asking finds it out.
//!
//! Each socket is drained by a task of its own, whether anybody listens or not: one client that does not read stops
//! the events of all others on that server.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::error::Error;
use crate::graph::NodeId;
use crate::server::Server;
use crate::wire::Event;

/// The largest message that is taken: a picture of `SaveImageWebsocket` at full size. (The library's own limit for a
/// frame, 16 MiB, is below a large PNG.)
const LARGEST_MESSAGE: usize = 256 << 20;
/// How much is read at once. The library clears that much before every read, and most events are a hundred bytes.
const READ_AT_ONCE: usize = 8 << 10;
/// How many events are kept for a listener that is slow; older ones are dropped, for they are only hints.
const KEPT_EVENTS: usize = 256;
/// The first frame of a client: later ones of this kind are not listened to.
const FEATURES: &str = r#"{"type":"feature_flags","data":{"supports_preview_metadata":true}}"#;

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// One connection for events. Ends when it is dropped.
#[derive(Debug)]
pub struct Socket {
    client: String,
    events: broadcast::Sender<Arc<Event>>,
    closed: CancellationToken,
    drain: JoinHandle<()>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.drain.abort();
        self.closed.cancel();
    }
}

impl Socket {
    /// Connects under a fresh client id.
    ///
    /// # Errors
    /// [`Error::Socket`] when the server does not answer or takes no WebSockets.
    pub async fn connect(server: &Server) -> Result<Self, Error> {
        let client = Uuid::now_v7().simple().to_string();
        let mut url = server.url(&["ws"]);
        let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
        // Both schemes are of the kind that may be exchanged.
        let _ = url.set_scheme(scheme);
        url.query_pairs_mut().append_pair("clientId", &client);
        let patience = server.patience();
        let connecting = connect_async_tls_with_config(url.as_str(), Some(limits()), true, connector(scheme)?);
        let (mut stream, _) = timeout(patience.connect + patience.answer, connecting).await.map_err(|_| timed_out())?.map_err(failed)?;
        stream.send(Message::text(FEATURES)).await.map_err(failed)?;
        let (events, _) = broadcast::channel(KEPT_EVENTS);
        let closed = CancellationToken::new();
        let (ping, pong) = (patience.ping, patience.pong);
        let task = {
            let (events, closed) = (events.clone(), closed.clone());
            async move {
                drain(stream, &events, ping, pong).await;
                closed.cancel();
            }
        };
        Ok(Self { client, events, closed, drain: tokio::spawn(task) })
    }

    /// The client id, for [`Server::submit`].
    #[must_use]
    pub fn client(&self) -> &str {
        &self.client
    }

    /// Whether the connection has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.is_cancelled()
    }

    /// Events from now on.
    #[must_use]
    pub fn listen(&self) -> Events {
        Events { events: self.events.subscribe(), closed: self.closed.clone() }
    }
}

/// A listener of a [`Socket`].
#[derive(Debug)]
pub struct Events {
    events: broadcast::Receiver<Arc<Event>>,
    closed: CancellationToken,
}

impl Events {
    /// The next event; `None` when the connection has ended. A slow listener misses the oldest ones.
    pub async fn next(&mut self) -> Option<Arc<Event>> {
        loop {
            let received = tokio::select! {
                biased;
                received = self.events.recv() => received,
                () = self.closed.cancelled() => return None,
            };
            match received {
                Ok(event) => return Some(event),
                Err(RecvError::Lagged(missed)) => tracing::debug!(missed, "events dropped by a slow listener"),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

fn limits() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(READ_AT_ONCE).max_message_size(Some(LARGEST_MESSAGE)).max_frame_size(Some(LARGEST_MESSAGE))
}

/// TLS with the trust of the operating system, as for HTTP.
fn connector(scheme: &str) -> Result<Option<Connector>, Error> {
    if scheme == "ws" {
        return Ok(Some(Connector::Plain));
    }
    let failed = |error: rustls::Error| failed(tungstenite::Error::Tls(error.into()));
    // The provider is named: two are linked into a large program, and none is the default then.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(failed)?;
    let config = config.with_platform_verifier().map_err(failed)?.with_no_client_auth();
    Ok(Some(Connector::Rustls(Arc::new(config))))
}

fn failed(error: tungstenite::Error) -> Error {
    Error::Socket { source: Box::new(error) }
}

fn timed_out() -> Error {
    failed(tungstenite::Error::Io(std::io::ErrorKind::TimedOut.into()))
}

/// Reads everything that comes until the connection ends, or until a ping is not answered.
async fn drain(mut stream: Stream, events: &broadcast::Sender<Arc<Event>>, ping: Duration, pong: Duration) {
    let mut pings = interval_at(Instant::now() + ping, ping);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut unanswered: Option<Instant> = None;
    let mut running = Running::default();
    loop {
        let overdue = async {
            match unanswered {
                Some(since) => tokio::time::sleep_until(since + pong).await,
                None => std::future::pending().await,
            }
        };
        let message = tokio::select! {
            message = stream.next() => message,
            _ = pings.tick(), if unanswered.is_none() => {
                unanswered = Some(Instant::now());
                match timeout(pong, stream.send(Message::Ping(Bytes::new()))).await {
                    Ok(Ok(())) => continue,
                    Ok(Err(_)) | Err(_) => return,
                }
            }
            () = overdue => return,
        };
        let event = match message {
            Some(Ok(Message::Text(text))) => Event::from_text(&text),
            Some(Ok(Message::Binary(frame))) => Event::from_binary(&frame),
            Some(Ok(Message::Pong(_))) => {
                unanswered = None;
                None
            }
            // Answered by the library.
            Some(Ok(Message::Ping(_) | Message::Frame(_))) => None,
            Some(Ok(Message::Close(_)) | Err(_)) | None => return,
        };
        if let Some(event) = event {
            // Fails when nobody listens, which is no reason to stop reading.
            let _ = events.send(Arc::new(running.complete(event)));
        }
    }
}

/// What the socket heard to be running: older previews do not say whose they are.
#[derive(Default)]
struct Running(Option<(String, NodeId)>);

impl Running {
    fn complete(&mut self, mut event: Event) -> Event {
        match &mut event {
            Event::Executing { prompt: Some(prompt), node } => self.0 = node.clone().map(|node| (prompt.clone(), node)),
            Event::Preview(preview) if preview.of.is_none() => preview.of.clone_from(&self.0),
            _ => {}
        }
        event
    }
}
