//! The render farm: how near to the best possible it draws, how fast it hands out work, and what that costs.
//!
//! The fleets are simulated on a virtual clock; the databases are real ones. PostgreSQL is the tests' own server, which
//! runs without waiting for the disk (`fsync=off`).

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ::farm::attempt::Outcome;
use ::farm::fleet::{Dice, Faults, Model, Plan, World};
use ::farm::{Band, Capabilities, JobId, Money, NodeId, Policy, Requirements, pick};
use ::worker::{ExpectedOutput, Options, OutputMedia, Payload, Variant, Worker};
use anyhow::Context as _;
use bible::Digest;
use serde_json::json;
use store::farm::{NewJob, NewNode, Report, Want};
use store::{BlobStore, BlobUrl, DatabaseUrl, Project, Store};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Figure, Promise, median};

#[path = "../../crates/store/tests/databases/mod.rs"]
#[expect(clippy::unwrap_used, dead_code, reason = "the tests' own server, of which one half is used")]
mod databases;

/// Fleets on a virtual clock: how near to the best possible they draw, and whether their invariants hold.
pub(crate) fn fleets() -> anyhow::Result<Vec<Figure>> {
    let mut figures = makespan()?;
    figures.extend(invariants()?);
    Ok(figures)
}

/// What handing out work costs on each database.
pub(crate) fn databases() -> anyhow::Result<Vec<Figure>> {
    runtime()?.block_on(dispatching())
}

