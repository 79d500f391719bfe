//! Fair shares: virtual time, as in stride scheduling.
//!
//! Each project has a clock per band that runs while the farm draws for it, at a pace of one over its weight, and so
//! has each user inside a project. Whoever's clock is behind goes first. Who had nothing to draw for a while gets the
//! time of those who had: nobody saves time up (Waldspurger and Weihl, "Stride scheduling", 1995).

use std::collections::HashMap;

use uuid::Uuid;

use crate::job::Band;

/// Whose clock.
type Key = (Band, Uuid, Option<String>);

/// The clocks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shares {
    clocks: HashMap<Key, f64>,
    weights: HashMap<Uuid, f64>,
    /// Each band's time: that of the project that was furthest behind among those that could be served.
    bands: HashMap<Band, f64>,
}

impl Shares {
    /// Clocks as they are stored: band, project, user (none for the project's own), seconds. A band's time is that of
    /// the project without an id.
    #[must_use]
    pub fn of(clocks: impl IntoIterator<Item = (Band, Uuid, Option<String>, f64)>) -> Self {
        let mut shares = Self::default();
        for (band, project, user, seconds) in clocks {
            if project.is_nil() {
                shares.bands.insert(band, seconds);
            } else {
                shares.clocks.insert((band, project, user), seconds);
            }
        }
        shares
    }

    /// Gives a project a weight: twice the weight, twice the drawing.
    pub fn weigh(&mut self, project: Uuid, weight: f64) {
        self.weights.insert(project, weight.clamp(0.001, 1000.0));
    }

    /// By how much a project's clock runs while so many seconds are drawn for it.
    #[must_use]
    pub fn paced(&self, project: Uuid, seconds: f64) -> f64 {
        seconds / self.weights.get(&project).copied().unwrap_or(1.0)
    }

    /// A band's time.
    #[must_use]
    pub fn band(&self, band: Band) -> f64 {
        self.bands.get(&band).copied().unwrap_or(0.0)
    }

    /// Says that the projects that can be served now are these; the band's time goes on with the one furthest behind.
    pub fn serve(&mut self, band: Band, projects: impl IntoIterator<Item = Uuid>) {
        let behind = projects.into_iter().map(|project| self.project(band, project)).fold(f64::INFINITY, f64::min);
        if behind.is_finite() {
            let time = self.bands.entry(band).or_default();
            *time = time.max(behind);
        }
    }

    /// A project's clock: never behind the band's time.
    #[must_use]
    pub fn project(&self, band: Band, project: Uuid) -> f64 {
        self.clocks.get(&(band, project, None)).copied().unwrap_or(0.0).max(self.band(band))
    }

    /// A user's clock inside a project.
    #[must_use]
    pub fn user(&self, band: Band, project: Uuid, user: &str) -> f64 {
        self.clocks.get(&(band, project, Some(user.to_owned()))).copied().unwrap_or(0.0)
    }

    /// Draws for somebody for so many seconds: their clocks run. `behind` is the clock of the user of the project who
    /// is furthest behind among those that could be served: nobody of them is behind it. Gives the project's and the
    /// user's new time.
    pub fn charge(&mut self, band: Band, project: Uuid, user: &str, behind: f64, seconds: f64) -> (f64, f64) {
        let time = self.project(band, project) + self.paced(project, seconds);
        self.clocks.insert((band, project, None), time);
        let own = self.user(band, project, user).max(behind) + seconds;
        self.clocks.insert((band, project, Some(user.to_owned())), own);
        (time, own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_projects_share_by_weight_and_a_late_comer_does_not_catch_up() {
        let (a, b, late) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let mut shares = Shares::default();
        shares.weigh(b, 2.0);
        let mut drawn = HashMap::from([(a, 0), (b, 0), (late, 0)]);
        for round in 0..1200 {
            let mut there = vec![a, b];
            if round >= 600 {
                there.push(late);
            }
            shares.serve(Band::Normal, there.iter().copied());
            let next =
                there.into_iter().min_by(|one, other| shares.project(Band::Normal, *one).total_cmp(&shares.project(Band::Normal, *other)));
            let next = next.unwrap();
            shares.charge(Band::Normal, next, "u", 0.0, 10.0);
            *drawn.get_mut(&next).unwrap() += 1;
        }
        assert!((348..=352).contains(&drawn[&a]), "{drawn:?}");
        assert!((698..=702).contains(&drawn[&b]), "{drawn:?}");
        assert!((148..=152).contains(&drawn[&late]), "a quarter of what was drawn since it came: {drawn:?}");
    }
}
