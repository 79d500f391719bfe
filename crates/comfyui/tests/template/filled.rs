use std::collections::BTreeSet;

use comfyui::check;
use comfyui::template::{Choice, FillError, Makes, Origin, Values};
use serde_json::json;

use super::{info, least, most, shelf};

/// What is wrong with a filled graph for a real server, without the model files that it does not have and the nodes of
/// packs that are not core.
fn problems(graph: &comfyui::Graph) -> Vec<String> {
    let problems = check(graph, &info());
    let real = problems.iter().filter(|problem| match &problem.what {
        comfyui::Wrong::MissingClass { .. } => !["IPAdapter", "ADE_"].iter().any(|pack| problem.class.starts_with(pack)),
        comfyui::Wrong::NotListed { value, .. } => !value.ends_with(".safetensors"),
        _ => true,
    });
    real.map(ToString::to_string).collect()
}

#[test]
fn every_template_fills_with_the_least_and_with_the_most_and_fits_a_real_server() {
    let shelf = shelf();
    let mut seen = 0;
    for template in shelf.templates().filter(|template| !template.manifest.base) {
        let variants: Vec<Option<String>> = std::iter::once(None).chain(template.manifest.variants.keys().cloned().map(Some)).collect();
        let memory: Vec<Option<String>> = std::iter::once(None).chain(template.less_memory(None).iter().cloned().map(Some)).collect();
        for (variant, memory) in variants.into_iter().flat_map(|variant| memory.iter().map(move |memory| (variant.clone(), memory.clone())))
        {
            for values in [least(template), most(template)] {
                let choice = Choice { variant: variant.clone(), memory: memory.clone(), ..Choice::default() };
                let filled = template.fill(&values, &choice).unwrap_or_else(|errors| panic!("{}: {errors}", template.name));
                assert_eq!(problems(&filled.graph), Vec::<String>::new(), "{} {variant:?} {memory:?}", template.name);
                assert_eq!(filled.unused, Vec::<String>::new(), "{}", template.name);
                assert!(!filled.outputs.is_empty(), "{}", template.name);
                seen += 1;
            }
        }
    }
    assert!(seen >= 80, "{seen}");
}

#[test]
fn the_core_stand_in_for_references_fits_a_real_server() {
    let shelf = shelf();
    let template = shelf.get("sdxl-illustrious").unwrap();
    let choice = template.choose(&info());
    assert_eq!(choice.parts["references"], "revision", "a server without the pack takes core nodes");
    let values = least(template).with("references.0.image", "example.png").with("references.0.clip_vision", "g.safetensors");
    let filled = template.fill(&values.with("references.0.adapter", "a.safetensors"), &choice).unwrap();
    assert_eq!(problems(&filled.graph), Vec::<String>::new());
    assert_eq!(filled.unused, ["references.0.adapter"], "it is told that the adapter is of no use here");
}

#[test]
fn every_number_and_choice_that_is_set_has_a_source() {
    for template in shelf().templates().filter(|template| !template.manifest.base) {
        for (slot, setting) in template.fill(&most(template), &Choice::default()).unwrap().settings {
            if let Origin::Default(source) = &setting.origin {
                assert!(source.len() > 3, "{}: {slot} is {} by `{source}`", template.name, setting.value);
            }
        }
    }
}

#[test]
fn what_is_not_given_leaves_nothing_behind() {
    let shelf = shelf();
    let template = shelf.get("sdxl").unwrap();
    let filled = template.fill(&least(template), &Choice::default()).unwrap();
    let classes: BTreeSet<&str> = filled.graph.nodes().map(|(_, node)| node.class_type.as_str()).collect();
    let core = ["CLIPTextEncode", "CheckpointLoaderSimple", "EmptyLatentImage", "KSampler", "SaveImage", "VAEDecode"];
    assert_eq!(classes, BTreeSet::from(core));
    assert_eq!(filled.graph.len(), 7);
}

#[test]
fn a_graph_with_everything_reads_as_a_person_would_wire_it() {
    let shelf = shelf();
    let template = shelf.get("sdxl-noobai-vpred").unwrap();
    let values = Values::new()
        .with("checkpoint", "noobai.safetensors")
        .with("prompt", "2girls, lantern festival")
        .with("negative", "lowres")
        .with("seed", 18_446_744_073_709_551_614_u64)
        .with("loras", json!([{"file": "mei.safetensors", "strength": 0.8}, {"file": "rin.safetensors"}]))
        .with("regions", json!([{"prompt": "mei", "mask": "mei.png"}, {"prompt": "rin", "mask": "rin.png", "strength": 0.9}]))
        .with("pose", json!({"image": "pose.png", "model": "union.safetensors", "union": "openpose"}))
        .with("hires", json!({"scale": 1.5}))
        .with("details", json!([{"area": {"x": 300, "y": 100, "width": 256, "height": 256}, "prompt": "mei, face"}]));
    let filled = template.fill(&values, &Choice::default()).unwrap();
    assert_eq!(filled.outputs[0].size, Some((1248, 1824)));
    insta::assert_json_snapshot!(filled.graph);
}

