//! Shots drawn through a ComfyUI server that become films, from the command line.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod desk;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use comfy_sim::{Options, Sim};
use desk::Desk;
use serde_json::Value;

/// A stand-in server, and what keeps it running.
struct Server {
    url: String,
    sim: Sim,
    _runtime: tokio::runtime::Runtime,
}

fn server(step: Duration) -> Server {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let options = Options { checkpoints: vec!["illustrious.safetensors".to_owned()], step, hurried_pngs: true, ..Options::default() };
    let sim = runtime.block_on(Sim::start(options)).unwrap();
    Server { url: sim.url(), sim, _runtime: runtime }
}

const RENDER: &str = "render:\n  engine: comfyui\n  workflow: sdxl-illustrious\n  checkpoint: { file: illustrious.safetensors }\n  controls: [picture]\n  attempts: 1\n  slots: { steps: 1, denoise: 0.6 }\n";

const WAN: &str = "  film:\n    workflow: wan22-first-last\n    variant: four-steps\n    slots: { model_high: standin_high.safetensors, model_low: standin_low.safetensors, text_encoder: standin_text.safetensors, vae: standin_vae.safetensors }\n";

/// The key pictures of the first shot: its first frame, and that of its beat.
const KEYS: [usize; 2] = [0, 13];

/// The tiny show through a server, with a turn in the middle of its first shot.
fn desk() -> Desk {
    let desk = Desk::tiny();
    let project = std::fs::read_to_string(desk.path("project.yaml")).unwrap();
    desk.write("project.yaml", &format!("{project}{RENDER}{WAN}"));
    desk.edit(
        "episodes/s01e01/shots.yaml",
        "x: -0.1, holds: [lantern] }\n        lines: [1]",
        "x: -0.1, holds: [lantern], beats: [{ at: 13, pose: sit, facing: left }] }\n        lines: [1]",
    );
    desk
}

const SHOTS: [&str; 3] = ["shot S01E01.01.001", "shot S01E01.01.002", "shot S01E01.01.003"];
const FILM: &str = "film S01E01.01.001";

fn review(desk: &Desk, subject: &str, word: &str) {
    let said = desk.run(&["review", subject, word, "--by", "Mori"]);
    assert_eq!(said.code, 0, "{said:?}");
}

/// Pictures of a drawn server are for a person, as long as nobody can tell who is in them.
fn accept_the_shots(desk: &Desk) {
    SHOTS.iter().for_each(|shot| review(desk, shot, "--accept"));
}

fn produce(desk: &Desk, server: &Server) -> Value {
    let said = desk.run(&["produce", "--quiet", "--json", "--comfyui", &server.url]);
    // The sheets wait for somebody who can tell who is in them.
    assert_eq!(said.code, 4, "{said:?}");
    serde_json::from_str(&said.out).unwrap()
}

/// What a plan does with a subject; none when it stays as it is.
fn step(desk: &Desk, subject: &str) -> Option<Value> {
    let plan = desk.json(&["plan"]);
    plan["steps"].as_array().unwrap().iter().find(|step| step["subject"] == subject).cloned()
}

/// What is said of a subject that waits; none when it does not.
fn waiting(outcome: &Value, subject: &str) -> Option<Value> {
    outcome["waiting"].as_array().unwrap().iter().find(|held| held["subject"] == subject).cloned()
}

