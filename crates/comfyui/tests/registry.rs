//! What model files are, by headers like those of real ones: names and shapes of their tensors as their makers have them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use comfyui::registry::{Fit, Header, Identified, ModelKind, find, fits, hashes, identify, identify_metadata};
use serde_json::{Map, Value, json};

fn header(tensors: &[(&str, &[u64])], metadata: &[(&str, &str)]) -> Header {
    let mut fields = Map::new();
    for (name, shape) in tensors {
        fields.insert((*name).to_owned(), json!({"dtype": "F16", "shape": shape, "data_offsets": [0, 0]}));
    }
    let metadata: Map<String, Value> = metadata.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    fields.insert("__metadata__".to_owned(), metadata.into());
    Header::parse(Value::from(fields).to_string().as_bytes()).unwrap()
}

const SD15: (&str, &[u64]) = ("model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", &[320, 768]);
const SDXL: (&str, &[u64]) = ("model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight", &[640, 2048]);
const LORA_SDXL: (&str, &[u64]) = ("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_down.weight", &[16, 2048]);

fn files() -> Vec<(&'static str, Identified)> {
    let file = |name, tensors: &[(&str, &[u64])], metadata: &[(&str, &str)]| (name, identify(&header(tensors, metadata)));
    vec![
        file("sd15", &[SD15], &[]),
        file("sd2", &[("model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", &[320, 1024])], &[]),
        file("sdxl, silent", &[SDXL], &[]),
        file("illustrious", &[SDXL], &[("modelspec.title", "Illustrious-XL v1.1"), ("modelspec.license", "Fair AI Public License 1.0-SD")]),
        file("noobai eps", &[SDXL], &[("modelspec.title", "NoobAI-XL, from Illustrious")]),
        file("noobai v-pred", &[SDXL, ("v_pred", &[0]), ("ztsnr", &[0])], &[("modelspec.title", "NoobAI-XL V-Pred")]),
        file("pony", &[SDXL], &[("modelspec.title", "Pony Diffusion V6 XL")]),
        file("a liar", &[SD15], &[("modelspec.architecture", "stable-diffusion-xl-v1-base")]),
        file("flux dev", &[("double_blocks.0.img_attn.norm.key_norm.scale", &[128]), ("guidance_in.in_layer.weight", &[3072, 256])], &[]),
        file("qwen", &[("transformer_blocks.0.attn.add_q_proj.weight", &[3072, 3072]), ("txt_norm.weight", &[3584])], &[]),
        file("wan 14b i2v", &[("head.modulation", &[1, 2, 5120]), ("patch_embedding.weight", &[5120, 36, 1, 2, 2])], &[]),
        file("wan 5b", &[("head.modulation", &[1, 2, 3072]), ("patch_embedding.weight", &[3072, 48, 1, 2, 2])], &[]),
        file("ltx", &[("model.diffusion_model.adaln_single.emb.timestep_embedder.linear_1.bias", &[2048])], &[]),
        file(
            "lora sdxl of pony",
            &[LORA_SDXL],
            &[
                ("ss_base_model_version", "sdxl_base_v1-0"),
                ("ss_sd_model_name", "ponyDiffusionV6XL.safetensors"),
                ("ss_output_name", "mei"),
            ],
        ),
        file("lora sd15", &[("lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight", &[8, 768])], &[]),
        file("lora flux", &[("lora_unet_double_blocks_0_img_attn_proj.lora_down.weight", &[16, 3072])], &[]),
        file("lora wan", &[("diffusion_model.blocks.0.self_attn.q.lora_A.weight", &[32, 5120])], &[]),
        file("lora of anything", &[("lora_te_text_model_encoder_layers_0_mlp_fc1.lora_down.weight", &[8, 768])], &[]),
        file(
            "control net sd15",
            &[
                ("control_model.input_hint_block.0.weight", &[16, 3, 3, 3]),
                ("control_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", &[320, 768]),
            ],
            &[],
        ),
        file(
            "control net sdxl",
            &[
                ("controlnet_cond_embedding.conv_in.weight", &[16, 3, 3, 3]),
                ("down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight", &[640, 2048]),
            ],
            &[],
        ),
        file("vae of 4 channels", &[("decoder.conv_in.weight", &[512, 4, 3, 3])], &[]),
        file("vae flux", &[("decoder.conv_in.weight", &[512, 16, 3, 3])], &[]),
        file("vae wan", &[("decoder.middle.0.residual.0.gamma", &[384, 1, 1, 1])], &[]),
        file("clip l", &[("text_model.encoder.layers.0.mlp.fc1.weight", &[3072, 768])], &[]),
        file("t5", &[("encoder.block.0.layer.0.SelfAttention.q.weight", &[4096, 4096]), ("shared.weight", &[32128, 4096])], &[]),
        file("umt5", &[("encoder.block.0.layer.0.SelfAttention.q.weight", &[4096, 4096]), ("shared.weight", &[256_384, 4096])], &[]),
        file("qwen vl", &[("model.layers.0.self_attn.k_proj.bias", &[512])], &[]),
        file("nothing that we know", &[("some.weight", &[3])], &[]),
    ]
}

