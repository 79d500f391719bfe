//! `echo-studio serve`: the web page and the API.

use std::net::SocketAddr;

use bible::version::Author;

use super::ProjectArgument;
use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    project: ProjectArgument,
    /// Address to listen at; loopback only, for there is no sign-in yet [default: 127.0.0.1:8328]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Whose edits are those that name nobody
    #[arg(long, env = "USER", value_name = "NAME", default_value = "someone")]
    author: String,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let mut studio = super::open(context, &arguments.project.project).await?;
    super::models::describe_by_networks(&mut studio, context, &arguments.project.project);
    let listener = server::bind(context.settings.listen).await?;
    output::note(format_args!("Echo Studio is at http://{}  (Ctrl-C ends it)", listener.local_addr()?));
    let cancel = super::until_interrupted();
    let data = context.settings.data_folder(&arguments.project.project);
    server::serve(listener, studio, Author::named(arguments.author), data, cancel).await?;
    Ok(Exit::Success)
}
