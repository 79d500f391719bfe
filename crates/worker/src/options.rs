//! What a worker is told.

use std::collections::BTreeSet;
use std::time::Duration;

use comfyui::Patience;
use farm::Policy;

/// What a worker is told.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its name; no other worker that runs has it.
    pub name: String,
    /// The groups whose nodes it drives; all when none are named.
    pub groups: BTreeSet<String>,
    /// Nodes that it drives by name.
    pub nodes: BTreeSet<String>,
    /// How many nodes it drives at most.
    pub most: usize,
    /// The farm's limits and times.
    pub policy: Policy,
    /// How long servers may take for what.
    pub patience: Patience,
    /// How often it looks for work though nothing was told.
    pub poll: Duration,
    /// How often it asks nodes what they have.
    pub describe: Duration,
}

impl Options {
    /// The usual, under a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            groups: BTreeSet::new(),
            nodes: BTreeSet::new(),
            most: 64,
            policy: Policy::default(),
            patience: Patience::default(),
            poll: Duration::from_secs(1),
            describe: Duration::from_secs(60),
        }
    }
}
