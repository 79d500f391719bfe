//! A client for ComfyUI servers that never loses and never doubles a picture.
//!
//! A ComfyUI server forgets everything when it restarts, runs a repeated prompt twice, gives the files of an earlier
//! prompt for a cached one, says success when an output is missing, and loses events. So this client
//! - takes events for hints and finds out how a prompt stands by asking ([`Server::watch`]),
//! - posts a prompt once at most and looks for it when the answer is unclear ([`Server::submit`]),
//! - gives every attempt file names of its own ([`Ticket::prefix`]),
//! - counts a picture only when it is there, whole, of the right size and ours ([`Server::collect`]),
//! - says what each failure calls for ([`Error::cause`], [`Error::retryable`]),
//! - keeps graphs as data, with typed slots ([`template`]), and knows models by what is in their files ([`registry`]).
//!
//! It may know nothing of projects, jobs in a database or how pictures are judged, and of the bible's crate takes only
//! the YAML reader and digests. It contains nothing of ComfyUI: it speaks HTTP and WebSocket to it. Servers of 0.3.x and of 0.33 and later both work.
//!
//! ```no_run
//! use comfyui::{Begin, Expected, Graph, Link, Node, Patience, Server, Socket, Submission, Ticket};
//!
//! # async fn example(ticket: Ticket) -> Result<(), comfyui::Error> {
//! let graph = Graph::new()
//!     .with("1", Node::new("EmptyImage").with("width", 64).with("height", 48).with("batch_size", 1).with("color", 0x33_66_cc))
//!     .with("2", Node::new("SaveImage").with("images", Link::to("1", 0)).with("filename_prefix", "replaced"));
//! let server = Server::new("http://127.0.0.1:8188", Patience::default())?;
//! let socket = Socket::connect(&server).await?;
//! let submission = Submission::new(ticket, graph, vec![Expected::pictures("2", 1).of_size(64, 48)]);
//! let done = server.run(&submission, Begin::Fresh, Some(&socket), &Default::default(), &mut |_| {}).await?;
//! // … store `done.artifacts`, and then:
//! server.forget(done.prompt).await?;
//! # Ok(())
//! # }
//! ```

mod artifact;
mod check;
mod collect;
mod error;
mod graph;
pub mod object_info;
mod patience;
mod prefix;
mod preview;
pub mod registry;
mod run;
mod server;
mod socket;
pub mod template;
mod ticket;
mod watch;
pub mod wire;

pub use artifact::{Artifact, ArtifactError, Expected, Media, verify};
pub use check::{Problem, Wrong, check};
pub use error::{Cause, Error};
pub use graph::{Graph, Input, Link, Meta, Node, NodeId};
pub use object_info::ObjectInfo;
pub use patience::Patience;
pub use prefix::{BadPrefix, Prefix};
pub use preview::PreviewError;
pub use run::{Begin, Done};
pub use server::{Accepted, Cancelling, Found, PreviewMethod, Server, Standing, Submission, Upload, Uploaded};
pub use socket::{Events, Socket};
pub use ticket::{Mark, Ticket};
pub use watch::Update;
