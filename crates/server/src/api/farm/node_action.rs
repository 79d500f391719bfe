//! Draining a node, and letting it draw again.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use super::now;
use crate::desk::{Desk, store_fault};
use crate::extract::Path;
use crate::idempotency::IdempotencyHeader;
use crate::problem::Problem;

/// What is done to a node.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NodeAction {
    /// It ends what it draws and takes nothing new.
    Drain,
    /// It takes jobs again, also when it was set aside.
    Resume,
}

/// Drains a node, or lets it draw again
///
/// What it draws is brought to its end in both cases.
#[utoipa::path(post, path = "/api/anime/farm/nodes/{node}/{action}", tag = "farm", params(
    ("node" = String, Path, description = "The node's name", example = "gpu-1"),
    ("action" = String, Path, description = "drain or resume", example = "drain"),
    IdempotencyHeader
), responses((status = 204, description = "It is done")))]
pub(crate) async fn farm_node_action(
    State(desk): State<Desk>,
    Path((node, action)): Path<(String, NodeAction)>,
) -> Result<StatusCode, Problem> {
    let drain = matches!(action, NodeAction::Drain);
    let known = desk.studio.store.drain_farm_node(&node, drain, now()).await.map_err(store_fault)?;
    if known { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found(format!("there is no node {node} in the farm"))) }
}
