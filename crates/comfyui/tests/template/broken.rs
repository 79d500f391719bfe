use comfyui::template::{Files, Shelf};

fn problems(files: &[(&str, &str)]) -> String {
    let files: Files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Shelf::with(&files).unwrap_err().to_string()
}

const GRAPH: &str = r#"{"3": {"class_type": "KSampler", "inputs": {"seed": 1, "model": ["4", 0]}}, "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a"}}}"#;

#[test]
fn a_slot_into_nothing_names_file_node_and_what_there_is() {
    let manifest = "format: 1\ntitle: T\nslots:\n  seed: { type: seed, into: [3.sead] }\n  steps: { type: whole, into: [33.steps] }\n";
    insta::assert_snapshot!(problems(&[("own.json", GRAPH), ("own.manifest.yaml", manifest)]));
}

#[test]
fn unknown_fields_and_types_are_told_with_their_line() {
    let cases = [
        "format: 1\ntitle: T\nslotz: {}\n",
        "format: 1\ntitle: T\nslots:\n  seed: { type: sed, into: [3.seed] }\n",
        "format: 2\ntitle: T\n",
        "format: 1\ntitle: T\nfamily: sdxll\n",
        "format: 1\ntitle: T\nextends: sdxl-ilustrious\n",
        "format: 1\ntitle: T\nparts:\n  - part: checkpiont\n",
        "format: 1\ntitle: T\nparts:\n  - part: sample\n",
        "format: 1\ntitle: T\nextends: sdxl\ndefaults: { stpes: { value: 3, source: me } }\n",
        "format: 1\ntitle: T\nextends: sdxl\ndefaults: { steps: { value: many, source: me } }\n",
        "format: 1\ntitle: T\nslots: {}\noutputs: [{ node: \"9\", media: picture }]\n",
        "format: 1\ntitle: T\ntitle: U\n",
        "format: 1\ntitle: T\nslots:\n  m: { type: seed, into: [3.model] }\n",
        "format: 1\ntitle: T\nbranches: { b: { when: nothing, nodes: [\"4\"] } }\n",
    ];
    let told: Vec<String> = cases.iter().map(|manifest| problems(&[("own.json", GRAPH), ("own.manifest.yaml", manifest)])).collect();
    insta::assert_snapshot!(told.join("\n---\n"));
}

#[test]
fn a_workflow_as_the_editor_keeps_it_is_refused_with_how_to_export_it() {
    let error = comfyui::template::read_graph("own.json", r#"{"nodes": [], "links": [], "version": 0.4}"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "own.json: it is a workflow as the editor keeps it, not one that a server runs: save it with `Export (API)` (older editors: `Save (API Format)`)"
    );
}
