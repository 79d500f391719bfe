//! The camera rules: which shots a scene needs, how near, and how long.

use bible::source::{EpisodeSource, Source};
use bible::story::{Angle, CameraMove, CastMember, Composition, Expression, Facing, Framing, Move, PlacedProp};
use bible::{FrameRate, Project, Slug};

use super::draft::{Draft, Said, lay};
use super::moments::{Moment, Speech};
use super::stage::{Acted, Stage, sentences};
use crate::acting::rules;
use crate::names::{Names, Speaker};
use crate::timing;

/// Words of action that one shot shows at most, before it is divided at a sentence.
const ACTION_WORDS: usize = 22;
/// Below this share of the taller one's height, two figures do not fit one close frame.
const SMALL: f64 = 0.6;

/// The camera of one scene.
pub(super) struct Camera<'a> {
    pub(super) names: &'a Names,
    pub(super) project: &'a Project,
    pub(super) source: &'a Source,
    pub(super) episode: &'a EpisodeSource,
    /// The scene's number in the episode, from 1.
    pub(super) number: usize,
    pub(super) exterior: bool,
    /// The scene goes on where the one before was, in the same light.
    pub(super) goes_on: bool,
    /// Nobody has seen this place in the episode yet.
    pub(super) new_place: bool,
}

/// What is known while the camera goes through a scene.
struct Run {
    stage: Stage,
    drafts: Vec<Draft>,
    /// Spoken lines so far and in all, for the tension.
    spoken: usize,
    lines: usize,
    /// Speeches since the last action.
    exchange: usize,
    last_speaker: Option<Slug>,
}

impl Run {
    /// From 0 at the start of a scene to 1 at its end; scenes of a few lines do not get far.
    fn tension(&self) -> f64 {
        let reach = (self.lines as f64 / 8.0).min(1.0);
        self.spoken as f64 / (self.lines.max(1) as f64) * reach
    }
}

