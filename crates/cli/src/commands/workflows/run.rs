//! `workflows run`: fills a template, runs it on a server, and keeps what it makes.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use comfyui::template::{Choice, Filled, Origin, ServerFiles, Shelf, Template, Values};
use comfyui::{Begin, Server, Socket, Submission, Ticket, Update, Upload};
use serde_json::json;
use uuid::Uuid;

use super::{ValueArguments, server, template};
use crate::commands::until_interrupted;
use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Which template
    name: String,
    /// The ComfyUI server
    #[arg(long, value_name = "URL")]
    node: String,
    #[command(flatten)]
    values: ValueArguments,
    /// Folder for what is made
    #[arg(long, default_value = ".", value_name = "DIR")]
    out: PathBuf,
}

pub(crate) async fn run(shelf: &Shelf, arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let template = template(shelf, &arguments.name)?;
    let server = server(&arguments.node)?;
    let files = ServerFiles::of(&server).await?;
    let mut choice = template.choose(&files.info);
    choice.variant = arguments.values.variant.clone();
    let values = arguments.values.read(template)?;
    // Filled once before anything is sent, so that what is wrong costs nothing.
    let filled = template.fill(&values, &choice)?;
    let missing = template.missing(&filled, &files, shelf);
    if !missing.is_empty() {
        for missing in &missing {
            output::note(format_args!("missing: {missing}"));
        }
        anyhow::bail!("{} cannot run {}: nothing was queued", arguments.node, template.name);
    }
    let filled = with_uploads(template, &values, &choice, &filled, &server).await?;
    let ticket = Ticket { job: Uuid::now_v7(), attempt: 1, prompt: Uuid::now_v7() };
    let submission = Submission::new(ticket, filled.graph.clone(), filled.outputs.clone());
    let socket = Socket::connect(&server).await.ok();
    let cancel = until_interrupted();
    let mut told = |update: Update| {
        if let Update::Step { node: Some(node), value, max } = update {
            output::note(format_args!("{node}: {value} of {max}"));
        }
    };
    let done = server.run(&submission, Begin::Fresh, socket.as_ref(), &cancel, &mut told).await?;
    std::fs::create_dir_all(&arguments.out).with_context(|| format!("making {}", arguments.out.display()))?;
    let mut kept = Vec::new();
    for artifact in &done.artifacts {
        let ending = Path::new(&artifact.file.filename).extension().and_then(|ending| ending.to_str()).unwrap_or("bin");
        let path = arguments.out.join(format!("{}-{}-{}.{ending}", template.name, artifact.node, artifact.index + 1));
        std::fs::write(&path, &artifact.bytes).with_context(|| format!("writing {}", path.display()))?;
        if context.json {
            kept.push(json!({"file": path, "node": artifact.node, "media_type": artifact.media_type, "size": artifact.size}));
        } else {
            let size = artifact.size.map(|(width, height)| format!("  {width}x{height}")).unwrap_or_default();
            output::line(format_args!("{}  {}{size}", path.display(), artifact.media_type));
        }
    }
    server.forget(done.prompt).await?;
    if context.json {
        output::json(&json!({"template": template.name, "digest": filled.digest()?, "settings": filled.settings, "files": kept}))?;
    }
    Ok(Exit::Success)
}

/// Puts local files that slots name into the server's input folder. A file's name there follows from what is in it, so
/// that the same picture is there once and the same values give the same graph.
async fn with_uploads(template: &Template, values: &Values, choice: &Choice, filled: &Filled, server: &Server) -> anyhow::Result<Filled> {
    let mut values = values.clone();
    for (slot, setting) in filled.settings.iter().filter(|(_, setting)| setting.upload && setting.origin == Origin::Given) {
        let Some(path) = setting.value.as_str().map(Path::new).filter(|path| path.is_file()) else { continue };
        let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("png");
        let name = format!("{}.{ending}", bible::Digest::of(&bytes));
        let upload = Upload { name, subfolder: "echo-studio".to_owned(), bytes: bytes.into() };
        let uploaded = server.upload(upload).await?;
        values.set(slot, uploaded.input().into());
    }
    Ok(template.fill(&values, choice)?)
}
