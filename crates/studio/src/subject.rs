//! What a picture, clip or cut is of.

use std::fmt;
use std::str::FromStr;

use bible::{Slug, StoryTime};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What an artifact is of. Written as one line, which is also its name in the store and on the command
/// line: `sheet mei/everyday/front`, `shot S01E01.03.002`, `film S01E01.03.002`, `transition S01E01.03.002`,
/// `episode S01E01`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// One picture of a character sheet.
    Sheet {
        /// Who.
        character: Slug,
        /// In which look.
        look: Slug,
        /// From which point of the story on, where the arc changed what is drawn; `None` for the beginning.
        since: Option<StoryTime>,
        /// Which of the 14: `front`, `sitting`, `angry`…
        slot: Slug,
    },
    /// A shot's clip and its key pictures.
    Shot(StoryTime),
    /// A shot's film, drawn between its key pictures.
    Film(StoryTime),
    /// The frames in which a shot emerges from the one before it.
    Transition(StoryTime),
    /// A cut episode.
    Episode(StoryTime),
}

impl Subject {
    /// Whether it is a picture of a sheet.
    #[must_use]
    pub const fn is_sheet(&self) -> bool {
        matches!(self, Self::Sheet { .. })
    }
}

/// Why a text names no subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{got:?} names nothing: write `shot S01E01.03.002`, `film S01E01.03.002`, `sheet mei/everyday/front`, `transition S01E01.03.002` or `episode S01E01`"
)]
pub struct ParseSubjectError {
    /// What was given.
    pub got: String,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sheet { character, look, since: None, slot } => write!(f, "sheet {character}/{look}/{slot}"),
            Self::Sheet { character, look, since: Some(since), slot } => write!(f, "sheet {character}/{look}@{since}/{slot}"),
            Self::Shot(at) => write!(f, "shot {at}"),
            Self::Film(at) => write!(f, "film {at}"),
            Self::Transition(at) => write!(f, "transition {at}"),
            Self::Episode(at) => write!(f, "episode {at}"),
        }
    }
}

impl FromStr for Subject {
    type Err = ParseSubjectError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || match text.split_once(' ')? {
            ("sheet", name) => {
                let mut fields = name.split('/');
                let character = fields.next()?.parse().ok()?;
                let (look, since) = match fields.next()?.split_once('@') {
                    Some((look, since)) => (look.to_owned(), Some(since.parse().ok()?)),
                    None => (name.split('/').nth(1)?.to_owned(), None),
                };
                let slot = fields.next()?.parse().ok()?;
                fields.next().is_none().then_some(Self::Sheet { character, look: look.parse().ok()?, since, slot })
            }
            ("shot", at) => at.parse().ok().map(Self::Shot),
            ("film", at) => at.parse().ok().map(Self::Film),
            ("transition", at) => at.parse().ok().map(Self::Transition),
            ("episode", at) => at.parse().ok().map(Self::Episode),
            _ => None,
        };
        parse().ok_or_else(|| ParseSubjectError { got: text.to_owned() })
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_reads_back_from_its_line() {
        for line in [
            "sheet mei/everyday/front",
            "sheet mei/festival@S01E01.05/angry",
            "shot S01E01.03.002",
            "film S01E01.03.002",
            "transition S01E01.03.002",
            "episode S01E01",
        ] {
            assert_eq!(line.parse::<Subject>().unwrap().to_string(), line);
        }
        for bad in ["", "shot", "shot x", "sheet mei", "sheet mei/a/b/c", "picture S01E01"] {
            assert!(bad.parse::<Subject>().is_err(), "{bad}");
        }
    }
}
