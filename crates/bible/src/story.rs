//! The story as it will be shot: episodes, scenes, shots.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::word_or::{WordOr, word_or};
use crate::{Slug, StoryTime};

/// One episode, broken down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Episode {
    /// Season and episode.
    pub at: StoryTime,
    /// The title, 1 to 200 characters.
    pub title: String,
    /// The scenes in order, numbered from 1.
    pub scenes: Vec<Scene>,
}

impl Episode {
    /// Every shot in order.
    pub fn shots(&self) -> impl Iterator<Item = (&Scene, &Shot)> {
        self.scenes.iter().flat_map(|scene| scene.shots.iter().map(move |shot| (scene, shot)))
    }

    /// Length in frames.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.shots().map(|(_, shot)| u64::from(shot.frames)).sum()
    }
}

/// A scene: one place, one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scene {
    /// Where it stands in the story.
    pub at: StoryTime,
    /// The heading as written: `EXT. LANTERN ROAD - NIGHT`.
    pub heading: String,
    /// The place.
    pub location: Slug,
    /// The light.
    pub time: TimeOfDay,
    /// The weather.
    #[serde(default)]
    pub weather: Weather,
    /// What the scene is for, from its synopsis.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub synopsis: String,
    /// The shots in order, numbered from 1.
    pub shots: Vec<Shot>,
}

/// One shot (カット).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Shot {
    /// Where it stands in the story; also its name (`S01E01.03.002`).
    pub at: StoryTime,
    /// Length in frames, 1 or more.
    pub frames: u32,
    /// How much of the subject the frame holds.
    pub framing: Framing,
    /// Where the camera stands.
    #[serde(default)]
    pub angle: Angle,
    /// What the camera does.
    #[serde(default)]
    pub camera: CameraMove,
    /// How the people are placed.
    #[serde(default)]
    pub composition: Composition,
    /// Who is in the picture, most important first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cast: Vec<CastMember>,
    /// Things in the picture that nobody holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub props: Vec<PlacedProp>,
    /// What happens, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub action: String,
    /// What is said, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
    /// How the shot begins.
    #[serde(default)]
    pub transition: Transition,
    /// The script's line that it comes from, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script_line: Option<u32>,
}

/// A character in a shot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CastMember {
    /// Who.
    pub character: Slug,
    /// Look, when not the one of the story time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<Slug>,
    /// Body: a pose of the layout engine's catalogue (`stand`, `walk`, `sit`, `action`, `wave`…).
    #[serde(default = "stand")]
    pub pose: Slug,
    /// Face.
    #[serde(default)]
    pub expression: Expression,
    /// Which way they face, seen from the camera.
    #[serde(default)]
    pub facing: Facing,
    /// Across the frame: -1 left edge, 0 middle, 1 right edge. The composition decides when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1.5, max = 1.5))]
    pub x: Option<f64>,
    /// Metres behind (or, negative, in front of) the plane of action.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(min = -3.0, max = 40.0))]
    pub depth: f64,
    /// Props held, by name, first in the right hand, then in the left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Slug>,
    /// What changes during the shot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beats: Vec<Beat>,
}

fn stand() -> Slug {
    // The literal is a valid slug; `nearest` of it is itself.
    Slug::nearest("stand").unwrap_or_else(|| unreachable!("a literal slug"))
}

fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

/// A change of pose, face or direction within a shot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Beat {
    /// Frame of the shot from which it holds, from 1 on.
    pub at: u32,
    /// The new pose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pose: Option<Slug>,
    /// The new face.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<Expression>,
    /// The new direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facing: Option<Facing>,
    /// The new place across the frame; reached by moving there until the next beat or the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<f64>,
}

/// A prop that stands in the picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlacedProp {
    /// Which prop.
    pub prop: Slug,
    /// Across the frame, as for characters.
    #[serde(default)]
    pub x: f64,
    /// Metres above the ground.
    #[serde(default)]
    pub height: f64,
    /// Metres behind the plane of action.
    #[serde(default)]
    pub depth: f64,
}

/// A spoken line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// Who speaks.
    pub character: Slug,
    /// What is said, plain text.
    pub text: String,
    /// How, from the parenthetical.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub manner: String,
    /// Frame of the shot at which the voice starts, from 0.
    pub start: u32,
    /// Frames that the voice takes.
    pub frames: u32,
    /// The speaker is not seen (O.S., V.O.).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub off_screen: bool,
}

