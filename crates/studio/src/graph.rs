//! The build graph: everything a show consists of, with the recipe of each.

mod showings;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bible::project::Canvas;
use bible::resolve::{Read, Reads};
use bible::story::{Episode, Scene, Shot, TransitionKind};
use bible::{Digest, FrameRate, Project, Slug, StoryTime};
use director::Director;
use editorial::voice::ScratchVoice;
use engine::brief::{Actor, Performance};
use engine::{Capabilities, ClipBrief, Engine, EngineError, PictureBrief};
use layout::LayoutEngine;
use serde::Serialize;

use crate::StudioError;
use crate::pieces::Piece;
use crate::recipe::{self, DrawingFiles, FigureDigests, Recipe};
use crate::remembered::{Untouched, clip_of};
use crate::rendering::Rendering;
use crate::showing::{SheetShelf, Showing};
use crate::subject::Subject;

/// Identity of the clip encoder in recipes.
pub(crate) fn encoder() -> String {
    editorial::clip::FFMPEG_ENCODER_ARGUMENTS.join(" ")
}

/// Identity of the assembly in recipes: changes when the same clips and lines would give another film.
const EDITOR: &str = "editorial 1";

/// Something to be drawn.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it is.
    pub subject: Subject,
    /// Its recipe's identity.
    pub recipe: Digest,
    /// How it is made.
    pub work: Work,
}

/// How something is made.
#[derive(Debug, Clone)]
pub enum Work {
    /// One picture.
    Sheet(Arc<PictureBrief>),
    /// A clip and its key pictures.
    Shot {
        /// The shot from its first frame.
        clip: Arc<ClipBrief>,
        /// Frames at its start that are a transition's.
        skip: u32,
    },
    /// A shot's film: what moves between its key pictures.
    Film {
        /// The recipe of the shot, whose key pictures it goes between.
        shot: Digest,
        /// The shot from its first frame.
        clip: Arc<ClipBrief>,
        /// Frames at its start that are a transition's.
        skip: u32,
        /// What is drawn of it; in between, key pictures are held.
        pieces: Arc<[Piece]>,
    },
    /// The frames in which one shot emerges from another.
    Transition {
        /// The shot before; its last picture is what is left.
        from: Arc<ClipBrief>,
        /// The shot that begins.
        to: Arc<ClipBrief>,
        /// How long it takes.
        frames: u32,
    },
}

impl Work {
    /// Frames of film that this makes; 1 for a picture.
    #[must_use]
    pub fn frames(&self) -> u32 {
        match self {
            Self::Sheet(_) => 1,
            Self::Shot { clip, skip } | Self::Film { clip, skip, .. } => clip.frames - skip,
            Self::Transition { frames, .. } => *frames,
        }
    }

    /// Size of its pictures.
    #[must_use]
    pub fn canvas(&self) -> Canvas {
        match self {
            Self::Sheet(brief) => brief.canvas,
            Self::Shot { clip, .. } | Self::Film { clip, .. } | Self::Transition { to: clip, .. } => clip.picture.canvas,
        }
    }

    /// The seed of what is not said; none for what has several.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        match self {
            Self::Sheet(_) | Self::Film { .. } => None,
            Self::Shot { clip, .. } | Self::Transition { to: clip, .. } => Some(clip.seed),
        }
    }
}

/// An episode as a build step.
#[derive(Debug, Clone)]
pub struct EpisodeNode {
    /// Which.
    pub at: StoryTime,
    /// Its recipe's identity.
    pub recipe: Digest,
    /// What it is joined from, in order.
    pub clips: Vec<Subject>,
    /// Films that may take the place of shots among them.
    pub films: Vec<FilmedShot>,
}

/// A film that may take the place of a shot's held key pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilmedShot {
    /// The shot.
    pub shot: Subject,
    /// Its film.
    pub film: Subject,
    /// The film's recipe.
    pub recipe: Digest,
}

