//! The plan: what would be made, why, and what it costs, before anything is made.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, PoisonError};

use bible::{Digest, Project, Slug};
use layout::LayoutEngine;
use serde::Serialize;
use store::{Placed, RecipeKind, VerdictStatus};
use uuid::Uuid;

use crate::attempts::attempts_at_rejected;
use crate::cut::is_of;
use crate::gate::{GateReport, by_construction};
use crate::graph::{EpisodeNode, FilmedShot, Graph, Node, Work};
use crate::people::GATE;
use crate::pieces::Piece;
use crate::reason::{self, Reason};
use crate::remembered::Remembered;
use crate::subject::Subject;
use crate::{Show, Studio, StudioError};

/// What a production would do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// The project.
    pub project: Slug,
    /// The version of the bible that is planned for.
    pub bible: Digest,
    /// What would be made, in order.
    pub steps: Vec<Step>,
    /// Subjects that stay as they are.
    pub unchanged: usize,
    /// Subjects that are made and wait for a person, or were rejected.
    pub waiting: Vec<Waiting>,
    /// Subjects that the show no longer has.
    pub removed: Vec<String>,
    /// What it costs.
    pub cost: Cost,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// What is made.
    pub subject: Subject,
    /// From which recipe.
    pub recipe: Digest,
    /// What is done.
    pub action: Action,
    /// Frames of film, or 1 for a picture.
    pub frames: u64,
    /// The pieces of a film that are drawn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pieces: Vec<Piece>,
    /// People whom nothing shows to the model, where accepted pictures of sheets do that: the template takes no more of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without_reference: Vec<Slug>,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Draw it.
    Draw,
    /// The same recipe was made before: use that.
    Reuse,
    /// Join an episode.
    Cut,
    /// Nothing: it is drawn when the pictures that it is drawn from, or that show the model who is in it, are accepted; an
    /// episode is cut when its clips are.
    Wait,
}

/// Something that is made and not accepted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Waiting {
    /// What.
    pub subject: String,
    /// Its verdict.
    pub status: VerdictStatus,
}

/// What a plan costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cost {
    /// Frames and pictures to draw.
    pub frames: u64,
    /// Processor seconds, from what frames of this project took before; none when nothing was measured yet, and where the
    /// farm draws.
    pub cpu_seconds: Option<f64>,
    /// GPU seconds: the built-in engine uses none; none is said where the farm draws, which is for [`Studio::estimate`].
    pub gpu_seconds: Option<f64>,
    /// Money: the built-in engine runs on this machine and costs none; none is said where the farm draws.
    pub money: Option<f64>,
}

impl Step {
    /// A step that makes a node of the graph.
    pub(crate) fn of(node: &Node, action: Action, reasons: Vec<Reason>) -> Self {
        let pieces = if let Work::Film { pieces, .. } = &node.work { pieces.to_vec() } else { Vec::new() };
        let frames = node.work.frames().into();
        Self { subject: node.subject.clone(), recipe: node.recipe, action, frames, pieces, without_reference: Vec::new(), reasons }
    }

    /// A step that joins an episode, or waits to.
    pub(crate) fn of_episode(episode: &EpisodeNode, action: Action, frames: u64, reasons: Vec<Reason>) -> Self {
        let (subject, recipe) = (Subject::Episode(episode.at), episode.recipe);
        Self { subject, recipe, action, frames, pieces: Vec::new(), without_reference: Vec::new(), reasons }
    }
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.removed.is_empty()
    }

    /// Steps that draw.
    pub fn to_draw(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.action == Action::Draw)
    }

    /// Every field that changed, with the number of steps that it causes, most first.
    #[must_use]
    pub fn causes(&self) -> Vec<(String, usize)> {
        let mut counted: BTreeMap<String, usize> = BTreeMap::new();
        let made = |step: &&Step| !matches!(step.action, Action::Cut | Action::Wait);
        for reason in self.steps.iter().filter(made).flat_map(|step| &step.reasons) {
            *counted.entry(reason.to_string()).or_default() += 1;
        }
        let mut causes: Vec<_> = counted.into_iter().collect();
        causes.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        causes
    }
}

