//! Graphs against what a real server has.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Read;

use comfyui::{Graph, ObjectInfo, check};
use serde_json::{Map, Value};

/// The classes of a real server (0.33.0, 887 of them); its texts are taken out.
fn info() -> ObjectInfo {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/object_info.json.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    ObjectInfo::read(&serde_json::from_str::<Map<String, Value>>(&text).unwrap())
}

fn recording(name: &str) -> Value {
    let path = format!("{}/../comfy-sim/recordings/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn problems(graph: &Value) -> Vec<String> {
    let graph: Graph = serde_json::from_value(graph.clone()).unwrap();
    check(&graph, &info()).iter().map(ToString::to_string).collect()
}

#[test]
fn every_class_of_a_real_server_can_be_read() {
    let info = info();
    assert!(info.unreadable.is_empty(), "{:?}", info.unreadable);
    assert_eq!(info.classes.len(), 887);
    assert_eq!(info.classes.values().filter(|class| class.api_node).count(), 233);
}

#[test]
fn graphs_that_ran_have_no_problems() {
    let mut graphs = 0;
    for recording in [recording("70_graphs"), recording("71_wan_video")] {
        for (name, ran) in recording.as_object().unwrap() {
            let Some(graph) = ran.get("workflow") else { continue };
            // The classes were recorded from a server without these model files.
            let problems = problems(graph).into_iter().filter(|problem| !problem.contains(".safetensors` is not one of the "));
            assert_eq!(problems.collect::<Vec<_>>(), Vec::<String>::new(), "{name}");
            graphs += 1;
        }
    }
    assert!(graphs >= 31, "{graphs}");
}

#[test]
fn what_servers_refuse_and_what_they_wrongly_take_is_found_before() {
    let recorded = recording("20_validation_errors");
    let problem = |case: &str| problems(&recorded[case]["request"]["prompt"]).join("\n");
    let cases = [
        "unknown_class",
        "missing_required_input",
        "missing_required_link",
        "value_not_in_list_ckpt",
        "value_not_in_list_sampler_gt20",
        "min",
        "max",
        "bad_int",
        "type_mismatch",
        "link_to_missing_node",
        "link_slot_out_of_range",
        "string_for_link_type",
        "no_outputs",
        "empty_prompt",
        "cycle",
    ];
    let found: Vec<_> = cases.iter().map(|case| format!("{case}: {}", problem(case))).collect();
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn a_dynamic_choice_that_is_missing_unknown_or_half_made_is_found() {
    let mut graph = recording("70_graphs")["create_save_video_mp4"]["workflow"].clone();
    let inputs = graph["4"]["inputs"].as_object_mut().unwrap();
    inputs.insert("format".to_owned(), "gif".into());
    assert_eq!(problems(&graph), ["node 4 (SaveVideo), format: `gif` is not one of the 4 that the server has"]);
    graph["4"]["inputs"].as_object_mut().unwrap().remove("format");
    assert_eq!(problems(&graph), ["node 4 (SaveVideo), format: is required"]);
    let mut graph = recording("70_graphs")["create_save_video_mp4"]["workflow"].clone();
    graph["4"]["inputs"]["format.codec.encoding"] = "re-encode".into();
    let found = problems(&graph);
    assert_eq!(found.len(), 2, "crf and colour space come with re-encoding: {found:?}");
}
