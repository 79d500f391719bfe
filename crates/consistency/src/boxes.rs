//! Boxes around people, heads and faces, as finders give them.

use serde::{Deserialize, Serialize};

use crate::measure::Region;

/// What a box is around.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BoxKind {
    /// Everything of a person that is in sight.
    Figure,
    /// The head with its hair.
    Head,
    /// From the brows to the chin.
    Face,
}

/// A box that was found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FoundBox {
    /// What is in it.
    pub kind: BoxKind,
    /// The network's probability, 0 to 1.
    pub probability: f64,
    /// Where, inside of the picture.
    pub region: Region,
}

impl FoundBox {
    /// A box from its corners in pixels, cut to the picture; none when nothing of it is left.
    #[must_use]
    pub fn new(kind: BoxKind, probability: f64, from: [f64; 2], to: [f64; 2], [width, height]: [u32; 2]) -> Option<Self> {
        let cut = |value: f64, most: u32| value.round().clamp(0.0, f64::from(most)) as u32;
        let ([left, top], [right, bottom]) = ([cut(from[0], width), cut(from[1], height)], [cut(to[0], width), cut(to[1], height)]);
        let whole = from.iter().chain(&to).all(|value| value.is_finite()) && right > left && bottom > top;
        let region = Region {
            left,
            top,
            width: right.saturating_sub(left),
            height: bottom.saturating_sub(top),
            centre: [(left + right) / 2, (top + bottom) / 2],
        };
        whole.then_some(Self { kind, probability, region })
    }

    /// Intersection over union, 0 to 1.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> f64 {
        let shared = |from: u32, size: u32, other_from: u32, other_size: u32| {
            f64::from((from + size).min(other_from + other_size).saturating_sub(from.max(other_from)))
        };
        let (one, two) = (self.region, other.region);
        let both = shared(one.left, one.width, two.left, two.width) * shared(one.top, one.height, two.top, two.height);
        let area = |region: Region| f64::from(region.width) * f64::from(region.height);
        both / (area(one) + area(two) - both).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_cut_to_the_picture_and_gone_when_nothing_is_left() {
        let cut = FoundBox::new(BoxKind::Figure, 1.0, [-20.0, -20.0], [30.0, 4_000.0], [100, 50]).unwrap().region;
        assert_eq!((cut.left, cut.top, cut.width, cut.height), (0, 0, 30, 50));
        assert!(FoundBox::new(BoxKind::Figure, 1.0, [200.0, 0.0], [300.0, 20.0], [100, 50]).is_none());
        assert!(FoundBox::new(BoxKind::Figure, 1.0, [f64::NAN, 0.0], [30.0, 20.0], [100, 50]).is_none());
    }
}
