//! A history: into a new folder, or into the project that it is of.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bible::version::archive::Limits;
use bible::version::{Author, Reference};
use serde_json::{Value, json};
use studio::checkout::{Over, check_out};
use studio::folder::Folder;
use studio::history::{Archive, Checkout, ImportOptions, Landed, Landing, Switched};
use studio::{History, HistoryError, StudioError};

use super::Arguments;
use crate::exit::Exit;
use crate::{Context, output};

/// What became of the folder's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Files {
    /// They are those of the current branch.
    Written,
    /// They have edits that do not go together with what came, and stay as they are.
    Kept,
}

pub(super) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let file = File::open(&arguments.from).with_context(|| format!("opening {}", arguments.from.display()))?;
    let archive = tokio::task::spawn_blocking(move || Archive::check(BufReader::new(file), Limits::default())).await?;
    let archive = archive.map_err(HistoryError::from)?;
    let slug = archive.header().slug.clone();
    let to = arguments.to.clone().unwrap_or_else(|| PathBuf::from(slug.as_str()));
    // Everything that can be refused is refused before the first file is made.
    let there = project_at(&to)?;
    if let Some(folder) = &there {
        let found = slug_of(folder);
        anyhow::ensure!(
            found.as_deref() == Some(slug.as_str()),
            "{} is the project `{}`, and the archive is of `{slug}`; choose another folder",
            to.display(),
            found.as_deref().unwrap_or("?")
        );
    }
    std::fs::create_dir_all(&to).with_context(|| format!("making {}", to.display()))?;
    let studio = crate::commands::open(context, &to).await?;
    let history = studio.history_of_archive(&archive).await?;
    let (who, at) = (Author::named(&arguments.author), (studio.environment.now)());
    let options = ImportOptions { under: arguments.under.clone(), who: who.clone(), at };
    let imported = history.import(archive, &options).await?;
    let files = match &there {
        // Edits of the folder's own stay edits, on top of what came.
        Some(folder) => match history.update_folder(folder, &who, at).await? {
            Switched::Done { .. } => Files::Written,
            Switched::Conflicts(_) => Files::Kept,
        },
        None => new_folder(&history, &to).await?,
    };
    if context.json {
        let landings: Vec<Value> = imported.landings.iter().map(as_json).collect();
        output::json(&json!({
            "project": slug, "folder": to, "commits": imported.commits, "objects": imported.objects,
            "names": landings, "files_written": files == Files::Written,
        }))?;
        return Ok(Exit::Success);
    }
    output::line(format_args!("{slug} is in {}: {} commit(s), {} objects.", to.display(), imported.commits, imported.objects));
    for landing in &imported.landings {
        output::line(format_args!("  {} {} {}", landing.what, landing.name, words(landing)));
    }
    if files == Files::Kept {
        output::note(format_args!(
            "edits in {} do not go together with what came, so the files were left as they are; `echo-studio bible commit` shows where",
            to.display()
        ));
    }
    Ok(Exit::Success)
}

/// The project in a folder; none when the folder is new or empty.
fn project_at(to: &Path) -> anyhow::Result<Option<Folder>> {
    if to.join("project.yaml").is_file() {
        return Ok(Some(Folder::read(to).map_err(StudioError::from)?));
    }
    let shown = |entry: &std::fs::DirEntry| !entry.file_name().to_string_lossy().starts_with('.');
    if std::fs::read_dir(to).is_ok_and(|entries| entries.flatten().any(|entry| shown(&entry))) {
        return Err(StudioError::from(studio::folder::FolderError::Occupied { path: to.to_owned() }).into());
    }
    Ok(None)
}

fn slug_of(folder: &Folder) -> Option<String> {
    let settings = bible::source::yaml::parse("project.yaml", folder.source.get("project.yaml")?).ok()?;
    settings.to_json().get("slug")?.as_str().map(str::to_owned)
}

/// Puts the files of the current branch into a new folder.
async fn new_folder(history: &History, to: &Path) -> anyhow::Result<Files> {
    let commit = history.resolve(&Reference::head()).await?;
    check_out(&history.snapshot(commit).await?.written(), to, Over::Nothing)?;
    Checkout { project: history.project(), commit, pending: None }.note(to)?;
    Ok(Files::Written)
}

fn words(landing: &Landing) -> String {
    match landing.landed {
        Landed::New => "is new".to_owned(),
        Landed::Forward => "went on to the archive's".to_owned(),
        Landed::Same => "was the same already".to_owned(),
        Landed::Behind => "is further here already".to_owned(),
        Landed::Beside => format!("is here as {}, for {} stands elsewhere", landing.here, landing.name),
    }
}

fn as_json(landing: &Landing) -> Value {
    let landed = match landing.landed {
        Landed::New => "new",
        Landed::Forward => "forward",
        Landed::Same => "same",
        Landed::Behind => "behind",
        Landed::Beside => "beside",
    };
    json!({ "kind": landing.what, "name": landing.name, "here": landing.here, "landed": landed })
}
