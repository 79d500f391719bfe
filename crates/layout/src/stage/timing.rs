//! Timing: what each actor does at each frame, as drawings that hold for one, two or three frames.
//!
//! Action is on twos, talk and calm on threes, blinks are exact: two frames closing, two or three closed, three opening.

use bible::Slug;
use bible::rate::FrameRate;
use bible::story::{CameraMove, Expression, Facing, Move};
use engine::brief::{Actor, MouthShape, Performance};

use super::random::{between, scramble, unit};

/// How far the eyes are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Eyes {
    /// As the expression has them.
    #[default]
    Open,
    /// On the way down or up.
    Half,
    /// Shut.
    Closed,
}

/// One drawing of an actor: two equal drawings look the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    /// The body.
    pub pose: Slug,
    /// The body that `pose` comes from, and the share of `pose` in 1/100: 100 and none when it has arrived.
    pub from: Option<(Slug, u16)>,
    /// Where in the cycle of a walk, in steps of [`WALK_PHASES`].
    pub stride: Option<u8>,
    /// Face.
    pub expression: Expression,
    /// Direction.
    pub facing: Facing,
    /// Eyes.
    pub eyes: Eyes,
    /// Mouth.
    pub mouth: MouthShape,
    /// How full of breath, 0 to [`BREATHS`].
    pub breath: u8,
}

/// Drawings in the cycle of a walk: two steps on twos, at the usual pace.
pub const WALK_PHASES: u8 = 12;

/// Steps of breath between empty and full.
pub const BREATHS: u8 = 3;

/// Frames of each drawing when a pose changes, and the share of the new pose in 1/100: off quickly, a little
/// too far, and settled.
const SETTLE: [(u32, u16); 3] = [(0, 35), (2, 88), (4, 106)];

/// Frames that [`SETTLE`] takes.
const SETTLE_FRAMES: u32 = 6;

/// What one actor does over a clip.
#[derive(Debug)]
pub struct Track {
    keys: Vec<Key>,
    mouth: Vec<(u32, MouthShape)>,
    blinks: Vec<Blink>,
    breath: u32,
    frames: u32,
}

/// What holds from a frame on.
#[derive(Debug, Clone)]
struct Key {
    at: u32,
    pose: Slug,
    expression: Expression,
    facing: Facing,
    x: f64,
}

#[derive(Debug, Clone, Copy)]
struct Blink {
    at: u32,
    closed: u32,
}

impl Track {
    /// The track of an actor who starts as the picture has them. `x` is where they start, as a share of the frame.
    #[must_use]
    pub fn new(actor: &Actor, performance: &Performance, x: f64, frames: u32, rate: FrameRate, seed: u64) -> Self {
        let mut keys = vec![Key { at: 0, pose: actor.pose.clone(), expression: actor.expression, facing: actor.facing, x }];
        let mut beats: Vec<_> = performance.beats.iter().collect();
        beats.sort_by_key(|beat| beat.at);
        for beat in beats {
            let last = &keys[keys.len() - 1];
            let key = Key {
                at: beat.at,
                pose: beat.pose.clone().unwrap_or_else(|| last.pose.clone()),
                expression: beat.expression.unwrap_or(last.expression),
                facing: beat.facing.unwrap_or(last.facing),
                x: beat.x.unwrap_or(last.x),
            };
            keys.push(key);
        }
        let mut mouth: Vec<_> = performance.mouth.iter().map(|key| (key.at, key.shape)).collect();
        mouth.sort_by_key(|key| key.0);
        Self {
            keys,
            mouth,
            blinks: blinks(frames, rate, seed),
            breath: between(seed, 2, 3.3, 4.2).mul_add(seconds(rate), 0.5) as u32,
            frames,
        }
    }

    fn key(&self, frame: u32) -> usize {
        self.keys.iter().rposition(|key| key.at <= frame).unwrap_or(0)
    }