/// The state of the world that a plan compares with.
pub(crate) struct Current {
    pub(crate) project: Option<Uuid>,
    pub(crate) placed: HashMap<String, Placed>,
}

impl Current {
    async fn read(studio: &Studio, slug: &Slug) -> Result<Self, StudioError> {
        let Some(project) = studio.store.project_by_slug(slug).await? else {
            return Ok(Self { project: None, placed: HashMap::new() });
        };
        Ok(Self { project: Some(project.id), placed: studio.placed_by_subject(project.id).await? })
    }

    /// What something has to wait for: a film for its shot, which is drawn and not accepted, or waits itself; all else for the
    /// pictures that show the model who is in it.
    fn waits_for(&self, graph: &Graph<'_>, node: &Node) -> Vec<Reason> {
        let (Work::Film { shot, .. }, Subject::Film(at)) = (&node.work, &node.subject) else {
            return graph.awaited(&node.subject).into_iter().map(Reason::from).collect();
        };
        let of = Subject::Shot(*at);
        let placed = self.placed.get(&of.to_string()).filter(|placed| placed.recipe == *shot);
        let open = placed.is_some_and(|placed| placed.status != VerdictStatus::Accepted);
        if open || !graph.awaited(&of).is_empty() { vec![Reason::NotAccepted] } else { Vec::new() }
    }
}

/// Whether a film takes the place of its shot's held pictures: it is drawn from the pictures that the shot has, and accepted.
pub(crate) fn uses(placed: &HashMap<String, Placed>, film: &FilmedShot) -> bool {
    let own = placed.get(&film.film.to_string()).filter(|own| own.recipe == film.recipe && own.status == VerdictStatus::Accepted);
    own.is_some_and(|own| placed.get(&film.shot.to_string()).is_none_or(|shot| !shot.is_newer_than(own)))
}

impl Studio {
    /// Says what producing a show would do. Writes nothing.
    ///
    /// # Errors
    /// [`StudioError`] when the show names something that cannot be drawn, or the store does not answer.
    pub async fn plan(&self, show: &Show) -> Result<Plan, StudioError> {
        let engine = show.engine();
        let rendering = self.rendering_of(show).await?;
        let stamp = show.engine_stamp(&engine, rendering.as_ref());
        let before = self.remembered.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let graph = {
            let untouched = before.as_ref().and_then(|before| before.held_against(&show.project, stamp));
            Graph::after(&show.project, &engine, rendering, untouched.as_ref())?
        };
        let now = Arc::new(Remembered::new(Arc::clone(&show.project), stamp, &graph));
        *self.remembered.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        self.plan_graph(show, &graph).await.map(|(plan, _)| plan)
    }

    /// What is used for each subject of a project, by its name.
    pub(crate) async fn placed_by_subject(&self, project: Uuid) -> Result<HashMap<String, Placed>, StudioError> {
        let placed = self.store.placements(project).await?;
        Ok(placed.into_iter().map(|placed| (placed.subject.clone(), placed)).collect())
    }

