//! Isotonic regression: the monotone curve nearest to labelled readings.

use serde::{Deserialize, Serialize};

/// A curve that never falls: probabilities at readings, straight lines between, level outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Isotonic {
    /// Readings in rising order with their probabilities.
    pub knots: Vec<(f64, f64)>,
}

/// One labelled reading with its weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Labelled {
    pub(super) value: f64,
    pub(super) same: bool,
    pub(super) weight: f64,
}

/// A block of readings that share one probability.
#[derive(Debug, Clone, Copy)]
struct Block {
    from: f64,
    to: f64,
    weight: f64,
    same: f64,
    count: f64,
}

impl Block {
    fn mean(&self) -> f64 {
        self.same / self.weight
    }
}

impl Isotonic {
    /// Fits by pooling adjacent violators (Ayer et al. 1955; Zadrozny & Elkan 2002 for calibration). Each block's
    /// probability is drawn towards even by one pseudo-pair of each kind, so that no finite sample claims certainty.
    pub(super) fn fit(readings: &[Labelled]) -> Self {
        let mut sorted = readings.to_vec();
        sorted.sort_by(|one, other| one.value.total_cmp(&other.value));
        let mut blocks: Vec<Block> = Vec::new();
        for Labelled { value, same, weight } in sorted {
            let same = if same { weight } else { 0.0 };
            match blocks.last_mut() {
                // Equal readings are one observation, in whatever order they came.
                Some(last) if last.from == value && last.to == value => {
                    last.weight += weight;
                    last.same += same;
                    last.count += 1.0;
                }
                _ => blocks.push(Block { from: value, to: value, weight, same, count: 1.0 }),
            }
        }
        let mut pooled: Vec<Block> = Vec::new();
        for block in blocks {
            pooled.push(block);
            while let [.., before, last] = pooled.as_mut_slice()
                && before.mean() >= last.mean()
            {
                before.to = last.to;
                before.weight += last.weight;
                before.same += last.same;
                before.count += last.count;
                pooled.pop();
            }
        }
        let mut knots = Vec::new();
        for block in &pooled {
            let probability = (block.mean() * block.count + 1.0) / (block.count + 2.0);
            knots.push((block.from, probability));
            if block.to > block.from {
                knots.push((block.to, probability));
            }
        }
        // Small blocks are drawn further than large ones, which can undo the order.
        let mut highest = 0.0_f64;
        for (_, probability) in &mut knots {
            highest = highest.max(*probability);
            *probability = highest;
        }
        Self { knots }
    }

    /// The probability at a reading; even when nothing was fitted.
    #[must_use]
    pub fn at(&self, value: f64) -> f64 {
        let after = self.knots.partition_point(|(known, _)| *known < value);
        match (after.checked_sub(1).and_then(|before| self.knots.get(before)), self.knots.get(after)) {
            (Some((left, low)), Some((right, high))) => low + (high - low) * (value - left) / (right - left),
            (Some((_, probability)), None) | (None, Some((_, probability))) => *probability,
            (None, None) => 0.5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labelled(pairs: &[(f64, bool)]) -> Vec<Labelled> {
        pairs.iter().map(|(value, same)| Labelled { value: *value, same: *same, weight: 1.0 }).collect()
    }

    #[test]
    fn violators_are_pooled() {
        let curve = Isotonic::fit(&labelled(&[(0.1, false), (0.2, true), (0.3, false), (0.9, true), (0.95, true)]));
        assert!((curve.at(0.2) - curve.at(0.3)).abs() < 1e-12, "one block: {:?}", curve.knots);
        assert!(curve.at(0.1) < curve.at(0.25) && curve.at(0.25) < curve.at(0.9));
        assert!((curve.at(0.25) - 0.5).abs() < 1e-12, "one of two is the same");
    }

    #[test]
    fn a_sample_never_claims_certainty() {
        let curve = Isotonic::fit(&labelled(&[(0.0, false), (1.0, true)]));
        assert!(curve.at(-5.0) > 0.0 && curve.at(5.0) < 1.0);
        assert_eq!(Isotonic::fit(&[]).at(0.3), 0.5);
    }

    proptest! {
        #[test]
        fn a_higher_reading_is_never_less_probable(
            pairs in prop::collection::vec((0.0f64..1.0, any::<bool>()), 0..60), low in 0.0f64..1.0, more in 0.0f64..1.0,
        ) {
            let curve = Isotonic::fit(&labelled(&pairs));
            let (first, second) = (curve.at(low), curve.at(low + more));
            prop_assert!(first <= second && (0.0..=1.0).contains(&first) && (0.0..=1.0).contains(&second), "{first} {second}");
        }

        #[test]
        fn the_order_of_the_pairs_does_not_matter(mut pairs in prop::collection::vec((0u8..20, any::<bool>()), 1..40)) {
            let curve = |pairs: &[(u8, bool)]| {
                Isotonic::fit(&labelled(&pairs.iter().map(|(value, same)| (f64::from(*value), *same)).collect::<Vec<_>>()))
            };
            let first = curve(&pairs);
            pairs.reverse();
            prop_assert_eq!(first, curve(&pairs));
        }
    }
}
