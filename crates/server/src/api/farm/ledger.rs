//! The farm's ledger.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use store::farm::Booked;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::paging::Page;
use crate::desk::{Desk, store_fault};
use crate::extract::Query;
use crate::problem::Problem;

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Of this project; of the whole farm, with what nodes cost while they wait, when left out.
    project: Option<Uuid>,
    /// Items on the page, 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// An entry of the ledger, which is only ever added to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FarmLedgerEntry, example = json!({
    "number": 1204,
    "at": "2026-05-04T09:30:12.123456Z",
    "kind": "spend",
    "project": "0197f3c2-6f0b-7c55-9d7e-3f0a4f6f2d11",
    "job": "0197f3c2-7a10-7e31-8d55-1b2c3d4e5f60",
    "subject": "shot S01E01.01.001",
    "node": "0197f3c2-7a10-7e31-8d55-1b2c3d4e5f61",
    "node_name": "gpu-1",
    "amount": 0.004,
    "seconds": 24.0,
    "spent": 4.2,
    "reserved": 0.6
}))]
pub(crate) struct EntryView {
    /// Its place in the ledger.
    number: i64,
    /// When.
    at: DateTime<Utc>,
    /// reserve (set aside for a try), release (given back at its end), spend (what it cost) or idle (what a node cost while
    /// it had nothing to do).
    kind: String,
    /// Whose; null for idle.
    project: Option<Uuid>,
    /// For which job; null for idle.
    job: Option<Uuid>,
    /// What the job is of.
    subject: Option<String>,
    /// Of which node.
    node: Option<Uuid>,
    /// The node's name; null when it is no node any more.
    node_name: Option<String>,
    /// How much, in the studio's currency.
    amount: f64,
    /// For how many seconds of the node.
    seconds: f64,
    /// Spent by all entries of the list up to this one.
    spent: f64,
    /// Set aside after this entry.
    reserved: f64,
}

impl From<Booked> for EntryView {
    fn from(line: Booked) -> Self {
        let entry = line.entry;
        Self {
            number: entry.sequence,
            at: entry.at,
            kind: entry.kind.to_string(),
            project: entry.project,
            job: entry.job,
            subject: line.subject,
            node: entry.node.map(|node| node.0),
            node_name: line.node_name,
            amount: entry.amount.units(),
            seconds: entry.seconds,
            spent: line.spent.units(),
            reserved: line.reserved.units(),
        }
    }
}

/// The farm's ledger
///
/// Every amount that was set aside, given back or spent, the newest first, with the sums after each.
#[utoipa::path(get, path = "/api/anime/farm/ledger", tag = "farm", params(Wanted),
    responses((status = 200, description = "A page of entries, the newest first", body = Page<EntryView>)))]
pub(crate) async fn farm_ledger(State(desk): State<Desk>, Query(wanted): Query<Wanted>) -> Result<Json<Page<EntryView>>, Problem> {
    let limit = wanted.limit.unwrap_or(50);
    store::PageRequest::new(limit, None).map_err(|error| Problem::parameter("limit", error.to_string()))?;
    let before = wanted.cursor.as_deref().map(str::parse::<i64>).transpose();
    let before = before.map_err(|_| Problem::parameter("cursor", "this is no cursor: pass the next_cursor of the page before"))?;
    if let Some(project) = wanted.project {
        desk.project(project).await?;
    }
    let page = desk.studio.store.farm_ledger_page(wanted.project, before, limit).await.map_err(store_fault)?;
    Ok(Json(Page::from(page.map(EntryView::from))))
}
