//! Whole fleets on a virtual clock: what holds whatever goes wrong.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use farm::fleet::{Faults, Outcome, Plan, World};
use farm::{JobState, Money};

fn ended(outcome: &Outcome) -> i64 {
    outcome.ended.values().sum()
}

#[test]
fn the_eight_invariants_hold_whatever_goes_wrong() {
    let outcome = World::new(Plan::mixed(3, 30, 600, Faults::EVERYTHING)).run().unwrap_or_else(|broken| panic!("{broken}"));
    assert_eq!(ended(&outcome), 600);
}

#[test]
fn the_invariants_hold_over_many_seeds() {
    let (mut adopted, mut abandoned, mut refused, mut checked) = (0, 0, 0, 0);
    for seed in 0..24 {
        let outcome =
            World::new(Plan::mixed(seed, 45, 1_200, Faults::EVERYTHING)).run().unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
        assert_eq!(ended(&outcome), 1_200);
        adopted += outcome.adopted;
        abandoned += outcome.abandoned;
        refused += outcome.refused;
        checked += outcome.checked;
    }
    // The worlds are as bad as they are meant to be.
    assert!(adopted > 100 && abandoned > 0 && refused > 100 && checked > 500, "{adopted} {abandoned} {refused} {checked}");
}

#[test]
fn a_budget_is_never_exceeded_by_a_whole_fleet() {
    let budget = Money::from_units(4.0);
    let faults = Faults { worker_kill: 2_000.0, failures: 0.05, ..Faults::default() };
    let plan = Plan { budget: Some(budget), chained: 0.0, until: Some(20_000.0), ..Plan::mixed(7, 60, 3_000, faults) };
    let outcome = World::new(plan).run().unwrap();
    assert!(ended(&outcome) < 3_000, "what the budget does not allow is left");
    assert!(outcome.spent > Money::from_units(8.0) && outcome.spent <= Money::from_units(16.0), "{}", outcome.spent);
}

#[test]
fn the_same_seed_is_the_same_world() {
    let run = || World::new(Plan::mixed(3, 30, 600, Faults::EVERYTHING)).run().unwrap();
    let (one, other) = (run(), run());
    assert_eq!((one.makespan, one.attempts, one.refused), (other.makespan, other.attempts, other.refused));
}

#[test]
fn without_faults_every_job_is_drawn_once() {
    let outcome = World::new(Plan::mixed(1, 60, 2_000, Faults::default())).run().unwrap();
    assert_eq!((outcome.attempts, outcome.ended[&JobState::Done], outcome.refused), (2_000, 2_000, 0));
}

/// The full size. `benches farm` runs more seeds of it.
#[test]
fn the_invariants_hold_on_1_200_nodes_for_100_000_attempts() {
    let outcome = World::new(Plan::mixed(100, 1_200, 98_500, Faults::EVERYTHING)).run().unwrap_or_else(|broken| panic!("{broken}"));
    assert_eq!(ended(&outcome), 98_500);
    assert!(outcome.attempts >= 100_000 && outcome.abandoned > 0, "{} {}", outcome.attempts, outcome.abandoned);
}
