//! The gate that a picture is held against: from which score on it is accepted, and from which on a person decides.

use std::fmt;

use bible::gate::{GateRule, Thresholds};
use serde::{Deserialize, Serialize};

use crate::score::{NotAScore, Score};
use crate::verdict::Status;

/// The scores that decide on a picture, and who set them. A plain [`Score`] is a gate that leaves nothing to a person.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// From here on it is accepted.
    #[serde(rename = "gate")]
    pub accept: Score,
    /// From here on a person decides; none where everything below `accept` is rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Score>,
    /// The part of the project's settings that it comes from.
    #[serde(default, rename = "gate_rule", skip_serializing_if = "GateRule::is_project")]
    pub rule: GateRule,
}

impl From<Score> for Gate {
    fn from(accept: Score) -> Self {
        Self { accept, person: None, rule: GateRule::Project }
    }
}

impl TryFrom<Thresholds> for Gate {
    type Error = NotAScore;

    fn try_from(Thresholds { accept, person, rule }: Thresholds) -> Result<Self, NotAScore> {
        Ok(Self { accept: Score::new(accept)?, person: person.map(Score::new).transpose()?, rule })
    }
}

impl Gate {
    /// What becomes of a score.
    #[must_use]
    pub fn status(self, score: Score) -> Status {
        match self.person {
            _ if score >= self.accept => Status::Accepted,
            Some(person) if score >= person => Status::NeedsReview,
            _ => Status::Rejected,
        }
    }

    /// Why a score does not pass, as a sentence; none for one that does.
    #[must_use]
    pub fn objection(self, score: Score) -> Option<String> {
        let whose = if self.rule.is_project() { String::new() } else { format!(", by {}", self.rule.words()) };
        match (self.status(score), self.person) {
            (Status::Accepted, _) => None,
            (Status::NeedsReview, person) => {
                let from = person.unwrap_or(self.accept);
                Some(format!("scores {score}: from {from} and below {} a person decides{whose}", self.accept))
            }
            (Status::Rejected, Some(person)) => Some(format!("scores {score}, and {person} is needed for a person to decide{whose}")),
            (Status::Rejected, None) => Some(format!("scores {score}, and {} is needed{whose}", self.accept)),
        }
    }
}

impl fmt::Display for Gate {
    /// `accepted from 0.850, for a person from 0.700 (the gate of close-up shots)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "accepted from {}", self.accept)?;
        if let Some(person) = self.person {
            write!(f, ", for a person from {person}")?;
        }
        write!(f, " ({})", self.rule.words())
    }
}

#[cfg(test)]
mod tests {
    use bible::story::Framing;
    use serde_json::json;

    use super::*;

    fn score(value: f64) -> Score {
        Score::new(value).unwrap()
    }

    #[test]
    fn between_two_bounds_a_person_decides_and_at_a_bound_the_kinder_side() {
        let gate = Gate { person: Some(score(0.7)), rule: GateRule::Shots(Framing::Long), ..score(0.85).into() };
        let of = |value: f64| gate.status(score(value));
        assert_eq!(
            [of(0.85), of(0.849), of(0.7), of(0.699)],
            [Status::Accepted, Status::NeedsReview, Status::NeedsReview, Status::Rejected]
        );
        assert_eq!(Gate::from(score(0.85)).status(score(0.849)), Status::Rejected);
        let said = gate.objection(score(0.8)).unwrap();
        assert_eq!(said, "scores 0.800: from 0.700 and below 0.850 a person decides, by the gate of long shots");
        assert_eq!(gate.to_string(), "accepted from 0.850, for a person from 0.700 (the gate of long shots)");
    }

    #[test]
    fn a_gate_that_was_noted_as_a_number_is_one_without_a_person() {
        assert_eq!(serde_json::from_value::<Gate>(json!({ "gate": 0.85 })).unwrap(), score(0.85).into());
        assert_eq!(serde_json::to_value(Gate::from(score(0.85))).unwrap(), json!({ "gate": 0.85 }));
    }
}
