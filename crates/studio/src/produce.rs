//! Producing: a plan is carried out, and whatever is finished is kept, whenever the process ends.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use bible::Digest;
use bytes::Bytes;
use consistency::{Calibration, Other, Status};
use engine::Engine;
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use store::{
    Artifact, ArtifactFile, Attempt, AttemptOutcome, Decision, NewArtifact, Placed, Placement, Project as StoredProject, VerdictStatus,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::attempts::{Settlement, Trial};
use crate::comfy_engine::ComfyEngine;
use crate::draw::{ClipOrder, Drawn, KeyPicture, Witnesses, frames_of, joined};
use crate::gate::{GateReport, by_construction};
use crate::graph::{Graph, Node, Work};
use crate::held_film::settled;
use crate::listing::Listed;
use crate::lock::ProductionLock;
use crate::networks::Networks;
use crate::people::GATE;
use crate::picture_files::MadeFile;
use crate::plan::{Action, Plan, kind_of};
use crate::progress::{Progress, Stage};
use crate::reason::{self, Reason};
use crate::sheet_rounds::SheetsFirst;
use crate::showing::Showing;
use crate::style::{self, Styles};
use crate::subject::Subject;
use crate::{Show, Studio, StudioError};

/// How to produce.
#[derive(Debug, Clone)]
pub struct ProduceOptions {
    /// Folder for locks and half-finished work; belongs to the studio.
    pub data: PathBuf,
    /// Folder that finished episodes are put into.
    pub out: PathBuf,
    /// Shots drawn at the same time.
    pub jobs: usize,
}

/// What came of producing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// Pictures and clips that were drawn.
    pub drawn: usize,
    /// That were made before and are used again.
    pub reused: usize,
    /// That stayed as they were.
    pub unchanged: usize,
    /// Frames of film and pictures that were drawn.
    pub frames: u64,
    /// What waits for a person, or was rejected, with reasons.
    pub waiting: Vec<Listed>,
    /// What is not drawn until front views are accepted that show the model who is in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub awaiting: Vec<Awaiting>,
    /// Episodes, with their files.
    pub episodes: Vec<ProducedEpisode>,
    /// How long it took.
    pub seconds: f64,
}

/// Something that is not drawn yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Awaiting {
    /// What.
    pub subject: String,
    /// What it waits for, as sentences.
    pub reasons: Vec<String>,
}

/// An episode of a production.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProducedEpisode {
    /// Which: `S01E01`.
    pub episode: String,
    /// Whether this production cut it; `false` when it stayed as it was.
    pub cut: bool,
    /// Why it could not be cut; none when it is.
    pub missing: Option<String>,
    /// Its files on the disk, the film first; those of the cut before when it could not be cut.
    pub files: Vec<PathBuf>,
}

/// A production under way.
pub(crate) struct Production<'a> {
    pub(crate) studio: &'a Studio,
    pub(crate) show: &'a Show,
    pub(crate) graph: &'a Graph<'a>,
    pub(crate) engine: Arc<dyn Engine>,
    /// The same where the farm draws.
    pub(crate) comfy: Option<Arc<ComfyEngine>>,
    pub(crate) project: Uuid,
    pub(crate) scratch: PathBuf,
    pub(crate) out: PathBuf,
    pub(crate) progress: &'a Progress,
    pub(crate) cancel: &'a CancellationToken,
    /// What judges pictures that the layout engine does not draw; none when it draws.
    pub(crate) judges: Option<Judges>,
}

/// What judges pictures of other engines than the layout engine.
#[derive(Clone)]
pub(crate) struct Judges {
    pub(crate) networks: Arc<Networks>,
    pub(crate) calibration: Arc<Calibration>,
    pub(crate) styles: Arc<Styles>,
}

impl Studio {
    /// What judges the pictures of a graph; none where who is in them is known by construction.
    pub(crate) fn judges_of(&self, show: &Show, graph: &Graph<'_>) -> Result<Option<Judges>, StudioError> {
        if by_construction(&graph.capabilities().name) {
            return Ok(None);
        }
        self.judges(show).map(Some)
    }

