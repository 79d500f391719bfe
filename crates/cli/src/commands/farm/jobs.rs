//! Jobs: listing, and what people do to them.

use std::path::PathBuf;

use ::farm::{Band, JobId, JobState, Requirements};
use ::worker::{ExpectedOutput, OutputMedia, Payload, Variant};
use anyhow::{Context as _, bail};
use serde_json::json;
use store::farm::{JobFilter, NewJob};
use store::{PageRequest, Store};

use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only those in this state: queued, active, failed…; may be given several times
    #[arg(long, value_name = "STATE")]
    state: Vec<JobState>,
    /// Only those of this project, by id or slug
    #[arg(long, value_name = "PROJECT")]
    of: Option<String>,
    /// Only those of this person
    #[arg(long)]
    user: Option<String>,
    /// How many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=200))]
    limit: u64,
    /// Go on after the page before
    #[arg(long)]
    cursor: Option<String>,
}

pub(super) async fn list(store: &Store, arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let project = one(store, arguments.of.as_deref()).await?;
    let filter = JobFilter { project, states: arguments.state.clone(), user: arguments.user.clone() };
    let page = store.farm_jobs(&filter, PageRequest::new(arguments.limit, arguments.cursor.as_deref())?).await?;
    if context.json {
        output::json(&page)?;
        return Ok(Exit::Success);
    }
    for view in &page.items {
        let job = &view.job;
        let colour = match job.state {
            JobState::Done => 32,
            JobState::Failed | JobState::Cancelled => 31,
            JobState::Active => 36,
            _ => 33,
        };
        let tries = if job.attempts > 1 { format!("  {} tries", job.attempts) } else { String::new() };
        let progress = view.progress.as_ref().map(|progress| format!("  {progress}")).unwrap_or_default();
        output::line(format_args!(
            "{} {} {:<12} {:<32}{tries}{progress}  {}",
            job.id,
            output::paint(&format!("{:<9}", job.state.word()), colour),
            job.user,
            job.subject,
            output::paint(&job.failures.reasons(), 90)
        ));
    }
    if let Some(cursor) = page.next_cursor {
        output::note(format_args!("There are more: --cursor {cursor}"));
    }
    Ok(Exit::Success)
}

/// A project that may be named.
pub(super) async fn one(store: &Store, named: Option<&str>) -> anyhow::Result<Option<uuid::Uuid>> {
    match named {
        Some(named) => super::project(store, named).await.map(Some),
        None => Ok(None),
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Pause {
    /// Only this project, by id or slug; everything when left out
    #[arg(long, value_name = "PROJECT")]
    of: Option<String>,
    /// Let it go on
    #[arg(long)]
    undo: bool,
}

pub(super) async fn pause(store: &Store, pause: &Pause) -> anyhow::Result<Exit> {
    let project = one(store, pause.of.as_deref()).await?;
    store.pause_farm(project, !pause.undo, super::now()).await?;
    let what = pause.of.as_ref().map_or_else(|| "The farm".to_owned(), |project| format!("Project {project}"));
    output::line(format_args!("{what} {}.", if pause.undo { "goes on" } else { "is paused; what is being drawn is brought to its end" }));
    Ok(Exit::Success)
}

pub(super) async fn hold(store: &Store, job: uuid::Uuid, held: bool) -> anyhow::Result<Exit> {
    told(job, store.hold_job(JobId(job), held, super::now()).await?)
}

pub(super) async fn cancel(store: &Store, job: uuid::Uuid) -> anyhow::Result<Exit> {
    let state = store.cancel_job(JobId(job), super::now()).await?;
    if state == Some(JobState::Active) {
        output::line(format_args!("Job {job} is being drawn; its worker ends it."));
        return Ok(Exit::Success);
    }
    told(job, state)
}

pub(super) async fn retry(store: &Store, job: uuid::Uuid) -> anyhow::Result<Exit> {
    told(job, store.retry_job(JobId(job), super::now()).await?)
}

fn told(job: uuid::Uuid, state: Option<JobState>) -> anyhow::Result<Exit> {
    let Some(state) = state else { bail!("there is no job {job}") };
    output::line(format_args!("Job {job} is {state}."));
    Ok(Exit::Success)
}

#[derive(Debug, clap::Args)]
pub(super) struct Submit {
    /// The graph, as ComfyUI's editor exports it in API format
    graph: PathBuf,
    /// The project that it is for, by id or slug
    #[arg(long, value_name = "PROJECT")]
    of: String,
    /// An output node with what it leaves: 9, or 9:4 for four pictures, or 9:film; may be given several times
    #[arg(long, value_name = "NODE[:WHAT]", required = true, value_parser = expected)]
    expect: Vec<ExpectedOutput>,
    /// What it is of
    #[arg(long, default_value = "graph")]
    subject: String,
    /// Who asks [default: the name of the user]
    #[arg(long, env = "USER", default_value = "someone")]
    by: String,
    /// interactive, normal or background
    #[arg(long, default_value = "normal")]
    priority: Band,
    /// The name by which its speed is measured [default: the file's name]
    #[arg(long)]
    template: Option<String>,
    /// Memory of the GPU that it takes, in GiB
    #[arg(long, value_name = "GIB", default_value_t = 0.0)]
    vram: f64,
    /// The only group of nodes that may draw it
    #[arg(long)]
    group: Option<String>,
    /// A job that has to be done first, by id; may be given several times
    #[arg(long, value_name = "ID")]
    after: Vec<uuid::Uuid>,
}

fn expected(text: &str) -> Result<ExpectedOutput, String> {
    let (node, what) = text.split_once(':').unwrap_or((text, "1"));
    if node.is_empty() {
        return Err("the name of a node, as 9 or 9:4".to_owned());
    }
    let (count, media) = match what {
        "film" => (1, OutputMedia::Film),
        count => (count.parse().map_err(|_| format!("`{count}` is neither a number nor `film`"))?, OutputMedia::Picture),
    };
    Ok(ExpectedOutput { node: node.into(), count, media, size: None })
}

pub(super) async fn submit(store: &Store, submit: Submit, context: &Context) -> anyhow::Result<Exit> {
    let text = std::fs::read_to_string(&submit.graph).with_context(|| format!("reading {}", submit.graph.display()))?;
    let graph: comfyui::Graph = serde_json::from_str(&text).with_context(|| format!("reading {}", submit.graph.display()))?;
    for expected in &submit.expect {
        anyhow::ensure!(graph.get(&expected.node).is_some(), "{} has no node {}", submit.graph.display(), expected.node);
    }
    let name = submit.graph.file_stem().map_or_else(|| "graph".to_owned(), |name| name.to_string_lossy().into_owned());
    let id = JobId(uuid::Uuid::now_v7());
    let needs = Requirements {
        vram: (submit.vram.max(0.0) * f64::from(1 << 30)) as u64,
        group: submit.group,
        ..worker::needs_of(&graph, submit.template.unwrap_or(name))
    };
    let job = NewJob {
        id,
        project: super::project(store, &submit.of).await?,
        user: submit.by,
        subject: submit.subject,
        band: submit.priority,
        deadline: None,
        size: 1.0,
        needs,
        after: submit.after.into_iter().map(JobId).collect(),
        payload: serde_json::to_value(Payload {
            variants: vec![Variant { name: None, graph, inputs: Vec::new(), expected: submit.expect }],
        })?,
        variants: 0,
        held: false,
    };
    store.submit_jobs(vec![job], super::now()).await?;
    if context.json {
        output::json(&json!({ "job": id }))?;
    } else {
        output::line(format_args!("Job {id} is queued."));
    }
    Ok(Exit::Success)
}
