//! The shot list of an episode, as written in `episodes/<s01e01>/shots.yaml`.
//!
//! Everything in it is optional: what it does not say, the director's rules decide.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Slug;
use crate::character::Extra;
use crate::story::{Angle, Beat, CameraMove, Composition, Expression, Facing, Framing, PlacedProp, TimeOfDay, Transition, Weather};

/// What `shots.yaml` says.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShotList {
    /// Scenes by their number in the episode, from 1, or by the number that the script gives them (`12A`).
    #[serde(default)]
    pub scenes: BTreeMap<String, SceneShots>,
}

/// What the shot list says of one scene.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SceneShots {
    /// The place, when the heading does not say which of the bible's locations it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Slug>,
    /// The light, when not the one of the heading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeOfDay>,
    /// The weather.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weather: Option<Weather>,
    /// All shots of the scene, in order. Spoken lines that none of them names keep shots of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shots: Option<Vec<ShotSpec>>,
    /// Changes to single shots that the rules made, by number (`2`) or by words that are said or happen
    /// in the shot (`"You kept it"`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refine: BTreeMap<String, ShotSpec>,
    /// Spoken lines of the scene to leave out, by their number in the scene or their words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub omit: Vec<LineRef>,
}

/// What the shot list says of one shot.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShotSpec {
    /// How much of the subject the frame holds: `close-up`, or short `cu`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framing: Option<Framing>,
    /// Where the camera stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub angle: Option<Angle>,
    /// What the camera does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera: Option<CameraMove>,
    /// How the people are placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub composition: Option<Composition>,
    /// Length in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Length in frames, when seconds are not exact enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frames: Option<u32>,
    /// How the shot begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transition: Option<Transition>,
    /// Who is in the picture, most important first: `mei`, or `mei: { pose: walk }`. `[]` for nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cast: Option<Vec<CastSpec>>,
    /// Things in the picture that nobody holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub props: Option<Vec<PlacedProp>>,
    /// What happens, in words. Poses and faces that are not given follow from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// What is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<LineRefs>,
    /// A remark for people; nothing is made of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Someone in a shot: `mei`, or `mei: { pose: walk, expression: happy }`.
#[derive(Debug, Clone, PartialEq)]
pub struct CastSpec {
    /// Who.
    pub character: Slug,
    /// How.
    pub acting: Acting,
}

/// How someone is in a shot; what is absent follows from the action and the lines.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Acting {
    /// Look, when not the one of the story time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<Slug>,
    /// Body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pose: Option<Slug>,
    /// Face.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<Expression>,
    /// Which way they face, seen from the camera.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facing: Option<Facing>,
    /// Across the frame: -1 left edge, 0 middle, 1 right edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1.5, max = 1.5))]
    pub x: Option<f64>,
    /// Metres behind the plane of action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -3.0, max = 40.0))]
    pub depth: Option<f64>,
    /// Props held, first in the right hand, then in the left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<Vec<Slug>>,
    /// What changes during the shot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beats: Option<Vec<Beat>>,
}

impl Serialize for CastSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.acting == Acting::default() {
            return self.character.serialize(serializer);
        }
        serializer.collect_map([(&self.character, &self.acting)])
    }
}

impl<'de> Deserialize<'de> for CastSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Cast;
        impl<'de> Visitor<'de> for Cast {
            type Value = CastSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a character (`mei`), or one with how they act (`mei: { pose: walk }`)")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<CastSpec, E> {
                Ok(CastSpec { character: text.parse().map_err(E::custom)?, acting: Acting::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CastSpec, A::Error> {
                let Some(character) = map.next_key::<Slug>()? else {
                    return Err(A::Error::custom("nobody is named: write `mei`, or `mei: { pose: walk }`"));
                };
                let acting = map.next_value::<Option<Acting>>()?.unwrap_or_default();
                if let Some(second) = map.next_key::<Slug>()? {
                    return Err(A::Error::custom(format!("`{character}` and `{second}` are one item: put a dash before each of the cast")));
                }
                Ok(CastSpec { character, acting })
            }
        }
        deserializer.deserialize_any(Cast)
    }
}

