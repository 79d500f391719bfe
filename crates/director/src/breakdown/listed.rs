//! What the shot list replaces or refines.

use std::collections::BTreeSet;

use bible::Slug;
use bible::shot_list::{Acting, LineRef, SceneShots, ShotSpec};
use bible::source::yaml::Step;
use bible::source::{Severity, SourceError, nearest};
use bible::story::{CastMember, Composition, Facing, Framing};

use super::camera::Camera;
use super::draft::{Draft, Said};
use super::moments::{Moment, Speech};
use super::stage::{Acted, Stage};
use crate::names::Speaker;
use crate::timing;

/// The shots of a scene that the shot list speaks of.
pub(super) fn shots(
    camera: &Camera<'_>,
    moments: &[Moment],
    name: &str,
    scene: &SceneShots,
    problems: &mut Vec<SourceError>,
) -> Vec<Draft> {
    let mut list = List { camera, moments, path: vec!["scenes".into(), name.into()], problems };
    let omitted = list.omitted(&scene.omit);
    let kept: Vec<Moment> =
        moments.iter().filter(|moment| !matches!(moment, Moment::Speech(speech) if omitted.contains(&speech.number))).cloned().collect();
    match &scene.shots {
        Some(shots) => list.replace(&kept, shots),
        None => {
            let mut drafts = camera.drafts(&kept);
            list.refine(&mut drafts, scene);
            drafts
        }
    }
}

struct List<'a> {
    camera: &'a Camera<'a>,
    /// The scene as written, with the lines that are left out.
    moments: &'a [Moment],
    path: Vec<Step>,
    problems: &'a mut Vec<SourceError>,
}

/// A thing said, owned.
enum Item {
    Speech(Speech),
    Pause(f64),
}

impl Item {
    fn said(&self) -> Said<'_> {
        match self {
            Self::Speech(speech) => Said::Speech(speech),
            Self::Pause(seconds) => Said::Pause(*seconds),
        }
    }
}

impl<'a> List<'a> {
    fn report(&mut self, inside: &[Step], problem: impl Into<String>, fix: impl Into<String>) -> &mut SourceError {
        let file = self.camera.episode.shots_file();
        let path: Vec<Step> = self.path.iter().chain(inside).cloned().collect();
        self.problems.push(SourceError::new(&file, self.camera.source.locate_key(&file, &path), problem, fix).at_path(&path));
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    fn warn(&mut self, inside: &[Step], problem: impl Into<String>, fix: impl Into<String>) {
        let error = self.report(inside, problem, fix);
        *error = error.clone().warning();
    }

    fn speeches(&self) -> impl Iterator<Item = &'a Speech> {
        self.moments.iter().filter_map(|moment| match moment {
            Moment::Speech(speech) => Some(speech),
            Moment::Action { .. } => None,
        })
    }

    fn omitted(&mut self, omit: &[LineRef]) -> BTreeSet<u32> {
        let mut numbers = BTreeSet::new();
        for (index, line) in omit.iter().enumerate() {
            let inside = ["omit".into(), index.into()];
            for item in self.line(line, &inside) {
                if let Item::Speech(speech) = item
                    && speech.number > 0
                {
                    numbers.insert(speech.number);
                } else {
                    self.report(&inside, "only lines of the script can be left out", "name one by its number or its words");
                }
            }
        }
        numbers
    }

