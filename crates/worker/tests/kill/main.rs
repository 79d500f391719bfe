//! Workers are killed, servers restarted and connections cut at random points: nothing is lost, nothing is doubled,
//! and nothing is called done that is not.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../../../store/tests/databases/mod.rs"]
#[expect(dead_code, reason = "the tests' own server, of which one half is used")]
mod databases;
mod processes;
#[path = "../stage/mod.rs"]
mod stage;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use comfy_sim::{Fault, Memory, On, Options as SimOptions, Rule, Schedule, Sim};
use comfyui::Patience;
use farm::fleet::Dice;
use farm::{JobId, JobState, Money, Policy};
use stage::now;
use store::farm::{JobFilter, NewJob, NewNode};
use store::{BlobStore, BlobUrl, DatabaseUrl, PageRequest, Store};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use worker::{Drawn, Options, Worker};

/// Everything hundreds of times faster than in a studio.
fn policy() -> Policy {
    Policy {
        lease: 0.6,
        grace: 0.2,
        abandon: 8.0,
        backoff: 0.05,
        longest_backoff: 0.4,
        avoid: 0.3,
        aside: 0.5,
        transient: 1000,
        attempts: 1000,
        nodes: 100,
        ..Policy::default()
    }
}

/// A job of a small picture, that takes moments.
fn job(number: u128, seed: u64) -> NewJob {
    stage::job(number, seed, 3, (64, 64))
}

fn options(name: &str) -> Options {
    let mut options = Options::new(name);
    options.policy = policy();
    options.patience = Patience {
        connect: Duration::from_millis(500),
        answer: Duration::from_secs(2),
        poll: Duration::from_millis(40),
        quiet: Duration::from_millis(150),
        lost: Duration::from_millis(400),
        settle: Duration::from_millis(600),
        unreachable: Duration::from_secs(2),
        idle_worker: Duration::from_secs(2),
        cancel: Duration::from_secs(2),
        ..Patience::default()
    };
    options.poll = Duration::from_millis(100);
    options
}

/// A node that costs something.
fn node(number: usize, url: String) -> NewNode {
    NewNode { per_hour: Money::from_units(1.0), ..stage::node(number as u128, url) }
}

/// Jobs that have not ended.
async fn open(store: &Store) -> u64 {
    let counts = store.farm_counts(None).await.unwrap();
    counts.iter().filter(|(state, _)| !state.ended()).map(|(_, count)| count).sum()
}

/// 0 lost, 0 doubled, 0 false "done". `taken` are the prompts that nodes took, each as often as it was taken.
async fn accounts(store: &Store, blobs: &BlobStore, jobs: u128, taken: impl Iterator<Item = String>) {
    let filter = JobFilter::default();
    let (mut cursor, mut seen) = (None, 0);
    loop {
        let page = store.farm_jobs(&filter, PageRequest::new(200, cursor.as_deref()).unwrap()).await.unwrap();
        for view in &page.items {
            assert_eq!(view.job.state, JobState::Done, "lost: {:?}", view.job);
            let detail = store.farm_job(view.job.id).await.unwrap().unwrap();
            let done: Vec<_> = detail.attempts.iter().filter(|attempt| attempt.state == farm::AttemptState::Done).collect();
            assert_eq!(done.len(), 1, "doubled: {:?}", detail.attempts);
            let drawn: Drawn = serde_json::from_value(detail.result.unwrap()).unwrap();
            assert_eq!(drawn.prompt, done[0].prompt);
            for file in &drawn.files {
                let bytes = blobs.get(file.blob).await.unwrap();
                assert_eq!((bytes.len() as u64, &bytes[1..4]), (file.bytes, &b"PNG"[..]), "not done");
            }
            assert_eq!(drawn.files.len(), 1);
            seen += 1;
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, jobs);
    // Every prompt that a node ever took is the one of an attempt, and no attempt was sent twice.
    let mut times: HashMap<String, u32> = HashMap::new();
    taken.for_each(|prompt| *times.entry(prompt).or_default() += 1);
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "sent twice: {twice:?}");
    let slots = store.held_slots().await.unwrap();
    assert!(slots.is_empty(), "left: {slots:?}");
    let (today, _) = store.farm_spending(Uuid::from_u128(1), now()).await.unwrap();
    assert_eq!(today.reserved, Money::ZERO);
}

struct House {
    _folder: tempfile::TempDir,
    store: Store,
    blobs: BlobStore,
    sims: Vec<Sim>,
}

