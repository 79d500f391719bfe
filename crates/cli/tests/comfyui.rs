//! A show drawn through a ComfyUI server, workflows, and model files, from the command line.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "desk/comfy.rs"]
mod comfy;
mod desk;
#[expect(dead_code, reason = "each test file writes the networks that it needs")]
#[path = "../../vision-models/tests/embedding/onnx.rs"]
mod onnx;

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

use comfy::{RENDER, Server, drifting, judged, server, subjects, tried, with_faults};
use comfy_sim::{Fault, Memory, On, Rule, Schedule};
use desk::Desk;
use serde_json::Value;

#[test]
fn a_show_is_drawn_through_a_server_and_judged_and_stale_when_its_checkpoint_changes() {
    let (desk, server) = (Desk::tiny(), server());
    let project = std::fs::read_to_string(desk.path("project.yaml")).unwrap();
    desk.write("project.yaml", &format!("{project}{RENDER}  attempts: 1\n"));
    let unset = desk.run(&["produce", "--quiet"]);
    assert_eq!(unset.code, 1, "{unset:?}");
    assert!(unset.err.contains("nobody draws: name a ComfyUI server"), "{}", unset.err);

    let all = subjects(&desk.json(&["plan"]));
    let unknown = desk.json(&["plan", "--estimate"]);
    let drawing = &unknown["estimate"]["drawing"];
    assert_eq!(drawing["status"], "not_measured", "{drawing}");
    assert!(drawing["reason"].as_str().unwrap().ends_with("was never measured: the farm has no nodes"), "{drawing}");
    assert_eq!(unknown["cost"]["money"], Value::Null, "nothing is said that nobody knows");
    let said = desk.run(&["produce", "--quiet", "--comfyui", &server.url]);
    // The server's pictures drift from the characters: the gate finds that, and a person has to look.
    assert_eq!(said.code, 4, "{said:?}");
    assert_eq!(subjects(&desk.json(&["plan"])), BTreeSet::new(), "all is drawn");
    let pictures = desk.json(&["pictures"]);
    let listed = pictures.as_array().unwrap();
    assert!(listed.iter().any(|picture| picture["status"] != "accepted"), "{pictures}");

    desk.edit("project.yaml", "illustrious.safetensors", "other.safetensors");
    what_it_would_take_is_said(&desk, &server);
    let plan = desk.json(&["plan"]);
    assert_eq!(subjects(&plan), all, "everything that the checkpoint drew");
    assert!(plan["steps"][0]["reasons"].to_string().contains("settings.render"), "{}", plan["steps"][0]);
    desk.edit("project.yaml", "other.safetensors", "illustrious.safetensors");
    assert_eq!(subjects(&desk.json(&["plan"])), BTreeSet::new());

    desk.edit("project.yaml", "  controls:", "  character_loras: { aki: [{ file: aki.safetensors, strength: 0.8 }] }\n  controls:");
    let stale = subjects(&desk.json(&["plan"]));
    assert!(stale.len() < all.len() && stale.iter().any(|subject| subject.starts_with("sheet aki")), "{stale:?}");
    assert!(!stale.iter().any(|subject| subject.starts_with("sheet ") && !subject.starts_with("sheet aki")), "{stale:?}");

    desk.edit("project.yaml", "sdxl-illustrious", "sdxl-ilustrious");
    let wrong = desk.run(&["plan"]);
    assert!(wrong.err.contains("did you mean `sdxl-illustrious`?"), "{}", wrong.err);
}

