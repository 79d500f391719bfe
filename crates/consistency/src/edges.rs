//! Edges: where a picture changes, as masks.

use engine::picture::PartMap;

/// A yes or no for each pixel, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mask {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) set: Vec<bool>,
}

impl Mask {
    /// Where luma changes by `least` of 255 or more between the neighbours of a pixel, across or along.
    pub(crate) fn of_edges(luma: &[u8], width: usize, height: usize, least: u8) -> Self {
        let mut set = vec![false; width * height];
        if width >= 3 && height >= 3 {
            for y in 1..height - 1 {
                let [above, here, below] = [y - 1, y, y + 1].map(|row| &luma[row * width..(row + 1) * width]);
                for x in 1..width - 1 {
                    let change = here[x - 1].abs_diff(here[x + 1]).max(above[x].abs_diff(below[x]));
                    set[y * width + x] = change >= least;
                }
            }
        }
        Self { width, height, set }
    }

    /// Where a map shows a part that `wanted` says yes to.
    pub(crate) fn of_parts(map: &PartMap, wanted: impl Fn(usize) -> bool) -> Self {
        let table: Vec<bool> = (0..256).map(wanted).collect();
        let set = map.indices.iter().map(|index| table[usize::from(*index)]).collect();
        Self { width: map.width as usize, height: map.height as usize, set }
    }

    /// The pixels of this mask that have a pixel outside of it beside them. The picture's own edge is no border: what
    /// is cut off there goes on.
    pub(crate) fn border(&self) -> Self {
        let (width, height) = (self.width, self.height);
        let mut set = vec![false; self.set.len()];
        for y in 0..height {
            for x in 0..width {
                let at = y * width + x;
                set[at] = self.set[at]
                    && ((x > 0 && !self.set[at - 1])
                        || (x + 1 < width && !self.set[at + 1])
                        || (y > 0 && !self.set[at - width])
                        || (y + 1 < height && !self.set[at + width]));
            }
        }
        Self { width, height, set }
    }

    /// Every pixel within `radius` of this mask, across and along.
    pub(crate) fn grown(&self, radius: usize) -> Self {
        let across = spread(&self.set, self.width, self.height, radius, 1, self.width);
        let set = spread(&across, self.height, self.width, radius, self.width, 1);
        Self { width: self.width, height: self.height, set }
    }

    pub(crate) fn count(&self) -> usize {
        self.set.iter().filter(|set| **set).count()
    }

    /// Pixels that both masks have.
    pub(crate) fn shared(&self, other: &Self) -> usize {
        self.set.iter().zip(&other.set).filter(|(one, other)| **one && **other).count()
    }

    /// Pixels that both masks have when `other` is moved by so many pixels right and down.
    pub(crate) fn shared_moved(&self, other: &Self, (right, down): (isize, isize)) -> usize {
        let (width, height) = (self.width as isize, self.height as isize);
        let mut shared = 0;
        for y in 0..height {
            let from_row = y - down;
            if !(0..height).contains(&from_row) {
                continue;
            }
            for x in right.max(0)..(width + right).min(width) {
                let (here, there) = ((y * width + x) as usize, (from_row * width + x - right) as usize);
                shared += usize::from(self.set[here] && other.set[there]);
            }
        }
        shared
    }

    /// This mask and that one.
    pub(crate) fn and(&self, other: &Self) -> Self {
        Self { set: self.set.iter().zip(&other.set).map(|(one, other)| *one && *other).collect(), ..*self }
    }
}

/// Spreads along lines of `length` pixels that are `step` apart; the lines start `between` apart.
fn spread(set: &[bool], length: usize, lines: usize, radius: usize, step: usize, between: usize) -> Vec<bool> {
    let mut spread = vec![false; set.len()];
    for line in 0..lines {
        let start = line * between;
        // Pixels up to here are reached already, so each is written once.
        let mut reached = 0;
        for place in 0..length {
            if set[start + place * step] {
                let end = (place + radius + 1).min(length);
                for target in place.saturating_sub(radius).max(reached)..end {
                    spread[start + target * step] = true;
                }
                reached = reached.max(end);
            }
        }
    }
    spread
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot() -> Mask {
        let mut set = vec![false; 49];
        set[3 * 7 + 3] = true;
        Mask { width: 7, height: 7, set }
    }

    #[test]
    fn a_dot_grows_to_a_square_and_a_square_has_a_ring_for_border() {
        let square = dot().grown(2);
        assert_eq!((square.count(), square.border().count()), (25, 16));
        assert_eq!(dot().grown(20).count(), 49);
    }

    #[test]
    fn what_the_pictures_edge_cuts_off_has_no_border_there() {
        let half = Mask { width: 4, height: 2, set: vec![true, true, false, false, true, true, false, false] };
        assert_eq!(half.border().set, [false, true, false, false, false, true, false, false]);
    }

    #[test]
    fn masks_overlap_where_they_were_moved_to() {
        let square = dot().grown(1);
        assert_eq!(square.shared(&square), 9);
        assert_eq!(square.shared_moved(&square, (1, 0)), 6);
        assert_eq!(square.shared_moved(&square, (-2, 2)), 1);
        assert_eq!(square.shared_moved(&square, (30, 0)), 0);
    }

    #[test]
    fn edges_are_where_luma_changes() {
        let luma: Vec<u8> = (0..25).map(|place| if place % 5 < 2 { 10 } else { 90 }).collect();
        let edges = Mask::of_edges(&luma, 5, 5, 40);
        assert_eq!(edges.count(), 6);
        assert!(edges.set[5 + 1] && edges.set[5 + 2]);
    }
}