    /// The drawing at a frame. `speed` is how fast they go, in lengths of their own step a second.
    #[must_use]
    pub fn drawing(&self, frame: u32, steps_per_frame: f64) -> Drawing {
        let index = self.key(frame);
        let key = &self.keys[index];
        let before = index.checked_sub(1).map(|index| &self.keys[index]);
        let since = frame - key.at;
        let mut drawing = Drawing {
            pose: key.pose.clone(),
            from: None,
            stride: None,
            expression: key.expression,
            facing: key.facing,
            eyes: self.eyes(frame),
            mouth: self.mouth.iter().rev().find(|(at, _)| *at <= frame).map_or(MouthShape::Closed, |(_, shape)| *shape),
            breath: self.breath(frame),
        };
        if walks(&key.pose) {
            // On twos; the feet never slide faster than they step.
            let twos = f64::from(since - since % 2);
            let phase = (twos * steps_per_frame * f64::from(WALK_PHASES) / 2.0).round() as u64 % u64::from(WALK_PHASES);
            drawing.stride = Some(phase as u8);
            drawing.breath = 0;
        }
        if let Some(before) = before
            && since < SETTLE_FRAMES
            && key.at > 0
        {
            let (_, share) = SETTLE.iter().rev().copied().find(|(from, _)| since >= *from).unwrap_or(SETTLE[0]);
            if before.pose != key.pose && drawing.stride.is_none() {
                drawing.from = Some((before.pose.clone(), share));
                drawing.breath = 0;
            }
            // The head turns and the face changes behind half-closed lids.
            let changes = before.facing != key.facing || before.expression != key.expression;
            if changes && since < 4 {
                drawing.eyes = Eyes::Half;
                if since < 2 {
                    (drawing.facing, drawing.expression) = (before.facing, before.expression);
                }
            }
        }
        drawing
    }

    /// Where the actor is across the frame, -1 to 1. It moves on twos, gently off and to a stop.
    #[must_use]
    pub fn x(&self, frame: u32) -> f64 {
        let index = self.key(frame);
        let key = &self.keys[index];
        let Some(before) = index.checked_sub(1).map(|index| &self.keys[index]) else { return key.x };
        let end = self.keys.get(index + 1).map_or(self.frames, |next| next.at);
        let twos = (frame - key.at) / 2 * 2;
        let share = f64::from(twos) / f64::from(end.saturating_sub(key.at).max(1));
        before.x + (key.x - before.x) * eased(share, 0.12)
    }

    /// How far the actor goes per frame in the key that holds at a frame, as a share of the frame's half width.
    #[must_use]
    pub fn pace(&self, frame: u32) -> f64 {
        let index = self.key(frame);
        let Some(before) = index.checked_sub(1).map(|index| &self.keys[index]) else { return 0.0 };
        let end = self.keys.get(index + 1).map_or(self.frames, |next| next.at);
        (self.keys[index].x - before.x).abs() / f64::from(end.saturating_sub(self.keys[index].at).max(1))
    }

    /// Every place across the frame that the actor starts from or goes to.
    pub fn stations(&self) -> impl Iterator<Item = f64> {
        self.keys.iter().map(|key| key.x)
    }

    fn eyes(&self, frame: u32) -> Eyes {
        let blink = self.blinks.iter().rev().find(|blink| blink.at <= frame);
        match blink.map(|blink| (frame - blink.at, blink.closed)) {
            Some((since, closed)) if since >= 2 && since < 2 + closed => Eyes::Closed,
            Some((since, closed)) if since < 5 + closed => Eyes::Half,
            _ => Eyes::Open,
        }
    }

    fn breath(&self, frame: u32) -> u8 {
        let threes = frame - frame % 3;
        let phase = f64::from(threes % self.breath.max(1)) / f64::from(self.breath.max(1));
        let full = (1.0 - (phase * std::f64::consts::TAU).cos()) / 2.0;
        (full * f64::from(BREATHS)).round() as u8
    }
}

