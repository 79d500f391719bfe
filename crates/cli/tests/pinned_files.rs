//! A show that says which files its models are, by their hashes, on nodes of which one has another file of the same name.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod desk;

use std::time::Duration;

use bible::Digest;
use comfy_sim::{Options, Sim};
use desk::Desk;
use serde_json::Value;

const FILE: &str = "illustrious.safetensors";

/// A server with a folder of models, in which the checkpoint is this file.
async fn node(desk: &Desk, name: &str, content: &str) -> Sim {
    let folder = desk.path(&format!("models of {name}"));
    std::fs::create_dir_all(folder.join("checkpoints")).unwrap();
    std::fs::write(folder.join("checkpoints").join(FILE), content).unwrap();
    let options = Options { checkpoints: vec![FILE.to_owned()], step: Duration::ZERO, ..Options::default() };
    let sim = Sim::start(options).await.unwrap();
    desk.json(&["farm", "add-node", name, &sim.url(), "--models", folder.to_str().unwrap()]);
    sim
}

/// How the pictures of a desk came about.
fn made(desk: &Desk) -> Vec<Value> {
    let json = desk.blobs().into_iter().filter_map(|(_, bytes)| serde_json::from_slice::<Value>(&bytes).ok());
    json.filter(|json| json["template"] == "sdxl-illustrious" && json["prompt"].is_string()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_with_another_file_of_the_name_draws_nothing_and_every_picture_says_what_drew_it() {
    let desk = Desk::tiny();
    let pinned = Digest::of(b"ours");
    let project = std::fs::read_to_string(desk.path("project.yaml")).unwrap();
    let render = |blake3: &str| {
        format!(
            "{project}render:\n  engine: comfyui\n  workflow: sdxl-illustrious\n  checkpoint: {{ file: {FILE}{blake3} }}\n  \
             controls: [picture]\n  attempts: 1\n  slots: {{ steps: 1, denoise: 0.6 }}\n"
        )
    };
    desk.write("project.yaml", &render(", blake3: 3f2a"));
    let wrong = desk.run(&["plan"]);
    assert!(wrong.code == 3 && wrong.err.contains("a digest is 64 hex digits"), "{wrong:?}");

    desk.write("project.yaml", &render(&format!(", blake3: {pinned}")));
    let (right, other) = (node(&desk, "gpu-1", "ours").await, node(&desk, "gpu-2", "another").await);
    let urls = format!("{},{}", right.url(), other.url());
    let produce = |urls: &str| desk.run(&["produce", "--quiet", "--comfyui", urls]);
    let said = produce(&urls);
    assert_eq!(said.code, 4, "{said:?}");
    assert!(!right.taken().is_empty() && other.taken().is_empty(), "{} {}", right.taken().len(), other.taken().len());
    let all = made(&desk);
    assert!(!all.is_empty());
    for making in &all {
        let used = &making["models"][0];
        assert_eq!((&used["model"], &used["blake3"]), (&format!("checkpoints/{FILE}").into(), &pinned.to_string().into()), "{making}");
    }

    let doctor = desk.json(&["doctor"]);
    let told: Vec<(&str, &str)> = doctor["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["name"] == "model file")
        .map(|finding| (finding["condition"].as_str().unwrap(), finding["found"].as_str().unwrap()))
        .collect();
    let (there, meant) = (Digest::of(b"another").short(), pinned.short());
    assert_eq!(
        told,
        [
            ("good", format!("checkpoints/{FILE} on gpu-1 is the one that project.yaml names").as_str()),
            ("limited", format!("checkpoints/{FILE} on gpu-2 has BLAKE3 {there}, and project.yaml names {meant}").as_str()),
        ]
    );
    let good = desk.run(&["checkpoints", "verify", FILE, "--node", &right.url()]);
    assert!(good.code == 0 && good.out.contains("has this hash, which project.yaml names"), "{good:?}");
    let bad = desk.run(&["checkpoints", "verify", FILE, "--node", &other.url()]);
    assert!(bad.code == 1 && bad.out.contains("which project.yaml names: gpu-2 draws nothing that is pinned to it"), "{bad:?}");

    // Without a hash the other draws as well, and its pictures say with which file.
    desk.write("project.yaml", &render(""));
    assert_eq!(produce(&other.url()).code, 4);
    assert!(!other.taken().is_empty());
    let both = made(&desk);
    let by = |node: &str| {
        both.iter().filter(|making| making["node"] == node).map(|making| making["models"][0]["blake3"].clone()).collect::<Vec<_>>()
    };
    assert!(by("gpu-1").iter().all(|blake3| *blake3 == pinned.to_string()), "{:?}", by("gpu-1"));
    assert!(!by("gpu-2").is_empty() && by("gpu-2").iter().all(|blake3| *blake3 == Digest::of(b"another").to_string()), "{:?}", by("gpu-2"));
    let shot = desk.json(&["pictures"]);
    let shot =
        shot.as_array().unwrap().iter().find_map(|picture| picture["subject"].as_str().filter(|subject| subject.starts_with("shot ")));
    let evidence = desk.run(&["evidence", shot.unwrap()]);
    assert!(evidence.out.contains(&format!("checkpoints/{FILE}: BLAKE3 ")), "{evidence:?}");
}
