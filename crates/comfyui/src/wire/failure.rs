//! Why a node failed.

use serde::Deserialize;
use serde_json::Value;

use crate::graph::NodeId;

/// How much of a server's text is kept: its messages carry whole tensors.
const KEPT: usize = 2000;

/// A node's failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", .node.as_ref().map(|(node, class)| format!("node {node} ({class}): ")).unwrap_or_default())]
pub struct Failure {
    /// The node and its class.
    pub node: Option<(NodeId, String)>,
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// The exception's type: `torch.OutOfMemoryError`.
    pub exception: String,
    /// The exception's message, cut to a bearable length.
    pub message: String,
    /// The innermost lines of the traceback, cut to a bearable length.
    pub traceback: String,
}

/// Kinds of failures that call for different answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The GPU's memory did not do. The server unloads its models and goes on.
    GpuMemory,
    /// The machine's memory did not do.
    HostMemory,
    /// The disk is full.
    DiskFull,
    /// A node refused to let anything through; the prompt as a whole ends in success.
    Blocked,
    /// Anything else.
    Other,
}

/// The part of an `execution_error` that is kept: the rest is tensors as text.
#[derive(Deserialize)]
pub(crate) struct Raised {
    #[serde(default)]
    node_id: String,
    #[serde(default)]
    node_type: String,
    #[serde(default)]
    exception_type: String,
    #[serde(default)]
    exception_message: String,
    #[serde(default)]
    traceback: Vec<String>,
}

impl From<Raised> for Failure {
    fn from(raised: Raised) -> Self {
        let message = raised.exception_message.trim_end();
        let innermost = &raised.traceback[raised.traceback.len().saturating_sub(3)..];
        Self {
            kind: FailureKind::of(&raised.exception_type, message),
            message: cut(message),
            traceback: cut(&innermost.concat()),
            node: (!raised.node_id.is_empty()).then(|| (NodeId::from(raised.node_id), raised.node_type)),
            exception: raised.exception_type,
        }
    }
}

impl Failure {
    /// Reads the data of an `execution_error`.
    #[must_use]
    pub(crate) fn read(data: &Value) -> Self {
        Raised::deserialize(data).map_or_else(|_| Self::unknown("a node failed"), Self::from)
    }

    /// A failure of which the server tells nothing.
    pub(crate) fn unknown(message: &str) -> Self {
        Self { node: None, kind: FailureKind::Other, exception: String::new(), message: message.to_owned(), traceback: String::new() }
    }
}

impl FailureKind {
    /// Judges by the exception, as servers of several PyTorch versions report it.
    fn of(exception: &str, message: &str) -> Self {
        let out_of_memory = message.to_ascii_lowercase().contains("out of memory");
        if exception.ends_with("OutOfMemoryError")
            || (exception.ends_with("AcceleratorError") && out_of_memory)
            || message.contains("you ran out of memory on your GPU")
            || message.contains("CUDA out of memory")
        {
            Self::GpuMemory
        } else if message.contains("DefaultCPUAllocator: can't allocate memory") || exception == "MemoryError" {
            Self::HostMemory
        } else if message.contains("No space left on device") {
            Self::DiskFull
        } else if exception == "ExecutionBlocked" {
            Self::Blocked
        } else {
            Self::Other
        }
    }
}

/// Cuts at a character's border.
pub(crate) fn cut(text: &str) -> String {
    match text.char_indices().nth(KEPT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind(exception: &str, message: &str) -> FailureKind {
        Failure::read(&json!({"exception_type": exception, "exception_message": message})).kind
    }

    #[test]
    fn every_way_to_run_out_of_memory_is_known() {
        let tip = "This error means you ran out of memory on your GPU.\n\nTIPS: If the workflow worked before…";
        assert_eq!(
            kind("torch.OutOfMemoryError", &format!("CUDA out of memory. Tried to allocate 20.00 GiB.\n{tip}")),
            FailureKind::GpuMemory
        );
        assert_eq!(kind("torch.cuda.OutOfMemoryError", "Allocation on device"), FailureKind::GpuMemory);
        assert_eq!(kind("torch.AcceleratorError", "CUDA error: out of memory"), FailureKind::GpuMemory);
        assert_eq!(kind("torch.AcceleratorError", "CUDA error: device-side assert"), FailureKind::Other);
        let allocator = "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 4398046511104 bytes. Error code 12 (Cannot allocate memory)\n";
        assert_eq!(kind("RuntimeError", allocator), FailureKind::HostMemory);
        assert_eq!(kind("OSError", "[Errno 28] No space left on device"), FailureKind::DiskFull);
        assert_eq!(kind("ValueError", "injected"), FailureKind::Other);
    }

    #[test]
    fn a_message_with_a_tensor_in_it_is_cut() {
        let failure = Failure::read(&json!({"exception_message": "ü".repeat(50_000), "exception_type": "X", "current_inputs": {}}));
        assert_eq!(failure.message.chars().count(), KEPT + 1);
    }
}