impl EpisodeNode {
    /// What it is joined from with the films that are used, and the recipe of that.
    pub(crate) fn cut_with(&self, is_used: impl Fn(&FilmedShot) -> bool) -> (Vec<Subject>, Digest) {
        let used: Vec<&FilmedShot> = self.films.iter().filter(|film| is_used(film)).collect();
        if used.is_empty() {
            return (self.clips.clone(), self.recipe);
        }
        let in_place_of = |shot: &Subject| used.iter().find(|film| film.shot == *shot).map_or(shot, |film| &film.film).clone();
        let listed: String = used.iter().map(|film| format!("\n{} {}", film.film, film.recipe)).collect();
        (self.clips.iter().map(in_place_of).collect(), Digest::of(format!("{}{listed}", self.recipe).as_bytes()))
    }
}

/// A line as it goes into an episode's recipe.
#[derive(Debug, Serialize)]
pub(crate) struct SpokenLine<'a> {
    pub(crate) start: u64,
    pub(crate) frames: u32,
    pub(crate) speaker: &'a str,
    pub(crate) text: &'a str,
    pub(crate) off_screen: bool,
    pub(crate) voice: Option<ScratchVoice>,
}

/// Everything that a show consists of.
pub struct Graph<'a> {
    project: &'a Project,
    director: Director<'a>,
    capabilities: Capabilities,
    encoder: String,
    figures: FigureDigests,
    inputs: Inputs<'a>,
    layout: Capabilities,
    rendering: Option<Rendering>,
    shelf: SheetShelf,
    /// By which pictures the people of sheets and shots are shown to the model, where they are.
    showings: HashMap<Subject, Showing>,
    /// What is drawn, in the order in which it is drawn: sheets, then shots in story order.
    pub nodes: Vec<Arc<Node>>,
    /// What is cut.
    pub episodes: Vec<Arc<EpisodeNode>>,
}

impl<'a> Graph<'a> {
    /// The graph of a project, drawn by the layout engine.
    ///
    /// # Errors
    /// [`StudioError::Brief`] when a shot or sheet cannot be briefed, [`StudioError::Draw`] when it names a
    /// part that the engine does not have.
    pub fn of(project: &'a Project, engine: &'a LayoutEngine) -> Result<Self, StudioError> {
        Self::after(project, engine, None, None)
    }

    /// The graph of a project as its settings have it drawn.
    ///
    /// # Errors
    /// As [`Graph::of`].
    pub fn drawn(project: &'a Project, engine: &'a LayoutEngine, rendering: Option<Rendering>) -> Result<Self, StudioError> {
        Self::after(project, engine, rendering, None)
    }

    /// The graph of a project, with what an earlier one has in common with it.
    pub(crate) fn after(
        project: &'a Project,
        engine: &'a LayoutEngine,
        rendering: Option<Rendering>,
        untouched: Option<&Untouched<'_>>,
    ) -> Result<Self, StudioError> {
        let director = Director::new(project)
            .map_err(|error| StudioError::Brief { subject: error.character.to_string(), reason: error.to_string() })?;
        let mut graph = Self {
            project,
            director,
            capabilities: match &rendering {
                Some(rendering) => rendering.capabilities(&engine.capabilities()),
                None => engine.capabilities(),
            },
            encoder: encoder(),
            figures: FigureDigests::default(),
            inputs: Inputs { engine, known: Mutex::default() },
            layout: engine.capabilities(),
            rendering,
            shelf: SheetShelf::default(),
            showings: HashMap::new(),
            nodes: Vec::new(),
            episodes: Vec::new(),
        };
        graph.add_sheets(untouched)?;
        for episode in &project.episodes {
            graph.add_episode(episode, untouched)?;
        }
        Ok(graph)
    }

