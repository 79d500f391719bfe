//! `echo-studio farm`: nodes, jobs, and why they wait.

mod budget;
mod jobs;
mod ledger;
mod node;
mod status;
mod top;
mod why;

use std::path::PathBuf;

use clap::Subcommand;
use store::Store;
use studio::StudioError;

use crate::Context;
use crate::exit::Exit;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Folder of the project whose database has the farm; ECHO_DATABASE names another one
    #[arg(long, global = true, default_value = ".")]
    project: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say in short how the farm is
    Status,
    /// List the nodes: what they are, have and do
    Nodes,
    /// Add a ComfyUI server as a node, or change one of that name
    AddNode(node::Add),
    /// Take a node out that draws nothing
    RemoveNode {
        /// Its name
        name: String,
    },
    /// Let a node end what it draws and take nothing new
    Drain {
        /// Its name
        name: String,
        /// Let it take something again, also one that was set aside
        #[arg(long)]
        undo: bool,
    },
    /// List jobs
    Jobs(jobs::Arguments),
    /// Say in one sentence why a job waits
    Why {
        /// The job's id
        job: uuid::Uuid,
    },
    /// Let nothing new begin; what is being drawn is brought to its end
    Pause(jobs::Pause),
    /// Hold a job back
    Hold {
        /// The job's id
        job: uuid::Uuid,
        /// Let it go
        #[arg(long)]
        undo: bool,
    },
    /// End a job
    Cancel {
        /// The job's id
        job: uuid::Uuid,
    },
    /// Try a job again that failed or was cancelled
    Retry {
        /// The job's id
        job: uuid::Uuid,
    },
    /// Queue a graph of ComfyUI (API format) as a job
    Submit(jobs::Submit),
    /// Say what a project may spend, and what it has spent
    Budget(budget::Arguments),
    /// Read the ledger: what was set aside, given back and spent, for which job on which node
    Ledger(ledger::Arguments),
    /// Watch the farm in the terminal (q ends it)
    Top,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let store = open(context, &arguments.project).await?;
    match arguments.command {
        Command::Status => status::run(&store, context).await,
        Command::Nodes => node::list(&store, context).await,
        Command::AddNode(add) => node::add(&store, add, context).await,
        Command::RemoveNode { name } => node::remove(&store, &name).await,
        Command::Drain { name, undo } => node::drain(&store, &name, !undo).await,
        Command::Jobs(arguments) => jobs::list(&store, &arguments, context).await,
        Command::Why { job } => why::run(&store, job, context).await,
        Command::Pause(pause) => jobs::pause(&store, &pause).await,
        Command::Hold { job, undo } => jobs::hold(&store, job, !undo).await,
        Command::Cancel { job } => jobs::cancel(&store, job).await,
        Command::Retry { job } => jobs::retry(&store, job).await,
        Command::Submit(submit) => jobs::submit(&store, submit, context).await,
        Command::Budget(arguments) => budget::run(&store, arguments, context).await,
        Command::Ledger(arguments) => ledger::run(&store, &arguments, context).await,
        Command::Top => top::run(&store).await,
    }
}

async fn open(context: &Context, project: &std::path::Path) -> anyhow::Result<Store> {
    let places = context.settings.places(project);
    Ok(Store::open(&places.database.parse().map_err(StudioError::Url)?).await?)
}

/// A project by its id, or by its name in addresses.
async fn project(store: &Store, named: &str) -> anyhow::Result<uuid::Uuid> {
    if let Ok(id) = named.parse() {
        return Ok(id);
    }
    let slug = named.parse().map_err(|_| anyhow::anyhow!("`{named}` is neither a project's id nor its name in addresses (slug)"))?;
    let known = store.project_by_slug(&slug).await?;
    known.map(|project| project.id).ok_or_else(|| anyhow::anyhow!("there is no project `{named}` in this database"))
}

/// The farm's time on this machine.
fn now() -> farm::Time {
    chrono::Utc::now()
}
