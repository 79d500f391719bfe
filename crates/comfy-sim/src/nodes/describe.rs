//! The classes' entries of `/object_info`: names, types and bounds as servers give them.

mod films;

pub(crate) use films::FILES;
use films::files_of;
pub(super) use films::*;
use serde_json::{Map, Value, json};

use crate::house::House;

const SAMPLERS: [&str; 44] = [
    "euler",
    "euler_cfg_pp",
    "euler_ancestral",
    "euler_ancestral_cfg_pp",
    "heun",
    "heunpp2",
    "exp_heun_2_x0",
    "exp_heun_2_x0_sde",
    "dpm_2",
    "dpm_2_ancestral",
    "lms",
    "dpm_fast",
    "dpm_adaptive",
    "dpmpp_2s_ancestral",
    "dpmpp_2s_ancestral_cfg_pp",
    "dpmpp_sde",
    "dpmpp_sde_gpu",
    "dpmpp_2m",
    "dpmpp_2m_cfg_pp",
    "dpmpp_2m_sde",
    "dpmpp_2m_sde_gpu",
    "dpmpp_2m_sde_heun",
    "dpmpp_2m_sde_heun_gpu",
    "dpmpp_3m_sde",
    "dpmpp_3m_sde_gpu",
    "ddpm",
    "lcm",
    "ipndm",
    "ipndm_v",
    "deis",
    "res_multistep",
    "res_multistep_cfg_pp",
    "res_multistep_ancestral",
    "res_multistep_ancestral_cfg_pp",
    "gradient_estimation",
    "gradient_estimation_cfg_pp",
    "er_sde",
    "seeds_2",
    "seeds_3",
    "sa_solver",
    "sa_solver_pece",
    "ddim",
    "uni_pc",
    "uni_pc_bh2",
];
const SCHEDULERS: [&str; 9] =
    ["simple", "sgm_uniform", "karras", "exponential", "ddim_uniform", "beta", "normal", "linear_quadratic", "kl_optimal"];
const SCALING: [&str; 5] = ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"];

type Input<'a> = (&'a str, Value);