    fn add_sheets(&mut self, untouched: Option<&Untouched<'_>>) -> Result<(), StudioError> {
        let project = self.project;
        for character in project.bible.characters.keys() {
            if let Some(sheets) = untouched.and_then(|untouched| untouched.sheets(character)) {
                for node in sheets {
                    self.note_showing(&node.subject, &node.work)?;
                    self.note_sheet(&node)?;
                    self.nodes.push(node);
                }
                continue;
            }
            for picture in director::sheet(&self.director, character.as_str()) {
                let subject = Subject::Sheet {
                    character: picture.character.clone(),
                    look: picture.look.clone().unwrap_or_else(plain),
                    since: (picture.since != StoryTime::BEGINNING).then_some(picture.since),
                    slot: Slug::nearest(picture.slot.name()).unwrap_or_else(plain),
                };
                let work = Work::Sheet(Arc::new(picture.brief));
                self.note_showing(&subject, &work)?;
                let node = self.node(subject, work)?;
                self.note_sheet(&node)?;
                self.nodes.push(node);
            }
        }
        Ok(())
    }

    fn add_episode(&mut self, episode: &'a Episode, untouched: Option<&Untouched<'_>>) -> Result<(), StudioError> {
        let mut clips = Vec::new();
        let mut digests = Vec::new();
        let mut films = Vec::new();
        let mut before: Option<(Arc<ClipBrief>, bool, StoryTime)> = None;
        let mut all_as_before = true;
        let mut shots = episode.shots().peekable();
        while let Some((scene, shot)) = shots.next() {
            let same = untouched.filter(|untouched| untouched.shot(episode.at, scene, shot));
            let kept = same.and_then(|untouched| untouched.node(&Subject::Shot(shot.at)));
            let clip = match kept.as_deref().and_then(clip_of) {
                Some(clip) => Arc::clone(clip),
                None => Arc::new(self.clip(episode, scene, shot, &mut Reads::new())?),
            };
            let dissolve = match &before {
                Some((from, from_same, at)) if dissolve_of(shot) > 0 => Some((Arc::clone(from), *from_same, *at, dissolve_of(shot))),
                _ => None,
            };
            let skip = dissolve.as_ref().map_or(0, |(_, _, _, frames)| *frames);
            let (own, work) = (Subject::Shot(shot.at), Work::Shot { clip: Arc::clone(&clip), skip });
            self.note_showing(&own, &work)?;
            if let Some((from, from_same, from_at, frames)) = dissolve {
                let subject = Subject::Transition(shot.at);
                self.note_both(&subject, &Subject::Shot(from_at), &own);
                let node = match same.filter(|_| from_same).and_then(|untouched| untouched.node(&subject)) {
                    Some(node) => node,
                    None => self.node(subject, Work::Transition { from, to: Arc::clone(&clip), frames })?,
                };
                clips.push(node.subject.clone());
                digests.push(node.recipe);
                self.nodes.push(node);
            }
            before = Some((Arc::clone(&clip), kept.is_some(), shot.at));
            all_as_before &= kept.is_some();
            let melts_away = shots.peek().is_some_and(|(_, next)| dissolve_of(next) > 0);
            let node = match kept {
                Some(node) => node,
                None => self.node(own, work)?,
            };
            clips.push(node.subject.clone());
            digests.push(node.recipe);
            if let Some(film) = self.film(&node, same, &clip, skip, melts_away)? {
                films.push(FilmedShot { shot: node.subject.clone(), film: film.subject.clone(), recipe: film.recipe });
                self.nodes.extend([node, film]);
            } else {
                self.nodes.push(node);
            }
        }
        if let Some(episode) = untouched.filter(|_| all_as_before).and_then(|untouched| untouched.episode(episode)) {
            self.episodes.push(episode);
            return Ok(());
        }
        let subject = Subject::Episode(episode.at);
        let settings = &self.project.settings;
        let recipe = recipe::episode(&episode.title, settings.frame_rate, &digests, &lines(self.project, episode), EDITOR)
            .map_err(|source| StudioError::Recipe { subject, source })?;
        self.episodes.push(Arc::new(EpisodeNode { at: episode.at, recipe: recipe.digest, clips, films }));
        Ok(())
    }

