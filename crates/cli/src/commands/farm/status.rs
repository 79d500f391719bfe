//! How the farm is, in short.

use std::collections::BTreeMap;

use ::farm::{JobState, Policy};
use serde::Serialize;
use store::Store;

use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, Serialize)]
struct Status {
    /// Jobs by state.
    jobs: BTreeMap<JobState, u64>,
    nodes: usize,
    /// Nodes that may take something now.
    there: usize,
    /// Nodes that draw something.
    busy: usize,
    paused: bool,
    paused_projects: Vec<uuid::Uuid>,
}

pub(super) async fn run(store: &Store, context: &Context) -> anyhow::Result<Exit> {
    let now = super::now();
    let view = store.farm_view(&Policy::default(), now).await?;
    let (paused_projects, paused) = store.farm_pauses().await?;
    let status = Status {
        jobs: store.farm_counts(None).await?,
        nodes: view.nodes.len(),
        there: view.nodes.iter().filter(|node| node.away(now).is_none()).count(),
        busy: store.held_slots().await?.len(),
        paused,
        paused_projects,
    };
    if context.json {
        output::json(&status)?;
        return Ok(Exit::Success);
    }
    let jobs: Vec<String> = status.jobs.iter().map(|(state, count)| format!("{count} {state}")).collect();
    output::line(format_args!("jobs   {}", if jobs.is_empty() { "none".to_owned() } else { jobs.join(", ") }));
    output::line(format_args!("nodes  {}, {} ready, {} drawing", status.nodes, status.there, status.busy));
    if status.paused {
        output::line("The whole farm is paused: `echo-studio farm pause --undo` lets it go on.");
    }
    for project in &status.paused_projects {
        output::line(format_args!("Project {project} is paused."));
    }
    Ok(Exit::Success)
}
