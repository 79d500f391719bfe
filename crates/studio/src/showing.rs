//! Which accepted pictures of sheets show a model who the people of a picture are.
//!
//! A sheet's front view is drawn without any. The other pictures of the sheet are shown the front, and shots one picture for
//! each person, so nothing is ever drawn from what is drawn from it. Who has no accepted picture is waited for.

use std::collections::HashMap;

use bible::story::{Facing, Framing};
use bible::{Digest, Slug};
use engine::brief::Actor;
use engine::picture::UsedReference;
use engine::{ClipBrief, PictureBrief};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::draw::key_pictures;

/// The picture of a sheet that all others are shown.
pub(crate) const FRONT: &str = "front";
/// What shows somebody of whom nothing but the face is to be seen.
const PORTRAIT: &str = "portrait";
/// What shows somebody who is turned away.
const BACK: &str = "back";

/// The file of an accepted picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AcceptedFile {
    /// The artifact that it is of.
    pub(crate) artifact: Uuid,
    /// The picture's own file.
    pub(crate) file: Digest,
}

/// A picture of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SheetEntry {
    /// Its name: `sheet mei/everyday/front`.
    pub(crate) picture: String,
    slot: Slug,
    /// None while it is not accepted as it is drawn now.
    pub(crate) accepted: Option<AcceptedFile>,
}

/// The pictures of sheets by the figure that they show.
#[derive(Debug, Default)]
pub(crate) struct SheetShelf {
    by_figure: HashMap<Digest, Vec<SheetEntry>>,
}

/// Somebody of a picture, with what shows a model who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShownPerson {
    /// Who.
    pub(crate) character: Slug,
    /// The picture's name; where none is accepted, that of the front view which is waited for.
    pub(crate) picture: String,
    /// The picture; none where it is waited for.
    pub(crate) accepted: Option<AcceptedFile>,
}

/// By which pictures the people of something are shown to a model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Showing {
    /// The most important first.
    pub(crate) people: Vec<ShownPerson>,
    /// Those for whom the template has no place left.
    pub(crate) without: Vec<Slug>,
}

/// A front view that has to be accepted before something can be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AwaitedFront {
    /// Whose.
    pub(crate) character: Slug,
    /// Its name: `sheet mei/everyday/front`.
    pub(crate) picture: String,
}

impl Showing {
    /// The pictures that are accepted, in order.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (&ShownPerson, &AcceptedFile)> {
        self.people.iter().filter_map(|person| Some((person, person.accepted.as_ref()?)))
    }

    /// What is waited for.
    pub(crate) fn awaited(&self) -> impl Iterator<Item = AwaitedFront> {
        let waited = self.people.iter().filter(|person| person.accepted.is_none());
        waited.map(|person| AwaitedFront { character: person.character.clone(), picture: person.picture.clone() })
    }

    /// What of it belongs to a recipe; none where nobody is shown by a picture. A picture counts by its bytes, and not by the
    /// artifact that they are of.
    pub(crate) fn ingredients(&self) -> Option<Value> {
        let file = |person: &ShownPerson| person.accepted.as_ref().map(|accepted| accepted.file);
        let person = |person: &ShownPerson| json!({ "character": person.character, "picture": person.picture, "file": file(person) });
        (!self.people.is_empty()).then(|| self.people.iter().map(person).collect())
    }

    /// The same as it is written down beside a picture.
    pub(crate) fn used(&self) -> Vec<UsedReference> {
        let used = |(person, accepted): (&ShownPerson, &AcceptedFile)| UsedReference {
            character: person.character.clone(),
            picture: person.picture.clone(),
            artifact: accepted.artifact.to_string(),
            file: accepted.file,
        };
        self.shown().map(used).collect()
    }

    /// The people of two shots, for what melts the one into the other.
    pub(crate) fn of_both(from: Option<&Self>, to: Option<&Self>) -> Self {
        let mut both = Self::default();
        for one in [from, to].into_iter().flatten() {
            both.people.extend(one.people.iter().cloned());
            both.without.extend(one.without.iter().cloned());
        }
        both
    }
}

impl SheetShelf {
    /// Puts a picture of a figure's sheet on the shelf; sheets come in their order.
    pub(crate) fn add(&mut self, figure: Digest, picture: String, slot: &Slug, accepted: Option<AcceptedFile>) {
        let entries = self.by_figure.entry(figure).or_default();
        match entries.iter_mut().find(|entry| entry.picture == picture) {
            Some(known) => known.accepted = accepted,
            None => entries.push(SheetEntry { picture, slot: slot.clone(), accepted }),
        }
    }

    /// The pictures of a figure's sheet.
    pub(crate) fn of(&self, figure: Digest) -> &[SheetEntry] {
        self.by_figure.get(&figure).map_or(&[], Vec::as_slice)
    }

