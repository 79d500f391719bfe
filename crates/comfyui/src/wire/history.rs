//! `GET /history/{id}`: how a prompt ended and what it left.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Failure;
use super::queue::QueueItem;
use crate::graph::NodeId;
use crate::ticket::Mark;

/// Entries by prompt id.
pub(crate) type History = BTreeMap<String, HistoryEntry>;

/// A prompt that has ended.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct HistoryEntry {
    #[serde(default)]
    prompt: Value,
    /// What the nodes left, also those of a prompt that failed later.
    #[serde(default)]
    pub outputs: BTreeMap<NodeId, NodeOutput>,
    #[serde(default)]
    status: Option<Status>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Status {
    #[serde(default)]
    status_str: String,
    #[serde(default)]
    messages: Vec<(String, Value)>,
}

/// How a prompt ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Conclusion {
    /// The server says success. Whether all outputs are there is another question.
    Success {
        /// Nodes that were not run, because the server had their results from before.
        cached: Vec<NodeId>,
    },
    /// A node failed.
    Failed(Failure),
    /// Somebody interrupted it.
    Interrupted,
}

impl HistoryEntry {
    /// How it ended. Failure and interruption have the same status; the last message tells them apart.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        let Some(status) = &self.status else {
            return Conclusion::Failed(Failure::unknown("the server keeps no status of this prompt"));
        };
        if status.status_str == "success" {
            let cached = status.messages.iter().find(|(kind, _)| kind == "execution_cached");
            let nodes = cached.and_then(|(_, data)| data.get("nodes")).and_then(Value::as_array);
            let nodes = nodes.into_iter().flatten().filter_map(Value::as_str).map(NodeId::from).collect();
            return Conclusion::Success { cached: nodes };
        }
        match status.messages.iter().rev().find(|(kind, _)| kind == "execution_error" || kind == "execution_interrupted") {
            Some((kind, _)) if kind == "execution_interrupted" => Conclusion::Interrupted,
            Some((_, data)) => Conclusion::Failed(Failure::read(data)),
            None => Conclusion::Failed(Failure::unknown("the server says that the prompt failed, and not why")),
        }
    }

    /// Our job and attempt, when the prompt is ours.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        QueueItem::deserialize(&self.prompt).ok()?.mark
    }
}

/// What one node left: lists under keys of the node's choosing.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(transparent)]
pub struct NodeOutput(Map<String, Value>);

impl NodeOutput {
    /// The files. Pictures, films and animations are all listed under `images` by most nodes, so what a file
    /// is follows from its content, not from the key.
    #[must_use]
    pub fn files(&self) -> Vec<OutputFile> {
        let lists = self.0.values().filter_map(Value::as_array);
        lists.flatten().filter_map(|item| OutputFile::deserialize(item).ok()).collect()
    }

    /// The texts (`PreviewAny`).
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        self.0.get("text").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }
}

/// A file on a server.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct OutputFile {
    /// Its name.
    pub filename: String,
    /// Its folder below the output folder; empty for the output folder itself.
    #[serde(default)]
    pub subfolder: String,
    /// Which of the server's folders.
    #[serde(rename = "type")]
    pub folder: OutputFolder,
}

/// The folders of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputFolder {
    /// Kept.
    Output,
    /// Uploads.
    Input,
    /// Emptied whenever the server starts or ends.
    Temp,
}

impl OutputFolder {
    /// As the server writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Input => "input",
            Self::Temp => "temp",
        }
    }
}
