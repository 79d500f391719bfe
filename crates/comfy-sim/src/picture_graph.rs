//! A graph to be tried with.

use serde_json::{Value, json};

/// A graph of one picture in the API format, as the smallest workflow of a real server would have it: checkpoint, prompt,
/// sampler, VAE; node `9` saves the picture. The checkpoint is the one that servers have when nothing else is said.
#[must_use]
pub fn picture_graph(seed: u64, steps: u32, (width, height): (u32, u32)) -> Value {
    json!({
        "4": { "class_type": "CheckpointLoaderSimple", "inputs": { "ckpt_name": "standin.safetensors" } },
        "5": { "class_type": "EmptyLatentImage", "inputs": { "width": width, "height": height, "batch_size": 1 } },
        "6": { "class_type": "CLIPTextEncode", "inputs": { "clip": ["4", 1], "text": "1girl, lantern" } },
        "3": { "class_type": "KSampler", "inputs": {
            "model": ["4", 0], "positive": ["6", 0], "negative": ["6", 0], "latent_image": ["5", 0], "seed": seed, "steps": steps,
            "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
        } },
        "8": { "class_type": "VAEDecode", "inputs": { "samples": ["3", 0], "vae": ["4", 2] } },
        "9": { "class_type": "SaveImage", "inputs": { "images": ["8", 0], "filename_prefix": "picture" } },
    })
}
