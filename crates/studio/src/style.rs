//! How far a picture is drawn from the way in which the show's own accepted pictures are.

use consistency::style::{StyleFigures, StyleProfile};
use consistency::{Measure, Outcome, Style, Subject as Seen};
use engine::picture::Raster;
use rayon::prelude::*;
use store::{Artifact, BlobError, VerdictStatus};

use crate::sheet::Finding;
use crate::{Studio, StudioError, Subject};

/// Accepted pictures that are compared with: the latest.
const MOST: usize = 64;

impl Studio {
    /// Holds a picture of an artifact against the accepted pictures of its kind, sheets or shots, which the same engine drew.
    /// It is told and decides nothing: what is drawn otherwise on purpose is not wrong.
    pub(crate) async fn style_of(&self, artifact: &Artifact, image: &Raster) -> Result<Finding, StudioError> {
        let is_sheet = |subject: &str| matches!(subject.parse(), Ok(Subject::Sheet { .. }));
        let mut placed = self.store.placements(artifact.project).await?;
        placed.retain(|placed| {
            let fits = placed.artifact != artifact.id && is_sheet(&placed.subject) == is_sheet(&artifact.subject);
            fits && placed.status == VerdictStatus::Accepted
        });
        placed.sort_by(|one, other| (other.made_at, &one.subject).cmp(&(one.made_at, &other.subject)));
        let mut accepted = Vec::new();
        for placed in placed {
            let Some(known) = self.store.artifact(placed.artifact).await?.filter(|known| known.engine == artifact.engine) else { continue };
            let Some(file) = known.files.iter().find(|file| file.media_type == "image/png") else { continue };
            match self.blobs.get(file.digest).await {
                Ok(png) => accepted.push(png),
                Err(BlobError::Missing { .. } | BlobError::Corrupt { .. }) => continue,
                Err(error) => return Err(error.into()),
            }
            if accepted.len() == MOST {
                break;
            }
        }
        let image = image.clone();
        let measured = tokio::task::spawn_blocking(move || {
            // A profile is of the oldest first.
            let figures: Vec<Option<StyleFigures>> =
                accepted.par_iter().rev().map(|png| StyleFigures::of(&consistency::decode(png).ok()?)).collect();
            let profile = StyleProfile::of(figures.into_iter().flatten());
            let pictures = profile.len();
            (Style::new(profile).measure(&Seen::new(&image)), pictures)
        });
        let (outcome, pictures) = measured.await.map_err(|_| StudioError::Cancelled)?;
        Ok(match outcome {
            Outcome::NotMeasured { reason } | Outcome::NotApplicable { reason } => Finding::NotMeasured(reason),
            Outcome::Measured { score, findings, .. } => match findings.into_iter().next() {
                None => Finding::Passed(format!("scores {score} beside {pictures} accepted pictures")),
                Some(finding) => Finding::Failed(finding.message),
            },
        })
    }
}