macro_rules! vocabulary {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal $(| $short:literal)*),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum $name { $($(#[$variant_meta])* #[serde(rename = $text $(, alias = $short)*)] $variant),+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as written in files and on the wire.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }
    };
}

vocabulary! {
    /// How much of the subject the frame holds.
    Framing {
        /// The place; people are small.
        ExtremeLong = "extreme-long" | "els",
        /// Full figure with much ground.
        Long = "long" | "ls",
        /// Full figure.
        Full = "full" | "fs",
        /// From the knee.
        MediumFull = "medium-full" | "mfs",
        /// From the waist.
        Medium = "medium" | "ms",
        /// From the chest.
        MediumCloseUp = "medium-close-up" | "mcu",
        /// The face; the top of the head may be cut.
        CloseUp = "close-up" | "cu",
        /// The eyes, or one detail.
        ExtremeCloseUp = "extreme-close-up" | "ecu",
    }
}

vocabulary! {
    /// Where the camera stands.
    Angle {
        /// At the height of the eyes.
        EyeLevel = "eye-level",
        /// Above, looking down.
        High = "high",
        /// Below, looking up.
        Low = "low",
    }
}

vocabulary! {
    /// How the people are placed.
    Composition {
        /// By number: one in the middle third, two as a two-shot, more as a group.
        Auto = "auto",
        /// Two people, both faces seen.
        TwoShot = "two-shot",
        /// The second of the cast from behind, near and cut; the first beyond the shoulder.
        OverTheShoulder = "over-the-shoulder" | "ots",
    }
}

vocabulary! {
    /// Which way a character faces, seen from the camera; left and right are the screen's.
    Facing {
        /// To the camera.
        Front = "front",
        /// Three quarters to the screen's left.
        ThreeQuarterLeft = "three-quarter-left",
        /// Three quarters to the screen's right.
        ThreeQuarterRight = "three-quarter-right",
        /// In profile to the screen's left.
        Left = "left",
        /// In profile to the screen's right.
        Right = "right",
        /// Away from the camera.
        Back = "back",
    }
}

vocabulary! {
    /// The six faces of the sheet.
    Expression {
        /// At rest.
        Neutral = "neutral",
        /// Arched brows, open mouth.
        Happy = "happy",
        /// Inner brows up, lids low.
        Sad = "sad",
        /// Inner brows down, teeth.
        Angry = "angry",
        /// Brows high, small iris, round mouth.
        Surprised = "surprised",
        /// Brows level and low, mouth set.
        Determined = "determined",
    }
}

vocabulary! {
    /// The light of the day.
    TimeOfDay {
        /// First light.
        Dawn = "dawn",
        /// Daylight.
        Day = "day",
        /// Low sun.
        Sunset = "sunset",
        /// Dark.
        Night = "night",
    }
}

vocabulary! {
    /// The weather.
    Weather {
        /// Nothing falls.
        Clear = "clear",
        /// Grey and flat.
        Overcast = "overcast",
        /// Rain.
        Rain = "rain",
        /// Snow.
        Snow = "snow",
        /// Fog.
        Fog = "fog",
        /// Petals on the wind.
        Petals = "petals",
    }
}

vocabulary! {
    /// What the camera does.
    Move {
        /// Nothing.
        Static = "static",
        /// Turns to the screen's left.
        PanLeft = "pan-left",
        /// Turns to the screen's right.
        PanRight = "pan-right",
        /// Turns up.
        TiltUp = "tilt-up",
        /// Turns down.
        TiltDown = "tilt-down",
        /// Closer.
        ZoomIn = "zoom-in",
        /// Farther.
        ZoomOut = "zoom-out",
        /// Travels to the screen's left; near things pass faster.
        TrackLeft = "track-left",
        /// Travels to the screen's right; near things pass faster.
        TrackRight = "track-right",
    }
}

vocabulary! {
    /// How a shot begins.
    TransitionKind {
        /// At once.
        Cut = "cut",
        /// The last picture melts into this one (O.L).
        Dissolve = "dissolve",
        /// Out of black (F.I).
        FadeIn = "fade-in",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro that makes the type knows no default")]
impl Default for Angle {
    fn default() -> Self {
        Self::EyeLevel
    }
}

#[expect(clippy::derivable_impls, reason = "the macro that makes the type knows no default")]
impl Default for Composition {
    fn default() -> Self {
        Self::Auto
    }
}

#[expect(clippy::derivable_impls, reason = "the macro that makes the type knows no default")]
impl Default for Facing {
    fn default() -> Self {
        Self::Front
    }
}

#[expect(clippy::derivable_impls, reason = "the macro that makes the type knows no default")]
impl Default for Expression {
    fn default() -> Self {
        Self::Neutral
    }
}

#[expect(clippy::derivable_impls, reason = "the macro that makes the type knows no default")]
impl Default for Weather {
    fn default() -> Self {
        Self::Clear
    }
}

/// What the camera does, and how far. Written as the move (`pan-left`) or with its amount
/// (`{ kind: pan-left, amount: 0.3 }`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CameraMove {
    /// The kind of move.
    pub kind: Move,
    /// How far: for pan, tilt and track the share of the frame travelled, for zoom the share by which
    /// the picture grows or shrinks. 0 to 1.
    pub amount: f64,
}

impl From<Move> for CameraMove {
    fn from(kind: Move) -> Self {
        Self { kind, amount: if kind == Move::Static { 0.0 } else { default_amount() } }
    }
}

impl<'de> Deserialize<'de> for CameraMove {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Full {
            kind: Move,
            amount: Option<f64>,
        }
        let written: WordOr<Move, Full> = word_or(deserializer, "a move such as `pan-left`, or its kind and amount")?;
        Ok(match written {
            WordOr::Word(kind) => kind.into(),
            WordOr::Full(Full { kind, amount: None }) => kind.into(),
            WordOr::Full(Full { kind, amount: Some(amount) }) => Self { kind, amount },
        })
    }
}

impl JsonSchema for CameraMove {
    fn schema_name() -> Cow<'static, str> {
        "CameraMove".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let kind = generator.subschema_for::<Move>();
        schemars::json_schema!({
            "description": "What the camera does: the move, or its kind and amount (0 to 1 of the frame)",
            "anyOf": [
                kind,
                {
                    "type": "object",
                    "required": ["kind"],
                    "properties": { "kind": kind, "amount": { "type": "number", "minimum": 0, "maximum": 1 } },
                    "additionalProperties": false
                }
            ]
        })
    }
}

