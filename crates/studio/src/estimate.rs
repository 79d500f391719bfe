//! What a plan would take on the farm, in time and money, before anything is drawn.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use bible::project::Canvas;
use bible::render::Control;
use bible::{Digest, Slug};
use comfyui::template::{Choice, Template};
use engine::PictureBrief;
use farm::estimate::{Figures, LeftOut, Lot};
use farm::{Estimate, JobState, Money, Node, Policy, Requirements};
use layout::LayoutEngine;
use serde::Serialize;
use store::farm::Spending;
use uuid::Uuid;

use crate::draw::key_pictures;
use crate::farm_drawing::{FarmDrawing, size_of};
use crate::filming::Ends;
use crate::graph::{Graph, Work};
use crate::lent_nodes::{is_at, servers};
use crate::plan::Plan;
use crate::rendering::{Rendering, Uploads};
use crate::{Show, Studio, StudioError, Subject};

/// What a plan would take on the farm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanEstimate {
    /// The template that draws, by which times are known.
    pub template: String,
    /// How many pictures are drawn: each once, however many shots show it. What is drawn again because it was not good
    /// enough is not among them.
    pub pictures: usize,
    /// How many pieces of films are drawn. Those whose key pictures are not accepted yet are among them when these are to be
    /// drawn too.
    pub pieces: usize,
    /// Time, money, and who draws what. Times are those that nodes worked on a picture; that it is sent and fetched is not
    /// in them.
    pub drawing: Estimate,
    /// Jobs that the farm had before: what goes before these is not in the time.
    pub before: u64,
    /// The estimate held against what the project may spend; empty when it has no budget.
    pub budget: Vec<BudgetCheck>,
}

/// For how long a budget is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// Today (UTC).
    Day,
    /// In all.
    Total,
}

/// An estimate held against a budget.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BudgetCheck {
    /// For how long the budget is.
    pub period: Period,
    /// The budget.
    pub limit: Money,
    /// What is spent of it.
    pub spent: Money,
    /// What is set aside of it for what is being drawn.
    pub reserved: Money,
    /// What the plan costs; none when that is not known.
    pub estimated: Option<Money>,
    /// Whether the plan would exceed it; none when that is not known.
    pub exceeded: Option<bool>,
    /// Whether so little is left that not even one picture begins; none when that is not known.
    pub nothing_begins: Option<bool>,
}

impl BudgetCheck {
    fn new(period: Period, limit: Money, spending: Spending, figures: &Figures) -> Self {
        let Spending { spent, reserved } = spending;
        let taken = spent + reserved;
        let (estimated, set_aside) = match figures {
            Figures::Estimated { cost, set_aside, .. } => (Some(*cost), Some(*set_aside)),
            Figures::NotMeasured { .. } => (None, None),
        };
        let over = |more: Money| more > Money::ZERO && taken + more > limit;
        Self { period, limit, spent, reserved, estimated, exceeded: estimated.map(over), nothing_begins: set_aside.map(over) }
    }
}

impl fmt::Display for BudgetCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, spent, reserved, .. } = self;
        let (budget, then) = match self.period {
            Period::Day => ("today's budget", "what does not fit waits until tomorrow"),
            Period::Total => ("the project's budget", "what does not fit waits until the budget is raised"),
        };
        let state = format!("{budget} of {limit}, of which {spent} are spent and {reserved} set aside");
        match (self.exceeded, self.nothing_begins) {
            (None, _) | (_, None) => write!(formatter, "Nobody can say whether it keeps within {state}: what it costs is not known."),
            (_, Some(true)) => write!(formatter, "Nothing would begin: what one picture sets aside while it is drawn exceeds {state}."),
            (Some(true), _) => write!(formatter, "It would exceed {state}: {then}."),
            (Some(false), _) => write!(formatter, "It keeps within {state}."),
        }
    }
}

