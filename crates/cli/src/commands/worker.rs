//! `echo-studio worker`: drive ComfyUI nodes and draw the farm's jobs.

use std::path::PathBuf;
use std::time::Duration;

use ::worker::{ModelReader, Options, Scaler, Target, Worker};
use studio::StudioError;

use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folder of the project whose database has the farm; ECHO_DATABASE and ECHO_BLOBS name other places
    #[arg(long, default_value = ".")]
    project: PathBuf,
    /// A name that no other worker has [default: the host's name and the process's number]
    #[arg(long)]
    name: Option<String>,
    /// A group whose nodes it drives; may be given several times [default: all nodes]
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
    /// A node that it drives, by name; may be given several times
    #[arg(long, value_name = "NAME")]
    node: Vec<String>,
    /// How many nodes it drives at most
    #[arg(long, default_value_t = 64)]
    most: usize,
    /// Run this command of the shell when another number of nodes is wanted: see ECHO_FARM_WANTED in the guide
    #[arg(long, value_name = "COMMAND")]
    scale_command: Option<String>,
    /// Post to this address when another number of nodes is wanted
    #[arg(long, value_name = "URL", conflicts_with = "scale_command")]
    scale_webhook: Option<String>,
    /// Within how many seconds everything that waits should be drawn, for the wanted number of nodes
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    scale_within: u64,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let places = context.settings.places(&arguments.project);
    let store = store::Store::open(&places.database.parse().map_err(StudioError::Url)?).await?;
    let blobs = store::BlobStore::open(&places.blobs.parse().map_err(StudioError::Url)?)?;
    // A restarted worker has another name: what the one before left is taken over, not taken for its own.
    let name = arguments.name.unwrap_or_else(|| format!("{}-{}", host(), std::process::id()));
    let mut options = Options::new(format!("{name}-{}", &uuid::Uuid::now_v7().simple().to_string()[20..]));
    options.groups = arguments.group.into_iter().collect();
    options.nodes = arguments.node.into_iter().collect();
    options.most = arguments.most;
    output::note(format_args!("Worker {} draws for {}  (Ctrl-C: ends what it draws, then stops)", options.name, places.database));
    let stop = super::until_interrupted();
    let target = arguments.scale_command.map(Target::Command).or(arguments.scale_webhook.map(Target::Webhook));
    if let Some(target) = target {
        let within = Duration::from_secs(arguments.scale_within.max(1));
        tokio::spawn(Scaler::new(store.clone(), options.policy.clone(), target, within).run(stop.clone()));
    }
    tokio::spawn(ModelReader::new(store.clone(), &options).run(stop.clone()));
    Worker::new(store, blobs, options).run(stop).await?;
    Ok(Exit::Success)
}

fn host() -> String {
    let name = std::fs::read_to_string("/etc/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).unwrap_or_else(|| "worker".to_owned())
}