    pub(crate) async fn plan_graph(&self, show: &Show, graph: &Graph<'_>) -> Result<(Plan, Current), StudioError> {
        let current = Current::read(self, &show.project.settings.slug).await?;
        let mut stale: Vec<&Node> = Vec::new();
        let mut waiting = Vec::new();
        let mut rejected: Vec<(usize, Uuid)> = Vec::new();
        let mut rejected_films = HashMap::new();
        let mut unchanged = 0;
        for (place, node) in graph.nodes.iter().enumerate() {
            // Before the first production nothing is placed, and nothing has to be looked up by name.
            let name = if current.placed.is_empty() { String::new() } else { node.subject.to_string() };
            match current.placed.get(&name) {
                Some(placed) if placed.recipe == node.recipe => {
                    unchanged += 1;
                    if placed.status == VerdictStatus::Rejected {
                        // A film is drawn once: nothing is known that a second seed would mend.
                        match node.subject {
                            Subject::Film(_) => drop(rejected_films.insert(placed.artifact, name.clone())),
                            _ => rejected.push((place, placed.artifact)),
                        }
                    }
                    if placed.status != VerdictStatus::Accepted {
                        waiting.push(Waiting { subject: name, status: placed.status });
                    }
                }
                _ => stale.push(node),
            }
        }
        // A film that a person rejected waits for nobody: its shot holds its key pictures.
        let films: Vec<Uuid> = rejected_films.keys().copied().collect();
        for (artifact, verdict) in self.store.latest_verdicts(&films).await? {
            if verdict.decided_by != GATE {
                waiting.retain(|waiting: &Waiting| rejected_films.get(&artifact) != Some(&waiting.subject));
            }
        }
        let mut steps = self.explain(show, graph, &current, &stale).await?;
        let mut drawn_again: HashSet<&Subject> = stale.iter().map(|node| &node.subject).collect();
        let again = self.drawn_again(show, graph, &current, &rejected, &drawn_again).await?;
        if !again.is_empty() {
            drawn_again.extend(again.iter().map(|(node, ..)| &node.subject));
            unchanged -= again.len();
            let names: HashSet<String> = again.iter().map(|(node, ..)| node.subject.to_string()).collect();
            waiting.retain(|waiting: &Waiting| !names.contains(&waiting.subject));
            steps.extend(again.into_iter().map(|(node, action, reason)| Step::of(node, action, vec![reason])));
            let order: HashMap<&Subject, usize> = graph.nodes.iter().enumerate().map(|(place, node)| (&node.subject, place)).collect();
            steps.sort_by_key(|step| order.get(&step.subject).copied());
        }
        let mut waits: HashMap<Subject, Vec<Reason>> = HashMap::new();
        for step in steps.iter().filter(|step| step.action == Action::Wait) {
            drawn_again.remove(&step.subject);
            waits.insert(step.subject.clone(), step.reasons.clone());
        }
        for episode in &graph.episodes {
            let cut = match current.project {
                Some(project) => self.store.latest_cut(project, episode.at).await?,
                None => None,
            };
            let frames = show.project.episodes.iter().find(|known| known.at == episode.at).map_or(0, bible::story::Episode::frames);
            let mut missing: Vec<Reason> = Vec::new();
            for reason in episode.clips.iter().filter_map(|clip| waits.get(clip)).flatten() {
                if !missing.contains(reason) {
                    missing.push(reason.clone());
                }
            }
            if !missing.is_empty() {
                steps.push(Step::of_episode(episode, Action::Wait, frames, missing));
                continue;
            }
            let (clips, recipe) = episode.cut_with(|film| uses(&current.placed, film));
            let mut material = episode.clips.iter().chain(episode.films.iter().map(|film| &film.film));
            if cut.as_ref().is_some_and(|cut| is_of(cut, &clips, recipe, &current.placed))
                && !material.any(|clip| drawn_again.contains(clip))
            {
                unchanged += 1;
                continue;
            }
            let reason = if cut.is_some() { Reason::Material } else { Reason::New };
            steps.push(Step { recipe, ..Step::of_episode(episode, Action::Cut, frames, vec![reason]) });
        }
        let mut removed: Vec<String> = Vec::new();
        if !current.placed.is_empty() {
            let wanted: HashSet<String> = graph.nodes.iter().map(|node| node.subject.to_string()).collect();
            removed.extend(current.placed.keys().filter(|subject| !wanted.contains(*subject)).cloned());
            removed.sort_unstable();
        }
        let cost = self.cost(current.project, &steps, by_construction(&graph.capabilities().name)).await?;
        let plan = Plan { project: show.project.settings.slug.clone(), bible: show.version, steps, unchanged, waiting, removed, cost };
        Ok((plan, current))
    }

