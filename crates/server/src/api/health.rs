//! How the studio is.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use studio::doctor::{Condition, examine};
use utoipa::ToSchema;

use crate::desk::Desk;

/// How the studio is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "status": "limited",
    "version": "0.1.0",
    "services": [{
        "name": "espeak-ng",
        "status": "limited",
        "found": "not installed",
        "means": "no scratch voices",
        "mend": "apt-get install espeak-ng"
    }]
}))]
pub(crate) struct Health {
    /// `good`, `limited` (something optional is missing) or `missing` (something needed is missing).
    status: String,
    version: &'static str,
    services: Vec<Service>,
}

/// One thing that the studio works with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Service {
    name: String,
    /// As for the whole.
    status: String,
    found: String,
    /// What that means for the work.
    means: String,
    /// What mends it.
    mend: String,
}

const fn word(condition: Condition) -> &'static str {
    match condition {
        Condition::Good => "good",
        Condition::Limited => "limited",
        Condition::Missing => "missing",
    }
}

/// How the studio is: database, picture store, programs beside it.
#[utoipa::path(get, path = "/api/anime/health", responses((status = 200, description = "It answers; the body says how well", body = Health)))]
pub(crate) async fn health(State(desk): State<Desk>) -> Json<Health> {
    let findings = examine(&desk.studio).await;
    let has = |condition| findings.iter().any(|finding| finding.condition == condition);
    let worst = [Condition::Missing, Condition::Limited].into_iter().find(|condition| has(*condition)).unwrap_or(Condition::Good);
    let services = findings
        .into_iter()
        .map(|finding| Service {
            status: word(finding.condition).to_owned(),
            name: finding.name,
            found: finding.found,
            means: finding.means,
            mend: finding.mend,
        })
        .collect();
    Json(Health { status: word(worst).to_owned(), version: env!("CARGO_PKG_VERSION"), services })
}