    fn accepted(&self, figure: Digest, slot: &str) -> Option<&SheetEntry> {
        self.of(figure).iter().find(|entry| entry.slot.as_str() == slot && entry.accepted.is_some())
    }

    /// Somebody by the first of these pictures that is accepted, else by the front view; none where no sheet has this figure.
    fn person(&self, character: &Slug, figure: Digest, best: &[&str]) -> Option<ShownPerson> {
        let accepted = best.iter().chain(&[FRONT]).find_map(|slot| self.accepted(figure, slot));
        let entry = accepted.or_else(|| self.of(figure).iter().find(|entry| entry.slot.as_str() == FRONT))?;
        Some(ShownPerson { character: character.clone(), picture: entry.picture.clone(), accepted: entry.accepted.clone() })
    }

    /// How the figure of a sheet's picture is shown: by the front view, which itself is drawn without any.
    pub(crate) fn for_sheet(&self, slot: &Slug, people: &[(&Slug, Digest)]) -> Showing {
        if slot.as_str() == FRONT {
            return Showing::default();
        }
        let people = people.iter().filter_map(|(character, figure)| self.person(character, *figure, &[]));
        Showing { people: people.collect(), without: Vec::new() }
    }

    /// How the people of a shot are shown, where a template takes so many pictures: whoever is more in front comes first, and
    /// of those beside each other whom the script names first.
    pub(crate) fn for_shot(&self, clip: &ClipBrief, figure_of: impl Fn(&Actor) -> Option<Digest>, most: usize) -> Showing {
        let keys: Vec<PictureBrief> = key_pictures(clip).into_iter().map(|(_, picture)| picture).collect();
        let mut order: Vec<(usize, &Actor)> = clip.picture.actors.iter().enumerate().collect();
        order.sort_by(|(_, one), (_, other)| one.depth.total_cmp(&other.depth));
        let mut showing = Showing::default();
        for (place, actor) in order {
            let character = &actor.figure.character;
            if showing.people.iter().any(|known| known.character == *character) || showing.without.contains(character) {
                continue;
            }
            let turned_away = keys.iter().all(|key| key.actors.get(place).is_some_and(|actor| actor.facing == Facing::Back));
            let best: &[&str] = if turned_away {
                &[BACK]
            } else if is_close(clip.picture.framing) {
                &[PORTRAIT]
            } else {
                &[]
            };
            let Some(person) = figure_of(actor).and_then(|figure| self.person(character, figure, best)) else { continue };
            if showing.people.len() < most { showing.people.push(person) } else { showing.without.push(person.character) }
        }
        showing
    }

    /// The pictures that somebody has decided on something with, in place of those that would be chosen now; none where one of
    /// them is not accepted any more, or other people are in it.
    pub(crate) fn kept(&self, now: &Showing, then: &[DecidedBy], figure_of: impl Fn(&Slug) -> Option<Digest>) -> Option<Showing> {
        if now.people.len() != then.len() {
            return None;
        }
        let person = |person: &ShownPerson| {
            let decided = then.iter().find(|decided| decided.character == person.character)?;
            let entries = self.of(figure_of(&person.character)?);
            let same = |accepted: &AcceptedFile| accepted.file == decided.file;
            let entry = entries.iter().find(|entry| entry.picture == decided.picture && entry.accepted.as_ref().is_some_and(same))?;
            Some(ShownPerson { character: person.character.clone(), picture: entry.picture.clone(), accepted: entry.accepted.clone() })
        };
        let people: Option<Vec<ShownPerson>> = now.people.iter().map(person).collect();
        Some(Showing { people: people?, without: now.without.clone() })
    }
}

/// By which picture somebody was shown when a person decided on what was drawn.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct DecidedBy {
    character: Slug,
    picture: String,
    file: Digest,
}

