//! What a server lacks for a template, from the classes of a real one.

use std::collections::BTreeMap;

use comfyui::registry::ModelKind;
use comfyui::template::{ServerFiles, Values};
use serde_json::json;

use super::{info, shelf};

fn files(models: &[(ModelKind, &[&str])]) -> ServerFiles {
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let mut info = info();
    // A server lists its files as the options of the nodes that load them.
    for (kind, names) in models {
        for class in info.classes.values_mut() {
            for input in &mut class.inputs {
                let loads = match kind {
                    ModelKind::Checkpoint => input.name == "ckpt_name",
                    ModelKind::Lora => input.name == "lora_name",
                    ModelKind::ControlNet => input.name == "control_net_name",
                    _ => false,
                };
                if let (true, comfyui::object_info::InputKind::Combo { options, .. }) = (loads, &mut input.kind) {
                    *options = names.iter().map(|name| json!(name)).collect();
                }
            }
        }
    }
    let mut all: BTreeMap<ModelKind, Vec<String>> = models.iter().map(|(kind, names)| (*kind, named(names))).collect();
    for kind in
        [ModelKind::Checkpoint, ModelKind::Lora, ModelKind::ControlNet, ModelKind::Vae, ModelKind::ClipVision, ModelKind::UpscaleModel]
    {
        all.entry(kind).or_default();
    }
    ServerFiles { info, models: all }
}

#[test]
fn everything_that_is_missing_is_listed_with_what_there_is() {
    let shelf = shelf();
    let files = files(&[
        (ModelKind::Checkpoint, &["sd/anything-v5.safetensors", "illustriousXL_v01.safetensors"]),
        (ModelKind::Lora, &["mei_v2.safetensors"]),
    ]);
    let told = |name: &str, values: &Values| {
        let readiness = shelf.get(name).unwrap().readiness(values, None, &files, &shelf).unwrap();
        let lines = |missing: &[comfyui::template::Missing]| missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  ");
        format!("{name}\n  {}\n optional\n  {}", lines(&readiness.missing), lines(&readiness.optional))
    };
    let values =
        Values::new().with("checkpoint", "illustriousXL_v1.safetensors").with("sampler", "euler_a").with("loras.0.file", "mei.safetensors");
    let all = [
        told("sdxl-illustrious", &values),
        told("animatediff", &Values::new().with("checkpoint", "sd/anything-v5.safetensors")),
        told("sd15-anime", &Values::new()),
        told("wan22-i2v", &Values::new()),
    ];
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn a_server_that_has_everything_is_ready() {
    let shelf = shelf();
    let files = files(&[(ModelKind::Checkpoint, &["a.safetensors"]), (ModelKind::ControlNet, &["openpose.safetensors"])]);
    let values =
        Values::new().with("checkpoint", "a.safetensors").with("pose", json!({"image": "pose.png", "model": "openpose.safetensors"}));
    let readiness = shelf.get("sdxl").unwrap().readiness(&values, None, &files, &shelf).unwrap();
    assert!(readiness.is_ready(), "{:?}", readiness.missing);
}
