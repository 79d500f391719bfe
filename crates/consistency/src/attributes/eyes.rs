//! Left and right eye colours, and whether somebody swapped them.

use bible::{Colour, Slug};
use serde::{Deserialize, Serialize};

use super::Place;
use crate::light::colour;
use crate::measure::{Finding, Region, Severity};
use crate::score::Score;

/// Eyes that differ by less than this (CIEDE2000) are of one colour, and cannot be swapped.
const TWO_COLOURS: f64 = 10.0;
/// By how much nearer the colours must be with left and right exchanged to be called swapped.
const CLEARLY: f64 = 3.0;

/// The eyes of one character.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EyesEvidence {
    /// Whose.
    pub owner: Slug,
    /// The most frequent colour of the character's left eye with the light taken away, and its difference (CIEDE2000)
    /// to what it should be; none when the eye cannot be seen.
    pub left: Option<(Colour, f64)>,
    /// The same of the right.
    pub right: Option<(Colour, f64)>,
    /// What that amounts to.
    pub state: EyeState,
    /// Where.
    pub at: Region,
    tolerance: f64,
}

/// What is wrong with a pair of eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EyeState {
    /// Nothing.
    Right,
    /// Left has the right one's colour and the other way round.
    Swapped,
    /// The left eye has a colour that it should not have.
    LeftWrong,
    /// The right one has.
    RightWrong,
    /// Both have.
    BothWrong,
}

/// The eyes of everybody of whom at least one can be seen.
pub(super) fn of(places: &[Place<'_>]) -> Vec<EyesEvidence> {
    let mut owners: Vec<&Slug> = places.iter().map(|place| place.owner).collect();
    owners.sort();
    owners.dedup();
    owners.into_iter().filter_map(|owner| eyes(places, owner)).collect()
}

fn eyes(places: &[Place<'_>], owner: &Slug) -> Option<EyesEvidence> {
    let eye = |part: &str| places.iter().find(|place| place.owner == owner && place.entry.part == part);
    let (left, right) = (eye("iris.left"), eye("iris.right"));
    let any = left.or(right)?;
    let seen = |eye: Option<&Place<'_>>| eye.map(|eye| (found(eye), eye.mean_difference(&eye.target)));
    let (of_left, of_right) = (seen(left), seen(right));
    let tolerance = any.target.tolerance * super::SLACK;
    let swapped = left.zip(right).is_some_and(|(left, right)| {
        let apart = left.target.nearest_to_base(&right.target).min(right.target.nearest_to_base(&left.target));
        let own = left.mean_difference(&left.target) + right.mean_difference(&right.target);
        let exchanged = left.mean_difference(&right.target) + right.mean_difference(&left.target);
        apart >= TWO_COLOURS && own > exchanged + 2.0 * CLEARLY
    });
    let wrong = |eye: Option<(Colour, f64)>| eye.is_some_and(|(_, difference)| difference > tolerance);
    let state = match (swapped, wrong(of_left), wrong(of_right)) {
        (true, ..) => EyeState::Swapped,
        (false, false, false) => EyeState::Right,
        (false, true, false) => EyeState::LeftWrong,
        (false, false, true) => EyeState::RightWrong,
        (false, true, true) => EyeState::BothWrong,
    };
    Some(EyesEvidence { owner: owner.clone(), left: of_left, right: of_right, state, at: any.colours.region(), tolerance })
}

/// The most frequent colour, without the light.
fn found(eye: &Place<'_>) -> Colour {
    let most = eye.colours.cells.iter().rev().max_by_key(|cell| cell.count);
    most.map_or(Colour::new(0, 0, 0), |cell| colour(eye.target.light.remove(cell.mean())))
}

impl EyesEvidence {
    pub(super) fn score(&self) -> Score {
        match self.state {
            EyeState::Swapped => Score::NONE,
            EyeState::Right | EyeState::LeftWrong | EyeState::RightWrong | EyeState::BothWrong => {
                let worst = [self.left, self.right].into_iter().flatten().map(|(_, difference)| difference).fold(0.0, f64::max);
                Score::of_difference(worst, self.tolerance)
            }
        }
    }

    pub(super) fn finding(&self) -> Option<Finding> {
        let owner = &self.owner;
        let colour =
            |eye: Option<(Colour, f64)>| eye.map_or_else(|| "nothing".to_owned(), |(colour, off)| format!("{colour} (ΔE {off:.1})"));
        let (code, message) = match self.state {
            EyeState::Right => return None,
            EyeState::Swapped => {
                ("eyes-swapped", format!("the eyes of {owner} are swapped: left is {}, right is {}", colour(self.left), colour(self.right)))
            }
            EyeState::LeftWrong => ("eye-colour", format!("the left eye of {owner} has the wrong colour, {}", colour(self.left))),
            EyeState::RightWrong => ("eye-colour", format!("the right eye of {owner} has the wrong colour, {}", colour(self.right))),
            EyeState::BothWrong => {
                ("eye-colour", format!("both eyes of {owner} have the wrong colour: {} and {}", colour(self.left), colour(self.right)))
            }
        };
        Some(Finding { severity: Severity::Note, code: code.to_owned(), message, at: Some(self.at) })
    }
}
