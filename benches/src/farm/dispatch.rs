//! What handing out work costs, on each database and with queues of all lengths.

use std::path::Path;
use std::time::Instant;

use ::plot::{Axis, COLOURS, Plot};
use anyhow::Context as _;
use farm::attempt::Outcome;
use farm::{JobState, NodeId, Policy, pick};
use serde_json::json;
use store::Store;
use store::farm::{Report, Want};
use uuid::Uuid;

use super::stage::{begin, job, needs, sqlite};
use crate::{Figure, Promise, median};

#[path = "../../../crates/store/tests/databases/mod.rs"]
#[expect(clippy::unwrap_used, dead_code, reason = "the tests' own server, of which one half is used")]
mod databases;

/// How many jobs are queued: powers of ten, and what is about halfway between them.
const LENGTHS: [u64; 5] = [1_000, 3_000, 10_000, 30_000, 100_000];
/// How often a dispatch is timed for each.
const TIMES: u64 = 150;

/// What handing out work costs on each database; with a plot of it, where a file for that is named.
pub(crate) fn measure(picture: Option<&Path>) -> anyhow::Result<Vec<Figure>> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(dispatching(picture))
}

/// A database with what one dispatch takes there, in milliseconds, by the length of the queue.
struct Curve {
    name: &'static str,
    cost: Vec<(u64, f64)>,
}

