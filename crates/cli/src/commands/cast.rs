//! `echo-studio cast`: the cast as a table, out and in again.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bible::casting;
use bible::source::{Severity, SourceErrors, read};
use studio::StudioError;
use studio::folder::Folder;
use studio::history::replace;

use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folder of the project
    #[arg(long, global = true, default_value = ".", value_name = "DIR")]
    project: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Write the cast as CSV: one row a character, with role and voice
    Export {
        /// The file; printed when left out
        file: Option<PathBuf>,
        /// Begin the file with a byte order mark, without which Excel takes it for another encoding
        #[arg(long, requires = "file")]
        excel: bool,
    },
    /// Read a table back into the characters' files; only cells that differ change anything
    Import {
        /// The table
        file: PathBuf,
        /// Say what would change, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let mut folder = Folder::read(&arguments.project).map_err(StudioError::from)?;
    match &arguments.command {
        Command::Export { file: None, .. } => {
            output::text(&casting::export(&folder.source).map_err(StudioError::Source)?);
        }
        Command::Export { file: Some(file), excel } => {
            let table = casting::export(&folder.source).map_err(StudioError::Source)?;
            let table = if *excel { format!("\u{feff}{table}") } else { table };
            replace(file, table.as_bytes())?;
        }
        Command::Import { file, dry_run } => import(&mut folder, file, *dry_run, context.json)?,
    }
    Ok(Exit::Success)
}

fn import(folder: &mut Folder, file: &Path, dry_run: bool, as_json: bool) -> anyhow::Result<()> {
    let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let table = String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8; save it as CSV in UTF-8", file.display()))?;
    let casting = casting::import(&folder.source, &file.display().to_string(), &table).map_err(StudioError::Source)?;
    let broken_before = broken(folder);
    for (path, text) in casting.files.iter() {
        folder.source.insert(path, text);
    }
    // A name that two characters have now, or an alias: what the table makes wrong is refused with it.
    let problems: Vec<_> = broken(folder).into_iter().filter(|problem| !broken_before.contains(problem)).collect();
    if !problems.is_empty() {
        return Err(StudioError::Source(SourceErrors(problems)).into());
    }
    if !dry_run {
        for (path, text) in casting.files.iter() {
            replace(&folder.path.join(path), text.as_bytes())?;
        }
    }
    if as_json {
        return output::json(&casting.changes);
    }
    for change in &casting.changes {
        output::line(format_args!(
            "{} {}.{}: {:?} -> {:?}",
            output::paint("~", 33),
            change.character,
            change.column,
            change.old,
            change.new
        ));
    }
    let files = casting.files.iter().count();
    let done = if dry_run { "would change" } else { "changed" };
    output::line(format_args!("{} cell(s) in {files} file(s) {done}.", casting.changes.len()));
    Ok(())
}

fn broken(folder: &Folder) -> Vec<bible::source::SourceError> {
    read(&folder.source).problems.into_iter().filter(|problem| problem.severity == Severity::Error).collect()
}