    /// What a reference to lines means.
    fn line(&mut self, line: &LineRef, inside: &[Step]) -> Vec<Item> {
        match line {
            LineRef::Pause(seconds) => vec![Item::Pause(*seconds)],
            LineRef::New { character, text } => vec![Item::Speech(self.new_line(character, text, inside))],
            LineRef::Range { first, last } => {
                let found: Vec<Speech> = self.speeches().filter(|speech| (*first..=*last).contains(&speech.number)).cloned().collect();
                let spoken = self.speeches().map(|speech| speech.number).max().unwrap_or(0);
                if *last > spoken {
                    let problem = format!("the scene has no line {last}");
                    let fix = if spoken == 0 { "nobody speaks in it".to_owned() } else { format!("its last spoken line is {spoken}") };
                    self.report(inside, problem, fix);
                }
                found.into_iter().map(Item::Speech).collect()
            }
            LineRef::Words(words) => {
                let found: Vec<Speech> = self.speeches().filter(|speech| says(&speech.text, words)).cloned().collect();
                match found.as_slice() {
                    [only] => vec![Item::Speech(only.clone())],
                    [] => {
                        let near = nearest(words, self.speeches().map(|speech| speech.text.as_str())).map(str::to_owned);
                        let fix = near.map_or_else(
                            || "write words of the script, or `character: \"Text.\"` for a new line".to_owned(),
                            |near| format!("did you mean {near:?}?"),
                        );
                        self.report(inside, format!("nobody says {words:?} in this scene"), fix);
                        Vec::new()
                    }
                    several => {
                        let numbers: Vec<String> = several.iter().map(|speech| speech.number.to_string()).collect();
                        let problem = format!("the lines {} all say {words:?}", numbers.join(", "));
                        self.report(inside, problem, "write more of its words, or its number");
                        Vec::new()
                    }
                }
            }
        }
    }

