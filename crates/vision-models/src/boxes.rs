//! Of the boxes around people, heads and faces that a network gives, the best.

use consistency::FoundBox;

/// The best boxes of each kind, best first: of two that overlap by more than this, the better one stays.
pub(crate) fn best(mut boxes: Vec<FoundBox>, most_overlap: f64, most: usize) -> Vec<FoundBox> {
    let place = |found: &FoundBox| (found.kind, found.region.top, found.region.left, found.region.width, found.region.height);
    boxes.sort_by(|one, other| other.probability.total_cmp(&one.probability).then_with(|| place(one).cmp(&place(other))));
    let mut kept: Vec<FoundBox> = Vec::new();
    for found in boxes {
        if kept.len() < most && !kept.iter().any(|better| better.kind == found.kind && better.overlap(&found) > most_overlap) {
            kept.push(found);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use consistency::BoxKind;

    use super::*;

    fn found(kind: BoxKind, probability: f64, left: f64) -> FoundBox {
        FoundBox::new(kind, probability, [left, 0.0], [left + 100.0, 100.0], [1_000, 1_000]).unwrap()
    }

    #[test]
    fn of_overlapping_boxes_of_a_kind_the_best_stays() {
        let boxes = vec![
            found(BoxKind::Head, 0.5, 0.0),
            found(BoxKind::Head, 0.9, 20.0),
            found(BoxKind::Face, 0.4, 20.0),
            found(BoxKind::Head, 0.3, 400.0),
        ];
        let kept: Vec<f64> = best(boxes, 0.5, 10).iter().map(|found| found.probability).collect();
        assert_eq!(kept, [0.9, 0.4, 0.3]);
    }
}
