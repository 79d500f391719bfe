//! What worker and client use of the CPU.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use farm::{Money, NodeId};
use store::farm::NewNode;
use store::{BlobStore, BlobUrl};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use worker::{ExpectedOutput, Options, OutputMedia, Payload, Variant, Worker};

use super::stage::{begin, job, needs, sqlite};
use crate::{Figure, Promise};

/// What worker and client use of the CPU for a picture.
pub(crate) fn measure() -> anyhow::Result<Vec<Figure>> {
    // On one thread, as `echo-studio worker` runs.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(vec![runtime.block_on(overhead())?])
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
    drop(child.stdin.take());
    child.wait()?;
    Ok(Figure::new("farm: CPU of worker and client, a picture", used * 1e3 / PICTURES as f64, "ms", Promise::Under(5.0)))
}

fn picture(seed: u64) -> anyhow::Result<Payload> {
    let graph = serde_json::from_value(comfy_sim::picture_graph(seed, 20, (512, 512)))?;
    let expected = vec![ExpectedOutput { node: "9".into(), count: 1, media: OutputMedia::Picture, size: Some((512, 512)) }];
    Ok(Payload { variants: vec![Variant { name: None, graph, inputs: Vec::new(), expected }] })
}