/// What worker and client use of the CPU.
pub(crate) fn client() -> anyhow::Result<Vec<Figure>> {
    // On one thread, as `echo-studio worker` runs.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(vec![runtime.block_on(overhead())?])
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
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

fn needs(model: usize) -> Requirements {
    Requirements {
        engine: "comfyui".to_owned(),
        template: format!("t{model}"),
        classes: ["KSampler".to_owned()].into(),
        models: [format!("checkpoints/m{model}")].into(),
        vram: 0,
        group: None,
    }
}

fn job(number: u128, payload: serde_json::Value, needs: Requirements) -> NewJob {
    NewJob {
        id: JobId(Uuid::from_u128(number)),
        project: Uuid::from_u128(1 + number % 4),
        user: format!("user-{}", number % 2),
        subject: "shot".to_owned(),
        band: Band::Normal,
        deadline: None,
        size: 1.0,
        needs,
        after: Vec::new(),
        payload,
        variants: 0,
        held: false,
    }
}

async fn begin(store: &Store, nodes: u128, workers: u128) -> anyhow::Result<()> {
    let now = chrono::Utc::now();
    for number in 1..=4 {
        let project = Project {
            id: Uuid::from_u128(number),
            slug: format!("project-{number}").parse()?,
            title: "Lanterns".to_owned(),
            description: String::new(),
            bible: Digest::of(b"bible"),
            created_at: now,
            updated_at: now,
        };
        store.create_project(&project).await?;
    }
    for number in 0..nodes {
        let node = NewNode {
            id: NodeId(Uuid::from_u128(10_000 + number)),
            name: format!("node-{number:05}"),
            url: "http://node".to_owned(),
            groups: [format!("g{}", number % workers)].into(),
            per_hour: Money::ZERO,
            hours: None,
        };
        let id = store.add_farm_node(node, now).await?;
        let models = (0..5).map(|model| format!("checkpoints/m{model}")).collect();
        let has = Capabilities { engine: "comfyui".to_owned(), classes: ["KSampler".to_owned()].into(), models, ..Capabilities::default() };
        store.describe_farm_node(id, has, now).await?;
    }
    let policy = Policy { lease: 3600.0, ..Policy::default() };
    for worker in 0..workers {
        store.drive_nodes(&format!("w{worker}"), &[format!("g{worker}")].into(), &BTreeSet::new(), usize::MAX, &policy, now).await?;
    }
    Ok(())
}

async fn queue(store: &Store, from: u128, to: u128) -> anyhow::Result<()> {
    let numbers: Vec<u128> = (from..to).collect();
    for part in numbers.chunks(2_000) {
        let jobs = part.iter().map(|number| job(1_000_000 + number, json!({}), needs((*number % 5) as usize))).collect();
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

async fn dispatching() -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let store = databases::postgres().await;
    figures.push(rate(&store).await?);
    for (name, store) in [("PostgreSQL", databases::postgres().await), ("SQLite", sqlite().await?)] {
        let few = cost(&store, 1_000).await?;
        let many = cost(&store, 100_000).await?;
        figures.push(Figure::new(format!("farm: one dispatch, 1,000 queued, {name}"), few, "ms", Promise::None));
        figures.push(Figure::new(format!("farm: one dispatch, 100,000 queued, {name}"), many, "ms", Promise::None));
        figures.push(Figure::new(format!("farm: 100,000 queued over 1,000, {name}"), many / few, "times", Promise::Under(1.5)));
    }
    Ok(figures)
}

async fn sqlite() -> anyhow::Result<Store> {
    let folder = tempfile::tempdir()?.keep();
    Ok(Store::open(&DatabaseUrl::Sqlite(folder.join("studio.db"))).await?)
}

/// Dispatches per second: eight workers with 250 nodes each take a job for every node, sixteen at a time.
async fn rate(store: &Store) -> anyhow::Result<Figure> {
    const WORKERS: u128 = 8;
    const NODES: u128 = 2_000;
    begin(store, NODES, WORKERS).await?;
    queue(store, 0, 20_000).await?;
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
async fn cost(store: &Store, queued: u128) -> anyhow::Result<f64> {
    if store.farm_nodes().await?.is_empty() {
        begin(store, 4, 1).await?;
        queue(store, 0, 1_200).await?;
    } else {
        queue(store, 2_000, queued + 2_200).await?;
    }
    let policy = Policy::default();
    let view = store.farm_view(&policy, chrono::Utc::now()).await?;
    let node = [NodeId(Uuid::from_u128(10_000))];
    let mut times = Vec::new();
    for _ in 0..150 {
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

/// A stand-in server in a process of its own, so that its work is not taken for the client's.
pub(crate) fn stand_in() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let options = comfy_sim::Options { step: Duration::from_millis(1), ..comfy_sim::Options::default() };
        let sim = comfy_sim::Sim::start(options).await?;
        crate::say(&sim.url());
        // Until the parent closes our standard input.
        drop(tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await);
        drop(sim);
        anyhow::Ok(())
    })
}

/// Seconds of CPU that this process has used: fields 14 and 15 of `/proc/self/stat`, in hundredths.
fn cpu() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("reading /proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).context("reading the CPU time");
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}

/// What the worker and its client use of the CPU for one picture of 512 × 512, everything included: claiming, submitting,
/// watching, fetching, decoding, storing, reporting.
async fn overhead() -> anyhow::Result<Figure> {
    const PICTURES: u128 = 300;
    let mut child = Command::new(std::env::current_exe()?).arg("farm-stand-in").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut url = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().context("no output")?), &mut url)?;
    let store = sqlite().await?;
    begin(&store, 0, 1).await?;
    let node = NewNode {
        id: NodeId(Uuid::from_u128(10_000)),
        name: "stand-in".to_owned(),
        url: url.trim().to_owned(),
        groups: BTreeSet::new(),
        per_hour: Money::ZERO,
        hours: None,
    };
    store.add_farm_node(node, chrono::Utc::now()).await?;
    let blobs = BlobStore::open(&BlobUrl::Memory)?;
    let mut needs = needs(0);
    needs.models.clear();
    let jobs =
        (0..PICTURES).map(|number| anyhow::Ok(job(1_000_000 + number, serde_json::to_value(picture(number as u64))?, needs.clone())));
    let jobs = jobs.collect::<Result<Vec<_>, _>>()?;
    let stop = CancellationToken::new();
    let running = tokio::spawn(Worker::new(store.clone(), blobs, Options::new("bench")).run(stop.clone()));
    // What is done once, when a node is met, is left out.
    while store.farm_nodes().await?.iter().any(|node| node.last_seen.is_none()) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = cpu()?;
    store.submit_jobs(jobs, chrono::Utc::now()).await?;
    loop {
        let counts = store.farm_counts(None).await?;
        if counts.iter().filter(|(state, _)| !state.ended()).map(|(_, count)| *count).sum::<u64>() == 0 {
            anyhow::ensure!(counts.get(&::farm::JobState::Done) == Some(&(PICTURES as u64)), "{counts:?}");
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let used = cpu()? - before;
    stop.cancel();
    running.await??;
    drop(child.stdin.take());
    child.wait()?;
    Ok(Figure::new("farm: CPU of worker and client, a picture", used * 1e3 / PICTURES as f64, "ms", Promise::Under(5.0)))
}

fn picture(seed: u64) -> Payload {
    use comfyui::{Graph, Link, Node};
    let graph = Graph::new()
        .with("4", Node::new("CheckpointLoaderSimple").with("ckpt_name", "standin.safetensors"))
        .with("5", Node::new("EmptyLatentImage").with("width", 512).with("height", 512).with("batch_size", 1))
        .with("6", Node::new("CLIPTextEncode").with("clip", Link::to("4", 1)).with("text", "1girl, lantern"))
        .with(
            "3",
            Node::new("KSampler")
                .with("model", Link::to("4", 0))
                .with("positive", Link::to("6", 0))
                .with("negative", Link::to("6", 0))
                .with("latent_image", Link::to("5", 0))
                .with("seed", seed)
                .with("steps", 20)
                .with("cfg", 7.0)
                .with("sampler_name", "euler")
                .with("scheduler", "normal")
                .with("denoise", 1.0),
        )
        .with("8", Node::new("VAEDecode").with("samples", Link::to("3", 0)).with("vae", Link::to("4", 2)))
        .with("9", Node::new("SaveImage").with("images", Link::to("8", 0)).with("filename_prefix", "x"));
    let expected = vec![ExpectedOutput { node: "9".into(), count: 1, media: OutputMedia::Picture, size: Some((512, 512)) }];
    Payload { variants: vec![Variant { name: None, graph, inputs: Vec::new(), expected }] }
}
