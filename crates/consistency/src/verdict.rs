//! Verdicts: measurements against the gate.

use serde::{Deserialize, Serialize};

use crate::measure::{Measurement, Outcome, Region, Role, Severity};
use crate::score::Score;

/// Whether a picture may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Measured, and at or above the gate.
    Accepted,
    /// A person must decide.
    NeedsReview,
    /// Measured, and below the gate, or not usable at all.
    Rejected,
}

impl Status {
    /// The word on the wire and on screens.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::NeedsReview => "needs_review",
            Self::Rejected => "rejected",
        }
    }
}

/// A decision about a picture with everything that it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The decision.
    pub status: Status,
    /// The lowest score of all consistency measures; none when nothing was measured.
    pub score: Option<Score>,
    /// The score that was needed.
    pub gate: Score,
    /// Why, weightiest first. Never empty unless accepted.
    pub reasons: Vec<Reason>,
    /// What every measure said.
    pub measurements: Vec<Measurement>,
}

/// One reason of a verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The status that this reason alone leads to; none for a note.
    pub leads_to: Option<Status>,
    /// The measure that it comes from.
    pub measure: String,
    /// A stable word for programs: `colour-off`, `not-measured`, `blank`…
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// Where in the picture, when it is somewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Region>,
}

/// Judges a picture by its measurements.
///
/// - Something that blocks (undecodable, blank, wrong size), or a consistency score below the gate: rejected.
/// - A doubt, or no consistency measure that could measure: needs review. What was not measured is never accepted.
/// - Nothing in the picture that a consistency measure is about (an empty street): it has no score, and the
///   technical checks decide.
/// - Otherwise: accepted.
///
/// It depends on nothing but its arguments.
#[must_use]
pub fn judge(measurements: Vec<Measurement>, gate: Score) -> Verdict {
    let mut reasons = Vec::new();
    let mut score: Option<Score> = None;
    let mut unmeasured = Vec::new();
    let mut nothing_to_measure = false;
    for measurement in &measurements {
        let consistency = measurement.role == Role::Consistency;
        match &measurement.outcome {
            Outcome::Measured { score: measured, findings, .. } => {
                let below = consistency && *measured < gate;
                if consistency {
                    score = Some(score.map_or(*measured, |lowest| lowest.min(*measured)));
                }
                if below && findings.is_empty() {
                    reasons.push(reason(
                        measurement,
                        Some(Status::Rejected),
                        "below-gate",
                        format!("scores {measured}, and {gate} is needed"),
                    ));
                }
                for finding in findings {
                    let leads_to = match finding.severity {
                        Severity::Blocks => Some(Status::Rejected),
                        Severity::Doubt => Some(Status::NeedsReview),
                        // What a measure merely notes explains its score, so it weighs what the score weighs.
                        Severity::Note => below.then_some(Status::Rejected),
                    };
                    reasons.push(Reason { at: finding.at, ..reason(measurement, leads_to, &finding.code, finding.message.clone()) });
                }
            }
            Outcome::NotApplicable { reason: why } => {
                nothing_to_measure |= consistency;
                reasons.push(reason(measurement, None, "not-applicable", why.clone()));
            }
            Outcome::NotMeasured { reason: why } => {
                let leads_to = (!consistency).then_some(Status::NeedsReview);
                unmeasured.push(reason(measurement, leads_to, "not-measured", format!("not measured: {why}")));
            }
        }
    }
    let silent = measurements
        .iter()
        .any(|measurement| measurement.role == Role::Consistency && matches!(measurement.outcome, Outcome::NotMeasured { .. }));
    if score.is_none() && (silent || !nothing_to_measure) {
        unmeasured.iter_mut().for_each(|reason| reason.leads_to = Some(Status::NeedsReview));
        if unmeasured.is_empty() {
            unmeasured.push(Reason {
                leads_to: Some(Status::NeedsReview),
                measure: "none".to_owned(),
                code: "not-measured".to_owned(),
                message: "not measured: no measure of consistency was run".to_owned(),
                at: None,
            });
        }
    }
    reasons.extend(unmeasured);
    // Stable: within one weight the measures' own order, worst first, remains.
    reasons.sort_by_key(|reason| match reason.leads_to {
        Some(Status::Rejected) => 0,
        Some(Status::NeedsReview) => 1,
        Some(Status::Accepted) | None => 2,
    });
    let status = reasons.first().and_then(|reason| reason.leads_to).unwrap_or(Status::Accepted);
    Verdict { status, score, gate, reasons, measurements }
}

