//! Faults on a schedule: what goes wrong, where, and how often.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};

/// What goes wrong during a run. Rules are looked at in order; each counts for itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The rules.
    #[serde(default, rename = "rule", alias = "rules")]
    pub rules: Vec<Rule>,
}

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Where.
    pub on: On,
    /// How many times the place is passed before it goes wrong.
    #[serde(default)]
    pub skip: u32,
    /// How many times it goes wrong; 0 for every time.
    #[serde(default = "once")]
    pub times: u32,
    /// What goes wrong.
    pub fault: Fault,
}

const fn once() -> u32 {
    1
}

/// A place where something can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// A request to a route, as `POST /prompt` or `GET /history`; the part after a second slash is left out.
    Request(String),
    /// The beginning of a prompt.
    Start,
    /// A node of a class is about to run; `*` for any.
    Node(String),
    /// All nodes have run, and the history is about to be written.
    End,
    /// A WebSocket has opened.
    Socket,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// Request: the connection ends before anything is done.
    RequestLost,
    /// Request: it is done, and the connection ends before the answer.
    AnswerLost,
    /// Request: the answer waits; it is done at once.
    AnswerLate {
        /// How long.
        ms: u64,
    },
    /// Request: it is done, and the answer is not JSON.
    GarbageJson,
    /// Request: it is not done, and this is the answer.
    Status {
        /// The HTTP status.
        code: u16,
    },
    /// Node: it takes longer. With progress it can be interrupted, without it runs to its end.
    Slow {
        /// How much longer.
        ms: u64,
        /// Whether it reports progress.
        #[serde(default)]
        progress: bool,
    },
    /// Node: memory does not do.
    OutOfMemory {
        /// Whose.
        memory: Memory,
    },
    /// Node: it raises an exception.
    Raise {
        /// The exception's type.
        exception: String,
        /// Its message.
        message: String,
    },
    /// Node: it lets nothing through, with a message; the prompt ends in success.
    Block {
        /// The message.
        message: String,
    },
    /// Node that saves: it says nothing of what it saved; the prompt ends in success.
    NoOutput,
    /// Node that saves: the disk is full in the middle of a file.
    DiskFull,
    /// Node that saves: the file is cut short, and nobody notices.
    CutFile,
    /// End: the files that were saved are deleted or moved.
    FilesGone,
    /// End: the history is written later than the events say.
    HistoryLate {
        /// How much later.
        ms: u64,
    },
    /// End: the entry is deleted by somebody.
    HistoryGone,
    /// Start, node, end: the worker's thread ends without a word; prompts are taken and none runs.
    WorkerDies,
    /// Start, node, end: all sockets break off.
    DropSockets,
    /// Start, node, end: no events are sent for a while, as when another client does not read.
    HoldEvents {
        /// How long.
        ms: u64,
    },
    /// Start, node, end: the process dies and comes again: queue, history, cache and temporary files are gone.
    Restart {
        /// How long it is away.
        down_ms: u64,
    },
    /// Socket: it stays open and nothing ever comes, not even answers to pings.
    Mute,
}

/// Whose memory does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Memory {
    /// The GPU's.
    Gpu,
    /// The machine's.
    Host,
}

/// Why a schedule makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rule {rule}: {fault} cannot happen on {on}")]
pub struct ScheduleError {
    /// Which rule, from 1.
    pub rule: usize,
    fault: String,
    on: String,
}

impl Schedule {
    /// A schedule of one rule that holds once.
    #[must_use]
    pub fn once(on: On, fault: Fault) -> Self {
        Self { rules: vec![Rule { on, skip: 0, times: 1, fault }] }
    }

    /// The same, every time.
    #[must_use]
    pub fn always(on: On, fault: Fault) -> Self {
        Self { rules: vec![Rule { on, skip: 0, times: 0, fault }] }
    }

    /// Adds a rule.
    #[must_use]
    pub fn and(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Checks that every fault can happen where it is meant to.
    ///
    /// # Errors
    /// [`ScheduleError`] for the first that cannot.
    pub fn check(&self) -> Result<(), ScheduleError> {
        for (index, rule) in self.rules.iter().enumerate() {
            if !rule.fault.happens_on(&rule.on) {
                return Err(ScheduleError { rule: index + 1, fault: format!("{:?}", rule.fault), on: format!("{:?}", rule.on) });
            }
        }
        Ok(())
    }
}

impl Fault {
    const fn happens_on(&self, on: &On) -> bool {
        match self {
            Self::RequestLost | Self::AnswerLost | Self::AnswerLate { .. } | Self::GarbageJson | Self::Status { .. } => {
                matches!(on, On::Request(_))
            }
            Self::Slow { .. }
            | Self::OutOfMemory { .. }
            | Self::Raise { .. }
            | Self::Block { .. }
            | Self::NoOutput
            | Self::DiskFull
            | Self::CutFile => matches!(on, On::Node(_)),
            Self::FilesGone | Self::HistoryLate { .. } | Self::HistoryGone => matches!(on, On::End),
            Self::WorkerDies | Self::DropSockets | Self::HoldEvents { .. } | Self::Restart { .. } => {
                matches!(on, On::Start | On::Node(_) | On::End)
            }
            Self::Mute => matches!(on, On::Socket),
        }
    }
}

/// Where the server passes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Point<'a> {
    Request(&'a str),
    Start,
    Node(&'a str),
    End,
    Socket,
}

impl On {
    fn is(&self, point: Point<'_>) -> bool {
        match (self, point) {
            (Self::Request(route), Point::Request(asked)) => route == asked,
            (Self::Node(class), Point::Node(runs)) => class == "*" || class == runs,
            (Self::Start, Point::Start) | (Self::End, Point::End) | (Self::Socket, Point::Socket) => true,
            _ => false,
        }
    }
}

/// A schedule while it runs. It outlives restarts of the server.
#[derive(Debug)]
pub(crate) struct Faults {
    rules: Mutex<Vec<(Rule, u32)>>,
}

impl Faults {
    pub(crate) fn new(schedule: Schedule) -> Self {
        Self { rules: Mutex::new(schedule.rules.into_iter().map(|rule| (rule, 0)).collect()) }
    }

    /// What goes wrong here and now.
    pub(crate) fn at(&self, point: Point<'_>) -> Vec<Fault> {
        let mut rules = self.rules.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut faults = Vec::new();
        for (rule, passed) in rules.iter_mut().filter(|(rule, _)| rule.on.is(point)) {
            *passed += 1;
            let hits = passed.saturating_sub(rule.skip);
            if hits > 0 && (rule.times == 0 || hits <= rule.times) {
                tracing::info!(fault = ?rule.fault, on = ?rule.on, "fault");
                faults.push(rule.fault.clone());
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_skips_and_then_holds_so_many_times() {
        let faults =
            Faults::new(Schedule { rules: vec![Rule { on: On::Node("SaveImage".to_owned()), skip: 1, times: 2, fault: Fault::NoOutput }] });
        let hits: Vec<_> = (0..5).map(|_| faults.at(Point::Node("SaveImage")).len()).collect();
        assert_eq!(hits, [0, 1, 1, 0, 0]);
        assert!(faults.at(Point::Start).is_empty());
    }

    #[test]
    fn a_fault_in_the_wrong_place_is_told() {
        let error = Schedule::once(On::Socket, Fault::DiskFull).check().unwrap_err();
        assert_eq!(error.to_string(), "rule 1: DiskFull cannot happen on Socket");
    }
}