    /// The film of a shot; none where nothing of it is drawn.
    fn film(
        &self,
        shot: &Node,
        same: Option<&Untouched<'_>>,
        clip: &Arc<ClipBrief>,
        skip: u32,
        melts_away: bool,
    ) -> Result<Option<Arc<Node>>, StudioError> {
        let (Some(filming), Subject::Shot(at)) = (self.rendering.as_ref().and_then(Rendering::film), &shot.subject) else {
            return Ok(None);
        };
        let subject = Subject::Film(*at);
        if let Some(node) = same.and_then(|untouched| untouched.node(&subject)) {
            return Ok(Some(node));
        }
        let pieces: Arc<[Piece]> = filming.pieces(clip, skip, melts_away).into();
        if pieces.is_empty() {
            return Ok(None);
        }
        let work = Work::Film { shot: shot.recipe, clip: Arc::clone(clip), skip, pieces };
        self.node(subject, work).map(Some)
    }

    fn node(&self, subject: Subject, work: Work) -> Result<Arc<Node>, StudioError> {
        let recipe = self.recipe_of(&subject, &work)?.digest;
        Ok(Arc::new(Node { subject, recipe, work }))
    }

    fn clip(&self, episode: &Episode, scene: &Scene, shot: &Shot, reads: &mut Reads) -> Result<ClipBrief, StudioError> {
        let brief = self.director.clip(episode, scene, shot, reads);
        brief.map_err(|error| StudioError::Brief { subject: Subject::Shot(shot.at).to_string(), reason: error.to_string() })
    }

    /// The recipe of something in full.
    ///
    /// # Errors
    /// As [`Graph::of`].
    pub fn recipe_of(&self, subject: &Subject, work: &Work) -> Result<Recipe, StudioError> {
        self.recipe_with(subject, work, self.showings.get(subject))
    }

    /// The recipe of something whose people are shown to the model so.
    pub(crate) fn recipe_with(&self, subject: &Subject, work: &Work, showing: Option<&Showing>) -> Result<Recipe, StudioError> {
        let (engine, figures, inputs) = (&self.layout, &self.figures, self.inputs_of(subject, work)?);
        if let (Work::Film { shot, skip, pieces, .. }, Some(filming)) = (work, self.rendering.as_ref().and_then(Rendering::film)) {
            let recipe = recipe::film(*shot, *skip, &self.capabilities, &self.encoder, &filming.ingredients(pieces));
            return recipe.map_err(|source| StudioError::Recipe { subject: subject.clone(), source });
        }
        let recipe = match (work, inputs.as_slice()) {
            (Work::Sheet(brief), [files, ..]) => recipe::sheet(brief, engine, files, figures),
            (Work::Shot { clip, skip }, [files, ..]) => recipe::shot(clip, *skip, engine, &self.encoder, files, figures),
            (Work::Transition { from, to, frames }, [before, after, ..]) => {
                recipe::transition((from, before), (to, after), *frames, engine, &self.encoder, figures)
            }
            _ => unreachable!("inputs_of gives one list for each brief"),
        };
        let recipe = match (&self.rendering, recipe) {
            (Some(rendering), Ok(layout)) => {
                let (people, references) = (people(work).map(|actor| &actor.figure.character), showing.and_then(Showing::ingredients));
                recipe::through(&layout, &self.capabilities, &rendering.ingredients(people, references.is_some()), references)
            }
            (_, recipe) => recipe,
        };
        recipe.map_err(|source| StudioError::Recipe { subject: subject.clone(), source })
    }

    /// The drawings that each brief of something uses.
    fn inputs_of(&self, subject: &Subject, work: &Work) -> Result<Vec<Arc<DrawingFiles>>, StudioError> {
        match work {
            Work::Sheet(brief) => Ok(vec![self.inputs.of_picture(subject, brief)?]),
            Work::Shot { clip, .. } => Ok(vec![self.inputs.of_clip(subject, clip)?]),
            // It is drawn from pictures, and from nothing that these were drawn from.
            Work::Film { .. } => Ok(Vec::new()),
            Work::Transition { from, to, .. } => Ok(vec![self.inputs.of_clip(subject, from)?, self.inputs.of_clip(subject, to)?]),
        }
    }

