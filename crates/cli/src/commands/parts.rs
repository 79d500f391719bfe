//! `echo-studio parts`: what the layout engine can draw.

use std::path::PathBuf;

use layout::part::Catalogue;

use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only this category: hair, eye, garment, pose, set…
    category: Option<String>,
    /// A project that brings parts of its own
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let catalogue = match &arguments.project {
        Some(path) => Catalogue::built_in().with_project(studio::folder::Folder::read(path).map_err(studio::StudioError::from)?.drawings),
        None => Catalogue::built_in(),
    };
    let mut listing = catalogue.listing();
    if let Some(wanted) = &arguments.category {
        let known: Vec<&str> = listing.keys().copied().collect();
        listing.retain(|category, _| category == wanted);
        if listing.is_empty() {
            anyhow::bail!("there is no category `{wanted}`; there are {}", known.join(", "));
        }
    }
    if context.json {
        output::json(&listing)?;
    } else {
        for (category, names) in &listing {
            output::line(format_args!("{category:<10} {}", names.join(", ")));
        }
    }
    Ok(Exit::Success)
}
