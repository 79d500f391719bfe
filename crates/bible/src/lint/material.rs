//! What the rules look at: the show, its prose by place and time, and where everything stands.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::lexicon::Lexicon;
use super::{Evidence, Input};
use crate::fountain::{Element, Heading, Kind, plain};
use crate::resolve::Timeline;
use crate::source::yaml::Step;
use crate::source::{EpisodeSource, Position};
use crate::story::{Scene, Shot};
use crate::{Character, Project, Slug, StoryTime};

/// Words of a heading that say: this scene goes on where the one before stopped.
const GOES_ON: [&str; 5] = ["CONTINUOUS", "CONT", "SAME", "SAME TIME", "MOMENTS LATER"];

/// Words of a heading that take a scene out of the story's order.
const OUT_OF_ORDER: [&str; 9] =
    ["FLASHBACK", "FLASH-FORWARD", "MEMORY", "DREAM", "NIGHTMARE", "VISION", "YEARS AGO", "YEARS EARLIER", "YEARS LATER"];

/// The show, prepared for the rules.
pub(super) struct Material<'a> {
    input: Input<'a>,
    pub(super) project: &'a Project,
    pub(super) lexicon: Lexicon,
    pub(super) timelines: BTreeMap<&'a Slug, Timeline>,
    /// The scenes of all scripts in story order.
    pub(super) script: Vec<ScriptScene<'a>>,
    /// What the bible says of each character in words.
    pub(super) own: Vec<Passage<'a>>,
    /// What the scripts show in words.
    pub(super) action: Vec<Passage<'a>>,
}

/// A scene of a script.
pub(super) struct ScriptScene<'a> {
    pub(super) at: StoryTime,
    pub(super) episode: &'a EpisodeSource,
    pub(super) heading: &'a Heading,
    pub(super) line: u32,
    pub(super) elements: &'a [Element],
}

/// A piece of prose.
pub(super) struct Passage<'a> {
    pub(super) place: Place<'a>,
    pub(super) text: Cow<'a, str>,
    /// When it holds.
    pub(super) at: StoryTime,
    /// Whose document it stands in.
    pub(super) owner: Option<&'a Slug>,
}

/// Where a passage stands.
pub(super) enum Place<'a> {
    Field { document: String, path: Vec<Step> },
    Script { episode: &'a EpisodeSource, line: u32 },
}

/// A path into a YAML document.
macro_rules! steps {
    ($($step:expr),* $(,)?) => { Vec::from([$($crate::source::yaml::Step::from($step)),*]) };
}
pub(super) use steps;

impl<'a> Material<'a> {
    pub(super) fn of(input: &Input<'a>) -> Self {
        let project = input.project;
        let cast = &project.bible.characters;
        // What cannot be resolved is an error of the source, reported there.
        let timelines = cast.iter().filter_map(|(slug, who)| Some((slug, Timeline::of(slug, who).ok()?))).collect();
        let script: Vec<ScriptScene<'a>> = input.episodes.iter().flat_map(script_scenes).collect();
        let own = cast.iter().flat_map(|(slug, who)| own_prose(slug, who)).collect();
        let action = script.iter().flat_map(action_prose).collect();
        Self { input: *input, project, lexicon: Lexicon::of(project), timelines, script, own, action }
    }

