//! What can go wrong between us and a server, told apart by what to do about it.

use std::time::Duration;

use uuid::Uuid;

use crate::artifact::ArtifactError;
use crate::graph::NodeId;
use crate::wire::{Failure, FailureKind, NodeErrors, Refusal};

/// Why something did not work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not one.
    #[error("`{url}` is not the address of a server: {reason}")]
    Address {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No connection came about: nothing was sent.
    #[error("{request}: the server cannot be reached")]
    Unreachable {
        /// The request.
        request: &'static str,
        /// Why.
        source: reqwest::Error,
    },
    /// The connection broke, or the answer did not come in time: the server may have done what was asked.
    #[error("{request}: no whole answer came")]
    Cut {
        /// The request.
        request: &'static str,
        /// Why.
        source: reqwest::Error,
    },
    /// The server answered with an error.
    #[error("{request}: the server answered {status}: {body}")]
    Status {
        /// The request.
        request: &'static str,
        /// The HTTP status.
        status: u16,
        /// The start of the answer.
        body: String,
    },
    /// The answer is not what servers give.
    #[error("{request}: the answer cannot be read: {reason}")]
    Garbage {
        /// The request.
        request: &'static str,
        /// What is wrong with it, and where.
        reason: String,
    },
    /// The answer is larger than what is taken.
    #[error("{request}: the answer is larger than {limit} bytes")]
    AnswerTooLarge {
        /// The request.
        request: &'static str,
        /// What is taken at most.
        limit: usize,
    },
    /// What was sent is larger than what the server takes (`--max-upload-size`).
    #[error("{request}: larger than the server takes: {body}")]
    RequestTooLarge {
        /// The request.
        request: &'static str,
        /// What the server says.
        body: String,
    },
    /// The WebSocket did not open.
    #[error("the server's events cannot be read")]
    Socket {
        /// Why.
        source: Box<tokio_tungstenite::tungstenite::Error>,
    },
    /// The server does not take the graph.
    #[error("the server does not take the graph: {0}")]
    Refused(Refusal),
    /// The server took a part of the graph and left out nodes. What it took was cancelled.
    #[error("the server would run only a part of the graph{}", nodes_text(.0))]
    PartlyRefused(NodeErrors),
    /// It is not known whether the server has the prompt. Do not submit it again: look for its ticket.
    #[error("it is not known whether the server took prompt {prompt}")]
    Ambiguous {
        /// The prompt's id.
        prompt: Uuid,
        /// What made it so.
        source: Box<Error>,
    },
    /// The submit failed, and the server was asked until it was clear that it does not have the prompt.
    #[error("the server does not have the prompt: submitting failed")]
    NotTaken {
        /// How it failed.
        source: Box<Error>,
    },
    /// A node failed.
    #[error("the drawing failed: {0}")]
    Failed(#[source] Failure),
    /// The prompt was interrupted, by us or by somebody else.
    #[error("the drawing was cancelled")]
    Cancelled,
    /// The server says success, and outputs are missing.
    #[error("the server says that it is done, but nodes {} left nothing{}", names(.missing), .blocked.as_ref().map(|failure| format!(": {failure}")).unwrap_or_default())]
    Incomplete {
        /// The output nodes that left too little.
        missing: Vec<NodeId>,
        /// What was said about it.
        blocked: Option<Failure>,
    },
    /// The server knows nothing of the prompt any more: it was restarted, or somebody cleared its queue.
    #[error("the server has lost prompt {prompt}: it is neither in its queue nor in its history")]
    Lost {
        /// The prompt's id.
        prompt: Uuid,
    },
    /// The server takes prompts and runs none: its worker is dead, and only a restart helps.
    #[error("the server runs nothing though prompts wait, for {} s: its worker is dead, restart it", .idle.as_secs())]
    WorkerDead {
        /// For how long.
        idle: Duration,
    },
    /// The prompt took longer than was allowed.
    #[error("prompt {prompt} was not done within {} s", .allowed.as_secs_f64())]
    Deadline {
        /// The prompt's id.
        prompt: Uuid,
        /// What was allowed.
        allowed: Duration,
    },
    /// What the server gave is not what was asked for.
    #[error("{node}: {what}")]
    Artifact {
        /// The node whose output it is.
        node: NodeId,
        /// What is wrong with it.
        what: ArtifactError,
    },
}

/// What an error calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The network or a moment's weakness: try again, here or elsewhere.
    Transient,
    /// The server is unwell: try elsewhere, and look at it.
    Server,
    /// Memory did not do: try with less (tiling, smaller batch), or on a larger node.
    Memory,
    /// The request is wrong: it will never work as it is.
    Request,
    /// A node's own code failed: the same again will likely fail again.
    Execution,
    /// It is not known what happened: look for the ticket before anything else.
    Unclear,
    /// It was meant to end.
    Cancelled,
}

impl Error {
    /// What it calls for.
    #[must_use]
    pub fn cause(&self) -> Cause {
        match self {
            Self::Unreachable { .. } | Self::Cut { .. } | Self::Socket { .. } | Self::Lost { .. } => Cause::Transient,
            // 429, 502, 503, 504 come from proxies; other errors of a server are its own.
            Self::Status { status, .. } => match status {
                400..=428 | 430..=499 => Cause::Request,
                _ => Cause::Transient,
            },
            Self::NotTaken { source } => match source.cause() {
                Cause::Request => Cause::Request,
                _ => Cause::Transient,
            },
            Self::Garbage { .. }
            | Self::AnswerTooLarge { .. }
            | Self::WorkerDead { .. }
            | Self::Deadline { .. }
            | Self::Artifact { .. } => Cause::Server,
            Self::Address { .. } | Self::RequestTooLarge { .. } | Self::Refused(_) | Self::PartlyRefused(_) => Cause::Request,
            Self::Ambiguous { .. } => Cause::Unclear,
            Self::Failed(failure) => match failure.kind {
                FailureKind::GpuMemory | FailureKind::HostMemory => Cause::Memory,
                FailureKind::DiskFull => Cause::Server,
                FailureKind::Blocked | FailureKind::Other => Cause::Execution,
            },
            Self::Incomplete { blocked, .. } => match blocked {
                Some(_) => Cause::Execution,
                None => Cause::Server,
            },
            Self::Cancelled => Cause::Cancelled,
        }
    }

    /// Whether another attempt at the same could succeed without a change to it.
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self.cause() {
            Cause::Transient | Cause::Server | Cause::Memory => true,
            Cause::Request | Cause::Execution | Cause::Unclear | Cause::Cancelled => false,
        }
    }

    /// Whether the server may have done what was asked though no answer says so.
    pub(crate) const fn leaves_it_open(&self) -> bool {
        match self {
            Self::Cut { .. } | Self::Garbage { .. } | Self::AnswerTooLarge { .. } => true,
            // A server that breaks over one prompt has been seen to queue it all the same.
            Self::Status { status, .. } => *status >= 500,
            _ => false,
        }
    }
}

fn names(nodes: &[NodeId]) -> String {
    nodes.iter().map(NodeId::as_str).collect::<Vec<_>>().join(", ")
}

fn nodes_text(nodes: &NodeErrors) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = crate::wire::write_nodes(&mut text, nodes);
    text
}
