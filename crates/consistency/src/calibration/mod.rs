//! Calibration: from what the measures say to the probability that a picture shows the same character, on model.
//!
//! A [`Calibration`] is fitted on labelled pairs. Each measure's reading gets a curve of its own (isotonic or Platt,
//! whichever predicts pairs of other characters better), and for every set of measures a logistic regression weighs the
//! curves together. Both kinds of pairs weigh the same, so a probability is one *at even odds*: before a picture is
//! looked at, right and wrong are equally likely.
//!
//! A set of measures that knows less is less certain, by as much as it was worse on characters that were held out:
//! [`Calibrated::certainty`] is 2 AUC - 1 of that set there, and 0 for pictures of a kind that the calibration never saw.
//!
//! ```
//! use consistency::calibration::{Calibration, Domain, Reading};
//!
//! let calibration = Calibration::built_in();
//! let silent = calibration.judge(&[], &[("identity".to_owned(), "there is no model".to_owned())], Domain::PaintedOverLayout);
//! assert_eq!((silent.probability, silent.certainty), (None, 0.0));
//! assert!(silent.not_measured.iter().any(|(measure, _)| measure == "identity"));
//! ```

mod isotonic;
mod logistic;
pub mod plot;
mod quality;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use isotonic::Isotonic;
pub use logistic::Logistic;
pub use quality::{Bin, Quality, Told};

use crate::measure::{Evidence, Measurement, Outcome, Role};
use crate::score::Score;
use isotonic::Labelled;
use logistic::{Row, log_odds};

/// Format of the calibration file.
pub const FORMAT: u32 = 1;
/// The most measures that are weighed together: there is one fusion for each of their sets.
const MOST_MEASURES: usize = 8;