impl Studio {
    /// What the pictures of a plan would take on the farm's nodes, from what was measured on them; none when the built-in
    /// engine draws, whose cost the plan has. Asks no node and writes nothing.
    ///
    /// # Errors
    /// [`StudioError`] when the show cannot be drawn as its settings say, or the store does not answer.
    pub async fn estimate(&self, show: &Show, plan: &Plan) -> Result<Option<PlanEstimate>, StudioError> {
        let Some(rendering) = self.rendering_of(show).await? else { return Ok(None) };
        let now = (self.environment.now)();
        let policy = Policy::default();
        let view = self.store.farm_view(&policy, now).await?;
        let (nodes, strangers) = self.counted_on(view.nodes)?;
        let engine = show.engine();
        let mut lots = lots(show, plan, &rendering, &engine, &nodes)?;
        let pieces = films(show, plan, &rendering, &engine, &nodes)?;
        let count_of = |lots: &[Lot]| lots.iter().map(|lot| lot.sizes.len()).sum::<usize>();
        let (pictures, count_of_pieces) = (count_of(&lots), count_of(&pieces));
        lots.extend(pieces);
        let mut drawing = Estimate::of(&lots, &nodes, &view.speeds, &policy, now);
        drawing.left_out.extend(strangers);
        let counts = self.store.farm_counts(None).await?;
        let count = |state| counts.get(&state).copied().unwrap_or(0);
        let budget = match self.store.project_by_slug(&plan.project).await? {
            Some(project) => self.budget_checks(project.id, &drawing.figures, now).await?,
            None => Vec::new(),
        };
        Ok(Some(PlanEstimate {
            template: rendering.template().name.clone(),
            pictures,
            pieces: count_of_pieces,
            before: count(JobState::Queued) + count(JobState::Active) + count(JobState::Backoff),
            drawing,
            budget,
        }))
    }

    /// The nodes that a production would draw on, and servers that it would that are no nodes yet.
    fn counted_on(&self, nodes: Vec<Node>) -> Result<(Vec<Node>, Vec<LeftOut>), StudioError> {
        let own = self.comfyui.as_deref().map(servers).transpose()?.unwrap_or_default();
        if own.is_empty() {
            return Ok((nodes, Vec::new()));
        }
        let strangers = own.iter().filter(|server| !nodes.iter().any(|node| is_at(node, server))).map(|server| LeftOut {
            name: server.address().to_string(),
            reason: "it is no node of the farm yet: nothing was measured on it".to_owned(),
        });
        let strangers = strangers.collect();
        Ok((nodes.into_iter().filter(|node| own.iter().any(|server| is_at(node, server))).collect(), strangers))
    }

    async fn budget_checks(&self, project: Uuid, figures: &Figures, now: farm::Time) -> Result<Vec<BudgetCheck>, StudioError> {
        let budget = self.store.farm_budget(project).await?;
        let (today, total) = self.store.farm_spending(project, now).await?;
        let day = budget.per_day.map(|limit| BudgetCheck::new(Period::Day, limit, today, figures));
        let all = budget.total.map(|limit| BudgetCheck::new(Period::Total, limit, total, figures));
        Ok(day.into_iter().chain(all).collect())
    }
}

/// The pictures that a plan draws, by what they take.
fn lots(show: &Show, plan: &Plan, rendering: &Rendering, engine: &LayoutEngine, nodes: &[Node]) -> Result<Vec<Lot>, StudioError> {
    let graph = Graph::drawn(&show.project, engine, Some(rendering.clone()))?;
    let to_draw: HashSet<String> = plan.to_draw().map(|step| step.subject.to_string()).collect();
    let choice = rendering.choice(chosen(rendering.template(), nodes));
    let mut seen: HashSet<Digest> = HashSet::new();
    let mut lots: BTreeMap<(Vec<Slug>, usize), Lot> = BTreeMap::new();
    for node in graph.nodes.iter().filter(|node| to_draw.contains(&node.subject.to_string())) {
        let briefs: Vec<PictureBrief> = match &node.work {
            Work::Sheet(brief) => vec![brief.as_ref().clone()],
            Work::Shot { clip, .. } => key_pictures(clip).into_iter().map(|(_, brief)| brief).collect(),
            // It is mixed of pictures of the shots before and after it; films are counted by themselves.
            Work::Film { .. } | Work::Transition { .. } => Vec::new(),
        };
        let references = graph.showing(&node.subject).map_or(0, |showing| showing.people.len());
        for brief in briefs {
            let wrong = |reason: String| StudioError::Brief { subject: node.subject.to_string(), reason };
            if !seen.insert(Digest::of_json(&brief).map_err(|error| wrong(error.to_string()))?) {
                continue;
            }
            let size = size_of((brief.canvas.width, brief.canvas.height));
            let cast: Vec<Slug> = brief.actors.iter().map(|actor| actor.figure.character.clone()).collect();
            match lots.entry((cast, references)) {
                std::collections::btree_map::Entry::Occupied(mut known) => known.get_mut().sizes.push(size),
                std::collections::btree_map::Entry::Vacant(new) => {
                    let needs = needs_of(&brief, rendering, &choice, references).map_err(|reason| StudioError::Rendering { reason })?;
                    new.insert(Lot { needs, sizes: vec![size] });
                }
            }
        }
    }
    Ok(lots.into_values().collect())
}

