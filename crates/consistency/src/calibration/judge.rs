//! Judging what was read of a picture by a calibration.

use serde::{Deserialize, Serialize};

use super::file::{CalibratedMeasure, Calibration, Fusion};
use super::logistic::log_odds;
use super::reading::{Domain, Reading};
use crate::measure::{Measurement, Outcome, Role};
use crate::score::Score;
use crate::segmented::SegmentedColours;

/// From this certainty on a probability decides together with the scores; below it is only told. It is an AUC of 0.95 on
/// characters that were held out.
const DECIDES: f64 = 0.9;

/// A calibrated judgement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibrated {
    /// The probability, at even odds, that the picture shows the same character, on model. None when nothing
    /// that is calibrated was measured.
    pub probability: Option<f64>,
    /// How much the measures used are worth: 2 AUC - 1 on characters held out, 0 for pictures of another kind than the
    /// calibration saw.
    pub certainty: f64,
    /// The measures used.
    pub used: Vec<String>,
    /// What was not measured or not used, each with the reason.
    pub not_measured: Vec<(String, String)>,
    /// Name and version of the calibration.
    pub calibration: String,
    /// The kind of picture that was judged.
    pub domain: Domain,
    /// Whether the calibration saw pictures of that kind.
    pub valid: bool,
}

impl Calibrated {
    /// The probability as a score, when it is certain enough to decide. Colours that were only segmented never decide alone.
    #[must_use]
    pub fn decisive(&self) -> Option<Score> {
        let weighty = self.used.iter().any(|measure| measure != SegmentedColours::NAME);
        let decides = self.valid && self.certainty >= DECIDES && weighty;
        self.probability.filter(|_| decides).and_then(|probability| Score::new(probability).ok())
    }

    /// What is claimed, and how far it holds, as a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Some(probability) = self.probability else {
            return format!("{} gives no probability: nothing that it was fitted on was measured", self.calibration);
        };
        let measures = self.used.join(", ");
        let told = format!("on model with a probability of {probability:.3} at even odds by {} ({measures})", self.calibration);
        if !self.valid {
            return format!("{told}, which is a guess: it was not fitted on pictures that were {}", self.domain.words());
        }
        let holds = if self.decisive().is_some() { "" } else { ", too little to decide by" };
        format!("{told}, with a certainty of {:.2}{holds}", self.certainty)
    }
}

impl Calibration {
    /// The probability for what was read of a picture. `missing` is what could not be measured, each with its reason.
    #[must_use]
    pub fn judge(&self, readings: &[Reading], missing: &[(String, String)], domain: Domain) -> Calibrated {
        let mut not_measured = missing.to_vec();
        let mut used: Vec<(&CalibratedMeasure, f64)> = Vec::new();
        for reading in readings {
            match self.measures.iter().find(|measure| measure.measure == reading.measure) {
                Some(measure) if measure.version == reading.version => used.push((measure, reading.value)),
                Some(measure) => {
                    let reason = format!("version {} was calibrated, and this is version {}", measure.version, reading.version);
                    not_measured.push((reading.measure.clone(), reason));
                }
                None => not_measured.push((reading.measure.clone(), "it was not calibrated".to_owned())),
            }
        }
        used.sort_by(|one, other| one.0.measure.cmp(&other.0.measure));
        used.dedup_by(|one, other| one.0.measure == other.0.measure);
        for measure in &self.measures {
            let named = |name: &String| *name == measure.measure;
            if !used.iter().any(|(used, _)| used.measure == measure.measure) && !not_measured.iter().any(|(name, _)| named(name)) {
                not_measured.push((measure.measure.clone(), "it was not asked".to_owned()));
            }
        }
        let names: Vec<String> = used.iter().map(|(measure, _)| measure.measure.clone()).collect();
        let fusion = self.fusions.iter().find(|fusion| fusion.measures == names);
        let probability = fusion.map(|fusion| {
            let inputs: Vec<f64> = used.iter().map(|(measure, value)| log_odds(measure.curve.at(*value))).collect();
            fusion.weights.at(&Fusion::inputs(inputs))
        });
        if fusion.is_none() {
            not_measured
                .extend(names.iter().map(|name| (name.clone(), "no pairs were measured with just this set of measures".to_owned())));
        }
        let seen = self.fitted.domains.contains(&domain);
        let worth = fusion
            .and_then(|fusion| fusion.held_out.as_ref())
            .and_then(|quality| quality.auc)
            .map_or(0.0, |auc| (2.0 * auc - 1.0).max(0.0));
        Calibrated {
            probability,
            certainty: if seen { worth } else { 0.0 },
            used: if fusion.is_some() { names } else { Vec::new() },
            not_measured,
            calibration: format!("{}@{}", self.name, self.version),
            domain,
            valid: seen,
        }
    }

    /// Measures of consistency that could not measure, each with its reason.
    #[must_use]
    pub fn missing(measurements: &[Measurement]) -> Vec<(String, String)> {
        let of_the_character = measurements.iter().filter(|measurement| measurement.role != Role::Technical);
        of_the_character
            .filter_map(|measurement| match &measurement.outcome {
                Outcome::NotMeasured { reason } | Outcome::NotApplicable { reason } => Some((measurement.measure.clone(), reason.clone())),
                Outcome::Measured { .. } => None,
            })
            .collect()
    }

    /// The judgement of what several measures said.
    #[must_use]
    pub fn judge_measurements(&self, measurements: &[Measurement], domain: Domain) -> Calibrated {
        let readings: Vec<Reading> = measurements.iter().filter_map(Reading::of).collect();
        self.judge(&readings, &Self::missing(measurements), domain)
    }
}
