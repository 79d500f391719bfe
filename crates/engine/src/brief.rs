//! Briefs: what to draw, with every value resolved.
//!
//! A brief is part of a recipe, so two equal briefs must serialise to the same JSON: no maps with
//! random order, no floats that come from anything but the script, the shot list and fixed rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use bible::character::Side;
use bible::project::Canvas;
use bible::story::{Angle, CameraMove, Composition, Expression, Facing, Framing, TimeOfDay, Weather};
use bible::{Colour, FrameRate, Slug, Tones};
use serde::{Deserialize, Serialize};

/// One picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PictureBrief {
    /// Size in pixels.
    pub canvas: Canvas,
    /// The show's drawing style.
    pub style: StyleBrief,
    /// What is behind the people.
    pub backdrop: Backdrop,
    /// How much of the subject the frame holds. For a sheet: full figure or close-up.
    pub framing: Framing,
    /// Where the camera stands.
    pub angle: Angle,
    /// How the people are placed.
    pub composition: Composition,
    /// Who is in the picture, most important first.
    pub actors: Vec<Actor>,
    /// Things that nobody holds.
    pub props: Vec<StandingProp>,
}

/// The show's drawing style.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StyleBrief {
    /// Weight of the line: 1 is the engine's own, 0.5 to 2.
    pub line_weight: f64,
    /// Colour of the outer line.
    pub line_colour: Colour,
    /// How far shadows go: 0 flat, 1 the engine's own.
    pub shadow_amount: f64,
}

/// What is behind the people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Backdrop {
    /// One colour, no light but the studio's: character sheets.
    Plain {
        /// The colour.
        colour: Colour,
    },
    /// A set under a light.
    Set {
        /// A set of the engine's catalogue or of the project.
        set: Slug,
        /// Colours by slot of the set, where they differ from its own.
        colours: BTreeMap<String, Tones>,
        /// The light of the day.
        time: TimeOfDay,
        /// The weather.
        weather: Weather,
    },
}

/// Someone in the picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Actor {
    /// What they look like. Shared: the same figure acts in many shots.
    pub figure: Arc<FigureBrief>,
    /// Body: a pose of the catalogue.
    pub pose: Slug,
    /// Face.
    pub expression: Expression,
    /// Direction, seen from the camera.
    pub facing: Facing,
    /// Across the frame: -1 left edge, 0 middle, 1 right edge; the composition decides when absent.
    pub x: Option<f64>,
    /// Metres behind the plane of action.
    pub depth: f64,
    /// What they hold: right hand first, then left.
    pub holds: Vec<PropBrief>,
}

/// What a character looks like at a story time, in one look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FigureBrief {
    /// Who: the character's slug; names the part map's entries.
    pub character: Slug,
    /// Proportions.
    pub build: Slug,
    /// Standing height in centimetres.
    pub height_cm: f64,
    /// Head shape.
    pub head: Option<Slug>,
    /// Hair style.
    pub hair: Option<Slug>,
    /// Eye shape.
    pub eyes: Option<Slug>,
    /// Brow shape.
    pub brows: Option<Slug>,
    /// Nose.
    pub nose: Option<Slug>,
    /// Animal ears.
    pub ears: Option<Slug>,
    /// Tail.
    pub tail: Option<Slug>,
    /// Marks of the body.
    pub marks: Vec<WornBrief>,
    /// Garments from the skin outwards.
    pub garments: Vec<GarmentBrief>,
    /// Accessories.
    pub accessories: Vec<WornBrief>,
    /// The colour model by slot: `skin`, `hair`, `iris.left`, `iris.right`, `ears.main`…
    pub colours: BTreeMap<String, Tones>,
}

/// A garment and its colours by slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GarmentBrief {
    /// A part of the `garment` category.
    pub part: Slug,
    /// Colours by slot, where they differ from the part's own.
    pub colours: BTreeMap<Slug, Tones>,
}

/// An accessory or mark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WornBrief {
    /// A part of the `accessory` or `mark` category.
    pub part: Slug,
    /// The character's own side; the part's default when absent.
    pub side: Option<Side>,
    /// Colours by slot, where they differ from the part's own.
    pub colours: BTreeMap<Slug, Tones>,
}

/// A prop and its colours by slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PropBrief {
    /// The prop's slug in the bible; names its entry in the part map.
    pub prop: Slug,
    /// A part of the `prop` category.
    pub part: Slug,
    /// Colours by slot, where they differ from the part's own.
    pub colours: BTreeMap<Slug, Tones>,
}

/// A prop that stands in the picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StandingProp {
    /// What it is.
    pub prop: PropBrief,
    /// Across the frame, as for actors.
    pub x: f64,
    /// Metres above the ground.
    pub height: f64,
    /// Metres behind the plane of action.
    pub depth: f64,
}

/// A shot in motion: its first picture, and what changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClipBrief {
    /// The picture at frame 0.
    pub picture: PictureBrief,
    /// Length in frames.
    pub frames: u32,
    /// Frames per second.
    pub rate: FrameRate,
    /// What the camera does over the whole clip.
    pub camera: CameraMove,
    /// What the actors do; same order and length as `picture.actors`.
    pub performances: Vec<Performance>,
    /// Seed of everything that is not said: blinks, drifting petals, a lantern's flicker.
    pub seed: u64,
    /// Frames at the start that come up out of black; 0 for none.
    pub fade_in: u32,
    /// Frames at the end that go down to black; 0 for none.
    pub fade_out: u32,
}

/// What one actor does during a clip.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Performance {
    /// Changes of pose, face, direction and place, in order of frame.
    pub beats: Vec<ActorBeat>,
    /// Mouth shapes, in order of frame; each holds until the next.
    pub mouth: Vec<MouthKey>,
}

/// A change from a frame on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActorBeat {
    /// First frame.
    pub at: u32,
    /// The new pose.
    pub pose: Option<Slug>,
    /// The new face.
    pub expression: Option<Expression>,
    /// The new direction.
    pub facing: Option<Facing>,
    /// The place across the frame to move to, until the next beat or the end.
    pub x: Option<f64>,
}

/// A mouth shape from a frame on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MouthKey {
    /// First frame.
    pub at: u32,
    /// The shape.
    pub shape: MouthShape,
}

/// Mouth shapes of speech: closed and the five vowels of Japanese.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MouthShape {
    /// The expression's own mouth.
    #[default]
    Closed,
    /// あ: open.
    A,
    /// い: wide, teeth near.
    I,
    /// う: small, round, forward.
    U,
    /// え: half open, wide.
    E,
    /// お: round.
    O,
}
