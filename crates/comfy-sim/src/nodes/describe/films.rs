//! The classes that films are drawn with.

use serde_json::{Value, json};

use super::{Input, SAMPLERS, SCHEDULERS, choice, entry, float, int, socket};
use crate::house::House;

/// The model files that films are drawn with and pictures are seen with, by folder: names only, as all of this server's models are.
pub(crate) const FILES: [(&str, &[&str]); 4] = [
    ("clip_vision", &["standin_vision.safetensors"]),
    ("diffusion_models", &["standin_high.safetensors", "standin_low.safetensors", "standin_video.safetensors"]),
    ("text_encoders", &["standin_text.safetensors"]),
    ("vae", &["standin_vae.safetensors"]),
];

pub(super) fn files_of(folder: &str) -> Vec<&'static str> {
    FILES.iter().filter(|(name, _)| *name == folder).flat_map(|(_, files)| files.iter().copied()).collect()
}

pub(in crate::nodes) fn k_sampler_advanced(_: &House) -> Value {
    let inputs = [
        ("model", socket("MODEL")),
        ("add_noise", choice(&["enable", "disable"])),
        ("noise_seed", int(0, 0, u64::MAX)),
        ("steps", int(20, 1, 10_000)),
        ("cfg", float(8.0, 0.0, 100.0, 0.1)),
        ("sampler_name", choice(&SAMPLERS)),
        ("scheduler", choice(&SCHEDULERS)),
        ("positive", socket("CONDITIONING")),
        ("negative", socket("CONDITIONING")),
        ("latent_image", socket("LATENT")),
        ("start_at_step", int(0, 0, 10_000)),
        ("end_at_step", int(10_000, 0, 10_000)),
        ("return_with_leftover_noise", choice(&["disable", "enable"])),
    ];
    entry("KSamplerAdvanced", "sampling", &inputs, &[], &["LATENT"], false)
}

pub(in crate::nodes) fn unet_loader(_: &House) -> Value {
    let inputs = [
        ("unet_name", choice(&files_of("diffusion_models"))),
        ("weight_dtype", choice(&["default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2"])),
    ];
    entry("UNETLoader", "advanced/loaders", &inputs, &[], &["MODEL"], false)
}

pub(in crate::nodes) fn clip_loader(_: &House) -> Value {
    let inputs = [("clip_name", choice(&files_of("text_encoders"))), ("type", choice(&["stable_diffusion", "wan", "ltxv", "qwen_image"]))];
    entry("CLIPLoader", "advanced/loaders", &inputs, &[("device", choice(&["default", "cpu"]))], &["CLIP"], false)
}

pub(in crate::nodes) fn vae_loader(_: &House) -> Value {
    entry("VAELoader", "loaders", &[("vae_name", choice(&files_of("vae")))], &[], &["VAE"], false)
}

pub(in crate::nodes) fn lora_loader_model_only(house: &House) -> Value {
    let inputs =
        [("model", socket("MODEL")), ("lora_name", choice(&house.options.loras)), ("strength_model", float(1.0, -100.0, 100.0, 0.01))];
    entry("LoraLoaderModelOnly", "loaders", &inputs, &[], &["MODEL"], false)
}

pub(in crate::nodes) fn model_sampling_sd3(_: &House) -> Value {
    let inputs = [("model", socket("MODEL")), ("shift", float(3.0, 0.0, 100.0, 0.01))];
    entry("ModelSamplingSD3", "advanced/model", &inputs, &[], &["MODEL"], false)
}

/// Width, height and frames of a film, as Wan's nodes take them.
fn film_size(multiple: u64) -> [Input<'static>; 4] {
    let side = |default: u64| json!(["INT", {"default": default, "min": multiple, "max": 16_384, "step": multiple}]);
    let length = json!(["INT", {"default": 81, "min": 1, "max": 16_384, "step": 4}]);
    [("width", side(832)), ("height", side(480)), ("length", length), ("batch_size", int(1, 1, 4096))]
}

