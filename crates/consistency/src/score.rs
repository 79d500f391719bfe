//! Scores: numbers from 0 to 1 that somebody measured.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// A measured score from 0 (nothing agrees) to 1 (everything agrees).
///
/// What a score means is said by the measure that gives it. The colour measure's is a *tolerance
/// score* (see [`Score::of_difference`]), not a probability.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Score(f64);

/// A number that is no score.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{got} is no score: a score lies between 0 and 1")]
pub struct NotAScore {
    /// The number.
    pub got: f64,
}

impl Score {
    /// Nothing agrees.
    pub const NONE: Self = Self(0.0);
    /// Everything agrees.
    pub const FULL: Self = Self(1.0);
    /// The score of something that uses up its tolerance exactly; also the default gate of a project.
    pub const AT_TOLERANCE: Self = Self(0.85);

    /// A score from a number.
    ///
    /// # Errors
    /// When the number is outside 0 to 1, or not a number.
    pub fn new(value: f64) -> Result<Self, NotAScore> {
        if (0.0..=1.0).contains(&value) { Ok(Self(value)) } else { Err(NotAScore { got: value }) }
    }

    /// The number, 0 to 1.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }

    /// The tolerance score of a difference: 1 at no difference, 0.85 where the difference equals the
    /// tolerance, 0 from four times the tolerance on, straight lines between.
    ///
    /// It falls strictly between those ends, so a smaller difference never scores lower. The two
    /// corners are a convention, chosen so that "within tolerance" and "passes the default gate" are
    /// the same thing; it says nothing about how likely two pictures show the same character.
    #[must_use]
    pub fn of_difference(difference: f64, tolerance: f64) -> Self {
        let ratio = if tolerance > 0.0 { difference / tolerance } else { f64::INFINITY };
        let at_tolerance = Self::AT_TOLERANCE.0;
        let value = if difference <= 0.0 {
            1.0
        } else if ratio <= 1.0 {
            1.0 - (1.0 - at_tolerance) * ratio
        } else {
            at_tolerance * ((4.0 - ratio) / 3.0).max(0.0)
        };
        Self(value)
    }

    /// The lower of two scores.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }
}

impl fmt::Display for Score {
    /// With three decimals: enough to tell 0.849 from the gate.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(f64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_difference_of_the_tolerance_scores_the_default_gate() {
        assert_eq!(Score::of_difference(0.0, 6.0), Score::FULL);
        assert_eq!(Score::of_difference(6.0, 6.0), Score::AT_TOLERANCE);
        assert_eq!(Score::of_difference(24.0, 6.0), Score::NONE);
        assert_eq!(Score::of_difference(1.0, 0.0), Score::NONE);
        assert_eq!(Score::of_difference(f64::NAN, 6.0), Score::NONE);
    }

    #[test]
    fn what_is_no_score_is_refused_wherever_it_comes_from() {
        for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(Score::new(bad).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<Score>("1.5").is_err());
        assert_eq!(serde_json::from_str::<Score>("0.5").unwrap(), Score::new(0.5).unwrap());
    }

    proptest! {
        #[test]
        fn a_greater_difference_never_scores_higher(tolerance in 0.5f64..20.0, near in 0.0f64..100.0, more in 0.0f64..100.0) {
            let (small, large) = (Score::of_difference(near, tolerance), Score::of_difference(near + more, tolerance));
            prop_assert!(large <= small);
            prop_assert!(Score::new(large.value()).is_ok());
        }
    }
}
