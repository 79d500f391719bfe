//! `echo-studio workflows`: templates of graphs for ComfyUI, ours and a project's own.

mod add;
mod check;
mod list;
mod run;
mod show;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use comfyui::template::{Shelf, Takes, Template, Values};
use comfyui::{Patience, Server};
use serde_json::Value;

use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Project whose own workflows are known too, from its folder `workflows`
    #[arg(long, global = true, default_value = ".", value_name = "DIR")]
    project: PathBuf,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the templates
    List,
    /// Show a template: its slots with types, defaults and their sources, parts, variants, node classes
    Show {
        /// Which
        name: String,
    },
    /// Say exactly what a ComfyUI server lacks for templates, with nothing queued
    Check(check::Arguments),
    /// Print the graph that a template gives with these values, in ComfyUI's API format
    Fill(FillArguments),
    /// Run a template on a ComfyUI server and keep what it makes
    Run(run::Arguments),
    /// Register a workflow of your own, as the editor exports it in API format
    Add(add::Arguments),
}

/// Values for a template.
#[derive(Debug, Clone, clap::Args)]
struct ValueArguments {
    /// A slot's value: seed=7, pose.image=pose.png, loras.0.file=mei.safetensors; null turns a default off
    #[arg(long = "set", value_name = "SLOT=VALUE")]
    set: Vec<String>,
    /// Values from a JSON file; --set comes on top
    #[arg(long, value_name = "FILE")]
    values: Option<PathBuf>,
    /// A variant of the template: low-memory, four-steps…
    #[arg(long)]
    variant: Option<String>,
}

#[derive(Debug, clap::Args)]
struct FillArguments {
    /// Which template
    name: String,
    #[command(flatten)]
    values: ValueArguments,
    /// A ComfyUI server: of alternative parts, what it has is taken
    #[arg(long, value_name = "URL")]
    node: Option<String>,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let folder = arguments.project.join("workflows");
    match arguments.command {
        Command::List => list::run(&shelf(&folder)?, context),
        Command::Show { name } => show::run(&shelf(&folder)?, &name, context),
        Command::Check(arguments) => check::run(&shelf(&folder)?, arguments, context).await,
        Command::Fill(arguments) => fill(&shelf(&folder)?, arguments, context).await,
        Command::Run(arguments) => run::run(&shelf(&folder)?, arguments, context).await,
        Command::Add(arguments) => add::run(&folder, arguments, context).await,
    }
}

fn shelf(folder: &Path) -> anyhow::Result<Shelf> {
    Shelf::with_folder(folder).with_context(|| format!("reading the templates of {}", folder.display()))
}

fn template<'a>(shelf: &'a Shelf, name: &str) -> anyhow::Result<&'a Arc<Template>> {
    let found = shelf.get(name).filter(|template| !template.manifest.base);
    found.ok_or_else(|| match shelf.nearest(name) {
        Some(near) => anyhow::anyhow!("there is no template `{name}`; did you mean `{near}`?"),
        None => anyhow::anyhow!("there is no template `{name}`; `echo-studio workflows list` shows them"),
    })
}

fn server(address: &str) -> anyhow::Result<Server> {
    Ok(Server::new(address, Patience::default())?)
}

impl ValueArguments {
    /// The values, as the template's slots take them: what is text there is text here, also when it looks like a number.
    fn read(&self, template: &Template) -> anyhow::Result<Values> {
        let mut values = match &self.values {
            None => Values::new(),
            Some(file) => {
                let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
                serde_json::from_str(&text).with_context(|| format!("reading {}", file.display()))?
            }
        };
        for set in &self.set {
            let (name, text) = set.split_once('=').with_context(|| format!("`{set}` sets nothing: write --set SLOT=VALUE"))?;
            values.set(name, value(text, template.takes(name)));
        }
        Ok(values)
    }
}

fn value(text: &str, takes: Option<&Takes>) -> Value {
    let as_text = matches!(takes, Some(Takes::Text | Takes::Choice(_) | Takes::Model(_) | Takes::Image | Takes::Mask | Takes::Film))
        && text != "null";
    if let Some(Takes::Size { .. }) = takes
        && let Some((width, height)) = text.split_once(['x', '×'])
        && let (Ok(width), Ok(height)) = (width.parse::<u32>(), height.parse::<u32>())
    {
        return serde_json::json!({"width": width, "height": height});
    }
    if as_text { Value::from(text) } else { serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)) }
}

async fn fill(shelf: &Shelf, arguments: FillArguments, context: &Context) -> anyhow::Result<Exit> {
    let template = template(shelf, &arguments.name)?;
    let mut choice = match &arguments.node {
        None => comfyui::template::Choice::default(),
        Some(node) => template.choose(&server(node)?.object_info().await?),
    };
    choice.variant = arguments.values.variant.clone();
    let filled = template.fill(&arguments.values.read(template)?, &choice)?;
    if context.json {
        output::json(&serde_json::json!({
            "template": template.name,
            "digest": filled.digest()?,
            "graph": filled.graph,
            "settings": filled.settings,
            "outputs": filled.outputs.iter().map(|expected| serde_json::json!({
                "node": expected.node, "count": expected.count, "media": expected.media, "size": expected.size,
            })).collect::<Vec<_>>(),
            "unused": filled.unused,
        }))?;
    } else {
        for name in &filled.unused {
            output::note(format_args!("{name} is not used: nothing that is chosen takes it"));
        }
        output::json(&filled.graph)?;
    }
    Ok(Exit::Success)
}