/// Whether a pose is one of walking or running, which is a cycle and not a hold.
#[must_use]
pub fn walks(pose: &Slug) -> bool {
    let first = pose.as_str().split('-').next();
    matches!(first, Some("walk" | "run"))
}

fn seconds(rate: FrameRate) -> f64 {
    f64::from(rate.numerator()) / f64::from(rate.denominator())
}

/// Blinks every 2 to 5 s; the first not at once, so that a shot does not begin with closed eyes.
fn blinks(frames: u32, rate: FrameRate, seed: u64) -> Vec<Blink> {
    let mut blinks = Vec::new();
    let mut at = between(seed, 1_000, 1.0, 3.5);
    for count in 0.. {
        let frame = (at * seconds(rate)).round() as u32;
        if frame >= frames {
            return blinks;
        }
        blinks.push(Blink { at: frame, closed: 2 + (scramble(seed, 2_000 + count) % 2) as u32 });
        // Now and then twice in a row.
        at += if unit(seed, 3_000 + count) < 0.12 { 0.45 } else { between(seed, 1_001 + count, 2.0, 5.0) };
    }
    blinks
}

/// A share of a way, 0 to 1, gently off and to a stop over `soft` of the way at each end.
#[must_use]
pub(crate) fn eased(share: f64, soft: f64) -> f64 {
    let share = share.clamp(0.0, 1.0);
    let speed = 1.0 / (1.0 - soft);
    if share < soft {
        speed * share * share / (2.0 * soft)
    } else if share > 1.0 - soft {
        1.0 - speed * (1.0 - share) * (1.0 - share) / (2.0 * soft)
    } else {
        speed * (share - soft / 2.0)
    }
}

