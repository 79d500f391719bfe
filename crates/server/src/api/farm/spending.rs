//! What a project may spend on drawing, and has spent.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::now;
use crate::desk::{Desk, store_fault};
use crate::extract::Path;
use crate::problem::Problem;

/// Money of a project, in the studio's currency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FarmSpending, example = json!({
    "per_day": 20.0, "total": null, "spent_today": 4.2, "reserved_today": 0.6, "spent": 83.1, "reserved": 0.6
}))]
pub(crate) struct SpendingView {
    /// The most on a day (UTC); null without a limit.
    per_day: Option<f64>,
    /// The most in all; null without a limit.
    total: Option<f64>,
    /// Spent today.
    spent_today: f64,
    /// Set aside for what is being drawn since today.
    reserved_today: f64,
    /// Spent in all.
    spent: f64,
    /// Set aside in all.
    reserved: f64,
}

/// What a project may spend on drawing, and has spent
///
/// What is being drawn has the most that it may cost set aside, so that a budget is never exceeded.
#[utoipa::path(get, path = "/api/anime/projects/{project}/spending", tag = "farm", params(("project" = Uuid, Path, description = "The project's id")),
    responses((status = 200, description = "Its money", body = SpendingView)))]
pub(crate) async fn farm_spending(State(desk): State<Desk>, Path(project): Path<Uuid>) -> Result<Json<SpendingView>, Problem> {
    let project = desk.project(project).await?;
    let budget = desk.studio.store.farm_budget(project.id).await.map_err(store_fault)?;
    let (today, total) = desk.studio.store.farm_spending(project.id, now()).await.map_err(store_fault)?;
    Ok(Json(SpendingView {
        per_day: budget.per_day.map(farm::Money::units),
        total: budget.total.map(farm::Money::units),
        spent_today: today.spent.units(),
        reserved_today: today.reserved.units(),
        spent: total.spent.units(),
        reserved: total.reserved.units(),
    }))
}
