//! What a node is and has, by asking it.

use std::collections::BTreeSet;

use comfyui::{Error, Server};
use farm::Capabilities;

/// Folders of model files that graphs name, as servers call them.
const FOLDERS: [&str; 15] = [
    "checkpoints",
    "loras",
    "vae",
    "text_encoders",
    "diffusion_models",
    "controlnet",
    "clip_vision",
    "ipadapter",
    "style_models",
    "upscale_models",
    "embeddings",
    "hypernetworks",
    "gligen",
    "model_patches",
    "animatediff_models",
];

/// Asks a server what it is and has: three requests and one for each folder of models.
///
/// # Errors
/// When the server does not answer, or not in its own way.
pub async fn describe(server: &Server) -> Result<Capabilities, Error> {
    let stats = server.system_stats().await?;
    let classes: BTreeSet<String> = server.object_info().await?.classes.into_keys().collect();
    let mut models = BTreeSet::new();
    for folder in FOLDERS {
        let names = server.models(folder).await?.unwrap_or_default();
        models.extend(names.into_iter().map(|name| format!("{folder}/{}", name.replace('\\', "/"))));
    }
    let device = stats.devices.first();
    Ok(Capabilities {
        engine: "comfyui".to_owned(),
        version: stats.system.comfyui_version,
        device: device.map(|device| device.name.clone()).unwrap_or_default(),
        classes,
        models,
        vram: device.map_or(0, |device| device.vram_total),
    })
}
