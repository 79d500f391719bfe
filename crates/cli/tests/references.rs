//! Accepted pictures of sheets that show a model who people are, from the command line.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "desk/comfy.rs"]
mod comfy;
mod desk;

use std::collections::BTreeSet;

use comfy::{Server, drifting, files_of};
use desk::Desk;
use engine::picture::Raster;
use serde_json::Value;

const RENDER: &str = "render:\n  engine: comfyui\n  workflow: sdxl-illustrious\n  checkpoint: { file: illustrious.safetensors }\n  controls: [picture, references]\n  attempts: 1\n  slots: { steps: 1, denoise: 0.6, references.clip_vision: standin_vision.safetensors }\n";

const AKI: &str = "sheet aki/everyday/front";
const KIT: &str = "sheet kit/plain/front";
const SHOTS: [&str; 3] = ["shot S01E01.01.001", "shot S01E01.01.002", "shot S01E01.01.003"];
const DISSOLVE: &str = "transition S01E01.01.003";

/// The tiny show on a small canvas, through a server that is shown who people are. Its last shot emerges from the one before.
fn desk() -> Desk {
    let desk = Desk::tiny();
    desk.edit("project.yaml", "canvas: { width: 640, height: 360 }", "canvas: { width: 320, height: 192 }");
    let project = std::fs::read_to_string(desk.path("project.yaml")).unwrap();
    desk.write("project.yaml", &format!("{project}{RENDER}"));
    desk.edit("episodes/s01e01/shots.yaml", "framing: full", "framing: full\n        transition: { kind: dissolve, frames: 4 }");
    desk
}

fn produce(desk: &Desk, server: &Server) -> Value {
    let said = desk.run(&["produce", "--quiet", "--json", "--comfyui", &server.url]);
    // Pictures of a drawn server are for a person, as long as nobody can tell who is in them.
    assert_eq!(said.code, 4, "{said:?}");
    serde_json::from_str(&said.out).unwrap()
}

fn accept(desk: &Desk, subject: &str) {
    let said = desk.run(&["review", subject, "--accept", "--by", "Mori"]);
    assert_eq!(said.code, 0, "{said:?}");
}

fn names<const N: usize>(subjects: [&str; N]) -> BTreeSet<String> {
    subjects.into_iter().map(str::to_owned).collect()
}

/// The reasons of a step, as the plan has them.
fn reasons(desk: &Desk, subject: &str) -> Value {
    let plan = desk.json(&["plan"]);
    let step = plan["steps"].as_array().unwrap().iter().find(|step| step["subject"] == subject).cloned();
    step.unwrap_or_else(|| panic!("{subject} is not planned: {plan}"))["reasons"].clone()
}

/// A file of what a subject is drawn as.
fn file(desk: &Desk, subject: &str, name: &str) -> Vec<u8> {
    let files = files_of(desk, subject);
    let found = files.into_iter().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("{subject} has no {name}")).1
}

/// What is in the middle of a square picture, as wide as `width`.
fn middle(picture: &Raster, width: u32) -> Raster {
    let (row, left) = (picture.width as usize * 4, (picture.width - width) as usize / 2 * 4);
    let rgba = picture.rgba.chunks_exact(row).flat_map(|row| row[left..left + width as usize * 4].to_vec()).collect();
    Raster { width, height: picture.height, rgba }
}

