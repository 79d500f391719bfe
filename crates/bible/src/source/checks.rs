//! What must hold between values and between files.

use std::collections::BTreeMap;

use super::EpisodeSource;
use super::error::{Position, SourceError};
use super::files::Slugs;
use super::spelling::nearest;
use super::yaml::{Kind, Node, Step};
use crate::gate::{Bounds, Gate};
use crate::project::{Bible, Canvas, ProjectSettings, VisualStyle};
use crate::resolve::Timeline;
use crate::shot_list::{CastSpec, LineRef, ShotSpec};
use crate::{Character, Slug, StoryTime};

/// Checks everything that was read.
pub(super) fn check(
    settings: Option<&ProjectSettings>,
    bible: &Bible,
    episodes: &[EpisodeSource],
    slugs: &Slugs,
    nodes: &BTreeMap<String, Node>,
    problems: &mut Vec<SourceError>,
) {
    let mut checks = Checks { slugs, nodes, problems, file: String::new(), scenes: scene_counts(episodes) };
    if let Some(settings) = settings {
        checks.settings(settings);
    }
    checks.style(&bible.style);
    for (slug, character) in &bible.characters {
        checks.in_file(format!("bible/characters/{slug}.yaml"));
        checks.character(slug, character);
    }
    for (slug, location) in &bible.locations {
        checks.in_file(format!("bible/locations/{slug}.yaml"));
        checks.length(&["name".into()], &location.name, 1, 100);
    }
    for (slug, prop) in &bible.props {
        checks.in_file(format!("bible/props/{slug}.yaml"));
        checks.length(&["name".into()], &prop.name, 1, 100);
    }
    let cast = bible.characters.iter().map(|(slug, who)| (slug, &who.name, &who.aliases));
    checks.unique_names("characters", cast);
    let places = bible.locations.iter().map(|(slug, place)| (slug, &place.name, &place.aliases));
    checks.unique_names("locations", places);
    for episode in episodes {
        checks.episode(episode);
    }
}

/// Scenes by episode.
fn scene_counts(episodes: &[EpisodeSource]) -> BTreeMap<StoryTime, usize> {
    episodes.iter().map(|episode| (episode.at, episode.script.scenes().len())).collect()
}

struct Checks<'a> {
    slugs: &'a Slugs,
    nodes: &'a BTreeMap<String, Node>,
    problems: &'a mut Vec<SourceError>,
    file: String,
    scenes: BTreeMap<StoryTime, usize>,
}

macro_rules! path {
    ($($step:expr),* $(,)?) => { &[$(Step::from($step)),*] };
}