fn reason(measurement: &Measurement, leads_to: Option<Status>, code: &str, message: String) -> Reason {
    Reason { leads_to, measure: measurement.measure.clone(), code: code.to_owned(), message, at: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Evidence, Finding};

    const GATE: Score = Score::AT_TOLERANCE;

    fn measured(role: Role, score: f64, findings: &[(Severity, &str)]) -> Measurement {
        let findings = findings
            .iter()
            .map(|(severity, code)| Finding { severity: *severity, code: (*code).to_owned(), message: format!("{code}!"), at: None })
            .collect();
        let evidence = Evidence::Other { figures: serde_json::Value::Null };
        let outcome = Outcome::Measured { score: Score::new(score).unwrap(), findings, evidence };
        Measurement { measure: "test".to_owned(), version: 1, role, outcome }
    }

    fn silent(role: Role) -> Measurement {
        let outcome = Outcome::NotMeasured { reason: "the part map is missing".to_owned() };
        Measurement { measure: "test".to_owned(), version: 1, role, outcome }
    }

    #[test]
    fn the_lowest_consistency_score_decides() {
        let verdict = judge(vec![measured(Role::Consistency, 0.9, &[]), measured(Role::Consistency, 0.8, &[])], GATE);
        assert_eq!((verdict.status, verdict.score), (Status::Rejected, Some(Score::new(0.8).unwrap())));
        assert_eq!(verdict.reasons[0].message, "scores 0.800, and 0.850 is needed");
        assert_eq!(judge(vec![measured(Role::Consistency, 0.85, &[])], GATE).status, Status::Accepted);
    }

    #[test]
    fn what_was_not_measured_is_never_accepted() {
        for measurements in [
            vec![],
            vec![silent(Role::Consistency)],
            vec![measured(Role::Technical, 1.0, &[])],
            vec![measured(Role::Technical, 1.0, &[]), silent(Role::Consistency)],
            vec![measured(Role::Consistency, 1.0, &[]), silent(Role::Technical)],
        ] {
            let verdict = judge(measurements, Score::NONE);
            assert_eq!(verdict.status, Status::NeedsReview, "{verdict:?}");
            assert_eq!(verdict.reasons[0].code, "not-measured");
        }
    }

    #[test]
    fn an_empty_street_is_judged_by_the_technical_checks_alone() {
        let nobody =
            || Measurement { outcome: Outcome::NotApplicable { reason: "nobody is there".to_owned() }, ..silent(Role::Consistency) };
        let verdict = judge(vec![measured(Role::Technical, 1.0, &[]), nobody()], GATE);
        assert_eq!((verdict.status, verdict.score), (Status::Accepted, None));
        let blank = judge(vec![measured(Role::Technical, 0.0, &[(Severity::Blocks, "blank")]), nobody()], GATE);
        assert_eq!(blank.status, Status::Rejected);
        assert_eq!(judge(vec![nobody(), silent(Role::Consistency)], GATE).status, Status::NeedsReview, "one that should have measured");
    }

    #[test]
    fn a_technical_score_never_lifts_or_lowers_the_verdicts_score() {
        let verdict =
            judge(vec![measured(Role::Consistency, 0.95, &[]), measured(Role::Technical, 0.0, &[(Severity::Blocks, "blank")])], GATE);
        assert_eq!((verdict.status, verdict.score), (Status::Rejected, Some(Score::new(0.95).unwrap())));
    }

    #[test]
    fn a_doubt_asks_a_person_and_a_note_asks_nobody() {
        let doubt = judge(vec![measured(Role::Consistency, 0.95, &[(Severity::Note, "n"), (Severity::Doubt, "d")])], GATE);
        assert_eq!((doubt.status, doubt.reasons[0].code.as_str()), (Status::NeedsReview, "d"));
        let note = judge(vec![measured(Role::Consistency, 0.95, &[(Severity::Note, "n")])], GATE);
        assert_eq!((note.status, note.reasons[0].leads_to), (Status::Accepted, None));
    }

    #[test]
    fn a_verdict_reads_back_from_its_json() {
        let verdict = judge(vec![measured(Role::Consistency, 0.5, &[(Severity::Note, "n")]), silent(Role::Technical)], GATE);
        let json = serde_json::to_string(&verdict).unwrap();
        assert_eq!(serde_json::from_str::<Verdict>(&json).unwrap(), verdict);
    }
}