async fn dispatching(picture: Option<&Path>) -> anyhow::Result<Vec<Figure>> {
    let mut figures = vec![rate(&databases::postgres().await).await?];
    let mut curves = Vec::new();
    for (name, store) in [("PostgreSQL", databases::postgres().await), ("SQLite", sqlite().await?)] {
        begin(&store, 4, 1).await?;
        let mut cost = Vec::new();
        for length in LENGTHS {
            cost.push((length, dispatch(&store, length).await?));
        }
        let named = |length: u64| format!("farm: one dispatch, {} queued, {name}", grouped(length));
        figures.extend(cost.iter().map(|(length, cost)| Figure::new(named(*length), *cost, "ms", Promise::None)));
        let (few, many) = (cost[0].1, cost[LENGTHS.len() - 1].1);
        figures.push(Figure::new(format!("farm: 100,000 queued over 1,000, {name}"), many / few, "times", Promise::Under(1.5)));
        curves.push(Curve { name, cost });
    }
    if let Some(file) = picture {
        std::fs::write(file, plotted(&curves)).with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(figures)
}

fn grouped(number: u64) -> String {
    format!("{},{:03}", number / 1000, number % 1000)
}

fn plotted(curves: &[Curve]) -> String {
    let most = curves.iter().flat_map(|curve| &curve.cost).map(|(_, cost)| *cost).fold(0.0, f64::max);
    // With room for the names.
    let up = Axis::up_to("one dispatch, in milliseconds (median)", most * 1.3);
    let mut plot = Plot::new("What a dispatch costs", &Axis::tens("jobs in the queue", 3, 5), &up).with_legends_above();
    for (curve, colour) in curves.iter().zip(COLOURS) {
        let points: Vec<(f64, f64)> = curve.cost.iter().map(|(length, cost)| (*length as f64, *cost)).collect();
        plot.line(&points, colour, false);
        points.iter().for_each(|point| plot.dot(*point, 4.0, colour));
        plot.legend(curve.name, colour);
    }
    plot.end()
}

/// Queues jobs until so many wait; `next` is the number of the first that is new.
async fn queue(store: &Store, length: u64) -> anyhow::Result<()> {
    let counts = store.farm_counts(None).await?;
    let first = 1_000_000 + u128::from(counts.values().sum::<u64>());
    let waiting = counts.get(&JobState::Queued).copied().unwrap_or(0);
    let numbers: Vec<u128> = (first..first + u128::from(length.saturating_sub(waiting))).collect();
    for part in numbers.chunks(2_000) {
        let jobs = part.iter().map(|number| job(*number, json!({}), needs((*number % 5) as usize))).collect();
        store.submit_jobs(jobs, chrono::Utc::now()).await?;
    }
    Ok(())
}

/// Looks and claims for some nodes, as a worker does; the view is kept, as a worker does for two seconds.
async fn claim(
    store: &Store,
    worker: &str,
    nodes: &[NodeId],
    view: &store::farm::View,
    policy: &Policy,
) -> anyhow::Result<Vec<store::farm::Claimed>> {
    let now = chrono::Utc::now();
    let mut queues = store.farm_queues().await?;
    let mut wants = Vec::new();
    for id in nodes {
        let Some(node) = view.nodes.iter().find(|node| node.id == *id) else { continue };
        let choices = pick::pick(node, &queues.lanes, &mut queues.shares, &view.view, &view.speeds, policy, now);
        let Some(first) = choices.first() else { continue };
        let key = queues.lanes[first.lane].key.clone();
        queues.shares.charge(first.band, key.project, &key.user, first.behind, first.expected);
        let choices = choices.into_iter().map(|choice| (queues.lanes[choice.lane].id, choice)).collect();
        wants.push(Want { node: *id, choices, prompt: Uuid::now_v7() });
    }
    loop {
        match store.claim_jobs(wants.clone(), worker, policy, now).await {
            Ok(claimed) => return Ok(claimed),
            Err(error) if error.retryable() => {}
            Err(error) => return Err(error.into()),
        }
    }
}

async fn end(store: &Store, claimed: &store::farm::Claimed, policy: &Policy) -> anyhow::Result<()> {
    let report = Report {
        job: claimed.job.id,
        token: claimed.attempt.token,
        outcome: Outcome::Done { seconds: None, smallest: None },
        result: Some(json!({ "files": [] })),
        released: true,
        measured: None,
    };
    loop {
        match store.farm_end(report.clone(), policy, chrono::Utc::now(), 0.5).await {
            Ok(_) => return Ok(()),
            Err(error) if error.retryable() => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Dispatches per second: eight workers with 250 nodes each take a job for every node, sixteen at a time.
async fn rate(store: &Store) -> anyhow::Result<Figure> {
    const WORKERS: u128 = 8;
    const NODES: u128 = 2_000;
    begin(store, NODES, WORKERS).await?;
    queue(store, 20_000).await?;
    let policy = Policy::default();
    let view = std::sync::Arc::new(store.farm_view(&policy, chrono::Utc::now()).await?);
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for worker in 0..WORKERS {
        let (store, view, policy) = (store.clone(), std::sync::Arc::clone(&view), policy.clone());
        tasks.spawn(async move {
            let nodes: Vec<NodeId> =
                (0..NODES).filter(|node| node % WORKERS == worker).map(|node| NodeId(Uuid::from_u128(10_000 + node))).collect();
            let mut taken = 0;
            for part in nodes.chunks(16) {
                taken += claim(&store, &format!("w{worker}"), part, &view, &policy).await?.len();
            }
            anyhow::Ok(taken)
        });
    }
    let mut taken = 0;
    while let Some(worker) = tasks.join_next().await {
        taken += worker??;
    }
    let rate = taken as f64 / begun.elapsed().as_secs_f64();
    anyhow::ensure!(taken == NODES as usize, "{taken} of {NODES} nodes got a job");
    Ok(Figure::new("farm: dispatches on PostgreSQL", rate, "per s", Promise::Over(1_000.0)))
}

/// What one dispatch takes with so many queued, in milliseconds: the median of many, one node at a time.
async fn dispatch(store: &Store, length: u64) -> anyhow::Result<f64> {
    // What is timed takes jobs away: the length is the one in the middle.
    queue(store, length + TIMES / 2).await?;
    let policy = Policy::default();
    let view = store.farm_view(&policy, chrono::Utc::now()).await?;
    let node = [NodeId(Uuid::from_u128(10_000))];
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let begun = Instant::now();
        let claimed = claim(store, "w0", &node, &view, &policy).await?;
        times.push(begun.elapsed());
        for claimed in &claimed {
            end(store, claimed, &policy).await?;
        }
        anyhow::ensure!(claimed.len() == 1, "nothing was dispatched");
    }
    Ok(median(times))
}
