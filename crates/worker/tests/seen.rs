//! What people see of a drawing while it is under way, and how soon it ends when they want it to, or when its node is not
//! lent any more.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../../store/tests/databases/mod.rs"]
mod databases;
mod stage;

use std::time::{Duration, Instant};

use comfy_sim::{Options as SimOptions, Sim};
use farm::{AttemptState, Hours, JobId, JobState, Policy, Progress};
use stage::{PROJECT, node_id, now};
use store::farm::{JobFilter, NewNode, Note};
use store::{BlobStore, BlobUrl, PageRequest, Store};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use worker::{Options, Worker};

const JOB: JobId = JobId(Uuid::from_u128(1000));

fn node(number: u128, sim: &Sim, hours: Option<Hours>) -> NewNode {
    NewNode { hours, ..stage::node(number, sim.url()) }
}

/// Hours of the day from and to so many hours after now.
fn hours(from: i64, to: i64) -> Option<Hours> {
    let clock = |hours: i64| (now() + chrono::TimeDelta::hours(hours)).format("%H:%M");
    Some(format!("{}-{}", clock(from), clock(to)).parse().unwrap())
}

/// A server that takes its time, a worker that drives it, and a job of so many of its steps.
struct House {
    store: Store,
    sim: Sim,
    stop: CancellationToken,
    worker: JoinHandle<Result<(), store::StoreError>>,
}

impl House {
    async fn new(store: &Store, step: Duration, steps: u32) -> Self {
        Self::with(store, step, steps, Options::new("one")).await
    }

    async fn with(store: &Store, step: Duration, steps: u32, options: Options) -> Self {
        stage::make_project(store).await;
        let sim = Sim::start(SimOptions { step, ..SimOptions::default() }).await.unwrap();
        store.add_farm_node(node(1, &sim, None), now()).await.unwrap();
        store.submit_jobs(vec![stage::job(1000, 7, steps, (768, 512))], now()).await.unwrap();
        let stop = CancellationToken::new();
        let blobs = BlobStore::open(&BlobUrl::Memory).unwrap();
        let worker = tokio::spawn(Worker::new(store.clone(), blobs, options).run(stop.clone()));
        Self { store: store.clone(), sim, stop, worker }
    }

