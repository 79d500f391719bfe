//! Whose figure is whose, by colours, and only where that is clear.

use crate::assignment::assignment;

/// By how much (mean CIEDE2000 of a figure's parts) every other way of telling who is who must fit worse.
const CLEARLY: f64 = 3.0;

/// The figure of each person, by how badly each figure (a row) fits each person (a column), 0 to 30; why that cannot be told,
/// otherwise. With one figure and one person there is nothing to tell.
pub(super) fn who(costs: &[Vec<f64>], people: usize) -> Vec<Result<usize, String>> {
    let figures = costs.len();
    let side = figures.max(people);
    // Whoever is too many, figure or person, goes to nobody.
    let cost = |figure: usize, person: usize| costs.get(figure).and_then(|row| row.get(person)).copied().unwrap_or(0.0);
    let square: Vec<Vec<f64>> = (0..side).map(|figure| (0..side).map(|person| cost(figure, person)).collect()).collect();
    let (_, order) = assignment(&square);
    let figure_of = |person: usize| order.iter().position(|taken| *taken == person).unwrap_or(person);
    let told = |person: usize| {
        let own = figure_of(person);
        if own >= figures {
            return Err(format!("{people} people were asked for, and the finder sees {figures}"));
        }
        // Everybody else, and every figure that is nobody's, changes places with this one.
        let doubt = (0..side).filter(|other| *other != person).find(|other| {
            let theirs = figure_of(*other);
            let exchanged = cost(theirs, person) + cost(own, *other) - cost(own, person) - cost(theirs, *other);
            let changed = f64::from(u8::from(*other < people && theirs < figures)) + 1.0;
            exchanged < CLEARLY * changed
        });
        match doubt {
            None => Ok(own),
            Some(other) if other < people => Err("its colours do not tell whose figure it is of several people".to_owned()),
            Some(_) => Err(format!("the finder sees {figures} figures, and colours do not tell which of them it is")),
        }
    };
    (0..people).map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(costs: &[&[f64]], people: usize) -> Vec<Option<usize>> {
        let costs: Vec<Vec<f64>> = costs.iter().map(|row| row.to_vec()).collect();
        who(&costs, people).into_iter().map(Result::ok).collect()
    }

    #[test]
    fn figures_go_to_the_people_whose_colours_they_have() {
        assert_eq!(told(&[&[20.0, 2.0], &[3.0, 18.0]], 2), [Some(1), Some(0)]);
        assert_eq!(told(&[&[9.0]], 1), [Some(0)], "one figure is the one person, in whatever colours");
    }

    #[test]
    fn people_in_the_same_colours_are_not_told_apart() {
        assert_eq!(told(&[&[2.0, 2.5], &[2.0, 1.5]], 2), [None, None]);
        // The third is somebody else clearly.
        assert_eq!(told(&[&[2.0, 2.5, 20.0], &[2.0, 1.5, 20.0], &[20.0, 20.0, 1.0]], 3), [None, None, Some(2)]);
    }

    #[test]
    fn of_more_figures_or_people_only_clear_ones_are_told() {
        assert_eq!(told(&[&[2.0], &[15.0]], 1), [Some(0)]);
        assert_eq!(told(&[&[2.0], &[3.0]], 1), [None]);
        assert_eq!(told(&[&[2.0, 15.0]], 2), [Some(0), None]);
        assert_eq!(told(&[], 2), [None, None]);
    }
}
