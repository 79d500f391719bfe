//! The pictures of a show, and who is in them how: what a filter asks about.
//!
//! Both come from the show as it is now. A picture is in stock when the show would draw it today exactly as it was drawn, so
//! what an edit made stale, what was drawn again, and what the show no longer has are not, and a name in a filter means
//! what it means in the bible.

use std::collections::{BTreeSet, HashMap};

use bible::resolve::{Reads, Timelines};
use bible::story::{CastMember, Episode, Expression, Facing};
use bible::{Digest, Project, Slug, StoryTime};
use director::Director;
use engine::{ClipBrief, PictureBrief};
use search::RowSet;
use serde::Serialize;
use store::Placed;
use uuid::Uuid;

use super::SearchFilter;
use super::error::LookupError;
use crate::draw::key_pictures;
use crate::graph::{Graph, Work, plain};
use crate::plan::kind_of;
use crate::subject::Subject;
use crate::{Show, StudioError};

/// Somebody in a picture.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Sighting {
    /// Who.
    pub character: Slug,
    /// In which look; `plain` for a character without wardrobe.
    pub look: Slug,
    /// Which picture of a sheet it is; none in a shot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<Slug>,
    /// The pose that was asked for.
    pub pose: Slug,
    /// The expression that was asked for.
    pub expression: Expression,
    /// The direction that was asked for, as the camera sees it.
    pub facing: Facing,
}

impl Sighting {
    fn is_meant(&self, filter: &SearchFilter) -> bool {
        let SearchFilter { character, look, pose, expression, facing, kind: _, within: _ } = filter;
        character.as_ref().is_none_or(|character| *character == self.character)
            && look.as_ref().is_none_or(|look| *look == self.look)
            && pose.as_ref().is_none_or(|pose| *pose == self.pose || self.slot.as_ref() == Some(pose))
            && expression.is_none_or(|expression| expression == self.expression)
            && facing.is_none_or(|facing| facing == self.facing)
    }
}

/// A sheet's picture or a shot's pictures, as a show should have them.
#[derive(Debug)]
struct Drawable {
    subject: Subject,
    /// The recipe that it is drawn from; none when that cannot be known.
    recipe: Option<Digest>,
    /// Its pictures by name, with the numbers of who is in them.
    pictures: Vec<(String, Vec<u32>)>,
}

/// The pictures that a show should have.
#[derive(Debug)]
pub(super) struct Stock {
    drawable: Vec<Drawable>,
    sightings: Vec<Sighting>,
}

/// Sightings by number.
struct Sightings<'a> {
    numbers: HashMap<Sighting, u32>,
    casts: HashMap<StoryTime, &'a [CastMember]>,
    timelines: Option<Timelines>,
}

impl<'a> Sightings<'a> {
    fn new(project: &'a Project) -> Self {
        let shots = project.episodes.iter().flat_map(Episode::shots);
        Self {
            numbers: HashMap::new(),
            casts: shots.map(|(_, shot)| (shot.at, shot.cast.as_slice())).collect(),
            // Whoever was briefed has a timeline.
            timelines: Timelines::of(project).ok(),
        }
    }

    fn number(&mut self, brief: &PictureBrief, look: impl Fn(usize) -> Slug, slot: Option<&Slug>) -> Vec<u32> {
        let seen = brief.actors.iter().enumerate().map(|(index, actor)| Sighting {
            character: actor.figure.character.clone(),
            look: look(index),
            slot: slot.cloned(),
            pose: actor.pose.clone(),
            expression: actor.expression,
            facing: actor.facing,
        });
        seen.map(|sighting| {
            let next = self.numbers.len() as u32;
            *self.numbers.entry(sighting).or_insert(next)
        })
        .collect()
    }

    /// The picture of a sheet.
    fn sheet(&mut self, brief: &PictureBrief, look: &Slug, slot: &Slug) -> Vec<(String, Vec<u32>)> {
        vec![("picture.png".to_owned(), self.number(brief, |_| look.clone(), Some(slot)))]
    }

    /// The key pictures of a shot.
    fn shot(&mut self, at: StoryTime, clip: &ClipBrief) -> Vec<(String, Vec<u32>)> {
        let cast = self.casts.get(&at).copied().unwrap_or_default();
        let worn = |member: &CastMember| {
            let timeline = self.timelines.as_ref()?.get(member.character.as_str())?;
            timeline.at(at, member.look.as_ref()).ok()?.look
        };
        let looks: Vec<Slug> = cast.iter().map(|member| worn(member).unwrap_or_else(plain)).collect();
        let look = |index: usize| looks.get(index).cloned().unwrap_or_else(plain);
        let key = key_pictures(clip).into_iter();
        key.map(|(frame, brief)| (format!("frame-{frame:04}.png"), self.number(&brief, look, None))).collect()
    }
}

