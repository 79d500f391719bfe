//! Progress of long work: one report, read alike by the command line, the log and the web.

use std::time::Instant;

use serde::Serialize;
use tokio::sync::watch;

use crate::subject::Subject;

/// A stage of production.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Character sheets.
    Sheets,
    /// Shots and the transitions between them.
    Shots,
    /// What moves between the key pictures of shots.
    Films,
    /// Scratch voices.
    Voices,
    /// Episodes: sound, subtitles, joining, report.
    Episodes,
    /// Pictures that are described, so that they can be found.
    Search,
}

impl Stage {
    /// The word that people read.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sheets => "sheets",
            Self::Shots => "shots",
            Self::Films => "films",
            Self::Voices => "voices",
            Self::Episodes => "episodes",
            Self::Search => "search",
        }
    }

    /// What its numbers count.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Sheets => "pictures",
            Self::Shots | Self::Films => "frames",
            Self::Voices => "lines",
            Self::Episodes => "episodes",
            Self::Search => "pictures",
        }
    }
}

/// How far a stage is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StageProgress {
    /// Which.
    pub stage: Stage,
    /// Units done.
    pub done: u64,
    /// Units to do.
    pub total: u64,
    /// What is counted.
    pub unit: &'static str,
    /// When it started.
    #[serde(skip)]
    pub since: Instant,
    /// What was finished last.
    pub latest: Option<Subject>,
}

/// Where a run reports to. Cheap to clone; every clone reports to the same place.
#[derive(Debug, Clone)]
pub struct Progress {
    stages: watch::Sender<Vec<StageProgress>>,
}

impl Default for Progress {
    fn default() -> Self {
        Self { stages: watch::Sender::new(Vec::new()) }
    }
}

impl Progress {
    /// The reports, from now on.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Vec<StageProgress>> {
        self.stages.subscribe()
    }

    /// A stage begins with so much to do.
    pub fn begin(&self, stage: Stage, total: u64) {
        self.stages.send_modify(|stages| {
            stages.retain(|known| known.stage != stage);
            stages.push(StageProgress { stage, done: 0, total, unit: stage.unit(), since: Instant::now(), latest: None });
        });
    }

    /// So much more of a stage is done.
    pub fn advance(&self, stage: Stage, units: u64) {
        self.change(stage, |progress| progress.done += units);
    }

    /// Something of a stage is finished.
    pub fn finished(&self, stage: Stage, subject: &Subject) {
        self.change(stage, |progress| progress.latest = Some(subject.clone()));
    }

    fn change(&self, stage: Stage, change: impl FnOnce(&mut StageProgress)) {
        self.stages.send_modify(|stages| {
            if let Some(progress) = stages.iter_mut().find(|known| known.stage == stage) {
                change(progress);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_watcher_sees_the_same_numbers() {
        let progress = Progress::default();
        let watcher = progress.watch();
        progress.begin(Stage::Sheets, 14);
        let other = progress.clone();
        other.advance(Stage::Sheets, 2);
        progress.advance(Stage::Sheets, 1);
        let seen = watcher.borrow();
        assert_eq!((seen[0].done, seen[0].total, seen[0].unit), (3, 14, "pictures"));
    }
}
