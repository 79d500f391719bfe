//! Sheets before all else, where their pictures show a model who people are.
//!
//! What is accepted of a sheet allows what is shown by it: the front the other pictures, these the shots. So sheets are drawn in
//! rounds, as long as one accepts something that was not accepted before, and only then the rest of a production is planned.

use std::collections::HashSet;
use std::sync::Arc;

use layout::LayoutEngine;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::graph::Graph;
use crate::plan::{Action, Step};
use crate::produce::{Judges, ProduceOptions, Production, fresh_scratch};
use crate::progress::Progress;
use crate::rendering::Rendering;
use crate::{Show, Studio, StudioError, Subject};

/// The most rounds: one draws fronts, one what they allow, and one finds that nothing is left.
const ROUNDS: u32 = 3;

/// What came of the rounds.
pub(crate) struct SheetsDrawn {
    /// Pictures that were drawn.
    pub(crate) drawn: usize,
    /// That were made before and are used again.
    pub(crate) reused: usize,
    /// What judged them, with what it remembers of their pictures.
    pub(crate) judges: Judges,
}

/// A production that begins with its sheets.
pub(crate) struct SheetsFirst<'a> {
    pub(crate) show: &'a Show,
    pub(crate) layout: &'a Arc<LayoutEngine>,
    pub(crate) project: Uuid,
    pub(crate) options: &'a ProduceOptions,
    pub(crate) progress: &'a Progress,
    pub(crate) cancel: &'a CancellationToken,
}

impl Studio {
    /// Draws and judges sheets, as far as what is accepted of them goes; none where they show a model nobody.
    pub(crate) async fn draw_sheets_first(&self, order: &SheetsFirst<'_>) -> Result<Option<SheetsDrawn>, StudioError> {
        if self.rendering_of(order.show).await?.is_none_or(|rendering| rendering.sheets().is_none()) {
            return Ok(None);
        }
        let mut sum = SheetsDrawn { drawn: 0, reused: 0, judges: self.judges(order.show)? };
        for _ in 0..ROUNDS {
            let Some(rendering) = self.rendering_of(order.show).await? else { return Ok(None) };
            let Some(before) = rendering.sheets().cloned() else { return Ok(None) };
            let (drawn, reused) = self.sheet_round(order, rendering, &sum.judges).await?;
            sum = SheetsDrawn { drawn: sum.drawn + drawn, reused: sum.reused + reused, ..sum };
            if self.accepted_sheets(order.project).await?.same_pictures(&before) {
                break;
            }
        }
        Ok(Some(sum))
    }

    /// Draws what can be drawn of sheets now. Says how many pictures were drawn, and how many are used again.
    async fn sheet_round(&self, order: &SheetsFirst<'_>, rendering: Rendering, judges: &Judges) -> Result<(usize, usize), StudioError> {
        let SheetsFirst { show, layout, project, options, progress, cancel } = *order;
        let graph = Graph::drawn(&show.project, layout, Some(rendering.clone()))?;
        let (plan, current) = self.plan_graph(show, &graph).await?;
        let of = |action: Action| plan.steps.iter().filter(move |step: &&Step| step.action == action && step.subject.is_sheet());
        let to_draw: HashSet<&Subject> = of(Action::Draw).map(|step| &step.subject).collect();
        let reuse = of(Action::Reuse).map(|step| (&step.subject, step.recipe)).collect();
        let at_work = self.engine_of(layout, Some(rendering), !to_draw.is_empty(), project, &options.data, cancel).await?;
        let jobs = at_work.at_once.map_or(options.jobs, |at_once| options.jobs.max(at_once)).max(1);
        let carried_out = async {
            let production = Production {
                studio: self,
                show,
                graph: &graph,
                engine: Arc::clone(&at_work.engine),
                comfy: at_work.comfy.clone(),
                project,
                scratch: fresh_scratch(&options.data)?,
                out: options.out.clone(),
                progress,
                cancel,
                judges: Some(judges.clone()),
            };
            production.tidy(&plan).await?;
            let reused = production.place_again(reuse).await?;
            production.judge_again(&current, &to_draw, true).await?;
            let drawn = production.draw_all(&to_draw, jobs).await?;
            Ok((drawn, reused))
        };
        let outcome = carried_out.await;
        at_work.rest().await;
        outcome
    }
}
