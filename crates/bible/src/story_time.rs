//! Story time: points in the story at which things are true.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in the story: season and episode, then scene, then shot.
///
/// Written `S01E02`, `S01E02.05` (scene 5) or `S01E02.05.003` (shot 3). A point without a scene is the
/// start of its episode, one without a shot the start of its scene, so points order as the audience
/// sees them. Seasons, episodes and scenes count from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct StoryTime {
    /// Season, from 1.
    pub season: u16,
    /// Episode within the season, from 1.
    pub episode: u16,
    /// Scene within the episode, from 1; 0 is the start of the episode.
    pub scene: u16,
    /// Shot within the scene, from 1; 0 is the start of the scene.
    pub shot: u16,
}

/// Why a text is no story time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{got:?} is no story time: write an episode (S01E02), a scene of it (S01E02.05) or a shot (S01E02.05.003)")]
pub struct ParseStoryTimeError {
    /// What was given.
    pub got: String,
}

impl StoryTime {
    /// Before anything happens.
    pub const BEGINNING: Self = Self { season: 0, episode: 0, scene: 0, shot: 0 };

    /// The start of an episode.
    #[must_use]
    pub const fn episode(season: u16, episode: u16) -> Self {
        Self { season, episode, scene: 0, shot: 0 }
    }

    /// The same episode at the start of `scene`.
    #[must_use]
    pub const fn at_scene(self, scene: u16) -> Self {
        Self { scene, shot: 0, ..self }
    }

    /// The same scene at `shot`.
    #[must_use]
    pub const fn at_shot(self, shot: u16) -> Self {
        Self { shot, ..self }
    }

    /// The start of the episode that this point is in.
    #[must_use]
    pub const fn episode_start(self) -> Self {
        Self::episode(self.season, self.episode)
    }
}

impl fmt::Display for StoryTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S{:02}E{:02}", self.season, self.episode)?;
        if self.scene > 0 || self.shot > 0 {
            write!(f, ".{:02}", self.scene)?;
        }
        if self.shot > 0 {
            write!(f, ".{:03}", self.shot)?;
        }
        Ok(())
    }
}

impl fmt::Debug for StoryTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for StoryTime {
    type Err = ParseStoryTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let mut fields = text.trim().split('.');
            let (season, episode) = fields.next()?.strip_prefix(['S', 's'])?.split_once(['E', 'e'])?;
            let number = |digits: &str| {
                let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
                if plain { digits.parse::<u16>().ok().filter(|number| *number > 0) } else { None }
            };
            let point = Self {
                season: number(season)?,
                episode: number(episode)?,
                scene: fields.next().map_or(Some(0), number)?,
                shot: fields.next().map_or(Some(0), number)?,
            };
            fields.next().is_none().then_some(point)
        };
        parse().ok_or_else(|| ParseStoryTimeError { got: text.to_owned() })
    }
}

impl Serialize for StoryTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StoryTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for StoryTime {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StoryTime".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A point in the story: S01E02, S01E02.05 (scene) or S01E02.05.003 (shot)",
            "pattern": "^[Ss][0-9]+[Ee][0-9]+(\\.[0-9]+(\\.[0-9]+)?)?$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_order_as_the_audience_sees_them() {
        let points: Vec<StoryTime> =
            ["S01E01", "S01E01.01", "S01E01.01.001", "S01E01.02", "S01E02", "S02E01"].map(|text| text.parse().unwrap()).to_vec();
        assert!(points.is_sorted());
        assert!(StoryTime::BEGINNING < points[0]);
    }

    #[test]
    fn a_point_reads_back_from_its_text() {
        for text in ["S01E02", "S01E02.05", "S01E02.05.003"] {
            assert_eq!(text.parse::<StoryTime>().unwrap().to_string(), text);
        }
        for bad in ["", "E01", "S1", "S00E01", "S01E02.", "S01E02.1.2.3", "S+1E1"] {
            assert!(bad.parse::<StoryTime>().is_err(), "{bad}");
        }
    }
}