fn entry(name: &str, category: &str, required: &[Input<'_>], optional: &[Input<'_>], outputs: &[&str], ends: bool) -> Value {
    let group = |inputs: &[Input<'_>]| inputs.iter().map(|(name, spec)| ((*name).to_owned(), spec.clone())).collect::<Map<_, _>>();
    let order = |inputs: &[Input<'_>]| Value::from_iter(inputs.iter().map(|(name, _)| *name));
    let (mut inputs, mut orders) = (Map::new(), Map::new());
    inputs.insert("required".to_owned(), group(required).into());
    orders.insert("required".to_owned(), order(required));
    if !optional.is_empty() {
        inputs.insert("optional".to_owned(), group(optional).into());
        orders.insert("optional".to_owned(), order(optional));
    }
    json!({
        "input": inputs, "input_order": orders, "is_input_list": false,
        "output": outputs, "output_is_list": vec![false; outputs.len()], "output_name": outputs,
        "name": name, "display_name": name, "description": "", "python_module": "nodes", "category": category,
        "output_node": ends, "has_intermediate_output": false, "search_aliases": [],
    })
}

fn int(default: u64, min: u64, max: u64) -> Value {
    json!(["INT", {"default": default, "min": min, "max": max}])
}

fn float(default: f64, min: f64, max: f64, step: f64) -> Value {
    json!(["FLOAT", {"default": default, "min": min, "max": max, "step": step}])
}

fn socket(types: &str) -> Value {
    json!([types, {}])
}

fn choice<T: AsRef<str>>(options: &[T]) -> Value {
    json!([options.iter().map(AsRef::as_ref).collect::<Vec<_>>(), {}])
}

fn side(default: u64) -> Value {
    int(default, 1, 16_384)
}

fn prefix() -> Value {
    json!(["STRING", {"default": "ComfyUI"}])
}

pub(super) fn empty_image(_: &House) -> Value {
    let color = json!(["INT", {"default": 0, "min": 0, "max": 0xff_ff_ff, "step": 1, "display": "color"}]);
    let inputs = [("width", side(512)), ("height", side(512)), ("batch_size", int(1, 1, 4096)), ("color", color)];
    entry("EmptyImage", "image", &inputs, &[], &["IMAGE"], false)
}

pub(super) fn load_image(house: &House) -> Value {
    let image = json!([house.folders.inputs(), {"image_upload": true}]);
    entry("LoadImage", "image", &[("image", image)], &[], &["IMAGE", "MASK"], false)
}

pub(super) fn image_scale(_: &House) -> Value {
    let inputs = [
        ("image", socket("IMAGE")),
        ("upscale_method", choice(&SCALING)),
        ("width", int(512, 0, 16_384)),
        ("height", int(512, 0, 16_384)),
        ("crop", choice(&["disabled", "center"])),
    ];
    entry("ImageScale", "image/upscaling", &inputs, &[], &["IMAGE"], false)
}

pub(super) fn image_scale_by(_: &House) -> Value {
    let inputs = [("image", socket("IMAGE")), ("upscale_method", choice(&SCALING)), ("scale_by", float(1.0, 0.01, 8.0, 0.01))];
    entry("ImageScaleBy", "image/upscaling", &inputs, &[], &["IMAGE"], false)
}

pub(super) fn image_invert(_: &House) -> Value {
    entry("ImageInvert", "image", &[("image", socket("IMAGE"))], &[], &["IMAGE"], false)
}

pub(super) fn image_blur(_: &House) -> Value {
    let inputs = [("image", socket("IMAGE")), ("blur_radius", int(1, 1, 31)), ("sigma", float(1.0, 0.1, 10.0, 0.1))];
    entry("ImageBlur", "image/postprocessing", &inputs, &[], &["IMAGE"], false)
}

pub(super) fn image_crop(_: &House) -> Value {
    let inputs =
        [("image", socket("IMAGE")), ("width", side(512)), ("height", side(512)), ("x", int(0, 0, 16_384)), ("y", int(0, 0, 16_384))];
    entry("ImageCrop", "image/transform", &inputs, &[], &["IMAGE"], false)
}

pub(super) fn image_composite_masked(_: &House) -> Value {
    let inputs = [
        ("destination", socket("IMAGE")),
        ("source", socket("IMAGE")),
        ("x", int(0, 0, 16_384)),
        ("y", int(0, 0, 16_384)),
        ("resize_source", json!(["BOOLEAN", {"default": false}])),
    ];
    entry("ImageCompositeMasked", "image/compositing", &inputs, &[("mask", socket("MASK"))], &["IMAGE"], false)
}

pub(super) fn batch_images(_: &House) -> Value {
    let template = json!({"input": {"required": {"image": ["IMAGE", {}]}}, "prefix": "image", "min": 1, "max": 50});
    let images = json!(["COMFY_AUTOGROW_V3", {"template": template}]);
    entry("BatchImagesNode", "image/batch", &[("images", images)], &[], &["IMAGE"], false)
}

pub(super) fn repeat_image_batch(_: &House) -> Value {
    entry("RepeatImageBatch", "image/batch", &[("image", socket("IMAGE")), ("amount", int(1, 1, 4096))], &[], &["IMAGE"], false)
}

pub(super) fn image_from_batch(_: &House) -> Value {
    let inputs = [("image", socket("IMAGE")), ("batch_index", int(0, 0, 16_384)), ("length", int(1, 1, 4096))];
    entry("ImageFromBatch", "image/batch", &inputs, &[], &["IMAGE"], false)
}

pub(super) fn solid_mask(_: &House) -> Value {
    let inputs = [("value", float(1.0, 0.0, 1.0, 0.01)), ("width", side(512)), ("height", side(512))];
    entry("SolidMask", "mask", &inputs, &[], &["MASK"], false)
}

pub(super) fn invert_mask(_: &House) -> Value {
    entry("InvertMask", "mask", &[("mask", socket("MASK"))], &[], &["MASK"], false)
}

pub(super) fn mask_to_image(_: &House) -> Value {
    entry("MaskToImage", "mask", &[("mask", socket("MASK"))], &[], &["IMAGE"], false)
}

pub(super) fn load_image_mask(house: &House) -> Value {
    let image = json!([house.folders.inputs(), {"image_upload": true}]);
    let inputs = [("image", image), ("channel", choice(&["alpha", "red", "green", "blue"]))];
    entry("LoadImageMask", "mask", &inputs, &[], &["MASK"], false)
}

pub(super) fn set_latent_noise_mask(_: &House) -> Value {
    entry("SetLatentNoiseMask", "latent/inpaint", &[("samples", socket("LATENT")), ("mask", socket("MASK"))], &[], &["LATENT"], false)
}

pub(super) fn differential_diffusion(_: &House) -> Value {
    let inputs = [("model", socket("MODEL"))];
    entry("DifferentialDiffusion", "_for_testing", &inputs, &[("strength", float(1.0, 0.0, 1.0, 0.01))], &["MODEL"], false)
}

pub(super) fn image_to_mask(_: &House) -> Value {
    let inputs = [("image", socket("IMAGE")), ("channel", choice(&["red", "green", "blue", "alpha"]))];
    entry("ImageToMask", "mask", &inputs, &[], &["MASK"], false)
}

pub(super) fn save_image(_: &House) -> Value {
    entry("SaveImage", "image", &[("images", socket("IMAGE")), ("filename_prefix", prefix())], &[], &["IMAGE"], true)
}

pub(super) fn save_image_advanced(_: &House) -> Value {
    let png = json!({"key": "png", "inputs": {"required": {
        "bit_depth": ["COMBO", {"default": "8-bit", "options": ["8-bit", "16-bit"]}],
        "input_color_space": ["COMBO", {"default": "sRGB", "options": ["sRGB"]}],
    }}});
    let format = json!(["COMFY_DYNAMICCOMBO_V3", {"options": [png]}]);
    let inputs = [("images", socket("IMAGE")), ("filename_prefix", prefix()), ("format", format)];
    entry("SaveImageAdvanced", "image", &inputs, &[], &["IMAGE"], true)
}

pub(super) fn preview_image(_: &House) -> Value {
    entry("PreviewImage", "image", &[("images", socket("IMAGE"))], &[], &["IMAGE"], true)
}

pub(super) fn save_image_websocket(_: &House) -> Value {
    entry("SaveImageWebsocket", "image", &[("images", socket("IMAGE"))], &[], &[], true)
}

pub(super) fn checkpoint_loader(house: &House) -> Value {
    let inputs = [("ckpt_name", choice(&house.options.checkpoints))];
    entry("CheckpointLoaderSimple", "loaders", &inputs, &[], &["MODEL", "CLIP", "VAE"], false)
}

pub(super) fn lora_loader(house: &House) -> Value {
    let inputs = [
        ("model", socket("MODEL")),
        ("clip", socket("CLIP")),
        ("lora_name", choice(&house.options.loras)),
        ("strength_model", float(1.0, -100.0, 100.0, 0.01)),
        ("strength_clip", float(1.0, -100.0, 100.0, 0.01)),
    ];
    entry("LoraLoader", "loaders", &inputs, &[], &["MODEL", "CLIP"], false)
}

pub(super) fn clip_text_encode(_: &House) -> Value {
    let inputs = [("text", json!(["STRING", {"multiline": true, "dynamicPrompts": true}])), ("clip", socket("CLIP"))];
    entry("CLIPTextEncode", "conditioning", &inputs, &[], &["CONDITIONING"], false)
}

pub(super) fn clip_vision_loader(_: &House) -> Value {
    entry("CLIPVisionLoader", "loaders", &[("clip_name", choice(&files_of("clip_vision")))], &[], &["CLIP_VISION"], false)
}

pub(super) fn clip_vision_encode(_: &House) -> Value {
    let inputs = [("clip_vision", socket("CLIP_VISION")), ("image", socket("IMAGE")), ("crop", choice(&["center", "none"]))];
    entry("CLIPVisionEncode", "conditioning", &inputs, &[], &["CLIP_VISION_OUTPUT"], false)
}

pub(super) fn unclip_conditioning(_: &House) -> Value {
    let inputs = [
        ("conditioning", socket("CONDITIONING")),
        ("clip_vision_output", socket("CLIP_VISION_OUTPUT")),
        ("strength", float(1.0, -10.0, 10.0, 0.01)),
        ("noise_augmentation", float(0.0, 0.0, 1.0, 0.01)),
    ];
    entry("unCLIPConditioning", "conditioning", &inputs, &[], &["CONDITIONING"], false)
}

pub(super) fn empty_latent_image(_: &House) -> Value {
    let side = || json!(["INT", {"default": 512, "min": 16, "max": 16_384, "step": 8}]);
    let inputs = [("width", side()), ("height", side()), ("batch_size", int(1, 1, 4096))];
    entry("EmptyLatentImage", "latent", &inputs, &[], &["LATENT"], false)
}

pub(super) fn vae_encode(_: &House) -> Value {
    entry("VAEEncode", "latent", &[("pixels", socket("IMAGE")), ("vae", socket("VAE"))], &[], &["LATENT"], false)
}

pub(super) fn vae_decode(_: &House) -> Value {
    entry("VAEDecode", "latent", &[("samples", socket("LATENT")), ("vae", socket("VAE"))], &[], &["IMAGE"], false)
}

pub(super) fn vae_decode_tiled(_: &House) -> Value {
    let inputs = [
        ("samples", socket("LATENT")),
        ("vae", socket("VAE")),
        ("tile_size", int(512, 64, 4096)),
        ("overlap", int(64, 0, 4096)),
        ("temporal_size", int(64, 8, 4096)),
        ("temporal_overlap", int(8, 4, 4096)),
    ];
    entry("VAEDecodeTiled", "latent", &inputs, &[], &["IMAGE"], false)
}

pub(super) fn k_sampler(_: &House) -> Value {
    let inputs = [
        ("model", socket("MODEL")),
        ("seed", int(0, 0, u64::MAX)),
        ("steps", int(20, 1, 10_000)),
        ("cfg", float(8.0, 0.0, 100.0, 0.1)),
        ("sampler_name", choice(&SAMPLERS)),
        ("scheduler", choice(&SCHEDULERS)),
        ("positive", socket("CONDITIONING")),
        ("negative", socket("CONDITIONING")),
        ("latent_image", socket("LATENT")),
        ("denoise", float(1.0, 0.0, 1.0, 0.01)),
    ];
    entry("KSampler", "sampling", &inputs, &[], &["LATENT"], false)
}

pub(super) fn stand_in_sampler(_: &House) -> Value {
    let inputs = [
        ("seed", int(0, 0, u64::MAX)),
        ("prompt", json!(["STRING", {"multiline": true}])),
        ("width", side(512)),
        ("height", side(512)),
        ("batch_size", int(1, 1, 64)),
        ("steps", int(4, 1, 10_000)),
        ("drift", float(0.0, 0.0, 1.0, 0.01)),
    ];
    entry("StandInSampler", "sampling", &inputs, &[("image", socket("IMAGE"))], &["IMAGE"], false)
}