impl JsonSchema for CastSpec {
    fn schema_name() -> Cow<'static, str> {
        "CastSpec".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let acting = generator.subschema_for::<Acting>();
        schemars::json_schema!({
            "description": "A character, or one with how they act: mei: { pose: walk }",
            "anyOf": [
                { "type": "string" },
                { "type": "object", "additionalProperties": acting, "minProperties": 1, "maxProperties": 1 }
            ]
        })
    }
}

/// What is said in a shot: one reference or a list of them.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub struct LineRefs(pub Vec<LineRef>);

impl<'de> Deserialize<'de> for LineRefs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Refs;
        impl<'de> Visitor<'de> for Refs {
            type Value = LineRefs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the number of a line in the scene (`2`), a range (`2-4`), its words, or a list of these")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<LineRefs, E> {
                LineRef::number(number).map(|line| LineRefs(vec![line]))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<LineRefs, E> {
                self.visit_u64(u64::try_from(number).unwrap_or(0))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<LineRefs, E> {
                LineRef::text(text).map(|line| LineRefs(vec![line]))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<LineRefs, A::Error> {
                LineRef::map(map).map(|line| LineRefs(vec![line]))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<LineRefs, A::Error> {
                let mut lines = Vec::new();
                while let Some(line) = list.next_element()? {
                    lines.push(line);
                }
                Ok(LineRefs(lines))
            }
        }
        deserializer.deserialize_any(Refs)
    }
}

impl JsonSchema for LineRefs {
    fn schema_name() -> Cow<'static, str> {
        "LineRefs".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let line = generator.subschema_for::<LineRef>();
        schemars::json_schema!({
            "description": "What is said: the number of a line in the scene, a range, its words, or a list of these",
            "anyOf": [line, { "type": "array", "items": line }]
        })
    }
}

/// One thing said.
#[derive(Debug, Clone, PartialEq)]
pub enum LineRef {
    /// Spoken lines of the scene by number, from 1, the last included.
    Range {
        /// The first.
        first: u32,
        /// The last.
        last: u32,
    },
    /// The line of the scene with these words.
    Words(String),
    /// A line that the script does not have: `mei: "Text."`, with how it is said in front: `"(softly) Text."`.
    New {
        /// Who speaks.
        character: Slug,
        /// What is said.
        text: String,
    },
    /// Seconds of silence before what follows: `pause: 0.5`.
    Pause(f64),
}

impl LineRef {
    fn number<E: Error>(number: u64) -> Result<Self, E> {
        match u32::try_from(number) {
            Ok(number) if number > 0 => Ok(Self::Range { first: number, last: number }),
            _ => Err(E::custom(format!("{number} is no line of a scene: the first spoken line is 1"))),
        }
    }

    fn text<E: Error>(text: &str) -> Result<Self, E> {
        let number = |text: &str| text.trim().parse::<u64>().ok();
        if let Some(only) = number(text) {
            return Self::number(only);
        }
        if let Some((first, last)) = text.split_once(['-', '–'])
            && let (Some(first), Some(last)) = (number(first), number(last))
        {
            return match (u32::try_from(first), u32::try_from(last)) {
                (Ok(first), Ok(last)) if first > 0 && first <= last => Ok(Self::Range { first, last }),
                _ => Err(E::custom(format!("{text:?} is no range of lines: write the first and the last, like 2-4"))),
            };
        }
        if text.trim().is_empty() {
            return Err(E::custom("the words of a line are empty: write its number in the scene, or its first words"));
        }
        Ok(Self::Words(text.to_owned()))
    }

    fn map<'de, A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let Some(key) = map.next_key::<String>()? else {
            return Err(A::Error::custom("the line is empty: write `mei: \"Text.\"`"));
        };
        let line = if key == "pause" {
            let seconds = map.next_value::<f64>()?;
            if !(0.0..=60.0).contains(&seconds) {
                return Err(A::Error::custom(format!("a pause of {seconds} seconds is out of range: write 0 to 60")));
            }
            Self::Pause(seconds)
        } else {
            Self::New { character: key.parse().map_err(A::Error::custom)?, text: map.next_value()? }
        };
        if let Some(second) = map.next_key::<String>()? {
            return Err(A::Error::custom(format!("`{second}` is a second item: put a dash before each line")));
        }
        Ok(line)
    }
}

