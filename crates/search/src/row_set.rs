//! Sets of rows: which vectors a filter allows.

/// A set of row numbers, one bit each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowSet {
    words: Vec<u64>,
    count: usize,
}

impl RowSet {
    /// An empty set with room for rows below `rows`.
    #[must_use]
    pub fn new(rows: usize) -> Self {
        Self { words: vec![0; rows.div_ceil(64)], count: 0 }
    }

    /// The set of these rows.
    #[must_use]
    pub fn of(rows: usize, members: impl IntoIterator<Item = u32>) -> Self {
        let mut set = Self::new(rows);
        members.into_iter().for_each(|row| set.insert(row));
        set
    }

    /// Adds a row; nothing where there is no room for it.
    pub fn insert(&mut self, row: u32) {
        let (word, bit) = (row as usize / 64, 1u64 << (row % 64));
        if let Some(word) = self.words.get_mut(word) {
            self.count += usize::from(*word & bit == 0);
            *word |= bit;
        }
    }

    /// Whether a row is in it.
    #[must_use]
    pub fn contains(&self, row: u32) -> bool {
        self.words.get(row as usize / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// How many rows are in it.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The rows, rising.
    pub fn rows(&self) -> impl Iterator<Item = u32> {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(index as u32 * 64 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_gives_its_rows_rising_and_each_once() {
        let set = RowSet::of(200, [130, 3, 64, 3, 199, 500]);
        assert_eq!(set.rows().collect::<Vec<_>>(), [3, 64, 130, 199]);
        assert_eq!((set.count(), set.contains(64), set.contains(65), set.contains(500)), (4, true, false, false));
    }
}
