//! Nodes: who draws, what they have, and how they are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use bible::Digest;
use serde::{Deserialize, Serialize};

use crate::hours::Hours;
use crate::id::{JobId, NodeId, Time, words};
use crate::job::Requirements;
use crate::model_hash::ModelHash;
use crate::money::Money;
use crate::policy::{Policy, seconds};

/// What a node may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// It draws.
    #[default]
    Ready,
    /// It ends what it has and takes nothing new.
    Draining,
    /// It failed on several jobs and rests for a while.
    Aside,
}

words!(NodeState, "state of a node", { Ready => "ready", Draining => "draining", Aside => "aside" });

/// What a node is and has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// The engine: `comfyui`.
    pub engine: String,
    /// Its version.
    pub version: String,
    /// The device, as the server names it.
    pub device: String,
    /// Node classes.
    pub classes: BTreeSet<String>,
    /// Model files, as `checkpoints/anime.safetensors`.
    pub models: BTreeSet<String>,
    /// The GPU's memory in bytes.
    pub vram: u64,
}

/// How often it failed lately.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    /// The jobs that failed on it since its last success.
    pub failed: BTreeSet<JobId>,
    /// How often it was set aside without a success between.
    pub asides: u32,
    /// The latest reason.
    pub reason: String,
}

/// One server that draws one thing at a time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Node {
    /// Its id.
    pub id: NodeId,
    /// Its name, for people.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// Groups that it is in.
    pub groups: BTreeSet<String>,
    /// What it may do.
    pub state: NodeState,
    /// Until when it rests.
    pub aside_until: Option<Time>,
    /// What it is and has; nothing until a worker has asked it.
    pub capabilities: Capabilities,
    /// The server's folder `models`, as the hosts of its workers see it; none when it cannot be reached from there.
    pub models_folder: Option<PathBuf>,
    /// What is known of the content of its model files, by their names; of those that jobs take.
    pub hashes: BTreeMap<String, ModelHash>,
    /// What it costs per hour, idle or not.
    pub per_hour: Money,
    /// When it is lent; always when none.
    pub hours: Option<Hours>,
    /// Which models are in its memory, by [`Requirements::residency`].
    pub resident: Option<String>,
    /// When it last answered a worker.
    pub last_seen: Option<Time>,
    /// The worker that drives it, and until when.
    pub owner: Option<(String, Time)>,
    /// How often it failed lately.
    pub health: Health,
    /// Since when it has nothing to do; none while it has.
    pub idle_since: Option<Time>,
}

/// What a node lacks for a job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lacks {
    /// It is another engine.
    Engine(String),
    /// It is not in the group.
    Group(String),
    /// These node classes are not installed.
    Classes(Vec<String>),
    /// These model files are not there.
    Models(Vec<String>),
    /// Its file of this name is not the one that is pinned.
    OtherFile {
        /// The model's name.
        model: String,
        /// BLAKE3 that it has to have.
        pinned: Digest,
        /// BLAKE3 that it has.
        there: Digest,
    },
    /// Its file of this name is pinned, and nobody has read yet whether it is that one.
    Unread(String),
    /// Its memory is too small: needed and there, in bytes.
    Memory(u64, u64),
}

impl fmt::Display for Lacks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gib = |bytes: &u64| *bytes as f64 / f64::from(1 << 30);
        match self {
            Self::Engine(engine) => write!(formatter, "the engine {engine}"),
            Self::Group(group) => write!(formatter, "membership of the group {group}"),
            Self::Classes(classes) => write!(formatter, "the node class {}", classes.join(", ")),
            Self::Models(models) => write!(formatter, "the model {}", models.join(", ")),
            Self::OtherFile { model, pinned, there } => write!(
                formatter,
                "the file {model} that is pinned, with BLAKE3 {} (the one of this name that is there has {})",
                pinned.short(),
                there.short()
            ),
            Self::Unread(model) => write!(formatter, "a hash of {model} yet, which is pinned: a worker reads the file first"),
            Self::Memory(needed, there) => write!(formatter, "{:.1} GiB of GPU memory (the largest has {:.1})", gib(needed), gib(there)),
        }
    }
}

