//! `workflows add`: registers a workflow that somebody exported from ComfyUI.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use comfyui::template::{Files, MANIFEST, Place, Shelf, read_graph, recognise};
use serde_json::json;

use super::server;
use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The workflow, saved with `Export (API)`
    file: PathBuf,
    /// Its name here; the file's when not said
    #[arg(long)]
    name: Option<String>,
    /// A slot that is not found by itself, or is to go elsewhere: prompt=6.text
    #[arg(long = "slot", value_name = "SLOT=NODE.INPUT")]
    slots: Vec<String>,
    /// A ComfyUI server, asked which of the classes save something
    #[arg(long, value_name = "URL")]
    node: Option<String>,
    /// Replace a workflow of the same name
    #[arg(long)]
    replace: bool,
}

pub(crate) async fn run(folder: &Path, arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let shown = arguments.file.display().to_string();
    let text = std::fs::read_to_string(&arguments.file).with_context(|| format!("reading {shown}"))?;
    let graph = read_graph(&shown, &text)?;
    let stem = arguments.file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let name = arguments.name.unwrap_or_else(|| stem.clone());
    if name.is_empty() || !name.chars().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '_' | '.')) || name.starts_with('.')
    {
        anyhow::bail!("`{name}` is no name for a workflow: letters, digits, `-`, `_` and `.`; give another with --name");
    }
    let mut told = BTreeMap::new();
    for slot in &arguments.slots {
        let (slot, place) = slot.split_once('=').with_context(|| format!("`{slot}` names no place: write --slot SLOT=NODE.INPUT"))?;
        told.insert(slot.to_owned(), Place::try_from(place.to_owned()).map_err(|problem| anyhow::anyhow!(problem))?);
    }
    let info = match &arguments.node {
        None => None,
        Some(node) => Some(server(node)?.object_info().await?),
    };
    let recognised = recognise(&stem, &graph, &told, info.as_ref())?;
    if !recognised.questions.is_empty() {
        for question in &recognised.questions {
            output::note(format_args!("{} may be any of {}", question.slot, question.candidates.join(", ")));
        }
        let slot = &recognised.questions[0];
        let place = slot.candidates.first().and_then(|candidate| candidate.split(' ').next()).unwrap_or_default();
        anyhow::bail!("say which, as in --slot {}={place}; nothing was registered", slot.slot);
    }
    let mut files = comfyui::template::read_folder(folder)?;
    let graph_text = format!("{}\n", serde_json::to_string_pretty(&graph)?);
    files.extend(Files::from([(format!("{name}.json"), graph_text.clone()), (format!("{name}{MANIFEST}"), recognised.manifest.clone())]));
    let shelf = Shelf::with(&files)?;
    let (graph_path, manifest_path) = (folder.join(format!("{name}.json")), folder.join(format!("{name}{MANIFEST}")));
    if !arguments.replace && (graph_path.exists() || manifest_path.exists() || Shelf::built_in()?.get(&name).is_some()) {
        anyhow::bail!("there is a workflow `{name}` already; take another name, or --replace");
    }
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    std::fs::write(&graph_path, graph_text).with_context(|| format!("writing {}", graph_path.display()))?;
    std::fs::write(&manifest_path, &recognised.manifest).with_context(|| format!("writing {}", manifest_path.display()))?;
    if context.json {
        let slots = shelf.get(&name).map(|template| template.slots().iter().map(|slot| slot.name.clone()).collect::<Vec<_>>());
        output::json(&json!({"name": name, "graph": graph_path, "manifest": manifest_path, "slots": slots}))?;
    } else {
        output::line(format_args!("{name}: {}", recognised.slots.keys().cloned().collect::<Vec<_>>().join(", ")));
        output::note(format_args!("{} says which inputs these are; edit it as you like", manifest_path.display()));
    }
    Ok(Exit::Success)
}