fn default_amount() -> f64 {
    0.15
}

impl Default for CameraMove {
    fn default() -> Self {
        Self { kind: Move::Static, amount: 0.0 }
    }
}

/// How a shot begins. Written as the kind (`dissolve`) or with its length
/// (`{ kind: dissolve, frames: 12 }`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Transition {
    /// The kind.
    pub kind: TransitionKind,
    /// Frames that it takes; 0 for a cut. The frames belong to this shot.
    pub frames: u32,
}

impl From<TransitionKind> for Transition {
    /// With the usual length: 18 frames for a dissolve (12 to 24 are common), 36 for a fade (24 to 48).
    fn from(kind: TransitionKind) -> Self {
        let frames = match kind {
            TransitionKind::Cut => 0,
            TransitionKind::Dissolve => 18,
            TransitionKind::FadeIn => 36,
        };
        Self { kind, frames }
    }
}

impl<'de> Deserialize<'de> for Transition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Full {
            kind: TransitionKind,
            frames: Option<u32>,
        }
        let written: WordOr<TransitionKind, Full> = word_or(deserializer, "a transition such as `dissolve`, or its kind and frames")?;
        Ok(match written {
            WordOr::Word(kind) => kind.into(),
            WordOr::Full(Full { kind, frames: None }) => kind.into(),
            WordOr::Full(Full { kind, frames: Some(frames) }) => Self { kind, frames },
        })
    }
}

impl JsonSchema for Transition {
    fn schema_name() -> Cow<'static, str> {
        "Transition".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let kind = generator.subschema_for::<TransitionKind>();
        schemars::json_schema!({
            "description": "How a shot begins: the kind, or its kind and length in frames",
            "anyOf": [
                kind,
                {
                    "type": "object",
                    "required": ["kind"],
                    "properties": { "kind": kind, "frames": { "type": "integer", "minimum": 0 } },
                    "additionalProperties": false
                }
            ]
        })
    }
}

impl Default for Transition {
    fn default() -> Self {
        Self { kind: TransitionKind::Cut, frames: 0 }
    }
}
