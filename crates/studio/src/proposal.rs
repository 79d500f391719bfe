//! Learning from people: what their verdicts say about the gate.

use consistency::calibration::Told;
use consistency::calibration::proposal::{Proposal, propose};
use store::{ArtifactFilter, PageRequest, VerdictStatus};

use crate::gate::GateReport;
use crate::{Show, Studio, StudioError};

/// Who decides when the gate does.
const GATE: &str = "gate";

impl Studio {
    /// A gate that agrees better with the people who reviewed this project's pictures, fitted on two thirds of their
    /// verdicts and tried on the rest. Nothing is changed.
    ///
    /// # Errors
    /// [`StudioError`] when the store cannot be read.
    pub async fn propose_gate(&self, show: &Show) -> Result<Proposal, StudioError> {
        let settings = &show.project.settings;
        let Some(project) = self.store.project_by_slug(&settings.slug).await? else { return Ok(propose(&[], settings.gate)) };
        let mut verdicts = Vec::new();
        // Pictures that were replaced since were judged all the same.
        let mut cursor: Option<String> = None;
        loop {
            let page = PageRequest::new(PageRequest::MOST, cursor.as_deref())
                .map_err(|error| StudioError::Unknown { what: format!("page of pictures ({error})"), nearest: None })?;
            let found = self.store.artifacts(project.id, ArtifactFilter::default(), page).await?;
            for artifact in found.items {
                // The newest comes first: what a person said last counts.
                let decisions = self.store.verdicts(artifact.id).await?;
                let Some(decision) = decisions.iter().find(|decision| decision.decided_by != GATE) else { continue };
                let measured = serde_json::from_value::<GateReport>(decision.report.clone()).ok().and_then(|report| report.score);
                let same = match decision.status {
                    VerdictStatus::Accepted => true,
                    VerdictStatus::Rejected => false,
                    VerdictStatus::NeedsReview => continue,
                };
                verdicts.extend(measured.map(|score| (decision.decided_at, artifact.subject, Told { value: score.value(), same })));
            }
            cursor = found.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        verdicts.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
        let told: Vec<Told> = verdicts.into_iter().map(|(_, _, told)| told).collect();
        Ok(propose(&told, settings.gate))
    }
}
