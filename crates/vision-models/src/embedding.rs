//! Embeddings: what a network says of a picture, as numbers to compare.

/// The numbers of one picture, of any length.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding(Vec<f32>);

impl Embedding {
    /// An embedding; none when a number is none, or all are zero: nothing could be compared with that.
    #[must_use]
    pub fn new(values: Vec<f32>) -> Option<Self> {
        let sound = values.iter().all(|value| value.is_finite()) && values.iter().any(|value| *value != 0.0);
        sound.then_some(Self(values))
    }

    /// The numbers.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.0
    }

    /// Its length as a vector.
    #[must_use]
    pub fn length(&self) -> f64 {
        self.0.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt()
    }

    /// Cosine of the angle to another, -1 to 1; 0 for one of another width.
    #[must_use]
    pub fn cosine(&self, other: &Self) -> f64 {
        if self.0.len() != other.0.len() {
            return 0.0;
        }
        let product: f64 = self.0.iter().zip(&other.0).map(|(one, other)| f64::from(*one) * f64::from(*other)).sum();
        (product / (self.length() * other.length())).clamp(-1.0, 1.0)
    }
}

/// How different two pictures are: `clip((1 - cosine) / 2, 0, 1)`, as CCIP defines it.
#[must_use]
pub fn difference(one: &Embedding, other: &Embedding) -> f64 {
    ((1.0 - one.cosine(other)) / 2.0).clamp(0.0, 1.0)
}

/// Several references as one: the mean of their directions, as long as they are on average (CCIP's merge). None without
/// references, with references of different widths, or where they cancel out.
#[must_use]
pub fn merged(references: &[Embedding]) -> Option<Embedding> {
    let width = references.first()?.0.len();
    if references.iter().any(|reference| reference.0.len() != width) {
        return None;
    }
    let mut sum = vec![0.0_f64; width];
    let mut length = 0.0;
    for reference in references {
        let own = reference.length();
        sum.iter_mut().zip(&reference.0).for_each(|(sum, value)| *sum += f64::from(*value) / own);
        length += own / references.len() as f64;
    }
    let norm = sum.iter().map(|value| value * value).sum::<f64>().sqrt();
    if norm < 1e-9 {
        return None;
    }
    Embedding::new(sum.into_iter().map(|value| (value / norm * length) as f32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn embedding(values: &[f32]) -> Embedding {
        Embedding::new(values.to_vec()).unwrap()
    }

    #[test]
    fn differences_go_from_the_same_to_the_opposite() {
        let one = embedding(&[3.0, 0.0]);
        let against = [[6.0, 0.0], [0.0, 1.0], [-2.0, 0.0]].map(|other| difference(&one, &embedding(&other)));
        assert_eq!(against, [0.0, 0.5, 1.0]);
    }

    #[test]
    fn a_merge_points_between_its_references_whatever_their_lengths() {
        let merge = merged(&[embedding(&[10.0, 0.0]), embedding(&[0.0, 2.0])]).unwrap();
        assert!((merge.values()[0] - merge.values()[1]).abs() < 1e-6 && (merge.length() - 6.0).abs() < 1e-5, "{merge:?}");
        assert_eq!(merged(&[]), None);
        assert_eq!(merged(&[embedding(&[1.0]), embedding(&[-1.0])]), None);
    }

    #[test]
    fn numbers_that_are_none_are_no_embedding() {
        assert_eq!(Embedding::new(vec![f32::NAN, 1.0]), None);
        assert_eq!(Embedding::new(vec![0.0; 4]), None);
    }

    proptest! {
        #[test]
        fn a_difference_is_the_same_both_ways_and_within_bounds(
            one in prop::collection::vec(-9.0f32..9.0, 8), other in prop::collection::vec(-9.0f32..9.0, 8),
        ) {
            if let (Some(one), Some(other)) = (Embedding::new(one), Embedding::new(other)) {
                prop_assert_eq!(difference(&one, &other), difference(&other, &one));
                prop_assert!((0.0..=1.0).contains(&difference(&one, &other)) && difference(&one, &one) < 1e-9);
            }
        }
    }
}