impl Serialize for LineRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Range { first, last } if first == last => first.serialize(serializer),
            Self::Range { first, last } => serializer.collect_str(&format_args!("{first}-{last}")),
            Self::Words(words) => words.serialize(serializer),
            Self::New { character, text } => serializer.collect_map([(character, text)]),
            Self::Pause(seconds) => serializer.collect_map([("pause", seconds)]),
        }
    }
}

impl<'de> Deserialize<'de> for LineRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Line;
        impl<'de> Visitor<'de> for Line {
            type Value = LineRef;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the number of a line in the scene (`2`), a range (`2-4`), its words, or `mei: \"Text.\"`")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<LineRef, E> {
                LineRef::number(number)
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<LineRef, E> {
                LineRef::number(u64::try_from(number).unwrap_or(0))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<LineRef, E> {
                LineRef::text(text)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<LineRef, A::Error> {
                LineRef::map(map)
            }
        }
        deserializer.deserialize_any(Line)
    }
}

impl JsonSchema for LineRef {
    fn schema_name() -> Cow<'static, str> {
        "LineRef".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A line by number (2), by range (2-4), by its words, new (mei: \"Text.\"), or a pause in seconds (pause: 0.5)",
            "anyOf": [
                { "type": "integer", "minimum": 1 },
                { "type": "string" },
                { "type": "object", "additionalProperties": { "type": ["string", "number"] }, "minProperties": 1, "maxProperties": 1 }
            ]
        })
    }
}

/// What `episodes/<s01e01>/episode.yaml` says; the file is optional.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct EpisodeSettings {
    /// The title, 1 to 200 characters; the one of the script's title page when absent.
    #[schemars(length(min = 1, max = 200))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What happens, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub synopsis: String,
    /// Voices that are heard but never seen, as the script writes them: `CROWD`, `RADIO VOICE`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<String>,
    /// Everything else that was written.
    #[serde(flatten)]
    pub extra: Extra,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lines_are_named_by_number_range_words_or_written_anew() {
        let lines: LineRefs = serde_json::from_value(json!([1, "2-4", "They're early", {"mei": "Oh."}, {"pause": 0.5}])).unwrap();
        assert_eq!(
            lines.0,
            [
                LineRef::Range { first: 1, last: 1 },
                LineRef::Range { first: 2, last: 4 },
                LineRef::Words("They're early".into()),
                LineRef::New { character: "mei".parse().unwrap(), text: "Oh.".into() },
                LineRef::Pause(0.5),
            ]
        );
        assert_eq!(serde_json::to_value(&lines).unwrap(), json!([1, "2-4", "They're early", {"mei": "Oh."}, {"pause": 0.5}]));
        assert_eq!(serde_json::from_value::<LineRefs>(json!(3)).unwrap().0.len(), 1);
        for bad in [json!(0), json!("4-2"), json!(""), json!({"pause": -1}), json!({"mei": "a", "kit": "b"}), json!(true)] {
            assert!(serde_json::from_value::<LineRefs>(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn moves_transitions_and_cast_may_be_one_word() {
        let shot: ShotSpec = serde_json::from_value(
            json!({"framing": "cu", "camera": "pan-left", "transition": "dissolve", "cast": ["mei", {"kit": {"pose": "sit"}}]}),
        )
        .unwrap();
        assert_eq!(shot.framing, Some(Framing::CloseUp));
        assert_eq!(shot.camera.map(|camera| camera.amount), Some(0.15));
        assert_eq!(shot.transition.map(|transition| transition.frames), Some(18));
        let cast = shot.cast.unwrap();
        assert_eq!(cast[1].acting.pose.as_ref().map(Slug::as_str), Some("sit"));
    }
}