    /// What judges pictures of other engines than the layout engine.
    pub(crate) fn judges(&self, show: &Show) -> Result<Judges, StudioError> {
        let (networks, calibration) = (Networks::new(self.models.clone()), show.calibration()?);
        Ok(Judges { networks: Arc::new(networks), calibration: Arc::new(calibration), styles: Arc::default() })
    }

    /// Draws what is stale, judges it, and cuts the episodes whose clips are all accepted.
    ///
    /// Everything that is finished is kept as soon as it is finished. When the process ends before the work
    /// does, in whatever way, the next production goes on from there.
    ///
    /// # Errors
    /// [`StudioError`]. [`StudioError::Cancelled`] after `cancel`, when what was being drawn has been put away.
    pub async fn produce(
        &self,
        show: &Show,
        options: &ProduceOptions,
        progress: &Progress,
        cancel: &CancellationToken,
    ) -> Result<Outcome, StudioError> {
        let start = Instant::now();
        let _lock = ProductionLock::take(&options.data)?;
        let project = self.note(show).await?;
        self.name_version(&self.history(project), show).await?;
        let layout = Arc::new(show.engine());
        let first = SheetsFirst { show, layout: &layout, project, options, progress, cancel };
        let sheets = self.draw_sheets_first(&first).await?;
        let rendering = self.rendering_of(show).await?;
        let graph = Graph::drawn(&show.project, &layout, rendering.clone())?;
        let (plan, current) = self.plan_graph(show, &graph).await?;
        let draws = plan.to_draw().next().is_some();
        let at_work = self.engine_of(&layout, rendering.clone(), draws, project, &options.data, cancel).await?;
        let jobs = at_work.at_once.map_or(options.jobs, |at_once| options.jobs.max(at_once)).max(1);
        let engine = Arc::clone(&at_work.engine);
        let carried_out = async {
            let scratch = fresh_scratch(&options.data)?;
            let production = Production {
                studio: self,
                show,
                graph: &graph,
                engine,
                comfy: at_work.comfy.clone(),
                project,
                scratch,
                out: options.out.clone(),
                progress,
                cancel,
                judges: match &sheets {
                    Some(sheets) => Some(sheets.judges.clone()),
                    None => self.judges_of(show, &graph)?,
                },
            };
            production.tidy(&plan).await?;
            let reused = production.reuse(&plan).await?;
            let to_draw: HashSet<&Subject> = plan.to_draw().map(|step| &step.subject).collect();
            // Sheets first: what is accepted of them is what shots are held against.
            if sheets.is_none() {
                production.judge_again(&current, &to_draw, true).await?;
            }
            production.judge_again(&current, &to_draw, false).await?;
            let mut drawn = production.draw_all(&to_draw, jobs).await?;
            let pictures = plan.to_draw().filter(|step| !matches!(step.subject, Subject::Film(_)));
            let mut frames: u64 = pictures.map(|step| step.frames).sum();
            let due = production.films_due().await?;
            frames += due.iter().map(|(node, _)| u64::from(node.work.frames())).sum::<u64>();
            drawn += due.len();
            if let Some(films) = &at_work.films {
                production.draw_films(&due, films, jobs).await?;
            } else if !due.is_empty() {
                // What was judged again was accepted now: nobody was asked to draw yet.
                let late = self.engine_of(&layout, rendering.clone(), true, project, &options.data, cancel).await?;
                let outcome = match &late.films {
                    Some(films) => production.draw_films(&due, films, jobs).await,
                    None => Ok(()),
                };
                late.rest().await;
                outcome?;
            }
            let waiting = production.held().await?;
            let awaiting = production.awaiting();
            // Sheets that were drawn before the rest was planned are among what stays in that plan.
            let (sheets_drawn, sheets_reused) = sheets.as_ref().map_or((0, 0), |sheets| (sheets.drawn, sheets.reused));
            frames += sheets_drawn as u64;
            drawn += sheets_drawn;
            let facts = RunFacts { drawn: drawn as u64, cached: graph.nodes.len().saturating_sub(drawn) as u64, start };
            let episodes = production.cut_all(&waiting, &facts).await?;
            drop(std::fs::remove_dir_all(&production.scratch));
            let unchanged = plan.unchanged.saturating_sub(sheets_drawn + sheets_reused);
            let (reused, seconds) = (reused + sheets_reused, start.elapsed().as_secs_f64());
            Ok(Outcome { drawn, reused, unchanged, frames, waiting, awaiting, episodes, seconds })
        };
        let outcome = carried_out.await;
        at_work.rest().await;
        outcome
    }

