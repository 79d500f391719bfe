//! From a shot to what is to be drawn.
//!
//! A [`Director`] resolves each character once for every (look, segment of their story) and shares the
//! figure between all shots. Next to each brief it says which bible values were read.

pub(crate) mod sheet;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use bible::resolve::{FigureInputs, LookError, Read, Reads, ResolvedCharacter, TimelineError, Timelines, figure_inputs};
use bible::story::{CastMember, Episode, Line, PlacedProp, Scene, Shot, TransitionKind};
use bible::{Digest, Project, Slug, StoryTime, character::Worn};
use engine::brief::{
    Actor, ActorBeat, Backdrop, ClipBrief, FigureBrief, GarmentBrief, MouthKey, Performance, PictureBrief, PropBrief, StandingProp,
    StyleBrief, WornBrief,
};

use crate::mouth;

/// Frames in which the last shot of an episode goes down to black (24 to 48 are common).
const LAST_FADE: u32 = 24;

/// Why a shot cannot be briefed. Projects from [`load`](crate::load) only fail by their looks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BriefError {
    /// The cast names nobody known.
    #[error("shot {shot}: there is no character `{character}`")]
    UnknownCharacter {
        /// Which shot.
        shot: StoryTime,
        /// Who.
        character: Slug,
    },
    /// A prop is not in the bible.
    #[error("shot {shot}: there is no prop `{prop}`")]
    UnknownProp {
        /// Which shot.
        shot: StoryTime,
        /// What.
        prop: Slug,
    },
    /// The scene's place is not in the bible.
    #[error("shot {shot}: there is no location `{location}`")]
    UnknownLocation {
        /// Which shot.
        shot: StoryTime,
        /// Where.
        location: Slug,
    },
    /// The look cannot be worn.
    #[error("shot {shot}: the look cannot be worn")]
    Look {
        /// Which shot.
        shot: StoryTime,
        /// Why.
        #[source]
        source: LookError,
    },
}

/// A figure with what was read for it.
#[derive(Debug, Clone)]
struct Figure {
    brief: Arc<FigureBrief>,
    reads: Arc<[Read]>,
}

/// Character, look, segment.
type FigureKey = (Slug, Option<Slug>, usize);

/// Writes the briefs of one version of a project.
#[derive(Debug)]
pub struct Director<'a> {
    project: &'a Project,
    timelines: Timelines,
    style: StyleBrief,
    /// What every picture of the show reads.
    common: Arc<[Read]>,
    places: BTreeMap<&'a Slug, Arc<[Read]>>,
    props: BTreeMap<&'a Slug, (PropBrief, Arc<[Read]>)>,
    figures: Mutex<HashMap<FigureKey, Figure>>,
}

impl<'a> Director<'a> {
    /// A director for a project.
    ///
    /// # Errors
    /// When somebody's arc cannot be applied.
    pub fn new(project: &'a Project) -> Result<Self, TimelineError> {
        let style = &project.bible.style;
        let brief = StyleBrief { line_weight: style.line_weight, line_colour: style.line_colour, shadow_amount: style.shadow_amount };
        let mut common = Reads::new();
        common.note("style.line_weight", &brief.line_weight);
        common.note("style.line_colour", &brief.line_colour);
        common.note("style.shadow_amount", &brief.shadow_amount);
        if project.settings.render.is_comfyui() {
            common.note("settings.render", &project.settings.render.of_pictures());
            common.note("style.description", &style.description);
        }
        let places = project.bible.locations.iter().map(|(slug, place)| {
            let mut reads = Reads::new();
            reads.note(&format!("locations.{slug}.set"), &place.set);
            reads.note(&format!("locations.{slug}.colours"), &place.colours);
            (slug, reads.to_list())
        });
        let props = project.bible.props.iter().map(|(slug, prop)| {
            let mut reads = Reads::new();
            reads.note(&format!("props.{slug}.part"), &prop.part);
            reads.note(&format!("props.{slug}.colours"), &prop.colours);
            (slug, (PropBrief { prop: slug.clone(), part: prop.part.clone(), colours: prop.colours.clone() }, reads.to_list()))
        });
        Ok(Self {
            project,
            timelines: Timelines::of(project)?,
            style: brief,
            common: common.to_list(),
            places: places.collect(),
            props: props.collect(),
            figures: Mutex::default(),
        })
    }

    /// The timelines of the cast.
    #[must_use]
    pub fn timelines(&self) -> &Timelines {
        &self.timelines
    }