impl Camera<'_> {
    pub(super) fn rate(&self) -> FrameRate {
        self.project.settings.frame_rate
    }

    pub(super) fn pace(&self, slug: &Slug) -> Option<u16> {
        self.project.bible.characters.get(slug)?.voice.as_ref()?.words_per_minute
    }

    pub(super) fn stand() -> Slug {
        // A literal that is a name.
        Slug::nearest("stand").unwrap_or_else(|| unreachable!("`stand` is a name"))
    }

    /// The shots of a scene by rule.
    pub(super) fn drafts(&self, moments: &[Moment]) -> Vec<Draft> {
        let lines = moments.iter().filter(|moment| matches!(moment, Moment::Speech(_))).count();
        let mut run = Run { stage: self.stage(moments), drafts: Vec::new(), spoken: 0, lines, exchange: 0, last_speaker: None };
        let mut rest = moments;
        if !moments.is_empty() && !self.goes_on {
            let (draft, used) = self.establish(&mut run, moments);
            run.drafts.push(draft);
            rest = &moments[used..];
        }
        while let Some(moment) = rest.first() {
            match moment {
                Moment::Action { text, line } => {
                    self.action(&mut run, text, *line);
                    rest = &rest[1..];
                }
                Moment::Speech(_) => {
                    let speeches: Vec<&Speech> = rest
                        .iter()
                        .map_while(|moment| match moment {
                            Moment::Speech(speech) => Some(speech),
                            Moment::Action { .. } => None,
                        })
                        .collect();
                    let used = self.speech(&mut run, &speeches);
                    rest = &rest[used..];
                }
            }
        }
        smooth(&mut run.drafts);
        run.drafts
    }

    /// The stage before the first shot: whoever speaks before anybody is named is there.
    pub(super) fn stage(&self, moments: &[Moment]) -> Stage {
        let mut stage = Stage::default();
        let named: Vec<Slug> =
            moments.iter().filter_map(Moment::action).flat_map(|text| self.names.cast_in(text)).map(|(_, slug)| slug).collect();
        for moment in moments {
            match moment {
                Moment::Action { text, .. } => {
                    if let Some((_, first)) = self.names.cast_in(text).first() {
                        stage.enter(first);
                        break;
                    }
                }
                Moment::Speech(_) => break,
            }
        }
        for moment in moments {
            let Moment::Speech(speech) = moment else { continue };
            for speaker in speech.speakers.iter().filter(|_| !speech.off_screen) {
                if let Speaker::Cast(slug) = speaker
                    && !named.contains(slug)
                {
                    stage.enter(slug);
                }
            }
        }
        stage
    }

    /// Where we are, before anything else. Action without people is shown in it.
    fn establish(&self, _run: &mut Run, moments: &[Moment]) -> (Draft, usize) {
        let framing = if self.exterior { Framing::ExtremeLong } else { Framing::Long };
        let (text, line, used) = match moments.first() {
            Some(Moment::Action { text, line }) if self.names.cast_in(text).is_empty() => (text.as_str(), *line, 1),
            Some(Moment::Action { line, .. }) => ("", *line, 0),
            Some(Moment::Speech(speech)) => ("", speech.line, 0),
            None => ("", 0, 0),
        };
        let longer = if self.new_place { 0.5 } else { -0.5 };
        let seconds =
            if text.is_empty() { timing::ESTABLISHING + longer } else { timing::showing(text).max(timing::ESTABLISHING + longer) };
        let mut draft = Draft::new(framing, self.rate().frames_in(seconds), line);
        draft.shot.action = text.to_owned();
        // A slow move in turn, so that one scene does not open like the one before.
        let moves = [Move::PanRight, Move::TiltDown, Move::ZoomIn, Move::PanLeft];
        draft.shot.camera = CameraMove { kind: moves[(self.number + moves.len() - 1) % moves.len()], amount: 0.12 };
        draft.shot.props = self.props(text, &[]);
        (draft, used)
    }

    /// Things that a text names and nobody holds.
    pub(super) fn props(&self, text: &str, cast: &[CastMember]) -> Vec<PlacedProp> {
        let named = self.names.props_in(text).into_iter().map(|(_, prop)| prop);
        let free = named.filter(|prop| !cast.iter().any(|member| member.holds.contains(prop)));
        let places = [0.0, 0.55, -0.55];
        free.zip(places).map(|(prop, x)| PlacedProp { prop, x, height: 0.0, depth: 0.4 }).collect()
    }

    /// A paragraph of action: one shot, or several when it is long or moves to somebody else.
    fn action(&self, run: &mut Run, text: &str, line: u32) {
        run.exchange = 0;
        run.last_speaker = None;
        run.stage.paragraph();
        for piece in self.pieces(text) {
            let acted = run.stage.act(&piece, self.names);
            let mut draft = Draft::new(Framing::Medium, self.rate().frames_in(timing::showing(&piece)), line);
            draft.shot.action.clone_from(&piece);
            draft.shot.cast = self.cast(&mut run.stage, &acted);
            draft.shot.props = self.props(&piece, &draft.shot.cast);
            self.frame_action(&mut draft, &acted, run.drafts.is_empty());
            let gone = run.stage.leaving(&piece, self.names);
            run.drafts.push(draft);
            for who in gone {
                run.stage.leave(&who);
            }
        }
    }

    /// Sentences grouped into shots.
    fn pieces(&self, text: &str) -> Vec<String> {
        let mut pieces: Vec<String> = Vec::new();
        let mut people: Vec<Slug> = Vec::new();
        for sentence in sentences(text) {
            let mentioned: Vec<Slug> = self.names.cast_in(sentence).into_iter().map(|(_, slug)| slug).collect();
            // Japanese has no spaces: two and a half characters count as a word.
            let words = |text: &str| text.split_whitespace().count().max(text.chars().filter(|sign| *sign >= '\u{3041}').count() * 2 / 5);
            let moves_on = !mentioned.is_empty() && !people.is_empty() && !mentioned.iter().any(|who| people.contains(who));
            let from_place_to_people = people.is_empty() && !mentioned.is_empty();
            match pieces.last_mut() {
                Some(last)
                    if words(last) + words(sentence) <= ACTION_WORDS
                        && !(moves_on && words(last) > 5)
                        && !(from_place_to_people && words(last) > 5) =>
                {
                    append(last, sentence);
                }
                _ => {
                    pieces.push(sentence.to_owned());
                    people.clear();
                }
            }
            people.extend(mentioned);
        }
        pieces
    }

    /// The cast of a piece of action, as they act in it.
    pub(super) fn cast(&self, stage: &mut Stage, acted: &[Acted]) -> Vec<CastMember> {
        let people: Vec<Slug> = acted.iter().map(|who| who.character.clone()).collect();
        let stand = Self::stand();
        let mut cast = Vec::new();
        for who in acted {
            let mut member = stage.member(&who.character, &stand);
            let (x, facing) = stage.seat(&who.character, &people);
            member.x = Some(x);
            member.facing = facing;
            if let Some(pose) = &who.pose {
                member.pose = pose.clone();
            }
            if moving(&member.pose) {
                member.facing = stage.way(&who.character);
                if people.len() == 1 {
                    // Room in front of whoever goes.
                    member.x = Some(if member.facing == Facing::Left { 0.18 } else { -0.18 });
                }
            }
            member.expression = who.expression.unwrap_or_default();
            cast.push(member);
        }
        cast
    }

    /// How an action is framed: by how many are in it and how they move.
    pub(super) fn frame_action(&self, draft: &mut Draft, acted: &[Acted], opens: bool) {
        let shot = &mut draft.shot;
        let moves = shot.cast.iter().any(|member| moving(&member.pose));
        let felt = acted.iter().any(|who| who.expression.is_some());
        shot.framing = match shot.cast.len() {
            0 if shot.props.is_empty() => Framing::Long,
            0 => Framing::Medium,
            _ if opens => Framing::Long,
            1 if moves => Framing::Full,
            1 if felt && shot.cast[0].pose == Self::stand() => Framing::MediumCloseUp,
            1 if felt => Framing::Medium,
            1 => Framing::MediumFull,
            2 => Framing::MediumFull,
            _ => Framing::Full,
        };
        if shot.cast.len() > 1 {
            shot.framing = shot.framing.min(self.nearest_frame(&shot.cast));
        }
        if moves {
            let right = shot.cast.iter().any(|member| member.facing == Facing::Right);
            shot.camera = CameraMove { kind: if right { Move::TrackRight } else { Move::TrackLeft }, amount: 0.25 };
        }
        if shot.cast.iter().any(|member| member.pose.as_str() == "action") {
            shot.angle = Angle::Low;
        }
    }

    /// The nearest frame that holds all of a cast: a small one beside a tall one needs the whole figure.
    pub(super) fn nearest_frame(&self, cast: &[CastMember]) -> Framing {
        let heights: Vec<f64> = cast.iter().map(|member| self.height(&member.character)).collect();
        let (low, high) = heights.iter().fold((f64::MAX, 0.0_f64), |(low, high), height| (low.min(*height), high.max(*height)));
        if low < high * SMALL { Framing::Full } else { Framing::ExtremeCloseUp }
    }

    fn height(&self, character: &Slug) -> f64 {
        self.project.bible.characters.get(character).map_or(165.0, |who| who.visual_traits.height_cm)
    }

    /// The next speech or two of a conversation; gives how many were used.
    fn speech(&self, run: &mut Run, speeches: &[&Speech]) -> usize {
        let Some(first) = speeches.first() else { return 1 };
        for speaker in first.speakers.iter().filter(|_| !first.off_screen) {
            if let Speaker::Cast(slug) = speaker {
                run.stage.enter(slug);
            }
        }
        // Who speaks at the same time is heard in the same shot.
        let mut used = 1 + speeches[1..].iter().take_while(|speech| speech.dual).count();
        let seconds =
            |speech: &Speech| speech.speakers.iter().map(|who| timing::speaking(&speech.text, self.pace(who.slug()))).fold(0.0, f64::max);
        let opening = run.exchange == 0 && run.stage.present().len() > 1;
        if opening && used == 1 && speeches.len() > 1 {
            // A short question and its short answer share the two-shot that opens the conversation.
            let both = seconds(first) + seconds(speeches[1]);
            let fits = both + 2.0 * timing::BREATH + timing::BETWEEN <= 4.2;
            if fits
                && speeches[1].speakers != first.speakers
                && !rules().strong(&first.manner, &first.text)
                && !first.off_screen
                && !speeches[1].off_screen
            {
                used = 2;
            }
        }
        let group = &speeches[..used];
        for speech in &group[1..] {
            for speaker in speech.speakers.iter().filter(|_| !speech.off_screen) {
                if let Speaker::Cast(slug) = speaker {
                    run.stage.enter(slug);
                }
            }
        }
        if used > 1 {
            let said: Vec<Said<'_>> = group.iter().map(|speech| Said::Speech(speech)).collect();
            let draft = self.talk(&run.stage, &said, if run.exchange == 0 { 0 } else { 1 }, run.tension());
            run.drafts.push(draft);
        } else {
            for (index, chunk) in chunks(first, &seconds).into_iter().enumerate() {
                // In a long speech we look at the listener in between, and come back nearer.
                let away = index % 2 == 1 && run.stage.present().len() > 1 && !chunk.off_screen;
                let heard = Speech { off_screen: away || chunk.off_screen, ..chunk };
                let turn = if index == 0 { run.exchange } else { 2 };
                let draft = self.talk(&run.stage, &[Said::Speech(&heard)], turn, run.tension() + 0.2 * (index / 2) as f64);
                run.drafts.push(draft);
            }
        }
        for speech in group {
            for speaker in &speech.speakers {
                run.stage.speaks(speaker.slug());
            }
        }
        let last = group.last().copied().unwrap_or(first);
        self.reaction(run, last);
        run.spoken += used;
        run.exchange += used;
        run.last_speaker = last.speakers.first().map(|speaker| speaker.slug().clone());
        used
    }

    /// A shot in which somebody speaks. `turn` is the place in the conversation: 0 opens it.
    pub(super) fn talk(&self, stage: &Stage, said: &[Said<'_>], turn: usize, tension: f64) -> Draft {
        let speeches: Vec<&Speech> = said
            .iter()
            .filter_map(|item| match item {
                Said::Speech(speech) => Some(*speech),
                Said::Pause(_) => None,
            })
            .collect();
        let mut speakers: Vec<Slug> = Vec::new();
        for speech in speeches.iter().filter(|speech| !speech.off_screen) {
            for speaker in &speech.speakers {
                if let Speaker::Cast(slug) = speaker
                    && stage.present().contains(slug)
                    && !speakers.contains(slug)
                {
                    speakers.push(slug.clone());
                }
            }
        }
        let spoke = |who: &Slug| speeches.iter().any(|speech| speech.speakers.iter().any(|speaker| speaker.slug() == who));
        let mut others: Vec<Slug> = stage.present().iter().filter(|who| !spoke(who)).cloned().collect();
        // Whoever is spoken with comes before the others.
        if let Some(partner) = speeches.first().and_then(|speech| stage.partner(speech.speakers.first()?.slug())) {
            others.sort_by_key(|who| *who != partner);
        }
        let script_line = speeches.first().map_or(0, |speech| speech.line);
        let mut draft = Draft::new(closeness(tension), 1, script_line);
        let (people, composition) = match (speakers.as_slice(), others.as_slice()) {
            // Somebody's thoughts: we see who thinks them, with a closed mouth.
            ([], []) => (stage.present().iter().filter(|who| spoke(who)).take(1).cloned().collect(), Composition::Auto),
            // Nobody who speaks is in the picture: we see who listens, or the place.
            ([], listeners) => (listeners.iter().take(1).cloned().collect(), Composition::Auto),
            ([only], []) => (vec![only.clone()], Composition::Auto),
            ([only], [other]) if turn == 0 => (vec![only.clone(), other.clone()], Composition::TwoShot),
            ([only], _) if turn == 0 => {
                let mut all = vec![only.clone()];
                all.extend(others.iter().take(3).cloned());
                (all, Composition::Auto)
            }
            ([only], [other, ..]) if turn % 2 == 1 && tension < 0.6 && self.same_size(only, other) => {
                (vec![only.clone(), other.clone()], Composition::OverTheShoulder)
            }
            ([only], _) => (vec![only.clone()], Composition::Auto),
            ([_, _], _) => (speakers.clone(), Composition::TwoShot),
            (several, _) => (several.to_vec(), Composition::Auto),
        };
        let stand = Self::stand();
        let people: Vec<Slug> = people;
        let count = people.len();
        draft.shot.composition = composition;
        draft.shot.cast = people
            .iter()
            .map(|who| {
                let mut member = stage.member(who, &stand);
                let (x, facing) = stage.seat(who, &people);
                member.x = Some(x);
                member.facing = facing;
                let own = speeches.iter().find(|speech| speech.speakers.iter().any(|speaker| speaker.slug() == who));
                if let Some(speech) = own {
                    member.expression = rules().speaking(&speech.manner, &speech.text);
                    if let Some(posed) = rules().pose(&speech.manner) {
                        member.pose = posed.pose;
                    }
                }
                member
            })
            .collect();
        let shot = &mut draft.shot;
        match composition {
            Composition::OverTheShoulder => {
                shot.framing = Framing::MediumCloseUp.min(shot.framing.max(Framing::Medium));
                if let [seen, near] = shot.cast.as_mut_slice() {
                    near.facing = Facing::Back;
                    near.expression = Expression::Neutral;
                    // The near shoulder is on its owner's side of the line.
                    near.x = near.x.map(|x| x * 1.6);
                    seen.x = seen.x.map(|x| x * 0.5);
                }
            }
            Composition::TwoShot => shot.framing = shot.framing.min(Framing::Medium),
            Composition::Auto if count > 2 => shot.framing = Framing::MediumFull,
            Composition::Auto if count == 0 => shot.framing = Framing::Long,
            Composition::Auto => {}
        }
        if count > 1 {
            shot.framing = shot.framing.min(self.nearest_frame(&shot.cast));
        }
        // A two-shot is of people who talk to each other: whoever has no line listens.
        let face = shot.cast.first().map(|member| member.expression);
        shot.angle = match face {
            Some(Expression::Angry | Expression::Determined) if tension > 0.6 && count == 1 => Angle::Low,
            Some(Expression::Sad) if tension > 0.6 && count == 1 => Angle::High,
            _ => Angle::EyeLevel,
        };
        self.say(&mut draft, said);
        let slow = f64::from(draft.shot.frames) > 3.5 * self.rate().frames_in(1.0) as f64;
        if slow && tension > 0.55 && count == 1 {
            draft.shot.camera = CameraMove { kind: Move::ZoomIn, amount: 0.08 };
        }
        draft
    }

    /// Puts lines into a draft and gives it the length that they need.
    pub(super) fn say(&self, draft: &mut Draft, said: &[Said<'_>]) {
        let cast: Vec<Slug> = draft.shot.cast.iter().map(|member| member.character.clone()).collect();
        let (lines, frames) = lay(said, self.rate(), &|slug| self.pace(slug), &|slug| cast.contains(slug));
        draft.shot.lines = lines;
        draft.shot.frames = frames.max(self.rate().frames_in(timing::DIALOGUE.0));
        draft.numbers = said
            .iter()
            .filter_map(|item| match item {
                Said::Speech(speech) if speech.number > 0 => Some(speech.number),
                _ => None,
            })
            .collect();
    }

    /// After a strong line: the one to whom it was said.
    fn reaction(&self, run: &mut Run, speech: &Speech) {
        if !rules().strong(&speech.manner, &speech.text) {
            return;
        }
        let spoke = |who: &Slug| speech.speakers.iter().any(|speaker| speaker.slug() == who);
        let before = run.last_speaker.clone().filter(|who| !spoke(who) && run.stage.present().contains(who));
        let Some(listener) = before.or_else(|| run.stage.present().iter().find(|who| !spoke(who)).cloned()) else { return };
        let tension = run.tension();
        let mut draft =
            Draft::new(closeness(tension + 0.3).max(Framing::MediumCloseUp), self.rate().frames_in(timing::REACTION), speech.line);
        let mut member = run.stage.member(&listener, &Self::stand());
        let (x, facing) = run.stage.seat(&listener, std::slice::from_ref(&listener));
        member.x = Some(x);
        member.facing = facing;
        member.expression = rules().reaction(rules().speaking(&speech.manner, &speech.text));
        draft.shot.cast = vec![member];
        run.drafts.push(draft);
    }

    fn same_size(&self, one: &Slug, other: &Slug) -> bool {
        let (one, other) = (self.height(one), self.height(other));
        one.min(other) >= one.max(other) * SMALL
    }
}

/// How near the camera is to somebody who speaks.
pub(super) fn closeness(tension: f64) -> Framing {
    if tension < 0.35 {
        Framing::Medium
    } else if tension < 0.7 {
        Framing::MediumCloseUp
    } else {
        Framing::CloseUp
    }
}

/// Poses that take somebody from one place to another.
pub(super) fn moving(pose: &Slug) -> bool {
    matches!(pose.as_str(), "walk" | "run")
}

/// Two shots of the same person in the same size one after the other look like a mistake: the second
/// comes a step nearer, or goes a step back when it is as near as can be.
fn smooth(drafts: &mut [Draft]) {
    for index in 1..drafts.len() {
        let (before, after) = drafts.split_at_mut(index);
        let (Some(before), Some(after)) = (before.last(), after.first_mut()) else { continue };
        let same = match (before.shot.cast.as_slice(), after.shot.cast.as_slice()) {
            ([one], [other]) => one.character == other.character,
            _ => false,
        };
        if same && before.shot.framing == after.shot.framing {
            let place = Framing::ALL.iter().position(|framing| *framing == after.shot.framing).unwrap_or(0);
            let step = if after.shot.framing < Framing::CloseUp { place + 1 } else { place - 1 };
            after.shot.framing = Framing::ALL[step];
        }
    }
}

/// Adds a sentence to another; Japanese has no space between them.
fn append(text: &mut String, sentence: &str) {
    if !text.ends_with(['。', '！', '？', '、', '」', '』']) {
        text.push(' ');
    }
    text.push_str(sentence);
}

/// A speech in parts that fit a cut, divided at the ends of sentences, and long sentences at commas.
fn chunks(speech: &Speech, seconds: &dyn Fn(&Speech) -> f64) -> Vec<Speech> {
    let longest = timing::DIALOGUE.1 - 2.0 * timing::BREATH;
    if seconds(speech) <= longest {
        return vec![speech.clone()];
    }
    let part = |text: &str| Speech { text: text.to_owned(), ..speech.clone() };
    let clauses = sentences(&speech.text).into_iter().flat_map(|sentence| {
        if seconds(&part(sentence)) <= longest {
            vec![sentence]
        } else {
            sentence.split_inclusive([',', ';', '—', '、']).map(str::trim).filter(|clause| !clause.is_empty()).collect()
        }
    });
    let mut parts: Vec<Speech> = Vec::new();
    for clause in clauses {
        match parts.last_mut() {
            Some(last) if seconds(&part(&format!("{} {clause}", last.text))) <= longest => {
                append(&mut last.text, clause);
            }
            _ => parts.push(part(clause)),
        }
    }
    // Only the first part begins with the one before.
    parts.iter_mut().skip(1).for_each(|part| part.dual = false);
    parts
}
