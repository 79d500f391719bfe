//! How far a node is with a try: for people to see. Nothing is decided by it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::Time;

/// How far a node is with a try, as its worker heard last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// When that was noted.
    pub at: Time,
    /// The class of the graph's node that is at work: `KSampler`. None between two of them, and for one that the server
    /// made itself.
    pub class: Option<String>,
    /// Steps of that node that are done; none when it says nothing.
    pub step: Option<u32>,
    /// Steps of that node in all.
    pub steps: Option<u32>,
    /// Nodes of the graph that are done.
    pub nodes_done: u32,
    /// Nodes of the graph.
    pub nodes: u32,
    /// The part of the graph's nodes that is done, from 0 to 1, the steps of the one at work among them. Of the nodes, not
    /// of the time: sampling takes longer than all others together.
    pub fraction: f64,
}

impl fmt::Display for Progress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = self.class.as_deref().unwrap_or("node");
        match self.step.zip(self.steps) {
            Some((step, steps)) => write!(formatter, "{class} {step} of {steps}, ")?,
            None => {
                if let Some(class) = &self.class {
                    write!(formatter, "{class}, ")?;
                }
            }
        }
        write!(formatter, "{} of {} nodes", self.nodes_done, self.nodes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_is_known() {
        let mut progress = Progress {
            at: Time::UNIX_EPOCH,
            class: Some("KSampler".to_owned()),
            step: Some(12),
            steps: Some(20),
            nodes_done: 4,
            nodes: 7,
            fraction: 4.6 / 7.0,
        };
        assert_eq!(progress.to_string(), "KSampler 12 of 20, 4 of 7 nodes");
        (progress.step, progress.steps) = (None, None);
        assert_eq!(progress.to_string(), "KSampler, 4 of 7 nodes");
        progress.class = None;
        assert_eq!(progress.to_string(), "4 of 7 nodes");
    }
}
