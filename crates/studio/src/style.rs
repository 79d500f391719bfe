//! How far a picture is drawn from the way in which the show's own accepted pictures are.

use std::sync::Arc;

use consistency::measure::Evidence;
use consistency::style::{LEAST_PICTURES, StyleFigures, StyleProfile};
use consistency::{Measure, Outcome, Style, Subject as Seen};
use engine::picture::Raster;
use rayon::prelude::*;
use store::{Artifact, BlobError, VerdictStatus};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::sheet::Finding;
use crate::{Studio, StudioError, Subject};

/// Accepted pictures that are compared with: the latest.
const MOST: usize = 64;

/// Whose style is meant: pictures of a kind that one engine drew for a project.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drawn<'a> {
    pub(crate) project: Uuid,
    pub(crate) engine: &'a str,
    /// Sheets, or else shots.
    pub(crate) sheets: bool,
}

/// The show's styles as they were when a production first asked for them.
#[derive(Default)]
pub(crate) struct Styles {
    sheets: OnceCell<Option<Arc<Style>>>,
    shots: OnceCell<Option<Arc<Style>>>,
}

impl Styles {
    /// The style of the pictures that are meant; none where too few of them are accepted for one.
    pub(crate) async fn of(&self, studio: &Studio, drawn: Drawn<'_>) -> Result<Option<Arc<Style>>, StudioError> {
        let cell = if drawn.sheets { &self.sheets } else { &self.shots };
        let style = cell.get_or_try_init(|| async {
            let profile = studio.accepted_style(drawn, None).await?;
            Ok::<_, StudioError>((profile.len() >= LEAST_PICTURES).then(|| Arc::new(Style::new(profile))))
        });
        Ok(style.await?.clone())
    }
}

impl Studio {
    /// The style of the latest accepted pictures, but for those of one artifact.
    async fn accepted_style(&self, drawn: Drawn<'_>, but: Option<Uuid>) -> Result<StyleProfile, StudioError> {
        let mut placed = self.store.placements(drawn.project).await?;
        placed.retain(|placed| {
            let fits = Some(placed.artifact) != but && is_sheet(&placed.subject) == drawn.sheets;
            fits && placed.status == VerdictStatus::Accepted
        });
        placed.sort_by(|one, other| (other.made_at, &one.subject).cmp(&(one.made_at, &other.subject)));
        let mut accepted = Vec::new();
        for placed in placed {
            let Some(known) = self.store.artifact(placed.artifact).await?.filter(|known| known.engine == drawn.engine) else { continue };
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
        let profile = tokio::task::spawn_blocking(move || {
            // A profile is of the oldest first.
            let figures: Vec<Option<StyleFigures>> =
                accepted.par_iter().rev().map(|png| StyleFigures::of(&consistency::decode(png).ok()?)).collect();
            StyleProfile::of(figures.into_iter().flatten())
        });
        profile.await.map_err(|_| StudioError::Cancelled)
    }

    /// Holds a picture of an artifact against the accepted pictures of its kind, sheets or shots, which the same engine drew, as
    /// they are now. It is told and decides nothing: what is drawn otherwise on purpose is not wrong.
    pub(crate) async fn style_of(&self, artifact: &Artifact, image: &Raster) -> Result<Finding, StudioError> {
        let drawn = Drawn { project: artifact.project, engine: &artifact.engine, sheets: is_sheet(&artifact.subject) };
        let style = Style::new(self.accepted_style(drawn, Some(artifact.id)).await?);
        let image = image.clone();
        let outcome = tokio::task::spawn_blocking(move || style.measure(&Seen::new(&image)));
        Ok(match outcome.await.map_err(|_| StudioError::Cancelled)? {
            Outcome::NotMeasured { reason } | Outcome::NotApplicable { reason } => Finding::NotMeasured(reason),
            Outcome::Measured { score, findings, evidence, .. } => match (findings.into_iter().next(), evidence) {
                (Some(finding), _) => Finding::Failed(finding.message),
                (None, Evidence::Style(style)) => Finding::Passed(format!("scores {score} beside {} accepted pictures", style.pictures)),
                (None, _) => Finding::Passed(format!("scores {score}")),
            },
        })
    }
}

fn is_sheet(subject: &str) -> bool {
    subject.parse().is_ok_and(|subject: Subject| subject.is_sheet())
}
