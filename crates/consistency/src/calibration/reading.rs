//! What measures read off a pair: the numbers that calibrations are fitted on and judge.

use serde::{Deserialize, Serialize};

use crate::measure::{Evidence, Measurement, Outcome, Role};

/// What a measure read off a pair: one number that is higher the more alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The measure's name.
    pub measure: String,
    /// The measure's version.
    pub version: u32,
    /// The number.
    pub value: f64,
}

impl Reading {
    /// The reading of a measurement; none when it measured nothing, or is not about the character.
    ///
    /// It is finer than the score where the score has a level top: the structure's alignment and lines, and the style's
    /// distance, tell right from perfect.
    #[must_use]
    pub fn of(measurement: &Measurement) -> Option<Self> {
        let Outcome::Measured { score, evidence, .. } = &measurement.outcome else { return None };
        if measurement.role == Role::Technical {
            return None;
        }
        let value = match evidence {
            Evidence::Structure(structure) => {
                let aligned = structure.figures.first().map_or(0.0, |figure| figure.alignment);
                (aligned + structure.line_agreement()) / 2.0
            }
            Evidence::Linework(lines) => -lines.worst,
            Evidence::Style(style) => -style.distance / style.tolerance,
            _ => score.value(),
        };
        Some(Self { measure: measurement.measure.clone(), version: measurement.version, value })
    }
}

/// What kind of picture is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Domain {
    /// Painted over a layout whose part masks are known, by hand or by a program that keeps to it.
    PaintedOverLayout,
    /// The same by a diffusion model, which may stray from it.
    DiffusedOverLayout,
    /// Any picture beside another one, without a layout, and drawn by no diffusion model; nothing else is known.
    PairOfPictures,
    /// Drawn by a diffusion model without a layout.
    DiffusedWithoutLayout,
}

impl Domain {
    /// The kind in words, as the end of "pictures that were…".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::PaintedOverLayout => "painted over a layout",
            Self::DiffusedOverLayout => "drawn over a layout by a diffusion model",
            Self::PairOfPictures => "drawn without a layout",
            Self::DiffusedWithoutLayout => "drawn without a layout by a diffusion model",
        }
    }
}

/// A labelled pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// Whether the picture shows the same character, on model.
    pub same: bool,
    /// Whose pair it is: pairs of one character are never split between fitting and testing.
    pub character: String,
    /// What was done to it: `swapped-eyes`, `jpeg`…
    pub kind: String,
    /// What was known about it.
    pub domain: Domain,
    /// What the measures read.
    pub readings: Vec<Reading>,
}