/// The calibration of the built-in measures that ships with the studio.
const BUILT_IN: &str = include_str!("built-in.json");

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
        if measurement.role != Role::Consistency {
            return None;
        }
        let value = match evidence {
            Evidence::Structure(structure) => {
                let aligned = structure.figures.first().map_or(0.0, |figure| figure.alignment);
                (aligned + structure.line_agreement()) / 2.0
            }
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
    /// Painted over a layout whose part masks are known.
    PaintedOverLayout,
    /// Any picture beside another one; nothing else is known.
    PairOfPictures,
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
    /// Weighs the log-odds of their curves.
    pub weights: Logistic,
    /// How good it is on characters that were held out; none when nothing was.
    pub held_out: Option<Quality>,
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

/// Pairs of each kind that a fit needs.
const LEAST: usize = 20;

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

    /// Fits a calibration on labelled pairs. `fitted` says what they are; its numbers are filled in here. A third of the
    /// characters is held out to say how good it is (none when there are fewer than three).
    ///
    /// # Errors
    /// [`CalibrationError::TooFew`] and [`CalibrationError::TooManyMeasures`].
    pub fn fit(name: &str, version: u32, fitted: Fitted, examples: &[Example], gate: Score) -> Result<Self, CalibrationError> {
        let (train, test) = split(examples);
        let counts = [true, false].map(|same| train.iter().filter(|example| example.same == same).count());
        if counts.iter().any(|count| *count < LEAST) {
            return Err(CalibrationError::TooFew { same: counts[0], different: counts[1], needed: LEAST });
        }
        let known: BTreeSet<(&str, u32)> =
            train.iter().flat_map(|example| &example.readings).map(|reading| (reading.measure.as_str(), reading.version)).collect();
        if known.len() > MOST_MEASURES {
            return Err(CalibrationError::TooManyMeasures { got: known.len() });
        }
        let measures: Vec<CalibratedMeasure> = known
            .iter()
            .map(|(measure, version)| CalibratedMeasure {
                measure: (*measure).to_owned(),
                version: *version,
                curve: curve(&train, measure),
            })
            .collect();
        // The fusion sees each pair through curves fitted on other characters, or it would trust them too much.
        let halves = [0, 1].map(|half| {
            train.iter().enumerate().filter(|(_, example)| halve(&train, example) == half).map(|(_, example)| *example).collect::<Vec<_>>()
        });
        let crossed: Vec<Vec<CalibratedMeasure>> = [1, 0]
            .into_iter()
            .map(|other| {
                measures
                    .iter()
                    .map(|measure| CalibratedMeasure { curve: curve(&halves[other], &measure.measure), ..measure.clone() })
                    .collect()
            })
            .collect();
        let mut calibration = Self {
            format: FORMAT,
            name: name.to_owned(),
            version,
            fitted: Fitted {
                pairs: train.len(),
                characters: characters(&train).len(),
                held_out: characters(&test).len(),
                domains: train.iter().map(|example| example.domain).collect::<BTreeSet<_>>().into_iter().collect(),
                ..fitted
            },
            measures,
            fusions: Vec::new(),
        };
        for set in 1_u32..1 << known.len() {
            let members: Vec<String> = known
                .iter()
                .enumerate()
                .filter(|(place, _)| set & (1 << place) != 0)
                .map(|(_, (measure, _))| (*measure).to_owned())
                .collect();
            let rows: Vec<Row> = (0..2)
                .flat_map(|half| halves[half].iter().filter_map(|example| row(example, &members, &crossed[half])).collect::<Vec<_>>())
                .collect();
            if [true, false].iter().any(|same| rows.iter().filter(|row| row.same == *same).count() < LEAST) {
                continue;
            }
            let weights = Logistic::fit(&weighted(rows), members.len());
            calibration.fusions.push(Fusion { measures: members, weights, held_out: None });
        }
        for place in 0..calibration.fusions.len() {
            let told = calibration.told(&calibration.fusions[place], &test);
            if !told.is_empty() {
                calibration.fusions[place].held_out = Some(Quality { roc: Vec::new(), ..Quality::of(&told, gate.value()) });
            }
        }
        Ok(calibration.rounded())
    }

    /// All numbers to nine decimals: a file that is read back gives the same numbers, and the digits beyond mean nothing.
    fn rounded(mut self) -> Self {
        fn round(value: &mut f64) {
            *value = (*value * 1e9).round() / 1e9;
        }
        for measure in &mut self.measures {
            match &mut measure.curve {
                Curve::Isotonic(curve) => curve.knots.iter_mut().for_each(|(value, probability)| {
                    round(value);
                    round(probability);
                }),
                Curve::Platt(curve) => std::iter::once(&mut curve.bias).chain(&mut curve.weights).for_each(round),
            }
        }
        for fusion in &mut self.fusions {
            std::iter::once(&mut fusion.weights.bias).chain(&mut fusion.weights.weights).for_each(round);
            let Some(quality) = &mut fusion.held_out else { continue };
            let figures = [&mut quality.ece, &mut quality.brier, &mut quality.false_accept, &mut quality.false_reject];
            figures.into_iter().chain(&mut quality.auc).chain(&mut quality.auc_error).for_each(round);
            quality.reliability.iter_mut().for_each(|bin| {
                round(&mut bin.told);
                round(&mut bin.was);
            });
        }
        self
    }

    /// The probabilities that one fusion gives to pairs that have all of its readings.
    fn told(&self, fusion: &Fusion, examples: &[&Example]) -> Vec<Told> {
        let told = |example: &&Example| {
            let row = row(example, &fusion.measures, &self.measures)?;
            Some(Told { value: fusion.weights.at(&row.inputs), same: example.same })
        };
        examples.iter().filter_map(told).collect()
    }

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
            fusion.weights.at(&inputs)
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
        }
    }

    /// Measures of consistency that could not measure, each with its reason.
    #[must_use]
    pub fn missing(measurements: &[Measurement]) -> Vec<(String, String)> {
        let consistency = measurements.iter().filter(|measurement| measurement.role == Role::Consistency);
        consistency
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

/// Fitting and testing pairs, by character: in alphabetical order every third is held out.
#[must_use]
pub fn split(examples: &[Example]) -> (Vec<&Example>, Vec<&Example>) {
    let all: Vec<&Example> = examples.iter().collect();
    let names: Vec<&str> = characters(&all).into_iter().collect();
    let held_out =
        |example: &&Example| names.len() >= 3 && names.binary_search(&example.character.as_str()).is_ok_and(|place| place % 3 == 2);
    all.into_iter().partition(|example| !held_out(example))
}

fn characters<'a>(examples: &[&'a Example]) -> BTreeSet<&'a str> {
    examples.iter().map(|example| example.character.as_str()).collect()
}