impl Checks<'_> {
    fn in_file(&mut self, file: String) {
        self.file = file;
    }

    fn place(&self, path: &[Step]) -> Position {
        self.nodes.get(&self.file).map_or(Position::FILE, |node| node.locate(path))
    }

    fn report(&mut self, path: &[Step], problem: impl Into<String>, fix: impl Into<String>) {
        let error = SourceError::new(&self.file, self.place(path), problem, fix).at_path(path);
        self.problems.push(error);
    }

    fn warn(&mut self, path: &[Step], problem: impl Into<String>, fix: impl Into<String>) {
        let error = SourceError::new(&self.file, self.place(path), problem, fix).at_path(path).warning();
        self.problems.push(error);
    }

    /// Lengths count Unicode scalar values.
    fn length(&mut self, path: &[Step], text: &str, least: usize, most: usize) {
        let length = text.trim().chars().count();
        let Some(Step::Key(field)) = path.last() else { return };
        if length < least {
            self.report(path, format!("`{field}` is empty"), format!("write {least} to {most} characters"));
        } else if length > most {
            self.report(path, format!("`{field}` has {length} characters"), format!("{most} is the most"));
        }
    }

    fn range(&mut self, path: &[Step], value: f64, least: f64, most: f64) {
        if !(least..=most).contains(&value) {
            let Some(Step::Key(field)) = path.last() else { return };
            self.report(path, format!("`{field}` is {value}"), format!("write {least} to {most}"));
        }
    }

    fn known(&mut self, path: &[Step], slug: &Slug, what: &str, folder: &str) {
        let names = match folder {
            "characters" => &self.slugs.characters,
            "locations" => &self.slugs.locations,
            _ => &self.slugs.props,
        };
        if names.contains(slug) {
            return;
        }
        let fix = match nearest(slug.as_str(), names.iter().map(Slug::as_str)) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("add bible/{folder}/{slug}.yaml, or name one that is there"),
        };
        self.report(path, format!("there is no {what} `{slug}`"), fix);
    }

    fn settings(&mut self, settings: &ProjectSettings) {
        self.in_file("project.yaml".to_owned());
        self.length(path!["title"], &settings.title, 1, 200);
        self.length(path!["description"], &settings.description, 0, 2000);
        self.gate(&settings.gate);
        let Canvas { width, height } = settings.canvas;
        for (side, pixels) in [("width", width), ("height", height)] {
            if pixels % 2 == 1 || !(64..=7680).contains(&pixels) {
                let even = (pixels + pixels % 2).clamp(64, 7680);
                self.report(
                    path!["canvas", side],
                    format!("a picture cannot be {pixels} pixels in {side}"),
                    format!("write an even number from 64 to 7680, such as {even}"),
                );
            }
        }
        if let Some(attempts) = settings.render.attempts {
            self.range(path!["render", "attempts"], f64::from(attempts), 1.0, 10.0);
        }
        let tag = settings.language.split('-').next().unwrap_or_default();
        if !(2..=3).contains(&tag.len()) || !settings.language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            self.report(path!["language"], format!("{:?} is no language", settings.language), "write a tag such as en, ja or pt-BR");
        }
    }

    fn gate(&mut self, gate: &Gate) {
        let kinds = (gate.shots.iter().map(|(framing, bounds)| (path!["gate", "shots", framing.word()].to_vec(), *bounds)))
            .chain(gate.sheets.map(|bounds| (path!["gate", "sheets"].to_vec(), bounds)));
        let own = (path!["gate"].to_vec(), Bounds { accept: Some(gate.accept), person: gate.person });
        for (path, Bounds { accept, person }) in std::iter::once(own).chain(kinds) {
            let field = |name: &str| -> Vec<Step> { path.iter().cloned().chain([name.into()]).collect() };
            if let Some(accept) = accept {
                // Where one number is all that is written, it is `accept`.
                let written = self.nodes.get(&self.file).and_then(|node| path.iter().try_fold(node, |node, step| node.step(step)));
                let plain = written.is_some_and(|node| matches!(node.kind, Kind::Scalar(_)));
                self.range(&if plain { path.clone() } else { field("accept") }, accept, 0.0, 1.0);
            }
            let Some(person) = person else { continue };
            self.range(&field("person"), person, 0.0, 1.0);
            let accept = accept.unwrap_or(gate.accept);
            if person > accept {
                self.report(
                    &field("person"),
                    format!("`person` is {person}, and from {accept} on pictures are accepted without a person"),
                    format!("write {accept} or less"),
                );
            }
        }
    }

    fn style(&mut self, style: &VisualStyle) {
        self.in_file("bible/style.yaml".to_owned());
        self.range(path!["line_weight"], style.line_weight, 0.5, 2.0);
        self.range(path!["shadow_amount"], style.shadow_amount, 0.0, 2.0);
    }

    fn character(&mut self, slug: &Slug, character: &Character) {
        self.length(path!["name"], &character.name, 1, 100);
        self.length(path!["description"], &character.description, 0, 1000);
        self.range(path!["visual_traits", "height_cm"], character.visual_traits.height_cm, 5.0, 1000.0);
        self.misplaced(character);
        if let Some(voice) = &character.voice {
            if let Some(pitch) = voice.pitch {
                self.range(path!["voice", "pitch"], f64::from(pitch), 0.0, 99.0);
            }
            if let Some(words) = voice.words_per_minute {
                self.range(path!["voice", "words_per_minute"], f64::from(words), 80.0, 300.0);
            }
        }
        for (index, tie) in character.relationships.iter().enumerate() {
            self.known(path!["relationships", index, "to"], &tie.to, "character", "characters");
            if tie.to == *slug {
                self.report(path!["relationships", index, "to"], format!("`{slug}` is tied to themselves"), "name another character");
            }
            for (field, time) in [("since", tie.since), ("until", tie.until)] {
                if let Some(time) = time {
                    self.story_time(path!["relationships", index, field], time);
                }
            }
            if let (Some(since), Some(until)) = (tie.since, tie.until)
                && until <= since
            {
                self.report(path!["relationships", index, "until"], format!("{until} is not after {since}"), "a tie ends after it began");
            }
        }
        for (index, entry) in character.arc.iter().enumerate() {
            self.story_time(path!["arc", index, "at"], entry.at);
            if index > 0 && entry.at < character.arc[index - 1].at {
                self.warn(
                    path!["arc", index, "at"],
                    format!("{} stands after {}", entry.at, character.arc[index - 1].at),
                    "write the arc in story order",
                );
            }
        }
        self.looks(slug, character);
    }

    /// Fields that are kept as extras where they are and mean something elsewhere.
    fn misplaced(&mut self, character: &Character) {
        const OF_A_LOOK: [&str; 2] = ["accessories", "garments"];
        const OF_TRAITS: [&str; 10] = ["build", "height_cm", "head", "hair", "eyes", "brows", "nose", "ears", "tail", "marks"];
        const OF_THE_CHARACTER: [&str; 8] = ["age", "pronouns", "colour_model", "personality", "voice", "wardrobe", "relationships", "arc"];
        let look = character.look.as_ref().map_or("<look>", Slug::as_str);
        let worn = |field: &str| format!("move it into the look that it belongs to: `wardrobe: {{ {look}: {{ {field}: … }} }}`");
        let mut found: Vec<(Vec<Step>, String)> = Vec::new();
        for field in character.visual_traits.extra.keys() {
            let path = path!["visual_traits", field.as_str()].to_vec();
            if OF_A_LOOK.contains(&field.as_str()) {
                found.push((path, worn(field)));
            } else if OF_THE_CHARACTER.contains(&field.as_str()) {
                found.push((path, format!("move `{field}` out of `visual_traits`, to the fields of the character")));
            }
        }
        for field in character.extra.keys() {
            let path = path![field.as_str()].to_vec();
            if OF_A_LOOK.contains(&field.as_str()) {
                found.push((path, worn(field)));
            } else if OF_TRAITS.contains(&field.as_str()) {
                found.push((path, format!("move it into `visual_traits: {{ {field}: … }}`")));
            }
        }
        for (path, fix) in found {
            let Some(Step::Key(field)) = path.last() else { continue };
            let at = self.nodes.get(&self.file).map_or(Position::FILE, |node| node.locate_key(&path));
            let problem = format!("`{field}` is kept here as an extra field, and nothing is drawn or told of it");
            self.problems.push(SourceError::new(&self.file, at, problem, fix).at_path(&path).warning());
        }
    }

    /// Resolves the arc and looks at what is worn in each of its segments.
    fn looks(&mut self, slug: &Slug, character: &Character) {
        let timeline = match Timeline::of(slug, character) {
            Ok(timeline) => timeline,
            Err(error) => {
                let mut path = vec![Step::from("arc"), Step::Index(error.entry.unwrap_or(0)), Step::from("changes")];
                path.extend(error.steps.iter().map(|step| step.parse().map_or_else(|_| Step::Key(step.clone()), Step::Index)));
                let missing = error.reason.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
                if let Some(field) = missing {
                    path.push(field.into());
                }
                let (problem, fix) = error.reason.split_once(": ").unwrap_or((&error.reason, ""));
                let problem = match missing {
                    Some(field) => format!("after this change there is no `{field}`, which every character needs"),
                    None if error.path.is_empty() => problem.to_owned(),
                    None => format!("after this change `{}` does not fit: {problem}", error.path),
                };
                self.report(&path, problem, fix);
                return;
            }
        };
        for segment in timeline.segments() {
            let Err(error) = timeline.at(segment.from, None) else { continue };
            let entry = character.arc.iter().rposition(|entry| entry.at == segment.from);
            let path = match entry {
                Some(index) => vec![Step::from("arc"), Step::Index(index), Step::from("changes"), Step::from("look")],
                None => vec![Step::from("look")],
            };
            let text = error.to_string();
            let (problem, fix) = text.split_once("; ").unwrap_or((&text, "write one that the wardrobe has"));
            self.report(&path, problem, fix);
            if entry.is_none() {
                break;
            }
        }
    }

    /// A story time must exist when its episode does.
    fn story_time(&mut self, path: &[Step], time: StoryTime) {
        let Some(scenes) = self.scenes.get(&time.episode_start()).copied() else { return };
        // That the episode is empty is reported once, at its script.
        if scenes > 0 && usize::from(time.scene) > scenes {
            let episode = time.episode_start();
            let problem = format!("{episode} has no scene {}", time.scene);
            let fix = format!("its last scene is {}", episode.at_scene(u16::try_from(scenes).unwrap_or(u16::MAX)));
            self.report(path, problem, fix);
        }
    }

    /// Names and aliases must tell things apart.
    fn unique_names<'n>(&mut self, folder: &str, things: impl Iterator<Item = (&'n Slug, &'n String, &'n Vec<String>)>) {
        let mut owners: BTreeMap<String, &Slug> = BTreeMap::new();
        for (slug, name, aliases) in things {
            self.in_file(format!("bible/{folder}/{slug}.yaml"));
            let own = std::iter::once((vec![Step::from("name")], name));
            let others = aliases.iter().enumerate().map(|(index, alias)| (vec![Step::from("aliases"), Step::Index(index)], alias));
            for (path, name) in own.chain(others) {
                let key = name.trim().to_uppercase();
                if key.is_empty() {
                    continue;
                }
                match owners.insert(key, slug) {
                    Some(owner) if owner != slug => {
                        self.report(
                            &path,
                            format!("{name:?} is also a name of `{owner}`"),
                            "a script could not tell them apart: choose another",
                        );
                    }
                    _ => {}
                }
            }
        }
    }

    fn episode(&mut self, episode: &EpisodeSource) {
        self.in_file(episode.script_file());
        let length = episode.title.chars().count();
        if length > 200 {
            self.report(&[], format!("the title has {length} characters"), "200 is the most");
        }
        let scenes = episode.script.scenes();
        if scenes.is_empty() {
            self.report(&[], format!("{} has no scene", episode.at), "begin one with a heading such as INT. KITCHEN - DAY");
        }
        self.in_file(episode.shots_file());
        for (name, scene) in &episode.shots.scenes {
            let number = name.parse::<usize>().ok().filter(|number| (1..=scenes.len()).contains(number));
            let named = scenes.iter().any(|scene| scene.heading.number.as_deref() == Some(name));
            let scene_path: Vec<Step> = vec!["scenes".into(), name.as_str().into()];
            if number.is_none() && !named && !scenes.is_empty() {
                let at = self.nodes.get(&self.file).map_or(Position::FILE, |node| node.locate_key(&scene_path));
                let fix = format!("its last scene is {}", scenes.len());
                let error = SourceError::new(&self.file, at, format!("the script has no scene {name}"), fix);
                self.problems.push(error.at_path(&scene_path));
            }
            if let Some(location) = &scene.location {
                let path: Vec<Step> = scene_path.iter().cloned().chain(["location".into()]).collect();
                self.known(&path, location, "location", "locations");
            }
            if let Some(shots) = &scene.shots {
                let path: Vec<Step> = scene_path.iter().cloned().chain(["shots".into()]).collect();
                if shots.is_empty() {
                    self.report(&path, "the scene has no shots", "write one at least, or remove `shots` to leave them to the rules");
                }
                if !scene.refine.is_empty() {
                    let path: Vec<Step> = scene_path.iter().cloned().chain(["refine".into()]).collect();
                    self.report(&path, "the scene has both `shots` and `refine`", "write the changes into the shots themselves");
                }
                for (index, shot) in shots.iter().enumerate() {
                    let path: Vec<Step> = path.iter().cloned().chain([index.into()]).collect();
                    self.shot(&path, shot);
                }
            }
            for (name, shot) in &scene.refine {
                let path: Vec<Step> = scene_path.iter().cloned().chain(["refine".into(), name.as_str().into()]).collect();
                self.shot(&path, shot);
            }
        }
    }

    fn shot(&mut self, path: &[Step], shot: &ShotSpec) {
        let inside = |steps: &[Step]| -> Vec<Step> { path.iter().chain(steps).cloned().collect() };
        if shot.frames == Some(0) {
            self.report(&inside(path!["frames"]), "a shot of 0 frames cannot be seen", "write 1 or more, or remove the shot");
        }
        if let Some(seconds) = shot.seconds {
            if !(seconds > 0.0 && seconds <= 600.0) {
                self.report(
                    &inside(path!["seconds"]),
                    format!("a shot cannot last {seconds} seconds"),
                    "write more than 0 and at most 600",
                );
            }
            if shot.frames.is_some() {
                self.report(&inside(path!["seconds"]), "the shot has both `seconds` and `frames`", "keep one of the two");
            }
        }
        if let Some(camera) = &shot.camera {
            self.range(&inside(path!["camera", "amount"]), camera.amount, 0.0, 1.0);
        }
        for (index, member) in shot.cast.iter().flatten().enumerate() {
            self.cast_member(&inside(path!["cast", index]), member);
        }
        for (index, prop) in shot.props.iter().flatten().enumerate() {
            self.known(&inside(path!["props", index, "prop"]), &prop.prop, "prop", "props");
        }
        for (index, line) in shot.lines.iter().flat_map(|lines| &lines.0).enumerate() {
            if let LineRef::New { text, .. } = line
                && text.trim().is_empty()
            {
                self.report(&inside(path!["lines", index]), "nothing is said", "write what is said, or remove the line");
            }
        }
    }

    fn cast_member(&mut self, path: &[Step], member: &CastSpec) {
        self.known(path, &member.character, "character", "characters");
        let inside =
            |steps: &[Step]| -> Vec<Step> { path.iter().chain(&[Step::from(member.character.as_str())]).chain(steps).cloned().collect() };
        let acting = &member.acting;
        if let Some(x) = acting.x {
            self.range(&inside(path!["x"]), x, -1.5, 1.5);
        }
        if let Some(depth) = acting.depth {
            self.range(&inside(path!["depth"]), depth, -3.0, 40.0);
        }
        for (index, prop) in acting.holds.iter().flatten().enumerate() {
            self.known(&inside(path!["holds", index]), prop, "prop", "props");
        }
        if acting.holds.as_ref().is_some_and(|holds| holds.len() > 2) {
            self.report(&inside(path!["holds"]), "more things than hands", "name two at most, first the right hand's");
        }
        for (index, beat) in acting.beats.iter().flatten().enumerate() {
            if let Some(x) = beat.x {
                self.range(&inside(path!["beats", index, "x"]), x, -1.5, 1.5);
            }
            let in_order = index == 0 || acting.beats.as_ref().is_some_and(|beats| beats[index - 1].at < beat.at);
            if beat.at == 0 || !in_order {
                self.report(
                    &inside(path!["beats", index, "at"]),
                    format!("the change cannot be at frame {}", beat.at),
                    "write frames from 1 on, each after the one before",
                );
            }
        }
    }
}