    /// Makes the show known to the store, with its version as a blob.
    pub(crate) async fn note(&self, show: &Show) -> Result<Uuid, StudioError> {
        let settings = &show.project.settings;
        let now = (self.environment.now)();
        if self.store.project_by_slug(&settings.slug).await?.is_none_or(|known| known.bible != show.version) {
            self.blobs.put(Bytes::from(show.json.clone())).await?;
        }
        let project = StoredProject {
            id: (self.environment.new_id)(),
            slug: settings.slug.clone(),
            title: settings.title.clone(),
            description: settings.description.clone(),
            bible: show.version,
            created_at: now,
            updated_at: now,
        };
        Ok(self.store.note_project(&project).await?.id)
    }
}

/// Facts about the run that the report shows.
pub(crate) struct RunFacts {
    pub(crate) drawn: u64,
    pub(crate) cached: u64,
    pub(crate) start: Instant,
}

/// An empty folder for half-finished work; whatever a dead process left there is gone.
pub(crate) fn fresh_scratch(data: &Path) -> Result<PathBuf, StudioError> {
    let scratch = data.join("scratch");
    if scratch.exists() {
        std::fs::remove_dir_all(&scratch).map_err(StudioError::file("emptying", &scratch))?;
    }
    std::fs::create_dir_all(&scratch).map_err(StudioError::file("making", &scratch))?;
    Ok(scratch)
}