/// Which half of the characters an example belongs to.
fn halve(train: &[&Example], example: &Example) -> usize {
    characters(train).into_iter().position(|character| character == example.character).unwrap_or(0) % 2
}

/// The curve of one measure that predicts pairs of other characters better.
fn curve(examples: &[&Example], measure: &str) -> Curve {
    let read = |wanted: &dyn Fn(&Example) -> bool| -> Vec<Labelled> {
        let value = |example: &Example| example.readings.iter().find(|reading| reading.measure == measure).map(|reading| reading.value);
        let found: Vec<(f64, bool)> =
            examples.iter().filter(|example| wanted(example)).filter_map(|example| Some((value(example)?, example.same))).collect();
        let weight = |is_same: bool| found.len() as f64 / 2.0 / found.iter().filter(|(_, same)| *same == is_same).count().max(1) as f64;
        found.iter().map(|(value, same)| Labelled { value: *value, same: *same, weight: weight(*same) }).collect()
    };
    let fits = |labelled: &[Labelled]| [Curve::Isotonic(Isotonic::fit(labelled)), Curve::Platt(platt(labelled))];
    let mut losses = [0.0; 2];
    for half in 0..2 {
        let curves = fits(&read(&|example| halve(examples, example) != half));
        for Labelled { value, same, weight } in read(&|example| halve(examples, example) == half) {
            for (loss, curve) in losses.iter_mut().zip(&curves) {
                let probability = curve.at(value);
                *loss -= weight * if same { probability.ln() } else { (1.0 - probability).ln() };
            }
        }
    }
    let [isotonic, platt] = fits(&read(&|_| true));
    if losses[0] <= losses[1] { isotonic } else { platt }
}

fn platt(labelled: &[Labelled]) -> Logistic {
    let rows: Vec<Row> =
        labelled.iter().map(|Labelled { value, same, weight }| Row { inputs: vec![*value], same: *same, weight: *weight }).collect();
    Logistic::fit(&rows, 1)
}

/// The log-odds of an example's readings by these measures; none when one is missing.
fn row(example: &Example, members: &[String], measures: &[CalibratedMeasure]) -> Option<Row> {
    let odds = |member: &String| {
        let reading = example.readings.iter().find(|reading| reading.measure == *member)?;
        let measure = measures.iter().find(|measure| measure.measure == *member)?;
        Some(log_odds(measure.curve.at(reading.value)))
    };
    Some(Row { inputs: members.iter().map(odds).collect::<Option<_>>()?, same: example.same, weight: 1.0 })
}

