//! What a search gives, and how vectors are compared.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A vector that is near.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// Its row.
    pub row: u32,
    /// Cosine of the angle to the vector that was asked for, -1 to 1, to about two hundredths: as near as the rounded vectors tell.
    pub similarity: f32,
}

impl Near {
    /// The nearest first; of equally near ones the lower row.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        other.similarity.total_cmp(&self.similarity).then_with(|| self.row.cmp(&other.row))
    }
}

/// A vector of the same direction and length 1; none when it has no direction or a number in it is none.
#[must_use]
pub fn normalised(vector: &[f32]) -> Option<Vec<f32>> {
    let length = vector.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    (length.is_finite() && length > 1e-12).then(|| vector.iter().map(|value| (f64::from(*value) / length) as f32).collect())
}

/// The nearest of what it is shown.
pub(crate) struct Best {
    heap: BinaryHeap<Worst>,
    count: usize,
}

/// Ordered so that the heap's greatest is the least near.
struct Worst(Near);

impl PartialEq for Worst {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Worst {}

impl PartialOrd for Worst {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Worst {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.order(&other.0)
    }
}

impl Best {
    pub(crate) fn new(count: usize) -> Self {
        Self { heap: BinaryHeap::with_capacity(count + 1), count }
    }

    pub(crate) fn show(&mut self, near: Near) {
        if self.heap.len() < self.count {
            self.heap.push(Worst(near));
        } else if self.heap.peek().is_some_and(|worst| near.order(&worst.0) == Ordering::Less) {
            self.heap.pop();
            self.heap.push(Worst(near));
        }
    }

    pub(crate) fn into_sorted(self) -> Vec<Near> {
        self.heap.into_sorted_vec().into_iter().map(|worst| worst.0).collect()
    }
}
