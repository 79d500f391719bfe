//! A ComfyUI server that stands in for real ones, and what is asked of a show that it drew.

#![allow(dead_code, reason = "each test file uses what it needs")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use comfy_sim::{Options, Schedule, Sim};
use serde_json::Value;

use crate::desk::Desk;

/// A stand-in server, and what keeps it running.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) sim: Sim,
    _runtime: tokio::runtime::Runtime,
}

/// A server whose pictures are not what was asked for: something for the gate to find.
pub(crate) fn server() -> Server {
    drifting(0.5)
}

pub(crate) fn drifting(drift: f64) -> Server {
    with_faults(drift, Schedule::default())
}

pub(crate) fn with_faults(drift: f64, schedule: Schedule) -> Server {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let options = Options {
        checkpoints: vec!["illustrious.safetensors".to_owned(), "other.safetensors".to_owned()],
        loras: vec!["aki.safetensors".to_owned()],
        step: Duration::ZERO,
        hurried_pngs: true,
        drift,
        schedule,
        ..Options::default()
    };
    let sim = runtime.block_on(Sim::start(options)).unwrap();
    Server { url: sim.url(), sim, _runtime: runtime }
}

pub(crate) const RENDER: &str = "render:\n  engine: comfyui\n  workflow: sdxl-illustrious\n  checkpoint: { file: illustrious.safetensors }\n  controls: [picture]\n  slots: { steps: 1, denoise: 0.6 }\n";

pub(crate) fn subjects(plan: &Value) -> BTreeSet<String> {
    let steps = plan["steps"].as_array().unwrap().iter().filter(|step| step["action"] == "draw");
    steps.map(|step| step["subject"].as_str().unwrap().to_owned()).collect()
}

/// Status and reasons of every picture, by subject.
pub(crate) fn judged(desk: &Desk) -> BTreeMap<String, (String, String)> {
    let pictures = desk.json(&["pictures"]);
    let text = |picture: &Value, field: &str| picture[field].as_str().unwrap().to_owned();
    let judged = |picture: &Value| (text(picture, "subject"), (text(picture, "status"), picture["reasons"].to_string()));
    pictures.as_array().unwrap().iter().map(judged).collect()
}

/// The attempts at every picture that was drawn more than once, by subject.
pub(crate) fn tried(desk: &Desk) -> BTreeMap<String, Vec<Value>> {
    let pictures = desk.json(&["pictures"]);
    let subjects = pictures.as_array().unwrap().iter().map(|picture| picture["subject"].as_str().unwrap().to_owned());
    let evidence = |subject: String| {
        let evidence = desk.json(&["evidence", &subject]);
        let tries = evidence["tries"].as_array().cloned().unwrap_or_default();
        (subject, tries)
    };
    subjects.filter(|subject| !subject.starts_with("transition")).map(evidence).filter(|(_, tries)| !tries.is_empty()).collect()
}

/// The files of what a subject is drawn as, by name.
pub(crate) fn files_of(desk: &Desk, subject: &str) -> Vec<(String, Vec<u8>)> {
    let database = format!("sqlite:{}", desk.path(".echo/studio.db").display()).parse().unwrap();
    let pictures = desk.json(&["pictures"]);
    let listed = pictures.as_array().unwrap().iter().find(|picture| picture["subject"] == subject).unwrap();
    let artifact = listed["artifact"].as_str().unwrap().parse().unwrap();
    let files = tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = store::Store::open(&database).await.unwrap();
        store.artifact(artifact).await.unwrap().unwrap().files
    });
    let blobs: BTreeMap<String, Vec<u8>> = desk.blobs().into_iter().collect();
    files.into_iter().map(|file| (file.name, blobs[&file.digest.to_string()].clone())).collect()
}
