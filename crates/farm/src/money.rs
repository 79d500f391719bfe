//! Money, exactly: whole millionths of the studio's currency.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount of the studio's currency, whichever that is, in millionths. Goes out as a number of units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i64);

/// Why a text is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no amount of money: a number that is not negative, as 1.20")]
pub struct BadMoney(pub String);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From millionths.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// In millionths.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// From units, rounded to millionths.
    #[must_use]
    pub fn from_units(units: f64) -> Self {
        Self((units * 1e6).round() as i64)
    }

    /// In units.
    #[must_use]
    pub fn units(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

/// What so many seconds cost at a price per hour, rounded up to a millionth.
#[must_use]
pub fn cost_of(per_hour: Money, seconds: f64) -> Money {
    Money((per_hour.0 as f64 * seconds.max(0.0) / 3600.0).ceil() as i64)
}

impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.2}", self.units())
    }
}

impl FromStr for Money {
    type Err = BadMoney;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let units: f64 = text.trim().parse().map_err(|_| BadMoney(text.to_owned()))?;
        if (0.0..1e12).contains(&units) { Ok(Self::from_units(units)) } else { Err(BadMoney(text.to_owned())) }
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Money {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.units().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer).map(Self::from_units)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_an_hour_are_rounded_up_so_that_sums_never_fall_short() {
        let hour = Money::from_units(1.0);
        assert_eq!(cost_of(hour, 3600.0), hour);
        let parts: Money = (0..3600).map(|_| cost_of(hour, 1.0)).sum();
        assert!(parts >= hour && parts - hour < Money::from_units(0.005));
        assert_eq!("1.20".parse(), Ok(Money::from_units(1.2)));
        assert!("-1".parse::<Money>().is_err() && "NaN".parse::<Money>().is_err());
    }
}
