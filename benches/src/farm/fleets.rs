//! Fleets on a virtual clock.

use std::time::Instant;

use farm::Policy;
use farm::fleet::{Dice, Faults, Model, Plan, World};

use crate::{Figure, Promise};

/// How near to the best possible they draw, and whether their invariants hold.
pub(crate) fn measure() -> anyhow::Result<Vec<Figure>> {
    let mut figures = makespan()?;
    figures.extend(invariants()?);
    Ok(figures)
}

fn able(model: &Model, node: (f64, u64)) -> bool {
    model.vram as f64 <= node.1 as f64 * (1.0 - Policy::default().headroom)
}

/// The least time in which a fleet could draw the jobs: for every size of memory, the work that needs as much, spread
/// evenly over the nodes that have it. (What needs more fits on fewer nodes, so these are all the bounds there are.)
/// Loading models is left out.
fn least(plan: &Plan, counts: &[usize]) -> f64 {
    let bound = |smallest: &Model| {
        let work: f64 = plan
            .models
            .iter()
            .zip(counts)
            .filter(|(model, _)| model.vram >= smallest.vram)
            .map(|(model, count)| model.seconds * *count as f64)
            .sum();
        let pace: f64 = plan.nodes.iter().filter(|node| able(smallest, **node)).map(|(pace, _)| pace).sum();
        work / pace
    };
    plan.models.iter().map(bound).fold(0.0, f64::max)
}

/// Each job goes to the next fitting node in turn, and nodes draw in the order in which jobs came.
fn fifo_per_node(plan: &Plan, counts: &[usize]) -> f64 {
    let mut dice = Dice::new(plan.seed);
    let mut left = counts.to_vec();
    let (mut busy, mut loaded) = (vec![0.0; plan.nodes.len()], vec![usize::MAX; plan.nodes.len()]);
    let mut turn = vec![0_usize; plan.models.len()];
    while left.iter().any(|count| *count > 0) {
        let which = dice.of(plan.models.len());
        if left[which] == 0 {
            continue;
        }
        left[which] -= 1;
        let model = &plan.models[which];
        let fitting: Vec<usize> = (0..plan.nodes.len()).filter(|node| able(model, plan.nodes[*node])).collect();
        let node = fitting[turn[which] % fitting.len()];
        turn[which] += 1;
        busy[node] += model.seconds / plan.nodes[node].0;
        if loaded[node] != which {
            loaded[node] = which;
            busy[node] += model.load / plan.nodes[node].0;
        }
    }
    busy.into_iter().fold(0.0, f64::max)
}

/// The jobs of each model are split evenly among the nodes that fit, which draw model by model.
fn even_split(plan: &Plan, counts: &[usize]) -> f64 {
    let mut busy = vec![0.0; plan.nodes.len()];
    for (model, count) in plan.models.iter().zip(counts) {
        let fitting: Vec<usize> = (0..plan.nodes.len()).filter(|node| able(model, plan.nodes[*node])).collect();
        let share = *count as f64 / fitting.len() as f64;
        for node in fitting {
            busy[node] += (share * model.seconds + model.load) / plan.nodes[node].0;
        }
    }
    busy.into_iter().fold(0.0, f64::max)
}

fn makespan() -> anyhow::Result<Vec<Figure>> {
    let plan = Plan { workers: 2, arrivals: 0.0, chained: 0.0, ..Plan::mixed(11, 60, 12_000, Faults::default()) };
    let world = World::new(plan.clone());
    let counts = world.jobs_by_model();
    let least = least(&plan, &counts);
    let (fifo, even) = (fifo_per_node(&plan, &counts), even_split(&plan, &counts));
    let outcome = world.run()?;
    Ok(vec![
        Figure::new("farm: makespan over the least possible", outcome.makespan / least, "times", Promise::Under(1.10)),
        Figure::new("farm: the same, a queue per node", fifo / least, "times", Promise::None),
        Figure::new("farm: the same, split evenly", even / least, "times", Promise::None),
        Figure::new("farm: models loaded", outcome.loads as f64, "", Promise::None),
    ])
}

fn invariants() -> anyhow::Result<Vec<Figure>> {
    const SEEDS: std::ops::Range<u64> = 100..110;
    let begun = Instant::now();
    let (mut attempts, mut adopted, mut abandoned, mut refused, mut checked) = (0, 0, 0, 0, 0);
    for seed in SEEDS {
        let outcome = World::new(Plan::mixed(seed, 1_200, 98_500, Faults::EVERYTHING)).run()?;
        attempts += outcome.attempts;
        adopted += outcome.adopted;
        abandoned += outcome.abandoned;
        refused += outcome.refused;
        checked += outcome.checked;
    }
    let worlds = SEEDS.count() as f64;
    Ok(vec![
        Figure::new("farm: worlds of 1,200 nodes whose invariants hold", worlds, "", Promise::None),
        Figure::new("farm: attempts per world", attempts as f64 / worlds, "", Promise::Over(100_000.0)),
        Figure::new("farm: of them taken over by another worker", adopted as f64 / worlds, "", Promise::None),
        Figure::new("farm: of them given up", abandoned as f64 / worlds, "", Promise::None),
        Figure::new("farm: reports that came too late, refused", refused as f64 / worlds, "", Promise::None),
        Figure::new("farm: choices checked against a count by hand", checked as f64 / worlds, "", Promise::None),
        Figure::new("farm: one such world", begun.elapsed().as_secs_f64() / worlds, "s", Promise::None),
    ])
}
