//! What people's own verdicts say about the gate: a proposal, which somebody has to take up.

use serde::Serialize;

use super::quality::Told;

/// Verdicts of each kind that a proposal needs among those it is fitted on.
pub const LEAST_VERDICTS: usize = 20;
/// By how much (balanced accuracy on held-out verdicts) another gate must be better to be proposed.
const CLEARLY: f64 = 0.02;
/// How likely chance alone may have made it as much better: 1 in 20, by the sign test.
const CHANCE: f64 = 0.05;

/// A gate that agrees better with people, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Proposal {
    /// Too few verdicts to learn from.
    TooFew {
        /// Pictures with a score that people accepted.
        accepted: usize,
        /// Pictures with a score that people rejected.
        rejected: usize,
        /// How many of each are needed.
        needed: usize,
    },
    /// No other gate is clearly better on the verdicts that were held out.
    Keep {
        /// How the present gate does there.
        present: Agreement,
    },
    /// Another gate is.
    Change {
        /// The proposed gate.
        gate: f64,
        /// How the present gate does on the verdicts held out.
        present: Agreement,
        /// How the proposed one does.
        proposed: Agreement,
    },
}

/// How a gate agrees with people.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Agreement {
    /// The gate.
    pub gate: f64,
    /// Share of the rejected pictures that it lets through.
    pub false_accept: f64,
    /// Share of the accepted pictures that it stops.
    pub false_reject: f64,
}

impl Agreement {
    fn of(verdicts: &[Told], gate: f64) -> Self {
        let share = |same: bool| {
            let of = verdicts.iter().filter(|verdict| verdict.same == same).count();
            let wrong = verdicts.iter().filter(|verdict| verdict.same == same && (verdict.value >= gate) != same).count();
            wrong as f64 / of.max(1) as f64
        };
        Self { gate, false_accept: share(false), false_reject: share(true) }
    }

    /// Mean of what is let through rightly and stopped rightly.
    fn balanced(&self) -> f64 {
        1.0 - (self.false_accept + self.false_reject) / 2.0
    }
}

/// Proposes a gate from people's verdicts (`same`: accepted) in the order in which they were given. Every third is held
/// out, and only what is better there is proposed. It changes nothing: a gate is somebody's decision.
#[must_use]
pub fn propose(verdicts: &[Told], gate: f64) -> Proposal {
    let part = |held_out: bool| -> Vec<Told> {
        // Each kind is dealt by itself, so that both sides have both.
        [true, false]
            .into_iter()
            .flat_map(|same| verdicts.iter().filter(move |verdict| verdict.same == same).enumerate())
            .filter(|(place, _)| (place % 3 == 2) == held_out)
            .map(|(_, verdict)| *verdict)
            .collect()
    };
    let (fitted, held_out) = (part(false), part(true));
    let count = |same: bool| fitted.iter().filter(|verdict| verdict.same == same).count();
    if count(true) < LEAST_VERDICTS || count(false) < LEAST_VERDICTS {
        let all = |same: bool| verdicts.iter().filter(|verdict| verdict.same == same).count();
        return Proposal::TooFew { accepted: all(true), rejected: all(false), needed: LEAST_VERDICTS * 3 / 2 };
    }
    // Of gates that do equally well the strictest: letting through is what cannot be taken back.
    let candidates = (1..100_u32).map(|hundredth| Agreement::of(&fitted, f64::from(hundredth) / 100.0));
    let best = candidates.max_by(|one, other| one.balanced().total_cmp(&other.balanced()).then(one.gate.total_cmp(&other.gate)));
    let present = Agreement::of(&held_out, gate);
    match best.map(|best| Agreement::of(&held_out, best.gate)) {
        Some(proposed) if proposed.balanced() >= present.balanced() + CLEARLY && !by_chance(&held_out, gate, proposed.gate) => {
            Proposal::Change { gate: proposed.gate, present, proposed }
        }
        _ => Proposal::Keep { present },
    }
}

/// Whether chance alone could make the proposed gate better on these verdicts: of those that the two gates decide
/// differently, so many or more would be decided better by one that is no better, in more than one of twenty cases.
fn by_chance(verdicts: &[Told], present: f64, proposed: f64) -> bool {
    let right = |verdict: &Told, gate: f64| (verdict.value >= gate) == verdict.same;
    let differing: Vec<bool> = (verdicts.iter())
        .filter(|verdict| right(verdict, present) != right(verdict, proposed))
        .map(|verdict| right(verdict, proposed))
        .collect();
    let better = differing.iter().filter(|better| **better).count();
    // The upper tail of a binomial distribution at one half, term by term, in logarithms: a thousand verdicts underflow.
    let count = differing.len() as f64;
    let (mut term, mut tail) = (-count * std::f64::consts::LN_2, 0.0);
    for successes in 0..=differing.len() {
        if successes >= better {
            tail += term.exp();
        }
        term += ((count - successes as f64) / (successes as f64 + 1.0)).ln();
    }
    tail > CHANCE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_that_only_chance_made_better_is_not_proposed() {
        // Scores that say nothing of what people think: all of them high, a few of them a little lower.
        let noise: Vec<Told> =
            (0..70_u32).map(|index| Told { value: 1.0 - f64::from(index * 37 % 41) / 2_000.0, same: index % 2 == 0 }).collect();
        for turned in 0..20 {
            let mut verdicts = noise.clone();
            verdicts.rotate_left(turned);
            assert!(matches!(propose(&verdicts, 0.85), Proposal::Keep { .. }), "{turned}");
        }
        let held_out = |better: usize, worse: usize| -> Vec<Told> {
            let told = |same: bool| Told { value: 0.5, same };
            (0..better).map(|_| told(true)).chain((0..worse).map(|_| told(false))).collect()
        };
        assert!(by_chance(&held_out(4, 0), 0.8, 0.4) && !by_chance(&held_out(5, 0), 0.8, 0.4));
        assert!(by_chance(&held_out(9, 4), 0.8, 0.4) && !by_chance(&held_out(20, 8), 0.8, 0.4));
    }

    /// People accept from `from` on; scores go from 0 to 1 in steps of a hundredth, twice.
    fn verdicts(from: f64) -> Vec<Told> {
        (0..200_u32).map(|step| f64::from(step % 100) / 100.0).map(|value| Told { value, same: value >= from }).collect()
    }

    #[test]
    fn a_gate_that_people_disagree_with_gets_a_better_one_proposed() {
        let Proposal::Change { gate, present, proposed } = propose(&verdicts(0.6), 0.85) else { panic!("a change") };
        assert!((gate - 0.6).abs() < 0.03 && present.false_reject > 0.5 && proposed.false_reject < 0.1, "{gate} {present:?} {proposed:?}");
    }

    #[test]
    fn a_gate_that_people_agree_with_stays() {
        assert!(matches!(propose(&verdicts(0.6), 0.6), Proposal::Keep { .. }));
    }

    #[test]
    fn few_verdicts_or_of_one_kind_only_propose_nothing() {
        assert!(matches!(propose(&verdicts(0.6)[..40], 0.85), Proposal::TooFew { .. }));
        assert_eq!(propose(&[], 0.85), Proposal::TooFew { accepted: 0, rejected: 0, needed: 30 });
        assert!(matches!(propose(&verdicts(2.0), 0.85), Proposal::TooFew { accepted: 0, .. }));
    }
}