    /// A line that the script does not have: `"(softly) Wait."`.
    fn new_line(&mut self, character: &Slug, text: &str, inside: &[Step]) -> Speech {
        let bible = &self.camera.project.bible.characters;
        let extras: Vec<Slug> = self.camera.episode.extras.iter().filter_map(|extra| Slug::nearest(extra)).collect();
        let speaker = if bible.contains_key(character) { Speaker::Cast(character.clone()) } else { Speaker::Extra(character.clone()) };
        if !bible.contains_key(character) && !extras.contains(character) {
            let near = nearest(character.as_str(), bible.keys().chain(&extras).map(Slug::as_str)).map(str::to_owned);
            let fix = near.map_or_else(|| "name one of the cast or of the extras".to_owned(), |near| format!("did you mean `{near}`?"));
            self.report(inside, format!("there is no character `{character}`"), fix);
        }
        let trimmed = text.trim();
        let (manner, said) = match trimmed.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
            Some((manner, said)) if !said.trim().is_empty() => (manner.trim(), said.trim()),
            _ => ("", trimmed),
        };
        Speech {
            number: 0,
            speakers: vec![speaker],
            manner: manner.to_owned(),
            text: said.to_owned(),
            off_screen: false,
            dual: false,
            line: 0,
        }
    }

    fn items(&mut self, spec: &ShotSpec, inside: &[Step]) -> Vec<Item> {
        let mut items = Vec::new();
        for (index, line) in spec.lines.iter().flat_map(|lines| &lines.0).enumerate() {
            let here: Vec<Step> = inside.iter().cloned().chain(["lines".into(), index.into()]).collect();
            items.extend(self.line(line, &here));
        }
        items
    }

    /// All shots of the scene, as listed.
    fn replace(&mut self, moments: &[Moment], shots: &[ShotSpec]) -> Vec<Draft> {
        let mut stage = self.camera.stage(moments);
        let total = shots.len().max(1) as f64;
        let known = self.problems.len();
        let mut drafts = Vec::new();
        let mut turn = 0;
        for (index, spec) in shots.iter().enumerate() {
            let inside = ["shots".into(), index.into()];
            let items = self.items(spec, &inside);
            let said: Vec<Said<'_>> = items.iter().map(Item::said).collect();
            for who in spec.cast.iter().flatten() {
                stage.enter(&who.character);
            }
            for item in &items {
                if let Item::Speech(speech) = item
                    && !speech.off_screen
                    && spec.cast.is_none()
                {
                    for speaker in &speech.speakers {
                        if let Speaker::Cast(slug) = speaker {
                            stage.enter(slug);
                        }
                    }
                }
            }
            let text = spec.action.as_deref().unwrap_or_default();
            stage.paragraph();
            let acted = stage.act(text, self.camera.names);
            let speaks = items.iter().any(|item| matches!(item, Item::Speech(_)));
            let mut draft = if speaks {
                let draft = self.camera.talk(&stage, &said, turn, index as f64 / total);
                turn += 1;
                draft
            } else {
                turn = 0;
                let mut draft = Draft::new(Framing::Medium, self.camera.rate().frames_in(timing::showing(text)), 0);
                draft.shot.cast = self.camera.cast(&mut stage, &acted);
                draft.shot.props = self.camera.props(text, &draft.shot.cast);
                self.camera.frame_action(&mut draft, &acted, index == 0);
                if index == 0 && text.is_empty() && spec.cast.is_none() {
                    draft.shot.framing = if self.camera.exterior { Framing::ExtremeLong } else { Framing::Long };
                    draft.shot.frames = self.camera.rate().frames_in(timing::ESTABLISHING);
                }
                self.camera.say(&mut draft, &said);
                if said.is_empty() {
                    draft.shot.frames = self.camera.rate().frames_in(if index == 0 && text.is_empty() {
                        timing::ESTABLISHING
                    } else {
                        timing::showing(text)
                    });
                }
                draft
            };
            self.overlay(&mut draft, spec, &mut stage, &acted, &items, &inside);
            for who in stage.leaving(text, self.camera.names) {
                stage.leave(&who);
            }
            for item in &items {
                if let Item::Speech(speech) = item {
                    speech.speakers.iter().for_each(|speaker| stage.speaks(speaker.slug()));
                }
            }
            drafts.push(draft);
        }
        if self.problems[known..].iter().any(|problem| problem.severity == Severity::Error) {
            // Which lines are left over is not known before every reference is right.
            return drafts;
        }
        self.uncovered(moments, drafts, &stage)
    }

    /// Lines of the script that no listed shot has get shots by rule, where they belong.
    fn uncovered(&mut self, moments: &[Moment], mut drafts: Vec<Draft>, stage: &Stage) -> Vec<Draft> {
        let covered: BTreeSet<u32> = drafts.iter().flat_map(|draft| draft.numbers.iter().copied()).collect();
        let missing: Vec<&Speech> = moments
            .iter()
            .filter_map(|moment| match moment {
                Moment::Speech(speech) if !covered.contains(&speech.number) => Some(speech),
                _ => None,
            })
            .collect();
        if missing.is_empty() {
            return drafts;
        }
        let numbers: Vec<String> = missing.iter().map(|speech| speech.number.to_string()).collect();
        let problem = match numbers.as_slice() {
            [only] => format!("line {only} of the scene is in no shot and gets one of its own"),
            several => format!("the lines {} of the scene are in no shot and get some of their own", several.join(", ")),
        };
        self.warn(&["shots".into()], problem, "name them in a shot's `lines`, or in the scene's `omit`");
        for speech in missing {
            let before = drafts.iter().rposition(|draft| draft.numbers.iter().any(|number| *number < speech.number));
            let after = drafts.iter().position(|draft| draft.numbers.iter().any(|number| *number > speech.number));
            let place = before.map(|index| index + 1).or(after).unwrap_or(drafts.len());
            let mut stage = stage.clone();
            for speaker in speech.speakers.iter().filter(|_| !speech.off_screen) {
                if let Speaker::Cast(slug) = speaker {
                    stage.enter(slug);
                }
            }
            let tension = place as f64 / drafts.len().max(1) as f64;
            drafts.insert(place, self.camera.talk(&stage, &[Said::Speech(speech)], 2, tension));
        }
        drafts
    }

    /// Changes to shots that the rules made.
    fn refine(&mut self, drafts: &mut [Draft], scene: &SceneShots) {
        let mut targets = Vec::new();
        for (key, spec) in &scene.refine {
            let inside = ["refine".into(), key.as_str().into()];
            let found: Vec<usize> = match key.parse::<usize>() {
                Ok(number) => (1..=drafts.len()).contains(&number).then(|| number - 1).into_iter().collect(),
                Err(_) => {
                    let holds = |draft: &Draft| says(&draft.shot.action, key) || draft.shot.lines.iter().any(|line| says(&line.text, key));
                    drafts.iter().enumerate().filter(|(_, draft)| holds(draft)).map(|(index, _)| index).collect()
                }
            };
            match found.as_slice() {
                [only] => targets.push((*only, spec, inside)),
                [] if key.parse::<usize>().is_ok() => {
                    self.report(&inside, format!("the scene has no shot {key}"), format!("the rules give it {} shots", drafts.len()));
                }
                [] => {
                    let texts: Vec<String> = drafts
                        .iter()
                        .flat_map(|draft| draft.shot.lines.iter().map(|line| line.text.clone()).chain([draft.shot.action.clone()]))
                        .collect();
                    let near = nearest(key, texts.iter().map(String::as_str)).map(str::to_owned);
                    let fix = near.map_or_else(
                        || "write words that are said or happen in the shot, or its number".to_owned(),
                        |near| format!("did you mean {near:?}?"),
                    );
                    self.report(&inside, format!("no shot of the scene has the words {key:?}"), fix);
                }
                several => {
                    let numbers: Vec<String> = several.iter().map(|index| (index + 1).to_string()).collect();
                    self.report(
                        &inside,
                        format!("the shots {} all have the words {key:?}", numbers.join(", ")),
                        "write more of them, or the number of the shot",
                    );
                }
            }
        }
        for (index, spec, inside) in targets {
            let mut stage = Stage::default();
            // Who has a place on the line keeps it.
            let mut seated: Vec<&CastMember> = drafts.iter().flat_map(|draft| &draft.shot.cast).collect();
            seated.sort_by(|a, b| a.x.unwrap_or(0.0).total_cmp(&b.x.unwrap_or(0.0)));
            for member in seated {
                stage.enter(&member.character);
            }
            let draft = &mut drafts[index];
            let items = self.items(spec, &inside);
            let acted = spec.action.as_deref().map(|text| stage.act(text, self.camera.names)).unwrap_or_default();
            if let Some(action) = &spec.action
                && draft.shot.lines.is_empty()
            {
                draft.shot.cast =
                    if acted.is_empty() { std::mem::take(&mut draft.shot.cast) } else { self.camera.cast(&mut stage, &acted) };
                draft.shot.frames = self.camera.rate().frames_in(timing::showing(action));
            }
            if spec.lines.is_some() {
                let said: Vec<Said<'_>> = items.iter().map(Item::said).collect();
                self.camera.say(draft, &said);
            }
            self.overlay(draft, spec, &mut stage, &acted, &items, &inside);
        }
    }

    /// Puts what a spec says over a draft.
    fn overlay(&mut self, draft: &mut Draft, spec: &ShotSpec, stage: &mut Stage, acted: &[Acted], items: &[Item], inside: &[Step]) {
        if let Some(action) = &spec.action {
            draft.shot.action.clone_from(action);
            let seconds = timing::showing(action);
            if !action.is_empty() {
                draft.shot.frames = draft.shot.frames.max(self.camera.rate().frames_in(seconds));
            }
        }
        if let Some(cast) = &spec.cast {
            let people: Vec<Slug> = cast.iter().map(|who| who.character.clone()).collect();
            let stand = Camera::stand();
            let before = std::mem::take(&mut draft.shot.cast);
            draft.shot.composition = Composition::Auto;
            for who in cast {
                let known = before.iter().find(|member| member.character == who.character);
                let mut member = known.cloned().unwrap_or_else(|| stage.member(&who.character, &stand));
                let (x, facing) = stage.seat(&who.character, &people);
                member.x = Some(x);
                if known.is_none_or(|known| known.facing == Facing::Back) {
                    member.facing = facing;
                }
                if let Some(acted) = acted.iter().find(|acted| acted.character == who.character) {
                    member.pose = acted.pose.clone().unwrap_or(member.pose);
                    member.expression = acted.expression.unwrap_or(member.expression);
                }
                put(&mut member, &who.acting);
                draft.shot.cast.push(member);
            }
            if people.len() > 1 {
                draft.shot.framing = draft.shot.framing.min(Framing::Medium).min(self.camera.nearest_frame(&draft.shot.cast));
            }
            // Who is seen decides whose lines come from outside of the picture.
            for line in &mut draft.shot.lines {
                let said_off =
                    items.iter().any(|item| matches!(item, Item::Speech(speech) if speech.off_screen && speech.text == line.text));
                line.off_screen = said_off || !people.contains(&line.character);
            }
        } else {
            // Someone who acts in the given words but was not in the picture comes into it.
            for acted in acted {
                match draft.shot.cast.iter_mut().find(|member| member.character == acted.character) {
                    Some(member) => {
                        member.pose = acted.pose.clone().unwrap_or_else(|| member.pose.clone());
                        member.expression = acted.expression.unwrap_or(member.expression);
                    }
                    None => draft.shot.cast.extend(self.camera.cast(stage, std::slice::from_ref(acted))),
                }
            }
        }
        let shot = &mut draft.shot;
        if let Some(composition) = spec.composition {
            shot.composition = composition;
            if composition == Composition::OverTheShoulder
                && let Some(near) = shot.cast.get_mut(1)
                && spec.cast.iter().flatten().nth(1).is_none_or(|who| who.acting.facing.is_none())
            {
                near.facing = Facing::Back;
            }
        }
        shot.framing = spec.framing.unwrap_or(shot.framing);
        shot.angle = spec.angle.unwrap_or(shot.angle);
        shot.camera = spec.camera.unwrap_or(shot.camera);
        shot.transition = spec.transition.unwrap_or(shot.transition);
        if let Some(props) = &spec.props {
            shot.props.clone_from(props);
        } else {
            shot.props.retain(|prop| !shot.cast.iter().any(|member| member.holds.contains(&prop.prop)));
        }
        let frames = spec.frames.or_else(|| spec.seconds.map(|seconds| self.camera.rate().frames_in(seconds)));
        if let Some(frames) = frames {
            let needed = shot.lines.iter().map(|line| line.start + line.frames).max().unwrap_or(0);
            shot.frames = frames.max(1);
            if needed > shot.frames {
                let seconds = self.camera.rate().seconds(u64::from(needed));
                self.fit(draft);
                let field: Step = if spec.frames.is_some() { "frames".into() } else { "seconds".into() };
                let here: Vec<Step> = inside.iter().cloned().chain([field]).collect();
                let problem = format!("the lines of this shot take {seconds:.1} seconds and are cut short");
                self.warn(&here, problem, "make the shot longer, or move a line to another shot");
            }
        }
        for member in &draft.shot.cast {
            if let Some(beat) = member.beats.iter().find(|beat| beat.at >= draft.shot.frames) {
                let problem = format!("the change at frame {} comes after the shot's last frame, {}", beat.at, draft.shot.frames - 1);
                self.warn(inside, problem, "let it come earlier, or make the shot longer");
            }
        }
    }

    /// Brings lines inside of a shot that is shorter than they are.
    fn fit(&self, draft: &mut Draft) {
        let frames = draft.shot.frames;
        for line in &mut draft.shot.lines {
            line.start = line.start.min(frames - 1);
            line.frames = line.frames.min(frames - line.start);
        }
    }
}

fn put(member: &mut CastMember, acting: &Acting) {
    if let Some(look) = &acting.look {
        member.look = Some(look.clone());
    }
    if let Some(pose) = &acting.pose {
        member.pose = pose.clone();
    }
    if let Some(expression) = acting.expression {
        member.expression = expression;
    }
    if let Some(facing) = acting.facing {
        member.facing = facing;
    }
    if let Some(x) = acting.x {
        member.x = Some(x);
    }
    if let Some(depth) = acting.depth {
        member.depth = depth;
    }
    if let Some(holds) = &acting.holds {
        member.holds.clone_from(holds);
    }
    if let Some(beats) = &acting.beats {
        member.beats.clone_from(beats);
    }
}

/// Whether a text has these words, whatever the case and the signs between them.
fn says(text: &str, words: &str) -> bool {
    let plain = |text: &str| -> String {
        let mut plain = String::from(" ");
        for sign in text.to_lowercase().chars() {
            if sign.is_alphanumeric() {
                plain.push(sign);
            } else if !plain.ends_with(' ') && !matches!(sign, '\'' | '’') {
                plain.push(' ');
            }
        }
        plain.trim_end().to_owned()
    };
    let words = plain(words);
    !words.trim().is_empty() && plain(text).contains(&words)
}
