//! Graphs that people exported.

use std::collections::BTreeMap;

use comfyui::template::{Choice, Files, Shelf, Values, read_graph, recognise};
use serde_json::{Value, json};

fn recorded(name: &str) -> Value {
    let path = format!("{}/../comfy-sim/recordings/70_graphs.json", env!("CARGO_MANIFEST_DIR"));
    let all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    all[name]["workflow"].clone()
}

fn shelf_with(graph: &Value, manifest: &str) -> Shelf {
    let files = Files::from([("own.json".to_owned(), graph.to_string()), ("own.manifest.yaml".to_owned(), manifest.to_owned())]);
    Shelf::with(&files).unwrap_or_else(|errors| panic!("{errors}\n{manifest}"))
}

#[test]
fn slots_of_graphs_that_ran_are_found() {
    let names = [
        "txt2img",
        "lora",
        "img2img",
        "inpaint_noise_mask",
        "inpaint_model_cond",
        "controlnet_canny",
        "hires_fix",
        "vae_decode_tiled",
        "sampler_custom_advanced",
        "txt2img_batch_to_video",
        "regional_mask",
    ];
    let mut told = String::new();
    for name in names {
        let graph = recorded(name);
        let recognised = recognise(name, &read_graph("own.json", &graph.to_string()).unwrap(), &BTreeMap::new(), None).unwrap();
        told.push_str(&format!("{name}:\n{}", recognised.manifest));
        for question in &recognised.questions {
            told.push_str(&format!("? {} is one of {}\n", question.slot, question.candidates.join(", ")));
        }
        shelf_with(&graph, &recognised.manifest);
    }
    insta::assert_snapshot!(told);
}

#[test]
fn an_own_graph_is_filled_and_keeps_what_nobody_sets() {
    let graph = recorded("txt2img");
    let manifest = recognise("Mine", &read_graph("own.json", &graph.to_string()).unwrap(), &BTreeMap::new(), None).unwrap().manifest;
    let shelf = shelf_with(&graph, &manifest);
    let template = shelf.get("own").unwrap();
    let values = Values::new().with("prompt", "a fox").with("seed", u64::MAX - 1).with("size", json!({"width": 256, "height": 128}));
    let filled = template.fill(&values, &Choice::default()).unwrap();
    let mut expected = read_graph("own.json", &graph.to_string()).unwrap();
    let found = |class: &str| graph.as_object().unwrap().iter().find(|(_, node)| node["class_type"] == class).unwrap().0.clone();
    let sampler = expected.get_mut(&found("KSampler").into()).unwrap();
    sampler.inputs.insert("seed".to_owned(), (u64::MAX - 1).into());
    let text = sampler.inputs["positive"].link().unwrap().node.clone();
    expected.get_mut(&text).unwrap().inputs.insert("text".to_owned(), "a fox".into());
    let canvas = expected.get_mut(&found("EmptyLatentImage").into()).unwrap();
    canvas.inputs.insert("width".to_owned(), 256_u64.into());
    canvas.inputs.insert("height".to_owned(), 128_u64.into());
    assert_eq!(filled.graph, expected);
    assert_eq!(template.fill(&Values::new(), &Choice::default()).unwrap_err().0.len(), 2, "prompt and seed have to be given");
}

#[test]
fn a_branch_that_is_not_given_is_bypassed() {
    let graph = recorded("lora");
    let lora = graph.as_object().unwrap().iter().find(|(_, node)| node["class_type"] == "LoraLoader").unwrap().0;
    let loader = graph.as_object().unwrap().iter().find(|(_, node)| node["class_type"] == "CheckpointLoaderSimple").unwrap().0;
    let save = graph.as_object().unwrap().iter().find(|(_, node)| node["class_type"] == "SaveImage").unwrap().0;
    let manifest = format!(
        "format: 1\ntitle: T\nslots:\n  lora: {{ type: model, kind: lora, into: [\"{lora}.lora_name\"] }}\nbranches:\n  lora: {{ when: lora, nodes: [\"{lora}\"], instead: {{ \"{lora}.0\": \"{loader}.0\", \"{lora}.1\": \"{loader}.1\" }} }}\noutputs: [{{ node: \"{save}\", media: picture }}]\n"
    );
    let shelf = shelf_with(&graph, &manifest);
    let template = shelf.get("own").unwrap();
    let without = template.fill(&Values::new(), &Choice::default()).unwrap().graph;
    let with = template.fill(&Values::new().with("lora", "mei.safetensors"), &Choice::default()).unwrap().graph;
    assert_eq!((without.len() + 1, with.len()), (with.len(), graph.as_object().unwrap().len()));
    assert!(comfyui::check(&without, &super::info()).iter().all(|problem| problem.to_string().contains("is not one of the")));
}

#[test]
fn what_is_ambiguous_is_asked_for_and_can_be_told() {
    let graph = read_graph("own.json", &recorded("regional_mask").to_string()).unwrap();
    let asked = recognise("T", &graph, &BTreeMap::new(), None).unwrap();
    assert_eq!(asked.questions.len(), 1, "two texts lead to one positive: {:?}", asked.questions);
    assert_eq!(asked.questions[0].slot, "prompt");
    let place = asked.questions[0].candidates[0].split(' ').next().unwrap().to_owned();
    let told = BTreeMap::from([("prompt".to_owned(), comfyui::template::Place::try_from(place).unwrap())]);
    assert!(recognise("T", &graph, &told, None).unwrap().questions.is_empty());
    let wrong = BTreeMap::from([("prompt".to_owned(), comfyui::template::Place::try_from("99.text".to_owned()).unwrap())]);
    assert!(recognise("T", &graph, &wrong, None).unwrap_err().to_string().contains("there is no input 99.text"));
}
