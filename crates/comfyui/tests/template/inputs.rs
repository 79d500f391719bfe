//! That parts set inputs that their node classes have, and no others: servers pass over what they do not know.
//!
//! What was found by running templates on a real server is held here.

use std::collections::BTreeSet;

use comfyui::template::Choice;
use serde_json::json;

use super::{info, least, most, shelf};

/// What the node classes of packs take, as a real server described them with ComfyUI-AnimateDiff-Evolved at d8d163c and
/// ComfyUI_IPAdapter_plus at 9d076a3.
const PACKS: [(&str, &[&str]); 6] = [
    ("ADE_ApplyAnimateDiffModelSimple", &["motion_model", "motion_lora", "scale_multival", "effect_multival", "ad_keyframes", "per_block"]),
    ("ADE_LoadAnimateDiffModel", &["model_name", "ad_settings"]),
    (
        "ADE_StandardUniformContextOptions",
        &[
            "context_length",
            "context_stride",
            "context_overlap",
            "fuse_method",
            "use_on_equal_length",
            "start_percent",
            "guarantee_steps",
            "prev_context",
            "view_opts",
        ],
    ),
    ("ADE_UseEvolvedSampling", &["model", "beta_schedule", "m_models", "context_options", "sample_settings"]),
    (
        "IPAdapterAdvanced",
        &[
            "model",
            "ipadapter",
            "image",
            "weight",
            "weight_type",
            "combine_embeds",
            "start_at",
            "end_at",
            "embeds_scaling",
            "image_negative",
            "attn_mask",
            "clip_vision",
        ],
    ),
    ("IPAdapterModelLoader", &["ipadapter_file"]),
];

#[test]
fn parts_set_no_input_that_their_node_class_does_not_have() {
    let (shelf, info) = (shelf(), info());
    let mut unknown = BTreeSet::new();
    for template in shelf.templates().filter(|template| !template.manifest.base) {
        for variant in std::iter::once(None).chain(template.manifest.variants.keys().cloned().map(Some)) {
            let choice = Choice { variant, ..Choice::default() };
            let filled = template.fill(&most(template), &choice).unwrap_or_else(|errors| panic!("{}: {errors}", template.name));
            for (_, node) in filled.graph.nodes() {
                let has = |input: &str| match PACKS.iter().find(|(class, _)| *class == node.class_type) {
                    Some((_, inputs)) => inputs.contains(&input),
                    None => info.class(&node.class_type).is_some_and(|class| class.input(input).is_some()),
                };
                unknown.extend(node.inputs.keys().filter(|input| !has(input)).map(|input| format!("{}: {input}", node.class_type)));
            }
        }
    }
    assert_eq!(unknown, BTreeSet::new());
}

#[test]
fn the_text_encoder_of_ltx_2_is_loaded_with_what_the_checkpoint_has_of_it() {
    let shelf = shelf();
    let template = shelf.get("ltx2").unwrap();
    let values = least(template).with("checkpoint", "ltx-2.safetensors").with("text_encoder", "gemma-3-12b.safetensors");
    let filled = template.fill(&values, &Choice::default()).unwrap();
    let (_, load) = filled.graph.nodes().find(|(_, node)| node.class_type == "LTXAVTextEncoderLoader").unwrap();
    assert_eq!(json!(load.inputs["ckpt_name"]), json!("ltx-2.safetensors"));
    assert_eq!(json!(load.inputs["text_encoder"]), json!("gemma-3-12b.safetensors"));
    assert!(filled.graph.nodes().all(|(_, node)| node.class_type != "CLIPLoader"));
}
