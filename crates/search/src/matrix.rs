//! Vectors rounded to a byte a number, packed: a quarter of the memory, and the processor compares sixteen at a time.

/// The longest number of a row in steps: what a signed byte holds on both sides of zero.
const STEPS: f32 = 127.0;

/// Rows that are asked for from memory before the first of them is compared. Rows that a filter leaves lie far apart, and one
/// after the other each would be waited for.
pub(crate) const BATCH: usize = 16;
/// Bytes that memory gives at once.
const CACHE_LINE: usize = 64;

/// Rows of signed bytes, each with the size of its step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Matrix {
    dimensions: usize,
    codes: Vec<i8>,
    steps: Vec<f32>,
}

/// A vector rounded as the rows are.
pub(crate) struct Rounded {
    codes: Vec<i8>,
    step: f32,
}

impl Rounded {
    pub(crate) fn of(vector: &[f32]) -> Self {
        let longest = vector.iter().fold(0.0f32, |longest, value| longest.max(value.abs()));
        let step = if longest > 0.0 { longest / STEPS } else { 1.0 };
        Self { codes: vector.iter().map(|value| (value / step).round() as i8).collect(), step }
    }
}

impl Matrix {
    pub(crate) fn new(dimensions: usize) -> Self {
        Self { dimensions, codes: Vec::new(), steps: Vec::new() }
    }

    pub(crate) fn push(&mut self, vector: &[f32]) {
        let rounded = Rounded::of(vector);
        self.codes.extend_from_slice(&rounded.codes);
        self.steps.push(rounded.step);
    }

    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }

    fn codes(&self, row: u32) -> &[i8] {
        let start = row as usize * self.dimensions;
        &self.codes[start..start + self.dimensions]
    }

    /// Has rows brought from memory, all at the same time.
    pub(crate) fn fetch(&self, rows: &[u32]) {
        let touched = rows.iter().flat_map(|row| self.codes(*row).iter().step_by(CACHE_LINE)).fold(0, |all, code| all ^ code);
        // Or the compiler would see that nobody asks for it.
        std::hint::black_box(touched);
    }

    /// The cosine of two normalised vectors, from their rounded forms.
    pub(crate) fn similarity(&self, row: u32, vector: &Rounded) -> f32 {
        let product = product(self.codes(row), &vector.codes);
        product as f32 * self.steps[row as usize] * vector.step
    }
}

/// The inner product, in a form that the compiler turns into vector instructions.
fn product(one: &[i8], other: &[i8]) -> i32 {
    let (ones, others) = (one.as_chunks::<16>(), other.as_chunks::<16>());
    let mut sums = [0i32; 16];
    for (one, other) in ones.0.iter().zip(others.0) {
        for lane in 0..16 {
            sums[lane] += i32::from(i16::from(one[lane]) * i16::from(other[lane]));
        }
    }
    let rest: i32 = ones.1.iter().zip(others.1).map(|(one, other)| i32::from(*one) * i32::from(*other)).sum();
    sums.iter().sum::<i32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nearest::normalised;

    #[test]
    fn rounded_vectors_tell_the_cosine_to_a_hundredth() {
        let vector = |turn: f32| normalised(&(0..100).map(|index| (index as f32 * turn).sin()).collect::<Vec<_>>()).unwrap();
        let mut matrix = Matrix::new(100);
        let turns = [0.1, 0.11, 0.3, 1.7];
        turns.iter().for_each(|turn| matrix.push(&vector(*turn)));
        for (row, turn) in turns.iter().enumerate() {
            let right: f32 = vector(0.1).iter().zip(vector(*turn)).map(|(one, other)| one * other).sum();
            let told = matrix.similarity(row as u32, &Rounded::of(&vector(0.1)));
            assert!((told - right).abs() < 0.01, "{told} {right}");
        }
    }
}
