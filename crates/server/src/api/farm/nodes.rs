//! The farm's nodes.

use std::collections::BTreeMap;

use ::farm::{ModelHash, Policy};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::now;
use crate::api::paging::{Page, Paging};
use crate::desk::{Desk, store_fault};
use crate::problem::Problem;

/// Who draws: one ComfyUI server.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FarmNode, example = json!({
    "id": "0197f3c2-7a10-7e31-8d55-1b2c3d4e5f60",
    "name": "gpu-1",
    "groups": ["night"],
    "state": "ready",
    "away": null,
    "draws": "0197f3c2-7a10-7e31-8d55-1b2c3d4e5f61",
    "version": "0.33.0",
    "device": "cuda:0 NVIDIA GeForce RTX 4090",
    "vram": 25_757_220_864_u64,
    "models": ["checkpoints/anime.safetensors"],
    "hashes": {
        "checkpoints/anime.safetensors": {
            "blake3": "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
            "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "bytes": 6_938_040_674_u64,
            "unknown": null
        }
    },
    "pace": 1.4,
    "per_hour": 0.6,
    "hours": "20:00-08:00+02:00",
    "failing": 0,
    "last_seen": "2026-05-04T09:30:00.123456Z"
}))]
pub(crate) struct NodeView {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// Groups that it is in.
    groups: Vec<String>,
    /// ready, draining or aside.
    state: String,
    /// Why it takes nothing now; null when it may.
    away: Option<String>,
    /// The job that it draws.
    draws: Option<Uuid>,
    /// ComfyUI's version.
    version: String,
    /// The device, as the server names it.
    device: String,
    /// The GPU's memory in bytes.
    vram: u64,
    /// Model files that it has.
    models: Vec<String>,
    /// What is known of the content of those of them that something was drawn with.
    hashes: BTreeMap<String, ModelHashView>,
    /// How much it draws, compared with a usual node; 1 until it was measured.
    pace: f64,
    /// What it costs per hour.
    per_hour: f64,
    /// When it is lent; always when null.
    hours: Option<String>,
    /// How many jobs failed on it since its last success.
    failing: usize,
    /// When it last answered a worker.
    last_seen: Option<DateTime<Utc>>,
}

/// What is known of the content of a model file on a node.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FarmModelHash)]
struct ModelHashView {
    /// BLAKE3 of the whole file; null when it is not known.
    blake3: Option<String>,
    /// SHA-256 of the whole file, as model sites publish it; null when it is not known.
    sha256: Option<String>,
    /// Its size in bytes; null when it was not read.
    bytes: Option<u64>,
    /// Why it is not known; null when it is.
    unknown: Option<String>,
}

impl From<&ModelHash> for ModelHashView {
    fn from(hash: &ModelHash) -> Self {
        match hash {
            ModelHash::Known { blake3, sha256, bytes, .. } => {
                Self { blake3: Some(blake3.to_string()), sha256: Some(sha256.clone()), bytes: Some(*bytes), unknown: None }
            }
            ModelHash::Unknown { reason, .. } => Self { blake3: None, sha256: None, bytes: None, unknown: Some(reason.clone()) },
        }
    }
}

/// Nodes of the farm
///
/// What they are and have, what they draw, and why they are away.
#[utoipa::path(get, path = "/api/anime/farm/nodes", tag = "farm", params(Paging),
    responses((status = 200, description = "A page of nodes, by name", body = Page<NodeView>)))]
pub(crate) async fn farm_nodes(State(desk): State<Desk>, paging: Paging) -> Result<Json<Page<NodeView>>, Problem> {
    let store = &desk.studio.store;
    let nodes = store.farm_nodes().await.map_err(store_fault)?;
    let view = store.farm_view(&Policy::default(), now()).await.map_err(store_fault)?;
    let held = store.held_slots().await.map_err(store_fault)?;
    let page = paging.of(&nodes, |node| node.name.clone())?;
    let items = page.items.into_iter().map(|node| NodeView {
        id: node.id.0,
        name: node.name.clone(),
        groups: node.groups.iter().cloned().collect(),
        state: node.state.to_string(),
        away: node.away(now()).map(str::to_owned),
        draws: held.iter().find(|slot| slot.attempt.node == node.id).map(|slot| slot.attempt.job.0),
        version: node.capabilities.version.clone(),
        device: node.capabilities.device.clone(),
        vram: node.capabilities.vram,
        models: node.capabilities.models.iter().cloned().collect(),
        hashes: node.hashes.iter().map(|(file, hash)| (file.clone(), hash.into())).collect(),
        pace: 1.0 / view.speeds.factor(node.id),
        per_hour: node.per_hour.units(),
        hours: node.hours.map(|hours| hours.to_string()),
        failing: node.health.failed.len(),
        last_seen: node.last_seen,
    });
    Ok(Json(Page { items: items.collect(), next_cursor: page.next_cursor }))
}
