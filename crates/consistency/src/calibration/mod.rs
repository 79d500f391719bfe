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

mod file;
mod fit;
mod isotonic;
mod judge;
mod logistic;
pub mod plot;
pub mod proposal;
mod quality;
mod reading;

pub use file::{CalibratedMeasure, Calibration, CalibrationError, Curve, FORMAT, Fitted, Fusion};
pub use fit::split;
pub use isotonic::Isotonic;
pub use judge::Calibrated;
pub use logistic::Logistic;
pub use quality::{Bin, Quality, Told};
pub use reading::{Domain, Example, Reading};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::Score;

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
