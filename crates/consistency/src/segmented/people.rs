//! The figures of a picture: each with its head, from a finder's boxes.

use crate::boxes::{BoxKind, FoundBox};
use crate::measure::Region;

/// The most figures that are looked at.
const MOST: usize = 10;

/// A figure that a finder sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Figure {
    /// Everything of it.
    pub(super) whole: Region,
    /// Its head, where one was found in it.
    pub(super) head: Option<Region>,
}

/// The figures, the most probable first. Each head goes to the figure with whose top it agrees best; one that lies in no figure
/// is a figure of its own, for a close-up may show nothing else.
pub(super) fn figures(boxes: &[FoundBox]) -> Vec<Figure> {
    let of = |kind: BoxKind| boxes.iter().filter(move |found| found.kind == kind).map(|found| found.region).take(MOST);
    let mut figures: Vec<Figure> = of(BoxKind::Figure).map(|whole| Figure { whole, head: None }).collect();
    for head in of(BoxKind::Head) {
        let free = figures.iter_mut().filter(|figure| figure.head.is_none() && holds(figure.whole, head.centre));
        if let Some(figure) = free.min_by(|one, other| apart(one.whole, head).total_cmp(&apart(other.whole, head))) {
            figure.head = Some(head);
        } else if !figures.iter().any(|figure| holds(figure.whole, head.centre)) {
            figures.push(Figure { whole: head, head: Some(head) });
        }
    }
    figures.truncate(MOST);
    figures
}

const fn holds(region: Region, [x, y]: [u32; 2]) -> bool {
    x >= region.left && x < region.left + region.width && y >= region.top && y < region.top + region.height
}

/// How far a head lies from the middle of a figure's top, in widths of the head.
fn apart(figure: Region, head: Region) -> f64 {
    let middle = f64::from(figure.left) + f64::from(figure.width) / 2.0 - f64::from(head.left) - f64::from(head.width) / 2.0;
    let top = f64::from(figure.top) - f64::from(head.top);
    middle.hypot(top) / f64::from(head.width.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(kind: BoxKind, [left, top, right, bottom]: [f64; 4]) -> FoundBox {
        FoundBox::new(kind, 0.9, [left, top], [right, bottom], [1_000, 1_000]).unwrap()
    }

    #[test]
    fn heads_go_to_the_figures_whose_top_they_are() {
        let boxes = [
            found(BoxKind::Figure, [0.0, 100.0, 300.0, 900.0]),
            found(BoxKind::Figure, [250.0, 120.0, 550.0, 900.0]),
            found(BoxKind::Head, [320.0, 120.0, 480.0, 280.0]),
            found(BoxKind::Head, [70.0, 100.0, 230.0, 260.0]),
            found(BoxKind::Head, [700.0, 100.0, 800.0, 220.0]),
            found(BoxKind::Face, [720.0, 140.0, 780.0, 200.0]),
        ];
        let figures = figures(&boxes);
        assert_eq!(figures.iter().map(|figure| figure.head.map(|head| head.left)).collect::<Vec<_>>(), [Some(70), Some(320), Some(700)]);
    }

    #[test]
    fn a_second_head_in_a_figure_is_nobody_else() {
        let boxes = [
            found(BoxKind::Figure, [0.0, 100.0, 300.0, 900.0]),
            found(BoxKind::Head, [70.0, 100.0, 230.0, 260.0]),
            found(BoxKind::Head, [90.0, 300.0, 230.0, 400.0]),
        ];
        assert_eq!(figures(&boxes).len(), 1);
    }
}
