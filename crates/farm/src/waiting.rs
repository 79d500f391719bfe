//! Why a job waits, in one sentence, from what the scheduler itself looks at.

use std::collections::BTreeMap;
use std::fmt;

use chrono::SecondsFormat;

use crate::id::Time;
use crate::job::{Job, JobState, Requirements};
use crate::lane::Lane;
use crate::node::{Lacks, Node};
use crate::pick::View;
use crate::policy::{Policy, in_seconds};
use crate::progress::Progress;
use crate::{Attempt, NodeId};

/// Why a job is not being drawn, or that it is.
#[derive(Debug, Clone, PartialEq)]
pub enum Waiting {
    /// It has ended.
    Ended(JobState, String),
    /// It is being drawn.
    Drawn {
        /// Where.
        node: String,
        /// How far it is.
        state: crate::AttemptState,
        /// For how long, in seconds, and how long it should take.
        seconds: f64,
        /// How long it should take; 0 when that is not known.
        expected: f64,
        /// What it is at, when its worker has noted something.
        progress: Option<Progress>,
        /// Since when its worker was not heard of; none when it was.
        silent: Option<f64>,
    },
    /// It needs so many others, so many of which failed.
    Blocked {
        /// How many are not done.
        open: u32,
        /// Which of them will not be done by themselves.
        failed: Vec<String>,
    },
    /// Somebody holds it.
    Held,
    /// It failed and is tried again.
    Backoff {
        /// When.
        until: Time,
        /// Why it failed.
        reason: String,
    },
    /// Everything, or its project, is paused.
    Paused {
        /// Whether it is everything.
        all: bool,
    },
    /// There is no node at all.
    NoNodes,
    /// No node has what it takes.
    NoneFits(Lacks),
    /// All nodes that fit are away.
    Away {
        /// How many fit.
        fitting: usize,
        /// Why they are away, and how many for that reason.
        reasons: Vec<(&'static str, usize)>,
        /// When the first is lent again.
        lent_at: Option<Time>,
        /// Nodes that would fit, were their files the pinned ones, and what they have instead.
        other_files: Vec<(String, Lacks)>,
    },
    /// The budget does not allow it.
    Budget(String),
    /// It failed on all nodes that fit and are there.
    Avoids {
        /// Until when.
        until: Time,
    },
    /// All nodes that fit and are there draw something else.
    Busy {
        /// How many fit and are there.
        fitting: usize,
        /// How many jobs go before it in its own queue; more than that when counted to the end.
        ahead: u32,
        /// Whether more pressing work waits for the same nodes.
        pressing: bool,
        /// Nodes that would fit, were their files the pinned ones, and what they have instead.
        other_files: Vec<(String, Lacks)>,
    },
    /// A node is free: it is taken in a moment.
    Next {
        /// How many are free.
        free: usize,
    },
}

/// What else the answer depends on.
#[derive(Debug)]
pub struct Scene<'a> {
    /// All nodes.
    pub nodes: &'a [Node],
    /// Those that draw something.
    pub busy: &'a std::collections::HashSet<NodeId>,
    /// What the scheduler sees.
    pub view: &'a View,
    /// All queues.
    pub lanes: &'a [Lane],
    /// The attempt that is under way.
    pub attempt: Option<&'a Attempt>,
    /// The jobs that it needs and that ended without being done.
    pub failed_needs: Vec<String>,
    /// Why the budget does not allow it.
    pub budget: Option<String>,
    /// How many go before it in its own queue.
    pub ahead: u32,
    /// The time.
    pub now: Time,
}

/// Why a job waits.
#[must_use]
pub fn why(job: &Job, needs: &Requirements, scene: &Scene<'_>, policy: &Policy) -> Waiting {
    match job.state {
        JobState::Done | JobState::Failed | JobState::Cancelled => Waiting::Ended(job.state, job.failures.reasons()),
        JobState::Active => drawn(scene),
        JobState::Blocked => Waiting::Blocked { open: job.open_dependencies, failed: scene.failed_needs.clone() },
        JobState::Held => Waiting::Held,
        JobState::Backoff => Waiting::Backoff {
            until: job.run_after.unwrap_or(scene.now),
            reason: job.failures.notes.last().map(|note| note.reason.clone()).unwrap_or_default(),
        },
        JobState::Queued => queued(job, needs, scene, policy),
    }
}

fn drawn(scene: &Scene<'_>) -> Waiting {
    let Some(attempt) = scene.attempt else { return Waiting::Next { free: 0 } };
    let name = scene.nodes.iter().find(|node| node.id == attempt.node).map_or_else(|| attempt.node.to_string(), |node| node.name.clone());
    let silent = in_seconds(scene.now - attempt.lease_until);
    Waiting::Drawn {
        node: name,
        state: attempt.state,
        seconds: in_seconds(scene.now - attempt.started_at).max(0.0),
        expected: attempt.expected,
        progress: attempt.progress.clone(),
        silent: (silent > 0.0).then_some(silent),
    }
}

