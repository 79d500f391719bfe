//! `workflows check`: what a server lacks, with nothing queued.

use comfyui::template::{ServerFiles, Shelf};
use serde_json::json;

use super::{ValueArguments, server, template};
use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Which templates; all of them when none is named
    names: Vec<String>,
    /// The ComfyUI server
    #[arg(long, value_name = "URL")]
    node: String,
    #[command(flatten)]
    values: ValueArguments,
}

pub(crate) async fn run(shelf: &Shelf, arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let templates = if arguments.names.is_empty() {
        shelf.templates().filter(|template| !template.manifest.base).collect()
    } else {
        arguments.names.iter().map(|name| template(shelf, name)).collect::<anyhow::Result<Vec<_>>>()?
    };
    let files = ServerFiles::of(&server(&arguments.node)?).await?;
    let (mut all_ready, mut found) = (true, Vec::new());
    for template in templates {
        let values = arguments.values.read(template)?;
        let readiness = template.readiness(&values, arguments.values.variant.as_deref(), &files, shelf)?;
        all_ready &= readiness.is_ready();
        if context.json {
            found.push(json!({"template": template.name, "ready": readiness.is_ready(), "readiness": readiness}));
            continue;
        }
        let word = if readiness.is_ready() { output::paint("ready", 32) } else { output::paint("not ready", 31) };
        output::line(format_args!("{}: {word}", template.name));
        for missing in &readiness.missing {
            output::line(format_args!("  missing   {missing}"));
        }
        for missing in &readiness.optional {
            output::line(format_args!("  optional  {missing}"));
        }
        for (part, chosen) in &readiness.chosen {
            output::line(format_args!("  {part} through {chosen}"));
        }
    }
    if context.json {
        output::json(&found)?;
    }
    Ok(if all_ready { Exit::Success } else { Exit::Failure })
}
