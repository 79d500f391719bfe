//! Model files that a show pins by their hash, and what nodes have under their names.

use bible::Digest;
use bible::render::Render;
use farm::{ModelHash, Node};

use crate::{Show, Studio, StudioError};

/// A model file that a show pins, on a node that has one of its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedFile {
    /// The node.
    pub node: String,
    /// Where it is.
    pub url: String,
    /// The model's name: `checkpoints/anime.safetensors`.
    pub model: String,
    /// BLAKE3 that it has to have.
    pub pinned: Digest,
    /// What is known of it; none when nobody has read it yet.
    pub there: Option<ModelHash>,
}

/// The files that the settings pin, by the names that servers give them.
pub fn pins(settings: &Render) -> impl Iterator<Item = (String, Digest)> {
    let checkpoint = settings.checkpoint.iter().map(|file| ("checkpoints", file));
    let loras = settings.loras.iter().chain(settings.character_loras.values().flatten()).map(|file| ("loras", file));
    checkpoint.chain(loras).filter_map(|(folder, file)| Some((format!("{folder}/{}", file.file), file.blake3?)))
}

impl Studio {
    /// What the farm's nodes have of the files that a show pins, by node. Nodes without a file of the name are left out.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn pinned_files(&self, show: &Show) -> Result<Vec<PinnedFile>, StudioError> {
        let nodes = self.store.farm_nodes().await?;
        Ok(nodes.iter().flat_map(|node| on_node(&show.project.settings.render, node)).collect())
    }
}

fn on_node(settings: &Render, node: &Node) -> Vec<PinnedFile> {
    let there = pins(settings).filter(|(model, _)| node.capabilities.models.contains(model));
    let file = |(model, pinned): (String, Digest)| PinnedFile {
        node: node.name.clone(),
        url: node.url.clone(),
        there: node.hashes.get(&model).cloned(),
        model,
        pinned,
    };
    there.map(file).collect()
}