    async fn until(&self, what: &str, mut seen: impl AsyncFnMut(&Store) -> bool) {
        let begun = Instant::now();
        while !seen(&self.store).await {
            assert!(begun.elapsed() < Duration::from_secs(60), "{what}: {:?}", self.store.farm_job(JOB).await.unwrap());
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    async fn ends_as(&self, state: JobState) {
        self.until("the end", async |store| store.farm_job_state(JOB).await.unwrap() == Some(state)).await;
    }

    async fn rest(self) {
        self.stop.cancel();
        self.worker.await.unwrap().unwrap();
        drop(self.sim);
    }
}

async fn a_drawing_is_seen(store: Store) {
    // So slow that a busy machine sees it on its way.
    let house = House::new(&store, Duration::from_millis(400), 20).await;
    let listed =
        async |store: &Store| store.farm_jobs(&JobFilter::default(), PageRequest::new(1, None).unwrap()).await.unwrap().items.remove(0);
    house
        .until("progress", async |store| listed(store).await.progress.is_some_and(|progress| progress.step.is_some_and(|step| step >= 2)))
        .await;
    let progress = listed(&store).await.progress.unwrap();
    assert_eq!((progress.class.as_deref(), progress.steps, progress.nodes), (Some("KSampler"), Some(20), 6));
    assert!(progress.fraction > 0.0 && progress.fraction < 1.0, "{progress:?}");
    let why = store.why_job_waits(JOB, &farm::Policy::default(), now()).await.unwrap().unwrap().to_string();
    assert!(why.starts_with("It is running on node-1 for ") && why.contains(": KSampler "), "{why}");
    house.until("a picture", async |store| store.farm_preview(JOB).await.unwrap().is_some()).await;
    let preview = store.farm_preview(JOB).await.unwrap().unwrap();
    assert_eq!((preview.number, preview.media_type.as_str(), &preview.bytes[..2]), (1, "image/jpeg", &b"\xff\xd8"[..]));
    assert!(preview.bytes.len() < 64 << 10, "it is small: {} bytes", preview.bytes.len());
    let under_way = store.under_way(Some(PROJECT), farm::Time::UNIX_EPOCH).await.unwrap();
    assert_eq!((under_way.len(), under_way[0].subject.as_str()), (1, "shot 1000"));

    house.ends_as(JobState::Done).await;
    assert_eq!(store.farm_preview(JOB).await.unwrap(), None, "it is gone with the attempt");
    assert!(store.under_way(None, farm::Time::UNIX_EPOCH).await.unwrap().is_empty());
    let attempt = store.farm_job(JOB).await.unwrap().unwrap().attempts.remove(0);
    let late = Note { job: JOB, token: attempt.token, progress: Progress { step: Some(1), ..progress }, preview: None };
    assert_eq!(store.note_progress(vec![late]).await.unwrap(), 0, "what is noted after the end changes nothing");
    house.rest().await;
}

/// How long after somebody wanted it to end a drawing has ended on its node, asked for by `other`.
async fn ended_within(store: &Store, other: &Store) -> Duration {
    // Leases are renewed each ten seconds: nothing of what is here waits for that.
    let house = House::new(store, Duration::from_millis(100), 600).await;
    house
        .until("its begin", async |store| {
            store.farm_job(JOB).await.unwrap().unwrap().attempts.iter().any(|attempt| attempt.running_at.is_some())
        })
        .await;
    let begun = Instant::now();
    other.cancel_job(JOB, now()).await.unwrap();
    house.ends_as(JobState::Cancelled).await;
    let took = begun.elapsed();
    house.rest().await;
    took
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drawing_goes_elsewhere_when_its_node_is_not_lent_any_more() {
    let (_folder, store) = databases::sqlite().await;
    let options = Options { policy: Policy { lease: 3.0, ..Policy::default() }, ..Options::new("one") };
    let house = House::with(&store, Duration::from_millis(600), 100, options).await;
    store.add_farm_node(node(1, &house.sim, hours(-2, 2)), now()).await.unwrap();
    house
        .until("its begin", async |store| {
            store.farm_job(JOB).await.unwrap().unwrap().attempts.iter().any(|attempt| attempt.running_at.is_some())
        })
        .await;
    let quick = Sim::start(SimOptions { step: Duration::ZERO, ..SimOptions::default() }).await.unwrap();
    store.add_farm_node(node(2, &quick, None), now()).await.unwrap();
    // Its hours are over.
    store.add_farm_node(node(1, &house.sim, hours(2, 4)), now()).await.unwrap();
    house.ends_as(JobState::Done).await;
    let attempts = store.farm_job(JOB).await.unwrap().unwrap().attempts;
    let seen: Vec<_> = attempts.iter().map(|attempt| (attempt.node, attempt.state)).collect();
    assert_eq!(seen, [(node_id(1), AttemptState::Cancelled), (node_id(2), AttemptState::Done)]);
    assert!(store.held_slots().await.unwrap().is_empty(), "its owner has the node for themselves");
    house.rest().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drawing_is_seen_while_it_is_under_way_on_sqlite() {
    let (_folder, store) = databases::sqlite().await;
    a_drawing_is_seen(store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drawing_is_seen_while_it_is_under_way_on_postgresql() {
    a_drawing_is_seen(databases::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drawing_ends_soon_when_this_process_wants_it_to() {
    let (_folder, store) = databases::sqlite().await;
    let took = ended_within(&store, &store).await;
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drawing_ends_soon_when_another_process_of_the_same_file_wants_it_to() {
    let (folder, store) = databases::sqlite().await;
    let other = Store::open(&store::DatabaseUrl::Sqlite(folder.path().join("studio.db"))).await.unwrap();
    let took = ended_within(&store, &other).await;
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drawing_ends_soon_when_another_host_of_the_same_server_wants_it_to() {
    let url = databases::postgres_url();
    let store = Store::open(&url.parse().unwrap()).await.unwrap();
    let other = Store::open(&url.parse().unwrap()).await.unwrap();
    let took = ended_within(&store, &other).await;
    assert!(took < Duration::from_secs(3), "{took:?}");
}
