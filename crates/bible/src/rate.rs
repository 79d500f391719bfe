//! Exact frame rates.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Frames per second as an exact rational: 24, or 24000/1001 for broadcast.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FrameRate {
    numerator: u32,
    denominator: u32,
}

/// Why a text is no frame rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{got:?} is no frame rate: write whole frames per second (24) or a fraction (24000/1001), between 1 and 240")]
pub struct ParseFrameRateError {
    /// What was given.
    pub got: String,
}

impl FrameRate {
    /// 24 frames a second, the default of anime.
    pub const FILM: Self = Self { numerator: 24, denominator: 1 };
    /// 24000/1001, film rate on NTSC broadcast.
    pub const FILM_NTSC: Self = Self { numerator: 24000, denominator: 1001 };

    /// `numerator / denominator` frames a second; `None` outside 1 to 240 or with a zero denominator.
    #[must_use]
    pub const fn new(numerator: u32, denominator: u32) -> Option<Self> {
        if denominator == 0 || numerator < denominator || numerator / denominator > 240 {
            return None;
        }
        Some(Self { numerator, denominator })
    }

    /// The numerator as given.
    #[must_use]
    pub const fn numerator(self) -> u32 {
        self.numerator
    }

    /// The denominator as given.
    #[must_use]
    pub const fn denominator(self) -> u32 {
        self.denominator
    }

    /// Seconds from frame 0 to the start of `frame`.
    #[must_use]
    pub fn seconds(self, frame: u64) -> f64 {
        frame as f64 * f64::from(self.denominator) / f64::from(self.numerator)
    }

    /// Microseconds from frame 0 to the start of `frame`, rounded to the nearest.
    #[must_use]
    pub fn micros(self, frame: u64) -> u64 {
        let exact = u128::from(frame) * u128::from(self.denominator) * 1_000_000;
        ((exact + u128::from(self.numerator) / 2) / u128::from(self.numerator)) as u64
    }

    /// The number of frames nearest to `seconds`, at least 1.
    #[must_use]
    pub fn frames_in(self, seconds: f64) -> u32 {
        (seconds * f64::from(self.numerator) / f64::from(self.denominator)).round().max(1.0) as u32
    }

    /// The audio sample at which `frame` starts, rounded to the nearest.
    #[must_use]
    pub fn sample_at(self, frame: u64, sample_rate: u32) -> u64 {
        let exact = u128::from(frame) * u128::from(self.denominator) * u128::from(sample_rate);
        ((exact + u128::from(self.numerator) / 2) / u128::from(self.numerator)) as u64
    }
}

impl Default for FrameRate {
    fn default() -> Self {
        Self::FILM
    }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.denominator == 1 { write!(f, "{}", self.numerator) } else { write!(f, "{}/{}", self.numerator, self.denominator) }
    }
}

impl FromStr for FrameRate {
    type Err = ParseFrameRateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
        let parsed = match (numerator.trim().parse(), denominator.trim().parse()) {
            (Ok(numerator), Ok(denominator)) => Self::new(numerator, denominator),
            _ => None,
        };
        parsed.ok_or_else(|| ParseFrameRateError { got: text.to_owned() })
    }
}

impl Serialize for FrameRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FrameRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Whole(u32),
            Text(String),
        }
        let text = match Written::deserialize(deserializer)? {
            Written::Whole(rate) => rate.to_string(),
            Written::Text(text) => text,
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for FrameRate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FrameRate".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Frames per second: a whole number, or a fraction such as 24000/1001",
            "oneOf": [
                { "type": "integer", "minimum": 1, "maximum": 240 },
                { "type": "string", "pattern": "^[0-9]+(/[0-9]+)?$" }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcast_rate_is_exact_over_an_hour() {
        let rate: FrameRate = "24000/1001".parse().unwrap();
        assert_eq!(rate.micros(86_400), 3_603_600_000);
        assert_eq!(rate.sample_at(24_000, 48_000), 48_048_000);
    }

    #[test]
    fn a_rate_of_nothing_is_refused() {
        for bad in ["0", "24/0", "x", "24000", "1/2", ""] {
            assert!(bad.parse::<FrameRate>().is_err(), "{bad}");
        }
    }
}