impl House {
    async fn new(nodes: usize, schedule: impl Fn(usize) -> Schedule) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&DatabaseUrl::Sqlite(folder.path().join("studio.db"))).await.unwrap();
        let blobs = BlobStore::open(&BlobUrl::Memory).unwrap();
        stage::make_project(&store).await;
        let mut sims = Vec::new();
        for number in 0..nodes {
            let sim = Sim::start(SimOptions { step: Duration::from_millis(3), schedule: schedule(number), ..SimOptions::default() })
                .await
                .unwrap();
            store.add_farm_node(node(number, sim.url()), now()).await.unwrap();
            sims.push(sim);
        }
        Self { _folder: folder, store, blobs, sims }
    }

    fn worker(&self, name: &str) -> Worker {
        Worker::new(self.store.clone(), self.blobs.clone(), options(name))
    }

    async fn accounts(&self, jobs: u128) {
        let taken = self.sims.iter().flat_map(|sim| sim.taken().into_iter().map(|(prompt, _)| prompt));
        accounts(&self.store, &self.blobs, jobs, taken).await;
    }
}

async fn rounds(rounds: usize, seed: u64) {
    let mut dice = Dice::new(seed);
    // Faults of the servers' own beside the kills.
    let schedule = |number: usize| {
        let skip = u32::try_from(number).unwrap() * 2;
        let rule = |on: On, skip, fault| Rule { on, skip, times: 2, fault };
        Schedule::default()
            .and(rule(On::Request("POST /prompt".to_owned()), skip, Fault::AnswerLost))
            .and(rule(On::Request("POST /prompt".to_owned()), skip + 5, Fault::RequestLost))
            .and(rule(On::Node("KSampler".to_owned()), skip + 7, Fault::OutOfMemory { memory: Memory::Gpu }))
            .and(rule(On::End, skip + 4, Fault::HistoryLate { ms: 120 }))
            .and(rule(On::Node("SaveImage".to_owned()), skip + 9, Fault::CutFile))
            .and(rule(On::Start, skip + 11, Fault::DropSockets))
    };
    let house = House::new(3, schedule).await;
    let jobs = rounds as u128 * 3;
    let new: Vec<NewJob> = (0..jobs).map(|number| job(1000 + number, number as u64)).collect();
    house.store.submit_jobs(new, now()).await.unwrap();
    let mut workers: Vec<tokio::task::JoinHandle<_>> = Vec::new();
    for round in 0..rounds {
        let (stop, name) = (CancellationToken::new(), format!("worker-{round}"));
        let running = tokio::spawn(house.worker(&name).run(stop));
        workers.push(running);
        tokio::time::sleep(Duration::from_millis(40 + dice.of(500) as u64)).await;
        match dice.of(4) {
            0 => house.sims[dice.of(3)].restart(Duration::from_millis(dice.of(200) as u64)),
            1 => house.sims[dice.of(3)].drop_sockets(),
            _ => {}
        }
        // A kill: nothing is finished, nothing is told.
        let victim = workers.swap_remove(dice.of(workers.len()));
        victim.abort();
    }
    let stop = CancellationToken::new();
    let last = tokio::spawn(house.worker("last").run(stop.clone()));
    let begun = Instant::now();
    while open(&house.store).await > 0 || !house.store.held_slots().await.unwrap().is_empty() {
        assert!(
            begun.elapsed() < Duration::from_secs(180),
            "it does not come to an end: {:?}",
            house.store.farm_counts(None).await.unwrap()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.cancel();
    last.await.unwrap().unwrap();
    house.accounts(jobs).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_draws_what_is_queued_and_leaves_nothing_behind() {
    let house = House::new(2, |_| Schedule::default()).await;
    house.store.submit_jobs((0..6).map(|number| job(1000 + number, number as u64)).collect(), now()).await.unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(house.worker("one").run(stop.clone()));
    let begun = Instant::now();
    while open(&house.store).await > 0 {
        assert!(begun.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.cancel();
    running.await.unwrap().unwrap();
    house.accounts(6).await;
    let nodes = house.store.farm_nodes().await.unwrap();
    assert!(nodes.iter().all(|node| node.owner.is_none() && node.capabilities.classes.contains("KSampler")));
    assert!(house.sims.iter().all(|sim| sim.ended().is_empty()), "what is stored is forgotten on the node");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_somebody_cancels_ends_on_the_node() {
    let house = House::new(1, |_| Schedule::always(On::Node("KSampler".to_owned()), Fault::Slow { ms: 20_000, progress: true })).await;
    house.store.submit_jobs(vec![job(1000, 1)], now()).await.unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(house.worker("one").run(stop.clone()));
    let begun = Instant::now();
    while house.sims[0].taken().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    house.store.cancel_job(JobId(Uuid::from_u128(1000)), now()).await.unwrap();
    while open(&house.store).await > 0 || !house.store.held_slots().await.unwrap().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.cancel();
    running.await.unwrap().unwrap();
    let counts = house.store.farm_counts(None).await.unwrap();
    assert_eq!(counts.get(&JobState::Cancelled), Some(&1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_random_points_lose_nothing_and_double_nothing() {
    rounds(12, 1).await;
}
