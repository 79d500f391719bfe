//! Review: a person's word on a picture.

use store::{Decision, VerdictStatus};

use crate::gate::GateReport;
use crate::{Show, Studio, StudioError, Subject};

/// What a person says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Accepted or rejected.
    pub status: VerdictStatus,
    /// Who says so.
    pub by: String,
    /// Why.
    pub note: String,
}

impl Studio {
    /// Puts a person's word on what the show uses for a subject above the gate's. Gives what was measured of it.
    ///
    /// # Errors
    /// [`StudioError::Unknown`] with the nearest subject when there is nothing of that name.
    pub async fn review(&self, show: &Show, subject: &Subject, judgement: &Judgement) -> Result<Option<GateReport>, StudioError> {
        let slug = &show.project.settings.slug;
        let unknown = |what: String, nearest: Option<String>| StudioError::Unknown { what, nearest };
        let project = self.store.project_by_slug(slug).await?;
        let project = project.ok_or_else(|| unknown(format!("production of `{slug}` yet: produce it first"), None))?;
        let placed = self.store.placements(project.id).await?;
        let name = subject.to_string();
        let Some(found) = placed.iter().find(|placed| placed.subject == name) else {
            let nearest = bible::source::nearest(&name, placed.iter().map(|placed| placed.subject.as_str())).map(str::to_owned);
            return Err(unknown(format!("picture `{name}`"), nearest));
        };
        let last = self.store.verdicts(found.artifact).await?.into_iter().next();
        let measured = last.as_ref().and_then(|verdict| serde_json::from_value(verdict.report.clone()).ok());
        let decision = Decision {
            id: (self.environment.new_id)(),
            status: judgement.status,
            score: None,
            gate: last.as_ref().map_or(show.project.settings.gate.accept, |verdict| verdict.gate),
            decided_by: judgement.by.clone(),
            note: judgement.note.clone(),
            // What was measured stays with the verdict, so the report can show both.
            report: last.map_or(serde_json::Value::Null, |verdict| verdict.report),
            decided_at: (self.environment.now)(),
        };
        self.store.decide(found.artifact, &decision).await?;
        Ok(measured)
    }
}