impl Production<'_> {
    /// Puts in order what earlier productions left: attempts of dead processes, subjects that are gone.
    pub(crate) async fn tidy(&self, plan: &Plan) -> Result<(), StudioError> {
        self.studio.store.abandon_attempts(self.project, (self.studio.environment.now)()).await?;
        if !plan.removed.is_empty() {
            self.studio.store.displace(self.project, plan.removed.clone()).await?;
        }
        Ok(())
    }

    /// Uses what was made from the same recipe before.
    async fn reuse(&self, plan: &Plan) -> Result<usize, StudioError> {
        let steps: Vec<_> = plan.steps.iter().filter(|step| step.action == Action::Reuse).collect();
        self.place_again(steps.into_iter().map(|step| (&step.subject, step.recipe)).collect()).await
    }

    /// Uses what was made from these recipes before.
    pub(crate) async fn place_again(&self, made: Vec<(&Subject, Digest)>) -> Result<usize, StudioError> {
        let recipes: Vec<Digest> = made.iter().map(|(_, recipe)| *recipe).collect();
        let known = self.studio.store.artifacts_of_recipes(self.project, &recipes).await?;
        let by_recipe: HashMap<Digest, Uuid> = known.into_iter().map(|artifact| (artifact.recipe, artifact.id)).collect();
        let mut placements = Vec::new();
        for (subject, recipe) in made {
            if let Some(artifact) = by_recipe.get(&recipe) {
                placements.push(self.placement(subject, recipe, *artifact)?);
            }
        }
        let count = placements.len();
        if count > 0 {
            self.studio.store.place(placements).await?;
        }
        Ok(count)
    }

    fn placement(&self, subject: &Subject, recipe: Digest, artifact: Uuid) -> Result<Placement, StudioError> {
        Ok(Placement {
            project: self.project,
            subject: subject.to_string(),
            recipe,
            artifact,
            reads: reason::stored(&self.graph.reads_of(subject)?),
            bible: self.show.version,
            at: (self.studio.environment.now)(),
        })
    }

    /// Draws what is stale: sheets look by look, then clips, several at a time.
    pub(crate) async fn draw_all(&self, to_draw: &HashSet<&Subject>, jobs: usize) -> Result<usize, StudioError> {
        // Films come after everything that they are made from, and that may be accepted or not.
        let is_stale = |node: &&Node| to_draw.contains(&node.subject) && !matches!(node.work, Work::Film { .. });
        let stale: Vec<&Node> = self.graph.nodes.iter().map(|node| &**node).filter(is_stale).collect();
        let (sheets, clips): (Vec<&Node>, Vec<&Node>) = stale.iter().partition(|node| matches!(node.work, Work::Sheet(_)));
        let mut looks: BTreeMap<String, Vec<&Node>> = BTreeMap::new();
        for node in &sheets {
            looks.entry(look_of(&node.subject)).or_default().push(node);
        }
        if !sheets.is_empty() {
            self.progress.begin(Stage::Sheets, sheets.len() as u64);
        }
        stream::iter(looks.into_values().map(|look| self.draw_look(look))).buffer_unordered(jobs).try_collect::<Vec<()>>().await?;
        if !clips.is_empty() {
            self.progress.begin(Stage::Shots, clips.iter().map(|node| u64::from(node.work.frames())).sum());
        }
        // Transitions last: they melt the pictures that were chosen of their shots.
        let (transitions, shots): (Vec<&Node>, Vec<&Node>) = clips.iter().partition(|node| matches!(node.work, Work::Transition { .. }));
        for clips in [shots, transitions] {
            stream::iter(clips.iter().map(|node| self.draw_clip(node))).buffer_unordered(jobs).try_collect::<Vec<()>>().await?;
        }
        Ok(stale.len())
    }

    /// The engine that draws something: where accepted pictures show the model who is in it, one that shows it these.
    fn engine_for(&self, node: &Node) -> Arc<dyn Engine> {
        match (&self.comfy, self.graph.showing(&node.subject)) {
            (Some(comfy), Some(showing)) if *showing != Showing::default() => Arc::new(comfy.showing(showing)),
            _ => Arc::clone(&self.engine),
        }
    }

    pub(crate) fn stop_when_cancelled(&self) -> Result<(), StudioError> {
        if self.cancel.is_cancelled() { Err(StudioError::Cancelled) } else { Ok(()) }
    }

    /// Draws the stale pictures of one look. They are judged together, for no two pictures of a sheet may be
    /// the same.
    pub(crate) async fn draw_look(&self, nodes: Vec<&Node>) -> Result<(), StudioError> {
        let mut drawn: Vec<(&Node, Uuid, f64, KeyPicture)> = Vec::new();
        for node in nodes {
            self.stop_when_cancelled()?;
            let Work::Sheet(brief) = &node.work else { continue };
            let attempt = self.start(node).await?;
            let (engine, subject, brief, begun) = (self.engine_for(node), node.subject.clone(), brief.as_ref().clone(), Instant::now());
            let task = tokio::task::spawn_blocking(move || KeyPicture::draw(engine.as_ref(), &subject, brief, "picture"));
            let (picture, _) = self.ended(attempt, joined(task, &node.subject).await).await?;
            drawn.push((node, attempt, begun.elapsed().as_secs_f64(), picture));
        }
        let attempts = self.show.project.settings.render.attempts();
        let mut prints: Vec<Other> = Vec::new();
        // All of a look are held against what was accepted before it was drawn, in whatever order they are judged.
        let placed = self.placed().await?;
        for (node, attempt, seconds, picture) in drawn {
            let witnesses = self.witnesses(node, &placed).await?;
            // Each is compared with those before it, so of two alike one is held and not both.
            let others = prints.clone();
            let (engine, subject) = (self.engine_for(node), node.subject.clone());
            let gate = self.show.gate_of(&node.work);
            let judged = tokio::task::spawn_blocking(move || {
                let (engine, witnesses) = (engine.as_ref(), witnesses.as_ref());
                let trial = Trial { engine, subject: &subject, others: &others, gate, witnesses, attempts };
                let Settlement { picture, verdict, .. } = trial.settle(picture)?;
                Ok((picture.fingerprint, Drawn { files: picture.files, report: GateReport::of(gate, vec![verdict]) }))
            });
            let (fingerprint, judged) = self.ended(attempt, joined(judged, &node.subject).await).await?;
            prints.extend(fingerprint.map(|fingerprint| Other { name: node.subject.to_string(), fingerprint }));
            self.keep(node, attempt, seconds, judged).await?;
            self.progress.advance(Stage::Sheets, 1);
            self.progress.finished(Stage::Sheets, &node.subject);
        }
        Ok(())
    }

    async fn draw_clip(&self, node: &Node) -> Result<(), StudioError> {
        self.stop_when_cancelled()?;
        let attempt = self.start(node).await?;
        let (gate, begun) = (self.show.gate_of(&node.work), Instant::now());
        let work = async {
            let order = |clip, engine| ClipOrder {
                engine,
                subject: &node.subject,
                clip,
                frames: frames_of(&node.work),
                melt_from: None,
                scratch: &self.scratch,
                progress: self.progress,
                stage: Stage::Shots,
            };
            match &node.work {
                Work::Shot { clip, .. } => {
                    let witnesses = self.witnesses(node, &self.placed().await?).await?;
                    let attempts = self.show.project.settings.render.attempts();
                    self.studio.draw_shot(order(clip, self.engine_for(node)), gate, witnesses, attempts).await
                }
                Work::Transition { from, to, .. } => {
                    let engine = settled(Arc::clone(&self.engine), self.chosen_around(node).await?, &node.subject)?;
                    self.studio.draw_transition(order(to, engine), from, gate).await
                }
                Work::Sheet(_) | Work::Film { .. } => unreachable!("sheets are drawn look by look, and films by themselves"),
            }
        };
        let outcome = tokio::select! {
            outcome = work => outcome,
            () = self.cancel.cancelled() => Err(StudioError::Cancelled),
        };
        let drawn = self.ended(attempt, outcome).await?;
        self.keep(node, attempt, begun.elapsed().as_secs_f64(), drawn).await?;
        self.progress.finished(Stage::Shots, &node.subject);
        Ok(())
    }

    /// What is placed now; nothing where nobody asks who is in pictures.
    pub(crate) async fn placed(&self) -> Result<Vec<Placed>, StudioError> {
        match self.judges {
            Some(_) => Ok(self.studio.store.placements(self.project).await?),
            None => Ok(Vec::new()),
        }
    }

    /// Who should be in a node's pictures, where that has to be measured.
    async fn witnesses(&self, node: &Node, placed: &[Placed]) -> Result<Option<Witnesses>, StudioError> {
        let Some(Judges { networks, calibration, styles }) = &self.judges else { return Ok(None) };
        let capabilities = self.graph.capabilities();
        let drawn = style::Drawn { project: self.project, engine: &capabilities.name, sheets: matches!(node.work, Work::Sheet(_)) };
        let style = styles.of(self.studio, drawn).await?;
        let people = self.studio.sought(placed, self.graph, node, networks).await?;
        let copies = self.studio.copies_of(self.graph, node, networks).await?;
        Ok(Some(Witnesses { networks: Arc::clone(networks), people, calibration: Arc::clone(calibration), copies, style }))
    }

    pub(crate) async fn start(&self, node: &Node) -> Result<Uuid, StudioError> {
        let id = (self.studio.environment.new_id)();
        let capabilities = self.graph.capabilities();
        let attempt = Attempt {
            id,
            project: self.project,
            recipe: node.recipe,
            subject: node.subject.to_string(),
            engine: capabilities.name.clone(),
            engine_version: capabilities.version.clone(),
            started_at: (self.studio.environment.now)(),
        };
        self.studio.store.start_attempt(&attempt).await?;
        Ok(id)
    }

    /// Notes how an attempt failed, if it did; success is noted together with what it made.
    pub(crate) async fn ended<T>(&self, attempt: Uuid, outcome: Result<T, StudioError>) -> Result<T, StudioError> {
        let ending = match &outcome {
            Ok(_) => return outcome,
            Err(StudioError::Cancelled) => AttemptOutcome::Cancelled,
            Err(error) => AttemptOutcome::Failed(error.to_string()),
        };
        self.studio.store.finish_attempt(attempt, ending, (self.studio.environment.now)()).await?;
        outcome
    }

    /// Keeps what was drawn: the files first, then everything that is known of them in one transaction.
    pub(crate) async fn keep(&self, node: &Node, attempt: Uuid, seconds: f64, drawn: Drawn) -> Result<(), StudioError> {
        let Drawn { files, report } = drawn;
        let mut kept = Vec::with_capacity(files.len());
        for MadeFile { name, media_type, bytes } in files {
            let blob = self.studio.blobs.put(Bytes::from(bytes)).await?;
            kept.push(ArtifactFile { name, digest: blob.digest, media_type: media_type.to_owned(), bytes: blob.bytes });
        }
        let now = (self.studio.environment.now)();
        let capabilities = self.graph.capabilities();
        let canvas = node.work.canvas();
        let again: usize = report.pictures.iter().map(|picture| picture.tries.len().saturating_sub(1)).sum();
        let attempts = self.studio.store.attempts_at(self.project, node.recipe).await? + again as u64;
        let kind = kind_of(&node.subject).unwrap_or(store::RecipeKind::Shot);
        let artifact = Artifact {
            id: (self.studio.environment.new_id)(),
            project: self.project,
            recipe: node.recipe,
            kind,
            subject: node.subject.to_string(),
            engine: capabilities.name.clone(),
            engine_version: capabilities.version.clone(),
            seed: node.work.seed(),
            bible: self.show.version,
            width: canvas.width,
            height: canvas.height,
            frames: node.work.frames(),
            files: kept,
            seconds,
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            status: stored_status(report.status),
            score: report.score.map(consistency::Score::value),
            created_at: now,
        };
        let decision = self.decision(&report, &node.subject)?;
        let placement = self.placement(&node.subject, node.recipe, artifact.id)?;
        let document = self.graph.document_of(&node.subject, &node.work)?;
        self.studio.store.record(NewArtifact { attempt, artifact, document, decision }, placement).await?;
        Ok(())
    }

    pub(crate) fn decision(&self, report: &GateReport, subject: &Subject) -> Result<Decision, StudioError> {
        let json = serde_json::to_value(report).map_err(|source| StudioError::Recipe { subject: subject.clone(), source })?;
        Ok(Decision {
            id: (self.studio.environment.new_id)(),
            status: stored_status(report.status),
            score: report.score.map(consistency::Score::value),
            gate: report.gate.accept.value(),
            decided_by: GATE.to_owned(),
            note: String::new(),
            report: json,
            decided_at: (self.studio.environment.now)(),
        })
    }

    /// What waits until front views are accepted.
    fn awaiting(&self) -> Vec<Awaiting> {
        let awaiting = self.graph.nodes.iter().filter_map(|node| {
            let reasons: Vec<String> = self.graph.awaited(&node.subject).into_iter().map(|front| Reason::from(front).to_string()).collect();
            (!reasons.is_empty()).then(|| Awaiting { subject: node.subject.to_string(), reasons })
        });
        awaiting.collect()
    }

    /// What does not pass the gate.
    async fn held(&self) -> Result<Vec<Listed>, StudioError> {
        let mut listed = self.studio.listed(self.project).await?;
        listed.retain(|picture| picture.status != VerdictStatus::Accepted && !picture.is_settled());
        Ok(listed)
    }
}

/// The subjects of one look of one character belong together.
fn look_of(subject: &Subject) -> String {
    subject.to_string().rsplit_once('/').map_or_else(String::new, |(look, _)| look.to_owned())
}

/// A verdict's status as the store knows it.
pub(crate) const fn stored_status(status: Status) -> VerdictStatus {
    match status {
        Status::Accepted => VerdictStatus::Accepted,
        Status::NeedsReview => VerdictStatus::NeedsReview,
        Status::Rejected => VerdictStatus::Rejected,
    }
}
