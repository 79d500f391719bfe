//! `echo-studio checkpoints`: model files for ComfyUI, on a server or in a folder.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use comfyui::registry::{Fit, Header, Identified, ModelFile, ModelKind, find, fits, hashes, identify_metadata};
use comfyui::{Patience, Server};
use serde::Serialize;
use serde_json::json;

use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List model files with what they are
    List {
        #[command(flatten)]
        place: Place,
        /// Only this kind: checkpoint, lora, vae, control-net…
        #[arg(long, value_parser = kind)]
        kind: Option<ModelKind>,
    },
    /// Show one file: what it is, by what that is known, and its hashes where it can be read
    Show {
        /// Its name, as `list` shows it, or the path of a safetensors file
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Check a file against a hash, and that other files go with it
    Verify {
        /// A checkpoint or diffusion model: its name under --folder, or a path
        name: String,
        /// BLAKE3 or SHA-256 that it has to have, in hex
        #[arg(long)]
        hash: Option<String>,
        /// LoRA, VAE, text encoder or control net to be used with it; may be given several times
        #[arg(long = "with", value_name = "NAME")]
        with: Vec<String>,
        #[command(flatten)]
        place: Place,
    },
}

/// Where model files are.
#[derive(Debug, clap::Args)]
struct Place {
    /// A ComfyUI server: tells names and what makers wrote into the files
    #[arg(long, value_name = "URL", conflicts_with = "folder")]
    node: Option<String>,
    /// A server's `models` folder on this machine: its files can be looked into and hashed
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

fn kind(word: &str) -> Result<ModelKind, String> {
    ModelKind::named(word).ok_or_else(|| format!("there are {}", ModelKind::ALL.map(ModelKind::word).join(", ")))
}

/// Why a file has no hash.
const HASH_UNKNOWN: &str =
    "a server neither gives its files nor says their hashes; where its `models` folder can be reached, --folder reads them";

/// A model file as it is listed.
#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    folder: ModelKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(flatten)]
    known: Identified,
    #[serde(skip)]
    path: Option<PathBuf>,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::List { place, kind } => list(&place, kind, context).await,
        Command::Show { name, place } => show(&place, &name, context).await,
        Command::Verify { name, hash, with, place } => verify(&place, &name, hash.as_deref(), &with, context).await,
    }
}

async fn files(place: &Place) -> anyhow::Result<Vec<Listed>> {
    match (&place.node, &place.folder) {
        (Some(node), _) => on_server(&Server::new(node, Patience::default())?).await,
        (None, Some(folder)) => {
            anyhow::ensure!(folder.is_dir(), "there is no folder {}", folder.display());
            let listed = |(path, file): (PathBuf, ModelFile)| Listed {
                name: file.name,
                folder: file.folder,
                bytes: Some(file.bytes),
                known: file.known,
                path: Some(path),
            };
            Ok(find(folder)?.into_iter().map(listed).collect())
        }
        (None, None) => anyhow::bail!("say where the files are: --node URL for a server, or --folder DIR for its `models` folder"),
    }
}

async fn on_server(server: &Server) -> anyhow::Result<Vec<Listed>> {
    let mut listed = Vec::new();
    for kind in ModelKind::ALL {
        for name in server.models(kind.folder()).await?.unwrap_or_default() {
            // A file without anything written into it, or of another format, is answered in several ways.
            let written = match server.model_metadata(kind.folder(), &name).await {
                Ok(written) => written.as_ref().map(Header::metadata_of).unwrap_or_default(),
                Err(error) => {
                    tracing::debug!(%name, %error, "nothing is known of a model file");
                    std::collections::BTreeMap::new()
                }
            };
            listed.push(Listed { known: identify_metadata(kind, &written), name, folder: kind, bytes: None, path: None });
        }
    }
    Ok(listed)
}

async fn list(place: &Place, kind: Option<ModelKind>, context: &Context) -> anyhow::Result<Exit> {
    let mut files = files(place).await?;
    files.retain(|file| kind.is_none_or(|kind| file.folder == kind));
    if context.json {
        output::json(&files)?;
        return Ok(Exit::Success);
    }
    let width = files.iter().map(|file| file.name.len()).max().unwrap_or(0);
    for file in &files {
        let build = file.known.architecture.map_or("unknown", comfyui::registry::Architecture::word);
        let family = file.known.family.as_deref().unwrap_or("");
        output::line(format_args!("{:<20} {:<width$}  {build:<11} {family}", file.folder.word(), file.name));
        if let (None, Some(why)) = (&file.known.family, &file.known.unknown) {
            output::line(format_args!("{:<20} {:<width$}  {why}", "", ""));
        }
    }
    Ok(Exit::Success)
}