impl Stock {
    /// Of a show whose graph is known.
    pub(super) fn of(graph: &Graph<'_>, project: &Project) -> Self {
        let mut sightings = Sightings::new(project);
        let drawable = graph.nodes.iter().filter_map(|node| {
            let pictures = match (&node.subject, &node.work) {
                (Subject::Sheet { look, slot, .. }, Work::Sheet(brief)) => sightings.sheet(brief, look, slot),
                (Subject::Shot(at), Work::Shot { clip, .. }) => sightings.shot(*at, clip),
                // Films and transitions are made of pictures that are there by themselves.
                _ => return None,
            };
            Some(Drawable { subject: node.subject.clone(), recipe: Some(node.recipe), pictures })
        });
        let drawable = drawable.collect();
        Self::with(drawable, sightings.numbers)
    }

    /// Of a show whose own drawings are not at hand, so that no recipe can be known: what it uses is taken to be what it
    /// would draw.
    pub(super) fn without_recipes(project: &Project) -> Result<Self, StudioError> {
        let director = Director::new(project)
            .map_err(|error| StudioError::Brief { subject: error.character.to_string(), reason: error.to_string() })?;
        let mut sightings = Sightings::new(project);
        let mut drawable = Vec::new();
        for character in project.bible.characters.keys() {
            for picture in director::sheet(&director, character.as_str()) {
                let (look, slot) = (picture.look.clone().unwrap_or_else(plain), Slug::nearest(picture.slot.name()).unwrap_or_else(plain));
                let since = (picture.since != StoryTime::BEGINNING).then_some(picture.since);
                let pictures = sightings.sheet(&picture.brief, &look, &slot);
                drawable.push(Drawable {
                    subject: Subject::Sheet { character: picture.character, look, since, slot },
                    recipe: None,
                    pictures,
                });
            }
        }
        for episode in &project.episodes {
            for (scene, shot) in episode.shots() {
                let subject = Subject::Shot(shot.at);
                let clip = director.clip(episode, scene, shot, &mut Reads::new());
                let clip = clip.map_err(|error| StudioError::Brief { subject: subject.to_string(), reason: error.to_string() })?;
                let pictures = sightings.shot(shot.at, &clip);
                drawable.push(Drawable { subject, recipe: None, pictures });
            }
        }
        Ok(Self::with(drawable, sightings.numbers))
    }

    fn with(mut drawable: Vec<Drawable>, numbers: HashMap<Sighting, u32>) -> Self {
        drawable.sort_by(|one, other| one.subject.cmp(&other.subject));
        let mut sightings: Vec<(u32, Sighting)> = numbers.into_iter().map(|(sighting, number)| (number, sighting)).collect();
        sightings.sort_by_key(|(number, _)| *number);
        Self { drawable, sightings: sightings.into_iter().map(|(_, sighting)| sighting).collect() }
    }

    /// The names that a field has among all sightings.
    pub(super) fn names(&self, field: impl Fn(&Sighting) -> Vec<&Slug>) -> BTreeSet<&str> {
        self.sightings.iter().flat_map(|sighting| field(sighting).into_iter().map(Slug::as_str).collect::<Vec<_>>()).collect()
    }

    /// What of it is drawn, and where that is kept.
    pub(super) fn on_hand(&self, count: u64, placed: Vec<Placed>) -> OnHand {
        let placed: HashMap<String, Placed> = placed.into_iter().map(|placed| (placed.subject.clone(), placed)).collect();
        let mut pictures = Vec::new();
        let mut by_sighting = vec![Vec::new(); self.sightings.len()];
        for drawable in &self.drawable {
            let same = |placed: &&Placed| drawable.recipe.is_none_or(|recipe| recipe == placed.recipe);
            let Some(placed) = placed.get(&drawable.subject.to_string()).filter(same) else { continue };
            for (name, sightings) in &drawable.pictures {
                sightings.iter().for_each(|sighting| by_sighting[*sighting as usize].push(pictures.len() as u32));
                pictures.push(OnePicture {
                    subject: drawable.subject.clone(),
                    artifact: placed.artifact,
                    name: name.clone(),
                    sightings: sightings.clone(),
                });
            }
        }
        OnHand { count, pictures, by_sighting, sightings: self.sightings.clone() }
    }
}