/// Everything is drawn once, and all of it is stale.
fn what_it_would_take_is_said(desk: &Desk, server: &Server) {
    let jobs = desk.json(&["farm", "jobs", "--limit", "200"]);
    let drawn = jobs["items"].as_array().unwrap();
    let node = desk.json(&["farm", "nodes"])[0]["name"].as_str().unwrap().to_owned();
    desk.json(&["farm", "add-node", &node, &server.url, "--per-hour", "3600"]);
    let plan = desk.json(&["plan", "--estimate"]);
    let estimate = &plan["estimate"];
    assert_eq!(estimate["pictures"].as_u64().unwrap(), drawn.len() as u64, "as many as were drawn: {estimate}");
    let drawing = &estimate["drawing"];
    assert_eq!((&drawing["status"], &drawing["nodes"][0]["basis"]), (&"estimated".into(), &"measured".into()), "{drawing}");
    let (seconds, cost) = (drawing["seconds"].as_f64().unwrap(), drawing["cost"].as_f64().unwrap());
    assert!(seconds > 0.0 && (cost - seconds).abs() < 0.01, "a second costs one: {drawing}");
    assert_eq!(estimate["budget"], serde_json::json!([]));

    let project = "tiny";
    assert_eq!(desk.run(&["farm", "ledger", "tinny"]).err.trim(), "error: there is no project `tinny` in this database");
    desk.json(&["farm", "budget", project, "--total", "0.000001"]);
    let said = desk.run(&["plan", "--estimate"]);
    assert!(said.out.contains("Nothing would begin: what one picture sets aside"), "{}", said.out);
    assert_eq!(desk.json(&["farm", "ledger", project])["items"], serde_json::json!([]), "what cost nothing is not in it");
    let graph = desk.run(&["workflows", "fill", "sdxl", "--set", "checkpoint=other.safetensors", "--set", "prompt=x", "--set", "seed=7"]);
    desk.write("costly.json", &graph.out);
    desk.json(&["farm", "budget", project, "--unlimited"]);
    desk.json(&["farm", "submit", "costly.json", "--of", project, "--expect", "save-picture-save"]);
    let mut worker = desk.command(&["worker"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    let ledger = loop {
        let ledger = desk.json(&["farm", "ledger", project, "--limit", "3"]);
        if ledger["items"].as_array().unwrap().len() == 3 || begun.elapsed() > Duration::from_secs(60) {
            break ledger;
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    worker.kill().unwrap();
    worker.wait().unwrap();
    let kinds: Vec<&str> = ledger["items"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["reserve", "release", "spend"], "{ledger}");
    let last = &ledger["items"][2];
    assert_eq!((&last["spent"], &last["reserved"]), (&last["amount"], &0.0.into()), "{ledger}");
    assert_eq!(last["node_name"], node.as_str());
}

/// The manifest of an embedder that the test wrote: CCIP's shape, and a threshold for what it gives.
const MANIFEST: &str = "name = \"test-embedder\"\nkind = \"identity\"\nthreshold = 0.4\nlicence = \"none\"\nsource = \"written by a test\"\n\
    [input]\nwidth = 384\nheight = 384\nmean = [0.48, 0.46, 0.41]\nstd = [0.27, 0.26, 0.28]\n\
    [output]\nform = \"embedding\"\nlength = 768\n";

#[test]
fn who_is_in_a_servers_pictures_is_for_a_person_until_a_model_and_an_accepted_sheet_can_tell() {
    // What comes back is the layout itself: every measure but identity passes.
    let (desk, server) = (Desk::tiny(), drifting(0.0));
    let project = std::fs::read_to_string(desk.path("project.yaml")).unwrap();
    // Of 360 rows, which is no multiple of 16: what is drawn beyond them is cut off, and nothing is blurred.
    desk.write("project.yaml", &format!("{project}{RENDER}"));
    let produce = || desk.run(&["produce", "--quiet", "--comfyui", &server.url]);

    let blind = produce();
    assert_eq!(blind.code, 4, "{blind:?}");
    assert!(blind.out.contains("no identity model is installed") && blind.out.contains("echo-studio models add"), "{}", blind.out);
    let waiting = judged(&desk);
    for (subject, (status, reasons)) in &waiting {
        assert_eq!(status, "needs_review", "{subject}: {reasons}");
        assert!(reasons.contains("not fitted on pictures that were drawn over a layout by a diffusion model"), "{subject}: {reasons}");
    }
    let doctor = desk.json(&["doctor"]);
    let identity = doctor["findings"].as_array().unwrap().iter().find(|finding| finding["name"] == "identity").unwrap();
    assert_eq!(identity["condition"], "limited");

    std::fs::write(desk.path("embedder.onnx"), onnx::embedder(384, 32, 768, 7)).unwrap();
    desk.write("embedder.toml", MANIFEST);
    desk.json(&["models", "add", "embedder.onnx", "--manifest", "embedder.toml"]);
    // A file that is not the one that was added is not used, and that is said.
    let file = desk.path(".echo/models/test-embedder/model.onnx");
    std::fs::write(&file, "another file").unwrap();
    assert_eq!(produce().code, 4);
    assert!(judged(&desk).values().all(|(_, reasons)| reasons.contains("is not the one that was added")), "{:?}", judged(&desk));
    std::fs::copy(desk.path("embedder.onnx"), &file).unwrap();
    assert_eq!(produce().code, 4, "nobody has accepted a sheet");
    for (subject, (_, reasons)) in judged(&desk) {
        assert!(reasons.contains("'s sheet is accepted yet"), "{subject}: {reasons}");
    }

    let people: BTreeSet<&str> = waiting.keys().filter_map(|subject| subject.strip_prefix("sheet ")?.split('/').next()).collect();
    for who in &people {
        let front = waiting.keys().find(|subject| subject.starts_with(&format!("sheet {who}/")) && subject.ends_with("/front")).unwrap();
        assert_eq!(desk.run(&["review", front, "--accept", "--by", "Mori"]).code, 0);
    }
    let seen = produce();
    assert_eq!(seen.code, 0, "{seen:?} {:?}", judged(&desk));
    assert!(judged(&desk).values().all(|(status, _)| status == "accepted"));
    assert!(desk.film().is_file(), "and the episode is cut");
    assert_eq!(subjects(&desk.json(&["plan"])), BTreeSet::new(), "nothing was drawn for it");
    let shot = waiting.keys().find(|subject| subject.starts_with("shot ")).unwrap();
    let evidence = desk.json(&["evidence", shot]);
    assert_eq!(evidence["identity"]["outcome"], "passed", "{evidence}");
    assert_eq!((&evidence["calibrated"]["domain"], &evidence["calibrated"]["valid"]), (&"diffused-over-layout".into(), &false.into()));
}

#[test]
fn a_production_that_is_killed_goes_on_with_what_its_nodes_had_and_draws_nothing_twice() {
    let (desk, servers) = (Desk::tiny(), [server(), server()]);
    let project = std::fs::read_to_string(desk.path("project.yaml")).unwrap();
    desk.write("project.yaml", &format!("{project}{RENDER}"));
    let urls = servers.iter().map(|server| server.url.as_str()).collect::<Vec<_>>().join(",");
    let produce = ["produce", "--quiet", "--comfyui", &urls];
    let taken = || servers.iter().map(|server| server.sim.taken().len()).sum::<usize>();
    for kill in 1..=3 {
        let mut child = desk.command(&produce).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        while taken() < kill * 7 && begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let said = desk.run(&produce);
    assert_eq!(said.code, 4, "{said:?}");
    assert_eq!(subjects(&desk.json(&["plan"])), BTreeSet::new(), "all is drawn");
    let jobs = desk.json(&["farm", "jobs", "--limit", "200", "--project", "."]);
    let jobs = jobs["items"].as_array().or_else(|| jobs.as_array()).unwrap();
    assert!(jobs.iter().all(|job| job["state"] == "done"), "{jobs:?}");
    assert_eq!(taken(), jobs.len(), "each attempt was sent once");
    assert!(tried(&desk).values().any(|tries| tries.len() == 3), "and there was more than one");
    assert!(servers.iter().all(|server| !server.sim.taken().is_empty()), "both nodes draw");
    let nodes = desk.json(&["farm", "nodes", "--project", "."]);
    assert_eq!(nodes.as_array().map(Vec::len), Some(2), "{nodes}");
}

#[test]
fn what_takes_too_much_memory_is_drawn_with_less_and_its_pictures_say_so() {
    let memory = Rule { on: On::Node("VAEDecode".to_owned()), skip: 2, times: 3, fault: Fault::OutOfMemory { memory: Memory::Gpu } };
    let (desk, server) = (Desk::tiny(), with_faults(0.5, Schedule::default().and(memory)));
    let project = std::fs::read_to_string(desk.path("project.yaml")).unwrap();
    desk.write("project.yaml", &format!("{project}{RENDER}  attempts: 1\n"));
    let said = desk.run(&["produce", "--quiet", "--comfyui", &server.url]);
    assert_eq!(said.code, 4, "{said:?}");
    let jobs = desk.json(&["farm", "jobs", "--limit", "200"]);
    let jobs = jobs["items"].as_array().unwrap();
    assert!(jobs.iter().all(|job| job["state"] == "done"), "{jobs:?}");
    let smaller = jobs.iter().filter(|job| job["variant"] == 1).count();
    assert_eq!(smaller, 3, "{jobs:?}");
    let made: Vec<Value> = desk.blobs().iter().filter_map(|(_, bytes)| serde_json::from_slice::<Value>(bytes).ok()).collect();
    let made: Vec<&Value> = made.iter().filter(|json| json["template"] == "sdxl-illustrious" && json["prompt"].is_string()).collect();
    assert_eq!(made.iter().filter(|making| making["variant"] == "low-memory").count(), 3, "{made:?}");
    assert!(made.iter().any(|making| making["variant"].is_null()), "the others were drawn as usual");
}

#[test]
fn a_show_without_settings_has_the_recipes_that_it_always_had() {
    let desk = Desk::tiny();
    let before = desk.json(&["plan"]);
    let project = std::fs::read_to_string(desk.path("project.yaml")).unwrap();
    desk.write("project.yaml", &format!("{project}render: {{ engine: layout, checkpoint: {{ file: a.safetensors }} }}\n"));
    let recipes = |plan: &Value| plan["steps"].as_array().unwrap().iter().map(|step| step["recipe"].clone()).collect::<Vec<_>>();
    assert_eq!(recipes(&before), recipes(&desk.json(&["plan"])), "what the layout engine draws does not depend on a checkpoint");
}

#[test]
fn workflows_are_checked_run_and_registered() {
    let (desk, server) = (Desk::tiny(), server());
    let url = server.url.as_str();
    let ready = ["workflows", "check", "sdxl", "--node", url, "--set", "checkpoint=illustrious.safetensors"];
    assert_eq!(desk.run(&ready).code, 0);
    let lacking = desk.run(&["workflows", "check", "sd15-anime", "--node", url, "--set", "checkpoint=ilustrious.safetensors"]);
    assert_eq!(lacking.code, 1);
    assert!(lacking.out.contains("node class CLIPSetLastLayer"), "{}", lacking.out);
    assert!(
        lacking.out.contains("checkpoint ilustrious.safetensors for `checkpoint`; the server has illustrious.safetensors"),
        "{}",
        lacking.out
    );

    let values = [
        "--set",
        "checkpoint=illustrious.safetensors",
        "--set",
        "prompt=1girl",
        "--set",
        "seed=7",
        "--set",
        "size=64x48",
        "--set",
        "steps=1",
    ];
    let run = [&["workflows", "run", "sdxl", "--node", url, "--out", "made"], &values[..]].concat();
    let ran = desk.json(&run);
    assert_eq!(ran["files"][0]["size"], serde_json::json!([64, 48]), "{ran}");
    assert!(desk.path("made/sdxl-save-picture-save-1.png").is_file());

    let graph = desk.run(&[&["workflows", "fill", "sdxl"], &values[..]].concat());
    desk.write("mine.json", &graph.out);
    let added = desk.json(&["workflows", "add", "mine.json"]);
    assert_eq!(added["name"], "mine");
    let own = ["workflows", "run", "mine", "--node", url, "--out", "made", "--set", "prompt=a fox", "--set", "seed=8"];
    assert_eq!(desk.run(&own).code, 0);
    assert!(desk.run(&["workflows", "add", "mine.json"]).err.contains("there is a workflow `mine` already"));
    assert_eq!(desk.run(&["workflows", "list"]).out.lines().filter(|line| line.starts_with("mine")).count(), 1);
}

#[test]
fn model_files_are_listed_with_what_is_known_and_verified() {
    let (desk, server) = (Desk::tiny(), server());
    let listed = desk.json(&["checkpoints", "list", "--node", &server.url, "--kind", "checkpoint"]);
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert!(listed[0]["unknown"].as_str().is_some(), "{listed}");
    let shown = desk.json(&["checkpoints", "show", "other.safetensors", "--node", &server.url]);
    assert!(shown["sha256"].is_null() && shown["hash_unknown"].as_str().unwrap().contains("--folder"), "{shown}");
    let file = |name: &str, json: &str| {
        let path = desk.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, [&(json.len() as u64).to_le_bytes()[..], json.as_bytes()].concat()).unwrap();
    };
    let tensor = |name: &str, shape: &str| format!(r#"{{"{name}": {{"dtype": "F16", "shape": {shape}, "data_offsets": [0, 0]}}}}"#);
    file(
        "models/checkpoints/xl.safetensors",
        &tensor("model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight", "[640, 2048]"),
    );
    file(
        "models/loras/xl.safetensors",
        &tensor("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_down.weight", "[8, 2048]"),
    );
    file(
        "models/loras/old.safetensors",
        &tensor("lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight", "[8, 768]"),
    );
    let shown = desk.json(&["checkpoints", "show", "old.safetensors", "--folder", "models"]);
    assert_eq!((&shown["file"]["architecture"], &shown["file"]["kind"]), (&"sd15".into(), &"lora".into()), "{shown}");
    let digest = shown["sha256"].as_str().unwrap();
    let fits = desk.run(&["checkpoints", "verify", "models/checkpoints/xl.safetensors", "--with", "models/loras/xl.safetensors"]);
    assert_eq!(fits.code, 0, "{fits:?}");
    let not = desk.run(&[
        "checkpoints",
        "verify",
        "models/checkpoints/xl.safetensors",
        "--with",
        "models/loras/old.safetensors",
        "--hash",
        digest,
    ]);
    assert_eq!(not.code, 1);
    assert!(not.out.contains("it is for sd15, and the model is of the build sdxl"), "{}", not.out);
}