/// A file by name, or by its path.
async fn one(place: &Place, name: &str) -> anyhow::Result<Listed> {
    if place.node.is_none() && Path::new(name).is_file() {
        // Outside of a models folder its tensors alone say what kind it is.
        let file = ModelFile::read(Path::new(name), name, ModelKind::Checkpoint)?;
        let folder = file.known.kind.unwrap_or(ModelKind::Checkpoint);
        return Ok(Listed { name: file.name, folder, bytes: Some(file.bytes), known: file.known, path: Some(name.into()) });
    }
    let found = files(place).await?.into_iter().find(|file| file.name == name);
    found.with_context(|| format!("there is no model file `{name}` there; `echo-studio checkpoints list` shows them"))
}

async fn show(place: &Place, name: &str, context: &Context) -> anyhow::Result<Exit> {
    let file = one(place, name).await?;
    let hashed = file.path.as_deref().map(hashes).transpose()?;
    if context.json {
        let (ours, theirs) = hashed.map(|(ours, theirs)| (ours.to_string(), theirs)).unzip();
        let unknown = file.path.is_none().then_some(HASH_UNKNOWN);
        output::json(&json!({"file": file, "blake3": ours, "sha256": theirs, "hash_unknown": unknown}))?;
        return Ok(Exit::Success);
    }
    let known = &file.known;
    let say = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            output::line(format_args!("{name:<10} {value}"));
        }
    };
    say("Name", Some(&file.name));
    say("Kind", known.kind.map(ModelKind::word));
    say("Build", known.architecture.map(comfyui::registry::Architecture::word));
    say("Family", known.family.as_deref());
    say("Form", known.form.as_deref());
    say("Title", known.title.as_deref());
    say("Licence", Some(known.licence.as_deref().unwrap_or("not written in the file")));
    known.evidence.iter().for_each(|evidence| say("Known by", Some(evidence)));
    say("Unknown", known.unknown.as_deref());
    match hashed {
        Some((ours, theirs)) => {
            say("BLAKE3", Some(&ours.to_string()));
            say("SHA-256", Some(&theirs));
        }
        None => say("Hash", Some(&format!("unknown: {HASH_UNKNOWN}"))),
    }
    Ok(Exit::Success)
}

async fn verify(place: &Place, name: &str, hash: Option<&str>, with: &[String], context: &Context) -> anyhow::Result<Exit> {
    let model = one(place, name).await?;
    let mut good = true;
    let mut told = Vec::new();
    if let Some(hash) = hash {
        let path = model.path.as_deref().with_context(|| format!("its hash is unknown: {HASH_UNKNOWN}"))?;
        let (ours, theirs) = hashes(path)?;
        let same = [ours.to_string(), theirs.clone()].iter().any(|known| known.eq_ignore_ascii_case(hash));
        good &= same;
        let text = if same { "has this hash".to_owned() } else { format!("has BLAKE3 {ours} and SHA-256 {theirs}, not {hash}") };
        told.push(json!({"name": model.name, "hash": same, "text": text}));
    }
    for other in with {
        let other = one(place, other).await?;
        let fit = fits(&model.known, &other.known);
        good &= !matches!(fit, Fit::Not(_));
        let text = match &fit {
            Fit::Fits => "goes with it".to_owned(),
            Fit::Doubtful(why) => format!("runs with it, but {why}"),
            Fit::Not(why) => format!("cannot be used with it: {why}"),
            Fit::Unknown(why) => format!("cannot be told: {why}"),
        };
        told.push(json!({"name": other.name, "fit": fit, "text": text}));
    }
    if context.json {
        output::json(&told)?;
    } else {
        for line in &told {
            output::line(format_args!("{}: {}", line["name"].as_str().unwrap_or_default(), line["text"].as_str().unwrap_or_default()));
        }
    }
    Ok(if good { Exit::Success } else { Exit::Failure })
}
