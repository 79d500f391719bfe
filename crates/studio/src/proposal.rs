//! Learning from people: what their verdicts say about the gate.

use std::collections::{BTreeMap, HashMap};

use bible::StoryTime;
use bible::gate::{GateRule, Thresholds};
use bible::story::{Episode, Framing};
use consistency::calibration::Told;
use consistency::calibration::proposal::{Proposal, propose};
use serde::Serialize;
use store::VerdictStatus;

use crate::gate::GateReport;
use crate::{Show, Studio, StudioError, Subject};

/// Gates that agree better with people, for the project and for kinds of pictures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proposals {
    /// For everything that the project's own bounds decide on.
    #[serde(flatten)]
    pub project: Proposal,
    /// For sheets and shots by their framing, where people decided on enough of them.
    pub kinds: Vec<KindProposal>,
}

/// What is proposed for one kind of pictures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KindProposal {
    /// The kind: where in `gate` it would be written.
    pub kind: GateRule,
    /// The proposal, beside the gate that decides on this kind now.
    #[serde(flatten)]
    pub proposal: Proposal,
}

impl Studio {
    /// Gates that agree better with the people who reviewed this project's pictures, fitted on two thirds of their
    /// verdicts and tried on the rest. Nothing is changed.
    ///
    /// # Errors
    /// [`StudioError`] when the store cannot be read.
    pub async fn propose_gate(&self, show: &Show) -> Result<Proposals, StudioError> {
        let settings = &show.project.settings;
        let accept = settings.gate.accept;
        let Some(project) = self.store.project_by_slug(&settings.slug).await? else {
            return Ok(Proposals { project: propose(&[], accept), kinds: Vec::new() });
        };
        let shots = show.project.episodes.iter().flat_map(Episode::shots);
        let framings: HashMap<StoryTime, Framing> = shots.map(|(_, shot)| (shot.at, shot.framing)).collect();
        let mut by_project = Vec::new();
        let mut by_kind: BTreeMap<GateRule, (Thresholds, Vec<Told>)> = BTreeMap::new();
        for (artifact, decision) in self.said_by_people(project.id).await? {
            let same = match decision.status {
                VerdictStatus::Accepted => true,
                VerdictStatus::Rejected => false,
                VerdictStatus::NeedsReview => continue,
            };
            let measured = serde_json::from_value::<GateReport>(decision.report).ok().and_then(|report| report.score);
            let Some(told) = measured.map(|score| Told { value: score.value(), same }) else { continue };
            let kind = match artifact.subject.parse() {
                Ok(Subject::Sheet { .. }) => Some((GateRule::Sheets, settings.gate.for_sheets())),
                Ok(Subject::Shot(at) | Subject::Film(at) | Subject::Transition(at)) => {
                    framings.get(&at).map(|framing| (GateRule::Shots(*framing), settings.gate.for_shots(*framing)))
                }
                Ok(Subject::Episode(_)) | Err(_) => None,
            };
            // What a kind of its own decides says nothing about the project's bounds; of a shot that is gone nobody knows its
            // framing, and it had one bound like any other.
            if kind.is_none_or(|(_, thresholds)| thresholds.rule.is_project()) {
                by_project.push(told);
            }
            if let Some((kind, thresholds)) = kind {
                by_kind.entry(kind).or_insert_with(|| (thresholds, Vec::new())).1.push(told);
            }
        }
        let kinds = by_kind.into_iter().map(|(kind, (now, told))| KindProposal { kind, proposal: propose(&told, now.accept) });
        let kinds = kinds.filter(|kind| !matches!(kind.proposal, Proposal::TooFew { .. })).collect();
        Ok(Proposals { project: propose(&by_project, accept), kinds })
    }
}