/// Rows in which both kinds weigh the same.
fn weighted(mut rows: Vec<Row>) -> Vec<Row> {
    let total = rows.len() as f64;
    let weight = [false, true].map(|same| total / 2.0 / rows.iter().filter(|row| row.same == same).count().max(1) as f64);
    rows.iter_mut().for_each(|row| row.weight = weight[usize::from(row.same)]);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs of 12 characters whose readings by two measures overlap: `sharp` tells well, `dull` hardly.
    fn examples() -> Vec<Example> {
        let mut state = 7u64;
        let mut random = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1u64 << 31) as f64
        };
        (0..600)
            .map(|index| {
                let same = index % 2 == 0;
                let reading = |measure: &str, apart: f64, random: &mut dyn FnMut() -> f64| {
                    let noise = (random() + random() + random()) / 3.0 - 0.5;
                    Reading { measure: measure.to_owned(), version: 1, value: 0.5 + noise + if same { apart } else { -apart } }
                };
                let readings = vec![reading("sharp", 0.2, &mut random), reading("dull", 0.05, &mut random)];
                let character = format!("c{:02}", index % 12);
                Example { same, character, kind: "made".to_owned(), domain: Domain::PairOfPictures, readings }
            })
            .collect()
    }

    fn fitted() -> Calibration {
        let words = Fitted {
            on: "made numbers".to_owned(),
            seed: Some(7),
            valid_for: "nothing".to_owned(),
            domains: Vec::new(),
            pairs: 0,
            characters: 0,
            held_out: 0,
        };
        Calibration::fit("test", 1, words, &examples(), Score::AT_TOLERANCE).unwrap()
    }

    fn reading(measure: &str, value: f64) -> Reading {
        Reading { measure: measure.to_owned(), version: 1, value }
    }

    #[test]
    fn probabilities_are_true_for_characters_never_seen() {
        let calibration = fitted();
        assert_eq!((calibration.fitted.characters, calibration.fitted.held_out), (8, 4));
        let both = calibration.fusions.iter().find(|fusion| fusion.measures.len() == 2).unwrap();
        let quality = both.held_out.as_ref().unwrap();
        assert!(quality.auc.unwrap() > 0.93 && quality.ece < 0.08, "{quality:?}");
    }

    #[test]
    fn fewer_and_weaker_measures_are_less_certain() {
        let judge = |readings: &[Reading]| fitted().judge(readings, &[], Domain::PairOfPictures);
        let both = judge(&[reading("sharp", 0.9), reading("dull", 0.6)]);
        let dull = judge(&[reading("dull", 0.6)]);
        assert!(both.certainty > dull.certainty + 0.2, "{both:?} {dull:?}");
        assert_eq!(dull.not_measured, [("sharp".to_owned(), "it was not asked".to_owned())]);
        assert!(both.probability.unwrap() > 0.85);
    }

    #[test]
    fn pictures_of_another_kind_get_a_number_and_no_certainty() {
        let judged = fitted().judge(&[reading("sharp", 0.9)], &[], Domain::PaintedOverLayout);
        assert!(judged.probability.is_some());
        assert_eq!(judged.certainty, 0.0);
    }

    #[test]
    fn readings_of_another_version_are_not_taken() {
        let judged = fitted().judge(&[Reading { version: 2, ..reading("sharp", 0.9) }], &[], Domain::PairOfPictures);
        assert_eq!((judged.probability, judged.used.len()), (None, 0));
        assert!(judged.not_measured[0].1.contains("version 1 was calibrated"), "{judged:?}");
    }

    #[test]
    fn a_better_reading_never_lowers_the_probability() {
        let calibration = fitted();
        let at = |value: f64| calibration.judge(&[reading("sharp", value), reading("dull", 0.5)], &[], Domain::PairOfPictures).probability;
        let curve: Vec<f64> = (0..40).map(|step| at(f64::from(step) / 20.0 - 0.5).unwrap()).collect();
        assert!(curve.is_sorted(), "{curve:?}");
    }

    #[test]
    fn the_same_pairs_give_the_same_file_and_it_reads_back() {
        let json = serde_json::to_vec(&fitted()).unwrap();
        assert_eq!(json, serde_json::to_vec(&fitted()).unwrap());
        assert_eq!(Calibration::read(&json).unwrap(), fitted());
    }

    #[test]
    fn too_few_pairs_and_files_of_other_formats_are_refused() {
        let few = &examples()[..30];
        assert!(matches!(Calibration::fit("few", 1, fitted().fitted, few, Score::AT_TOLERANCE), Err(CalibrationError::TooFew { .. })));
        assert!(matches!(Calibration::read(b"{}"), Err(CalibrationError::Format { .. })));
        let mut later = serde_json::to_value(fitted()).unwrap();
        later["format"] = 9.into();
        assert!(matches!(Calibration::read(later.to_string().as_bytes()), Err(CalibrationError::OtherFormat { got: 9 })));
    }

    #[test]
    fn the_built_in_calibration_reads_and_says_what_it_is_for() {
        let calibration = Calibration::built_in();
        assert_eq!(calibration.name, "built-in");
        assert!(!calibration.fitted.valid_for.is_empty() && calibration.fitted.seed.is_some());
    }
}
