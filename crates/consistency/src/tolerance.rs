//! How far a part's colour may be off.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Tolerances by part, as CIEDE2000 differences.
///
/// About 1 is the least difference that people see side by side, 2 to 3 is seen at a glance, above 10
/// people use another word for the colour. The defaults leave room for the edges and soft shading of a
/// drawn part and are tighter where a viewer recognises the character: eyes and skin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tolerances {
    /// By part name or its first words: `iris` is for `iris.left` too, and `iris.left` wins over it.
    pub by_part: BTreeMap<String, f64>,
    /// For garments, props and every other part.
    pub otherwise: f64,
}

impl Default for Tolerances {
    fn default() -> Self {
        let by_part = [("iris", 5.0), ("skin", 5.0), ("hair", 6.0), ("ears", 6.0), ("tail", 6.0), ("brow", 8.0), ("mouth", 8.0)];
        Self { by_part: by_part.map(|(part, tolerance)| (part.to_owned(), tolerance)).into(), otherwise: 7.0 }
    }
}

impl Tolerances {
    /// The tolerance of a part: that of the longest matching name.
    #[must_use]
    pub fn of(&self, part: &str) -> f64 {
        let mut name = part;
        loop {
            if let Some(tolerance) = self.by_part.get(name) {
                return *tolerance;
            }
            match name.rsplit_once('.') {
                Some((shorter, _)) => name = shorter,
                None => return self.otherwise,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_matching_name_decides() {
        let mut tolerances = Tolerances::default();
        tolerances.by_part.insert("iris.left".to_owned(), 2.0);
        assert_eq!(["iris.left", "iris.right", "iris", "irises", "kimono.main"].map(|part| tolerances.of(part)), [2.0, 5.0, 5.0, 7.0, 7.0]);
    }
}
