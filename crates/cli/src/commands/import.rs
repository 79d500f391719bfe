//! `echo-studio import`: what others wrote, into the studio: a history, a project folder, a screenplay.

mod archive;
mod folder;
mod script;

use std::path::PathBuf;

use bible::version::RefName;
use studio::screenplay::ScriptFormat;

use super::export::is_archive;
use crate::Context;
use crate::exit::Exit;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// NAME.echo (a history), a project folder, or a screenplay (.fdx, .fountain)
    from: PathBuf,
    /// Where a history or a folder goes: a new folder, or, for a history, the project that it is of
    /// [default: a folder named like the project; for a folder, the folder itself]
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Keep branches and tags that stand elsewhere here under this name: NAME/main
    #[arg(long, value_name = "NAME")]
    under: Option<RefName>,
    /// Which episode a screenplay becomes: 3, or S02E03
    #[arg(long, value_name = "EPISODE")]
    episode: Option<String>,
    /// Folder of the project that a screenplay goes into
    #[arg(long, default_value = ".", value_name = "DIR")]
    project: PathBuf,
    /// Write over the script that the episode has
    #[arg(long)]
    replace: bool,
    /// What the commit of a folder says
    #[arg(long, short, default_value = "Import")]
    message: String,
    /// Who
    #[arg(long, env = "USER", default_value = "someone")]
    author: String,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    if arguments.from.is_dir() {
        return folder::run(&arguments, context).await;
    }
    if is_archive(&arguments.from) {
        return archive::run(&arguments, context).await;
    }
    match ScriptFormat::of(&arguments.from) {
        Some(format) => script::run(&arguments, format, context),
        None => anyhow::bail!(
            "{} is nothing that can be imported: give an .echo archive, a project folder, or a screenplay (.fdx, .fountain); \
             a table of the cast goes through `echo-studio cast import`",
            arguments.from.display()
        ),
    }
}