/// The pieces of films that a plan draws, all of which take the same.
fn films(show: &Show, plan: &Plan, rendering: &Rendering, engine: &LayoutEngine, nodes: &[Node]) -> Result<Vec<Lot>, StudioError> {
    let Some(filming) = rendering.film() else { return Ok(Vec::new()) };
    let graph = Graph::drawn(&show.project, engine, Some(rendering.clone()))?;
    let to_draw: HashSet<&Subject> = plan.to_draw().map(|step| &step.subject).collect();
    let choice = filming.choice(chosen(filming.template(), nodes));
    let name = || FarmDrawing::name(Digest::of(b""));
    let mut lot: Option<Lot> = None;
    for node in graph.nodes.iter().filter(|node| to_draw.contains(&node.subject)) {
        let Work::Film { clip, pieces, .. } = &node.work else { continue };
        let Canvas { width, height } = filming.size(clip.picture.canvas);
        for piece in pieces.iter() {
            let size = size_of((width, height)) * f64::from(piece.frames);
            if let Some(lot) = &mut lot {
                lot.sizes.push(size);
                continue;
            }
            let wrong = |reason: String| StudioError::Rendering { reason };
            let ends = Ends { first: name(), last: piece.to.map(|_| name()) };
            let values = filming.values(clip, piece, 0, &ends).map_err(|error| wrong(error.to_string()))?;
            let filled = filming.template().fill(&values, &choice).map_err(|errors| wrong(errors.to_string()))?;
            lot = Some(Lot { needs: worker::needs_of(&filled.graph, filming.template().name.as_str()), sizes: vec![size] });
        }
    }
    Ok(lot.into_iter().collect())
}

/// What of a template's alternatives the first node that is known has.
fn chosen(template: &Template, nodes: &[Node]) -> Choice {
    let known = nodes.iter().find(|node| !node.capabilities.classes.is_empty());
    known.map_or_else(Choice::default, |node| template.choose_among(|class| node.capabilities.classes.contains(class)))
}

/// What a picture takes: its graph is filled in as for drawing, with the names of pictures that nobody has drawn.
fn needs_of(brief: &PictureBrief, rendering: &Rendering, choice: &Choice, references: usize) -> Result<Requirements, String> {
    let name = || FarmDrawing::name(Digest::of(b""));
    let uploads = Uploads {
        picture: rendering.wants(Control::Picture).then(name),
        pose: (rendering.wants(Control::Pose) && !brief.actors.is_empty()).then(name),
        masks: if rendering.wants(Control::Regions) && brief.actors.len() > 1 {
            brief.actors.iter().map(|actor| (actor.figure.character.clone(), name())).collect()
        } else {
            Vec::new()
        },
        repaint: None,
        references: (0..references).map(|_| name()).collect(),
    };
    let values = rendering.values(brief, 0, &uploads, &[]).map_err(|error| error.to_string())?;
    let template = rendering.template();
    let filled = template.fill(&values, choice).map_err(|errors| errors.to_string())?;
    let needs = worker::needs_of(&filled.graph, template.name.as_str());
    Ok(Requirements { pinned: rendering.pinned(&needs.models), ..needs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_says_whether_a_plan_keeps_within_it_and_whether_anything_begins() {
        let units = Money::from_units;
        let figures = |cost| Figures::Estimated { seconds: 60.0, node_seconds: 60.0, cost: units(cost), set_aside: units(0.5) };
        let spending = Spending { spent: units(1.0), reserved: units(0.5) };
        let check = |limit, cost| BudgetCheck::new(Period::Day, units(limit), spending, &figures(cost)).to_string();
        assert_eq!(check(3.0, 1.0), "It keeps within today's budget of 3.00, of which 1.00 are spent and 0.50 set aside.");
        assert!(check(2.0, 1.0).starts_with("It would exceed today's budget of 2.00"));
        assert!(check(1.8, 1.0).starts_with("Nothing would begin"));
        let unknown = Figures::NotMeasured { reason: "nobody drew".to_owned() };
        let unknown = BudgetCheck::new(Period::Total, units(3.0), spending, &unknown);
        assert_eq!((unknown.exceeded, unknown.nothing_begins), (None, None));
        assert!(unknown.to_string().starts_with("Nobody can say"));
    }
}