/// Every frame of a film of 640x360.
fn frames(film: &Path) -> Vec<Vec<u8>> {
    let decoded = Command::new("ffmpeg")
        .args(["-loglevel", "error", "-i"])
        .arg(film)
        .args(["-map", "0:v:0", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"])
        .output()
        .unwrap();
    assert!(decoded.status.success(), "{decoded:?}");
    let frames = decoded.stdout.chunks_exact(640 * 360 * 3);
    assert!(frames.remainder().is_empty());
    frames.map(<[u8]>::to_vec).collect()
}

/// Mean difference of a sample, 0 to 255.
fn difference(one: &[u8], other: &[u8]) -> f64 {
    one.iter().zip(other).map(|(one, other)| f64::from(one.abs_diff(*other))).sum::<f64>() / one.len() as f64
}

fn between(one: &[u8], other: &[u8]) -> Vec<u8> {
    one.iter().zip(other).map(|(one, other)| u8::midpoint(*one, *other)).collect()
}

/// Jobs of the farm that drew a piece of a film.
fn film_jobs(desk: &Desk) -> Vec<Value> {
    let jobs = desk.json(&["farm", "jobs", "--limit", "200"]);
    let jobs = jobs["items"].as_array().unwrap();
    jobs.iter().filter(|job| job["subject"].as_str().unwrap().starts_with("film ")).cloned().collect()
}

#[test]
fn a_shot_moves_between_its_key_pictures_once_they_are_accepted() {
    let (desk, server) = (desk(), server(Duration::ZERO));
    let planned = step(&desk, FILM).unwrap();
    assert_eq!((&planned["action"], &planned["reasons"][0]["kind"]), (&"draw".into(), &"new".into()));
    assert_eq!(
        planned["pieces"],
        serde_json::json!([{ "start": 0, "end": 13, "from": 0, "to": 13, "frames": 9 }]),
        "13 frames at 24 a second, drawn at 16"
    );
    assert_eq!((step(&desk, "film S01E01.01.002"), step(&desk, "film S01E01.01.003")), (None, None), "they have one key picture each");

    let outcome = produce(&desk, &server);
    assert!(outcome["episodes"][0]["missing"].is_string(), "{outcome}");
    assert!(film_jobs(&desk).is_empty(), "nobody has accepted the pictures yet");
    let waits = step(&desk, FILM).unwrap();
    assert_eq!((&waits["action"], &waits["reasons"][0]["kind"]), (&"wait".into(), &"not-accepted".into()));
    assert!(desk.run(&["plan"]).out.contains("1 film(s) wait until the key pictures of their shots are accepted"));
    let before = server.sim.taken().len();
    produce(&desk, &server);
    assert_eq!(server.sim.taken().len(), before, "and nothing is drawn for it");

    accept_the_shots(&desk);
    assert_eq!(step(&desk, FILM).unwrap()["action"], "draw");
    let outcome = produce(&desk, &server);
    assert_eq!((&outcome["drawn"], &outcome["episodes"][0]["cut"]), (&1.into(), &true.into()), "{outcome}");
    assert_eq!(film_jobs(&desk).len(), 1);
    let shown = frames(&desk.film());
    assert_eq!(shown.len(), 76, "26, 26 and 24 frames");
    let [first, last] = KEYS.map(|frame| &shown[frame]);
    let apart = difference(first, last);
    assert!(apart > 4.0, "the two key pictures differ: {apart}");
    // The stand-in goes over from one picture into the other, and frame 6 of 13 shows the fifth of its nine.
    let middle = difference(&shown[6], &between(first, last));
    assert!(middle < apart / 6.0 && difference(&shown[6], first) > apart / 3.0, "{middle} of {apart}");
    assert!(shown[14..26].iter().all(|frame| difference(frame, last) < 1.0), "the last key picture is held");

    let taken = server.sim.taken().len();
    let again = produce(&desk, &server);
    assert_eq!((&again["drawn"], &again["episodes"][0]["cut"]), (&0.into(), &false.into()), "{again}");
    assert_eq!(server.sim.taken().len(), taken);
    what_drew_it_is_told(&desk);
    a_person_decides_which_is_shown(&desk, &server);
    only_what_changed_is_drawn_again(&desk);
}

fn what_drew_it_is_told(desk: &Desk) {
    let made: Vec<Value> = desk.blobs().iter().filter_map(|(_, bytes)| serde_json::from_slice::<Value>(bytes).ok()).collect();
    let made = made.iter().find(|json| json["template"] == "wan22-first-last" && json["prompt"].is_string()).unwrap();
    assert!(made["seed"].is_u64() && made["node"].is_string() && made["seconds"].is_f64(), "{made}");
    assert_eq!(made["piece"]["frames"], 9);
    let evidence = desk.json(&["evidence", FILM]);
    assert_eq!((&evidence["picture"], &evidence["status"]), (&"film-0000.png".into(), &"accepted".into()), "{evidence}");
    assert_eq!(evidence["identity"]["outcome"], "not_measured");
    let report = std::fs::read_to_string(desk.path("out/S01E01/report.html")).unwrap();
    assert!(report.contains("film pieces") && report.contains("film recipe"), "the report says where it comes from");
}

fn a_person_decides_which_is_shown(desk: &Desk, server: &Server) {
    let taken = server.sim.taken().len();
    review(desk, FILM, "--reject");
    let outcome = produce(desk, server);
    assert_eq!(outcome["episodes"][0]["cut"], true, "{outcome}");
    assert_eq!(waiting(&outcome, FILM), None, "nobody has to decide any more");
    let held = frames(&desk.film());
    assert!(held.len() == 76 && held[1..13].iter().all(|frame| difference(frame, &held[0]) < 1.0), "the key picture is held");
    let report = std::fs::read_to_string(desk.path("out/S01E01/report.html")).unwrap();
    assert!(report.contains("holds its key pictures: Mori rejected its film"), "and the report says why");
    review(desk, FILM, "--accept");
    assert_eq!(produce(desk, server)["episodes"][0]["cut"], true);
    let moving = frames(&desk.film());
    assert!(difference(&moving[6], &held[6]) > 1.0);
    assert_eq!(server.sim.taken().len(), taken, "nothing was drawn for it");
}

fn only_what_changed_is_drawn_again(desk: &Desk) {
    let drawn = |desk: &Desk| desk.planned("draw").into_iter().collect::<Vec<_>>();
    desk.edit("project.yaml", "variant: four-steps", "variant: low-memory");
    assert_eq!(drawn(desk), [FILM], "another way to draw films is for films alone");
    assert!(step(desk, FILM).unwrap()["reasons"].to_string().contains("settings.render.film"));
    desk.edit("project.yaml", "variant: low-memory", "variant: four-steps");
    assert_eq!(drawn(desk), [] as [&str; 0]);
    desk.edit("episodes/s01e01/shots.yaml", "pose: sit, facing: left }]", "pose: sit, facing: right }]");
    assert_eq!(drawn(desk), [FILM, SHOTS[0]], "other key pictures, another film");
    desk.edit("episodes/s01e01/shots.yaml", "pose: sit, facing: right }]", "pose: sit, facing: left }]");
    desk.edit("project.yaml", "workflow: wan22-first-last", "workflow: wan22-t2v");
    let refused = desk.run(&["plan"]);
    assert!(refused.code != 0 && refused.err.contains("such as wan22-first-last or wan22-i2v"), "{refused:?}");
}

/// A template that draws something else than it was asked for: its first picture inverted, again and again.
const INVERTED: &str = r#"{
  "first": { "class_type": "LoadImage", "inputs": { "image": "" } },
  "invert": { "class_type": "ImageInvert", "inputs": { "image": ["first", 0] } },
  "again": { "class_type": "RepeatImageBatch", "inputs": { "image": ["invert", 0], "amount": 9 } },
  "film": { "class_type": "CreateVideo", "inputs": { "images": ["again", 0], "fps": 16.0 } },
  "save": { "class_type": "SaveVideo", "inputs": { "video": ["film", 0], "filename_prefix": "x", "format": "mp4", "codec": "h264" } }
}"#;

const INVERTED_MANIFEST: &str = "format: 1\ntitle: Something else\nfamily: wan22\nmakes: film\nslots:\n  first_frame: { type: image, into: [first.image], required: true }\n  frames: { type: whole, min: 2, max: 100, into: [again.amount], required: true }\n  fps: { type: number, min: 1, max: 60, into: [film.fps], required: true }\noutputs:\n  - { node: save, media: film }\n";

#[test]
fn a_film_that_is_not_what_was_asked_for_is_told_and_its_shot_holds_its_key_pictures() {
    let (desk, server) = (desk(), server(Duration::ZERO));
    std::fs::create_dir_all(desk.path("workflows")).unwrap();
    desk.write("workflows/inverted.json", INVERTED);
    desk.write("workflows/inverted.manifest.yaml", INVERTED_MANIFEST);
    let film = std::fs::read_to_string(desk.path("project.yaml")).unwrap();
    desk.write("project.yaml", &film.replace(WAN, "  film: { workflow: inverted }\n"));
    produce(&desk, &server);
    accept_the_shots(&desk);
    let outcome = produce(&desk, &server);
    // It takes a first picture alone: every shot has films, from each key picture on.
    assert_eq!((film_jobs(&desk).len(), &outcome["episodes"][0]["cut"]), (4, &true.into()), "{outcome}");
    let told = waiting(&outcome, FILM).unwrap();
    assert_eq!(told["status"], "rejected", "{told}");
    let reasons = told["reasons"].to_string();
    assert!(reasons.contains("from the key picture that it should begin with") && reasons.contains("stands still"), "{reasons}");
    let held = frames(&desk.film());
    assert!(held.len() == 76 && held[1..13].iter().all(|frame| difference(frame, &held[0]) < 1.0));
    let report = std::fs::read_to_string(desk.path("out/S01E01/report.html")).unwrap();
    assert!(report.contains("holds its key pictures: the gate rejects its film"), "{report}");

    // The same shots through a template that does what it should, from each key picture to the next and to the end.
    desk.edit("project.yaml", "{ workflow: inverted }", "{ workflow: wan22-5b, slots: { model: standin_video.safetensors, text_encoder: standin_text.safetensors, vae: standin_vae.safetensors, steps: 2 } }");
    let films = desk.planned("draw");
    assert!(films.len() == 3 && films.iter().all(|subject| subject.starts_with("film ")), "{films:?}");
    let outcome = produce(&desk, &server);
    assert!(SHOTS.iter().all(|shot| waiting(&outcome, &shot.replace("shot", "film")).is_none()), "{outcome}");
    let moving = frames(&desk.film());
    assert_eq!(moving.len(), 76);
    for (from, to) in [(0, 12), (13, 25), (26, 51), (52, 75)] {
        assert!(difference(&moving[from], &held[from]) < 2.0, "frame {from} is the key picture");
        assert!(difference(&moving[from], &moving[to]) > 1.0, "and by frame {to} it has moved");
    }
}

#[test]
fn a_production_that_is_killed_while_it_films_draws_nothing_twice() {
    let (desk, server) = (desk(), server(Duration::from_millis(100)));
    produce(&desk, &server);
    accept_the_shots(&desk);
    let pictures = server.sim.taken().len();
    let arguments = ["produce", "--quiet", "--comfyui", &server.url];
    let mut child = desk.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while server.sim.taken().len() == pictures && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(server.sim.taken().len(), pictures + 1, "the film is under way");
    let outcome = produce(&desk, &server);
    assert_eq!(outcome["episodes"][0]["cut"], true, "{outcome}");
    assert_eq!(server.sim.taken().len(), pictures + 1, "and drawn once");
    assert!(film_jobs(&desk).iter().all(|job| job["state"] == "done"));
    let shown = frames(&desk.film());
    assert!(difference(&shown[6], &shown[0]) > 1.0);
}
