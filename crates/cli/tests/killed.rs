//! `kill -9` at any moment: nothing half-made is ever seen, and the next production ends as if nothing had happened.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod desk;

use std::process::Stdio;
use std::time::{Duration, Instant};

use desk::Desk;

const KILLS: u32 = 50;

/// Runs of kills on one project; each run ends with a production that is left alone.
const RUNS: u32 = 5;

/// Spread over the time from start to end, in an order without pattern (the fractional parts of multiples of
/// the golden ratio), so that every stage is hit.
fn share(kill: u32) -> f64 {
    (f64::from(kill) * 0.618_033_988_749_895).fract()
}

fn nothing_half_made_is_visible(desk: &Desk, kill: u32) {
    for (name, bytes) in desk.blobs() {
        assert_eq!(blake3::hash(&bytes).to_hex().as_str(), name, "after kill {kill}");
    }
    let film = desk.film();
    if film.exists() {
        let probe = std::process::Command::new("ffprobe").args(["-v", "error", "-i"]).arg(&film).output().unwrap();
        assert!(probe.status.success() && probe.stderr.is_empty(), "after kill {kill}: {probe:?}");
    }
}

#[test]
fn killed_fifty_times_it_still_ends_with_the_same_bytes() {
    let undisturbed = Desk::tiny();
    let start = Instant::now();
    assert_eq!(undisturbed.run(&["produce", "--quiet"]).code, 0);
    let whole = start.elapsed();
    let film = std::fs::read(undisturbed.film()).unwrap();
    let report = |desk: &Desk| -> Vec<(String, String)> {
        let listed = desk.json(&["pictures"]);
        let field = |one: &serde_json::Value, name: &str| one[name].to_string();
        listed.as_array().unwrap().iter().map(|one| (field(one, "subject"), field(one, "score"))).collect()
    };

    for run in 0..RUNS {
        let desk = Desk::tiny();
        for kill in run * (KILLS / RUNS)..(run + 1) * (KILLS / RUNS) {
            let mut child = desk.command(&["produce", "--quiet"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            // What is left to do gets less from kill to kill, so the moments are drawn from the first half.
            std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * 0.5 * share(kill)));
            child.kill().unwrap();
            child.wait().unwrap();
            nothing_half_made_is_visible(&desk, kill);
        }
        let said = desk.run(&["produce", "--quiet"]);
        assert_eq!(said.code, 0, "{said:?}");
        assert_eq!(std::fs::read(desk.film()).unwrap(), film, "run {run}");
        assert_eq!(report(&desk), report(&undisturbed));
        assert_eq!(std::fs::read_dir(desk.path(".echo/scratch")).map_or(0, Iterator::count), 0, "scratch is left");
    }
}

#[cfg(unix)]
#[test]
fn asked_to_end_as_service_managers_do_it_ends_as_with_ctrl_c() {
    use std::io::{BufRead as _, BufReader};

    let desk = Desk::tiny();
    let mut child = desk.command(&["sim", "--port", "0"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // Once the address is there it listens for signals too, or is about to.
    let mut address = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut address).unwrap();
    assert!(address.starts_with("http://"), "{address}");
    std::thread::sleep(Duration::from_millis(500));
    let asked = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(asked.success());
    let ended = child.wait().unwrap();
    assert_eq!(ended.code(), Some(0), "{ended}");
}
