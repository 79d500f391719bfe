//! Judging again what was kept, without drawing anything.

use std::collections::HashSet;
use std::sync::Arc;

use store::Placed;
use uuid::Uuid;

use crate::draw::joined;
use crate::gate::{GateReport, PictureVerdict, by_construction, identity_is_open, judge_with_identity};
use crate::graph::{Node, Work};
use crate::people::GATE;
use crate::picture_files::kept_part_map;
use crate::plan::Current;
use crate::produce::{Judges, Production};
use crate::references::brief_of;
use crate::{StudioError, Subject};

impl Production<'_> {
    /// Judges again what was kept of sheets, or of all else: where the project's gate has moved since, and where somebody may
    /// know by now who is in a picture (a model was added, a sheet accepted). A person's word stands.
    pub(crate) async fn judge_again(&self, current: &Current, drawn: &HashSet<&Subject>, sheets: bool) -> Result<(), StudioError> {
        let kept: Vec<(&Node, Uuid)> = (self.graph.nodes.iter())
            .filter(|node| matches!(node.work, Work::Sheet(_)) == sheets && !drawn.contains(&node.subject))
            .filter_map(|node| Some((&**node, current.placed.get(&node.subject.to_string())?.artifact)))
            .collect();
        let artifacts: Vec<Uuid> = kept.iter().map(|(_, artifact)| *artifact).collect();
        let verdicts = self.studio.store.latest_verdicts(&artifacts).await?;
        let placed = self.placed().await?;
        for (node, artifact) in kept {
            let Some(verdict) = verdicts.get(&artifact).filter(|verdict| verdict.decided_by == GATE) else { continue };
            let gate = self.show.gate_of(&node.work);
            if self.judges.is_none() && GateReport::stored_gate(&verdict.report) == Some(gate) {
                continue;
            }
            self.stop_when_cancelled()?;
            let damaged = |source| StudioError::Damaged { what: format!("the verdict on artifact {artifact}"), source };
            let before: GateReport = serde_json::from_value(verdict.report.clone()).map_err(damaged)?;
            let seen = match &self.judges {
                Some(judges) => self.looked_at_again(artifact, node, before.clone(), judges, &placed).await?,
                None => before.clone(),
            };
            let report = if seen.gate == gate { seen } else { seen.held_against(gate) };
            if report != before {
                self.studio.store.decide(artifact, &self.decision(&report, &node.subject)?).await?;
            }
        }
        Ok(())
    }

    /// A report with who is in its pictures measured again, where that was left open.
    async fn looked_at_again(
        &self,
        artifact: Uuid,
        node: &Node,
        report: GateReport,
        judges: &Judges,
        placed: &[Placed],
    ) -> Result<GateReport, StudioError> {
        if brief_of(&node.work).is_none() || !report.pictures.iter().any(is_open) {
            return Ok(report);
        }
        let Some(artifact) = self.studio.store.artifact(artifact).await? else { return Ok(report) };
        if by_construction(&artifact.engine) {
            return Ok(report);
        }
        let people = Arc::new(self.studio.sought(placed, self.graph, node, &judges.networks).await?);
        let GateReport { gate, pictures, .. } = report;
        let mut judged = Vec::with_capacity(pictures.len());
        for picture in pictures {
            let file = artifact.files.iter().find(|file| file.name == picture.picture && file.media_type == "image/png");
            let Some(file) = file.filter(|_| is_open(&picture)) else {
                judged.push(picture);
                continue;
            };
            if let Some(identity) = judges.networks.blind(&people) {
                let verdict = judge_with_identity(picture.verdict, identity, &judges.calibration, gate);
                judged.push(PictureVerdict { verdict, ..picture });
                continue;
            }
            let png = self.studio.blobs.get(file.digest).await?;
            let parts = kept_part_map(&self.studio.blobs, &artifact, file.name.trim_end_matches(".png")).await?;
            let (networks, calibration, people) = (Arc::clone(&judges.networks), Arc::clone(&judges.calibration), Arc::clone(&people));
            let task = tokio::task::spawn_blocking(move || {
                let Ok(image) = consistency::decode(&png) else { return Ok(picture) };
                let seen = consistency::Subject { parts: parts.as_ref(), ..consistency::Subject::new(&image) };
                let identity = networks.measure(&seen, &people);
                Ok(PictureVerdict { verdict: judge_with_identity(picture.verdict, identity, &calibration, gate), ..picture })
            });
            judged.push(joined(task, &node.subject).await?);
        }
        Ok(GateReport::of(gate, judged))
    }
}

fn is_open(picture: &PictureVerdict) -> bool {
    picture.picture.ends_with(".png") && identity_is_open(&picture.verdict)
}