    /// What is to be drawn for a shot; adds what was read to `reads`.
    ///
    /// # Errors
    /// When the shot names something that the bible does not have.
    pub fn clip(&self, episode: &Episode, scene: &Scene, shot: &Shot, reads: &mut Reads) -> Result<ClipBrief, BriefError> {
        let settings = &self.project.settings;
        reads.extend(&*self.common);
        reads.note("settings.canvas", &settings.canvas);
        reads.note("settings.frame_rate", &settings.frame_rate);
        let actors = shot.cast.iter().map(|member| self.actor(shot.at, member, reads)).collect::<Result<Vec<_>, _>>()?;
        let props = shot.props.iter().map(|prop| self.standing(shot.at, prop, reads)).collect::<Result<Vec<_>, _>>()?;
        let picture = PictureBrief {
            canvas: settings.canvas,
            style: self.style.clone(),
            backdrop: self.backdrop(shot.at, scene, reads)?,
            framing: shot.framing,
            angle: shot.angle,
            composition: shot.composition,
            actors,
            props,
        };
        self.note_shot(scene, shot, reads);
        let fade_in = if shot.transition.kind == TransitionKind::FadeIn { shot.transition.frames.min(shot.frames) } else { 0 };
        Ok(ClipBrief {
            picture,
            frames: shot.frames,
            rate: settings.frame_rate,
            camera: shot.camera,
            performances: shot.cast.iter().map(|member| performance(member, &shot.lines)).collect(),
            seed: seed(scene, shot),
            fade_in,
            fade_out: fade_out(episode, shot).min(shot.frames - fade_in.min(shot.frames)),
        })
    }

    fn backdrop(&self, at: StoryTime, scene: &Scene, reads: &mut Reads) -> Result<Backdrop, BriefError> {
        let location = &scene.location;
        let place = self.project.bible.locations.get(location).zip(self.places.get(location));
        let Some((place, noted)) = place else {
            return Err(BriefError::UnknownLocation { shot: at, location: location.clone() });
        };
        reads.extend(&**noted);
        Ok(Backdrop::Set { set: place.set.clone(), colours: place.colours.clone(), time: scene.time, weather: scene.weather })
    }

    fn actor(&self, at: StoryTime, member: &CastMember, reads: &mut Reads) -> Result<Actor, BriefError> {
        let timeline = self.timelines.get(member.character.as_str());
        let timeline = timeline.ok_or_else(|| BriefError::UnknownCharacter { shot: at, character: member.character.clone() })?;
        let who = timeline.at(at, member.look.as_ref()).map_err(|source| BriefError::Look { shot: at, source })?;
        let figure = self.figure(&who);
        reads.extend(&*figure.reads);
        if member.look.is_none() {
            reads.note_since(&format!("characters.{}.look", who.slug), who.since, &who.look);
        }
        Ok(Actor {
            figure: figure.brief,
            pose: member.pose.clone(),
            expression: member.expression,
            facing: member.facing,
            x: member.x,
            depth: member.depth,
            holds: member.holds.iter().map(|prop| self.prop(at, prop, reads)).collect::<Result<_, _>>()?,
        })
    }

    /// The figure of a resolved character, shared by everything that shows it.
    fn figure(&self, who: &ResolvedCharacter) -> Figure {
        let key = (who.slug.clone(), who.look.clone(), who.segment);
        // A panic elsewhere leaves whole figures in the map, so a poisoned lock is still good.
        let mut figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = figures.entry(key).or_insert_with(|| {
            let mut reads = Reads::new();
            let inputs = figure_inputs(who, &mut reads);
            Figure { brief: Arc::new(figure_brief(&who.slug, &inputs)), reads: reads.to_list() }
        });
        entry.clone()
    }

    fn prop(&self, at: StoryTime, prop: &Slug, reads: &mut Reads) -> Result<PropBrief, BriefError> {
        let (brief, noted) = self.props.get(prop).ok_or_else(|| BriefError::UnknownProp { shot: at, prop: prop.clone() })?;
        reads.extend(&**noted);
        Ok(brief.clone())
    }

    fn standing(&self, at: StoryTime, placed: &PlacedProp, reads: &mut Reads) -> Result<StandingProp, BriefError> {
        Ok(StandingProp { prop: self.prop(at, &placed.prop, reads)?, x: placed.x, height: placed.height, depth: placed.depth })
    }