    /// The recipe together with the figures and drawings that it names, as it is stored.
    ///
    /// # Errors
    /// As [`Graph::of`].
    pub fn document_of(&self, subject: &Subject, work: &Work) -> Result<serde_json::Value, StudioError> {
        let recipe = self.recipe_of(subject, work)?;
        let inputs = self.inputs_of(subject, work)?;
        recipe::document(&recipe, people(work), &inputs, &self.figures)
            .map_err(|source| StudioError::Recipe { subject: subject.clone(), source })
    }

    /// What was read to make something.
    ///
    /// # Errors
    /// As [`Graph::of`].
    pub fn reads_of(&self, subject: &Subject) -> Result<Arc<[Read]>, StudioError> {
        match subject {
            Subject::Sheet { character, look, since, slot } => {
                let sheet = director::sheet(&self.director, character.as_str());
                let found = sheet.into_iter().find(|picture| {
                    picture.look.as_ref().unwrap_or(&plain()) == look
                        && picture.since == since.unwrap_or(StoryTime::BEGINNING)
                        && picture.slot.name() == slot.as_str()
                });
                Ok(found.map(|picture| picture.reads).unwrap_or_default())
            }
            Subject::Shot(at) => Ok(self.reads_of_shots(&[*at])?.to_list()),
            Subject::Film(at) => {
                let mut reads = self.reads_of_shots(&[*at])?;
                reads.note("settings.render.film", &self.project.settings.render.film);
                Ok(reads.to_list())
            }
            Subject::Transition(at) => {
                let mut shots = self.project.episodes.iter().flat_map(Episode::shots).map(|(_, shot)| shot.at);
                let mut before = None;
                while let Some(shot) = shots.next().filter(|shot| shot != at) {
                    before = Some(shot);
                }
                Ok(self.reads_of_shots(&before.into_iter().chain([*at]).collect::<Vec<_>>())?.to_list())
            }
            Subject::Episode(_) => Ok(Arc::default()),
        }
    }

    fn reads_of_shots(&self, shots: &[StoryTime]) -> Result<Reads, StudioError> {
        let mut reads = Reads::new();
        for at in shots {
            let episode = self.project.episodes.iter().find(|episode| episode.at == at.episode_start());
            let scene = episode.and_then(|episode| episode.scenes.iter().find(|scene| scene.at.scene == at.scene));
            let shot = scene.and_then(|scene| scene.shots.iter().find(|shot| shot.at == *at));
            if let (Some(episode), Some(scene), Some(shot)) = (episode, scene, shot) {
                self.clip(episode, scene, shot, &mut reads)?;
            }
        }
        Ok(reads)
    }

    /// The engine's name and version.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Frames per second.
    #[must_use]
    pub fn rate(&self) -> FrameRate {
        self.project.settings.frame_rate
    }
}

/// Frames in which a shot emerges from the one before it; none for a cut.
fn dissolve_of(shot: &Shot) -> u32 {
    if shot.transition.kind == TransitionKind::Dissolve { shot.transition.frames.min(shot.frames - 1) } else { 0 }
}

/// Who is in something.
fn people(work: &Work) -> impl Iterator<Item = &Actor> {
    let (first, second) = match work {
        Work::Sheet(brief) => (brief.actors.as_slice(), &[][..]),
        Work::Shot { clip, .. } => (clip.picture.actors.as_slice(), &[][..]),
        Work::Transition { from, to, .. } => (from.picture.actors.as_slice(), to.picture.actors.as_slice()),
        Work::Film { .. } => (&[][..], &[][..]),
    };
    first.iter().chain(second)
}

