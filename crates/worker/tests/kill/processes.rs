//! Real processes on a real PostgreSQL, killed with `kill -9` at random points: workers, ComfyUI stand-ins, and the studio
//! that asks for pictures; and the database cuts everybody's connections.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use comfy_sim::{Options as SimOptions, Sim};
use farm::fleet::Dice;
use store::{BlobStore, BlobUrl, Store};
use tokio_util::sync::CancellationToken;
use worker::Worker;

use crate::{accounts, databases, job, node, now, open, options, stage};

const ROLE: &str = "ECHO_TEST_ROLE";
const DATABASE: &str = "ECHO_TEST_DATABASE";
const FOLDER: &str = "ECHO_TEST_FOLDER";

/// What a process is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Role {
    /// Drives nodes; no two have the same name.
    Worker(String),
    /// The stand-in of a number, at a port.
    Node(usize, u16),
    /// Asks for so many pictures, and ends when they are drawn.
    Studio(u128),
}

impl Role {
    fn words(&self) -> String {
        match self {
            Self::Worker(name) => format!("worker {name}"),
            Self::Node(number, port) => format!("node {number} {port}"),
            Self::Studio(jobs) => format!("studio {jobs}"),
        }
    }

    fn read(words: &str) -> Self {
        match words.split(' ').collect::<Vec<_>>()[..] {
            ["worker", name] => Self::Worker(name.to_owned()),
            ["node", number, port] => Self::Node(number.parse().unwrap(), port.parse().unwrap()),
            ["studio", jobs] => Self::Studio(jobs.parse().unwrap()),
            _ => panic!("there is no such role: {words}"),
        }
    }
}

/// Where all of them work.
struct Place {
    database: String,
    folder: tempfile::TempDir,
}

impl Place {
    fn start(&self, role: &Role) -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "processes::a_process_that_the_other_tests_kill"])
            .env(ROLE, role.words())
            .env(DATABASE, &self.database)
            .env(FOLDER, self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn cut_connections(&self) {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let cut = Command::new("psql").args(["--quiet", "--command", sql, &self.database]).stdout(Stdio::null()).status().unwrap();
        assert!(cut.success());
    }
}

fn blobs(folder: &Path) -> BlobStore {
    BlobStore::open(&BlobUrl::File(folder.join("blobs"))).unwrap()
}

/// Writes down at once which prompts a stand-in took: its memory is killed with it.
async fn tell_what_is_taken(sim: &Sim, folder: &Path, number: usize) {
    let mut file = std::fs::File::options().create(true).append(true).open(folder.join(format!("taken-{number}"))).unwrap();
    let mut told = 0;
    loop {
        for (prompt, _) in sim.taken().into_iter().skip(told) {
            told += 1;
            writeln!(file, "{prompt}").unwrap();
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Asks for pictures as a production does: the same jobs again after a crash, and looks until all are drawn.
async fn produce(database: &str, jobs: u128) {
    loop {
        let Ok(store) = Store::open(&database.parse().unwrap()).await else { continue };
        let new = (0..jobs).map(|number| job(1000 + number, number as u64)).collect();
        if store.submit_jobs(new, now()).await.is_err() {
            continue;
        }
        while let Ok(counts) = store.farm_counts(None).await {
            if counts.get(&farm::JobState::Done).copied().unwrap_or(0) as u128 == jobs {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the other tests start it"]
async fn a_process_that_the_other_tests_kill() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let (database, folder) = (std::env::var(DATABASE).unwrap(), std::env::var(FOLDER).unwrap());
    match Role::read(&role) {
        Role::Worker(name) => loop {
            // A database that cuts the connection at the very start is asked again.
            if let Ok(store) = Store::open(&database.parse().unwrap()).await {
                drop(Worker::new(store, blobs(folder.as_ref()), options(&name)).run(CancellationToken::new()).await);
            }
        },
        Role::Node(number, port) => {
            let listen = ([127, 0, 0, 1], port).into();
            let own = Path::new(&folder).join(format!("node-{number}"));
            let sim = Sim::start(SimOptions { listen, folder: Some(own), step: Duration::from_millis(3), ..SimOptions::default() });
            tell_what_is_taken(&sim.await.unwrap(), folder.as_ref(), number).await;
        }
        Role::Studio(jobs) => produce(&database, jobs).await,
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn kills(rounds: usize, seed: u64) {
    const NODES: usize = 3;
    let jobs = rounds as u128 * 2 + 6;
    let mut dice = Dice::new(seed);
    let place = Place { database: databases::postgres_url(), folder: tempfile::tempdir().unwrap() };
    let store = Store::open(&place.database.parse().unwrap()).await.unwrap();
    stage::make_project(&store).await;
    let mut roles: Vec<Role> = (0..NODES).map(|number| Role::Node(number, free_port())).collect();
    for role in &roles {
        let Role::Node(number, port) = role else { continue };
        store.add_farm_node(node(*number, format!("http://127.0.0.1:{port}")), now()).await.unwrap();
    }
    roles.extend([Role::Worker("w0-0".to_owned()), Role::Worker("w1-0".to_owned()), Role::Studio(jobs)]);
    let mut children: Vec<Child> = roles.iter().map(|role| place.start(role)).collect();
    for round in 1..=rounds {
        tokio::time::sleep(Duration::from_millis(60 + dice.of(500) as u64)).await;
        let victim = dice.of(roles.len() + 1);
        let Some(child) = children.get_mut(victim) else {
            place.cut_connections();
            continue;
        };
        child.kill().unwrap();
        child.wait().unwrap();
        tokio::time::sleep(Duration::from_millis(dice.of(150) as u64)).await;
        if let Role::Worker(name) = &mut roles[victim] {
            *name = format!("w{victim}-{round}");
        }
        children[victim] = place.start(&roles[victim]);
    }
    let begun = Instant::now();
    let studio = children.last_mut().unwrap();
    while studio.try_wait().unwrap().is_none() || open(&store).await > 0 || !store.held_slots().await.unwrap().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(120), "no end: {:?}", store.farm_counts(None).await.unwrap());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(studio.wait().unwrap().success());
    for child in &mut children {
        drop(child.kill());
        child.wait().unwrap();
    }
    let taken: Vec<String> = (0..NODES)
        .filter_map(|number| std::fs::read_to_string(place.folder.path().join(format!("taken-{number}"))).ok())
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    assert!(taken.len() as u128 >= jobs, "{} of {jobs}", taken.len());
    accounts(&store, &blobs(place.folder.path()), jobs, taken.into_iter()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_killed_at_random_points_lose_nothing_and_double_nothing() {
    kills(12, 1).await;
}

/// `cargo test -p worker --test kill -- --ignored two_hundred`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn two_hundred_killed_processes_lose_nothing_and_double_nothing() {
    kills(200, 2).await;
}
