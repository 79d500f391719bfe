//! Fitting a calibration on labelled pairs.

use std::collections::BTreeSet;

use super::file::{CalibratedMeasure, Calibration, CalibrationError, Curve, FORMAT, Fitted, Fusion, MOST_MEASURES};
use super::isotonic::{Isotonic, Labelled};
use super::logistic::{Logistic, Row, log_odds};
use super::quality::{Quality, Told};
use super::reading::Example;
use crate::score::Score;

/// Pairs of each kind that a fit needs.
const LEAST: usize = 20;

impl Calibration {
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
            let weights = Logistic::fit(&weighted(rows), Fusion::width(members.len()));
            calibration.fusions.push(Fusion { measures: members, weights, held_out: None });
        }
        for place in 0..calibration.fusions.len() {
            let told = calibration.told(&calibration.fusions[place], &test);
            if !told.is_empty() {
                let quality = Quality { roc: Vec::new(), ..Quality::of(&told, gate.value()) };
                // The curve of every set would be most of the file; that of all measures together is what is looked at.
                let reliability = if place + 1 == calibration.fusions.len() { quality.reliability } else { Vec::new() };
                calibration.fusions[place].held_out = Some(Quality { reliability, ..quality });
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
    Some(Row { inputs: Fusion::inputs(members.iter().map(odds).collect::<Option<_>>()?), same: example.same, weight: 1.0 })
}

/// Rows in which both kinds weigh the same.
fn weighted(mut rows: Vec<Row>) -> Vec<Row> {
    let total = rows.len() as f64;
    let weight = [false, true].map(|same| total / 2.0 / rows.iter().filter(|row| row.same == same).count().max(1) as f64);
    rows.iter_mut().for_each(|row| row.weight = weight[usize::from(row.same)]);
    rows
}