fn queued(job: &Job, needs: &Requirements, scene: &Scene<'_>, policy: &Policy) -> Waiting {
    if scene.view.is_paused(job.project) {
        return Waiting::Paused { all: scene.view.is_all_paused() };
    }
    if let Some(budget) = &scene.budget {
        return Waiting::Budget(budget.clone());
    }
    if scene.nodes.is_empty() {
        return Waiting::NoNodes;
    }
    let mut fitting = Vec::new();
    let mut lacks: Vec<Lacks> = Vec::new();
    let mut other_files: Vec<(String, Lacks)> = Vec::new();
    for node in scene.nodes {
        match node.fits(needs, policy) {
            Ok(()) => fitting.push(node),
            Err(lack) => {
                if matches!(lack, Lacks::OtherFile { .. }) {
                    other_files.push((node.name.clone(), lack.clone()));
                }
                lacks.push(lack);
            }
        }
    }
    if fitting.is_empty() {
        // The last in order is what the nearest node lacks: checks go from the coarse to the fine.
        return Waiting::NoneFits(lacks.into_iter().max().unwrap_or_else(|| Lacks::Engine(needs.engine.clone())));
    }
    let mut reasons: BTreeMap<&'static str, usize> = BTreeMap::new();
    let there: Vec<&&Node> = fitting
        .iter()
        .filter(|node| match node.away(scene.now) {
            Some(reason) => {
                *reasons.entry(reason).or_default() += 1;
                false
            }
            None => true,
        })
        .collect();
    if there.is_empty() {
        let lent_at = fitting.iter().filter_map(|node| node.hours).map(|hours| hours.next_start(scene.now)).min();
        return Waiting::Away { fitting: fitting.len(), reasons: reasons.into_iter().collect(), lent_at, other_files };
    }
    if there.iter().all(|node| job.avoids(node.id, scene.now)) {
        let until = job.failures.avoid.iter().map(|(_, until)| *until).min().unwrap_or(scene.now);
        return Waiting::Avoids { until };
    }
    let free = there.iter().filter(|node| !scene.busy.contains(&node.id)).count();
    let expected = 0.0;
    let own = job.band;
    let pressing = scene.lanes.iter().any(|lane| {
        lane.depth > 0 && lane.band(expected, policy, scene.now) < own && there.iter().any(|node| scene.view.fits(node.id, &lane.key.class))
    });
    if free > 0 && !pressing && scene.ahead == 0 {
        Waiting::Next { free }
    } else {
        Waiting::Busy { fitting: there.len(), ahead: scene.ahead, pressing, other_files }
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |time: &Time| time.to_rfc3339_opts(SecondsFormat::Secs, true);
        match self {
            Self::Ended(state, reasons) if reasons.is_empty() || *state == JobState::Done => {
                write!(formatter, "It waits for nothing: it is {state}.")
            }
            Self::Ended(state, reasons) => write!(formatter, "It is {state}: {reasons}."),
            Self::Drawn { node, state, silent: Some(silent), .. } => {
                write!(
                    formatter,
                    "It was {state} on {node} when its worker was last heard of; the lease ended {silent:.0} s ago, and it is looked up on the node before anything else."
                )
            }
            Self::Drawn { node, state, seconds, expected, progress, .. } => {
                write!(formatter, "It is {state} on {node} for {seconds:.0} s")?;
                if *expected > 0.0 {
                    write!(formatter, " of about {expected:.0} s")?;
                }
                match progress {
                    Some(progress) => write!(formatter, ": {progress}."),
                    None => write!(formatter, "."),
                }
            }
            Self::Blocked { open, failed } if failed.is_empty() => {
                write!(
                    formatter,
                    "It needs {open} other {} that {} not done yet.",
                    if *open == 1 { "job" } else { "jobs" },
                    if *open == 1 { "is" } else { "are" }
                )
            }
            Self::Blocked { failed, .. } => {
                write!(formatter, "It needs {}, which did not come out well: retry or cancel it.", failed.join(", "))
            }
            Self::Held => write!(formatter, "It is held back: release it to go on."),
            Self::Backoff { until, reason } => write!(formatter, "It failed ({reason}) and is tried again at {}.", clock(until)),
            Self::Paused { all: true } => write!(formatter, "The whole farm is paused."),
            Self::Paused { all: false } => write!(formatter, "Its project is paused."),
            Self::NoNodes => write!(formatter, "The farm has no nodes: add one."),
            Self::NoneFits(lacks) => write!(formatter, "No node has {lacks}."),
            Self::Away { fitting, reasons, lent_at, other_files } => {
                let reasons: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
                let nodes =
                    if *fitting == 1 { "The one node that fits is".to_owned() } else { format!("All {fitting} nodes that fit are") };
                write!(formatter, "{nodes} away: {}", reasons.join(", "))?;
                match lent_at {
                    Some(at) => write!(formatter, "; the first is lent again at {}.", clock(at))?,
                    None => write!(formatter, ".")?,
                }
                not_used(other_files, formatter)
            }
            Self::Budget(reason) => write!(formatter, "{reason}."),
            Self::Avoids { until } => {
                write!(formatter, "It failed on every node that fits and keeps away from them until {}.", clock(until))
            }
            Self::Busy { fitting, ahead, pressing, other_files } => {
                let nodes =
                    if *fitting == 1 { "The one node that fits is".to_owned() } else { format!("All {fitting} nodes that fit are") };
                write!(formatter, "{nodes} taken")?;
                match ahead {
                    0 => {}
                    ahead if *ahead >= Lane::COUNTED => write!(formatter, ", {} or more jobs of its own kind go before it", Lane::COUNTED)?,
                    1 => write!(formatter, ", one job of its own kind goes before it")?,
                    ahead => write!(formatter, ", {ahead} jobs of its own kind go before it")?,
                }
                formatter.write_str(if *pressing { ", and more pressing work waits for the same nodes." } else { "." })?;
                not_used(other_files, formatter)
            }
            Self::Next { free } => write!(
                formatter,
                "Nothing is in its way: {free} {} free, it is taken in a moment.",
                if *free == 1 { "node that fits is" } else { "nodes that fit are" }
            ),
        }
    }
}

/// Says which nodes are not used because of what their files are.
fn not_used(other_files: &[(String, Lacks)], formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    other_files.iter().try_for_each(|(node, lacks)| write!(formatter, " {node} is not used for it: it lacks {lacks}."))
}