    /// The story's own fields, by the paths that a comparison of projects uses.
    fn note_shot(&self, scene: &Scene, shot: &Shot, reads: &mut Reads) {
        let place = format!("episodes.{}.{:02}", scene.at.episode_start(), scene.at.scene);
        reads.note(&format!("{place}.location"), &scene.location);
        reads.note(&format!("{place}.time"), &scene.time);
        reads.note(&format!("{place}.weather"), &scene.weather);
        let place = format!("{place}.{:03}", shot.at.shot);
        reads.note(&format!("{place}.frames"), &shot.frames);
        reads.note(&format!("{place}.framing"), &shot.framing);
        reads.note(&format!("{place}.angle"), &shot.angle);
        reads.note(&format!("{place}.camera"), &shot.camera);
        reads.note(&format!("{place}.composition"), &shot.composition);
        reads.note(&format!("{place}.cast"), &shot.cast);
        reads.note(&format!("{place}.props"), &shot.props);
        reads.note(&format!("{place}.lines"), &shot.lines);
        reads.note(&format!("{place}.transition"), &shot.transition);
    }
}

fn figure_brief(character: &Slug, inputs: &FigureInputs<'_>) -> FigureBrief {
    let worn = |items: &[Worn]| {
        items.iter().map(|item| WornBrief { part: item.part.clone(), side: item.side, colours: item.colours.clone() }).collect::<Vec<_>>()
    };
    FigureBrief {
        character: character.clone(),
        build: inputs.build.clone(),
        height_cm: inputs.height_cm,
        head: inputs.head.cloned(),
        hair: inputs.hair.cloned(),
        eyes: inputs.eyes.cloned(),
        brows: inputs.brows.cloned(),
        nose: inputs.nose.cloned(),
        ears: inputs.ears.cloned(),
        tail: inputs.tail.cloned(),
        marks: worn(inputs.marks),
        garments: inputs
            .garments
            .iter()
            .map(|garment| GarmentBrief { part: garment.part.clone(), colours: garment.colours.clone() })
            .collect(),
        accessories: worn(inputs.accessories),
        colours: inputs.colours.clone(),
    }
}

fn performance(member: &CastMember, lines: &[Line]) -> Performance {
    let beats = member.beats.iter().map(|beat| ActorBeat {
        at: beat.at,
        pose: beat.pose.clone(),
        expression: beat.expression,
        facing: beat.facing,
        x: beat.x,
    });
    let own = lines.iter().filter(|line| line.character == member.character && !line.off_screen);
    let mut mouth: Vec<MouthKey> = Vec::new();
    for key in own.flat_map(|line| mouth::keys(&line.text, line.start, line.frames)) {
        // Where a line begins as the one before ends, the new one has the frame.
        mouth.retain(|known| known.at < key.at);
        if mouth.last().is_none_or(|last| last.shape != key.shape) {
            mouth.push(key);
        }
    }
    Performance { beats: beats.collect(), mouth }
}

/// A seed that belongs to what happens in the shot and not to its number, so that a shot put in before it
/// does not make it another picture. 53 bits, which every reader of JSON keeps exactly.
fn seed(scene: &Scene, shot: &Shot) -> u64 {
    let names: Vec<&Slug> = shot.cast.iter().map(|member| &member.character).collect();
    let lines: Vec<&str> = shot.lines.iter().map(|line| line.text.as_str()).collect();
    let text = serde_json::json!([scene.location, names, shot.action, lines, shot.framing]).to_string();
    let digest = Digest::of(text.as_bytes());
    digest.as_bytes()[..8].iter().fold(0, |seed, byte| seed << 8 | u64::from(*byte)) >> 11
}

/// Frames that go down to black: at the end of the episode, and before a shot that comes up out of black.
fn fade_out(episode: &Episode, shot: &Shot) -> u32 {
    let same = |scene: &&Scene| scene.at == shot.at.at_scene(shot.at.scene);
    let Some(position) = episode.scenes.iter().position(|scene| same(&scene)) else { return 0 };
    let scene = &episode.scenes[position];
    let next = scene.shots.get(usize::from(shot.at.shot)).or_else(|| episode.scenes.get(position + 1)?.shots.first());
    match next {
        Some(next) if next.transition.kind == TransitionKind::FadeIn => next.transition.frames.min(shot.frames / 2),
        Some(_) => 0,
        None => LAST_FADE.min(shot.frames / 2),
    }
}

#[cfg(test)]
mod tests;
