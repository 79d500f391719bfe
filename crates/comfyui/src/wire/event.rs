//! What a server sends over its WebSocket.
//!
//! Events are hints: some get lost, some come for others' prompts, and the one that says success comes before
//! the history is written. Nothing here decides how a prompt ended.

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Failure;
use super::failure::Raised;
use crate::graph::NodeId;

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The queue changed; goes to everybody.
    Status {
        /// Running and waiting prompts, everybody's.
        queue_remaining: u64,
    },
    /// The server answered the features that were offered.
    Features {
        /// Whether previews come with the prompt and node that they belong to.
        preview_metadata: bool,
    },
    /// A prompt begins.
    Started {
        /// Which.
        prompt: String,
    },
    /// These nodes will not run: their results are there from before.
    Cached {
        /// Which prompt.
        prompt: String,
        /// Which nodes.
        nodes: Vec<NodeId>,
    },
    /// A node begins; or, without a node, the prompt has ended and its history is written.
    Executing {
        /// Which prompt; a server leaves it out in the first message after a reconnect.
        prompt: Option<String>,
        /// Which node.
        node: Option<NodeId>,
    },
    /// A step of a node.
    Progress {
        /// Which prompt.
        prompt: Option<String>,
        /// Which node.
        node: Option<NodeId>,
        /// Steps done.
        value: f64,
        /// Steps in all.
        max: f64,
    },
    /// A node left a result.
    Executed {
        /// Which prompt.
        prompt: String,
        /// Which node.
        node: NodeId,
    },
    /// A prompt ended well; its history may not be written yet.
    Succeeded {
        /// Which.
        prompt: String,
    },
    /// A node failed, or let nothing through: then the prompt goes on, and this is the only place that says so.
    Failed {
        /// Which prompt.
        prompt: String,
        /// How.
        failure: Box<Failure>,
    },
    /// Somebody interrupted a prompt.
    Interrupted {
        /// Which.
        prompt: String,
    },
    /// A picture while it is being drawn, or a whole picture from `SaveImageWebsocket`.
    Preview(Preview),
    /// Text of a node while it works.
    Text {
        /// Which node.
        node: NodeId,
        /// The text.
        text: String,
    },
    /// Something else about a prompt: it is alive.
    Other {
        /// Which prompt, when it is said.
        prompt: Option<String>,
    },
}

/// A picture over the socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Which prompt and node, when the server says so; older ones do not.
    pub of: Option<(String, NodeId)>,
    /// How it is coded.
    pub format: PreviewFormat,
    /// The file's bytes.
    pub bytes: Bytes,
}

/// How a preview is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PreviewFormat {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

impl Event {
    /// The prompt that it is about, when that is said.
    #[must_use]
    pub fn prompt(&self) -> Option<&str> {
        match self {
            Self::Started { prompt }
            | Self::Cached { prompt, .. }
            | Self::Executed { prompt, .. }
            | Self::Succeeded { prompt }
            | Self::Failed { prompt, .. }
            | Self::Interrupted { prompt } => Some(prompt),
            Self::Executing { prompt, .. } | Self::Progress { prompt, .. } | Self::Other { prompt } => prompt.as_deref(),
            Self::Preview(preview) => preview.of.as_ref().map(|(prompt, _)| prompt.as_str()),
            Self::Status { .. } | Self::Features { .. } | Self::Text { .. } => None,
        }
    }

    /// Whether it says that its prompt has ended, one way or another.
    #[must_use]
    pub const fn is_end(&self) -> bool {
        match self {
            Self::Executing { node, prompt } => node.is_none() && prompt.is_some(),
            Self::Succeeded { .. } | Self::Failed { .. } | Self::Interrupted { .. } => true,
            Self::Status { .. }
            | Self::Features { .. }
            | Self::Started { .. }
            | Self::Cached { .. }
            | Self::Progress { .. }
            | Self::Executed { .. }
            | Self::Preview(_)
            | Self::Text { .. }
            | Self::Other { .. } => false,
        }
    }

