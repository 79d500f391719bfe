//! Why attempts fail, and what is remembered of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{NodeId, Time, words};

/// What a failure calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The network, a restart: the same again, anywhere.
    Transient,
    /// The node is unwell, or its code failed: the same again, elsewhere.
    Node,
    /// Memory did not do: with less, or on a larger node.
    Memory,
    /// The request is wrong: never again as it is.
    Validation,
    /// It was drawn too fast, or is too small, to be believed: once more, elsewhere.
    Suspect,
}

words!(Cause, "cause", {
    Transient => "transient",
    Node => "node",
    Memory => "memory",
    Validation => "validation",
    Suspect => "suspect",
});

/// One failure, as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureNote {
    /// What kind.
    pub cause: Cause,
    /// Where.
    pub node: NodeId,
    /// In words.
    pub reason: String,
    /// When.
    pub at: Time,
}

/// What went wrong with a job so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Failures {
    /// How often by cause.
    #[serde(default)]
    pub counts: BTreeMap<Cause, u32>,
    /// The latest, oldest first.
    #[serde(default)]
    pub notes: Vec<FailureNote>,
    /// Where not to try until when.
    #[serde(default)]
    pub avoid: Vec<(NodeId, Time)>,
}

/// How many failures are kept in words.
const KEPT: usize = 12;
/// How long a reason may be.
const LONGEST_REASON: usize = 400;

impl Failures {
    /// Notes a failure.
    pub fn note(&mut self, cause: Cause, node: NodeId, reason: &str, at: Time) {
        *self.counts.entry(cause).or_default() += 1;
        let reason = reason.chars().take(LONGEST_REASON).collect();
        self.notes.push(FailureNote { cause, node, reason, at });
        if self.notes.len() > KEPT {
            self.notes.remove(0);
        }
    }

    /// How often this happened.
    #[must_use]
    pub fn count(&self, cause: Cause) -> u32 {
        self.counts.get(&cause).copied().unwrap_or(0)
    }

    /// How often anything happened.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.counts.values().sum()
    }

    /// On how many nodes it failed for this cause, among the failures that are kept.
    #[must_use]
    pub fn nodes(&self, cause: Cause) -> usize {
        let nodes: std::collections::BTreeSet<NodeId> =
            self.notes.iter().filter(|note| note.cause == cause).map(|note| note.node).collect();
        nodes.len()
    }

    /// Keeps away from a node until a time.
    pub(crate) fn keep_away(&mut self, node: NodeId, until: Time, now: Time) {
        self.avoid.retain(|(avoided, until)| *avoided != node && *until > now);
        self.avoid.push((node, until));
    }

    /// The reasons in one line.
    #[must_use]
    pub fn reasons(&self) -> String {
        let mut seen: Vec<&str> = Vec::new();
        for note in self.notes.iter().rev() {
            if !seen.contains(&note.reason.as_str()) {
                seen.push(&note.reason);
            }
        }
        seen.truncate(3);
        seen.join("; ")
    }
}
