//! How good probabilities are: ROC, AUC, reliability, ECE, and what a gate lets through.

use serde::{Deserialize, Serialize};

/// Bins of the reliability curve.
const BINS: usize = 10;

/// A probability with what was true.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told {
    /// The probability, or any number that is higher for more alike.
    pub value: f64,
    /// Whether it was the same character, on model.
    pub same: bool,
}

/// How good probabilities are on labelled pairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Pairs of the same character, on model.
    pub same: usize,
    /// Other pairs.
    pub different: usize,
    /// Area under the ROC curve: how often a same pair gets the higher number. None without both kinds.
    pub auc: Option<f64>,
    /// Its standard error (Hanley & McNeil 1982).
    pub auc_error: Option<f64>,
    /// Expected calibration error at even odds, over ten bins of equal width.
    pub ece: f64,
    /// Mean squared error of the probabilities at even odds (Brier score).
    pub brier: f64,
    /// The gate that the next two are for.
    pub gate: f64,
    /// Share of the different pairs at or above the gate.
    pub false_accept: f64,
    /// Share of the same pairs below it.
    pub false_reject: f64,
    /// The reliability curve; in calibration files kept for all measures together only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reliability: Vec<Bin>,
    /// The ROC curve: false accepts and true accepts as the gate falls, both 0 to 1. Not kept in calibration files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roc: Vec<(f64, f64)>,
}

/// One bin of the reliability curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Mean probability told.
    pub told: f64,
    /// Share that was the same, at even odds.
    pub was: f64,
    /// Pairs in it.
    pub pairs: usize,
}

impl Quality {
    /// Measures probabilities against labels. Both kinds weigh the same, however many there are of each: the figures
    /// are those of a world where half of the pairs are the same.
    #[must_use]
    pub fn of(told: &[Told], gate: f64) -> Self {
        let same = told.iter().filter(|told| told.same).count();
        let different = told.len() - same;
        let weight = |is_same: bool| 0.5 / (if is_same { same } else { different }.max(1)) as f64;
        let share = |of_same: bool, counts: &dyn Fn(&Told) -> bool| {
            told.iter().filter(|told| told.same == of_same && counts(told)).count() as f64
                / (if of_same { same } else { different }.max(1)) as f64
        };
        let mut bins = vec![(0.0, 0.0, 0.0, 0usize); BINS];
        for Told { value, same } in told {
            let bin = &mut bins[((value * BINS as f64) as usize).min(BINS - 1)];
            let weight = weight(*same);
            bin.0 += weight;
            bin.1 += weight * value;
            bin.2 += if *same { weight } else { 0.0 };
            bin.3 += 1;
        }
        let total: f64 = bins.iter().map(|bin| bin.0).sum();
        let filled = || bins.iter().filter(|bin| bin.0 > 0.0);
        let roc = roc(told, same, different);
        let auc =
            (same > 0 && different > 0).then(|| roc.windows(2).map(|step| (step[1].0 - step[0].0) * (step[1].1 + step[0].1) / 2.0).sum());
        Self {
            same,
            different,
            auc,
            auc_error: auc.map(|auc| auc_error(auc, same as f64, different as f64)),
            ece: filled().map(|bin| (bin.1 - bin.2).abs()).sum::<f64>() / total.max(f64::MIN_POSITIVE),
            brier: told.iter().map(|told| weight(told.same) * (told.value - f64::from(u8::from(told.same))).powi(2)).sum::<f64>()
                / total.max(f64::MIN_POSITIVE),
            gate,
            false_accept: share(false, &|told| told.value >= gate),
            false_reject: share(true, &|told| told.value < gate),
            reliability: filled().map(|bin| Bin { told: bin.1 / bin.0, was: bin.2 / bin.0, pairs: bin.3 }).collect(),
            roc,
        }
    }
}

/// The ROC curve from (0, 0) to (1, 1). Equal numbers are one step, so that their order does not matter.
fn roc(told: &[Told], same: usize, different: usize) -> Vec<(f64, f64)> {
    let mut sorted = told.to_vec();
    sorted.sort_by(|one, other| other.value.total_cmp(&one.value));
    let (mut accepted, mut mistaken) = (0usize, 0usize);
    let mut points = vec![(0.0, 0.0)];
    for equal in sorted.chunk_by(|one, other| one.value == other.value) {
        let sames = equal.iter().filter(|told| told.same).count();
        accepted += sames;
        mistaken += equal.len() - sames;
        points.push((mistaken as f64 / different.max(1) as f64, accepted as f64 / same.max(1) as f64));
    }
    points
}

fn auc_error(auc: f64, same: f64, different: f64) -> f64 {
    let (one, two) = (auc / (2.0 - auc), 2.0 * auc * auc / (1.0 + auc));
    let variance = auc * (1.0 - auc) + (same - 1.0) * (one - auc * auc) + (different - 1.0) * (two - auc * auc);
    (variance.max(0.0) / (same * different)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(pairs: &[(f64, bool)]) -> Vec<Told> {
        pairs.iter().map(|(value, same)| Told { value: *value, same: *same }).collect()
    }

    #[test]
    fn auc_is_the_share_of_pairs_in_the_right_order() {
        let auc = |pairs: &[(f64, bool)]| Quality::of(&told(pairs), 0.85).auc;
        assert_eq!(auc(&[(0.1, false), (0.2, false), (0.9, true)]), Some(1.0));
        assert_eq!(auc(&[(0.5, false), (0.5, true)]), Some(0.5), "a tie is half");
        assert_eq!(auc(&[(0.9, false), (0.1, true)]), Some(0.0));
        assert_eq!(auc(&[(0.9, true)]), None);
    }

    #[test]
    fn probabilities_that_come_true_have_no_calibration_error() {
        let pairs: Vec<(f64, bool)> = (0..100).map(|index| (0.75, index < 75)).chain((0..100).map(|index| (0.25, index < 25))).collect();
        assert!(Quality::of(&told(&pairs), 0.85).ece < 1e-9);
        let sure: Vec<(f64, bool)> = (0..100).map(|index| (0.95, index % 2 == 0)).collect();
        assert!((Quality::of(&told(&sure), 0.85).ece - 0.45).abs() < 1e-9);
    }

    #[test]
    fn the_gate_counts_what_it_lets_through_and_what_it_stops() {
        let quality = Quality::of(&told(&[(0.9, true), (0.8, true), (0.86, false), (0.2, false), (0.1, false), (0.85, false)]), 0.85);
        assert_eq!((quality.false_accept, quality.false_reject), (0.5, 0.5));
    }

    proptest! {
        #[test]
        fn auc_agrees_with_counting(pairs in prop::collection::vec((0u8..12, any::<bool>()), 2..40)) {
            let values: Vec<(f64, bool)> = pairs.iter().map(|(value, same)| (f64::from(*value) / 12.0, *same)).collect();
            let (mut right, mut all) = (0.0, 0.0);
            for (one, _) in values.iter().filter(|(_, same)| *same) {
                for (other, _) in values.iter().filter(|(_, same)| !*same) {
                    all += 1.0;
                    right += if one > other { 1.0 } else if one == other { 0.5 } else { 0.0 };
                }
            }
            let auc = Quality::of(&told(&values), 0.85).auc;
            prop_assert_eq!(auc.is_some(), all > 0.0);
            if let Some(auc) = auc {
                prop_assert!((auc - right / all).abs() < 1e-9);
            }
        }
    }
}
