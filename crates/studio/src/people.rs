//! What people said of a project's pictures: what is learned from.

use store::{Artifact, ArtifactFilter, Decision, PageRequest};
use uuid::Uuid;

use crate::{Studio, StudioError};

/// Who decides when the gate does.
pub(crate) const GATE: &str = "gate";

impl Studio {
    /// Everything of a project that people decided on, each with what was said last, the oldest word first. What was replaced
    /// since was judged all the same.
    pub(crate) async fn said_by_people(&self, project: Uuid) -> Result<Vec<(Artifact, Decision)>, StudioError> {
        let mut said = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = PageRequest::new(PageRequest::MOST, cursor.as_deref())
                .map_err(|error| StudioError::Unknown { what: format!("page of pictures ({error})"), nearest: None })?;
            let found = self.store.artifacts(project, ArtifactFilter::default(), page).await?;
            for artifact in found.items {
                // The newest comes first.
                let decisions = self.store.verdicts(artifact.id).await?;
                let by_a_person = decisions.into_iter().find(|decision| decision.decided_by != GATE);
                said.extend(by_a_person.map(|decision| (artifact, decision)));
            }
            cursor = found.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        said.sort_by(|(one, said), (other, later)| (said.decided_at, &one.subject).cmp(&(later.decided_at, &other.subject)));
        Ok(said)
    }
}