fn line(known: &Identified) -> String {
    let or = |value: Option<&str>| value.unwrap_or("?").to_owned();
    let mut text = format!(
        "{} {} {}",
        known.kind.map_or("?", ModelKind::word),
        known.architecture.map_or("?".to_owned(), |architecture| architecture.to_string()),
        or(known.family.as_deref())
    );
    for (name, value) in [("form", &known.form), ("title", &known.title), ("licence", &known.licence), ("unknown", &known.unknown)] {
        if let Some(value) = value {
            text.push_str(&format!("\n    {name}: {value}"));
        }
    }
    for evidence in &known.evidence {
        text.push_str(&format!("\n    by: {evidence}"));
    }
    text
}

#[test]
fn files_are_known_by_their_tensors_and_families_by_their_makers_words() {
    let told: Vec<String> = files().iter().map(|(name, known)| format!("{name}: {}", line(known))).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_fits_what_follows_from_builds_and_forms() {
    let files = files();
    let mut told = String::new();
    for model in ["sd15", "illustrious", "flux dev", "qwen", "wan 14b i2v"] {
        let (_, known) = files.iter().find(|(name, _)| *name == model).unwrap();
        told.push_str(&format!("{model}\n"));
        for (name, other) in
            files.iter().filter(|(_, other)| !matches!(other.kind, Some(ModelKind::Checkpoint | ModelKind::DiffusionModel)))
        {
            let word = match fits(known, other) {
                Fit::Fits => "fits".to_owned(),
                Fit::Doubtful(why) => format!("doubtful: {why}"),
                Fit::Not(why) => format!("no: {why}"),
                Fit::Unknown(why) => format!("unknown: {why}"),
            };
            told.push_str(&format!("  {name}: {word}\n"));
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_server_tells_what_makers_wrote_and_the_rest_is_unknown() {
    let written = std::collections::BTreeMap::from([
        ("ss_base_model_version".to_owned(), "sdxl_base_v1-0".to_owned()),
        ("ss_sd_model_name".to_owned(), "illustriousXL_v01.safetensors".to_owned()),
    ]);
    let known = identify_metadata(ModelKind::Lora, &written);
    assert_eq!(known.family.as_deref(), Some("sdxl-illustrious"));
    let silent = identify_metadata(ModelKind::Checkpoint, &std::collections::BTreeMap::new());
    assert_eq!((silent.architecture, silent.family.as_deref()), (None, None));
    assert!(silent.unknown.unwrap().contains("wrote nothing"));
}

#[test]
fn files_of_a_models_folder_are_found_and_hashed_and_broken_ones_are_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let loras = folder.path().join("loras/cast");
    std::fs::create_dir_all(&loras).unwrap();
    std::fs::create_dir_all(folder.path().join("checkpoints")).unwrap();
    let json = r#"{"lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_down.weight":{"dtype":"F16","shape":[16,2048],"data_offsets":[0,0]}}"#;
    std::fs::write(loras.join("mei.safetensors"), [&(json.len() as u64).to_le_bytes()[..], json.as_bytes()].concat()).unwrap();
    std::fs::write(folder.path().join("checkpoints/old.ckpt"), b"pickle").unwrap();
    std::fs::write(folder.path().join("checkpoints/cut.safetensors"), b"abc").unwrap();
    std::fs::write(folder.path().join("checkpoints/put_checkpoints_here"), b"").unwrap();
    let found = find(folder.path()).unwrap();
    let names: Vec<&str> = found.iter().map(|(_, file)| file.name.as_str()).collect();
    assert_eq!(names, ["cut.safetensors", "old.ckpt", "cast/mei.safetensors"]);
    assert!(found[..2].iter().all(|(_, file)| file.known.unknown.is_some()));
    assert_eq!(found[2].1.known.architecture.unwrap().word(), "sdxl");
    // The second is sha256sum's.
    let (ours, theirs) = hashes(&found[1].0, || true).unwrap();
    assert_eq!(ours, bible::Digest::of(b"pickle"));
    assert_eq!(theirs, "6d08a4e630e4aa0d5cd873e65aea0a23df42de61073ecb49ef17158fe6a9dcea");
}
