//! `echo-studio models`: networks that look at pictures, pinned by hash. Nothing is ever fetched.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use serde::Serialize;
use studio::doctor::Finding;
use studio::search::{Describer, NetworkDescriber, StyleDescriber};
use vision_models::{Manifest, ModelFolder, Pinned, Verified};

use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Folder of the models [default: models in the data folder]
    #[arg(long, global = true, value_name = "FOLDER")]
    models: Option<PathBuf>,
    /// Folder of the project, for its data folder
    #[arg(long, global = true, default_value = ".", value_name = "DIR")]
    project: PathBuf,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Copy an ONNX file into the folder and pin its hash
    Add {
        /// The ONNX file
        file: PathBuf,
        /// Its manifest: what goes in and what comes out
        #[arg(long, value_name = "FILE", conflicts_with = "preset", required_unless_present = "preset")]
        manifest: Option<PathBuf>,
        /// A well-known manifest instead: ccip, clip-vit-b32, dinov2-small
        #[arg(long)]
        preset: Option<String>,
    },
    /// List the models
    List,
    /// Hash the files again: are they still those that were added?
    Verify {
        /// Only this one
        name: Option<String>,
    },
    /// Take a model away
    Remove {
        /// Its name
        name: String,
    },
    /// Print a well-known manifest, to write one's own from
    Manifest {
        /// ccip, clip-vit-b32 or dinov2-small
        preset: String,
    },
}

#[derive(Debug, Serialize)]
struct Row {
    #[serde(flatten)]
    manifest: Manifest,
    state: &'static str,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let folder = folder(context, arguments.models.as_deref(), &arguments.project);
    match &arguments.command {
        Command::Add { file, manifest, preset } => {
            let manifest = match (manifest, preset) {
                (Some(path), _) => {
                    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
                    Manifest::read(&text).with_context(|| path.display().to_string())?
                }
                (None, preset) => Manifest::preset(preset.as_deref().unwrap_or_default())?,
            };
            let added = folder.add(file, manifest)?;
            show(std::slice::from_ref(&added), context)
        }
        Command::List => show(&folder.list()?, context),
        Command::Verify { name } => {
            let models = match name {
                Some(name) => vec![folder.get(name)?],
                None => folder.list()?,
            };
            verify(models, context)
        }
        Command::Remove { name } => {
            folder.remove(name)?;
            output::note(format!("{name} is removed"));
            Ok(Exit::Success)
        }
        Command::Manifest { preset } => {
            output::line(format_args!("{}", Manifest::preset(preset)?.to_toml().trim_end()));
            Ok(Exit::Success)
        }
    }
}

/// The folder of models under these settings.
pub(crate) fn folder(context: &Context, named: Option<&std::path::Path>, project: &std::path::Path) -> ModelFolder {
    ModelFolder::new(named.map_or_else(|| context.settings.data_folder(project).join("models"), std::path::Path::to_owned))
}

fn show(models: &[Pinned], context: &Context) -> anyhow::Result<Exit> {
    if context.json {
        output::json(&models.iter().map(|model| &model.manifest).collect::<Vec<_>>())?;
        return Ok(Exit::Success);
    }
    for Pinned { manifest, .. } in models {
        let hash = manifest.blake3.as_deref().unwrap_or("-");
        let input = format!("{}x{}", manifest.input.width, manifest.input.height);
        output::line(format_args!("{:<34} {:<9} {input:<9} {:.16}  {}", manifest.name, manifest.kind.word(), hash, manifest.licence));
    }
    if models.is_empty() {
        output::note("there are no models; `echo-studio models add FILE --preset ccip` adds one");
    }
    Ok(Exit::Success)
}

fn verify(models: Vec<Pinned>, context: &Context) -> anyhow::Result<Exit> {
    let mut rows = Vec::new();
    for model in models {
        let state = match model.verify()? {
            Verified::Same => "same",
            Verified::Changed { .. } => "changed",
            Verified::Missing => "missing",
        };
        rows.push(Row { manifest: model.manifest, state });
    }
    let sound = rows.iter().all(|row| row.state == "same");
    if context.json {
        output::json(&rows)?;
    } else {
        rows.iter().for_each(|row| output::line(format_args!("{:<34} {}", row.manifest.name, row.state)));
    }
    Ok(if sound { Exit::Success } else { Exit::Failure })
}

/// Has pictures compared by the networks of a project: by who is in them where there is an identity model, else by how they
/// look where there is a style network.
pub(crate) fn describe_by_networks(studio: &mut studio::Studio, context: &Context, project: &std::path::Path) {
    let folder = folder(context, None, project);
    let describer = match NetworkDescriber::of(folder.clone()) {
        Ok(Some(describer)) => Ok(Some(Arc::new(describer) as Arc<dyn Describer>)),
        Ok(None) => StyleDescriber::of(&folder).map(|found| found.map(|describer| Arc::new(describer) as Arc<dyn Describer>)),
        Err(reason) => Err(reason),
    };
    match describer {
        Ok(None) => {}
        Ok(Some(describer)) => studio.search.describer = describer,
        Err(reason) => output::note(format_args!("pictures are compared without the networks: {reason}")),
    }
}

/// What `doctor` says of the models of a project.
pub(crate) fn examine(context: &Context, project: &std::path::Path) -> Vec<Finding> {
    studio::doctor::examine_models(&folder(context, None, project))
}
