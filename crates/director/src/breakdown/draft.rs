//! Shots on their way.

use bible::story::{Angle, CameraMove, CastMember, Composition, Expression, Facing, Framing, Line, PlacedProp, Shot, Transition};
use bible::{FrameRate, Slug, StoryTime};

use super::moments::Speech;
use crate::timing;

/// A shot before it has its number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    pub(super) shot: Shot,
    /// The spoken lines in it, by their number in the scene.
    pub(super) numbers: Vec<u32>,
}

/// Gives the drafts of a scene their numbers.
pub(super) fn number(drafts: Vec<Draft>, scene: StoryTime) -> Vec<Shot> {
    let numbered = drafts.into_iter().zip(1..=u16::MAX).map(|(draft, number)| Shot { at: scene.at_shot(number), ..draft.shot });
    numbered.collect()
}

impl Draft {
    pub(super) fn new(framing: Framing, frames: u32, line: u32) -> Self {
        let shot = Shot {
            at: StoryTime::BEGINNING,
            frames,
            framing,
            angle: Angle::EyeLevel,
            camera: CameraMove::default(),
            composition: Composition::Auto,
            cast: Vec::new(),
            props: Vec::<PlacedProp>::new(),
            action: String::new(),
            lines: Vec::new(),
            transition: Transition::default(),
            script_line: (line > 0).then_some(line),
        };
        Self { shot, numbers: Vec::new() }
    }
}

/// A member of the cast at rest.
pub(super) fn member(character: &Slug, pose: Slug) -> CastMember {
    CastMember {
        character: character.clone(),
        look: None,
        pose,
        expression: Expression::Neutral,
        facing: Facing::Front,
        x: None,
        depth: 0.0,
        holds: Vec::new(),
        beats: Vec::new(),
    }
}

/// Something to lay along a shot.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said<'a> {
    Speech(&'a Speech),
    /// Seconds of silence.
    Pause(f64),
}

/// Lays speeches one after the other, with breath around them; gives the lines and the shot's frames.
/// `pace` is the words a minute of a speaker's voice; `seen` says whether someone is in the picture.
pub(super) fn lay(
    said: &[Said<'_>],
    rate: FrameRate,
    pace: &dyn Fn(&Slug) -> Option<u16>,
    seen: &dyn Fn(&Slug) -> bool,
) -> (Vec<Line>, u32) {
    let mut lines: Vec<Line> = Vec::new();
    let frame = |seconds: f64| if seconds <= 0.0 { 0 } else { rate.frames_in(seconds) };
    let mut start = frame(timing::BREATH);
    let mut end = start;
    let mut last_start = start;
    for (index, item) in said.iter().enumerate() {
        match item {
            Said::Pause(seconds) => start += frame(*seconds),
            Said::Speech(speech) => {
                let at = if speech.dual && index > 0 { last_start } else { start };
                let mut until = at;
                for speaker in &speech.speakers {
                    let slug = speaker.slug();
                    let frames = frame(timing::speaking(&speech.text, pace(slug)));
                    lines.push(Line {
                        character: slug.clone(),
                        text: speech.text.clone(),
                        manner: speech.manner.clone(),
                        start: at,
                        frames,
                        off_screen: speech.off_screen || !seen(slug),
                    });
                    until = until.max(at + frames);
                }
                last_start = at;
                end = end.max(until);
                start = end + frame(timing::BETWEEN);
            }
        }
    }
    let trailing = match said.last() {
        Some(Said::Pause(seconds)) => frame(*seconds),
        _ => 0,
    };
    (lines, end + trailing + frame(timing::BREATH))
}