/// How far through its move the camera is at a frame, 0 to 1.
#[must_use]
pub(crate) fn camera_progress(camera: CameraMove, frame: u32, frames: u32) -> f64 {
    if camera.kind == Move::Static || camera.amount == 0.0 || frames < 2 {
        return 0.0;
    }
    let soft = match camera.kind {
        Move::TrackLeft | Move::TrackRight => 0.08,
        _ => 0.22,
    };
    eased(f64::from(frame) / f64::from(frames - 1), soft)
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::brief::{ActorBeat, FigureBrief, MouthKey};
    use std::sync::Arc;

    fn actor() -> Actor {
        let figure = FigureBrief {
            character: "mei".parse().unwrap(),
            build: "slim".parse().unwrap(),
            height_cm: 158.0,
            head: None,
            hair: None,
            eyes: None,
            brows: None,
            nose: None,
            ears: None,
            tail: None,
            marks: Vec::new(),
            garments: Vec::new(),
            accessories: Vec::new(),
            colours: std::collections::BTreeMap::new(),
        };
        Actor {
            figure: Arc::new(figure),
            pose: "stand".parse().unwrap(),
            expression: Expression::Neutral,
            facing: Facing::Front,
            x: None,
            depth: 0.0,
            holds: Vec::new(),
        }
    }

    fn beat(at: u32) -> ActorBeat {
        ActorBeat { at, pose: None, expression: None, facing: None, x: None }
    }

    fn track(performance: &Performance, frames: u32, seed: u64) -> Track {
        Track::new(&actor(), performance, 0.0, frames, FrameRate::FILM, seed)
    }

    #[test]
    fn a_blink_closes_in_two_frames_holds_two_or_three_and_opens_in_three() {
        let track = track(&Performance::default(), 2_000, 7);
        let eyes: Vec<Eyes> = (0..2_000).map(|frame| track.drawing(frame, 0.0).eyes).collect();
        assert_eq!(eyes[0], Eyes::Open);
        let mut blinks = 0;
        let mut frame = 0;
        while let Some(start) = (frame..eyes.len() - 10).find(|frame| eyes[*frame] != Eyes::Open) {
            let count = |from: usize, state| eyes[from..].iter().take_while(|eyes| **eyes == state).count();
            let closing = count(start, Eyes::Half);
            let closed = count(start + closing, Eyes::Closed);
            let opening = count(start + closing + closed, Eyes::Half);
            assert!((closing, opening) == (2, 3) && (2..=3).contains(&closed), "{closing} {closed} {opening}");
            blinks += 1;
            frame = start + closing + closed + opening;
        }
        assert!((16..=45).contains(&blinks), "{blinks} blinks in 83 s");
    }

    #[test]
    fn actors_with_other_seeds_do_not_blink_together() {
        let starts = |seed| track(&Performance::default(), 1_000, seed).blinks.iter().map(|blink| blink.at).collect::<Vec<_>>();
        assert_ne!(starts(1), starts(2));
        assert_eq!(starts(1), starts(1));
    }

    #[test]
    fn a_new_pose_is_reached_through_drawings_between_and_a_settle() {
        let performance = Performance { beats: vec![ActorBeat { pose: Some("wave".parse().unwrap()), ..beat(10) }], mouth: Vec::new() };
        let track = track(&performance, 48, 1);
        let shares: Vec<Option<u16>> = (9..18).map(|frame| track.drawing(frame, 0.0).from.map(|(_, share)| share)).collect();
        assert_eq!(shares, [None, Some(35), Some(35), Some(88), Some(88), Some(106), Some(106), None, None]);
        assert_eq!(track.drawing(9, 0.0).pose.as_str(), "stand");
        assert_eq!(track.drawing(16, 0.0).pose.as_str(), "wave");
    }

    #[test]
    fn a_face_changes_behind_half_closed_lids() {
        let performance = Performance { beats: vec![ActorBeat { expression: Some(Expression::Happy), ..beat(12) }], mouth: Vec::new() };
        let track = track(&performance, 24, 3);
        let at = |frame| track.drawing(frame, 0.0);
        assert_eq!((at(12).expression, at(12).eyes), (Expression::Neutral, Eyes::Half));
        assert_eq!((at(14).expression, at(14).eyes), (Expression::Happy, Eyes::Half));
        assert_eq!(at(17).expression, Expression::Happy);
    }

    #[test]
    fn someone_who_goes_arrives_when_the_next_beat_comes() {
        let performance = Performance { beats: vec![ActorBeat { x: Some(0.8), ..beat(0) }, beat(40)], mouth: Vec::new() };
        let track = track(&performance, 60, 1);
        assert!(track.x(0).abs() < 1e-9 && (track.x(20) - 0.4).abs() < 0.05 && (track.x(40) - 0.8).abs() < 1e-9);
        assert!((0..40).all(|frame| track.x(frame + 1) >= track.x(frame)));
        assert_eq!(track.x(20), track.x(21), "on twos");
    }

    #[test]
    fn a_mouth_shape_holds_until_the_next() {
        let mouth = vec![MouthKey { at: 3, shape: MouthShape::A }, MouthKey { at: 6, shape: MouthShape::Closed }];
        let track = track(&Performance { beats: Vec::new(), mouth }, 24, 1);
        let shapes: Vec<MouthShape> = (2..8).map(|frame| track.drawing(frame, 0.0).mouth).collect();
        use MouthShape::{A, Closed};
        assert_eq!(shapes, [Closed, A, A, A, Closed, Closed]);
    }

    #[test]
    fn an_eased_way_is_whole_and_never_goes_back() {
        for soft in [0.08, 0.22, 0.5] {
            assert!(eased(0.0, soft).abs() < 1e-12 && (eased(1.0, soft) - 1.0).abs() < 1e-12 && (eased(0.5, soft) - 0.5).abs() < 1e-12);
            assert!((0..100).all(|step| eased(f64::from(step + 1) / 100.0, soft) > eased(f64::from(step) / 100.0, soft)));
        }
    }
}
