//! What the client uses of the CPU for a picture, and what it takes with the farm's bookkeeping.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use comfyui::{Begin, Expected, Graph, Patience, Server, Socket, Submission, Ticket};
use farm::{Money, NodeId};
use store::farm::NewNode;
use store::{BlobStore, BlobUrl};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use worker::{ExpectedOutput, Options, OutputMedia, Payload, Variant, Worker};

use super::stage::{begin, job, needs, sqlite};
use crate::{Figure, Promise};

/// Pictures that are drawn for each figure.
const PICTURES: u128 = 300;
/// Their width and height in pixels.
const SIZE: (u32, u32) = (512, 512);

/// What the client uses of the CPU for a picture, and worker and client together.
pub(crate) fn measure() -> anyhow::Result<Vec<Figure>> {
    // On one thread, as `echo-studio worker` runs.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(vec![runtime.block_on(client())?, runtime.block_on(worker())?])
}

/// A stand-in server in a process of its own, which ends when this is dropped.
struct StandIn {
    child: std::process::Child,
    url: String,
}

impl StandIn {
    fn start() -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?).arg("farm-stand-in").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut url = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().context("no output")?), &mut url)?;
        Ok(Self { child, url: url.trim().to_owned() })
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It ends by itself when its input does.
        drop(self.child.wait());
    }
}

/// What the client uses of the CPU for one picture: submitting, watching its events, fetching, decoding.
async fn client() -> anyhow::Result<Figure> {
    let stand_in = StandIn::start()?;
    let server = Server::new(&stand_in.url, Patience::default())?;
    let socket = Socket::connect(&server).await?;
    let draw = async |number: u128| {
        let graph: Graph = serde_json::from_value(comfy_sim::picture_graph(number as u64, 20, SIZE))?;
        let (job, prompt) = (Uuid::now_v7(), Uuid::now_v7());
        let expected = Expected::pictures("9", 1).of_size(SIZE.0, SIZE.1);
        let submission = Submission::new(Ticket { job, attempt: 1, prompt }, graph, vec![expected]);
        let done = server.run(&submission, Begin::Fresh, Some(&socket), &CancellationToken::new(), &mut |_| {}).await?;
        anyhow::ensure!(done.artifacts.len() == 1, "a picture is missing");
        server.forget(done.prompt).await.context("forgetting a prompt")
    };
    // The first connects.
    draw(0).await?;
    let before = cpu()?;
    for number in 1..=PICTURES {
        draw(number).await?;
    }
    let used = cpu()? - before;
    Ok(Figure::new("farm: CPU of the client, a picture", used * 1e3 / PICTURES as f64, "ms", Promise::Under(5.0)))
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

/// What the worker and its client use of the CPU for one picture, everything included: claiming, submitting, watching, fetching,
/// decoding, storing, reporting, on SQLite.
async fn worker() -> anyhow::Result<Figure> {
    let stand_in = StandIn::start()?;
    let store = sqlite().await?;
    begin(&store, 0, 1).await?;
    let node = NewNode {
        id: NodeId(Uuid::from_u128(10_000)),
        name: "stand-in".to_owned(),
        url: stand_in.url.clone(),
        groups: BTreeSet::new(),
        models_folder: None,
        per_hour: Money::ZERO,
        hours: None,
    };
    store.add_farm_node(node, chrono::Utc::now()).await?;
    let blobs = BlobStore::open(&BlobUrl::Memory)?;
    let mut needs = needs(0);
    needs.models.clear();
    let jobs =
        (0..PICTURES).map(|number| anyhow::Ok(job(1_000_000 + number, serde_json::to_value(picture(number as u64)?)?, needs.clone())));
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
            anyhow::ensure!(counts.get(&farm::JobState::Done) == Some(&(PICTURES as u64)), "{counts:?}");
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let used = cpu()? - before;
    stop.cancel();
    running.await??;
    Ok(Figure::new("farm: CPU of worker, database and client, a picture", used * 1e3 / PICTURES as f64, "ms", Promise::None))
}

fn picture(seed: u64) -> anyhow::Result<Payload> {
    let graph = serde_json::from_value(comfy_sim::picture_graph(seed, 20, SIZE))?;
    let expected = vec![ExpectedOutput { node: "9".into(), count: 1, media: OutputMedia::Picture, size: Some(SIZE) }];
    Ok(Payload { variants: vec![Variant { name: None, graph, inputs: Vec::new(), expected }] })
}
