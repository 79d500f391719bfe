//! When a node is lent: an artist's GPU draws for the farm at night.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveTime, TimeDelta, Timelike};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::Time;

/// Hours of the day, as `20:00-08:00+02:00`: from, to, and the distance of that place's clock from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    from: NaiveTime,
    to: NaiveTime,
    /// In minutes.
    offset: i32,
}

/// Why a text is no hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` are no hours: as 20:00-08:00, or 20:00-08:00+02:00 where the clock is two hours before UTC")]
pub struct BadHours(pub String);

impl Hours {
    /// Whether it is within the hours.
    #[must_use]
    pub fn contain(&self, now: Time) -> bool {
        let here = (now + TimeDelta::minutes(i64::from(self.offset))).time();
        if self.from <= self.to { self.from <= here && here < self.to } else { self.from <= here || here < self.to }
    }

    /// The next time that they begin.
    #[must_use]
    pub fn next_start(&self, now: Time) -> Time {
        let here = now + TimeDelta::minutes(i64::from(self.offset));
        let passed = TimeDelta::seconds(i64::from(here.time().num_seconds_from_midnight()));
        let start = TimeDelta::seconds(i64::from(self.from.num_seconds_from_midnight()));
        let wait = start - passed;
        now + if wait <= TimeDelta::zero() { wait + TimeDelta::days(1) } else { wait }
    }
}

impl FromStr for Hours {
    type Err = BadHours;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadHours(text.to_owned());
        let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").map_err(|_| bad());
        let (from, rest) = text.split_once('-').ok_or_else(bad)?;
        let (to, offset) = match rest.find(['+', '-']) {
            Some(sign) => {
                let (to, offset) = rest.split_at(sign);
                let minutes = i32::try_from(time(&offset[1..])?.num_seconds_from_midnight() / 60).map_err(|_| bad())?;
                (to, if offset.starts_with('-') { -minutes } else { minutes })
            }
            None => (rest, 0),
        };
        Ok(Self { from: time(from)?, to: time(to)?, offset })
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.from.format("%H:%M"), self.to.format("%H:%M"))?;
        if self.offset != 0 {
            let sign = if self.offset < 0 { '-' } else { '+' };
            write!(formatter, "{sign}{:02}:{:02}", self.offset.abs() / 60, self.offset.abs() % 60)?;
        }
        Ok(())
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn hours_go_over_midnight_and_know_their_place() {
        let night: Hours = "20:00-08:00+02:00".parse().unwrap();
        assert!(night.contain(at("2026-03-01T18:00:00Z")) && night.contain(at("2026-03-01T05:59:00Z")));
        assert!(!night.contain(at("2026-03-01T17:59:00Z")) && !night.contain(at("2026-03-01T06:00:00Z")));
        assert_eq!(night.next_start(at("2026-03-01T12:00:00Z")), at("2026-03-01T18:00:00Z"));
        assert_eq!(night.next_start(at("2026-03-01T19:00:00Z")), at("2026-03-02T18:00:00Z"));
        for text in ["20:00-08:00+02:00", "09:30-17:00", "22:00-06:00-05:30"] {
            assert_eq!(text.parse::<Hours>().unwrap().to_string(), text);
        }
        assert!("8-20".parse::<Hours>().is_err() && "".parse::<Hours>().is_err());
    }
}
