//! Verdicts: measurements against the gate.

use serde::{Deserialize, Serialize};

use crate::calibration::Calibrated;
use crate::gate::Gate;
use crate::measure::{Finding, Measurement, Outcome, Region, Role, Severity};
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
    /// The lowest score of all measures of consistency and identity, and of the calibrated probability where it is certain
    /// enough to decide; none when nothing was measured.
    pub score: Option<Score>,
    /// The gate that it was held against.
    #[serde(flatten)]
    pub gate: Gate,
    /// Why, weightiest first. Never empty unless accepted.
    pub reasons: Vec<Reason>,
    /// What every measure said.
    pub measurements: Vec<Measurement>,
    /// What they say together, where a calibration was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibrated: Option<Calibrated>,
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

impl Reason {
    /// Whether it says that something could not be measured.
    #[must_use]
    pub fn is_not_measured(&self) -> bool {
        self.code == Finding::NOT_MEASURED
    }
}

/// Judges a picture by its measurements.
///
/// - Something that blocks (undecodable, blank, wrong size), or a consistency score below the gate: rejected.
/// - A consistency score within the band that the gate leaves to a person: needs review.
/// - A doubt, or no consistency measure that could measure: needs review. What was not measured is never accepted.
/// - An identity that was asked for and could not be measured: needs review, however well the rest does.
/// - Nothing in the picture that a consistency measure is about (an empty street): it has no score, and the
///   technical checks decide.
/// - Otherwise: accepted.
///
/// It depends on nothing but its arguments.
#[must_use]
pub fn judge(measurements: Vec<Measurement>, gate: impl Into<Gate>) -> Verdict {
    judge_calibrated(measurements, None, gate)
}

/// [`judge`] with what a calibration says of the measurements together. A probability that is certain enough holds a
/// picture back as a score below the gate does; it never lets one through that a measure holds back.
#[must_use]
pub fn judge_calibrated(measurements: Vec<Measurement>, calibrated: Option<Calibrated>, gate: impl Into<Gate>) -> Verdict {
    let gate = gate.into();
    let mut reasons = Vec::new();
    let mut score: Option<Score> = None;
    let mut unmeasured = Vec::new();
    let mut nothing_to_measure = false;
    for measurement in &measurements {
        let consistency = measurement.role.counts();
        match &measurement.outcome {
            Outcome::Measured { score: measured, findings, .. } => {
                let objection = gate.objection(*measured).filter(|_| consistency);
                let weighs = objection.is_some().then(|| gate.status(*measured));
                if consistency {
                    score = Some(score.map_or(*measured, |lowest| lowest.min(*measured)));
                }
                // Findings say what is wrong by themselves, but not that it is for a person to weigh.
                if let Some(objection) = objection
                    && (findings.is_empty() || weighs == Some(Status::NeedsReview))
                {
                    let code = if weighs == Some(Status::NeedsReview) { "for-a-person" } else { "below-gate" };
                    reasons.push(reason(measurement, weighs, code, objection));
                }
                for finding in findings {
                    if measurement.role == Role::Supporting {
                        reasons.push(Reason { at: finding.at, ..reason(measurement, None, &finding.code, finding.message.clone()) });
                        continue;
                    }
                    let leads_to = match finding.severity {
                        Severity::Blocks => Some(Status::Rejected),
                        Severity::Doubt => Some(Status::NeedsReview),
                        // What a measure merely notes explains its score, so it weighs what the score weighs.
                        Severity::Note => weighs,
                    };
                    reasons.push(Reason { at: finding.at, ..reason(measurement, leads_to, &finding.code, finding.message.clone()) });
                }
            }
            Outcome::NotApplicable { reason: why } => {
                nothing_to_measure |= consistency;
                reasons.push(reason(measurement, None, "not-applicable", why.clone()));
            }
            Outcome::NotMeasured { reason: why } => {
                let leads_to = match measurement.role {
                    Role::Technical | Role::Identity => Some(Status::NeedsReview),
                    Role::Consistency | Role::Supporting => None,
                };
                unmeasured.push(reason(measurement, leads_to, Finding::NOT_MEASURED, format!("not measured: {why}")));
            }
        }
    }
    let silent =
        measurements.iter().any(|measurement| measurement.role.counts() && matches!(measurement.outcome, Outcome::NotMeasured { .. }));
    if score.is_none() && (silent || !nothing_to_measure) {
        unmeasured.iter_mut().for_each(|reason| reason.leads_to = Some(Status::NeedsReview));
        if unmeasured.is_empty() {
            unmeasured.push(Reason {
                leads_to: Some(Status::NeedsReview),
                measure: "none".to_owned(),
                code: Finding::NOT_MEASURED.to_owned(),
                message: "not measured: no measure of consistency was run".to_owned(),
                at: None,
            });
        }
    }
    reasons.extend(unmeasured);
    if let Some(calibrated) = &calibrated {
        let decisive = calibrated.decisive();
        let leads_to = decisive.map(|probability| gate.status(probability)).filter(|status| *status != Status::Accepted);
        if let (Some(lowest), Some(probability)) = (score, decisive) {
            score = Some(lowest.min(probability));
        }
        let code = match leads_to {
            Some(Status::Rejected) => "below-gate",
            Some(Status::NeedsReview) => "for-a-person",
            Some(Status::Accepted) | None => "calibrated",
        };
        let asks = decisive.filter(|_| leads_to == Some(Status::NeedsReview)).and_then(|probability| gate.objection(probability));
        reasons.push(Reason {
            leads_to,
            measure: "calibration".to_owned(),
            code: code.to_owned(),
            message: asks.into_iter().fold(calibrated.sentence(), |said, asks| format!("{said}; it {asks}")),
            at: None,
        });
    }
    // Stable: within one weight the measures' own order, worst first, remains.
    reasons.sort_by_key(|reason| match reason.leads_to {
        Some(Status::Rejected) => 0,
        Some(Status::NeedsReview) => 1,
        Some(Status::Accepted) | None => 2,
    });
    let status = reasons.first().and_then(|reason| reason.leads_to).unwrap_or(Status::Accepted);
    Verdict { status, score, gate, reasons, measurements, calibrated }
}