#[test]
fn shots_wait_for_the_fronts_that_they_are_drawn_with_and_follow_them() {
    let (desk, server) = (desk(), drifting(0.0));
    let taken = || server.sim.taken().len();
    assert_eq!(desk.planned("draw"), names([AKI, KIT]));
    let waits = desk.planned("wait");
    assert_eq!(waits.len(), 26 + 3 + 1 + 1, "the rest of two sheets, three shots, a dissolve and the episode: {waits:?}");
    let words = desk.run(&["plan"]).out;
    assert!(words.contains("waits for a front view of kit to be accepted (sheet kit/plain/front)"), "{words}");
    assert!(words.contains("30 picture(s) and clip(s) wait for front views that show the model who is in them"), "{words}");

    let outcome = produce(&desk, &server);
    assert_eq!((&outcome["drawn"], taken()), (&2.into(), 2), "{outcome}");
    let awaiting = outcome["awaiting"].as_array().unwrap();
    let last = awaiting.iter().find(|held| held["subject"] == SHOTS[2]).unwrap();
    let both = [
        "waits for a front view of aki to be accepted (sheet aki/everyday/front)",
        "waits for a front view of kit to be accepted (sheet kit/plain/front)",
    ];
    assert_eq!((awaiting.len(), &last["reasons"]), (30, &serde_json::json!(both)));
    let missing = outcome["episodes"][0]["missing"].as_str().unwrap();
    assert!(missing.starts_with("4 of its clips are not drawn: shot S01E01.01.001 waits for a front view of aki"), "{missing}");

    // One of the two: what shows her alone can be drawn. How the model reads a front makes no front anew.
    accept(&desk, AKI);
    desk.edit("project.yaml", "references.clip_vision:", "references.weight: 0.9, references.clip_vision:");
    let draws = desk.planned("draw");
    assert!(draws.len() == 13 + 1 && draws.contains(SHOTS[0]) && draws.contains("sheet aki/everyday/back"), "{draws:?}");
    accept(&desk, KIT);
    assert_eq!(desk.planned("wait"), BTreeSet::new());
    let outcome = produce(&desk, &server);
    assert_eq!((&outcome["drawn"], taken()), (&30.into(), 2 + 26 + 3), "the dissolve melts what is drawn: {outcome}");
    assert!(outcome["awaiting"].is_null(), "{outcome}");
    what_was_shown_is_sent_and_told(&desk, &server);
    let again = produce(&desk, &server);
    assert_eq!((&again["drawn"], taken()), (&0.into(), 31), "{again}");
    assert_eq!(desk.planned("draw"), BTreeSet::new());

    a_portrait_that_is_accepted_later_is_for_faces_but_not_for_what_a_person_decided_on(&desk);
    another_front_makes_stale_what_was_drawn_with_the_one_before(&desk, &server);
}

fn what_was_shown_is_sent_and_told(desk: &Desk, server: &Server) {
    let front = file(desk, AKI, "picture.png");
    let digest = blake3::hash(&front).to_string();
    let making: Value = serde_json::from_slice(&file(desk, SHOTS[0], "frame-0000.making.json")).unwrap();
    let used = &making["references"];
    assert_eq!((used.as_array().unwrap().len(), &used[0]["character"], &used[0]["picture"]), (1, &"aki".into(), &AKI.into()), "{making}");
    assert_eq!(used[0]["file"], digest.as_str());
    let pictures = desk.json(&["pictures"]);
    let listed = pictures.as_array().unwrap().iter().find(|picture| picture["subject"] == AKI).unwrap();
    assert_eq!(used[0]["artifact"], listed["artifact"]);
    let both: Value = serde_json::from_slice(&file(desk, SHOTS[2], "frame-0000.making.json")).unwrap();
    let pictures: Vec<&Value> = both["references"].as_array().unwrap().iter().map(|used| &used["picture"]).collect();
    assert_eq!(pictures, [AKI, KIT]);
    let own: Value = serde_json::from_slice(&file(desk, AKI, "picture.making.json")).unwrap();
    assert!(own["references"].is_null(), "the front is drawn without: {own}");
    let evidence = desk.json(&["evidence", SHOTS[0]]);
    assert_eq!(evidence["making"]["references"], *used);

    // The server was sent the whole front, in a square, and the graph reads it.
    let upright = consistency::decode(&front).unwrap();
    let sent: Vec<(String, Raster)> = std::fs::read_dir(server.sim.input().join("echo-studio"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), consistency::decode(&std::fs::read(entry.path()).unwrap()).unwrap()))
        .filter(|(_, picture)| (picture.width, picture.height) == (1024, 1024))
        .collect();
    assert_eq!(sent.len(), 2, "both fronts");
    let (name, _) = sent.iter().find(|(_, picture)| middle(picture, upright.width) == upright).unwrap();
    let graph = format!("echo-studio/{name}");
    let says = |(_, bytes): &(String, Vec<u8>)| bytes.windows(graph.len()).any(|window| window == graph.as_bytes());
    assert!(desk.blobs().iter().filter(|blob| says(blob)).count() > 13, "servers write what they were asked for into their pictures");

    // Whether a picture is a copy of what was shown is measured where something was.
    let asked = |subject: &str| verdict(desk, subject)["pictures"][0]["verdict"]["measurements"].as_array().unwrap().clone();
    let sameness = |subject: &str| asked(subject).into_iter().find(|measurement| measurement["measure"] == "sameness");
    assert_eq!(sameness(AKI), None);
    let measured = sameness(SHOTS[0]).unwrap();
    assert_eq!((&measured["outcome"], &measured["evidence"]["used"][0]), (&"measured".into(), &AKI.into()), "{measured}");
}