    pub(super) fn episodes(&self) -> &'a [EpisodeSource] {
        self.input.episodes
    }

    /// Everyone with their slugs.
    pub(super) fn cast(&self) -> impl Iterator<Item = (&'a Slug, &'a Character)> {
        self.project.bible.characters.iter()
    }

    pub(super) fn character(&self, slug: &Slug) -> Option<&'a Character> {
        self.project.bible.characters.get(slug)
    }

    /// Somebody as they are at a point of the story.
    pub(super) fn character_at(&self, slug: &Slug, at: StoryTime) -> Option<&Character> {
        Some(&*self.timelines.get(slug)?.segment(at).character)
    }

    /// The arc entry of a character that set a field by the given time, or nothing when the base did.
    pub(super) fn set_by(&self, slug: &Slug, field: &str, at: StoryTime) -> Option<usize> {
        match self.timelines.get(slug)?.segment(at).origins.get(field)? {
            crate::resolve::Origin::Arc(index) => Some(*index),
            _ => None,
        }
    }

    /// The place that set a field of a character at a time: the document's own field or the arc entry.
    pub(super) fn field_at(&self, slug: &Slug, field: &[Step], at: StoryTime, value: &str) -> Evidence {
        match self.set_by(slug, &dotted(field), at) {
            Some(index) => {
                let path: Vec<Step> = steps!["arc", index, "changes"].into_iter().chain(field.iter().cloned()).collect();
                self.field(&character_file(slug), &path, value)
            }
            None => self.field(&character_file(slug), field, value),
        }
    }

    /// A value of a document.
    pub(super) fn field(&self, document: &str, path: &[Step], value: &str) -> Evidence {
        let position = self.input.source.map_or(Position::FILE, |source| source.locate(document, path));
        let field = dotted(path);
        let quote = self.line(document, position.line).unwrap_or_else(|| {
            let name = path.iter().rev().find_map(|step| if let Step::Key(key) = step { Some(key.as_str()) } else { None });
            name.map_or_else(|| value.to_owned(), |name| format!("{name}: {value}"))
        });
        Evidence { document: document.to_owned(), field, line: 0, column: 0, quote, at: None }.placed(position)
    }

    fn line(&self, document: &str, line: u32) -> Option<String> {
        let index = line.checked_sub(1)? as usize;
        Some(self.input.tree?.get(document)?.lines().nth(index)?.trim().to_owned())
    }

    /// A sentence of a passage, with the place of the word at byte `focus` of the passage.
    pub(super) fn prose(&self, passage: &Passage<'_>, focus: usize, sentence: &str) -> Evidence {
        let quote = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
        let word: &str = passage.text.get(focus..).and_then(|rest| rest.split_whitespace().next()).unwrap_or_default();
        let column_in = |text: &str| text.find(word).map(|at| text[..at].chars().count() as u32 + 1);
        match &passage.place {
            Place::Script { episode, line } => {
                let line = line + passage.text.get(..focus).unwrap_or_default().matches('\n').count() as u32;
                let document = episode.script_file();
                let text = self.input.tree.and_then(|tree| tree.get(&document)?.lines().nth(line as usize - 1));
                let column = text.and_then(column_in).unwrap_or(1);
                Evidence { document, field: String::new(), line, column, quote, at: Some(passage.at) }
            }
            Place::Field { document, path } => {
                let position = self.input.source.map_or(Position::FILE, |source| source.locate(document, path));
                let evidence = Evidence { document: document.clone(), field: dotted(path), line: 0, column: 0, quote, at: None };
                // A folded text goes over several lines: the word is on one of them.
                let lines = self.input.tree.and_then(|tree| tree.get(document)).into_iter().flat_map(str::lines).enumerate();
                let found = lines
                    .skip(position.line.saturating_sub(1) as usize)
                    .take(30)
                    .find_map(|(index, text)| Some(Position::new(index as u32 + 1, column_in(text)?)));
                evidence.placed(found.filter(|_| position.line > 0 && !word.is_empty()).unwrap_or(position))
            }
        }
    }

    /// A line of a script.
    pub(super) fn script_line(&self, scene: &ScriptScene<'_>, line: u32, quote: &str) -> Evidence {
        let document = scene.episode.script_file();
        let quote = self.line(&document, line).unwrap_or_else(|| quote.to_owned());
        Evidence { document, field: String::new(), line, column: 1, quote, at: Some(scene.at) }
    }

    /// The heading of a scene.
    pub(super) fn heading(&self, scene: &Scene) -> Evidence {
        match self.script_scene(scene.at) {
            Some(script) => self.script_line(script, script.line, &scene.heading),
            None => Evidence {
                document: episode_folder(scene.at),
                field: format!("scenes.{}", scene.at.scene),
                line: 0,
                column: 0,
                quote: scene.heading.clone(),
                at: Some(scene.at),
            },
        }
    }

    /// A shot, or what stands in it at `path`, in the shot list or else in the script.
    pub(super) fn shot(&self, scene: &Scene, shot: &Shot, path: &[Step], value: &str) -> Evidence {
        let script = self.script_scene(scene.at);
        let episode = script.map(|script| script.episode);
        let number = shot.at.shot.saturating_sub(1) as usize;
        let listed = episode.and_then(|episode| {
            let names = [script.and_then(|script| script.heading.number.clone()), Some(scene.at.scene.to_string())];
            let (name, list) = names.into_iter().flatten().find_map(|name| Some((name.clone(), episode.shots.scenes.get(&name)?)))?;
            // Spoken lines that no shot names get shots of their own: then positions in the list say nothing.
            (list.shots.as_ref()?.len() == scene.shots.len()).then(|| (episode.shots_file(), name))
        });
        if let Some((document, name)) = listed {
            let full: Vec<Step> = steps!["scenes", name.as_str(), "shots", number].into_iter().chain(path.iter().cloned()).collect();
            return self.field(&document, &full, value).when(shot.at);
        }
        let quote = if value.is_empty() { shot.action.clone() } else { value.to_owned() };
        match (script, shot.script_line) {
            (Some(script), Some(line)) => self.script_line(script, line, &quote).when(shot.at),
            (Some(script), None) => self.script_line(script, script.line, &scene.heading).when(shot.at),
            (None, _) => Evidence {
                document: episode_folder(scene.at),
                field: format!("scenes.{}.shots.{number}", scene.at.scene),
                line: 0,
                column: 0,
                quote,
                at: Some(shot.at),
            },
        }
    }

    pub(super) fn script_scene(&self, at: StoryTime) -> Option<&ScriptScene<'a>> {
        let wanted = at.at_scene(at.scene);
        self.script.binary_search_by_key(&wanted, |scene| scene.at).ok().map(|index| &self.script[index])
    }

    /// Every scene, in story order.
    pub(super) fn scenes(&self) -> impl Iterator<Item = &'a Scene> {
        self.project.episodes.iter().flat_map(|episode| &episode.scenes)
    }

    /// Scenes with the one after them, where the second goes on where the first stopped.
    pub(super) fn unbroken(&self) -> impl Iterator<Item = (&'a Scene, &'a Scene)> {
        let pairs = self.project.episodes.iter().flat_map(|episode| episode.scenes.windows(2));
        pairs.filter_map(|pair| if let [before, after] = pair { goes_on(after).then_some((before, after)) } else { None })
    }
}

