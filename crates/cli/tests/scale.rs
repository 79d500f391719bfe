//! A farm that grows and shrinks by its scaling command, with the program that is shipped.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod desk;

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use comfy_sim::{Options, Sim};
use desk::Desk;
use farm::Policy;
use serde_json::Value;
use store::{DatabaseUrl, Store};
use worker::{Backlog, Scaler, Target};

const STUDIO: &str = env!("CARGO_BIN_EXE_echo-studio");

async fn sim(step: Duration) -> Sim {
    Sim::start(Options { step, hurried_pngs: true, ..Options::default() }).await.unwrap()
}

/// A desk with so many pictures to draw, of twenty steps each, which nothing begins to draw yet.
fn with_jobs(jobs: usize) -> Desk {
    let desk = Desk::produced();
    desk.run(&["farm", "pause"]);
    submit(&desk, jobs);
    desk
}

fn submit(desk: &Desk, jobs: usize) {
    let values = ["--set", "checkpoint=standin.safetensors", "--set", "prompt=x", "--set", "steps=20", "--set", "size=64x64"];
    for seed in 0..jobs {
        let graph = desk.run(&[&["workflows", "fill", "sdxl", "--set", &format!("seed={seed}")], &values[..]].concat());
        desk.write("one.json", &graph.out);
        desk.json(&["farm", "submit", "one.json", "--of", "tiny", "--expect", "save-picture-save"]);
    }
}

