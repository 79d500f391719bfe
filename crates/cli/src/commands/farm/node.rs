//! Nodes: listing, adding, draining.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ::farm::{Hours, Money, NodeId, Policy};
use anyhow::{Context as _, bail};
use serde_json::json;
use store::Store;
use store::farm::NewNode;

use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(super) struct Add {
    /// Its name
    name: String,
    /// Its address: http://gpu-1:8188
    url: String,
    /// A group that it is in; may be given several times
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
    /// The server's `models` folder, as this host and its workers' see it: its files are read once, and known by their hashes
    #[arg(long, value_name = "FOLDER")]
    models: Option<PathBuf>,
    /// What it costs per hour, idle or not, in the studio's currency
    #[arg(long, value_name = "AMOUNT", default_value = "0")]
    per_hour: Money,
    /// When it is lent: 20:00-08:00, or 20:00-08:00+02:00 where the clock is two hours before UTC
    #[arg(long, value_name = "HOURS")]
    hours: Option<Hours>,
}

pub(super) async fn add(store: &Store, add: Add, context: &Context) -> anyhow::Result<Exit> {
    // What is no address is told now, not by a worker later.
    comfyui::Server::new(&add.url, comfyui::Patience::default())?;
    let new = NewNode {
        id: NodeId(uuid::Uuid::now_v7()),
        name: add.name.clone(),
        url: add.url,
        groups: add.group.into_iter().collect::<BTreeSet<_>>(),
        models_folder: add.models.map(std::path::absolute).transpose()?,
        per_hour: add.per_hour,
        hours: add.hours,
    };
    let id = store.add_farm_node(new, super::now()).await?;
    if context.json {
        output::json(&json!({ "id": id, "name": add.name }))?;
    } else {
        output::line(format_args!("{} is a node of the farm; a worker asks it what it has: `echo-studio worker`.", add.name));
    }
    Ok(Exit::Success)
}

pub(super) async fn remove(store: &Store, name: &str) -> anyhow::Result<Exit> {
    if !store.remove_farm_node(name, super::now()).await? {
        bail!("there is no node {name}, or it draws something: drain it first (`echo-studio farm drain {name}`)");
    }
    output::line(format_args!("{name} is no node any more."));
    Ok(Exit::Success)
}

pub(super) async fn drain(store: &Store, name: &str, drain: bool) -> anyhow::Result<Exit> {
    if !store.drain_farm_node(name, drain, super::now()).await? {
        bail!("there is no node {name}");
    }
    let told = if drain { "ends what it draws and takes nothing new" } else { "takes jobs again" };
    output::line(format_args!("{name} {told}."));
    Ok(Exit::Success)
}

pub(super) async fn list(store: &Store, context: &Context) -> anyhow::Result<Exit> {
    let nodes = store.farm_nodes().await?;
    let held = store.held_slots().await?;
    let view = store.farm_view(&Policy::default(), super::now()).await.context("reading the farm")?;
    if context.json {
        let listed: Vec<_> = nodes
            .iter()
            .map(|node| {
                let draws = held.iter().find(|slot| slot.attempt.node == node.id);
                json!({
                    "id": node.id,
                    "name": node.name,
                    "url": node.url,
                    "groups": node.groups,
                    "state": node.state,
                    "away": node.away(super::now()),
                    "draws": draws.map(|slot| slot.attempt.job),
                    "engine": node.capabilities.engine,
                    "version": node.capabilities.version,
                    "device": node.capabilities.device,
                    "vram": node.capabilities.vram,
                    "classes": node.capabilities.classes.len(),
                    "models": node.capabilities.models,
                    "models_folder": node.models_folder,
                    "hashes": node.hashes,
                    "pace": 1.0 / view.speeds.factor(node.id),
                    "per_hour": node.per_hour,
                    "hours": node.hours,
                    "last_seen": node.last_seen,
                    "worker": node.owner.as_ref().map(|(worker, _)| worker),
                    "health": node.health,
                })
            })
            .collect();
        output::json(&listed)?;
        return Ok(Exit::Success);
    }
    for node in &nodes {
        let away = node.away(super::now());
        let draws = held.iter().find(|slot| slot.attempt.node == node.id);
        let (word, colour) = match (away, draws) {
            (_, Some(_)) => ("draws", 32),
            (Some(reason), None) => (reason, 33),
            (None, None) => ("free", 36),
        };
        let gib = node.capabilities.vram as f64 / f64::from(1 << 30);
        let pace = 1.0 / view.speeds.factor(node.id);
        output::line(format_args!(
            "{:<16} {:<28} {:>6.1} GiB  pace {pace:>4.2}  {:>4} models  {}",
            node.name,
            output::paint(word, colour),
            gib,
            node.capabilities.models.len(),
            output::paint(&node.url, 90)
        ));
    }
    if nodes.is_empty() {
        output::note("The farm has no nodes: `echo-studio farm add-node NAME URL` adds one.");
    }
    Ok(Exit::Success)
}
