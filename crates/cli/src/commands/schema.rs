//! `echo-studio schema`: the JSON Schemas of project files, for editors.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::exit::Exit;
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folder to write them to; printed as one JSON object when left out
    folder: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let schemas = bible::schema::all();
    let Some(folder) = &arguments.folder else {
        output::json(&schemas.iter().map(|file| (file.kind, &file.schema)).collect::<BTreeMap<_, _>>())?;
        return Ok(Exit::Success);
    };
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    for file in schemas {
        let path = folder.join(format!("{}.schema.json", file.kind));
        std::fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&file.schema)?))
            .with_context(|| format!("writing {}", path.display()))?;
        output::line(format_args!("{}  for {}", path.display(), file.glob));
    }
    Ok(Exit::Success)
}