/// Whether a scene's heading says that it goes on where the one before stopped.
pub(super) fn goes_on(scene: &Scene) -> bool {
    let heading = Heading { text: scene.heading.clone(), number: None };
    heading.parts().iter().skip(1).any(|part| {
        let part = part.trim_matches(['(', ')']).to_uppercase();
        GOES_ON.contains(&part.trim_end_matches(['.', '\'', '’']))
    })
}

/// Whether a scene stands outside of the story's order.
pub(super) fn out_of_order(heading: &str) -> bool {
    let heading = heading.to_uppercase();
    OUT_OF_ORDER.iter().any(|words| heading.contains(words))
}

/// A character's document.
pub(super) fn character_file(slug: &Slug) -> String {
    format!("bible/characters/{slug}.yaml")
}

fn episode_folder(at: StoryTime) -> String {
    format!("episodes/{}", at.episode_start().to_string().to_lowercase())
}

/// A path as one writes it: `wardrobe.school.garments.0`.
pub(super) fn dotted(path: &[Step]) -> String {
    let steps = path.iter().map(|step| match step {
        Step::Key(key) => Cow::Borrowed(key.as_str()),
        Step::Index(index) => Cow::Owned(index.to_string()),
    });
    steps.collect::<Vec<_>>().join(".")
}

fn script_scenes(episode: &EpisodeSource) -> Vec<ScriptScene<'_>> {
    let scenes = episode.script.scenes().into_iter().enumerate();
    scenes
        .map(|(index, scene)| ScriptScene {
            at: episode.at.at_scene(u16::try_from(index + 1).unwrap_or(u16::MAX)),
            episode,
            heading: scene.heading,
            line: scene.line,
            elements: scene.elements,
        })
        .collect()
}

fn own_prose<'a>(slug: &'a Slug, who: &'a Character) -> Vec<Passage<'a>> {
    let mut texts: Vec<(Vec<Step>, &str, StoryTime)> = vec![(steps!["description"], &who.description, StoryTime::BEGINNING)];
    if let Some(voice) = &who.voice {
        texts.push((steps!["voice", "description"], &voice.description, StoryTime::BEGINNING));
    }
    for (name, look) in &who.wardrobe {
        texts.push((steps!["wardrobe", name.as_str(), "description"], &look.description, StoryTime::BEGINNING));
    }
    for (index, entry) in who.arc.iter().enumerate() {
        texts.push((steps!["arc", index, "note"], &entry.note, entry.at));
        if let Some(Value::String(text)) = entry.changes.get("description") {
            texts.push((steps!["arc", index, "changes", "description"], text, entry.at));
        }
    }
    let document = character_file(slug);
    let written = texts.into_iter().filter(|(_, text, _)| !text.is_empty());
    written
        .map(|(path, text, at)| Passage {
            place: Place::Field { document: document.clone(), path },
            text: Cow::Borrowed(text),
            at,
            owner: Some(slug),
        })
        .collect()
}

fn action_prose<'a>(scene: &ScriptScene<'a>) -> Vec<Passage<'a>> {
    // What is remembered or dreamt need not be as things are.
    if out_of_order(&scene.heading.text) {
        return Vec::new();
    }
    let shown = scene.elements.iter().filter_map(|element| match &element.kind {
        Kind::Action(text) => Some((element.line, text)),
        _ => None,
    });
    shown
        .map(|(line, text)| Passage {
            place: Place::Script { episode: scene.episode, line },
            text: Cow::Owned(plain(text)),
            at: scene.at,
            owner: None,
        })
        .collect()
}
