//! Who is who: rows and columns brought together at the least cost.

/// The cheapest one-to-one assignment of as many columns as rows: its cost, and the column of each row.
///
/// Exact, by dynamic programming over the sets of columns taken (Held & Karp's scheme): time and memory double with each
/// row, so it is for a dozen. Of equals the first in order.
#[must_use]
pub fn assignment(costs: &[Vec<f64>]) -> (f64, Vec<usize>) {
    let count = costs.len();
    let mut cheapest = vec![(f64::INFINITY, 0usize); 1 << count];
    cheapest[0].0 = 0.0;
    for taken in 0..(1usize << count) {
        let row = taken.count_ones() as usize;
        if row == count {
            continue;
        }
        for column in (0..count).filter(|column| taken & (1 << column) == 0) {
            let (next, cost) = (taken | (1 << column), cheapest[taken].0 + costs[row][column]);
            if cost < cheapest[next].0 {
                cheapest[next] = (cost, column);
            }
        }
    }
    let mut taken = (1usize << count) - 1;
    let best = cheapest[taken].0;
    let mut order = vec![0; count];
    for row in (0..count).rev() {
        order[row] = cheapest[taken].1;
        taken &= !(1 << order[row]);
    }
    (best, order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_cheapest_assignment_is_found() {
        let costs = [vec![4.0, 1.0, 3.0], vec![2.0, 0.0, 5.0], vec![3.0, 2.0, 2.0]];
        assert_eq!(assignment(&costs), (5.0, vec![1, 0, 2]));
    }

    proptest! {
        #[test]
        fn no_order_is_cheaper(values in prop::collection::vec(0u32..100, 16), order in Just(vec![0, 1, 2, 3]).prop_shuffle()) {
            let costs: Vec<Vec<f64>> = values.chunks(4).map(|row| row.iter().copied().map(f64::from).collect()).collect();
            let (best, found) = assignment(&costs);
            let cost = |order: &[usize]| order.iter().enumerate().map(|(row, column)| costs[row][*column]).sum::<f64>();
            prop_assert!(best <= cost(&order) && best == cost(&found));
        }
    }
}
