//! Listing: everything that a show has been drawn as, with the verdict that counts.

use consistency::Gate;
use serde::Serialize;
use store::VerdictStatus;
use uuid::Uuid;

use crate::gate::GateReport;
use crate::people::GATE;
use crate::{Show, Studio, StudioError, Subject};

/// A picture or clip with its verdict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listed {
    /// What.
    pub subject: String,
    /// The artifact.
    pub artifact: Uuid,
    /// Its verdict.
    pub status: VerdictStatus,
    /// The score; none when nothing could be measured.
    pub score: Option<f64>,
    /// The gate that it was held against; none for what was never judged.
    #[serde(flatten)]
    pub gate: Option<Gate>,
    /// Who decided: `gate`, or a person.
    pub decided_by: String,
    /// Why.
    pub reasons: Vec<String>,
}

impl Listed {
    /// Whether nobody has to do anything about it: a person has rejected a film, and its shot holds its key pictures.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let is_film = matches!(self.subject.parse(), Ok(Subject::Film(_)));
        is_film && self.status == VerdictStatus::Rejected && self.decided_by != GATE
    }
}

impl Studio {
    /// Everything that a show is drawn as, in the order of subjects; empty before the first production.
    ///
    /// # Errors
    /// [`StudioError::Store`].
    pub async fn pictures(&self, show: &Show) -> Result<Vec<Listed>, StudioError> {
        match self.store.project_by_slug(&show.project.settings.slug).await? {
            Some(project) => self.listed(project.id).await,
            None => Ok(Vec::new()),
        }
    }

    pub(crate) async fn listed(&self, project: Uuid) -> Result<Vec<Listed>, StudioError> {
        let mut placed = self.store.placements(project).await?;
        placed.sort_by(|one, other| one.subject.cmp(&other.subject));
        let artifacts: Vec<Uuid> = placed.iter().map(|placed| placed.artifact).collect();
        let verdicts = self.store.latest_verdicts(&artifacts).await?;
        let listed = |placed: store::Placed| {
            let verdict = verdicts.get(&placed.artifact);
            let report: Option<GateReport> = verdict.and_then(|verdict| serde_json::from_value(verdict.report.clone()).ok());
            Listed {
                subject: placed.subject,
                artifact: placed.artifact,
                status: placed.status,
                score: report.as_ref().and_then(|report| report.score).map(consistency::Score::value),
                gate: report.as_ref().map(|report| report.gate),
                decided_by: verdict.map_or_else(|| GATE.to_owned(), |verdict| verdict.decided_by.clone()),
                reasons: report.map(|report| report.reasons().collect()).unwrap_or_default(),
            }
        };
        Ok(placed.into_iter().map(listed).collect())
    }
}