    /// Reads a text frame; `None` for what is not an event of a server.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let Head { kind, data: About { prompt_id: prompt, node, value, max } } = serde_json::from_str(text).ok()?;
        let node = node.map(NodeId::from);
        Some(match kind.as_str() {
            "progress" => Self::Progress { prompt, node, value: value?, max: max? },
            "executing" => Self::Executing { prompt, node },
            "executed" => Self::Executed { prompt: prompt?, node: node? },
            "execution_start" => Self::Started { prompt: prompt? },
            "execution_success" => Self::Succeeded { prompt: prompt? },
            "execution_interrupted" => Self::Interrupted { prompt: prompt? },
            "execution_cached" => {
                let Cached { nodes } = data(text)?;
                Self::Cached { prompt: prompt?, nodes: nodes.into_iter().map(NodeId::from).collect() }
            }
            // An error carries tensors, of which nothing is taken.
            "execution_error" => {
                let failure = data::<Raised>(text).map_or_else(|| Failure::unknown("a node failed"), Failure::from);
                Self::Failed { prompt: prompt?, failure: Box::new(failure) }
            }
            "status" => {
                let Status { status } = data(text)?;
                Self::Status { queue_remaining: status.exec_info.queue_remaining }
            }
            "feature_flags" => {
                let Features { supports_preview_metadata } = data(text)?;
                Self::Features { preview_metadata: supports_preview_metadata }
            }
            // `progress_state` among them, which repeats all nodes at every step.
            _ => Self::Other { prompt },
        })
    }

    /// Reads a binary frame; `None` for numbers that are not known and for frames that are cut short.
    #[must_use]
    pub fn from_binary(frame: &Bytes) -> Option<Self> {
        let number = |at: usize| Some(u32::from_be_bytes(frame.get(at..at + 4)?.try_into().ok()?));
        let length = |at: usize| usize::try_from(number(at)?).ok();
        match number(0)? {
            1 => {
                let format = match number(4)? {
                    1 => PreviewFormat::Jpeg,
                    2 => PreviewFormat::Png,
                    _ => return None,
                };
                Some(Self::Preview(Preview { of: None, format, bytes: frame.slice(8..) }))
            }
            3 => {
                let end = 8_usize.checked_add(length(4)?)?;
                let node = NodeId::from(str::from_utf8(frame.get(8..end)?).ok()?);
                Some(Self::Text { node, text: String::from_utf8_lossy(frame.get(end..)?).into_owned() })
            }
            4 => {
                let end = 8_usize.checked_add(length(4)?)?;
                let shown: Shown = serde_json::from_slice(frame.get(8..end)?).ok()?;
                let format = if shown.image_type.as_deref() == Some("image/png") { PreviewFormat::Png } else { PreviewFormat::Jpeg };
                let of = shown.prompt_id.zip(shown.node_id.map(NodeId::from));
                Some(Self::Preview(Preview { of, format, bytes: frame.slice(end..) }))
            }
            _ => None,
        }
    }
}

/// What events are about, in those that come at every step; all else is passed over.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: About,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct About {
    prompt_id: Option<String>,
    node: Option<String>,
    value: Option<f64>,
    max: Option<f64>,
}

#[derive(Deserialize)]
struct Cached {
    nodes: Vec<String>,
}

#[derive(Deserialize)]
struct Status {
    status: QueueStatus,
}

#[derive(Deserialize)]
struct QueueStatus {
    exec_info: ExecInfo,
}

#[derive(Deserialize)]
struct ExecInfo {
    queue_remaining: u64,
}

#[derive(Deserialize)]
struct Features {
    #[serde(default)]
    supports_preview_metadata: bool,
}

/// Reads the data of a text frame.
fn data<T: DeserializeOwned>(text: &str) -> Option<T> {
    #[derive(Deserialize)]
    struct Frame<T> {
        data: T,
    }
    serde_json::from_str::<Frame<T>>(text).ok().map(|frame| frame.data)
}

/// What the head of a preview says.
#[derive(Deserialize)]
struct Shown {
    prompt_id: Option<String>,
    node_id: Option<String>,
    image_type: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(parts: &[&[u8]]) -> Bytes {
        parts.concat().into()
    }

    #[test]
    fn a_preview_with_metadata_says_whose_it_is() {
        let about = br#"{"node_id":"3","prompt_id":"p","display_node_id":"3","parent_node_id":null,"image_type":"image/jpeg"}"#;
        let length = u32::try_from(about.len()).unwrap().to_be_bytes();
        let event = Event::from_binary(&frame(&[&[0, 0, 0, 4], &length, about, b"\xff\xd8"])).unwrap();
        assert_eq!(event.prompt(), Some("p"));
        let Event::Preview(preview) = event else { panic!("{event:?}") };
        assert_eq!((preview.format, preview.bytes.as_ref()), (PreviewFormat::Jpeg, b"\xff\xd8".as_slice()));
    }

    #[test]
    fn unknown_numbers_and_frames_cut_short_are_let_pass() {
        for bytes in
            [&[][..], &[0, 0, 0], &[0, 0, 0, 9, 1, 2], &[0, 0, 0, 1], &[0, 0, 0, 4, 255, 255, 255, 255, 0], &[0, 0, 0, 4, 0, 0, 1, 0, 1]]
        {
            assert_eq!(Event::from_binary(&Bytes::copy_from_slice(bytes)), None, "{bytes:?}");
        }
        for text in ["", "{", "[]", "3", r#"{"data": {}}"#, r#"{"type": "status", "data": null}"#] {
            assert_eq!(Event::from_text(text), None, "{text}");
        }
    }

    #[test]
    fn only_an_executing_without_node_and_with_a_prompt_is_an_end() {
        let end = |text| Event::from_text(text).unwrap().is_end();
        assert!(end(r#"{"type":"executing","data":{"node":null,"prompt_id":"p"}}"#));
        assert!(!end(r#"{"type":"executing","data":{"node":"3","prompt_id":"p"}}"#));
        assert!(!end(r#"{"type":"executing","data":{"node":"3"}}"#));
    }
}