/// The gate's report on what a subject is drawn as.
fn verdict(desk: &Desk, subject: &str) -> Value {
    let database = format!("sqlite:{}", desk.path(".echo/studio.db").display()).parse().unwrap();
    let pictures = desk.json(&["pictures"]);
    let listed = pictures.as_array().unwrap().iter().find(|picture| picture["subject"] == subject).unwrap();
    let artifact: uuid::Uuid = listed["artifact"].as_str().unwrap().parse().unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = store::Store::open(&database).await.unwrap();
        let verdicts = store.verdicts(artifact).await.unwrap();
        verdicts.into_iter().find(|verdict| verdict.decided_by == "gate").unwrap().report
    })
}

fn a_portrait_that_is_accepted_later_is_for_faces_but_not_for_what_a_person_decided_on(desk: &Desk) {
    accept(desk, "sheet kit/plain/portrait");
    assert_eq!(desk.planned("draw"), names([SHOTS[1], DISSOLVE]), "the close-up of kit, and what emerges from it");
    let portrait = serde_json::json!([{ "kind": "reference", "character": "kit", "before": KIT, "after": "sheet kit/plain/portrait" }]);
    assert_eq!(reasons(desk, SHOTS[1]), portrait);
    accept(desk, SHOTS[1]);
    assert_eq!(desk.planned("draw"), BTreeSet::new(), "a person accepted it as it is");
}

fn another_front_makes_stale_what_was_drawn_with_the_one_before(desk: &Desk, server: &Server) {
    let taken = server.sim.taken().len();
    let hair = "hair: \"#3c4a72\"";
    desk.edit("bible/characters/aki.yaml", hair, "hair: \"#7a2f4a\"");
    assert_eq!(desk.planned("draw"), names([AKI]));
    let outcome = produce(desk, server);
    assert_eq!(server.sim.taken().len(), taken + 1, "{outcome}");
    let waits = desk.planned("wait");
    assert!(waits.contains(SHOTS[0]) && waits.contains(SHOTS[2]) && !waits.contains(SHOTS[1]), "{waits:?}");
    assert!(!waits.iter().any(|subject| subject.starts_with("sheet kit")), "{waits:?}");
    accept(desk, AKI);
    let draws = desk.planned("draw");
    assert_eq!(draws.len(), 13 + 2 + 1, "the rest of her sheet, two shots and the dissolve: {draws:?}");
    let why = reasons(desk, SHOTS[0]);
    let kinds: Vec<&str> = why.as_array().unwrap().iter().map(|reason| reason["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["field", "reference"], "{why}");
    let words = desk.run(&["plan"]).out;
    assert!(words.contains("another picture of sheet aki/everyday/front is accepted, by which aki is shown to the model"), "{words}");

    // Taken back, all is there already, in one production.
    desk.edit("bible/characters/aki.yaml", "hair: \"#7a2f4a\"", hair);
    assert_eq!(desk.planned("draw"), BTreeSet::new());
    let outcome = produce(desk, server);
    assert_eq!((&outcome["drawn"], server.sim.taken().len()), (&0.into(), taken + 1), "{outcome}");
    assert_eq!((desk.planned("wait"), desk.planned("reuse")), (BTreeSet::new(), BTreeSet::new()));
}

#[test]
fn a_template_that_takes_no_references_is_refused_where_the_project_asks_for_it() {
    let desk = desk();
    desk.edit("project.yaml", "workflow: sdxl-illustrious", "workflow: qwen-image");
    for command in ["plan", "check"] {
        let refused = desk.run(&[command]);
        assert!(refused.code != 0 && refused.err.contains("as `render` in project.yaml says"), "{refused:?}");
        assert!(refused.err.contains("`controls` has `references`, and qwen-image has no `references`"), "{refused:?}");
    }
}