    /// What is drawn again although its recipe is the same: what the gate rejects (by place in the graph, with its artifact) and
    /// was drawn less often than it may be, and what is made of the pictures that are chosen of such a shot: what lies between
    /// it and the next, and its film. What a person decided on stays.
    async fn drawn_again<'g>(
        &self,
        show: &Show,
        graph: &'g Graph<'_>,
        current: &Current,
        rejected: &[(usize, Uuid)],
        drawn_anyway: &HashSet<&Subject>,
    ) -> Result<Vec<(&'g Node, Action, Reason)>, StudioError> {
        // The layout engine would draw the same again.
        if current.placed.is_empty() || by_construction(&graph.capabilities().name) {
            return Ok(Vec::new());
        }
        let nodes = &graph.nodes;
        let allowed = show.project.settings.render.attempts();
        let artifacts: Vec<Uuid> = rejected.iter().map(|(_, artifact)| *artifact).collect();
        let verdicts = self.store.latest_verdicts(&artifacts).await?;
        let mut again: BTreeMap<usize, (Action, Reason)> = BTreeMap::new();
        for (place, artifact) in rejected {
            let Some(verdict) = verdicts.get(artifact).filter(|verdict| verdict.decided_by == GATE) else { continue };
            let damaged = |source| StudioError::Damaged { what: format!("the verdict on artifact {artifact}"), source };
            let report: GateReport = serde_json::from_value(verdict.report.clone()).map_err(damaged)?;
            // Where the gate has moved since, what it says now counts.
            let attempts = attempts_at_rejected(&report.held_against(show.gate_of(&nodes[*place].work)));
            if let Some(attempts) = attempts.filter(|attempts| *attempts < allowed) {
                again.insert(*place, (Action::Draw, Reason::Rejected { attempts, of: allowed }));
            }
        }
        let is_shot = |place: &usize| matches!(nodes[*place].work, Work::Shot { .. });
        let placed = |place: usize| current.placed.get(&nodes[place].subject.to_string());
        for (place, node) in nodes.iter().enumerate().filter(|(_, node)| !drawn_anyway.contains(&node.subject)) {
            let before = (0..place).rev().find(is_shot);
            let beside = match node.work {
                Work::Transition { .. } => [before, (place..nodes.len()).find(is_shot)],
                Work::Film { .. } => [before, None],
                Work::Sheet(_) | Work::Shot { .. } => continue,
            };
            let Some(own) = placed(place) else { continue };
            // A production that was stopped in between has the shot, and what is made of it from before.
            let changes = |shot: usize| again.contains_key(&shot) || placed(shot).is_some_and(|shot| shot.is_newer_than(own));
            if !beside.into_iter().flatten().any(changes) {
                continue;
            }
            let is_accepted =
                |shot: usize| !again.contains_key(&shot) && placed(shot).is_some_and(|shot| shot.status == VerdictStatus::Accepted);
            let waits = matches!(node.work, Work::Film { .. }) && !before.is_some_and(is_accepted);
            let next = if waits { (Action::Wait, Reason::NotAccepted) } else { (Action::Draw, Reason::Beside) };
            again.insert(place, next);
        }
        Ok(again.into_iter().map(|(place, (action, reason))| (&*nodes[place], action, reason)).collect())
    }

    /// Why each stale subject is stale, and whether its recipe was made before.
    async fn explain(&self, show: &Show, graph: &Graph<'_>, current: &Current, stale: &[&Node]) -> Result<Vec<Step>, StudioError> {
        let recipes: Vec<Digest> = stale.iter().map(|node| node.recipe).collect();
        let (mut known, mut placements) = (HashSet::new(), HashMap::new());
        if let Some(project) = current.project {
            known.extend(self.store.artifacts_of_recipes(project, &recipes).await?.into_iter().map(|artifact| artifact.recipe));
            let subjects: Vec<String> =
                stale.iter().map(|node| node.subject.to_string()).filter(|name| current.placed.contains_key(name)).collect();
            let found = self.store.placements_of(project, &subjects).await?;
            placements.extend(found.into_iter().map(|placement| (placement.subject.clone(), placement)));
        }
        let mut versions: HashMap<Digest, Option<Project>> = HashMap::new();
        let mut steps = Vec::with_capacity(stale.len());
        for node in stale {
            let waits = current.waits_for(graph, node);
            let action = if known.contains(&node.recipe) {
                Action::Reuse
            } else if waits.is_empty() {
                Action::Draw
            } else {
                Action::Wait
            };
            let placement = if placements.is_empty() { None } else { placements.get(&node.subject.to_string()) };
            let reasons = match placement {
                _ if action == Action::Wait => waits,
                None => vec![Reason::New],
                Some(placement) => {
                    if let std::collections::hash_map::Entry::Vacant(e) = versions.entry(placement.bible) {
                        e.insert(self.version(placement.bible).await);
                    }
                    let old = versions.get(&placement.bible).and_then(Option::as_ref);
                    let mut reasons = reason::changed_fields(&placement.reads, &graph.reads_of(&node.subject)?, old, &show.project);
                    let showing = graph.showing(&node.subject).is_some();
                    if (reasons.is_empty() || showing)
                        && let Some(before) = self.store.recipe(placement.recipe).await?
                    {
                        let now = graph.document_of(&node.subject, &node.work)?;
                        if reasons.is_empty() {
                            reasons = reason::changed_ingredients(&before, &now);
                        } else {
                            // A field that changed says nothing of the pictures that are accepted.
                            reasons.extend(reason::changed_references(&before, &now));
                        }
                    }
                    reasons
                }
            };
            let without_reference = graph.showing(&node.subject).map(|showing| showing.without.clone()).unwrap_or_default();
            steps.push(Step { without_reference, ..Step::of(node, action, reasons) });
        }
        Ok(steps)
    }

    /// An earlier version of the show; none when its blob is gone or was written by another version, which only
    /// costs the old values in reasons.
    async fn version(&self, digest: Digest) -> Option<Project> {
        serde_json::from_slice(&self.blobs.get(digest).await.ok()?).ok()
    }

    /// What steps cost. Of what the farm draws only how much it is: what that takes depends on its nodes.
    pub(crate) async fn cost(&self, project: Option<Uuid>, steps: &[Step], built_in: bool) -> Result<Cost, StudioError> {
        let nothing = built_in.then_some(0.0);
        let mut cost = Cost { frames: 0, cpu_seconds: nothing, gpu_seconds: nothing, money: nothing };
        for kind in [RecipeKind::Sheet, RecipeKind::Shot, RecipeKind::Film, RecipeKind::Transition] {
            let of_kind = steps.iter().filter(|step| step.action == Action::Draw && kind_of(&step.subject) == Some(kind));
            let frames: u64 = of_kind.map(|step| step.frames).sum();
            if frames == 0 {
                continue;
            }
            cost.frames += frames;
            let measured = match project.filter(|_| built_in) {
                Some(project) => self.store.seconds_per_frame(project, kind).await?,
                None => None,
            };
            cost.cpu_seconds = cost.cpu_seconds.zip(measured).map(|(sum, each)| sum + each * frames as f64);
        }
        Ok(cost)
    }
}

/// The kind of recipe behind a subject; none for an episode, which is not drawn.
pub(crate) const fn kind_of(subject: &Subject) -> Option<RecipeKind> {
    match subject {
        Subject::Sheet { .. } => Some(RecipeKind::Sheet),
        Subject::Shot(_) => Some(RecipeKind::Shot),
        Subject::Film(_) => Some(RecipeKind::Film),
        Subject::Transition(_) => Some(RecipeKind::Transition),
        Subject::Episode(_) => None,
    }
}

/// Every recipe of a show that the layout engine draws, computed without any memory of earlier plans: what planning is checked against.
///
/// # Errors
/// As [`Graph::of`].
pub fn all_recipes(project: &Project, engine: &LayoutEngine) -> Result<BTreeMap<Subject, Digest>, StudioError> {
    let graph = Graph::of(project, engine)?;
    Ok(graph.nodes.iter().map(|node| (node.subject.clone(), node.recipe)).collect())
}