#[test]
fn the_same_values_give_the_same_graph_and_another_seed_another() {
    let shelf = shelf();
    let template = shelf.get("flux").unwrap();
    let digest = |seed: u64| template.fill(&least(template).with("seed", seed), &Choice::default()).unwrap().digest().unwrap();
    assert_eq!(digest(1), digest(1));
    assert_ne!(digest(1), digest(2));
}

#[test]
fn a_variant_swaps_parts_and_defaults() {
    let shelf = shelf();
    let template = shelf.get("wan22-t2v").unwrap();
    let filled =
        |variant: &str| template.fill(&least(template), &Choice { variant: Some(variant.to_owned()), ..Choice::default() }).unwrap();
    let fast = filled("four-steps");
    assert_eq!((&fast.settings["steps"].value, &fast.settings["switch"].value), (&json!(4), &json!(2)));
    let small = filled("low-memory");
    assert_eq!(small.settings["weight_dtype"].value, json!("fp8_e4m3fn"));
    assert!(small.graph.nodes().any(|(_, node)| node.class_type == "VAEDecodeTiled"));
    let both = Choice { variant: Some("four-steps".to_owned()), memory: Some("low-memory".to_owned()), ..Choice::default() };
    let both = template.fill(&least(template), &both).unwrap();
    assert_eq!((&both.settings["steps"].value, &both.settings["weight_dtype"].value), (&json!(4), &json!("fp8_e4m3fn")));
    assert_eq!(template.less_memory(Some("four-steps")), ["low-memory"]);
    assert!(template.less_memory(Some("low-memory")).is_empty(), "there is nothing smaller");
    let error = template.fill(&least(template), &Choice { variant: Some("tiny".to_owned()), ..Choice::default() }).unwrap_err();
    assert_eq!(error.to_string(), "there is no variant `tiny`; there are four-steps, low-memory");
}

#[test]
fn references_are_plugged_in_by_number() {
    let shelf = shelf();
    let template = shelf.get("qwen-image-edit").unwrap();
    let values = least(template).with("references", json!([{"image": "a.png"}, {"image": "b.png"}]));
    let filled = template.fill(&values, &Choice::default()).unwrap();
    let positive = filled.graph.get(&"prompts-positive".into()).unwrap();
    assert!(positive.inputs.contains_key("image1") && positive.inputs.contains_key("image2") && !positive.inputs.contains_key("image3"));
    let four = json!([{"image": "a"}, {"image": "b"}, {"image": "c"}, {"image": "d"}]);
    let error = template.fill(&least(template).with("references", four), &Choice::default()).unwrap_err();
    assert_eq!(error.to_string(), "`references` takes 3 items at most, not 4");
}

#[test]
fn null_turns_a_default_off() {
    let shelf = shelf();
    let template = shelf.get("sd15-anime").unwrap();
    let classes = |values: &Values| {
        let filled = template.fill(values, &Choice::default()).unwrap();
        filled.graph.nodes().map(|(_, node)| node.class_type.clone()).collect::<BTreeSet<_>>()
    };
    assert!(classes(&least(template)).contains("CLIPSetLastLayer"));
    assert!(!classes(&least(template).with("clip_skip", json!(null))).contains("CLIPSetLastLayer"));
}

#[test]
fn everything_that_is_wrong_with_values_is_told_at_once() {
    let shelf = shelf();
    let template = shelf.get("sdxl-pony").unwrap();
    let values = Values::new()
        .with("promt", "1girl")
        .with("seed", -1)
        .with("size", json!({"width": 833, "height": 1216}))
        .with("loras", json!([{"file": "a.safetensors", "strenght": 1.0}]))
        .with("pose", json!({"image": "pose.png"}));
    let errors = template.fill(&values, &Choice::default()).unwrap_err();
    insta::assert_snapshot!(errors);
    assert!(errors.0.iter().any(|error| matches!(error, FillError::Missing { slot, .. } if slot == "pose.model")));
}

#[test]
fn every_kind_of_result_is_made_by_some_template() {
    let makes: BTreeSet<String> =
        shelf().templates().filter_map(|template| template.manifest.makes).map(|makes| format!("{makes:?}")).collect();
    assert_eq!(makes, BTreeSet::from([Makes::Picture, Makes::Rework, Makes::Film, Makes::Frames].map(|makes| format!("{makes:?}"))));
}