/// The name of the look of a character without wardrobe.
pub(crate) fn plain() -> Slug {
    Slug::nearest("plain").unwrap_or_else(|| unreachable!("a literal slug"))
}

/// What is said in an episode, where and in whose voice.
pub(crate) fn lines<'p>(project: &'p Project, episode: &'p Episode) -> Vec<SpokenLine<'p>> {
    let mut start = 0;
    let mut spoken = Vec::new();
    for (_, shot) in episode.shots() {
        for line in &shot.lines {
            let character = project.bible.characters.get(&line.character);
            spoken.push(SpokenLine {
                start: start + u64::from(line.start),
                frames: line.frames,
                speaker: character.map_or(line.character.as_str(), |character| &character.name),
                text: &line.text,
                off_screen: line.off_screen,
                voice: character.map(|character| ScratchVoice::of(&line.character, character, &project.settings.language)),
            });
        }
        start += u64::from(shot.frames);
    }
    spoken
}

/// Digests of the engine's files that briefs use. Many shots use the same figures, poses and sets, so each
/// combination is looked up once.
struct Inputs<'a> {
    engine: &'a LayoutEngine,
    known: Mutex<HashMap<Vec<u8>, Arc<DrawingFiles>>>,
}

impl Inputs<'_> {
    fn of_picture(&self, subject: &Subject, brief: &PictureBrief) -> Result<Arc<DrawingFiles>, StudioError> {
        self.look_up(subject, key_of(brief, &[]), || self.engine.inputs_of(brief))
    }

    fn of_clip(&self, subject: &Subject, clip: &ClipBrief) -> Result<Arc<DrawingFiles>, StudioError> {
        self.look_up(subject, key_of(&clip.picture, &clip.performances), || self.engine.inputs_of_clip(clip))
    }

    fn look_up(
        &self,
        subject: &Subject,
        key: Vec<u8>,
        ask: impl FnOnce() -> Result<Vec<(String, Digest)>, EngineError>,
    ) -> Result<Arc<DrawingFiles>, StudioError> {
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Arc::clone(known));
        }
        let files = ask().map_err(|source| StudioError::Draw { subject: subject.clone(), source })?;
        let files = DrawingFiles::of(files.into_iter().collect());
        let files = Arc::new(files.map_err(|source| StudioError::Recipe { subject: subject.clone(), source })?);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&files));
        Ok(files)
    }
}

/// What of a brief decides which files it uses: figures by identity, poses, props and the set by name.
fn key_of(brief: &PictureBrief, performances: &[Performance]) -> Vec<u8> {
    let mut key = Vec::with_capacity(64);
    let mut add = |bytes: &[u8]| {
        key.extend_from_slice(bytes);
        key.push(0);
    };
    match &brief.backdrop {
        engine::brief::Backdrop::Plain { .. } => add(b"plain"),
        engine::brief::Backdrop::Set { set, time, weather, .. } => {
            add(set.as_str().as_bytes());
            add(time.word().as_bytes());
            add(weather.word().as_bytes());
        }
    }
    for actor in &brief.actors {
        add(&(Arc::as_ptr(&actor.figure) as usize).to_ne_bytes());
        add(actor.pose.as_str().as_bytes());
        add(actor.expression.word().as_bytes());
        add(actor.facing.word().as_bytes());
        actor.holds.iter().for_each(|prop| add(prop.part.as_str().as_bytes()));
        add(b"|");
    }
    brief.props.iter().for_each(|standing| add(standing.prop.part.as_str().as_bytes()));
    for performance in performances {
        performance.mouth.iter().for_each(|key| add(&[key.shape as u8]));
        for beat in &performance.beats {
            add(beat.pose.as_ref().map_or(b"", |pose| pose.as_str().as_bytes()));
            add(beat.expression.map_or(b"", |expression| expression.word().as_bytes()));
            add(beat.facing.map_or(b"", |facing| facing.word().as_bytes()));
        }
        add(b"|");
    }
    key
}
