//! Logistic regression with few inputs: Platt scaling of one reading, and fusion of several.

use serde::{Deserialize, Serialize};

/// `1 / (1 + exp(-(bias + weights . inputs)))`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Logistic {
    /// Log-odds at inputs of 0.
    pub bias: f64,
    /// Log-odds per unit of each input, none below 0: a better reading never makes a picture worse.
    pub weights: Vec<f64>,
}

/// One labelled row of inputs with its weight.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) inputs: Vec<f64>,
    pub(super) same: bool,
    pub(super) weight: f64,
}

/// Strength of the pull of the weights towards 0, in pairs: keeps them finite when the classes are apart.
const RIDGE: f64 = 0.5;
/// Steps of Newton's method; it is done after about ten.
const STEPS: usize = 60;

impl Logistic {
    /// Fits by Newton's method with step halving. Targets are drawn in by one pseudo-pair of each kind, as Platt (1999)
    /// and Lin, Lin & Weng (2007) do. An input whose weight would be negative is left out and the rest fitted again.
    pub(super) fn fit(rows: &[Row], inputs: usize) -> Self {
        let mut used: Vec<usize> = (0..inputs).collect();
        loop {
            let solution = newton(rows, &used);
            match used.iter().zip(&solution[1..]).find(|(_, weight)| **weight < 0.0).map(|(input, _)| *input) {
                Some(negative) => used.retain(|input| *input != negative),
                None => {
                    let mut weights = vec![0.0; inputs];
                    used.iter().zip(&solution[1..]).for_each(|(input, weight)| weights[*input] = *weight);
                    return Self { bias: solution[0], weights };
                }
            }
        }
    }

    /// The probability at these inputs.
    #[must_use]
    pub fn at(&self, inputs: &[f64]) -> f64 {
        sigmoid(self.bias + self.weights.iter().zip(inputs).map(|(weight, input)| weight * input).sum::<f64>())
    }
}

pub(super) fn sigmoid(odds: f64) -> f64 {
    1.0 / (1.0 + (-odds).exp())
}

/// Log-odds of a probability, which must lie between 0 and 1.
pub(super) fn log_odds(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln()
}

/// The bias, then a weight for each used input.
fn newton(rows: &[Row], used: &[usize]) -> Vec<f64> {
    let size = used.len() + 1;
    let count = |same: bool| rows.iter().filter(|row| row.same == same).count() as f64;
    let (sames, others) = (count(true), count(false));
    let target = |same: bool| if same { (sames + 1.0) / (sames + 2.0) } else { 1.0 / (others + 2.0) };
    let odds = |solution: &[f64], row: &Row| {
        solution[0] + used.iter().zip(&solution[1..]).map(|(input, weight)| weight * row.inputs[*input]).sum::<f64>()
    };
    let loss = |solution: &[f64]| {
        let fit: f64 = rows
            .iter()
            .map(|row| {
                let odds = odds(solution, row);
                // ln(1 + exp(odds)) - target * odds, without overflow.
                row.weight * (odds.max(0.0) + (-odds.abs()).exp().ln_1p() - target(row.same) * odds)
            })
            .sum();
        fit + RIDGE / 2.0 * solution[1..].iter().map(|weight| weight * weight).sum::<f64>()
    };
    let mut solution = vec![0.0; size];
    let mut current = loss(&solution);
    for _ in 0..STEPS {
        let mut gradient = vec![0.0; size];
        let mut curvature = vec![vec![0.0; size]; size];
        for row in rows {
            let probability = sigmoid(odds(&solution, row));
            let slope = row.weight * (probability - target(row.same));
            let bend = row.weight * (probability * (1.0 - probability)).max(1e-12);
            let input = |place: usize| if place == 0 { 1.0 } else { row.inputs[used[place - 1]] };
            for one in 0..size {
                gradient[one] += slope * input(one);
                for (other, curvature) in curvature[one].iter_mut().enumerate() {
                    *curvature += bend * input(one) * input(other);
                }
            }
        }
        for place in 1..size {
            gradient[place] += RIDGE * solution[place];
            curvature[place][place] += RIDGE;
        }
        curvature[0][0] += 1e-9;
        let step = solve(curvature, gradient);
        let mut share = 1.0;
        let next = loop {
            let tried: Vec<f64> = solution.iter().zip(&step).map(|(value, step)| value - share * step).collect();
            if loss(&tried) <= current || share < 1e-6 {
                break tried;
            }
            share /= 2.0;
        };
        let after = loss(&next);
        if after >= current {
            break;
        }
        let gained = current - after;
        (solution, current) = (next, after);
        if gained < 1e-12 {
            break;
        }
    }
    solution
}

/// Solves a symmetric positive definite system by Gaussian elimination.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let size = right.len();
    for pivot in 0..size {
        for row in pivot + 1..size {
            let factor = matrix[row][pivot] / matrix[pivot][pivot];
            let (above, below) = matrix.split_at_mut(row);
            below[0][pivot..].iter_mut().zip(&above[pivot][pivot..]).for_each(|(value, above)| *value -= factor * above);
            right[row] -= factor * right[pivot];
        }
    }
    for pivot in (0..size).rev() {
        let known: f64 = (pivot + 1..size).map(|column| matrix[pivot][column] * right[column]).sum();
        right[pivot] = (right[pivot] - known) / matrix[pivot][pivot];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(pairs: impl IntoIterator<Item = (Vec<f64>, bool)>) -> Vec<Row> {
        pairs.into_iter().map(|(inputs, same)| Row { inputs, same, weight: 1.0 }).collect()
    }

    #[test]
    fn it_finds_the_curve_that_made_the_labels() {
        // At x the share of same pairs is sigmoid(2x - 1), as exactly as a thousand labels can have it.
        let made = (-20..=20).flat_map(|tenth| {
            let x = f64::from(tenth) / 10.0;
            let same = (sigmoid(2.0 * x - 1.0) * 1_000.0).round() as usize;
            (0..1_000).map(move |label| (vec![x], label < same))
        });
        let fitted = Logistic::fit(&rows(made), 1);
        assert!((fitted.weights[0] - 2.0).abs() < 0.02 && (fitted.bias + 1.0).abs() < 0.02, "{fitted:?}");
    }

    #[test]
    fn classes_that_are_apart_give_finite_weights() {
        let fitted = Logistic::fit(&rows((0..40).map(|index| (vec![if index < 20 { -1.0 } else { 1.0 }], index >= 20))), 1);
        assert!(fitted.weights[0].is_finite() && fitted.at(&[1.0]) > 0.85 && fitted.at(&[-1.0]) < 0.15, "{fitted:?}");
    }

    #[test]
    fn an_input_that_speaks_the_wrong_way_is_left_out() {
        let fitted = Logistic::fit(&rows((0..60).map(|index| (vec![f64::from(index % 3), -f64::from(index % 2)], index % 2 == 1))), 2);
        assert_eq!(fitted.weights[1], 0.0);
        assert!(fitted.weights.iter().all(|weight| *weight >= 0.0));
    }
}
