//! `echo-studio checkpoints`: model files for ComfyUI, on a server or in a folder.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bible::Digest;
use comfyui::registry::{Fit, Header, Identified, ModelFile, ModelKind, find, fits, hashes, identify_metadata};
use comfyui::{Patience, Server};
use farm::{ModelHash, Node};
use serde::Serialize;
use serde_json::json;
use store::{DatabaseUrl, Store};
use studio::StudioError;

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
    /// Show one file: what it is, by what that is known, and its hashes where it was read
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
        /// BLAKE3 or SHA-256 that it has to have, in hex [default: what project.yaml names]
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
    /// Folder of the project whose farm may know the server's files, and whose project.yaml may name their hashes
    #[arg(long, value_name = "DIR", default_value = ".")]
    project: PathBuf,
}

fn kind(word: &str) -> Result<ModelKind, String> {
    ModelKind::named(word).ok_or_else(|| format!("there are {}", ModelKind::ALL.map(ModelKind::word).join(", ")))
}

/// Why a file has no hash.
const HASH_UNKNOWN: &str = "a server neither gives its files nor says their hashes; where its `models` folder can be reached, --folder reads \
                            them, and `echo-studio farm add-node NAME URL --models FOLDER` has the farm's workers read them";

/// Why a file of a node whose folder can be read has none.
const UNREAD: &str = "no worker has read it: they read what jobs draw with; --folder reads it now";

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
    #[serde(skip)]
    on_farm: Option<OnFarm>,
}

/// What the farm knows of a server's file.
#[derive(Debug)]
struct OnFarm {
    node: String,
    /// None when no job takes it, and so nobody has read it.
    hash: Option<ModelHash>,
}

impl Listed {
    /// Its hashes, BLAKE3 and SHA-256; inside, why they are not known.
    fn hashes(&self) -> anyhow::Result<Result<(Digest, String), String>> {
        if let Some(path) = &self.path {
            return Ok(Ok(hashes(path, || true)?));
        }
        Ok(match &self.on_farm {
            Some(OnFarm { hash: Some(ModelHash::Known { blake3, sha256, .. }), .. }) => Ok((*blake3, sha256.clone())),
            Some(OnFarm { hash: Some(ModelHash::Unknown { reason, .. }), .. }) => Err(reason.clone()),
            Some(OnFarm { hash: None, .. }) => Err(UNREAD.to_owned()),
            None => Err(HASH_UNKNOWN.to_owned()),
        })
    }

    /// Its name as the farm says it.
    fn model(&self) -> String {
        format!("{}/{}", self.folder.folder(), self.name)
    }
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::List { place, kind } => list(&place, kind, context).await,
        Command::Show { name, place } => show(&place, &name, context).await,
        Command::Verify { name, hash, with, place } => verify(&place, &name, hash.as_deref(), &with, context).await,
    }
}

async fn files(place: &Place, context: &Context) -> anyhow::Result<Vec<Listed>> {
    match (&place.node, &place.folder) {
        (Some(node), _) => {
            let server = Server::new(node, Patience::default())?;
            let node = on_farm(&server, &place.project, context).await?;
            on_server(&server, node.as_ref()).await
        }
        (None, Some(folder)) => {
            anyhow::ensure!(folder.is_dir(), "there is no folder {}", folder.display());
            let listed = |(path, file): (PathBuf, ModelFile)| Listed {
                name: file.name,
                folder: file.folder,
                bytes: Some(file.bytes),
                known: file.known,
                path: Some(path),
                on_farm: None,
            };
            Ok(find(folder)?.into_iter().map(listed).collect())
        }
        (None, None) => anyhow::bail!("say where the files are: --node URL for a server, or --folder DIR for its `models` folder"),
    }
}

/// The node of the farm that a server is.
async fn on_farm(server: &Server, project: &Path, context: &Context) -> anyhow::Result<Option<Node>> {
    let url: DatabaseUrl = context.settings.places(project).database.parse().map_err(StudioError::Url)?;
    // Where there is no database, asking makes none.
    if matches!(&url, DatabaseUrl::Sqlite(file) if !file.is_file()) {
        return Ok(None);
    }
    let nodes = Store::open(&url).await?.farm_nodes().await?;
    Ok(nodes.into_iter().find(|node| studio::is_at(node, server)))
}