fn reason(measurement: &Measurement, leads_to: Option<Status>, code: &str, message: String) -> Reason {
    Reason { leads_to, measure: measurement.measure.clone(), code: code.to_owned(), message, at: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Evidence;

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
    fn within_the_band_a_person_decides_and_the_words_say_so() {
        let gate = Gate { person: Score::new(0.7).ok(), ..GATE.into() };
        let verdict = judge(vec![measured(Role::Consistency, 0.8, &[(Severity::Note, "n")])], gate);
        assert_eq!((verdict.status, verdict.gate), (Status::NeedsReview, gate));
        let said: Vec<&str> = verdict.reasons.iter().map(|reason| reason.code.as_str()).collect();
        assert_eq!(said, ["for-a-person", "n"]);
        assert!(verdict.reasons[0].message.contains("from 0.700 and below 0.850 a person decides"), "{:?}", verdict.reasons);
        assert_eq!(judge(vec![measured(Role::Consistency, 0.69, &[])], gate).status, Status::Rejected);
        assert_eq!(judge(vec![measured(Role::Consistency, 0.85, &[])], gate).status, Status::Accepted);
        let probable = judge_calibrated(vec![measured(Role::Consistency, 0.9, &[])], Some(together(0.75, true)), gate);
        assert_eq!((probable.status, probable.reasons[0].code.as_str()), (Status::NeedsReview, "for-a-person"));
        let both = judge(vec![measured(Role::Consistency, 0.8, &[]), measured(Role::Identity, 0.5, &[])], gate);
        assert_eq!(both.status, Status::Rejected, "the lowest decides");
    }

    #[test]
    fn the_lowest_consistency_score_decides() {
        let verdict = judge(vec![measured(Role::Consistency, 0.9, &[]), measured(Role::Consistency, 0.8, &[])], GATE);
        assert_eq!((verdict.status, verdict.score), (Status::Rejected, Some(Score::new(0.8).unwrap())));
        assert_eq!(verdict.reasons[0].message, "scores 0.800, and 0.850 is needed");
        assert_eq!(judge(vec![measured(Role::Consistency, 0.85, &[])], GATE).status, Status::Accepted);
    }

    fn together(probability: f64, valid: bool) -> Calibrated {
        let used = vec!["colour-model".to_owned()];
        let (domain, calibration) = (crate::calibration::Domain::PaintedOverLayout, "test@1".to_owned());
        let certainty = if valid { 0.99 } else { 0.0 };
        Calibrated { probability: Some(probability), certainty, used, not_measured: Vec::new(), calibration, domain, valid }
    }

    #[test]
    fn an_identity_that_was_not_measured_needs_a_person_however_well_the_rest_does() {
        let verdict = judge(vec![measured(Role::Consistency, 1.0, &[]), silent(Role::Identity)], GATE);
        assert_eq!((verdict.status, verdict.score), (Status::NeedsReview, Some(Score::FULL)));
        assert_eq!(verdict.reasons[0].message, "not measured: the part map is missing");
        // What fails already fails: nobody has to look at it.
        let off = judge(vec![measured(Role::Consistency, 0.4, &[]), silent(Role::Identity)], GATE);
        assert_eq!(off.status, Status::Rejected);
        assert_eq!(judge(vec![measured(Role::Identity, 0.9, &[])], GATE).status, Status::Accepted);
        assert_eq!(judge(vec![measured(Role::Identity, 0.8, &[])], GATE).status, Status::Rejected);
    }

    #[test]
    fn what_only_supports_decides_nothing() {
        let verdict =
            judge(vec![measured(Role::Consistency, 1.0, &[]), measured(Role::Supporting, 0.1, &[(Severity::Doubt, "soft")])], GATE);
        assert_eq!((verdict.status, verdict.score), (Status::Accepted, Some(Score::FULL)));
        assert_eq!(verdict.reasons[0].code, "soft");
        assert_eq!(judge(vec![measured(Role::Supporting, 1.0, &[])], GATE).status, Status::NeedsReview);
    }

    #[test]
    fn a_valid_probability_holds_back_and_never_lets_through() {
        let good = || vec![measured(Role::Consistency, 0.9, &[])];
        let held = judge_calibrated(good(), Some(together(0.3, true)), GATE);
        assert_eq!((held.status, held.score), (Status::Rejected, Score::new(0.3).ok()));
        assert_eq!((held.reasons[0].measure.as_str(), held.reasons[0].code.as_str()), ("calibration", "below-gate"));
        let let_through = judge_calibrated(vec![measured(Role::Consistency, 0.5, &[])], Some(together(0.99, true)), GATE);
        assert_eq!(let_through.status, Status::Rejected);
    }

    #[test]
    fn a_probability_for_another_kind_of_picture_is_told_as_a_guess() {
        let verdict = judge_calibrated(vec![measured(Role::Consistency, 0.9, &[])], Some(together(0.3, false)), GATE);
        assert_eq!((verdict.status, verdict.score), (Status::Accepted, Score::new(0.9).ok()));
        assert!(verdict.reasons[0].message.contains("which is a guess"), "{:?}", verdict.reasons);
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