fn wan(name: &str, optional: &[Input<'_>]) -> Value {
    let sockets = [("positive", socket("CONDITIONING")), ("negative", socket("CONDITIONING")), ("vae", socket("VAE"))];
    let inputs: Vec<Input<'_>> = sockets.into_iter().chain(film_size(16)).collect();
    entry(name, "conditioning/video_models", &inputs, optional, &["CONDITIONING", "CONDITIONING", "LATENT"], false)
}

pub(in crate::nodes) fn wan_image_to_video(_: &House) -> Value {
    let vision = ("clip_vision_output", socket("CLIP_VISION_OUTPUT"));
    wan("WanImageToVideo", &[vision, ("start_image", socket("IMAGE"))])
}

pub(in crate::nodes) fn wan_first_last_frame_to_video(_: &House) -> Value {
    let vision = |name| (name, socket("CLIP_VISION_OUTPUT"));
    let images = [("start_image", socket("IMAGE")), ("end_image", socket("IMAGE"))];
    let optional: Vec<Input<'_>> = [vision("clip_vision_start_image"), vision("clip_vision_end_image")].into_iter().chain(images).collect();
    wan("WanFirstLastFrameToVideo", &optional)
}

pub(in crate::nodes) fn wan22_image_to_video_latent(_: &House) -> Value {
    let inputs: Vec<Input<'_>> = std::iter::once(("vae", socket("VAE"))).chain(film_size(32)).collect();
    let optional = [("start_image", socket("IMAGE"))];
    entry("Wan22ImageToVideoLatent", "conditioning/inpaint", &inputs, &optional, &["LATENT"], false)
}

pub(in crate::nodes) fn empty_ltxv_latent_video(_: &House) -> Value {
    let [width, height, _, batch] = film_size(32);
    let length = ("length", json!(["INT", {"default": 97, "min": 1, "max": 16_384, "step": 8}]));
    entry("EmptyLTXVLatentVideo", "latent/video/ltxv", &[width, height, length, batch], &[], &["LATENT"], false)
}

pub(in crate::nodes) fn ltxv_conditioning(_: &House) -> Value {
    let inputs =
        [("positive", socket("CONDITIONING")), ("negative", socket("CONDITIONING")), ("frame_rate", float(25.0, 0.0, 1000.0, 0.01))];
    entry("LTXVConditioning", "conditioning/video_models", &inputs, &[], &["CONDITIONING", "CONDITIONING"], false)
}

pub(in crate::nodes) fn ltxv_preprocess(_: &House) -> Value {
    entry("LTXVPreprocess", "image", &[("image", socket("IMAGE")), ("img_compression", int(35, 0, 100))], &[], &["IMAGE"], false)
}

pub(in crate::nodes) fn ltxv_img_to_video_inplace(_: &House) -> Value {
    let inputs = [
        ("vae", socket("VAE")),
        ("image", socket("IMAGE")),
        ("latent", socket("LATENT")),
        ("strength", float(1.0, 0.0, 1.0, 0.01)),
        ("bypass", json!(["BOOLEAN", {"default": false}])),
    ];
    entry("LTXVImgToVideoInplace", "conditioning/video_models", &inputs, &[], &["LATENT"], false)
}

pub(in crate::nodes) fn ltxv_scheduler(_: &House) -> Value {
    let inputs = [
        ("steps", int(20, 1, 10_000)),
        ("max_shift", float(2.05, 0.0, 100.0, 0.01)),
        ("base_shift", float(0.95, 0.0, 100.0, 0.01)),
        ("stretch", json!(["BOOLEAN", {"default": true}])),
        ("terminal", float(0.1, 0.0, 0.99, 0.01)),
    ];
    entry("LTXVScheduler", "sampling/custom_sampling/schedulers", &inputs, &[("latent", socket("LATENT"))], &["SIGMAS"], false)
}

pub(in crate::nodes) fn k_sampler_select(_: &House) -> Value {
    entry("KSamplerSelect", "sampling/custom_sampling/samplers", &[("sampler_name", choice(&SAMPLERS))], &[], &["SAMPLER"], false)
}

pub(in crate::nodes) fn sampler_custom(_: &House) -> Value {
    let inputs = [
        ("model", socket("MODEL")),
        ("add_noise", json!(["BOOLEAN", {"default": true}])),
        ("noise_seed", int(0, 0, u64::MAX)),
        ("cfg", float(8.0, 0.0, 100.0, 0.1)),
        ("positive", socket("CONDITIONING")),
        ("negative", socket("CONDITIONING")),
        ("sampler", socket("SAMPLER")),
        ("sigmas", socket("SIGMAS")),
        ("latent_image", socket("LATENT")),
    ];
    entry("SamplerCustom", "sampling/custom_sampling", &inputs, &[], &["LATENT", "LATENT"], false)
}

pub(in crate::nodes) fn create_video(_: &House) -> Value {
    let inputs = [("images", socket("IMAGE")), ("fps", float(30.0, 1.0, 120.0, 1.0))];
    entry("CreateVideo", "image/video", &inputs, &[("audio", socket("AUDIO"))], &["VIDEO"], false)
}

pub(in crate::nodes) fn save_video(_: &House) -> Value {
    let prefix = json!(["STRING", {"default": "video/ComfyUI"}]);
    let codec = json!({"required": {}, "optional": {"codec": ["COMBO", {"default": "auto", "options": ["auto", "h264"]}]}});
    let plain = json!({"required": {}});
    let dynamic = |keys: [&str; 2], inputs: &Value| {
        let options: Vec<Value> = keys.iter().map(|key| json!({"key": key, "inputs": inputs})).collect();
        json!(["COMFY_DYNAMICCOMBO_V3", {"options": options}])
    };
    let inputs = [("video", socket("VIDEO")), ("filename_prefix", prefix), ("format", dynamic(["auto", "mp4"], &codec))];
    entry("SaveVideo", "image/video", &inputs, &[("codec", dynamic(["auto", "h264"], &plain))], &[], true)
}