impl Node {
    /// A node that was never asked what it has.
    #[must_use]
    pub fn new(id: NodeId, name: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            url: url.into(),
            groups: BTreeSet::new(),
            state: NodeState::Ready,
            aside_until: None,
            capabilities: Capabilities::default(),
            models_folder: None,
            hashes: BTreeMap::new(),
            per_hour: Money::ZERO,
            hours: None,
            resident: None,
            last_seen: None,
            owner: None,
            health: Health::default(),
            idle_since: None,
        }
    }

    /// Whether it has what a job takes.
    ///
    /// # Errors
    /// The first thing that it lacks.
    pub fn fits(&self, needs: &Requirements, policy: &Policy) -> Result<(), Lacks> {
        let have = &self.capabilities;
        if have.engine != needs.engine {
            return Err(Lacks::Engine(needs.engine.clone()));
        }
        if let Some(group) = needs.group.as_ref().filter(|group| !self.groups.contains(*group)) {
            return Err(Lacks::Group(group.clone()));
        }
        let missing = |needed: &BTreeSet<String>, there: &BTreeSet<String>| needed.difference(there).cloned().collect::<Vec<_>>();
        let classes = missing(&needs.classes, &have.classes);
        if !classes.is_empty() {
            return Err(Lacks::Classes(classes));
        }
        let models = missing(&needs.models, &have.models);
        if !models.is_empty() {
            return Err(Lacks::Models(models));
        }
        needs.pinned.iter().try_for_each(|(model, pinned)| self.has_file(model, *pinned))?;
        let usable = (have.vram as f64 * (1.0 - policy.headroom)) as u64;
        if needs.vram > usable { Err(Lacks::Memory(needs.vram, have.vram)) } else { Ok(()) }
    }

    /// Whether its file of this name may be the one that is pinned.
    fn has_file(&self, model: &str, pinned: Digest) -> Result<(), Lacks> {
        match self.hashes.get(model) {
            Some(ModelHash::Known { blake3, .. }) if *blake3 != pinned => {
                Err(Lacks::OtherFile { model: model.to_owned(), pinned, there: *blake3 })
            }
            None if self.models_folder.is_some() => Err(Lacks::Unread(model.to_owned())),
            // What nobody can read is taken by its name.
            _ => Ok(()),
        }
    }

    /// Why it takes nothing now, whatever it has; none when it may.
    #[must_use]
    pub fn away(&self, now: Time) -> Option<&'static str> {
        match self.state {
            NodeState::Draining => return Some("draining"),
            NodeState::Aside if self.aside_until.is_none_or(|until| until > now) => return Some("set aside after failures"),
            NodeState::Aside | NodeState::Ready => {}
        }
        if self.owner.as_ref().is_none_or(|(_, until)| *until < now) {
            return Some("without a worker");
        }
        if self.hours.is_some_and(|hours| !hours.contain(now)) {
            return Some("outside the hours in which they are lent");
        }
        None
    }

    /// A job failed on it for a reason of its own. Says whether it is set aside by that.
    pub fn failed(&mut self, job: JobId, reason: &str, policy: &Policy, now: Time) -> bool {
        self.health.failed.insert(job);
        self.health.reason = reason.chars().take(300).collect();
        // A node that comes back from its rest and fails again rests again at once.
        let enough = if self.health.asides > 0 { 1 } else { policy.node_failures };
        if self.health.failed.len() < enough || self.state == NodeState::Draining {
            return false;
        }
        self.state = NodeState::Aside;
        self.aside_until = Some(now + seconds(policy.aside * f64::from(1_u32 << self.health.asides.min(6))));
        self.health.asides += 1;
        self.health.failed.clear();
        true
    }

    /// A job came out well.
    pub fn succeeded(&mut self) {
        if !self.health.failed.is_empty() || self.health.asides > 0 {
            self.health = Health::default();
        }
        if self.state == NodeState::Aside {
            self.state = NodeState::Ready;
            self.aside_until = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_node_is_set_aside_after_failures_of_distinct_jobs_and_rests_longer_each_time() {
        let (policy, now) = (Policy::default(), DateTime::UNIX_EPOCH);
        let mut node = Node::new(NodeId(Uuid::nil()), "a", "http://a");
        node.owner = Some(("w".to_owned(), now + seconds(1e6)));
        let job = |number| JobId(Uuid::from_u128(number));
        assert!(
            !node.failed(job(1), "x", &policy, now) && !node.failed(job(1), "x", &policy, now) && !node.failed(job(2), "x", &policy, now)
        );
        node.succeeded();
        assert!(!node.failed(job(1), "x", &policy, now) && !node.failed(job(2), "x", &policy, now));
        assert!(node.failed(job(3), "x", &policy, now));
        assert!(node.away(now).is_some() && node.away(now + seconds(301.0)).is_none());
        assert!(node.failed(job(4), "x", &policy, now + seconds(301.0)), "it is on probation");
        assert!(node.away(now + seconds(899.0)).is_some() && node.away(now + seconds(902.0)).is_none());
        node.succeeded();
        assert_eq!((node.state, node.health.asides), (NodeState::Ready, 0));
    }

    #[test]
    fn what_a_node_lacks_is_named() {
        let mut node = Node::new(NodeId(Uuid::nil()), "a", "http://a");
        node.capabilities = Capabilities {
            engine: "comfyui".to_owned(),
            classes: ["KSampler".to_owned()].into(),
            models: ["checkpoints/a".to_owned()].into(),
            vram: 8 << 30,
            ..Capabilities::default()
        };
        let needs = |class: &str, model: &str, vram| Requirements {
            engine: "comfyui".to_owned(),
            template: "t".to_owned(),
            classes: [class.to_owned()].into(),
            models: [model.to_owned()].into(),
            pinned: BTreeMap::new(),
            vram,
            group: None,
        };
        let policy = Policy::default();
        assert_eq!(node.fits(&needs("KSampler", "checkpoints/a", 7 << 30), &policy), Ok(()));
        let lacks = |needs: Requirements| node.fits(&needs, &policy).unwrap_err().to_string();
        assert_eq!(lacks(needs("FaceDetailer", "checkpoints/a", 0)), "the node class FaceDetailer");
        assert_eq!(lacks(needs("KSampler", "loras/b", 0)), "the model loras/b");
        assert_eq!(lacks(needs("KSampler", "checkpoints/a", 8 << 30)), "8.0 GiB of GPU memory (the largest has 8.0)");
    }

    #[test]
    fn a_pinned_file_is_taken_by_its_content_where_that_is_known_and_by_its_name_where_it_cannot_be() {
        let mut node = Node::new(NodeId(Uuid::nil()), "a", "http://a");
        node.capabilities = Capabilities { models: ["checkpoints/a".to_owned()].into(), ..Capabilities::default() };
        let (pinned, other) = (Digest::of(b"ours"), Digest::of(b"another"));
        let needs = Requirements {
            engine: String::new(),
            template: "t".to_owned(),
            classes: BTreeSet::new(),
            models: ["checkpoints/a".to_owned()].into(),
            pinned: [("checkpoints/a".to_owned(), pinned)].into(),
            vram: 0,
            group: None,
        };
        let known = |blake3| ModelHash::Known { blake3, sha256: String::new(), bytes: 4, changed: DateTime::UNIX_EPOCH };
        let fits = |node: &Node| node.fits(&needs, &Policy::default()).map_err(|lacks| lacks.to_string());
        assert_eq!(fits(&node), Ok(()), "nobody can read its files");
        node.models_folder = Some("/srv/models".into());
        assert_eq!(fits(&node), Err("a hash of checkpoints/a yet, which is pinned: a worker reads the file first".to_owned()));
        node.hashes.insert("checkpoints/a".to_owned(), known(other));
        let told = format!(
            "the file checkpoints/a that is pinned, with BLAKE3 {} (the one of this name that is there has {})",
            pinned.short(),
            other.short()
        );
        assert_eq!(fits(&node), Err(told));
        node.hashes.insert("checkpoints/a".to_owned(), known(pinned));
        assert_eq!(fits(&node), Ok(()));
        node.hashes.insert("checkpoints/a".to_owned(), ModelHash::Unknown { reason: "it cannot be read".to_owned(), maker: None });
        assert_eq!(fits(&node), Ok(()));
    }
}