/// Whether a framing shows heads rather than figures.
fn is_close(framing: Framing) -> bool {
    matches!(framing, Framing::MediumCloseUp | Framing::CloseUp | Framing::ExtremeCloseUp)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Show;
    use crate::graph::{Graph, Work};

    fn slug(text: &str) -> Slug {
        text.parse().unwrap()
    }

    /// The figures' digests in these tests: of their characters' names.
    fn figure(character: &Slug) -> Digest {
        Digest::of(character.as_str().as_bytes())
    }

    fn accepted(text: &str) -> Option<AcceptedFile> {
        Some(AcceptedFile { artifact: Uuid::nil(), file: Digest::of(text.as_bytes()) })
    }

    /// Both friends' sheets, of which these pictures are accepted.
    fn shelf(pictures: &[&str]) -> SheetShelf {
        let mut shelf = SheetShelf::default();
        for character in ["aki", "kit"] {
            for slot in [FRONT, BACK, PORTRAIT] {
                let name = format!("{character}/{slot}");
                let file = pictures.contains(&name.as_str()).then(|| accepted(&name)).flatten();
                shelf.add(figure(&slug(character)), name, &slug(slot), file);
            }
        }
        shelf
    }

    /// The three shots of the tiny show: aki from the waist, kit's face, both walking.
    fn clips() -> Vec<ClipBrief> {
        let show = Show::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tiny")).unwrap();
        let layout = show.engine();
        let graph = Graph::of(&show.project, &layout).unwrap();
        let shots = graph.nodes.iter().filter_map(|node| match &node.work {
            Work::Shot { clip, .. } => Some(clip.as_ref().clone()),
            _ => None,
        });
        shots.collect()
    }

    fn shown(shelf: &SheetShelf, clip: &ClipBrief, most: usize) -> Showing {
        shelf.for_shot(clip, |actor| Some(figure(&actor.figure.character)), most)
    }

    fn pictures(showing: &Showing) -> Vec<&str> {
        showing.people.iter().map(|person| person.picture.as_str()).collect()
    }

    #[test]
    fn a_face_is_shown_by_the_portrait_somebody_turned_away_by_the_back_and_all_else_by_the_front() {
        let all = shelf(&["aki/front", "aki/back", "aki/portrait", "kit/front", "kit/portrait"]);
        let mut clips = clips();
        assert_eq!(pictures(&shown(&all, &clips[0], 8)), ["aki/front"]);
        assert_eq!(pictures(&shown(&all, &clips[1], 8)), ["kit/portrait"]);
        assert_eq!(pictures(&shown(&all, &clips[2], 8)), ["aki/front", "kit/front"]);
        clips[0].picture.actors[0].facing = Facing::Back;
        assert_eq!(pictures(&shown(&all, &clips[0], 8)), ["aki/back"]);
        let turns = engine::brief::ActorBeat { at: 13, pose: None, expression: None, facing: Some(Facing::Left), x: None };
        clips[0].performances[0].beats.push(turns);
        assert_eq!(pictures(&shown(&all, &clips[0], 8)), ["aki/front"], "she turns round on the way");
    }

    #[test]
    fn where_the_best_picture_is_not_accepted_the_front_stands_for_it_and_without_a_front_it_is_waited_for() {
        let clips = clips();
        let showing = shown(&shelf(&["kit/front"]), &clips[1], 8);
        assert_eq!((pictures(&showing), showing.awaited().count()), (vec!["kit/front"], 0));
        let showing = shown(&shelf(&["kit/front"]), &clips[2], 8);
        let awaited: Vec<AwaitedFront> = showing.awaited().collect();
        assert_eq!(awaited, [AwaitedFront { character: slug("aki"), picture: "aki/front".to_owned() }]);
        let fronts = [(&slug("aki"), figure(&slug("aki")))];
        assert_eq!(shelf(&[]).for_sheet(&slug(FRONT), &fronts), Showing::default(), "the front itself is drawn without");
        assert_eq!(shelf(&[]).for_sheet(&slug(BACK), &fronts).awaited().count(), 1);
        let showing = SheetShelf::default().for_shot(&clips[2], |actor| Some(figure(&actor.figure.character)), 8);
        assert_eq!(showing, Showing::default(), "nobody waits for a sheet that there is not");
    }

    #[test]
    fn where_a_template_takes_fewer_pictures_than_there_are_people_whoever_is_in_front_has_them() {
        let (fronts, mut clips) = (shelf(&["aki/front", "kit/front"]), clips());
        let showing = shown(&fronts, &clips[2], 1);
        assert_eq!((pictures(&showing), &showing.without), (vec!["aki/front"], &vec![slug("kit")]), "aki is named first");
        clips[2].picture.actors[0].depth = 2.0;
        let showing = shown(&fronts, &clips[2], 1);
        assert_eq!((pictures(&showing), &showing.without), (vec!["kit/front"], &vec![slug("aki")]));
    }

    #[test]
    fn what_a_person_decided_on_keeps_its_pictures_as_long_as_they_are_accepted() {
        let clips = clips();
        let then = [DecidedBy { character: slug("kit"), picture: "kit/front".to_owned(), file: Digest::of(b"kit/front") }];
        let kept = |pictures: &[&str]| {
            let shelf = shelf(pictures);
            shelf.kept(&shown(&shelf, &clips[1], 8), &then, |who| Some(figure(who)))
        };
        assert_eq!(kept(&["kit/front", "kit/portrait"]).unwrap().people[0].picture, "kit/front");
        assert_eq!(kept(&["kit/portrait"]), None);
        let mut other = shelf(&["kit/portrait"]);
        other.add(figure(&slug("kit")), "kit/front".to_owned(), &slug(FRONT), accepted("another front"));
        assert_eq!(other.kept(&shown(&other, &clips[1], 8), &then, |who| Some(figure(who))), None, "it is another picture by now");
    }
}