async fn on_server(server: &Server, node: Option<&Node>) -> anyhow::Result<Vec<Listed>> {
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
            let known = identify_metadata(kind, &written);
            let mut file = Listed { known, name, folder: kind, bytes: None, path: None, on_farm: None };
            let readable = node.filter(|node| node.models_folder.is_some() || node.hashes.contains_key(&file.model()));
            file.on_farm = readable.map(|node| OnFarm { node: node.name.clone(), hash: node.hashes.get(&file.model()).cloned() });
            listed.push(file);
        }
    }
    Ok(listed)
}

async fn list(place: &Place, kind: Option<ModelKind>, context: &Context) -> anyhow::Result<Exit> {
    let mut files = files(place, context).await?;
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
async fn one(place: &Place, name: &str, context: &Context) -> anyhow::Result<Listed> {
    if place.node.is_none() && Path::new(name).is_file() {
        // Outside of a models folder its tensors alone say what kind it is.
        let file = ModelFile::read(Path::new(name), name, ModelKind::Checkpoint)?;
        let folder = file.known.kind.unwrap_or(ModelKind::Checkpoint);
        return Ok(Listed { name: file.name, folder, bytes: Some(file.bytes), known: file.known, path: Some(name.into()), on_farm: None });
    }
    let found = files(place, context).await?.into_iter().find(|file| file.name == name);
    found.with_context(|| format!("there is no model file `{name}` there; `echo-studio checkpoints list` shows them"))
}

async fn show(place: &Place, name: &str, context: &Context) -> anyhow::Result<Exit> {
    let file = one(place, name, context).await?;
    let hashed = file.hashes()?;
    if context.json {
        let unknown = hashed.as_ref().err();
        let (ours, theirs) = hashed.as_ref().ok().cloned().unzip();
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
        Ok((ours, theirs)) => {
            say("BLAKE3", Some(&ours.to_string()));
            say("SHA-256", Some(&theirs));
        }
        Err(why) => say("Hash", Some(&format!("unknown: {why}"))),
    }
    if let Some(hash) = &known.maker_hash {
        say("Maker", Some(&format!("says that its tensors have SHA-256 {hash}; that is no hash of the file")));
    }
    Ok(Exit::Success)
}

async fn verify(place: &Place, name: &str, hash: Option<&str>, with: &[String], context: &Context) -> anyhow::Result<Exit> {
    let model = one(place, name, context).await?;
    let mut good = true;
    let mut told = Vec::new();
    let wanted = match hash {
        Some(hash) => Some((hash.to_owned(), "")),
        None => named_by(&place.project, &model).map(|digest| (digest.to_string(), ", which project.yaml names")),
    };
    if let Some((hash, named)) = wanted {
        let (ours, theirs) = model.hashes()?.map_err(|why| anyhow::anyhow!("its hash is unknown: {why}"))?;
        let same = [ours.to_string(), theirs.clone()].iter().any(|known| known.eq_ignore_ascii_case(&hash));
        good &= same;
        let text = match &model.on_farm {
            _ if same => format!("has this hash{named}"),
            Some(OnFarm { node, .. }) => {
                format!("has BLAKE3 {ours} and SHA-256 {theirs} on {node}, not {hash}{named}: {node} draws nothing that is pinned to it")
            }
            None => format!("has BLAKE3 {ours} and SHA-256 {theirs}, not {hash}{named}"),
        };
        told.push(json!({"name": model.name, "hash": same, "text": text}));
    }
    for other in with {
        let other = one(place, other, context).await?;
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

/// The hash that a project names for a file; none without a project.
fn named_by(project: &Path, file: &Listed) -> Option<Digest> {
    let show = studio::Show::load(project).ok()?;
    studio::pinned_files::pins(&show.project.settings.render).find(|(model, _)| *model == file.model()).map(|(_, digest)| digest)
}