/// A picture that the show has.
#[derive(Debug)]
pub(super) struct OnePicture {
    pub(super) subject: Subject,
    pub(super) artifact: Uuid,
    pub(super) name: String,
    sightings: Vec<u32>,
}

/// The pictures that a show has, in the order of subjects.
#[derive(Debug)]
pub(super) struct OnHand {
    /// Tells it from what was counted before and after.
    pub(super) count: u64,
    pub(super) pictures: Vec<OnePicture>,
    /// Pictures by the number of a sighting in them.
    by_sighting: Vec<Vec<u32>>,
    sightings: Vec<Sighting>,
}

impl OnHand {
    /// Who is in a picture.
    pub(super) fn seen(&self, picture: &OnePicture) -> Vec<Sighting> {
        picture.sightings.iter().map(|sighting| self.sightings[*sighting as usize].clone()).collect()
    }

    /// Whether somebody in a picture is who and how a filter says.
    pub(super) fn is_meant(&self, picture: u32, owner: &Slug, filter: &SearchFilter) -> bool {
        let sightings = &self.pictures[picture as usize].sightings;
        sightings.iter().map(|sighting| &self.sightings[*sighting as usize]).any(|seen| seen.character == *owner && seen.is_meant(filter))
    }

    /// The pictures that a filter means.
    pub(super) fn meant(&self, filter: &SearchFilter) -> RowSet {
        let count = self.pictures.len();
        let whole = |picture: u32| {
            let subject = &self.pictures[picture as usize].subject;
            filter.kind.is_none_or(|kind| kind_of(subject) == Some(kind)) && filter.within.is_none_or(|within| lies_within(subject, within))
        };
        if filter.asks_who() {
            let meant = self.sightings.iter().zip(&self.by_sighting).filter(|(sighting, _)| sighting.is_meant(filter));
            RowSet::of(count, meant.flat_map(|(_, pictures)| pictures.iter().copied()).filter(|picture| whole(*picture)))
        } else {
            RowSet::of(count, (0..count as u32).filter(|picture| whole(*picture)))
        }
    }
}

/// Whether a subject lies in an episode, a scene or a shot.
fn lies_within(subject: &Subject, within: StoryTime) -> bool {
    let (Subject::Shot(at) | Subject::Film(at) | Subject::Transition(at) | Subject::Episode(at)) = subject else { return false };
    at.episode_start() == within.episode_start()
        && (within.scene == 0 || at.scene == within.scene)
        && (within.shot == 0 || at.shot == within.shot)
}

impl Stock {
    /// Refuses names that mean nothing here, with the nearest that does.
    pub(super) fn check(&self, filter: &SearchFilter, show: &Show) -> Result<(), LookupError> {
        let characters = &show.project.bible.characters;
        if let Some(character) = filter.character.as_ref().filter(|character| !characters.contains_key(*character)) {
            return Err(unknown("character", character, characters.keys().map(Slug::as_str).collect()));
        }
        let theirs = |seen: &Sighting| filter.character.as_ref().is_none_or(|character| *character == seen.character);
        if let Some(look) = &filter.look {
            let mut names = self.names(|seen| if theirs(seen) { vec![&seen.look] } else { Vec::new() });
            let wardrobes = characters.iter().filter(|(slug, _)| filter.character.as_ref().is_none_or(|character| character == *slug));
            names.extend(wardrobes.flat_map(|(_, character)| character.wardrobe.keys().map(Slug::as_str)));
            if !names.contains(look.as_str()) {
                return Err(unknown("look", look, names));
            }
        }
        if let Some(pose) = &filter.pose {
            let names = self.names(|seen| std::iter::once(&seen.pose).chain(&seen.slot).collect());
            if !names.contains(pose.as_str()) {
                return Err(unknown("pose", pose, names));
            }
        }
        Ok(())
    }
}

fn unknown(parameter: &'static str, got: &Slug, known: BTreeSet<&str>) -> LookupError {
    let nearest = bible::source::nearest(got.as_str(), known.iter().copied()).map(str::to_owned);
    LookupError::Unknown { parameter, got: got.to_string(), nearest, known: known.into_iter().map(str::to_owned).collect() }
}