/// What the worker of a desk is: it ends with the test.
struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn worker(desk: &Desk, more: &[&str]) -> Worker {
    let mut command = desk.command(&[&["worker"], more].concat());
    Worker(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

fn until(what: &str, desk: &Desk, seen: impl Fn() -> bool) {
    let begun = Instant::now();
    while !seen() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}: {} {}", desk.json(&["farm", "jobs"]), desk.json(&["farm", "nodes"]));
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn count(desk: &Desk, state: &str) -> usize {
    let jobs = desk.json(&["farm", "jobs", "--of", "tiny"]);
    jobs["items"].as_array().unwrap().iter().filter(|job| job["state"] == state).count()
}

/// Names of the nodes with their states.
fn nodes(desk: &Desk) -> Vec<(String, String)> {
    let text = |node: &Value, field: &str| node[field].as_str().unwrap().to_owned();
    let nodes = desk.json(&["farm", "nodes"]);
    nodes.as_array().unwrap().iter().map(|node| (text(node, "name"), text(node, "state"))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_farm_without_nodes_grows_by_its_scaling_command() {
    let (desk, sim) = (with_jobs(1), sim(Duration::ZERO).await);
    desk.run(&["farm", "pause", "--undo"]);
    let add = format!("'{STUDIO}' farm add-node grown {}", sim.url());
    let script = format!(
        "echo $ECHO_FARM_WANTED $ECHO_FARM_NODES $ECHO_FARM_QUEUED >> asked.txt\nif [ $ECHO_FARM_WANTED -gt $ECHO_FARM_NODES ]; then {add}; fi\n"
    );
    desk.write("scale.sh", &script);
    let _worker = worker(&desk, &["--scale-command", "sh scale.sh"]);
    until("it is drawn", &desk, || count(&desk, "done") == 1);
    let asked = std::fs::read_to_string(desk.path("asked.txt")).unwrap();
    assert_eq!(asked.lines().next(), Some("1 0 1"), "one node is wanted, none is there, one job waits: {asked}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_farm_shrinks_when_its_work_runs_out_and_no_node_is_taken_away_that_draws() {
    let desk = with_jobs(3);
    // One of them takes more than ten seconds for a picture, the others nearly nothing.
    let sims =
        [("slow", sim(Duration::from_millis(900)).await), ("quick-1", sim(Duration::ZERO).await), ("quick-2", sim(Duration::ZERO).await)];
    for (name, sim) in &sims {
        desk.json(&["farm", "add-node", name, &sim.url()]);
    }
    // As the guide has it, where everything was started by the command.
    let script = format!(
        "echo $ECHO_FARM_WANTED $ECHO_FARM_NODES $ECHO_FARM_IDLE, $ECHO_FARM_DRAINED >> '{asked}'\n\
         cd '{project}'\n\
         for node in $ECHO_FARM_DRAINED; do '{STUDIO}' farm remove-node $node; done\n\
         more=$((ECHO_FARM_WANTED - ECHO_FARM_NODES))\n\
         for node in $ECHO_FARM_IDLE; do\n\
         if [ $more -lt 0 ]; then '{STUDIO}' farm drain $node; more=$((more + 1)); fi\n\
         done\n",
        asked = desk.path("asked.txt").display(),
        project = desk.project().display(),
    );
    let store = Store::open(&DatabaseUrl::Sqlite(desk.path(".echo/studio.db"))).await.unwrap();
    let mut scaler = Scaler::new(store, Policy::default(), Target::Command(script), Duration::from_secs(3600));
    let _worker = worker(&desk, &[]);
    until("the worker has met its nodes", &desk, || {
        desk.json(&["farm", "nodes"]).as_array().unwrap().iter().all(|node| node["last_seen"].is_string())
    });
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let Backlog { nodes: there, queued, wanted, .. } = scaler.look().await.unwrap();
    assert_eq!((there, queued, wanted), (3, 3, 1), "an hour is enough for one node");
    assert!(nodes(&desk).iter().any(|(_, state)| state == "ready"), "{:?}", nodes(&desk));
    for node in ["quick-1", "quick-2", "slow"] {
        desk.run(&["farm", "drain", node, "--undo"]);
    }

    desk.run(&["farm", "pause", "--undo"]);
    until("the slow one is left", &desk, || count(&desk, "done") == 2 && count(&desk, "active") == 1);
    // The number is the one that was told before: nobody is told again.
    let seen = scaler.look().await.unwrap();
    assert_eq!((seen.wanted, seen.nodes, seen.idle), (1, 3, named(&["quick-1", "quick-2"])));
    assert_eq!(nodes(&desk).len(), 3);
    desk.run(&["farm", "drain", "quick-1"]);
    let seen = scaler.look().await.unwrap();
    assert_eq!((seen.wanted, seen.drained), (1, named(&["quick-1"])), "what was drained by hand may go as well");
    assert_eq!(nodes(&desk), [("quick-2".to_owned(), "draining".to_owned()), ("slow".to_owned(), "ready".to_owned())]);

    // Somebody drains the one that draws: it ends what it has.
    desk.run(&["farm", "drain", "slow"]);
    let refused = desk.run(&["farm", "remove-node", "slow"]);
    assert!(refused.code == 1 && refused.err.contains("or it draws something"), "{refused:?}");
    let seen = scaler.look().await.unwrap();
    assert_eq!((seen.wanted, seen.drained), (1, named(&["quick-2"])), "it draws: {:?}", nodes(&desk));
    assert_eq!(nodes(&desk), [("slow".to_owned(), "draining".to_owned())]);
    until("the slow one is done", &desk, || count(&desk, "done") == 3);
    let seen = scaler.look().await.unwrap();
    assert_eq!((seen.wanted, seen.nodes, seen.drained), (0, 0, named(&["slow"])));
    assert_eq!(nodes(&desk), []);
    let taken: Vec<usize> = sims.iter().map(|(_, sim)| sim.taken().len()).collect();
    assert_eq!(taken, [1, 1, 1], "nothing was drawn twice");

    // And it is wanted again.
    submit(&desk, 1);
    let seen = scaler.look().await.unwrap();
    assert_eq!((seen.wanted, seen.nodes, seen.seconds), (1, 0, None));
    let asked = std::fs::read_to_string(desk.path("asked.txt")).unwrap();
    let expected = ["1 3 quick-1 quick-2 slow,", "1 2 quick-2, quick-1", "1 0 , quick-2", "0 0 , slow", "1 0 ,"];
    assert_eq!(asked.lines().map(str::trim_end).collect::<Vec<_>>(), expected, "each time that the command was run");
}
