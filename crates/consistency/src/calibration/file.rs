//! The calibration as a file: its curves, its weights, and what it was fitted on.

use serde::{Deserialize, Serialize};

use super::isotonic::Isotonic;
use super::logistic::Logistic;
use super::quality::Quality;
use super::reading::Domain;

/// Format of the calibration file.
pub const FORMAT: u32 = 2;
/// The most measures that are weighed together: there is one fusion for each of their sets.
pub(super) const MOST_MEASURES: usize = 8;

/// The calibration of the built-in measures that ships with the studio.
const BUILT_IN: &str = include_str!("built-in.json");

/// How one measure's reading becomes a probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case")]
pub enum Curve {
    /// A monotone curve.
    Isotonic(Isotonic),
    /// A sigmoid of the reading.
    Platt(Logistic),
}

impl Curve {
    /// The probability at a reading.
    #[must_use]
    pub fn at(&self, value: f64) -> f64 {
        match self {
            Self::Isotonic(curve) => curve.at(value),
            Self::Platt(curve) => curve.at(&[value]),
        }
    }
}

/// One measure, calibrated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibratedMeasure {
    /// Its name.
    pub measure: String,
    /// The version that was calibrated; another one's readings are not taken.
    pub version: u32,
    /// Its curve.
    pub curve: Curve,
}

/// Several measures together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fusion {
    /// Which, in alphabetical order.
    pub measures: Vec<String>,
    /// Weighs the log-odds of their curves, and of several measures the lowest of them once more.
    pub weights: Logistic,
    /// How good it is on characters that were held out; none when nothing was.
    pub held_out: Option<Quality>,
}

impl Fusion {
    /// What the weights are for, from the log-odds of the measures: of several, the lowest comes once more at the end.
    ///
    /// One thing that is wrong makes a picture wrong however right the rest is. A sum alone cannot say that: five
    /// measures that found nothing would outvote the one that found the missing scar.
    pub(super) fn inputs(mut odds: Vec<f64>) -> Vec<f64> {
        if odds.len() > 1 {
            odds.push(odds.iter().copied().fold(f64::INFINITY, f64::min));
        }
        odds
    }

    /// Numbers that [`Fusion::inputs`] gives for so many measures.
    pub(super) const fn width(measures: usize) -> usize {
        if measures > 1 { measures + 1 } else { measures }
    }
}

/// What a calibration was fitted on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fitted {
    /// In words.
    pub on: String,
    /// The seed of the set, when it was generated.
    pub seed: Option<u64>,
    /// What it holds for, and for what it does not, in words.
    pub valid_for: String,
    /// The kinds of pictures in it.
    pub domains: Vec<Domain>,
    /// Pairs fitted on.
    pub pairs: usize,
    /// Characters fitted on.
    pub characters: usize,
    /// Characters held out.
    pub held_out: usize,
}

/// Probabilities for readings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// [`FORMAT`] of the file.
    pub format: u32,
    /// Its name: `built-in`, or the project's.
    pub name: String,
    /// Its version, counted up by whoever fits it again.
    pub version: u32,
    /// What it was fitted on.
    pub fitted: Fitted,
    /// The measures, in alphabetical order.
    pub measures: Vec<CalibratedMeasure>,
    /// Every set of them that pairs were measured with.
    pub fusions: Vec<Fusion>,
}

/// Why no calibration could be fitted or read.
#[derive(Debug, thiserror::Error)]
pub enum CalibrationError {
    /// Both kinds of pairs are needed.
    #[error("there are {same} same and {different} different pairs to fit on; of each at least {needed} are needed")]
    TooFew {
        /// Same pairs.
        same: usize,
        /// Different pairs.
        different: usize,
        /// How many of each.
        needed: usize,
    },
    /// There are too many measures.
    #[error("{got} measures are too many to weigh together; at most {MOST_MEASURES} are")]
    TooManyMeasures {
        /// How many.
        got: usize,
    },
    /// The file is no calibration.
    #[error("this is no calibration")]
    Format {
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The file has another format.
    #[error("the calibration has format {got}; this version reads format {FORMAT}")]
    OtherFormat {
        /// Its format.
        got: u32,
    },
}

impl Calibration {
    /// The calibration that ships with the studio.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[must_use]
    pub fn built_in() -> Self {
        #[expect(clippy::expect_used, reason = "the file is part of the program, and a test reads it")]
        Self::read(BUILT_IN.as_bytes()).expect("the built-in calibration reads")
    }

    /// Reads a calibration file.
    ///
    /// # Errors
    /// [`CalibrationError::Format`] and [`CalibrationError::OtherFormat`].
    pub fn read(json: &[u8]) -> Result<Self, CalibrationError> {
        let calibration: Self = serde_json::from_slice(json).map_err(|source| CalibrationError::Format { source })?;
        if calibration.format == FORMAT { Ok(calibration) } else { Err(CalibrationError::OtherFormat { got: calibration.format }) }
    }
}
